#!/usr/bin/perl

# nginx's own errors in a server that has "dots_data": errors of RESTCONF (RFC
# 8040 sections 2.5 and 7.1), whatever of the request could not be read.

###############################################################################

use warnings;
use strict;

use Test::More;

BEGIN { use FindBin; chdir($FindBin::Bin); }

use lib 'lib';
use Test::DOTS;
use Test::DOTS::Yang;
use Test::Nginx;

###############################################################################

select STDERR; $| = 1;
select STDOUT; $| = 1;

my $t = Test::Nginx->new()->has(qw/http http_ssl http_v2 stream udp/);

dots_has(qw/openssl curl/);
$t->plan(100);

dots_pki($t);
$t->write_file('own.html', 'the page of the operator');

my $http = <<'EOF';
        ssl_verify_client on;

        location /small { client_max_body_size 10; }
        location /denied { deny all; }
        location /password { auth_basic x; auth_basic_user_file %%TESTDIR%%/own.html; }
        location /gone { proxy_pass http://127.0.0.1:8081; }
        location /broken { return 500; }
        location /teapot { return 418; }
        location /text { return 404 "text of the operator"; }
        location /limited { dots_data; limit_req zone=z; limit_req_status 429; }
        location /busy { dots_data; limit_req zone=z; }

        location /own {
            root %%TESTDIR%%;
            error_page 404 /own.html;
        }
        location = /own.html { root %%TESTDIR%%; }
    }

    limit_req_zone $binary_remote_addr zone=z:1m rate=1r/m;

    server {
        listen 127.0.0.1:8443 ssl http2;
        server_name optional.example.com;

        ssl_certificate         %%TESTDIR%%/server.crt;
        ssl_certificate_key     %%TESTDIR%%/server.key;
        ssl_client_certificate  %%TESTDIR%%/ca.crt;
        ssl_crl                 %%TESTDIR%%/crl.pem;
        ssl_verify_client       optional;

        location /restconf { dots_data; }
    }

    server {
        listen 127.0.0.1:8443 ssl http2;
        server_name www.example.com;

        ssl_certificate         %%TESTDIR%%/server.crt;
        ssl_certificate_key     %%TESTDIR%%/server.key;
        root %%TESTDIR%%;
EOF

my $conf = dots_conf(workers => 2, http => $http);
$conf =~ s/ssl_verify_client +optional;\n//;

$t->write_file_expand('nginx.conf', $conf);
$t->run();
$t->waitforsocket('127.0.0.1:' . port(8443)) or die;

###############################################################################

my $origin = 'https://localhost:' . port(8443);
my ($code, $body, $head);

# what can't be read: over a connection with a certificate

foreach my $case (
	[ 'no request line', "nonsense\r\n\r\n", 400, 'malformed-message' ],
	[ 'a bad escape', "GET /restconf/%zz HTTP/1.1\r\nHost: localhost\r\n\r\n",
		400, 'malformed-message' ],
	[ 'half an escape', "GET /restconf/%2 HTTP/1.1\r\nHost: localhost\r\n\r\n",
		400, 'malformed-message' ],
	[ 'no Host', "GET /restconf HTTP/1.1\r\n\r\n", 400, 'malformed-message' ],
	[ 'a bad header', "GET /restconf HTTP/1.1\r\nHost: localhost\r\n: x\r\n\r\n",
		400, 'malformed-message' ],
	[ 'a bad length', "PUT /restconf/data HTTP/1.1\r\nHost: localhost\r\n"
		. "Content-Length: x\r\n\r\n", 400, 'malformed-message' ],
	[ 'two lengths', "PUT /restconf/data HTTP/1.1\r\nHost: localhost\r\n"
		. "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		400, 'malformed-message' ],
	[ 'a chunk that lies', "POST /restconf/data HTTP/1.1\r\nHost: localhost\r\n"
		. "Content-Type: application/yang-data+json\r\n"
		. "Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400,
		'malformed-message' ],
	[ 'a long URI', 'GET /restconf/' . 'x' x 40000
		. " HTTP/1.1\r\nHost: localhost\r\n\r\n", 414, 'too-big' ],
	[ 'a large header', "GET /restconf HTTP/1.1\r\nHost: localhost\r\nX: "
		. 'x' x 40000 . "\r\n\r\n", 431, 'too-big' ],
	[ 'a version to come', "GET /restconf HTTP/7.1\r\nHost: localhost\r\n\r\n",
		505, 'operation-not-supported' ],
	[ 'TRACE', "TRACE /restconf/data HTTP/1.1\r\nHost: localhost\r\n\r\n",
		405, 'operation-not-supported' ],
	[ 'TRACE of nothing', "TRACE /restconf/nosuch HTTP/1.1\r\n"
		. "Host: localhost\r\n\r\n", 405, 'operation-not-supported' ],
	[ 'TRACE of no path', "TRACE /x/../restconf HTTP/1.1\r\n"
		. "Host: localhost\r\n\r\n", 405, 'operation-not-supported' ],
	[ 'a method that files have not', "PUT / HTTP/1.1\r\nHost: localhost\r\n"
		. "Connection: close\r\n"
		. "Content-Length: 0\r\n\r\n", 405, 'operation-not-supported' ],
	[ 'an unknown method', "BREW /restconf/data HTTP/1.1\r\nHost: localhost\r\n"
		. "Connection: close\r\n\r\n", 501, 'operation-not-supported' ],
	[ 'a large body', "PUT /small/x HTTP/1.1\r\nHost: localhost\r\n"
		. "Content-Length: 11\r\nConnection: close\r\n\r\n" . 'x' x 11,
		413, 'too-big' ])
{
	my ($name, $request, $status, $tag) = @$case;

	($code, $head, $body) = raw($t, $request);
	dots_yang_errors($code, $body, $status, $tag, $name);
	like($head, qr!Content-Type: application/yang-data\+json\r!i,
		"$name: its type");

	like($head, qr/Allow: OPTIONS, GET, HEAD, POST, PUT, PATCH\r/,
		'what is allowed') if $name eq 'TRACE';
	like($head, qr/Allow: GET, HEAD\r/, "$name: what they have")
		if $name =~ /files/;
	like($head, qr/Allow: \r/, "$name: nothing is allowed")
		if $name =~ /^TRACE of/;
}

# who is not known: 2.5

my @optional = (args => ['--resolve', 'optional.example.com:' . port(8443)
	. ':127.0.0.1', '-k']);
my $optional = 'https://optional.example.com:' . port(8443) . '/restconf';

foreach (
	[ 'no certificate, "ssl_verify_client on"', "$origin/restconf", cert => '' ],
	[ 'a revoked one', "$origin/restconf", cert => 'revoked' ],
	[ 'of another CA', "$origin/restconf", cert => 'other' ],
	[ 'no certificate, "ssl_verify_client optional"', $optional, cert => '',
		@optional ],
	[ 'a revoked one there', $optional, cert => 'revoked', @optional ],
) {
	my ($name, $url, @args) = @$_;

	($code, $body, $head) = dots_curl($t, 'GET', $url, @args);
	dots_yang_errors($code, $body, 401, 'access-denied', $name);
	like($head, qr/^www-authenticate: ClientCertificate\r$/mi,
		"$name: a challenge, RFC 9110 15.5.2");
}

($code, $body, $head) = dots_curl($t, 'GET', "$origin/password");
dots_yang_errors($code, $body, 401, 'access-denied', 'a password of the operator');
is(join(',', $head =~ /^www-authenticate: ([^\r]*)/gmi), 'Basic realm="x"',
	'its own challenge, no other');

dots_yang_errors((dots_curl($t, 'GET', 'http://127.0.0.1:' . port(8443)
	. '/restconf', cert => ''))[0, 1], 400, 'malformed-message', 'plain HTTP');

# what the configuration says, around the data channel, too

dots_yang_errors((dots_curl($t, 'GET', "$origin/restconfig"))[0, 1],
	404, 'invalid-value', 'no location');
dots_yang_errors((dots_curl($t, 'GET', "$origin/denied"))[0, 1],
	403, 'access-denied', 'denied');
dots_yang_errors((dots_curl($t, 'GET', "$origin/gone"))[0, 1],
	502, 'operation-failed', 'nobody behind');
dots_yang_errors((dots_curl($t, 'GET', "$origin/broken"))[0, 1],
	500, 'operation-failed', 'broken');
dots_yang_errors((dots_curl($t, 'GET', "$origin/teapot"))[0, 1],
	418, 'invalid-value', 'a status without a page');

dots_curl($t, 'GET', "$origin/limited");
dots_yang_errors((dots_curl($t, 'GET', "$origin/limited"))[0, 1],
	429, 'resource-denied', 'limit_req');
dots_yang_errors((dots_curl($t, 'GET', "$origin/busy"))[0, 1],
	503, 'operation-failed', 'limit_req, its default');

# in the form that the client takes

($code, $body, $head) = dots_curl($t, 'GET', "$origin/restconfig",
	headers => ['Accept: application/yang-data+xml']);
dots_yang_errors($code, $body, 404, 'invalid-value', 'in XML');
like($head, qr!content-type: application/yang-data\+xml\r!i, 'with its type');

($code, $body) = dots_curl($t, 'GET', "$origin/restconfig",
	headers => ['Accept: text/html, */*;q=0.1']);
like($body, qr/<html>/, 'a browser gets its page');

($code, $head, $body) = raw($t, "HEAD /restconfig HTTP/1.1\r\n"
	. "Host: localhost\r\nConnection: close\r\n\r\n");
is("$code$body", '404', 'HEAD has no body');
like($head, qr/Content-Length: [1-9]\d+\r/, 'but its length');

# what is not nginx's own stays

is((dots_curl($t, 'GET', "$origin/text"))[1], 'text of the operator',
	'text of the operator');
is((dots_curl($t, 'GET', "$origin/own/x"))[1], 'the page of the operator',
	'"error_page"');

($code, $body) = dots_curl($t, 'GET', 'https://www.example.com:' . port(8443)
	. '/nothing', args => ['--resolve', 'www.example.com:' . port(8443)
	. ':127.0.0.1', '-k']);
like($body, qr/<html>/, 'another server');

# one after the other on one connection

($code, $head, $body) = raw($t, "GET /restconfig HTTP/1.1\r\nHost: localhost\r\n"
	. "\r\nGET /restconf/nothing HTTP/1.1\r\nHost: localhost\r\n"
	. "Connection: close\r\n\r\n");
is($code, 404, 'keep-alive');
like($body, qr/\}HTTP\/1.1 404 .*there is no resource/s,
	'the next request is answered');

###############################################################################

# (status, headers, body) of what is sent as it is
sub raw {
	my ($t, $request) = @_;

	require IO::Socket::SSL;

	my $dir = $t->testdir();
	my $s = IO::Socket::SSL->new(PeerAddr => '127.0.0.1',
		PeerPort => port(8443), SSL_hostname => 'localhost',
		SSL_ca_file => "$dir/ca.crt", SSL_cert_file => "$dir/a.crt",
		SSL_key_file => "$dir/a.key", Timeout => 60)
		or die "no connection: $IO::Socket::SSL::SSL_ERROR\n";

	local $SIG{PIPE} = 'IGNORE';
	local $SIG{ALRM} = sub { die "no answer\n" };
	alarm 60;

	$s->print($request);

	my $answer = '';
	while ($s->sysread(my $buf, 65536)) { $answer .= $buf }

	alarm 0;
	$s->close();

	my ($head, $body) = split /\r\n\r\n/, $answer, 2;
	return ($head =~ m!^HTTP/1.1 (\d+)! ? $1 : 0, "$head\r\n", $body);
}

###############################################################################
