#!/usr/bin/perl

# YANG Patch, RFC 8072: every operation, in their order, all or nothing, and a status
# that names the edit.

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
$t->plan(253);

rc_start($t);

###############################################################################

my ($r, $before);

my $client = rc_below();
my $TYPE = 'application/yang-patch+json';
my $STATUS = 'ietf-yang-patch:yang-patch-status';

rc_is(rc_register($CUID), 201, 'a dots-client');
rc_is(rc_register($CUIDB, cert => 'b'), 201, "another customer's");

sub populate {
	rc('PUT', $client, body => rc_client($CUID));
	rc('PUT', "$client/aliases/alias=a1", body => rc_alias('a1'));
	rc('PUT', "$client/acls/acl=f$_", body => rc_acl("f$_", [ 'r1', 'r2', 'r3' ]))
		foreach 1 .. 3;
}

populate();
$before = rc_tree();

# An edit as JSON: operation, target, and what else there is
sub edit {
	my ($id, $operation, $target, @more) = @_;
	return '{' . join(',', qq!"edit-id":"$id"!, qq!"operation":"$operation"!,
		qq!"target":"$target"!, @more) . '}';
}

sub value { return '"value":' . $_[0] }

sub patch {
	my ($path, $edits, %o) = @_;
	return $r = rc('PATCH', $path, type => $TYPE, body =>
		'{"ietf-yang-patch:yang-patch":{"patch-id":"p-1",'
		. ($o{more} || '') . '"edit":[' . join(',', @$edits) . ']}}', %o);
}

sub done {
	my ($name) = @_;
	rc_is($r, 200, $name);
	my $s = ref $r->{json} ? $r->{json}{$STATUS} : {};
	is(rc_text({ map { $_ => $s->{$_} } grep { $_ ne 'edit-status' }
		keys %{$s || {}} }), '{"ok":[null],"patch-id":"p-1"}', "$name: its status");
	my $answer = $r;
	return sub { known($answer, $name) };
}

# By what the target is known then (RFC 9110 8.8.3): as a GET says
sub known {
	my ($answer, $name) = @_;
	my $get = rc('GET', $answer->{target} =~ s!^/restconf!!r);
	isnt(rc_etag($answer), '', "$name: an ETag");
	is(rc_etag($answer), rc_etag($get), "$name: which a GET has");
	is(rc_modified($answer), rc_modified($get), "$name: its Last-Modified");
}

# Refused: the status, the tag of the edit that is to blame, nothing has changed
sub refused {
	my ($name, $status, $tag, $id) = @_;

	rc_error($r, $status, $tag, $name);
	my $s = ref $r->{json} ? $r->{json}{$STATUS} || {} : {};
	my @ids = map { $_->{'edit-id'} } grep { $_->{errors} }
		@{$s->{'edit-status'}{edit} || []};
	like("@ids", $id, "$name: the edit is named") if defined $id;
	is(rc_tree(), $before, "$name: nothing has changed");
}

sub aliases { return rc_names("$client/aliases", 'ietf-dots-data-channel:aliases', 'alias') }
sub acls { return rc_names("$client/acls", 'ietf-dots-data-channel:acls', 'acl') }
sub aces {
	return rc_names("$client/acls/acl=$_[0]/aces", 'ietf-dots-data-channel:aces',
		'ace');
}

# ---- it is announced ----

like((rc('OPTIONS', $client)->{h}{'accept-patch'} || [''])->[0],
	qr!application/yang-patch\+json!, 'Accept-Patch (2)');

# ---- create ----

patch($client, [ edit('e1', 'create', '/aliases/alias=a2', value(rc_alias('a2'))) ]);
done('create');
is(aliases(), 'a1 a2', 'create: it is there');
patch("$client/aliases", [ edit('e1', 'create', '/alias=a3', value(rc_alias('a3'))) ]);
done('create, the target is nearer');
patch("$client/aliases/alias=a3", [ edit('e1', 'create',
	'/target-protocol=17',
	value('{"ietf-dots-data-channel:target-protocol":[17]}')) ]);
