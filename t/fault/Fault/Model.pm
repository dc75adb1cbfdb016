package Fault::Model;

# What may be there, by what was answered.  Each client (a cuid of a customer)
# has a list of worlds: whole states, of which one is the server's.  An answer
# leaves those in which it could have been given, changed as the request says;
# no answer leaves both, changed and unchanged.  Where only the connection may be
# lost (that of the data channel, or one that was cut) the latter has the request
# in "late": it may still be done after a look at what is there.  As a world is a
# whole state, a mix of two states is in none of them.
#
# A world: client => is there a dots-client, contested => is there the one that
# others want, aliases => { name => text },
# acls => [ [ name, text ]... ] in their order, mitigations => { mid => {
# prefixes, lifetime, since => [ from, to ], over => 0 or 1 (withdrawn, active
# until its time), gone => when it may be gone by itself } }.
#
# Knows no server, no transport and no clock: times are given.

use warnings;
use strict;

use JSON::PP;

our $MOST = 400;		# worlds of one client: more is a fault of the plan
our $LATE = 10;			# s: in which what had no answer may still be done
our $MOMENT = 10;		# s: from the end of a lifetime to that of the entry

my $json = JSON::PP->new()->canonical();

sub new {
	my ($class, %o) = @_;
	return bless { worlds => {}, terminating => $o{terminating} || 1,
		violations => [] }, $class;
}

sub empty {
	return { client => 0, contested => 0, aliases => {}, acls => [],
		mitigations => {} };
}

sub worlds {
	my ($self, $client) = @_;
	return $self->{worlds}{$client} ||= [ empty() ];
}

sub copy { return decode_json($json->encode($_[0])) }

sub _set {
	my ($self, $client, @worlds) = @_;
	my %seen;

	@worlds = grep { !$seen{$json->encode($_)}++ } @worlds;
	$self->{worlds}{$client} = \@worlds;
}

sub crowded {
	my ($self, $client) = @_;
	return @{$self->worlds($client)} > $MOST;
}

# ---- answers ----

# An answer that leaves everything as it was, in any state
my %passing = map { $_ => 1 } qw/ 5.03 4.29 503 507 in-use /;

sub passing { return $passing{$_[0]} }

# The answer to $op, sent at $op->{from} and answered at $op->{to}; $found is
# what a GET has.  Returns nothing, or what is wrong.
sub answered {
	my ($self, $op, $code, $found) = @_;
	my $client = $op->{client};
	my (@left, %could);

	return if $passing{$code};

	foreach my $world ($self->_aged($client, $op->{to})) {
		foreach my $outcome ($self->_outcomes($op, $world)) {
			my ($codes, $next, $shown) = @$outcome;

			$could{$codes}++;
			next unless $code =~ /^(?:$codes)$/;

			if (defined $shown) {
				my $why = differs($shown, $found, $op->{from}, $op->{to});
				$could{"$code: $why"}++, next if $why;
			}

			push @left, $next;
		}
	}

	return "$code, but " . join(' or ', sort keys %could) unless @left;

	$self->_set($client, @left);
	return;
}

# No answer: it was done, or it was not yet
sub silent {
	my ($self, $op) = @_;
	my $client = $op->{client};
	my $id = push @{$self->{silent}}, { %$op };	# it may be asked again
	my @left;

	foreach my $world ($self->_aged($client, $op->{to})) {
		push @left, map { $_->[1] } $self->_outcomes($op, $world);
		$world->{late}{$id} = 1
			if $op->{op} =~ /^(?:client_(?!get)|contest|alias|acl|patch)/
			|| $op->{cut} && $op->{op} =~ /^(?:put|withdraw)$/;
		push @left, $world;
	}

	$self->_set($client, @left);
}

# What is there, as seen by any means: the worlds that look so
sub seen {
	my ($self, $client, $found, $from, $to) = @_;
	my (@left, %why);

	foreach my $world ($self->_aged($client, $to)) {
		my $why = differs(shown($world, keys %$found), $found, $from, $to);

		push @left, $world unless $why;
		$why{$why}++ if $why;
	}

	return join(' or ', sort keys %why) unless @left;

	$self->_set($client, @left);
	return;
}

# ---- time ----

