#!/usr/bin/perl

# The signal channel as a client meets it, over real DTLS: the message layer of
# RFC 7252, then the rules of RFC 9132 sections 4.4.1, 4.4.2 and 4.4.4 that are
# not in dots_mitigation.t.  Every test names its section.

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

# before $a and $b, which sort would take for its own

sub sorted { return join ' ', sort { $a <=> $b } @_ }

my $t = Test::Nginx->new()->has(qw/http http_ssl http_v2 stream udp/);

dots_has(qw/cbor openssl dnsmasq/);
$t->plan(354);

dots_pki($t);
dots_dns($t);

my $d = $t->testdir();
my ($fp) = `openssl x509 -in $d/self.crt -noout -fingerprint -sha256`
	=~ /=([0-9A-F:]+)/;

$t->write_file_expand('nginx.conf', dots_conf(workers => 2,
	lifetime => 'default=3600 min=1 max=86400 indefinite=off terminating=60',
	customers => <<EOF));
    customer first-customer {
        identity  dns:client.example.com;
        prefix    192.0.2.0/24 2001:db8:6401::/48;
        prefix    203.0.113.0/24 shared;
        name      example.com;
        mitigate  rtbh;
    }

    customer second-customer {
        identity  dns:client.example.net;
        prefix    198.51.100.0/25 2001:db8:6402::/48;
        prefix    203.0.113.0/24 shared;
        name      example.net;
        mitigate  rtbh;
    }

    customer limited {
        identity  sha256:$fp;
        prefix    198.51.100.128/25;
        mitigate  rtbh;
        limits    mitigations=2;
    }
EOF

$t->run();
$t->waitforsocket('127.0.0.1:' . port(8443)) or die;

###############################################################################

my $a = dots_session($t);
my $b = dots_session($t, cert => 'b');
my ($ca, $cb) = ('cuid-of-a-0000000000aa', 'cuid-of-b-0000000000bb');
my @mitigate = ('.well-known', 'dots', 'mitigate');
my ($m, $s, $bytes, $first);

like($a->connected(), qr/^connected/, 'a is connected');

# What came for $bytes: its type and code, or "silence".  Datagrams keep their
# order here, so the RST of a ping says that nothing came before it.

sub answer_to {
	my ($session, $bytes) = @_;

	my @types = qw/ CON NON ACK RST /;

	$session->send($bytes);
	$session->send(pack('CCn', 0x40, 0, 0xfffe));

	my $m = $session->recv() or return 'no answer to a ping';
	return 'silence' if $m->{type} == 3 && $m->{id} == 0xfffe;

	my $last = $session->recv();
	return 'no answer to a ping' unless $last && $last->{id} == 0xfffe;

	return "$types[$m->{type}] $m->{code}"
		. ($m->{id} == unpack('x2n', $bytes) ? '' : ' of another id');
}

sub scope { return Test::DOTS::_map({ 1 => { 2 => [ @_ ] } }) }

sub text { return pack('Ca*', 0x60 | length $_[0], $_[0]) }

# ---- RFC 7252: types, message ids, tokens ----

$m = $a->put($ca, 1, prefix => ['192.0.2.1/32'], type => 'CON');
is($m->{code}, '2.01', '7252 5.2.1: a CON is served');
is($m->{type}, 2, '7252 5.2.1: piggybacked in the ACK');
is($m->{id}, $a->{sent_id}, '7252 5.2.1: with the message id of the request');
is($m->{token}, $a->{sent_token}, '7252 5.3.1: and its token');

$m = $a->get($ca, 1, type => 'NON');
is($m->{code}, '2.05', '7252 5.2.3: a NON is served');
is($m->{type}, 1, '7252 5.2.3: by a NON');
is($m->{token}, $a->{sent_token}, '7252 5.3.1: with its token');
isnt($a->get($ca, 1)->{id}, $m->{id}, '7252 4.4: a message id of its own');

