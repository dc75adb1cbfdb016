#!/usr/bin/perl

# "master_process off": one process serves, stores and manages.

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

dots_has(qw/cbor openssl gobgpd gobgp curl/);
$t->plan(9);

dots_pki($t);
dots_gobgpd($t);

$t->write_file_expand('nginx.conf', dots_conf(main => 'master_process off;',
	listen => 'listen 127.0.0.1:%%PORT_8980_UDP%% udp;'));
$t->run();
$t->waitforsocket('127.0.0.1:' . port(8443)) or die;

###############################################################################

my $a = dots_session($t);
like($a->connected(), qr/^connected/, 'a session');

is($a->put('single', 1, prefix => ['192.0.2.1/32'])->{code}, '2.01',
	'created');
ok(dots_until(sub { dots_rib($t) =~ m!192\.0\.2\.1/32! }), 'the route');
ok(dots_until(sub { $a->status('single', 1) == 2 }), 'status 2');

my ($code) = dots_curl($t, 'PUT', dots_data_url('/dots-client=single'),
	body => '{"ietf-dots-data-channel:dots-client":[{"cuid":"single"}]}');
is($code, 201, 'a dots-client');

is($a->delete('single', 1)->{code}, '2.02', 'withdrawn');
ok(dots_until(sub { dots_rib($t) !~ m!192\.0\.2\.1/32! }), 'the route is gone');
is($a->get('single', 1)->{code}, '4.04', 'and the mitigation');

is($a->put('single', 2, prefix => ['192.0.2.2/32'])->{code}, '2.01',
	'a last one, with the exit');

$a->quit();

###############################################################################
