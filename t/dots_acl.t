#!/usr/bin/perl

# Filters of the data channel: RFC 8783 sections 4.2, 7 and its appendices, with
# a real gobgpd behind them.  Of customer a only what its mitigator can apply is
# taken, of b all is kept, as the figures need it.

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

dots_has(qw/cbor openssl curl gobgpd gobgp/);
$t->plan(130);

dots_pki($t);
dots_gobgpd($t);

my $customers = <<'EOF2';
    customer a {
        identity  dns:client.example.com;
        prefix    192.0.2.0/24 2001:dba::/48;
        mitigate  rtbh;
        limits    acls=8;
    }

    customer b {
        identity  dns:client.example.net;
        prefix    198.51.100.0/24 2001:db8::/32;
        mitigate  rtbh;
        filters   any;
    }
EOF2

$t->write_file_expand('nginx.conf', dots_conf(workers => 2,
	customers => $customers));
$t->run();
$t->waitforsocket('127.0.0.1:' . port(8443)) or die;

###############################################################################

my $url = dots_data_url();
my $ca = "$url/dots-client=cuid-of-a-0000000000aa";
my $cb = "$url/dots-client=dz6pHjaADkaFTbjr0JGBpw";
my ($code, $body, $head);

sub put {
	my ($name, $aces, %o) = @_;
	my $activation = $o{activation} || 'immediate';
	my $type = $o{type} ? qq!"type":"$o{type}",! : '';
	my $query = $o{query} ? "?$o{query}" : '';

	($code, $body, $head) = dots_curl($t, 'PUT',
		($o{client} || $ca) . "/acls/acl=$name$query",
		cert => $o{cert} || 'a',
		body => qq!{"ietf-dots-data-channel:acl":[{"name":"$name",$type!
			. qq!"activation-type":"$activation",!
			. qq!"aces":{"ace":[$aces]}}]}!);
	return $code;
}

sub ace {
	my ($matches, $actions) = @_;
	$actions ||= '"forwarding":"drop"';
	return qq!{"name":"r","matches":{$matches},"actions":{$actions}}!;
}

sub drop4 {
	my ($prefix) = @_;
	return ace(qq!"ipv4":{"destination-ipv4-network":"$prefix"}!);
}

sub names {
	my ($client, $cert) = @_;
	my (undef, $all) = dots_curl($t, 'GET', "$client/acls?content=config",
		cert => $cert || 'a');
	return join(' ', $all =~ /"name":"([^"]+)","(?:type|activation)/g);
}

sub routed {
	my ($prefix) = @_;
	my $family = $prefix =~ /:/ ? 'ipv6' : 'ipv4';
	return dots_rib($t, $family) =~ m!\Q$prefix\E!;
}

sub refused {
	my ($what, $tag, $path) = @_;
	is($code, 400, $what);
	like($body, qr/"error-tag":"$tag"/, "$what: $tag");
	like($body, qr/"error-path":"[^"]*$path/, "$what: path") if $path;
}

# 7.1: what the mitigator can really do

($code, $body) = dots_curl($t, 'GET', "$url/capabilities");
is($code, 200, 'capabilities');
like($body, qr/"forwarding-actions":\["ietf-access-control-list:drop"\]/,
	'drop only');
like($body, qr/"rate-limit":false/, 'no rate-limit');
like($body, qr/"destination-prefix":true/, 'by destination');
unlike($body, qr/"source-prefix":true/, 'not by source');
unlike($body, qr/transport-protocols/, 'by no protocol');

# 7.2: a client that is not registered

is(put('x', drop4('192.0.2.9/32'), type => 'ipv4-acl-type'), 404,
	'not registered');

foreach ([ $ca, 'a' ], [ $cb, 'b' ]) {
	my ($u, $cert) = @$_;
	my ($cuid) = $u =~ /=(.*)/;
	($code) = dots_curl($t, 'PUT', $u, cert => $cert, body =>
		qq!{"ietf-dots-data-channel:dots-client":[{"cuid":"$cuid"}]}!);
	is($code, 201, "registered: $cert");
}

# an immediate ACL is a route, and goes with DELETE

is(put('drop', drop4('192.0.2.9/32'), type => 'ipv4-acl-type'), 201,
	'an immediate ACL');
ok(dots_until(sub { routed('192.0.2.9/32') }), 'is a route');
is(put('drop', drop4('192.0.2.9/32'), type => 'ipv4-acl-type'), 204,
	'refreshed');

($code, $body) = dots_curl($t, 'GET', "$ca/acls/acl=drop");
is($code, 200, 'GET');
like($body, qr/"type":"ietf-access-control-list:ipv4-acl-type"/,
	'the identity has its module');
