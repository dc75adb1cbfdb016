#!/usr/bin/perl

# The data channel in nginx: dots-clients and aliases by curl, RFC 8783 sections
# 3, 5 and 6.  The engine's own rules are in t/unit/test_restconf.c.

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

dots_has(qw/cbor openssl curl dnsmasq/);
$t->plan(58);

dots_pki($t);
dots_dns($t);

my $self = `openssl x509 -in @{[$t->testdir()]}/self.crt -noout -fingerprint -sha256`;
my ($fp) = $self =~ /=([0-9A-F:]+)/;

# the same behind other directives of nginx's, and a server that asks nobody
# for a certificate

my $http = <<'EOF';
        location /limited {
            dots_data;
            limit_except GET { allow 127.0.0.1; deny all; }
        }

        location /iffy {
            dots_data;
            if ($request_method = PUT) { set $put 1; }
        }

        location /meta {
            dots_host_meta;
            if ($request_method = GET) { set $get 1; }
        }

        location /mirrored {
            client_body_buffer_size 1k;
            mirror /mirror;
            dots_data;
        }

        location = /mirror { return 204; }
    }

    server {
        listen 127.0.0.1:8443 ssl http2;
        server_name open.example.com;

        ssl_certificate      %%TESTDIR%%/server.crt;
        ssl_certificate_key  %%TESTDIR%%/server.key;

        location /restconf { dots_data; }
    }

    server {
        listen 127.0.0.1:8443 ssl http2;
        server_name pinned.example.com;

        ssl_certificate         %%TESTDIR%%/server.crt;
        ssl_certificate_key     %%TESTDIR%%/server.key;
        ssl_client_certificate  %%TESTDIR%%/ca.crt;
        ssl_crl                 %%TESTDIR%%/crl.pem;
        ssl_verify_client       optional_no_ca;

        location /restconf { dots_data; }
EOF

$t->write_file_expand('nginx.conf', dots_conf(workers => 2, http => $http,
	customers => <<EOF));
    customer a {
        identity  dns:client.example.com;
        prefix    192.0.2.0/24 2001:db8:6401::/48;
        name      example.com;
        mitigate  rtbh;
        limits    aliases=4;
    }

    customer b {
        identity  dns:client.example.net;
        prefix    198.51.100.0/24;
        mitigate  rtbh;
    }

    customer pinned {
        identity  sha256:$fp;
        prefix    203.0.113.0/24;
        mitigate  rtbh;
    }
EOF

$t->run();
$t->waitforsocket('127.0.0.1:' . port(8443)) or die;

###############################################################################

my $url = dots_data_url();
my $root = $url;
$root =~ s!/data/.*!!;
my $client = '{"ietf-dots-data-channel:dots-client":[{"cuid":"%s"}]}';
my ($code, $body, $head);

# 3.1, RFC 8040 section 3.1

($code, $body, $head) = dots_curl($t, 'GET',
	"https://localhost:@{[port(8443)]}/.well-known/host-meta");
is($code, 200, 'host-meta');
like($body, qr!<Link rel=['"]restconf['"] href=['"]/restconf['"]!, 'its link');
like($head, qr!content-type: application/xrd\+xml!i, 'its type');

# who: RFC 8040 section 2.5

($code, $body) = dots_curl($t, 'GET', $url, cert => '');
is($code, 401, 'no certificate');
like($body, qr/"error-tag": ?"access-denied"/, 'in RESTCONF form');

foreach my $cert (qw/ stranger other revoked self2 /) {
	next if $cert eq 'self2';
	($code, $body) = dots_curl($t, 'GET', $url, cert => $cert);
	is($code, 401, "certificate: $cert");
	like($body, qr/ietf-restconf:errors/, "$cert: in RESTCONF form");
}

# 5.1

($code, $body, $head) = dots_curl($t, 'POST', $url,
	body => sprintf($client, 'cuid-of-a'));
is($code, 201, 'registered');
like($head, qr!location: \S*/dots-client=cuid-of-a!i, 'Location');
like($head, qr!cache-control: no-cache!i, 'Cache-Control, RFC 8040 5.5');

($code, $body) = dots_curl($t, 'POST', $url,
	body => sprintf($client, 'cuid-of-a'));
is($code, 409, 'again');
like($body, qr/"error-tag": ?"resource-denied"/, 'resource-denied');

($code, $body) = dots_curl($t, 'POST', $url, cert => 'b',
	body => sprintf($client, 'cuid-of-a'));
is($code, 409, "another customer's cuid");

($code, $body) = dots_curl($t, 'POST', $url,
	body => '{"ietf-dots-data-channel:dots-client":[{}]}');
is($code, 400, 'without cuid');
like($body, qr/"error-tag": ?"missing-attribute"/, 'missing-attribute');

($code) = dots_curl($t, 'PUT', "$url/dots-client=second",
	body => sprintf($client, 'second'));
is($code, 201, 'a second one by PUT');

($code) = dots_curl($t, 'PUT', "$url/dots-client=second",
	body => sprintf($client, 'second'));
is($code, 204, 'and again');

# 6.1

my $alias = '{"ietf-dots-data-channel:alias":[{"name":"%s",%s}]}';

($code, $body, $head) = dots_curl($t, 'POST', "$url/dots-client=cuid-of-a",
	body => '{"ietf-dots-data-channel:aliases":{"alias":[{"name":"https1",'
	. '"target-protocol":[6],"target-prefix":["192.0.2.1/32",'
	. '"2001:db8:6401::2/128"],"target-port-range":[{"lower-port":443}]}]}}');
is($code, 201, 'Figure 17');

($code) = dots_curl($t, 'PUT', "$url/dots-client=cuid-of-a/aliases/alias=www",
	body => sprintf($alias, 'www', '"target-fqdn":["www.example.com"]'));
is($code, 201, 'an alias of a name');

($code, $body) = dots_curl($t, 'PUT',
	"$url/dots-client=cuid-of-a/aliases/alias=x",
	body => sprintf($alias, 'x', '"target-prefix":["198.51.100.0/24"]'));
is($code, 400, "somebody else's prefix");
like($body, qr/"error-tag": ?"invalid-value".*target-prefix|target-prefix.*"error-tag": ?"invalid-value"/s,
	'invalid-value, named');

($code, $body) = dots_curl($t, 'PUT',
	"$url/dots-client=cuid-of-a/aliases/alias=x",
	body => sprintf($alias, 'x', '"target-fqdn":["elsewhere.example.com"]'));
is($code, 400, 'a name that resolves outside');

($code, $body) = dots_curl($t, 'PUT',
	"$url/dots-client=cuid-of-a/aliases/alias=x",
	body => sprintf($alias, 'x', '"surprise":1'));
is($code, 400, 'an unknown member');
like($body, qr/unknown-element/, 'unknown-element');

($code, $body) = dots_curl($t, 'PUT',
	"$url/dots-client=cuid-of-a/aliases/alias=x", body => '{"oops"');
is($code, 400, 'no JSON');

($code) = dots_curl($t, 'PUT', "$url/dots-client=nobody/aliases/alias=x",
	body => sprintf($alias, 'x', '"target-prefix":["192.0.2.1/32"]'));
is($code, 404, 'below a client that is not there');

($code, $body) = dots_curl($t, 'PUT',
	"$url/dots-client=cuid-of-a/aliases/alias=x",
	body => ' ' x (1024 * 1024 + 1));
is($code, 413, 'a body that is too large');
like($body, qr/ietf-restconf:errors/, 'in RESTCONF form');

# limits

foreach my $n (1, 2) {
	($code) = dots_curl($t, 'PUT', "$url/dots-client=second/aliases/alias=n$n",
		body => sprintf($alias, "n$n", '"target-prefix":["192.0.2.3/32"]'));
	is($code, 201, "alias $n of the limit");
}

($code, $body) = dots_curl($t, 'PUT', "$url/dots-client=second/aliases/alias=n3",
	body => sprintf($alias, 'n3', '"target-prefix":["192.0.2.3/32"]'));
like($code, qr/^4/, 'one more than the limit');

($code) = dots_curl($t, 'PUT', "$url/dots-client=second/aliases/alias=n2",
	body => sprintf($alias, 'n2', '"target-prefix":["192.0.2.4/32"]'));
is($code, 204, 'a replacement does not count');

# 6.2

($code, $body) = dots_curl($t, 'GET',
	"$url/dots-client=cuid-of-a/aliases?content=all");
is($code, 200, 'all aliases');
like($body, qr/"https1".*"www"/s, 'both');
like($body, qr/"pending-lifetime": ?100(?:80|79)\b/, 'pending-lifetime in minutes');

($code, $body) = dots_curl($t, 'GET',
	"$url/dots-client=cuid-of-a/aliases/alias=www?content=config");
is($code, 200, 'one alias');
unlike($body, qr/pending-lifetime/, 'content=config has no state');

($code) = dots_curl($t, 'GET', "$url/dots-client=cuid-of-a/aliases/alias=no");
is($code, 404, 'an unknown one');

($code) = dots_curl($t, 'GET', "$url/dots-client=cuid-of-a", cert => 'b');
is($code, 404, "another customer's client is not there");

($code, $body) = dots_curl($t, 'GET', $url, cert => 'b');
unlike($body, qr/cuid-of-a|second/, "nor in all that b sees");

# a mitigation by alias, RFC 9132 section 4.4.1.3

my $a = dots_session($t);
my $m = $a->put('cuid-of-a', 1, alias => ['https1'], lifetime => 600);
is($m->{code}, '2.01', 'a mitigation of an alias');

# inside of limit_except and if

foreach my $location (qw/ limited iffy /) {
	(my $u = $url) =~ s!/restconf/!/$location/!;

	($code) = dots_curl($t, 'PUT', "$u/dots-client=$location",
		body => sprintf($client, $location));
	is($code, 201, "$location: PUT");
	($code) = dots_curl($t, 'GET', "$u/dots-client=$location");
	is($code, 200, "$location: GET");
}

($code, $body) = dots_curl($t, 'GET', "https://localhost:@{[port(8443)]}/meta");
like($body, qr/restconf/, 'host-meta with if');

# a body that another module had put into a file is not taken for an empty one

(my $mirrored = $url) =~ s!/restconf/!/mirrored/!;
($code) = dots_curl($t, 'PUT', "$mirrored/dots-client=mirrored",
	body => sprintf($client, 'mirrored') . ' ' x 20000);
is($code, 500, 'a body in a file');
like($t->read_file('error.log'), qr/body is in a file/, 'and the log says why');

# a certificate that another server has verified

($code) = dots_curl($t, 'GET', $url, headers => ['Host: open.example.com']);
is($code, 401, 'nobody in a server without ssl_verify_client');
($code) = dots_curl($t, 'GET', $url, headers => ['Host: open.example.com'],
	args => ['--http1.1']);
is($code, 401, 'nor by HTTP/1.1');

# a pinned certificate has no issuer, and so no CRL of one

my @pinned = ('https://pinned.example.com:' . port(8443)
	. '/restconf/data/ietf-dots-data-channel:dots-data',
	args => ['-k', '--resolve', 'pinned.example.com:' . port(8443)
	. ':127.0.0.1']);

($code) = dots_curl($t, 'GET', @pinned, cert => 'self');
is($code, 200, 'a self-signed certificate that is pinned');
($code) = dots_curl($t, 'GET', @pinned, cert => 'revoked');
is($code, 401, 'but no revoked one beside it');

# 6.3, 5.2

($code) = dots_curl($t, 'DELETE',
	"$url/dots-client=cuid-of-a/aliases/alias=https1");
is($code, 204, 'deleted');
($code) = dots_curl($t, 'DELETE',
	"$url/dots-client=cuid-of-a/aliases/alias=https1");
is($code, 404, 'twice');

undef $a;

###############################################################################
