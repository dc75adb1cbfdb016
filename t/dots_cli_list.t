#!/usr/bin/perl

# "dots status" of a client with many mitigations: RFC 9132, section 4.4.2.

###############################################################################

use warnings;
use strict;

use JSON::PP;
use Test::More;

BEGIN { use FindBin; chdir($FindBin::Bin); }

use lib 'lib';
use Test::DOTS;
use Test::Nginx;

###############################################################################

select STDERR; $| = 1;
select STDOUT; $| = 1;

my $t = Test::Nginx->new()->has(qw/http http_ssl http_v2 stream udp/);

dots_has(qw/cbor openssl/);
$t->plan(18);

dots_pki($t);

$t->write_file_expand('nginx.conf', dots_conf(customers => <<'EOF'));
    customer a {
        identity  dns:client.example.com;
        prefix    192.0.2.0/24 2001:db8:6401::/48;
        mitigate  rtbh;
        limits    rate=off;
    }
EOF
$t->run();

my $d = $t->testdir();
my $dots = ($ENV{DOTS_BUILD} || dots_top() . '/build/default') . '/dots';

$t->write_file_expand('a.conf', <<EOF);
server = 127.0.0.1:%%PORT_8980_UDP%%
name   = localhost
ca     = $d/ca.crt
cert   = $d/a.crt
key    = $d/a.key
state  = $d/state-of-a
EOF

sub dots {
	my $cmd = join ' ', map { "'$_'" } @_;
	my $out = `$dots --config $d/a.conf --timeout 60 $cmd 2>$d/stderr`;
	my $rc = $? >> 8;
	open my $fh, '<', "$d/stderr" or die;
	return ($rc, $out, join '', <$fh>);
}

sub mids {
	return join ' ', map { $_->{mid} } @{decode_json(shift)->{mitigations}};
}

my $s;

sub prefix {
	my ($mid) = @_;
	return sprintf '2001:db8:6401:2::%x:%x/128', $mid >> 8, $mid & 255;
}

# several under way

sub fill {
	my @mids = @_;
	my $waiting = 0;

	while (@mids || $waiting) {

		while (@mids && $waiting < 8) {
			my $mid = shift @mids;
			$s->send($s->message(method => 'PUT', token => 'put',
				path => Test::DOTS::Session::path('huge', $mid),
				body => dots_mitigate(prefix => [ prefix($mid) ])));
			$waiting++;
		}

		my $m = $s->recv() or die 'no answer';
		die "refused: $m->{code}" if $m->{token} eq 'put' && $m->{code} ne '2.01';

		if ($m->{token} eq 'put') {
			$waiting--;
		} else {
			push @{$s->{told}}, $m;
		}
	}

	push @{$s->{kept}}, @{delete $s->{told} || []};
}

my ($all, $large) = map { join ' ', 1 .. $_ } 1000, 300;
my ($rc, $out, $err);

###############################################################################

# 1000 in one answer: many more items than a client may send in one request

$s = dots_session($t);

$s->put('many', $_, prefix => [ "2001:db8:6401:1::$_/128" ]) foreach 1 .. 1000;

($rc, $out, $err) = dots('--cuid', 'many', '--json', 'status');
is($rc, 0, 'in one answer');
is(mids($out), $all, 'all of them');

# more than the server has room for, by far, and not only of one family

is($s->get('large', undef)->{code}, '4.04', 'none yet');

foreach my $mid (1 .. 300) {
	$s->put('large', $mid, prefix => [
		$mid <= 200 ? "192.0.2.$mid/32" : (),
		map { "2001:db8:6401:$_:$mid:$mid:$mid:$mid/128" } 2, 7000 .. 7007 ]);
}

my $m = $s->get('large', undef);
is($m->{code}, '5.01', 'no answer for all');
like($m->{body}, qr/target-prefix/, 'what to ask for');

($rc, $out, $err) = dots('--cuid', 'large', '--json', 'status');
is($rc, 0, 'in parts');
is(mids($out), $large, 'each of them once');
is($err, '', 'nothing else is said');
is(join(' ', map { scalar @{$_->{'target-prefix'}} }
	(@{decode_json($out)->{mitigations}})[0, 200]), '10 9', 'with all targets');

($rc, $out, $err) = dots('--cuid', 'large', 'status', 77);
is($rc, 0, 'one of them');
like($out, qr/^ +77 .*192\.0\.2\.77/m, 'is shown');

# the text has the same

($rc, $out, $err) = dots('--cuid', 'large', 'status');
is(join(' ', $out =~ /^ +(\d+)  /mg), $large, 'as text');

# more than one request has memory for, and an observer of them

my $n = 8000;

$s->put('huge', 1, prefix => [ prefix(1) ]);
is($s->get('huge', undef, token => 'obs', options => [ [ 6, '' ] ])
	->{options}{6} ? 1 : 0, 1, 'observed');

fill(2 .. $n);

ok(dots_until(sub { $m = $s->notification('obs', 1000);
	$m && $m->{code} ne '2.05' }), 'a list that has grown too large');
is($m->{code}, '5.01', 'the observer is told');

is($s->get('huge', undef)->{code}, '5.01', 'as is who asks');

($rc, $out, $err) = dots('--cuid', 'huge', '--json', 'status');
is(mids($out), join(' ', 1 .. $n), 'all of them, in parts');

# a server that says no in the middle: what is not all is not shown

$s->quit();

$t->write_file('nginx.conf', $t->read_file('nginx.conf')
	=~ s/rate=off/rate=1r\/m/r);
dots_reload($t);

foreach (1 .. 20) {
	($rc, $out, $err) = dots('--cuid', 'many', 'status');
	last if $rc;
}

like("$rc $out$err", qr/^1 dots: 4\.29/, 'refused');

###############################################################################
