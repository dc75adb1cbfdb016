#!/usr/bin/perl

# What becomes of a mitigation in the course of time: RFC 9132 sections 4.4.1.1
# (mids, cuids, names), 4.4.1.2 (gateways), 4.4.1.3 (aliases, conflicts), 4.4.3
# (efficacy) and 4.4.4 (dampening).

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

dots_has(qw/cbor openssl gobgpd gobgp dnsmasq curl/);
$t->plan(71);

dots_pki($t);
dots_gobgpd($t);

my $dir = $t->testdir();

hosts('192.0.2.80 www.example.com');

dots_dnsmasq($t, '--no-hosts', "--addn-hosts=$dir/hosts");

$t->write_file_expand('nginx.conf', dots_conf(workers => 2,
	dots => 'lookup_interval 1s;',
	lifetime => 'default=3600 min=1 max=86400 indefinite=off terminating=60',
	customers => <<'EOT'));
    customer a {
        identity  dns:client.example.com;
        prefix    192.0.2.0/24;
        name      example.com;
        mitigate  rtbh;
    }

    customer gate {
        identity  dns:client.example.net;
        gateway;
    }

    customer relayed {
        identity  cdid:7eeaf349529eb55ed50113 cdid:other-of-the-same;
        prefix    198.51.100.0/24;
        mitigate  rtbh;
        limits    mitigations=2;
    }
EOT

$t->run();

###############################################################################

my $a = dots_session($t);
my $g = dots_session($t, cert => 'b');
my ($one, $two) = ('cuid-one-of-a-00000000', 'cuid-two-of-a-00000000');
my ($m, $s);

# 4.4.3: an efficacy update

my @scope = (prefix => ['192.0.2.7/32'], ports => [80], protocol => [6]);
my @match = (options => [ [ 1, '' ] ]);

is($a->put($one, 10, @scope, lifetime => 600)->{code}, '2.01', 'created');

$m = efficacy($one, 10, 1, @scope, lifetime => undef);
is($m->{code}, '2.04', '4.4.3: Figure 16, without lifetime');
is_deeply($m->{cbor}, { 1 => { 2 => [ { 5 => 10, 14 => 600 } ] } },
	'4.4.3: refreshed by the lifetime it has');
is(efficacy($one, 10, 2, @scope, lifetime => 1200)->{cbor}{1}{2}[0]{14}, 1200,
	'4.4.3: the lifetime may be another');

$m = efficacy($one, 10, 1, prefix => ['192.0.2.7/32']);
is($m->{code}, '4.00', '4.4.3: all else has to be the same');
like($m->{body}, qr/target-port-range/, 'named');

$m = $a->put($one, 10, @scope, @match);
is($m->{code}, '4.00', '4.4.3: attack-status is mandatory');
like($m->{body}, qr/attack-status/, 'named');

$m = $a->put($one, 10, body => with_attack(1, @scope));
is($m->{code}, '4.00', '4.4.3: attack-status without If-Match');

$m = $a->put($one, 10, body => with_attack(1, @scope),
	options => [ [ 1, 'tag' ] ]);
is($m->{code}, '4.12', 'RFC 7252, 5.10.8.1: an entity-tag that nothing has');

ok(!exists $a->get($one, 10)->{cbor}{1}{2}[0]{29},
	"attack-status is the client's only");

# no match: no answer; what is asked next is answered next.  A CON has to be
# acknowledged all the same (RFC 7252, 4.2)

$a->send($a->message(method => 'PUT', type => 'CON', @match, id => 4242,
	path => Test::DOTS::Session::path($one, 4242),
	body => with_attack(1, @scope)));

SKIP: {
	skip 'no acknowledgements over TCP', 1 if $a->{tcp};

	do {
		$m = $a->recv();
	} while ($m && $m->{type} != 2);

	is(unpack('H*', $m ? $m->{bytes} : ''), '60001092', 'an empty ACK');
}

is($a->get($one, 4242)->{code}, '4.04', '4.4.3: silently ignored');

like($t->read_file('dots.log'),
	qr/"mid":4242,"method":"PUT","attack-status":1,.*"reason":"efficacy/,
	'but in the log');
like($t->read_file('dots.log'),
	qr/"mid":10,"method":"PUT","code":"2.04","status":\d,"attack-status":2/,
	'attack-status is in the log');

# 4.4.4: the DELETE came first

is($a->delete($one, 10)->{code}, '2.02', 'withdrawn');
$a->send($a->message(method => 'PUT', @match,
	path => Test::DOTS::Session::path($one, 10),
	body => with_attack(1, @scope)));
is($a->status($one, 10), 5, '4.4.3: a late efficacy update revives nothing');

