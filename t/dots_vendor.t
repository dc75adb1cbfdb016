#!/usr/bin/perl

# RFC 9244 section 8.1.6: the vendor attack mappings that clients install on the
# data channel, and the server's own.

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
$t->plan(108);

dots_pki($t);

my $map = 'ietf-dots-mapping:vendor-mapping';

# figure 34, with an attack in it

my $server = <<'EOF2';
{
  "ietf-dots-mapping:vendor-mapping": {
    "vendor": [
      {
        "vendor-id": 32473,
        "vendor-name": "mitigator-s",
        "last-updated": "1629898758",
        "attack-mapping": [
          { "attack-id": 77, "attack-description": "a flood" }
        ]
      }
    ]
  }
}
EOF2

# figure 30

my $figure30 = <<'EOF2';
   {
     "ietf-dots-mapping:vendor-mapping": {
       "vendor": [
         {
           "vendor-id": 345,
           "vendor-name": "mitigator-c",
           "last-updated": "1629898958",
           "attack-mapping": [
             {
               "attack-id": 1,
               "attack-description":
                  "Include a description of this attack"
             },
             {
               "attack-id": 2,
               "attack-description":
                  "Again, include a description of the attack"
             }
           ]
         }
       ]
     }
   }
EOF2

my $first = '{"vendor-id":345,"vendor-name":"mitigator-c",'
	. '"last-updated":"1629898958","attack-mapping":[{"attack-id":1,'
	. '"attack-description":"Include a description of this attack"},'
	. '{"attack-id":2,"attack-description":"Again, include a description of '
	. 'the attack"}]}';

my $customers = <<'EOF2';
    customer a {
        identity  dns:client.example.com;
        prefix    192.0.2.0/24;
        mitigate  rtbh;
        limits    vendors=3;
    }

    customer b {
        identity  dns:client.example.net;
        prefix    198.51.100.0/24;
        mitigate  rtbh;
    }
EOF2

sub conf {
	$t->write_file_expand('nginx.conf', dots_conf(workers => 2,
		customers => $customers, dots => $_[0] || ''));
}

$t->write_file('vendors.json', $server);
conf('vendor_mapping %%TESTDIR%%/vendors.json;');
$t->run();
$t->waitforsocket('127.0.0.1:' . port(8443)) or die;

###############################################################################

my $data = dots_data_url();
my $cuid = 'dz6pHjaADkaFTbjr0JGBpw';
my $client = "$data/dots-client=$cuid";
my $url = "$client/$map";
my $patch = 'application/yang-patch+json';
my ($code, $body, $head);

sub does {
	my ($want, $method, $at, $name, %o) = @_;
	($code, $body, $head) = dots_curl($t, $method, $at, %o);
	is($code, $want, "$name: $code");
	return if $body eq '' || $method eq 'HEAD';

	if ($code == 200) {
		my ($what) = $at =~ m!/restconf(/[^?]*)!;
		dots_yang_ok($what, $body, "$name: valid");
	} else {
		dots_yang_ok('errors', $body, "$name: errors");
	}
}

sub etag {
	my (undef, undef, $h) = dots_curl($t, 'HEAD', @_);
	return $h =~ /^etag: (\S+)/mi ? $1 : '';
}

