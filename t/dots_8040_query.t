#!/usr/bin/perl

# RFC 8040 section 4.8: the query parameters, right, wrong, repeated and where they
# do not belong.

###############################################################################

use warnings;
use strict;

use Test::More;

BEGIN { use FindBin; chdir($FindBin::Bin); }

use lib 'lib';
use Test::DOTS;
use Test::DOTS::Restconf;
use Test::DOTS::Yang;
use Test::Nginx;

###############################################################################

select STDERR; $| = 1;
select STDOUT; $| = 1;

my $t = Test::Nginx->new()->has(qw/http http_ssl http_v2 stream udp/);

dots_has(qw/openssl/);
$t->plan(212);

rc_start($t);

###############################################################################

my ($r, $before);

my $client = rc_below();
my $aliases = rc_below('/aliases');
my $alias = "$aliases/alias=one";
my $acl = rc_below('/acls/acl=plain');

my $one = '{"name":"one","target-prefix":["198.51.100.1/32"],'
	. '"target-port-range":[{"lower-port":80,"upper-port":81}],'
	. '"target-protocol":[6]}';
my $two = '{"name":"two","target-prefix":["198.51.100.2/32"]}';

rc_is(rc_register($CUID), 201, 'a dots-client');
rc_is(rc('POST', $client, body => '{"ietf-dots-data-channel:aliases":{"alias":['
	. "$one,$two]}}"), 201, 'two aliases');

# ACLs: one that leaves the default to the server, one that says it

my $ace = '"aces":{"ace":[{"name":"r","matches":{"udp":{'
	. '"destination-port-range-or-operator":{"port":53}}},'
	. '"actions":{"forwarding":"ietf-access-control-list:drop"}}]}';

rc_is(rc('PUT', $acl, body => '{"ietf-dots-data-channel:acl":[{"name":"plain",'
	. "$ace}]}"), 201, 'an ACL without activation-type');
rc_is(rc('PUT', rc_below('/acls/acl=said'), body =>
	'{"ietf-dots-data-channel:acl":[{"name":"said",'
	. '"activation-type":"activate-when-mitigating",' . "$ace}]}"), 201,
	'an ACL that says the default');

$before = rc_tree();

# what is wrong on a data resource, whatever the parameter is

foreach (
	'content=', 'content', 'content=Config', 'content=CONFIG', 'content=non-config',
	'content=config,nonconfig', 'content=all&content=all',
	'content=config&content=all', 'Content=all', 'CONTENT=all', 
	'content=%20all', 'content=all%00', 'content=%', 'content=%zz', 'content==all',
	'content=all;depth=1', '%63ontent=al', 'content=all&', '&content=all',
	'content=all&&depth=1', '&', '=', '=all', 'unknown=1', 'unknown', 'x%00=1',
	'content=all&unknown=1', 'content=all%26depth=1',
	'depth', 'depth=', 'depth=0', 'depth=-1', 'depth=65536', 'depth=99999999999999999999',
	'depth=1.0', 'depth=1e0', 'depth=0x1', 'depth=%201', 'depth=1%20', 'depth=one',
	'depth=Unbounded', 'depth=unbounded1', 'depth=1&depth=1', 'depth=1&depth=2',
	'Depth=1',
	'fields', 'fields=', 'fields=;', 'fields=name;', 'fields=;name', 'fields=name;;name',
	'fields=/name', 'fields=name/', 'fields=a//b', 'fields=(name)', 'fields=name()',
	'fields=name(', 'fields=name)', 'fields=name(name', 'fields=name(name))',
	'fields=a(b)c', 'fields=a(b)/c', 'fields=a%20b', 'fields=1name', 'fields=*',
	'fields=..', 'fields=name%00', 'fields=%ff', 'fields=a:b:c', 'fields=:name',
	'fields=name&fields=name', 'Fields=name',
	'fields=' . 'a(' x 1000 . 'a' . ')' x 1000, 'fields=' . '(' x 3000,
	'with-defaults', 'with-defaults=', 'with-defaults=Trim', 'with-defaults=none',
	'with-defaults=report-all&with-defaults=report-all', 'with-defaults=trim,explicit',
	'filter=%2Fa', 'start-time=2026-01-01T00:00:00Z', 'stop-time=2026-01-01T00:00:00Z',
	'insert=first', 'point=%2Fa', 'insert=before&point=%2Fa',
) {
	my $shown = length $_ > 50 ? substr($_, 0, 50) . '...' : $_;
	rc_error(rc('GET', "$alias?$_"), 400, 'invalid-value', "GET ?$shown");
}

# where they do not belong: RFC 8040 has none of these for another method than
# GET and HEAD, nor "content" for what is no datastore and no data

