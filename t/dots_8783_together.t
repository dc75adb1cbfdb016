#!/usr/bin/perl

# Both channels are one server (RFC 8783 sections 5.2, 6.1, 7.2; RFC 9132 section
# 4.4.1): what is changed over the one, on whatever worker, is in force for the
# next request over the other, on whatever worker.

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

dots_has(qw/cbor openssl gobgpd gobgp/);
$t->plan(60);

dots_pki($t);
dots_gobgpd($t);
rc_start($t);

###############################################################################

my ($r, $m);
my $client = rc_below();
my $other = rc_below('', $CUID2);

# new connections and sessions as a rule find another worker

sub fresh {
	rc_forget();
	return rc(@_);
}

sub session { return dots_session($t, @_) }

sub routed { return dots_rib($t) =~ m!\Q$_[0]/32\E! }
sub comes {
	my ($address) = @_;
	return dots_until(sub { routed($address) });
}

sub goes {
	my ($address) = @_;
	return dots_until(sub { !routed($address) });
}

sub alias {
	my ($name, $address) = @_;
	return fresh('PUT', "$client/aliases/alias=$name", body => rc_alias($name,
		qq!"target-prefix":["$address/32"]!));
}

sub acl {
	my ($name, $address, $activation, $of) = @_;
	return fresh('PUT', ($of || $client) . "/acls/acl=$name", body =>
		rc_acl($name, [ 'r' ], $activation) =~ s!198\.51\.100\.0/25!$address/32!r);
}

rc_is(rc_register($CUID), 201, 'a dots-client');
rc_is(rc_register($CUID2), 201, 'another one of the same customer');

# ---- an alias, changed and used at once ----

my $wrong = '';

foreach my $n (1 .. 12) {
	$r = alias('www', "198.51.100.$n");
	$m = session()->put($CUID, $n, alias => [ 'www' ], lifetime => 600);

	$wrong .= "$n: PUT $r->{code}\n" unless $r->{code} =~ /^20[14]$/;
	$wrong .= "$n: $m->{code}\n" unless $m->{code} eq '2.01';
	$wrong .= "$n: no route\n" unless comes("198.51.100.$n");
}

is($wrong, '', 'each mitigation is of what the alias was at that moment');
rc_is(alias('www', '198.51.100.13'), 204, 'the alias changes');
ok(routed('198.51.100.12') && !routed('198.51.100.13'),
	'a mitigation that has begun does not');

is(session()->put($CUID2, 1, alias => [ 'www' ], lifetime => 600)->{code}, '4.00',
	'the alias of another client of the customer is none');

# ---- it is deleted: the next mitigation has none, on any worker ----

$wrong = '';

foreach my $n (1 .. 6) {
	alias("gone$n", '198.51.100.20');
	fresh('DELETE', "$client/aliases/alias=gone$n");
	$m = session()->put($CUID, 100 + $n, alias => [ "gone$n" ], lifetime => 600);
	$wrong .= "$n: $m->{code}\n" unless $m->{code} eq '4.00';
}

is($wrong, '', 'an alias that was deleted is none');

my $s = session();
$s->delete($CUID, $_) foreach 1 .. 12;
ok(goes('198.51.100.12'), 'the mitigations end');

# ---- activate-when-mitigating: exactly while the client's own mitigation is ----

rc_is(acl('while', '198.51.100.33', 'activate-when-mitigating'), 201,
	'an ACL of the client');
rc_is(acl('theirs', '198.51.100.34', 'activate-when-mitigating', $other), 201,
	'and of the other one');

is($s->put($CUID, 201, prefix => [ '198.51.100.41/32' ], lifetime => 600)->{code},
	'2.01', 'a mitigation');
ok(comes('198.51.100.33'), 'activates the ACL');
ok(!routed('198.51.100.34'), "not the other client's");

rc_is(acl('late', '198.51.100.35', 'activate-when-mitigating'), 201,
	'an ACL that comes during the mitigation');
ok(comes('198.51.100.35'), 'is active at once');
rc_is(acl('while', '198.51.100.36', 'activate-when-mitigating'), 204,
	'one that is changed');
