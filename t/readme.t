#!/usr/bin/perl

# The README's configuration, as it stands there, passes nginx -t: only files,
# folders and ports are replaced.

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
$t->plan(2);

dots_pki($t);

open my $fh, '<', dots_top() . '/README.md' or die "README.md: $!\n";
local $/;
my ($conf) = <$fh> =~ /^```nginx\n(load_module.*?)^```$/ms;
close $fh;

ok($conf, 'the configuration is there');

my $module = dots_module();

$conf =~ s!^(?:load_module|user ).*\n!!mg;
$conf =~ s!/etc/nginx/dots/customers-ca\.crt!%%TESTDIR%%/ca.crt!g;
$conf =~ s!/etc/nginx/dots/!%%TESTDIR%%/!g;
$conf =~ s!/var/lib/nginx/dots!%%TESTDIR%%/state!g;
$conf =~ s!/var/log/nginx/!%%TESTDIR%%/!g;
$conf =~ s!/usr/share/nginx-mod-dots!dots_top()!ge;
$conf =~ s!listen 4646!listen 127.0.0.1:%%PORT_8980_UDP%%!g;
$conf =~ s!listen 443!listen 127.0.0.1:8443!g;
$conf =~ s!^http \{!http {\n    %%TEST_GLOBALS_HTTP%%!m;

$t->write_file_expand('nginx.conf', "%%TEST_GLOBALS%%\n"
	. ($ENV{DOTS_STATIC} ? '' : "load_module $module;\n")
	. "daemon off;\n$conf");

my $out = dots_test($t);
like($out, qr/test is successful/, 'nginx -t likes it') or diag($out);

###############################################################################
