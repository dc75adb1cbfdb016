package Fault::Bystander;

# A customer whose resources are made once, before the first round, and whom no
# round concerns: what it sees is the same, byte by byte, after each.  With them
# the server is as it has to be when a round has taken back its own.

use warnings;
use strict;

use Test::DOTS;

use Fault::Check;
use Fault::Plan;

my ($client) = keys %Fault::Plan::BYSTANDER;
my $c = $Fault::Plan::BYSTANDER{$client};
my $cuid = Fault::Plan::cuid($client);
my @prefixes = ('198.51.100.193/32', '198.51.100.194/32',
	'2001:db8:6404:c1::1/128');

sub new {
	my ($class, $server) = @_;
	my $t = $server->{t};
	my $self = bless { t => $t }, $class;
	my $wrong = Fault::Check::processes($server);
	die "nginx does not start: $wrong\n" if $wrong;

	my $body = qq!{"ietf-dots-data-channel:dots-client":[{"cuid":"$cuid",!
		. '"aliases":{"alias":[{"name":"all","target-prefix":'
		. '["198.51.100.192/26","2001:db8:6404::/48"]}]},"acls":{"acl":'
		. '[{"name":"drop","type":"ipv4-acl-type","activation-type":"immediate",'
		. '"aces":{"ace":[{"name":"r","matches":{"ipv4":'
		. '{"destination-ipv4-network":"198.51.100.240/32"}},'
		. '"actions":{"forwarding":"drop"}}]}}]}}]}';

	my ($code, $why) = dots_curl($t, 'PUT', dots_data_url("/dots-client=$cuid"),
		cert => $c->{cert}, body => $body);
	$code == 201 or die "no bystander: $code $why\n";

	my $s = dots_session($t, cert => $c->{cert}, transport => 'tcp');
	my $mid = 0;

	foreach my $prefix (@prefixes) {
		my $m = $s->put($cuid, ++$mid, prefix => [ $prefix ],
			lifetime => 86400);
		$m && $m->{code} eq '2.01' or die "no mitigation of the bystander\n";
	}

	$s->quit();

	$self->{routes} = [ @prefixes, '198.51.100.240/32' ];
	$self->{data} = $self->_data();
	$self->{mitigations} = $self->_mitigations();
	$self->{records} = join "\n",
		@{(Fault::Check::records($server->dump()))[0]};
	$self->{zone} = $server->zone();

	return $self;
}

sub _data {
	my ($self) = @_;
	my ($code, $body) = dots_curl($self->{t}, 'GET',
		dots_data_url('?content=config'), cert => $c->{cert});

	return "$code $body";
}

# without what changes by itself: the lifetime and the status 1 or 2
sub _mitigations {
	my ($self) = @_;
	my ($list) = Fault::Check::mitigations($self->{t}, $client);

	return $list unless ref $list;
	return join ' ', map { "$_: @{$list->{$_}{prefixes}}"
		. ($list->{$_}{status} > 2 ? " status $list->{$_}{status}" : '')
		. ($list->{$_}{left} < 80000 ? " lifetime $list->{$_}{left}" : '') }
		sort keys %$list;
}

sub look {
	my ($self) = @_;

	return Fault::Check::settled(sub {
		my ($data, $mitigations) = ($self->_data(), $self->_mitigations());

		return "the bystander's data: $data\nwere: $self->{data}"
			if $data ne $self->{data};
		return "the bystander's mitigations: $mitigations\nwere: "
			. $self->{mitigations} if $mitigations ne $self->{mitigations};
		return '';
	});
}

1;
