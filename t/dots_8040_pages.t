#!/usr/bin/perl

# What nginx itself refuses before a location is found, or while a body comes: it
# has the form of RFC 8040 section 7.1 and Cache-Control (5.5) as well; and what a
# server says of itself (section 9.1).

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
$t->plan(35);

rc_start($t);

###############################################################################

my $client = rc_below();
my $x = rc_below('/aliases/alias=x');
my $good = rc_alias('x');
my $TAGS = [ 'invalid-value', 'malformed-message', 'operation-not-supported',
	'too-big' ];

rc_is(rc_register($CUID), 201, 'a dots-client');

my $before = rc_tree();

# paths that are no URI (RFC 3986 section 2.1), or have a NUL

foreach (
	[ 'NUL after the key', "$client%00" ],
	[ 'NUL and more', "$client%00x" ],
	[ 'NUL alone', "$DATA/dots-client=%00" ],
	[ 'escape without digits', "$client%" ],
	[ 'escape with one digit', "$client%2" ],
	[ 'escape with no hex digit', "$client%zz" ],
	[ 'escape with a sign', "$client%+1" ],
) {
	my ($name, $path) = @$_;
	rc_error(rc($_, $path), [ 400, 404 ], $TAGS, "$name: $_")
		foreach qw/ GET DELETE /;
}

rc_error(rc('GET', "$DATA/dots-client=" . 'x' x 30000), 414, $TAGS,
	'a line that is too long');
rc_error(rc('GET', $client, headers => [ 'X: ' . 'x' x 30000 ]), [ 400, 431 ],
	$TAGS, 'a header that is too long');
rc_error(rc('get', $client), [ 400, 405, 501 ], $TAGS, 'a method in lower case');
rc_error(rc_raw("GET /restconf/data HTTP/1.1\r\n\r\n"), 400, $TAGS, 'no Host');
rc_error(rc_raw("GET /restconf/data HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"), 400,
	$TAGS, 'two');

# The rest of a connection is not what a broken message says it is

my @chunked = ('Transfer-Encoding: chunked');

foreach (
	[ 'a chunk size that is none', \@chunked, "zz\r\n$good\r\n0\r\n\r\n" ],
	[ 'a chunk size without end', \@chunked, 'f' x 20 . "\r\n$good" ],
	[ 'a negative length', [ 'Content-Length: -1' ], $good ],
	[ 'a length in hex', [ 'Content-Length: 0x10' ], $good ],
	[ 'a length beyond 2^64', [ 'Content-Length: 99999999999999999999999' ], $good ],
	[ 'two lengths', [ 'Content-Length: ' . length $good, 'Content-Length: 3' ],
		$good ],
	[ 'a length and chunks', [ 'Content-Length: ' . length $good, @chunked ],
		sprintf("%x\r\n%s\r\n0\r\n\r\n", length $good, $good) ],
	[ 'an unknown coding', [ 'Transfer-Encoding: gzip' ], $good ],
) {
	my ($name, $headers, $bytes) = @$_;
	my $s = rc_open();

	$s->print(join("\r\n", "PUT /restconf$x HTTP/1.1", 'Host: localhost',
		"Content-Type: $JSON", @$headers, 'Connection: close', '', '') . $bytes);

	rc_error(rc_read($s, 'PUT') || { code => 0, head => '', h => {}, body => '',
		method => 'PUT' }, [ 400, 411, 413, 501 ], $TAGS, $name);
}

is(rc_tree(), $before, 'none of them was done');

# RFC 8040 sections 9.1.1 and 9.1.2, RFC 8072 section 4.3: what is supported

my $capabilities = rc('GET',
	'/data/ietf-restconf-monitoring:restconf-state/capabilities')->{body};

like($capabilities, qr/"urn:ietf:params:restconf:capability:$_:1\.0"/, $_)
	foreach qw/ depth fields with-defaults yang-patch /;
unlike($capabilities, qr/filter/, 'filter, of which there is a part, is not');
like($capabilities,
	qr/"urn:ietf:params:restconf:capability:defaults:1\.0\?basic-mode=(?:explicit|trim|report-all)"/,
	'the basic mode');

###############################################################################
