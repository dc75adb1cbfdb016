#!/usr/bin/perl

# RFC 8040 section 4: each method on each kind of resource.  "Allow" is what works,
# HEAD is GET without its body, and what is refused has changed nothing.

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
$t->plan(362);

rc_start($t);

###############################################################################

my ($r, $before);

my $client = rc_below();
my $alias = rc_below('/aliases/alias=https1');
my $acl = rc_below('/acls/acl=f1');
my $READ = 'OPTIONS GET HEAD';
my $ALL = 'OPTIONS GET HEAD POST PUT PATCH DELETE';
my $LEAF = 'OPTIONS GET HEAD PUT PATCH DELETE';

# each resource: what it is, where, what it MUST have, what it must not

my @resources = (
	[ 'API', '', $READ, 'POST PUT PATCH DELETE' ],
	[ 'operations', '/operations', $READ, 'POST PUT PATCH DELETE' ],
	[ 'library version', '/yang-library-version', $READ, 'POST PUT PATCH DELETE' ],
	[ 'datastore', '/data', 'OPTIONS GET HEAD POST PUT PATCH', 'DELETE' ],
	[ 'top container', $DATA, $ALL, '' ],
	[ 'dots-client', $client, $ALL, '' ],
	[ 'aliases', "$client/aliases", $ALL, '' ],
	[ 'alias', $alias, $ALL, '' ],
	[ 'leaf-list entry', "$alias/target-prefix=198.51.100.1%2F32", $LEAF, '' ],
	[ 'list entry with a number as key', "$alias/target-port-range=443", $LEAF, '' ],
	[ 'acls', "$client/acls", $ALL, '' ],
	[ 'acl', $acl, $ALL, '' ],
	[ 'leaf', "$acl/activation-type", $LEAF, '' ],
	[ 'aces', "$acl/aces", $ALL, '' ],
	[ 'ace', "$acl/aces/ace=r1", $ALL, '' ],
	[ 'nested container', "$acl/aces/ace=r1/matches/ipv4", $LEAF, '' ],
	[ 'state', "$DATA/capabilities", $READ, 'POST PUT PATCH DELETE' ],
	[ 'leaf of state', "$DATA/capabilities/rate-limit", $READ,
		'POST PUT PATCH DELETE' ],
	[ 'leaf of state in a configuration', "$alias/pending-lifetime", $READ,
		'POST PUT PATCH DELETE' ],
);

sub populate {
	rc_register($CUID);
	rc('PUT', $alias, body => rc_alias('https1',
		'"target-prefix":["198.51.100.1/32","198.51.100.2/32"],'
		. '"target-port-range":[{"lower-port":443}]'));
	rc('PUT', $acl, body => rc_acl('f1', [ 'r1', 'r2' ]));
}

populate();
$before = rc_tree();
rc_register($CUIDB, cert => 'b');
my $b = rc_tree(cert => 'b');

sub allowed {
	return map { $_ => 1 } split /\s*,\s*/, ($_[0]{h}{allow} || [''])->[0];
}

# OPTIONS (4.1, RFC 5789 section 3.1), HEAD (4.2)

foreach (@resources) {
	my ($name, $path, $must, $never) = @$_;

	$r = rc('OPTIONS', $path);
	rc_is($r, [ 200, 204 ], "$name: OPTIONS");
	my %allow = allowed($r);
	is(join(' ', grep { !$allow{$_} } split ' ', $must), '',
		"$name: Allow has what it must");
	is(join(' ', grep { $allow{$_} } split ' ', $never), '',
		"$name: Allow has nothing else");
	like(($r->{h}{'accept-patch'} || [''])->[0], $allow{PATCH}
		? qr!(?=.*application/yang-data\+json)(?=.*application/yang-patch\+json)!
		: qr/^/, "$name: Accept-Patch, RFC 8040 4.1 and RFC 8072 2");

	# what is not allowed is 405 with the same Allow; what is allowed is not 405,
	# whatever else is wrong with it

	foreach my $method (qw/ GET HEAD POST PUT PATCH /) {
		my $got = rc($method, $path, $method =~ /^P/ ? (body => '{') : ());

		rc_is($got, !$allow{$method} ? 405 : $method =~ /^P/ ? [ 400, 403 ] : 200,
			"$name: $method as Allow says", allow => $r);
	}

	my $get = rc('GET', $path);
	my $head = rc('HEAD', $path);
	my @heads = map { my $h = $_->{head}; $h =~ s/^(?:Date|Connection):.*\n//gm;
		$h } $get, $head;
	is($heads[1], $heads[0], "$name: HEAD is the head of GET");
}

