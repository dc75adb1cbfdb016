#!/usr/bin/perl

# A foreign CoAP client: libcoap's coap-client-openssl, with the bytes of RFC 9132
# Figure 8 as they stand there.

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

dots_has(qw/openssl coap-client-openssl/);
$t->plan(8);

dots_pki($t);

$t->write_file_expand('nginx.conf', dots_conf());
$t->run();
$t->waitforsocket('127.0.0.1:' . port(8443)) or die;

my $d = $t->testdir();

$t->write_file('figure8', pack('H*', 'a10' . '1a1028' . '1a406'
	. '82' . '74' . unpack('H*', '2001:db8:6401::1/128')
	. '74' . unpack('H*', '2001:db8:6401::2/128')
	. '0783' . 'a1081850' . 'a1081901bb' . 'a108191f90' . '0a8106' . '0e190e10'));

sub coap {
	my ($d, $port, $method, $mid, @args) = @_;
	my $uri = "coaps://localhost:$port/.well-known/dots/mitigate/"
		. "cuid=dz6pHjaADkaFTbjr0JGBpw" . (defined $mid ? "/mid=$mid" : '');
	return `timeout 20 coap-client-openssl -N -B 10 -v 6 -m $method -c $d/a.crt -j $d/a.key -C $d/ca.crt @args '$uri' 2>&1`;
}

my $port = port(8980, udp => 1);

###############################################################################

like(coap($d, $port, 'put', 123, '-t', 271, '-f', "$d/figure8"), qr/c:2\.01/,
	'Figure 8 is accepted');
like(coap($d, $port, 'put', 123, '-t', 271, '-f', "$d/figure8"), qr/c:2\.04/,
	'and refreshed');
like(coap($d, $port, 'get', 123), qr/c:2\.05/, 'read');
like(coap($d, $port, 'get', undef), qr/c:2\.05/, 'all are read');
like(coap($d, $port, 'put', 124, '-t', 60, '-f', "$d/figure8"), qr/c:4\.15/,
	'another Content-Format');
like(coap($d, $port, 'get', 125), qr/c:4\.04/, 'an unknown mid');
like(coap($d, $port, 'delete', 123), qr/c:2\.02/, 'withdrawn');

# the same by CON messages

my $out = `timeout 20 coap-client-openssl -B 10 -v 6 -m get -c $d/a.crt -j $d/a.key -C $d/ca.crt 'coaps://localhost:$port/.well-known/dots/mitigate/cuid=dz6pHjaADkaFTbjr0JGBpw/mid=123' 2>&1`;
like($out, qr/t:ACK c:2\.05/, 'an answer in the acknowledgement');

###############################################################################
