#!/usr/bin/perl

# DTLS 1.2 sessions of the signal channel: RFC 9132 sections 7 and 8, RFC 6347
# section 4.2.  With our own client, which misbehaves on demand, and openssl's.

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
$t->plan(40);

dots_pki($t);

my $d = $t->testdir();
my ($fp) = `openssl x509 -in $d/self.crt -noout -fingerprint -sha256`
	=~ /=([0-9A-F:]+)/;

my $conf = dots_conf(workers => 2,
	listen => 'listen *:%%PORT_8980_UDP%% udp reuseport;',
	customers => <<EOF);
    customer a {
        identity  dns:client.example.com;
        prefix    192.0.2.0/24;
        mitigate  rtbh;
    }

    customer b {
        identity  cn:client-b;
        prefix    198.51.100.0/24;
        mitigate  rtbh;
    }

    customer pinned {
        identity  sha256:$fp;
        prefix    203.0.113.0/24;
        mitigate  rtbh;
    }
EOF

$t->write_file_expand('nginx.conf', $conf);
$t->run();

###############################################################################

my $port = port(8980, udp => 1);
my ($s, $m);

# RFC 9132 section 8: who may connect, and as whom

$s = dots_session($t);
like($s->connected(), qr/^connected \S*GCM|^connected \S*CHACHA/,
	'a certificate of our CA, an AEAD cipher');
is($s->put('c', 1, prefix => ['192.0.2.1/32'])->{code}, '2.01', 'customer a');

my $b = dots_session($t, cert => 'b');
is($b->put('d', 1, prefix => ['198.51.100.1/32'])->{code}, '2.01',
	'customer b, by CN');

my $pinned = dots_session($t, cert => 'self');
like($pinned->connected(), qr/^connected/, 'a self-signed one that is pinned');
is($pinned->put('e', 1, prefix => ['203.0.113.1/32'])->{code}, '2.01',
	'customer pinned');

my $stranger = dots_session($t, cert => 'stranger');
like($stranger->connected(), qr/^connected/, "our CA, but nobody's");
is($stranger->put('f', 1, prefix => ['192.0.2.1/32'])->{code}, '4.01',
	'4.01 for a PUT');
is($stranger->get('c')->{code}, '4.01', '4.01 for a GET');

foreach my $cert ('', 'other', 'revoked') {
	my $x = dots_session($t, cert => $cert);
	my $got = $x->connected();

	# the client has finished its part when the server refuses: the refusal
	# comes as an alert

	$got = $x->command('recv 60000') if $got =~ /^connected/;
	like($got, qr/^failed|^closed/, "refused: certificate \"$cert\"");
}

my $old = dots_session($t, args => ['--dtls1', '--timeout', 5000]);
like($old->connected(), qr/^failed/, 'DTLS 1.0 is refused, RFC 9132 7.1');

# RFC 6347 section 4.2.1: no state, no amplification before the cookie

my $w = dots_session($t, args => ['--wait']);
my $hello = $w->command('hello');
my ($hex) = $hello =~ /^hello ([0-9a-f]+)/;
ok($hex, 'a ClientHello without cookie');
$w->command("raw $hex");
my ($verify) = $w->command('rawrecv 60000') =~ /^raw ([0-9a-f]+)/;
like($verify, qr/^16fe[fd][fd]0000.{16}03/, 'gets a HelloVerifyRequest');
cmp_ok(length $verify, '<=', length $hex, 'no longer than itself');

my $flood = $w->command('hello-flood 2000');
like($flood, qr/^flood sent=2000 answers=\d+ size=(\d+) largest=(\d+)/,
	'a flood of them');
my ($size, $largest) = $flood =~ /size=(\d+) largest=(\d+)/;
cmp_ok($largest, '<=', $size, 'no answer larger than the hello');

# where its worker has not read all of the flood the request is lost, and sent again

@$s{qw/ tries patience /} = (60, 1000);
is($s->get('c', 1)->{code}, '2.05', 'other sessions go on');

# what is no DTLS, or of a session that is not there, is dropped; from a port to
# which no answer to the flood is on its way

my $j = dots_session($t, args => ['--wait']);

foreach my $junk ('00', '16', 'ff' x 40, '16fefd' . '00' x 20,
	'17fefd000100000000000100080000000000000000', '40010001', '16fefd00')
{
	$j->command("raw $junk");
}
is($j->command('rawrecv 300'), 'timeout', 'junk gets no answer');