foreach my $path ('/nosuch', "$client/nosuch", $client . 'x') {
	my $get = rc('GET', $path);
	my $head = rc('HEAD', $path);
	my @heads = map { my $h = $_->{head}; $h =~ s/^(?:Date|Connection):.*\n//gm;
		$h } $get, $head;
	is($heads[1], $heads[0], "HEAD of $path is the head of its error");
	rc_is(rc('OPTIONS', $path), [ 200, 204, 404 ], "OPTIONS of $path");
}

foreach my $method (qw/ FOO PROPFIND LOCK /) {
	rc_error(rc($method, $client), [ 400, 405, 501 ],
		[ 'operation-not-supported', 'malformed-message', 'invalid-value' ],
		"method $method");
}

is(rc_tree(), $before, 'nothing has changed');

# GET (4.3): the target alone, in its own member

rc_same(rc('GET', "$alias/target-port-range=443"),
	'{"ietf-dots-data-channel:target-port-range":[{"lower-port":443}]}',
	'GET of a list entry');
rc_same(rc('GET', "$acl/activation-type"),
	'{"ietf-dots-data-channel:activation-type":"deactivate"}', 'GET of a leaf');
rc_same(rc('GET', "$acl/aces/ace=r2/actions"),
	'{"ietf-dots-data-channel:actions":{"forwarding":'
	. '"ietf-access-control-list:drop"}}', 'GET of a container');
rc_same(rc('GET', "$acl/aces/ace=r1?content=config"),
	'{"ietf-dots-data-channel:ace":[{"name":"r1","matches":{"ipv4":{'
	. '"destination-ipv4-network":"198.51.100.0/25"}},"actions":{'
	. '"forwarding":"ietf-access-control-list:drop"}}]}', 'GET of an ace');
rc_error(rc('GET', "$acl/aces/ace=r3"), 404, 'invalid-value',
	'GET of an ace that is not there');
rc_error(rc('GET', "$acl/aces/ace=r1/matches/ipv6"), 404, 'invalid-value',
	'GET of a container that is not there');

# Without keys (4.3): an array of all, in JSON; in XML only one can be returned.
# Timestamp and entity-tag, if there were any, would be those of the first

$r = rc('GET', "$client/aliases/alias?content=config");
rc_same($r, rc('GET', "$alias?content=config")->{body}, 'GET of a list');
is(rc_etag($r) . rc_modified($r), '', 'no entity-tag of all of them');
rc_same(rc('GET', "$acl/aces/ace?fields=name"),
	'{"ietf-dots-data-channel:ace":[{"name":"r1"},{"name":"r2"}]}',
	'GET of a list of several, with fields');
rc_same(rc('GET', "$client/acls/acl?depth=1"),
	'{"ietf-dots-data-channel:acl":[{"name":"f1"}]}', 'with a depth');
rc_same(rc('GET', "$alias/target-prefix"),
	'{"ietf-dots-data-channel:target-prefix":["198.51.100.1/32",'
	. '"198.51.100.2/32"]}', 'GET of a leaf-list');
rc_same(rc('GET', "$DATA/capabilities/address-family"),
	'{"ietf-dots-data-channel:address-family":["ipv4","ipv6"]}',
	'GET of a leaf-list of state');
rc_same(rc('GET', "$DATA/dots-client?depth=1"), rc_client($CUID),
	'GET of the list of dots-clients: those of the customer');
like(rc('GET', "$client/aliases/alias", accept => 'application/yang-data+xml')
	->{body}, qr!^<alias [^>]*><name>https1</name>!, 'one in XML');
$r = rc('GET', "$acl/aces/ace", accept => 'application/yang-data+xml');
is($r->{code}, 400, 'several in XML');
like($r->{body}, qr!<error-tag>invalid-value</error-tag>!, 'and their tag');
rc_error(rc('GET', "$_/target-fqdn"), 404, 'invalid-value', "none of them: $_")
	foreach $alias, $alias . 'x';
rc_error(rc('GET', "$client/aliases/alias/name"), 400, 'invalid-value',
	'below all of them');
rc_error(rc('GET', "$alias/target-prefix?content=nonconfig"), 404,
	'invalid-value', 'configuration among state');