foreach my $p ('content=all', 'depth=1', 'fields=name', 'with-defaults=trim') {
	foreach my $m (qw/ PUT PATCH DELETE /) {
		rc_error(rc($m, $alias . "?$p", $m eq 'DELETE' ? () : (body =>
			rc_alias('one'))), 400, 'invalid-value', "$m ?$p");
	}

	rc_error(rc('POST', "$aliases?$p", body => rc_alias('three')), 400,
		'invalid-value', "POST ?$p");
}

foreach my $path ('', '/operations', '/yang-library-version') {
	foreach my $p ('content=all', 'insert=first', 'filter=%2Fa',
		'start-time=2026-01-01T00:00:00Z', 'with-defaults=trim', 'x=y')
	{
		rc_error(rc('GET', "$path?$p"), 400, 'invalid-value', "$path: GET ?$p");
	}
}

# insert and point are for lists "ordered-by user" and for POST and PUT

my $point = 'point=' . (rc_below('/aliases/alias=one') =~ s!^/data!!r
	=~ s!([/:=])!sprintf '%%%02X', ord $1!ger);

foreach (
	[ 'PUT', $alias, rc_alias('one') ],
	[ 'PUT', $client, rc_client($CUID) ],
	[ 'POST', $aliases, rc_alias('three') ],
	[ 'POST', $DATA, rc_client('another') ],
	[ 'PATCH', $acl, '{"ietf-dots-data-channel:acl":[{"name":"plain"}]}' ],
	[ 'DELETE', $acl ],
	[ 'GET', $acl ],
	[ 'OPTIONS', $acl ],
) {
	my ($m, $path, $body) = @$_;
	foreach my $p ('insert=first', "insert=after&$point") {
		next if $m eq 'OPTIONS';
		rc_error(rc($m, "$path?$p", defined $body ? (body => $body) : ()), 400,
			'invalid-value', "$m " . ($path =~ m!([^/]*)$!)[0] . " ?$p");
	}
}

is(rc_tree(), $before, 'nothing has changed');

# content (4.8.1): what is asked for, and the keys

sub members {
	my ($v) = @_;
	return join ' ', sort keys %{ref $v eq 'HASH' ? $v : {}};
}

sub entry { return $_[0]{json}{'ietf-dots-data-channel:alias'}[0] }

is(members(entry(rc('GET', "$alias?content=config"))),
	'name target-port-range target-prefix target-protocol', 'content=config');
is(members(entry(rc('GET', "$alias?content=nonconfig"))),
	'name pending-lifetime', 'content=nonconfig');
is(members(entry(rc('GET', "$alias?content=all"))),
	'name pending-lifetime target-port-range target-prefix target-protocol',
	'content=all');
is(members(entry(rc('GET', $alias))),
	'name pending-lifetime target-port-range target-prefix target-protocol',
	'which is the default');
is(members(entry(rc('GET', "$alias?content=c%6Fnfig"))),
	'name target-port-range target-prefix target-protocol',
	'a value with escapes');
is(members(rc('GET', "$DATA?content=config")->{json}
	{'ietf-dots-data-channel:dots-data'}), 'dots-client',
	'content=config has no capabilities');
is(members(rc('GET', "$DATA?content=nonconfig")->{json}
	{'ietf-dots-data-channel:dots-data'}), 'capabilities dots-client',
	'content=nonconfig has them');
rc_is(rc('GET', "$DATA/capabilities?content=nonconfig"), 200,
	'content=nonconfig of state');
rc_error(rc('GET', "$alias/pending-lifetime?content=config"), [ 400, 404 ],
	'invalid-value', 'content=config of state');
is(rc('HEAD', "$alias?content=config")->{h}{'content-length'}[0],
	length rc('GET', "$alias?content=config")->{body}, 'HEAD takes it, too');
rc_is(rc('HEAD', "$alias?content=wrong"), 400, 'HEAD refuses what GET refuses');

# depth (4.8.2): the target has depth 1

rc_same(rc('GET', "$alias?content=config&depth=unbounded"),
	qq!{"ietf-dots-data-channel:alias":[$one]}!, 'depth=unbounded');
rc_same(rc('GET', "$alias?content=config&depth=65535"),
	qq!{"ietf-dots-data-channel:alias":[$one]}!, 'depth=65535');
rc_same(rc('GET', "$alias?content=config&depth=3"),
	qq!{"ietf-dots-data-channel:alias":[$one]}!, 'depth=3: all that there is');
rc_same(rc('GET', "$alias?depth=3&content=config"),
	qq!{"ietf-dots-data-channel:alias":[$one]}!, 'in any order');
