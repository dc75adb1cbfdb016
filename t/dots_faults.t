#!/usr/bin/perl

# What was acknowledged is there, what was refused is not, nobody else's is
# touched, whatever happens meanwhile: rounds of requests and faults at random
# (t/fault).  SOAK_ROUNDS of them; DOTS_SEED is the seed of the first one, each
# further one has the next; SOAK_FAULTS names the kinds of faults.

###############################################################################

use warnings;
use strict;

use Test::More;

BEGIN { use FindBin; chdir($FindBin::Bin); }

use lib 'lib', 'fault';
use Fault::Bystander;
use Fault::Kinds;
use Fault::Round;
use Fault::Server;
use Test::DOTS;
use Test::Nginx;
use Time::HiRes qw/ time /;

###############################################################################

select STDERR; $| = 1;
select STDOUT; $| = 1;

# an end by a signal leaves nothing running

my $ended;
$SIG{$_} = sub { $ended = 1; die "killed\n" } foreach qw/ INT TERM HUP /;

my $t = Test::Nginx->new()->has(qw/http http_ssl http_v2 stream udp socket_ssl/);

dots_has(qw/cbor openssl gobgpd gobgp curl/);

my $rounds = $ENV{SOAK_ROUNDS} || 8;
my $seed = $ENV{DOTS_SEED} || int(rand(2 ** 31));
my $kinds = Fault::Kinds::weights($ENV{SOAK_FAULTS});

$t->plan($rounds)->todo_alerts();
diag("DOTS_SEED=$seed");

my $server = Fault::Server->new($t);
my $bystander = Fault::Bystander->new($server);

###############################################################################

my (%total, %faults);

foreach my $n (0 .. $rounds - 1) {
	my $round = Fault::Round->new($server, seed => $seed + $n,
		bystander => $bystander, plan => { kinds => $kinds });
	my $begun = time();

	eval { $round->run() };
	my $wrong = $@;
	$round->end();
	last if $ended;

	my $counts = $round->counts();
	$total{$_} += $counts->{$_} foreach keys %$counts;
	$faults{$_}++ foreach $round->faults();

	is($wrong, '', "round " . ($n + 1) . ", DOTS_SEED=" . ($seed + $n));
	diag(sprintf '%d: %.1f s, %d requests, %s', $n + 1, time() - $begun,
		$counts->{ops}, join ' ', $round->faults());

	diag($round->journal()) if $ENV{DOTS_FAULT_JOURNAL};
	next unless $wrong;

	keep($t, $seed + $n, $round->journal());
	$server->renew();
	$bystander = Fault::Bystander->new($server);
}

diag(join ', ', map { "$total{$_} $_" } sort keys %total);
diag(join ', ', map { "$faults{$_} $_" } sort keys %faults);

$server->kill_all('TERM');
undef $server;
undef $bystander;
undef $t;

###############################################################################

sub keep {
	my ($t, $seed, $journal) = @_;
	my $dir = "/tmp/dots-faults-$seed";

	$t->write_file('journal', $journal);
	system('rm', '-rf', $dir);
	system('cp', '-a', $t->testdir(), $dir) == 0 or return;
	diag("what there is of it is in $dir");
	diag($journal);
}

###############################################################################
