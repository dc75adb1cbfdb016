#!/usr/bin/perl

# Preconfigured mitigations (trigger-mitigation false): RFC 9132 sections
# 4.4.1.3 and 4.4.4, Table 3.  The loss of a session itself is dots_heartbeat.t.

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

dots_has(qw/cbor openssl gobgpd gobgp dnsmasq/);
$t->plan(34);

dots_pki($t);
dots_gobgpd($t);
dots_dns($t);

$t->write_file_expand('nginx.conf', dots_conf(workers => 2,
	lifetime => 'default=3600 min=1 max=86400 indefinite=off terminating=8',
	dots => 'session_config heartbeat-interval=1..100/100 '
		. 'missing-hb-allowed=1..20/2 probing-rate=5..10000/10000;'));
$t->run();

###############################################################################

my $c = 'cuid-of-a-0000000000aa';
my $a = dots_session($t);
my $m;

is($a->put($c, 1, prefix => ['192.0.2.0/26'], trigger => \0,
	lifetime => 600)->{code}, '2.01', 'preconfigured');

$m = $a->get($c, 1)->{cbor}{1}{2}[0];
is($m->{16}, 8, 'Table 3: waits for the loss');
ok(!exists $m->{15}, '4.4.2: without mitigation-start');

is($a->put($c, 2, prefix => ['192.0.2.7/32'], lifetime => 600)->{code}, '2.01',
	'immediate, inside of it');
ok(dots_until(sub { route('192.0.2.7/32') }), 'its route is there');
ok(!route('192.0.2.0/26'), 'the other has none');

# silence: the session is lost, 4.4.1.3

is($a->soon_lost(), '2.01', 'heartbeats from now on, which it does not answer');
ok(dots_until(sub { route('192.0.2.0/26') && !route('192.0.2.7/32') }),
	'the preconfigured one acts, the overlapping one does not');

# a client that comes back, 4.4.4

$a = dots_session($t);

ok(dots_until(sub { $a->status($c, 1) == 2 }), 'triggered, and seen');
$m = $a->get($c, 1)->{cbor}{1}{2}[0];
cmp_ok(abs($m->{15} - time()), '<', 60, 'mitigation-start is of the loss');

$m = $a->get($c, 2)->{cbor}{1}{2}[0];
is($m->{16}, 7, 'the immediate one was withdrawn by the server');
is($m->{17}{19}, 1, 'conflict-cause: overlapping targets');

# that it came back stops nothing; an overlapping immediate request does

is($a->put($c, 3, prefix => ['192.0.2.8/32'], lifetime => 600)->{code}, '2.01',
	'immediate against an active preconfigured one');
$m = $a->get($c, 1)->{cbor}{1}{2}[0];
is($m->{16}, 7, 'the preconfigured one steps back');
is($m->{17}{21}{5}, 3, 'conflict-scope: for that mid');
ok(dots_until(sub { route('192.0.2.8/32') && !route('192.0.2.0/26') }),
	'the routes follow');

# a restart keeps it, and it waits for the next loss again

$t->stop();
$t->run();
$a = dots_session($t);

is($a->status($c, 1), 7, 'still withdrawn after a restart');
ok(waits(), 'then it waits again, Table 3');

# DELETE of one that waits

is($a->delete($c, 1)->{code}, '2.02', 'withdrawn by the client');
is($a->get($c, 1)->{code}, '4.04', 'nothing was active: gone at once');

# expiry of one that waits

is($a->put($c, 4, prefix => ['192.0.2.64/26'], trigger => \0, lifetime => 2)
	->{code}, '2.01', 'preconfigured, for a short time');
ok(dots_until(sub { $a->get($c, 4)->{code} eq '4.04' }), 'expired');

# expiry of one that acts; DELETE of one that acts has its terminating period

is($a->put($c, 5, prefix => ['192.0.2.64/26'], trigger => \0,
	lifetime => 600)->{code}, '2.01', 'preconfigured');
$a->soon_lost();
ok(dots_until(sub { route('192.0.2.64/26') }), 'lost again: it acts');

$a = dots_session($t);

is($a->delete($c, 5)->{code}, '2.02', '4.4.4: a valid DELETE stops it');
is($a->status($c, 5), 5, 'active but terminating');
ok(dots_until(sub { !route('192.0.2.64/26') }), 'its route goes');
is($a->get($c, 5)->{code}, '4.04', 'terminated');

# Table 3: "transmitted four times and then transition to '8'"

is($a->put($c, 6, prefix => ['192.0.2.128/26'], trigger => \0,
	lifetime => 600)->{code}, '2.01', 'preconfigured');
$a->soon_lost();
ok(dots_until(sub { route('192.0.2.128/26') }), 'lost once more: it acts');

$a = dots_session($t, client => 1);
ok($a->get($c, 6, token => 'six', options => [ [ 6, '' ] ])->{options}{6},
	'observed');
is($a->put($c, 7, prefix => ['192.0.2.129/32'], lifetime => 600)->{code},
	'2.01', 'an immediate one inside of it');

my @told;
my $now = 0;
my $left = 0;

while ($now != 8) {
	my $n = $a->notification('six') or last;
	$now = $n->{cbor}{1}{2}[0]{16};
	push @told, $now unless $now == 1 || $now == 2;
	$left = $n->{cbor}{1}{2}[0]{14} if $now == 7;
}

is("@told", '7 7 7 7 8', 'Table 3: status 7 four times, then 8');

cmp_ok($left, '>', 15, '4.4.2: meanwhile the lifetime is that of the request');

undef $a;
undef $t;   # the subs below hold it

###############################################################################

sub route {
	my ($prefix) = @_;
	return dots_rib($t) =~ /\Q$prefix\E\s/;
}

sub waits {
	return dots_until(sub { $a->status($c, 1) == 8 });
}

###############################################################################
