#!/usr/bin/perl

# Half-open handshakes, slow readers and writers, a customer who floods, no more
# worker_connections: what is at work goes on, requests of the others are all
# answered, new sessions are refused without a line for each, and it is over
# when it is over.  Requests are counted, not timed.

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
$t->plan(31);

dots_pki($t);

my $dir = $t->testdir();
my $conf = dots_conf(workers => 1,
	dots => 'limit_source handshakes=off requests=off;');
$conf =~ s/(error_log \S+error\.log) debug;/$1 info;/;

sub start {
	my ($t, %o) = @_;
	my $c = $conf;
	$c =~ s/events \{/events { worker_connections $o{connections};/
		if $o{connections};
	$t->write_file_expand('nginx.conf', $c);
	my $text = $t->read_file('nginx.conf');
	$text =~ s/(error_log \S+error\.log) debug;/$1 info;/;
	$t->write_file('nginx.conf', $text);
	$t->run();
	$t->waitforsocket('127.0.0.1:' . port(8443)) or die;
}

sub worker {
	my ($t) = @_;
	my @pids = dots_workers($t);
	foreach my $pid (@pids) {
		open my $fh, '<', "/proc/$pid/cmdline" or next;
		return $pid if (readline($fh) || '') =~ /worker process/;
	}
}

# of the worker, KB
sub memory {
	my ($t) = @_;
	my $pid = worker($t);
	my ($kb) = `cat /proc/$pid/status` =~ /^RssAnon:\s+(\d+)/m;
	return $kb;
}

# a sanitizer's allocator keeps what is freed
sub less {
	my ($kb, $most, $what) = @_;

	SKIP: {
		skip 'sanitizer', 1 if ($ENV{DOTS_BUILD} || '') =~ /sanitize/;
		cmp_ok($kb, '<', $most, "$what: $kb KB");
	}
}

sub ticks {
	my ($t) = @_;
	my $pid = worker($t);
	my @stat = split / /, `cat /proc/$pid/stat`;
	return $stat[13] + $stat[14];
}

sub lines { my ($t, $re) = @_;
	return scalar grep { /$re/ } split /\n/, $t->read_file('error.log') }

# the others: each of their requests is answered
sub served {
	my ($what, $n, @sessions) = @_;
	my $good = 0;

	foreach my $i (1 .. $n) {
		$good += (($_->get('b', 1, type => 'NON') || {})->{code} || '')
			eq '2.05' foreach @sessions;
	}

	is($good, $n * @sessions, "$what: $good requests of others are answered");
}

sub others {
	my ($t) = @_;
	my $udp = dots_session($t, cert => 'b', transport => 'udp');
	my $tcp = dots_session($t, cert => 'b', transport => 'tcp');
	$udp->put('b', 1, prefix => ['198.51.100.1/32']);
	return ($udp, $tcp);
}

sub readable {
	my ($s, $seconds) = @_;
	my $r = '';
	vec($r, fileno $s, 1) = 1;
	return select($r, undef, undef, $seconds);
}

# What a flood has left in the kernel has been read: what follows is not lost
# there for want of room
sub drained {
	my $port = sprintf '%04X', port(8980, udp => 1);

	return dots_until(sub {
		open my $fh, '<', '/proc/net/udp' or die;
		return !grep { $$_[1] =~ /:$port$/ && $$_[4] !~ /:0+$/ }
			map { [ split ' ' ] } <$fh>;
	});
}

# A ClientHello with the cookie that the server gives for it: a handshake that
# nobody goes on with; undef: there is no answer, and $other has one to a request
# that came when it had been read.  RFC 6347 sections 4.2.1 and 4.2.2
sub half_open {
	my ($hello, $other) = @_;

	my $s = IO::Socket::INET->new(Proto => 'udp',
		PeerAddr => '127.0.0.1:' . port(8980, udp => 1)) or die;
	$s->send($hello);

	unless (readable($s, 1)) {
		drained();
		$other->get('b', 1);
		return undef unless readable($s, 0);
	}

	$s->recv(my $answer, 2000);

	# headers of the record and the message, the version, then the cookie

	my $cookie = substr($answer, 28, ord substr($answer, 27, 1));
	my ($head, $body) = (substr($hello, 0, 25), substr($hello, 25));
	my $sid = 34 + 1 + ord substr($body, 34, 1);

	substr($body, $sid, 1) = chr(length $cookie) . $cookie;
	my $length = substr(pack('N', length $body), 1);
	substr($head, 14, 3) = $length;
	substr($head, 22, 3) = $length;
	substr($head, 11, 2) = pack('n', 12 + length $body);
	substr($head, 17, 2) = pack('n', 1);
	substr($head, 10, 1) = chr(1);

	$s->send($head . $body);
	return $s;
}

sub hello {
	my ($t) = @_;
	my $s = dots_session($t, transport => 'udp', args => [ '--wait' ]);
	my ($hex) = $s->command('hello') =~ /^hello ([0-9a-f]+)/;
	$s->quit();
	return pack('H*', $hex);
}

###############################################################################

# ---- worker_connections

start($t, connections => 128);

my @others = others($t);
my $hello = hello($t);

served('at first', 5, @others);

# TCP connections of somebody who says nothing

my @tcp = map { IO::Socket::INET->new(PeerAddr => '127.0.0.1:' . port(8446)) }
	1 .. 200;
served('no connections', 20, @others);

# the kernel has accepted them all, nginx turns the rest away one by one
my $open;
dots_until(sub {
	$open = grep { !readable($_, 0) } grep { $_ } @tcp;
	return $open < 128;
});

cmp_ok($open, '<', 128, "no connections: $open of 200 wait for a handshake");
cmp_ok($open, '>', 60, 'no connections: and not fewer than could');

my $new = dots_session($t, cert => 'b', transport => 'udp',
	args => [ '--timeout', 1000 ]);
like($new->connected(), qr/^failed/, 'no connections: a new session');
$new->quit();

my $flood = dots_session($t, cert => 'b', transport => 'udp',
	args => [ '--wait' ]);
like($flood->command('hello-flood 2000'), qr/^flood sent=2000/,
	'no connections: a flood of hellos');
drained();
served('no connections, flood', 20, @others);

is(lines($t, qr/\[(?:alert|crit)\]/), 0, 'no connections: no alert');
ok(lines($t, qr/worker_connections/) >= 1
	&& lines($t, qr/worker_connections/) <= 1 + (time() - $^T) / 60,
	'no connections: a line a minute says so');

# nobody asks, nothing is done: no loop

my $ticks = ticks($t);
select undef, undef, undef, 0.5;
cmp_ok(ticks($t) - $ticks, '<', 15, 'no connections: it is not busy');

close $_ foreach grep { $_ } @tcp;
@tcp = ();

ok(dots_until(sub {
	$new = dots_session($t, cert => 'b', transport => 'udp',
		args => [ '--timeout', 1000 ]);
	return $new->connected() =~ /^connected/;
}), 'it is over: a new session');
served('it is over', 5, @others, $new);
$new->quit();

# ---- half-open handshakes over DTLS: they take the connections, too

my @half;

while (my $s = half_open($hello, @others)) {
	push @half, $s;
	last if @half == 150;
}

served('half-open', 20, @others);

my $flights = grep { readable($_, 5) } @half;
is($flights, @half, "half-open: $flights have a flight");
cmp_ok($flights, '<', 128, 'half-open: not more than connections');
cmp_ok($flights, '>', 60, 'half-open: and not fewer than could');
is(lines($t, qr/\[(?:alert|crit)\]/), 0, 'half-open: no alert');

$_->quit() foreach @others;
close $_ foreach @half;
$t->stop();

# ---- memory of half-open handshakes is bounded by the connections, and freed

(my $short = $conf) =~ s/dots_signal;/dots_signal; dots_handshake_timeout 10s;/;
$conf = $short;
start($t, connections => 1024);

@others = others($t);

# kept open to the end: a new one with the port of an old one would be its peer
my @kept = map { half_open($hello, @others) } 1 .. 20;

my $before = memory($t);
my $most = $before;

foreach my $round (1, 2) {
	push @kept, map { half_open($hello, @others) } 1 .. 100;
	$most = memory($t) if memory($t) > $most;
	served("half-open, round $round", 5, @others);
	dots_until(sub { lines($t, qr/handshake timed out/) >= 20 + 100 * $round });
}

is(lines($t, qr/handshake timed out/), 220, 'half-open: all have ended');
less($most - $before, 100 * 100, 'half-open, at most');

# again as many: what they had is used again

my $grown = memory($t);
push @kept, map { half_open($hello, @others) } 1 .. 100;
ok(dots_until(sub { lines($t, qr/handshake timed out/) >= 320 }),
	'half-open: the last have ended');
less(memory($t) - $grown, 2048, 'half-open, after that');

# ---- slow ones over TCP

my @slow;

foreach (1 .. 20) {
	my $s = dots_session($t, transport => 'tcp',
		args => [ '--rcvbuf', 4096 ]);
	push @slow, $s;
}

# writers: a byte of a message now and then

my $message = $slow[0]->message(method => 'GET',
	path => Test::DOTS::Session::path('a', 1));

foreach my $i (0 .. 9) {
	$_->send(substr($message, $i, 1)) foreach @slow[0 .. 9];
}

served('slow writers', 10, @others);

$_->send(substr($message, 10)) foreach @slow[0 .. 9];
is(scalar(grep { ($_->recv() || {})->{code} eq '4.04' } @slow[0 .. 9]), 10,
	'slow writers: each has its answer when it is done');

# readers: requests whose answers they don't take

$before = memory($t);
my $many = join '', map { $slow[10]->message(method => 'GET',
	path => Test::DOTS::Session::path('nobody', 1)) } 1 .. 400;
$_->send($many) foreach @slow[10 .. 19];

served('slow readers', 20, @others);
less(memory($t) - $before, 10 * 512, 'slow readers');

$_->quit() foreach @slow;

# ---- a customer who floods, in sessions and beside them

my @flood = map { dots_session($t, transport => 'udp') } 1 .. 4;
my $request = $flood[0]->message(method => 'GET',
	path => Test::DOTS::Session::path('a', 1), type => 'NON');
my $asked = 0;
my $answered = 0;

$before = memory($t);

foreach my $round (1 .. 10) {
	foreach my $s (@flood) {
		foreach (1 .. 100) {
			substr($request, 2, 2) = pack('n', $asked++ & 0xffff);
			$s->send($request);
		}
	}

	$flood->command('hello-flood 100');
	drained();
	$answered += (($_->get('b', 1) || {})->{code} || '') eq '2.05'
		foreach @others;
}

is($answered, 20, "a flood of $asked: $answered requests of others");
less(memory($t) - $before, 2048, 'a flood');
is(lines($t, qr/\[(?:alert|crit)\]/), 0, 'a flood: no alert');
cmp_ok(lines($t, qr/\[warn\].*customer/), '<=', 2 + (time() - $^T) / 60,
	'a flood: hardly a line');

$_->quit() foreach @flood, $flood, @others;

###############################################################################
