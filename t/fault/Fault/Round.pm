package Fault::Round;

# A round: the requests of a plan, as many under way as there are clients, the
# faults in between, and what must be true afterwards.  Then all of it is taken
# back, so that each round begins with the bystander's resources only, and what
# is left over is seen.  Dies of a violation, with what it is.

use warnings;
use strict;

use IO::Select;
use Time::HiRes qw/ sleep time /;

use Test::DOTS;
use Fault::Check;
use Fault::Data;
use Fault::Kinds;
use Fault::Model;
use Fault::Plan;
use Fault::Signal;

our $STUCK = 40;		# s of waiting: somebody has to be served within

# $server, $model; %o: seed, bystander (see Fault::Bystander), plan => options
sub new {
	my ($class, $server, %o) = @_;
	my $self = bless { %o, server => $server, journal => [],
		model => Fault::Model->new(terminating => 1),
		counts => {}, begun => time() }, $class;

	$self->{plan} = Fault::Plan->new($o{seed}, %{$o{plan}});
	$self->_clients();

	return $self;
}

sub _clients {
	my ($self) = @_;
	my ($strange) = keys %Fault::Plan::BYSTANDER;

	foreach my $client (sort keys %Fault::Plan::CLIENTS) {
		my @o = (dir => $self->{server}{dir},
			cert => $Fault::Plan::CLIENTS{$client}{cert},
			cuid => Fault::Plan::cuid($client),
			strange => Fault::Plan::cuid($strange));

		$self->{clients}{"$client/data"} = Fault::Data->new(@o);
		$self->{clients}{"$client/signal"} = Fault::Signal->new(@o,
			transport => $self->{plan}{transports}{$client},
			seed => $self->{seed} & 0xffffff);
	}
}

sub _note {
	my ($self, $text) = @_;
	push @{$self->{journal}}, sprintf "%7.3f %s", time() - $self->{begun},
		$text;
}

sub journal { return join "\n", @{$_[0]{journal}}, '' }

sub counts { return $_[0]{counts} }
sub faults { return map { $_->{kind} } map { @{$_->{faults}} }
	@{$_[0]{plan}{bursts}} }

sub run {
	my ($self) = @_;

	# a server that is killed closes what is being written to

	local $SIG{PIPE} = 'IGNORE';

	$self->_burst($_) foreach @{$self->{plan}{bursts}};
	$self->_check();
	$self->_purge();
}

# Whatever it was in the middle of: what is under way holds the round
sub end {
	my ($self) = @_;
	$_->close_all() foreach values %{$self->{clients}};
	$self->{clients} = {};
}

# ---- a burst ----

sub _burst {
	my ($self, $burst) = @_;

	$self->{queues} = { map { $_ => [ @{$burst->{ops}{$_}} ] }
		keys %{$burst->{ops}} };
	$self->{coming} = [ @{$burst->{faults}} ];
	$self->{present} = [];
	$self->{sent} = 0;
	$self->{waited} = 0;
	$self->{model}->forget_moves();

	while ($self->_busy()) {
		$self->_begin_faults();
		$self->_end_faults();
		$self->_feed();
		$self->_wait();

		die "nobody is served\n" if $self->{waited} > $STUCK;
	}
}

sub _busy {
	my ($self) = @_;

	return 1 if @{$self->{present}};
	return 1 if grep { @$_ } values %{$self->{queues}};
	return scalar grep { !$_->idle() } values %{$self->{clients}};
}

sub _feed {
	my ($self) = @_;

	foreach my $name (sort keys %{$self->{queues}}) {
		my $client = $self->{clients}{$name};
		my $op = $client->idle() ? shift @{$self->{queues}{$name}} : undef;

		$self->_start($name, $op) if $op;
	}
}

sub _start {
	my ($self, $name, $op) = @_;

	$self->{sent}++;
	$self->{counts}{ops}++;
	$self->{clients}{$name}->start($op, sub { $self->_done($name, @_) });
	$self->{model}->moves($op) if $op->{mid} && $op->{op} ne 'status'
		&& $op->{op} ne 'stranger';
}

sub _done {
	my ($self, $name, $op, $code, $found) = @_;
	my $model = $self->{model};

	$self->{waited} = 0;
	$self->_note(Fault::Plan::words($op) . ' -> ' . ($code || 'no answer'));

	if (!defined $code) {
		$self->{counts}{silent}++;
		$model->silent($op);

		# asked again, it answers for both

		$op->{tries}++;
		unshift @{$self->{queues}{$name}}, $op
			if $op->{again} && $op->{tries} < 4;

	} else {
		$self->{counts}{Fault::Model::passing($code) ? 'passing'
			: $code =~ /^2/ ? 'acknowledged' : 'refused'}++;

		my $why = $model->answered($op, $code, $found);
		die Fault::Plan::words($op) . ": $why\n" if $why;
	}

	$self->_resolve($op->{client}) if $model->crowded($op->{client});
}

# Too many worlds: what is there?
sub _resolve {
	my ($self, $client) = @_;
	my $queue = $self->{queues}{"$client/data"};

	unshift @$queue, { op => 'client_get', client => $client,
		channel => 'data' };
}

sub _wait {
	my ($self) = @_;
	my $select = IO::Select->new();
	my %by;

	foreach my $client (values %{$self->{clients}}) {
		$client->tick();

		foreach my $fh ($client->fds()) {
			$by{fileno $fh} = $client;
			$select->add($fh);
		}
	}

	# without descriptors it only waits

	my $began = time();
	my @ready = map { fileno $_ } $select->can_read(0.02);
	sleep(0.02) unless $select->count();

	# what the model takes, or a machine that is busy, is nobody's fault

	my $waited = time() - $began;
	$self->{waited} += $waited < 0.1 ? $waited : 0.1;

	foreach my $fd (@ready) {
		my $client = $by{$fd};
		$client->readable()
			if grep { fileno $_ == $fd } $client->fds();
	}
}

