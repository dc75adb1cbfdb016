package Fault::Random;

# What a round draws from: the same seed and name, the same numbers, on any
# machine and with any Perl, whatever others draw.

use warnings;
use strict;

use Digest::MD5 qw/ md5 /;

sub new {
	my ($class, $seed, $name) = @_;
	my $state = unpack('N', md5("$seed/$name")) || 1;
	return bless \$state, $class;
}

# xorshift32, Marsaglia 2003
sub next {
	my ($self) = @_;
	my $x = $$self;

	$x ^= $x << 13 & 0xffffffff;
	$x ^= $x >> 17;
	$x ^= $x << 5 & 0xffffffff;

	return $$self = $x;
}

# 0 .. $n - 1
sub below {
	my ($self, $n) = @_;
	return $self->next() % $n;
}

# from .. to
sub between {
	my ($self, $from, $to) = @_;
	return $from + $self->below($to - $from + 1);
}

sub chance {
	my ($self, $percent) = @_;
	return $self->below(100) < $percent;
}

sub pick {
	my ($self, @list) = @_;
	return $list[$self->below(scalar @list)];
}

# one of the keys of { name => weight }
sub weighted {
	my ($self, %weights) = @_;
	my $sum = 0;

	$sum += $_ foreach values %weights;
	my $at = $self->below($sum);

	foreach my $name (sort keys %weights) {
		$at -= $weights{$name};
		return $name if $at < 0;
	}
}

1;
