#!/usr/bin/perl

# Reloads under load: 200 sessions with observers and 50 active mitigations, 20
# reloads, requests all the while.  No session of a client that protects
# something is lost, the others are told and come back with a ticket, no
# acknowledged request is lost, no notification comes twice.

###############################################################################

use warnings;
use strict;

use Test::More;

BEGIN { use FindBin; chdir($FindBin::Bin); }

use lib 'lib';
use Test::DOTS;
use Test::Nginx;

###############################################################################

select STDERR; $| = 1;
select STDOUT; $| = 1;

my $t = Test::Nginx->new()->has(qw/http http_ssl http_v2 stream udp/);

dots_has(qw/cbor openssl/);
$t->plan(10);

my ($sessions, $protecting, $reloads) = (200, 50, 20);

dots_pki($t);

$t->write_file_expand('nginx.conf', dots_conf(workers => 2, shutdown => '600s',
	dots => 'limit_source handshakes=off requests=off;',
	customers => <<'EOF'));
    customer a {
        identity  dns:client.example.com;
        prefix    2001:db8:6401::/48;
        mitigate  rtbh;
        limits    sessions=off handshakes=off rate=off mitigations=500;
    }
EOF
$t->run();

# each session is a client of its own; the first of them protect something

my @clients = map { { cuid => "c$_", n => $_, mids => {}, back => 0 } }
	0 .. $sessions - 1;
my @kept = @clients[0 .. $protecting - 1];
my @others = @clients[$protecting .. $#clients];

my (@failed, @twice);
my ($acknowledged, $notified) = (0, 0);

sub few { return join ', ', @_ > 5 ? (@_[0 .. 4], '...') : @_ }

# What came besides answers: each notification tells something new
sub notice {
	my ($c) = @_;

	while (my $m = shift @{$c->{session}{kept} || []}) {
		next unless exists $m->{options}{6} && $m->{cbor};
		$notified++;

		my @all = sort { $a->{5} <=> $b->{5} } @{$m->{cbor}{1}{2}};
		my $state = join ' ', map { "$_->{5}:$_->{16}" } @all;

		# RFC 9132 section 4.4.2.1: every 60 seconds it is said again.  When it
		# was said the remaining lifetime tells, not when it was read.

		push @twice, "$c->{cuid}: $state" if ($c->{state} || '') eq $state
			&& $c->{left} - $all[0]{14} < 55;
		@$c{qw/ state left /} = ($state, $all[0]{14});
	}
}

sub protect {
	my ($c, $mid) = @_;

	my $m = $c->{session}->put($c->{cuid}, $mid,
		prefix => ["2001:db8:6401:$c->{n}::$mid/128"]);

	if ($m && $m->{code} eq '2.01') {
		$c->{mids}{$mid} = 1;
		$acknowledged++;

	} else {
		push @failed, "$c->{cuid} $mid " . ($m ? $m->{code} : 'lost');
	}
}

# RFC 9132 sections 4.4.2.1 and 4.5.1
sub observe {
	my ($c) = @_;
	my @what = $c->{n} < $protecting
		? (path => Test::DOTS::Session::path($c->{cuid}))
		: (path => [qw/ .well-known dots config /]);
	my $m = $c->{session}->request(method => 'GET', @what,
		options => [[6, '']]);
	push @failed, "$c->{cuid} does not observe"
		unless $m && exists $m->{options}{6};
}

# The session ends on purpose, and the client comes back with its ticket
sub back {
	my ($c) = @_;
	my $line;

	do { $line = $c->{session}->command('recv 60000') } while $line =~ /^recv/;

	return push @failed, "$c->{cuid} was not told: $line"
		unless $line eq 'closed';

	$c->{session}->command('keep') eq 'ok' or die;
	$line = $c->{session}->command('resume 60000');

	return push @failed, "$c->{cuid} $line"
		unless $line =~ /^connected .* resumed$/;

	# RFC 8323 section 5.3

	$c->{session}->send("\0\xe1") if $c->{session}{csm};

	$c->{back}++;
	observe($c);
}

###############################################################################

$_->{session} = dots_session($t, life => 3600) foreach @clients;

is(scalar(grep { $_->{session}->connected() =~ /^connected/ } @clients),
	$sessions, "$sessions sessions");

protect($_, 1) foreach @kept;
observe($_) foreach @clients;
is(few(@failed), '', "$protecting protect something, all observe");

my ($requests, $unanswered) = (0, 0);

sub leaving { my ($t) = @_; return scalar(() = $t->read_file('error.log')
	=~ /gracefully shutting down/g) }

foreach my $n (1 .. $reloads) {
	my $before = leaving($t);

	$t->reload();

	do {
		foreach my $c (@kept) {
			my $m = $c->{session}->get($c->{cuid}, 1);
			$requests++;
			$unanswered++ unless $m && $m->{code} eq '2.05';
			notice($c);
		}
	} while leaving($t) < $before + 2;

	protect($_, $n + 1) foreach grep { $_->{n} % 10 == $n % 10 } @kept;
	back($_) foreach @others;
}

cmp_ok($requests, '>=', $reloads * $protecting, "$requests requests meanwhile");
is($unanswered, 0, 'each was answered');
is(few(@failed), '', 'so was each change; the others came back');

is(scalar(grep { $_->{session}->command('recv 1') =~ /closed|failed|ended/ }
	@kept), 0, 'no session of a protecting client was lost');
is(scalar(grep { $_->{back} == $reloads } @others), @others,
	'each of the others was told each time, and is back');

# nothing that was acknowledged is missing

my $missing = 0;

foreach my $c (@kept) {
	my $m = $c->{session}->get($c->{cuid});
	my %there = map { $_->{5} => 1 } @{$m->{cbor}{1}{2}};
	$missing += grep { !$there{$_} } keys %{$c->{mids}};
	notice($c);
}

is($missing, 0, "$acknowledged acknowledged changes are there");

# one more change for each observer

protect($_, 100) foreach @kept;

my $heard = 0;

foreach my $c (@kept) {
	my $end = time() + 60;

	do {
		notice($c);
		my $m = $c->{session}->_recv(100);
		push @{$c->{session}{kept}}, $m if $m;
	} while (($c->{state} || '') !~ /\b100:/ && time() < $end);

	$heard++ if ($c->{state} || '') =~ /\b100:/;
}

is($heard, $protecting, 'the observers are where they were');
is(few(@twice), '', "$notified notifications, none twice");

$_->{session}->quit() foreach @clients;

###############################################################################