foreach my $token ('', "\0", "\xff" x 8) {
	foreach my $type (qw/ CON NON /) {
		is($a->get($ca, 1, token => $token, type => $type)->{token}, $token,
			'7252 5.3.1: a token of ' . length($token) . " bytes, $type");
	}
}

# RFC 7252 section 4.5: answered alike, done once

foreach my $type (qw/ CON NON /) {
	my $mid = $type eq 'CON' ? 2 : 3;

	$bytes = $a->message(method => 'PUT', type => $type,
		path => [ @mitigate, "cuid=$ca", "mid=$mid" ],
		body => dots_mitigate(prefix => ["192.0.2.$mid/32"]));
	$a->send($bytes);
	$first = $a->recv();
	is($first->{code}, '2.01', "7252 4.5, $type: created");

	is($a->delete($ca, $mid)->{code}, '2.02', "7252 4.5, $type: withdrawn");
	is($a->status($ca, $mid), 5, "7252 4.5, $type: is terminating");

	$a->send($bytes);
	is($a->recv()->{bytes}, $first->{bytes},
		"7252 4.5, $type: the same bytes, the same answer");
	is($a->status($ca, $mid), 5, "7252 4.5, $type: and no second effect");

	$m = $a->get($ca, 1, type => $type, id => unpack('x2n', $bytes));
	is($m->{code}, '2.05', "7252 4.4, $type: other bytes are another request");
}

# ---- RFC 7252: what is no request ----

my @get = (method => 'GET', path => [ @mitigate, "cuid=$ca", 'mid=1' ]);
my $tail = substr $a->message(@get, token => ''), 4;
my %types = (CON => 0, NON => 1, ACK => 2, RST => 3);
my $id = 0x1000;

# name, type, token length, code, the rest, what comes

foreach my $row (
	[ '4.3: a ping', 'CON', 0, 0, '', 'RST 0.00' ],
	[ '4.3: an empty NON', 'NON', 0, 0, '', 'silence' ],
	[ '4.1: an empty CON with a token', 'CON', 2, 0, 'tt', 'RST 0.00' ],
	[ '4.1: an empty CON with an option', 'CON', 0, 0, "\x60", 'RST 0.00' ],
	[ '4.1: an empty NON with bytes', 'NON', 0, 0, 'xyz', 'silence' ],
	[ '4.2: an ACK for nothing', 'ACK', 0, 0, '', 'silence' ],
	[ '4.2: an RST for nothing', 'RST', 0, 0, '', 'silence' ],
	[ '4.2: a request in an ACK', 'ACK', 0, 1, $tail, 'silence' ],
	[ '4.2: a request in an RST', 'RST', 0, 1, $tail, 'silence' ],
	[ '4.2: a 2.05 not asked for, CON', 'CON', 0, 0x45, '', 'RST 0.00' ],
	[ '4.3: a 2.05 not asked for, NON', 'NON', 0, 0x45, '', 'silence' ],
	[ '4.2: the reserved class 1', 'CON', 0, 0x21, '', 'RST 0.00' ],
	[ '4.2: the reserved class 6', 'CON', 0, 0xc1, '', 'RST 0.00' ],
	[ '3: a token of 9 bytes, RFC 8974 2.1', 'CON', 9, 1, 'x' x 9 . $tail,
		'ACK 2.05' ],
	[ '3: token length 15, NON', 'NON', 15, 1, 'x' x 15 . $tail, 'silence' ],
	[ '3: token length 15, CON', 'CON', 15, 1, 'x' x 15 . $tail, 'RST 0.00' ],
	[ '3: a token that is cut', 'CON', 8, 1, 'x' x 7, 'RST 0.00' ],
	[ '3.1: a cut option, CON', 'CON', 0, 1, substr($tail, 0, -1), 'RST 0.00' ],
	[ '3.1: a cut option, NON', 'NON', 0, 1, substr($tail, 0, -1), 'silence' ],
	[ '3.1: a cut extended length', 'CON', 0, 1, "\xbe\x01", 'RST 0.00' ],
	[ '3.1: a cut extended delta', 'CON', 0, 1, "\xd0", 'RST 0.00' ],
	[ '3.1: the reserved delta 15', 'CON', 0, 1, "\xf0", 'RST 0.00' ],
	[ '3.1: the reserved length 15', 'CON', 0, 1, "\xbf", 'RST 0.00' ],
	[ '3.1: an option number beyond 65535', 'CON', 0, 1,
		"\xe0\xfe\xf2" x 2, 'RST 0.00' ],
	[ '3: a marker and no payload, CON', 'CON', 0, 1, "$tail\xff", 'RST 0.00' ],
	[ '3: a marker and no payload, NON', 'NON', 0, 1, "$tail\xff", 'silence' ],
	[ '5.2.1: and the CON that is right', 'CON', 0, 1, $tail, 'ACK 2.05' ])
{
	my ($name, $type, $tkl, $code, $rest, $expected) = @$row;

	is(answer_to($a, pack('CCn', 0x40 | $types{$type} << 4 | $tkl, $code, ++$id)
		. $rest), $expected, "7252 $name");
}

