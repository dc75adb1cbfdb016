#!/usr/bin/perl

# Allocations fail in workers and manager: a request is refused or lost, nothing
# crashes, nothing that was acknowledged is wrong.  DOTS_SEED repeats a run.

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

plan(skip_all => 'the sanitizer has its own allocator')
	if ($ENV{DOTS_BUILD} || '') =~ /sanitize/;

my $t = Test::Nginx->new()->has(qw/http http_ssl http_v2 stream udp/);

dots_has(qw/cbor openssl gobgpd gobgp curl/);

$t->plan(33);

dots_pki($t);
dots_gobgpd($t);

my $dir = $t->testdir();
my $fault = "$dir/fault";
mkdir $fault;

my $seed = $ENV{DOTS_SEED} || int rand 0x7fffffff;
diag("DOTS_SEED=$seed") if $ENV{TEST_NGINX_VERBOSE};
srand $seed;

# one of so many allocations fails; workers have the file mapped
sub memory {
	my ($one_in) = @_;
	open my $fh, -e "$fault/memory" ? '+<' : '>', "$fault/memory" or die;
	print $fh pack('LL', $one_in, $seed);
	close $fh;
}

memory(0);

$t->write_file_expand('nginx.conf', dots_conf(workers => 2));

{
	local $ENV{LD_PRELOAD} = "$Test::DOTS::BUILD/tools/preload_memory.so";
	local $ENV{DOTS_FAULT} = $fault;

	# no address space that is set aside for threads

	local $ENV{MALLOC_ARENA_MAX} = 1;
	$t->run();
}

$t->waitforsocket('127.0.0.1:' . port(8443)) or die;

my ($c, $url) = ('memory', dots_data_url());
my $client = '{"ietf-dots-data-channel:dots-client":[{"cuid":"%s"}]}';

sub there { my ($t, $p) = @_; return dots_rib($t) =~ m!\Q$p\E/32! }

# what was acknowledged: mid => 1, 0 (withdrawn), undef (nobody knows)
my (%mids, %clients, %codes);

sub ask {
	my ($s, $method, $mid) = @_;
	my $m = $method eq 'PUT' ? $s->put($c, $mid,
		prefix => ["192.0.2.$mid/32"]) : $s->delete($c, $mid);
	my $code = $m ? $m->{code} : 'none';
	$codes{$code}++;
	note("$method $mid: $code $m->{body}") if $code =~ /^4/;

	if ($code =~ /^2/) {
		$mids{$mid} = $method eq 'PUT' ? 1 : 0;

	} elsif ($code eq 'none') {
		$mids{$mid} = undef;
	}

	return $code ne 'none';
}

sub register {
	my ($t, $name) = @_;
	my ($code, $body) = dots_curl($t, 'PUT', "$url/dots-client=$name",
		body => sprintf($client, $name), args => [ '--max-time', 2 ]);
	$codes{"data $code"}++;
	note("$name: $code $body") if $code =~ /^4/;
	$clients{$name} = $code =~ /^2/ ? 1 : $code =~ /^[45]/ ? 0 : undef;
}

sub session {
	my ($t) = @_;
	my $s = dots_session($t, args => [ '--timeout', 500 ]);
	$s->{patience} = 500;
	return $s->connected() =~ /^connected/ ? $s : undef;
}

###############################################################################

my $s = dots_until(sub { session($t) });
delete $s->{patience};
is(ask($s, 'PUT', $_), 1, "mitigation $_") foreach 1, 2;
ok(dots_until(sub { there($t, '192.0.2.2') }), 'its route');
register($t, 'x0');

my @before = sort { $a <=> $b } dots_workers($t);

# requests at random; returns how many were not done
sub some {
	my ($t, $n, $s) = @_;

	%codes = ();
	$s->{patience} = 500 if $s;

	for my $i (1 .. $n) {
		$s ||= session($t) or next;
		my $mid = 1 + int rand 20;

		# what had no answer may still be done after what comes later

		next if exists $mids{$mid} && !defined $mids{$mid};

		unless (ask($s, rand() < 0.7 ? 'PUT' : 'DELETE', $mid)) {
			$s->quit();
			undef $s;
		}

		register($t, 'x' . int rand 0x7fffffff) unless $i % 6;
	}

	$s->quit() if $s;

	note(join ' ', map { "$_:$codes{$_}" } sort keys %codes);
	return grep { !/2\d\d$|2\.0\d/ } keys %codes;
}

# there is memory again
sub check {
	my ($t, $what) = @_;

	my $s = dots_until(sub { session($t) });
	ok($s, "$what: served again");

	# nothing is lost any more

	delete $s->{patience};

	is(join(' ', sort { $a <=> $b } dots_workers($t)), "@before",
		"$what: nobody died");

	my %there = map { $_->{5} => $_->{16} }
		@{($s->get($c) || {})->{cbor}{1}{2} || []};

	is(join(' ', grep { $mids{$_} && ($there{$_} || 6) > 2 } keys %mids), '',
		"$what: what was acknowledged is there");
	is(join(' ', grep { defined $mids{$_} && !$mids{$_}
		&& ($there{$_} || 5) != 5 } keys %mids), '',
		"$what: what was withdrawn is not");
	is(join(' ', grep { defined $clients{$_} && $clients{$_}
		!= ((dots_curl($t, 'GET', "$url/dots-client=$_"))[0] == 200) }
		keys %clients), '', "$what: so on the data channel");

	ok(dots_until(sub { !grep { $mids{$_} && !there($t, "192.0.2.$_") }
		keys %mids }), "$what: the routes follow");

	return $s;
}

my $failed = 0;

foreach my $one_in (5000, 1000, 300) {
	memory($one_in);
	$failed += some($t, 60, $s);
	memory(0);
	$s = check($t, "1 of $one_in");
}

ok($failed, 'some were refused or lost');

# no more than what the workers have: their address space may not grow

my @rest;

SKIP: {
	skip 'no prlimit', 8 unless grep { -x "$_/prlimit" } split(/:/, $ENV{PATH});

	foreach my $pid (@before) {
		my ($kb) = `cat /proc/$pid/status` =~ /^VmSize:\s+(\d+)/m;
		system('prlimit', '--pid', $pid, '--as=' . $kb * 1024 . ':') == 0
			or die;
	}

	# sessions until there is room for none

	foreach my $i (1 .. 150) {
		my $s = session($t) or last;
		push @rest, $s;
	}

	cmp_ok(scalar @rest, '<', 150, @rest . ' sessions exhaust the memory');
	is(scalar(grep { ($_->get($c, 1) || { code => '4.04' })->{code}
		!~ /^(2.05|4.04|5.0\d)$/ } @rest), 0, 'they are answered, or refused');

	some($t, 30);
	$_->quit() foreach @rest;

	system('prlimit', '--pid', $_, '--as=unlimited:') foreach @before;
	$s = check($t, 'limit');
}

is($s->put($c, 1, prefix => ['192.0.2.1/32'])->{code} =~ /^2/, 1,
	'as if nothing had been');
unlike($t->read_file('error.log'), qr/exited on signal/, 'no process crashed');

# nginx's own alerts of what fails for want of memory: chance makes some or none

my @alerts = $t->read_file('error.log') =~ /.+\[alert\].+/g;
is(join("\n", grep { !/SSL|alloc|memory/i } @alerts), '', 'no other alerts');
$t->todo_alerts() if @alerts;

$s->quit();

###############################################################################