done('create of a leaf-list entry');
patch('/data', [ edit('e1', 'create', '/ietf-dots-data-channel:dots-data/'
	. "dots-client=$CUID/aliases/alias=a4", value(rc_alias('a4'))) ]);
done('create, the target is the datastore');
is(aliases(), 'a1 a2 a3 a4', 'create: they are there');

# ---- delete, remove ----

patch($client, [ edit('e1', 'delete', '/aliases/alias=a2'),
	edit('e2', 'remove', '/aliases/alias=a3'),
	edit('e3', 'remove', '/aliases/alias=a3'),
	edit('e4', 'delete', '/aliases/alias=a4') ]);
done('delete, remove, remove of what is gone (erratum 5131)');
is(aliases(), 'a1', 'delete: they are gone');
is(rc_tree(), $before, 'all is as it was');

# ---- merge, replace ----

patch("$client/aliases/alias=a1", [ edit('e1', 'merge', '/',
	value(rc_alias('a1', '"target-protocol":[6]'))) ]);
done('merge, the target is the resource itself');
rc_same(rc('GET', "$client/aliases/alias=a1?content=config"), rc_alias('a1',
	'"target-prefix":["198.51.100.1/32"],"target-protocol":[6]'), 'merge: both');
patch($client, [ edit('e1', 'replace', '/aliases/alias=a1', value(rc_alias('a1'))) ]);
done('replace');
is(rc_tree(), $before, 'replace: the rest is gone');
patch($client, [ edit('e1', 'merge', '/aliases/alias=m', value(rc_alias('m'))),
	edit('e2', 'replace', '/aliases/alias=r', value(rc_alias('r'))) ]);
done('merge and replace create, too');
is(aliases(), 'a1 m r', 'they are there');
patch($client, [ edit('e1', 'delete', '/aliases/alias=m'),
	edit('e2', 'delete', '/aliases/alias=r') ]);
done('delete of both');
patch("$client/acls/acl=f1", [ edit('e1', 'replace', '/activation-type',
	value('{"ietf-dots-data-channel:activation-type":"activate-when-mitigating"}')),
	edit('e2', 'replace', '/activation-type',
	value('{"ietf-dots-data-channel:activation-type":"deactivate"}')) ]);
done('replace of a leaf, twice');

# ---- insert, move ----

my $f4 = value(rc_acl('f4', [ 'r1', 'r2', 'r3' ]));

