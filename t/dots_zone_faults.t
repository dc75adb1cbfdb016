#!/usr/bin/perl

# A zone that is full: requests are refused, what is there stays and can be seen,
# withdrawn and replaced, the log says so once.  Another size at a reload keeps
# everything, one that can't is refused.

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

dots_has(qw/cbor openssl gobgpd gobgp curl/);
$t->plan(42);

dots_pki($t);
dots_gobgpd($t);

my $base = dots_conf(workers => 2);

sub zone {
	my ($t, $size) = @_;
	(my $conf = $base) =~ s/zone        dots 8m/zone        dots $size/;
	$t->write_file_expand('nginx.conf', $conf);
}

zone($t, '1m');
$t->run();
$t->waitforsocket('127.0.0.1:' . port(8443)) or die;

my ($c, $url) = ('zone', dots_data_url());
my $client = '{"ietf-dots-data-channel:dots-client":[{"cuid":"%s"}]}';

sub there { my ($t, $p) = @_; return dots_rib($t, 'ipv6') =~ m!\Q$p\E/128! }

# many prefixes each, of which none overlaps another: they take what there is
sub put {
	my ($s, $mid, $n, %o) = @_;
	return $s->put($c, $mid, prefix => [ map {
		sprintf '2001:db8:6401:%x::%x/128', $mid, $_ } 1 .. $n ], %o)->{code};
}

sub register {
	my ($t, $cuid) = @_;
	return (dots_curl($t, 'PUT', "$url/dots-client=$cuid",
		body => sprintf $client, $cuid))[0];
}

sub said { my ($t, $re) = @_; my @n = $t->read_file('error.log') =~ /$re/g;
	return scalar @n }

sub count { my ($s, @mids) = @_;
	return scalar grep { $s->get($c, $_)->{code} eq '2.05' } @mids }

###############################################################################

my $s = dots_session($t);
is($s->put($c, 1, prefix => ['192.0.2.1/32'])->{code}, '2.01', 'the oldest');
ok(dots_until(sub { dots_rib($t) =~ m!192\.0\.2\.1/32! }), 'its route');
is(register($t, 'first'), 201, 'and a client');

my ($code, $mid, %put) = ('2.01', 1);

# large ones, then ever smaller, until not even the smallest fits

foreach my $n (30, 5, 1) {
	while (($code = put($s, ++$mid, $n)) eq '2.01') {
		$put{$mid} = $n;
		die 'never full' if $mid > 5000;
	}

	is($code, '5.03', "full for $n prefixes at mitigation $mid");
}

my $all = 1 + keys %put;
cmp_ok($all, '>', 20, "$all mitigations");

is(put($s, ++$mid, 1), '5.03', 'still full') foreach 1 .. 5;

my $lines = said($t, 'the zone is full');
ok($lines >= 1 && $lines <= 1 + (time() - $^T) / 60,
	'a line in the log, one a minute');

# the data channel needs the zone for a new client: until none fits

my $n = 0;
do { $code = register($t, 'c' . ++$n . 'x' x 100) } while $code == 201
	&& $n < 200;
is($code, 507, "507 on the data channel, after $n");
is((dots_curl($t, 'GET', "$url/dots-client=first"))[0], 200,
	'the first client is there');
is((dots_curl($t, 'PUT', "$url/dots-client=first",
	body => sprintf $client, 'first'))[0], 204, 'and can be replaced');

# what is there

is($s->get($c, 1)->{code}, '2.05', 'the oldest is there');
ok(dots_rib($t) =~ m!192\.0\.2\.1/32!, 'with its route');
ok(dots_until(sub { $s->status($c, 1) == 2 }), 'status 2');
is($s->put($c, 1, prefix => ['192.0.2.1/32'], lifetime => 7200)->{code}, '2.04',
	'it is refreshed');

# it becomes less full: the terminating period is 2 s

my ($large) = sort { $put{$b} <=> $put{$a} || $a <=> $b } keys %put;
ok(dots_until(sub { there($t, sprintf '2001:db8:6401:%x::1', $large) }),
	'a large one has its route');
is($s->delete($c, $large)->{code}, '2.02', 'one is withdrawn');
ok(dots_until(sub { $s->get($c, $large)->{code} eq '4.04' }), 'and goes');
ok(dots_until(sub { !there($t, sprintf '2001:db8:6401:%x::1', $large) }),
	'with its route');
delete $put{$large};
is(put($s, ++$mid, 10), '2.01', 'another one fits');
$put{$mid} = 10;

# ---- a larger zone

zone($t, '4m');
ok(dots_reload($t), 'reload with a larger zone');
$s = dots_session($t);
is(count($s, 1, keys %put), $all, 'all mitigations');
is(put($s, ++$mid, 30), '2.01', 'there is room');
$put{$mid} = 30;
$all++;

# ---- a smaller one: refused where it can't hold all, and nothing changes

zone($t, '1m');
$t->reload();
ok(dots_until(sub { said($t, 'zone "dots" is too small for the mit') }),
	'a reload with one that is too small is refused');
my ($least) = $t->read_file('error.log')
	=~ /is too small for the mit.*write at least (\d+k)/;
is($s->get($c, 1)->{code}, '2.05', 'and changes nothing');

zone($t, $least);
ok(dots_reload($t), "reload with $least, as it says");
$s = dots_session($t);
is(count($s, 1, keys %put), $all, 'all mitigations');
is(said($t, 'zone is too small'), 0, 'nothing was left out');
like(dots_rib($t), qr!192\.0\.2\.1/32!, 'the route of the oldest');

# ---- a start with one that is too small: what does not fit stays in force

dots_monitor($t);
$s->quit();
$t->stop();
zone($t, '1m');
$t->run();

$s = dots_session($t);
dots_until(sub { said($t, 'zone is too small for the store') });
is(said($t, 'zone is too small for the store'), 1, 'a start with too small a one');

my %codes;
$codes{$s->get($c, $_)->{code}}++ foreach 1, keys %put;
is(join(' ', sort keys %codes), '2.05 5.03',
	"$codes{'5.03'} have no room: 5.03, not 4.04");

# the manager has looked at them all when another one's route is there, and a
# small one may fit where a large one does not

my ($gone) = grep { $s->get($c, $_)->{code} eq '5.03' } keys %put;
is($s->delete($c, $gone)->{code}, '5.03', 'nor can they be ended');

zone($t, '4m');
ok(dots_reload($t), 'a larger one');
$s->quit();
$s = dots_session($t);
is(count($s, 1, keys %put), $all, 'all mitigations');
is(said($t, 'zone is too small for the store'), 1, 'nothing was left out');
is(join(' ', dots_monitored($t, 'DELROUTE')), '', 'no route was withdrawn');
ok(dots_until(sub { $s->status($c, $gone) == 2 }), 'status 2');

$s->quit();

###############################################################################
