#!/usr/bin/perl

# A worker that leaves: sessions of clients that protect something stay with it
# across a reload, the others are asked to come back, nobody is served under a
# configuration that is not today's.

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
$t->plan(16);

dots_pki($t);

sub conf {
	my ($t, %o) = @_;
	$t->write_file_expand('nginx.conf', dots_conf(workers => 2,
		shutdown => '60s', %o));
}

conf($t);
$t->run();

# nothing more, and the session is there still
sub quiet { return $_[0]->command('recv 1') eq 'timeout' }

# goodbye, after whatever came before it
sub goodbye {
	my ($s) = @_;
	my $line;
	do { $line = $s->command('recv 5000') } while $line =~ /^recv/;
	return $line;
}

###############################################################################

# what stays and what goes

my $a = dots_session($t, life => 300);
is($a->put('r', 1, prefix => ['192.0.2.1/32'])->{code}, '2.01', 'protected');

my $b = dots_session($t, cert => 'b', life => 300);
is($b->get('s')->{code}, '4.04', 'nothing to lose');

my @old = dots_workers($t);

ok(dots_turn($t), 'reload');
is(goodbye($b), 'closed', 'who protects nothing is told to come back');
ok(quiet($a), 'who does is not');
is($a->get('r', 1)->{code}, '2.05', 'and is served');
is($a->put('r', 2, prefix => ['192.0.2.2/32'])->{code}, '2.01', 'as before');

my %now = map { $_ => 1 } dots_workers($t);
is(scalar(grep { $now{$_} } @old), 1, 'by the worker that leaves');

# several reloads later

ok(dots_turn($t), 'reload') foreach 1 .. 2;
is($a->get('r', 2)->{code}, '2.05', 'after two more');

# the reason ends

is($a->delete('r', $_)->{code}, '2.02', 'withdrawn') foreach 1, 2;
is($a->get('r', 1)->{code}, '2.05', 'active but terminating: it stays');
is(goodbye($a), 'closed', 'nothing left: it goes');

ok(dots_until(sub { my %now = map { $_ => 1 } dots_workers($t);
	return !grep { $now{$_} } @old }), 'and the old worker with it');

$_->quit() foreach ($a, $b);

###############################################################################
