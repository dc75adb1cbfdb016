#!/usr/bin/perl

# The wall clock is set: an hour on, an hour back, while nginx runs and while it
# does not; the machine boots again.  Nothing expires by that, and nothing
# becomes immortal.  A preloaded library sets the clock of nginx alone.

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

dots_has(qw/cbor openssl gobgpd gobgp curl/);
$t->plan(36);

dots_pki($t);
dots_gobgpd($t);

my $dir = $t->testdir();
my $fault = "$dir/fault";
mkdir $fault;

# workers of another user see it, too
chmod 0755, $fault;

use constant HOUR => 3600;
use constant DAY => 24 * HOUR;

$t->write_file_expand('nginx.conf', dots_conf(workers => 2));

sub start {
	my ($t) = @_;
	local $ENV{LD_PRELOAD} = "$Test::DOTS::BUILD/tools/preload_clock.so";
	local $ENV{DOTS_FAULT} = $fault;
	local $ENV{ASAN_OPTIONS} = ($ENV{ASAN_OPTIONS} || '')
		. ':verify_asan_link_order=0';
	$t->run();
}

sub restart {
	my ($t, $code) = @_;
	$t->stop();
	$code->() if $code;
	start($t);
	return dots_session($t);
}

sub say_so {
	my ($name, $text) = @_;
	open my $fh, '>', "$fault/$name.new" or die;
	print $fh $text;
	close $fh;
	rename "$fault/$name.new", "$fault/$name" or die;
}

# seconds that the wall clock is set by, in all
sub wall { say_so('wall', 1000 * $_[0]) }

# a day on from the start: certificates are valid on the day before, too
my $set;
sub set { $set = DAY + $_[0]; wall($set) }

my ($c, $url) = ('clock', dots_data_url());

sub there { my ($t, $p) = @_; return dots_rib($t) =~ m!\Q$p\E/32! }

sub scope {
	my ($s, $mid) = @_;
	my $m = $s->get($c, $mid);
	return $m->{code} eq '2.05' ? $m->{cbor}{1}{2}[0] : {};
}

# what is left of a lifetime, more or less a minute, but for how long the test has
# taken since it began
my %since;
sub left {
	my ($s, $mid, $seconds, $what) = @_;
	my $left = scope($s, $mid)->{14} || 0;
	$seconds -= time() - $since{$mid};
	cmp_ok(abs($left - $seconds), '<', 60, "$what: $left s left");
}

sub pending {
	my ($t, $what) = @_;
	my (undef, $body) = dots_curl($t, 'GET', "$url/dots-client=$c/$what");
	return $body =~ /"pending-lifetime": ?(\d+)/ ? $1 : 0;
}

sub begins {
	my ($s, $mid, $what) = @_;
	my $start = scope($s, $mid)->{15} || 0;
	cmp_ok(abs($start - (time() + $set)), '<', 60,
		"$what: mitigation-start is wall time");
}

# what lasts a second is over soon, whatever the clock says
sub short {
	my ($s, $mid, $what) = @_;
	is($s->put($c, $mid, prefix => ["192.0.2.$mid/32"],
		lifetime => 1)->{code}, '2.01', "$what: for one second");
	return $mid;
}

sub over {
	my ($s, $mid, $what) = @_;
	ok(dots_until(sub { $s->get($c, $mid)->{code} eq '4.04' }), "$what: over");
}

###############################################################################

set(0);
start($t);

my $s = dots_session($t);

is($s->put($c, 1, prefix => ['192.0.2.1/32'], lifetime => HOUR / 2)->{code},
	'2.01', 'a mitigation for half an hour');
$since{1} = time();
ok(dots_until(sub { there($t, '192.0.2.1') }), 'its route');
begins($s, 1, 'at first');

is((dots_curl($t, 'PUT', "$url/dots-client=$c",
	body => qq({"ietf-dots-data-channel:dots-client":[{"cuid":"$c"}]})))[0],
	201, 'a client of the data channel');
is((dots_curl($t, 'PUT', "$url/dots-client=$c/aliases/alias=x",
	body => '{"ietf-dots-data-channel:alias":[{"name":"x",'
	. '"target-prefix":["192.0.2.9/32"]}]}'))[0], 201, 'with an alias');
