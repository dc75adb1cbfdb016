#!/usr/bin/perl

# The store under a disk that fails, is full, stands still or loses data, and
# the operator's command for it: dots-admin store check, dump, backup, restore.

###############################################################################

use warnings;
use strict;

use Test::More;

BEGIN { use FindBin; chdir($FindBin::Bin); }

use lib 'lib';
use JSON::PP;
use POSIX qw/ mkfifo /;
use Test::DOTS;
use Test::Nginx;

###############################################################################

select STDERR; $| = 1;
select STDOUT; $| = 1;

my $t = Test::Nginx->new()->has(qw/http http_ssl http_v2 stream udp/);

dots_has(qw/cbor openssl curl/);

# killed processes are alerts of nginx's own
$t->plan(118)->todo_alerts();

dots_pki($t);

# the mitigator's daemon is not there: nothing else of this needs it

my $dir = $t->testdir();
my $state = "$dir/state";
my $fault = "$dir/fault";
mkdir $fault;

my $conf = dots_conf(workers => 1, dots => 'state_size 2m;');
$conf =~ s/state_size  64m;//;
$t->write_file_expand('nginx.conf', $conf);

sub start {
	my ($t) = @_;
	local $ENV{LD_PRELOAD} = "$Test::DOTS::BUILD/tools/preload_disk.so";
	local $ENV{DOTS_FAULT} = $fault;
	local $ENV{ASAN_OPTIONS} = ($ENV{ASAN_OPTIONS} || '')
		. ':verify_asan_link_order=0';
	$t->run();
}

sub admin {
	my (@args) = @_;
	my $out = `$Test::DOTS::BUILD/dots-admin store @args 2>&1`;
	return ($? >> 8, $out);
}

sub fault { my ($name) = @_; open my $fh, '>', "$fault/$name" or die }
sub heal { my ($name) = @_; unlink "$fault/$name" or die }

sub session { return dots_session($_[0], transport => 'udp') }

my ($c, $url) = ('faulty', dots_data_url());
my $client = '{"ietf-dots-data-channel:dots-client":[{"cuid":"%s"}]}';

sub register {
	my ($t, $cuid) = @_;
	return (dots_curl($t, 'PUT', "$url/dots-client=$cuid",
		body => sprintf $client, $cuid))[0];
}

sub registered {
	my ($t, $cuid) = @_;
	return (dots_curl($t, 'GET', "$url/dots-client=$cuid"))[0];
}

###############################################################################

# no side effects: what is not there is not made

mkdir "$dir/none";
is((admin('check', "$dir/none"))[0], 3, 'check: there is no store');
is((admin('dump', "$dir/none"))[0], 3, 'nor to dump');
is((admin('backup', "$dir/none", $fault))[0], 3, 'nor to copy');
is_deeply([ glob "$dir/none/* $fault/*" ], [], 'nothing was made');
is((admin('check'))[0], 2, 'check of what?');
is((admin('erase', $state))[0], 2, 'no such command');

start($t);

my $s = session($t);
is($s->put($c, 1, prefix => ['192.0.2.1/32'])->{code}, '2.01', 'acknowledged');
is(register($t, 'first'), 201, 'and on the data channel');

# a disk that stands still: the answers come in the order of who needs it.  Its
# GET shows that the server has the PUT, the FIFO that the commit has begun.

mkfifo("$fault/hold", 0600) or die;
$s->send($s->message(method => 'PUT', path => Test::DOTS::Session::path($c, 2),
	body => dots_mitigate(prefix => ['192.0.2.2/32'])));
is($s->get($c, 1)->{code}, '2.05', 'GET is answered before the PUT');
open my $hold, '>', "$fault/hold" or die;
is($s->get($c, 1)->{code}, '2.05', 'and while the disk has the commit');
is($s->request(code => 0, token => '', type => 'CON')->{type}, 3,
	'a ping, too');