foreach (
	[ 'first', 'f4 f1 f2 f3' ],
	[ 'last', 'f1 f2 f3 f4' ],
	[ '', 'f1 f2 f3 f4' ],
	[ 'before', 'f1 f4 f2 f3', '/acls/acl=f2' ],
	[ 'after', 'f1 f2 f4 f3', '/acls/acl=f2' ],
) {
	my ($where, $want, $point) = @$_;
	my @more = ($where ? qq!"where":"$where"! : (), $point ? qq!"point":"$point"! : ());

	patch($client, [ edit('e1', 'insert', '/acls/acl=f4', @more, $f4) ]);
	done("insert $where");
	is(acls(), $want, "insert $where: the order");
	rc('DELETE', "$client/acls/acl=f4");

	patch($client, [ edit('e1', 'move', '/acls/acl=f3', @more) ]);
	done("move $where");
	is(acls(), $want =~ s/ f3|f3 //r =~ s/f4/f3/r, "move $where: the order");
	patch($client, [ edit('e1', 'move', '/acls/acl=f3', '"where":"last"') ]);
}

is(rc_tree(), $before, 'all is as it was');

patch("$client/acls/acl=f1", [ edit('e1', 'move', '/aces/ace=r3',
	'"where":"before"', '"point":"/aces/ace=r1"') ]);
done('move of an ace');
is(aces('f1'), 'r3 r1 r2', 'its order');
patch("$client/acls/acl=f1/aces", [ edit('e1', 'move', '/ace=r3', '"where":"last"') ]);
done('and back');
is(rc_tree(), $before, 'all is as it was');

# ---- in their order, each sees what the one before has done ----

patch($client, [ edit('1', 'create', '/aliases/alias=n', value(rc_alias('n'))),
	edit('2', 'merge', '/aliases/alias=n', value(rc_alias('n',
		'"target-protocol":[17]'))),
	edit('3', 'delete', '/aliases/alias=n'),
	edit('4', 'create', '/aliases/alias=n', value(rc_alias('n',
		'"target-prefix":["198.51.100.3/32"]'))),
	edit('5', 'insert', '/acls/acl=f5', '"where":"first"',
		value(rc_acl('f5', [ 'r1', 'r2', 'r3' ]))),
	edit('6', 'move', '/acls/acl=f1', '"where":"after"', '"point":"/acls/acl=f5"'),
	edit('7', 'remove', '/acls/acl=f5') ], more => '"comment":"all of it",');
done('several edits');
rc_same(rc('GET', "$client/aliases/alias=n?content=config"), rc_alias('n',
	'"target-prefix":["198.51.100.3/32"]'), 'the last one counts');
is(acls(), 'f1 f2 f3', 'and the order');
rc('DELETE', "$client/aliases/alias=n");
is(rc_tree(), $before, 'all is as it was');

# the value without its module, as in the RFC's own A.1.2

patch("$client/aliases", [ edit('e1', 'create', '/alias=plain',
	value('{"alias":[{"name":"plain","target-prefix":["198.51.100.1/32"]}]}')) ]);
rc_is($r, [ 200, 400 ], 'a value as in A.1.2');
rc('DELETE', "$client/aliases/alias=plain");

# ---- refused: which edit, and that nothing of the patch was done ----

my $create = edit('good', 'create', '/aliases/alias=good', value(rc_alias('good')));

foreach (
	[ 'create of what is there', 409, [ 'data-exists', 'resource-denied' ],
		edit('bad', 'create', '/aliases/alias=a1', value(rc_alias('a1'))) ],
	[ 'insert of what is there', 409, [ 'data-exists', 'resource-denied' ],
		edit('bad', 'insert', '/acls/acl=f1', value(rc_acl('f1'))) ],
	[ 'delete of what is not there', [ 404, 409 ], [ 'data-missing', 'invalid-value' ],
		edit('bad', 'delete', '/aliases/alias=none') ],
	[ 'move of what is not there', [ 404, 409 ], [ 'data-missing', 'invalid-value' ],
		edit('bad', 'move', '/acls/acl=none', '"where":"first"') ],
	[ 'a point that is not there', [ 400, 404, 409 ], [ 'data-missing',
		'invalid-value', 'bad-attribute' ], edit('bad', 'move', '/acls/acl=f1',
		'"where":"before"', '"point":"/acls/acl=none"') ],
	[ 'an unknown node', [ 400, 404 ], [ 'unknown-element', 'invalid-value' ],
		edit('bad', 'delete', '/nosuch') ],
	[ 'a target with another key', 400, 'invalid-value',
		edit('bad', 'create', '/aliases/alias=x', value(rc_alias('y'))) ],
	[ 'a name that no entry can have', 400, 'invalid-value',
		edit('bad', 'delete', '/aliases/alias=' . 'x' x 600) ],
	[ 'a value of another kind', 400, [ 'invalid-value', 'unknown-element',
		'malformed-message', 'bad-element' ],
		edit('bad', 'create', '/aliases/alias=x', value(rc_acl('x'))) ],
	[ 'an alias that is not valid', 400, 'invalid-value', edit('bad', 'create',
		'/aliases/alias=x', value(rc_alias('x', '"target-prefix":["203.0.113.1/32"]'))) ],
	[ 'an alias without a target', 400, [ 'missing-attribute', 'missing-element' ],
		edit('bad', 'create', '/aliases/alias=x', value(rc_alias('x',
		'"target-protocol":[6]'))) ],
	[ 'a value of a wrong type', 400, 'invalid-value', edit('bad', 'merge',
		'/aliases/alias=a1', value(rc_alias('a1', '"target-protocol":[256]'))) ],
	[ 'the last target', 400, [ 'invalid-value', 'missing-attribute',
		'missing-element', 'operation-failed' ], edit('bad', 'delete',
		'/aliases/alias=a1/target-prefix=198.51.100.1%2F32') ],
	[ 'state', [ 400, 405 ], [ 'invalid-value', 'operation-not-supported',
		'unknown-element', 'bad-element' ],
		edit('bad', 'delete', '/aliases/alias=a1/pending-lifetime') ],
	[ 'a key', [ 400, 405 ], [ 'invalid-value', 'operation-not-supported' ],
		edit('bad', 'delete', '/aliases/alias=a1/name') ],
	[ 'a whole list', 400, 'invalid-value', edit('bad', 'delete', '/aliases/alias') ],
	[ 'insert into what has no order', 400, [ 'invalid-value', 'bad-attribute',
		'unknown-attribute' ], edit('bad', 'insert', '/aliases/alias=x',
		'"where":"first"', value(rc_alias('x'))) ],
) {
	my ($name, $status, $tag, $bad) = @$_;

	patch($client, [ $create, $bad, edit('after', 'create', '/aliases/alias=after',
		value(rc_alias('after'))) ]);

	# 2.2: also where it is the result of the edit that is not valid

	refused($name, $status, $tag, qr/^bad$/);
}

# what is no patch at all: an error of one kind or of the other

my $edit = edit('e1', 'delete', '/aliases/alias=a1');

foreach (
	[ 'no patch-id', '{"ietf-yang-patch:yang-patch":{"edit":[' . $edit . ']}}' ],
	[ 'an edit-id twice', '{"ietf-yang-patch:yang-patch":{"patch-id":"p","edit":['
		. $edit . ',' . $edit . ']}}' ],
	[ 'no edit-id', '{"ietf-yang-patch:yang-patch":{"patch-id":"p","edit":['
		. '{"operation":"delete","target":"/aliases/alias=a1"}]}}' ],
	[ 'no operation', '{"ietf-yang-patch:yang-patch":{"patch-id":"p","edit":['
		. '{"edit-id":"e","target":"/aliases/alias=a1"}]}}' ],
	[ 'no target', '{"ietf-yang-patch:yang-patch":{"patch-id":"p","edit":['
		. '{"edit-id":"e","operation":"delete"}]}}' ],
	[ 'an unknown operation', '{"ietf-yang-patch:yang-patch":{"patch-id":"p","edit":['
		. edit('e', 'copy', '/aliases/alias=a1') . ']}}' ],
	[ 'a value for delete', '{"ietf-yang-patch:yang-patch":{"patch-id":"p","edit":['
		. edit('e', 'delete', '/aliases/alias=a1', value(rc_alias('a1'))) . ']}}' ],
	[ 'no value for create', '{"ietf-yang-patch:yang-patch":{"patch-id":"p","edit":['
		. edit('e', 'create', '/aliases/alias=x') . ']}}' ],
	[ 'where for merge', '{"ietf-yang-patch:yang-patch":{"patch-id":"p","edit":['
		. edit('e', 'merge', '/aliases/alias=a1', '"where":"first"',
			value(rc_alias('a1'))) . ']}}' ],
	[ 'an unknown where', '{"ietf-yang-patch:yang-patch":{"patch-id":"p","edit":['
		. edit('e', 'move', '/acls/acl=f1', '"where":"middle"') . ']}}' ],
	[ 'before without point', '{"ietf-yang-patch:yang-patch":{"patch-id":"p","edit":['
		. edit('e', 'move', '/acls/acl=f3', '"where":"before"') . ']}}' ],
	[ 'point without before', '{"ietf-yang-patch:yang-patch":{"patch-id":"p","edit":['
		. edit('e', 'move', '/acls/acl=f3', '"where":"first"',
			'"point":"/acls/acl=f1"') . ']}}' ],
	[ 'an unknown member', '{"ietf-yang-patch:yang-patch":{"patch-id":"p","x":1,'
		. '"edit":[' . $edit . ']}}' ],
	[ 'an unknown member of an edit', '{"ietf-yang-patch:yang-patch":{"patch-id":"p",'
		. '"edit":[' . edit('e', 'delete', '/aliases/alias=a1', '"x":1') . ']}}' ],
	[ 'a member twice', '{"ietf-yang-patch:yang-patch":{"patch-id":"p","patch-id":"q",'
		. '"edit":[' . $edit . ']}}' ],
	[ 'no module', '{"yang-patch":{"patch-id":"p","edit":[' . $edit . ']}}' ],
	[ 'another thing', rc_alias('a1') ],
	[ 'an empty object', '{}' ],
	[ 'no JSON', '{"ietf-yang-patch:yang-patch":' ],
	[ 'more after it', '{"ietf-yang-patch:yang-patch":{"patch-id":"p","edit":['
		. $edit . ']}}x' ],
	[ 'an empty target', '{"ietf-yang-patch:yang-patch":{"patch-id":"p","edit":['
		. edit('e', 'delete', '') . ']}}' ],
	[ 'a target without its slash', '{"ietf-yang-patch:yang-patch":{"patch-id":"p",'
		. '"edit":[' . edit('e', 'delete', 'aliases/alias=a1') . ']}}' ],
	[ 'a target with two', '{"ietf-yang-patch:yang-patch":{"patch-id":"p","edit":['
		. edit('e', 'delete', '//aliases/alias=a1') . ']}}' ],
	[ 'a target with a bad escape', '{"ietf-yang-patch:yang-patch":{"patch-id":"p",'
		. '"edit":[' . edit('e', 'delete', '/aliases/alias=%zz') . ']}}' ],
	[ 'a target with an escaped NUL', '{"ietf-yang-patch:yang-patch":{"patch-id":"p",'
		. '"edit":[' . edit('e', 'delete', '/aliases/alias=a1%00') . ']}}' ],
	[ 'a target that goes up', '{"ietf-yang-patch:yang-patch":{"patch-id":"p","edit":['
		. edit('e', 'delete', "/../dots-client=$CUID/aliases/alias=a1") . ']}}' ],
	[ 'an absolute target', '{"ietf-yang-patch:yang-patch":{"patch-id":"p","edit":['
		. edit('e', 'delete', "/ietf-dots-data-channel:dots-data/dots-client=$CUID"
			. '/aliases/alias=a1') . ']}}' ],
) {
	my ($name, $body) = @$_;
	$r = rc('PATCH', $client, type => $TYPE, body => $body);
	refused($name, [ 400, 404 ], [ 'invalid-value', 'malformed-message',
		'missing-attribute', 'missing-element', 'unknown-element',
		'unknown-namespace', 'bad-element', 'bad-attribute', 'unknown-attribute',
		'operation-failed' ]);
}

$r = rc('PATCH', $client, type => $TYPE);
refused('no body', [ 400, 415 ], [ 'invalid-value', 'malformed-message',
	'operation-not-supported' ]);

# the target of the request (2.1)

patch(rc_below('', $CUID2), [ edit('e1', 'create', '/aliases/alias=x',
	value(rc_alias('x'))) ]);
refused('a request for what is not there', 404, 'invalid-value');
patch("$client/aliases/alias=none", [ edit('e1', 'merge', '/',
	value(rc_alias('none'))) ]);
refused('another one', 404, 'invalid-value');
patch('/data', [ edit('e1', 'remove', '/') ]);
refused('the datastore as the target of an edit (2.4)', [ 400, 403, 405 ],
	[ 'invalid-value', 'access-denied', 'operation-not-supported' ]);
patch("$DATA/capabilities", [ edit('e1', 'delete', '/') ]);
refused('state', [ 400, 405 ], [ 'invalid-value', 'operation-not-supported' ]);
patch("$client?insert=first", [ $create ]);
refused('a query parameter', 400, 'invalid-value');
patch($client, [ $create ], headers => [ 'If-Match: "x"' ]);
refused('another entity-tag', 412, 'operation-failed');

# ---- another customer ----

my $b = rc_tree(cert => 'b');

foreach my $target ("/ietf-dots-data-channel:dots-data/dots-client=$CUIDB",
	"/ietf-dots-data-channel:dots-data/dots-client=$CUIDB/aliases/alias=x")
{
	patch('/data', [ edit('good', 'merge', '/ietf-dots-data-channel:dots-data/'
		. "dots-client=$CUID/aliases/alias=good", value(rc_alias('good'))),
		edit('bad', 'delete', $target) ]);
	refused("what is another's", [ 404, 409 ], [ 'data-missing', 'invalid-value' ],
		qr/^bad$/);
}

is(rc_tree(cert => 'b'), $b, "another's data are as they were");

patch('/data', [ edit('bad', 'remove',
	'/ietf-dots-data-channel:dots-data/dots-client=' . 'x' x 600) ]);
refused('a cuid that nobody can have', 400, 'invalid-value', qr/^bad$/);

# ---- large ones, and who wins ----

patch($client, [ map { edit("e$_", 'create', "/aliases/alias=m$_",
	value(rc_alias("m$_"))) } 1 .. 200 ]);
done('200 edits');
is(scalar(split ' ', aliases()), 201, 'all of them');
patch($client, [ map { edit("e$_", 'remove', "/aliases/alias=m$_") } 1 .. 200 ]);
done('200 more');
is(rc_tree(), $before, 'all is as it was');

my $tag = rc_etag(rc('GET', $client));
patch($client, [ $create ], headers => [ "If-Match: $tag" ]);
done('the entity-tag');
isnt(rc_etag(rc('GET', $client)), $tag, 'which is another one then');
patch($client, [ edit('e1', 'delete', '/aliases/alias=good') ]);
done('and back');

# ---- by what the target is known then ----

patch("$client/aliases/alias=a1", [ edit('e1', 'merge', '/', value(rc_alias('a1',
	'"target-protocol":[6]'))) ]);
done('an entry')->();
patch("$client/aliases/alias=a1", [ edit('e1', 'remove', '/target-protocol=6') ]);
done('below an entry')->();
patch("$client/aliases/alias=a1", [ edit('e1', 'remove', '/target-protocol=6') ]);
done('what was so already')->();
patch("$client/aliases", [ map { edit("e$_", 'create', "/alias=k$_",
	value(rc_alias("k$_"))) } 1, 2 ]);
done('a list')->();
patch("$client/acls", [ edit('e1', 'move', '/acl=f3', '"where":"first"') ]);
done('a list in another order')->();
patch($client, [ edit('e1', 'remove', '/aliases/alias=k1') ],
	headers => [ 'If-Match: ' . rc_etag(rc('GET', $client)) ]);
done('all that a condition was about')->();
patch($client, [ edit('e1', 'remove', '/aliases/alias=k2'),
	edit('e2', 'move', '/acls/acl=f3', '"where":"last"') ]);
done('all of a client')->();

# what else is in the target nobody has looked at, and a tag that has it would
# let a client write over what another has changed

patch($client, [ edit('e1', 'remove', '/aliases/alias=k3') ]);
done('a part of what the target has');
is(rc_etag($r) . rc_modified($r), '', 'says of the target nothing');

patch("$client/aliases", [ edit('e1', 'delete', '/alias=k3') ]);
is(rc_etag($r) . rc_modified($r), '', 'nor does what is refused');

is(rc_loud(), '', 'nothing above info in the log');

###############################################################################