is(members(entry(rc('GET', "$alias?content=config&depth=2"))) =~
	/^name target-port-range target-prefix target-protocol$|^name target-prefix target-protocol$/
	? 1 : 0, 1, 'depth=2: the members');
unlike(rc('GET', "$alias?depth=2")->{body}, qr/upper-port/,
	'depth=2: what is below them is not there');
rc_same(rc('GET', "$aliases?depth=1"), '{"ietf-dots-data-channel:aliases":{}}',
	'depth=1 of a container');
$r = rc('GET', "$aliases?depth=2");
rc_same($r, '{"ietf-dots-data-channel:aliases":{"alias":[]}}',
	'depth=2 of it: a list at the limit is empty, as in figure 34 of RFC 9244');
$r = rc('GET', "$aliases?depth=3");
like($r->{body}, qr/target-prefix/, 'depth=3 has them');
like($r->{body}, qr/"target-port-range": ?\[\]/, 'but nothing below');
$r = rc('GET', '?depth=1');
rc_is($r, 200, 'depth of the API resource');
$r = rc('GET', '/data?depth=1');
rc_same($r, '{"ietf-restconf:data":{}}', 'depth=1 of the datastore');
rc_same(rc('GET', "$acl/activation-type?depth=1"),
	'{"ietf-dots-data-channel:activation-type":"activate-when-mitigating"}',
	'depth=1 of a leaf');

# fields (4.8.3): the target, pruned

foreach (
	[ $alias, 'name', '{"ietf-dots-data-channel:alias":[{"name":"one"}]}' ],
	[ $alias, 'name;target-protocol',
		'{"ietf-dots-data-channel:alias":[{"name":"one","target-protocol":[6]}]}' ],
	[ $alias, 'target-port-range/lower-port;name',
		'{"ietf-dots-data-channel:alias":[{"name":"one",'
		. '"target-port-range":[{"lower-port":80}]}]}' ],
	[ $alias, 'name;target-port-range(lower-port)',
		'{"ietf-dots-data-channel:alias":[{"name":"one",'
		. '"target-port-range":[{"lower-port":80}]}]}' ],
	[ $alias, 'name;target-port-range(lower-port;upper-port)',
		'{"ietf-dots-data-channel:alias":[{"name":"one",'
		. '"target-port-range":[{"lower-port":80,"upper-port":81}]}]}' ],
	[ $alias, 'name;target-port-range',
		'{"ietf-dots-data-channel:alias":[{"name":"one",'
		. '"target-port-range":[{"lower-port":80,"upper-port":81}]}]}' ],
	[ $alias, 'name%3Btarget-protocol',
		'{"ietf-dots-data-channel:alias":[{"name":"one","target-protocol":[6]}]}' ],
	[ $alias, 'name;name', '{"ietf-dots-data-channel:alias":[{"name":"one"}]}' ],
	[ $aliases, 'alias/name',
		'{"ietf-dots-data-channel:aliases":{"alias":[{"name":"one"},{"name":"two"}]}}' ],
	[ $aliases, 'alias(name;target-protocol)',
		'{"ietf-dots-data-channel:aliases":{"alias":[{"name":"one",'
		. '"target-protocol":[6]},{"name":"two"}]}}' ],
	[ $DATA, 'dots-client(cuid;aliases/alias/name)',
		'{"ietf-dots-data-channel:dots-data":{"dots-client":[{"cuid":'
		. "\"$CUID\"" . ',"aliases":{"alias":[{"name":"one"},{"name":"two"}]}}]}}' ],
	[ '/data', 'ietf-dots-data-channel:dots-data/dots-client/cuid',
		'{"ietf-restconf:data":{"ietf-dots-data-channel:dots-data":'
		. '{"dots-client":[{"cuid":' . "\"$CUID\"" . '}]}}}' ],
	[ "$DATA/capabilities", 'rate-limit',
		'{"ietf-dots-data-channel:capabilities":{"rate-limit":false}}' ],
) {
	my ($path, $fields, $want) = @$_;
	rc_same(rc('GET', "$path?fields=$fields"), $want, "fields=$fields");
}

$r = rc('GET', "$alias?fields=nosuch");
rc_is($r, [ 200, 400 ], 'a field that the schema does not have');
unlike($r->{body}, qr/198\.51/, 'selects nothing');
rc_same(rc('GET', "$aliases?fields=alias/name&depth=1"),
	'{"ietf-dots-data-channel:aliases":{"alias":[{"name":"one"},{"name":"two"}]}}',
	'fields and depth: what is named has depth 1');
