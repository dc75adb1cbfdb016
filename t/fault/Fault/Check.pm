package Fault::Check;

# What must be true when a round has settled, looked at by every way there is:
# both channels, the store, the routes, the processes, the log.  Each returns
# what is wrong, nothing if all is well.

use warnings;
use strict;

use JSON::PP;
use Test::DOTS;
use Time::HiRes qw/ sleep time /;
use Time::Local qw/ timegm /;

use Fault::Data;
use Fault::Model;
use Fault::Plan;
use Fault::Signal;

our $SETTLED = 90;		# s: by then everything is as it is going to be

my $json = JSON::PP->new()->canonical();
my %all = (%Fault::Plan::CLIENTS, %Fault::Plan::BYSTANDER);

# Calls $look until it says nothing, or for the last word of it
sub settled {
	my ($look) = @_;
	my $end = time() + $SETTLED;

	while (1) {
		my $why = $look->();
		return $why if !$why || time() > $end;
		sleep(0.1);
	}
}

# ---- both channels ----

# ({ mid => mitigation }, from, to) as the client sees them; a string: no answer
sub mitigations {
	my ($t, $client) = @_;
	my $from = time();
	my $s = dots_session($t, cert => $all{$client}{cert}, transport => 'tcp');
	my $m = $s->get(Fault::Plan::cuid($client));

	$s->quit();
	return 'no answer to a GET' unless $m;
	return ({}, $from, time()) if $m->{code} eq '4.04';
	return "$m->{code} to a GET" unless $m->{code} eq '2.05';

	return (Fault::Signal::mitigations($m->{cbor}{1}{2}), $from, time());
}

# { cuid => client } of a customer; a string: no answer
sub data {
	my ($t, $client) = @_;
	my ($code, $body) = dots_curl($t, 'GET', dots_data_url('?content=config'),
		cert => $all{$client}{cert});

	return "$code to a GET of all: $body" unless $code == 200;
	return Fault::Data::clients($body) || "no JSON: $body";
}

sub _client {
	my ($t, $model, $client) = @_;
	my $all = data($t, $client);
	return $all unless ref $all;

	my ($mitigations, $from, $to) = mitigations($t, $client);
	return $mitigations unless ref $mitigations;

	my $cuid = Fault::Plan::cuid($client);
	my $customer = $all{$client}{customer};
	my $found = $all->{$cuid} || Fault::Model::empty();

	$found->{contested} = exists $all->{$Fault::Plan::CONTESTED} ? 1 : 0
		if $Fault::Plan::CONTESTS{$client};

	foreach my $other (grep { $_ ne $cuid && $_ ne $Fault::Plan::CONTESTED }
		keys %$all)
	{
		return "$other is not of customer $customer"
			unless grep { Fault::Plan::cuid($_) eq $other
				&& $all{$_}{customer} eq $customer } keys %all;
	}

	$found->{mitigations} = $mitigations;

	my $why = $model->seen($client, $found, $from, $to);
	return $why if $why;

	# what is about to end has to

	return 'something does not end' if $model->restless($client);
	return '';
}

# After this each client has one world
sub clients {
	my ($t, $model) = @_;

	foreach my $client (sort keys %Fault::Plan::CLIENTS) {
		my $why = settled(sub { _client($t, $model, $client) });
		return "$client: $why" if $why;
	}

	return $model->contest();
}

# ---- the store ----

# What the store should have of a client's world: { key => what }
sub _records {
	my ($client, $world) = @_;
	my ($customer, $cuid) = ($all{$client}{customer},
		Fault::Plan::cuid($client));
	my %records;

	$records{"client $customer $cuid"} = '' if $world->{client};
	$records{"client $customer $Fault::Plan::CONTESTED"} = ''
		if $world->{contested};
	$records{"alias $customer $cuid $_"} = $world->{aliases}{$_}
		foreach keys %{$world->{aliases}};
	$records{"acl $customer $cuid $_->[0]"} = $_->[1]
		foreach @{$world->{acls}};

	foreach my $mid (keys %{$world->{mitigations}}) {
		my $m = $world->{mitigations}{$mid};
		$records{"mitigation $customer $cuid $mid"} =
			"@{$m->{prefixes}} $m->{lifetime}";
	}

	return %records;
}

