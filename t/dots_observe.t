#!/usr/bin/perl

# Observe over CoAP/DTLS: RFC 7641, RFC 9132 section 4.4.2.1, and large answers
# in blocks: RFC 7959, RFC 9132 section 4.4.2.

###############################################################################

use warnings;
use strict;

use Test::More;
use IO::Handle;

BEGIN { use FindBin; chdir($FindBin::Bin); }

use lib 'lib';
use Test::DOTS;
use Test::Nginx;

###############################################################################

select STDERR; $| = 1;
select STDOUT; $| = 1;

my $t = Test::Nginx->new()->has(qw/http http_ssl http_v2 stream udp/);

dots_has(qw/cbor openssl gobgpd gobgp dnsmasq/);
$t->plan(56);

dots_pki($t);
dots_gobgpd($t);
dots_dns($t);

# status 5 is told by a worker that had no turn for a while, too

$t->write_file_expand('nginx.conf', dots_conf(workers => 2,
	lifetime => 'default=3600 min=1 max=86400 indefinite=off terminating=10'));
$t->run();

###############################################################################

my ($ca, $cb) = ('cuid-of-a-0000000000aa', 'cuid-of-b-0000000000bb');
my $a = dots_session($t);
my $m;

# RFC 7641, 4.1: nothing is there, nothing is observed

$m = observe($a, 'none', $ca, 1);
is($m->{code}, '4.04', 'nothing to observe');
ok(!defined sequence($m), 'no observer of an error');

# from 1 to 2, when gobgpd has the route: made known by the manager

is($a->put($ca, 1, prefix => ['192.0.2.1/32'], lifetime => 600)->{code},
	'2.01', 'a mitigation');

$m = observe($a, 'one', $ca, 1);
is($m->{code}, '2.05', 'observed');
ok(defined sequence($m), 'Observe in the answer');

my $seen = $m->{cbor}{1}{2}[0]{16};

if ($seen == 1) {
	$m = $a->notification('one');
}

is($m->{cbor}{1}{2}[0]{16}, 2, 'status 2 when the route is there');

# one for each change, in order, also for those by other sessions (on any of
# the workers), with 8 of them

my @others = map { dots_session($t) } 1 .. 8;
my $last = sequence($m);

foreach my $i (0 .. 7) {
	is($others[$i]->put($ca, 1, prefix => ['192.0.2.1/32'],
		lifetime => 1000 + $i)->{code}, '2.04', "refresh $i");

	$m = $a->notification('one');
	is($m->{type}, 1, "notification $i is a NON");
	ok($m->{cbor}{1}{2}[0]{14} > 990 + $i, "it has the lifetime $i");
	cmp_ok(sequence($m), '>', $last, "sequence $i");
	$last = sequence($m);
}

# a second observer with a token of its own, of all mids

$m = observe($others[0], 'all', $ca);
is($m->{code}, '2.05', 'all are observed');

is($a->delete($ca, 1)->{code}, '2.02', 'withdrawn');

$m = $a->notification('one');
is($m->{cbor}{1}{2}[0]{16}, 5, 'active but terminating');
$m = $others[0]->notification('all');
is($m->{cbor}{1}{2}[0]{16}, 5, 'also for the observer of all');

# the end, once

$m = $a->notification('one');
is($m->{cbor}{1}{2}[0]{16}, 6, 'terminated, Table 3');
$m = $others[0]->notification('all');
is($m->{cbor}{1}{2}[0]{16}, 6, 'also for the observer of all');

# another customer's and another client's changes are none of it; the barrier
# is a change of its own

my $b = dots_session($t, cert => 'b');
is($b->put($cb, 1, prefix => ['198.51.100.1/32'], lifetime => 600)->{code},
	'2.01', 'of another customer');
is($others[1]->put('another-client-of-a-aaa', 1, prefix => ['192.0.2.2/32'],
	lifetime => 600)->{code}, '2.01', 'of another client');
is($others[1]->put($ca, 2, prefix => ['192.0.2.3/32'], lifetime => 600)
	->{code}, '2.01', 'of this client');

$m = $others[0]->notification('all');
is_deeply([ map { $_->{5} } @{$m->{cbor}{1}{2}} ], [ 2 ],
	'only what is its own');
ok(!defined $a->notification('one', 300), 'no word after the end');

# deregistration, 3.6

# (a notification may have been on its way)

$m = $others[0]->request(method => 'GET', token => 'all',
	path => [ '.well-known', 'dots', 'mitigate', "cuid=$ca" ],
	options => [ [ 6, "\x01" ] ]);
$m = $others[0]->notification('all') while $m && defined sequence($m);
is($m->{code}, '2.05', 'deregistered: an answer without Observe');
1 while $others[0]->recv(100);
is($a->delete($ca, 2)->{code}, '2.02', 'a change');
ok(!defined $others[0]->notification('all', 500), 'not told any more');

# RFC 9244, 9.2: by a query, of which nothing that it matches is left

is($a->put($ca, 3, prefix => ['192.0.2.1/32'], lifetime => 600)->{code},
	'2.01', 'another one');
is(observe($a, 'net', $ca, undef, query => ['target-prefix=192.0.2.0/24'])
	->{code}, '2.05', 'observed by a query');
$a->delete($ca, 3);

do {
	$m = $a->notification('net');
} while ($m && $m->{cbor}{1}{2}[0]{16} < 6);

is($m && $m->{cbor}{1}{2}[0]{16}, 6, 'terminated, also by a query');

# RFC 9132, 4.4.2: what does not fit a datagram comes in blocks, all of it

foreach my $i (1 .. 700) {
	$a->put($ca, 100 + $i, prefix => [ sprintf '2001:db8:6401::%x/128', $i ],
		lifetime => 600);
}

my ($body, $num, $etag, $more) = ('', 0, undef, 1);

while ($more && $num < 1000) {
	$m = $a->request(method => 'GET',
		path => [ '.well-known', 'dots', 'mitigate', "cuid=$ca" ],
		options => [ $num ? [ 23, block($num, 4) ] : (),
			$num ? [ 4, $etag ] : () ]);
	last unless $m && $m->{code} eq '2.05';
	$etag = $m->{options}{4}[0];
	my $value = unpack 'N', substr("\0\0\0\0" . $m->{options}{23}[0], -4);
	$num = $value >> 4;
	$body .= $m->{body};
	$more = $value & 8;

	# go on in the size of the server's block

	$num = ($num + 1) << (($value & 7) - 4) if $more;
}

is(scalar(grep { $_->{5} > 100 } @{(dots_decode($body) || {})->{1}{2}}), 700,
	'all of them, in blocks');

###############################################################################

sub observe {
	my ($session, $token, $cuid, $mid, @o) = @_;
	return $session->get($cuid, $mid, token => $token, @o,
		options => [ [ 6, '' ] ]);
}

sub sequence {
	my ($m) = @_;
	return undef unless $m->{options}{6};
	return unpack 'N', substr("\0\0\0\0" . $m->{options}{6}[0], -4);
}

sub block {
	my ($num, $szx) = @_;
	return pack('N', $num << 4 | $szx) =~ s/^\0+//r;
}

###############################################################################
