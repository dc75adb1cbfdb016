#!/usr/bin/perl

# A disk that stands still: requests whose commit is under way while their
# client goes, the configuration changes or nginx is told to leave.

###############################################################################

use warnings;
use strict;

use Test::More;

BEGIN { use FindBin; chdir($FindBin::Bin); }

use lib 'lib';
use IPC::Open2;
use Test::DOTS;
use Test::Nginx;

###############################################################################

select STDERR; $| = 1;
select STDOUT; $| = 1;

my $t = Test::Nginx->new()->has(qw/http http_ssl http_v2 stream udp/);

dots_has(qw/cbor openssl gobgpd gobgp curl/);
$t->plan(30);

dots_pki($t);
dots_gobgpd($t);

my $conf = dots_conf(workers => 1);
$t->write_file_expand('nginx.conf', $conf);
$t->run();

# the store's write transaction is ours until release()

my ($hold, $in, $out);

sub hold {
	my ($t) = @_;
	my $dir = $t->testdir();
	$hold = open2($out, $in, "$Test::DOTS::BUILD/tools/dots_hold", "$dir/state");
	return readline($out) eq "held\n";
}

sub release { close $in; close $out; waitpid $hold, 0 }

sub there { my ($t, $p) = @_; return dots_rib($t) =~ m!\Q$p\E/32! }

# a PUT whose answer we don't wait for; returns when the server has it: it
# answers one request of a session after the other

sub start_put {
	my ($s, $cuid, $mid, %o) = @_;
	$s->send($s->message(method => 'PUT',
		path => Test::DOTS::Session::path($cuid, $mid),
		body => dots_mitigate(%o)));
	return $s->request(method => 'GET',
		path => Test::DOTS::Session::path('nobody', 1), type => 'NON');
}

my ($c, $url) = ('still', dots_data_url());
my $client = '{"ietf-dots-data-channel:dots-client":[{"cuid":"%s"}]}';

###############################################################################

my $s = dots_session($t);
is($s->put($c, 1, prefix => ['192.0.2.1/32'])->{code}, '2.01', 'created');
ok(dots_until(sub { there($t, '192.0.2.1') }), 'its route');

# the peer begins again, or goes, while its change is under way

ok(hold($t), 'the disk stands still');
is(start_put($s, $c, 2, prefix => ['192.0.2.2/32'])->{code}, '4.04',
	'a change under way; reading goes on');
like($s->command('restart 5000'), qr/^connected/, 'the peer begins again');
is(start_put($s, $c, 3, prefix => ['192.0.2.3/32'])->{code}, '4.04',
	'another change');
$s->quit();

# so does a client of the data channel, by HTTP/1.1 and HTTP/2

foreach my $http ('--http1.1', '--http2') {
	my ($code) = dots_curl($t, 'PUT', "$url/dots-client=gone$http",
		body => sprintf($client, "gone$http"),
		args => [ $http, '--max-time', '0.5' ]);
	is($code, '000', "$http client goes");
}

release();

$s = dots_session($t);
ok(dots_until(sub { ($s->status($c, 2) || 0) && ($s->status($c, 3) || 0) }),
	'what was under way is durable');

foreach my $http ('--http1.1', '--http2') {
	ok(dots_until(sub { (dots_curl($t, 'GET', "$url/dots-client=gone$http"))[0]
		== 200 }), "$http: the client's change too");
}

# A refresh is under way while the customer loses the prefix: the new manager
# meets an entry that it can't take back yet.

ok(hold($t), 'the disk stands still');
is(start_put($s, $c, 1, prefix => ['192.0.2.1/32'])->{code}, '4.04',
	'a refresh under way');
my ($manager) = manager($t);

(my $less = $conf) =~ s!192\.0\.2\.0/24!192.0.2.2/31!;
$t->write_file_expand('nginx.conf', $less);
$t->reload();
ok(dots_until(sub { my ($now) = manager($t); $now && $now != $manager }),
	'reload without the prefix');
ok(dots_until(sub { locked($t) == (manager($t))[0] }), 'the new manager acts');

release();

ok(dots_until(sub { !there($t, '192.0.2.1') && there($t, '192.0.2.2') }),
	'the route of the lost prefix is gone');
$s->quit();
$s = dots_session($t);
ok(dots_until(sub { ($s->status($c, 1) || 0) == 7 }), 'status 7: withdrawn');

# told to leave while a change is under way

$t->write_file_expand('nginx.conf', $conf);
$t->reload();
ok(dots_until(sub { ($s->command('recv 50') || '') =~ /closed/ }),
	'the old workers leave');
$s->quit();
$s = dots_session($t);

ok(hold($t), 'the disk stands still');
is(start_put($s, $c, 4, prefix => ['192.0.2.4/32'])->{code}, '4.04',
	'a change under way');

my ($master) = $t->read_file('nginx.pid') =~ /(\d+)/;
my $body = sprintf $client, 'leaving';
my ($leaving, $continue) = dots_begin_put($t, 'leaving', length $body);
like($continue, qr/ 100 /, 'a client of the data channel');
$leaving->print($body);
is($s->get('nobody', $_)->{code}, '4.04', 'waits, too') foreach 1, 2;

kill 'QUIT', $master;
like($s->command('recv 5000'), qr/closed/, 'the worker leaves');
release();
like(join('', $leaving->getlines()), qr!HTTP/1.1 201!,
	'not before the data channel has its answer');
waitpid $master, 0;
$s->quit();

$t->run();
$s = dots_session($t);
is($s->get($c, 4)->{code}, '2.05', 'the change was made before the end');
$s->quit();

# told to end at once: the commit that a thread has is waited for

$s = dots_session($t);
ok(hold($t), 'the disk stands still');
is(start_put($s, $c, 5, prefix => ['192.0.2.5/32'])->{code}, '4.04',
	'a change under way');

($master) = $t->read_file('nginx.pid') =~ /(\d+)/;
my $exiting = () = $t->read_file('error.log') =~ /: exiting$/gm;
kill 'TERM', $master;
ok(dots_until(sub { (() = $t->read_file('error.log') =~ /: exiting$/gm)
	> $exiting + 1 }), 'the worker and the manager end');
release();
waitpid $master, 0;
$s->quit();

$t->run();
$s = dots_session($t);
is($s->get($c, 5)->{code}, '2.05', 'the change was made before the end');
$s->quit();

###############################################################################

# pid of the youngest process that has nginx's cache manager in it

sub manager {
	my ($t) = @_;
	return sort { $main::b <=> $main::a } grep { my $fh;
		open($fh, "<", "/proc/$_/cmdline") && <$fh> =~ /cache manager/
	} dots_workers($t);
}

# pid of who has locked manager.lock

sub locked {
	my ($t) = @_;
	my $inode = (stat $t->testdir() . '/state/manager.lock')[1];
	open my $fh, '<', '/proc/locks' or return 0;
	my ($line) = grep { /FLOCK.*:$inode / } <$fh>;
	return $line && $line =~ /WRITE (\d+)/ ? $1 : 0;
}

###############################################################################