is(rc('OPTIONS', "$client/aliases/alias")->{h}{allow}[0], 'OPTIONS, GET, HEAD',
	'they can only be read (4.5, 4.7)');
rc_error(rc($_, "$client/aliases/alias", body => $_ eq 'DELETE' ? undef
	: rc_alias('https1')), 405, 'operation-not-supported', "$_ of a list")
	foreach qw/ POST PUT PATCH DELETE /;
like((rc('GET', '')->{json} || {})->{'ietf-restconf:restconf'}
	{'yang-library-version'} // '', qr/^\d{4}-\d\d-\d\d$/,
	'the API resource names its module (3.3) and has its version (3.3.3)');
like((rc('GET', '/yang-library-version')->{json} || {})
	->{'ietf-restconf:yang-library-version'} // '', qr/^\d{4}-\d\d-\d\d$/,
	'the version by itself');
is(ref((rc('GET', '/data')->{json} || {})->{'ietf-restconf:data'}
	{'ietf-dots-data-channel:dots-data'}), 'HASH',
	'the datastore is "data" of ietf-restconf (3.4)');

# POST (4.4.1)

my $new = rc_alias('new');

$r = rc('POST', "$client/aliases", body => $new);
rc_is($r, 201, 'POST of an alias');
like(($r->{h}{location} || [''])->[0], qr!/restconf\Q$client\E/aliases/alias=new$!,
	'its Location');
rc_error(rc('POST', "$client/aliases", body => $new), 409, 'resource-denied',
	'POST of what is there');

foreach (
	[ 'two', "$client/aliases", '{"ietf-dots-data-channel:alias":['
		. '{"name":"p1","target-prefix":["198.51.100.1/32"]},'
		. '{"name":"p2","target-prefix":["198.51.100.1/32"]}]}' ],
	[ 'none', "$client/aliases", '{"ietf-dots-data-channel:alias":[]}' ],
	[ 'nothing', "$client/aliases", '{}' ],
	[ 'two kinds', $client, '{"ietf-dots-data-channel:aliases":{"alias":[{'
		. '"name":"p1","target-prefix":["198.51.100.1/32"]}]},'
		. '"ietf-dots-data-channel:acls":{}}' ],
	[ "what is no child", "$client/aliases", rc_acl('p1') ],
	[ 'the target itself', $alias, rc_alias('https1') ],
	[ 'a child without its key', "$client/aliases",
		'{"ietf-dots-data-channel:alias":[{"target-prefix":["198.51.100.1/32"]}]}' ],
	[ 'state', $DATA, '{"ietf-dots-data-channel:capabilities":{}}' ],
	[ 'an unknown node', $client, '{"ietf-dots-data-channel:nosuch":{}}' ],
	[ 'a node of no module', $client, '{"aliases":{"alias":[]}}' ],
	[ 'a top-level node that is not served', '/data',
		'{"ietf-access-control-list:acls":{}}' ],
) {
	my ($name, $path, $body) = @$_;
	rc_error(rc('POST', $path, body => $body), 400, [ 'invalid-value',
		'malformed-message', 'unknown-element', 'missing-attribute',
		'bad-element', 'unknown-namespace', 'missing-element' ], "POST of $name");
}

rc_error(rc('POST', "$client/aliases"), 400, [ 'invalid-value',
	'malformed-message' ], 'POST without a body');
rc_error(rc('POST', $client . 'x/aliases', body => $new), 404, 'invalid-value',
	'POST below what is not there');
rc_error(rc('POST', "$client/aliases/alias=no", body =>
	'{"ietf-dots-data-channel:target-fqdn":["www.example.com"]}'), 404,
	'invalid-value', 'POST into an entry that is not there');

rc_is(rc('DELETE', "$client/aliases/alias=new"), 204, 'DELETE of it');
is(rc_tree(), $before, 'all is as it was');

# a child of an entry: a list entry, a leaf, a leaf-list entry

$r = rc('POST', $alias, body =>
	'{"ietf-dots-data-channel:target-port-range":[{"lower-port":80}]}');
rc_is($r, 201, 'POST of a list entry into an alias');
like(($r->{h}{location} || [''])->[0], qr!/alias=https1/target-port-range=80$!,
	'its Location');
$r = rc('POST', $alias, body =>
	'{"ietf-dots-data-channel:target-prefix":["198.51.100.9/32"]}');