is(answer_to($a, pack('CCn', $_ << 6, 1, ++$id) . $tail), 'silence',
	"7252 3: a CON of version $_") foreach (0, 2, 3);

is(answer_to($a, substr(pack('CCn', 0x40, 1, ++$id), 0, $_)), 'silence',
	"7252 3: $_ bytes are no header") foreach (1 .. 3);

# ---- RFC 7252: options, paths, methods, formats ----

my @put = (method => 'PUT', path => [ @mitigate, "cuid=$ca", 'mid=100' ],
	body => dots_mitigate(prefix => ['192.0.2.100/32']));
my @dots = ('.well-known', 'dots');

sub with { return [ @get, options => [ @_ ] ] }

sub at { return [ method => 'GET', path => [ @_ ] ] }

# name, request, code, text

foreach my $row (
	[ '5.4.1: an unknown critical option', with([ 65001, '' ]), '4.02',
		qr/65001/ ],
	[ '5.4.1: a long one in a CON', [ @get, type => 'CON',
		options => [ [ 65003, 'x' x 300 ] ] ], '4.02', qr/65003/ ],
	[ '5.4.1: an unknown elective option', with([ 65000, 'x' x 20 ]), '2.05' ],
	[ '5.4.3: an Accept of 3 bytes', with([ 17, "\0\1\x0f" ]), '4.02', qr/17/ ],
	[ '5.4.3: a Max-Age of 5 bytes', with([ 14, 'xxxxx' ]), '2.05' ],
	[ '5.4.5: Accept twice', with([ 17, "\1\x0f" ], [ 17, "\1\x0f" ]), '4.02',
		qr/17/ ],
	[ '5.10.1: Uri-Host and Uri-Port', with([ 3, 'dots.example' ],
		[ 7, "\x12\x26" ]), '2.05' ],
	[ '5.10.2: Proxy-Uri', with([ 35, 'coap://x/' ]), '5.05' ],
	[ '5.10.2: Proxy-Scheme', with([ 39, 'coap' ]), '5.05' ],

	[ '5.8.1: /', at(), '4.04' ],
	[ '5.8.1: /foo', at('foo'), '4.04' ],
	[ '5.8.1: PUT of /foo', [ @put, path => [ 'foo' ] ], '4.04' ],
	[ '5.8.1: /.well-known/dots', at(@dots), '4.04' ],
	[ '5.8.1: /.well-known/dots/nothing', at(@dots, 'nothing'), '4.04' ],
	[ '5.8.1: DELETE of it', [ method => 'DELETE',
		path => [ @dots, 'nothing' ] ], '4.04' ],
	[ '6.4: case matters', at('.well-known', 'DOTS', 'mitigate', "cuid=$ca"),
		'4.04' ],
	[ '6.4: %2F in a segment is no slash', at('.well-known',
		'dots%2Fmitigate', "cuid=$ca"), '4.04' ],
	[ '6.4: an empty segment is a segment', at('', @mitigate, "cuid=$ca"),
		'4.04' ],
	[ '6.4: more segments than anything has', at(@mitigate, ('x') x 20),
		'4.04' ],

	[ '5.8.2: POST', [ @put, method => 'POST' ], '4.05' ],
	(map { [ "5.8: method 0.$_", [ @put, code => $_ ], '4.05' ] } 5, 6, 7, 31),

	[ '5.10.4: Accept 60', with([ 17, "\x3c" ]), '4.06', qr/271/ ],
	[ '5.10.4: Accept 50 in a PUT', [ @put, options => [ [ 17, "\x32" ] ] ],
		'4.06' ],
	[ '5.10.4: Accept 271', with([ 17, "\1\x0f" ]), '2.05' ],
	[ '5.10.3: no Content-Format', [ @put, format => undef ], '4.15', qr/271/ ],
	(map { [ "5.10.3: Content-Format $_", [ @put, format => $_ ], '4.15',
		qr/271/ ] } 0, 50, 60, 272, 65535))
{
	my ($name, $request, $code, $text) = @$row;

	$m = $a->request(@$request);
	is($m->{code}, $code, "7252 $name");
	like($m->{body}, $text, "7252 $name: says why") if $text;
}

