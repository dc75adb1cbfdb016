package Test::DOTS::Net;

# A network namespace of a test: traffic through it, nftables in it.  As an
# ordinary user in a user namespace of its own, if the machine has such.

use warnings;
use strict;

use IPC::Open2;
use Test::DOTS;

# With all addresses of the prefixes; undef and the reason where that can't be
sub new {
	my ($class, @prefixes) = @_;

	my $user = $> == 0 ? '' : '-r';

	foreach my $need (qw/ unshare nsenter ip nft /) {
		return (undef, "no $need") unless _which($need);
	}

	my $self = bless { enter => [ _which('nsenter') ], user => $user }, $class;

	local $ENV{PATH} = "$ENV{PATH}:/usr/sbin:/sbin";

	system("unshare $user -n nft add table inet probe >/dev/null 2>&1") == 0
		or return (undef, 'no network namespace with nftables here');

	$self->{pid} = open2($self->{out}, $self->{in},
		'unshare', $user || (), '-n', dots_top() . '/t/tools/dots_traffic',
		@prefixes);
	$self->{in}->autoflush(1);

	my $ready = readline $self->{out};
	return (undef, 'no traffic in a network namespace')
		unless ($ready || '') eq "ready\n";

	push @{$self->{enter}}, '-t', $self->{pid}, '-n',
		$user ? qw/ -U --preserve-credentials / : ();

	return $self;
}

sub _which {
	my ($name) = @_;
	return (grep { -x } map { "$_/$name" }
		split(/:/, $ENV{PATH}), '/usr/sbin', '/sbin')[0];
}

# The beginning of a command line that is run inside
sub enter { return @{$_[0]->{enter}} }

# How many of N datagrams to the address have come
sub send {
	my ($self, $address, $n) = @_;

	print { $self->{in} } "send $address $n\n";
	my $came = readline $self->{out};

	return defined $came ? $came + 0 : die "no traffic\n";
}

# nftables' rules, as text
sub rules {
	my ($self) = @_;
	my $nft = _which('nft');
	return scalar `@{$self->{enter}} $nft list ruleset`;
}

sub DESTROY {
	my ($self) = @_;

	return unless $self->{pid};

	local $?;
	close $self->{in};
	waitpid $self->{pid}, 0;
}

1;
