#!/usr/bin/perl

# What the server says about itself: yang-library (RFC 8525) with texts that can
# be fetched (RFC 8040 section 3.7), restconf-state (section 9), host-meta
# (section 3.1).  The rules are in t/unit/test_state.c.

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

# one is for readers of tagged defaults alone (schemas/README.md)

my @files = grep { !/^ietf-netconf-with-defaults@/ }
	map { m!([^/]+)\.yang$! } glob dots_top() . '/schemas/*.yang';

$t->plan(40 + @files);

dots_pki($t);
$t->write_file_expand('nginx.conf', dots_conf(workers => 2, http => <<'EOF'));
        location /api/dots { dots_data; }
EOF
$t->run();
$t->waitforsocket('127.0.0.1:' . port(8443)) or die;

###############################################################################

my $origin = 'https://localhost:' . port(8443);
my $root = "$origin/restconf";
my $library = '/data/ietf-yang-library:yang-library';
my $state = '/data/ietf-restconf-monitoring:restconf-state';
my ($code, $body, $head);

# RFC 8525

($code, $body, $head) = dots_curl($t, 'GET', "$root$library");
is($code, 200, 'yang-library');
like($head, qr!content-type: application/yang-data\+json!i, 'its type');
dots_yang_ok($library, $body, 'by its schema');

my %seen = map { $_ => 1 } $body =~ /"location":\["([^"]+)"\]/g;
is(scalar keys %seen, scalar @files, 'the modules of schemas/ are in it');

# RFC 8040 section 3.7: each location gives the file itself

foreach my $file (@files) {
	my $url = "$root/schemas/$file";

	($code, $body, $head) = dots_curl($t, 'GET', $url);
	ok($seen{$url} && $code == 200
		&& $head =~ m!content-type: application/yang\r!i
		&& $body eq $t->read_file(_relative($t, "schemas/$file.yang")),
		"$file is what is in schemas/");
}

($code) = dots_curl($t, 'GET', "$root/schemas/./$files[0]");
is($code, 404, 'a path is no module');
($code) = dots_curl($t, 'GET', "$root/schemas/%2e%2e%2f%2e%2e%2fREADME.md");
is($code, 404, 'neither is an encoded one');
($code) = dots_curl($t, 'GET', "$root/schemas/$files[0]", cert => '');
is($code, 401, 'for clients only');

# the same behind another root, the same id on both workers and after a reload

my ($id) = (dots_curl($t, 'GET', "$root$library/content-id"))[1]
	=~ /content-id":"([0-9a-f]{16})"/;
ok($id, 'content-id');

($code, $body) = dots_curl($t, 'GET', "$origin/api/dots$library");
like($body, qr!"$origin/api/dots/schemas/ietf-inet-types\@2013-07-15"!,
	'locations below another root');

dots_reload($t);

my %ids = map { (dots_curl($t, 'GET', "$root$library/content-id"))[1] => 1 }
	1 .. 8;
is(join(' ', keys %ids), "{\"ietf-yang-library:content-id\":\"$id\"}",
	'one content-id everywhere');

($code, $body) = dots_curl($t, 'GET',
	"$root/data/ietf-yang-library:modules-state");
is($code, 200, 'modules-state');
dots_yang_ok('/data/ietf-yang-library:modules-state', $body,
	'modules-state by its schema');

($code, $body, $head) = dots_curl($t, 'HEAD', "$root$library");
is($code, 200, 'HEAD');
like($head, qr/content-length: \d{4}/i, 'says how long it would be');

# a name that is none of a host's is not repeated

($code, $body) = dots_curl($t, 'GET', "$root$library",
	headers => ['Host: a"b']);
unlike($body, qr/a\\?"b/, 'no strange name in locations');

# RFC 8040 section 3.3.1: the datastore has all of it, in both forms

foreach my $form (qw/ json xml /) {
	($code, $body, $head) = dots_curl($t, 'GET', "$root/data",
		headers => ["Accept: application/yang-data+$form"]);
	dots_yang_ok('/data', $body, "the datastore in $form");
	is(scalar(() = $body =~ /"(?:ietf-yang-library:(?:yang-library|modules-state)|ietf-restconf-monitoring:restconf-state)":\{"|<(?:yang-library|modules-state|restconf-state) xmlns=/g),
		3, 'has all of it');

	my ($length) = (dots_curl($t, 'HEAD', "$root/data",
		headers => ["Accept: application/yang-data+$form"]))[2]
		=~ /content-length: (\d+)/i;
	is($length, length $body, 'HEAD');

	($code, $body) = dots_curl($t, 'GET', "$root/data?content=config",
		headers => ["Accept: application/yang-data+$form"]);
	unlike($body, qr/ietf-yang-library|restconf-state/, 'no configuration');
}

# RFC 8040 section 9

($code, $body) = dots_curl($t, 'GET', "$root$state");
is($code, 200, 'restconf-state');
dots_yang_ok($state, $body, 'restconf-state by its schema');
like($body, qr/capability:defaults:1.0\?basic-mode=explicit"/,
	'section 9.1.2: the mode of defaults');

($code, $body) = dots_curl($t, 'GET',
	"$root$state/streams/stream=NETCONF/access=xml/location");
is($body, "{\"ietf-restconf-monitoring:location\":\"$root/streams/NETCONF\"}",
	'section 6.3: where the stream is');
dots_yang_ok("$state/streams/stream=NETCONF/access=xml/location", $body,
	'a leaf by its schema');

# section 6.1: who gets an error for the list has no notifications

foreach (qw/ OPTIONS HEAD GET /) {
	($code, $body) = dots_curl($t, $_, "$root$state/streams/stream");
	is($code, 200, "$_ of the list of streams");
}
like($body, qr!^\{"ietf-restconf-monitoring:stream":\[\{"name":"NETCONF"!,
	'section 6.2: all of them');

# RFC 8040 section 3.1: host-meta, which needs no certificate

($code, $body, $head) = dots_curl($t, 'GET', "$origin/.well-known/host-meta",
	cert => '', headers => ['Accept: application/xrd+xml']);
is($code, 200, 'host-meta without a certificate');
like($head, qr!content-type: application/xrd\+xml!i, 'its type');
like($head, qr!^cache-control: no-cache\r!im, 'every answer has it (5.5)');
like($body, qr!<XRD xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0'>\s*<Link rel='restconf' href='/restconf'/>!,
	'its link');
($code, $body) = dots_curl($t, 'HEAD', "$origin/.well-known/host-meta",
	cert => '');
is($code, 200, 'HEAD');
($code, $body, $head) = dots_curl($t, 'PUT', "$origin/.well-known/host-meta",
	cert => '');
is($code, 405, 'PUT');
like($head, qr!^allow: GET, HEAD\r!im, 'what is allowed (RFC 9110, 15.5.6)');
($code, $body) = dots_curl($t, 'GET', "$root",
	headers => ['Accept: application/yang-data+json']);
dots_yang_ok('/', $body, 'what it leads to');

###############################################################################

# the test library reads below the test's folder

sub _relative {
	my ($t, $path) = @_;
	my $up = $t->testdir();
	$up =~ s![^/]+!..!g;
	$up =~ s!^/!!;
	return "$up" . dots_top() . "/$path";
}

###############################################################################