is($a->get($ca, 100)->{code}, '4.04', '7252: none of these did anything');

# ---- RFC 9132 section 4.4.1: what is wrong in a request is named ----

my $own = '192.0.2.101/32';
my %good = (6 => [ $own ], 14 => 600);
my $good = scope({ %good });
my @path = ("cuid=$ca", 'mid=101');

sub but { return scope({ %good, @_ }) }

sub only { return scope({ 14 => 600, @_ }) }

sub beside { return scope({ 14 => 600, 6 => [ $own, @_ ] }) }

# name, body, text; [ path ] if it is not that of mid 101

foreach my $row (
	[ '4.4.1.1: lifetime 0', but(14 => 0), qr/lifetime/ ],
	[ '4.4.1.1: lifetime -2', but(14 => -2), qr/lifetime/ ],
	[ '4.4.1.1: no lifetime', scope({ 6 => [ $own ] }), qr/lifetime/ ],
	[ '4.4.1.1: lifetime as text', but(14 => 'long'), qr/lifetime/ ],
	[ '4.4.1.1: lifetime beyond its type', but(14 => 2 ** 40), qr/lifetime/ ],
	[ '4.4.1.1: ports upside down', but(7 => [ { 8 => 443, 9 => 80 } ]),
		qr/upper-port/ ],
	[ '4.4.1.1: lower-port 65536', but(7 => [ { 8 => 65536 } ]),
		qr/lower-port/ ],
	[ '4.4.1.1: upper-port 65536', but(7 => [ { 8 => 1, 9 => 65536 } ]),
		qr/upper-port/ ],
	[ '4.4.1.1: upper-port alone', but(7 => [ { 9 => 80 } ]), qr/lower-port/ ],
	[ '4.4.1.1: ports that are no list', but(7 => { 8 => 80 }),
		qr/target-port-range/ ],
	[ '4.4.1.1: a port that is no map', but(7 => [ 80 ]),
		qr/target-port-range/ ],
	[ '4.4.1.1: protocol 256', but(10 => [ 256 ]), qr/target-protocol/ ],
	[ '4.4.1.1: protocol -1', but(10 => [ -1 ]), qr/target-protocol/ ],
	[ '4.4.1.1: protocol as text', but(10 => [ 'tcp' ]), qr/target-protocol/ ],
	[ '4.4.1.1: protocol twice', but(10 => [ 6, 6 ]), qr/target-protocol/ ],
	[ '4.4.1.1: trigger-mitigation as a number', but(45 => 1),
		qr/trigger-mitigation/ ],
	[ '4.4.1.1: no target', only(), qr/target-prefix/ ],
	[ '4.4.1.1: ports are no target', only(7 => [ { 8 => 80 } ], 10 => [ 6 ]),
		qr/target-prefix/ ],
	[ '4.4.1.1: an empty target-fqdn', but(11 => [ '' ]), qr/target-fqdn/ ],
	[ '4.4.1.1: an empty list', but(11 => []), qr/target-fqdn/ ],
	[ '4.4.1.1: a prefix that is no list', but(6 => $own), qr/target-prefix/ ],
	[ '4.4.1.1: an address with a port', but(6 => [ '192.0.2.101:80' ]),
		qr/target-prefix/ ],
	[ '4.4.1.1: two scopes', scope({ %good }, { %good }), qr/scope/ ],
	[ '4.4.1.1: no scope', scope(), qr/scope/ ],
	[ '4.4.1.1: a mid in the body', but(5 => 101), qr/mid/ ],
	[ '4.4.1.1: a status', but(16 => 2), qr/status/ ],
	[ '4.4.1.1: a mitigation-start', but(15 => 1), qr/mitigation-start/ ],
	[ '4.4.1.1: a cuid in the body', but(4 => $ca), qr/cuid/ ],

	# whole or not at all

	[ '4.4.1.1: one prefix of somebody else', beside('198.51.100.1/32'),
		qr/target-prefix.*198\.51\.100\.1/ ],
	[ '4.4.1.1: one larger than ours', beside('192.0.2.0/23'),
		qr/target-prefix.*192\.0\.2\.0/ ],
	[ '4.4.1.1: one multicast', beside('239.1.2.3/32'),
		qr/target-prefix.*239\.1\.2\.3.*multicast/ ],
	[ '4.4.1.1: one loopback', beside('127.1.2.3/32'),
		qr/target-prefix.*127\.1\.2\.3.*loopback/ ],
	[ '4.4.1.1: one broadcast', beside('255.255.255.255/32'),
		qr/target-prefix.*255.*broadcast/ ],
	[ '4.4.1.1: one mapped loopback', beside('::ffff:127.0.0.1/128'),
		qr/target-prefix/ ],
	[ '4.4.1.1: one name of somebody else', but(11 => [ 'www.example.com',
		'www.example.net' ]), qr/target-fqdn.*www\.example\.net/ ],
	[ '4.4.1.1: a name that only ends alike', but(11 => [ 'badexample.com' ]),
		qr/target-fqdn/ ],
	[ '4.4.1.1: one name that resolves outside',
		but(11 => [ 'elsewhere.example.com' ]), qr/target-fqdn/ ],
	[ '4.4.1.1: one URI without a host',
		but(12 => [ 'mailto:x@example.com' ]), qr/target-uri/ ],
	[ '4.4.1.1: one URI of somebody else',
		but(12 => [ 'https://www.example.net/' ]), qr/target-uri/ ],
	[ '4.4.1.3: one alias that is not there', but(13 => [ 'nobody' ]),
		qr/alias-name.*nobody/ ],

	# CBOR

	[ '10.6.1.1: a key that nobody knows', but(100 => 1), qr/100/ ],
	[ '10.6.1.1: another range of such', but(16383 => 1), qr/16383/ ],
	[ '6: a known key elsewhere', but(8 => 80), qr/lower-port/ ],
	[ '6: a key twice', "\xa1\1\xa1\2\x81\xa3\6\x81" . text($own)
		. "\x0e\x19\x02\x58" x 2, qr/14.*lifetime/ ],
	[ '6: a text key', "\xa1" . text('scope') . "\xf6", qr/integer/ ],
	[ '6: a negative key', "\xa1\x20\xf6", qr/integer/ ],
	[ '6: a byte behind', "$good\0", qr/1 bytes after/ ],
	[ '6: a second map behind', $good x 2, qr/bytes after/ ],
	[ '6: cut', substr($good, 0, -1), qr/truncated/ ],
	[ '6: cut in a text', substr($good, 0, 12), qr/truncated/ ],
	[ '6: an indefinite map without its end', "\xbf\1\xa0", qr/truncated/ ],
	[ '6: a break alone', "\xff", qr/body/ ],
	[ '6: no map', "\x82\1\2", qr/not a CBOR map/ ],
	[ '6: text that is not UTF-8', but(6 => [ "\xc0\xaf" ]), qr/UTF-8/ ],
	[ '6: a tag', "\xc1$good", qr/body/ ],
	[ '6: a map of 2^64 - 1 pairs', "\xa1\1\xbb" . "\xff" x 8, qr/truncated/ ],
	[ '6: a text of 4 GB', "\xa1\1\xa1\2\x81\xa1\6\x81\x7a\xff\xff\xff\xffx",
		qr/truncated|longer/ ],
	[ '6: nested without end', "\xa1\x18\xfe" . "\x81" x 200, qr/deeper/ ],
	[ '6: a reserved head', "\xa1\1\x1c", qr/malformed/ ],
	[ '6: an empty map', "\xa0", qr/body/ ],
	[ '4.4.1: no payload', '', qr/payload/ ],

	# the Uri-Path, RFC 9132 section 4.4.1

	[ '4.4.1: no cuid', $good, qr/cuid is missing/, [ 'mid=101' ] ],
	[ '4.4.1: nothing at all', $good, qr/cuid is missing/, [] ],
	[ '4.4.1: no mid', $good, qr/mid is missing/, [ "cuid=$ca" ] ],
	[ '4.4.1: an empty cuid', $good, qr/cuid/, [ 'cuid=', 'mid=101' ] ],
	[ '4.4.1: an empty mid', $good, qr/mid/, [ "cuid=$ca", 'mid=' ] ],
	[ '4.4.1: mid before cuid', $good, qr/cuid.*order/, [ reverse @path ] ],
	[ '4.4.1: cuid twice', $good, qr/cuid.*repeated/, [ "cuid=$ca", @path ] ],
	[ '4.4.1: mid twice', $good, qr/mid.*repeated/, [ @path, 'mid=102' ] ],
	[ '4.4.1: an unknown parameter', $good, qr/color/, [ @path, 'color=1' ] ],
	[ '4.4.1: a segment of nothing', $good, qr/unknown/, [ @path, '' ] ],
	[ '4.4.1: a cuid with a NUL', $good, qr/cuid/, [ "cuid=a\0b", 'mid=1' ] ],
	[ '4.4.1: a cuid, not UTF-8', $good, qr/cuid/, [ "cuid=\xff", 'mid=1' ] ],
	(map { [ "4.4.1: mid '$_'", $good, qr/mid/, [ "cuid=$ca", "mid=$_" ] ] }
		'-1', '+1', '01', '1.0', '0x1', ' 1', 'one', 2 ** 32, '9' x 200))
{
	my ($name, $body, $text, $path) = @$row;

	$m = $a->request(method => 'PUT', body => $body, format => 271,
		path => [ @mitigate, @{$path || \@path} ]);

	is($m->{code}, '4.00', "9132 $name");
	like($m->{body}, $text, "9132 $name: named");
}

