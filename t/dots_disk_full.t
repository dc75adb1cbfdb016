#!/usr/bin/perl

# A real file system that is full under a running nginx: what is there can be seen,
# changes are refused, nothing that was refused is done, and when there is room
# again all is well, without a restart.  In a mount namespace of the test's own,
# which ends with it.  (Read-only it can't be made: the store is open.)

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

if (!$ENV{DOTS_MOUNTS}) {
	plan(skip_all => 'a file system of its own is for root') if $>;
	dots_has(qw/unshare mount/);
	plan(skip_all => 'no mount namespace here')
		if system('unshare -m mount -t tmpfs none /mnt 2>/dev/null');

	$ENV{DOTS_MOUNTS} = 1;
	exec 'unshare', '-m', $^X, (map { "-I$_" } @INC), $FindBin::Bin
		. '/' . $FindBin::Script or die "unshare: $!\n";
}

my $t = Test::Nginx->new()->has(qw/http http_ssl http_v2 stream udp/);

dots_has(qw/cbor openssl curl gobgpd gobgp/);
$t->plan(37);

dots_pki($t);
dots_gobgpd($t);

my $d = $t->testdir();
mkdir "$d/state" or die;
system('mount', '-t', 'tmpfs', '-o', 'size=1m,mode=0700', 'none', "$d/state")
	== 0 or die "mount\n";

END { system('umount', '-l', "$d/state") if $d }

# what is withdrawn is seen for as long as the test takes

$t->write_file_expand('nginx.conf', dots_conf(workers => 2,
	lifetime => 'default=3600 min=1 max=86400 indefinite=off terminating=300'));
$t->run();
$t->waitforsocket('127.0.0.1:' . port(8443)) or die;

my $c = 'full';

# to the last byte
sub fill {
	my ($dir) = @_;
	open my $fh, '>>', "$dir/state/fill" or die "fill: $!\n";
	foreach my $size (65536, 4096) {
		while (syswrite $fh, 'x' x $size) { }
	}
	$!{ENOSPC} or die "fill: $!\n";
	close $fh;
}

sub client {
	my ($cuid) = @_;
	return qq!{"ietf-dots-data-channel:dots-client":[{"cuid":"$cuid"}]}!;
}

sub register {
	my ($t, $cuid) = @_;
	return (dots_curl($t, 'PUT', dots_data_url("/dots-client=$cuid"),
		body => client($cuid)))[0];
}

sub code {
	my ($t, $method, $path, @more) = @_;
	return (dots_curl($t, $method, dots_data_url($path), @more))[0];
}

sub alias {
	my ($t, $name) = @_;
	return code($t, 'PUT', "/dots-client=$c/aliases/alias=$name", body =>
		qq!{"ietf-dots-data-channel:alias":[{"name":"$name","target-prefix":[!
		. join(',', map { qq!"192.0.2.$_/32"! } 1 .. 250)
		. ']}]}');
}

# of a size that some of them need pages that the file does not have

sub put {
	my ($s, $mid) = @_;
	return $s->put('full', $mid, prefix => [ map {
		sprintf '2001:db8:6401:%x::%x/128', $mid, $_ } 1 .. 40 ])->{code};
}

sub there {
	my ($t, $mid) = @_;
	return dots_rib($t, 'ipv6') =~ sprintf '2001:db8:6401:%x::1/128', $mid;
}

sub manager_sees {
	my ($t, $s, $mid) = @_;
	return dots_until(sub { ($s->status($c, $mid) || 0) == 2 });
}

###############################################################################

my $s = dots_session($t, life => 300);

foreach my $mid (1 .. 3) {
	is($s->put($c, $mid, prefix => ["192.0.2.$mid/32"])->{code}, '2.01',
		"there is room: mitigation $mid");
}

ok(manager_sees($t, $s, 3), 'and it acts');
is(register($t, $c), 201, 'a dots-client');
is(code($t, 'GET', "/dots-client=$c"), 200, 'is there');

# ---- full

foreach my $turn (1, 2) {
	fill($d);

	# what the file has free does for some: until it is used up

	my ($mid, $code, @made) = (100 * $turn);
	while (($code = put($s, ++$mid)) eq '2.01') {
		push @made, $mid;
		die 'never full' if @made > 90;
	}

	is($code, '5.03', "full $turn: 5.03 for mitigation $mid");
	is($s->get($c, $mid)->{code}, '4.04', "full $turn: it is not there");
	ok(!there($t, $mid), "full $turn: nor its route");

	my $n = 0;
	while (($code = alias($t, "n$turn-" . ++$n)) == 201) {
		die 'never full' if $n > 90;
	}

	is($code, 507, "full $turn: 507 for alias $n");
	is(code($t, 'GET', "/dots-client=$c/aliases/alias=n$turn-$n"), 404,
		"full $turn: it is not there");

	is(join(' ', map { $s->get($c, $_)->{code} } 3, @made),
		join(' ', map { '2.05' } 3, @made), "full $turn: all are seen");
	is(code($t, 'GET', "/dots-client=$c"), 200, "full $turn: so is the client");
	is($s->request(method => 'PUT', path => [qw/ .well-known dots hb /],
		type => 'NON', body => Test::DOTS::_map({ 49 => { 51 =>
		\1 } }))->{code}, '2.04', "full $turn: a heartbeat");

	my $withdrawn = $s->delete($c, $turn)->{code};
	like($withdrawn, qr/^(?:2\.02|5\.03)$/, "full $turn: DELETE: $withdrawn");
	is($s->status($c, $turn), $withdrawn eq '2.02' ? 5 : 2,
		"full $turn: and so it is");

	unlink "$d/state/fill" or die;

	is(put($s, $mid), '2.01', "room again $turn: 2.01");
	ok(dots_until(sub { there($t, $mid) }),
		"room again $turn: its route");
	is(alias($t, "n$turn-$n"), 201, "room again $turn: 201");
	is($s->delete($c, $_)->{code}, '2.02', "room again $turn: withdrawn $_")
		foreach $turn, $mid;
}

# what it all leaves is a store

$s->quit();
$t->stop();
like(`$Test::DOTS::BUILD/dots-admin store check $d/state 2>&1`,
	qr/^damaged +0$/m, 'the store is whole');

###############################################################################
