#!/usr/bin/perl

# Figures 11 to 38 of RFC 8783 in their order, as they are printed (line ends of
# the paths joined, the Host is ours), by a client of raw bytes; what comes back
# is compared as data.

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
$t->plan(62);

rc_start($t);

###############################################################################

my $C1 = rc_below('', $CUID);
my $C2 = rc_below('', $CUID2);
my ($r, $got);

# A figure's request: method, target below {+restconf}, body.  The headers are
# those of the figures.
sub figure {
	my ($method, $target, $body) = @_;
	return $r = defined $body ? rc($method, $target, body => $body)
		: rc($method, $target, $method eq 'GET' ? (accept => $JSON) : ());
}

# What pending-lifetime is depends on when it is asked: it is taken out, and
# looked at by itself
sub lifetimes {
	my ($v) = @_;

	return map { lifetimes($_) } @$v if ref $v eq 'ARRAY';
	return () unless ref $v eq 'HASH';

	my $here = delete $v->{'pending-lifetime'};

	return (defined $here ? $here : (), map { lifetimes($v->{$_}) }
		sort keys %$v);
}

sub is_week {
	my ($lifetimes, $n, $name) = @_;
	is(join(' ', map { /^(?:10080|10079)$/ ? 'a week' : $_ } @$lifetimes),
		join(' ', ('a week') x $n), $name);
}

# Section 5.1