is(join(' ', map { $_->{5} } grep { $_->{16} != 5 }
	@{$a->get($ca)->{cbor}{1}{2}}), '1',
	'9132 4.4.1.1: nothing of all that was accepted');

# what looks odd and is right: name, body, the lifetime that is granted

$id = 200;

foreach my $row (
	[ '6: indefinite lengths', "\xbf\1\xbf\2\x9f\xbf\6\x9f"
		. text('192.0.2.200/32') . "\xff\x0e\x19\x02\x58\xff\xff\xff\xff", 600 ],
	[ '6: a text in chunks', "\xa1\1\xa1\2\x81\xa2\6\x81\x7f" . text('192.0.')
		. text('2.201/32') . "\xff\x0e\x19\x02\x58", 600 ],
	[ '6: heads longer than need be', "\xa1\x18\1\xa1\x19\0\2\x81\xa2"
		. "\6\x81" . text('192.0.2.202/32')
		. "\x1a\0\0\0\x0e\x1b\0\0\0\0\0\0\x02\x58", 600 ],
	[ '6: keys in any order', "\xa1\1\xa1\2\x81\xa2\x0e\x19\x02\x58\6\x81"
		. text('192.0.2.203/32'), 600 ],
	[ '10.6.1.1: unknown keys that may be ignored', only(
		6 => [ '192.0.2.204/32' ], 254 => 'x', 65535 => [ 1 ]), 600 ],
	[ '4.4.1.1: more than may be had', scope({ 6 => [ '192.0.2.205/32' ],
		14 => 2 ** 31 - 1 }), 86400 ],
	[ '4.4.1.2: a cdid from a client is ignored', only(
		6 => [ '192.0.2.208/32' ]), 600, 'cdid=x' ])
{
	my ($name, $body, $lifetime, @cdid) = @$row;

	$m = $a->request(method => 'PUT', body => $body,
		path => [ @mitigate, @cdid, "cuid=$ca", 'mid=' . ++$id ]);

	is($m->{code}, '2.01', "9132 $name");
	is($m->{cbor}{1}{2}[0]{14}, $lifetime, "9132 $name: the grant");
}

