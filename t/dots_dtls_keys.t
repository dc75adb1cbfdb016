#!/usr/bin/perl

# Keys of client certificates over DTLS: whatever OpenSSL can verify is as good
# as another (RFC 9325 section 4.5 has no list of types), in a certificate of the
# client, in that of a CA between, and in a ticket; and so it is where openssl.cnf
# has more than OpenSSL's default provider.

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

my %keys = (
	'p256' => '-algorithm EC -pkeyopt ec_paramgen_curve:P-256',
	'p384' => '-algorithm EC -pkeyopt ec_paramgen_curve:P-384',
	'p521' => '-algorithm EC -pkeyopt ec_paramgen_curve:P-521',
	'rsa' => '-algorithm RSA -pkeyopt rsa_keygen_bits:2048',
	'rsa-pss' => '-algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048',
	'ed25519' => '-algorithm ED25519',
	'ed448' => '-algorithm ED448',
);

my %cas = (%keys, 'dsa' => '-paramfile dsa.pem');
my @resumed = qw/p256 p384 ed25519/;	# small enough for a ticket

$t->plan(2 * (keys(%keys) + keys(%cas) + 2 * @resumed + 1) + 2);

dots_pki($t);

openssl($d, 'genpkey -genparam -algorithm DSA -pkeyopt dsa_paramgen_bits:2048 '
	. '-out dsa.pem');

leaf($t, $_, $keys{$_}, 'ca') foreach sort keys %keys;

foreach my $type (sort keys %cas) {
	authority($t, "ca-$type", $cas{$type});
	leaf($t, "of-$type", $keys{'p256'}, "ca-$type");
}

# any provider will do, and this one is there

$t->write_file('more.cnf', <<EOF);
openssl_conf = all
[all]
providers = providers
[providers]
default = on
base = on
[on]
activate = 1
EOF

# the default alone, whatever the machine's own says

$t->write_file('default.cnf', '');

$t->write_file_expand('nginx.conf', dots_conf());

###############################################################################

my $own = 'handshakes have a library context of their own';
my $kept = `openssl version` !~ /^OpenSSL 3\.[01]\./;

foreach my $conf (qw/default more/) {
	my $before = -s "$d/error.log" || 0;

	{
		local $ENV{OPENSSL_CONF} = "$d/$conf.cnf";
		$t->run();
	}

	like(client($d, $port, $_), qr/New, TLSv1\.2, Cipher/,
		"$conf: a key of $_") foreach sort keys %keys;

	like(client($d, $port, "of-$_", "-cert_chain $d/ca-$_.crt"),
		qr/New, TLSv1\.2, Cipher/,
		"$conf: a CA between, with one of $_") foreach sort keys %cas;

	foreach my $type (@resumed) {
		like(client($d, $port, $type, "-sess_out $d/$type.session"),
			qr/TLS session ticket:/, "$conf: a ticket for $type");
		like(client($d, $port, $type, "-sess_in $d/$type.session"),
			qr/^Reused,/m, "$conf: is taken");
	}

	like(client($d, $port, 'other'), qr/alert unknown ca/,
		"$conf: of another's CA");

	SKIP: {
		skip 'this OpenSSL keeps its decoders', 1 if $kept;
		is(() = substr($t->read_file('error.log'), $before) =~ /$own/g,
			$conf eq 'default' ? 1 : 0, "$conf: the context of handshakes");
	}

	$t->stop() if $conf eq 'default';
}

###############################################################################

sub openssl {
	my ($d, $cmd) = @_;
	system("cd $d && openssl $cmd >>openssl.log 2>&1") == 0
		or die "openssl $cmd failed\n" . `tail -5 $d/openssl.log`;
}

sub leaf {
	my ($t, $name, $key, $ca) = @_;
	my $d = $t->testdir();

	$t->write_file("$name.ext", "subjectAltName=DNS:client.example.com\n"
		. "extendedKeyUsage=clientAuth\nbasicConstraints=CA:FALSE\n");

	openssl($d, "genpkey $key -out $name.key");
	sign($d, $name, '/CN=client-a', $ca);
}

sub authority {
	my ($t, $name, $key) = @_;
	my $d = $t->testdir();

	$t->write_file("$name.ext", "basicConstraints=critical,CA:TRUE\n"
		. "keyUsage=critical,keyCertSign,cRLSign\n");

	openssl($d, "genpkey $key -out $name.key");
	sign($d, $name, "/CN=$name", 'ca');

	# each CA of the chain has to have a CRL

	my $md = $key =~ /ED\d+/ ? 'null' : 'sha256';

	openssl($d, "ca -config ca.cnf -keyfile $name.key -cert $name.crt -md $md "
		. "-gencrl -out $name.crl");
	system("cat $d/$name.crl >>$d/crl.pem");
}

sub sign {
	my ($d, $name, $subject, $ca) = @_;

	openssl($d, "req -new -key $name.key -subj $subject -out $name.csr");
	openssl($d, "x509 -req -in $name.csr -CA $ca.crt -CAkey $ca.key "
		. "-CAcreateserial -days 30 -extfile $name.ext -out $name.crt");
}

sub client {
	my ($d, $port, $name, $more) = @_;
	$more = '' unless defined $more;

	return scalar `echo | timeout 60 openssl s_client -dtls1_2 \\
		-connect 127.0.0.1:$port -CAfile $d/ca.crt \\
		-cert $d/$name.crt -key $d/$name.key $more 2>&1`;
}

###############################################################################
