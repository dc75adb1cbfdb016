#!/usr/bin/perl

# Mitigations over CoAP/DTLS: RFC 9132 sections 4.4.1, 4.4.2 and 4.4.4, with a
# real gobgpd behind them.

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
$t->plan(75);

dots_pki($t);
dots_gobgpd($t);
dots_dns($t);

$t->write_file_expand('nginx.conf', dots_conf(workers => 2,
	lifetime => 'default=3600 min=1 max=86400 indefinite=off terminating=8'));
$t->run();

###############################################################################

my $a = dots_session($t);
my $b = dots_session($t, cert => 'b');
my ($ca, $cb) = ('cuid-of-a-0000000000aa', 'cuid-of-b-0000000000bb');
my $m;

like($a->connected(), qr/^connected/, 'a is connected');
like($b->connected(), qr/^connected/, 'b is connected');

# 4.4.1.3: 2.01 with mid and lifetime, nothing else

my $asked = time();
$m = $a->put($ca, 10, prefix => ['192.0.2.7/32'], ports => [80, [443, 445]],
	protocol => [6], lifetime => 600);

is($m->{code}, '2.01', 'created');
is($m->{type}, 1, 'the answer to a NON is a NON');
is($m->{format}, 271, 'application/dots+cbor');
is_deeply($m->{cbor}, { 1 => { 2 => [ { 5 => 10, 14 => 600 } ] } },
	'Figure 10: mid and lifetime');

# the audit log has the request, and what for

ok(dots_until(sub { $t->read_file('dots.log') =~ m!"mid":10,"method":"PUT",!
	&& $t->read_file('dots.log') =~ m!"code":"2\.01","status":1,!
	&& $t->read_file('dots.log')
		=~ m!"scope":"192\.0\.2\.7/32 protocol:6 port:80 port:443-445"! }),
	'a line of the audit log, with the scope');

# the route: status 1 until it is seen, 2 then

ok(dots_until(sub { dots_rib($t) =~ m!192\.0\.2\.7/32\s+192\.0\.2\.1! }),
	'the route has the next hop');
like(dots_rib($t), qr/192\.0\.2\.7.*(blackhole|65535:666)/i,
	'and the BLACKHOLE community, RFC 7999');
ok(dots_until(sub { $a->status($ca, 10) == 2 }), 'status 2');

# 4.4.2: what was asked comes back in its order

$m = $a->get($ca, 10);
is($m->{code}, '2.05', 'content');
my $s = $m->{cbor}{1}{2}[0];
is($s->{5}, 10, 'mid');
is_deeply($s->{6}, ['192.0.2.7/32'], 'target-prefix');
is_deeply($s->{7}, [ { 8 => 80 }, { 8 => 443, 9 => 445 } ], 'ports');
is_deeply($s->{10}, [6], 'protocol');
cmp_ok($s->{14}, '<=', 600, 'remaining lifetime');
cmp_ok($s->{14}, '>=', 600 - (time() - $asked) - 1,
	'remaining lifetime is near');
cmp_ok(abs($s->{15} - time()), '<', 60, 'mitigation-start');

# refresh: the same mid and clauses, another lifetime

$m = $a->put($ca, 10, prefix => ['192.0.2.7/32'], ports => [80, [443, 445]],
	protocol => [6], lifetime => 1200);
is($m->{code}, '2.04', 'refreshed');
is($m->{cbor}{1}{2}[0]{14}, 1200, 'new lifetime');

$m = $a->put($ca, 10, prefix => ['192.0.2.8/32'], lifetime => 1200);
is($m->{code}, '4.00', 'the same mid with other clauses');
like($m->{body}, qr/target-prefix/, 'names the attribute');
is($m->{format}, undef, '3: a diagnostic payload, RFC 7252 5.5.2');

# 4.4.1.3: overlap within one client, by mid

$m = $a->put($ca, 9, prefix => ['192.0.2.0/28'], lifetime => 600);
is($m->{code}, '4.09', 'a lower mid with overlap');
$s = $m->{cbor}{1}{2}[0]{17};
is($s->{19}, 1, 'conflict-cause overlapping-targets');
is($s->{21}{5}, 10, 'conflict-scope has the mid');

$m = $a->put($ca, 11, prefix => ['192.0.2.7/32', '192.0.2.9/32'],
	lifetime => 600);
is($m->{code}, '2.01', 'a higher mid with overlap');
is($a->get($ca, 10)->{code}, '4.04', 'the lower one is gone');
ok(dots_until(sub { dots_rib($t) =~ m!192\.0\.2\.9/32! }), 'its route');
like(dots_rib($t), qr!192\.0\.2\.7/32!, 'the common one stayed');

