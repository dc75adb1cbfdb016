#!/usr/bin/perl

# Redirected signaling: RFC 9132 section 4.6, Figure 26.

###############################################################################

use warnings;
use strict;

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
$t->plan(21);

dots_pki($t);

sub conf {
	my ($t, $server, $a) = @_;
	$t->write_file_expand('nginx.conf', dots_conf(dots => $server,
		lifetime => 'default=3600 min=1 max=86400 indefinite=off '
			. 'terminating=60', customers => <<EOF));
    customer a {
        identity  dns:client.example.com;
        prefix    192.0.2.0/24;
        mitigate  rtbh;
        $a
    }

    customer b {
        identity  dns:client.example.net;
        prefix    198.51.100.0/24;
        mitigate  rtbh;
    }
EOF
}

sub put {
	my ($t, $cert, $mid, $prefix) = @_;
	my $s = dots_session($t, cert => $cert);
	return $s->put($cert, $mid, prefix => [ $prefix ]);
}

sub code {
	my ($m) = @_;
	return $m ? $m->{code} : 'none';
}

conf($t, '', '');
$t->run();

###############################################################################

# what is there before

is(code(put($t, 'a', 1, '192.0.2.1/32')), '2.01', 'a has a mitigation');
is(code(put($t, 'b', 1, '198.51.100.1/32')), '2.01', 'and so has b');

# one customer

conf($t, '', 'redirect Alt-Server.example. 2001:db8:6401::1 2001:db8:6401::2 '
	. 'ttl=5m;');
ok(dots_reload($t), 'reload');

my $m = put($t, 'a', 2, '192.0.2.2/32');
is(code($m), '5.03', 'a is redirected');
is($m->{format}, 271, 'with a body');
is($m->{max_age}, 300, 'for five minutes');
is_deeply($m->{cbor}, { 46 => { 47 => 'alt-server.example',
	48 => [ '2001:db8:6401::1', '2001:db8:6401::2' ] } }, 'Figure 26');

is(code(put($t, 'b', 2, '198.51.100.2/32')), '2.01', 'b is not');

my $s = dots_session($t);
is($s->put('a', 1, prefix => ['192.0.2.1/32'])->{code}, '5.03',
	'a refresh is for the other server, too');
is($s->put('a', 3, body => "\xff")->{code}, '5.03', 'whatever it asks for');

# what is still protected here

$m = $s->get('a', 1);
is($m->{code}, '2.05', 'its mitigation can be seen');
like($m->{cbor}{1}{2}[0]{16}, qr/^[12]$/, 'and goes on');
is($s->get('a', 3)->{code}, '4.04', 'another was not kept');
is($s->delete('a', 1)->{code}, '2.02', 'it can be withdrawn');
is($s->get('a', 1)->{cbor}{1}{2}[0]{16}, 5, 'and ends');

# the whole server; a customer's own comes first

conf($t, 'redirect drained.example ttl=4294967295;',
	'redirect own.example ttl=0;');
ok(dots_reload($t), 'reload');

$m = put($t, 'b', 3, '198.51.100.3/32');
is(code($m), '5.03', 'b is redirected');
is_deeply([ $m->{cbor}, $m->{max_age} ],
	[ { 46 => { 47 => 'drained.example' } }, 4294967295 ],
	'for ever, to a server without addresses');

$m = put($t, 'a', 4, '192.0.2.4/32');
is_deeply([ $m->{cbor}{46}{47}, $m->{max_age} ], [ 'own.example', 0 ],
	'a to its own, this once');

# and back

conf($t, '', '');
ok(dots_reload($t), 'reload');
is(code(put($t, 'a', 5, '192.0.2.5/32')), '2.01', 'no redirect any more');

$s->quit();

###############################################################################
