#!/usr/bin/perl

# kill -9 in any state: a worker inside the zone's critical section, in the
# middle of a change of it, before and after the commit; the manager likewise;
# the master alone.  What was acknowledged is there, the zone goes on, no route
# is withdrawn by it.

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

dots_has(qw/cbor openssl gobgpd gobgp/);

plan(skip_all => 'a process can\'t be stopped at a function here')
	unless at_has();

# the master's "exited on signal 9" is an alert
$t->plan(90)->todo_alerts();

dots_pki($t);
dots_gobgpd($t);

my $dir = $t->testdir();
my $conf = dots_conf(workers => 3);
$t->write_file_expand('nginx.conf', $conf);
$t->run();
$t->waitforsocket('127.0.0.1:' . port(8443)) or die;

dots_monitor($t);

sub there { my ($t, $p) = @_; return dots_rib($t) =~ m!\Q$p\E/32! }

# of a master that was killed: nobody else ends them if the test fails

my @orphans;
END { kill 'KILL', @orphans if @orphans }

# ---- killing at a function

my ($c, $session) = 'crash';
my @mids;

sub workers { return at_workers($_[0], 3) }

sub master { return $_[0]->read_file('nginx.pid') + 0 }

sub request {
	my ($s, $method, $mid, %o) = @_;
	$s->send($s->message(method => $method,
		path => Test::DOTS::Session::path($c, $mid),
		$method eq 'PUT' ? (body => dots_mitigate(
			prefix => ["192.0.2.$mid/32"], %o)) : ()));
}

# A session with a worker that is there.  Without a master some of the sockets
# are those of the dead, and which one has a client is a matter of its port: then
# $n begin at once.
sub session {
	my ($t, $n) = @_;

	return dots_until(sub {
		my @s = map { dots_session($t, args => [ '--wait' ]) } 1 .. $n || 1;

		print { $_->{in} } "connect 3000\n" foreach @s;
		my ($up) = grep { $_->connect_end() =~ /^connected/ } @s;
		return $up;
	}) || die "no session\n";
}

sub all {
	my ($t, $s, $what) = @_;
	my @there = map { $_->{5} } @{($s->get($c) || {})->{cbor}{1}{2} || []};
	is("@there", "@mids", "$what: every mitigation");
	is(scalar(grep { there($t, "192.0.2.$_") } @mids), scalar @mids,
		"$what: every route");
}

sub put {
	my ($t, $s, $mid, $code, $what) = @_;
	is($s->put($c, $mid, prefix => ["192.0.2.$mid/32"])->{code}, $code,
		"$what: mitigation $mid");
	ok(dots_until(sub { there($t, "192.0.2.$mid") }), "$what: its route");
	push @mids, $mid unless grep { $_ == $mid } @mids;
}

###############################################################################

my $s = session($t);
put($t, $s, $_, '2.01', 'before') foreach 1, 2;

# A worker dies in the request that reaches the function.  The next one finds
# the request done (settle: it was on the disk) or not done at all.

foreach my $case (
	[ 'dots_registry_put', 'deciding', '2.01' ],
	[ 'ngx_slab_alloc_locked', 'in the middle of a change', '2.01' ],
	[ 'dots_store_commit', 'before the commit', '2.01' ],
	[ 'dots_registry_settle', 'after the commit', '2.04' ])
{
	my ($function, $what, $code) = @$case;
	my $mid = $mids[-1] + 1;
	my @workers = workers($t);

	my @armed = at_arm($function, undef, @workers);
	request($s, 'PUT', $mid);
	is(scalar at_killed(@armed), 1, "$what: a worker is killed");
	$s->quit();

	$s = session($t);
	push @mids, $mid if $code eq '2.04';
	dots_until(sub { $s->get($c, 1)->{code} eq '2.05' });
	all($t, $s, $what) if $code eq '2.01';
	put($t, $s, $mid, $code, $what);
}

# withdrawing, and reading