like($body, qr/"pending-lifetime":100(?:80|79)\b/, '10080 minutes');
unlike($body, qr/statistics/, 'nobody counts');

($code) = dots_curl($t, 'DELETE', "$ca/acls/acl=drop");
is($code, 204, 'DELETE');
ok(dots_until(sub { !routed('192.0.2.9/32') }), 'the route is gone');
($code) = dots_curl($t, 'DELETE', "$ca/acls/acl=drop");
is($code, 404, 'again');
($code) = dots_curl($t, 'GET', "$ca/acls/acl=drop");
is($code, 404, 'GET of what is not there');

# deactivate takes it out, IPv6 as well

is(put('six', ace('"ipv6":{"destination-ipv6-network":"2001:dba::9/128"}'),
	type => 'ipv6-acl-type'), 201, 'IPv6');
ok(dots_until(sub { routed('2001:dba::9/128') }), 'is a route');
is(put('six', ace('"ipv6":{"destination-ipv6-network":"2001:dba::9/128"}'),
	type => 'ipv6-acl-type', activation => 'deactivate'), 204, 'deactivated');
ok(dots_until(sub { !routed('2001:dba::9/128') }), 'no route any more');
($code) = dots_curl($t, 'GET', "$ca/acls/acl=six");
is($code, 200, 'but it is kept');

# activate-when-mitigating: exactly while the client's own mitigation is

is(put('while', drop4('192.0.2.33/32'), type => 'ipv4-acl-type',
	activation => 'activate-when-mitigating'), 201, 'activate-when-mitigating');
is(put('now', drop4('192.0.2.34/32'), type => 'ipv4-acl-type'), 201,
	'and an immediate one after it');
ok(dots_until(sub { routed('192.0.2.34/32') }), 'the latter is a route');
ok(!routed('192.0.2.33/32'), 'the former is not');

my $b = dots_session($t, cert => 'b');
is($b->put('dz6pHjaADkaFTbjr0JGBpw', 1, prefix => ['198.51.100.1/32'],
	lifetime => 600)->{code}, '2.01', "another one's mitigation");
ok(dots_until(sub { routed('198.51.100.1/32') }), 'its route');
ok(!routed('192.0.2.33/32'), 'does not activate it');

my $a = dots_session($t);
is($a->put('another-cuid-of-a-00aa', 1, prefix => ['192.0.2.1/32'],
	lifetime => 600)->{code}, '2.01', 'a mitigation of another cuid');
ok(dots_until(sub { routed('192.0.2.1/32') }), 'its route');
ok(!routed('192.0.2.33/32'), 'does not activate it either');

is($a->put('cuid-of-a-0000000000aa', 1, prefix => ['192.0.2.2/32'],
	lifetime => 600)->{code}, '2.01', "the client's own mitigation");
ok(dots_until(sub { routed('192.0.2.33/32') }), 'activates it');
is($a->delete('cuid-of-a-0000000000aa', 1)->{code}, '2.02', 'withdrawn');
ok(dots_until(sub { !routed('192.0.2.33/32') }),
	'and after the terminating period it is no route');
ok(routed('192.0.2.34/32'), 'the immediate one stays');

# a restart finds them

$t->stop();
ok(routed('192.0.2.34/32'), 'the route stays while the server is away');
$t->run();
$t->waitforsocket('127.0.0.1:' . port(8443)) or die;
is(names($ca), 'six while now', 'the ACLs are there, in their order');
ok(dots_until(sub { routed('192.0.2.34/32') }), 'and the route');

# 7.2: what is refused

is(put('x', drop4('198.51.100.9/32'), type => 'ipv4-acl-type'), 400,
	"another's destination");
refused("another's destination", 'invalid-value', 'destination-ipv4-network');
put('x', ace('"ipv4":{"source-ipv4-network":"203.0.113.0/24"}'),
	type => 'ipv4-acl-type');
refused('immediate without destination', 'missing-attribute',
	'destination-ipv4-network');
put('x', qq!{"name":"r","actions":{"forwarding":"drop"}}!);
refused('immediate without any match', 'missing-attribute');
put('x', ace('"ipv4":{"destination-ipv4-network":"192.0.2.9/32",'
	. '"source-ipv4-network":"203.0.113.0/24"}'), type => 'ipv4-acl-type');
refused('a source, which no route has', 'unknown-element',
	'source-ipv4-network');
put('x', ace('"ipv4":{"destination-ipv4-network":"192.0.2.9/32"},'
	. '"udp":{"destination-port-range-or-operator":{"port":53}}'),
	type => 'ipv4-acl-type');
