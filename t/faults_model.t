#!/usr/bin/perl

# The fault harness's own parts that need no server: the generator, the plan and
# the model of what may be there (t/fault).

###############################################################################

use warnings;
use strict;

use Test::More;

BEGIN { use FindBin; chdir($FindBin::Bin); }

use lib 'lib', 'fault';

BEGIN {
	eval { require JSON::PP; require Digest::MD5; 1 }
		or plan(skip_all => 'no JSON::PP');
}

use Fault::Model;
use Fault::Plan;
use Fault::Random;

###############################################################################

# the same seed, the same numbers, and none that depend on another's

my $r = Fault::Random->new(42, 'test');
my @numbers = map { $r->below(1000) } 1 .. 5;
my $r2 = Fault::Random->new(42, 'test');
is_deeply([ map { $r2->below(1000) } 1 .. 5 ], \@numbers, 'a seed repeats');
isnt(Fault::Random->new(43, 'test')->next(),
	Fault::Random->new(42, 'test')->next(), 'another one does not');
isnt(Fault::Random->new(42, 'other')->next(),
	Fault::Random->new(42, 'test')->next(), 'nor does another name');

my %drawn;
$drawn{$r->weighted(often => 9, seldom => 1, never => 0)}++ foreach 1 .. 2000;
ok($drawn{often} > 1600 && $drawn{seldom} > 100 && !$drawn{never}, 'weights');

my @plans = map { Fault::Plan->new($_, kinds => { eio => 1, all => 1 }) }
	7, 7, 8;
delete $_->{r} foreach @plans;
is_deeply($plans[0], $plans[1], 'a seed is a plan');
isnt(join("\n", words($plans[0])), join("\n", words($plans[2])),
	'another seed another one');

# ---- the model ----

my $time = 1000;

sub op {
	my ($kind, %o) = @_;
	return { op => $kind, client => 'x', from => $time, to => $time + 0.1,
		%o };
}

sub model { return Fault::Model->new(terminating => 1) }
sub worlds { my ($m, $client) = @_; return $m->worlds($client || 'x') }
sub put { return op('put', lifetime => 3600, mid => 1,
	prefixes => [ '192.0.2.1/32' ], @_) }

# acknowledged: there, and nothing else is possible

my $m = model();
is($m->answered(put(), '2.01'), undef, 'created');
is_deeply([ keys %{worlds($m)->[0]{mitigations}} ], [ 1 ], 'is there');
like($m->answered(put(), '2.01'), qr/2\\\.04/, 'created again: wrong');
is($m->answered(put(), '2.04'), undef, 'refreshed');
like($m->answered(put(prefixes => [ '192.0.2.9/32' ]), '2.04'), qr/4\\\.00/,
	'another target for the mid: wrong');
like($m->answered(op('status', mid => 1), '4.04'), qr/2\\\.05/, 'lost: wrong');

# refused: not there

$m = model();
is($m->answered(put(), '5.03'), undef, 'unavailable says nothing');
like($m->answered(op('status', mid => 1), '2.05', { mitigations => { 1 =>
	{ prefixes => [ '192.0.2.1/32' ], over => 0, left => 3600 } } }),
	qr/4\\\.04/, 'what was refused is there: wrong');
like($m->answered(put(foreign => 1), '2.01'), qr/4\\\.00/,
	"somebody else's prefix: wrong");
is($m->answered(put(foreign => 1), '4.00'), undef, 'refused');
is_deeply(worlds($m), [ Fault::Model::empty() ], 'and nothing is there');

# a cuid that others want, too: who has it keeps it, and only one has

sub contest { return op('contest', method => $_[0], client => $_[1] || 'x') }

$m = model();
is($m->answered(contest('PUT'), '409'), undef, 'taken by somebody else');
is($m->answered(contest('DELETE'), '404'), undef, 'so it is not there');
is($m->answered(contest('PUT'), '201'), undef, 'then it is free');
like($m->answered(contest('PUT'), '409'), qr/204/, 'and not taken again');
is($m->contest(), '', 'one has it');
is($m->answered(contest('PUT', 'y'), '201'), undef, 'another one, too,');
is($m->contest(), 'x y have the same cuid', 'is wrong');
is($m->answered(contest('DELETE'), '204'), undef, 'given up');
is($m->contest(), '', 'one has it again');

# no answer: one or the other, until somebody sees it

