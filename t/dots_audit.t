#!/usr/bin/perl

# The audit log: one JSON line for each request and each transition, with who,
# whose, what and why, whatever way the request took; on both transports.

###############################################################################

use warnings;
use strict;

use Test::More;

BEGIN { use FindBin; chdir($FindBin::Bin); }

use JSON::PP qw//;

use lib 'lib';
use Test::DOTS;
use Test::Nginx;

###############################################################################

select STDERR; $| = 1;
select STDOUT; $| = 1;

my $t = Test::Nginx->new()->has(qw/http http_ssl http_v2 stream udp/);

dots_has(qw/cbor openssl gobgpd gobgp/);
$t->plan(86);

dots_pki($t);
dots_gobgpd($t);

my $d = $t->testdir();
my ($fp) = `openssl x509 -in $d/self.crt -noout -fingerprint -sha256`
	=~ /=([0-9A-F:]+)/;

$t->write_file_expand('nginx.conf', dots_conf(workers => 2, customers => <<EOC));
    customer a {
        identity  dns:client.example.com;
        prefix    192.0.2.0/24;
        mitigate  rtbh;
    }

    customer gate {
        identity  dns:client.example.net;
        gateway;
    }

    customer relayed {
        identity  cdid:domain;
        prefix    198.51.100.0/25;
        mitigate  rtbh;
    }

    customer moved {
        identity  sha256:$fp;
        prefix    198.51.100.128/25;
        mitigate  rtbh;
        redirect  alt-server.example;
        limits    rate=60r/m;
    }
EOC
$t->run();

my $json = JSON::PP->new();
my $seen = 0;

my @pool;