my $s2 = session($t);
like($s2->connected(), qr/^connected/, 'a handshake');
is($s2->get($c, 1)->{code}, '2.05', 'its GET');
is(registered($t, 'first'), 200, 'a GET on the data channel');
is(registered($t, 'second'), 404, 'and of what is not there');
is(scalar @{$s->{kept} || []}, 0, 'all of them before the PUT');
unlink "$fault/hold";
close $hold;
is($s->recv()->{code}, '2.01', 'whose answer comes when the disk is back');
is($s2->get($c, 2)->{code}, '2.05', 'it is there');
$s2->quit();

# killed meanwhile: what it had under way is decided by the store, and the cuid
# is anybody's

my $body = sprintf $client, 'killed';
mkfifo("$fault/hold", 0600) or die;
my ($dying) = dots_begin_put($t, 'killed', length $body);
$dying->print($body);
open $hold, '>', "$fault/hold" or die;
dots_kill('KILL', workers($t));
unlink "$fault/hold";
close $hold;
ok(dots_until(sub { (dots_curl($t, 'PUT', "$url/dots-client=killed", cert => 'b',
	body => $body))[0] == 201 }), 'a cuid whose client was not made is free');
$s = session($t);

# an I/O error: refused, nothing of it is there, and over when the fault is

sub refused {
	my ($t, $name, $mid, $status, $what) = @_;

	fault($name);
	is($s->put($c, $mid, prefix => ["192.0.2.$mid/32"])->{code}, '5.03',
		"$what: refused");
	is(register($t, $name), $status, "$what: on the data channel");
	is($s->get($c, 1)->{code}, '2.05', "$what: reading goes on");
	is($s->get($c, $mid)->{code}, '4.04', "$what: not there");
	is(registered($t, $name), 404, "$what: nor there");

	heal($name);
	is($s->put($c, $mid, prefix => ["192.0.2.$mid/32"])->{code}, '2.01',
		"$what: over");
	is(register($t, $name), 201, "$what: on the data channel, too");
}

my ($worker) = workers($t);

refused($t, 'eio', 3, 503, 'an error of the disk');
refused($t, 'meta', 4, 503, 'one in a meta page');
refused($t, 'full', 5, 507, 'a full disk');

is((workers($t))[0], $worker, 'the worker has seen it all');

# a full store: 507, what is there can be changed and deleted

my @prefixes = map { sprintf '"192.0.2.%d/32"', $_ } 0 .. 255;
my $list = join ',', @prefixes, map { sprintf '"2001:db8:6401:%x::/64"', $_ }
	0 .. 250;
my $alias = '{"ietf-dots-data-channel:alias":[{"name":"%s","target-prefix":['
	. $list . ']}]}';
my ($n, $code);

for ($n = 0; $n < 400; $n++) {
	($code) = dots_curl($t, 'PUT', "$url/dots-client=first/aliases/alias=n$n",
		body => sprintf $alias, "n$n");
	last if $code != 201;
}

is($code, 507, "full after $n aliases");
cmp_ok($n, '>', 20, 'which are many');
cmp_ok(-s "$state/data.mdb", '<=', 2 * 1024 * 1024 + 1024 * 1024,
	'the file is within its bound');
is((dots_curl($t, 'PUT', "$url/dots-client=first/aliases/alias=n0",
	body => sprintf $alias, 'n0'))[0], 204, 'one can be replaced');
is((dots_curl($t, 'DELETE', "$url/dots-client=first/aliases/alias=n$_"))[0], 204,
	'and deleted') foreach 0, 1;
is((dots_curl($t, 'PUT', "$url/dots-client=first/aliases/alias=again",
	body => sprintf $alias, 'again'))[0], 201, 'which makes room');

# the operator's command, while nginx runs

is((dots_curl($t, 'PUT', "$url/dots-client=first/acls/acl=filter",
	body => '{"ietf-dots-data-channel:acl":[{"name":"filter",'
	. '"activation-type":"deactivate"}]}'))[0], 201, 'an ACL');

my ($rc, $out) = admin('check', $state);
is($rc, 0, 'check');
like($out, qr/^clock +1$/m, 'the clock');
like($out, qr/^writer +1$/m, 'who may write');
like($out, qr/^mitigation +5$/m, 'mitigations');
like($out, qr/^client +5$/m, 'clients');
like($out, qr/^alias +@{[ $n - 1 ]}$/m, 'aliases');
like($out, qr/^acl +1$/m, 'ACLs');
like($out, qr/^time +1$/m, 'when an alias was deleted');
like($out, qr/^unknown +0$/m, 'and nothing that it does not know');
like($out, qr/^damaged +0$/m, 'nothing is damaged');

