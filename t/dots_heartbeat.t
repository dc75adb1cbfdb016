#!/usr/bin/perl

# Heartbeats, both ways, and what the loss of a session does: RFC 9132
# section 4.7.  Another customer's heartbeats are the clock: what must not have
# happened has not after so many of them.

###############################################################################

use warnings;
use strict;

use Test::More;

BEGIN { use FindBin; chdir($FindBin::Bin); }

use lib 'lib';
use Digest::SHA;
use MIME::Base64;
use Test::DOTS;
use Test::Nginx;

###############################################################################

select STDERR; $| = 1;
select STDOUT; $| = 1;

my $t = Test::Nginx->new()->has(qw/http http_ssl http_v2 stream udp/);

dots_has(qw/cbor openssl gobgpd gobgp dnsmasq/);
$t->plan(50)->todo_alerts();

dots_pki($t);
dots_gobgpd($t);
dots_dns($t);

# heartbeats every second, six may be missed: lost after seven, and not because
# this process or a client of ours had no turn for some

my $longer = 9;

$t->write_file_expand('nginx.conf', dots_conf(workers => 2,
	listen => 'listen 127.0.0.1:%%PORT_8980_UDP%% udp reuseport; '
		. 'listen 127.0.0.1:8446 ssl;',
	dots => 'session_config heartbeat-interval=1..100/1 '
		. 'missing-hb-allowed=1..20/6 probing-rate=5..10000/10000;'));
$t->run();

###############################################################################

my $clock = session('b');
my $net = 1;
my $m;

# ---- the client's ----

my $a = session('a');

$m = $a->request(method => 'PUT', path => path(), body => status(1));
is($m->{code}, '2.04', 'a heartbeat is answered 2.04');
is($m->{type}, 1, 'NON');
is($m->{body}, '', 'with an empty body, Figure 28');

foreach my $case ([ 'a cuid', 'cuid=x' ], [ 'a cdid', 'cdid=x' ],
	[ 'a mid', 'mid=1' ])
{
	is($a->request(method => 'PUT', path => path($case->[1]),
		body => status(1))->{code}, '4.00', "$case->[0] is refused");
}

is($a->request(method => 'PUT', path => path(), body => "\xa1\x18\x31\xa0")
	->{code}, '4.00', 'without peer-hb-status it is refused');

# ---- the server's ----

$m = heartbeat($a);
is($m->{type}, 1, 'ours are NON');
is(join('/', @{$m->{options}{11}}), '.well-known/dots/hb', 'Figure 27');
is($m->{format}, 271, 'of application/dots+cbor');
ok(length $m->{token}, 'with a token');

# (one may have left before)

ok(dots_until(sub { beat($a, 1); return heartbeat($a)->{cbor}{49}{51} }),
	'peer-hb-status: it was heard');

# the server's heartbeats come when the client asks, 4.7

config($a, idle => 60, mitigating => 60);
drain($a);
beat($a, 0);
ok(heartbeat($a), 'at once after a heartbeat that misses ours');

# ---- the loss ----

my $lost = session('a');
my $prefix = preconfigured($lost, 'lost');

is($lost->status('lost', 1), 8, 'waits for the loss');

# the client says nothing any more

ok(dots_until(sub { route($prefix) }), 'the loss triggers its mitigation');
is(losses('lost'), 1, 'the audit log has it');
like($t->read_file('error.log'), qr/DOTS session of cuid "lost" lost/,
	'so has the error log');
ok(dots_until(sub { $t->read_file('dots.log')
	=~ /"cuid":"lost","mid":1,"status":1/ }), 'and what it began');

# it speaks again: on the same session, and nothing is stopped

ok(dots_until(sub { $lost->status('lost', 1) == 2 }), 'served as before');
tick($longer, sub { beat($lost, 1) });
ok(route($prefix), 'recovery stops nothing');
is(losses('lost'), 1, 'a client that is heard is not lost');

# ---- traffic prevents it: the client hears nothing, but speaks ----

my $deaf = session('a');
$prefix = preconfigured($deaf, 'deaf');

tick($longer, sub { beat($deaf, 0) });
is($deaf->status('deaf', 1), 8, 'a saturated client is not lost');
is(losses('deaf'), 0, 'nor said to be');
$deaf->command('close');

# ---- several sessions, on any worker: one that is heard is enough ----

my @many = map { session('a') } 1 .. 6;
$prefix = preconfigured($many[0], 'many');
$_->status('many', 1) foreach @many;

tick($longer, sub { beat($many[5], 1) });
is($many[5]->status('many', 1), 8, 'one of six is heard');
is(losses('many'), 0, 'none is called lost');

# as is one that has not named its client, by the same certificate: what a
# client has after its translator gave it another port

my $rebound = session('a');

tick($longer, sub { beat($rebound, 1) });
is($many[5]->status('many', 1), 8, 'a new session with the same certificate');
is(losses('many'), 0, 'keeps the others from being lost');
$rebound->command('close');

# all are silent

tick(2);
ok(dots_until(sub { route($prefix) }), 'none of six is heard');
tick($longer);
is(losses('many'), 1, 'lost once');

# ---- who says goodbye is not lost ----

my $bye = session('a');
$prefix = preconfigured($bye, 'bye');
$bye->command('close');

tick($longer);
is(losses('bye'), 0, 'close_notify is no loss');
ok(!route($prefix), 'nothing is triggered');

# ---- a client that came back and has named no cuid since is known, still ----

Test::DOTS::_leaf($t->testdir(), 'back', 'client-a', 'DNS:client.example.com');
my $back = session('back');
$prefix = preconfigured($back, 'back');
$back->command('close');