refused('a port, which no route has', 'unknown-element', 'matches');
put('x', ace('"ipv4":{"destination-ipv4-network":"192.0.2.9/32"}',
	'"forwarding":"accept"'), type => 'ipv4-acl-type');
refused('accept, which no route does', 'invalid-value', 'forwarding');
put('x', ace('"ipv4":{"destination-ipv4-network":"192.0.2.9/32"}',
	'"forwarding":"reject"'), type => 'ipv4-acl-type');
refused('reject, which is not of RFC 8783', 'invalid-value', 'forwarding');
put('x', ace('"ipv4":{"destination-ipv4-network":"192.0.2.9/32"},"udp":{}'),
	type => 'ipv4-acl-type');
refused('a header with nothing in it', 'invalid-value');
put('x', ace('"ipv4":{}') =~ s/"matches"/"ietf-dots-data-channel:matches"/r,
	type => 'ipv4-acl-type');
refused('one that a "when" is about, its parent with its module',
	'invalid-value');
put('x', ace('"eth":{}'), type => 'ipv4-acl-type');
refused('a header that there is not, with nothing in it', 'unknown-element');
put('x', ace('"ipv6":{"destination-ipv6-network":"::ffff:192.0.2.9/128"}'),
	type => 'ipv6-acl-type');
refused('IPv4 inside IPv6', 'invalid-value', 'destination-ipv6-network');
put('x', drop4('192.0.2.9/32'), type => 'ipv6-acl-type');
refused('IPv4 in an ACL of IPv6', 'invalid-value');
put('x', drop4('192.0.2.9/32') . ',' . drop4('192.0.2.8/32'),
	type => 'ipv4-acl-type');
refused('two entries of one name', 'invalid-value');
is(put('x' x 65, drop4('192.0.2.9/32'), type => 'ipv4-acl-type'), 400,
	'a name beyond 64 characters');
ok(!routed('192.0.2.9/32') && !routed('192.0.2.8/32'), 'none of them acts');

# insert and point: RFC 8040 sections 4.8.5 and 4.8.6

my $point = $ca;
$point =~ s!.*/data!!;
$point =~ s!([/:=])!sprintf('%%%02X', ord $1)!ge;

is(put('first', drop4('192.0.2.40/32'), type => 'ipv4-acl-type',
	activation => 'deactivate', query => 'insert=first'), 201, 'insert=first');
is(names($ca), 'first six while now', 'it is the first');
is(put('mid', drop4('192.0.2.40/32'), type => 'ipv4-acl-type',
	activation => 'deactivate',
	query => "insert=after&point=$point%2Facls%2Facl%3Dsix"), 201,
	'insert=after');
is(names($ca), 'first six mid while now', 'it is after the point');
is(put('mid', drop4('192.0.2.41/32'), type => 'ipv4-acl-type',
	activation => 'deactivate'), 204, 'replaced without insert');
is(names($ca), 'first six mid while now', 'it keeps its place');
is(put('now', drop4('192.0.2.34/32'), type => 'ipv4-acl-type',
	query => "insert=before&point=$point%2Facls%2Facl%3Dsix"), 204,
	'insert=before moves');
is(names($ca), 'first now six mid while', 'to before the point');
put('y', drop4('192.0.2.9/32'), type => 'ipv4-acl-type',
	query => "insert=before&point=$point%2Facls%2Facl%3Dnone");
is($code, 400, 'a point that is not there');
put('y', drop4('192.0.2.9/32'), type => 'ipv4-acl-type',
	query => 'insert=before');
is($code, 400, 'before without a point');

# limits acls=8, all or none

($code, $body) = dots_curl($t, 'POST', $ca, body =>
	'{"ietf-dots-data-channel:acls":{"acl":['
	. join(',', map { qq!{"name":"l$_","activation-type":"deactivate"}! } 1 .. 4)
	. ']}}');
is($code, 409, 'beyond the limit');
like($body, qr/"error-tag":"resource-denied"/, 'resource-denied');
($code) = dots_curl($t, 'POST', $ca, body =>
	'{"ietf-dots-data-channel:acls":{"acl":['
	. join(',', map { qq!{"name":"l$_","activation-type":"deactivate"}! } 1 .. 3)
	. ']}}');
is($code, 201, 'up to it');
($code, $body) = dots_curl($t, 'POST', "$ca/acls", body =>
	'{"ietf-dots-data-channel:acl":[{"name":"l1"}]}');
is($code, 409, 'one that is there');

# another customer sees and changes nothing of it

