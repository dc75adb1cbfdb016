#!/usr/bin/perl

# What a body can be that is none: JSON as RFC 8259 and RFC 7951 have it, and the
# ways in which HTTP brings it.  Each is refused with its tag, and changes nothing.

###############################################################################

use warnings;
use strict;

use Test::More;

BEGIN { use FindBin; chdir($FindBin::Bin); }

use lib 'lib';
use Test::DOTS;
use Test::DOTS::Restconf;
use Test::Nginx;

###############################################################################

select STDERR; $| = 1;
select STDOUT; $| = 1;

my $t = Test::Nginx->new()->has(qw/http http_ssl http_v2 stream udp/);

dots_has(qw/openssl/);
$t->plan(169);

rc_start($t);

###############################################################################

my ($r, $before);

my $client = rc_below();
my $x = rc_below('/aliases/alias=x');
my $prefix = '"target-prefix":["198.51.100.1/32"]';
my $good = rc_alias('x');
my $MALFORMED = [ 'malformed-message', 'invalid-value' ];
my $ANY = [ 'malformed-message', 'invalid-value', 'unknown-element',
	'missing-attribute', 'missing-element', 'bad-element', 'unknown-attribute',
	'bad-attribute', 'unknown-namespace' ];

rc_is(rc_register($CUID), 201, 'a dots-client');
$before = rc_tree();

sub entry { return qq!{"ietf-dots-data-channel:alias":[{"name":"x",$_[0]}]}! }

# ---- what is no JSON ----

