#!/usr/bin/perl

# The event stream, RFC 8040 section 6, where it has its bounds: silence, a client
# that does not read, one that the history overtakes, how far replay reaches,
# stop-time, changes that another worker makes, a reload in between.

###############################################################################

use warnings;
use strict;

use Test::More;

BEGIN { use FindBin; chdir($FindBin::Bin); }

use lib 'lib';
use IO::Socket::SSL;
use POSIX qw/ strftime /;
use Socket;
use Test::DOTS;
use Test::DOTS::Stream;
use Test::DOTS::Yang;
use Test::Nginx;

###############################################################################

select STDERR; $| = 1;
select STDOUT; $| = 1;

my $t = Test::Nginx->new()->has(qw/http http_ssl http_v2 stream udp/);

dots_has(qw/openssl curl/);
$t->plan(37);

dots_pki($t);

# the kernel takes little, so that a client that does not read is soon noticed;
# each worker has its own queue of connections

my $conf = dots_conf(workers => 2, http => <<'EOF2', customers => <<'EOC');
        add_header X-Worker $pid always;
        location /hasty { dots_data; send_timeout 1s; }
EOF2
    customer a {
        identity  dns:client.example.com;
        prefix    192.0.2.0/24;
        mitigate  rtbh;
        limits    streams=2;
    }

    customer b {
        identity  dns:client.example.net;
        prefix    198.51.100.0/24;
        mitigate  rtbh;
    }
EOC
$conf =~ s/(listen 127.0.0.1:8443 ssl)/$1 sndbuf=16k reuseport/;

$t->write_file_expand('nginx.conf', $conf);
$t->run();
$t->waitforsocket('127.0.0.1:' . port(8443)) or die;

my $url = dots_data_url();
(my $root = $url) =~ s!/data/.*!!;

my $streams = "$root/streams/NETCONF-JSON";
my $client = "$url/dots-client=c";
my $member = 'ietf-dots-data-channel';
my $many = 250;          # aliases of one request
my ($s, $n, @events, $code, $body);

# one thing happens to b, then nobody changes anything of b until its turn comes

dots_curl($t, 'POST', $url, cert => 'b', body =>
	"{\"$member:dots-client\":[{\"cuid\":\"first\"}]}");
my $began = since(cert => 'b');

my $quiet = Test::DOTS::Stream->new($t, $streams, cert => 'b');
is($quiet->comment(), '', 'b is connected');

dots_curl($t, 'POST', $url, body =>
	"{\"$member:dots-client\":[{\"cuid\":\"c\"}]}");

# a field of hundreds of lines is one list, which a stream keeps to its end

my $before = memory($t);
my $line = 'Via: 1.1 ' . 'a' x 20 . "\r\n";
my $lines = slow($t, '/restconf', 'b', $line x 950);

cmp_ok(memory($t) - $before, '<', 4096, 'a header is not kept line by line');
$lines->close();

# a client that does not read is overtaken by the history, of 256 KB here

my $fast = Test::DOTS::Stream->new($t, $streams);
my $slow = slow($t, '/restconf');

is(flood($t, $client), 204, 'aliases, more than buffers take');
is(heard($fast, 'created', $many), $many, 'who reads hears of each');

foreach my $i (1 .. 3) {
	is(flood($t, $client), 204, "and again $i");
	is(heard($fast, 'replaced', $many), $many, 'whatever the other one does');
}

