#!/usr/bin/perl

# The signal channel of RFC 9132 over UDP and TCP, with one and two workers, and
# over a network that loses 30 % of the datagrams of either direction and repeats
# as many, those of the handshake included: the steps are in
# lib/Test/DOTS/Suite.pm.

###############################################################################

use warnings;
use strict;

use Test::More;

BEGIN { use FindBin; chdir($FindBin::Bin); }

use lib 'lib';
use Test::DOTS;
use Test::DOTS::Suite;
use Test::Nginx;

###############################################################################

select STDERR; $| = 1;
select STDOUT; $| = 1;

my @variants = map { my $workers = $_;
	map { { workers => $workers, %$_ } }
	{ transport => 'udp' }, { transport => 'tcp' },
	{ transport => 'udp', loss => 30, seed => 7 * $workers - 7 - 7 }
	} 1, 2;

my $t = Test::Nginx->new()->has(qw/http http_ssl http_v2 stream udp/);

dots_has(qw/cbor openssl gobgpd gobgp/);

my @steps = suite_steps();

$t->plan(@variants * (@steps + 2));

dots_pki($t);

###############################################################################

my $expected = {
	clients => {
		a => {
			5 => mitigation(5, [ '192.0.2.100/32' ]),
			11 => mitigation(11, [ '192.0.2.7/32', '192.0.2.9/32' ]),
			40 => mitigation(40, [ '203.0.113.5/32' ]),
			50 => { %{mitigation(50, [ '192.0.2.50/32' ])}, 16 => 8, 45 => 0 },
			60 => mitigation(60, [ map { "192.0.2.$_/32" } 160 .. 199 ]) },
		b => { map { 100 + $_ => mitigation(100 + $_,
			[ "198.51.100.$_/32" ]) } 20 .. 59 },
		small => { map { $_ => mitigation($_, [ "198.51.100.20$_/32" ]) }
			1, 2 } },
	routes => [ sort('192.0.2.7/32', '192.0.2.9/32', '192.0.2.100/32',
		'203.0.113.5/32', '198.51.100.201/32', '198.51.100.202/32',
		map({ "192.0.2.$_/32" } 160 .. 199),
		map({ "198.51.100.$_/32" } 20 .. 59)) ] };

variant($_) foreach @variants;

undef $t;

###############################################################################

sub mitigation {
	my ($mid, $prefixes) = @_;
	return { 5 => $mid, 6 => $prefixes, 16 => 2 };
}

sub variant {
	my ($o) = @_;

	my $name = "$o->{transport}, workers: $o->{workers}"
		. ($o->{loss} ? ", $o->{loss} % lost and repeated" : '');

	# nothing of the variant before it

	unlink grep { -f } map { glob $t->testdir() . "/$_" }
		qw! state/* dots.log !;

	my $gobgpd = dots_gobgpd($t);
	$t->write_file_expand('nginx.conf', suite_conf($t, $o->{workers}));
	$t->run();

	my $v = suite_open($t, %$o, gobgpd => $gobgpd);

	foreach my $step (@steps) {
		my ($section, $what, $code) = @$step;
		subtest "$name: $section, $what" => sub {
			eval { $code->($v); 1 } or fail("died: $@");
			done_testing();
		};
	}

	my $state;

	dots_until(sub { $state = suite_state($v);
		!grep { $_->{16} == 1 } map { values %$_ }
		values %{$state->{clients}} });
	is_deeply($state, $expected, "$name: the state at the end");

	my ($acknowledged, $logged);

	dots_until(sub { ($acknowledged, $logged) = suite_audit($v);
		@$logged >= @$acknowledged });
	is_deeply($logged, $acknowledged,
		"$name: RFC 7252 section 4.5, each change was made once");

	undef $v;
	$t->stop();
	$t->stop_daemons();
}

###############################################################################
