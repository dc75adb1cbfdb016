package Test::DOTS::Suite;

# One list of steps through the signal channel of RFC 9132, for any transport,
# any number of workers, and a network that loses: what a client sees, and the
# state at the end, is the same in all of them.

use warnings;
use strict;

use base qw/ Exporter /;

our @EXPORT = qw/ suite_conf suite_open suite_steps suite_state suite_audit /;

use Test::DOTS;
use Test::More;
use Time::HiRes qw/ time /;

# the clients by certificate: who redirects, who has a limit
my @sessions = ([ a => 'a' ], [ b => 'b' ], [ moved => 'stranger' ],
	[ small => 'self' ], map { [ "other$_" => 'a' ] } 1 .. 3);

my ($A, $B) = ('dz6pHjaADkaFTbjr0JGBpw', 'cuid-of-b-00000000000b');

sub suite_conf {
	my ($t, $workers) = @_;

	my $d = $t->testdir();
	my ($fp) = `openssl x509 -in $d/self.crt -noout -fingerprint -sha256`
		=~ /=([0-9A-F:]+)/;

	return dots_conf(workers => $workers,
		lifetime => 'default=3600 min=1 max=86400 indefinite=off terminating=5',
		customers => <<EOF);
    customer a {
        identity  dns:client.example.com;
        prefix    192.0.2.0/24 2001:db8:6401::/48;
        prefix    203.0.113.0/24 shared;
        mitigate  rtbh;
        limits    rate=off handshakes=off;
    }

    customer b {
        identity  dns:client.example.net;
        prefix    198.51.100.0/25;
        prefix    203.0.113.0/24 shared;
        mitigate  rtbh;
    }

    customer moved {
        identity  dns:stranger.example.org;
        prefix    198.51.100.128/26;
        mitigate  rtbh;
        redirect  alt-server.example 2001:db8:6401::1 ttl=5m;
    }

    customer small {
        identity  sha256:$fp;
        prefix    198.51.100.192/26;
        mitigate  rtbh;
        limits    mitigations=2;
    }
EOF
}

# A run: $o{transport}, $o{loss}, $o{seed}, $o{gobgpd} (its pid)
sub suite_open {
	my ($t, %o) = @_;

	my $self = bless { t => $t, acknowledged => [], %o }, __PACKAGE__;
	my $seed = $o{seed} || 0;

	foreach my $entry (@sessions) {
		my ($name, $cert) = @$entry;
		my $s = $self->{$name} = dots_session($t, cert => $cert, client => 1,
			transport => $o{transport}, $o{loss} ? (args => [ '--wait' ]) : ());

		next unless $o{loss};

		$s->lossy($o{loss}, ++$seed);
		$s->connect();
	}

	if ($o{loss}) {
		$self->{$_->[0]}->connect_end() foreach @sessions;
	}

	return $self;
}

# ---- what the steps are made of ----

# PUT, DELETE: remembers what was acknowledged
sub change {
	my ($self, $who, $method, $cuid, $mid, %o) = @_;

	my $lc = lc $method;
	my $m = $self->{$who}->$lc($cuid, $mid, %o) || { code => 'none' };

	push @{$self->{acknowledged}}, join ' ', $cuid, $mid, $method, $m->{code}
		if $m->{code} =~ /^2/;

	return $m;
}

sub put { return shift->change(shift, 'PUT', @_) }
sub del { return shift->change(shift, 'DELETE', @_) }

sub get {
	my ($self, $who, @get) = @_;
	return $self->{$who}->get(@get) || { code => 'none' };
}

sub ask {
	my ($self, $who, %o) = @_;
	return $self->{$who}->request(%o) || { code => 'none' };
}

sub scope { return $_[0]->{cbor}{1}{2}[0] || {} }
sub conflict { return scope($_[0])->{17} || {} }
sub mids { return join ' ', map { $_->{5} } @{$_[0]->{cbor}{1}{2} || []} }

sub route {
	my ($self, $prefix) = @_;
	return dots_until(sub { dots_rib($self->{t}) =~ /\s\Q$prefix\E\s/ });
}

