#!/usr/bin/perl

# Foreign clients: libcoap's with OpenSSL and with GnuTLS, over DTLS and TLS, with
# the body of RFC 9132 Figure 8 as it stands there; and the messages of go-dots'
# client as its source builds them.

###############################################################################

use warnings;
use strict;

use Test::More;

BEGIN { use FindBin; chdir($FindBin::Bin); }

use lib 'lib';
use Test::DOTS;
use Test::Nginx;

###############################################################################

select STDERR; $| = 1;
select STDOUT; $| = 1;

my $t = Test::Nginx->new()->has(qw/http http_ssl http_v2 stream udp/);

dots_has(qw/cbor openssl coap-client-openssl/);
$t->plan(95);

dots_pki($t);

$t->write_file_expand('nginx.conf', dots_conf(workers => 2,
	lifetime => 'default=3600 min=1 max=86400 indefinite=off terminating=60'));
$t->run();
$t->waitforsocket('127.0.0.1:' . port(8443)) or die;

my $d = $t->testdir();
my $cuid = 'dz6pHjaADkaFTbjr0JGBpw';

# Figure 8

my $figure8 = '0682' . '74' . unpack('H*', '2001:db8:6401::1/128')
	. '74' . unpack('H*', '2001:db8:6401::2/128')
	. '0783' . 'a1081850' . 'a1081901bb' . 'a108191f90' . '0a8106';

$t->write_file('config', pack('H*', 'a1181ea1182ca11821a11824183c'));
$t->write_file('extreme', pack('H*', 'a1181ea1182ca11821a1182401'));
$t->write_file('hb', pack('H*', 'a11831a11833f5'));
$t->write_file('figure8', pack('H*', "a101a10281a4${figure8}0e190e10"));

###############################################################################

# coap-client-openssl of libcoap

my %uri = (udp => 'coaps://localhost:' . port(8980, udp => 1),
	tcp => 'coaps+tcp://localhost:' . port(8446));

foreach my $client (qw/ openssl gnutls /) {
	foreach my $transport (qw/ udp tcp /) {
		SKIP: {
			skip "no coap-client-$client", 18
				unless grep { -x "$_/coap-client-$client" } split /:/,
				$ENV{PATH};

			libcoap($client, $transport);
		}
	}
}

sub libcoap {
	my ($client, $transport) = @_;

	my ($put, $n) = ([ '-t', 271, '-f', "$d/figure8" ],
		"$client over $transport");
	my $coap = sub { coap($client, $transport, @_) };
	my $mid = sub { my ($method, $mid, @args) = @_;
		return $coap->($method, 'mitigate', "/cuid=$cuid"
			. (defined $mid ? "/mid=$mid" : ''), @args) };

	like($mid->('put', 123, @$put), qr/c:2\.01/, "4.4.1: Figure 8 $n");
	like($mid->('put', 123, @$put), qr/c:2\.04/, "4.4.1.3: refreshed $n");
	like($mid->('get', 123), qr/c:2\.05/, "4.4.2: read $n");
	like($mid->('get', undef), qr/c:2\.05/, "4.4.2: all $n");

	my $observed = $mid->('get', 123, '-s', 1);
	like($observed, qr/c:2\.05.*Observe:/s, "4.4.2.1: observed $n");

	like($mid->('get', 123, '-b', 32, '-o', "$d/body"),
		qr!Block2:\d+/_/32!, "4.4.2: in blocks of 32 bytes $n");
	is_deeply((dots_decode($t->read_file('body')) || {})->{1}{2}[0]{6},
		[ '2001:db8:6401::1/128', '2001:db8:6401::2/128' ],
		"RFC 7959: put together $n");

	like($mid->('put', 124, '-t', 60, '-f', "$d/figure8"),
		qr/c:4\.15/, "6: another Content-Format $n");
	like($mid->('get', 125), qr/c:4\.04/, "4.4.2: an unknown mid $n");
	like($mid->('put', 123, @$put, '-O', '1,'), qr/c:4\.00.*attack-status/,
		"4.4.3: If-Match without attack-status $n");
	like($mid->('get', 123, '-O', '65001,x'), qr/c:4\.02.*65001/,
		"RFC 7252, 5.4.1: an unknown critical option $n");
	like($mid->('delete', 123), qr/c:2\.02/, "4.4.4: withdrawn $n");
	like($mid->('get', undef, '-A', 60), qr/c:4\.06/,
		"RFC 7252, 5.10.4: another Accept $n");

	# a session's configuration and a heartbeat

	like($coap->('get', 'config', ''), qr/c:2\.05.*Max-Age:3600/s,
		"4.5.1: the configuration $n");
	like($coap->('put', 'config', '/sid=1', '-t', 271, '-f', "$d/config"),
		qr/c:2\.01/, "4.5.2: negotiated $n");
	like($coap->('put', 'config', '/sid=1', '-t', 271, '-f', "$d/extreme"),
		qr/c:4\.22.*heartbeat-interval/s, "4.5.2: out of range $n");
	like($coap->('delete', 'config', ''), qr/c:2\.02/, "4.5.4: reset $n");
	like($coap->('put', 'hb', '', '-t', 271, '-f', "$d/hb"), qr/c:2\.04/,
		"4.7: a heartbeat $n");

	$cuid .= 'x';
}

