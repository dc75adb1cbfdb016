#!/usr/bin/perl

# RFC 8040 sections 3.5.3 and 5.1: the path as bytes.  What is escaped, doubled,
# empty, too long or written in another case is never taken for something else.

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
$t->plan(232);

rc_start($t);

###############################################################################

my $r;

rc_is(rc_register($CUID), 201, 'a dots-client');
rc_is(rc('PUT', rc_below('/aliases/alias=https1'), body => rc_alias('https1')),
	201, 'an alias');

my $client = rc_below();
my $long = 'x' x 4000;

# what does not name a resource: GET is refused, whatever it is that is wrong

foreach (
	[ 'slash after the root', '/' ],
	[ 'two slashes', '//data' ],
	[ 'slash after data', '/data/' ],
	[ 'empty segment', '/data//ietf-dots-data-channel:dots-data' ],
	[ 'slash at the end', "$client/" ],
	[ 'escaped slash between segments', '/data%2Fietf-dots-data-channel:dots-data' ],
	[ 'escaped slash after the root', '%2Fdata' ],
	[ 'nothing between root and name', 'x' ],
	[ 'case of data', '/Data' ],
	[ 'case of the node', '/data/ietf-dots-data-channel:Dots-Data' ],
	[ 'case of the module', '/data/IETF-dots-data-channel:dots-data' ],
	[ 'top-level node without module', '/data/dots-data' ],
	[ 'the prefix is no module name', '/data/data-channel:dots-data' ],
	[ 'another module', '/data/ietf-dots-signal-channel:dots-data' ],
	[ 'empty module', '/data/:dots-data' ],
	[ 'two modules', '/data/ietf-dots-data-channel:x:dots-data' ],
	[ 'a namespace', '/data/%7Burn%3Aietf%7Ddots-data' ],
	[ 'identifier with a digit first', '/data/1x' ],
	[ 'unknown node', "$client/nosuch" ],
	[ 'unknown leaf', "$client/aliases/alias=https1/nosuch" ],
	[ 'a schema that is not served', '/data/ietf-access-control-list:acls' ],
	[ 'another one', '/data/ietf-interfaces:interfaces' ],
	[ 'below a leaf', "$client/aliases/alias=https1/name/x" ],
	[ 'below state', "$DATA/capabilities/nosuch" ],
	[ 'empty key', "$DATA/dots-client=" ],
	[ 'empty key, with a child', "$DATA/dots-client=/aliases" ],
	[ 'two keys', "$client,x/aliases" ],
	[ 'two keys, one empty', "$client," ],
	[ 'an empty key before', "$DATA/dots-client=,$CUID" ],
	[ 'key of a container', "$client/aliases=https1" ],
	[ 'key of the datastore', '/data=x' ],
	[ 'key in another case', rc_below('', uc $CUID) ],
	[ 'key with blanks', rc_below('', "%20$CUID") ],
	[ 'key and more', rc_below('', "${CUID}x") ],
	[ 'key, cut', rc_below('', substr($CUID, 0, -1)) ],
	[ 'two equal signs', "$DATA/dots-client==$CUID" ],
	[ 'newline', rc_below('', "$CUID%0A") ],
	[ 'escape of an escape', rc_below('', '%2564z6pHjaADkaFTbjr0JGBpw') ],
	[ 'overlong slash', rc_below('', '%c0%af') ],
	[ 'overlong letter', rc_below('', '%c1%a4z6pHjaADkaFTbjr0JGBpw') ],
	[ 'overlong, three bytes', rc_below('', '%e0%80%af') ],
	[ 'a surrogate', rc_below('', '%ed%a0%80') ],
	[ 'beyond Unicode', rc_below('', '%f4%90%80%80') ],
	[ 'cut UTF-8', rc_below('', '%e2%82') ],
	[ 'a byte that UTF-8 does not have', rc_below('', '%ff') ],
	[ 'a raw byte', rc_below('', "\xff") ],
	[ 'dot segment', '/./data' ],
	[ 'dot segment at the end', '/data/.' ],
	[ 'up and down', '/data/../data' ],
	[ 'up and down, escaped', '/data/%2e%2e/data' ],
	[ 'up in a path', "$client/aliases/../aliases" ],
	[ 'a parameter of a segment', "$client;v=1" ],
	[ 'a filter of XPath', "$DATA/dots-client%5Bcuid%3D%27$CUID%27%5D" ],
	[ 'a filter of XPath as a key', rc_below('', "%27%20or%20%27%27%3D%27") ],
	[ 'all of them', "$DATA/dots-client=*" ],
	[ 'a quote', rc_below('', "$CUID%27") ],
	[ 'both quotes', rc_below('', "%27%22$CUID") ],
	[ 'a long key', "$DATA/dots-client=$long" ],
	[ 'a long name', "/data/$long" ],
	[ 'many segments', '/data' . '/a' x 2000 ],
	[ 'many keys', "$DATA/dots-client=" . ',' x 2000 ],
	[ 'an operation that is not there', '/operations/x:y' ],
	[ 'below the library version', '/yang-library-version/x' ],
) {
	my ($name, $path) = @$_;
	rc_error(rc('GET', $path), [ 400, 404 ], 'invalid-value', $name);
}

# nor does a message that names it: nothing is looked for by such a key

rc_error(rc('PATCH', $DATA, body => '{"ietf-dots-data-channel:dots-data":{'
	. "\"dots-client\":[{\"cuid\":\"$long\"}]}}"), 400, 'invalid-value',
	'a long key in a message');

