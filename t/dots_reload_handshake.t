#!/usr/bin/perl

# A handshake under way over a reload, and a TCP connection from which nothing has
# come yet, end where they began.  What the client says right after is answered;
# if it protects something then its session stays, else it is told to come back,
# so that the worker can go.

###############################################################################

use warnings;
use strict;

use Test::More;

BEGIN { use FindBin; chdir($FindBin::Bin); }

use lib 'lib';
use IO::Select;
use IO::Socket::INET;
use Test::DOTS;
use Test::Nginx;

###############################################################################

select STDERR; $| = 1;
select STDOUT; $| = 1;

my $t = Test::Nginx->new()->has(qw/http http_ssl http_v2 stream udp socket_ssl/);

dots_has(qw/cbor openssl/);
$SIG{PIPE} = 'IGNORE';
$t->plan(32);

dots_pki($t);
$t->write_file_expand('nginx.conf', dots_conf(workers => 1, shutdown => '600s'));
$t->run();

# ---- a TLS client that stops where it is told to

# the server's end of the connection is the worker's: until it is accepted it has
# no inode
sub accepted {
	my ($s, $pid) = @_;
	my ($from, $to) = map { sprintf '0100007F:%04X', $_ }
		$s->peerport(), $s->sockport();

	open my $fh, '<', '/proc/net/tcp' or die;
	my ($inode) = map { $$_[9] } grep { $$_[1] eq $from && $$_[2] eq $to }
		map { [ split ' ' ] } <$fh>;

	return $inode && grep { (readlink || '') eq "socket:[$inode]" }
		glob "/proc/$pid/fd/*";
}

sub worker {
	my ($t, $old) = @_;
	my ($pid) = grep { $_ != ($old || 0) } dots_serving($t);
	return $pid;
}

# returns when the worker has accepted it
sub tcp {
	my ($t, $pid) = @_;
	my $s = IO::Socket::INET->new(PeerAddr => '127.0.0.1:' . port(8446))
		or die "connect: $!\n";
	dots_until(sub { accepted($s, $pid) }) or die "not accepted\n";
	$s->blocking(0);
	return $s;
}

# TLS by hand: what the server says is not looked at before finish()
sub tls {
	my ($t, $socket, $version) = @_;
	my $d = $t->testdir();

	my $ctx = Net::SSLeay::CTX_new();
	Net::SSLeay::CTX_set_max_proto_version($ctx, $version);
	Net::SSLeay::set_cert_and_key($ctx, "$d/a.crt", "$d/a.key") or die;

	my %s = (socket => $socket, ssl => Net::SSLeay::new($ctx),
		map { $_ => Net::SSLeay::BIO_new(Net::SSLeay::BIO_s_mem()) }
			qw/ in out /);
	Net::SSLeay::set_bio(@s{qw/ ssl in out /});
	return \%s;
}

sub flush {
	my ($s) = @_;
	my $bytes = Net::SSLeay::BIO_read($s->{out});
	$s->{socket}->syswrite($bytes) if defined $bytes && length $bytes;
}

sub hello {
	my ($s) = @_;
	Net::SSLeay::connect($s->{ssl});
	flush($s);
}

# zero: nothing came, or the end
sub feed {
	my ($s) = @_;
	readable($s) or return 0;
	my $n = $s->{socket}->sysread(my $bytes, 65536) or return 0;
	Net::SSLeay::BIO_write($s->{in}, $bytes);
	return $n;
}

sub finish {
	my ($s) = @_;

	while (Net::SSLeay::connect($s->{ssl}) != 1) {
		flush($s);
		feed($s) or return 'the end';
	}

	flush($s);
	return 'up';
}

sub say_to {
	my ($s, $bytes) = @_;
	Net::SSLeay::write($s->{ssl}, $bytes);
	flush($s);
}

sub readable {
	my ($s, $seconds) = @_;
	return IO::Select->new($s->{socket})->can_read($seconds || 60);
}