$s = rest($slow);
@events = $s =~ /"alias-name":"x+(\d+)"/g;
ok(@events > 0 && @events < 4 * $many, 'who did not read got some');
is(join(',', @events), join(',', map { sprintf '%03d', $_ % $many }
	0 .. $#events),
	'without a gap');
unlike($s, qr/\r\n0\r\n\r\n\z/, 'was closed in the middle');
like($t->read_file('error.log'), qr/too slow for DOTS events/, 'being too slow');

# RFC 8040 4.8.7: earlier than the log reaches is from the earliest on; where
# that is the monitoring says (9.3, replay-log-creation-time)

my $replay = Test::DOTS::Stream->new($t, "$streams?start-time="
	. '2020-01-01T00:00:00Z');
is($replay->code(), 200, 'replay, further back than there is');
@events = $replay->replayed();
like($events[0], qr/"change":"replaced"/, 'from the earliest that is left');
like($events[-1], qr/"alias-name":"x+@{[$many - 1]}"/, 'to the last');

my $since = since();
ok($since le when($events[0]), "it reaches back to $since");
$replay->quit();

# what a has pushed out is its own: b is not told of, nor loses anything

is(since(cert => 'b'), $began, "another's reaches as far as it did");
ok($began lt $since, 'which is further');
$replay = Test::DOTS::Stream->new($t, "$streams?start-time="
	. '2020-01-01T00:00:00Z', cert => 'b');
my @its = $replay->replayed();
like($its[0], qr/"cuid":"first"/, 'and has what happened to it');
is(scalar @its, 1, 'nothing else');
$replay->quit();

# one that takes nothing for "send_timeout" is closed; others hear on

$slow = slow($t, '/hasty');
flood($t, $client) for 1 .. 2;
ok(dots_until(sub { $t->read_file('error.log')
	=~ /client takes no DOTS events/ }), 'who takes nothing is closed');
is(heard($fast, 'replaced', 2 * $many), 2 * $many, 'others are not');
unlike(rest($slow), qr/\r\n0\r\n\r\n\z/, 'in the middle, too');

# 4.8.8: a stop-time that is to come

my $stop = strftime('%Y-%m-%dT%H:%M:%SZ', gmtime(time() + 2));
my $bounded = Test::DOTS::Stream->new($t, "$streams?start-time="
	. when($events[-1]) . "&stop-time=$stop");
is($bounded->code(), 200, 'its place among the two is free again');
like($bounded->event(), qr/"alias-name"/, 'stop-time in the future: replay');
$s = $bounded->rest();
is($bounded->quit(), 0, 'ended in good order when it comes');
ok(!(grep { $_ gt $stop } $s =~ /"eventTime":"([^"]+)"/g), 'with nothing later');

# what one worker changes is heard of at the other, either way

foreach my $i (1 .. 2) {
	my ($at) = $fast->head() =~ /x-worker: (\d+)/i;
	my $other;

	for ($n = 0; $n < 100 && !$other; $n++) {
		my $head = (dots_curl($t, 'PUT', "$client/aliases/alias=w$i", body =>
			"{\"$member:alias\":[{\"name\":\"w$i\","
			. '"target-prefix":["192.0.2.1/32"]}]}'))[2];
		my ($worker) = $head =~ /x-worker: (\d+)/i;
		$other = $worker if $worker != $at;
	}

	ok($other, "a change by another worker $i");
	@events = map { $fast->event() } 1 .. $n;
	is(scalar(grep { defined && /"alias-name":"w$i"/ } @events), $n,
		'is heard of');

	# and now a stream at that one

	dots_until(sub {
		$fast->quit();
		$fast = Test::DOTS::Stream->new($t, $streams);

		# its worker may not have seen yet that the one before has gone

		return $fast->code() == 200 && $fast->head() =~ /x-worker: $other\b/i;
	}) or die "no stream at the other worker\n";
}

# silence is broken by a comment, after 15 s (README), which is no event

is($quiet->comment(), '', 'keep-alive');

# over a reload: what happened meanwhile is replayed from where one was

dots_curl($t, 'POST', $url, cert => 'b', body =>
	"{\"$member:dots-client\":[{\"cuid\":\"before\"}]}");
like($s = $quiet->event(), qr/"before"/, 'a change before a reload');
dots_reload($t);
ok(defined $quiet->rest(), 'ends the stream');

dots_curl($t, 'POST', $url, cert => 'b', body =>
	"{\"$member:dots-client\":[{\"cuid\":\"after\"}]}");
$quiet = Test::DOTS::Stream->new($t, "$streams?start-time=" . when($s),
	cert => 'b');
like(join(' ', map { $quiet->event() } 1 .. 2), qr/"before".*"after"/,
	'nothing is missed');

# they hold the folder

undef $_ foreach $fast, $quiet, $replay, $bounded;
undef $t;

###############################################################################

# Replay reaches that far
sub since {
	my $body = (dots_curl($t, 'GET', "$root/data/"
		. 'ietf-restconf-monitoring:restconf-state/streams', @_))[1];

	return $body =~ /"replay-log-creation-time": ?"([^"]+)"/ ? $1 : '';
}

sub when {
	return $_[0] =~ /"eventTime":"([^"]+)"/ ? $1 : '';
}

# As many events as one request can make
sub flood {
	my ($t, $client) = @_;

	my $list = join ',', map { sprintf '{"name":"%s%03d","target-prefix":'
		. '["192.0.2.1/32"]}', 'x' x 200, $_ } 0 .. $many - 1;

	return (dots_curl($t, 'PUT', "$client/aliases", body =>
		"{\"$member:aliases\":{\"alias\":[$list]}}"))[0];
}

# How many of the next events are of this change
sub heard {
	my ($stream, $change, $count) = @_;

	return scalar grep { defined && /"alias-name":"x+\d+","change":"$change"/ }
		map { $stream->event() } 1 .. $count;
}

# What all workers have, in KB
sub memory {
	my ($t) = @_;
	my $sum = 0;

	foreach my $pid (dots_workers($t)) {
		open my $fh, '<', "/proc/$pid/status" or next;
		/^RssAnon:\s+(\d+)/ and $sum += $1 while <$fh>;
	}

	return $sum;
}

# A client that reads the header and no more
sub slow {
	my ($t, $at, $cert, $headers) = @_;
	my $dir = $t->testdir();

	$cert ||= 'a';

	socket my $tcp, PF_INET, SOCK_STREAM, 0 or die "no socket: $!\n";
	setsockopt $tcp, SOL_SOCKET, SO_RCVBUF, 4096;
	connect $tcp, pack_sockaddr_in(port(8443), inet_aton('127.0.0.1'))
		or die "no connection: $!\n";

	my $s = IO::Socket::SSL->start_SSL($tcp, SSL_hostname => 'localhost',
		SSL_verifycn_name => 'localhost', SSL_ca_file => "$dir/ca.crt",
		SSL_cert_file => "$dir/$cert.crt", SSL_key_file => "$dir/$cert.key")
		or die "no TLS: $IO::Socket::SSL::SSL_ERROR\n";

	$s->print("GET $at/streams/NETCONF-JSON HTTP/1.1\r\nHost: localhost\r\n"
		. ($headers || '') . "\r\n");

	my $status = readline $s;
	die "no stream: $status" unless $status =~ / 200 /;

	return $s;
}

# What it can read until it is closed
sub rest {
	my ($s) = @_;
	my $rest = '';

	local $SIG{ALRM} = sub { die "it is open still\n" };
	alarm 60;
	1 while $s->sysread($rest, 65536, length $rest);
	alarm 0;

	return $rest;
}

###############################################################################