sub no_route {
	my ($self, $prefix) = @_;
	return dots_until(sub { dots_rib($self->{t}) !~ /\s\Q$prefix\E\s/ });
}

sub well_known { return [ '.well-known', 'dots', @_ ] }

sub block {
	my ($num, $more, $szx) = @_;
	return pack('N', $num << 4 | $more << 3 | $szx) =~ s/^\0+//r;
}

sub number { return unpack 'N', substr("\0\0\0\0" . $_[0], -4) }

# ---- the steps: section, name, code ----

my @scope = (prefix => [ '192.0.2.7/32' ], ports => [ 80, [ 443, 445 ] ],
	protocol => [ 6 ]);

my @steps = (

[ '8', 'the sessions', sub {
	my ($v) = @_;
	like($v->{$_->[0]}->connected(), qr/^connected/, $_->[0])
		foreach @sessions;
} ],

[ '4.4.1', 'PUT', sub {
	my ($v) = @_;

	my $m = $v->put('a', $A, 10, @scope, lifetime => 600);
	is($m->{code}, '2.01', 'created');
	is_deeply($m->{cbor}, { 1 => { 2 => [ { 5 => 10, 14 => 600 } ] } },
		'Figure 10: mid and lifetime');
	ok($v->route('192.0.2.7/32'), 'the mitigator acts');
	ok(dots_until(sub { $v->{a}->status($A, 10) == 2 }), 'status 2');
} ],

[ '4.4.2', 'GET', sub {
	my ($v) = @_;

	my $m = $v->get('other1', $A, 10);
	is($m->{code}, '2.05', 'by another session');
	is($m->{format}, 271, 'application/dots+cbor');

	my $s = scope($m);
	is_deeply([ @$s{5, 6, 7, 10} ], [ 10, [ '192.0.2.7/32' ],
		[ { 8 => 80 }, { 8 => 443, 9 => 445 } ], [ 6 ] ], 'as it was asked');
	ok($s->{14} <= 600 && $s->{14} > 500, 'the remaining lifetime');

	$s = scope($v->get('a', $A, 10, query => [ 'c=c' ]));
	ok(exists $s->{6} && !exists $s->{16}, 'c=c: configuration');
	$s = scope($v->get('a', $A, 10, query => [ 'c=n' ]));
	ok(!exists $s->{6} && exists $s->{16}, 'c=n: the status');
	$s = scope($v->get('a', $A, 10, query => [ 'c=a' ]));
	ok(exists $s->{6} && exists $s->{16}, 'c=a: both');

	is($v->get('a', $A, 4242)->{code}, '4.04', 'an unknown mid');
} ],

[ '4.4.1.3', 'refresh', sub {
	my ($v) = @_;

	my $m = $v->put('other2', $A, 10, @scope, lifetime => 1200);
	is($m->{code}, '2.04', 'by another session');
	is(scope($m)->{14}, 1200, 'with another lifetime');
	is($v->put('a', $A, 10, prefix => [ '192.0.2.8/32' ])->{code}, '4.00',
		'with other clauses');
} ],

[ '4.4.1.3', 'overlap within a client', sub {
	my ($v) = @_;

	my $m = $v->put('a', $A, 9, prefix => [ '192.0.2.0/28' ]);
	is($m->{code}, '4.09', 'a lower mid');
	is_deeply([ conflict($m)->{19}, conflict($m)->{21}{5} ], [ 1, 10 ],
		'cause 1, the mid in the conflict-scope');

	is($v->put('other3', $A, 11, prefix => [ '192.0.2.7/32', '192.0.2.9/32' ])
		->{code}, '2.01', 'a higher mid');
	is($v->get('a', $A, 10)->{code}, '4.04', 'overrides');
	is($v->put('a', $A, 5, prefix => [ '192.0.2.100/32' ])->{code}, '2.01',
		'a lower one without overlap');
	is(mids($v->get('other1', $A)), '5 11', '4.4.2: all mids');
} ],

[ '4.4.1.1', 'what is not the own', sub {
	my ($v) = @_;

	is($v->put('a', $A, 20, prefix => [ '198.51.100.1/32' ])->{code}, '4.00',
		"another customer's prefix");
	is($v->put('a', $A, 20, prefix => [ '224.0.0.1/32' ])->{code}, '4.00',
		'multicast');

	my $m = $v->put('b', $A, 1, prefix => [ '198.51.100.1/32' ]);
	is($m->{code}, '4.09', 'the cuid of another customer');
	is_deeply($m->{cbor}, { 1 => { 2 => [ { 17 => { 19 => 3 } } ] } },
		'cause 3 and nothing else');

	is($v->get('b', $A)->{code}, '4.04', "another's mids are not there");
	is($v->del('b', $A, 11)->{code}, '2.02', '4.4.4: a DELETE says nothing');
	is($v->get('a', $A, 11)->{code}, '2.05', 'and does nothing');
} ],

[ '4.4.1.3', 'overlap of customers', sub {
	my ($v) = @_;

	is($v->put('a', $A, 40, prefix => [ '203.0.113.5/32' ])->{code}, '2.01',
		'an address that both own');

	my $m = $v->put('b', $B, 1, prefix => [ '203.0.113.5/32' ]);
	is($m->{code}, '4.09', 'is taken');
	is_deeply([ @{conflict($m)}{18, 19} ], [ 1, 1 ], 'conflict-status, -cause');
	ok(!exists conflict($m)->{21}{5}, "without the other's mid");
	is($v->get('b', $B)->{code}, '4.04', 'nothing was kept');
} ],

[ '4.4.1.3', 'preconfigured', sub {
	my ($v) = @_;

	is($v->put('a', $A, 50, prefix => [ '192.0.2.50/32' ], trigger => \0)
		->{code}, '2.01', 'trigger-mitigation false');
	is($v->{a}->status($A, 50), 8, 'awaits the loss of the session');
	unlike(dots_rib($v->{t}), qr/192\.0\.2\.50/, 'no route');
} ],

[ '4.4.3', 'efficacy', sub {
	my ($v) = @_;

	my @match = (options => [ [ 1, '' ] ]);
	my $body = sub {
		my %m = (6 => [ $_[0] ], 29 => 1);
		return Test::DOTS::_map({ 1 => { 2 => [ \%m ] } });
	};

	is($v->put('a', $A, 5, body => $body->('192.0.2.100/32'), @match)->{code},
		'2.04', 'an update without lifetime');
	is($v->put('a', $A, 5, body => $body->('192.0.2.101/32'), @match)->{code},
		'4.00', 'anything else has to be the same');

	# no answer: repeated until the log has it

	my $unknown = $v->{a}->message(method => 'PUT', @match,
		path => Test::DOTS::Session::path($A, 4242),
		body => $body->('192.0.2.100/32'));

	ok(dots_until(sub { $v->{a}->send($unknown);
		$v->{t}->read_file('dots.log')
		=~ /"mid":4242,"method":"PUT","attack-status":1,.*"reason":"eff/ }),
		'of an unknown mid: ignored');
	is($v->get('a', $A, 4242)->{code}, '4.04', 'nothing came of it');
} ],

[ '4.4.2.1', 'Observe', \&observe ],

[ '4.4.4', 'DELETE', sub {
	my ($v) = @_;

	is($v->put('b', $B, 7, prefix => [ '198.51.100.7/32' ], lifetime => 600)
		->{code}, '2.01', 'a mitigation');
	ok($v->route('198.51.100.7/32'), 'that acts');

	my $m = $v->del('b', $B, 7);
	is($m->{code}, '2.02', 'withdrawn');
	is($m->{body}, '', 'no payload');
	ok(dots_until(sub { $v->get('b', $B, 7)->{code} eq '4.04' }),
		'over after the terminating period');
	ok($v->no_route('198.51.100.7/32'), 'the route, too');
	is($v->del('b', $B, 7)->{code}, '2.02', 'again: 2.02, too');
} ],

[ '4.5', 'session configuration', sub {
	my ($v) = @_;

	my $config = sub {
		my ($method, $sid, %o) = @_;
		return $v->ask('a', method => $method, type => 'CON', path =>
			well_known('config', defined $sid ? "sid=$sid" : ()), %o);
	};
	my $body = sub { return Test::DOTS::_map({ 30 => { 32 => { 33 =>
		{ 36 => $_[0] } }, 44 => { 33 => { 36 => $_[0] } } } }) };
	my $current = sub { $_[0]->{cbor}{30}{44}{33}{36} };

	my $m = $config->('GET');
	is($m->{code}, '2.05', '4.5.1: what the server has');
	is($current->($m), 30, '4.5.2: the recommended heartbeat-interval');
	ok($m->{max_age}, '4.5.3: Max-Age');

	is($config->('PUT', 5, body => $body->(60))->{code}, '2.01', '4.5.2: PUT');
	is($current->($config->('GET', 5)), 60, 'what was negotiated');
	is($config->('PUT', 5, body => $body->(60))->{code}, '2.04', 'again');
	is($config->('PUT', 4, body => $body->(60))->{code}, '4.00', 'a lower sid');
	is($config->('PUT', 6, body => $body->(14))->{code}, '4.22',
		'an interval out of range');
	is($config->('DELETE', 5)->{code}, '2.02', '4.5.4: DELETE');
	is($config->('GET', 5)->{code}, '4.04', 'it is gone');
} ],

[ '4.7', 'heartbeats', sub {
	my ($v) = @_;

	my $path = well_known('hb');
	my $body = "\xa1\x18\x31\xa1\x18\x33";
	my $m = $v->ask('other3', method => 'PUT', path => $path,
		body => "$body\xf5");

	is($m->{code}, '2.04', "the client's is answered");
	is($m->{body}, '', 'without a body');
	is($v->ask('other3', method => 'PUT', path => well_known('hb', 'cuid=x'),
		body => "$body\xf5")->{code}, '4.00', 'a cuid is refused');

	# one that misses the server's is answered by the server's

	ok(dots_until(sub { $v->ask('other3', method => 'PUT', path => $path,
		body => "$body\xf4"); $v->{other3}->notification('none', 100);
		$v->{other3}{beats} }), "the server's");
	my $status = $v->{other3}{beats}[0]{cbor}{49}{51};
	ok($status, 'peer-hb-status: the client was heard');
} ],

[ '4.4.2', 'large answers, RFC 7959', sub {
	my ($v) = @_;

	$v->put('b', $B, 100 + $_, prefix => [ "198.51.100.$_/32" ],
		lifetime => 600) foreach 20 .. 59;

	my ($body, $num, $more, %etags) = ('', 0, 1);

	while ($more && $num < 400) {
		my $m = $v->get('b', $B, undef,
			options => [ [ 23, block($num, 0, 2) ] ]);
		last unless $m->{code} eq '2.05' && $m->{options}{23};

		$etags{$m->{options}{4}[0]}++;
		$body .= $m->{body};
		$more = number($m->{options}{23}[0]) & 8;
		$num++;
	}

	is(join(' ', map { $_->{5} } @{(dots_decode($body) || {})->{1}{2} || []}),
		join(' ', 120 .. 159), 'in blocks of 64 bytes');
	is(scalar(keys %etags), 1, 'of one representation');

	return if $v->{transport} eq 'tcp';

	# 1280 bytes less those of IPv6 and UDP

	$v->{b}->command('stats');
	my $m = $v->get('b', $B);
	my ($largest) = $v->{b}->command('stats') =~ /largest_in=(\d+)/;

	ok($m->{options}{23} && number($m->{options}{23}[0]) & 8,
		'in blocks that nobody asked for');
	ok($largest > 512 && $largest <= 1280 - 48,
		'7.3: datagrams for a path MTU of 1280 bytes') or diag($largest);
} ],

[ '4.4.1', 'large requests, RFC 7959', sub {
	my ($v) = @_;

	my $body = dots_mitigate(lifetime => 600,
		prefix => [ map { "192.0.2.$_/32" } 160 .. 199 ]);
	my @parts = $body =~ /(.{1,256})/gs;
	my @codes;

	foreach my $i (0 .. $#parts) {
		my @block = (options => [ [ 27, block($i, $i < $#parts, 4) ] ]);

		if ($i == $#parts) {
			push @codes, $v->put('a', $A, 60, body => $parts[$i], @block)
				->{code};
			next;
		}

		push @codes, $v->ask('a', method => 'PUT', body => $parts[$i], @block,
			path => Test::DOTS::Session::path($A, 60))->{code};
	}

	is_deeply(\@codes, [ ('2.31') x $#parts, '2.01' ], 'in blocks');
	is(scalar @{scope($v->get('other1', $A, 60))->{6} || []}, 40,
		'one request');
	is($v->ask('a', method => 'PUT', body => $parts[1],
		path => Test::DOTS::Session::path($A, 61),
		options => [ [ 27, block(1, 0, 4) ] ])->{code}, '4.08',
		'not from the middle');
} ],

[ '4.6', 'redirect', sub {
	my ($v) = @_;

	my $m = $v->put('moved', 'm', 1, prefix => [ '198.51.100.130/32' ]);
	is($m->{code}, '5.03', 'to another server');
	is($m->{max_age}, 300, 'for five minutes');
	is_deeply($m->{cbor}, { 46 => { 47 => 'alt-server.example',
		48 => [ '2001:db8:6401::1' ] } }, 'Figure 26');
	is($v->get('moved', 'm', 1)->{code}, '4.04', 'nothing was kept');
} ],

[ '11', 'limits', sub {
	my ($v) = @_;

	is($v->put('small', 's', $_, prefix => [ "198.51.100.20$_/32" ])->{code},
		$_ < 3 ? '2.01' : '5.03', "mitigation $_ of 2") foreach 1 .. 3;
	is(mids($v->get('small', 's')), '1 2', 'those that were granted');
} ],

[ '3', 'what is no request', sub {
	my ($v) = @_;

	my $path = Test::DOTS::Session::path($A, 70);
	my $body = dots_mitigate(prefix => [ '192.0.2.70/32' ]);

	foreach my $case ([ '4.05', 'POST', method => 'POST', path => $path ],
		[ '4.15', 'another format', method => 'PUT', path => $path,
			format => 60, body => $body ],
		[ '4.02', 'an unknown critical option', method => 'PUT', path => $path,
			body => $body, options => [ [ 2049, 'x' ] ] ],
		[ '4.06', 'an Accept of something else', method => 'GET',
			path => Test::DOTS::Session::path($A, 5),
			options => [ [ 17, "\x3c" ] ] ],
		[ '4.00', 'no CBOR', method => 'PUT', path => $path, body => "\xff" ],
		[ '4.00', 'no mid', method => 'PUT', body => $body,
			path => Test::DOTS::Session::path($A) ],
		[ '4.04', 'another path', method => 'GET', path => [ 'foo' ] ])
	{
		my ($code, $name, @o) = @$case;
		is($v->ask('a', @o)->{code}, $code, $name);
	}

	is($v->get('a', $A, 70)->{code}, '4.04', 'nothing came of it');
} ],

);

# Statuses 1, 2, 5 and 6 are told to who observes the mid, or all of them.  What
# a network loses is learnt by asking again.
sub observe {
	my ($v) = @_;

	my @watchers = ([ 'other1', 80 ], [ 'other2', undef ]);

	# no change of another mid is under way, which the observer of all would hear

	dots_until(sub { !grep { $_->{16} == 1 }
		@{$v->get('a', $A)->{cbor}{1}{2} || [ { 16 => 1 } ]} });

	# the mitigator is kept from acting while status 1 is looked at

	dots_stop($v->{gobgpd});
	my $put = $v->put('a', $A, 80, prefix => [ '192.0.2.80/32' ],
		lifetime => 600);
	my @first = map { watch($v, @$_) } @watchers;
	kill 'CONT', $v->{gobgpd};

	is($put->{code}, '2.01', 'a mitigation');
	is_deeply(\@first, [ 1, 1 ], 'registered: status 1');

	foreach my $status (2, 5, 6) {
		$v->del('other3', $A, 80) if $status == 5;
		is_deeply([ map { learn($v, $status, @$_) } @watchers ],
			[ $status, $status ], "status $status");
	}

	is($v->get('other1', $A, 80)->{code}, '4.04', 'it is gone');

	# RFC 7641 section 3.6; notifications and answers to what was repeated may
	# have been on their way

	my $m;

	dots_until(sub { $m = $v->get('other2', $A, undef, token => 'watch',
		options => [ [ 6, "\1" ] ]); !$m->{options}{6} });

	ok($m->{code} eq '2.05' && !$m->{options}{6}, 'deregistered');
}

# the status of mid 80
sub told {
	my ($m) = @_;
	return 6 if $m->{code} eq '4.04';
	my ($s) = grep { $_->{5} == 80 } @{$m->{cbor}{1}{2} || []};
	return $s && $s->{16};
}

sub watch {
	my ($v, $who, $mid) = @_;
	return told($v->get($who, $A, $mid, token => 'watch',
		options => [ [ 6, '' ] ]));
}

# The next status that is told; without loss it must be the one that is due.
# Where messages are lost, the client registers again (RFC 7641 section 3.3.1)
# until it has that or a later one.
sub learn {
	my ($v, $status, $who, $mid) = @_;

	if (!$v->{loss}) {
		my $m = $v->{$who}->notification('watch');
		return $m && told($m);
	}

	my $end = time() + 60;
	my $last = 0;

	while ($last < $status && time() < $end) {
		my $m = $v->{$who}->notification('watch', 300);

		# what is not any more among all has ended

		my $s = ($m ? told($m) : watch($v, $who, $mid)) || 6;
		$last = $s if $s > $last;
	}

	return $last < $status ? $last : $status;
}

sub suite_steps { return @steps }

# ---- at the end ----

# All that clients and the mitigator have, without what depends on the time
sub suite_state {
	my ($v) = @_;

	my %state;

	foreach my $client ([ 'a', $A ], [ 'b', $B ], [ 'small', 's' ],
		[ 'moved', 'm' ])
	{
		my ($who, $cuid) = @$client;
		my ($body, $num, $more) = ('', 0, 1);

		while ($more && $num < 100) {
			my $m = $v->get($who, $cuid, undef,
				options => [ [ 23, block($num++, 0, 6) ] ]);
			last unless $m->{code} eq '2.05';
			$body .= $m->{body};
			$more = $m->{options}{23} && number($m->{options}{23}[0]) & 8;
		}

		my $all = length $body ? dots_decode($body) : undef;

		foreach my $scope (@{$all ? $all->{1}{2} : []}) {
			delete @$scope{14, 15};
			$scope->{45} = $scope->{45} ? 1 : 0 if exists $scope->{45};
			$state{clients}{$who}{$scope->{5}} = $scope;
		}
	}

	my @routes = dots_rib($v->{t}) =~ m!([\d.]+/\d+)!g;
	$state{routes} = [ sort @routes ];

	return \%state;
}

# Changes that clients know of and those in the audit log, as sorted lists: what
# was done twice is there twice
sub suite_audit {
	my ($v) = @_;

	my @lines;

	foreach my $line ($v->{t}->read_file('dots.log') =~ /(.*)\n/g) {
		next unless $line =~ /"code":"2/ && $line !~ /"method":"GET"/;

		my %member = $line =~ /"(\w+)":"?([^",}]*)/g;
		push @lines, join ' ', @member{qw/ cuid mid method code /}
			if exists $member{mid};
	}

	return ([ sort @{$v->{acknowledged}} ], [ sort @lines ]);
}

1;