figure('POST', $DATA, '
    {
      "ietf-dots-data-channel:dots-client": [
        {
          "cuid": "string"
        }
      ]
    }
');
rc_is($r, 201, 'Figure 11');
like(($r->{h}{location} || [''])->[0],
	qr!/restconf\Q$DATA\E/dots-client=string$!, 'Figure 11: Location');

# A server ignores the cdid of a client that is no gateway (RFC 9132 4.4.1.2)

figure('POST', $DATA, '
    {
      "ietf-dots-data-channel:dots-client": [
        {
          "cuid": "string2",
          "cdid": "string"
        }
      ]
    }
');
rc_is($r, 201, 'Figure 12');
rc_same(figure('GET', rc_below('', 'string2') . '?content=config'),
	'{"ietf-dots-data-channel:dots-client":[{"cuid":"string2"}]}',
	'Figure 12: the cdid of a client is not kept');

figure('POST', $DATA, '
    {
      "ietf-dots-data-channel:dots-client": [
        {
          "cuid": "dz6pHjaADkaFTbjr0JGBpw",
          "cdid": "7eeaf349529eb55ed50113"
        }
      ]
    }
');
rc_is($r, 201, 'Figure 13');
rc_error(figure('POST', $DATA, rc_client($CUID)), 409, 'resource-denied',
	'Figure 13: it exists');
rc_error(figure('POST', $DATA, '{"ietf-dots-data-channel:dots-client":[{}]}'),
	400, 'missing-attribute', 'without cuid');
rc_error(figure('POST', $DATA, '{"ietf-dots-data-channel:dots-client":['
	. '{"cuid":"x1"},{"cuid":"x2"}]}'), 400,
	[ 'invalid-value', 'malformed-message', 'bad-element' ],
	'two at once MUST be rejected');
rc_error(figure('GET', rc_below('', 'x1')), 404, 'invalid-value',
	'none of them is there');

figure('PUT', $C1, '
    {
      "ietf-dots-data-channel:dots-client": [
        {
          "cuid": "dz6pHjaADkaFTbjr0JGBpw"
        }
      ]
    }
');
rc_is($r, 204, 'Figure 14, of one that is there');
rc_is(figure('PUT', $C2, rc_client($CUID2)), 201, 'Figure 14, of a new one');

# Section 5.2

rc_is(figure('DELETE', $C1), 204, 'Figure 15');
rc_error(figure('DELETE', $C1), 404, 'invalid-value', 'Figure 15, again');
rc_error(figure('GET', $C1), 404, 'invalid-value', 'it is gone');

# Section 6.1: Figure 16 is the schema of which Figure 17 is an instance

my $https1 = '
   {
     "ietf-dots-data-channel:aliases": {
       "alias": [
         {
           "name": "https1",
           "target-protocol": [
             6
           ],
           "target-prefix": [
             "2001:db8:6401::1/128",
             "2001:db8:6401::2/128"
           ],
           "target-port-range": [
             {
               "lower-port": 443
             }
           ]
         }
       ]
     }
   }
';

rc_error(figure('POST', $C1, $https1), 404, 'invalid-value',
	'Figure 17, of a client that is not registered');
rc_is(figure('POST', $DATA, rc_client($CUID)), 201, 'registered again');
rc_is(figure('POST', $C1, $https1), 201, 'Figure 17');
like(($r->{h}{location} || [''])->[0],
	qr!/restconf\Q$C1\E/aliases(?:/alias=https1)?$!, 'Figure 17: Location');
rc_error(figure('POST', $C1, $https1), 409, 'resource-denied',
	'Figure 17, again: the name exists');

# what is wrong with an alias

foreach (
	[ 'without the mandatory name', 'missing-attribute',
		'"target-prefix":["2001:db8:6401::1/128"]' ],
	[ 'without any target', 'missing-attribute',
		'"name":"x","target-protocol":[6]' ],
	[ 'loopback', 'invalid-value', '"name":"x","target-prefix":["127.0.0.0/8"]' ],
	[ 'multicast', 'invalid-value', '"name":"x","target-prefix":["ff02::1/128"]' ],
	[ 'outside the domain', 'invalid-value',
		'"name":"x","target-prefix":["203.0.113.0/24"]' ],
	[ 'a prefix longer than 32', 'invalid-value',
		'"name":"x","target-prefix":["198.51.100.0/33"]' ],
	[ 'an unknown parameter', 'unknown-element',
		'"name":"x","target-prefix":["198.51.100.1/32"],"oops":1' ],
) {
	my ($name, $tag, $entry) = @$_;
	rc_error(figure('POST', $C1,
		qq!{"ietf-dots-data-channel:aliases":{"alias":[{$entry}]}}!), 400, $tag,
		"an alias: $name");
}

rc_is(figure('DELETE', "$C1/aliases/alias=https1"), 204, 'https1 goes');

# Section 6.2: the two aliases of Figure 19

my $servers = '
     "ietf-dots-data-channel:aliases": {
       "alias": [
         {
           "name": "Server1",
           "target-protocol": [
             6
           ],
           "target-prefix": [
             "2001:db8:6401::1/128",
             "2001:db8:6401::2/128"
           ],
           "target-port-range": [
             {
               "lower-port": 443
             }
           ]
         },
         {
           "name": "Server2",
           "target-protocol": [
             6
           ],
           "target-prefix": [
             "2001:db8:6401::10/128",
             "2001:db8:6401::20/128"
           ],
           "target-port-range": [
             {
               "lower-port": 80
             }
           ]
         }
       ]
     }
';

rc_is(figure('POST', $C1, "{$servers}"), 201, 'the aliases of Figure 19');

figure('GET', "$C1/aliases?content=all");
my @lifetimes = lifetimes($r->{json});
rc_same($r, "{$servers}", 'Figures 18, 19');
is_week(\@lifetimes, 2, 'Figure 19: pending-lifetime of each, in minutes');

figure('GET', "$C1/aliases/alias=Server2?content=all");
@lifetimes = lifetimes($r->{json});
rc_same($r, '{"ietf-dots-data-channel:alias":[{"name":"Server2",'
	. '"target-protocol":[6],"target-prefix":["2001:db8:6401::10/128",'
	. '"2001:db8:6401::20/128"],"target-port-range":[{"lower-port":80}]}]}',
	'Figure 20: the entry, as RFC 8040 has it');
is_week(\@lifetimes, 1, 'Figure 20: with its lifetime');
rc_error(figure('GET', "$C1/aliases/alias=Server3?content=all"), 404,
	'invalid-value', 'Figure 20, of an alias that is not there');

# Section 6.3

rc_is(figure('DELETE', "$C1/aliases/alias=Server1"), 204, 'Figure 21');
rc_error(figure('DELETE', "$C1/aliases/alias=Server1"), 404, 'invalid-value',
	'Figure 21, again');

# Section 7.1: what is supported follows from the mitigators; the shape is that
# of Figure 23, with the identities' module

rc_is(figure('GET', "$DATA/capabilities"), 200, 'Figure 22');
$got = ($r->{json} || {})->{'ietf-dots-data-channel:capabilities'} || {};
is(join(' ', sort @{$got->{'address-family'} || []}), 'ipv4 ipv6',
	'Figure 23: address-family');
is(join(' ', grep { !/^ietf-access-control-list:(?:drop|accept)$/ }
	@{$got->{'forwarding-actions'} || [ 'none' ]}), '',
	'Figure 23: forwarding-actions, with their module');
is(ref $got->{'rate-limit'}, 'JSON::PP::Boolean', 'Figure 23: rate-limit');
is(ref $got->{ipv4}{'destination-prefix'}, 'JSON::PP::Boolean',
	'Figure 23: destination-prefix');

# Section 7.2

my $acl24 = '
    {
     "ietf-dots-data-channel:acls": {
       "acl": [
         {
           "name": "sample-ipv4-acl",
           "type": "ipv4-acl-type",
           "activation-type": "activate-when-mitigating",
           "aces": {
             "ace": [
               {
                 "name": "rule1",
                 "matches": {
                   "ipv4": {
                     "destination-ipv4-network": "198.51.100.0/24",
                     "source-ipv4-network": "192.0.2.0/24"
                   }
                 },
                 "actions": {
                   "forwarding": "drop"
                 }
               }
             ]
           }
         }
       ]
     }
    }
';
rc_is(figure('POST', $C1, $acl24), 201, 'Figure 24');
rc_error(figure('POST', $C1, $acl24), 409, 'resource-denied',
	'Figure 24, again');

# Figures 25 to 31: two cuids are mixed up in the figures (26 asks for what 25
# gave to another); both are used for all of it

my $acl25 = '
         {
           "name": "test-acl-ipv6-udp",
           "type": "ipv6-acl-type",
           "activation-type": "immediate",
           "aces": {
             "ace": [
               {
                 "name": "my-test-ace",
                 "matches": {
                   "ipv6": {
                     "destination-ipv6-network": "2001:db8:6401::2/127",
                     "source-ipv6-network": "2001:db8:1234::/96",
                     "protocol": 17,
                     "flow-label": 10000
                   },
                   "udp": {
                     "source-port-range-or-operator": {
                       "operator": "lte",
                       "port": 80
                     },
                     "destination-port-range-or-operator": {
                       "operator": "neq",
                       "port": 1010
                     }
                   }
                 },
                 "actions": {
                   "forwarding": "accept"
                 }
               }
             ]
           }
         }
';

my $emitted = $acl25;
$emitted =~ s/"(ipv6-acl-type|accept)"/"ietf-access-control-list:$1"/g;

foreach my $c ($C2, $C1) {
	rc_is(figure('PUT', "$c/acls/acl=test-acl-ipv6-udp",
		qq!{"ietf-dots-data-channel:acls":{"acl":[$acl25]}}!), 201,
		'Figure 25, the wrapper of RFC 8783');
}

rc_is(figure('PUT', "$C2/acls/acl=test-acl-ipv6-udp",
	qq!{"ietf-dots-data-channel:acl":[$emitted]}!), 204,
	'Figure 25, the shape of RFC 8040, identities with their module');

figure('GET', "$C2/acls?content=all");
@lifetimes = lifetimes($r->{json});
rc_same($r, qq!{"ietf-dots-data-channel:acls":{"acl":[$emitted]}}!,
	'Figures 26, 27');
is_week(\@lifetimes, 1, 'Figure 27: pending-lifetime');

is(rc_names("$C1/acls", 'ietf-dots-data-channel:acls', 'acl'),
	'sample-ipv4-acl test-acl-ipv6-udp',
	'Figure 26 with the cuid as printed: in the order of their creation');

rc_same(figure('GET', "$C2/acls/acl=test-acl-ipv6-udp?content=config"),
	qq!{"ietf-dots-data-channel:acl":[$emitted]}!, 'Figures 28, 29');

# Erratum 6496: the value is "nonconfig" (RFC 8040 section 4.8.1)

rc_error(figure('GET', "$C2/acls/acl=test-acl-ipv6-udp?content=non-config"),
	400, 'invalid-value', 'Figure 30 as it is printed');
figure('GET', "$C2/acls/acl=test-acl-ipv6-udp?content=nonconfig");
@lifetimes = lifetimes($r->{json});
rc_same($r, '{"ietf-dots-data-channel:acl":[{"name":"test-acl-ipv6-udp",'
	. '"aces":{"ace":[{"name":"my-test-ace"}]}}]}',
	'Figures 30, 31, erratum 6496');
is_week(\@lifetimes, 1, 'Figure 31: pending-lifetime');

# A refresh echoes what GET has returned (section 7.2)

rc_is(figure('PUT', "$C2/acls/acl=test-acl-ipv6-udp",
	rc('GET', "$C2/acls/acl=test-acl-ipv6-udp?content=config")->{body}), 204,
	'what was read is a refresh');

# Section 7.4; the two blanks after DELETE of Figure 32 make no request line of
# RFC 9112

rc_is(figure('DELETE', "$C1/acls/acl=sample-ipv4-acl"), 204,
	'Figure 32, answered as in Figure 33');
rc_error(figure('DELETE', "$C1/acls/acl=sample-ipv4-acl"), 404,
	'invalid-value', 'Figure 32, again');

# Appendices A and B.  In Figure 34 "actions" stands inside "matches".

my $fragments = '
   {
     "ietf-dots-data-channel:acls": {
       "acl": [
         {
           "name": "dns-fragments",
           "type": "%s-acl-type",
           "aces": {
             "ace": [
               {
                 "name": "drop-all-fragments",
                 "matches": {
                   "%s": {
                     "fragment": {
                       "operator": "match",
                       "type": "isf"
                     }
                   }
                 },
                 "actions": {
                   "forwarding": "drop"
                 }
               },
               {
                 "name": "allow-dns-packets",
                 "matches": {
                   "%s": {
                     "destination-%s-network": "%s"
                   },
                   "udp": {
                     "destination-port-range-or-operator": {
                       "operator": "eq",
                       "port": 53
                     }
                   }%s
                   "actions": {
                     "forwarding": "accept"
                   }
                 }%s
             ]
           }
         }
       ]
     }
   }
';

my $before = rc_tree();
rc_error(figure('POST', $C1, sprintf($fragments, ('ipv4') x 4,
	'198.51.100.0/24', ',', '}')), 400, 'unknown-element',
	'Figure 34 is refused');
is(rc_tree(), $before, 'Figure 34: nothing of it is kept');
rc_is(figure('POST', $C1, sprintf($fragments, ('ipv6') x 4,
	'2001:db8::/32', '},', '')), 201, 'Figure 35');

my $flags = '
   {
     "ietf-dots-data-channel:acls": {
       "acl": [{
         "name": "tcp-flags-example",%s
         "activation-type": "%s",
         "aces": {
           "ace": [{
             "name": "%s",
             "matches": {
               "tcp": {
                 "flags-bitmask": {
                   "operator": "%s",
                   "bitmask": %d
                 }
               }
             },
             "actions": {
               "forwarding": %s
             }
           }]
         }
       }]
     }
   }
';
my $limited = '"accept", "rate-limit": "20.00"';
my $when = 'activate-when-mitigating';

rc_is(figure('PUT', "$C2/acls/acl=tcp-flags-example", sprintf($flags, '',
	'immediate', 'null-attack', 'not any', 4095, '"drop"')), 201, 'Figure 36');
rc_is(figure('PUT', "$C2/acls/acl=tcp-flags-example", sprintf($flags, '',
	$when, 'rate-limit-syn', 'match', 2, $limited)), 204, 'Figure 37');
rc_is(figure('PUT', "$C2/acls/acl=tcp-flags-example", sprintf($flags,
	'"type": "ipv4-acl-type",', $when, 'rate-limit-ack', 'match', 16, $limited)),
	204, 'Figure 38');
rc_same(figure('GET', "$C2/acls/acl=tcp-flags-example?content=config"),
	'{"ietf-dots-data-channel:acl":[{"name":"tcp-flags-example",'
	. '"type":"ietf-access-control-list:ipv4-acl-type",'
	. '"activation-type":"activate-when-mitigating","aces":{"ace":[{'
	. '"name":"rate-limit-ack","matches":{"tcp":{"flags-bitmask":{'
	. '"operator":"match","bitmask":16}}},"actions":{'
	. '"forwarding":"ietf-access-control-list:accept","rate-limit":"20.0"}}]}}]}',
	'Figure 38: what is kept, in its canonical form');

###############################################################################
