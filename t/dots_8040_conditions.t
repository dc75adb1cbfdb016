#!/usr/bin/perl

# RFC 8040 sections 3.4.1, 3.5.1, 3.5.2, 5.5 and RFC 9110 section 13: entity-tags,
# dates and the requests that depend on them, with two workers, over a reload and
# a restart; of two that race exactly one wins.

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
$t->plan(213);

rc_start($t);

###############################################################################

my $r;

my $client = rc_below();
my $aliases = "$client/aliases";
my $one = "$aliases/alias=one";
my $two = "$aliases/alias=two";
my $acl = "$client/acls/acl=f";
my $old = 'Thu, 01 Jan 2015 00:00:00 GMT';

my %paths = (datastore => '/data', container => $DATA, client => $client,
	aliases => $aliases, one => $one, two => $two, acls => "$client/acls",
	acl => $acl);

rc_is(rc_register($CUID), 201, 'a dots-client');
rc_is(rc('PUT', $one, body => rc_alias('one')), 201, 'an alias');
rc_is(rc('PUT', $two, body => rc_alias('two')), 201, 'another one');
rc_is(rc('PUT', $acl, body => rc_acl('f')), 201, 'an ACL');

# RFC 9110 sections 13.1.1 to 13.1.4: what is there and has neither tag nor time

foreach my $path ('', '/yang-library-version', "$DATA/capabilities",
	"$DATA/capabilities/rate-limit", "$one/pending-lifetime", "$aliases/alias",
	'/data/ietf-yang-library:yang-library', '/schemas/ietf-restconf@2017-01-26')
{
	is(join(' ', map { rc('GET', $path, headers => [ $_ ])->{code} }
		'If-Match: *', 'If-Match: "x"', 'If-None-Match: *',
		'If-None-Match: "x"', "If-Modified-Since: $old",
		"If-Unmodified-Since: $old"), '200 412 304 200 200 200',
		"state: $path");
}

rc_error(rc('GET', '/yang-library-version', headers => [ 'If-Match: "x"' ]), 412,
	'operation-failed', 'state: 412');
rc_is(rc('GET', "$DATA/capabilities", headers => [ 'If-None-Match: *' ]), 304,
	'state: 304');
rc_error(rc('GET', "$client/cdid", headers => [ 'If-Match: *' ]), 404,
	'invalid-value', 'what is not there has no condition (13.2.1)');

sub etags { return { map { $_ => rc_etag(rc('GET', $paths{$_})) } keys %paths } }

# The names of those that differ
sub changed {
	my ($old, $new) = @_;
	return join ' ', grep { $old->{$_} ne $new->{$_} } sort keys %paths;
}

# ---- they are there, and the same whoever is asked ----

foreach my $name (sort keys %paths) {
	my $get = rc('GET', $paths{$name});
	my $head = rc('HEAD', $paths{$name});

	like(rc_etag($get), qr/^".+"$/, "$name: ETag");
	is(rc_etag($head), rc_etag($get), "$name: of HEAD, too");
	like(rc_modified($get), qr/GMT$/, "$name: Last-Modified");
	is(rc_modified($head), rc_modified($get), "$name: of HEAD, too");
}

my $was = etags();
my %modified = map { $_ => rc_modified(rc('GET', $paths{$_})) } keys %paths;

foreach my $try (1 .. 10) {
	rc_forget();
	my $now = etags();
	next if changed($was, $now) eq '' && $try < 10;
	is(changed($was, $now), '', 'on new connections they are the same');
	last;
}

is(scalar(keys %{{ map { $_ => 1 } @$was{qw/ one two acl /} }}), 3,
	'each entry has its own');

dots_reload($t);
rc_forget();
is(changed($was, etags()), '', 'after a reload they are the same');

rc_forget();
$t->stop();
$t->run();
$t->waitforsocket('127.0.0.1:' . port(8443)) or die;
is(changed($was, etags()), '', 'after a restart they are the same');
is(join(' ', grep { $modified{$_} ne rc_modified(rc('GET', $paths{$_})) }
	sort keys %paths), '', 'and the dates, too');

# ---- what a change changes (3.4.1.3) ----

$r = rc('PUT', $one, body => rc_alias('one',
	'"target-prefix":["198.51.100.9/32"]'));
rc_is($r, 204, 'a change of an alias');
my $now = etags();
is(changed($was, $now), 'aliases client container datastore one',
	'changes it and what it is in, and nothing beside');
is(rc_etag($r) || $now->{one}, $now->{one},
	'the answer has the new one, as in 4.5, if any');
$was = $now;

