#!/usr/bin/perl

# Gateways on the data channel: RFC 8783 sections 3.3, 3.4, 5.1, 6.1 and 7.2, RFC
# 9132 section 4.4.1.2.  A cdid counts only where a trusted gateway has put it;
# what it relays is about the client whose dots-client it has registered.

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

dots_has(qw/cbor openssl/);
$t->plan(60);

# two gateways: "b" asks for others only, "s" for itself, too

rc_start($t, http => 'dots_via dots.example.net gw-east;', customers => <<'EOF');
    customer a {
        identity  dns:client.example.com;
        prefix    203.0.113.0/24;
        mitigate  rtbh;
    }

    customer gw {
        identity  dns:client.example.net;
        gateway;
    }

    customer own {
        identity  dns:stranger.example.org;
        prefix    192.0.2.0/24;
        gateway;
        mitigate  rtbh;
    }

    customer relayed {
        identity  cdid:7eeaf349529eb55ed50113 cdid:other-of-the-same;
        prefix    198.51.100.0/24;
        mitigate  rtbh;
        limits    aliases=2;
    }

    customer elsewhere {
        identity  cdid:elsewhere;
        prefix    192.0.3.0/24;
        mitigate  rtbh;
    }
EOF

###############################################################################

my $r;
my @b = (cert => 'b');
my @s = (cert => 'stranger');
my $client = rc_below();

