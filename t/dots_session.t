#!/usr/bin/perl

# The session's configuration over DTLS: RFC 9132 section 4.5.

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
$t->plan(46);

dots_pki($t);

$t->write_file_expand('nginx.conf', dots_conf(workers => 2));
$t->run();

###############################################################################

my %keys = (33 => 'heartbeat-interval', 37 => 'missing-hb-allowed',
	50 => 'probing-rate', 38 => 'max-retransmit', 39 => 'ack-timeout',
	40 => 'ack-random-factor');

# Figure 20: min, max, current; the probing-rate is section 4.5.2's default

my %recommended = ('heartbeat-interval' => '15..240/30',
	'missing-hb-allowed' => '3..20/15', 'probing-rate' => '5..20/5',
	'max-retransmit' => '2..15/3', 'ack-timeout' => '1.00..30.00/2.00',
	'ack-random-factor' => '1.10..4.00/1.50');

my $a = dots_session($t, transport => 'udp');
my $m;

$m = config($a, 'GET', undef, type => 'CON');
is($m->{code}, '2.05', 'the configuration of the server');
is($m->{type}, 2, 'in the ACK, 4.5');
is($m->{format}, 271, 'as application/dots+cbor');
is($m->{max_age}, 3600, 'Max-Age, 4.5.3');
is_deeply(set($m, 32), \%recommended, 'mitigating-config, Figure 20');
is_deeply(set($m, 44), \%recommended, 'idle-config, Figure 20');

is(config($a, 'GET', 123)->{code}, '4.04', 'a sid that is not installed');

# Figure 23

my $figure_23 = { 30 => { 32 => { 33 => { 36 => 30 }, 37 => { 36 => 15 },
	50 => { 36 => 15 }, 38 => { 36 => 3 } },
	44 => { 33 => { 36 => 0 }, 38 => { 36 => 3 } } } };

$m = config($a, 'PUT', 123, type => 'CON', body => $figure_23);
is($m->{code}, '2.01', 'Figure 23');
is($m->{body}, '', 'with an empty answer');
is(config($a, 'PUT', 123, body => $figure_23)->{code}, '2.04', 'and again');

$m = config($a, 'GET', 123);
is($m->{code}, '2.05', 'what was negotiated');
is(set($m, 32)->{'probing-rate'}, '5..20/15', 'what was asked for');
is(set($m, 44)->{'heartbeat-interval'}, '15..240/0', 'no heartbeats when idle');
is(set($m, 44)->{'probing-rate'}, '5..20/5', 'the rest is the default');

# "applicable to a single DOTS signal channel session": not to the next

my $other = dots_session($t, transport => 'udp');
is(config($other, 'GET', 123)->{code}, '4.04', 'another session has none');
is_deeply(set(config($other, 'GET'), 44), \%recommended, 'but the default');

# unacceptable: 4.22 that says why; nothing changes

$m = config($a, 'PUT', 124, body => { 30 => { 44 => { 33 => { 36 => 14 } } } });
is($m->{code}, '4.22', 'too short an interval');
like($m->{body}, qr/heartbeat-interval of idle-config: 14 .*15 to 240/,
	'with the range');
is(config($a, 'GET', 123)->{code}, '2.05', 'the old one stays');

# a decimal of three digits as tag 4 [-3, 2500]; text is none

$m = config($a, 'PUT', 124,
	raw => "\xa1\x18\x1e\xa1\x18\x2c\xa1\x18\x27\xa1\x18\x2b"
		. "\xc4\x82\x22\x19\x09\xc4");
is($m->{code}, '2.01', 'a decimal with another exponent');
is(set(config($a, 'GET', 124), 44)->{'ack-timeout'}, '1.00..30.00/2.50',
	'two fraction digits');
is(config($a, 'GET', 123)->{code}, '4.04', 'the lower sid is gone');

# 4.00 names what is wrong