# the codes that come until the end, or "nothing" for a minute; or the first $n
sub hear {
	my ($s, $n) = @_;
	my ($bytes, @codes) = '';

	while (1) {
		while (length $bytes > 1) {
			my ($len, $tkl) = (ord($bytes) >> 4, ord($bytes) & 15);
			my $head = $len == 13 ? 2 : $len == 14 ? 3 : 1;
			last if length $bytes < $head;
			$len = 13 + ord(substr $bytes, 1) if $len == 13;
			$len = 269 + unpack('n', substr $bytes, 1) if $len == 14;
			last if length $bytes < $head + 1 + $tkl + $len;
			my $code = ord substr $bytes, $head;
			push @codes, sprintf '%d.%02d', $code >> 5, $code & 31;
			substr $bytes, 0, $head + 1 + $tkl + $len, '';
		}

		return @codes if $n && @codes >= $n;

		my $got = Net::SSLeay::read($s->{ssl});
		if (defined $got && length $got) {
			$bytes .= $got;
			next;
		}

		return (@codes, 'closed') if Net::SSLeay::get_shutdown($s->{ssl}) & 2;
		return (@codes, 'nothing') unless feed($s);
	}
}

sub request {
	my ($method, $cuid, $mid, %o) = @_;
	my $maker = bless { tcp => 1, token => 1, mid => 1 },
		'Test::DOTS::Session';
	return $maker->message(method => $method,
		path => Test::DOTS::Session::path($cuid, $mid), %o);
}

sub gone {
	my ($t, $pid) = @_;
	return dots_until(sub { !grep { $_ == $pid } dots_workers($t) });
}

###############################################################################

my $mid = 0;

foreach my $number (0x0303, 0x0304) {

	my $version = $number == 0x0303 ? 'TLS 1.2' : 'TLS 1.3';

	my $old = worker($t);

	my ($early, $half, $asks) = map { tcp($t, $old) } 1 .. 3;
	$_ = tls($t, $_, $number) foreach $half, $asks;

	hello($_) foreach $half, $asks;
	ok(readable($_), "$version: a hello is answered") foreach $half, $asks;

	ok(dots_turn($t), "$version: reload");
	ok(grep({ $_ == $old } dots_workers($t)), "$version: the old worker waits");

	# one of a worker that is there now

	my $new = tls($t, tcp($t, worker($t, $old)), $number);
	is(finish($new), 'up', "$version: the new one serves");

	$early = tls($t, $early, $number);

	foreach my $case ([ $half, 'half way' ], [ $early, 'not begun' ]) {
		my ($s, $what) = @$case;

		is(finish($s), 'up', "$version, $what: the handshake ends");
		say_to($s, "\0\xe1" . request('GET', 'h'));
		my @heard = hear($s);
		is("@heard", '7.01 4.04 7.04 closed',
			"$version, $what: CSM, the answer, Release, the end");
		$s->{socket}->close();
	}

	is(finish($asks), 'up', "$version, asks for help: the handshake ends");
	say_to($asks, "\0\xe1" . request('PUT', 'p', ++$mid,
		body => dots_mitigate(prefix => ["192.0.2.$mid/32"])));
	my @heard = hear($asks, 2);
	is("@heard", '7.01 2.01', "$version, asks for help: it is there");
	ok(!readable($asks, 3), "$version, asks for help: it stays");

	say_to($asks, request('DELETE', 'p', $mid));
	@heard = hear($asks);
	is("@heard", '2.02 7.04 closed',
		"$version, asks for help: until it does no more");
	$asks->{socket}->close();

	ok(gone($t, $old), "$version: the old worker goes");

	say_to($new, "\0\xe1" . request('GET', 'h'));
	@heard = hear($new, 2);
	is("@heard", '7.01 4.04', "$version: the new one answers");
	$new->{socket}->close();
}

# who never says anything does not keep a worker for longer than its handshake may
# take, which is nginx's own affair; one that ends is no harm

my $old = worker($t);
my $silent = tcp($t, $old);
ok(dots_turn($t), 'reload, with a connection that is silent');
$silent->close();
ok(gone($t, $old), 'closed: the old worker goes');

###############################################################################