$m = $a->put($ca, 5, prefix => ['192.0.2.100/32'], lifetime => 600);
is($m->{code}, '2.01', 'a lower mid without overlap');

# all of a client

$m = $a->get($ca);
is($m->{code}, '2.05', 'all');
is_deeply([ map { $_->{5} } @{$m->{cbor}{1}{2}} ], [5, 11], 'both');

# 4.4.1.1: the targets must be the customer's, for the whole request

$m = $a->put($ca, 20, prefix => ['192.0.2.20/32', '198.51.100.1/32']);
is($m->{code}, '4.00', 'one prefix of somebody else');
like($m->{body}, qr/target-prefix.*198\.51\.100\.1/, 'named');
is($a->get($ca, 20)->{code}, '4.04', 'nothing was half accepted');

foreach my $p ('127.0.0.1/32', '224.0.0.1/32', '255.255.255.255/32', '0.0.0.0/0',
	'::1/128', 'ff02::1/128', '192.0.0.0/16', '192.0.2.0/33', 'nonsense')
{
	$m = $a->put($ca, 21, prefix => [$p]);
	is($m->{code}, '4.00', "$p is refused");
}

# names

$m = $a->put($ca, 30, fqdn => ['www.example.com'], lifetime => 600);
is($m->{code}, '2.01', 'a name of the customer');
ok(dots_until(sub { dots_rib($t) =~ m!192\.0\.2\.80/32!
	&& dots_rib($t, 'ipv6') =~ m!2001:db8:6401::80/128\s+2001:db8::1! }),
	'its addresses, each family with its next hop');

$m = $a->put($ca, 31, fqdn => ['elsewhere.example.com']);
is($m->{code}, '4.00', 'a name that resolves outside');
like($m->{body}, qr/target-fqdn/, 'named');

$m = $a->put($ca, 31, fqdn => ['nosuch.example.com']);
is($m->{code}, '4.00', 'a name that does not exist');

$m = $a->put($ca, 31, fqdn => ['www.example.net']);
is($m->{code}, '4.00', 'a name of somebody else');

$m = $a->put($ca, 32, uri => ['https://www.example.com/x']);
is($m->{code}, '2.01', 'a URI; its addresses override those of mid 30');
is($a->get($ca, 30)->{code}, '4.04', 'mid 30 is overridden');

$m = $a->put($ca, 33, uri => ['https://[2001:db8:6402::1]/']);
is($m->{code}, '4.00', 'a URI with an address of somebody else');

$m = $a->put($ca, 33, alias => ['nobody']);
is($m->{code}, '4.00', 'an unknown alias');
like($m->{body}, qr/alias-name/, 'named');

# other customers: the same cuid, the same addresses

$m = $b->put($ca, 1, prefix => ['198.51.100.1/32']);
is($m->{code}, '4.09', 'the cuid of another customer');
is_deeply($m->{cbor}, { 1 => { 2 => [ { 17 => { 19 => 3 } } ] } },
	'Figure 11: cause 3 and nothing else');

is($b->get($ca, 11)->{code}, '4.04', "another customer's mid is not there");
is($b->get($ca)->{code}, '4.04', "nor are all of them");
is($b->delete($ca, 11)->{code}, '2.02', 'a DELETE says nothing, 4.4.4');
is($a->get($ca, 11)->{code}, '2.05', 'and does nothing');

is($a->put($ca, 40, prefix => ['203.0.113.5/32'])->{code}, '2.01',
	'an address that both own');
$m = $b->put($cb, 1, prefix => ['203.0.113.5/32']);
is($m->{code}, '4.09', 'for the other customer it is taken');
$s = $m->{cbor}{1}{2}[0]{17};
is($s->{18}, 1, 'conflict-status 1');
is($s->{19}, 1, 'conflict-cause 1');
ok(!exists $s->{21}{5}, "without the other one's mid");

# 4.4.4

$m = $a->delete($ca, 11);
is($m->{code}, '2.02', 'withdrawn');
is($m->{body}, '', 'without payload');
is($a->status($ca, 11), 5, 'active but terminating');
my $rib = dots_rib($t);
ok($rib =~ m!192\.0\.2\.7/32! || $a->status($ca, 11) != 5,
	'the route stays so long');
is($a->delete($ca, 4242)->{code}, '2.02', 'an unknown mid is 2.02, too');

ok(dots_until(sub { $a->get($ca, 11)->{code} eq '4.04' }), 'over');
ok(dots_until(sub { dots_rib($t) !~ m!192\.0\.2\.[79]/32! }), 'routes gone');

# expiry, to the second

$a->put($ca, 50, prefix => ['192.0.2.50/32'], lifetime => 2);
ok(dots_until(sub { $a->get($ca, 50)->{code} eq '4.04' }), 'expired');

undef $a;
undef $b;

###############################################################################