# RFC 7252, 4.6: 1024 bytes for the payload is what libcoap has room for, though
# more would fit the datagram

my $long = dots_session($t, transport => 'udp');

$long->put('cuid-of-a-list', $_, prefix => [ '192.0.2.' . (100 + $_) . '/32' ],
	lifetime => 600) foreach (1 .. 36);

coap('openssl', 'udp', 'get', 'mitigate', '/cuid=cuid-of-a-list', '-o',
	"$d/list");
is(scalar @{(dots_decode($t->read_file('list')) || {})->{1}{2} || []}, 36,
	'RFC 7252, 4.6: a list of 36');

# the same by CON messages

like(coap('openssl', 'con', 'get', 'mitigate', "/cuid=$cuid/mid=124"),
	qr/t:ACK c:4\.04/,
	'RFC 7252, 4.2: an answer in the acknowledgement');

###############################################################################

# go-dots' client: its bodies, options and types, in its order.  Its tokens are
# eight letters; each request for a block has Observe again, and as ETag the
# answer's, read as a number of up to 32 bits.

my $s = dots_session($t, transport => 'udp', client => 1);
my ($path, $sid) = ([ '.well-known', 'dots', 'mitigate',
	'cuid=go-dots-client-000' ], [ '.well-known', 'dots', 'config', 'sid=123' ]);
my $one = [ @$path, 'mid=123' ];
my $m;

# the probe: no path, an empty Q-Block2

$m = go('CON', 'GET', [], undef, [ 31, '' ]);
is($m->{code}, '4.02', 'RFC 9177, 4.1: no Q-Block2');
is($m->{type}, 2, 'in the acknowledgement');

# sampleSessionConfigurationDraft.json

my @sets = map { 'a5' . "1821a11824$_->[0]" . '1825a1182403' . '1826a1182407'
	. "1827a1182bc48220$_->[1]" . '1828a1182bc482200f' }
	[ '1832', '18cd' ], [ '181e', '189b' ];

$m = go('CON', 'PUT', $sid, "a1181ea21820$sets[0]182c$sets[1]");
is($m->{code}, '2.01', '4.5.2: session configuration');
is($m->{type}, 2, '4.5: acknowledged');
is($m->{body}, '', '4.5.2: without a body');

$m = go('CON', 'GET', $sid, undef, [ 23, "\1" ]);
is($m->{code}, '2.05', '4.5.1: read again');
is(ord $m->{options}{23}[0], 9, 'RFC 7959: in blocks of 32 bytes');
ok($m->{max_age}, '4.5.3: with Max-Age');