($code) = dots_curl($t, 'GET', "$ca/acls", cert => 'b');
is($code, 404, "another's ACLs");
($code) = dots_curl($t, 'DELETE', "$ca/acls/acl=now", cert => 'b');
is($code, 404, 'nor can it delete one');

# DELETE of the container, then of the client with what it has

($code) = dots_curl($t, 'DELETE', "$ca/acls");
is($code, 204, 'DELETE of all');
ok(dots_until(sub { !routed('192.0.2.34/32') }), 'no route is left');
is(names($ca), '', 'none is left');
put('last', drop4('192.0.2.50/32'), type => 'ipv4-acl-type');
ok(dots_until(sub { routed('192.0.2.50/32') }), 'one more');
($code) = dots_curl($t, 'DELETE', $ca);
is($code, 204, 'the dots-client goes');
ok(dots_until(sub { !routed('192.0.2.50/32') }), 'and with it its ACL');

# the figures; b's mitigator can do none of it, but it keeps all

foreach (
	[ 'POST', 24, '', 201, <<'EOF2' ],
{ "ietf-dots-data-channel:acls": { "acl": [ { "name": "sample-ipv4-acl",
"type": "ipv4-acl-type", "activation-type": "activate-when-mitigating",
"aces": { "ace": [ { "name": "rule1", "matches": { "ipv4": {
"destination-ipv4-network": "198.51.100.0/24",
"source-ipv4-network": "192.0.2.0/24" } },
"actions": { "forwarding": "drop" } } ] } } ] } }
EOF2
	[ 'PUT', 25, '/acls/acl=test-acl-ipv6-udp', 201, <<'EOF2' ],
{ "ietf-dots-data-channel:acls": { "acl": [ { "name": "test-acl-ipv6-udp",
"type": "ipv6-acl-type", "activation-type": "immediate", "aces": { "ace": [ {
"name": "my-test-ace", "matches": { "ipv6": {
"destination-ipv6-network": "2001:db8:6401::2/127",
"source-ipv6-network": "2001:db8:1234::/96", "protocol": 17,
"flow-label": 10000 }, "udp": { "source-port-range-or-operator": {
"operator": "lte", "port": 80 }, "destination-port-range-or-operator": {
"operator": "neq", "port": 1010 } } }, "actions": { "forwarding": "accept" }
} ] } } ] } }
EOF2
	[ 'POST', 34, '', 400, <<'EOF2' ],
{ "ietf-dots-data-channel:acls": { "acl": [ { "name": "dns-fragments",
"type": "ipv4-acl-type", "aces": { "ace": [ { "name": "drop-all-fragments",
"matches": { "ipv4": { "fragment": { "operator": "match", "type": "isf" } } },
"actions": { "forwarding": "drop" } }, { "name": "allow-dns-packets",
"matches": { "ipv4": { "destination-ipv4-network": "198.51.100.0/24" },
"udp": { "destination-port-range-or-operator": { "operator": "eq", "port": 53 }
}, "actions": { "forwarding": "accept" } } } ] } } ] } }
EOF2
	[ 'POST', 35, '', 201, <<'EOF2' ],
{ "ietf-dots-data-channel:acls": { "acl": [ { "name": "dns-fragments",
"type": "ipv6-acl-type", "aces": { "ace": [ { "name": "drop-all-fragments",
"matches": { "ipv6": { "fragment": { "operator": "match", "type": "isf" } } },
"actions": { "forwarding": "drop" } }, { "name": "allow-dns-packets",
"matches": { "ipv6": { "destination-ipv6-network": "2001:db8::/32" },
"udp": { "destination-port-range-or-operator": { "operator": "eq", "port": 53 }
} }, "actions": { "forwarding": "accept" } } ] } } ] } }
EOF2
	[ 'PUT', 36, '/acls/acl=tcp-flags-example', 201, <<'EOF2' ],
{ "ietf-dots-data-channel:acls": { "acl": [{ "name": "tcp-flags-example",
"activation-type": "immediate", "aces": { "ace": [{ "name": "null-attack",
"matches": { "tcp": { "flags-bitmask": { "operator": "not any",
"bitmask": 4095 } } }, "actions": { "forwarding": "drop" } }] } }] } }
EOF2
	[ 'PUT', 37, '/acls/acl=tcp-flags-example', 204, <<'EOF2' ],
{ "ietf-dots-data-channel:acls": { "acl": [{ "name": "tcp-flags-example",
"activation-type": "activate-when-mitigating", "aces": { "ace": [{
"name": "rate-limit-syn", "matches": { "tcp": { "flags-bitmask": {
"operator": "match", "bitmask": 2 } } }, "actions": { "forwarding": "accept",
"rate-limit": "20.00" } }] } }] } }
EOF2
	[ 'PUT', 38, '/acls/acl=tcp-flags-example', 204, <<'EOF2' ],
{ "ietf-dots-data-channel:acls": { "acl": [{ "name": "tcp-flags-example",
"type": "ipv4-acl-type", "activation-type": "activate-when-mitigating",
"aces": { "ace": [{ "name": "rate-limit-ack", "matches": { "tcp": {
"flags-bitmask": { "operator": "match", "bitmask": 16 } } }, "actions": {
"forwarding": "accept", "rate-limit": "20.00" } }] } }] } }
EOF2
) {
	my ($method, $figure, $below, $want, $text) = @$_;
	($code, $body, $head) = dots_curl($t, $method, "$cb$below", cert => 'b',
		body => $text);
	is($code, $want, "Figure $figure");
	like($body, qr/"error-tag":"unknown-element"/, "Figure $figure: actions")
		if $want == 400;
	like($head, qr!location: \S*/acls/acl=!i, "Figure $figure: Location")
		if $want == 201 && $method eq 'POST';
}

