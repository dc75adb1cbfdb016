#!/usr/bin/perl

# Pre-shared keys: RFC 9132 section 7.1, RFC 7252 section 9.1.3.1, RFC 4279.
# With our own client, openssl's and libcoap's.

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
$t->plan(36);

dots_pki($t);

my $d = $t->testdir();
my $key = '00112233445566778899aabbccddeeff';
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
        identity  psk:urn:client:b;
        prefix    198.51.100.0/24;
        mitigate  rtbh;
    }
EOC

my $with = dots_conf(workers => 2, dots => 'psk_file psk;',
	customers => $customers);

keys_are($t, "# one line, one key\n\nclient-a:$key\nurn:client:b:$other$other\n");
$t->write_file_expand('nginx.conf', $with);
$t->run();

my $port = port(8980, udp => 1);

sub psk {
	my ($t, $id, $key, @args) = @_;
	return dots_session($t, cert => '', args => [ '--psk-id', $id, '--psk',
		$key, @args ]);
}

###############################################################################

# forward secrecy first; what constrained nodes must have works, too

my $s = psk($t, 'client-a', $key);
is($s->connected(), 'connected ECDHE-PSK-CHACHA20-POLY1305',
	'with (EC)DHE, RFC 9132 7.1');
is($s->put('c', 1, prefix => ['192.0.2.1/32'])->{code}, '2.01', 'customer a');
is($s->put('c', 2, prefix => ['198.51.100.1/32'])->{code}, '4.00',
	'and nobody else');

my $b = psk($t, 'urn:client:b', "$other$other");
like($b->connected(), qr/^connected/, 'a name with colons');
is($b->put('d', 1, prefix => ['198.51.100.1/32'])->{code}, '2.01',
	'customer b');

my $ccm = psk($t, 'client-a', $key, '--ciphers', 'PSK-AES128-CCM8');
is($ccm->connected(), 'connected PSK-AES128-CCM8', 'RFC 7252 9.1.3.1');
is($ccm->get('c', 1)->{code}, '2.05', 'serves');

# certificates go on beside it

my $cert = dots_session($t);
like($cert->connected(), qr/^connected \S*GCM|^connected \S*CHACHA/,
	'a certificate');
is($cert->get('c', 1)->{code}, '2.05', 'the same customer');

my $none = dots_session($t, cert => '');
my $got = $none->connected();
$got = $none->command('recv 60000') if $got =~ /^connected/;
like($got, qr/^failed|^closed/, 'neither key nor certificate');

# RFC 4279 section 2: an unknown identity looks like a wrong key

my $unknown = psk($t, 'nobody', $key, '--timeout', 3000)->connected();
my $wrong = psk($t, 'client-a', $other, '--timeout', 3000)->connected();
like($wrong, qr/^failed/, 'a wrong key');
is($unknown, $wrong, 'an unknown identity fails in the same way');

# suites that no list of ours has

foreach my $cipher (qw/ PSK-AES128-CBC-SHA PSK-NULL-SHA256
	RSA-PSK-AES128-GCM-SHA256 PSK-AES128-GCM-SHA256 /)
{
	my $x = psk($t, 'client-a', $key, '--ciphers', "$cipher:\@SECLEVEL=0");
	like($x->connected(), qr/^failed/, "$cipher is refused");
}

# others' clients

my $out = `timeout 60 openssl s_client -dtls1_2 -connect 127.0.0.1:$port \\
	-psk_identity client-a -psk $key -cipher PSK 2>&1 </dev/null`;
like($out, qr/Cipher is ECDHE-PSK-CHACHA20-POLY1305/, 'openssl s_client');

my $raw = 'sixteen bytes of key';

keys_are($t, "client-a:" . unpack('H*', $raw)
	. "\nurn:client:b:$other$other\n");
ok(dots_turn($t), 'a reload');
like(psk($t, 'client-a', unpack('H*', $raw))->connected(), qr/^connected/,
	'another key after it');

foreach my $client (qw/ openssl gnutls /) {
	SKIP: {
		skip "no coap-client-$client", 1
			unless grep { -x "$_/coap-client-$client" } split /:/, $ENV{PATH};

		$out = `timeout 120 coap-client-$client -N -B 60 -v 6 -m get \\
			-u client-a -k '$raw' \\
			'coaps://127.0.0.1:$port/.well-known/dots/mitigate/cuid=c/mid=1' 2>&1`;
		like($out, qr/c:2\.05/, "coap-client-$client");
	}
}

# the customer's command

sub dots {
	my ($d, @args) = @_;
	my $dots = ($ENV{DOTS_BUILD} || dots_top() . '/build/default') . '/dots';
	my $cmd = join ' ', $dots, '--config', "$d/dots.conf",
		'--server', "127.0.0.1:" . port(8980, udp => 1),
		'--state', "$d/dots.state", map { "'$_'" } @args;
	my $out = `$cmd 2>&1`;
	return ($? >> 8, $out);
}

my $hex = $t->read_file('psk') =~ /^client-a:(\w+)/ ? $1 : '';
$t->write_file('dots.conf', "# nobody's own settings\n");
$t->write_file('mine', "# of the provider\n\nclient-a:$hex\n");
$t->write_file('short', "client-a:0011\n");
$t->write_file('wrong', "client-a:" . 'ab' x 16 . "\n");

# RFC 9132 section 4.4.1.1, by openssl alone

my $cuid = `printf client-a | openssl dgst -sha256 -binary | head -c 16 | base64`;
$cuid =~ tr!+/!-_!;
$cuid =~ s/[=\n]//g;

my @psk = ('--psk', "$d/mine");
my ($rc, $said) = dots($d, @psk, 'cuid');
is($said, "$cuid\n", 'the cuid is the hash of the identity');
($rc, $said) = dots($d, @psk, 'mitigate', '192.0.2.9/32');
is($rc, 0, 'dots mitigate') or diag($said);
($rc, $said) = dots($d, @psk, 'status');
like($said, qr!192\.0\.2\.9/32!, 'dots status');
($rc, $said) = dots($d, @psk, 'mitigate', '198.51.100.9/32');
is($rc, 1, 'not another customer\'s');
($rc, $said) = dots($d, @psk, 'alias', 'list');
is($rc, 2, 'the data channel is for certificates');
like($said, qr/--ca, --cert and --key/, 'says so');
($rc, $said) = dots($d, '--psk', "$d/short", 'status');
is($rc, 2, 'a short key');
like($said, qr/NAME:KEY.*32 to 128 hex/, 'what to write');
unlike($said, qr/0011/, 'without the key');
($rc, $said) = dots($d, '--psk', "$d/nowhere", 'status');
is($rc, 2, 'no such file');
($rc, $said) = dots($d, '--timeout', 3, '--psk', "$d/wrong", 'status');
is($rc, 3, 'a wrong key is not answered');

is(psk($t, 'client-a', $key, '--timeout', 3000)->connected(), $wrong,
	'the old key is no more');

# a file that others can read is odd, but works

chmod 0644, "$d/psk";
like(dots_test($t), qr/\[warn\].*psk.*chmod.*successful/s,
	'a file for everybody is a warning');

# without a file there is no PSK

$t->write_file_expand('nginx.conf', dots_conf());
ok(dots_turn($t), 'a reload');
like(psk($t, 'client-a', $key)->connected(), qr/handshake failure/,
	'no psk_file, no PSK');

$_->quit() foreach ($s, $b, $ccm, $cert, $none);

###############################################################################
