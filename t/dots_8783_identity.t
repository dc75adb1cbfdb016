#!/usr/bin/perl

# Whose certificate it is where several servers share an address: the one that
# shook hands, the one whose session it was and the one that answers need not be
# the same (RFC 8040 section 2.5).  And what comes before the handshake is over
# may be a repetition (RFC 8446 section 8, RFC 8470).

###############################################################################

use warnings;
use strict;

use IO::Socket::INET;
use Test::More;

BEGIN { use FindBin; chdir($FindBin::Bin); }

use lib 'lib';
use Test::DOTS;
use Test::Nginx;

###############################################################################

select STDERR; $| = 1;
select STDOUT; $| = 1;

my $t = Test::Nginx->new()->has(qw/http http_ssl http_v2 stream udp/);

dots_has(qw/openssl curl/);
$t->plan(20);

dots_pki($t);

my $dir = $t->testdir();

# below an intermediate CA that the client sends along

Test::DOTS::_leaf($dir, 'inter', 'test inter', '');
$t->write_file('inter.ext', "basicConstraints=critical,CA:TRUE\n"
	. "keyUsage=critical,keyCertSign,cRLSign\n");
Test::DOTS::_openssl($dir, 'openssl req -new -key inter.key '
	. '-subj "/CN=test inter" -out inter.csr && openssl x509 -req '
	. '-in inter.csr -CA ca.crt -CAkey ca.key -set_serial 77 -days 30 '
	. '-extfile inter.ext -out inter.crt');
Test::DOTS::_leaf($dir, 'i', 'client-i', 'DNS:client.example.com',
	ca => 'inter');

# an address of two servers, the default of which knows another CA, too

$t->write_file('both.crt', $t->read_file('ca.crt')
	. $t->read_file('otherca.crt'));