# Each world, and those in which more of what may be over by $now is gone, or
# what is late is done
sub _aged {
	my ($self, $client, $now) = @_;
	my @worlds = map { $self->_later($_, $now) } @{$self->worlds($client)};
	my @all;

	while (my $world = shift @worlds) {
		my $m = $world->{mitigations};
		my ($mid) = grep { $m->{$_}{gone} && $m->{$_}{gone} <= $now
			&& !$m->{$_}{aged} } sort keys %$m;

		push(@all, $world), next unless defined $mid;

		my ($without, $with) = (copy($world), copy($world));
		delete $without->{mitigations}{$mid};
		$with->{mitigations}{$mid}{aged} = 1;
		push @worlds, $without, $with;
	}

	foreach my $world (@all) {
		delete $_->{aged} foreach values %{$world->{mitigations}};
	}

	return @all;
}

sub _later {
	my ($self, $world, $now) = @_;
	my @late = sort { $a <=> $b } keys %{$world->{late} || {}};
	my @all = (copy($world));

	foreach my $id (@late) {
		my $op = $self->{silent}[$id - 1];
		my $last = $op->{to} + $LATE;
		my @now = $last < $now ? () : map { $_->[1] }
			map { $self->_outcomes({ %$op, to => $last, late => 1 }, $_) } @all;

		delete $_->{late}{$id} foreach @now, @now ? () : @all;
		push @all, @now;
	}

	foreach my $w (@all) {
		delete $w->{late} unless %{$w->{late} || {}};
	}

	return @all;
}

# Is there a world in which something is still going to end by $now?
sub restless {
	my ($self, $client) = @_;
	return scalar grep { grep { $_->{gone} } values %{$_->{mitigations}} }
		@{$self->worlds($client)};
}

# ---- what a request does ----

# ([ codes, world afterwards, what a GET shows ]...) of $op in $world
sub _outcomes {
	my ($self, $op, $world) = @_;
	my $name = "_op_$op->{op}";
	return $self->$name($op, copy($world));
}

sub _same {
	my ($x, $y) = @_;
	return join(' ', @$x) eq join(' ', @$y);
}

sub _op_put {
	my ($self, $op, $w) = @_;
	my ($m, $mid) = ($w->{mitigations}, $op->{mid});
	my $old = $m->{$mid};

	return [ '4\.00', $w ]
		if $op->{foreign} || $old && !_same($old->{prefixes}, $op->{prefixes});

	my @over = grep { $_ != $mid
		&& overlap($m->{$_}{prefixes}, $op->{prefixes}) } keys %$m;

	return [ '4\.09', $w ] if grep { $_ > $mid && !$m->{$_}{over} } @over;

	# a late one was in nobody's way, or is not done

	my @outcomes;
	my $obstacle = $op->{late} ? '' : $self->obstacle($op);

	push @outcomes, [ '4\.09', copy($w) ] if $obstacle;
	return @outcomes if $obstacle && $obstacle eq 'sure';

	delete $m->{$_} foreach grep { $_ < $mid } @over;

	my $brief = $op->{lifetime} < 60;

	$m->{$mid} = { prefixes => $op->{prefixes}, lifetime => $op->{lifetime},
		since => [ $op->{from}, $op->{to} ], over => 0,
		$brief ? (gone => $op->{from} + $op->{lifetime} - 0.1) : () };

	return (@outcomes, [ $old ? '2\.04' : '2\.01', $w ]);
}

sub _op_withdraw {
	my ($self, $op, $w) = @_;
	my $m = $w->{mitigations}{$op->{mid}};

	if ($m && !$m->{over}) {
		my $gone = $op->{from} + $self->{terminating} - 0.1;
		$m->{over} = 1;
		$m->{gone} = $gone unless $m->{gone} && $m->{gone} < $gone;
	}

	return [ '2\.02', $w ];
}

sub _op_status {
	my ($self, $op, $w) = @_;
	my $m = $w->{mitigations}{$op->{mid}};

	return [ '4\.04', $w ] unless $m;
	return [ '2\.05', $w, { mitigations => { $op->{mid} => copy($m) } } ];
}

sub _op_stranger { return [ $_[1]{expected}, $_[2] ] }

# A cuid is one customer's: who has it keeps it, who has not may find it taken
sub _op_contest {
	my ($self, $op, $w) = @_;
	my $had = $w->{contested};
	my $taken = copy($w);

	$w->{contested} = $op->{method} eq 'PUT' ? 1 : 0;

	return [ $had ? '204' : '404', $w ] if $op->{method} eq 'DELETE';
	return $had ? [ '204', $w ] : ([ '201', $w ], [ '409', $taken ]);
}

# It is not two customers'
sub contest {
	my ($self) = @_;
	my @have = grep { $self->worlds($_)->[0]{contested} }
		sort keys %{$self->{worlds}};

	return @have > 1 ? "@have have the same cuid" : '';
}