foreach my $case ([ 'dots_registry_withdraw', 'DELETE' ],
	[ 'dots_registry_get', 'GET' ])
{
	my ($function, $method) = @$case;
	my @workers = workers($t);

	my @armed = at_arm($function, undef, @workers);
	request($s, $method, 1);
	is(scalar at_killed(@armed), 1, "$method: a worker is killed");
	$s->quit();

	$s = session($t);
	ok(dots_until(sub { $s->get($c, 1)->{code} eq '2.05' }),
		"$method: it is there");
	all($t, $s, $method);
}

# What it had begun is in the way of others until somebody notices: who begins in
# its place, not the manager alone, which looks twice a second.

sub died {
	my ($t) = @_;
	return scalar(() = $t->read_file('error.log') =~ /died in \d+ changes/g);
}

# $ask finds a mitigation busy for a worker that was killed
sub busy {
	my ($t, $s, $mid, $what, $pids, $ask) = @_;
	my $manager = at_manager($t);
	my $n = died($t);

	my $stopped = at_stop($manager);

	my @armed = at_arm('dots_store_commit', undef,
		grep { $_ != $manager } @$pids);
	request($s, 'PUT', $mid);
	my ($killed) = at_killed(@armed);
	ok($killed, "$what: a worker is killed");
	$s->quit();
	$s = $ask ? $ask->() : undef;

	ok(dots_until(sub { died($t) > $n }), "$what: it is noticed");
	at_go($stopped);

	return ($s || session($t), $killed);
}

($s) = busy($t, $s, $mids[-1] + 1, 'in its place', [ workers($t) ]);
put($t, $s, $mids[-1] + 1, '2.01', 'in its place');

# Registering on the data channel: the cuid is the customer's then, once, so that
# it is free when the dots-client goes.

sub register {
	my ($t, $method, $cert) = @_;
	return (dots_curl($t, $method, dots_data_url('/dots-client=whose'),
		cert => $cert, args => ['--no-show-error'], $method eq 'PUT'
		? (body => '{"ietf-dots-data-channel:dots-client":'
			. '[{"cuid":"whose"}]}') : ()))[0];
}

# when the zone is whole again
sub registered {
	my ($t, @args) = @_;
	my $code;
	dots_until(sub { ($code = register($t, @args)) !~ /^(?:0+|503)$/ });
	return $code;
}

foreach my $case (
	[ 'dots_registry_bind', 'binding', 201 ],
	[ 'dots_store_commit', 'bound', 201 ],
	[ 'dots_registry_stored', 'stored', 204 ])
{
	my ($function, $what, $code) = @$case;
	my @workers = workers($t);

	my @armed = at_arm($function, undef, @workers);
	register($t, 'PUT', 'a');
	is(scalar at_killed(@armed), 1, "$what: a worker is killed");

	is(registered($t, 'PUT', 'a'), $code, "$what: a dots-client");
	is(registered($t, 'PUT', 'b'), 409, "$what: nobody else's");
	is(registered($t, 'DELETE', 'a'), 204, "$what: it goes");

	# at the latest when the manager has found that somebody died in a change

	ok(dots_until(sub { register($t, 'PUT', 'b') == 201 }),
		"$what: the cuid is free");
	is(registered($t, 'DELETE', 'b'), 204, "$what: and again");
}

$s->quit();
$s = session($t);

# ---- the manager

my $old = at_manager($t);
my @armed = at_arm('dots_registry_report', undef, $old);
is($s->put($c, 50, prefix => ['192.0.2.50/32'])->{code}, '2.01',
	'a mitigation for the manager');
push @mids, 50;
is((at_killed(@armed))[0], $old, 'manager: killed when it reports the status');
ok(dots_until(sub { at_manager($t) != $old }),
	'manager: another one acts');
ok(dots_until(sub { ($s->status($c, 50) || 0) == 2 }), 'manager: status 2');
all($t, $s, 'manager');

is($s->put($c, 51, prefix => ['192.0.2.51/32'])->{code}, '2.01', 'another one');
ok(dots_until(sub { there($t, '192.0.2.51') }), 'with a route');
$old = at_manager($t);
@armed = at_arm('dots_registry_expire', undef, $old);
is($s->put($c, 51, prefix => ['192.0.2.51/32'], lifetime => 1)->{code}, '2.04',
	'that is over soon');
