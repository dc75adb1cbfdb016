#!/usr/bin/perl

# Ten thousand datagrams that belong to no session, ten thousand requests with
# faults inside of one, and HTTP that no client sends.  Nothing crashes, grows,
# fills the log or changes what it has no right to, and others are served
# meanwhile.  DOTS_HOSTILE_SEED repeats a run.

###############################################################################

use warnings;
use strict;

use Socket qw/ SOL_SOCKET SO_LINGER /;
use Test::More;

BEGIN { use FindBin; chdir($FindBin::Bin); }

use lib 'lib';
use Test::DOTS;
use Test::Nginx;

###############################################################################

select STDERR; $| = 1;
select STDOUT; $| = 1;

my $t = Test::Nginx->new()->has(qw/http http_ssl http_v2 stream udp/);

dots_has(qw/cbor openssl gobgpd gobgp dnsmasq curl/);
eval { require IO::Socket::SSL; 1 } or plan(skip_all => 'no IO::Socket::SSL');

use constant {
	NOISE => 10000,
	MUTANTS => 10000,

	# of a worker's private memory, KB: OpenSSL's and malloc's own buffers,
	# far from what a leak of some 100 bytes a datagram would be
	GROWTH => 2048,
};

$t->plan(153);

my $seed = $ENV{DOTS_HOSTILE_SEED} || int(rand 2 ** 31);
diag("DOTS_HOSTILE_SEED=$seed");

dots_pki($t);
dots_gobgpd($t);
dots_dns($t);

$t->write_file_expand('nginx.conf', dots_conf(workers => 2));

# 20 000 datagrams are no debug log's matter

my $conf = $t->read_file('nginx.conf');
$conf =~ s/(error_log \S+error\.log) debug;/$1 info;/;

# nor of customary limits