sub _op_client_put {
	my ($self, $op, $w) = @_;
	my $old = $w->{client};

	return [ '400', $w ] if $op->{foreign};

	$w->{client} = 1;
	$w->{aliases} = { map { @$_ } @{$op->{aliases}} };
	$w->{acls} = [ @{$op->{acls}} ];

	return [ $old ? '204' : '201', $w ];
}

sub _op_client_post {
	my ($self, $op, $w) = @_;

	return [ '409', $w ] if $w->{client};
	return [ '201', ($self->_op_client_put($op, $w))[0][1] ];
}

sub _op_client_delete {
	my ($self, $op, $w) = @_;

	return [ '404', $w ] unless $w->{client};

	@$w{qw/ client aliases acls /} = (0, {}, []);
	return [ '204', $w ];
}

sub _op_alias_put {
	my ($self, $op, $w) = @_;
	my ($name, $text) = @{$op->{alias}};

	return [ '400', $w ] if $op->{foreign};
	return [ '404', $w ] unless $w->{client};

	my $old = exists $w->{aliases}{$name};
	$w->{aliases}{$name} = $text;

	return [ $old ? '204' : '201', $w ];
}

# several by one POST, all or none
sub _op_alias_post {
	my ($self, $op, $w) = @_;

	return [ '404', $w ] unless $w->{client};
	return [ '409', $w ]
		if grep { exists $w->{aliases}{$_->[0]} } @{$op->{aliases}};

	$w->{aliases}{$_->[0]} = $_->[1] foreach @{$op->{aliases}};
	return [ '201', $w ];
}

# all of them by one PUT
sub _op_aliases_put {
	my ($self, $op, $w) = @_;

	return [ '404', $w ] unless $w->{client};

	$w->{aliases} = { map { @$_ } @{$op->{aliases}} };
	return [ '201|204', $w ];
}

sub _op_alias_delete {
	my ($self, $op, $w) = @_;

	return [ '404', $w ]
		unless $w->{client} && exists $w->{aliases}{$op->{name}};

	delete $w->{aliases}{$op->{name}};
	return [ '204', $w ];
}

sub _op_aliases_delete {
	my ($self, $op, $w) = @_;

	return [ '404', $w ] unless $w->{client};

	$w->{aliases} = {};
	return [ '204', $w ];
}

# a new one is the last, one that is there keeps its place
sub _op_acl_put {
	my ($self, $op, $w) = @_;
	my ($name, $text) = @{$op->{acl}};

	return [ '400', $w ] if $op->{foreign};
	return [ '404', $w ] unless $w->{client};

	my ($old) = grep { $_->[0] eq $name } @{$w->{acls}};

	if ($old) {
		$old->[1] = $text;
		return [ '204', $w ];
	}

	push @{$w->{acls}}, [ $name, $text ];
	return [ '201', $w ];
}

sub _op_acl_delete {
	my ($self, $op, $w) = @_;
	my @left = grep { $_->[0] ne $op->{name} } @{$w->{acls}};

	return [ '404', $w ] unless $w->{client} && @left < @{$w->{acls}};

	$w->{acls} = \@left;
	return [ '204', $w ];
}

# RFC 8072: edits of aliases and ACLs, all or none
sub _op_patch {
	my ($self, $op, $w) = @_;
	my $before = copy($w);

	return [ '404', $w ] unless $w->{client};

	foreach my $edit (@{$op->{edits}}) {
		my ($do, $list, $name, $text) = @$edit;
		my $kind = $list eq 'aliases' ? 'alias' : 'acl';
		my %step = (client => $op->{client}, name => $name,
			$kind => [ $name, $text ]);
		my $method = $do eq 'remove' ? "_op_${kind}_delete" : "_op_${kind}_put";
		my ($code, $next) = @{($self->$method(\%step, $w))[0]};

		return [ '409', $before ] if $do eq 'create' && $code ne '201';
		$w = $next;
	}

	return [ '200', $w ];
}

sub _op_client_get {
	my ($self, $op, $w) = @_;

	return [ '404', $w ] unless $w->{client};
	return [ '200', $w, shown($w, qw/ client aliases acls /) ];
}

# ---- other clients ----

