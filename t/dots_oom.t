#!/usr/bin/perl

# The kernel kills a process of nginx that needs more memory than there is: what
# was acknowledged is there, its routes have not moved, and its place is taken.  In
# a memory cgroup of the test's own, which ends with it.

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

my ($group, $made);

sub knob {
	my ($name, $value) = @_;
	open my $fh, '>', "$group/$name" or return 0;
	return (print $fh $value) && close $fh;
}

# version 1 has a hierarchy for memory, of version 2 we take a group that is ours
foreach my $root ('/sys/fs/cgroup/memory', '/sys/fs/cgroup') {
	$group = "$root/dots-test-$$";
	last if $made = !$> && -e "$root/cgroup.procs" && mkdir $group;
}

END { rmdir $group if $made }

my $limit = (grep { $made && -w "$group/$_" } qw/ memory.limit_in_bytes
	memory.max /)[0];

plan(skip_all => 'no memory cgroup for us here') unless $limit;

my $t = Test::Nginx->new()->has(qw/http http_ssl http_v2 stream udp/);

dots_has(qw/cbor openssl curl gobgpd gobgp/);

# the master's "exited on signal 9" is an alert
$t->plan(17)->todo_alerts();

dots_pki($t);
dots_gobgpd($t);

$t->write_file_expand('nginx.conf', dots_conf(workers => 1,
	dots => 'limit_source handshakes=off requests=off;'));
$t->run();
$t->waitforsocket('127.0.0.1:' . port(8443)) or die;

dots_monitor($t);

# ---- who is killed

sub worker { return (at_workers($_[0], 1))[0] }

# what it has already counts elsewhere: the limit is for what it takes from now on
sub confine {
	my ($pid, $bytes) = @_;
	return knob($limit, $bytes) && unswapped($bytes)
		&& knob('cgroup.procs', $pid);
}

# where there is swap it would be slow instead of killed
sub unswapped {
	my ($bytes) = @_;
	my %knobs = ('memory.memsw.limit_in_bytes' => $bytes,
		'memory.swap.max' => 0);
	return !grep { -e "$group/$_" && !knob($_, $knobs{$_}) } keys %knobs;
}

sub killed {
	my ($t, $pid) = @_;
	return $t->read_file('error.log') =~ /process $pid exited on signal 9/;
}

sub kills {
	open my $fh, '<', "$group/" . ($limit eq 'memory.max' ? 'memory.events'
		: 'memory.oom_control') or return 0;
	return (map { /^oom_kill (\d+)/ ? $1 : () } <$fh>)[0];
}

###############################################################################

my $c = 'oom';
my $s = dots_session($t);

foreach my $mid (1 .. 3) {
	is($s->put($c, $mid, prefix => ["192.0.2.$mid/32"])->{code}, '2.01',
		"mitigation $mid");
}

ok(dots_until(sub { $s->status($c, 3) == 2 }), 'and it acts');

# ---- a worker: sessions take memory

my $pid = worker($t);
ok(confine($pid, 1048576), 'a worker that may have 1 MB more');

my @sessions;

foreach (1 .. 200) {
	last if killed($t, $pid);
	push @sessions, dots_session($t, life => 30);
}

ok(dots_until(sub { killed($t, $pid) }), 'too many sessions: it is killed');
is(kills(), 1, 'by the kernel');

undef @sessions;
$s->quit();

ok(dots_until(sub { my $new = worker($t); $new && $new != $pid }),
	'another one has its place');

$s = dots_session($t);
is(join(' ', map { $s->get($c, $_)->{code} } 1 .. 3), '2.05 2.05 2.05',
	'what was acknowledged is there');
is($s->put($c, 4, prefix => ['192.0.2.4/32'])->{code}, '2.01', 'and more');
ok(dots_until(sub { $s->status($c, 4) == 2 }), 'which acts');

# ---- the manager: what it has to do takes memory

$pid = at_manager($t);
ok(confine($pid, 65536), 'a manager that may have 64 KB more');

my @acknowledged;

foreach my $mid (10 .. 109) {
	last if killed($t, $pid);
	push @acknowledged, $mid if $s->put($c, $mid, prefix => [ map {
		sprintf '2001:db8:6401:%x::%x/128', $mid, $_ } 1 .. 30 ])->{code}
		eq '2.01';
}

ok(dots_until(sub { killed($t, $pid) }), 'too many routes: it is killed');
is(kills(), 2, 'by the kernel');

my %routed;

ok(dots_until(sub {
	%routed = map { hex $_ => 1 }
		dots_rib($t, 'ipv6') =~ /2001:db8:6401:([0-9a-f]+)::1e\/128/g;
	return !grep { !$routed{$_} } @acknowledged;
}), 'another one does all that was acknowledged');

ok(dots_until(sub { !grep { ($s->status($c, $_) || 0) != 2 } @acknowledged }),
	'and says so');
is(scalar(dots_monitored($t, qr/DELROUTE/)), 0, 'no route has moved');

$s->quit();

###############################################################################