# sampleMitigationRequestDraft.json, in the very same message twice, as after 3 s
# without an answer

$m = go('NON', 'PUT', $one, "a101a10281a5${figure8}0e1864182df5");
is($m->{code}, '2.01', '4.4.1: a mitigation');
is($m->{type}, 1, 'NON');
is_deeply($m->{cbor}, { 1 => { 2 => [ { 5 => 123, 14 => 100 } ] } },
	'mid and lifetime');

$s->send($m->{asked});
is($s->recv()->{bytes}, $m->{bytes}, '4.4: repeated, the very same answer');

# all of them by -observe=0

my ($got, $num, $token, $tag, %tags) = ('', 0, 'XVlBzgba');

while ($num < 100) {
	$m = go('NON', 'GET', $path, undef, [ 6, '' ],
		[ 23, $num ? chr($num << 4 | 1) : "\1" ],
		defined $tag ? [ 4, $tag ] : ());
	last if $m->{code} ne '2.05';

	$tags{unpack 'H*', $m->{options}{4}[0]} = 1;
	$tag = substr($m->{options}{4}[0], 0, 4) =~ s/^\0+//r;
	$got .= $m->{body};
	last unless ord($m->{options}{23}[0]) & 8;

	# meanwhile the remaining lifetime has become another

	later() unless $num++;
}

is(length $got, $num * 32 + length $m->{body}, '4.4.2: in blocks of 32 bytes');
is(scalar(keys %tags), 1, 'RFC 7959, 2.4: of one representation');
is((dots_decode($got) || {})->{1}{2}[0]{5}, 123, 'put together');
undef $token;

# sampleMitigationRequestDraftEfficacyUpdate.json with -ifMatch=""

$m = go('NON', 'PUT', $one, "a101a10281a6${figure8}0e1864181d02182df5",
	[ 1, '' ]);
is($m->{code}, '2.04', '4.4.3: an efficacy update');

$m = go('NON', 'PUT', [ '.well-known', 'dots', 'hb' ], 'a11831a11833f5');
is($m->{code}, '2.04', '4.7: a heartbeat');

$m = go('NON', 'DELETE', $one);
is($m->{code}, '2.02', '4.4.4: DELETE');
is($m->{body}, '', 'without payload');

$m = $s->notification('XVlBzgba');
is($m->{type}, 1, '4.4.2.1: a notification with the token of the registration');
is(ord $m->{options}{23}[0], 9, 'RFC 7959, 2.6: its first block of 32 bytes');

$s->quit();
undef $t;

###############################################################################

sub go {
	my ($type, $method, $path, $body, @options) = @_;

	my $bytes = $s->message(type => $type, method => $method, path => $path,
		token => $token || join('', map { chr(97 + rand 26) } 1 .. 8),
		body => defined $body ? pack('H*', $body) : undef,
		options => \@options);

	$s->send($bytes);
	my $m = $s->notification($s->{sent_token}) || { code => 'none' };
	$m->{asked} = $bytes;

	return $m;
}

# a second later, as the mitigation's lifetime shows
sub later {
	my $other = dots_session($t, transport => 'udp');
	my $left = sub { ($other->get('go-dots-client-000', 123) || {})
		->{cbor}{1}{2}[0]{14} };
	my $now = $left->();

	dots_until(sub { $left->() < $now });
}

sub coap {
	my ($client, $transport, $method, $resource, $path, @args) = @_;

	my $uri = $uri{$transport eq 'tcp' ? 'tcp' : 'udp'}
		. "/.well-known/dots/$resource$path";
	my $non = $transport eq 'udp' ? '-N' : '';

	unlink "$d/body";

	return `timeout 120 coap-client-$client $non -B 60 -v 7 -m $method \\
		-c $d/a.crt -j $d/a.key -C $d/ca.crt @args '$uri' 2>&1`;
}

###############################################################################