($rc, $out) = admin('dump', $state);
is($rc, 0, 'dump');
my @dump = map { decode_json($_) } split /\n/, $out;
my ($one) = grep { $_->{kind} eq 'mitigation' && $_->{mid} == 1 } @dump;
is(scalar @dump, 2 + 5 + 5 + 1 + 1 + $n - 1, 'every record');
is_deeply([ @$one{qw/ customer cuid status /}, $one->{scope} ],
	[ 'a', $c, 1, { 'target-prefix' => [ '192.0.2.1/32' ] } ],
	'a mitigation, readable');
my ($n5) = grep { $_->{kind} eq 'alias' && $_->{name} eq 'n5' } @dump;
is($n5->{entry}{name}, 'n5', 'an alias, too');
my ($acl) = grep { $_->{kind} eq 'acl' } @dump;
is($acl->{entry}{'activation-type'}, 'deactivate', 'and an ACL');

mkdir "$dir/backup";
is((admin('backup', $state, "$dir/backup"))[0], 0, 'backup of a store in use');
is((admin('check', "$dir/backup"))[0], 0, 'it is whole');
is((admin('dump', "$dir/backup"))[1], $out, 'and the same');
is((admin('backup', $state, $state))[0], 3, 'no backup in itself');
is_deeply([ admin('backup', $state, "$dir/nowhere") ], [ 3,
	"dots-admin: \"$dir/nowhere\" is no folder: make the one that the backup "
	. "is to be in\n" ], 'nor nowhere');
($rc, $out) = admin('restore', $state, "$dir/backup");
is($rc, 3, 'no restoring into a store in use');
like($out, qr/in use: stop nginx/, 'it says so');

is($s->put($c, 6, prefix => ['192.0.2.6/32'])->{code}, '2.01',
	'changed after the backup');

# gone while in use: a reload, whose workers would make an empty one, is refused

rename "$state/data.mdb", "$dir/away.mdb" or die;
$t->reload();
ok(dots_until(sub { $t->read_file('error.log')
	=~ /\[emerg\].*store in "\Q$state\E" was removed.*dots-admin store restore/ }),
	'removed: no reload');
ok(!-e "$state/data.mdb", 'none is made');
rename "$dir/away.mdb", "$state/data.mdb" or die;
is($s->get($c, 6)->{code}, '2.05', 'all is there when it is back');

# cut short under a running server: answers, no signals

my $size = -s "$state/data.mdb";
$s->quit();
truncate "$state/data.mdb", 3 * 4096 or die;
($worker) = workers($t);
is(registered($t, 'first'), 503, 'the end of the file is gone: no data');
is(register($t, 'cut'), 503, 'and no change');
is((workers($t))[0], $worker, 'the worker lives');
like($t->read_file('error.log'), qr/data\.mdb was cut short/, 'its log says why');

# neither a start nor a reload goes on with it

$out = dots_test($t);
like($out, qr/\[emerg\].*"\Q$state\E\/data\.mdb" is damaged/, 'nginx -t refuses');
like($out, qr/dots-admin store restore \Q$state\E/, 'and says what to do');
$t->stop();
isnt(start_fails(), 0, 'nginx does not start');

($rc, $out) = admin('check', $state);
is($rc, 1, 'check: damaged');
like($out, qr/\Q$state\E\/data\.mdb.*restore/, 'the file and the way out');

# restoring: a damaged backup is refused, a good one takes its place

mkdir "$dir/bad";
system("head -c 20000 $dir/backup/data.mdb >$dir/bad/data.mdb") == 0 or die;
is((admin('restore', $state, "$dir/bad"))[0], 1, 'no damaged backup');
is(-s "$state/data.mdb", 3 * 4096, 'the store is as it was');
is((admin('restore', $state, "$dir/none"))[0], 3, 'no backup that is not there');