$conf =~ s/^dots \{/dots {\n    limit_source handshakes=off requests=off;/m;
$conf =~ s/mitigate  rtbh;/$&\n        limits rate=off handshakes=off sessions=off;/g;

$t->write_file('nginx.conf', $conf);

$t->run();
$t->waitforsocket('127.0.0.1:' . port(8443)) or die;

###############################################################################

my $port = port(8980, udp => 1);
my $cuid = 'hostile';
my %acked;          # cuid -> mid -> what the last acknowledged change was

# ---- what is looked at before and after ----

sub private {
	my ($pid) = @_;
	open my $fh, '<', "/proc/$pid/status" or return 0;
	my ($kb) = join('', <$fh>) =~ /^RssAnon:\s+(\d+)/m;
	return $kb;
}

sub grown {
	my ($before) = @_;
	return join ' ', grep { $_ } map {
		my $kb = private($_) - $before->{$_};
		$kb > GROWTH ? "$_: $kb KB" : '' } sort keys %$before;
}

sub pids { my ($t) = @_; return join ' ', sort { $a <=> $b } dots_workers($t) }

# lines of a level since the last look
sub logged {
	my ($t, $from) = @_;
	my $log = substr $t->read_file('error.log'), $from;
	return ([ $log =~ /.+\[(?:warn|error|crit|alert|emerg)\].+/g ],
		scalar(() = $log =~ /\[(?:notice|info)\]/g), length($log) + $from);
}

# A network in its canonical form, so that what was asked can be compared
sub network {
	my ($text) = @_;
	my ($addr, $bits) = $text =~ m!^([\d.]+)/(\d+)$! or return $text;
	my $n = unpack 'N', pack 'C4', split /\./, $addr;
	$n &= $bits ? 0xffffffff << 32 - $bits & 0xffffffff : 0;
	return join('.', unpack 'C4', pack 'N', $n) . "/$bits";
}

# What a 2.xx acknowledged, in the order in which it did
sub acknowledge {
	my ($acked, $request, $answer) = @_;

	my %of;
	/^(cuid|mid)=(.*)$/s and $of{$1} = $2 foreach @{$request->{options}{11}};

	if ($request->{code} eq '0.04') {
		delete $acked->{$of{cuid}}{$of{mid}};
		$acked->{$of{cuid}}{deleted} = 1;
		return;
	}

	$acked->{$of{cuid}}{$of{mid}} = {
		prefixes => join(' ', sort map { network($_) }
			@{$request->{cbor}{1}{2}[0]{6}}),
		lifetime => $answer->{cbor}{1}{2}[0]{14} };
}

# Everything of a cuid that is active: mid -> its prefixes
sub registry {
	my ($session, $cuid) = @_;
	my $m = $session->get($cuid);
	return { } if $m->{code} eq '4.04';
	return { $m->{code} => 'not to be had' } if $m->{code} ne '2.05';
	return { map { $_->{5} => join(' ', sort @{$_->{6}}) }
		grep { $_->{16} != 5 && $_->{14} > 60 } @{$m->{cbor}{1}{2}} };
}

# What is there and was not acknowledged so, or should be there and is not
sub wrong {
	my ($session, $acked) = @_;
	my @wrong;

	foreach my $cuid (sort keys %$acked) {
		my %of = %{$acked->{$cuid}};
		my $deleted = delete $of{deleted};
		my $there = registry($session, $cuid);
		my ($top) = sort { $b <=> $a } keys %of;

		foreach my $mid (keys %$there) {
			push @wrong, "$cuid $mid is $there->{$mid}" unless $of{$mid}
				&& $there->{$mid} eq $of{$mid}{prefixes};
		}

		# a higher mid may have overridden all others, RFC 9132 4.4.1.3

		push @wrong, "$cuid $top is not there" if !$deleted && defined $top
			&& $of{$top}{lifetime} > 120 && !$there->{$top};
	}

	return join "\n", @wrong;
}

# ---- the sender works while "others" do what they do ----

sub during {
	my ($session, $command, $others) = @_;
	my ($line, $n, $good) = ('', 0, 0);

	print { $session->{in} } "$command\n";

	my $ready = '';
	vec($ready, fileno($session->{out}), 1) = 1;

	while (!select(my $r = $ready, undef, undef, 0)) {
		$n++;
		$good++ if $others->();
	}

	return ($session->_line(), $n, $good);
}

sub mutants {
	my ($session, $acked, $seed, $n, $message, $others) = @_;

	my ($line, $asked, $good) = during($session,
		"mutants $seed $n " . unpack('H*', $message), $others);

	# what was not answered yet, since it waits for the disk

	my $rest = $session->command('settle ' . unpack 'H*', $session->message(
		method => 'PUT', token => 'settle',
		path => Test::DOTS::Session::path('settle', 1),
		body => dots_mitigate(prefix => ['2001:db8:6401::5/128'])));

	my $told = $line . $rest;

	while ($told =~ /ack=([0-9a-f]+):([0-9a-f]+)/g) {
		acknowledge($acked, map { Test::DOTS::Session::_parse(pack 'H*', $_) }
			$1, $2);
	}

	s/ack=\S+ //g foreach $line, $rest;

	return ("$line, $rest", $asked, $good);
}

# ---- the others: a second customer, from before the first datagram ----

my $b = dots_session($t, cert => 'b');
my $cb = 'cuid-of-b';
is($b->put($cb, 1, prefix => ['198.51.100.1/32'])->{code}, '2.01',
	'a second customer has a mitigation');

my $others = sub { my $m = $b->get($cb, 1);
	return $m && $m->{code} eq '2.05' && $m->{cbor}{1}{2}[0]{5} == 1 };

my $a = dots_session($t);
my $w = dots_session($t, args => ['--wait']);

my @mitigate = ('.well-known', 'dots', 'mitigate');
my @of = (@mitigate, "cuid=$cuid");

# each with a client and a target of its own, or the first that chance gets
# through would be in the way of all others

my @puts = map { $a->message(method => 'PUT', token => '',
	path => [ @mitigate, "cuid=$cuid-$_", 'mid=50' ],
	body => dots_mitigate(prefix => [ '192.0.2.' . 16 * $_ . '/28' ],
	ports => [ 80, [ 443, 445 ] ], protocol => [ 6 ], lifetime => 3600)) }
	0 .. 12;
my $get = $a->message(method => 'GET', path => [ @of, 'mid=50' ], token => '',
	query => [ 'c=a' ]);
my $delete = $a->message(method => 'DELETE', path => [ @of, 'mid=40' ],
	token => '');

# warm: buffers of OpenSSL, libyang and malloc have grown when it counts

foreach ($puts[0], $get) {
	my ($line) = mutants($a, \%acked, $seed + 1, 2000, $_, sub { 1 });
	like($line, qr/ lost=0 unmatched=0 .* lost=0 unmatched=0 /,
		'warm: each answer is known');
}

$w->command("noise @{[$seed + 2]} 3000");

my $pids = pids($t);
my %before = map { $_ => private($_) } split / /, $pids;
my (undef, undef, $from) = logged($t, 0);
my ($line, $asked, $good, $bad, $info);

# ---- datagrams that belong to no session ----

($line, $asked, $good) = during($w, "noise $seed @{[NOISE]}", $others);
like($line, qr/^noise sent=@{[NOISE]} answers=\d+ lost=0 /,
	'noise: a hello is answered all the time');
my ($out, $in) = $line =~ /bytes_out=(\d+) bytes_in=(\d+)/;
cmp_ok($in, '<', $out, 'noise: answered by less than was sent');
ok($asked && $good == $asked, "noise: $asked of the other's requests meanwhile");

# nginx itself logs two lines at info for a datagram that begins a session of
# its stream module, "connected" and "disconnected"; nothing of ours

($bad, $info, $from) = logged($t, $from);
is("@$bad", '', 'noise: nothing at warn or above');
cmp_ok($info, '<=', 2 * (NOISE + NOISE / 16), 'noise: and what nginx logs');

# the same on the port of a session, as if by somebody who knows it

($line) = during($a, "noise @{[$seed + 3]} 1000", $others);
like($line, qr/^noise sent=1000 answers=\d+ lost=0 /, 'noise: on a live port');
my $m = $a->get($cuid, 1);
is($m ? $m->{code} : $a->{last}, '4.04', 'noise: its session lives');

($bad, $info, $from) = logged($t, $from);
is("@$bad", '', 'noise: on a live port, nothing at warn or above');
cmp_ok($info, '<=', 10, 'noise: on a live port, hardly a line');

# protected records that are too short for what protects them, each of which
# OpenSSL 3.0 would answer by a fatal alert: RFC 6347 section 4.1.2.7

foreach my $cipher (qw/ AES256-GCM-SHA384 CHACHA20-POLY1305 AES128-CCM /) {
	my $s = dots_session($t, args => [ '--ciphers', "ECDHE-ECDSA-$cipher" ]);
	like($s->connected(), qr/^connected \S*\Q$cipher\E$/, "short: $cipher");

	foreach my $len (0 .. 31) {
		my $record = pack('CnnNnna*', 20 + $len % 6, 0xfefd, 1, 0x1000, $len,
			$len, 'x' x $len);
		$s->command('raw ' . unpack('H*', $_)) foreach ($record, $record x 2,
			pack('CnnNnna*', 23, 0xfefd, 0, 0, 0, 5, 'x' x 5) . $record);
	}

	my $m = $s->get($cuid, 1);
	is($m ? $m->{code} : $s->{last}, '4.04', "short: $cipher, it lives");
}

(undef, undef, $from) = logged($t, $from);

# ---- requests with faults ----

foreach my $row ((map { [ "PUT $_", $puts[$_], 5 ] } 1 .. 12),
	[ 'GET', $get, 20 ], [ 'DELETE', $delete, 20 ])
{
	my ($name, $message, $percent) = @$row;
	my $n = MUTANTS * $percent / 100;

	($line, $asked, $good) = mutants($a, \%acked, ++$seed + 10, $n,
		$message, $others);
	note("$name: $line");

	like($line, qr/^mutants sent=$n answers=\d+ lost=0 unmatched=0 /,
		"mutants: $name, and every ping is answered");
	like($line, qr/bad=[1-9]\d* failed=0, settle lost=0 unmatched=0 failed=0$/,
		"mutants: $name, refused as the client's fault");
	ok($asked && $good == $asked,
		"mutants: $name, $asked of the other's requests meanwhile");
}

($bad, $info, $from) = logged($t, $from);
is("@$bad", '', 'mutants: nothing at warn or above');
cmp_ok($info, '<=', 10, 'mutants: hardly a line at info');

# ---- after ----

is(pids($t), $pids, 'the same processes');

SKIP: {
	skip 'the sanitizer keeps freed memory', 1 if $ENV{ASAN_OPTIONS};
	is(grown(\%before), '', 'no process has grown');
}

my $new = dots_session($t);
like($new->connected(), qr/^connected/, 'a new session');
ok($others->(), 'the session from before');

note('acknowledged: ' . join ', ', map { "$_: " . keys %{$acked{$_}} }
	sort keys %acked);
ok(scalar keys %acked, 'some were right by chance');
is(wrong($new, \%acked), '', 'what is there is what was acknowledged');
is_deeply(registry($b, $cb), { 1 => '198.51.100.1/32' },
	"the other customer's is as it was");

# ---- HTTP ----

my $url = dots_data_url();
my $client = '{"ietf-dots-data-channel:dots-client":[{"cuid":"%s"}]}';
my $alias = '{"ietf-dots-data-channel:alias":[{"name":"%s",%s}]}';
my $target = '"target-prefix":["192.0.2.1/32"]';
my $fine = sprintf($alias, 'x', $target);

foreach my $row ([ 'a', 'cuid-of-a', '192.0.2.1/32' ],
	[ 'b', 'cuid-of-b', '198.51.100.1/32' ])
{
	my ($cert, $name, $prefix) = @$row;
	my ($code) = dots_curl($t, 'PUT', "$url/dots-client=$name", cert => $cert,
		body => sprintf($client, $name));
	is($code, 201, "HTTP: $name");
	($code) = dots_curl($t, 'PUT', "$url/dots-client=$name/aliases/alias=keep",
		cert => $cert, body => sprintf($alias, 'keep',
		"\"target-prefix\":[\"$prefix\"]"));
	is($code, 201, "HTTP: an alias of $name");
}

sub data {
	my ($t, $url) = @_;
	return join "\n", map { (dots_curl($t, 'GET', "$url?content=config",
		cert => $_))[1] } qw/ a b /;
}

my $data = data($t, $url);
like($data, qr/keep.*keep/s, 'HTTP: there is something to lose');

my @bodies = (
	[ 'arrays nested 100 000 deep', '[' x 100000 ],
	[ 'objects nested 100 000 deep', '{"a":' x 100000 ],
	[ 'nested and closed', sprintf($alias, 'x', '"target-protocol":'
		. '[' x 5000 . ']' x 5000) ],
	[ 'a number beyond doubles', sprintf($alias, 'x',
		"$target,\"target-protocol\":[1e999]") ],
	[ 'a number of 10 000 digits', sprintf($alias, 'x',
		"$target,\"target-protocol\":[" . '9' x 10000 . ']') ],
	[ 'a number beyond 64 bits', sprintf($alias, 'x',
		"$target,\"target-protocol\":[18446744073709551622]") ],
	[ 'a fraction', sprintf($alias, 'x', "$target,\"target-protocol\":[6.5]") ],
	[ 'a negative port', sprintf($alias, 'x',
		"$target,\"target-port-range\":[{\"lower-port\":-1}]") ],
	[ 'bytes that are not UTF-8', sprintf($alias, "x\xff\xfe", $target) ],
	[ 'an overlong slash', sprintf($alias, "x\xc0\xaf", $target) ],
	[ 'half a surrogate pair', sprintf($alias, 'x\ud800', $target) ],
	[ 'a NUL', sprintf($alias, 'x\u0000', $target) ],
	[ 'a raw NUL', sprintf($alias, "x\0", $target) ],
	[ 'a member twice', sprintf($alias, 'x', "$target,$target") ],
	[ 'its key twice', sprintf($alias, 'x', "\"name\":\"x\",$target") ],
	[ 'an entry twice', sprintf($alias, 'x', "$target},{\"name\":\"x\","
		. $target) ],
	[ 'another name than the URI', sprintf($alias, 'y', $target) ],
	[ 'garbage behind', "$fine garbage" ],
	[ 'a second value behind', $fine x 2 ],
	[ 'a NUL behind', "$fine\0" ],
	[ 'no JSON but XML', '<alias/>' ],
	[ 'null', 'null' ], [ 'a number', '0' ], [ 'nothing', '' ],
	(map { [ "cut at $_", substr($fine, 0, $_) ] } 1, 20, 45, 60,
		length($fine) - 1));

foreach my $row (@bodies) {
	my ($name, $body) = @$row;
	my ($code, $text) = dots_curl($t, 'PUT',
		"$url/dots-client=cuid-of-a/aliases/alias=x", body => $body);
	like("$code $text", qr/^4(?:00|09) .*"ietf-restconf:errors"/s,
		"HTTP body: $name");
}

# equal entries, which libyang would compare each with each for half a minute

foreach my $row ([ 'target-protocol', '6', 500000 ],
	[ 'target-prefix', '"192.0.2.1/32"', 60000 ],
	[ 'target-port-range', '{"lower-port":1}', 32000 ])
{
	my ($name, $entry, $n) = @$row;
	my ($code, $text) = dots_curl($t, 'PUT',
		"$url/dots-client=cuid-of-a/aliases/alias=x",
		body => sprintf($alias, 'x', "\"$name\":["
		. join(',', ($entry) x $n) . ']'));
	like("$code $text", qr/^413 .*"ietf-restconf:errors"/s,
		"HTTP body: $n times the same $name");
}

foreach my $http ('--http1.1', '--http2') {
	my ($code, $text) = dots_curl($t, 'PUT',
		"$url/dots-client=cuid-of-a/aliases/alias=x",
		body => ' ' x 10_000_000, args => [ $http ]);
	like("$code $text", qr/^413 .*"ietf-restconf:errors"/s,
		"HTTP body: 10 MB, $http");
}

my $long = 'k' x 4096;

foreach my $row (
	[ 'PUT', '/dots-client=cuid-of-a/aliases/alias=%2e%2e', 'dots as a key' ],
	[ 'PUT', '/dots-client=cuid-of-a/%2e%2e/dots-client=cuid-of-b/aliases/'
		. 'alias=x', 'dots as a step' ],
	[ 'GET', '/../../operations', 'dots unescaped' ],
	[ 'GET', '/dots-client=cuid-of-b/../dots-client=cuid-of-b',
		'dots to the other' ],
	[ 'GET', '/dots-client=cuid-of-a%2Faliases', 'an escaped slash' ],
	[ 'PUT', '/dots-client=cuid-of-a/aliases/alias=a%2Fb', 'one in a key' ],
	[ 'PUT', '//dots-client=cuid-of-a/aliases/alias=x', 'two slashes' ],
	[ 'PUT', '/dots-client=cuid-of-a//aliases//alias=x', 'many of them' ],
	[ 'PUT', '/dots-client=cuid-of-a/aliases/alias=x/', 'one at the end' ],
	[ 'PUT', '/dots-client=cuid-of-a/aliases/alias=', 'an empty key' ],
	[ 'PUT', '/dots-client=cuid-of-a/aliases/alias=x,y', 'two keys' ],
	[ 'PUT', '/dots-client=cuid-of-a/aliases/alias=%ff', 'a key not UTF-8' ],
	[ 'PUT', "/dots-client=cuid-of-a/aliases/alias=$long", 'a key of 4 KB' ],
	[ 'PUT', "/dots-client=$long/aliases/alias=x", 'a cuid of 4 KB' ],
	[ 'GET', "/dots-client=cuid-of-a?content=$long", 'a query of 4 KB' ],
	[ 'GET', '/dots-client=cuid-of-b', "the other's cuid, GET" ],
	[ 'PUT', '/dots-client=cuid-of-b', "the other's cuid, PUT" ],
	[ 'DELETE', '/dots-client=cuid-of-b', "the other's cuid, DELETE" ],
	[ 'DELETE', '/dots-client=cuid-of-b/aliases/alias=keep',
		"the other's alias, DELETE" ],
	[ 'PUT', '/dots-client=cuid-of-b/aliases/alias=x',
		"the other's alias, PUT" ],
	[ 'DELETE', '/dots-client', 'DELETE of a list' ],
	[ 'PATCH', '/dots-client=cuid-of-a', 'PATCH' ],
	[ 'MKCOL', '/dots-client=cuid-of-a', 'a method of no use' ])
{
	my ($method, $path, $name) = @$row;
	my ($code, $text) = dots_curl($t, $method, $url . $path, body =>
		$path eq '/dots-client=cuid-of-b' ? sprintf($client, 'cuid-of-b')
		: $fine);
	like("$code $text", qr/^(?:4\d\d|501) .*"ietf-restconf:errors"/s,
		"HTTP path: $name");
}

# ---- HTTP that curl does not speak: the head is right, the body is not ----

sub dial {
	my ($t, $nobody) = @_;
	my $d = $t->testdir();
	return IO::Socket::SSL->new(PeerAddr => '127.0.0.1', PeerPort => port(8443),
		SSL_ca_file => "$d/ca.crt", SSL_verifycn_name => 'localhost', $nobody
		? () : (SSL_cert_file => "$d/a.crt", SSL_key_file => "$d/a.key"),
		Timeout => 60)
		|| die 'no TLS: ' . IO::Socket::SSL::errstr();
}

my $head = "PUT /restconf/data/ietf-dots-data-channel:dots-data/"
	. "dots-client=cuid-of-a/aliases/alias=x HTTP/1.1\r\nHost: localhost\r\n"
	. "Content-Type: application/yang-data+json\r\nConnection: close\r\n";
my $half = int(length($fine) / 2);

# until the end of the connection
sub rest {
	my ($s) = @_;
	local $SIG{ALRM} = sub { die "nothing comes\n" };
	alarm 60;
	my $text = eval { local $/; <$s> };
	alarm 0;
	return defined $text ? $text : $@;
}

# these answers are nginx's own, before there is a request for RESTCONF

foreach my $row (
	[ 'a chunk size that is none', "Transfer-Encoding: chunked\r\n\r\nzz\r\n" ],
	[ 'a chunk of 2^64 bytes',
		"Transfer-Encoding: chunked\r\n\r\n1" . '0' x 16 . "\r\n" ],
	[ 'a chunk longer than it says', "Transfer-Encoding: chunked\r\n\r\n"
		. "3\r\n$fine\r\n0\r\n\r\n" ],
	[ 'chunked and a length', "Transfer-Encoding: chunked\r\n"
		. "Content-Length: 5\r\n\r\n0\r\n\r\n" ],
	[ 'two lengths', "Content-Length: 3\r\nContent-Length: 5\r\n\r\n123" ],
	[ 'a negative length', "Content-Length: -1\r\n\r\n" ],
	[ 'a NUL in the path', '', 'GET /restconf/data/%00 HTTP/1.1' ],
	[ 'no escape at all', '', 'GET /restconf/data/%zz HTTP/1.1' ],
	[ 'out of the root', '', 'GET /restconf/../../etc HTTP/1.1' ])
{
	my ($name, $text, $line) = @$row;
	my $s = dial($t);
	my $request = $line ? "$line\r\nHost: localhost\r\n\r\n" : $head . $text;
	print $s $request;
	like(rest($s), qr!^HTTP/1.1 400!, "HTTP wire: $name");
}

# who asks and resets the connection at once, with a certificate and without

foreach my $nobody (0, 1) {
	foreach my $text ("GET /restconf/data HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"MKCOL /restconf/data HTTP/1.1\r\nHost: localhost\r\n\r\n",
		$head . "Content-Length: 99999999999\r\n\r\n{",
		$head . "Content-Length: 3\r\n\r\n{{{")
	{
		foreach (1 .. 8) {
			my $s = dial($t, $nobody);
			setsockopt $s, SOL_SOCKET, SO_LINGER, pack 'ii', 1, 0;
			print $s $text;
			close $s;
		}
	}
}

is(data($t, $url), $data, 'HTTP: as before, after 64 resets');

# a body that ends before its time, one that is never sent, one that is slow

foreach my $text ("Content-Length: 1000\r\n\r\n$fine",
	"Content-Length: 99999999999\r\n\r\n{", "Transfer-Encoding: chunked\r\n\r\n"
	. sprintf("%x\r\n%s\r\n", length($fine), $fine))
{
	my $s = dial($t);
	print $s $head . $text;
	close $s;
}

my @slow = map { dial($t) } 1 .. 20;
print { $_ } $head . 'Content-Length: ' . length($fine) . "\r\n\r\n"
	. substr($fine, 0, $half) foreach @slow;
is(data($t, $url), $data, 'HTTP: as before, while 20 are slow');
close $_ foreach @slow[1 .. $#slow];
print { $slow[0] } substr $fine, $half;
like(rest($slow[0]), qr!^HTTP/1.1 201!, 'HTTP: one is slow and right');
like(join(' ', dots_curl($t, 'DELETE',
	"$url/dots-client=cuid-of-a/aliases/alias=x")), qr/^204/,
	'HTTP: its alias is the only one, and deleted');

is(data($t, $url), $data, 'HTTP: all is as it was');
is(pids($t), $pids, 'HTTP: the same processes');
($bad, $info, $from) = logged($t, $from);
is(join("\n", grep { !/client sent invalid chunked body/ } @$bad), '',
	'HTTP: nothing at warn or above but what nginx itself says of chunks');
ok($others->(), 'HTTP: the signal channel of the other');

# ---- what is durable ----

my %there = map { $_ => registry($new, $_) } keys %acked;

$_->quit() foreach ($a, $b, $w, $new);
$t->stop();
$t->run();
$t->waitforsocket('127.0.0.1:' . port(8443)) or die;

$new = dots_session($t);
$b = dots_session($t, cert => 'b');

is_deeply({ map { $_ => registry($new, $_) } keys %acked }, \%there,
	'after a restart: what was there');
is_deeply(registry($b, $cb), { 1 => '198.51.100.1/32' },
	"after a restart: the other customer's");
is(data($t, $url), $data, 'after a restart: the data');

# routes: of every network that was ever acknowledged, and of no other

my %known = map { $_ => 1 } '198.51.100.1/32', map { split / /, $_->{prefixes} }
	map { grep { ref } values %$_ } values %acked;
ok(dots_until(sub { dots_rib($t) =~ m!198\.51\.100\.1/32! }),
	'after a restart: the routes');
is(join(' ', grep { !$known{$_} } dots_rib($t) =~ m!(\d+\.\d+\.\d+\.\d+/\d+)!g),
	'', 'after a restart: none that nobody asked for');

$_->quit() foreach ($new, $b);

###############################################################################
