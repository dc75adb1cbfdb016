#!/usr/bin/perl

# XML on the data channel (RFC 8040 sections 3.2 and 5.2): every method with a
# body in XML and an answer in XML, and the same resource in both forms.  What a
# document may be is in t/unit/test_xml.c.

###############################################################################

use warnings;
use strict;

use Test::More;

BEGIN { use FindBin; chdir($FindBin::Bin); }

use lib 'lib';
use Test::DOTS;
use Test::DOTS::Yang;
use Test::Nginx;

###############################################################################

select STDERR; $| = 1;
select STDOUT; $| = 1;

my $t = Test::Nginx->new()->has(qw/http http_ssl http_v2 stream udp/);

dots_has(qw/openssl curl/);
$t->plan(2 * 66);

dots_pki($t);

foreach my $workers (1, 2) {
	$t->write_file_expand('nginx.conf', dots_conf(workers => $workers));
	$workers == 1 ? $t->run() : dots_reload($t);
	$t->waitforsocket('127.0.0.1:' . port(8443)) or die;

	check($t, "w$workers");
}

###############################################################################

# A request in XML: (status, body, headers)
sub xml {
	my ($t, $method, $url, $body, %o) = @_;
	return dots_curl($t, $method, $url, defined $body ? (body => $body,
		type => $o{type} || 'application/yang-data+xml') : (),
		headers => ['Accept: application/yang-data+xml',
			@{$o{headers} || []}]);
}

