#!/usr/bin/perl

# What is another customer's is not there: whatever way is tried, the answer is,
# byte for byte apart from the names, that for what does not exist; nothing has
# changed, and nobody is told.

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
$t->plan(218);

rc_start($t);

###############################################################################

my $r;

my $A = $CUID;
my $NONE = 'none6pHjaADkaFTbjr0JGB';       # as long as a's, nobody's
my $B = $CUIDB;
my $PATCH = 'application/yang-patch+json';

# a has something; b looks for it

rc_is(rc_register($A), 201, 'a');
rc_is(rc('PUT', rc_below('/aliases/alias=secret'), body => rc_alias('secret')),
	201, 'its alias');
rc_is(rc('PUT', rc_below('/acls/acl=hidden'), body => rc_acl('hidden',
	[ 'r1', 'r2' ])), 201, 'its ACL');
rc_is(rc_register($B, cert => 'b'), 201, 'b');

my $balias = '"target-prefix":["192.0.2.1/32"]';
my $bacl = rc_acl('hidden') =~ s!198\.51\.100\.0/25!192.0.2.0/25!r;

rc_is(rc('PUT', rc_below('/aliases/alias=mine', $B), cert => 'b',
	body => rc_alias('mine', $balias)), 201, 'its alias');
rc_is(rc('PUT', rc_below('/acls/acl=own', $B), cert => 'b',
	body => $bacl =~ s/hidden/own/r), 201, 'its ACL');

my ($was, $bwas) = (rc_tree(), rc_tree(cert => 'b'));
my $tag = rc_etag(rc('GET', rc_below()));

# An answer without what differs in any two: the date; names made equal
sub answer {
	my ($r) = @_;
	my $text = $r->{head} . "\n" . $r->{body};
	$text =~ s/^Date:.*\n//m;
	$text =~ s/\Q$NONE\E/$A/g;
	return $text;
}

# The request of b, with a's cuid and with nobody's: METHOD, path, options
sub same {
	my ($name, $method, $path, %o) = @_;

	my @r = map {
		my $cuid = $_;
		my %with = map { $_ => ref $o{$_}
			? [ map { s/\Q$A\E/$cuid/gr } @{$o{$_}} ] : $o{$_} =~ s/\Q$A\E/$cuid/gr }
			keys %o;
		rc($method, $path =~ s/\Q$A\E/$cuid/gr, cert => 'b', %with);
	} ($NONE, $A);

	is(answer($r[1]), answer($r[0]), "$name: $method");

	return $r[1];
}

my @paths = ('', '/aliases', '/aliases/alias=secret', '/aliases/alias=none',
	'/aliases/alias=secret/name', '/aliases/alias=secret/pending-lifetime',
	'/aliases/alias=secret/target-prefix=198.51.100.1%2F32', '/acls',
	'/acls/acl=hidden', '/acls/acl=hidden/aces', '/acls/acl=hidden/aces/ace=r1',
	'/acls/acl=hidden/activation-type', '/nosuch', '/aliases/alias=', '/aliases/alias');

foreach my $below (@paths) {
	foreach my $method (qw/ GET HEAD OPTIONS DELETE /) {
		$r = same("dots-client=a$below", $method, rc_below($below));
		is($r->{code} >= 400 && $r->{code} < 500 ? 1 : 0, 1,
			"dots-client=a$below: $method is refused") if $method ne 'OPTIONS';
	}
}

# every query and condition there is

foreach my $query ('content=all', 'content=config', 'depth=1', 'fields=cuid',
	'fields=aliases/alias/name', 'with-defaults=report-all', 'x=y',
	'insert=first')
{
	same("?$query", 'GET', rc_below() . "?$query");
}

foreach my $header ("If-Match: $tag", 'If-Match: *', "If-None-Match: $tag",
	'If-None-Match: *', 'If-Modified-Since: Thu, 01 Jan 2015 00:00:00 GMT',
	'If-Unmodified-Since: Thu, 01 Jan 2015 00:00:00 GMT')
{
	same($header, $_, rc_below(), headers => [ $header ]) foreach qw/ GET DELETE /;
	same($header, 'PUT', rc_below('/aliases/alias=secret'),
		headers => [ $header ], body => rc_alias('secret', $balias));
}

# other spellings of its cuid

foreach my $spelling ('%64z6pHjaADkaFTbjr0JGBpw', "$A%00", "$A,", "$A,$B",
	"$A%2F", "../dots-client=$A", "$B%2F..%2Fdots-client=$A", "$A%20", uc $A)
{
	$r = rc('GET', rc_below('', $spelling), cert => 'b');
	is($r->{code} =~ /^40[04]$/ ? 1 : 0, 1, "spelt $spelling: refused");
	unlike($r->{body}, qr/secret|hidden|198\.51\.100/, 'and nothing of it said');
}

# edits below it, of every kind

foreach (
	[ 'PUT', '/aliases/alias=secret', rc_alias('secret', $balias) ],
	[ 'PUT', '/aliases/alias=new', rc_alias('new', $balias) ],
	[ 'PUT', '/aliases/alias=secret', '{' ],
	[ 'PUT', '/acls/acl=hidden', $bacl ],
	[ 'PUT', '/acls/acl=hidden?insert=first', $bacl ],
	[ 'PUT', '/acls/acl=hidden/activation-type',
		'{"ietf-dots-data-channel:activation-type":"immediate"}' ],
	[ 'POST', '', '{"ietf-dots-data-channel:aliases":{"alias":[{"name":"p",'
		. $balias . '}]}}' ],
	[ 'POST', '/aliases', rc_alias('secret', $balias) ],
	[ 'POST', '/acls', $bacl ],
	[ 'PATCH', '', rc_client($A) ],
	[ 'PATCH', '/aliases/alias=secret', rc_alias('secret', $balias) ],
	[ 'PATCH', '/acls/acl=hidden', $bacl ],
) {
	my ($method, $below, $body) = @$_;
	$r = same("dots-client=a$below", $method, rc_below($below), body => $body);
	is($r->{code} =~ /^4/ ? 1 : 0, 1, "dots-client=a$below: $method is refused");
}