# ---- faults ----

sub _begin_faults {
	my ($self) = @_;

	# one that is due, or all requests are out

	while (my $fault = $self->{coming}[0]) {
		last if $self->{sent} < $fault->{after}
			&& grep { @$_ } values %{$self->{queues}};

		last if $Fault::Kinds::KINDS{$fault->{kind}}{whole}
			&& grep { $Fault::Kinds::KINDS{$_->{kind}}{away} }
			@{$self->{present}};

		shift @{$self->{coming}};
		$self->_begin($fault);
	}
}

sub _begin {
	my ($self, $fault) = @_;
	my $kind = $Fault::Kinds::KINDS{$fault->{kind}};

	$self->_note("fault $fault->{kind}");
	$self->{counts}{faults}++;
	push @{$self->{explained}}, @{$kind->{log} || []};

	$self->_loss(20) if $fault->{kind} eq 'loss';
	$self->_cut($fault) if $fault->{kind} eq 'cut';
	$kind->{begin}->($self->{server}, $fault) if $kind->{begin};

	$fault->{until} = $self->{sent} + $fault->{heal};
	$fault->{latest} = time() + 0.2 * $fault->{heal};
	push @{$self->{present}}, $fault;

	$self->_patience('calm') if $fault->{kind} eq 'hold';
	$self->_patience('hurry') if $kind->{hurry};
}

# Nobody knows which process has one's request.  Who is in a hurry while the disk
# is held would give up one that is under way, and be told by a GET that it was not
# done, before it is.
sub _patience {
	my ($self, $what) = @_;

	return if $what eq 'hurry' && $self->_held();

	$_->$what() foreach values %{$self->{clients}};
}

# Over when as many requests as it says were sent, or nobody can send any more
sub _end_faults {
	my ($self) = @_;
	my @present;

	foreach my $fault (@{$self->{present}}) {
		if ($self->{sent} < $fault->{until} && time() < $fault->{latest}) {
			push @present, $fault;
			next;
		}

		my $kind = $Fault::Kinds::KINDS{$fault->{kind}};

		$self->_note("over $fault->{kind}");
		$kind->{end}->($self->{server}, $fault) if $kind->{end};
		$self->_loss(0) if $fault->{kind} eq 'loss';
		$self->{waited} = 0;
	}

	my $held = $self->_held();

	$self->{present} = \@present;
	$self->_patience('hurry') if $held && !$self->_held();
}

sub _held { return scalar grep { $_->{kind} eq 'hold' } @{$_[0]{present}} }

# Sessions are made anew for it: the process loses by itself
sub _loss {
	my ($self, $percent) = @_;

	foreach my $name (grep { m!/signal$! } sort keys %{$self->{clients}}) {
		my $client = $self->{clients}{$name};

		next if $client->{tcp};
		$client->{loss} = $percent;
		$client->cut();
	}
}

# Half of all connections end in the middle of whatever it is
sub _cut {
	my ($self, $fault) = @_;
	my $bits = $fault->{seed};

	foreach my $name (sort keys %{$self->{clients}}) {
		$self->{clients}{$name}->cut() if $bits & 1;
		$bits >>= 1;
	}
}

# ---- afterwards ----

sub _check {
	my ($self) = @_;
	my ($server, $model) = @$self{qw/ server model /};

	$_->close_all() foreach values %{$self->{clients}};
	$self->_note('check');

	foreach my $look (
		sub { Fault::Check::processes($server) },
		sub { Fault::Check::clients($server->{t}, $model) },
		sub { $self->{bystander}->look() },
		sub { Fault::Check::store($server, $model,
			$self->{bystander}{records}) },
		sub { Fault::Check::routes($server, $model,
			@{$self->{bystander}{routes}}) },
		sub { Fault::Check::kept($server, @{$self->{bystander}{routes}}) },
		sub { Fault::Check::complaints($server, @{$self->{explained}}) })
	{
		my $why = $look->();
		die "$why\n" if $why;
	}

	$self->_note('checked');
}

# Everything is withdrawn and deleted, by those whose it is.  A server that met a
# full disk when it began tries the store again after a second.
sub _purge {
	my ($self) = @_;

	$self->_note('purge');

	dots_until(sub {
		$self->_burst({ ops => $self->_withdrawals(), faults => [] });
		$self->_check();
		return !$self->_left();
	}) or die join(' ', $self->_left()) . " still has something\n";

	my $why = Fault::Check::leaks($self->{server}, $self->{bystander});
	die "$why\n" if $why;
}

sub _withdrawals {
	my ($self) = @_;
	my %ops;

	foreach my $client (keys %Fault::Plan::CLIENTS) {
		my $world = $self->{model}->worlds($client)->[0];

		$ops{"$client/signal"} = [ map { { op => 'withdraw', mid => $_,
			client => $client, channel => 'signal', again => 1 } }
			sort keys %{$world->{mitigations}} ];
		$ops{"$client/data"} = [ map { { client => $client, channel => 'data',
			again => 1, %$_ } } $world->{client} ? { op => 'client_delete' } : (),
			$world->{contested} ? { op => 'contest', method => 'DELETE' } : () ];
	}

	return \%ops;
}

# Whose clients still have something
sub _left {
	my ($self) = @_;

	return grep {
		my $world = $self->{model}->worlds($_)->[0];
		$world->{client} || $world->{contested}
			|| keys %{$world->{mitigations}}
	} sort keys %Fault::Plan::CLIENTS;
}


1;
