package Fault::Signal;

# A client of the signal channel: one request after the other, each until it is
# answered or given up, without ever waiting: what it reads is what fds() names,
# tick() does the rest.  The messages are those of Test::DOTS::Session, and so
# is the process below.

use warnings;
use strict;

use Errno qw/ EAGAIN EINTR /;
use IPC::Open2;
use Test::DOTS;
use Test::Nginx qw/ port /;
use Time::HiRes qw/ time /;

use base qw/ Fault::Client Test::DOTS::Session /;

our $PATIENCE = 5;		# s until a request is given up
our $LATER = 0.7;		# s until it is sent again, over UDP
our $HURRY = 2.5;		# s that are left of its patience

my %codes = (put => 'PUT', withdraw => 'DELETE', status => 'GET');

# %o: dir, cert, cuid, strange (somebody else's cuid), transport, loss
# (percent), seed
sub new {
	my ($class, %o) = @_;

	return bless { %o, tcp => $o{transport} eq 'tcp', state => 'down',
		token => int(rand 30000), mid => int(rand 30000), buf => '',
		next => 0 }, $class;
}

sub fds { return $_[0]{out} ? ($_[0]{out}) : () }

# Somebody knows that a process of the server has gone, or that all of them go on:
# patience is over soon
sub hurry {
	my ($self) = @_;
	$self->{until} = time() + $HURRY
		if $self->{sent} && $self->{until} > time() + $HURRY;
}

# ... or that none of them can answer for now
sub calm {
	my ($self) = @_;
	$self->{until} = time() + $PATIENCE if $self->{sent};
}

sub tick {
	my ($self) = @_;
	my $now = time();

	if ($self->{state} eq 'down') {
		$self->_up() if $self->{op} && $now >= $self->{next};

	} elsif ($self->{state} eq 'connecting') {
		$self->_down() if $now > $self->{until};

	} elsif ($self->{sent} && $now > $self->{until}) {

		# RFC 9132 section 4.7: who is not answered asks in a new session

		$self->_down();
		$self->_end(undef);

	} elsif ($self->{sent} && !$self->{tcp} && $now > $self->{later}) {
		$self->_say('send ' . unpack('H*', $self->{bytes}));
		$self->{later} = $now + $LATER;
	}
}

# ---- the process ----

sub _up {
	my ($self) = @_;
	my $d = $self->{dir};

	my @cmd = ("$Test::DOTS::BUILD/tools/dots_client"
		. ($self->{tcp} ? '_tcp' : ''), '--server', '127.0.0.1:'
		. ($self->{tcp} ? port(8446) : port(8980, udp => 1)),
		'--ca', "$d/ca.crt", '--cert', "$d/$self->{cert}.crt",
		'--key', "$d/$self->{cert}.key", '--life', 600, '--timeout', 3000);

	# over TCP "--wait" leaves no "connected", and nothing is lost there

	my $lossy = $self->{loss} && !$self->{tcp};
	push @cmd, '--wait' if $lossy;

	open my $stderr, '>&', \*STDERR or die;
	open STDERR, '>>', "$d/clients.log" or die;
	$self->{pid} = open2($self->{out}, $self->{in}, @cmd);
	open STDERR, '>&', $stderr or die;

	$self->{in}->autoflush(1);
	$self->{out}->blocking(0);
	@$self{qw/ state buf until /} = ('connecting', '', time() + 5);

	if ($lossy) {
		$self->_say("loss $self->{loss} $self->{seed}");
		$self->_say("twice $self->{loss} $self->{seed}");
		$self->_say('connect 4000');
		$self->{seed}++;
	}
}

sub _down {
	my ($self) = @_;

	if ($self->{pid}) {
		kill 'KILL', $self->{pid};
		close $self->{in};
		close $self->{out};
		waitpid delete $self->{pid}, 0;
	}

	delete @$self{qw/ in out /};
	$self->{state} = 'down';
	$self->{next} = time() + 0.1;
}

sub _say {
	my ($self, $line) = @_;
	print { $self->{in} } "$line\n";
}

# What the process says, line by line
sub readable {
	my ($self) = @_;
	my $n = sysread $self->{out}, $self->{buf}, 65536, length $self->{buf};

	return if !defined $n && ($! == EAGAIN || $! == EINTR);

	while ($self->{out} && $self->{buf} =~ s/^(.*)\n//) {
		$self->_line_is($1);
	}

	$self->_lost() if !$n && $self->{out};
}

sub _lost {
	my ($self) = @_;
	my $sent = $self->{sent};

	$self->_down();
	$self->_end(undef) if $sent;
}

sub _line_is {
	my ($self, $line) = @_;

	if ($line =~ /^connected/) {
		$self->{state} = 'up';

		# RFC 8323 section 5.3

		$self->_say('send 00e1') if $self->{tcp};
		$self->_ask() if $self->{op};
		return;
	}

	return if $line eq 'ok' || $line =~ /^sent/;

	if ($line =~ /^recv (.*)/) {
		$self->_message(Test::DOTS::Session::_parse(pack('H*', $1),
			$self->{tcp}));
		$self->_say('recv 100') if $self->{out};
		return;
	}

	return $self->_say('recv 100') if $line eq 'timeout';
	return $self->_lost();
}

# ---- requests ----

# The commands of the process come one after the other, so that one that waits
# would hold up what is to be sent again: it waits for short
sub _ask {
	my ($self) = @_;
	my $op = $self->{op};
	my $cuid = $op->{op} eq 'stranger' ? $self->{strange} : $self->{cuid};
	my $method = $op->{method} || $codes{$op->{op}};
	my $now = time();

	my @body = $method eq 'PUT' ? (body => dots_mitigate(
		prefix => $op->{prefixes}, lifetime => $op->{lifetime} || 3600)) : ();

	$op->{from} = $now;
	$self->{sent} = 1;
	$self->{bytes} = $self->message(method => $method, path =>
		Test::DOTS::Session::path($cuid, $op->{mid}), @body);
	$self->{until} = $now + $PATIENCE;
	$self->{later} = $now + ($self->{loss} ? $LATER / 4 : $LATER);

	$self->_say('send ' . unpack('H*', $self->{bytes}));
	$self->_say('recv 100');
}

sub _message {
	my ($self, $m) = @_;

	return unless $self->{sent} && $m->{token} eq $self->{sent_token}
		&& $m->{code} =~ /^[245]/;

	return $self->_end($m->{code}) unless $m->{code} eq '2.05';

	my $list = $m->{cbor} ? $m->{cbor}{1}{2} : [];
	$self->_end($m->{code}, { mitigations => mitigations($list) });
}

# As the model has them
sub mitigations {
	my ($list) = @_;

	return { map { $_->{5} => { prefixes => $_->{6}, left => $_->{14},
		status => $_->{16}, over => $_->{16} == 5 ? 1 : 0 } } @$list };
}

sub DESTROY {
	my ($self) = @_;
	local $?;
	$self->_down();
}

1;