is(names($cb, 'b'),
	'sample-ipv4-acl test-acl-ipv6-udp dns-fragments tcp-flags-example',
	'in the order of their creation');

# Figures 26 to 33

($code, $body) = dots_curl($t, 'GET', "$cb/acls?content=all", cert => 'b');
is($code, 200, 'Figure 26');
like($body, qr/"name":"test-acl-ipv6-udp"[^{]*"activation-type":"immediate"/,
	'Figure 27');
like($body, qr/"pending-lifetime":100(?:80|79)\b/, 'Figure 27: pending-lifetime');
($code, $body) = dots_curl($t, 'GET',
	"$cb/acls/acl=test-acl-ipv6-udp?content=config", cert => 'b');
is($code, 200, 'Figure 28');
like($body, qr/"flow-label":10000/, 'Figure 29');
like($body, qr/"forwarding":"ietf-access-control-list:accept"/,
	'Figure 29: with the module');
unlike($body, qr/pending-lifetime/, 'Figure 29: no state');
($code, $body) = dots_curl($t, 'GET',
	"$cb/acls/acl=test-acl-ipv6-udp?content=nonconfig", cert => 'b');
is($code, 200, 'Figure 30, erratum 6496');
is($body =~ s/10079/10080/r,
	'{"ietf-dots-data-channel:acl":[{"name":"test-acl-ipv6-udp",'
	. '"pending-lifetime":10080,"aces":{"ace":[{"name":"my-test-ace"}]}}]}',
	'Figure 31');
($code) = dots_curl($t, 'DELETE', "$cb/acls/acl=sample-ipv4-acl", cert => 'b');
is($code, 204, 'Figures 32, 33');

# kept is not applied

is(dots_rib($t) =~ /198\.51\.100\.0/ ? 1 : 0, 0,
	'what a mitigator cannot apply does not act');
is(put('plain', drop4('198.51.100.77/32'), type => 'ipv4-acl-type',
	client => $cb, cert => 'b'), 201, 'what it can');
ok(dots_until(sub { routed('198.51.100.77/32') }), 'does');

# expiry, to the second, and the audit log says so

my $conf = dots_conf(workers => 2, customers => $customers,
	dots => 'data_lifetime 2s;');
$t->stop();
$t->write_file_expand('nginx.conf', $conf);
$t->run();
$t->waitforsocket('127.0.0.1:' . port(8443)) or die;

dots_monitor($t);
is(put('plain', drop4('198.51.100.78/32'), type => 'ipv4-acl-type',
	client => $cb, cert => 'b'), 204, 'with two seconds to live');

# where they are over before the mitigator has come to it: again

ok(dots_until(sub { dots_monitored($t, '^ROUTE. 198.51.100.78/32')
	|| !put('plain', drop4('198.51.100.78/32'), type => 'ipv4-acl-type',
		client => $cb, cert => 'b') }), 'a route');
ok(dots_until(sub { dots_monitored($t, 'DELROUTE. 198.51.100.78/32') }),
	'that ends by itself');

# of the one that was put last, if there was more than one

ok(dots_until(sub { 404 == (dots_curl($t, 'GET', "$cb/acls/acl=plain",
	cert => 'b'))[0] }), 'the ACL is over');
ok(dots_until(sub { $t->read_file('dots.log') =~ /ACL \\"plain\\" is over/ }),
	'the audit log');

undef $t;       # the subs above would keep it beyond the plan

###############################################################################