# All lines that nobody has taken yet, each taken apart; the last one may be half
# of one
sub lines {
	my @all = -e "$d/dots.log" ? $t->read_file('dots.log') =~ /(.*)\n/g : ();
	push @pool, map { $json->decode($_) } @all[$seen .. $#all];
	$seen = @all;
	return @pool;
}

sub forget { lines(); @pool = () }

# The first line that is such a one; it may come when the answer has left
sub line {
	my ($is) = @_;

	dots_until(sub { grep { $is->($_) } lines() }) or return {};

	my ($i) = grep { $is->($pool[$_]) } 0 .. $#pool;
	return splice @pool, $i, 1;
}

# The line of the next request; of what is expected undef: it is not there
sub logged {
	my ($name, %want) = @_;

	my $line = line(sub { $_[0]{channel} eq 'signal' && $_[0]{method} });
	my %got = map { $_ => $line->{$_} } keys %want;
	my $reason = delete $want{reason};
	my $why = delete $got{reason} || '';

	is_deeply(\%got, \%want, $name);
	like($why, $reason, "$name: the reason") if $reason;
}

sub transition {
	my ($mid, $status, $cuid) = @_;

	my $line = line(sub { ($_[0]{mid} || 0) == $mid && !$_[0]{method}
		&& ($_[0]{status} || 0) == $status });
	is_deeply([ @$line{qw/ customer cuid /} ], [ 'a', $cuid ],
		"status $status");
	return $line;
}

###############################################################################

foreach my $transport (qw/ udp tcp /) {
	my $udp = $transport eq 'udp';
	my @o = (transport => $transport);
	my $a = dots_session($t, @o);
	my $c = "cuid-$transport";
	my ($host, $mid) = $udp ? (1, 10) : (129, 20);
	my $prefix = "192.0.2.$host/32";
	my %who = (channel => 'signal', peer => '127.0.0.1', customer => 'a',
		cuid => $c);

	forget();

	$a->put($c, $mid, prefix => [ $prefix ], ports => [ 80 ]);
	logged("$transport: created", %who, mid => $mid, method => 'PUT',
		code => '2.01', status => 1, scope => "$prefix port:80");
	my $up = transition($mid, 2, $c);
	is($up->{channel}, 'manager', 'by the manager');
	like($up->{scope}, qr/\Q$prefix\E/, 'its scope');

	$a->get($c, $mid);
	logged('seen', %who, mid => $mid, method => 'GET', code => '2.05',
		status => 2);
	$a->get($c);
	logged('all of them', %who, mid => undef, method => 'GET', code => '2.05');

	# refused on the way: by its options, its path, its body, its target

	$a->put($c, $mid, format => 60, body => 'x');
	logged('another format', %who, mid => $mid, method => 'PUT',
		code => '4.15', reason => qr/Content-Format/);
	$a->request(method => 'POST', path => Test::DOTS::Session::path($c, 7));
	logged('another method', %who, mid => 7, method => 'POST', code => '4.05',
		reason => qr/method/);
	$a->put($c, undef, prefix => [ $prefix ]);
	logged('no mid', %who, mid => undef, method => 'PUT', code => '4.00',
		reason => qr/mid is missing/);
	$a->put($c, 3, body => "\xff");
	logged('no CBOR', %who, mid => 3, method => 'PUT', code => '4.00',
		reason => qr/./);
	$a->put($c, 4, prefix => [ '100.64.0.1/32' ]);
	logged("another's", %who, mid => 4, method => 'PUT', code => '4.00',
		scope => '100.64.0.1/32', reason => qr/100\.64|prefix/);
	$a->put($c, 5, prefix => [ $prefix ]);
	logged('a conflict', %who, mid => 5, method => 'PUT', code => '4.09',
		scope => $prefix);
	$a->request(method => 'GET', path => [ 'foo' ]);
	logged('no such path', %who, cuid => undef, method => 'GET',
		code => '4.04', reason => qr/resource/);

	# efficacy: served, and in silence

	my %scope = (6 => [ $prefix ], 7 => [ { 8 => 80 } ], 29 => 2);
	my @update = (body => Test::DOTS::_map({ 1 => { 2 => [ \%scope ] } }),
		options => [ [ 1, '' ] ]);

	$a->put($c, $mid, @update);
	logged('efficacy', %who, mid => $mid, method => 'PUT', code => '2.04',
		'attack-status' => 2);
	$a->send($a->message(method => 'PUT', @update,
		path => Test::DOTS::Session::path($c, 99)));
	$a->request(method => 'PUT', path => [ '.well-known', 'dots', 'hb' ],
		body => "\xa1\x18\x31\xa1\x18\x33\xf5");
	logged('silence', %who, mid => 99, method => 'PUT', code => undef,
		reason => qr/efficacy update/);

	# heartbeats go on for ever: those that are served are no lines

	is_deeply([ grep { $_->{method} } lines() ], [], 'heartbeats');
	$a->request(method => 'PUT', path => [ '.well-known', 'dots', 'hb' ],
		body => 'x');
	logged('a bad heartbeat', %who, cuid => undef, method => 'PUT',
		code => '4.00', reason => qr/./);

	# the session's configuration

	my $config = sub { $a->request(method => $_[0],
		path => [ '.well-known', 'dots', 'config', 'sid=1' ],
		$_[1] ? (body => $_[1]) : ()) };
	my $body = sub { Test::DOTS::_map({ 30 => { 44 => { 33 =>
		{ 36 => $_[0] } } } }) };

	$config->('PUT', $body->(60));
	logged('config', %who, cuid => undef, method => 'PUT', code => '2.01');
	$config->('PUT', $body->(1));
	logged('unacceptable', %who, cuid => undef, method => 'PUT',
		code => '4.22', reason => qr/heartbeat-interval/);
	$config->('DELETE');
	logged('reset', %who, cuid => undef, method => 'DELETE', code => '2.02');

	# an override, a withdrawal, the end

	$a->put($c, $mid + 1, prefix => [ $prefix ]);
	my $gone = transition($mid, 6, $c);
	like($gone->{reason}, qr/overridden/, 'overridden');
	logged('by another', %who, mid => $mid + 1, method => 'PUT',
		code => '2.01');
	$a->delete($c, $mid + 1);
	logged('withdrawn', %who, mid => $mid + 1, method => 'DELETE',
		code => '2.02');
	transition($mid + 1, 6, $c);

	# nobody, a gateway, a redirect

	my $nobody = dots_session($t, @o, cert => 'stranger');
	$nobody->get('x', 1);
	logged('nobody', peer => '127.0.0.1', customer => undef, cuid => 'x',
		mid => 1, code => '4.01', reason => qr/identity/);

	my $g = dots_session($t, @o, cert => 'b');
	$g->request(method => 'GET', path => [ '.well-known', 'dots', 'mitigate',
		'cdid=domain', 'cuid=r', 'mid=x' ]);
	logged('relayed', customer => 'relayed', cuid => 'r', code => '4.00');
	$g->request(method => 'GET', path => [ '.well-known', 'dots', 'mitigate',
		'cdid=other', 'cuid=r', 'mid=1' ]);
	logged('an unknown cdid', customer => 'gate', code => '4.01',
		reason => qr/cdid/);

	my $moved = dots_session($t, @o, cert => 'self');
	$moved->put('m', 1, prefix => [ '198.51.100.129/32' ]);
	logged('redirected', customer => 'moved', cuid => 'm', mid => 1,
		code => '5.03', reason => qr/redirected/);

	$_->quit() foreach ($a, $nobody, $g, $moved);
}

# Over the limits: a line a minute, with the number.  At last, since nobody is served
# for a while then.

my $moved = dots_session($t, transport => 'udp', cert => 'self');

foreach (1 .. 1000) {
	last if $moved->get('m', 1)->{code} eq '4.29';
}

$moved->get('m', 1) foreach 1 .. 10;

my $over = line(sub { ($_[0]{code} || '') eq '4.29' });
is(scalar(grep { ($_->{code} || '') eq '4.29' } lines()), 0,
	'one line about who is over the limits');
is($over->{customer}, 'moved', 'who');
like($over->{reason}, qr/^\d+ sessions or requests/, 'how many');

$moved->quit();

# the last line may be half of one here, too

my @all = map { $json->decode($_) } $t->read_file('dots.log') =~ /(.*)\n/g;
is(scalar(grep { !$_->{time} || !$_->{channel} } @all), 0,
	'each line has a time and a channel');

undef $t;   # the subs above hold it

###############################################################################