$back = session('back');
beat($back, 1);
ok(dots_until(sub { route($prefix) }), 'it is lost with a session of heartbeats');
is(losses('back'), 1, 'which is said of its cuid');
is(losses(recommended('back')), 0, 'and not of one that it has never used');
$back->command('close');

# ---- no heartbeats ----

my $off = session('a');
$prefix = preconfigured($off, 'off');

config($off, idle => 0, mitigating => 0);
drain($off);

tick($longer);
ok(!$off->recv(1), 'an interval of 0: none of ours');
is(losses('off'), 0, 'no loss');
is($off->status('off', 1), 8, 'nothing is triggered');
$off->command('close');

# the set follows the mitigation: none when idle, each second when active

my $sets = session('a');

$sets->put('sets', 1, prefix => ['192.0.2.200/32'], lifetime => 600);
config($sets, idle => 0, mitigating => 1);
drain($sets);
ok(heartbeat($sets), 'mitigating-config while a mitigation is active');

is($sets->delete('sets', 1)->{code}, '2.02', 'it ends');
ok(dots_until(sub { $sets->status('sets', 1) == 0 }), 'at last');
drain($sets);
tick(4);
ok(!$sets->recv(1), 'idle-config without a mitigation');
$sets->command('close');

# ---- over TCP the first without an answer is one too many ----

my $tcp = session('a', 'tcp');
$prefix = preconfigured($tcp, 'tcp');

ok(heartbeat($tcp), 'a heartbeat over TCP');
ok(dots_until(sub { route($prefix) }), 'without an answer it is lost');
is(losses('tcp'), 1, 'once');
is($tcp->request(method => 'PUT', path => path(), body => status(1))->{code},
	'2.04', 'and usable');
$tcp->command('close');

# ---- workers die: nobody is lost by that, nor kept for ever ----

my $crash = session('a');
$prefix = preconfigured($crash, 'crash');

my @workers = workers();
dots_kill('KILL', @workers);
dots_until(sub { my @now = workers(); @now == 2
	&& !grep { my $p = $_; grep { $p == $_ } @now } @workers });

$clock = session('b');
tick($longer);
is(losses('crash'), 0, "the crash of a worker is no client's loss");

$crash = session('a');
is($crash->status('crash', 1), 8, 'nothing was triggered');
ok(dots_until(sub { route($prefix) }),
	'but the loss of its next session is noticed');
is(losses('crash'), 1, 'once');

is(join("\n", grep { !/exited on signal 9/ }
	$t->read_file('error.log') =~ /.+\[alert\].+/gm), '', 'no other alerts');

undef $t;       # the subs below would keep it beyond the plan

###############################################################################

sub session {
	my ($cert, $transport) = @_;
	return dots_session($t, cert => $cert, transport => $transport || 'udp',
		heartbeats => 1);
}

sub path { return [ '.well-known', 'dots', 'hb', @_ ] }

sub status { return "\xa1\x18\x31\xa1\x18\x33" . ($_[0] ? "\xf5" : "\xf4") }

# a heartbeat of the client, whose answer is not awaited
sub beat {
	my ($s, $status) = @_;
	$s->send($s->message(method => 'PUT', path => path(),
		body => status($status)));
}

# the next heartbeat of the server
sub heartbeat {
	my ($s) = @_;

	while (my $m = $s->recv()) {
		return $m if $m->{code} eq '0.03';
	}

	return undef;
}

sub drain { my ($s) = @_; 1 while $s->recv(1) }

# N heartbeats of the clock, which answers them
sub tick {
	my ($n, $do) = @_;

	drain($clock);

	for (1 .. $n) {
		$do->() if $do;
		my $m = heartbeat($clock) or die "the clock stands still\n";
		$clock->send($clock->message(code => 0x44, token => $m->{token}));
	}
}

sub config {
	my ($s, %interval) = @_;

	my $m = $s->request(method => 'PUT',
		path => [ '.well-known', 'dots', 'config', 'sid=1' ],
		body => Test::DOTS::_map({ 30 => {
			32 => { 33 => { 36 => $interval{mitigating} } },
			44 => { 33 => { 36 => $interval{idle} } } } }));

	$m && $m->{code} eq '2.01' or die "no configuration\n";
}

# RFC 9132 4.4.1.1: what the cuid of a certificate should be
sub recommended {
	my ($cert) = @_;
	my $d = $t->testdir();
	my $der = `openssl x509 -in $d/$cert.crt -pubkey -noout | openssl pkey -pubin -outform der`;
	return MIME::Base64::encode_base64url(substr(Digest::SHA::sha256($der), 0, 16));
}

# mid 1 of the cuid, for another prefix than any before
sub preconfigured {
	my ($s, $cuid) = @_;

	my $prefix = '192.0.2.' . $net++ . '/32';
	my $m = $s->put($cuid, 1, prefix => [ $prefix ], lifetime => 600,
		trigger => \0);

	$m && $m->{code} eq '2.01' or die "no preconfigured mitigation\n";

	return $prefix;
}

sub route { my ($prefix) = @_; return dots_rib($t) =~ /\Q$prefix\E\s/ }

sub losses {
	my ($cuid) = @_;
	my @lines = $t->read_file('dots.log')
		=~ /"cuid":"\Q$cuid\E","reason":"session lost/g;
	return scalar @lines;
}

# the processes with our socket: not the manager
sub workers {
	return grep {
		my $line = '';
		if (open my $fh, '<', "/proc/$_/cmdline") { $line = readline $fh }
		($line || '') =~ /worker process/
	} dots_workers($t);
}

###############################################################################
