package Fault::Plan;

# The requests and faults of a round, all of them drawn before it begins, so
# that the seed alone says what they are.
#
# A plan: { transports => { client => udp or tcp }, bursts => [ { ops => {
# "client/channel" => [ op... ] }, faults => [ fault... ] }... ] }.  A fault:
# { kind, after, heal, seed }, the numbers being requests sent since the burst
# began; heal is counted from the fault.

use warnings;
use strict;

use JSON::PP;
use Fault::Random;

# Clients: the customer, its prefix for what only this one asks for, and one
# that others ask for, too
our %CLIENTS = (
	a1 => { customer => 'a', cert => 'a', own => '192.0.2.0', six => '6401:a1',
		common => [ '192.0.2.192', '203.0.113.0' ] },
	a2 => { customer => 'a', cert => 'a', own => '192.0.2.64', six => '6401:a2',
		common => [ '192.0.2.192', '203.0.113.0' ] },
	b1 => { customer => 'b', cert => 'b', own => '198.51.100.0',
		six => '6402:b1', common => [ '198.51.100.96', '203.0.113.0' ] },
	b2 => { customer => 'b', cert => 'b', own => '198.51.100.64',
		six => '6402:b2', common => [ '198.51.100.96', '203.0.113.0' ] },
	s1 => { customer => 's', cert => 's', own => '198.51.100.128',
		six => '6403:51', common => [ '198.51.100.184' ] },
);

# The one that no round concerns, and whose cuid others try
our %BYSTANDER = (c1 => { customer => 'c', cert => 'stranger',
	own => '198.51.100.192', six => '6404:c1' });

sub cuid { return "$_[0]-of-the-fault-harness" }

# One of each customer's, all of whom want the same cuid besides their own
our $CONTESTED = cuid('any');
our %CONTESTS = map { $_ => 1 } qw/ a1 b1 s1 /;

my %signal = (put => 45, withdraw => 25, status => 20, stranger => 5,
	nothing => 5);
my %data = (client_put => 12, client_post => 6, client_delete => 5,
	client_get => 12, alias_put => 18, alias_post => 8, alias_delete => 8,
	aliases_put => 6, aliases_delete => 3, acl_put => 16, acl_delete => 8,
	patch => 10, stranger => 5, contest => 25, nothing => 5);

my $json = JSON::PP->new()->canonical();

# %o: kinds => { kind => weight } of faults, bursts, requests (of each client
# and channel in a burst, at most)
sub new {
	my ($class, $seed, %o) = @_;
	my $self = bless { seed => $seed, mids => {}, r =>
		Fault::Random->new($seed, 'plan') }, $class;
	my $r = $self->{r};

	$self->{transports} = { map { $_ => $r->chance(60) ? 'udp' : 'tcp' }
		sort keys %CLIENTS };

	push @{$self->{bursts}}, $self->_burst(%o)
		foreach 1 .. $o{bursts} || $r->between(2, 4);

	return $self;
}

sub _burst {
	my ($self, %o) = @_;
	my $r = $self->{r};
	my (%ops, $n);

	foreach my $client (sort keys %CLIENTS) {
		foreach my $channel (qw/ data signal /) {
			my $many = $r->between(1, $o{requests} || 4);

			push @{$ops{"$client/$channel"}}, $self->_op($client, $channel)
				foreach 1 .. $many;
			$n += $many;
		}
	}

	my @faults;
	my $at = 0;

	foreach (1 .. $r->weighted(1 => 7, 2 => 3)) {
		$at += $r->between(1, int($n / 2));
		push @faults, { kind => $r->weighted(%{$o{kinds}}), after => $at,
			heal => $r->between(1, 8), seed => $r->next() };
	}

	return { ops => \%ops, faults => \@faults };
}

sub _op {
	my ($self, $client, $channel) = @_;
	my $r = $self->{r};
	my %kinds = $channel eq 'signal' ? %signal : %data;
	delete $kinds{contest} unless $CONTESTS{$client};

	# "nothing" makes some shorter, and some clients quiet

	my $kind;
	do { $kind = $r->weighted(%kinds) } while $kind eq 'nothing';

	my $op = { op => $kind, client => $client, channel => $channel,
		again => $r->chance(50) };
	my $fill = $kind eq 'stranger' ? "_${channel}_stranger" : "_$kind";

	$self->$fill($op, $CLIENTS{$client});
	return $op;
}

# ---- the signal channel ----

sub _mid {
	my ($self, $client) = @_;
	return $self->{r}->between(1, $self->{mids}{$client} || 1);
}

sub _put {
	my ($self, $op, $c) = @_;
	my ($r, $client) = ($self->{r}, $op->{client});
	my $known = $self->{asked}{$client} ||= {};

	$op->{mid} = $r->chance(65) || !%$known ? ++$self->{mids}{$client}
		: $self->_mid($client);

	# a refresh more often than not

	$op->{prefixes} = $known->{$op->{mid}} && $r->chance(80)
		? $known->{$op->{mid}} : [ $self->_prefixes($op, $c) ];
	$known->{$op->{mid}} ||= $op->{prefixes} unless $op->{foreign};

	$op->{lifetime} = $r->chance(15) ? $r->between(2, 4)
		: $r->between(20, 60) * 60;
}

sub _prefixes {
	my ($self, $op, $c) = @_;
	my $r = $self->{r};

	if ($r->chance(6)) {
		$op->{foreign} = 1;
		return '198.51.100.200/32';
	}

	if ($r->chance(15)) {
		return _in($r->pick(@{$c->{common}}), $r->below(4), 32);
	}

	return "2001:db8:$c->{six}::" . sprintf('%x/128', $r->between(1, 6))
		if $r->chance(12);

	my $slot = 4 * $r->below(4);

	# few, so that one often overlaps another

	return _in($c->{own}, $slot, 30) if $r->chance(40);
	return map { _in($c->{own}, $slot + $_, 32) } 0 .. $r->weighted(0 => 7,
		1 => 2, 3 => 1);
}

