#!/usr/bin/perl

# What was acknowledged survives: kill -9 of every process, of gobgpd, and a
# configuration that takes prefixes away.

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

dots_has(qw/cbor openssl gobgpd gobgp curl dnsmasq/);
$t->plan(26)->todo_alerts();

dots_pki($t);
dots_dns($t);

my $gobgpd = dots_gobgpd($t);

$t->write_file_expand('nginx.conf', dots_conf(workers => 2));
$t->run();

###############################################################################

# $t is handed over: a sub that holds it would outlive Test::More

sub there { my ($t, $p) = @_; return dots_rib($t) =~ m!\Q$p\E/32! }

sub kill_nginx {
	my ($t) = @_;
	my ($master) = $t->read_file('nginx.pid') =~ /(\d+)/;
	my @pids = ($master, dots_workers($t));
	dots_kill('KILL', @pids);
	waitpid $master, 0;
	dots_until(sub { !grep { kill 0, $_ } @pids[1 .. $#pids] });
	unlink $t->testdir() . '/nginx.pid';
}

my $c = 'durable';
my $a = dots_session($t);

is($a->put($c, 1, prefix => ['192.0.2.1/32'], lifetime => 3600)->{code}, '2.01',
	'acknowledged');

# right after the answer

kill_nginx($t);
$t->run();

$a = dots_session($t);
like($a->connected(), qr/^connected/, 'a new session after kill -9');

my $m = $a->get($c, 1);
is($m->{code}, '2.05', 'the mitigation is there');
cmp_ok($m->{cbor}{1}{2}[0]{14}, '>', 3500, 'with its remaining lifetime');
is($a->put($c, 1, prefix => ['192.0.2.1/32'], lifetime => 3600)->{code}, '2.04',
	'and can be refreshed');
ok(dots_until(sub { there($t, '192.0.2.1') }), 'so is its route');
ok(dots_until(sub { $a->status($c, 1) == 2 }), 'status 2 again');

# a withdrawal survives, too

is($a->put($c, 2, prefix => ['192.0.2.2/32'])->{code}, '2.01', 'a second one');
ok(dots_until(sub { there($t, '192.0.2.2') }), 'with its route');
is($a->delete($c, 2)->{code}, '2.02', 'withdrawn');

kill_nginx($t);
$t->run();
$a = dots_session($t);

ok(dots_until(sub { $a->get($c, 2)->{code} eq '4.04' }), 'stays withdrawn');
ok(dots_until(sub { !there($t, '192.0.2.2') }), 'its route is gone');
ok(there($t, '192.0.2.1'), 'the other one is not');

# a worker alone: the others go on, nothing is lost

my ($master) = $t->read_file('nginx.pid') =~ /(\d+)/;
my @workers = dots_workers($t);
dots_kill('KILL', @workers);
ok(dots_until(sub { my @now = dots_workers($t); @now >= @workers
	&& !grep { my $p = $_; grep { $_ == $p } @workers } @now }),
	'the master starts others');

$a = dots_session($t);
is($a->get($c, 1)->{code}, '2.05', 'the mitigation is there');
is($a->put($c, 3, prefix => ['192.0.2.3/32'])->{code}, '2.01', 'a new one');
ok(dots_until(sub { there($t, '192.0.2.3') }), 'its route');

# gobgpd goes and comes back: all routes are back

dots_kill('KILL', $gobgpd);
waitpid $gobgpd, 0;
@{$t->{_daemons}} = grep { $_ != $gobgpd } @{$t->{_daemons}};

is($a->put($c, 4, prefix => ['192.0.2.4/32'])->{code}, '2.01',
	'accepted while gobgpd is away');
is($a->status($c, 4), 1, 'status 1 meanwhile');

dots_gobgpd($t);

ok(dots_until(sub { there($t, '192.0.2.1') && there($t, '192.0.2.3')
	&& there($t, '192.0.2.4') }), 'all routes are back');
ok(dots_until(sub { $a->status($c, 4) == 2 }), 'status 2');

# a route of the operator's stays his

dots_gobgp($t, qw! global rib add -a ipv4 192.0.2.200/32 nexthop 10.0.0.1 !);
is($a->put($c, 5, prefix => ['192.0.2.200/32'])->{code}, '2.01',
	'accepted: the daemon decides');
ok(dots_until(sub { $a->status($c, 5) == 7 }), 'status 7: refused for good');
like(dots_rib($t), qr!192\.0\.2\.200/32\s+10\.0\.0\.1!, 'his route is as before');

# today's policy: the customer lost the prefix

$a->quit();
$t->stop();

my $conf = dots_conf(workers => 2);
$conf =~ s!192\.0\.2\.0/24!192.0.2.0/31!;
$t->write_file_expand('nginx.conf', $conf);
$t->run();

ok(dots_until(sub { there($t, '192.0.2.1') && !there($t, '192.0.2.3')
	&& !there($t, '192.0.2.4') }), 'what is not his any more is withdrawn');

# the master says that workers were killed, and nothing else is an alert

is(join("\n", grep { !/exited on signal 9/ }
	$t->read_file('error.log') =~ /.+\[alert\].+/gm), '', 'no other alerts');

###############################################################################