rc_is($r, 201, 'POST of a leaf-list entry');
like(($r->{h}{location} || [''])->[0],
	qr!/alias=https1/target-prefix=198\.51\.100\.9%2[Ff]32$!, 'its Location');
rc_error(rc('POST', $alias, body =>
	'{"ietf-dots-data-channel:target-prefix":["198.51.100.9/32"]}'), 409,
	'resource-denied', 'POST of an entry that is there');
rc_error(rc('POST', $alias, body =>
	'{"ietf-dots-data-channel:target-prefix":["203.0.113.9/32"]}'), 400,
	'invalid-value', "POST of somebody else's prefix");
rc_error(rc('POST', $alias, body =>
	'{"ietf-dots-data-channel:pending-lifetime":100}'), 400,
	[ 'invalid-value', 'unknown-element', 'bad-element' ], 'POST of state');
rc_is(rc('DELETE', "$alias/target-port-range=80"), 204, 'DELETE of the one');
rc_is(rc('DELETE', "$alias/target-prefix=198.51.100.9%2F32"), 204,
	'DELETE of the other');
is(rc_tree(), $before, 'all is as it was');

rc_error(rc('POST', '/data', body =>
	'{"ietf-dots-data-channel:dots-data":{}}'), 409, 'resource-denied',
	'POST of what the datastore has');

# PUT (4.5): 201, then 204; the keys are those of the URI

foreach (
	[ 'alias', "$client/aliases/alias=put", rc_alias('put') ],
	[ 'acl', "$client/acls/acl=put", rc_acl('put') ],
	[ 'ace', "$acl/aces/ace=put", '{"ietf-dots-data-channel:ace":[{"name":"put",'
		. '"matches":{"ipv4":{"destination-ipv4-network":"198.51.100.0/26"}},'
		. '"actions":{"forwarding":"ietf-access-control-list:drop"}}]}' ],
	[ 'list entry', "$alias/target-port-range=8080",
		'{"ietf-dots-data-channel:target-port-range":[{"lower-port":8080,'
		. '"upper-port":8081}]}' ],
	[ 'leaf-list entry', "$alias/target-prefix=198.51.100.77%2F32",
		'{"ietf-dots-data-channel:target-prefix":["198.51.100.77/32"]}' ],
) {
	my ($name, $path, $body) = @$_;

	rc_is(rc('PUT', $path, body => $body), 201, "PUT of a new $name");
	rc_same(rc('GET', "$path?content=config"), $body, "$name: it is there");
	rc_is(rc('PUT', $path, body => $body), 204, "PUT of the same $name");
	my $with = rc_tree();
	my ($other) = $path =~ s/(put|8080|77)(?=[^\/]*$)/$1 eq 'put' ? 'tup' : '78'/er;
	rc_error(rc('PUT', $other, body => $body), 400, 'invalid-value',
		"PUT of another $name than the URI's");
	rc_error(rc('PUT', $path), 400, 'invalid-value', "PUT of no $name");
	rc_error(rc('PUT', $path, body => '{}'), 400, [ 'invalid-value',
		'malformed-message', 'missing-attribute' ], "PUT of an empty object as $name");
	is(rc_tree(), $with, "$name: the refused ones changed nothing");
	rc_is(rc('DELETE', $path), 204, "DELETE of the $name");
}

rc_is(rc('PUT', "$acl/activation-type", body =>
	'{"ietf-dots-data-channel:activation-type":"activate-when-mitigating"}'), 204,
	'PUT of a leaf');
rc_is(rc('PUT', "$acl/activation-type", body =>
	'{"ietf-dots-data-channel:activation-type":"deactivate"}'), 204,
	'and back');
rc_error(rc('PUT', "$acl/activation-type", body =>
	'{"ietf-dots-data-channel:activation-type":"now"}'), 400, 'invalid-value',
	'PUT of a wrong value', path => qr/activation-type/);
rc_error(rc('PUT', "$alias/name", body =>
	'{"ietf-dots-data-channel:name":"other"}'), [ 400, 405 ], [ 'invalid-value',
	'operation-not-supported' ], 'PUT of another key');
rc_error(rc('PUT', $client . 'x/aliases/alias=x', body => rc_alias('x')),
	[ 404, 409 ], [ 'invalid-value', 'data-missing' ],
	'PUT below a client that is not there');
rc_error(rc('PUT', $client, body => rc_client($CUID2)), 400, 'invalid-value',
	"PUT of another cuid than the URI's");