is((at_killed(@armed))[0], $old, 'manager: killed when it is over');
ok(dots_until(sub { $s->get($c, 51)->{code} eq '4.04' }), 'manager: it is over');
ok(dots_until(sub { !there($t, '192.0.2.51') }), 'manager: so is its route');
all($t, $s, 'over');

# ---- a process dies with the lock, many times, at any moment

my $served = 0;

foreach my $i (1 .. 10) {
	my @workers = workers($t);
	request($s, 'PUT', 1) foreach 1 .. 3;
	dots_kill('KILL', $workers[rand @workers], $i % 3 ? () : at_manager($t));
	$s->quit();
	$s = session($t);
	$served += dots_until(sub { $s->get($c, 1)->{code} eq '2.05' }) ? 1 : 0;
}

is($served, 10, 'at random: served each time');
all($t, $s, 'at random');

# A request may still wait in a worker for what another one had begun: it is none
# of those below that a worker is killed for.

my @before = workers($t);
dots_kill('KILL', @before);
$s->quit();
ok(dots_until(sub {
	my @now = workers($t);
	return !grep { my $pid = $_; grep { $_ == $pid } @now } @before;
}), 'every worker: others are there');

$s = session($t);
ok(dots_until(sub { $s->get($c, 1)->{code} eq '2.05' }),
	'every worker: served');

# ---- the master alone: its workers go on

my $master = master($t);
@orphans = dots_workers($t);
dots_kill('KILL', $master);
waitpid $master, 0;

is($s->get($c, 1)->{code}, '2.05', 'no master: the session goes on');
put($t, $s, 60, '2.01', 'no master');

# nobody takes the place of one that dies: who waits for what it had begun looks

my $dead;

($s, $dead) = busy($t, $s, 63, 'no master', \@orphans, sub {
	my $s = session($t, 8);
	request($s, 'PUT', 63);
	return $s;
});
is(($s->recv() || {})->{code}, '2.01', 'no master: mitigation 63');
push @mids, 63;

# nobody frees the lock for them

my ($worker) = do {
	my $manager = at_manager($t);
	my @armed = at_arm('dots_registry_put', undef,
		grep { $_ != $manager && $_ != $dead } @orphans);
	request($s, 'PUT', 61);
	at_killed(@armed);
};
ok($worker, 'no master: a worker dies with the lock');
$s->quit();

$s = session($t, 8);
ok(dots_until(sub { $s->get($c, 1)->{code} eq '2.05' }),
	'no master: the other one goes on');
all($t, $s, 'no master');

# Another nginx begins: the orphans leave it their clients.  Their TCP ports are
# taken, its own are others.

$conf =~ s/127\.0\.0\.1:8446/127.0.0.1:8447/;
$conf =~ s/127\.0\.0\.1:8443/127.0.0.1:8444/;
unlink "$dir/nginx.pid";
$t->write_file_expand('nginx.conf', $conf);
$t->run();

ok(dots_until(sub { !grep { $_ != $worker && $_ != $dead
	&& kill 0, $_ } @orphans }),
	'another nginx: the orphans leave');

# whatever it has said before

my $line;
do { $line = $s->command('recv 60000') } while $line =~ /^recv/;

is($line, 'closed', 'another nginx: with close_notify');
$s->quit();

my @sessions = map { dots_session($t) } 1 .. 8;
is(scalar(grep { $_->connected() =~ /^connected/
	&& $_->get($c, 1)->{code} eq '2.05' } @sessions), 8,
	'another nginx: every client is served');
all($t, $sessions[0], 'another nginx');
put($t, $sessions[1], 62, '2.01', 'another nginx');
$_->quit() foreach @sessions;

@orphans = ();

# ---- no route but that of the one that was over was ever withdrawn

is(join(' ', dots_monitored($t, 'DELROUTE')), 'DELROUTE] 192.0.2.51/32',
	'one route was withdrawn');
is(join(' ', grep { 1 != dots_monitored($t, "^ROUTE. 192.0.2.$_/32") } @mids),
	'', 'each was announced once');

###############################################################################