foreach my $case (
	[ 'a lower sid', 123, {}, qr/sid 123 is lower than 124/ ],
	[ 'no sid', undef, {}, qr/sid is missing/ ],
	[ 'nothing in it', 125, { body => { 30 => {} } }, qr/heartbeat-interval/ ],
	[ 'a minimum', 125, { body => { 30 => { 44 => { 33 => { 35 => 15 } } } } },
		qr/min-value/ ],
	[ 'an unknown attribute', 125,
		{ body => { 30 => { 44 => { 127 => 1 } } } }, qr/127/ ],
	[ 'a cuid', 125, { more => ['cuid=x'] }, qr/cuid/ ])
{
	my ($name, $sid, $o, $re) = @$case;

	$m = config($a, 'PUT', $sid, body => $figure_23, %$o);
	is($m->{code}, '4.00', $name);
	like($m->{body}, $re, "$name is said");
}

# the attributes of RFC 9362 are ignored

is(config($a, 'PUT', 126, body => { 30 => { 44 => { 33 => { 36 => 60 },
	32776 => { 36 => 10 } } } })->{code}, '2.01', 'max-payloads is ignored');

# Observe, 4.5.3

$m = config($a, 'GET', undef, token => 'conf', options => [ [ 6, '' ] ]);
ok($m->{options}{6}, 'observed');
is(config($a, 'DELETE', 126, type => 'CON')->{code}, '2.02', 'deleted');
$m = $a->notification('conf');
is($m->{code}, '2.05', 'a notification of the change');
is_deeply(set($m, 44), \%recommended, 'the defaults again');
is(config($a, 'DELETE')->{code}, '2.02', 'without a sid, 4.5.4');

# the provider's values, after a reload

$t->write_file_expand('nginx.conf', dots_conf(workers => 2,
	dots => 'session_config heartbeat-interval=20..100/0 max-age=10m;'
		. ' session_config mitigating heartbeat-interval=15..30/20'
		. ' ack-timeout=1.5..3/2;'));

# (a session that begins while old workers leave may be cut off)

my @old = dots_workers($t);
$t->reload();
dots_until(sub { !grep { kill 0, $_ } @old });

ok(dots_until(sub {
	$other = dots_session($t, transport => 'udp');
	$m = config($other, 'GET');
	return $m && ($m->{max_age} || 0) == 600;
}), 'a new Max-Age');
is(set($m, 32)->{'heartbeat-interval'}, '15..30/20', 'of mitigating-config');
is(set($m, 44)->{'heartbeat-interval'}, '20..100/0', 'of idle-config');
is(set($m, 32)->{'ack-timeout'}, '1.50..3.00/2.00', 'a decimal');
is(set($m, 44)->{'ack-timeout'}, '1.00..30.00/2.00', 'of the other set');
is(config($other, 'PUT', 1, body => { 30 => { 44 => { 33 => { 36 => 19 } } } })
	->{code}, '4.22', 'the range is the new one');

###############################################################################

sub config {
	my ($s, $method, $sid, %o) = @_;

	my $body = delete $o{body};
	my $raw = delete $o{raw};

	$raw = Test::DOTS::_map($body) if !defined $raw && defined $body;

	return $s->request(method => $method, path => [ '.well-known', 'dots',
		'config', @{delete $o{more} || []},
		defined $sid ? "sid=$sid" : () ],
		defined $raw ? (body => $raw) : (), %o);
}

# one set as "min..max/current" by attribute

sub set {
	my ($m, $set) = @_;

	my $values = $m->{cbor}{30}{$set} or return;
	my %set;

	foreach my $key (keys %$values) {
		my $v = $values->{$key};
		$set{$keys{$key}} = exists $v->{43}
			? sprintf('%.2f..%.2f/%.2f', $v->{42}, $v->{41}, $v->{43})
			: "$v->{35}..$v->{34}/$v->{36}";
	}

	return \%set;
}

###############################################################################
