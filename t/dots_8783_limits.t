#!/usr/bin/perl

# How many requests a customer may make: RFC 8783 section 10, RFC 6585 section 4.
# All workers count together, a reload changes nothing, nobody else notices.

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
$t->plan(28);

# ten seconds' worth at once: 5 requests

rc_start($t, a => 'limits data_rate=30r/m rate=1r/m;', b => 'limits clients=3;');

###############################################################################

my $r;

# each on a connection of its own, so that both workers have some

sub get {
	rc_forget();
	return $r = rc('GET', $DATA, @_);
}

# how many are served before one is refused
sub spend {
	my $n = 0;
	$n++ while get()->{code} == 200 && $n < 100;
	return $n;
}

# What comes when there is nothing left is refused.  A slow machine gives it
# something in between: then again.
sub over {
	my ($ask) = @_;

	foreach my $try (1 .. 5) {
		spend();
		last if $ask->()->{code} == 429;
	}
}

is(join(' ', map { get()->{code} } 1 .. 5), '200 200 200 200 200',
	'what is within the limit, on any worker');
cmp_ok(spend(), '<=', (time() - $^T) / 2, 'and hardly more');
rc_error($r, 429, 'resource-denied', 'one more');
like(($r->{h}{'retry-after'} || [''])->[0], qr/^[12]$/, 'Retry-After');

over(sub { $r = rc('PUT', rc_below(), body => rc_client($CUID)) });
rc_error($r, 429, 'resource-denied', 'a new cuid');
over(sub { $r = rc('GET', '/nosuch') });
rc_error($r, 429, 'resource-denied', 'whatever it is');
over(sub { $r = rc('OPTIONS', '/data') });
rc_is($r, 429, 'OPTIONS, too');

is(join(' ', map { get(cert => 'b')->{code} } 1 .. 9), join(' ', (200) x 9),
	'another customer has none of it');
rc_error(get(cert => ''), 401, 'access-denied', 'nor has who is nobody');

my $since = time();
spend();
dots_reload($t);
cmp_ok(spend(), '<=', 1 + (time() - $since) / 2, 'a reload changes nothing');

# a refused one leaves no trace: with one every two seconds it is soon served

ok(dots_until(sub { get()->{code} == 200 }), 'later it is served');
over(\&get);
rc_error($r, 429, 'resource-denied', 'and the next one is too early');

# a large body counts for more than one request

ok(dots_until(sub { rc('PUT', rc_below(), body => ' ' x 20480)->{code}
	== 400 }), 'a body of 20 times 1024 bytes');
rc_error(get(), 429, 'resource-denied', 'and none for a while');
cmp_ok(($r->{h}{'retry-after'} || [0])->[0], '>', 30, 'Retry-After says so');

my @lines = $t->read_file('error.log') =~ /\[warn\].*customer "a" over its limits.*/g;
ok(@lines >= 1 && @lines <= 1 + (time() - $^T) / 60, 'one line a minute');
my $audit = $t->read_file('dots.log');
unlike($audit, qr/"429"/, 'the audit log has none of them');
like($audit, qr/"customer":\s*"a".*"200"/, 'but what was served');

# how many dots-clients: what is there can be changed, one more only for another

my @b = (cert => 'b');

rc_is(rc_register("cuid-$_", @b), 201, "dots-client $_") foreach 1, 2;
rc_is(rc('POST', $DATA, @b, body => rc_client('cuid-3')), 201, 'dots-client 3');
rc_error(rc_register('cuid-4', @b), 409, 'resource-denied', 'one more by PUT');
rc_error(rc('POST', $DATA, @b, body => rc_client('cuid-4')), 409,
	'resource-denied', 'by POST');
rc_error(rc('PATCH', $DATA, @b, body => '{"ietf-dots-data-channel:dots-data":{'
	. '"dots-client":[{"cuid":"cuid-4"}]}}'), 409, 'resource-denied', 'by PATCH');
rc_error(rc('GET', rc_below('', 'cuid-4'), @b), 404, 'invalid-value',
	'it is not there');
rc_is(rc_register('cuid-3', @b), 204, 'one that is there');
rc_is(rc('DELETE', rc_below('', 'cuid-1'), @b), 204, 'one goes');
rc_is(rc_register('cuid-4', @b), 201, 'and another one comes');

###############################################################################