# none of them is another spelling of the root either

foreach my $root ('/restconfx', '/restconf%2Fdata', '/x/../restconf', '//restconf',
	'/restconf/../restconf')
{
	rc_error(rc('GET', '/data', root => $root), [ 400, 404 ], 'invalid-value',
		"root $root");
}

# unsafe methods through them change nothing

my $before = rc_tree();

foreach my $path ("$client/", "$DATA//dots-client=$CUID",
	"$client/aliases/../aliases", "$DATA/./dots-client=$CUID",
	"$DATA/dots-client", "$DATA/dots-client=", "$client,$CUID",
	rc_below('/aliases/alias'), rc_below('/aliases/alias=,https1'))
{
	rc_error(rc('DELETE', $path), [ 400, 404, 405 ],
		[ 'invalid-value', 'operation-not-supported' ], "DELETE $path");
}

is(rc_tree(), $before, 'nothing was deleted');

# the same resource in other spellings (RFC 3986 section 6.2.2)

rc_is(rc('GET', rc_below('', '%64z6pHjaADkaFTbjr0JGBpw')), 200,
	'an escape that nobody needs');
rc_is(rc('GET', rc_below('', 'dz6pHjaADkaFTbjr0JGBp%77')), 200,
	'another one');
rc_is(rc_raw("GET https://localhost/restconf/data HTTP/1.1\r\n"
	. "Host: localhost\r\n\r\n"), 200, 'absolute-form, RFC 9112 section 3.2.2');
rc_is(rc_raw("GET /restconf/data HTTP/1.0\r\nHost: localhost\r\n\r\n"), 200,
	'HTTP/1.0');

# keys with every kind of character, there and back

foreach (
	[ 'comma', ',', '%2C' ],
	[ 'commas, lower-case hex', ',,', '%2c%2c' ],
	[ 'slash', 'a/b', 'a%2Fb' ],
	[ 'slash, lower-case hex', '/', '%2f' ],
	[ 'percent', '100%', '100%25' ],
	[ 'an escape as text', '%2F', '%252F' ],
	[ 'single quote', "it's", 'it%27s' ],
	[ 'double quote', '\"x\"', '%22x%22' ],
	[ 'both quotes', "'\\\"'", '%27%22%27' ],
	[ "RFC 8040's own", ",'\\\":\\\" /", '%2C%27"%3A"%20%2F' ],
	[ 'brackets', '[x]', '%5Bx%5D' ],
	[ 'equal sign', 'a=b', 'a%3Db' ],
	[ 'colon', 'a:b', 'a%3Ab' ],
	[ 'question mark', 'a?b', 'a%3Fb' ],
	[ 'hash', '#', '%23' ],
	[ 'ampersand', 'a&b', 'a%26b' ],
	[ 'plus', 'a+b', 'a%2Bb' ],
	[ 'backslash', '\\\\', '%5C' ],
	[ 'dots', '..', '%2E%2E' ],
	[ 'one dot', '.', '%2e' ],
	[ 'umlauts', "\xc3\xa4\xc3\xb6", '%C3%A4%c3%b6' ],
	[ 'emoji, as a surrogate pair', '\ud83d\ude00', '%F0%9F%98%80' ],
	[ 'non-ASCII digits', "\xd9\xa1", '%D9%A1' ],
	[ 'a word of JavaScript', '__proto__', '__proto__' ],
	[ 'null', 'null', 'null' ],
	[ 'case A', 'Same', 'Same' ],
	[ 'case B', 'same', 'same' ],
	[ '64 characters', 'n' x 64, 'n' x 64 ],
) {
	my ($name, $text, $key) = @$_;
	my $path = rc_below("/aliases/alias=$key");
	my $body = rc_alias($text);

	rc_is(rc('PUT', $path, body => $body), 201, "$name: PUT");
	rc_same(rc('GET', "$path?content=config"), $body, "$name: GET");
	rc_is(rc('DELETE', $path), 204, "$name: DELETE");

	# what POST calls it is where it is

	$r = rc('POST', rc_below('/aliases'), body => $body);
	my ($location) = ($r->{h}{location} || [''])->[0]
		=~ m!^(?:https://[^/]+)?/restconf(/.*)!;
	rc_same(rc('GET', ($location // '/none') . '?content=config'), $body,
		"$name: POST, and GET of its Location");
	rc_is(rc('DELETE', $location // '/none'), 204, "$name: DELETE of it");
}

is(rc_tree(), $before, 'all is as it was');

# values of leaf-lists are keys, too (RFC 8040 section 3.5.3)

my $alias = rc_below('/aliases/alias=https1');
rc_same(rc('GET', "$alias/name"), '{"ietf-dots-data-channel:name":"https1"}',
	'a leaf');
rc_same(rc('GET', "$alias/target-prefix=198.51.100.1%2F32"),
	'{"ietf-dots-data-channel:target-prefix":["198.51.100.1/32"]}',
	'an entry of a leaf-list');
rc_error(rc('GET', "$alias/target-prefix=198.51.100.1/32"), [ 400, 404 ],
	'invalid-value', 'its slash unescaped');
rc_error(rc('GET', "$alias/target-prefix=198.51.100.2%2F32"), 404,
	'invalid-value', 'an entry that is not there');
rc_error(rc('GET', "$alias/target-prefix="), [ 400, 404 ], 'invalid-value',
	'an empty one');
rc_error(rc('GET', "$alias/target-port-range=443"), 404, 'invalid-value',
	'a list entry that is not there');

###############################################################################
