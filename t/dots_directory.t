#!/usr/bin/perl

# Datagrams that reach another worker than the one that has the session: without
# reuseport, on wildcard sockets, with more and fewer workers, of clients that
# begin anew, under a flood, and when a worker dies.

###############################################################################

use warnings;
use strict;

use Test::More;

BEGIN { use FindBin; chdir($FindBin::Bin); }

use lib 'lib';
use IO::Socket::INET;
use Test::DOTS;
use Test::Nginx;

###############################################################################

select STDERR; $| = 1;
select STDOUT; $| = 1;

my $t = Test::Nginx->new()->has(qw/http http_ssl http_v2 stream udp/);

dots_has(qw/cbor openssl/);
$t->plan(50)->todo_alerts();

dots_pki($t);

my $port = Test::Nginx::port(8980, udp => 1);
my %listen = (plain => "listen 127.0.0.1:$port udp;",
	own => "listen 127.0.0.1:$port udp reuseport;",
	wild => "listen $port udp reuseport;",
	six => "listen [::]:$port udp reuseport ipv6only=on;",
	other => "listen 127.0.0.3:$port udp reuseport;");

# with "echo" another server has one address of the same socket
sub conf {
	my ($t, $workers, @listen) = @_;

	my $conf = dots_conf(workers => $workers, shutdown => '600s',
		listen => join(' ', map { $listen{$_} // () } @listen),
		dots => 'limit_source handshakes=off requests=off;',
		customers => <<'EOC');
    customer a {
        identity  dns:client.example.com;
        prefix    2001:db8:6401::/48;
        mitigate  rtbh;
        limits    sessions=off handshakes=off rate=off mitigations=500;
    }
EOC

	my $echo = "server { listen 127.0.0.9:$port udp; return 'not DOTS'; }";
	$conf =~ s/^stream \{/$&\n    $echo/m if grep { $_ eq 'echo' } @listen;

	$t->write_file_expand('nginx.conf', $conf);
}

my $number = 0;

# A session that protects something
sub protecting {
	my ($t, %o) = @_;

	my $s = dots_session($t, life => 300, transport => 'udp', %o);
	my $n = $s->{n} = ++$number;
	my $m = $s->put("c$n", 1, prefix => ["2001:db8:6401::$n/128"]);

	return $s if $m && $m->{code} eq '2.01';
	diag("no mitigation: $s->{connected} " . ($m ? $m->{code} : 'no answer'));
	return $s;
}

# How many of them are served, each some times
sub served {
	my (@sessions) = @_;
	return scalar grep { my $s = $_;
		!grep { my $m = $s->get("c$s->{n}", 1); !$m || $m->{code} ne '2.05' }
			1 .. 3 } @sessions;
}

sub echoed {
	my ($server) = @_;
	my $s = IO::Socket::INET->new(Proto => 'udp', PeerAddr => $server) or die;

	$s->send('anybody?');
	my $r = '';
	vec($r, fileno $s, 1) = 1;
	return 'nothing' unless select($r, undef, undef, 60);
	$s->recv(my $answer, 100);
	return $answer;
}

sub goodbye {
	my ($s) = @_;
	my $line;
	do { $line = $s->command('recv 60000') } while $line =~ /^recv/;
	return $line;
}

# Again from the same port, with whatever worker
sub restarted {
	my (@sessions) = @_;
	return scalar grep { $_->command('restart 60000') =~ /^connected/ }
		@sessions;
}

###############################################################################

# one socket for all workers

conf($t, 3, 'plain');
$t->run();

my @s = map { protecting($t) } 1 .. 12;
is(served(@s), 12, 'without reuseport');
is(restarted(@s), 12, 'clients begin anew from the same ports');
is(served(@s), 12, 'and are served');

ok(dots_turn($t), 'reload');
is(served(@s), 12, 'sessions stay');

# rebooted clients of workers that leave: the new ones have them

is(restarted(@s), 12, 'clients of workers that leave begin anew');
is(served(@s), 12, 'and are served');

ok(dots_until(sub { return 3 == dots_serving($t) }),
	'by the new workers: the old ones have nothing to stay for');

# a socket for each worker from now on

conf($t, 1, 'own');
ok(dots_turn($t), 'reuseport, one worker');
is(served(@s), 12, 'sessions stay');

foreach my $n (2, 3, 1) {
	conf($t, $n, 'own');
	ok(dots_turn($t), "$n workers");
	push @s, map { protecting($t) } 1 .. 4;
	is(served(@s), scalar @s, 'sessions stay, others begin');
}

# a handshake is under way: its flight is lost once, and nginx reloads meanwhile

my $slow = dots_session($t, args => ['--wait'], transport => 'udp');
$slow->command('drop in 1');
$slow->connect();
ok(dots_turn($t), 'reload in a handshake');
like($slow->connect_end(), qr/^connected/, 'it ends all the same');
$slow->quit();

$_->quit() foreach @s;

# wildcard sockets answer from the address that was asked

conf($t, 2, 'wild', 'six', 'other');
ok(dots_turn($t), 'wildcard sockets');

my @addresses = ('127.0.0.1', '127.0.0.2', '127.0.0.9', '[::1]', '127.0.0.3');
@s = map { my $a = $_;
	map { protecting($t, server => "$a:$port") } 1 .. 3 } @addresses;

ok(dots_turn($t), 'reload');
is(served(@s), 15, 'sessions stay');
is(restarted(@s), 15, 'clients begin anew');
is(served(@s), 15, 'and are served');

# an address goes

my @gone = splice @s, 12;
conf($t, 2, 'wild', 'six');
ok(dots_turn($t), 'an address goes');

is(scalar(grep { goodbye($_) eq 'closed' } @gone), 3,
	'its sessions are told');

my $s = protecting($t, server => "127.0.0.3:$port");
is(served($s), 1, 'and nobody else keeps what comes to it');

$_->quit() foreach @s, @gone, $s;

# one socket with another stream server: nginx reads it, as ever

conf($t, 2, 'wild', 'echo');
ok(dots_turn($t), 'another server at the same port');

@s = map { protecting($t, server => "127.0.0.2:$port") } 1 .. 6;
is(served(@s), 6, 'sessions beside it');
is(echoed("127.0.0.9:$port"), 'not DOTS', 'it has its own');

ok(dots_turn($t), 'reload');
is(served(@s), 6, 'sessions stay');
is(echoed("127.0.0.9:$port"), 'not DOTS', 'and so does the other server');

is(restarted(@s), 6, 'clients begin anew');
ok(dots_until(sub { return 2 == dots_serving($t) }),
	'workers that leave have nothing to stay for');
$_->quit() foreach @s;

# junk from the addresses of sessions: the others are served

conf($t, 1, 'own');
ok(dots_turn($t), 'one worker');
@s = map { protecting($t) } 1 .. 6;
ok(dots_turn($t), 'reload: all is handed over');

my @junk = splice @s, 0, 2;
my $record = '17fefd0001' . '00' x 6 . '0040' . '5a' x 64;
my $lost = 0;

# less at once than the socket's own buffer takes, more than the peer's share

foreach (1 .. 50) {
	print { $_->{in} } "raw $record\n" x 60 foreach @junk;
	$lost += @s - served(@s);
	foreach my $s (@junk) {
		$s->_line() foreach 1 .. 60;
	}
}

is($lost, 0, 'a flood of junk from two addresses does not starve the others');

# what is left of it may take the share of their first request, which is lost then:
# it is sent again

@$_{qw/ tries patience /} = (60, 1000) foreach @junk;
is(served(@junk), 2, 'nor, when it is over, their own sessions');
delete @$_{qw/ tries patience /} foreach @junk;

# a worker dies; those of before have ended, as their sessions have

@s = (@junk, @s);
dots_until(sub { return 2 == dots_serving($t) }) or die "who is who?\n";

my %leaving = map { $_ => 1 } $t->read_file('error.log')
	=~ /\[notice\] (\d+)#.*gracefully shutting down/g;
my ($young) = grep { !$leaving{$_} } dots_serving($t);
my ($elder) = grep { $leaving{$_} } dots_serving($t);

my @new = map { protecting($t) } 1 .. 3;

dots_kill('KILL', $elder);
ok(dots_until(sub { !grep { $_ == $elder } dots_serving($t) }),
	'the worker that leaves is killed');
is(served(@new), 3, 'sessions of another are not concerned');
$_->{patience} = 300 foreach @s;
is(served(@s), 0, 'its own are lost');
delete $_->{patience} foreach @s;
is(restarted(@s), 6, 'their clients begin anew');
is(served(@s, @new), 9, 'and all are served');

ok(dots_turn($t), 'reload');
($young) = grep { !$leaving{$_} && $_ != $young } dots_serving($t);

my @other = map { protecting($t) } 1 .. 3;

dots_kill('KILL', $young);
ok(dots_until(sub { my @now = dots_serving($t);
	@now == 2 && !grep { $_ == $young } @now }), 'the new worker is killed');
ok(dots_until(sub {
	dots_session($t, transport => 'udp')->connected() =~ /^connected/ }),
	'another one has its place');
is(served(@s, @new), 9, 'sessions of the one that leaves are not concerned');
is(restarted(@other), 3, 'the others begin anew');
is(served(@other), 3, 'and are served');

$_->quit() foreach @s, @new, @other;
$t->stop();

is(join("\n", grep { /\[(alert|crit|emerg)\]/ && !/exited on signal 9/ }
	split /\n/, $t->read_file('error.log')), '', 'no other alerts');

###############################################################################