# 4.4.4: asked for again before the 60 s are over: 120 s the next time

is($a->put($one, 10, @scope, lifetime => 600)->{code}, '2.04', 'again');
is($a->delete($one, 10)->{code}, '2.02', 'withdrawn once more');
$s = $a->get($one, 10)->{cbor}{1}{2}[0];
is($s->{16}, 5, 'terminating');
cmp_ok($s->{14}, '>', 60, '4.4.4: for longer');
cmp_ok($s->{14}, '<=', 120, '4.4.4: twice as long');

# 4.4.1.1: mid 0, and the numbers of another cuid are others

is($a->put($one, 0, prefix => ['192.0.2.20/32'])->{code}, '2.01', 'mid 0');
is($a->get($one, 0)->{code}, '2.05', 'is a mid');
is($a->put($one, 3221225472, prefix => ['192.0.2.20/31'])->{code}, '2.01',
	'3/4 of the numbers');
is($a->get($one, 0)->{code}, '4.04', '4.4.1.3: overrides');
$m = $a->put($one, 1, prefix => ['192.0.2.20/32']);
is($m->{code}, '4.09', '4.4.1.3: an active one is not rolled over');
is($m->{cbor}{1}{2}[0]{17}{21}{5}, 3221225472, 'conflict-scope has the mid');

is($a->put($one, 3221225473, prefix => ['192.0.2.64/26'], trigger => \0)
	->{code}, '2.01', 'preconfigured');
is($a->status($one, 3221225473), 8, 'awaits the loss of the session');
ok(!exists $a->get($one, 3221225473)->{cbor}{1}{2}[0]{15},
	'4.4.2: without mitigation-start');
is($a->put($one, 2, prefix => ['192.0.2.64/26'], trigger => \0)->{code},
	'2.01', '4.4.1.1: recreated with mids from 0 on');
is($a->get($one, 3221225473)->{code}, '4.04', 'in the place of the old one');

# the same customer's two clients are different DOTS clients

is($a->get($two, 2)->{code}, '4.04', 'the other cuid does not see it');
$m = $a->put($two, 9, prefix => ['192.0.2.20/32']);
is($m->{code}, '4.09', '4.4.1.3: overlap with a different client');
$s = $m->{cbor}{1}{2}[0]{17};
is($s->{18}, 1, 'conflict-status');
is($s->{19}, 1, 'conflict-cause');
is_deeply($s->{21}, { 6 => ['192.0.2.20/32'] },
	"conflict-scope: the asker's clauses, no mid");
cmp_ok($s->{20}, '>', 3500, "retry-timer: the other's lifetime");

is($a->put($two, 9, prefix => ['192.0.2.21/32'], trigger => \0)->{code},
	'2.01', 'what is not active is in no conflict');

# 4.4.2: the configuration in the order of the request

my @order = ('192.0.2.203/32', '192.0.2.201/32', '192.0.2.202/32');
$m = $a->put($one, 3221225480, prefix => \@order, protocol => [17, 6],
	ports => [443, 80]);
is($m->{code}, '2.01', 'prefixes as they come');
$s = $a->get($one, 3221225480)->{cbor}{1}{2}[0];
is_deeply($s->{6}, \@order, '4.4.2: prefixes');
is_deeply($s->{7}, [ { 8 => 443 }, { 8 => 80 } ], '4.4.2: ports');
is_deeply($s->{10}, [17, 6], '4.4.2: protocols');

# RFC 9244, 9.2: a target query

is_deeply([ map { $_->{5} } @{$a->get($one, undef,
	query => ['target-prefix=192.0.2.201/32'])->{cbor}{1}{2}} ],
	[3221225480], 'RFC 9244, 9.2: those that the query matches');
is($a->get($one, 3221225480, query => ['target-port=22'])->{code}, '4.04',
	'RFC 9244, 9.2: no match');
is($a->get($one, 3221225480, query => ['target-port=80,x'])->{code}, '4.00',
	'no port');

# 4.4.1.3: an alias and other clauses add up

my $url = dots_data_url();
my ($code) = dots_curl($t, 'PUT', "$url/dots-client=$two", body =>
	'{"ietf-dots-data-channel:dots-client":[{"cuid":"' . $two . '"}]}');
is($code, 201, 'a dots-client');
($code) = dots_curl($t, 'PUT', "$url/dots-client=$two/aliases/alias=web",
	body => '{"ietf-dots-data-channel:alias":[{"name":"web",'
	. '"target-prefix":["192.0.2.31/32"]}]}');
is($code, 201, 'an alias');

is($a->put($two, 20, prefix => ['192.0.2.33/32'], alias => ['web'])->{code},
	'2.01', '4.4.1.3: alias-name and target-prefix');
