package Fault::Data;

# A client of the data channel: HTTP/1.1 over TLS, one request after the other
# on a connection that is kept, without ever waiting.

use warnings;
use strict;

use IO::Socket::INET;
use IO::Socket::SSL;
use JSON::PP;
use Test::Nginx qw/ port /;
use Time::HiRes qw/ time /;

use Fault::Plan;

use base qw/ Fault::Client /;

our $PATIENCE = 5;

my $json = JSON::PP->new()->canonical();

my %requests = (
	client_put => [ PUT => '/dots-client=CUID', \&_client ],
	client_post => [ POST => '', \&_client ],
	client_delete => [ DELETE => '/dots-client=CUID' ],
	client_get => [ GET => '/dots-client=CUID?content=config' ],
	alias_put => [ PUT => '/dots-client=CUID/aliases/alias=NAME', sub {
		return _wrap('alias', "[$_[1]{alias}[1]]") } ],
	alias_post => [ POST => '/dots-client=CUID', \&_aliases ],
	alias_delete => [ DELETE => '/dots-client=CUID/aliases/alias=NAME' ],
	aliases_put => [ PUT => '/dots-client=CUID/aliases', \&_aliases ],
	aliases_delete => [ DELETE => '/dots-client=CUID/aliases' ],
	acl_put => [ PUT => '/dots-client=CUID/acls/acl=NAME', sub {
		return _wrap('acl', "[$_[1]{acl}[1]]") } ],
	acl_delete => [ DELETE => '/dots-client=CUID/acls/acl=NAME' ],
	patch => [ PATCH => '/dots-client=CUID', \&_patch,
		'application/yang-patch+json' ],
);

# %o: dir, cert, cuid, strange
sub new {
	my ($class, %o) = @_;
	return bless { %o, state => 'down', next => 0 }, $class;
}

sub fds { return $_[0]{socket} ? ($_[0]{socket}) : () }

sub tick {
	my ($self) = @_;
	my $now = time();

	if ($self->{state} eq 'down') {
		$self->_up() if $self->{op} && $now >= $self->{next};

	} elsif ($self->{state} eq 'connecting') {
		$self->_handshake();
		$self->_down() if $now > $self->{until};

	} elsif ($self->{sent} && $now > $self->{until}) {
		$self->cut();
	}
}

# ---- the connection ----

sub _up {
	my ($self) = @_;
	my $d = $self->{dir};

	my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
		PeerPort => port(8443), Proto => 'tcp', Timeout => 2);

	return $self->_down() unless $socket;

	$self->{socket} = IO::Socket::SSL->start_SSL($socket,
		SSL_startHandshake => 0, SSL_hostname => 'localhost',
		SSL_verifycn_name => 'localhost', SSL_verifycn_scheme => 'http',
		SSL_ca_file => "$d/ca.crt", SSL_cert_file => "$d/$self->{cert}.crt",
		SSL_key_file => "$d/$self->{cert}.key");

	return $self->_down() unless $self->{socket};

	$self->{socket}->blocking(0);
	@$self{qw/ state until buf /} = ('connecting', time() + 5, '');
	$self->_handshake();
}

sub _handshake {
	my ($self) = @_;

	if ($self->{socket}->connect_SSL()) {
		$self->{state} = 'up';
		$self->_ask() if $self->{op};
		return;
	}

	$self->_down() unless $IO::Socket::SSL::SSL_ERROR
		== IO::Socket::SSL::SSL_WANT_READ()
		|| $IO::Socket::SSL::SSL_ERROR == IO::Socket::SSL::SSL_WANT_WRITE();
}

sub _down {
	my ($self) = @_;

	if ($self->{socket}) {
		my $tls = $self->{socket}->isa('IO::Socket::SSL');

		# after a failed handshake it is one no more

		$self->{socket}->close($tls ? (SSL_no_shutdown => 1) : ());
	}

	delete $self->{socket};
	$self->{state} = 'down';
	$self->{next} = time() + 0.1;
}

# ---- requests ----

sub _wrap {
	my ($name, $text) = @_;
	return qq!{"ietf-dots-data-channel:$name":$text}!;
}

sub _list { return '[' . join(',', map { $_->[1] } @{$_[0]}) . ']' }

sub _aliases {
	my ($self, $op) = @_;
	return _wrap('aliases', '{' . (@{$op->{aliases}}
		? '"alias":' . _list($op->{aliases}) : '') . '}');
}

