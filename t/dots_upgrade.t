#!/usr/bin/perl

# Binary upgrade: two masters with a zone each over one store.  The newest acts,
# the other one gives way and comes back when that has ended; nothing that was
# acknowledged by either is lost, done twice or flaps.

###############################################################################

use warnings;
use strict;

use Test::More;

BEGIN { use FindBin; chdir($FindBin::Bin); }

use lib 'lib';
use Test::DOTS;
use Test::DOTS::At;
use Test::Nginx;

###############################################################################

select STDERR; $| = 1;
select STDOUT; $| = 1;

my $t = Test::Nginx->new()->has(qw/http http_ssl http_v2 stream udp/);

dots_has(qw/cbor openssl gobgpd gobgp curl/);

# killed processes are alerts of nginx's own
$t->plan(67)->todo_alerts();

dots_pki($t);
dots_gobgpd($t);

my $dir = $t->testdir();
my $conf = dots_conf(workers => 2);

# nginx upgrades only as a daemon
$conf =~ s/daemon off;/daemon on;/;

# the new binary has the environment that nginx leaves it
$conf =~ s/^events \{/env ASAN_OPTIONS;\nenv UBSAN_OPTIONS;\n\nevents {/m;
$t->write_file_expand('nginx.conf', $conf);

# ---- masters

sub pid {
	my ($t, $old) = @_;
	my $pid = eval { $t->read_file($old ? 'nginx.pid.oldbin' : 'nginx.pid') };
	return $pid ? $pid + 0 : 0;
}

my @masters;

sub start {
	my ($t) = @_;
	system($ENV{TEST_NGINX_BINARY}, '-p', "$dir/", '-c', 'nginx.conf', '-e',
		"$dir/error.log") == 0 or die "nginx does not start\n";
	dots_until(sub { pid($t) && kill 0, pid($t) }) or die "no pid\n";
	push @masters, pid($t);
	return $masters[-1];
}

# workers and managers: the new master is a child of the old one, too
sub children {
	my ($master) = @_;
	my @pids;

	foreach my $stat (glob '/proc/[0-9]*/stat') {
		open my $fh, '<', $stat or next;
		my $line = <$fh>;
		push @pids, $1 if defined $line
			&& $line =~ /^(\d+) \(.*\) [^Z] (\d+)/ && $2 == $master;
	}

	return grep { my $pid = $_; !grep { $_ == $pid } @masters } @pids;
}

sub gone {
	my (@pids) = @_;
	return dots_until(sub { !grep { kill 0, $_ } @pids });
}

# lines of the error log so far with the text
sub said {
	my ($t, $text) = @_;
	return scalar grep { /\Q$text\E/ } split /\n/, $t->read_file('error.log');
}

my ($over, $again) = ('has taken over the store', 'this one acts again');

# USR2; returns the new master when the old one has given way
sub upgrade {
	my ($t, $what) = @_;
	my ($old, $n) = (pid($t), said($t, $over));

	dots_kill('USR2', $old);
	ok(dots_until(sub { pid($t, 1) == $old && pid($t) && pid($t) != $old
		&& said($t, $over) > $n }), "$what: the new master takes over");
	push @masters, pid($t);

	return (pid($t), $old);
}

END {
	kill 'KILL', map { ($_, children($_)) } grep { kill 0, $_ } @masters
		if @masters;
}

# ---- routes

dots_monitor($t);

sub there { my ($t, $p) = @_; return dots_rib($t) =~ m!\Q$p\E/32! }

sub locked {
	my ($t) = @_;
	my $inode = (stat $t->testdir() . '/state/manager.lock')[1];
	open my $fh, '<', '/proc/locks' or return 0;
	my ($line) = grep { /FLOCK.*:$inode / } <$fh>;
	return $line && $line =~ /WRITE (\d+)/ ? $1 : 0;
}

# one of the master's children is the manager that acts
sub acts {
	my ($t, $master, $what) = @_;
	ok(dots_until(sub { my $pid = locked($t);
		grep { $_ == $pid } children($master) }), "$what: its manager acts");
}

# ---- clients

my ($c, $url) = ('upgrade', dots_data_url());
my $client = '{"ietf-dots-data-channel:dots-client":[{"cuid":"%s"}]}';
my @mids;

# acknowledged from now on, with a route
sub put {
	my ($t, $s, $what) = @_;
	my $mid = @mids + 1;
	is($s->put($c, $mid, prefix => ["192.0.2.$mid/32"])->{code}, '2.01',
		"$what: mitigation $mid");
	ok(dots_until(sub { there($t, "192.0.2.$mid") }), "$what: its route");
	push @mids, $mid;
}

# all that was acknowledged, once each
sub all {
	my ($t, $s, $what) = @_;
	my @there = map { $_->{5} } @{($s->get($c) || {})->{cbor}{1}{2} || []};
	is("@there", "@mids", "$what: every mitigation");

	my $rib = dots_rib($t);
	my @routes = $rib =~ m!192\.0\.2\.(\d+)/32!g;
	is(join(' ', sort { $a <=> $b } @routes), "@mids", "$what: every route");
}

sub session {
	my ($t, $what, @args) = @_;
	my $s = dots_session($t, @args);
	like($s->connected(), qr/^connected/, "$what: a session");
	return $s;
}

sub goodbye {
	my ($s, $what) = @_;
	ok(dots_until(sub { $s->command('recv 1000') =~ /^closed/ }),
		"$what: close_notify");
	$s->quit();
}

# sessions whose datagrams nobody takes from their worker
sub whole {
	my ($what, @sessions) = @_;
	my $n = 0;

	foreach my $i (1 .. 10) {
		$n += grep { ($_->get($c, 1, type => 'NON') || {})->{code} eq '2.05' }
			@sessions;
	}

	is($n, 10 * @sessions, "$what: no request is lost");
}

###############################################################################

my $first = start($t);
$t->waitforsocket('127.0.0.1:' . port(8443)) or die;

my $s = session($t, 'before');
my $tcp = session($t, 'before, TCP', transport => 'tcp');
put($t, $s, 'before');
acts($t, $first, 'before');

# ---- the new one takes over while the old one serves, and its manager, which
# lets go of nothing then, stands still

my $still = locked($t);
my $held = at_stop($still);

my ($new, $old) = upgrade($t, 'upgrade');

goodbye($s, 'a session of the old one');
goodbye($tcp, 'over TCP');
is(locked($t), $still, 'upgrade: the old manager has the routes');
at_go($held);
acts($t, $new, 'upgrade');

$s = session($t, 'upgrade');
$tcp = session($t, 'upgrade, TCP', transport => 'tcp');
all($t, $s, 'upgrade');
ok(dots_until(sub { $s->status($c, 1) == 2 }), 'upgrade: status 2');
put($t, $s, 'upgrade');
whole('upgrade', $s, $tcp, map { dots_session($t) } 1 .. 6);

# Workers of both accept on the port of the data channel: those of the old one
# refuse what they may not decide, and no one forgets what was acknowledged.

my %codes;

foreach my $i (1 .. 20) {
	my ($code) = dots_curl($t, 'PUT', "$url/dots-client=x$i",
		body => sprintf($client, "x$i"));
	push @{$codes{$code}}, $i;
}

is(join(' ', grep { !/^(201|503)$/ } keys %codes), '',
	'data channel: done or refused');

my @lost = grep { my $i = $_; !dots_until(sub {
	(dots_curl($t, 'GET', "$url/dots-client=x$i"))[0] == 200 }) }
	@{$codes{201}};
is("@lost", '', 'what was done is there');

my @done = grep { (dots_curl($t, 'GET', "$url/dots-client=x$_"))[0] == 200 }
	@{$codes{503} || []};
is("@done", '', 'what was refused is not');

# ---- the way back: the old master starts its workers again, the new one quits

my @workers = children($old);
dots_kill('WINCH', $old);
ok(gone(@workers), 'WINCH: the old workers leave');
is($s->get($c, 1)->{code}, '2.05', 'WINCH: the session goes on');

dots_kill('HUP', $old);
ok(dots_until(sub { children($old) >= 3 }), 'HUP: the old master has workers');
whole('HUP', $s, $tcp, map { dots_session($t) } 1 .. 4);
acts($t, $new, 'HUP');

my $n = said($t, $again);
dots_kill('QUIT', $new);
goodbye($s, 'back');
goodbye($tcp, 'back, TCP');
ok(dots_until(sub { said($t, $again) > $n }), 'back: the old one takes over');
ok(gone($new), 'back: the new one has ended');
is(pid($t), $old, 'back: the old one is the only one');

$s = session($t, 'back');
all($t, $s, 'back');
put($t, $s, 'back');
acts($t, $old, 'back');

# ---- a binary that can't start, one that dies

$t->write_file_expand('nginx.conf', "$conf nonsense;");
dots_kill('USR2', $old);
ok(dots_until(sub { said($t, 'unknown directive "nonsense') }),
	'a new master that fails');
$t->write_file_expand('nginx.conf', $conf);
ok(dots_until(sub { pid($t) == $old && !pid($t, 1) }), 'has ended');
whole('failed', $s);

($new) = upgrade($t, 'to die');
goodbye($s, 'to die');
$n = said($t, $again);
dots_kill('KILL', $new, children($new));
ok(dots_until(sub { said($t, $again) > $n }), 'died: the old one takes over');
ok(dots_until(sub { pid($t) == $old && !pid($t, 1) }), 'died: its pid file');

$s = session($t, 'died');
all($t, $s, 'died');
put($t, $s, 'died');

# ---- through to the end

($new) = upgrade($t, 'for good');
goodbye($s, 'for good');
dots_kill('QUIT', $old);
ok(gone($old), 'for good: the old master has ended');
acts($t, $new, 'for good');

$s = session($t, 'for good');
all($t, $s, 'for good');
put($t, $s, 'for good');

# ---- a package's upgrade: stop and start

dots_kill('QUIT', $new);
goodbye($s, 'stop');
ok(gone($new), 'stopped');
$new = start($t);

$s = session($t, 'start');
all($t, $s, 'start');
$s->quit();

# ---- no route was withdrawn, and each was announced once

is(join(' ', grep { 1 != dots_monitored($t, "^ROUTE. 192.0.2.$_/32") } @mids),
	'', 'each route was announced once');
is(join(' ', dots_monitored($t, 'DELROUTE')), '', 'and none withdrawn');

my @created = grep { /"cuid":"$c"/ && /"method":"PUT"/ && /"code":"2.01"/ }
	split /\n/, $t->read_file('dots.log');
is(@created, @mids, 'each was created once');

dots_kill('QUIT', $new);
ok(gone($new), 'the end');

###############################################################################