# one record a datagram, several records in one datagram

my $two = dots_session($t);
$two->get('c', 1);
$two->command('stats');
$two->command('hold');
$two->send($two->message(method => 'GET', path => ['x']));
$two->send($two->message(method => 'GET', path => ['y']));
$two->command('flush');
is($two->recv()->{code}, '4.04', 'first of two in one datagram');
is($two->recv()->{code}, '4.04', 'second');
like($two->command('stats'), qr/\bin=2 out=1\b/, 'answered in two datagrams');

# RFC 6347 section 4.1.2.6: a replayed record is silent

$two->command('dup 1');
$two->send($two->message(method => 'GET', path => ['z'], type => 'CON'));
is($two->recv()->{code}, '4.04', 'answered once');
is($two->recv(300), undef, 'and not twice');

# lost flights

my $lost = dots_session($t, args => ['--wait', '--timeout', 20000]);
$lost->command('drop in 2');
like($lost->command('connect 60000'), qr/^connected/,
	'a handshake with two lost datagrams');

# RFC 6347 section 4.2.8: a rebooted client, same port

is($lost->get('c', 1)->{code}, '2.05', 'a session');
like($lost->command('restart 60000'), qr/^connected/, 'begins again');
is($lost->get('c', 1)->{code}, '2.05', 'and is served');

# a wildcard listen answers from the address that was asked

my $second = dots_session($t, server => "127.0.0.2:$port");
like($second->connected(), qr/^connected/, 'answers come from 127.0.0.2');

# openssl's own client

my $out = `timeout 60 openssl s_client -dtls1_2 -connect 127.0.0.1:$port \\
	-CAfile $d/ca.crt -cert $d/a.crt -key $d/a.key 2>&1 </dev/null`;
like($out, qr/Verify return code: 0 \(ok\)/, 'openssl s_client');
like($out, qr/Secure Renegotiation IS supported|Renegotiation/,
	'RFC 5746 is understood');

# close_notify: the peer's ends the session, ours tells the peer

is($second->command('close'), 'ok', 'close_notify of the client');

# behind whatever was on its way to it

my $line;
do { $line = $second->command('rawrecv 60000') } while $line =~ /^raw (?!15)/;

like($line, qr/^raw 15fefd0001/, 'is answered');

# not before all of them leave: the next session is of none that is about to

dots_turn($t);
ok(dots_until(sub { $s->command('recv 1000') =~ /^closed/ }),
	'a reload says goodbye');

$s = dots_session($t);
is($s->get('c', 1)->{code}, '2.05', 'a new session finds its mitigation');

# a CRL whose signature was found right is asked each time, for its date, too

foreach my $seconds (5, 10, 20, 60) {
	system("cd $d && openssl ca -config ca.cnf -keyfile ca.key -cert ca.crt "
		. "-gencrl -crlsec $seconds -out new.pem >>openssl.log 2>&1 "
		. "&& mv new.pem crl.pem") == 0 or die;
	dots_turn($t);

	# twice: the second time its signature is known; a slow machine has not
	# come so far before it is over

	$s = dots_session($t) foreach 1 .. 2;
	last if $s->connected() =~ /^connected/ && $s->get('c', 1);
}

like($s->connected(), qr/^connected/, 'a CRL that is good for seconds');

sub refused {
	my ($t, $cert) = @_;
	my $x = dots_session($t, cert => $cert);
	my $served = $x->connected() =~ /^connected/ && $x->get('c', 1);
	$x->quit();
	return !$served;
}

ok(refused($t, 'revoked'), 'refuses whom it has');
ok(dots_until(sub { refused($t, 'a') }), 'and everybody when it has expired');

system("cd $d && openssl ca -config ca.cnf -keyfile ca.key -cert ca.crt "
	. "-gencrl -out new.pem >>openssl.log 2>&1 && mv new.pem crl.pem") == 0
	or die;
dots_turn($t);

$s = dots_session($t);
is($s->get('c', 1)->{code}, '2.05', 'with a new one');

$_->quit() foreach ($b, $pinned, $stranger, $lost, $second, $w, $j, $two);

$t->stop();
like($s->command('recv 60000'), qr/^closed/, 'so does the end');

###############################################################################