# ---- 4.4.1.3: conflicts ----

is($a->put($ca, 302, prefix => [ '203.0.113.0/28' ], ports => [ 80 ])->{code},
	'2.01', '9132 4.4.1.3: on the prefix that two share');

$m = $a->put($ca, 301, prefix => [ '203.0.113.5/32', '192.0.2.9/32' ]);
is($m->{code}, '4.09', '9132 4.4.1.3: a lower mid that overlaps');
is_deeply($m->{cbor}, { 1 => { 2 => [ { 5 => 301, 17 => { 19 => 1,
	21 => { 5 => 302, 6 => [ '203.0.113.5/32' ] } } } ] } },
	'9132 4.4.1.3: the overlapping clause and the mid in the way');

$m = $b->put($cb, 7, prefix => [ '203.0.113.5/32', '198.51.100.9/32' ]);
is($m->{code}, '4.09', "9132 4.4.1.3: another customer's");
cmp_ok(delete $m->{cbor}{1}{2}[0]{17}{20}, '>', 3500,
	'9132 4.4.1.3: when to try again');
is_deeply($m->{cbor}, { 1 => { 2 => [ { 5 => 7, 17 => { 18 => 1, 19 => 1,
	21 => { 6 => [ '203.0.113.5/32' ] } } } ] } },
	'9132 4.4.1.3: nothing else but what the asker said himself');