($rc, $out) = admin('restore', $state, "$dir/backup");
is($rc, 0, 'restored');
my ($kept) = $out =~ /what was there is "(.+)"/;
is(-s $kept, 3 * 4096, 'the old one is beside it');
is((stat "$state/data.mdb")[4], (stat $state)[4], 'its owner is that of the folder');

start($t);
$s = session($t);
is($s->get($c, $_)->{code}, '2.05', "mitigation $_ is back") foreach 1, 5;
is($s->get($c, 6)->{code}, '4.04', 'what came after the backup is not');
is(register($t, 'after'), 201, 'and on it goes');
$s->quit();
$t->stop();

# a store that the workers can't open is opened when they can, without a restart

unlink "$state/lock.mdb" or die;
mkdir "$state/lock.mdb" or die;
start($t);
$s = session($t);
is($s->get($c, 1)->{code}, '5.03', 'the workers have no store');
is(register($t, 'closed'), 503, 'on no channel');
like($t->read_file('error.log'),
	qr/\[crit\].*the store in "\Q$state\E" can't be opened/, 'they say so');
rmdir "$state/lock.mdb" or die;
ok(dots_until(sub { register($t, 'closed') == 201 }), 'now they have one');
is($s->get($c, 5)->{code}, '2.05', 'with all that is in it');
is($s->put($c, 7, prefix => ['192.0.2.7/32'])->{code}, '2.01', 'on it goes');
$s->quit();
$t->stop();

# a manager that can't have its lock says so, and not each time that it tries

unlink "$state/manager.lock" or die;
mkdir "$state/manager.lock" or die;
my $from = length $t->read_file('error.log');
start($t);
ok(dots_until(sub { lines($t, qr/nothing acts on mitigations/, $from) }),
	'no lock for the manager');
is(register($t, 'meanwhile'), $_ ? 204 : 201, 'requests are served')
	foreach 0 .. 9;
is(lines($t, qr/manager\.lock/, $from), 1, 'said once');
rmdir "$state/manager.lock" or die;
ok(dots_until(sub { lines($t, qr/cannot list the routes/, $from) }), 'on it goes');
$t->stop();

# an empty file is damage, not a start; a file system that is read-only

rename "$state/data.mdb", "$dir/aside" or die;
{ open my $fh, '>', "$state/data.mdb" or die }
like(dots_test($t), qr/\[emerg\].*is damaged/, 'an empty file');
rename "$dir/aside", "$state/data.mdb" or die;
like(dots_test($t), qr/test is successful/, 'a good one');

my $nginx = $ENV{TEST_NGINX_BINARY};
my $readonly = "unshare -m sh -c 'mount --bind $state $state && "
	. "mount -o remount,bind,ro $state || exit 77; "
	. "$nginx -t -p $dir/ -c $dir/nginx.conf -e stderr 2>&1; "
	. "$Test::DOTS::BUILD/dots-admin store check $state >/dev/null; "
	. "echo check \$?'";

SKIP: {
	$out = `$readonly 2>/dev/null`;
	skip 'no mount namespace', 2 if $? >> 8;
	like($out, qr/\[emerg\].*can't be written: remount/, 'read-only');
	like($out, qr/^check 0$/m, 'which is enough for the check');
}

is(join("\n", grep { !/exited on signal 9|zone "dots" was locked by/ }
	$t->read_file('error.log') =~ /.+\[alert\].+/gm), '', 'no other alerts');

###############################################################################

# of the error log from there on
sub lines {
	my ($t, $re, $from) = @_;
	return scalar grep { /$re/ } split /\n/, substr $t->read_file('error.log'), $from;
}

# pids of the workers, without the manager

sub workers {
	my ($t) = @_;
	return grep { my $fh; open($fh, '<', "/proc/$_/cmdline")
		&& <$fh> =~ /worker process/ } dots_workers($t);
}

sub start_fails {
	my $nginx = $ENV{TEST_NGINX_BINARY};
	return system("$nginx -p $dir/ -c $dir/nginx.conf -e $dir/start.log "
		. ">/dev/null 2>&1");
}

###############################################################################