$m = model();
$m->silent(put());
is(@{worlds($m)}, 2, 'no answer: there or not');
is($m->answered(put(), '2.04'), undef, 'asked again: it was');
is(@{worlds($m)}, 1, 'now it is known');

$m = model();
$m->silent(put());
is($m->answered(op('status', mid => 1), '4.04'), undef, 'seen: it was not');
like($m->seen('x', { mitigations => { 1 => { prefixes => [ '192.0.2.1/32' ],
	over => 0 } } }, $time, $time), qr/is there/, 'then it must not come');

# on the data channel it may have been on its way, for a while

foreach my $after ($Fault::Model::LATE - 1, $Fault::Model::LATE + 1) {
	my $to = $time + $after;

	$m = model();
	$m->silent(op('client_put', aliases => [], acls => []));
	is($m->answered(op('client_get'), '404'), undef, 'seen: it was not');

	my $why = $m->answered(op('client_get', from => $to, to => $to), '200',
		{ client => 1, aliases => {}, acls => [] });

	like($why, qr/404/, 'then it must not come, later'), next
		if $after > $Fault::Model::LATE;

	is($why, undef, 'then it comes');
	like($m->answered(op('client_get'), '404'), qr/200/, 'and stays');
}

# so may what was asked for in a session that was cut

foreach my $after ($Fault::Model::LATE - 1, $Fault::Model::LATE + 1) {
	my $to = $time + $after;

	$m = model();
	$m->silent(put(cut => 1));
	is($m->answered(op('status', mid => 1), '4.04'), undef, 'seen: it was not');

	my $why = $m->seen('x', { mitigations => { 1 => { over => 0, left => 3600,
		prefixes => [ '192.0.2.1/32' ] } } }, $to, $to);

	like($why, qr/is there/, 'then it must not come, later'), next
		if $after > $Fault::Model::LATE;

	is($why, undef, 'then it comes');
	like($m->answered(op('status', mid => 1), '4.04'), qr/2\\.05/, 'and stays');
}

$m = model();
$m->answered(put(), '2.01');
$m->silent(op('withdraw', mid => 1, cut => 1));
is($m->answered(put(), '2.04'), undef, 'a withdrawal: not yet');
is($m->answered(op('status', mid => 1), '2.05', { mitigations => { 1 =>
	{ over => 1, prefixes => [ '192.0.2.1/32' ] } } }), undef, 'and then');

# an old or a new state, never a mix

$m = model();
is($m->answered(op('client_put', aliases => [ [ n1 => 'A' ] ],
	acls => [ [ l1 => 'A' ] ]), '201'), undef, 'a client with both');
$m->silent(op('client_put', aliases => [ [ n1 => 'B' ] ],
	acls => [ [ l1 => 'B' ] ]));
my %mixed = (client => 1, aliases => { n1 => 'A' }, acls => [ [ l1 => 'B' ] ]);
like($m->seen('x', \%mixed, $time, $time), qr/acls: .* or aliases: /,
	'half of each: wrong');
is($m->seen('x', { %mixed, aliases => { n1 => 'B' } }, $time, $time), undef,
	'the new one');
like($m->answered(op('client_get'), '200', { client => 1, aliases =>
	{ n1 => 'A' }, acls => [ [ l1 => 'A' ] ] }), qr/is not/,
	'the old one later: wrong');

# edits in their order, all or none

$m = model();
$m->answered(op('client_put', aliases => [ [ n1 => 'A' ] ], acls => []), '201');
is($m->answered(op('patch', edits => [ [ 'remove', 'aliases', 'n1' ],
	[ 'create', 'aliases', 'n1', 'B' ], [ 'replace', 'acls', 'l1', 'C' ] ]),
	'200'), undef, 'edits');
is_deeply(worlds($m)->[0]{aliases}, { n1 => 'B' }, 'one after the other');
is($m->answered(op('patch', edits => [ [ 'remove', 'acls', 'l1' ],
	[ 'create', 'aliases', 'n1', 'D' ] ]), '409'), undef, 'one that fails');
is_deeply(worlds($m)->[0]{acls}, [ [ l1 => 'C' ] ], 'then none is made');

# the higher mid takes what it overlaps, in one step

$m = model();
is($m->answered(put(mid => 1), '2.01'), undef, 'mid 1');
$m->silent(put(mid => 2, prefixes => [ '192.0.2.0/30' ]));
like($m->seen('x', { mitigations => {} }, $time, $time), qr/mid 1.*or mid 2/,
	'neither: wrong');
