#!/usr/bin/perl

# Limits of customers and of source addresses: 4.29 (RFC 8516) for requests,
# silence for handshakes, and what is never starved (RFC 9132 sections 4.4.4 and
# 4.7).

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
$t->plan(45)->todo_alerts();

dots_pki($t);

my $d = $t->testdir();
my ($fp) = `openssl x509 -in $d/self.crt -noout -fingerprint -sha256`
	=~ /=([0-9A-F:]+)/;

# bursts are ten seconds' worth: 5 requests, 2 handshakes, 10 requests

my $conf = dots_conf(workers => 2,
	dots => 'limit_source handshakes=12r/m requests=60r/m;',
	customers => <<EOF);
    customer a {
        identity  dns:client.example.com;
        prefix    192.0.2.0/24;
        mitigate  rtbh;
        limits    rate=30r/m sessions=2;
    }

    customer b {
        identity  dns:client.example.net;
        prefix    198.51.100.0/24;
        mitigate  rtbh;
        limits    handshakes=12r/m;
    }

    customer c {
        identity  sha256:$fp;
        prefix    203.0.113.0/24;
        mitigate  rtbh;
        limits    rate=off sessions=off handshakes=off observers=1;
    }

    customer d {
        identity  dns:stranger.example.org;
        prefix    100.64.0.0/24;
        mitigate  rtbh;
        limits    rate=off ;
    }
EOF

$t->write_file_expand('nginx.conf', $conf);
$t->run();

# each from an address of its own, but where the address is what is limited:
# however many there are, it is not one of 127.0.0.0/24

my $address = 0;

sub observes {
	my ($s, $value) = @_;

	my $m = $s->get('o', undef, token => 'obs', options => [ [ 6, $value ] ]);
	return $m && $m->{code} eq '2.05' && $m->{options}{6};
}

sub session {
	my ($t, $cert, $from, @args) = @_;
	$from ||= join '.', 127, 1, ++$address >> 8, $address & 255;
	return dots_session($t, cert => $cert, args => [ '--bind', $from, @args ]);
}

# requests until one is refused: how many were not, and the refusal

sub exhaust {
	my ($s, @get) = @_;

	foreach my $n (0 .. 50) {
		my $m = $s->get(@get) or return ($n, undef);
		return ($n, $m) if $m->{code} eq '4.29';
	}

	return (51, undef);
}

# What is asked when a customer has nothing left is refused.  A slow machine gives
# it something in between: then again.

sub refused {
	my ($spend, $ask) = @_;
	my $m;

	foreach my $try (1 .. 5) {
		$spend->();
		$m = $ask->();
		last if $m->{code} eq '4.29';
	}

	return $m->{code};
}

sub block2 {
	my ($num, $szx) = @_;
	my $v = pack 'N', $num << 4 | $szx;
	$v =~ s/^\0+//;
	return $v;
}

# of a session that is over at once

sub ended {
	my ($s) = @_;
	my $out = $s->connected();
	$out = $s->command('recv 60000') if $out =~ /^connected/;
	return $out;
}

###############################################################################

# a customer's requests

my $s = session($t, 'a');
is($s->put('c', 1, prefix => ['192.0.2.1/32'])->{code}, '2.01', 'a request');

my ($n, $m) = exhaust($s, 'c', 1);
cmp_ok($n, '>=', 4, 'a burst of five');
cmp_ok($n, '<=', 20, 'and not for ever');
is($m->{code}, '4.29', 'Too Many Requests');
ok($m->{max_age} >= 1 && $m->{max_age} <= 2, 'Max-Age says when, RFC 8516');

my ($late, $host) = (undef, 1);
is(refused(sub { exhaust($s, 'c', 1) }, sub {
	$host++;
	$late = $s->message(method => 'PUT',
		path => Test::DOTS::Session::path('c', $host),
		body => dots_mitigate(prefix => ["192.0.2.$host/32"]));
	$s->send($late);
	return $s->recv(); }), '4.29', 'a new mitigation');

is($s->delete('c', 1)->{code}, '2.02', 'a withdrawal is served');
is($s->delete('c', 77)->{code}, '2.02', 'and another');

# RFC 7252 section 4.5: but a refusal for now is none for ever

ok(dots_until(sub { $s->send($late); my $m = $s->recv();
	$m && $m->{code} eq '2.01' }), 'the same message, later');

# all sessions and workers count together; others are not concerned

my $second = session($t, 'a');
is(refused(sub { exhaust($s, 'c', 1) }, sub { $second->get('c', 1) }), '4.29',
	'another session of the customer');

my $b = session($t, 'b');
is($b->put('d', 1, prefix => ['198.51.100.1/32'])->{code}, '2.01',
	'another customer');

# sessions

like(ended(session($t, 'a')), qr/^closed|^failed/, 'a third session is ended');
is($second->delete('c', 9)->{code}, '2.02', 'the others go on');

is($second->command('close'), 'ok', 'one closes');
my $third;
ok(dots_until(sub { $third = session($t, 'a');
	($third->delete('c', 9) || { code => '' })->{code} eq '2.02' }),
	'and another may come');

# what a worker that died had is nobody's

