#!/usr/bin/perl

# A program as mitigator: nftables in a network namespace, real packets, and what
# it counts on both channels: "statistics" of RFC 8783 section 4.3, bytes-dropped
# and its like of RFC 9132 section 4.4.2.

###############################################################################

use warnings;
use strict;

use Test::More;
use File::Copy;

BEGIN { use FindBin; chdir($FindBin::Bin); }

use lib 'lib';
use Test::DOTS;
use Test::DOTS::Net;
use Test::DOTS::Restconf;
use Test::Nginx;

###############################################################################

select STDERR; $| = 1;
select STDOUT; $| = 1;

my $t = Test::Nginx->new()->has(qw/http http_ssl http_v2 stream udp/);

dots_has(qw/cbor openssl/);

my ($net, $why) = Test::DOTS::Net->new(qw! 192.0.2.0/24 198.51.100.0/24
	203.0.113.0/24 2001:db8:6401::/48 !);

plan(skip_all => $why) unless $net;
$t->plan(124);

my $dir = $t->testdir();
my $table = "dots_$$";
my $nft = dots_top() . '/t/tools/dots_nft';

my $customers = <<'EOF2';
    customer a {
        identity  dns:client.example.com;
        prefix    192.0.2.0/24 2001:db8:6401::/48;
        prefix    203.0.113.0/24 shared;
        mitigate  rtbh;
    }

    customer b {
        identity  dns:client.example.net;
        prefix    198.51.100.0/24;
        prefix    203.0.113.0/24 shared;
        mitigate  rtbh;
    }
EOF2

sub settings {
	my ($program, %o) = @_;
	return (mitigator => "exec $program;", customers => $customers, %o);
}

my $inside = join(' ', $net->enter());

rc_start($t, settings("$inside $nft $table"));

###############################################################################

my $stat = 'statistics';

sub acl {
	my ($name, $activation, @aces) = @_;

	my $family = $aces[1] =~ /:/ ? 6 : 4;
	my @list;

	while (my ($ace, $prefix) = splice @aces, 0, 2) {
		push @list, qq!{"name":"$ace","matches":{"ipv$family":{!
			. qq!"destination-ipv$family-network":"$prefix"}},!
			. qq!"actions":{"forwarding":"drop"}}!;
	}

	return qq!{"ietf-dots-data-channel:acl":[{"name":"$name",!
		. qq!"type":"ipv$family-acl-type","activation-type":"$activation",!
		. '"aces":{"ace":[' . join(',', @list) . ']}}]}';
}

# "packets/octets" of an entry, "-" where there are none
sub matched {
	my ($acl, $ace, %o) = @_;

	my $r = rc('GET', rc_below("/acls/acl=$acl/aces/ace=$ace", $o{cuid}), %o);
	my $e = ref $r->{json} && $r->{json}{'ietf-dots-data-channel:ace'}[0];
	my $s = ref $e && $e->{$stat};

	return $s ? "$s->{'matched-packets'}/$s->{'matched-octets'}" : '-';
}

sub matches {
	my ($acl, $ace, $value, $name, %o) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;

	dots_until(sub { matched($acl, $ace, %o) eq $value });
	return is(matched($acl, $ace, %o), $value, $name);
}

my $a = dots_session($t);
my $b = dots_session($t, cert => 'b');

# "packets/octets" of a mitigation
sub dropped {
	my ($mid, $session, $cuid) = @_;
	my $s = ($session || $a)->get($cuid || $CUID, $mid)->{cbor}{1}{2}[0];
	return defined $s->{25} ? "$s->{27}/$s->{25}" : '-';
}

sub drops {
	my ($mid, $value, $name, @who) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;

	dots_until(sub { dropped($mid, @who) eq $value });
	return is(dropped($mid, @who), $value, $name);
}

# a child of it looks like it until it has become nft
sub program {
	my %parent;

	foreach my $dir (glob '/proc/[0-9]*') {
		my ($line, $stat) = map { first_line("$dir/$_") } qw/ cmdline stat /;
		my ($pid, $parent) = $stat =~ /^(\d+) \(.*\) \S (\d+)/ or next;
		$parent{$pid} = $parent if $line =~ /^\S*perl.*\0\Q$table\E\0/s;
	}

	return grep { !$parent{$parent{$_}} } keys %parent;
}

sub first_line {
	my ($file) = @_;
	open my $f, '<', $file or return '';
	return scalar(<$f>) // '';
}

# ---- filters ----

is($net->send('192.0.2.7', 3), 3, 'traffic comes');

is(rc_register($CUID)->{code}, 201, 'client a');
is(rc_register($CUIDB, cert => 'b')->{code}, 201, 'client b');

my $web = rc_below('/acls/acl=web');

is(rc('PUT', $web, body => acl('web', 'immediate',
	seven => '192.0.2.7/32', net => '192.0.2.64/26'))->{code}, 201,
	'an immediate ACL');
is(rc('PUT', rc_below('/acls/acl=six'), body => acl('six', 'immediate',
	all => '2001:db8:6401:1::/64'))->{code}, 201, 'one of IPv6');
is(rc('PUT', rc_below('/acls/acl=later'), body => acl('later',
	'activate-when-mitigating', late => '192.0.2.200/32'))->{code}, 201,
	'one for a mitigation');

matches('web', 'seven', '0/0', 'counted from 0');
matches('web', 'net', '0/0', 'each entry');
matches('six', 'all', '0/0', 'IPv6, too');
is(matched('later', 'late'), '-', 'what does not act is not counted');

my $r = rc('GET', $web);
my $etag = rc_etag($r);

is($net->send('192.0.2.7', 5), 0, 'dropped');
is($net->send('192.0.2.70', 3), 0, 'dropped by the other entry');
is($net->send('2001:db8:6401:1::5', 2), 0, 'IPv6, dropped');
is($net->send('192.0.2.200', 1), 1, 'the one that does not act drops nothing');
is($net->send('198.51.100.7', 1), 1, 'nor is anybody else concerned');

matches('web', 'seven', '5/500', 'matched packets and octets');
matches('web', 'net', '3/300', 'of the other entry');
matches('six', 'all', '2/240', 'of IPv6');

# RFC 8040: state is in "all" and "nonconfig", and not in the entity-tag

$r = rc('GET', $web);
rc_is($r, 200, 'content=all');
like($r->{body}, qr/"forwarding":"[^"]*drop"\},"$stat":\{"matched-packets":"5",
	"matched-octets":"500"\}\}/x, 'statistics');
