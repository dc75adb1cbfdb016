#!/usr/bin/perl

# The DTLS profile of RFC 9325 (RFC 9132 section 7.1): what openssl's client is
# refused.

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

dots_has(qw/openssl/);

my $d = $t->testdir();
my $port = port(8980, udp => 1);

sub s_client {
	my ($d, $port, @args) = @_;
	return scalar `echo | timeout 60 openssl s_client \\
		-connect 127.0.0.1:$port -CAfile $d/ca.crt \\
		-cert $d/a.crt -key $d/a.key @args 2>&1`;
}

# RFC 9325 sections 4.1 and 4.2; the certificate is ECDSA's

my %good = (
	'ECDHE-ECDSA-AES128-GCM-SHA256' => 'what everybody has',
	'ECDHE-ECDSA-AES256-GCM-SHA384' => 'more of it',
	'ECDHE-ECDSA-CHACHA20-POLY1305' => 'without AES',
	'ECDHE-ECDSA-AES128-CCM8' => 'RFC 7252 9.1.3.3',
);

my %bad = (
	'ECDHE-ECDSA-AES128-SHA' => 'CBC',
	'ECDHE-ECDSA-AES256-SHA384' => 'CBC with SHA-2',
	'ECDHE-ECDSA-NULL-SHA' => 'NULL',
	'AES128-GCM-SHA256' => 'RSA key transport',
	'AECDH-AES128-SHA:ADH-AES128-GCM-SHA256' => 'anonymous',
	'DHE-RSA-AES128-GCM-SHA256' => 'finite-field DH',
);

$t->plan(keys(%good) + keys(%bad) + 9);

dots_pki($t);

$t->write_file_expand('nginx.conf', dots_conf());
$t->run();

###############################################################################

foreach my $cipher (sort keys %good) {
	like(s_client($d, $port, '-dtls1_2', '-cipher', $cipher),
		qr/Cipher is \Q$cipher\E.*Verify return code: 0/s,
		"$cipher: $good{$cipher}");
}

foreach my $cipher (sort keys %bad) {
	like(s_client($d, $port, '-dtls1_2', '-cipher', "'$cipher:\@SECLEVEL=0'"),
		qr/alert handshake failure/, "$cipher is refused: $bad{$cipher}");
}

like(s_client($d, $port, '-dtls1', '-cipher', "'ALL:\@SECLEVEL=0'"),
	qr/alert protocol version/, 'DTLS 1.0 is refused');

my $out = s_client($d, $port, '-dtls1_2', '-cipher',
	'ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256');
like($out, qr/Cipher is ECDHE-ECDSA-AES128-GCM/, "the server's preference");
like($out, qr/Extended master secret: yes/, 'extended master secret');
like($out, qr/Compression: NONE/, 'no compression');
like($out, qr/Server Temp Key: X25519/, 'a modern curve');
like($out, qr/Secure Renegotiation IS supported/, 'RFC 5746 is understood');

like(s_client($d, $port, '-dtls1_2', '-groups', 'P-256'),
	qr/Server Temp Key: ECDH, prime256v1/, 'P-256, RFC 7252 9.1.3.3');
like(s_client($d, $port, '-dtls1_2', '-groups', 'P-521'),
	qr/alert handshake failure/, 'no other curves');

# RFC 9325 section 3.5

my $s = dots_session($t);
like($s->command('renegotiate 3000'), qr/^refused/,
	'renegotiation is refused');

$s->quit();

###############################################################################