rc_error(rc('PUT', $alias, body => rc_acl('https1')), 400, [ 'invalid-value',
	'malformed-message', 'unknown-element', 'bad-element' ],
	'PUT of another kind of node');
rc_error(rc('PUT', $alias, body => '{"ietf-dots-data-channel:alias":['
	. '{"name":"https1","target-prefix":["198.51.100.1/32"]},'
	. '{"name":"https2","target-prefix":["198.51.100.1/32"]}]}'), 400,
	[ 'invalid-value', 'malformed-message', 'bad-element' ], 'PUT of two');
is(rc_tree(), $before, 'all is as it was');

# PUT replaces: what the message does not name is gone

rc_is(rc('PUT', $alias, body => rc_alias('https1')), 204, 'PUT of less');
rc_same(rc('GET', "$alias?content=config"), rc_alias('https1'),
	'the rest is gone');
rc_is(rc('PUT', "$client/aliases", body =>
	'{"ietf-dots-data-channel:aliases":{"alias":[{"name":"only",'
	. '"target-prefix":["198.51.100.3/32"]}]}}'), 204, 'PUT of the container');
is(rc_names("$client/aliases", 'ietf-dots-data-channel:aliases', 'alias'),
	'only', 'it has what it was given');
rc_is(rc('PUT', $client, body => rc_client($CUID)), 204, 'PUT of the client');
rc_same(rc('GET', "$client?content=config"), rc_client($CUID),
	'its lists are gone');
populate();
is(rc_tree(), $before, 'all is as it was');

# PATCH (4.6.1): a merge

rc_is(rc('PATCH', $alias, body => rc_alias('https1',
	'"target-protocol":[6],"target-prefix":["198.51.100.5/32"]')), 204, 'PATCH');
rc_same(rc('GET', "$alias?content=config"), rc_alias('https1',
	'"target-prefix":["198.51.100.1/32","198.51.100.2/32","198.51.100.5/32"],'
	. '"target-port-range":[{"lower-port":443}],"target-protocol":[6]'),
	'it is merged');
rc_is(rc('PATCH', $client, body => '{"ietf-dots-data-channel:dots-client":[{'
	. "\"cuid\":\"$CUID\"," . '"aliases":{"alias":[{"name":"https2",'
	. '"target-prefix":["198.51.100.6/32"]}]}}]}'), 204,
	'PATCH of the client with one alias');
is(rc_names("$client/aliases", 'ietf-dots-data-channel:aliases', 'alias'),
	'https1 https2', 'which it has besides');
rc_is(rc('PATCH', "$acl/activation-type", body =>
	'{"ietf-dots-data-channel:activation-type":"activate-when-mitigating"}'), 204,
	'PATCH of a leaf');
rc_is(rc('PATCH', $acl, body => '{"ietf-dots-data-channel:acl":[{"name":"f1",'
	. '"activation-type":"deactivate"}]}'), 204, 'PATCH of an ACL');
is(rc_names("$acl/aces", 'ietf-dots-data-channel:aces', 'ace'), 'r1 r2',
	'its entries stay');
rc_is(rc('PATCH', '/data', body => '{"ietf-restconf:data":{'
	. '"ietf-dots-data-channel:dots-data":{"dots-client":[{'
	. "\"cuid\":\"$CUID\"," . '"aliases":{"alias":[{"name":"https3",'
	. '"target-prefix":["198.51.100.7/32"]}]}}]}}}'), 204,
	'PATCH of the datastore');
is(rc_names("$client/aliases", 'ietf-dots-data-channel:aliases', 'alias'),
	'https1 https2 https3', 'with another one');

my $with = rc_tree();

foreach (
	[ 'what is not there', "$client/aliases/alias=none", rc_alias('none'), 404,
		'invalid-value' ],
	[ 'a client that is not there', rc_below('', $CUID2), rc_client($CUID2), 404,
		'invalid-value' ],
	[ 'another key', $alias, rc_alias('https2'), 400, 'invalid-value' ],
	[ "somebody else's prefix", $alias, rc_alias('https1',
		'"target-prefix":["203.0.113.1/32"]'), 400, 'invalid-value' ],
	[ 'a wrong value', $alias, rc_alias('https1', '"target-protocol":[256]'), 400,
		'invalid-value' ],
	[ 'an unknown member', $alias, rc_alias('https1', '"oops":1'), 400,
		'unknown-element' ],
	[ 'state', $alias, rc_alias('https1', '"pending-lifetime":1'), 400,
		[ 'invalid-value', 'unknown-element', 'bad-element' ] ],
	[ 'a second dots-client that another has', $DATA,
		'{"ietf-dots-data-channel:dots-data":{"dots-client":[{"cuid":'
		. "\"$CUIDB\"}]}}", 409, 'resource-denied' ],
) {
	my ($name, $path, $body, $status, $tag) = @$_;
	rc_error(rc('PATCH', $path, body => $body), $status, $tag, "PATCH of $name");
}

