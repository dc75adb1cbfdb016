#!/usr/bin/perl

# Processes of an nginx whose master is gone, or stands still: nobody hears of a
# worker that dies, and nobody starts another manager.  What is left goes on.

###############################################################################

use warnings;
use strict;

use Test::More;

BEGIN { use FindBin; chdir($FindBin::Bin); }

use lib 'lib';
use POSIX ();
use Test::DOTS;
use Test::DOTS::At;
use Test::Nginx;

###############################################################################

select STDERR; $| = 1;
select STDOUT; $| = 1;

my $t = Test::Nginx->new()->has(qw/http http_ssl http_v2 stream udp/);

dots_has(qw/cbor openssl gobgpd gobgp/);

plan(skip_all => 'a process can\'t be stopped at a function here')
	unless at_has();

# processes without a parent are ours (prctl, PR_SET_CHILD_SUBREAPER): we see
# them end, and nobody else takes note of it

plan(skip_all => 'no child subreaper here')
	if (POSIX::uname())[4] ne 'x86_64' || syscall(157, 36, 1, 0, 0, 0);

$t->plan(19);

dots_pki($t);
dots_gobgpd($t);

# one socket for all workers: each client finds one that lives

my $conf = dots_conf(workers => 4, listen =>
	'listen 127.0.0.1:%%PORT_8980_UDP%% udp; listen 127.0.0.1:8446 ssl;');
$t->write_file_expand('nginx.conf', $conf);
$t->run();
$t->waitforsocket('127.0.0.1:' . port(8443)) or die;

dots_monitor($t);

my (@orphans, @mids, $taken);
my $c = 'orphan';

END { kill 'KILL', @orphans if @orphans; kill 'KILL', $taken if $taken }

sub session {
	my ($t) = @_;
	return dots_until(sub {
		my $s = dots_session($t, args => [ '--timeout', 3000 ]);
		return $s->connected() =~ /^connected/ ? $s : undef;
	}) || die "no session\n";
}

sub put {
	my ($t, $s, $mid, $what) = @_;
	my $code = '';

	dots_until(sub {
		$code = $s->put($c, $mid, prefix => ["192.0.2.$mid/32"])->{code};
		return $code ne '5.03';
	});
	is($code, '2.01', "$what: mitigation $mid");

	push @mids, $mid;
	ok(dots_until(sub { dots_rib($t) =~ m!192\.0\.2\.$mid/32! }),
		"$what: its route");
}

# One of @pids dies in the function, of a request that nobody answers
sub dies {
	my ($t, $function, @pids) = @_;
	my $s = session($t);
	my @armed = at_arm($function, undef, @pids);

	$s->send($s->message(method => 'PUT',
		path => Test::DOTS::Session::path($c, 99),
		body => dots_mitigate(prefix => ['192.0.2.99/32'])));

	my ($killed) = at_killed(@armed);
	$s->quit();

	return $killed || die "nobody was killed in $function\n";
}

# ends one of ours; its pid is free then
sub ended {
	my ($pid) = @_;
	dots_until(sub { waitpid($pid, POSIX::WNOHANG()) == $pid })
		or die "$pid does not end\n";
	@orphans = grep { $_ != $pid } @orphans;
}

###############################################################################

my $s = session($t);
put($t, $s, 1, 'before');
$s->quit();

# A worker dies with the zone's lock, in the middle of a change.  It is there
# still, as what has ended, since the master does not wait for it.

my $master = $t->read_file('nginx.pid') + 0;
my @workers = at_workers($t, 4);
my $manager = at_manager($t);

@orphans = (@workers, $manager);
dots_stop($master);

my $dead = dies($t, 'ngx_slab_alloc_locked', @workers);

$s = session($t);
ok(dots_until(sub { $s->get($c, 1)->{code} eq '2.05' }),
	'a master that stands still: the others go on');
put($t, $s, 2, 'a master that stands still');
$s->quit();

dots_kill('KILL', $master);
waitpid $master, 0;
ended($dead);

# ---- neither master nor manager: a worker acts

dots_kill('KILL', $manager);
ended($manager);

$s = session($t);
put($t, $s, 3, 'no manager');
$s->quit();

$manager = at_manager($t);
is(scalar(grep { $_ == $manager } @orphans), 1, 'no manager: a worker is');
like($t->read_file('error.log'), qr/\[warn\].*this worker is the manager/,
	'no manager: error_log says so');

# it loads what was lost

my $held = at_stop($manager);
ended(dies($t, 'ngx_slab_alloc_locked', grep { $_ != $manager } @orphans));
at_go($held);

$s = session($t);
ok(dots_until(sub { $s->get($c, 1)->{code} eq '2.05' }),
	'a lost registry: it is loaded');
put($t, $s, 4, 'a lost registry');
$s->quit();

# ---- somebody else has the pid of one that died in a change

SKIP: {
	my $last = '/proc/sys/kernel/ns_last_pid';
	skip('no pid can be chosen here', 3) unless -w $last;

	$held = at_stop($manager);
	$dead = dies($t, 'dots_store_commit', grep { $_ != $manager } @orphans);
	ended($dead);

	$taken = dots_until(sub {
		open my $fh, '>', $last or die "$last: $!\n";
		syswrite $fh, $dead - 1 or die "$last: $!\n";

		my $pid = fork();
		die "fork: $!\n" unless defined $pid;
		close($held->{in}), POSIX::pause(), POSIX::_exit(0) if $pid == 0;
		return $pid if $pid == $dead;

		kill 'KILL', $pid;
		waitpid $pid, 0;
		return 0;
	});
	is($taken, $dead, 'another process has the pid');

	at_go($held);

	$s = session($t);
	put($t, $s, 99, 'another process has the pid');
	$s->quit();
}

# ---- another nginx begins, on other ports

$conf =~ s/%%PORT_8980_UDP%%/%%PORT_8981_UDP%%/;
$conf =~ s/127\.0\.0\.1:8446/127.0.0.1:8447/;
$conf =~ s/127\.0\.0\.1:8443/127.0.0.1:8444/;
unlink $t->testdir() . '/nginx.pid';
$t->write_file_expand('nginx.conf', $conf);
$t->run();

ended($_) foreach @orphans;

$s = dots_session($t, server => '127.0.0.1:' . port(8981, udp => 1));
put($t, $s, 5, 'another nginx');
$s->quit();

# ---- each route was announced once, and none withdrawn

is(join(' ', dots_monitored($t, 'DELROUTE')), '', 'no route was withdrawn');
is(join(' ', grep { 1 != dots_monitored($t, "^ROUTE. 192.0.2.$_/32") } @mids),
	'', 'each was announced once');

###############################################################################