my $http = <<'EOF';
        server_name        localhost;
        ssl_protocols      TLSv1.2 TLSv1.3;
        ssl_session_cache  shared:s:1m;
        ssl_early_data     on;
    }

    server {
        listen 127.0.0.1:8443 default_server ssl http2;
        server_name elsewhere.example.com;

        ssl_protocols           TLSv1.2 TLSv1.3;
        ssl_session_cache       shared:s:1m;
        ssl_early_data          on;
        ssl_certificate         %%TESTDIR%%/server.crt;
        ssl_certificate_key     %%TESTDIR%%/server.key;
        ssl_client_certificate  %%TESTDIR%%/both.crt;
        ssl_verify_client       on;

        location / { return 204; }
        location /restconf { dots_data; }
EOF

my $conf = dots_conf(http => $http);
(my $lenient = $conf) =~ s/^ +ssl_crl .*\n//mg;

$t->write_file_expand('nginx.conf', $lenient);
$t->run();
$t->waitforsocket('127.0.0.1:' . port(8443)) or die;

###############################################################################

my $data = '/restconf/data/ietf-dots-data-channel:dots-data';
my $early = "$dir/early";
my $session = "$dir/session";

is(curl('a', 'localhost'), 200, 'a client of ours');
is(curl('other', 'localhost'), 401, 'of another CA');
is(curl('other', 'elsewhere.example.com', '/'), 204, 'which elsewhere is fine');
is(curl('other', 'elsewhere.example.com', $data, 'localhost'), 421,
	'a name other than the one shaken hands for');

# nginx asks no more where no name was said, or one that nobody has

is(curl('other', '127.0.0.1', $data, 'localhost'), 401,
	'no name: the CAs are those of the server that answers');
is(curl('other', 'nobody.example.com', $data, 'localhost'), 401,
	'likewise a name that nobody has');
is(curl('a', '127.0.0.1', $data, 'localhost'), 200, 'a client of ours, no name');
is(curl('a', 'nobody.example.com', $data, 'localhost'), 200,
	'likewise a name that nobody has');

# each request by the server that answers, in one connection

is(asked('other', qw/elsewhere.example.com localhost elsewhere.example.com/),
	'200 1 401 0 200 0', 'one server after the other');

# a session begun with one server and resumed with another: with TLS 1.3 nginx
# before 1.27.4 lets it pass (CVE-2025-23419)

for my $version (qw/tls1_2 tls1_3/) {
	shake('other', 'elsewhere.example.com', $version,
		get('/', 'elsewhere.example.com'), '-sess_out', $session);
	unlike(shake('other', 'localhost', $version, get($data, 'localhost'),
		'-sess_in', $session), qr/^200/, "another server's, $version");

	shake('a', 'localhost', $version, get($data, 'localhost'),
		'-sess_out', $session);
	is(shake('a', 'localhost', $version, get($data, 'localhost'),
		'-sess_in', $session), '200 reused', "its own, $version");

	# a session has the client's certificate alone

	my @chain = ('-cert_chain', "$dir/inter.crt");

	shake('i', 'localhost', $version, get($data, 'localhost'),
		'-sess_out', $session, @chain);
	is(shake('i', 'localhost', $version, get($data, 'localhost'),
		'-sess_in', $session, @chain), '200 reused',
		"its own, an intermediate CA, $version");
}

# whoever has seen early data may send them again

early(get($data, 'localhost'));
like(early_data(), qr/^200 reused early$/, 'early data, GET');

# what comes when the handshake is at its end is as good as any request: it is not
# before that is answered

early(put('x'));
like(early_data(first_flight()), qr/^425 reused early$/, 'early data, PUT');
is(curl('a', 'localhost', "$data/dots-client=x"), 404, 'nothing is done');

# a certificate that was revoked since its session began

shake('revoked', 'localhost', 'tls1_2', get($data, 'localhost'), '-no_ticket',
	'-sess_out', $session);

$t->write_file_expand('nginx.conf', $conf);
dots_reload($t);

is(curl('revoked', 'localhost'), 401, 'revoked');
is(shake('revoked', 'localhost', 'tls1_2', get($data, 'localhost'),
	'-no_ticket', '-sess_in', $session), '401 reused',
	'revoked, in a session from before');

undef $t;       # the subs below would keep it beyond the plan

###############################################################################

# The code of a GET: whose certificate, the name to shake hands for, what is
# asked, and of whom
sub curl {
	my ($cert, $name, $path, $host) = @_;

	$host ||= $name;
	$path ||= $data;

	my ($code) = dots_curl($t, 'GET', "https://$name:" . port(8443) . $path,
		cert => $cert, headers => ["Host: $host"], args => ['-k',
		'--http1.1', '--connect-to', '::127.0.0.1:' . port(8443)]);

	return $code;
}

# Likewise of each host in turn, without a name: the codes, and how many connections
# each took
sub asked {
	my ($cert, @hosts) = @_;

	my @each = map { "--next -sk --http1.1 --max-time 60 -o /dev/null "
		. "--cert $dir/$cert.crt --key $dir/$cert.key -H 'Host: $_' "
		. "-w '%{http_code} %{num_connects}\n' https://127.0.0.1:"
		. port(8443) . $data } @hosts;

	return join ' ', split ' ', `curl @each`;
}

sub get {
	my ($path, $host) = @_;

	return "GET $path HTTP/1.1\r\nHost: $host\r\nConnection: close\r\n\r\n";
}

sub put {
	my ($cuid) = @_;

	my $body = '{"ietf-dots-data-channel:dots-client":[{"cuid":"' . $cuid
		. '"}]}';

	return "PUT $data/dots-client=$cuid HTTP/1.1\r\nHost: localhost\r\n"
		. "Content-Type: application/yang-data+json\r\nContent-Length: "
		. length($body) . "\r\nConnection: close\r\n\r\n$body";
}

# The request as early data of a session of a's
sub early { $t->write_file('early', $_[0]) }

sub early_data {
	my ($port) = @_;

	shake('a', 'localhost', 'tls1_3', get($data, 'localhost'), '-sess_out',
		$session);

	return shake('a', 'localhost', 'tls1_3', '', '-sess_in', $session,
		'-early_data', $early, $port ? ('-connect', "127.0.0.1:$port") : ());
}

# A port before the server for one connection: of the client up to its early data,
# of the server all until it closes, and only then to the client
sub first_flight {
	my $listen = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1')
		or die;

	$t->run_daemon(sub {
		my $client = $listen->accept() or return;
		my $server = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
			PeerPort => port(8443)) or return;
		my $type = 0;

		# RFC 8446 section 5.1: type, version, length; 23 is application data

		while ($type != 23) {
			read $client, my $head, 5 or return;
			read $client, my $record, unpack 'x3n', $head or return;
			$server->print($head . $record);
			$server->flush();
			$type = ord $head;
		}

		local $/;
		$client->print(scalar <$server>);
		$client->close();
	});

	return $listen->sockport();
}

# What comes of it: the code, "reused", "early"
sub shake {
	my ($cert, $name, $version, $request, @args) = @_;

	$t->write_file('request', $request);

	my @cmd = ('openssl', 's_client', '-connect', '127.0.0.1:' . port(8443),
		'-servername', $name, "-$version", '-ign_eof', '-cert',
		"$dir/$cert.crt", '-key', "$dir/$cert.key", @args);

	my $out = `timeout 60 @cmd <$dir/request 2>&1`;
	my ($code) = $out =~ m!^HTTP/1.1 (\d+)!m;

	return join ' ', $code || 0, ($out =~ /^Reused/m ? 'reused' : ()),
		($out =~ /Early data was accepted/ ? 'early' : ());
}
