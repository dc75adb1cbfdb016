#!/usr/bin/perl

# The signal channel over TLS: RFC 9132 sections 4.3, 7.1 and 7.2, RFC 8323.
# With our own client, which sends any bytes, libcoap's and openssl's.

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
$t->plan(84);

dots_pki($t);

my $d = $t->testdir();
my ($fp) = `openssl x509 -in $d/self.crt -noout -fingerprint -sha256`
	=~ /=([0-9A-F:]+)/;

my %conf = (workers => 2,
	listen => 'listen 127.0.0.1:%%PORT_8980_UDP%% udp reuseport; '
		. 'listen 127.0.0.1:8446 ssl sndbuf=16k rcvbuf=16k;',
	customers => <<EOF);
    customer a {
        identity  dns:client.example.com;
        prefix    192.0.2.0/24;
        mitigate  rtbh;
    }

    customer pinned {
        identity  sha256:$fp;
        prefix    203.0.113.0/24;
        mitigate  rtbh;
    }
EOF

$t->write_file_expand('nginx.conf', dots_conf(%conf));
$t->run();

###############################################################################

my $port = port(8446);
my ($s, $m);

sub session { return dots_session($t, transport => 'tcp', @_) }

sub hex_of { return unpack 'H*', $_[0] }

# The session is over: an Abort with the text, then the end of the stream
sub aborted {
	my ($s, $text, $name) = @_;

	my $m = $s->recv();
	my $end = $s->command('recv 60000');

	ok($m && $m->{code} eq '7.05' && $m->{body} =~ /$text/
		&& $end =~ /^closed/, $name)
		or diag(explain($m), $end);
	return $m;
}

# ---- who may connect, RFC 9132 sections 7.1, 7.2 and 8 ----

$s = session();
like($s->connected(), qr/^connected TLSv1\.3 \S+ coap$/,
	'a certificate of our CA, TLS 1.3, ALPN coap');
is($s->put('c', 1, prefix => ['192.0.2.1/32'])->{code}, '2.01', 'PUT');
is($s->get('c', 1)->{code}, '2.05', 'GET');

my $udp = dots_session($t, transport => 'udp');
is($udp->get('c', 1)->{code}, '2.05', 'the same over UDP');

my $tls12 = session(args => ['--max', '1.2']);
like($tls12->connected(), qr/^connected TLSv1\.2 \S+(GCM|CHACHA)/,
	'TLS 1.2, an AEAD cipher');
is($tls12->get('c', 1)->{code}, '2.05', 'is served');

like(session(args => ['--max', '1.1'])->connected(), qr/^failed/,
	'TLS 1.1 is refused');

my $pinned = session(cert => 'self');
is($pinned->put('e', 1, prefix => ['203.0.113.1/32'])->{code}, '2.01',
	'a self-signed certificate that is pinned');

my $stranger = session(cert => 'stranger');
is($stranger->get('c')->{code}, '4.01', "our CA, but nobody's: 4.01");

foreach my $cert ('', 'other', 'revoked') {
	$s = session(cert => $cert, csm => 0);
	like($s->command('recv 60000'), qr/^(failed|closed)/,
		"refused: certificate \"$cert\"");
}

# RFC 8323 section 8.2

like(session(args => ['--alpn', 'h2'])->connected(), qr/^failed .*protocol/,
	'ALPN without coap is refused');
$s = session(args => ['--alpn', 'none']);
like($s->connected(), qr/^connected .* -$/, 'no ALPN');
is($s->get('c', 1)->{code}, '2.05', 'is served');

# ---- the CSM, RFC 8323 section 5.3 ----

$s = session(csm => 0);
$m = $s->recv();
is(hex_of($m->{bytes}), '60e1224000202140', 'our CSM comes at once');
$s->send($s->message(method => 'GET', path => ['x']));
aborted($s, 'CSM', 'a request before the CSM');

$s = session(csm => 0);
$s->recv();
$s->send("\x10\xe1\x90");
$m = aborted($s, 'critical', 'a critical option in the CSM');
is(hex_of($m->{options}{2}[0]), '09', 'Bad-CSM-Option');

# ---- Ping, Release, Abort, sections 5.4 to 5.6 ----

$s = session();
$s->send("\x01\xe2\x42");
is(hex_of($s->recv()->{bytes}), '01e342', 'Ping and Pong');

$s->send($s->message(method => 'DELETE', path => [ '.well-known', 'dots',
	'mitigate', 'cuid=c', 'mid=77' ], token => 'first') . "\x11\xe2\x43\x20");
is($s->recv()->{token}, 'first', 'with Custody: first the answer');
is(hex_of($s->recv()->{bytes}), '11e34320', 'then the Pong');