ok(comes('198.51.100.36'), 'acts as it is now');
ok(goes('198.51.100.33'), 'and no more as it was');
rc_is(acl('while', '198.51.100.36', 'deactivate'), 204, 'one is deactivated');
ok(goes('198.51.100.36'), 'and acts no more');
rc_is(acl('while', '198.51.100.36', 'activate-when-mitigating'), 204,
	'and is back');
ok(comes('198.51.100.36'), 'so is its route');

is(session()->put($CUID, 202, prefix => [ '198.51.100.42/32' ], lifetime => 600)
	->{code}, '2.01', 'a second mitigation');
is($s->delete($CUID, 201)->{code}, '2.02', 'the first one is withdrawn');
ok(goes('198.51.100.41'), 'it ends');
ok(routed('198.51.100.36'), 'the ACL acts while there is another one');
is(session()->put($CUID, 202, prefix => [ '198.51.100.42/32' ], lifetime => 1)
	->{code}, '2.04', 'which gets a second more');
ok(goes('198.51.100.42'), 'and expires');
ok(goes('198.51.100.36'), 'the ACL ends with the last one');
ok(goes('198.51.100.35'), 'and so does the other');
is(scalar(() = fresh('GET', "$client/acls")->{body} =~ /"activation-type"/g), 2,
	'they are kept');

# a reload in between changes nothing

is($s->put($CUID, 203, prefix => [ '198.51.100.43/32' ], lifetime => 600)->{code},
	'2.01', 'a mitigation');
ok(comes('198.51.100.36'), 'activates it again');
dots_reload($t);
rc_is(acl('after', '198.51.100.37', 'activate-when-mitigating'), 201,
	'an ACL after a reload');
ok(comes('198.51.100.37'), 'is active, as the mitigation still is');
ok(routed('198.51.100.36'), 'as is the one from before');

# a mitigation that waits for the loss of its session activates nothing

rc_is(acl('other', '198.51.100.38', 'activate-when-mitigating', $other), 201,
	'an ACL of the other client');
$s = session();
is($s->put($CUID2, 301, prefix => [ '198.51.100.51/32' ], lifetime => 600,
	trigger => \0)->{code}, '2.01', 'its mitigation is preconfigured only');
is($s->put($CUID, 204, prefix => [ '198.51.100.44/32' ], lifetime => 600)->{code},
	'2.01', 'one of the first client');
ok(comes('198.51.100.44'), 'which begins');
ok(!routed('198.51.100.38'), 'the ACL of the one that waits does not act');

# ---- a dots-client that goes takes along what it owns, and nothing else ----

rc_is(alias('www', '198.51.100.60'), 204, 'an alias');
rc_is(acl('now', '198.51.100.39', 'immediate'), 201, 'an immediate ACL');
rc_is(acl('stay', '198.51.100.40', 'immediate', $other), 201,
	"and the other client's");
ok(comes('198.51.100.39') && comes('198.51.100.40'), 'they act');
rc_is(fresh('DELETE', $client), 204, 'the client is deleted');
ok(goes($_), "$_ is gone") foreach map { "198.51.100.$_" } 36, 37, 39;
ok(routed('198.51.100.40'), "the other client's is not");
is($s->put($CUID, 205, alias => [ 'www' ], lifetime => 600)->{code}, '4.00',
	'its alias is none any more');
rc_error(fresh('GET', "$client/aliases"), 404, 'invalid-value',
	'nor is anything of it there');
ok(routed('198.51.100.43'), 'a mitigation that is under way is not its');
rc_is(fresh('PUT', $client, body => rc_client($CUID)), 201, 'it registers again');
rc_same(fresh('GET', "$client?content=config"), rc_client($CUID),
	'and begins with nothing');

# the mitigation that went on activates what is new

rc_is(acl('new', '198.51.100.61', 'activate-when-mitigating'), 201, 'a new ACL');
ok(comes('198.51.100.61'), 'is active with the mitigation that went on');
is($s->delete($CUID, $_)->{code}, '2.02', "$_ is withdrawn") foreach 203, 204;
ok(goes('198.51.100.61'), 'and ends with it');

undef $s;
undef $t;       # the subs above would keep it beyond the plan

###############################################################################
