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
$t->plan(32);

dots_pki($t);
dots_gobgpd($t);

my $conf = dots_conf(workers => 1, shutdown => '60s');
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
like($s->command('restart 60000'), qr/^connected/, 'the peer begins again');
is(start_put($s, $c, 3, prefix => ['192.0.2.3/32'])->{code}, '4.04',
	'another change');
$s->quit();

# so does a client of the data channel, by HTTP/1.1 and HTTP/2

foreach my $http ('1.1', '2') {
	my ($goes, $read) = begin_put($t, $http, "gone-$http",
		sprintf($client, "gone-$http"));
	ok($read, "HTTP/$http: a client's change is under way");
	$goes->close();
}

release();

$s = dots_session($t);
ok(dots_until(sub { ($s->status($c, 2) || 0) && ($s->status($c, 3) || 0) }),
	'what was under way is durable');

foreach my $http ('1.1', '2') {
	ok(dots_until(sub { (dots_curl($t, 'GET', "$url/dots-client=gone-$http"))[0]
		== 200 }), "HTTP/$http: the client's change too");
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

dots_kill('QUIT', $master);
like($s->command('recv 60000'), qr/closed/, 'the worker leaves');
release();
like(join('', $leaving->getlines()), qr!HTTP/1.1 201!,
	'not before the data channel has its answer');
waitpid $master, 0;
$s->quit();

$t->run();
$s = dots_session($t);
is($s->get($c, 4)->{code}, '2.05', 'the change was made before the end');
$s->quit();

# told to end at once: the commit that a thread has is waited for; the manager,
# which may have one of its own when it begins, has none any more

$s = dots_session($t);
ok(dots_until(sub { ($s->status($c, 4) || 0) == 2 }), 'the manager acts');
ok(hold($t), 'the disk stands still');
is(start_put($s, $c, 5, prefix => ['192.0.2.5/32'])->{code}, '4.04',
	'a change under way');

# the master kills who has not ended after a second or two: it stands still, and
# finds what it was told as well as what became of its children

($master) = $t->read_file('nginx.pid') =~ /(\d+)/;
my $exiting = () = $t->read_file('error.log') =~ /: exiting$/gm;
dots_stop($master);
dots_kill('TERM', $master, dots_workers($t));
ok(dots_until(sub { (() = $t->read_file('error.log') =~ /: exiting$/gm)
	> $exiting + 1 }), 'the worker and the manager end');
release();
ok(dots_until(sub { !dots_workers($t) }), 'when the disk goes on');
dots_kill('CONT', $master);
waitpid $master, 0;
$s->quit();

$t->run();
$s = dots_session($t);
is($s->get($c, 5)->{code}, '2.05', 'the change was made before the end');
$s->quit();

###############################################################################

# A PUT of which the server has all: a socket, and whether that is so.  Over HTTP/2
# (RFC 9113) a PING behind it is answered when what came before has been read.

sub begin_put {
	my ($t, $http, $cuid, $body) = @_;
	return http2_put($t, $cuid, $body) if $http eq '2';

	my ($s, $continue) = dots_begin_put($t, $cuid, length $body);
	$s->print($body);
	return ($s, $continue =~ / 100 /);
}

sub http2_frame {
	my ($type, $flags, $stream, $payload) = @_;
	return substr(pack('N', length $payload), 1)
		. pack('CCN', $type, $flags, $stream) . $payload;
}

sub http2_put {
	my ($t, $cuid, $body) = @_;

	require IO::Socket::SSL;

	my $d = $t->testdir();

	my $s = IO::Socket::SSL->new(PeerAddr => '127.0.0.1',
		PeerPort => port(8443), SSL_hostname => 'localhost',
		SSL_alpn_protocols => [ 'h2' ], SSL_ca_file => "$d/ca.crt",
		SSL_cert_file => "$d/a.crt", SSL_key_file => "$d/a.key")
		or die "no connection: $IO::Socket::SSL::SSL_ERROR\n";

	# literals without indexing: RFC 7541 section 6.2.2

	my %fields = (':method' => 'PUT', ':scheme' => 'https',
		':authority' => 'localhost', ':path' => '/restconf/data/'
			. "ietf-dots-data-channel:dots-data/dots-client=$cuid",
		'content-type' => 'application/yang-data+json',
		'content-length' => length $body);
	my $head = join '', map { pack 'C C/a* C/a*', 0, $_, $fields{$_} }
		sort keys %fields;

	$s->print("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" . http2_frame(4, 0, 0, '')
		. http2_frame(1, 4, 1, $head) . http2_frame(0, 1, 1, $body)
		. http2_frame(6, 0, 0, 'all read'));

	my $got = '';
	1 while $got !~ /\x06\x01\0{4}all read/
		&& $s->sysread($got, 4096, length $got);

	return ($s, $got =~ /all read/);
}

# pids of the processes that have nginx's cache manager in them, the youngest first

sub manager {
	my ($t) = @_;
	my %began = map { $_ => began($_) } grep {
		Test::DOTS::_title($_) =~ /cache manager/ } dots_workers($t);
	return sort { $began{$main::b} <=> $began{$main::a} } keys %began;
}

sub began {
	my ($pid) = @_;
	open my $fh, '<', "/proc/$pid/stat" or return 0;
	return (split ' ', (<$fh> // '') =~ s/.*\) //r)[19] // 0;
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