foreach (
	[ 'blanks', " \r\n\t" ],
	[ 'an open object', '{' ],
	[ 'cut', substr($good, 0, -1) ],
	[ 'cut in a string', substr($good, 0, 40) ],
	[ 'a bracket too many', "$good}" ],
	[ 'garbage after it', "${good}x" ],
	[ 'a second one after it', "$good$good" ],
	[ 'an empty one after it', "$good {}" ],
	[ 'NUL after it', "$good\0" ],
	[ 'NUL before it', "\0$good" ],
	[ 'NUL inside', $good =~ s/:\[/:\0[/r ],
	[ 'single quotes', $good =~ s/"/'/gr ],
	[ 'no quotes', '{name:1}' ],
	[ 'a trailing comma', $good =~ s/\}\]\}$/,}]}/r ],
	[ 'a trailing comma in an array', $good =~ s!/32"!/32",!r ],
	[ 'a leading comma', $good =~ s/\{"name/{,"name/r ],
	[ 'a comment', $good =~ s/\{"name/{\/*x*\/"name/r ],
	[ 'a comment to the end of the line', "$good//x" ],
	[ 'NaN', entry('"target-protocol":[NaN]') ],
	[ 'Infinity', entry('"target-protocol":[-Infinity]') ],
	[ 'hex', entry('"target-protocol":[0x6]') ],
	[ 'a leading zero', entry('"target-protocol":[06]') ],
	[ 'a plus sign', entry('"target-protocol":[+6]') ],
	[ 'a dot without digits', entry('"target-protocol":[6.]') ],
	[ 'True', entry('"target-protocol":[True]') ],
	[ 'an unknown escape', entry('"target-fqdn":["\x41"]') ],
	[ 'a short escape', entry('"target-fqdn":["\u41"]') ],
	[ 'a lone surrogate', entry('"target-fqdn":["\ud800"]') ],
	[ 'a lone low surrogate', entry('"target-fqdn":["\udc00"]') ],
	[ 'surrogates in the wrong order', entry('"target-fqdn":["\udc00\ud800"]') ],
	[ 'a NUL as an escape', entry('"target-fqdn":["a\u0000b"]') ],
	[ 'a tab in a string', entry("\"target-fqdn\":[\"a\tb\"]") ],
	[ 'a newline in a string', entry("\"target-fqdn\":[\"a\nb\"]") ],
	[ 'a byte 0x01', entry("\"target-fqdn\":[\"a\x01b\"]") ],
	[ 'invalid UTF-8', entry("\"target-fqdn\":[\"\xff\"]") ],
	[ 'cut UTF-8', entry("\"target-fqdn\":[\"\xe2\x82\"]") ],
	[ 'overlong UTF-8', entry("\"target-fqdn\":[\"\xc0\xaf\"]") ],
	[ 'a surrogate in UTF-8', entry("\"target-fqdn\":[\"\xed\xa0\x80\"]") ],
	[ 'beyond Unicode', entry("\"target-fqdn\":[\"\xf4\x90\x80\x80\"]") ],
	[ 'UTF-16', join '', map { "\0$_" } split //, $good ],
	[ 'UTF-16 with its mark', "\xfe\xff" . join '', map { "\0$_" } split //, $good ],
	[ 'UTF-32', join '', map { "\0\0\0$_" } split //, $good ],
	[ 'ISO-8859-1', entry("\"target-fqdn\":[\"\xe4\"]") ],
	[ 'XML', '<alias xmlns="urn:ietf:params:xml:ns:yang:ietf-dots-data-channel"/>' ],
	[ 'random bytes', join '', map { chr(($_ * 197 + 71) % 256) } 1 .. 500 ],
	[ '200 000 arrays', '[' x 200000 ],
	[ '200 000 arrays, closed', '[' x 200000 . ']' x 200000 ],
	[ '100 000 objects', '{"a":' x 100000 ],
	[ '200 000 arrays in a member', entry('"target-fqdn":' . '[' x 200000
		. ']' x 200000) ],
) {
	my ($name, $body) = @$_;
	rc_error(rc('PUT', $x, body => $body), 400, $MALFORMED, "no JSON: $name");
}

# a byte order mark: a parser may ignore it (RFC 8259 section 8.1)

rc_is(rc('PUT', $x, body => "\xef\xbb\xbf$good"), [ 201, 400 ],
	'a byte order mark');
rc('DELETE', $x);

# ---- JSON, but not of YANG ----

foreach (
	[ 'null', 'null' ], [ 'a number', '1' ], [ 'a string', '"x"' ],
	[ 'true', 'true' ], [ 'an array', '[]' ], [ 'an array of it', "[$good]" ],
	[ 'an empty object', '{}' ],
	[ 'a member twice', '{"ietf-dots-data-channel:alias":[],' . substr($good, 1) ],
	[ 'a key twice', entry("\"name\":\"y\",$prefix") ],
	[ 'the same key twice', entry("\"name\":\"x\",$prefix") ],
	[ 'a leaf twice', entry("$prefix,$prefix") ],
	[ 'a member twice, one of them escaped', entry("$prefix,"
		. '"target\u002dprefix":["198.51.100.2/32"]') ],
	[ 'two members', substr($good, 0, -1) . ',"ietf-dots-data-channel:acl":[]}' ],
	[ 'no module', '{"alias":[{"name":"x",' . $prefix . '}]}' ],
	[ 'another module', $good =~ s/ietf-dots-data-channel/ietf-interfaces/r ],
	[ 'an unknown module', $good =~ s/ietf-dots-data-channel/no-such-module/r ],
	[ "the module's prefix", $good =~ s/ietf-dots-data-channel/data-channel/r ],
	[ 'the namespace', $good =~ s/ietf-/urn:ietf:params:xml:ns:yang:ietf-/r ],
	[ 'another case', $good =~ s/alias/Alias/r ],
	[ 'an object for the list', "{\"ietf-dots-data-channel:alias\":{\"name\":\"x\",$prefix}}" ],
	[ 'a string for the list', '{"ietf-dots-data-channel:alias":"x"}' ],
	[ 'null for the list', '{"ietf-dots-data-channel:alias":null}' ],
	[ 'an empty list', '{"ietf-dots-data-channel:alias":[]}' ],
	[ 'null as an entry', '{"ietf-dots-data-channel:alias":[null]}' ],
	[ 'an array as an entry', '{"ietf-dots-data-channel:alias":[[]]}' ],
	[ 'an empty entry', '{"ietf-dots-data-channel:alias":[{}]}' ],
	[ 'no key', "{\"ietf-dots-data-channel:alias\":[{$prefix}]}" ],
	[ 'a number as the key', "{\"ietf-dots-data-channel:alias\":[{\"name\":1,$prefix}]}" ],
	[ 'null as the key', "{\"ietf-dots-data-channel:alias\":[{\"name\":null,$prefix}]}" ],
	[ 'an empty key', "{\"ietf-dots-data-channel:alias\":[{\"name\":\"\",$prefix}]}" ],
	[ 'a string for a leaf-list', entry('"target-prefix":"198.51.100.1/32"') ],
	[ 'an object for a leaf-list', entry('"target-prefix":{}') ],
	[ 'null in a leaf-list', entry("\"target-fqdn\":[null],$prefix") ],
	[ 'nested leaf-list', entry('"target-prefix":[["198.51.100.1/32"]]') ],
	[ 'a value twice', entry('"target-prefix":["198.51.100.1/32","198.51.100.1/32"]') ],
	[ 'a value twice in two forms', entry(
		'"target-prefix":["2001:db8::/64","2001:DB8:0::/64"]') ],
	[ 'an entry twice', entry("$prefix,\"target-port-range\":["
		. '{"lower-port":1},{"lower-port":1}]') ],
	[ 'a string for a number', entry("$prefix,\"target-protocol\":[\"6\"]") ],
	[ 'a boolean for a number', entry("$prefix,\"target-protocol\":[true]") ],
	[ 'a fraction', entry("$prefix,\"target-protocol\":[6.5]") ],
	[ 'too large', entry("$prefix,\"target-protocol\":[256]") ],
	[ 'negative', entry("$prefix,\"target-protocol\":[-1]") ],
	[ 'a huge number', entry("$prefix,\"target-protocol\":[" . '9' x 5000 . ']') ],
	[ 'a huge exponent', entry("$prefix,\"target-protocol\":[1e999999999]") ],
	[ 'a negative exponent', entry("$prefix,\"target-protocol\":[6e-400]") ],
	[ '2^64', entry("$prefix,\"target-protocol\":[18446744073709551616]") ],
	[ '2^64 + 6', entry("$prefix,\"target-protocol\":[18446744073709551622]") ],
	[ 'a port of 65536', entry("$prefix,\"target-port-range\":[{\"lower-port\":65536}]") ],
	[ 'upper below lower', entry("$prefix,\"target-port-range\":["
		. '{"lower-port":80,"upper-port":79}]') ],
	[ 'an upper port alone', entry("$prefix,\"target-port-range\":[{\"upper-port\":80}]") ],
	[ 'an unknown member', entry("$prefix,\"oops\":1") ],
	[ 'a member of another module', entry("$prefix,\"ietf-interfaces:oops\":1") ],
	[ 'a deep unknown member', entry("$prefix,\"target-port-range\":["
		. '{"lower-port":1,"x":1}]') ],
	[ 'state', entry("$prefix,\"pending-lifetime\":10") ],
	[ 'a member without a name', entry("$prefix,\"\":1") ],
	[ 'metadata of a leaf', entry("$prefix,\"\@name\":{\"yang:insert\":\"first\"}") ],
	[ 'metadata of the entry', entry("$prefix,\"\@\":{\"ietf-netconf:operation\":\"delete\"}") ],
	[ 'metadata of nothing', entry("$prefix,\"\@nosuch\":{\"x:y\":1}") ],
	[ 'metadata at the top', '{"@ietf-dots-data-channel:alias":[],' . substr($good, 1) ],
	[ 'an operation', entry("$prefix,\"ietf-netconf:operation\":\"remove\"") ],
	[ 'a long name', entry("$prefix,\"" . 'n' x 100000 . '":1') ],
	[ 'a long value', entry("\"target-fqdn\":[\"" . 'n' x 100000 . '"]') ],
	[ 'many members', entry("$prefix," . join ',', map { "\"m$_\":1" } 1 .. 20000) ],
) {
	my ($name, $body) = @$_;
	rc_error(rc('PUT', $x, body => $body), 400, $ANY, "no YANG: $name");
}

is(rc_tree(), $before, 'none of them has left anything');

# error-path says where (7.1): the node of the data, whoever found it; of an entry
# of a leaf-list what it is in, since its own needs a valid value (RFC 7950 9.13)

foreach (
	[ 'a value', entry("$prefix,\"target-protocol\":[256]"),
		qr!^/ietf-dots-data-channel:dots-data/.*/alias\[name='[^']*'\]$! ],
	[ 'a prefix', entry('"target-prefix":["203.0.113.0/24"]'),
		qr!^/ietf-dots-data-channel:dots-data/.*/alias\[name='[^']*'\]$! ],
	[ 'a port range', entry("$prefix,\"target-port-range\":["
			. '{"lower-port":80,"upper-port":79}]'),
		qr!^/ietf-dots-data-channel:dots-data/.*alias.*port! ],
) {
	my ($name, $body, $path) = @$_;
	rc_error(rc('PUT', $x, body => $body), 400, 'invalid-value',
		"error-path: $name", path => $path);
}

# ---- what has to be taken ----

foreach (
	[ 'blanks around all', join(" \r\n\t", '', '{', '"ietf-dots-data-channel:alias"',
		':', '[', '{', '"name"', ':', '"x"', ',', '"target-prefix"', ':', '[',
		'"198.51.100.1/32"', ']', '}', ']', '}', '') ],
	[ 'escapes in names', $good =~ s/alias/\\u0061lias/r ],
	[ 'escapes in values', $good =~ s!/32!\\/32!r ],
	[ 'members in another order', "{\"ietf-dots-data-channel:alias\":[{$prefix,\"name\":\"x\"}]}" ],
	[ 'a member with its module', $good =~ s/"target/"ietf-dots-data-channel:target/r ],
	[ 'many values', entry('"target-prefix":[' . join(',', map {
		"\"198.51.100.$_/32\"" } 0 .. 255) . ']') ],
) {
	my ($name, $body) = @$_;
	rc_is(rc('PUT', $x, body => $body), 201, "JSON: $name");
	rc_is(rc('DELETE', $x), 204, "DELETE of it");
}

# ---- sizes ----

my $max = 1024 * 1024;

rc_is(rc('PUT', $x, body => $good . ' ' x ($max - length $good)), 201,
	'1 MB is not too large');
rc_error(rc('PUT', $x, body => $good . ' ' x ($max - length($good) + 1)), 413,
	'too-big', 'one byte more is');
rc_is(rc('DELETE', $x), 204, 'DELETE');

# ---- how HTTP brings it ----

sub chunked {
	my ($body, $size, $extension) = @_;
	my $bytes = '';

	while (length(my $piece = substr($body, 0, $size, ''))) {
		$bytes .= sprintf("%x%s\r\n%s\r\n", length $piece, $extension || '', $piece);
	}

	return $bytes . "0\r\n\r\n";
}

sub put {
	my ($headers, $bytes, %o) = @_;
	return rc_raw(join("\r\n", "PUT /restconf$x HTTP/1.1", 'Host: localhost',
		"Content-Type: $JSON", @$headers, '', '') . $bytes, %o, method => 'PUT');
}

my @chunked = ('Transfer-Encoding: chunked');

rc_is(put(\@chunked, chunked($good, 1)), 201, 'chunks of one byte');
rc_is(put(\@chunked, chunked($good, 7, ';x=y')), 204, 'chunks with extensions');
rc_is(put([ 'Transfer-Encoding: Chunked' ], chunked($good, 1000)), 204,
	'another case');
rc_is(rc('DELETE', $x), 204, 'DELETE');
rc_error(put(\@chunked, chunked('{', 1)), 400, $MALFORMED, 'chunks of no JSON');
rc_error(put(\@chunked, "0\r\n\r\n"), 400, $MALFORMED, 'no chunk');
rc_error(put(\@chunked, chunked($good . ' ' x $max, 60000)), 413, 'too-big',
	'chunks that are too much');
rc_is(rc('GET', $x), 404, 'nothing of it is there');

# half a body, and nothing more

foreach my $half ('', substr($good, 0, 20), $good) {
	my $s = rc_open();
	$s->print(join("\r\n", "PUT /restconf$x HTTP/1.1", 'Host: localhost',
		"Content-Type: $JSON", 'Content-Length: ' . (length($good) + 1), '', $half));
	$s->close();
}

# a slow one: byte by byte, each in its own record

my $s = rc_open();
my $bytes = join("\r\n", "PUT /restconf$x HTTP/1.1", 'Host: localhost',
	"Content-Type: $JSON", 'Content-Length: ' . length $good, '', $good);
$s->print($_) foreach split //, $bytes;
rc_is(rc_read($s, 'PUT'), 201, 'byte by byte');
rc_is(rc('DELETE', $x), 204, 'which was the first that was done');

# Expect

($s, my $continue) = dots_begin_put($t, $CUID2, length rc_client($CUID2));
like($continue, qr!^HTTP/1\.1 100!, 'Expect: 100-continue');
rc_error(rc('GET', rc_below('', $CUID2)), 404, 'invalid-value',
	'nothing happens before the body is there');
$s->print(rc_client($CUID2));
rc_is(rc_read($s, 'PUT'), 201, 'and then it is done');

# RFC 9110 section 10.1.1: what will be refused is not asked for

($s, $continue) = dots_begin_put($t, $CUID2, $max + 1);
like($continue, qr!^HTTP/1\.1 413!, 'Expect: 100-continue of too much');
$s->close();

$s = rc_open();
$s->print(join("\r\n", "PUT /restconf$x HTTP/1.1", 'Host: localhost',
	"Content-Type: $JSON", 'Content-Length: ' . ($max + 1), '', ''));
rc_error(rc_read($s, 'PUT'), 413, 'too-big', 'nor is it waited for');
$s->close();

# nor is one whose head is refused, and of nobody none at all

foreach (
	[ 401, 'access-denied', 'PUT', $x, $JSON, 'of nobody', cert => '' ],
	[ 401, 'access-denied', 'PUT', $x, $JSON, 'of nobody, who does not ask',
		cert => '', expect => '' ],
	[ 404, 'invalid-value', 'PUT', '/nosuch', $JSON, 'for what there never is' ],
	[ 405, 'operation-not-supported', 'PUT', '/operations', $JSON,
		'for what has no such method' ],
	[ 501, 'operation-not-supported', 'FOO', $x, $JSON, 'for no method' ],
	[ 400, 'invalid-value', 'PUT', "$x?depth=1", $JSON, 'with a wrong query' ],
	[ 400, 'invalid-value', 'PUT', $x, $JSON, 'with a wrong condition',
		head => 'If-Match: x' ],
	[ 400, 'invalid-value', 'PUT', $x, $JSON, 'that is a part',
		head => 'Content-Range: bytes 0-1/2' ],
	[ 406, 'invalid-value', 'PUT', $x, $JSON, 'with an Accept of nothing',
		head => 'Accept: text/html' ],
	[ 415, 'operation-not-supported', 'PUT', $x, 'text/plain', 'of no type' ],
	[ 415, 'operation-not-supported', 'PATCH', $x, 'text/plain',
		'of no type, of a PATCH' ],
	[ 415, 'operation-not-supported', 'PUT', $x, $JSON, 'that is encoded',
		head => 'Content-Encoding: gzip' ],
) {
	my ($code, $tag, $method, $path, $type, $what, %o) = @$_;

	$s = rc_open(exists $o{cert} ? (cert => $o{cert}) : ());
	$s->print(join("\r\n", "$method /restconf$path HTTP/1.1",
		'Host: localhost', "Content-Type: $type",
		'Content-Length: ' . length $good,
		grep { length } $o{expect} // 'Expect: 100-continue', $o{head} // ''),
		"\r\n\r\n");
	rc_error(rc_read($s, $method), $code, $tag, "a body $what");
	$s->close();
}

# aliases that stand for more addresses than one request may

$r = rc('PATCH', "$client/aliases", body =>
	'{"ietf-dots-data-channel:aliases":{"alias":[' . join(',', map {
		qq!{"name":"p$_","target-prefix":[! . join(',', map {
			qq!"198.51.100.$_/32"! } 1 .. 205) . ']}' } 1 .. 5) . ']}}');
rc_error($r, 400, 'invalid-value', 'more than 1024 prefixes');
like($r->{body}, qr/"target-prefix and the names are too many prefixes/,
	'which is what is said');

# several requests at once on a connection are answered in their order

rc_forget();
$s = rc_open();
$s->print(join '', map { "GET /restconf$_ HTTP/1.1\r\nHost: localhost\r\n\r\n" }
	'/yang-library-version', '/nosuch', $client, "$DATA/capabilities");
is(join(' ', map { my $r = rc_read($s, 'GET'); $r ? $r->{code} : 0 } 1 .. 4),
	'200 404 200 200', 'pipelined');

# a body where none is asked for

foreach (qw/ GET HEAD DELETE OPTIONS /) {
	my $path = $_ eq 'DELETE' ? $x : $client;
	rc_is(rc($_, $path, body => $good), $_ eq 'DELETE' ? 404
		: [ 200, 204, 400, 415 ], "$_ with a body");
}

rc_same(rc('GET', "$client?content=config"), rc_client($CUID),
	'all is as it was');

is(rc_loud(), '', 'and nobody logged above info what a peer did');

###############################################################################
