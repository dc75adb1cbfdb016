#!/usr/bin/perl

# Pre-shared keys over TCP, in TLS 1.2 (RFC 4279) and in TLS 1.3 (RFC 8446
# section 4.2.11): RFC 9132 section 7.1.  With our own client, openssl's and
# libcoap's.

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

dots_has(qw/cbor openssl/);
$t->plan(43);

dots_pki($t);

my $d = $t->testdir();
my $raw = 'sixteen bytes of key';
my $key = unpack 'H*', $raw;
my $other = 'ffeeddccbbaa99887766554433221100';

sub keys_are {
	my ($t, $text) = @_;
	$t->write_file('psk', $text);
	chmod 0600, "$d/psk";
}

my $customers = <<'EOC';
    customer a {
        identity  dns:client.example.com psk:client-a;
        prefix    192.0.2.0/24;
        mitigate  rtbh;
    }

    customer b {
        identity  psk:client-b;
        prefix    198.51.100.0/24;
        mitigate  rtbh;
    }
EOC

my @conf = (workers => 2, dots => 'psk_file psk;', customers => $customers);

keys_are($t, "client-a:$key\nclient-b:$other\n");
$t->write_file_expand('nginx.conf', dots_conf(@conf));
$t->run();

my $port = port(8446);

sub psk {
	my ($t, $id, $key, @args) = @_;
	return dots_session($t, cert => '', transport => 'tcp', args => [
		'--psk-id', $id, '--psk', $key, @args ]);
}

# What a client gets that has to be refused: TLS 1.3 may tell it after its side
# of the handshake is done
sub refused {
	my ($s) = @_;
	my $got = $s->connected();
	return 1 if $got =~ /^failed/;
	$s->recv() for 1 .. 2;
	return ($s->{last} || '') =~ /^closed|^failed/;
}

###############################################################################

foreach my $case ([ '1.3', qr/TLSv1.3 TLS_\w+_SHA256 coap/ ],
	[ '1.2', qr/TLSv1.2 ECDHE-PSK-CHACHA20-POLY1305 coap/ ])
{
	my ($version, $suite) = @$case;
	my @max = ('--max', $version);
	my ($ours, $theirs) = map { "$_." . $version * 10 . '/32' } '192.0.2',
		'198.51.100';

	my $s = psk($t, 'client-a', $key, @max);
	like($s->connected(), qr/^connected $suite/,
		"$version: with (EC)DHE, RFC 9132 7.1");
	is($s->put('c', $version * 10, prefix => [$ours])->{code}, '2.01',
		'customer a');
	is($s->put('c', 99, prefix => ['198.51.100.1/32'])->{code}, '4.00',
		'and nobody else');

	my $b = psk($t, 'client-b', $other, @max);
	is($b->put('d', $version * 10, prefix => [$theirs])->{code}, '2.01',
		'customer b');

	# tickets: without the key, and still the same customer

	is($s->command('keep'), 'ok', 'a ticket');
	like($s->command('resume 60000'), qr/^connected .* resumed$/, 'resumed');
	$s->send("\0\xe1");
	is($s->get('c', $version * 10)->{code}, '2.05', 'the same customer');
	is($s->put('c', 98, prefix => ['198.51.100.1/32'])->{code}, '4.00',
		'and nobody else');

	ok(refused(psk($t, 'client-a', $other, @max)), 'a wrong key');
	ok(refused(psk($t, 'nobody', $key, @max)), 'an unknown identity');
	ok(refused(dots_session($t, cert => '', transport => 'tcp',
		args => [ @max ])), 'neither key nor certificate');

	# certificates go on beside it, and are checked as before

	my $cert = dots_session($t, transport => 'tcp', args => [ @max ]);
	like($cert->connected(), qr/^connected TLSv$version/, 'a certificate');
	is($cert->get('c', $version * 10)->{code}, '2.05', 'the same customer');

	foreach my $bad (qw/ revoked other self /) {
		ok(refused(dots_session($t, cert => $bad, transport => 'tcp',
			args => [ @max ])), "$bad is refused");
	}
}

# suites without forward secrecy, but for the one that RFC 7252 has

foreach my $cipher (qw/ PSK-AES128-GCM-SHA256 RSA-PSK-AES128-GCM-SHA256 /) {
	ok(refused(psk($t, 'client-a', $key, '--max', '1.2', '--ciphers',
		"$cipher:\@SECLEVEL=0")), "$cipher is refused");
}

# others' clients

foreach my $version ('tls1_3', 'tls1_2') {
	my $out = `timeout 60 openssl s_client -$version -alpn coap \\
		-connect 127.0.0.1:$port -psk_identity client-a -psk $key \\
		2>&1 </dev/null`;
	like($out, qr/^Reused, TLSv1.3|Cipher is ECDHE-PSK/m,
		"openssl s_client -$version");
}

SKIP: {
	foreach my $client (qw/ openssl gnutls /) {
		skip "no coap-client-$client", 1
			unless grep { -x "$_/coap-client-$client" } split /:/, $ENV{PATH};

		my $out = `timeout 60 coap-client-$client -B 60 -v 6 -m get \\
			-u client-a -k '$raw' \\
			'coaps+tcp://127.0.0.1:$port/.well-known/dots/mitigate/cuid=c/mid=13' 2>&1`;
		like($out, qr/2\.05/, "coap-client-$client") or diag($out);
	}
}

# another key: what the old one has proved is worth nothing

my @kept = map { psk($t, 'client-a', $key, '--max', $_) } ('1.2', '1.3');
foreach my $s (@kept) {
	$s->get('c', 13);
	$s->command('keep');
}

keys_are($t, "client-a:$other\nclient-b:$key\n");
dots_reload($t);

is(psk($t, 'client-a', $other)->get('c', 13)->{code}, '2.05',
	'another key after a reload');
unlike($_->command('resume 60000'), qr/resumed/, 'a ticket of the old one')
	foreach @kept;

# "on" is nginx's: a certificate

$t->write_file_expand('nginx.conf', dots_conf(@conf,
	stream => 'ssl_verify_client on;'));
dots_reload($t);
ok(refused(psk($t, 'client-a', $other)), 'ssl_verify_client on: no key');
is(dots_session($t, transport => 'tcp')->get('c', 13)->{code}, '2.05',
	'a certificate');

###############################################################################
