package Fault::Client;

# What a client of either channel is for a round: one request after the other,
# each until it is answered or given up.  Below it makes the connection: _up,
# _down, _ask, and the state "up"; it calls _end with what came of a request.

use warnings;
use strict;

use Time::HiRes qw/ time /;

sub idle { return !$_[0]{op} }

# $done->($op, code or undef, what was found); no code: no answer came; sent 0:
# it never left
sub start {
	my ($self, $op, $done) = @_;

	@$self{qw/ op done /} = ($op, $done);
	$op->{from} = time();
	delete @$op{qw/ to cut /};

	$self->_ask() if $self->{state} eq 'up';
}

# Somebody knows that the server has gone
sub hurry { }
sub calm { }

# The client loses its connection, without a word
sub cut {
	my ($self) = @_;

	$self->_down();
	return unless $self->{sent};

	# it may be under way

	$self->{op}{cut} = 1;
	$self->_end(undef);
}

sub _end {
	my ($self, $code, $found) = @_;
	my ($op, $done) = delete @$self{qw/ op done /};

	$self->{sent} = 0;
	$op->{to} = time();
	$done->($op, $code, $found);
}

sub close_all {
	my ($self) = @_;
	$self->_down();
	delete @$self{qw/ op done sent /};
}

1;
