package Test::DOTS::At;

# Processes that are killed, or held, in the very moment when they enter a
# function: t/tools/dots_kill_at.c.

use warnings;
use strict;

use base qw/ Exporter /;

our @EXPORT = qw/ at_has at_arm at_killed at_held at_stop at_go
	at_manager at_workers /;

use IO::Select;
use IPC::Open2;
use Test::DOTS;

my %stopped;
END { kill 'CONT', keys %stopped }

my $tool = "$Test::DOTS::BUILD/tools/dots_kill_at";

# can it be done here?
sub at_has { return `$tool $$ strtold </dev/null 2>&1` =~ /^armed\nmissed/ }

# One that waits in each of the processes; $how: undef or "hold"
sub at_arm {
	my ($function, $how, @pids) = @_;
	my @armed;

	foreach my $pid (@pids) {
		my $armed = { pid => $pid };
		my $tool = open2(@$armed{qw/ out in /}, $tool, $pid, $function,
			$how || ());
		$armed->{tool} = $tool;
		my $line = _line($armed);
		die "dots_kill_at $pid: $line" unless $line =~ /^armed/;
		push @armed, $armed;
	}

	return @armed;
}

# What it says, a line: one that it says soon after is not taken with it, or
# _first() would not see it
sub _line {
	my ($armed) = @_;
	my $line = '';

	1 while $line !~ /\n/ && sysread $armed->{out}, $line, 1, length $line;

	return $line;
}

sub _first {
	my (@armed) = @_;
	my ($first) = IO::Select->new(map { $_->{out} } @armed)->can_read(60);
	return $first;
}

# pids of those that were killed, and are no more
sub at_killed {
	my (@armed) = @_;

	_first(@armed);
	close $_->{in} foreach @armed;

	my @killed = map { my $line = _line($_);
		waitpid $_->{tool}, 0; $line =~ /^killed/ ? $_->{pid} : () } @armed;

	# who is looked for next is none that still dies

	dots_until(sub { !grep { _lives($_) } @killed });

	return @killed;
}

sub _lives {
	my ($pid) = @_;
	open my $fh, '<', "/proc/$pid/stat" or return 0;
	my $line = <$fh>;
	return defined $line && $line !~ /^\d+ \(.*\) [ZX]/;
}

# The one that stands still; the others go on.  undef: none
sub at_held {
	my (@armed) = @_;
	my $first = _first(@armed);
	my ($held) = grep { $first && $_->{out} == $first } @armed;

	at_go(grep { !$held || $_ != $held } @armed);

	return $held && _line($held) =~ /^held/ ? $held : undef;
}

# Stops a process where it holds no lock, at the beginning of a turn; where nothing
# can be stopped at a function, anywhere.  at_go() lets it go on
sub at_stop {
	my ($pid) = @_;

	return at_held(at_arm('ngx_process_events_and_timers', 'hold', $pid))
		|| die "process $pid does nothing\n" if at_has();

	dots_stop($pid);
	$stopped{$pid} = 1;
	return { stopped => $pid };
}

sub at_go {
	my (@armed) = @_;

	kill 'CONT', grep { delete $stopped{$_} } map { $_->{stopped} || () } @armed;

	foreach my $armed (grep { !$_->{stopped} } @armed) {
		close $armed->{in};
		waitpid $armed->{tool}, 0;
	}
}

# The workers, when there are as many as there have to be: one that was killed has
# its successor, which would be armed too late, and has its name, before which its
# threads are not there
sub at_workers {
	my ($t, $n) = @_;
	my @pids;

	dots_until(sub {
		@pids = dots_serving($t);
		return @pids == $n;
	}) or die "workers: @pids\n";

	return @pids;
}

# the process that has locked manager.lock, when there is one
sub at_manager {
	my ($t) = @_;
	my $pid;
	dots_until(sub { $pid = _locked($t) }) or die "no manager\n";
	return $pid;
}

sub _locked {
	my ($t) = @_;
	my $inode = (stat $t->testdir() . '/state/manager.lock')[1] or return 0;
	open my $fh, '<', '/proc/locks' or return 0;
	my ($line) = grep { /FLOCK.*:$inode / } <$fh>;
	return $line && $line =~ /WRITE (\d+)/ ? $1 : 0;
}

1;
