#!/usr/bin/perl

# The event stream, RFC 8040 section 6, in nginx: changes of mitigations and of
# the data channel, by any worker, to their customer alone; replay, filter, ends.
# The rules are in t/unit/test_stream.c and t/unit/test_history.c.

###############################################################################

use warnings;
use strict;

use Test::More;

BEGIN { use FindBin; chdir($FindBin::Bin); }

use lib 'lib';
use Test::DOTS;
use Test::DOTS::Stream;
use Test::DOTS::Yang;
use Test::Nginx;

###############################################################################

select STDERR; $| = 1;
select STDOUT; $| = 1;

my $t = Test::Nginx->new()->has(qw/http http_ssl http_v2 stream udp/);

dots_has(qw/cbor openssl curl gobgpd gobgp/);
$t->plan(2 * 37 + 7);

dots_pki($t);

my ($url, $root, $all);

my $mapping = '{"ietf-dots-mapping:vendor-mapping":{"vendor":[{"vendor-id":345,'
	. '"last-updated":"1629898958"}]}}';

foreach my $workers (1, 2) {
	$t->write_file_expand('nginx.conf', dots_conf(workers => $workers,
		http => <<'EOF', customers => <<'EOC'));
        send_timeout 2s;
EOF
    customer a {
        identity  dns:client.example.com;
        prefix    192.0.2.0/24;
        mitigate  rtbh;
        limits    streams=4;
    }

    customer b {
        identity  dns:client.example.net;
        prefix    198.51.100.0/24;
        mitigate  rtbh;
    }
EOC

	if ($workers == 1) {
		dots_gobgpd($t);
		$t->run();

	} else {
		dots_reload($t);
	}

	$t->waitforsocket('127.0.0.1:' . port(8443)) or die;

	$url = dots_data_url();
	($root = $url) =~ s!/data/.*!!;
	$all = '?start-time=2025-01-01T00:00:00Z';

	check($t, "w$workers");
}

# what nobody refreshes ends, which is an event, too

$t->write_file_expand('nginx.conf', dots_conf(workers => 2,
	dots => 'data_lifetime 2s;', customers => <<'EOC'));
    customer a {
        identity  dns:client.example.com;
        prefix    192.0.2.0/24;
        mitigate  rtbh;
    }
EOC
ok(dots_reload($t), q(a short data_lifetime));

my $json = stream($t, 'NETCONF-JSON?filter=/*/cuid=%27brief%27');

dots_curl($t, 'POST', $url, body =>
	'{"ietf-dots-data-channel:dots-client":[{"cuid":"brief"}]}');
dots_curl($t, 'POST', "$url/dots-client=brief", body => $mapping);
dots_curl($t, 'POST', "$url/dots-client=brief", body =>
	'{"ietf-dots-data-channel:aliases":{"alias":[{"name":"web",'
	. '"target-prefix":["192.0.2.80/32"]}]}}');
dots_curl($t, 'POST', "$url/dots-client=brief", body =>
	'{"ietf-dots-data-channel:acls":{"acl":[{"name":"drop","type":"ipv4-acl-type",'
	. '"activation-type":"deactivate","aces":{"ace":[{"name":"e",'
	. '"matches":{"ipv4":{"destination-ipv4-network":"192.0.2.80/32"}},'
	. '"actions":{"forwarding":"drop"}}]}}]}}');

# the alias may be over before the ACL is there

my @events = map { $json->event() } 1 .. 6;
is(scalar(grep { /"acl-name":"drop","change":"created"/ } @events), 1, 'an ACL');
my ($alias) = grep { /"alias-name":"web","change":"expired"/ } @events;
ok(defined $alias, 'an alias is over');
dots_yang_ok('notification', $alias, 'by the schema');
is(scalar(grep { /"acl-name":"drop","change":"expired"/ } @events), 1,
	'an ACL, too');

dots_curl($t, 'DELETE', "$url/dots-client=brief/ietf-dots-mapping:"
	. 'vendor-mapping/vendor=345');
like($json->event(), qr/"vendor-id":345,"change":"deleted"/,
	'a vendor is not, until it is deleted');

# written again before anybody has removed it: the end is told all the same

foreach (1 .. 3) {
	dots_until(sub { (dots_curl($t, 'GET',
		"$url/dots-client=brief/aliases/alias=again"))[0] == 404 });
	dots_curl($t, 'PUT', "$url/dots-client=brief/aliases/alias=again", body =>
		'{"ietf-dots-data-channel:alias":[{"name":"again",'
		. '"target-prefix":["192.0.2.80/32"]}]}');
}

is(join(' ', map { $json->event() =~ /"change":"([^"]+)"/ } 1 .. 6),
	'created expired created expired created expired', 'each end is told');

undef $json;

###############################################################################

# $t is no variable of these: it would be destroyed too late

sub stream {
	my ($t, $name, %o) = @_;
	return Test::DOTS::Stream->new($t, "$root/streams/$name", %o);
}

# the same when there is room
sub opened {
	my (@o) = @_;
	my $stream;

	dots_until(sub { $stream = stream(@o); $stream->code() == 200 });
	return $stream;
}

