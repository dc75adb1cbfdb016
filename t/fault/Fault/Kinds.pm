package Fault::Kinds;

# The faults: what each does to the server, how it is over, and what the log may
# say of it in level crit or worse.  What no fault of a round explains is a
# violation.  "whole": it is about the master; one that is "away" (until it is
# over there is none, or there are two) is not hit by another such.  "hurry":
# who waits for an answer may wait in vain.

use warnings;
use strict;

use Fault::Random;

# nginx's own words of a process that was killed, in the zone perhaps

my @killed = (qr/exited on signal 9/,
	qr/shared memory zone "dots" was locked by \d+$/);

# nginx's own words of a worker that was leaving, by whose connections it waited,
# and is told to end at once

my @waiting = (qr/open socket #\d+ left in connection/, qr/alert.*: aborting/);
my @store = (qr/dots: .*(?:store|disk|commit)/);

our %KINDS = (
	worker => { weight => 10, log => \@killed, hurry => 1,
		begin => sub { _kill(@_, 'worker') } },
	manager => { weight => 8, log => \@killed,
		begin => sub { _kill(@_, 'manager') } },
	master => { weight => 5, log => \@killed, whole => 1, away => 1, hurry => 1,
		begin => \&_master, end => \&_orphans },
	headless => { weight => 5, log => \@killed, whole => 1, away => 1,
		hurry => 1, begin => \&_headless, end => \&_orphans },
	all => { weight => 8, whole => 1, away => 1, hurry => 1,
		begin => sub { $_[0]->kill_all('KILL') },
		end => sub { $_[0]->start() } },
	quit => { weight => 4, whole => 1, away => 1, hurry => 1,
		begin => sub { $_[0]->signal('QUIT') }, end => \&_again },
	stop => { weight => 4, log => \@waiting, whole => 1, away => 1, hurry => 1,
		begin => sub { $_[0]->signal('TERM') }, end => \&_again },
	reload => { weight => 8, whole => 1, begin => sub { $_[0]->signal('HUP') } },
	workers => { weight => 5, whole => 1, hurry => 1, begin => \&_workers },
	upgrade => { weight => 8, whole => 1, away => 1,
		begin => \&_upgrade, end => \&_retire },
	gobgpd => { weight => 7, begin => sub { $_[0]->gobgpd_end() },
		end => sub { $_[0]->gobgpd_start() } },
	eio => { weight => 6, log => \@store, _disk('eio') },
	meta => { weight => 5, log => \@store, _disk('meta') },
	full => { weight => 6, log => \@store, _disk('full') },
	slow => { weight => 6, begin => \&_slow,
		end => sub { $_[0]->heal('slow') } },
	hold => { weight => 6, _disk('hold') },

	# of the clients, see Fault::Round

	loss => { weight => 6 },
	cut => { weight => 6 },
);

sub _disk {
	my ($name) = @_;
	return (begin => sub { $_[0]->disk($name) },
		end => sub { $_[0]->heal($name) });
}

# { kind => weight } of those that are asked for, "kind,kind...", or of all
sub weights {
	my ($asked) = @_;
	my %all = map { $_ => $KINDS{$_}{weight} } keys %KINDS;

	if ($asked) {
		my %some;

		foreach my $kind (split /,/, $asked) {
			exists $all{$kind} or die "no fault \"$kind\"\n";
			$some{$kind} = $all{$kind} || 5;
		}

		return \%some;
	}

	delete $all{$_} foreach grep { !$all{$_} } keys %all;
	return \%all;
}

sub _kill {
	my ($server, $fault, $what) = @_;
	my %now = $server->processes();
	my @pids = sort { $a <=> $b } @{$now{$what}};

	kill 'KILL', $pids[$fault->{seed} % @pids] if @pids;
}

# The master alone: its workers go on without it
sub _master {
	my ($server) = @_;
	my $pid = $server->{pid} or return;

	kill 'KILL', $pid;
	$server->gone($pid);
	$server->{pid} = 0;
}

# The manager with it: nobody starts another one
sub _headless {
	my ($server, $fault) = @_;
	my %now = $server->processes();

	kill 'KILL', @{$now{manager}};
	_master($server);
}

# As an init system does with what is left of a service
sub _orphans {
	my ($server, $fault) = @_;
	$server->kill_all($fault->{seed} % 2 ? 'KILL' : 'TERM');
	$server->start();
}

sub _again {
	my ($server) = @_;
	$server->ended();
	$server->start();
}

sub _workers {
	my ($server, $fault) = @_;
	$server->{workers} = 1 + $fault->{seed} % 3;
	$server->configure();
	$server->signal('HUP');
}

# In one of four the new one gives way again, in one the old workers go first
sub _upgrade {
	my ($server, $fault) = @_;
	$server->upgrade($fault->{seed} % 4 == 1 ? 'WINCH' : undef);
}

sub _retire {
	my ($server, $fault) = @_;
	$server->retire($fault->{seed} % 4 == 2 ? 'new' : 'old');
}

sub _slow {
	my ($server, $fault) = @_;
	$server->disk('slow', 50 + $fault->{seed} % 250);
}

1;
