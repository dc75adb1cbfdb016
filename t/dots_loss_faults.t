#!/usr/bin/perl

# A session is lost while the disk fails: the preconfigured mitigations of its
# client (RFC 9132 section 4.7) begin when the disk is back.

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
$t->plan(9);

dots_pki($t);

# the mitigator's daemon is not there: nothing else of this needs it

my $fault = $t->testdir() . '/fault';
mkdir $fault;

# lost after twelve seconds: not before the disk fails, should we have no turn

$t->write_file_expand('nginx.conf', dots_conf(workers => 1,
	dots => 'session_config heartbeat-interval=1..100/4 '
		. 'missing-hb-allowed=1..20/2 probing-rate=5..10000/10000;'));

{
	local $ENV{LD_PRELOAD} = "$Test::DOTS::BUILD/tools/preload_disk.so";
	local $ENV{DOTS_FAULT} = $fault;
	local $ENV{ASAN_OPTIONS} = ($ENV{ASAN_OPTIONS} || '')
		. ':verify_asan_link_order=0';
	$t->run();
}

###############################################################################

my $a = dots_session($t);

is($a->put('one', 1, prefix => ['192.0.2.1/32'], trigger => \0)->{code},
	'2.01', 'preconfigured');
is($a->get('one', 1)->{cbor}{1}{2}[0]{16}, 8, 'it waits for the loss');

fault('eio');

ok(dots_until(sub { logged('session lost') }), 'the session is lost');
ok(dots_until(sub { $t->read_file('error.log')
	=~ /do not begin: .*; trying again/ }), 'the disk fails, as is said');
ok(!logged('"mid":1,"status":1'), 'nothing has begun');

heal('eio');

ok(dots_until(sub { logged('"mid":1,"status":1') }),
	'it begins when the disk is back');
is(() = $t->read_file('error.log') =~ /do not begin/g, 1, 'said once');

$a = dots_session($t);
is($a->get('one', 1)->{code}, '2.05', 'the client comes back');
is($a->get('one', 1)->{cbor}{1}{2}[0]{16}, 1, 'to a mitigation that goes on');

undef $a;
undef $t;   # the subs below hold it

###############################################################################

sub fault { my ($name) = @_; open my $fh, '>', "$fault/$name" or die }
sub heal { my ($name) = @_; unlink "$fault/$name" or die }

sub logged {
	my ($text) = @_;
	return index($t->read_file('dots.log'), $text) >= 0;
}

###############################################################################