sub client {
	my ($cuid, $cdid) = @_;
	return qq!{"ietf-dots-data-channel:dots-client":[{"cuid":"$cuid"!
		. (defined $cdid ? qq!,"cdid":"$cdid"! : '') . '}]}';
}

# ---- a client's own cdid is nothing ----

rc_is(rc('POST', $DATA, body => client('cuid-of-a', 'elsewhere')), 201,
	"a client's cdid is ignored (RFC 9132 4.4.1.2)");
rc_same(rc('GET', rc_below('', 'cuid-of-a') . '?content=config'),
	client('cuid-of-a'), 'and not kept');
rc_error(rc('PUT', rc_below('/aliases/alias=x', 'cuid-of-a'),
	body => rc_alias('x', '"target-prefix":["192.0.3.1/32"]')), 400,
	'invalid-value', 'it gives nobody the prefixes of another');
rc_is(rc('PUT', rc_below('/aliases/alias=x', 'cuid-of-a'),
	body => rc_alias('x', '"target-prefix":["203.0.113.1/32"]')), 201,
	'which has its own');

# ---- what a gateway relays before anything is registered: 403 ----

my $alias = rc_below('/aliases/alias=www');

rc_error(rc('PUT', $alias, @b, body => rc_alias('www')), 403, 'access-denied',
	'6.1: no cdid is kept for the cuid');
rc_error(rc('POST', $client, @b, body => '{"ietf-dots-data-channel:aliases":{'
	. '"alias":[{"name":"x","target-prefix":["198.51.100.1/32"]}]}}'), 403,
	'access-denied', '6.1: POST');
rc_error(rc('POST', $client, @b, body => '{"ietf-dots-data-channel:acls":{'
	. '"acl":[{"name":"x"}]}}'), 403, 'access-denied', '7.2: POST');
rc_error(rc($_, $alias, @b), 403, 'access-denied', "$_, too")
	foreach qw/ GET DELETE /;
rc_error(rc('PUT', $client, @b, body => client($CUID)), 403, 'access-denied',
	'registering without a cdid');
rc_error(rc('POST', $DATA, @b, body => client($CUID)), 403, 'access-denied',
	'by POST, too');
rc_error(rc('POST', $DATA, @b, body => client($CUID, 'nobody')), 403,
	'access-denied', 'with a cdid that nobody has');

# what is another's is as what is not there

$r = rc('GET', rc_below('', 'cuid-of-a'), @b);
rc_error($r, 403, 'access-denied', "a's dots-client through the gateway");
is($r->{body}, rc('GET', rc_below('', 'cuid-of-x'), @b)->{body},
	'is what is not there');

# ---- registered (Figures 12, 13) ----

rc_is(rc('POST', $DATA, @b, body => client($CUID, '7eeaf349529eb55ed50113')), 201,
	'Figure 13: registered by POST');
rc_error(rc('POST', $DATA, @b, body => client($CUID, 'other-of-the-same')), 409,
	'resource-denied', 'again');
rc_error(rc('POST', $DATA, @b, body => client($CUID, 'elsewhere')), 409,
	'resource-denied', 'nor for another domain');
rc_is(rc('PUT', $client, @b, body => client($CUID, 'other-of-the-same')), 204,
	'PUT: cdids of one customer are equivalent');
rc_error(rc('PUT', $client, @b, body => client($CUID, 'elsewhere')), 409,
	'resource-denied', 'PUT for another domain');
rc_is(rc('PUT', $client, @b, body => client($CUID)), 204,
	'PUT without cdid: the association is kept');
rc_is(rc('PUT', rc_below('', $CUID2), @b, body => client($CUID2, 'elsewhere')),
	201, 'a client of another domain');

# ---- aliases and ACLs without cdid, of the client's prefixes and limits ----

rc_is(rc('PUT', $alias, @b, body => rc_alias('www')), 201, '6.1: an alias');
rc_same(rc('GET', "$alias?content=config", @b), rc_alias('www'), 'is there');
rc_error(rc('PUT', $alias, @b, body => rc_alias('www',
	'"target-prefix":["192.0.3.1/32"]')), 400, 'invalid-value',
	'not with the prefixes of another');
rc_is(rc('PUT', rc_below('/aliases/alias=www', $CUID2), @b, body => rc_alias('www',
	'"target-prefix":["192.0.3.1/32"]')), 201, "the other domain's");
rc_is(rc('PUT', rc_below('/aliases/alias=two'), @b, body => rc_alias('two')), 201,
	'a second alias');
rc_error(rc('PUT', rc_below('/aliases/alias=three'), @b, body => rc_alias('three')),
	409, 'resource-denied', 'the limit is that of the domain');
rc_is(rc('PUT', rc_below('/acls/acl=f'), @b, body => rc_acl('f')), 201,
	'7.2: an ACL');

# the signal channel has the same client

my $g = dots_session($t, cert => 'b');
my $m = $g->request(method => 'PUT', body => dots_mitigate(alias => [ 'www' ],
	lifetime => 600), path => [ '.well-known', 'dots', 'mitigate',
	'cdid=7eeaf349529eb55ed50113', "cuid=$CUID", 'mid=1' ]);
is($m->{code}, '2.01', 'a mitigation by the alias, relayed');
undef $g;

# ---- nothing of it is the gateway's own, nor another gateway's client ----

rc_same(rc('GET', "$DATA?content=config", @b),
	'{"ietf-dots-data-channel:dots-data":{}}', 'the gateway itself has nothing');
rc_error(rc('GET', rc_below('', 'cuid-of-a'), @b), 403, 'access-denied',
	"a's is still not there");
rc_is(rc('GET', $alias, @s), 200,
	'another gateway that is trusted relays for the same client');

# ---- a gateway with prefixes asks for itself where no cdid is there ----

rc_is(rc('POST', $DATA, @s, body => client('cuid-of-s')), 201, 'for itself');
rc_is(rc('PUT', rc_below('/aliases/alias=s', 'cuid-of-s'), @s,
	body => rc_alias('s', '"target-prefix":["192.0.2.1/32"]')), 201, 'its alias');
rc_error(rc('GET', rc_below('', 'cuid-of-x'), @s), 404, 'invalid-value',
	'what is not there is 404, as it asks for itself');
rc_error(rc('GET', rc_below('', 'cuid-of-a'), @s), 404, 'invalid-value',
	"a's likewise");
rc_error(rc('GET', rc_below('', 'cuid-of-s'), @b), 403, 'access-denied',
	'and its own is no client of the other gateway');

# ---- it lasts, and ends with the client ----

dots_reload($t);
rc_forget();
rc_is(rc('GET', $alias, @b), 200, 'after a reload');
$t->stop();
$t->run();
$t->waitforsocket('127.0.0.1:' . port(8443)) or die;
rc_forget();
rc_is(rc('GET', $alias, @b), 200, 'after a restart');
rc_is(rc('DELETE', $client, @b), 204, '5.2: de-registered');
rc_error(rc('GET', $alias, @b), 403, 'access-denied', 'nothing is kept for it');

# ---- loops (3.4): our own names in Via ----

foreach (
	'1.1 dots.example.net', 'HTTP/1.1 DOTS.example.net:443 (x, y)',
	'1.0 fred, 1.1 gw-east (nginx)',
) {
	$r = rc('GET', '/data', headers => [ "Via: $_" ]);
	rc_error($r, 508, 'operation-failed', "Via: $_", app_tag => 'loop-detected');
	my ($e) = @{($r->{json} || {})->{'ietf-restconf:errors'}{error} || []};
	is(rc_text($e->{'error-info'} || {}), rc_text({ 'via-header' => $_ }),
		'with a copy of the field');
}

$r = rc('PUT', rc_below('', 'looped'), body => rc_client('looped'),
	headers => [ 'Via: 1.0 fred', 'Via: 1.1 gw-east' ]);
rc_error($r, 508, 'operation-failed', 'two lines are one field',
	app_tag => 'loop-detected');
rc_error(rc('GET', rc_below('', 'looped')), 404, 'invalid-value',
	'and nothing was done');

foreach ('1.1 fred', '1.1 dots.example.netx', '1.1 x (1.1 gw-east)', '1.1', ',',
	'gw-east', '"', '1.1 ' . 'x' x 4000)
{
	rc_is(rc('GET', '/data', headers => [ "Via: $_" ]), 200,
		'Via: ' . substr($_, 0, 40));
}

rc_error(rc('GET', '/data', cert => '', headers => [ 'Via: 1.1 gw-east' ]), 401,
	'access-denied', 'who is nobody learns no name');

like($t->read_file('dots.log'), qr/"customer":\s*"relayed"/,
	'the audit log says for whom it was');
is(rc_loud(), '', 'nothing above info in the log');

undef $t;

###############################################################################
