package Test::DOTS::Stream;

# A client of the event stream (RFC 8040 section 6, Server-Sent Events): curl,
# and what it prints event by event.

use warnings;
use strict;

use IO::Select;
use Test::DOTS;
use Time::HiRes qw/ time /;

# Options: cert (a), args of curl, http (1.1)
sub new {
	my ($class, $t, $url, %o) = @_;

	my $dir = $t->testdir();
	my $cert = $o{cert} || 'a';
	my $self = bless { buffer => '' }, $class;

	$self->{pid} = open my $fh, '-|', 'curl', '-sSN', '--cacert',
		"$dir/ca.crt", '--cert', "$dir/$cert.crt", '--key', "$dir/$cert.key",
		'--resolve', 'localhost:' . Test::Nginx::port(8443) . ':127.0.0.1',
		'--http' . ($o{http} || '1.1'), '-D', '-', '-H',
		'Accept: text/event-stream', '--path-as-is', @{$o{args} || []}, $url
		or die "no curl: $!\n";

	$self->{fh} = $fh;
	$self->{head} = $self->_until(qr/\r\n\r\n/, _end());
	$self->{head} = '' unless defined $self->{head};

	return $self;
}

sub code { return $_[0]->{head} =~ m!^HTTP/\S+ (\d+)! ? $1 : 0 }
sub head { return $_[0]->{head} }

sub _end { return time() + 60 }

# Up to the pattern, which is taken, too; undef: closed, or it does not come
sub _until {
	my ($self, $re, $end) = @_;

	my $select = IO::Select->new($self->{fh});

	while (1) {
		return $1 if $self->{buffer} =~ s/^(.*?)$re//s;
		return undef if $self->{closed} || time() > $end;

		next unless $select->can_read(0.5);

		$self->{closed} = 1 unless sysread $self->{fh}, $self->{buffer}, 65536,
			length $self->{buffer};
	}
}

# The data of the next event; comments before it are dropped
sub event {
	my ($self) = @_;

	my $end = _end();

	while (defined(my $block = $self->_until(qr/\n\n/, $end))) {
		return _data($block) unless $block =~ /^:/;
	}

	return undef;
}

sub _data {
	my ($block) = @_;
	return join "\n", map { /^data: ?(.*)/s ? $1 : () } split /\n/, $block;
}

# The next comment; events before it are dropped
sub comment {
	my ($self) = @_;

	my $end = _end();

	while (defined(my $block = $self->_until(qr/\n\n/, $end))) {
		return $1 if $block =~ /^: ?(.*)/s;
	}

	return undef;
}

# What is replayed: the events before the comment that says so
sub replayed {
	my ($self) = @_;

	my $end = _end();
	my @events;

	while (defined(my $block = $self->_until(qr/\n\n/, $end))) {
		return @events if $block eq ': replay complete';
		push @events, _data($block) unless $block =~ /^:/;
	}

	return ();
}

# What is left, once the server has ended it: all of it, or undef
sub rest {
	my ($self) = @_;

	$self->_until(qr/\z(?!)/, _end());
	return $self->{closed} ? $self->{buffer} : undef;
}

# curl's exit code: 0 where the server ended the stream in good order
sub quit {
	my ($self) = @_;
	return $self->{exit} if defined $self->{exit};

	kill 'TERM', $self->{pid} unless $self->{closed};
	close $self->{fh};

	return $self->{exit} = $? >> 8;
}

sub DESTROY { $_[0]->quit() if $_[0]->{fh} }

1;