# points: before an ACL of a's, in b's own list

my $point = rc_below('/acls/acl=hidden') =~ s!^/data!!r
	=~ s!([/:=])!sprintf '%%%02X', ord $1!ger;

same('a point', 'PUT', rc_below('/acls/acl=own', $B) . "?insert=before&point=$point",
	body => $bacl =~ s/hidden/own/r);
same('a point', 'POST', rc_below('/acls', $B) . "?insert=after&point=$point",
	body => $bacl =~ s/hidden/new/r);

# YANG Patch: targets and points

sub patch {
	my (@edits) = @_;
	return '{"ietf-yang-patch:yang-patch":{"patch-id":"p","edit":['
		. join(',', map { qq!{"edit-id":"e",$_}! } @edits) . ']}}';
}

my $top = '/ietf-dots-data-channel:dots-data/dots-client=';
my $value = '"value":' . rc_alias('secret', $balias);

foreach (
	[ '/data', '"operation":"delete","target":"' . "$top$A\"" ],
	[ '/data', '"operation":"remove","target":"' . "$top$A\"" ],
	[ '/data', '"operation":"remove","target":"' . "$top$A/aliases/alias=secret\"" ],
	[ '/data', '"operation":"delete","target":"' . "$top$A/acls/acl=hidden\"" ],
	[ '/data', '"operation":"replace","target":"'
		. "$top$A/aliases/alias=secret\",$value" ],
	[ '/data', '"operation":"merge","target":"'
		. "$top$A/aliases/alias=secret\",$value" ],
	[ '/data', '"operation":"move","where":"first","target":"'
		. "$top$A/acls/acl=hidden\"" ],
	[ '/data', '"operation":"move","where":"before","target":"'
		. "$top$B/acls/acl=own\",\"point\":\"$top$A/acls/acl=hidden\"" ],
	[ $DATA, '"operation":"delete","target":"/dots-client=' . "$A\"" ],
	[ rc_below(), '"operation":"delete","target":"/"' ],
	[ rc_below('/aliases'), '"operation":"delete","target":"/alias=secret"' ],
) {
	my ($path, $edit) = @$_;
	same("$path, $edit", 'PATCH', $path, type => $PATCH, body => patch($edit));
}

# what would replace all that there is

foreach (
	[ 'PUT', '/data', '{"ietf-restconf:data":{"ietf-dots-data-channel:dots-data":'
		. "{\"dots-client\":[{\"cuid\":\"$A\"}]}}}" ],
	[ 'PATCH', '/data', '{"ietf-restconf:data":{"ietf-dots-data-channel:dots-data":'
		. "{\"dots-client\":[{\"cuid\":\"$A\"}]}}}" ],
	[ 'PUT', $DATA, '{"ietf-dots-data-channel:dots-data":'
		. "{\"dots-client\":[{\"cuid\":\"$A\"}]}}" ],
) {
	my ($method, $path, $body) = @$_;
	rc_is(rc($method, $path, cert => 'b', body => $body), [ 400, 404, 405, 409 ],
		"$method $path with a's cuid");
}

# A cuid is in use or it is not: that alone b can learn, as of its own

my @taken = map { answer(rc('POST', $DATA, cert => 'b', body => rc_client($_)))
	=~ s/\Q$B\E/$A/gr } ($B, $A);
is($taken[1], $taken[0], "POST of a's cuid is POST of one's own that is there");
rc_error(rc('PUT', rc_below(), cert => 'b', body => rc_client($A)), 409,
	'resource-denied', "PUT of a's cuid");

# reading everything that b can read

foreach my $path ('', '/data', $DATA, "$DATA?content=all", "$DATA?depth=9",
	"$DATA/dots-client", "$DATA/capabilities", '/operations',
	'/data/ietf-restconf-monitoring:restconf-state',
	'/data/ietf-yang-library:yang-library', '/data?fields=' . 'ietf-dots-data-channel:dots-data')
{
	$r = rc('GET', $path, cert => 'b');
	unlike($r->{head} . $r->{body}, qr/\Q$A\E|secret|hidden|198\.51\.100|"a"/,
		"nothing of a in $path");
}

# and nothing came of any of it

is(rc_tree(), $was, "a's data are what they were");
is(rc_etag(rc('GET', rc_below())), $tag, 'and so is their entity-tag');
is(rc_tree(cert => 'b'), $bwas, "b's, too");
is(rc_loud(), '', 'nothing above info in the log');

# who has no certificate is refused before anything is looked at

foreach (
	[ 'GET', rc_below() ], [ 'DELETE', rc_below() ], [ 'OPTIONS', '/data' ],
	[ 'GET', '/nosuch' ], [ 'GET', '' ], [ 'PUT', rc_below('', 'new') ],
) {
	my ($method, $path) = @$_;
	rc_error(rc($method, $path, cert => '', $method eq 'PUT'
		? (body => rc_client('new')) : ()), 401, 'access-denied',
		"without a certificate: $method $path");
}

###############################################################################