sub _in {
	my ($base, $n, $length) = @_;
	my @bytes = split /\./, $base;
	$bytes[3] += $n;
	return join('.', @bytes) . "/$length";
}

sub _withdraw { my ($self, $op) = @_; $op->{mid} = $self->_mid($op->{client}) }
sub _status { my ($self, $op) = @_; $op->{mid} = $self->_mid($op->{client}) }

# Another customer's cuid, RFC 9132 section 4.4.1.1
sub _signal_stranger {
	my ($self, $op, $c) = @_;
	my ($method, $expected) = @{$self->{r}->pick([ PUT => '4\.09' ],
		[ GET => '4\.04' ], [ DELETE => '2\.02' ])};

	@$op{qw/ method expected mid prefixes /} = ($method, $expected, 1,
		[ _in($c->{own}, 63, 32) ]);
}

# ---- the data channel ----

sub _text { return $json->encode($_[0]) }

sub _alias {
	my ($self, $c, $name) = @_;
	my $r = $self->{r};
	my $entry = { name => $name, 'target-prefix' =>
		[ map { _in($c->{own}, $r->below(32), 32) } 0 .. $r->below(3) ] };

	my %seen;
	$entry->{'target-prefix'} =
		[ grep { !$seen{$_}++ } @{$entry->{'target-prefix'}} ];
	$entry->{'target-protocol'} = [ 6 ] if $r->chance(30);

	return [ $name, _text($entry) ];
}

sub _acl {
	my ($self, $c, $name) = @_;
	my $r = $self->{r};

	return [ $name, _text({ name => $name,
		type => 'ietf-access-control-list:ipv4-acl-type',
		'activation-type' => $r->weighted('immediate' => 5,
			'activate-when-mitigating' => 3, 'deactivate' => 2),
		aces => { ace => [ map { { name => "r$_",
			matches => { ipv4 => { 'destination-ipv4-network' =>
				_in($c->{own}, 32 + $r->below(8), 32) } },
			actions => { forwarding => 'ietf-access-control-list:drop' } }
		} 0 .. $r->weighted(0 => 7, 1 => 2, 4 => 1) ] } }) ];
}

sub _some {
	my ($self, $c, $what, $most) = @_;
	my @names = grep { $self->{r}->chance(35) } map { "$what$_" } 1 .. 5;
	splice(@names, $most) if @names > $most;
	return [ map { $what eq 'n' ? $self->_alias($c, $_)
		: $self->_acl($c, $_) } @names ];
}

sub _name { my ($self, $what) = @_; return $what . $self->{r}->between(1, 5) }

sub _client_put {
	my ($self, $op, $c) = @_;

	$op->{aliases} = $self->{r}->chance(60) ? $self->_some($c, 'n', 4) : [];
	$op->{acls} = $self->{r}->chance(40) ? $self->_some($c, 'l', 3) : [];
}

sub _client_post { my ($self, @o) = @_; $self->_client_put(@o) }
sub _client_delete { }
sub _client_get { }

sub _alias_put {
	my ($self, $op, $c) = @_;

	$op->{foreign} = $self->{r}->chance(8);
	$op->{alias} = $self->_alias($op->{foreign} ? $BYSTANDER{c1} : $c,
		$self->_name('n'));
}

sub _alias_post {
	my ($self, $op, $c) = @_;

	$op->{aliases} = $self->_some($c, 'n', 3);
	push @{$op->{aliases}}, $self->_alias($c, 'n1') unless @{$op->{aliases}};
}

sub _aliases_put {
	my ($self, $op, $c) = @_;
	$op->{aliases} = $self->_some($c, 'n', 5);
}

sub _aliases_delete { }

sub _alias_delete { my ($self, $op) = @_; $op->{name} = $self->_name('n') }

sub _acl_put {
	my ($self, $op, $c) = @_;

	$op->{foreign} = $self->{r}->chance(8);
	$op->{acl} = $self->_acl($op->{foreign} ? $BYSTANDER{c1} : $c,
		$self->_name('l'));
}

sub _acl_delete { my ($self, $op) = @_; $op->{name} = $self->_name('l') }

# Edits of several entries, of both kinds
sub _patch {
	my ($self, $op, $c) = @_;
	my $r = $self->{r};

	foreach my $n (1 .. $r->between(1, 4)) {
		my $what = $r->pick('n', 'l');
		my $entry = $what eq 'n' ? $self->_alias($c, $self->_name('n'))
			: $self->_acl($c, $self->_name('l'));
		my $do = $r->weighted(replace => 5, remove => 3, create => 2);

		push @{$op->{edits}}, [ $do, $what eq 'n' ? 'aliases' : 'acls',
			$entry->[0], $do eq 'remove' ? () : $entry->[1] ];
	}
}

sub _data_stranger {
	my ($self, $op) = @_;
	my ($method, $expected) = @{$self->{r}->pick([ PUT => '409' ],
		[ GET => '404' ], [ DELETE => '404' ])};

	@$op{qw/ method expected /} = ($method, $expected);
}

sub _contest {
	my ($self, $op) = @_;
	$op->{method} = $self->{r}->weighted(PUT => 6, DELETE => 4);
}

# ---- in words ----

sub words {
	my ($op) = @_;
	my %o = map { $_ => $op->{$_} } grep {
		!/^(?:op|client|channel|from|to|again)$/ } keys %$op;

	return "$op->{client}/$op->{channel} $op->{op} " . $json->encode(\%o);
}

1;