my @workers = dots_workers($t);
dots_kill('KILL', @workers);
ok(dots_until(sub { my %old = map { $_ => 1 } @workers;
	grep({ !$old{$_} } dots_workers($t)) >= @workers }), 'new workers');

# (one of the try before would be in the way of two)

my @pair;
ok(dots_until(sub {
	$_->command('close') foreach @pair;
	@pair = map { session($t, 'a') } 1 .. 2;
	2 == grep { ($_->delete('c', 9) || { code => '' })->{code} eq '2.02' } @pair;
	}), 'two new sessions after a crash');

# observers of a customer, in all of its sessions; beyond them a GET is a GET

my @observing = map { session($t, 'self') } 1 .. 2;
is($observing[0]->put('o', 1, prefix => ['203.0.113.1/32'])->{code}, '2.01',
	'something to observe');
ok(observes($observing[0], ''), 'the first observer');
ok(!observes($observing[1], ''), 'no second one');
ok(!observes($observing[0], "\x01"), 'the first deregisters');
ok(observes($observing[1], ''), 'so there is room for one');
is($observing[1]->command('close'), 'ok', 'its session ends');
ok(dots_until(sub { observes($observing[0], '') }), 'and its observer with it');

# handshakes of a customer

my (@opened, @ended);

foreach (1 .. 50) {
	my $o = session($t, 'b');
	push @opened, $o;
	push @ended, $o if $o->connected() !~ /^connected/
		|| !defined $o->delete('d', 9);
	last if @ended == 2;
}

is(scalar(@ended), 2, 'more handshakes than two at once');
like($ended[0]->{last} || '', qr/^closed|^failed/, 'are ended');

# a source address: hellos without a cookie do not count, because they may be
# anybody's

my $w = dots_session($t, cert => 'self', args => [ '--wait', '--timeout', 3000,
	'--bind', '127.0.0.200' ]);
like($w->command('hello-flood 200'), qr/answers=[1-9]/, 'a flood of hellos');

my $c = session($t, 'self', '127.0.0.200');
like($c->connected(), qr/^connected/, 'the address can connect');
like(session($t, 'self', '127.0.0.200')->connected(), qr/^connected/, 'twice');
ok(dots_until(sub { session($t, 'self', '127.0.0.200', '--timeout', 3000)
	->connected() eq 'failed timeout' }), 'then there is silence');
like(session($t, 'self', '127.0.0.201')->connected(), qr/^connected/,
	'another address can');

# and its requests

($n, $m) = exhaust($c, 'e', 1);
is($m->{code}, '4.29', 'requests of an address');
is($c->delete('e', 1)->{code}, '2.02', 'a withdrawal is served');

my $elsewhere = session($t, 'self');
is($elsewhere->get('e', 1)->{code}, '4.04', 'as is another address');

my $blocks = session($t, 'stranger');
is($blocks->put('blocks', 1, prefix => [map { "100.64.0.$_/32" } 1 .. 60])->{code},
	'2.01', 'what comes in blocks');
$blocks->quit();

# a large body counts for more than one request

$conf =~ s/rate=off /rate=1r\/m /g;
$t->write_file_expand('nginx.conf', $conf);
dots_turn($t);

my $large = session($t, 'self');
is($large->put('l', 1, prefix => [map { "203.0.113.$_/32" } 100 .. 165])
	->{code}, '2.01', 'a body of more than 1024 bytes');
is(($m = $large->get('l', 1))->{code}, '4.29', 'the next request');
cmp_ok($m->{max_age}, '>', 60, 'waits for two');

$large->quit();

# RFC 7959: a transfer that has begun ends, its blocks count for the next request

$blocks = session($t, 'stranger');

my ($num, $more) = (0, 1);

while ($more && $num < 1000) {
	$m = $blocks->get('blocks', 1, options => [[ 23, block2($num, 0) ]]);
	last if $m->{code} ne '2.05';
	$more = ord(substr $m->{options}{23}[0], -1) & 8;
	$num++;
}

is($m->{code}, '2.05', 'no block is refused');
cmp_ok($num, '>', 50, 'of many');
is(($m = $blocks->get('blocks', 1))->{code}, '4.29', 'the next request');
cmp_ok($m->{max_age}, '>', 300, 'waits for all of them');

# who asks for the same again and again sends requests

foreach (1 .. 300) {
	$m = $blocks->get('blocks', 1, options => [[ 23, block2(1, 0) ]]);
	last if $m->{code} ne '2.05';
}

is($m->{code}, '4.29', 'a block, over and over');

$blocks->quit();

# one line a minute and customer, and one when it begins

$_->quit() foreach ($s, $second, $third, $b, $w, $c, $elsewhere, @pair, @opened);
$t->stop();

my @lines = $t->read_file('error.log')
	=~ /\[warn\].*customer "a" over its limits/g;
ok(@lines >= 1 && @lines <= 2 + (time() - $^T) / 60, 'few lines in the log');

# the master says that processes were killed, and what they held; nothing else is an
# alert

is(join("\n", grep { !/exited on signal 9|zone "dots" was locked by/ }
	$t->read_file('error.log') =~ /.+\[alert\].+/gm), '', 'no other alerts');

###############################################################################