$s->send("\0\0" . "\x00\xe0" . "\x00\x45" . "\x01\xe2\x44");
is(hex_of($s->recv()->{bytes}), '01e344',
	'Empty, unassigned signals and stray responses are ignored');

my $release = $s->message(method => 'PUT', path => Test::DOTS::Session::path(
	'c', 2), body => dots_mitigate(prefix => ['192.0.2.2/32']));
$s->send($release . "\0\xe4");
is($s->recv()->{code}, '2.01', 'what was asked before Release is answered');
like($s->command('recv 60000'), qr/^closed/, 'then the connection ends');

$s = session(csm => 0);
$s->recv();
$s->send("\0\xe1\x30\xe5\xffno");
like($s->command('recv 60000'), qr/^closed/, 'Abort ends it at once');

# ---- what is no message ----

foreach my $bad ([ "\x0f", 'a reserved token length' ],
	[ "\0\xc1", 'a reserved class' ], [ "\x10\x01\xf0", 'a bad option' ],
	[ "\xf0\xff\xff\xff\xff\x01", 'a claim of 4 GB' ],
	[ "\xe0\x3e\xf0\x01", 'a claim of 16 KB and one byte' ])
{
	$s = session();
	$s->send($bad->[0]);
	aborted($s, '.', "Abort: $bad->[1]");
}

# what follows does not keep the peer from reading the Abort

$s = session();
$s->send("\x0f" . ('x' x 100000));
aborted($s, 'reserved', 'Abort arrives in front of 100 KB of junk');

# close_notify is answered with close_notify, RFC 5246, 7.2.1; RFC 8446, 6.1,
# where an alert is an encrypted record: its two bytes, the type and the tag

foreach my $v ([ '1.2', '15' ], [ '1.3', '1703030013' ]) {
	my ($version, $alert) = @$v;

	$s = session(args => [ '--max', $version ]);
	is($s->get('c', 4711)->{code}, '4.04', "TLS $version");
	$s->command('close');
	like($s->command('rawrecv 60000'), qr/^raw $alert/, 'close_notify');
	is($s->command('rawrecv 60000'), 'closed', 'then the end');
}

# below TLS

foreach my $junk ('00' x 100, '474554202f20485454502f312e310d0a0d0a',
	'16030100ff' . 'ff' x 255)
{
	$s = session(args => ['--wait']);
	$s->command("raw $junk");
	my $got = $s->command('rawrecv 60000');
	$got = $s->command('rawrecv 60000') if $got =~ /^raw/;
	is($got, 'closed', 'junk instead of TLS');
}

# ---- the stream ----

# RFC 8974: tokens of up to 64 bytes

$s = session();
foreach my $n (0, 8, 9, 13, 64) {
	is($s->get('c', 1, token => 't' x $n)->{token}, 't' x $n,
		"a token of $n bytes");
}
$s->send($s->message(method => 'GET', path => ['x'], token => 't' x 65));
aborted($s, 'malformed', 'one of 65 bytes');

# half a message, then other things happen, then the rest

$s = session();
my $half = $s->message(method => 'GET', path => Test::DOTS::Session::path('c',
	1));
$s->send($_) foreach split //, substr($half, 0, 20);
my $other = session();
is($other->get('c', 1)->{code}, '2.05', 'half a message of one, another one');
$s->send(substr $half, 20);
is($s->recv()->{code}, '2.05', 'the other half');

# requests in one write: more than are processed at once, none is lost

sub pipeline {
	my ($s, $n) = @_;
	return join '', map { $s->message(method => 'GET', token => pack('N', $_),
		path => Test::DOTS::Session::path('c')) } 1 .. $n;
}

sub answers {
	my ($s, $n) = @_;
	my %tokens;

	while (keys %tokens < $n) {
		my $m = $s->recv() or last;
		return "token twice" if $tokens{$m->{token}}++;
		return "code $m->{code}" unless $m->{code} eq '2.05';
	}

	return scalar keys %tokens;
}

$s->send(pipeline($s, 100));
is(answers($s, 100), 100, '100 requests in one write');

# a peer that does not read: the server stops to read, nothing is lost

my $slow = session(args => ['--rcvbuf', 4096]);
$slow->put('c', $_, prefix => ["192.0.2.$_/32"]) foreach 3 .. 40;
like($slow->send(pipeline($slow, 800)), qr/^sent/,
	'800 requests of a peer that does not read');
is($other->get('c', 1)->{code}, '2.05', 'others are served meanwhile');
is(answers($slow, 800), 800, 'it gets all answers when it reads')
	or diag($slow->{last},
		explain(scalar `grep TLS $d/error.log | grep info | tail -3`));

# ---- Observe, section 7 and RFC 9132 section 4.4.2.1 ----