ok(dots_until(sub { my $rib = dots_rib($t);
	$rib =~ m!192\.0\.2\.31/32! && $rib =~ m!192\.0\.2\.33/32! }), 'both act');
$m = $a->put($one, 3221225490, alias => ['web']);
is($m->{code}, '4.00', "4.4.1.3: another client's alias");

# 4.4.1.1: names follow the DNS, inside the customer's prefixes

is($a->put($two, 30, fqdn => ['www.example.com'])->{code}, '2.01', 'a name');
ok(dots_until(sub { dots_rib($t) =~ m!192\.0\.2\.80/32! }), 'its address');

hosts('192.0.2.81 www.example.com', '100.64.0.81 www.example.com');
ok(dots_until(sub { dots_rib($t) =~ m!192\.0\.2\.81/32! }),
	'4.4.1.1: its new address');
ok(dots_until(sub { dots_rib($t) !~ m!192\.0\.2\.80/32! }),
	'instead of the old one');
unlike(dots_rib($t), qr/100\.64/, "4.4.1.1: nothing outside of the customer's");
ok(dots_until(sub { $t->read_file('dots.log')
	=~ /"mid":30,.*names have other addresses/ }), 'in the log');
is($a->status($two, 30) > 0, 1, 'it goes on');

# 4.4.1.2: a gateway's cdid says whose request it is

is(relayed('PUT', 'nobody', 'c1', 1, '198.51.100.1/32')->{code}, '4.01',
	'4.4.1.2: an unknown cdid');
is(relayed('PUT', '7eeaf349529eb55ed50113', 'c1', 1, '192.0.2.99/32')->{code},
	'4.00', '4.4.1.2: the prefixes are those of the cdid');
is(relayed('PUT', '7eeaf349529eb55ed50113', 'c1', 1, '198.51.100.1/32')
	->{code}, '2.01', '4.4.1.2: relayed');
is(relayed('GET', 'other-of-the-same', 'c1', 1)->{code}, '2.05',
	'4.4.1.2: cdids of one client are equivalent');
is($g->get('c1', 1)->{code}, '4.04', 'without cdid the gateway is itself');
is(relayed('PUT', 'other-of-the-same', 'c2', 1, '198.51.100.2/32')->{code},
	'2.01', 'a second client of the domain');
is(relayed('PUT', 'other-of-the-same', 'c2', 2, '198.51.100.3/32')->{code},
	'5.03', '4.4.1.2: the limit is that of the domain');

$m = $a->request(method => 'GET', path => [ '.well-known', 'dots', 'mitigate',
	'cdid=7eeaf349529eb55ed50113', 'cuid=c1', 'mid=1' ]);
is($m->{code}, '4.04', "4.4.1.2: a client's own cdid is ignored");

$m = $g->request(method => 'GET', token => 'relayed', options => [ [ 6, '' ] ],
	path => [ '.well-known', 'dots', 'mitigate',
		'cdid=7eeaf349529eb55ed50113', 'cuid=c1', 'mid=1' ]);
is($m->{code}, '2.05', 'a gateway observes for its client');

is(relayed('DELETE', '7eeaf349529eb55ed50113', 'c1', 1)->{code}, '2.02',
	'4.4.4: relayed, too');

do { $m = $g->notification('relayed') }
	while $m && $m->{cbor}{1}{2}[0]{16} != 5;
ok($m, 'and is told');

is(relayed('GET', '7eeaf349529eb55ed50113', 'c1', 1)->{cbor}{1}{2}[0]{16}, 5,
	'terminating');

undef $a;
undef $g;
undef $t;   # the subs below hold it

###############################################################################

# the server of names reads its file again

sub hosts {
	my (@lines) = @_;

	$t->write_file('hosts', join("\n", @lines) . "\n");
	kill 'HUP', $t->read_file('dnsmasq.pid') =~ /(\d+)/
		if -s $t->testdir() . '/dnsmasq.pid';
}

sub with_attack {
	my ($attack, @o) = @_;

	my $body = dots_decode(dots_mitigate(@o));
	$body->{1}{2}[0]{29} = $attack;
	return Test::DOTS::_map($body);
}

sub efficacy {
	my ($cuid, $mid, $attack, @o) = @_;
	return $a->put($cuid, $mid, @match, body => with_attack($attack, @o));
}

sub relayed {
	my ($method, $cdid, $cuid, $mid, $prefix) = @_;

	return $g->request(method => $method, path => [ '.well-known', 'dots',
		'mitigate', "cdid=$cdid", "cuid=$cuid", "mid=$mid" ],
		$prefix ? (body => dots_mitigate(prefix => [$prefix])) : ());
}

###############################################################################
