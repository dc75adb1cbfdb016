#!/usr/bin/perl

# RFC 8040 sections 4.8.5 and 4.8.6: the order of ACLs and of their entries, by
# POST and by PUT; what "point" can be; erratum 6277.

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

my ($r, $before);

my $client = rc_below();
my $acls = "$client/acls";
my $aces = "$acls/acl=f/aces";

rc_is(rc_register($CUID), 201, 'a dots-client');

sub acls { return rc_names($acls, 'ietf-dots-data-channel:acls', 'acl') }
sub aces { return rc_names($aces, 'ietf-dots-data-channel:aces', 'ace') }

sub ace {
	my ($name) = @_;
	return qq!{"ietf-dots-data-channel:ace":[{"name":"$name","matches":{"ipv4":{!
		. '"destination-ipv4-network":"198.51.100.0/25"}},"actions":{'
		. '"forwarding":"ietf-access-control-list:drop"}}]}';
}

# A path below {+restconf}/data as a value: as in B.3 of RFC 8040; with $whole
# a whole one, as in 4.8.6, after an origin or none
sub point {
	my ($path, $whole) = @_;
	defined $whole ? $path =~ s!^!$whole/restconf! : $path =~ s!^/data!!;
	$path =~ s!([^A-Za-z0-9._~-])!sprintf '%%%02X', ord $1!ge;
	return "point=$path";
}

foreach (
	[ 'ACLs', $acls, 'acl', \&rc_acl, \&acls ],
	[ 'ACEs', $aces, 'ace', \&ace, \&aces ],
) {
	my ($what, $list, $node, $body, $names) = @$_;

	rc('PUT', "$acls/acl=f", body => rc_acl('f', [])) if $node eq 'ace';
	rc('DELETE', $acls) if $node eq 'acl';
	rc('PUT', $list, body => '{"ietf-dots-data-channel:aces":{"ace":[]}}')
		if $node eq 'ace';

	# by PUT and by POST: in the order of their creation without "insert"

	rc_is(rc('PUT', "$list/$node=$_", body => $body->($_)), 201, "$what: $_")
		foreach qw/ a b /;
	rc_is(rc('POST', $list, body => $body->('c')), 201, "$what: c");
	is($names->(), 'a b c', "$what: the last one is the last");

	foreach my $method (qw/ PUT POST /) {
		foreach (
			[ 'insert=first', 'n a b c' ],
			[ 'insert=last', 'a b c n' ],
			[ 'insert=before&' . point("$list/$node=a"), 'n a b c' ],
			[ 'insert=before&' . point("$list/$node=b"), 'a n b c' ],
			[ 'insert=after&' . point("$list/$node=b"), 'a b n c' ],
			[ point("$list/$node=c") . '&insert=after', 'a b c n' ],
			[ 'insert=after&' . point("$list/$node=a", ''), 'a n b c' ],
			[ 'insert=after&' . point("$list/$node=a", 'https://localhost'),
				'a n b c' ],
			[ 'insert=%66irst', 'n a b c' ],
		) {
			my ($query, $want) = @$_;
			my ($shown) = $query =~ /(insert=[^&]*)/;

			$r = rc($method, $method eq 'PUT' ? "$list/$node=n?$query"
				: "$list?$query", body => $body->('n'));
			rc_is($r, 201, "$what: $method $shown");
			is($names->(), $want, "$what: $method $shown: the order");
			rc('DELETE', "$list/$node=n");
		}
	}

	# PUT of what is there moves it, with "insert" only (erratum 6277)

	$before = rc_tree();

	foreach (
		[ 'a', '', 'a b c' ], [ 'b', '', 'a b c' ],
		[ 'b', 'insert=first', 'b a c' ], [ 'b', '', 'b a c' ],
		[ 'b', 'insert=last', 'a c b' ],
		[ 'a', 'insert=after&' . point("$list/$node=c"), 'c a b' ],
		[ 'c', 'insert=before&' . point("$list/$node=a"), 'c a b' ],
		[ 'b', 'insert=before&' . point("$list/$node=c"), 'b c a' ],
		[ 'a', 'insert=first', 'a b c' ],
	) {
		my ($name, $query, $want) = @$_;
		rc_is(rc('PUT', "$list/$node=$name" . ($query && "?$query"),
			body => $body->($name)), 204, "$what: PUT of $name");
		is($names->(), $want, "$what: now it is $want");
	}

	is(rc_tree(), $before, "$what: all is as it was");

	# what "point" and "insert" cannot be

	my $p = point("$list/$node=a");
	my $other = $node eq 'ace' ? "$acls/acl=f" : "$client/aliases/alias=x";

	foreach (
		[ 'no point', 'insert=before' ],
		[ 'no insert', $p ],
		[ 'a point for first', "insert=first&$p" ],
		[ 'a point for last', "insert=last&$p" ],
		[ 'an empty point', 'insert=before&point=' ],
		[ 'a point that is not there', 'insert=before&'
			. point("$list/$node=none") ],
		[ 'a point of another list', 'insert=before&' . point($other) ],
		[ "a point in another's list", 'insert=before&'
			. (point("$list/$node=a") =~ s/\Q$CUID\E/$CUID2/r) ],
		[ 'a point without its key', 'insert=before&' . point("$list/$node") ],
		[ 'the list as a point', 'insert=before&' . point($list) ],
		[ 'a leaf as a point', 'insert=before&' . point("$list/$node=a/name") ],
		[ 'a bare name', 'insert=before&point=a' ],
		[ 'a point of data', 'insert=before&point=%2Frestconf%2Fdata' ],
		[ 'a point of nothing', 'insert=before&point=%2Frestconf%2Fdata%2F' ],
		[ 'a point of another root', 'insert=before&'
			. (point("$list/$node=a", '') =~ s/restconf/restcom/r) ],
		[ 'a point with a bad escape', 'insert=before&point=%zz' ],
		[ 'a point with a query', "insert=before&$p%3Fx%3D1" ],
		[ 'a point with NUL', "insert=before&$p%00" ],
		[ 'a point of dots', 'insert=before&' . point("$list/../acls/acl=a") ],
		[ 'insert twice', "insert=before&insert=before&$p" ],
		[ 'point twice', "insert=before&$p&$p" ],
		[ 'an unknown insert', "insert=Before&$p" ],
		[ 'insert without value', "insert&$p" ],
	) {
		my ($name, $query) = @$_;

		rc_error(rc('PUT', "$list/$node=n?$query", body => $body->('n')),
			[ 400, 404 ], [ 'invalid-value', 'bad-attribute' ], "$what: $name");
		rc_error(rc('POST', "$list?$query", body => $body->('n')),
			[ 400, 404 ], [ 'invalid-value', 'bad-attribute' ],
			"$what: POST, $name");
	}

	rc_error(rc('PUT', "$list/$node=n?insert=after&" . point("$list/$node=n"),
		body => $body->('n')), [ 400, 404 ], [ 'invalid-value', 'bad-attribute' ],
		"$what: a new one after itself");
	is(rc_tree(), $before, "$what: what was refused changed nothing");
}

# the order outlives a restart

is(acls(), 'a b c f', 'the ACLs');
rc('PUT', "$acls/acl=f?insert=first", body => rc_acl('f', [ 'z', 'y', 'x' ]));
rc_forget();
$t->stop();
$t->run();
$t->waitforsocket('127.0.0.1:' . port(8443)) or die;
is(acls(), 'f a b c', 'after a restart');
is(aces(), 'z y x', 'and the entries');

###############################################################################