rc_is(rc('DELETE', $two), 204, 'DELETE of another one');
$now = etags();
is(changed($was, $now), 'aliases client container datastore two',
	'changes what it was in');
rc('PUT', $two, body => rc_alias('two'));
$was = etags();

rc_is(rc('PUT', "$acl?insert=first", body => rc_acl('f', [ 'r1', 'r2' ])), 204,
	'a change of an ACL');
$now = etags();
is(changed($was, $now), 'acl acls client container datastore',
	'changes the ACLs, not the aliases');
$was = $now;

# what an edit of several says is what a GET says then (3.4.1, 3.5.2)

sub container {
	my ($name, $list, @entries) = @_;
	return qq!{"ietf-dots-data-channel:$name":{"$list":[!
		. join(',', map { /\[(\{.*\})\]\}$/s ? $1 : () } @entries) . ']}}';
}

foreach (
	[ 'PUT', $aliases, container('aliases', 'alias', rc_alias('one')) ],
	[ 'PUT', $aliases, container('aliases', 'alias', rc_alias('one')),
		'of what is there' ],
	[ 'PATCH', $aliases, container('aliases', 'alias', rc_alias('zwei'),
		rc_alias('two')) ],
	[ 'PUT', "$client/acls", container('acls', 'acl', rc_acl('g'), rc_acl('f')) ],
	[ 'PUT', "$client/acls", container('acls', 'acl', rc_acl('f'), rc_acl('g')),
		'in another order' ],
	[ 'PATCH', $client, rc_client($CUID) ],
	[ 'PUT', $client, rc_client($CUID) ],
	[ 'PUT', $DATA, container('dots-data', 'dots-client', rc_client($CUID)) ],
	[ 'PUT', '/data', '{"ietf-restconf:data":' . container('dots-data',
		'dots-client', rc_client($CUID)) . '}' ],
) {
	my ($method, $path, $body, $more) = @$_;
	my $name = join ' ', $method, $path =~ m!([^/]*)$!, $more || ();

	my $edit = rc($method, $path, body => $body);
	my $get = rc('GET', $path);
	rc_is($edit, 204, $name);
	is(rc_etag($edit), rc_etag($get), 'its ETag');
	is(rc_modified($edit), rc_modified($get), 'its Last-Modified');
}

rc('PUT', $_->[0], body => $_->[1]) foreach [ $one, rc_alias('one',
	'"target-prefix":["198.51.100.9/32"]') ], [ $two, rc_alias('two') ],
	[ $acl, rc_acl('f', [ 'r1', 'r2' ]) ];
$was = etags();

rc_error(rc('PUT', $one, body => rc_alias('one', '"oops":1')), 400,
	'unknown-element', 'what is refused');
rc_is(rc('GET', "$one?content=nonconfig"), 200, 'and what is read');
is(changed($was, etags()), '', 'changes none');

my $a = rc_etag(rc('GET', '/data'));
rc_is(rc_register($CUIDB, cert => 'b'), 201, 'another customer comes');
is(rc_etag(rc('GET', '/data')), $a,
	'which says nothing to this one: the datastore is its own');

# ---- If-None-Match, If-Modified-Since of GET: RFC 9110 13.1.2, 13.1.3, 13.2.2 ----

sub get { return rc($_[0], $_[1], headers => $_[2]) }

my $tag = $was->{one};
my $date = rc_modified(rc('GET', $one));

foreach (
	[ 304, "the tag", "If-None-Match: $tag" ],
	[ 304, 'weak', "If-None-Match: W/$tag" ],
	[ 304, 'in a list', "If-None-Match: \"x\", $tag,\"y\"" ],
	[ 304, 'in a list with commas in tags', "If-None-Match: \"x,y\" ,\t$tag" ],
	[ 304, 'any', 'If-None-Match: *' ],
	[ 200, 'another', 'If-None-Match: "x"' ],
	[ 200, 'a part of it', 'If-None-Match: ' . substr($tag, 0, -2) . '"' ],
	[ 200, 'more than it', 'If-None-Match: ' . substr($tag, 0, -1) . 'x"' ],
	[ 200, 'the empty one', 'If-None-Match: ""' ],
	[ 200, 'it stands before a tag that does not match', 'If-None-Match: "x"',
		"If-Modified-Since: $date" ],
	[ 304, 'and before a date', "If-None-Match: $tag", "If-Modified-Since: $old" ],
	[ 304, 'the date', "If-Modified-Since: $date" ],
	[ 304, 'a later one', 'If-Modified-Since: Fri, 01 Jan 2038 00:00:00 GMT' ],
	[ 200, 'an earlier one', "If-Modified-Since: $old" ],
	[ 200, 'no date', 'If-Modified-Since: yesterday' ],
	[ 200, 'an impossible one', 'If-Modified-Since: Thu, 99 Foo 2037 00:00:00 GMT' ],
) {
	my ($status, $name, @headers) = @$_;

	$r = get('GET', $one, \@headers);
	rc_is($r, $status, "GET, $name");
	is(rc_etag($r), $tag, "$name: with the ETag, RFC 9110 15.4.5");
	rc_is(get('HEAD', $one, \@headers), $status, "HEAD, $name");
}

foreach my $name (sort keys %paths) {
	rc_is(get('GET', $paths{$name}, [ "If-None-Match: $was->{$name}" ]), 304,
		"$name: 304");
}

rc_error(get('GET', "$one/nosuch", [ 'If-None-Match: *' ]), 404, 'invalid-value',
	'what is not there is 404 all the same');
rc_error(get('GET', "$one?x=y", [ "If-None-Match: $tag" ]), 400, 'invalid-value',
	'and what is wrong 400');
rc_is(get('GET', $one, [ "If-Match: $tag" ]), 200, 'If-Match of GET');
rc_error(get('GET', $one, [ 'If-Match: "x"' ]), 412, 'operation-failed',
	'If-Match of GET, another');
rc_error(get('GET', $one, [ "If-Unmodified-Since: $old" ]), 412,
	'operation-failed', 'If-Unmodified-Since of GET');

# ---- edits ----

my $before = rc_tree();
my $n = 10;

# A PUT that would change the alias each time
sub put {
	my ($path, @headers) = @_;
	my ($name) = $path =~ /=([^=]*)$/;
	$n++;
	return rc('PUT', $path, headers => \@headers, body =>
		rc_alias($name, qq!"target-prefix":["198.51.100.$n/32"]!));
}

foreach (
	[ 'another tag', 'If-Match: "x"' ],
	[ 'weak', 'If-Match: W/TAG' ],
	[ 'a list without it', 'If-Match: "x", "y"' ],
	[ 'a part of it', 'If-Match: "' ],
	[ 'no tag at all', 'If-Match: x' ],
	[ 'unquoted', 'If-Match: BARE' ],
	[ 'any, but none', 'If-None-Match: *' ],
	[ 'not this one', 'If-None-Match: TAG' ],
	[ 'not this one, weak', 'If-None-Match: W/TAG' ],
	[ 'both, one fails', 'If-Match: TAG', 'If-None-Match: *' ],
	[ 'an old date', "If-Unmodified-Since: $old" ],
) {
	my ($name, @headers) = @$_;
	my $tag = rc_etag(rc('GET', $one));
	my ($bare) = $tag =~ /"(.*)"/;

	s/TAG/$tag/, s/BARE/$bare/ foreach @headers;
	my @want = $name =~ /no tag|unquoted|a part/ ? (400, 412) : (412);

	rc_error(put($one, @headers), \@want, [ 'operation-failed', 'invalid-value' ],
		"PUT, $name");
	rc_error(rc('DELETE', $one, headers => \@headers), \@want,
		[ 'operation-failed', 'invalid-value' ], "DELETE, $name");
	rc_error(rc('PATCH', $one, headers => \@headers, body => rc_alias('one',
		'"target-protocol":[17]')), \@want, [ 'operation-failed',
		'invalid-value' ], "PATCH, $name");
}

rc_error(put("$aliases/alias=none", 'If-Match: *'), 412, 'operation-failed',
	'PUT of what is not there, If-Match: *');
rc_error(put("$aliases/alias=none", "If-Match: $tag"), 412, 'operation-failed',
	'PUT of what is not there, If-Match');
rc_error(rc('POST', $aliases, headers => [ 'If-Match: "x"' ],
	body => rc_alias('none')), 412, 'operation-failed',
	'POST, the tag of the container');
is(rc_tree(), $before, 'nothing has changed');

rc_is(put($one, "If-Match: $was->{one}"), 204, 'PUT, the tag');
rc_error(put($one, "If-Match: $was->{one}"), 412, 'operation-failed',
	'PUT again: it has another one now');
rc_is(put($one, 'If-Match: "x", ' . rc_etag(rc('GET', $one)) . ',"y"'), 204,
	'PUT, in a list');
rc_is(put($one, 'If-Match: *'), 204, 'PUT, any');
rc_is(put($one, 'If-None-Match: "x"'), 204, 'PUT, not another');
rc_is(put($one, 'If-Unmodified-Since: ' . rc_modified(rc('GET', $one))), 204,
	'PUT, the date');
rc_is(put($one, 'If-Unmodified-Since: Fri, 01 Jan 2038 00:00:00 GMT'), 204,
	'PUT, a later one');
rc_is(put($one, 'If-Unmodified-Since: yesterday'), 204,
	'PUT, no date: it is ignored (13.1.4)');
rc_is(put($one, 'If-Match: ' . rc_etag(rc('GET', $one)),
	"If-Unmodified-Since: $old"), 204, 'PUT, the date beside the tag is ignored');
rc_is(put($one, "If-Modified-Since: Fri, 01 Jan 2038 00:00:00 GMT"), 204,
	'PUT, If-Modified-Since is for GET');
rc_is(put("$aliases/alias=new", 'If-None-Match: *'), 201, 'PUT of a new one');
rc_error(put("$aliases/alias=new", 'If-None-Match: *'), 412, 'operation-failed',
	'PUT of it again');
rc_is(rc('POST', $aliases, body => rc_alias('new2'), headers => [ 'If-Match: '
	. rc_etag(rc('GET', $aliases)) ]), 201, 'POST, the tag of the container');
rc_is(rc('PATCH', $one, body => rc_alias('one', '"target-protocol":[6]'),
	headers => [ 'If-Match: ' . rc_etag(rc('GET', $one)) ]), 204, 'PATCH, the tag');
rc_is(rc('PUT', $client, body => rc_client($CUID), headers => [ 'If-Match: '
	. rc_etag(rc('GET', $client)) ]), 204, 'PUT of the client, the tag');
rc_is(rc('PUT', $one, body => rc_alias('one')), 201, 'and its alias again');
rc_error(rc('DELETE', $client, headers => [ 'If-Match: "x"' ]), 412,
	'operation-failed', 'DELETE of the client, another');
rc_is(rc('DELETE', $one, headers => [ 'If-Match: ' . rc_etag(rc('GET', $one)) ]),
	204, 'DELETE, the tag');

# deeper than an entry: the ACL's tag is that of its entries' container, or they
# have their own; either way another one is refused

rc_is(rc('PUT', $acl, body => rc_acl('f')), 201, 'an ACL');
rc_error(rc('PUT', "$acl/activation-type", headers => [ 'If-Match: "x"' ], body =>
	'{"ietf-dots-data-channel:activation-type":"activate-when-mitigating"}'), 412,
	'operation-failed', 'PUT of a leaf, another');
$tag = rc_etag(rc('GET', "$acl/activation-type"));
rc_is(rc('PUT', "$acl/activation-type", headers => [ "If-Match: $tag" ], body =>
	'{"ietf-dots-data-channel:activation-type":"activate-when-mitigating"}'), 204,
	'PUT of a leaf, the tag');

# ---- races: two connections, as a rule two workers ----

# The same bytes on as many connections before any answer is read
sub race {
	my ($method, $path, @requests) = @_;

	my @sockets = map { rc_open() } @requests;

	foreach my $i (0 .. $#requests) {
		my ($body, @headers) = @{$requests[$i]};
		$sockets[$i]->print(join("\r\n", "$method /restconf$path HTTP/1.1",
			'Host: localhost', "Content-Type: $JSON", @headers,
			'Connection: close', 'Content-Length: ' . length $body, '', $body));
	}

	return sort map { my $r = rc_read($_, $method); $r ? $r->{code} : 0 } @sockets;
}

my %outcomes;

rc('PUT', $one, body => rc_alias('one'));

foreach my $try (1 .. 15) {
	my $tag = rc_etag(rc('GET', $one));
	$outcomes{join ' ', race('PUT', $one, map { [ rc_alias('one',
		qq!"target-prefix":["198.51.100.$_/32"]!), "If-Match: $tag" ] }
		$try * 4 .. $try * 4 + 3)}++;
}

is(join(', ', keys %outcomes), '204 412 412 412',
	'of four PUT with one tag exactly one wins');
%outcomes = ();

foreach my $try (1 .. 15) {
	$outcomes{join ' ', race('PUT', "$aliases/alias=race$try", map { [
		rc_alias("race$try", qq!"target-prefix":["198.51.100.$_/32"]!),
		'If-None-Match: *' ] } 1 .. 3)}++;
}

is(join(', ', keys %outcomes), '201 412 412',
	'of three PUT of a new one exactly one creates it');
%outcomes = ();

foreach my $try (1 .. 15) {
	$outcomes{join ' ', race('POST', $aliases, map { [ rc_alias("post$try",
		qq!"target-prefix":["198.51.100.$_/32"]!) ] } 1 .. 3)}++;
}

is(join(', ', keys %outcomes), '201 409 409',
	'of three POST exactly one creates it');

###############################################################################