sub _record {
	my ($line) = @_;
	my $r = decode_json($line);
	my $key = "$r->{kind} $r->{customer} $r->{cuid}";

	# when something went last: of a customer, or of a dots-client that is there

	return $r->{cuid} eq '' ? () : ("client $r->{customer} $r->{cuid}", '')
		if $r->{kind} eq 'time';

	return ($key, '') if $r->{kind} eq 'client';
	return ("$key $r->{mid}", "@{$r->{scope}{'target-prefix'}} $r->{lifetime}")
		if $r->{kind} eq 'mitigation';
	return ("$key $r->{name}", $json->encode($r->{entry}));
}

# ([ the bystander's lines ], [ those of others ]); some are nobody's
sub records {
	my ($lines) = @_;
	my @some = grep { /"customer":/ } @$lines;

	return ([ grep { /"customer":"c"/ } @some ],
		[ grep { !/"customer":"c"/ } @some ]);
}

# Lines with their times apart, which the dump tells by the clock of today: ms
# more or less
sub _times {
	my ($text) = @_;
	my @times;

	$text =~ s!"(\d+)-(\d+)-(\d+)T(\d+):(\d+):([\d.]+)Z"!
		push @times, timegm(0, $5, $4, $3, $2 - 1, $1) + $6; '"TIME"'!ge;

	return ($text, @times);
}

sub _same {
	my ($x, $y) = @_;
	my ($one, @one) = _times($x);
	my ($two, @two) = _times($y);

	return $one eq $two && !grep { abs($one[$_] - $two[$_]) > 2 } 0 .. $#one;
}

# The bystander's lines are those of the beginning
sub store {
	my ($server, $model, $bystander) = @_;
	my $lines = $server->dump();
	return $lines unless ref $lines;

	my ($same, $others) = records($lines);
	my $now = join "\n", @$same;
	return "the bystander's records: $now\nwere: $bystander"
		unless _same($now, $bystander);

	my %is = map { _record($_) } @$others;
	my %should = map { _records($_, $model->worlds($_)->[0]) }
		keys %Fault::Plan::CLIENTS;

	foreach my $key (sort keys %{{ %is, %should }}) {
		return "the store has no $key" unless exists $is{$key};
		return "the store has $key" unless exists $should{$key};
		return "$key: $is{$key} is not $should{$key}"
			if $is{$key} ne $should{$key};
	}

	return '';
}

# ---- routes ----

sub routes {
	my ($server, $model, @others) = @_;
	my %should = map { $_ => 1 } @others, map {
		Fault::Model::routes($model->worlds($_)->[0]) }
		keys %Fault::Plan::CLIENTS;

	return settled(sub {
		my %is = map { $_ => 1 } $server->routes();

		foreach my $route (sort keys %{{ %is, %should }}) {
			return "no route of $route" unless $is{$route};
			return "a route of $route" unless $should{$route};
		}

		return '';
	});
}

# None of @kept, whose mitigations nothing ever ended, was ever withdrawn
sub kept {
	my ($server, @kept) = @_;
	my %gone = map { $_ => 1 } $server->withdrawn();
	my @flapped = grep { $gone{$_} } @kept;

	return @flapped ? "a route of @flapped was withdrawn" : '';
}

# ---- nginx ----

sub processes {
	my ($server) = @_;

	return settled(sub {
		return '' if $server->serving();

		my %now = $server->processes();
		return join ', ', "should have $server->{workers} workers",
			(map { "$_: @{$now{$_}}" } sort keys %now),
			'orphans: ' . join ' ', $server->orphans();
	});
}

# What was taken for the rounds' requests is given back
sub leaks {
	my ($server, $before) = @_;

	return settled(sub {
		my ($zone, $fds) = ($server->zone(), $server->descriptors());
		my $fds_before = $before->{descriptors}{$server->{workers}} ||= $fds;

		return "the zone has $zone bytes, had $before->{zone}"
			if $zone != $before->{zone};

		foreach my $kind (sort keys %$fds) {
			my $n = $fds_before->{$kind} || 0;
			return "a worker has $fds->{$kind} descriptors of $kind, had $n"
				if $fds->{$kind} > $n;
		}

		return '';
	});
}

sub complaints {
	my ($server, @explained) = @_;

	return join "\n", grep { my $line = $_; !grep { $line =~ $_ } @explained }
		$server->complaints();
}

1;