sub _client {
	my ($self, $op) = @_;
	my $text = qq!{"cuid":"$self->{cuid}"!;

	$text .= ',"aliases":{"alias":' . _list($op->{aliases}) . '}'
		if @{$op->{aliases}};
	$text .= ',"acls":{"acl":' . _list($op->{acls}) . '}' if @{$op->{acls}};

	return _wrap('dots-client', "[$text}]");
}

sub _patch {
	my ($self, $op) = @_;
	my $n = 0;

	my @edits = map {
		my ($do, $list, $name, $text) = @$_;
		my $kind = $list eq 'aliases' ? 'alias' : 'acl';

		'{"edit-id":"' . ++$n . qq!","operation":"$do","target":!
			. qq!"/$list/$kind=$name"! . (defined $text
			? ',"value":' . _wrap($kind, "[$text]") : '') . '}'
	} @{$op->{edits}};

	return '{"ietf-yang-patch:yang-patch":{"patch-id":"p","edit":['
		. join(',', @edits) . ']}}';
}

# (method, path, body, type) of an op
sub _request {
	my ($self, $op) = @_;

	my $other = $op->{op} eq 'stranger' ? $self->{strange}
		: $op->{op} eq 'contest' ? $Fault::Plan::CONTESTED : '';

	return ($op->{method}, "/dots-client=$other",
		$op->{method} eq 'PUT' ? _wrap('dots-client',
			qq![{"cuid":"$other"}]!) : ()) if $other;

	my ($method, $path, $body, $type) = @{$requests{$op->{op}}};
	my $name = $op->{name} || ($op->{alias} || $op->{acl} || [ '' ])->[0];

	$path =~ s/CUID/$self->{cuid}/;
	$path =~ s/NAME/$name/;

	return ($method, $path, $body ? ($body->($self, $op), $type) : ());
}

sub _ask {
	my ($self) = @_;
	my ($method, $path, $body, $type) = $self->_request($self->{op});

	my $head = "$method /restconf/data/ietf-dots-data-channel:dots-data$path"
		. " HTTP/1.1\r\nHost: localhost\r\n";
	$head .= 'Content-Type: ' . ($type || 'application/yang-data+json')
		. "\r\nContent-Length: " . length($body) . "\r\n" if defined $body;
	$head .= "\r\n" . (defined $body ? $body : '');

	$self->{op}{from} = time();
	$self->{until} = time() + $PATIENCE;
	$self->{sent} = 1;
	$self->{buf} = '';

	# one record, which the socket's buffer has room for

	my $n = $self->{socket}->syswrite($head);

	return $self->_lost() unless defined $n && $n == length $head;
	$self->readable();
}

sub _lost {
	my ($self) = @_;
	my $sent = $self->{sent};

	$self->_down();
	$self->_end(undef) if $sent;
}

sub readable {
	my ($self) = @_;

	return $self->_handshake() if $self->{state} eq 'connecting';

	while ($self->{socket}) {
		my $n = $self->{socket}->sysread(my $bytes, 65536);

		if (!defined $n) {
			return if $IO::Socket::SSL::SSL_ERROR
				== IO::Socket::SSL::SSL_WANT_READ();
			return $self->_lost();
		}

		return $self->_lost() if $n == 0;

		$self->{buf} .= $bytes;
		$self->_answer();
	}
}

sub _answer {
	my ($self) = @_;
	my ($head, $body) = $self->{buf} =~ /^(.*?)\r\n\r\n(.*)/s or return;
	my ($code) = $head =~ m!^HTTP/1\.1 (\d+)!;
	my ($length) = $head =~ /^content-length: (\d+)/mi;

	return if length $body < ($length || 0);

	$self->_down() if $head =~ /^connection: close/mi;

	# RFC 8040 section 7: "in-use" is a 409 that says nothing of what is there

	$code = 'in-use' if $code eq '409' && $body =~ /"in-use"/;
	$self->_end($code, $self->{op}{op} eq 'client_get' && $code eq '200'
		? clients($body, 1) : undef);
}

# Of a dots-client, or of the whole, as the model has them
sub clients {
	my ($body, $one) = @_;
	my $all = eval { decode_json($body) } or return undef;

	my $list = $all->{'ietf-dots-data-channel:dots-client'}
		|| $all->{'ietf-dots-data-channel:dots-data'}{'dots-client'} || [];

	my %clients = map { $_->{cuid} => { client => 1,
		aliases => { map { $_->{name} => $json->encode($_) }
			@{$_->{aliases}{alias} || []} },
		acls => [ map { [ $_->{name}, $json->encode($_) ] }
			@{$_->{acls}{acl} || []} ] } } @$list;

	return $one ? (values %clients)[0] : \%clients;
}

1;