sub check {
	my ($t, $w) = @_;
	my $client = '{"ietf-dots-data-channel:dots-client":[{"cuid":"%s"}]}';
	my ($code, $body, $head, $e);

	# several of two customers, over both versions of HTTP

	my $json = stream($t, 'NETCONF-JSON');
	my $xml = stream($t, 'NETCONF', http => 2);
	my $b = stream($t, 'NETCONF-JSON', cert => 'b');

	is($json->code(), 200, "$w stream");
	like($json->head(), qr!content-type: text/event-stream\r!i, 'its type');
	like($json->head(), qr!cache-control: no-cache!i, 'not to be stored');
	is($xml->code(), 200, 'over HTTP/2');

	# what the data channel changes

	dots_curl($t, 'POST', $url, body => sprintf $client, "cuid$w");
	$e = $json->event();
	like($e, qr/"resource-changed":|:resource-changed":\{"cuid":"cuid$w","change":"created"/,
		'a dots-client');
	dots_yang_ok('notification', $e, 'JSON by the schema');
	$e = $xml->event();
	like($e, qr!<cuid>cuid$w</cuid><change>created</change>!, 'in XML, too');
	dots_yang_ok('notification', $e, 'XML by the schema');

	dots_curl($t, 'POST', "$url/dots-client=cuid$w", body =>
		'{"ietf-dots-data-channel:aliases":{"alias":[{"name":"web",'
		. '"target-prefix":["192.0.2.80/32"]}]}}');
	like($json->event(), qr/"alias-name":"web","change":"created"/,
		'an alias');

	dots_curl($t, 'PUT', "$url/dots-client=cuid$w/aliases/alias=web", body =>
		'{"ietf-dots-data-channel:alias":[{"name":"web",'
		. '"target-prefix":["192.0.2.81/32"]}]}');
	like($json->event(), qr/"alias-name":"web","change":"replaced"/,
		'another one in its place');

	dots_curl($t, 'POST', "$url/dots-client=cuid$w", body => $mapping);
	$e = $json->event();
	like($e, qr/"vendor-id":345,"change":"created"/, 'a vendor');
	dots_yang_ok('notification', $e, 'by the schema');

	# what happens to a mitigation, on the other channel

	my $s = dots_session($t);
	is($s->put("cuid$w", 1, prefix => ['192.0.2.1/32'])->{code}, '2.01',
		'a mitigation');
	$e = $json->event();
	like($e, qr/:mitigation-changed":\{"cuid":"cuid$w","mid":1,"status":"attack-mitigation-in-progress"/,
		'its beginning');
	dots_yang_ok('notification', $e, 'by the schema');
	like($json->event(), qr/"status":"attack-successfully-mitigated"/,
		'its success');

	$s->delete("cuid$w", 1);
	like($json->event(), qr/"status":"dots-client-withdrawn-mitigation"/,
		'its withdrawal');
	like($json->event(), qr/"mid":1\}/, 'and its end');

	# the other customer heard nothing of all that: its own comes first

	dots_curl($t, 'POST', $url, cert => 'b', body => sprintf $client, "b$w");
	like($b->event(), qr/"cuid":"b$w","change":"created"/,
		'another customer hears its own');

	$b = stream($t, "NETCONF-JSON$all", cert => 'b');
	my $old = $b->event();
	unlike($old, qr/"cuid":"cuid/, 'and replays its own');
	$b->quit();

	# 4.8.7: replay, all of it, in order, then what comes

	$xml->quit();

	my $replay = stream($t, "NETCONF-JSON$all&filter=/*/cuid='cuid$w'");
	my @events = map { $replay->event() } 1 .. 8;
	is(scalar(grep { /"cuid":"cuid$w"/ } @events), 8, 'replay');
	like($events[0], qr/"change":"created"/, 'from the first');
	like($events[7], qr/"mid":1\}/, 'to the last');
	is($replay->comment(), 'replay complete', 'and says so');

	dots_curl($t, 'DELETE', "$url/dots-client=cuid$w");
	like($replay->event(), qr/"cuid":"cuid$w","change":"deleted"/,
		'goes on with what comes');
	like($json->event(), qr/"cuid":"cuid$w","change":"deleted"/, 'for all');

	# 4.8.8: up to a time that is over

	my ($from) = $events[0] =~ /"eventTime":"([^"]+)"/;
	my ($to) = $events[2] =~ /"eventTime":"([^"]+)"/;
	my $some = stream($t, "NETCONF-JSON?start-time=$from&stop-time=$to");
	my $rest = $some->rest();
	is(scalar(() = $rest =~ /^data: .*"cuid":"cuid$w"/mg), 3,
		'start-time and stop-time');
	is($some->quit(), 0, 'then the end');

	# RFC 8040 section 7: what can't be

	my $no = stream($t, 'NETCONF?stop-time=2025-01-01T00:00:00Z');
	$rest = $no->rest();
	dots_yang_errors($no->code(), $rest, 400, 'invalid-value',
		'stop-time alone');

	# its limit of streams: two are open, two more may be, once the server has
	# seen that others have ended

	my @more = map { opened($t, 'NETCONF') } 1 .. 2;
	my $over = stream($t, 'NETCONF');
	is($over->code(), 429, 'one too many');
	$more[0]->quit();
	my $http2 = opened($t, 'NETCONF', http => 2);
	is($http2->code(), 200, 'one less makes room');

	($code, $body, $head) = dots_curl($t, 'HEAD', "$root/streams/NETCONF");
	is($code, 200, 'HEAD');
	like($head, qr!content-type: text/event-stream!i, 'with the type');

	# a reload ends them in good order; the history stays

	ok(dots_reload($t), 'a reload does not wait for streams');
	is(join(' ', map { defined $_->rest() ? $_->quit() : 'open' }
		$json, $http2), '0 0', 'they end in good order');
	like(stream($t, "NETCONF-JSON$all&filter=/*/cuid='cuid$w'")->event(),
		qr/"change":"created"/, 'what was can still be replayed');
}

###############################################################################
