#!/usr/bin/perl

# The customer's command against a real server: what it prints, and its exit
# codes.

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

dots_has(qw/openssl dnsmasq/);
$t->plan(41);

dots_pki($t);
dots_dns($t);

$t->write_file_expand('nginx.conf', dots_conf());
$t->run();
$t->waitforsocket('127.0.0.1:' . port(8443)) or die;

my $d = $t->testdir();
my $dots = ($ENV{DOTS_BUILD} || dots_top() . '/build/default') . '/dots';

foreach my $who (qw/ a b stranger /) {
	$t->write_file_expand("$who.conf", <<EOF);
server = 127.0.0.1:%%PORT_8446_UDP%%
data   = https://localhost:@{[port(8443)]}
name   = localhost
ca     = $d/ca.crt
cert   = $d/$who.crt
key    = $d/$who.key
state  = $d/state-of-$who
EOF
}

# (exit code, stdout, stderr)

sub dots {
	my ($dots, $d, @args) = @_;
	my $cmd = join ' ', map { "'$_'" } @args;
	my $out = `$dots $cmd 2>$d/stderr`;
	my $rc = $? >> 8;
	open my $fh, '<', "$d/stderr";
	return ($rc, $out, join '', <$fh>);
}

my @a = ($dots, $d, '--config', "$d/a.conf");
my ($rc, $out, $err);

###############################################################################

# cuid: RFC 9132 section 4.4.1.1, by openssl alone

my $cuid = `openssl x509 -in $d/a.crt -noout -pubkey | openssl pkey -pubin -outform DER | openssl dgst -sha256 -binary | head -c 16 | base64`;
$cuid =~ tr!+/!-_!;
$cuid =~ s/[=\n]//g;

($rc, $out) = dots(@a, 'cuid');
is($rc, 0, 'cuid');
is($out, "$cuid\n", 'is the hash of the key');

# mitigate, status, withdraw

($rc, $out, $err) = dots(@a, 'mitigate', '192.0.2.7/32', '--port',
	'80,443,8000-8080', '--protocol', 'tcp', '--lifetime', '1h');
is($rc, 0, 'mitigate');
is($out, "mitigation 1 created, for 1h 00m\n", 'says what was granted');
is($err, '', 'and nothing else');

($rc, $out) = dots(@a, '--json', 'mitigate', '192.0.2.8');
like($out, qr/"result": "created".*"code": "2\.01".*"mid": 2,.*"lifetime": 3600/s,
	'the next mid, as JSON');

($rc, $out) = dots(@a, 'mitigate', '192.0.2.8', '--mid', 2, '--lifetime', '30m');
is($out, "mitigation 2 changed, for 30m 00s\n", 'a refresh');

($rc, $out) = dots(@a, 'status', 1);
is($rc, 0, 'status of one');
like($out, qr!1  attack-.*192\.0\.2\.7/32 tcp 80,443,8000-8080!, 'with targets');

($rc, $out) = dots(@a, '--json', 'status');
like($out, qr/"mitigations".*"mid": 1.*"mid": 2/s, 'of all, as JSON');
like($out, qr!"target-prefix": \[\s*"192\.0\.2\.7/32"!, 'prefixes are strings');

($rc, $out) = dots(@a, 'mitigate', '--fqdn', 'www.example.com');
is($rc, 0, 'a name');

($rc, $out) = dots(@a, 'withdraw', 1);
is($rc, 0, 'withdraw');
like($out, qr/mitigation 1 withdrawn/, 'said');

($rc, $out) = dots(@a, 'status', 1);
like($out, qr/dots-client-withdrawn-mitigation/, 'its status');

($rc, $out) = dots(@a, 'status', 1, '--watch=1');
is($rc, 0, 'watched to its end');
like($out, qr/over$/, 'over');

# aliases

($rc, $out) = dots(@a, 'alias', 'add', 'web', '192.0.2.80', '--port', '443');
is($rc, 0, 'alias add registers by itself');
is($out, "alias web created\n", 'created');
($rc, $out) = dots(@a, 'alias', 'add', 'web', '192.0.2.81');
is($out, "alias web changed\n", 'changed');
($rc, $out) = dots(@a, 'alias', 'list');
like($out, qr!"192\.0\.2\.81/32"!, 'list');
($rc, $out) = dots(@a, 'mitigate', '--alias', 'web');
is($rc, 0, 'in use');
($rc, $out) = dots(@a, 'alias', 'delete', 'web');
is($rc, 0, 'delete');
($rc, $out, $err) = dots(@a, 'alias', 'show', 'web');
is($rc, 5, 'gone');
($rc, $out, $err) = dots(@a, 'alias', 'add', 'x', '198.51.100.1');
is($rc, 1, 'refused');
like($err, qr/target-prefix/, 'named');
($rc) = dots(@a, 'deregister');
is($rc, 0, 'deregister');

# refusals: 1 and 5

($rc, $out, $err) = dots(@a, 'mitigate', '198.51.100.1');
is($rc, 1, "somebody else's address");
like($err, qr/^dots: 4\.00: target-prefix 198\.51\.100\.1\/32/, 'why');

($rc, $out, $err) = dots(@a, 'mitigate', '192.0.2.8', '--mid', 1);
is($rc, 1, 'a conflict');
like($err, qr/4\.09: it overlaps with your mitigation 2/, 'what to do');

($rc, $out, $err) = dots(@a, 'status', 4242);
is($rc, 5, 'an unknown mid');

($rc, $out, $err) = dots($dots, $d, '--config', "$d/stranger.conf", 'status');
is($rc, 1, "nobody's certificate");
like($err, qr/4\.01.*ask your provider/, 'what to do');

# 4: authentication

($rc, $out, $err) = dots(@a, '--ca', "$d/otherca.crt", 'status');
is($rc, 4, 'a server that we do not trust');
($rc, $out, $err) = dots(@a, '--name', 'other.example', 'status');
is($rc, 4, 'a server of another name');
like($err, qr/other\.example/, 'said');

# 3 and 2

($rc, $out, $err) = dots(@a, '--timeout', 1, '--server', '127.0.0.1:9', 'status');
is($rc, 3, 'nobody there');

($rc, $out, $err) = dots(@a, 'mitigate');
is($rc, 2, 'nothing to mitigate');
($rc, $out, $err) = dots(@a, 'mitigate', '192.0.2.7/33');
is($rc, 2, 'no prefix');
($rc, $out, $err) = dots(@a, 'frobnicate');
is($rc, 2, 'no command');

###############################################################################
