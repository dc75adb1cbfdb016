#!/usr/bin/perl

# A server-domain gateway (RFC 9132 section 4.4.1.2): the limits are those of the
# customer that the cdid names, on both transports, and one relayed customer
# takes nothing from another.

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
$t->plan(45);

dots_pki($t);

# a burst is ten seconds' worth: 5 requests of each relayed customer, 10 of the
# gateway itself and of its address

$t->write_file_expand('nginx.conf', dots_conf(workers => 2,
	dots => 'limit_source requests=60r/m;'
	. ' session_config heartbeat-interval=1..60/60 missing-hb-allowed=2..20/2'
	. ' probing-rate=5..10000/10000;',
	customers => <<'EOC'));
    customer gate_udp {
        identity  dns:client.example.com;
        gateway;
        prefix    192.0.2.0/25;
        mitigate  rtbh;
        limits    rate=60r/m;
    }

    customer gate_tcp {
        identity  dns:client.example.net;
        gateway;
        prefix    192.0.2.128/25;
        mitigate  rtbh;
        limits    rate=60r/m;
    }

    customer one_udp {
        identity  cdid:one-udp;
        prefix    198.51.100.0/26;
        mitigate  rtbh;
        limits    rate=30r/m mitigations=2 observers=1;
    }

    customer two_udp {
        identity  cdid:two-udp cdid:two-also-udp;
        prefix    198.51.100.64/26;
        mitigate  rtbh;
        limits    observers=1;
    }

    customer one_tcp {
        identity  cdid:one-tcp;
        prefix    198.51.100.128/26;
        mitigate  rtbh;
        limits    rate=30r/m mitigations=2 observers=1;
    }

    customer two_tcp {
        identity  cdid:two-tcp cdid:two-also-tcp;
        prefix    198.51.100.192/26;
        mitigate  rtbh;
        limits    observers=1;
    }

    customer gate_lost {
        identity  dns:stranger.example.org;
        gateway;
    }

    customer many {
        identity  cdid:many;
        prefix    203.0.113.0/25;
        mitigate  rtbh;
    }

    customer few {
        identity  cdid:few;
        prefix    203.0.113.128/25;
        mitigate  rtbh;
    }
EOC
$t->run();

my %net = (udp => 0, tcp => 128);
my %cert = (udp => 'a', tcp => 'b');
my %from = (udp => '127.0.0.10', tcp => '127.0.0.11');

###############################################################################