sub vendor {
	my ($id, $more) = @_;
	return qq!{"vendor-id":$id,"last-updated":"1"! . ($more || '') . '}';
}

sub entry {
	return '{"ietf-dots-mapping:vendor":[' . vendor(@_) . ']}';
}

# the client asks whether it may, and what the server has (figures 32 to 34)

does(200, 'GET', "$data/capabilities", 'capabilities');
like($body, qr/"ietf-dots-mapping:vendor-mapping-enabled":true/, 'enabled');
does(200, 'GET', "$data/capabilities/ietf-dots-mapping:vendor-mapping-enabled",
	'the leaf alone');
does(200, 'GET', "$data/$map", 'figure 32');
is($body, qq!{"$map":{"vendor":[{"vendor-id":32473,!
	. '"vendor-name":"mitigator-s","last-updated":"1629898758",'
	. '"attack-mapping":[{"attack-id":77,"attack-description":"a flood"}]}]}}',
	'the provider\'s text');
does(200, 'GET', "$data/$map?depth=3", 'figure 33');
is($body, qq!{"$map":{"vendor":[{"vendor-id":32473,!
	. '"vendor-name":"mitigator-s","last-updated":"1629898758",'
	. '"attack-mapping":[]}]}}', 'figure 34');
does(200, 'GET', "$data/$map?depth=3", 'in XML',
	headers => ['Accept: application/yang-data+xml']);
like($body, qr!1629898758</last-updated></vendor></vendor-mapping>!,
	'there is nothing for an empty list');
does(200, 'GET', "$data/$map/vendor=32473/attack-mapping=77", 'one attack');
does(200, 'GET', "$data/$map?content=nonconfig", 'it is state');
like($body, qr/a flood/, 'all of it');
does(405, 'PUT', "$data/$map", 'which no client sets', body => $figure30);
does(400, 'POST', $data, 'nor creates', body => $figure30);

# figure 30, before and after the client is there

does(404, 'POST', $client, 'no such client', body => $figure30);
does(201, 'PUT', $client, 'registered',
	body => qq!{"ietf-dots-data-channel:dots-client":[{"cuid":"$cuid"}]}!);
does(200, 'GET', $url, 'nothing yet');
is($body, qq!{"$map":{}}!, 'an empty container');
my $before = etag($client);
does(201, 'POST', $client, 'figure 30', body => $figure30);
like($head, qr!^location: .*/dots-client=$cuid/$map/vendor=345\r!mi,
	'Location');
isnt(etag($client), $before, 'the dots-client has another ETag');
does(409, 'POST', $client, 'figure 30 again', body => $figure30);

# figure 35

does(200, 'GET', "$url?content=all", 'figure 35');
is($body, qq!{"$map":{"vendor":[$first]}}!, 'as it was installed');
does(200, 'GET', $client, 'in its dots-client');
like($body, qr/"$map":\{"vendor":\[\Q$first\E\]\}/, 'all of it');
does(200, 'GET', "$url/vendor=345/attack-mapping=2/attack-description",
	'a leaf of it');
does(200, 'GET', "$url?fields=vendor(vendor-id)", 'fields');
is($body, qq!{"$map":{"vendor":[{"vendor-id":345}]}}!, 'the ids');
does(200, 'GET', "$client?with-defaults=report-all", 'with-defaults');
like($body, qr/"description-lang":"en-US"/, 'the language');
does(200, 'GET', "$url?content=nonconfig", 'no state');
unlike($body, qr/mitigator-c/, 'but the key');

# changed by all methods, in part and as a whole

does(201, 'PUT', "$url/vendor=1", 'PUT', body => entry(1));
does(204, 'PUT', "$url/vendor=1", 'PUT again',
	body => entry(1, ',"vendor-name":"x"'));
does(201, 'POST', "$url/vendor=1", 'POST of an attack',
	body => '{"ietf-dots-mapping:attack-mapping":[{"attack-id":9,'
	. '"attack-description":"nine"}]}');
does(204, 'PATCH', "$url/vendor=1", 'PATCH', body => entry(1,
	',"attack-mapping":[{"attack-id":8,"attack-description":"eight"}]'));
does(200, 'GET', "$url/vendor=1", 'merged');
like($body, qr/nine.*eight/, 'both attacks');
($code, $body) = dots_curl($t, 'PATCH', $url, type => $patch,
	body => '{"ietf-yang-patch:yang-patch":{"patch-id":"p","edit":[{'
	. '"edit-id":"e","operation":"delete",'
	. '"target":"/vendor=1/attack-mapping=9"}]}}');
is($code, 200, 'YANG Patch');
dots_yang_ok('patch-status', $body, 'its status');
does(404, 'GET', "$url/vendor=1/attack-mapping=9", 'is gone');
does(412, 'DELETE', "$url/vendor=1", 'If-Match of another',
	headers => [ "If-Match: $before" ]);
my $tag = etag("$url/vendor=1");
does(204, 'DELETE', "$url/vendor=1", 'If-Match',
	headers => [ "If-Match: $tag" ]);
does(404, 'DELETE', "$url/vendor=1", 'once');

# XML, both ways

does(201, 'PUT', "$url/vendor=2", 'XML', type => 'application/yang-data+xml',
	body => '<vendor xmlns="urn:ietf:params:xml:ns:yang:ietf-dots-mapping">'
	. '<vendor-id>2</vendor-id><last-updated>5</last-updated></vendor>');
($code, $body) = dots_curl($t, 'GET', $client,
	headers => [ 'Accept: application/yang-data+xml' ]);
dots_yang_ok("/data/ietf-dots-data-channel:dots-data/dots-client=$cuid",
	$body, 'the dots-client in XML');
like($body, qr/<vendor-mapping xmlns="[^"]*ietf-dots-mapping">/, 'namespace');

# refused (400 with the tags that 8.1.6 names), and nothing is changed

my $then = etag($client);
does(400, 'PUT', "$url/vendor=3", 'missing', body =>
	'{"ietf-dots-mapping:vendor":[{"vendor-id":3}]}');
like($body, qr/"missing-attribute"/, 'missing-attribute');
does(400, 'PUT', "$url/vendor=3", 'invalid', body =>
	'{"ietf-dots-mapping:vendor":[{"vendor-id":3,"last-updated":"x"}]}');
like($body, qr/"invalid-value"/, 'invalid-value');
does(400, 'PUT', "$url/vendor=3", 'unknown', body => entry(3, ',"x":1'));
like($body, qr/"unknown-element"/, 'unknown-element');
does(400, 'PUT', "$url/vendor=3", 'another id', body => entry(4));
does(400, 'PUT', "$url/vendor=x", 'no id', body => entry(4));
is(etag($client), $then, 'nothing is changed');
does(201, 'PUT', "$url/vendor=4", 'the third', body => entry(4));
does(409, 'PUT', "$url/vendor=5", 'the limit', body => entry(5));
like($body, qr/"resource-denied"/, 'resource-denied');
does(204, 'DELETE', "$url/vendor=4", 'room again');

# nobody else's

does(404, 'GET', $url, 'another customer', cert => 'b');
does(404, 'DELETE', "$url/vendor=345", 'nor deletes', cert => 'b');

# durable

my $dir = $t->testdir();
$t->stop();
like(`$Test::DOTS::BUILD/dots-admin store check $dir/state 2>&1`,
	qr/\b2 vendor|vendor\D+2\b/, 'dots-admin check');
like(`$Test::DOTS::BUILD/dots-admin store dump $dir/state`,
	qr/"kind": ?"vendor".*mitigator-c/, 'dots-admin dump');

$t->write_file('vendors.json', '{"ietf-dots-mapping:vendor-mapping":'
	. '{"vendor":[{"vendor-id":1}]}}');
my ($above) = $t->read_file('nginx.conf') =~ /^(.*)vendor_mapping/s;
my $line = 1 + ($above =~ tr/\n//);
like(dots_test($t), qr/vendor_mapping.*vendors.json.*last-updated.*vendor-id='1'.*nginx.conf:$line$/m,
	'nginx -t names what is missing, of whom, and the line');
$t->write_file('vendors.json', '{"x":');
like(dots_test($t), qr/vendor_mapping.*vendors.json.*not JSON: line 1, .*nginx.conf:$line$/m,
	'and where it is no JSON');
unlink "$dir/vendors.json";
like(dots_test($t), qr/vendors.json.*No such file.*nginx.conf:$line$/m,
	'or is not there');

conf();
$t->run();
$t->waitforsocket('127.0.0.1:' . port(8443)) or die;

does(404, 'GET', "$data/$map", 'without vendor_mapping');
does(200, 'GET', "$url/vendor=345", 'after a restart');
is($body, qq!{"ietf-dots-mapping:vendor":[$first]}!, 'as it was');

# goes with its dots-client (RFC 8783 section 5.2)

does(204, 'DELETE', $client, 'the client goes');
does(201, 'PUT', $client, 'another with its cuid',
	body => qq!{"ietf-dots-data-channel:dots-client":[{"cuid":"$cuid"}]}!);
does(200, 'GET', $url, 'has no mapping');
is($body, qq!{"$map":{}}!, 'nothing is left');

undef $t;       # the subs above would keep it beyond the plan

###############################################################################