like($m->seen('x', { mitigations => { map { $_->[0] => { prefixes => [ $_->[1] ],
	over => 0 } } [ 1, '192.0.2.1/32' ], [ 2, '192.0.2.0/30' ] } }, $time,
	$time), qr/is there/, 'both: wrong');
is($m->seen('x', { mitigations => { 2 => { prefixes => [ '192.0.2.0/30' ],
	over => 0 } } }, $time, $time), undef, 'the higher one');
is($m->answered(put(mid => 1), '4.09'), undef, 'the lower one comes too late');

# time: what is withdrawn or short ends by itself, the rest does not

is($m->answered(op('withdraw', mid => 2), '2.02'), undef, 'withdrawn');
ok($m->restless('x'), 'something is going to end');
my $over = { mitigations => { 2 => { prefixes => [ '192.0.2.0/30' ],
	over => 1 } } };
is($m->seen('x', $over, $time, $time + 0.2), undef, 'it is over');
like($m->seen('x', { mitigations => {} }, $time, $time + 0.2),
	qr/is not there/, 'gone before its time: wrong');
is($m->seen('x', { mitigations => {} }, $time, $time + 2), undef, 'gone');
ok(!$m->restless('x'), 'nothing is going to end');

$m = model();
$m->answered(put(lifetime => 600), '2.01');
$m->answered(put(mid => 7, prefixes => [ '192.0.2.7/32' ], lifetime => 2),
	'2.01');
my $left = { prefixes => [ '192.0.2.1/32' ], over => 0, left => 580 };
is($m->seen('x', { mitigations => { 1 => $left } }, $time + 20, $time + 20),
	undef, 'the short one has ended');
$left->{left} = 600;
like($m->seen('x', { mitigations => { 1 => $left } }, $time + 20, $time + 20),
	qr/lifetime/, 'a lifetime that does not go down: wrong');

$m = model();
$m->answered(put(lifetime => 2), '2.01');
$left->{left} = 0;
is($m->seen('x', { mitigations => { 1 => $left } }, $time + 7, $time + 7),
	undef, 'nothing left, and nobody has looked yet');
like($m->seen('x', { mitigations => { 1 => $left } }, $time + 30, $time + 30),
	qr/lifetime/, 'for half a minute: wrong');

# other clients: in the way for sure, or perhaps

$m = model();
$m->answered(put(client => 'y'), '2.01');
like($m->answered(put(), '2.01'), qr/4\\\.09/, 'in the way: not created');
is($m->answered(put(), '4.09'), undef, 'in the way');
my $moving = op('withdraw', client => 'y', mid => 1, from => $time, to => undef);
$m->moves(put(client => 'y'));
$m->moves($moving);
is($m->answered(put(), '2.01'), undef, 'unless it is going just then');

$m = model();
$m->moves(put(client => 'y'));
$m->answered(put(client => 'y'), '2.01');
$m->forget_moves();
$m->moves($moving);
is($m->answered(put(), '2.01'), undef, 'likewise one of a burst before');

# routes

is_deeply([ Fault::Model::routes({ mitigations => { 1 => { prefixes =>
	[ '192.0.2.1/32' ] } }, acls => [ acl('immediate', 2),
	acl('deactivate', 3), acl('activate-when-mitigating', 4) ] }) ],
	[ map { "192.0.2.$_/32" } 1, 2, 4 ], 'routes while mitigating');
is_deeply([ Fault::Model::routes({ mitigations => {}, acls =>
	[ acl('immediate', 2), acl('activate-when-mitigating', 4) ] }) ],
	[ '192.0.2.2/32' ], 'and without');

ok(Fault::Model::overlap([ '192.0.2.0/30' ], [ '192.0.2.3/32' ]), 'inside');
ok(!Fault::Model::overlap([ '192.0.2.0/30' ], [ '192.0.2.4/32' ]), 'beside');
ok(!Fault::Model::overlap([ '2001:db8::1/128' ], [ '192.0.2.4/32' ]),
	'families');

done_testing();

###############################################################################

sub words {
	my ($plan) = @_;
	return map { map { Fault::Plan::words($_) } map { @$_ } values %{$_->{ops}} }
		@{$plan->{bursts}};
}

sub acl {
	my ($when, $n) = @_;
	return [ "l$n", qq!{"activation-type":"$when","aces":{"ace":[{"matches":!
		. qq!{"ipv4":{"destination-ipv4-network":"192.0.2.$n/32"}}}]}}! ];
}

###############################################################################