foreach my $transport (qw/ udp tcp /) {
	my ($g, $second) = map { dots_session($t, transport => $transport,
		cert => $cert{$transport}, args => [ '--bind', $from{$transport} ]) }
		1 .. 2;

	my $relay = sub {
		my ($s, $method, $name, $mid, %o) = @_;
		return $s->request(method => $method, path => [ '.well-known', 'dots',
			'mitigate', "cdid=$name-$transport", "cuid=$name-$transport",
			defined $mid ? "mid=$mid" : () ], %o) || { code => 'none' };
	};
	my $address = sub { return '198.51.100.' . ($net{$transport} + $_[0]) };
	my $put = sub {
		my ($name, $mid, $host) = @_;
		return $relay->($g, 'PUT', $name, $mid, body => dots_mitigate(
			prefix => [ $address->($host) . '/32' ]))->{code};
	};
	my $observes = sub {
		my ($s, $name, $token) = @_;
		return defined $relay->($s, 'GET', $name, undef, token => $token,
			options => [ [ 6, '' ] ])->{options}{6};
	};

	# What is asked right after a refusal is refused; a slow machine gives the
	# customer something in between: then again.

	my $refused = sub {
		my ($ask) = @_;
		my $code = '';
		foreach (1 .. 50) {
			last if ($code = $ask->()->{code}) eq '4.29';
		}
		return $code;
	};

	is($put->('one', 1, 1), '2.01', "$transport: one of the customers");
	is($put->('two', 1, 65), '2.01', 'another');
	is($put->('one', 2, 2), '2.01', 'two mitigations');
	is($put->('one', 3, 3), '5.03', '4.4.1.2: its limit of them');
	is($put->('two', 2, 66), '2.01', 'is not that of the other');

	ok($observes->($g, 'two', 'w2'), 'an observer');
	ok(!$observes->($second, 'two', 'w2'), '4.4.1.2: its limit of them, in all '
		. 'sessions of the gateway');
	ok($observes->($second, 'one', 'w1'), 'is not that of another');

	# requests: faulty ones, too

	my @codes = map { $relay->($g, 'GET', 'one', 1)->{code} } 1 .. 20;
	ok(scalar(grep { $_ eq '4.29' } @codes) > 5, '4.4.1.2: its rate');
	is($refused->(sub { $relay->($g, 'PUT', 'one', undef, body => 'x') }),
		'4.29', 'RFC 8516: of all that it sends');
	is_deeply([ grep { $_ ne '2.05' } map { $relay->($g, 'GET', 'two', 1)
		->{code} } 1 .. 20 ], [], 'is not that of the other');
	is($relay->($g, 'GET', 'two-also', 7)->{code}, '4.04',
		'4.4.1.2: with each of its cdids');

	is($relay->($g, 'DELETE', 'one', 1)->{code}, '2.02',
		'4.4.4: who is over its limits can withdraw');

	# what is relayed does not count for the gateway or its address; what is not
	# does, whatever it is

	is($g->put("own-$transport", 1,
		prefix => [ '192.0.2.' . (1 + $net{$transport}) . '/32' ])->{code},
		'2.01', "the gateway's own");
	@codes = map { $relay->($g, 'GET', 'nobody', 1)->{code} } 1 .. 30;
	is($codes[0], '4.01', 'an unknown cdid');
	is(scalar(grep { !/^4\.(?:01|29)$/ } @codes), 0, 'or one too many');
	ok(scalar(grep { $_ eq '4.29' } @codes) > 5,
		'is for the gateway to answer for');
	is($refused->(sub { $g->request(method => 'GET', path => [ 'foo' ]) }),
		'4.29', 'as is another path');
	is($relay->($g, 'GET', 'two', 1)->{code}, '2.05',
		'the relayed ones are not concerned');

	$_->quit() foreach ($g, $second);
}

# 4.7: a gateway that is lost is the loss of all its clients; one customer's many
# do not hide another's only one

my $l = dots_session($t, transport => 'udp', cert => 'stranger');
my $ask = sub {
	my ($customer, $cuid, $host, @o) = @_;
	return $l->request(method => 'PUT', path => [ '.well-known', 'dots',
		'mitigate', "cdid=$customer", "cuid=$cuid", 'mid=1' ],
		body => dots_mitigate(prefix => [ "203.0.113.$host/32" ], @o))->{code};
};

is(join(' ', map { $ask->('many', "m$_", $_) } 1 .. 17), join(' ', ('2.01') x 17),
	'17 clients of one customer');
is($ask->('few', 'f', 200, trigger => \0), '2.01', 'one of another');
is($l->soon_lost(), '2.01', '4.5.2: heartbeats, which it does not answer');
ok(dots_until(sub { $t->read_file('dots.log')
	=~ /"customer":"few","cuid":"f","mid":1,"status":1,/ }),
	'4.7: lost, so what it preconfigured begins');
ok(dots_until(sub { $t->read_file('dots.log')
	=~ /"customer":"many","cuid":"m1","reason":"session lost/ }),
	'as are the others');
$l->quit();

my $log = $t->read_file('dots.log');

like($log, qr/"customer":"one_udp","code":"4\.29","reason":"\d+ sessions or/,
	'a line of the log about who is over its limits');
is(scalar(() = $log =~ /"customer":"one_udp","code":"4\.29"/g), 1,
	'one a minute');

###############################################################################