is(rc_etag($r), $etag, 'the entity-tag is the same');

rc_is(rc('GET', $web, headers => [ "If-None-Match: $etag" ]), 304,
	'not modified');

$r = rc('GET', "$web?content=config");
rc_is($r, 200, 'content=config');
unlike($r->{body}, qr/$stat/, 'without');

$r = rc('GET', "$web?content=nonconfig");
rc_is($r, 200, 'content=nonconfig');
like($r->{body}, qr/"name":"seven","$stat":\{"matched-packets":"5"/, 'with');
unlike($r->{body}, qr/destination/, 'and no configuration');

foreach my $path ('/acls', '', '/acls/acl=web/aces') {
	$r = rc('GET', rc_below($path));
	rc_is($r, 200, "GET $path");
	like($r->{body}, qr/"$stat":\{"matched-packets":"3","matched-octets":"300"/,
		"statistics in $path");
}

$r = rc('GET', "$DATA");
rc_is($r, 200, 'GET of dots-data');
like($r->{body}, qr/"matched-octets":"240"/, 'statistics in dots-data');

$r = rc('GET', "$web?depth=4");
rc_is($r, 200, 'depth');
unlike($r->{body}, qr/matched/, 'the counters are too deep');

$r = rc('GET', "$web?fields=aces/ace(name;$stat)");
rc_is($r, 200, 'fields');
like($r->{body}, qr/"name":"seven","$stat":\{"matched-packets":"5"/,
	'the counters alone');
unlike($r->{body}, qr/matches|pending/, 'nothing else');

$r = rc('GET', "$web/aces/ace=seven/$stat/matched-octets");
rc_is($r, 200, 'a leaf');
is($r->{body}, '{"ietf-dots-data-channel:matched-octets":"500"}', 'its value');

rc_error(rc('PUT', "$web/aces/ace=seven/$stat/matched-octets",
	body => '{"ietf-dots-data-channel:matched-octets":"0"}'),
	[ 400, 405 ], [ 'invalid-value', 'operation-not-supported',
	'unknown-element' ], 'it is read-only');

$r = rc('GET', $web, accept => 'application/yang-data+xml');
rc_is($r, 200, 'XML');
like($r->{body}, qr!<$stat>\s*<matched-packets>5</matched-packets>\s*
	<matched-octets>500</matched-octets>\s*</$stat>!x, 'statistics in XML');

# a refresh is no new beginning, another destination is

is(rc('PUT', $web, body => acl('web', 'immediate', seven => '192.0.2.7/32',
	net => '192.0.2.64/26', eight => '192.0.2.8/32'))->{code}, 204,
	'one entry more');
matches('web', 'eight', '0/0', 'counted from 0');
is(matched('web', 'seven'), '5/500', 'the others go on');

# ---- mitigations ----

like($a->connected(), qr/^connected/, 'signal channel');

is($a->put($CUID, 1, prefix => ['192.0.2.70/32'])->{code}, '2.01',
	'a mitigation inside of a filter');
ok(dots_until(sub { $a->status($CUID, 1) == 2 }), 'mitigated');
drops(1, '0/0', 'counted from 0');
matches('later', 'late', '0/0', 'the ACL acts now');

# who observes hears nothing of counts

my $watch = dots_session($t);
ok($watch->get($CUID, 1, token => 'watch', options => [ [ 6, '' ] ])
	->{options}{6}, 'observed');

is($net->send('192.0.2.70', 40), 0, 'dropped');
is($net->send('192.0.2.200', 6), 0, 'dropped by the ACL');

drops(1, '40/4000', 'bytes-dropped, pkts-dropped');
matches('web', 'net', '43/4300', 'the filter around it matches them, too');
matches('later', 'late', '6/600', 'and the other one its own');

my $s = $a->get($CUID, 1)->{cbor}{1}{2}[0];
ok($s->{26} > 0 && $s->{26} <= 4000, 'bps-dropped is an average');
ok(defined $s->{28} && $s->{28} <= 40, 'pps-dropped, too');
is($a->get($CUID)->{cbor}{1}{2}[0]{25}, 4000, 'of all mids');

$s = $a->get($CUID, 1, query => ['c=c'])->{cbor}{1}{2}[0];
ok(defined $s->{6} && !defined $s->{25}, 'c=c: no state');

ok(!$watch->notification('watch', 500), 'no notification for a count');

# a customer's command shows it

my $dots = ($ENV{DOTS_BUILD} || dots_top() . '/build/default') . '/dots';
my @dots = ($dots, '--server', '127.0.0.1:' . port(8980, udp => 1), '--name',
	'localhost', '--schemas', dots_top() . '/schemas', '--cuid', $CUID,
	'--state', "$dir/dots", map { ( "--$_->[0]", "$dir/$_->[1]" ) }
		[ 'ca', 'ca.crt' ], [ 'cert', 'a.crt' ], [ 'key', 'a.key' ]);

like(scalar `@dots status 1`, qr/192\.0\.2\.70\/32 \(dropped: 40 packets, 4000 bytes\)/,
	'dots status');
like(scalar `@dots --json status 1`,
	qr/"bytes-dropped": 4000.*"pkts-dropped": 40/, 'in JSON');

# ---- another customer ----

is($b->put($CUIDB, 1, prefix => ['198.51.100.9/32'])->{code}, '2.01',
	'a mitigation of b');
drops(1, '0/0', 'has its own counts', $b, $CUIDB);

is(rc('PUT', rc_below('/acls/acl=shared'), body => acl('shared', 'immediate',
	net => '203.0.113.0/24'))->{code}, 201, 'a filter of a in what both own');
matches('shared', 'net', '0/0', 'counted');
is($net->send('203.0.113.5', 7), 0, 'dropped');
matches('shared', 'net', '7/700', 'for a');

is(rc('PUT', rc_below('/acls/acl=mine', $CUIDB), cert => 'b',
	body => acl('mine', 'immediate', one => '203.0.113.5/32'))->{code}, 201,
	'one of b inside of it');
matches('mine', 'one', '0/0', 'knows nothing of what was before',
	cuid => $CUIDB, cert => 'b');
is($net->send('203.0.113.5', 2), 0, 'dropped');
matches('mine', 'one', '2/200', 'counts for b',
	cuid => $CUIDB, cert => 'b');
matches('shared', 'net', '9/900', 'and for a');

# ---- the program is killed ----

my ($pid) = program();
ok($pid, 'the program runs');
dots_kill('KILL', $pid);
is($net->send('192.0.2.7', 1), 0, 'killed: its rules stay');
ok(dots_until(sub { my ($now) = program(); $now && $now != $pid }),
	'it is started again');
matches('web', 'seven', '6/600', 'nothing is lost');
ok(dots_until(sub { $a->status($CUID, 1) == 2 }), 'mitigated');
ok($t->read_file('error.log') =~ /\[error\].*mitigator "rtbh": exec \S+: was /
	&& $t->read_file('error.log') =~ /: was killed by signal 9; it is started/,
	'logged');

# ---- a reload ----

copy($nft, "$dir/other") or die;
chmod 0755, "$dir/other";

$t->write_file_expand('nginx.conf', rc_conf(settings(
	"$inside $dir/other $table", workers => 1)));
ok(dots_reload($t), 'a reload with another program');
rc_forget();
$a = dots_session($t);

# counted by the new one: what was counted goes on

is(rc('PUT', rc_below('/acls/acl=fresh'), body => acl('fresh', 'immediate',
	one => '192.0.2.100/32'))->{code}, 201, 'another ACL');
matches('fresh', 'one', '0/0', 'counted by the other program');
is($net->send('192.0.2.7', 2), 0, 'dropped');
is($net->send('192.0.2.70', 2), 0, 'dropped');
matches('web', 'seven', '8/800', 'matched');
drops(1, '42/4200', 'dropped');
ok(dots_until(sub { 1 == program() }), 'the first one has ended');

# ---- a program that does not count ----

mkdir "$dir/program" or die;

sub reload {
	my ($program, $name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;

	$t->write_file_expand('nginx.conf', rc_conf(settings($program)));
	ok(dots_reload($t), "a reload with $name");
	rc_forget();
	$a = dots_session($t);
}

reload(dots_top() . "/t/tools/exec_program $dir/program nocount",
	'one that does not count');
ok(dots_until(sub { dropped(1) eq '-' }), 'no bytes-dropped');
ok(dots_until(sub { matched('web', 'seven') eq '-' }), 'no statistics');
ok(dots_until(sub { $a->status($CUID, 1) == 2 }), 'mitigated all the same');

# ---- a refusal, and a program that is none ----

reload(dots_top() . "/t/tools/exec_program $dir/program refuse",
	'one that refuses');
is($a->put($CUID, 2, prefix => ['192.0.2.66/32'])->{code}, '2.01', 'asked');
ok(dots_until(sub { $a->status($CUID, 2) == 7 }), 'refused: withdrawn');
ok(dots_until(sub { $t->read_file('error.log')
		=~ /withdrawn: not\?\[1m here because/ }),
	'with its reason');
ok(dots_until(sub { $a->status($CUID, 1) == 2 }), 'the other one stays');

reload(dots_top() . "/t/tools/exec_program $dir/program garbage",
	'one that talks nonsense');
ok(dots_until(sub { $a->status($CUID, 1) == 1 }), 'in progress, nobody knows');
ok(dots_until(sub { $t->read_file('error.log')
		=~ /says what is no line of version 1/ }),
	'logged');

# ---- a restart ----

reload("$inside $nft $table", 'the first one');
matches('web', 'seven', '0/0', 'counted again');

$a->quit();
$t->stop();
is($net->send('192.0.2.7', 1), 0, 'stopped: dropped all the same');
ok(dots_until(sub { !program() }), 'no program is left');

$t->run();
$t->waitforsocket('127.0.0.1:' . port(8443)) or die;
rc_forget();
$a = dots_session($t);

matches('web', 'seven', '0/0', 'a restart: from 0');
ok(dots_until(sub { $a->status($CUID, 1) == 2 }), 'mitigated');
is($net->send('192.0.2.7', 4), 0, 'dropped');
matches('web', 'seven', '4/400', 'matched');

# ---- the manager is killed: its program ends, its successor goes on ----

is(join("\n", grep { /\[alert\]/ } split /\n/, $t->read_file('error.log')), '',
	'no alerts so far');
$t->todo_alerts();

my ($manager) = grep { my $pid = $_; open my $f, '<', "/proc/$pid/cmdline";
	$f && (<$f> || '') =~ /cache manager/ } dots_workers($t);
($pid) = program();
dots_kill('KILL', $manager);
is($net->send('192.0.2.7', 1), 0, 'dropped without a manager');
ok(dots_until(sub { my @now = program(); @now == 1 && $now[0] != $pid }),
	'another program');

is(rc('PUT', rc_below('/acls/acl=fresh'), body => acl('fresh', 'immediate',
	two => '192.0.2.101/32'))->{code}, 204, 'another entry');
matches('fresh', 'two', '0/0', 'counted by it');
is($net->send('192.0.2.7', 2), 0, 'dropped');
dots_until(sub { matched('web', 'seven') =~ /^[67]\// });

# the one without a manager is counted or not, by who read it last

like(matched('web', 'seven'), qr!^(?:6/600|7/700)$!, 'what there was goes on');

# ---- the end ----

is(rc('DELETE', $web)->{code}, 204, 'the filter is deleted');
ok(dots_until(sub { $net->send('192.0.2.7', 1) }), 'traffic comes again');
is($net->send('192.0.2.70', 1), 0, 'but for the mitigation');

$a->delete($CUID, 1);
ok(dots_until(sub { $net->send('192.0.2.70', 1) }), 'which ends, too');
ok(dots_until(sub { $net->send('192.0.2.200', 1) }), 'and what acts with it');
matches('later', 'late', '-', 'and is not counted any more');

# before Perl takes its folder away

undef $t;

###############################################################################