# Clients whose mitigations are in the way of this PUT: 'sure', 'maybe' or ''.
# What else was under way at the same time may have been before or after it.
sub obstacle {
	my ($self, $op) = @_;
	my $found = '';

	foreach my $client (sort keys %{$self->{worlds}}) {
		next if $client eq $op->{client};

		my @worlds = $self->_aged($client, $op->{to});
		my $in = grep { my $m = $_->{mitigations};
			grep { !$_->{over} && overlap($_->{prefixes}, $op->{prefixes}) }
			values %$m } @worlds;

		my $moves = grep { $_->{client} eq $client && $_->{from} <= $op->{to}
			&& (!$_->{to} || $_->{to} >= $op->{from})
			&& overlap($self->_touched($_), $op->{prefixes}) }
			@{$self->{moves}};

		return 'sure' if $in == @worlds && !$moves;
		$found = 'maybe' if $in || $moves;
	}

	return $found;
}

# Said when a request for or against a mitigation leaves; $op->{to} comes later
sub moves {
	my ($self, $op) = @_;

	push @{$self->{touched}{"$op->{client}/$op->{mid}"}}, @{$op->{prefixes}}
		if $op->{prefixes};
	push @{$self->{moves}}, $op;
}

# all that this mid was ever about
sub _touched {
	my ($self, $op) = @_;
	return $self->{touched}{"$op->{client}/$op->{mid}"} || [];
}

sub forget_moves { $_[0]{moves} = [] }

# ---- prefixes ----

sub _range {
	my ($text) = @_;
	my ($address, $length) = split m!/!, $text;

	# of IPv6 the plan has single addresses only

	return ($address, $address) if $address =~ /:/;

	my $from = unpack('N', pack('C4', split /\./, $address));
	return ($from, $from + 2 ** (32 - $length) - 1);
}

sub overlap {
	my ($x, $y) = @_;

	foreach my $one (@$x) {
		foreach my $two (@$y) {
			if (($one =~ /:/) != ($two =~ /:/)) {
				next;
			}

			return 1 if $one eq $two;
			next if $one =~ /:/;

			my @r = (_range($one), _range($two));
			return 1 if $r[0] <= $r[3] && $r[2] <= $r[1];
		}
	}

	return 0;
}

# ---- what is seen of a world ----

sub shown {
	my ($world, @parts) = @_;
	return { map { $_ => copy({ v => $world->{$_} })->{v} } @parts };
}

# "" if $found is what $shown says, looked at between $from and $to; $found has
# for a mitigation prefixes, over, and left: its lifetime then, if known
sub differs {
	my ($shown, $found, $from, $to) = @_;

	foreach my $part (qw/ client contested aliases acls /) {
		next unless exists $shown->{$part};

		my ($x, $y) = map { $json->encode([ $_ ]) }
			($shown->{$part}, $found->{$part});
		return "$part: $y is not $x" if $x ne $y;
	}

	return '' unless $shown->{mitigations};

	my ($x, $y) = ($shown->{mitigations}, $found->{mitigations});

	foreach my $mid (sort { $a <=> $b } keys %{{ %$x, %$y }}) {
		return "mid $mid: is not there" unless $y->{$mid};
		return "mid $mid: is there" unless $x->{$mid};

		my $why = _mitigation($x->{$mid}, $y->{$mid}, $from, $to);
		return "mid $mid: $why" if $why;
	}

	return '';
}

sub _mitigation {
	my ($x, $y, $from, $to) = @_;

	return "@{$y->{prefixes}} is not @{$x->{prefixes}}"
		unless _same($x->{prefixes}, $y->{prefixes});
	return "over is $y->{over}" if $y->{over} != $x->{over};
	return '' if $x->{over} || !defined $y->{left};

	# a second of rounding, a little for the clock of somebody else

	my $most = $x->{lifetime} - ($from - $x->{since}[1]) + 2;
	my $least = $x->{lifetime} - ($to - $x->{since}[0]) - 2;

	# one that ran out while there was no server is there, with none left, until
	# the next one's manager has looked

	return '' if $y->{left} == 0 && $most < 0 && $most > -$MOMENT;

	return "lifetime $y->{left} is not $least to $most"
		if $y->{left} > $most || $y->{left} < $least;
	return '';
}

# The prefixes that have a route in the world, sorted
sub routes {
	my ($world) = @_;
	my %routes;
	my @mitigations = values %{$world->{mitigations}};

	foreach my $m (@mitigations) {
		$routes{$_}++ foreach @{$m->{prefixes}};
	}

	foreach my $acl (@{$world->{acls}}) {
		my $entry = decode_json($acl->[1]);
		my $when = $entry->{'activation-type'};

		next if $when eq 'deactivate'
			|| $when eq 'activate-when-mitigating' && !@mitigations;

		foreach my $ace (@{$entry->{aces}{ace}}) {
			$routes{$ace->{matches}{ipv4}{'destination-ipv4-network'}}++;
		}
	}

	return sort keys %routes;
}

1;