my $watch = session();
$m = $watch->get('c', 1, options => [ [ 6, '' ] ], token => 'watch');
ok(exists $m->{options}{6}, 'observing');
is($other->delete('c', 1)->{code}, '2.02', 'a change');
$m = $watch->notification('watch');
is($m && $m->{code}, '2.05', 'a notification');
$m = $watch->notification('watch');
is($m && $m->{code}, '2.05', 'and the last one');

# ---- large answers: by the peer's Max-Message-Size ----

$s = session();
$m = $s->get('c');
is($m->{code}, '2.05', 'with the base value');
cmp_ok(length $m->{bytes}, '<=', 1152, 'no more than that');
ok(exists $m->{options}{23}, 'in blocks');
$s->send("\x30\xe1\x22\x40\x00");
$m = $s->get('c');
cmp_ok(length $m->{bytes}, '>', 1152, 'more for who takes more');

# ---- foreign clients ----

my $out = `coap-client-openssl -m get -o $d/libcoap.body \\
	-c $d/a.crt -j $d/a.key -C $d/ca.crt -B 60 \\
	'coaps+tcp://127.0.0.1:$port/.well-known/dots/mitigate/cuid=c/mid=3' 2>&1`;
my $body = dots_decode($t->read_file('libcoap.body'));
is($body && $body->{1}{2}[0]{5}, 3, 'libcoap') or diag($out);

$out = `timeout 60 openssl s_client -alpn coap -connect 127.0.0.1:$port \\
	-CAfile $d/ca.crt -cert $d/a.crt -key $d/a.key 2>&1 </dev/null`;
like($out, qr/ALPN protocol: coap/, 'openssl: ALPN');
like($out, qr/Verify return code: 0 \(ok\)/, 'openssl: verified');

# ---- resumption, RFC 9132 section 7.1 ----

$s = session();
is($s->get('c', 3)->{code}, '2.05', 'a session');
is($s->command('keep'), 'ok', 'has a ticket');
like($s->command('resume'), qr/^connected TLSv1\.3 .* resumed$/, 'is resumed');
$s->send("\0\xe1");
is($s->get('c', 3)->{code}, '2.05', 'and served');

# ---- reload: Release, close ----

dots_turn($t);
$m = $s->recv();
is($m && $m->{code}, '7.04', 'a reload says Release');
like($s->command('recv 60000'), qr/^closed/, 'and closes');

$s = session();
like($s->connected(), qr/^connected/, 'a new session');
is($s->get('c', 3)->{code}, '2.05', 'finds its mitigation');

# ---- handshakes of a source address are limited, idle sessions end ----

$conf{stream} = 'dots_idle_timeout 10s;';
$t->write_file_expand('nginx.conf', dots_conf(%conf,
	dots => 'limit_source handshakes=12r/m;'
		. ' session_config heartbeat-interval=15..240/0;'));
dots_turn($t);

is($s->recv()->{code}, '7.04', 'another reload');

my $idle;
ok(dots_until(sub { $idle = session(); $idle->connected() =~ /^failed/ }),
	'too many handshakes of an address are refused');
like(session(args => ['--bind', '127.0.0.3'])->connected(), qr/^connected/,
	'another address is served');

$idle = session(args => ['--bind', '127.0.0.4']);
is($idle->get('c', 3)->{code}, '2.05', 'a session');
$m = $idle->recv();
is($m && $m->{code}, '7.04', 'that says nothing is released');
like($idle->command('recv 60000'), qr/^closed/, 'and closed');

# ---- what nginx -t says ----

sub test_conf {
	$t->write_file_expand('test.conf', dots_conf(%conf, @_));
	return `$ENV{TEST_NGINX_BINARY} -t -p $d/ -c $d/test.conf -e stderr 2>&1`;
}

like(test_conf(listen => 'listen 127.0.0.1:8447;'),
	qr/is plain TCP.*write "listen \S+ ssl"/, 'plain TCP is refused');
like(test_conf(listen => "listen unix:$d/signal.sock udp;"),
	qr/signal\.sock.*is a unix socket.*needs a port/, 'so is DTLS without one');
like(test_conf(stream => 'ssl_verify_client optional;'),
	qr/can't be optional.*write "on"/, 'so are optional certificates');
like(test_conf(stream => 'ssl_protocols TLSv1.1;'),
	qr/write "TLSv1.2 TLSv1.3"/, 'and old protocols');

$_->quit() foreach ($udp, $tls12, $pinned, $stranger, $other, $slow, $watch);

$s = session(args => ['--bind', '127.0.0.5']);
is($s->get('c', 3)->{code}, '2.05', 'a last session');

$t->stop();

$m = $s->recv();
is($m && $m->{code}, '7.04', 'the end says Release');

# the subs above hold it, and its own tests come when it goes

undef $t;

###############################################################################