rc_error(rc('PATCH', $alias), [ 400, 415 ], [ 'invalid-value',
	'operation-not-supported' ], 'PATCH without a body');
$r = rc('PATCH', $alias, body => 'x', type => 'text/plain');
rc_error($r, 415, [ 'operation-not-supported', 'invalid-value' ],
	'PATCH of an unknown type');
like(($r->{h}{'accept-patch'} || [''])->[0], qr!application/yang-data\+json!,
	'with Accept-Patch, RFC 5789 section 2.2');
is(rc_tree(), $with, 'the refused ones changed nothing');

# DELETE (4.7)

rc_is(rc('DELETE', "$client/aliases/alias=https2"), 204, 'DELETE');
rc_error(rc('DELETE', "$client/aliases/alias=https2"), 404, 'invalid-value',
	'DELETE again');
rc_is(rc('DELETE', "$alias/target-protocol=6"), 204, 'DELETE of a leaf-list entry');
rc_error(rc('DELETE', "$alias/target-protocol=6"), 404, 'invalid-value',
	'DELETE of it again');
rc_error(rc('DELETE', "$acl/type/x"), [ 400, 404 ], 'invalid-value',
	'DELETE below a leaf');
rc_is(rc('DELETE', "$acl/activation-type"), 204, 'DELETE of a leaf');
rc_error(rc('DELETE', "$acl/activation-type"), 404, 'invalid-value',
	'DELETE of it again');
rc_same(rc('GET', "$acl/activation-type"),
	'{"ietf-dots-data-channel:activation-type":"activate-when-mitigating"}',
	'it has its default (3.5.4)');

rc('PUT', "$client/aliases/alias=https3", body => rc_alias('https3'));
$with = rc_tree();

foreach (
	[ 'the last target', "$client/aliases/alias=https3/target-prefix=198.51.100.1%2F32" ],
	[ 'a key', "$alias/name" ],
	[ 'a whole list', "$client/aliases/alias" ],
	[ 'a whole leaf-list', "$alias/target-prefix" ],
	[ 'all clients', "$DATA/dots-client" ],
	[ 'the datastore', '/data' ],
	[ 'state', "$alias/pending-lifetime" ],
	[ 'capabilities', "$DATA/capabilities" ],
	[ 'the API', '' ],
) {
	my ($name, $path) = @$_;
	rc_error(rc('DELETE', $path), [ 400, 405 ], [ 'invalid-value',
		'operation-not-supported', 'missing-attribute', 'missing-element' ],
		"DELETE of $name");
}

is(rc_tree(), $with, 'the refused ones changed nothing');

rc_is(rc('DELETE', "$client/acls"), 204, 'DELETE of a container');
is(rc_names("$client/acls", 'ietf-dots-data-channel:acls', 'acl'), '',
	'it has nothing more');

# PUT and DELETE of everything that is one's own (4.5), and of nothing else

my $data = '{"ietf-restconf:data":{"ietf-dots-data-channel:dots-data":'
	. '{"dots-client":[{"cuid":"%s","aliases":{"alias":[{"name":"all",'
	. '"target-prefix":["198.51.100.8/32"]}]}}]}}}';

rc_is(rc('PUT', '/data', body => sprintf($data, $CUID2)), 204,
	'PUT of the datastore');
rc_same(rc('GET', '/data?content=config'), sprintf($data, $CUID2),
	'is the datastore');
rc_error(rc('PUT', '/data', body => sprintf($data, $CUIDB)), 409,
	'resource-denied', "PUT of the datastore with another's cuid");
rc_same(rc('GET', '/data?content=config'), sprintf($data, $CUID2),
	'changes nothing');
rc_is(rc('DELETE', $DATA), 204, 'DELETE of all that is ours');
rc_error(rc('GET', rc_below('', $CUID2)), 404, 'invalid-value', 'it is gone');
is(rc_tree(cert => 'b'), $b, "another's is not");

###############################################################################