rc_same(rc('GET', "$alias?fields=name;pending-lifetime&content=config"),
	'{"ietf-dots-data-channel:alias":[{"name":"one"}]}', 'fields and content');

# with-defaults (4.8.9): the default of activation-type

my $value = '"activate-when-mitigating"';
my ($basic) = rc('GET',
	'/data/ietf-restconf-monitoring:restconf-state/capabilities')->{body}
	=~ /defaults:1\.0\?basic-mode=([a-z-]+)/;

$basic ||= 'explicit';

sub acl_of {
	my ($name, $mode) = @_;
	my $r = rc('GET', rc_below("/acls/acl=$name?content=config")
		. ($mode ? "&with-defaults=$mode" : ''));
	return ref $r->{json} ? $r->{json}{'ietf-dots-data-channel:acl'}[0] || {} : {};
}

foreach (
	[ 'plain', 'report-all', 1 ], [ 'plain', 'trim', 0 ], [ 'plain', 'explicit', 0 ],
	[ 'plain', 'report-all-tagged', 1 ],
	[ 'said', 'report-all', 1 ], [ 'said', 'trim', 0 ], [ 'said', 'explicit', 1 ],
	[ 'said', 'report-all-tagged', 1 ],
) {
	my ($name, $mode, $there) = @$_;
	my $got = acl_of($name, $mode);

	is($got->{'activation-type'} // 'none',
		$there ? 'activate-when-mitigating' : 'none', "$mode: $name");

	# RFC 6243 section 3.4: what a server takes for a default follows from its
	# basic mode

	is(ref $got->{'@activation-type'} ? rc_text($got->{'@activation-type'}) : '',
		$mode =~ /tagged/ && ($name eq 'plain' || $basic ne 'explicit')
		? '{"ietf-netconf-with-defaults:default":true}' : '',
		"$mode: the tag of $name");
}

is(acl_of('plain', 'report-all')->{aces}{ace}[0]{matches}{udp}
	{'destination-port-range-or-operator'}{operator} // '', 'eq',
	'report-all: a default far below');
is(acl_of('plain', 'trim')->{aces}{ace}[0]{matches}{udp}
	{'destination-port-range-or-operator'}{operator} // 'none', 'none',
	'trim: it is not there');

# 3.5.4: a leaf with a default that nobody has set is there by itself

rc_same(rc('GET', "$acl/activation-type"),
	qq!{"ietf-dots-data-channel:activation-type":$value}!,
	'GET of a leaf that has its default');
rc_same(rc('GET', "$acl/activation-type?with-defaults=trim"),
	qq!{"ietf-dots-data-channel:activation-type":$value}!,
	'whatever the mode is');

my $tag = '"@ietf-dots-data-channel:activation-type":'
	. '{"ietf-netconf-with-defaults:default":true}';

rc_same(rc('GET', "$acl/activation-type?with-defaults=report-all-tagged"),
	qq!{"ietf-dots-data-channel:activation-type":$value,$tag}!,
	'report-all-tagged: its tag (RFC 6243 section 3.4)');
like(rc('GET', "$acl/activation-type?with-defaults=report-all-tagged",
	accept => 'application/yang-data+xml')->{body},
	qr!^<activation-type xmlns="[^"]*" xmlns:wd="urn:ietf:params:xml:ns:netconf:default:1.0" wd:default="true">activate-when-mitigating</activation-type>$!,
	'report-all-tagged: its tag in XML (RFC 8040 section 5.3.1)');

# all of them are read by libyang, those of XML here

foreach my $of ("$acl/activation-type", $acl, rc_below('/acls')) {
	dots_yang_ok($of, rc('GET', "$of?with-defaults=report-all-tagged",
		accept => 'application/yang-data+xml')->{body},
		'tags in XML: ' . ($of =~ m!([^/]+)$!)[0]);
	rc_is(rc('GET', "$of?with-defaults=report-all-tagged"), 200, 'and in JSON');
}

rc_same(rc('GET', rc_below(
	'/acls/acl=said/activation-type?with-defaults=report-all-tagged')),
	qq!{"ietf-dots-data-channel:activation-type":$value}!,
	'report-all-tagged: what was said has none');

# 4.8.1: below an ACL, too, configuration is nowhere among state

rc_same(rc('GET', "$acl/aces?content=nonconfig"),
	'{"ietf-dots-data-channel:aces":{"ace":[{"name":"r"}]}}',
	'content=nonconfig of a container has no empty containers');
rc_same(rc('GET', "$acl/aces/ace=r?content=nonconfig"),
	'{"ietf-dots-data-channel:ace":[{"name":"r"}]}',
	'content=nonconfig of an ace, neither');

is(rc_tree(), $before, 'nothing has changed');

###############################################################################