is($b->get($cb, 7)->{code}, '4.04', '9132 4.4.1.3: refused whole');
is($b->put($cb, 7, prefix => [ '203.0.113.16/28' ])->{code}, '2.01',
	'9132 4.4.1.3: beside it there is room');

# ---- a limit ----

my $c = dots_session($t, cert => 'self');
my $cc = 'cuid-of-c';

is($c->put($cc, $_, prefix => [ "198.51.100.13$_/32" ])->{code}, '2.01',
	"9132 4.4.1.3: mitigation $_ of 2") foreach (1, 2);

$m = $c->put($cc, 3, prefix => [ '198.51.100.133/32' ]);
is($m->{code}, '5.03', '9132 4.4.1.3: the third is too much');
cmp_ok($m->{max_age}, '>', 0, '7252 5.9.3.4: with a Max-Age');
like($m->{body}, qr/limit/, '9132 4.4.1.3: says why');
is($c->put("$cc-2", 1, prefix => [ '198.51.100.133/32' ])->{code}, '5.03',
	'9132 4.4.1.3: another cuid is the same customer');
is($c->put($cc, 2, prefix => [ '198.51.100.132/32' ])->{code}, '2.04',
	'9132 4.4.1.3: a refresh is none more');

# ---- 8: a certificate of nobody's ----

