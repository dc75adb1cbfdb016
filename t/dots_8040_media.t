#!/usr/bin/perl

# RFC 8040 section 5.2, RFC 9110 sections 8.3, 12.4.2, 12.5.1, 15.5.7, 15.5.16: what
# a client takes, what it sends.

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
$t->plan(149);

rc_start($t);

###############################################################################

my ($r, $before);

my $alias = rc_below('/aliases/alias=one');
my $body = rc_alias('one');

rc_is(rc_register($CUID), 201, 'a dots-client');
rc_is(rc('PUT', $alias, body => $body), 201, 'an alias');
$before = rc_tree();

sub type { return ($_[0]{h}{'content-type'} || [''])->[0] }

# what accepts JSON, in whatever words

foreach (
	'*/*', 'application/*', $JSON, "$JSON;q=0.001", "$JSON;q=1", "$JSON;q=1.000",
	"$JSON ; q=0.5", "$JSON\t;\tq=0.5", uc $JSON, "text/html, $JSON",
	"text/html,$JSON", "text/html;q=0.9, */*;q=0.1", "application/json, $JSON",
	"$JSON, application/yang-data+xml;q=0.5", "$JSON, application/yang-data+xml;q=0",
	", ,$JSON", "*/*;q=0, $JSON", "application/*;q=0, $JSON;q=0.2",
	"text/html;level=\"1,2\", $JSON", "text/html;x=\"a;q=0\", $JSON",
	'application/yang-data+xml;q=0, */*', 'application/yang-data+xml;q=0.1, */*;q=0.2',
) {
	$r = rc('GET', $alias, accept => $_);
	rc_is($r, 200, "Accept: $_");
	is(type($r), $JSON, 'and JSON is what comes');
}

rc_is(rc('GET', $alias), 200, 'no Accept');
is(type(rc('PUT', $alias, body => rc_alias('two'))), $JSON,
	'no Accept: the form of the request');

foreach (
	'text/html', 'application/json', 'application/xml', 'text/*', 'image/png, text/*',
	"$JSON;q=0", "$JSON;q=0.000", "$JSON;q=0, application/yang-data+xml;q=0",
	'*/*;q=0', "*/*, $JSON;q=0, application/yang-data+xml;q=0",
	'application/*;q=0', 'application/yang-data', 'application/yang-data+cbor',
	'application/yang-data+jsonx', 'xapplication/yang-data+json',
	'application/yang-patch+json',
) {
	rc_error(rc('GET', $alias, accept => $_), 406, 'invalid-value', "Accept: $_");
	is(rc('HEAD', $alias, accept => $_)->{code}, 406, 'HEAD, too');
}

# what is no Accept: an answer, and none of the 5xx

foreach ('', ';', ',', '/', 'application', 'application/', '/json', "$JSON;q",
	"$JSON;q=", "$JSON;q=2", "$JSON;q=-1", "$JSON;q=0.0001", "$JSON;q=x",
	"$JSON;q=1;q=0", "$JSON;x=\"", '"', '*/json', '*', "\xff/\xff",
	join(',', ("a/b") x 1500), 'a/b;' . 'x=y;' x 1500)
{
	my $shown = length > 40 ? substr($_, 0, 40) . '...' : $_;
	$shown =~ s/[^ -~]/?/g;
	rc_is(rc('GET', $alias, accept => $_), [ 200, 400, 406 ], "Accept: \"$shown\"");
}

rc_is(rc('GET', $alias, headers => [ 'Accept: text/html', "Accept: $JSON" ]), 200,
	'two lines are one list');
rc_error(rc('GET', $alias, headers => [ "Accept: $JSON;q=0", 'Accept: text/html' ]),
	406, 'invalid-value', 'and refuse like one');

# RFC 9110 sections 12.5.5 and 15.4.5: a cache has to know what was chosen by

$r = rc('GET', $alias);
is("@{$r->{h}{vary} || []}", 'Accept', 'Vary');
$r = rc('GET', $alias, headers => [ 'If-None-Match: ' . rc_etag($r) ]);
is("$r->{code} @{$r->{h}{vary} || []}", '304 Accept', 'and of 304');
is("@{rc('GET', $alias, accept => 'text/html')->{h}{vary} || []}", 'Accept',
	'and of 406');