is((dots_curl($t, 'PUT', "$url/dots-client=$c/acls/acl=y",
	body => '{"ietf-dots-data-channel:acl":[{"name":"y","type":"ipv4-acl-type",'
	. '"activation-type":"immediate","aces":{"ace":[{"name":"r","matches":'
	. '{"ipv4":{"destination-ipv4-network":"192.0.2.8/32"}},'
	. '"actions":{"forwarding":"drop"}}]}}]}'))[0], 201, 'and an ACL');
ok(dots_until(sub { there($t, '192.0.2.8') }), 'that drops');

my @week = (pending($t, 'aliases/alias=x'), pending($t, 'acls/acl=y'));

# an hour on: half an hour is not over

my $mid = short($s, 10, 'before');
set(HOUR);

over($s, $mid, 'an hour on');
left($s, 1, HOUR / 2, 'an hour on');
ok(dots_until(sub { $t->read_file('error.log')
	=~ /wall clock was set by 3[56]\d{5} ms/ }), 'it is noticed');
ok(there($t, '192.0.2.1'), 'the route is there');

# a commit of its own for each: the manager has looked at all since
is($s->put($c, 2, prefix => ['192.0.2.2/32'], lifetime => HOUR)->{code}, '2.01',
	'another mitigation');
$since{2} = time();
begins($s, 2, 'an hour on');

# back, and an hour back: what ends ends

$mid = short($s, 11, 'an hour on');
set(-HOUR());

over($s, $mid, 'an hour back');
left($s, $_->[0], $_->[1], 'an hour back') foreach [1, HOUR / 2], [2, HOUR];
$mid = short($s, 12, 'an hour back');
over($s, $mid, 'since then');
ok(there($t, '192.0.2.1') && there($t, '192.0.2.8'), 'the routes are there');

my @now = (pending($t, 'aliases/alias=x'), pending($t, 'acls/acl=y'));
ok(!(grep { abs($now[$_] - $week[$_]) > 20 } 0, 1),
	'alias and ACL have as long as before') or diag("@now, @week");

my $s2 = dots_session($t);
like($s2->connected(), qr/^connected/, 'a handshake');
is($s2->get($c, 1)->{code}, '2.05', 'and a request');
$s2->quit();

# set while nginx is down

$s = restart($t, sub { set(2 * HOUR) });
left($s, $_->[0], $_->[1], 'set meanwhile') foreach [1, HOUR / 2], [2, HOUR];
$mid = short($s, 13, 'set meanwhile');
over($s, $mid, 'set meanwhile');

# Another boot: by the wall clock, which was two hours wrong before it and is
# so after it; half an hour of it was spent booting.

$s = restart($t, sub {
	say_so('boot', "00112233-4455-6677-8899-aabbccddeeff\n");
	set(2 * HOUR + HOUR / 2);
});

over($s, 1, 'another boot: half an hour');
left($s, 2, HOUR / 2, 'another boot');
ok(dots_until(sub { !there($t, '192.0.2.1') }), 'the route has gone with it');
ok(there($t, '192.0.2.2') && there($t, '192.0.2.8'), 'the others have not');

# the operator sees wall time

my ($dump) = grep { /"mid":2,/ }
	`$Test::DOTS::BUILD/dots-admin store dump $dir/state`;
my ($h, $m) = $dump =~ /"expires":"[^T]+T(\d\d):(\d\d):/;
my @end = gmtime($since{2} + $set + HOUR / 2);
cmp_ok(($h * 60 + $m - $end[2] * 60 - $end[1] + 2) % 1440, '<', 5,
	"dump: it expires at $h:$m");

# a machine that boots a day ago goes on from where it was

$s = restart($t, sub {
	say_so('boot', "11112233-4455-6677-8899-aabbccddeeff\n");
	set(-DAY());
});

left($s, 2, HOUR / 2, 'a day ago');
$mid = short($s, 14, 'a day ago');
over($s, $mid, 'a day ago');

$s->quit();

###############################################################################