my $x = dots_session($t, cert => 'stranger');

is($x->delete($ca, 1)->{code}, '4.01', '9132 8: DELETE by nobody');
is($x->request(@{at('foo')})->{code}, '4.01', '9132 8: no paths for nobody');
is($x->request(@put, format => 60)->{code}, '4.01',
	'9132 8: no formats for nobody');
is(answer_to($x, $a->message(type => 'CON', code => 0, token => '')),
	'RST 0.00', '7252 4.3: but pings');
is($a->get($ca, 1)->{code}, '2.05', '9132 8: it deleted nothing');

# ---- 4.4.4, 4.4.2 ----

foreach my $n ('once', 'twice') {
	$m = $a->delete($ca, 201);
	is($m->{code}, '2.02', "9132 4.4.4: DELETE $n");
	is($m->{body}, '', "9132 4.4.4: $n, without payload");
}

is($a->delete('never-heard-of', 1)->{code}, '2.02',
	'9132 4.4.4: of a cuid that is not there');

foreach my $row (
	[ '4.4.4: DELETE without mid', 'DELETE', [ "cuid=$ca" ], [], '4.00', 'mid' ],
	[ '4.4.4: DELETE without cuid', 'DELETE', [ 'mid=1' ], [], '4.00', 'cuid' ],
	[ '4.4.2: GET without cuid', 'GET', [], [], '4.00', 'cuid' ],
	[ '4.4.2: GET of an unknown mid', 'GET', [ "cuid=$ca", 'mid=9' ], [],
		'4.04', 'no such mitigation' ],
	[ '4.4.2: GET of an unknown cuid', 'GET', [ 'cuid=x' ], [], '4.04',
		'no such mitigation' ],
	(map { [ "4.4.2: $_", 'GET', [ "cuid=$ca", 'mid=1' ], [ $_ ], '4.00',
		'Uri-Query c' ] } 'c=x', 'c=', 'c', 'c=all', 'c=A'))
{
	my ($name, $method, $path, $query, $code, $text) = @$row;

	$m = $a->request(method => $method, path => [ @mitigate, @$path ],
		query => $query);
	is($m->{code}, $code, "9132 $name");
	like($m->{body}, qr/\b$text\b/, "9132 $name: named");
}

# keys: 5 mid, 6 target-prefix, 7 ports, 14 lifetime, 15 start, 16 status

foreach my $row ([ '', '5 6 7 14 15 16' ], [ 'c=a', '5 6 7 14 15 16' ],
	[ 'c=c', '5 6 7 14' ], [ 'c=n', '5 14 15 16' ])
{
	my ($query, $keys) = @$row;

	foreach my $mid (302, undef) {
		$m = $a->get($ca, $mid, query => [ $query || () ]);
		my @scopes = @{$m->{cbor}{1}{2}};

		$s = 'GET ' . ($mid ? 'one' : 'all') . " $query";
		is($m->{code}, '2.05', "9132 4.4.2: $s");
		ok(defined $mid ? @scopes == 1 : @scopes > 5, "9132 4.4.2: $s: all");
		($m) = grep { $_->{5} == 302 } @scopes;
		is(sorted(keys %$m), $keys,
			"9132 4.4.2: $s: these attributes");
	}
}

is(join(' ', map { $_->{5} } @{$b->get($cb)->{cbor}{1}{2}}), '7',
	"9132 4.4.2: all is one's own");

$_->quit() foreach ($a, $b, $c, $x);

###############################################################################