sub check {
	my ($t, $w) = @_;

	my $ns = 'xmlns="urn:ietf:params:xml:ns:yang:ietf-dots-data-channel"';
	my $acl = 'xmlns:a="urn:ietf:params:xml:ns:yang:ietf-access-control-list"';
	my $rc = 'xmlns="urn:ietf:params:xml:ns:yang:ietf-restconf"';
	my $patch = 'xmlns="urn:ietf:params:xml:ns:yang:ietf-yang-patch"';
	my $path = '/data/ietf-dots-data-channel:dots-data';
	my $url = dots_data_url();
	(my $root = $url) =~ s!/data/.*!!;
	my $c = "/dots-client=x$w";
	my ($code, $body, $head, $json);

	# 4.4: POST

	($code, $body, $head) = xml($t, 'POST', $url,
		"<dots-client $ns><cuid>x$w</cuid></dots-client>");
	is($code, 201, "$w POST of a dots-client");
	like($head, qr!location: \S*$c\r!i, 'Location');

	is((xml($t, 'POST', "$url$c", <<EOF))[0], 201, 'POST of aliases');
<?xml version="1.0" encoding="UTF-8"?>
<!-- two of them -->
<d:aliases xmlns:d="urn:ietf:params:xml:ns:yang:ietf-dots-data-channel">
  <d:alias>
    <d:name>w&amp;w &lt;1&gt;</d:name>
    <d:target-prefix>192.0.2.1/32</d:target-prefix>
    <d:target-protocol>6</d:target-protocol>
    <d:target-port-range><d:lower-port>80</d:lower-port></d:target-port-range>
  </d:alias>
  <alias $ns><name>two</name><target-prefix>192.0.2.2/32</target-prefix></alias>
</d:aliases>
EOF

	is((xml($t, 'POST', "$url$c/acls", <<EOF))[0], 201, 'POST of an ACL');
<acl $ns><name>filter</name><type $acl>a:ipv4-acl-type</type>
<activation-type>activate-when-mitigating</activation-type>
<aces><ace><name>rule</name>
<matches><ipv4><destination-ipv4-network>192.0.2.0/24</destination-ipv4-network>
</ipv4></matches>
<actions><forwarding $acl>a:drop</forwarding></actions></ace></aces></acl>
EOF

	# 4.3: GET, of all kinds of nodes, by the schema in both forms

	foreach my $node ('', $c, "$c/aliases", "$c/aliases/alias=two",
		"$c/aliases/alias=w%26w%20%3C1%3E", "$c/acls", "$c/acls/acl=filter",
		"$c/acls/acl=filter/type", "$c/acls/acl=filter/aces/ace=rule/actions",
		"$c/aliases/alias=two/target-prefix=192.0.2.2%2F32", '/capabilities')
	{
		($code, $body, $head) = xml($t, 'GET', "$url$node");
		is($code . ($head =~ m!content-type: application/yang-data\+xml\r!i
			? ' xml' : ''), '200 xml', "GET $node");
		dots_yang_ok("$path$node", $body, 'in XML');

		($code, $json) = dots_curl($t, 'GET', "$url$node");
		dots_yang_ok("$path$node", $json, 'in JSON');
	}

	($code, $body) = xml($t, 'GET', "$root/data");
	dots_yang_ok('/data', $body, 'the datastore in XML');
	($code, $body) = xml($t, 'GET', $root);
	dots_yang_ok('/', $body, 'the API resource in XML');

	($code, $body) = xml($t, 'GET', "$url$c/acls/acl=filter/type");
	like($body, qr!^<type $ns xmlns:(\S+)="urn:ietf:params:xml:ns:yang:ietf-access-control-list">\1:ipv4-acl-type</type>$!,
		'an identity has its namespace');
	($code, $body) = dots_curl($t, 'GET', "$url$c/acls/acl=filter/type");
	like($body, qr/"ietf-access-control-list:ipv4-acl-type"/,
		'and in JSON its module');

	# both forms of one resource are two representations: 3.4.1.2

	my ($etag) = (xml($t, 'GET', "$url$c/aliases/alias=two"))[2]
		=~ /etag: (\S+)\r/i;
	my ($other) = (dots_curl($t, 'GET', "$url$c/aliases/alias=two"))[2]
		=~ /etag: (\S+)\r/i;
	ok($etag && $other && $etag ne $other, 'their entity-tags');
	is((xml($t, 'GET', "$url$c/aliases/alias=two", undef,
		headers => ["If-None-Match: $etag"]))[0], 304, 'a condition that does not hold');

	# 4.5, 4.6, 4.7: PUT, PATCH, DELETE

	is((xml($t, 'PUT', "$url$c/aliases/alias=two", "<alias $ns><name>two</name>"
		. '<target-prefix>192.0.2.3/32</target-prefix></alias>',
		headers => ["If-Match: $etag"]))[0], 204, 'PUT, If-Match');
	is((xml($t, 'PUT', "$url$c/aliases/alias=two", "<alias $ns><name>two</name>"
		. '<target-prefix>192.0.2.4/32</target-prefix></alias>',
		headers => ["If-Match: $etag"]))[0], 412, 'too late');
	is((xml($t, 'PATCH', "$url$c/aliases/alias=two", "<alias $ns>"
		. '<name>two</name><target-protocol>17</target-protocol></alias>'))[0],
		204, 'PATCH');
	($code, $body) = xml($t, 'GET', "$url$c/aliases/alias=two");
	like($body, qr!192.0.2.3/32.*<target-protocol>17<!s, 'did it');

	($code, $body) = xml($t, 'PATCH', "$url$c", "<yang-patch $patch>"
		. '<patch-id>p</patch-id><edit><edit-id>1</edit-id><operation>create'
		. "</operation><target>/aliases/alias=three</target><value><alias $ns>"
		. '<name>three</name><target-prefix>192.0.2.5/32</target-prefix>'
		. '</alias></value></edit></yang-patch>',
		type => 'application/yang-patch+xml');
	is($code, 200, 'YANG Patch');
	dots_yang_ok('patch-status', $body, 'its status in XML');
	like($body, qr!<ok></ok>|<ok/>!, 'is ok');

	is((xml($t, 'DELETE', "$url$c/aliases/alias=three"))[0], 204, 'DELETE');

	# 7.1: errors

	($code, $body, $head) = xml($t, 'GET', "$url$c/aliases/alias=none");
	dots_yang_errors($code, $body, 404, 'invalid-value', 'nothing there');
	dots_yang_errors((xml($t, 'POST', "$url$c", "<aliases $ns><alias/>"))[0, 1],
		400, 'malformed-message', 'not well-formed');
	dots_yang_errors((xml($t, 'POST', "$url$c", '<!DOCTYPE a [<!ENTITY x SYSTEM '
		. "\"file:///etc/passwd\">]><aliases $ns>&x;</aliases>"))[0, 1],
		400, 'malformed-message', 'an entity');
	dots_yang_errors((xml($t, 'PUT', "$url$c/aliases/alias=two",
		"<alias $ns><name>two</name><target-protocol>999</target-protocol>"
		. '</alias>'))[0, 1], 400, 'invalid-value', 'out of its range');
	dots_yang_errors((xml($t, 'PUT', "$url$c/aliases/alias=two",
		"<alias $ns><name>two</name><surprise/></alias>"))[0, 1], 400,
		'unknown-element', 'a surprise');

	($code, $body) = dots_curl($t, 'POST', "$url$c", type =>
		'application/yang-data+xml', body => '{}', headers => ['Accept:']);
	dots_yang_errors($code, $body, 400, 'malformed-message', 'without Accept');
	like($body, qr/^</, 'in the form of the request');

	($code, $body) = dots_curl($t, 'POST', "$url$c", type =>
		'application/yang-data+xml', body => '{}');
	dots_yang_errors($code, $body, 400, 'malformed-message',
		'JSON said to be XML, the answer in JSON');
}

###############################################################################