$r = rc('GET', '/schemas/ietf-restconf@2017-01-26');
is("$r->{code} @{$r->{h}{vary} || []}", '200 ', 'but of what has one form');

# 406 comes before anything is done

$r = rc('PUT', rc_below('/aliases/alias=new'), body => rc_alias('new'),
	accept => 'text/html');
rc_is($r, [ 201, 406 ], 'PUT that accepts no form of ours');
rc_is(rc('GET', rc_below('/aliases/alias=new')), $r->{code} == 201 ? 200 : 404,
	'is done, or not');
rc('DELETE', rc_below('/aliases/alias=new'));

# errors have the form that was asked for

foreach my $path ('/nosuch', $alias . 'x', "$alias?x=y") {
	$r = rc('GET', $path, accept => $JSON);
	is(type($r), $JSON, "the error for $path: JSON");
}

# what is sent

foreach ($JSON, uc $JSON, "$JSON;charset=utf-8", "$JSON; charset=UTF-8",
	"$JSON;charset=\"utf-8\"", "$JSON ; charset=utf-8")
{
	rc_is(rc('PUT', $alias, body => $body, type => $_), 204, "Content-Type: $_");
}

foreach (undef, '', 'text/plain', 'application/json', 'application/yang-data',
	'application/xml', 'application/*', '*/*', 'application/yang-data+cbor',
	'application/yang-patch+json', 'application/merge-patch+json',
	'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x',
	"$JSON;charset=iso-8859-1", "${JSON}x", "x$JSON", "$JSON, $JSON", 'x',
	"$JSON/", "\xff")
{
	my $shown = $_ // 'none';
	$shown =~ s/[^ -~]/?/g;

	rc_error(rc('PUT', $alias, body => rc_alias('one', '"target-prefix":'
		. '["198.51.100.99/32"]'), type => $_), 415,
		[ 'operation-not-supported', 'invalid-value' ], "Content-Type: $shown");
}

rc_error(rc('POST', rc_below('/aliases'), body => rc_alias('x'), type => 'text/plain'),
	415, [ 'operation-not-supported', 'invalid-value' ], 'POST of text/plain');
rc_error(rc('PUT', $alias, body => $body, type => $JSON,
	headers => [ 'Content-Type: text/plain' ]), [ 400, 415 ],
	[ 'operation-not-supported', 'invalid-value', 'malformed-message' ],
	'two Content-Type');
rc_error(rc('PUT', $alias, body => $body, headers => [ 'Content-Encoding: gzip' ]),
	[ 400, 415 ], [ 'operation-not-supported', 'invalid-value',
	'malformed-message' ], 'a Content-Encoding that nobody decodes');

# RFC 9110 sections 12.5.3, 15.5.16 and RFC 5789 section 2.2: what is taken

is(rc('PUT', $alias, body => $body, headers => [ 'Content-Encoding: gzip' ])
	->{h}{'accept-encoding'}[0], 'identity', 'which encodings are');
is(rc('PUT', $alias, body => $body, type => 'text/plain')->{h}{accept}[0],
	'application/yang-data+json, application/yang-data+xml',
	'which media types are, in a PUT');
is(rc('PATCH', $alias, body => $body, type => 'text/plain')
	->{h}{'accept-patch'}[0], join(', ', map { "application/yang-$_" }
	qw! data+json data+xml patch+json patch+xml !), 'and in a PATCH');
rc_is(rc('PUT', $alias, body => $body, headers => [ 'Content-Encoding: Identity' ]),
	204, 'one that is none');

# RFC 9110 section 14.5: a server that takes no partial PUT refuses it with 400

rc_error(rc('PUT', $alias, body => rc_alias('one', '"target-prefix":'
	. '["198.51.100.99/32"]'), headers => [ 'Content-Range: bytes 0-9/99' ]), 400,
	'invalid-value', 'Content-Range');

is(rc_tree(), $before, 'what was refused changed nothing');

# ranges are nobody's business (RFC 9110 section 14.2: a server may ignore them)

$r = rc('GET', $alias, headers => [ 'Range: bytes=0-3' ]);
rc_is($r, 200, 'Range');
is(length $r->{body}, ($r->{h}{'content-length'} || [0])->[0], 'the whole of it');

###############################################################################
