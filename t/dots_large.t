#!/usr/bin/perl

# Answers that are larger than what a request may have memory for, RFC 8040
# section 12: what a customer could store can be read, in pieces, as JSON and XML,
# by HTTP/1.1 and HTTP/2; clients that read slowly; changes in between; a reload.
# What is too large to be changed in one request is changed by its parts.

###############################################################################

use warnings;
use strict;

use Test::More;

BEGIN { use FindBin; chdir($FindBin::Bin); }

use lib 'lib';
use IO::Socket::SSL;
use Socket;
use Test::DOTS;
use Test::DOTS::Restconf;
use Test::Nginx;

###############################################################################

select STDERR; $| = 1;
select STDOUT; $| = 1;

my $t = Test::Nginx->new()->has(qw/http http_ssl http_v2 stream udp/);

dots_has(qw/openssl curl/);
$t->plan(64);

# the kernel takes little, so that a client that does not read is soon noticed

my $dir = $t->testdir();
dots_pki($t);
(my $conf = rc_conf(a => 'limits streams=2 data_rate=off;', shutdown => '600s',
	http => <<'EOF2'))
        location /hasty { dots_data; send_timeout 1s; }
EOF2
	=~ s/(listen 127.0.0.1:8443 ssl)/$1 sndbuf=16k/;
rc_start($t);
$t->stop();
$t->write_file_expand('nginx.conf', $conf);
$t->run();
$t->waitforsocket('127.0.0.1:' . port(8443)) or die;

###############################################################################

my $many = 760;
my $acls = rc_below('/acls');
my $url = 'https://localhost:' . port(8443) . '/restconf';

rc_is(rc_register($CUID), 201, 'a dots-client');

my $bad = 0;
foreach my $i (1 .. $many) {
	$bad++ if put($i)->{code} != 201;
}
is($bad, 0, "$many ACLs of 12 KB");

# ---- all of them ----

my $r = get($acls, args => [ '--http1.1' ]);
is($r->{code}, 200, 'all are read');
ok(length $r->{body} > 8 * 1024 * 1024, 'which is much');
like($r->{head}, qr/^Transfer-Encoding: chunked\r/mi, 'in chunks');
unlike($r->{head}, qr/^Content-Length:/mi, 'of no length that is known');
is(names($r), join(' ', map { "f$_" } 1 .. $many), 'in their order');
like($r->{head}, qr!^Content-Type: \Q$JSON\E\r!mi, 'the type');
my ($etag) = $r->{head} =~ /^ETag: (.*?)\r/mi;
like($etag, qr/^"[0-9a-f]+"$/, 'an ETag');

my $head = rc('HEAD', $acls);
is(join("\n", sort grep { !/^(?:Date|Transfer-Encoding|Connection)/ }
		split /\r\n/, $head->{head}),
	join("\n", sort grep { !/^(?:Date|Transfer-Encoding|Connection)/ }
		split /\r\n/, $r->{head}), 'HEAD has the same header');

rc_is(rc('GET', $acls, headers => [ "If-None-Match: $etag" ]), 304,
	'nothing has changed');
is(rc_etag($head), $etag, 'the same again');

# the levels above, and what the parameters make of them

foreach my $path (rc_below(), $DATA, '/data') {
	my $above = get($path);
	is($above->{code}, 200, "GET $path");
	is(names($above), names($r), 'has all of them');
}

$r = rc('GET', "$acls?fields=acl(name;aces/ace/name)&content=config");
rc_is($r, 200, 'fields');
is(scalar(() = $r->{body} =~ /"name":"e100"/g), $many, 'of each entry');
$r = rc('GET', rc_below('?depth=2'));
rc_same($r, qq!{"ietf-dots-data-channel:dots-client":[{"cuid":"$CUID","acls":{}}]}!,
	'depth, above the list');
$r = rc('GET', "$acls?depth=2");
rc_same($r, '{"ietf-dots-data-channel:acls":{"acl":[]}}', 'depth, of the list');
rc_error(rc('GET', "$acls?fields=nosuch"), 400, 'invalid-value', 'a wrong one');

# XML, HTTP/2

$r = get($acls, args => [ '--http2' ],
	headers => [ 'Accept: application/yang-data+xml' ]);
is($r->{code}, 200, 'XML by HTTP/2');
my $xml = $r->{body};
is(join(' ', $xml =~ m!<acl><name>(f\d+)</name>!g),
	join(' ', map { "f$_" } 1 .. $many), 'all of them');
like($xml, qr!^<acls xmlns="[^"]+"><acl>.*</acl></acls>$!s, 'well-formed');
is(names(get("$acls?content=config", args => [ '--http2' ])), join(' ', map { "f$_" } 1 .. $many),
	'JSON by HTTP/2');

is(names(get("$acls/acl")), join(' ', map { "f$_" } 1 .. $many),
	'the list itself');
rc_is(rc('GET', "$acls/acl", accept => 'application/yang-data+xml'), 400,
	'which is no XML document');

# ---- slow clients ----

my @slow = map { slow('/restconf') } 1 .. 2;
rc_is(rc('GET', "$acls/acl=f1"), 200, 'others are answered');
rc_error(rc('GET', $acls), 429, 'resource-denied', 'more slow ones than streams=2');
rc_is(rc('HEAD', $acls), 429, 'HEAD looks at as much');
rc_is(rc('GET', $acls, headers => [ "If-None-Match: $etag" ]), 429, 'so does 304');
is(rc('GET', rc_below('/aliases'))->{code}, 200, 'a small answer is none of them');

# what one has got already may change, and what is new is not for it

rc('DELETE', "$acls/acl=f1");
put($many + 1);
$r = rest($slow[0]);
is(names($r), join(' ', map { "f$_" } 1 .. $many),
	'a slow one gets what there was');

# an entry that it has not got yet is another one: it sees that the end is missing

rc('DELETE', "$acls/acl=f$many");
$r = rest($slow[1]);
ok(!$r->{whole}, 'one is too slow for a change');
unlike($r->{body}, qr/"name":"f$many"/, 'nothing that was not there is in it');
like($t->read_file('error.log'), qr/data have changed while they were sent/,
	'as the log says');
is(names(get($acls)), join(' ', map { "f$_" } 2 .. $many - 1, $many + 1),
	'who asks again gets it all');

# ---- a reload ----

# what an old worker has begun it sends, while worker_shutdown_timeout lets it

my $all = join ' ', map { "f$_" } 2 .. $many - 1, $many + 1;
my $over = slow('/restconf');
ok(dots_turn($t), 'a reload while an answer is sent');
is(names(get("$acls?content=config")), $all, 'others have the new workers');
is(names(rest($over)), $all, 'it is sent to its end');

rc_forget();
$t->write_file_expand('nginx.conf',
	$conf =~ s/(worker_shutdown_timeout) 600s/$1 1s/r);
ok(dots_reload($t), 'worker_shutdown_timeout');
$over = slow('/restconf');
ok(dots_reload($t), 'it is over before the client has read');
is(names(rest($over)), 'cut short', 'who sees that the end is missing');
is(names(get($acls)), $all, 'and asks again');

# ---- what is changed ----

# RFC 8040 section 7: too-big, of what was not sent 400

my $new = rc_acl('f1', [ 'e1' ]);
my $list = "{\"ietf-dots-data-channel:acls\":"
	. ($new =~ s/^\{"ietf-dots-data-channel:acl"/{"acl"/r) . '}';
rc_error(rc('PATCH', $acls, body => $list), 400, 'too-big', 'all of them at once');
rc_error(rc('DELETE', $acls), 400, 'too-big', 'nor can all be deleted');
rc_error(rc('DELETE', "$acls/acl=f2", headers => [ 'If-Match: "x"' ]), 412,
	'operation-failed', 'one can, on a condition');
is(names(get($acls)), $all, 'nothing was changed');
rc_is(rc('POST', $acls, body => $new), 201, 'one is added');
rc_is(rc('DELETE', "$acls/acl=f1"), 204, 'and deleted');

# ones that are small enough to be read, but not to be kept as they are

my ($n, $r2, $aliases) = (0, { code => 204 }, rc_below('/aliases'));

while ($n < 12000 && $r2->{code} == 204) {
	$r2 = rc('PATCH', $aliases, body => aliases($n + 1, $n + 50));
	$n += 50;
}

rc_error($r2, 400, 'too-big', 'what grows becomes too big, which is no 503');
cmp_ok($n, '>', 2000, 'of a kilobyte each');
my @there = get($aliases)->{body} =~ /"name":"a(\d+)"/g;
is(join(' ', scalar @there, grep { $_ > $n - 50 } @there), $n - 50,
	'nothing of the last one is there');
rc_is(rc('POST', $aliases, body => rc_alias('one')), 201, 'one more is taken');

my $hasty = slow('/hasty');
ok(dots_until(sub { $t->read_file('error.log') =~ /client takes no DOTS data/ }),
	'who takes nothing is closed');
ok(dots_until(sub { get($acls)->{code} == 200 }), 'its place is free');

# a client that goes leaves nothing behind

my $gone = slow('/restconf');
close $gone;
ok(dots_until(sub { get($acls)->{code} == 200 }), 'one that goes');

is(rc_loud(), '', 'nothing above info in the log');
rc_forget();

# ---- what it costs ----

# RFC 8040 section 12: HEAD, too, is a look at all of it; with 1r/s ten may come at
# once, of which such a one is more

$t->write_file_expand('nginx.conf', $conf =~ s/data_rate=off/data_rate=1r\/s/r);
ok(dots_reload($t), 'a rate');
is((dots_curl($t, 'HEAD', "$url$acls"))[0], 200, 'a large answer');
$r = get("$acls/acl=f2");
is($r->{code}, 429, 'counts for more than one request');
like($r->{head}, qr/^Retry-After: \d+\r/mi, 'so the next one waits');

# the functions below hold it

undef $t;

###############################################################################

sub put {
	my ($i) = @_;
	return rc('PUT', "$acls/acl=f$i", body => rc_acl("f$i",
		[ map { "e$_" } 1 .. 100 ]));
}

# Of 1 KB each
sub aliases {
	my ($from, $to) = @_;
	my $ports = join ',', map { "{\"lower-port\":${_}0,\"upper-port\":${_}5}" }
		1001 .. 1025;

	return '{"ietf-dots-data-channel:aliases":{"alias":[' . join(',', map {
		"{\"name\":\"a$_\",\"target-prefix\":[\"198.51.100.1/32\"],"
		. "\"target-port-range\":[$ports]}" } $from .. $to) . ']}}';
}

# By curl, which is not looked into
sub get {
	my ($path, @o) = @_;

	my ($code, $body, $head) = dots_curl($t, 'GET', "$url$path", @o);
	return { code => $code, body => $body, head => $head, whole => $? == 0 };
}

# The ACLs, of which every name begins with an f, if that is all of the answer.
# Where it ends is for HTTP to say: what is cut may end like an ACL, too
sub names {
	my ($r) = @_;
	return $r->{whole} ? join ' ', $r->{body} =~ /\{"name":"(f\d+)"/g
		: 'cut short';
}

# A client that reads the header and no more, of an answer that has its first entries
sub slow {
	my ($at) = @_;

	socket my $tcp, PF_INET, SOCK_STREAM, 0 or die "no socket: $!\n";
	setsockopt $tcp, SOL_SOCKET, SO_RCVBUF, 65536;
	connect $tcp, pack_sockaddr_in(port(8443), inet_aton('127.0.0.1'))
		or die "no connection: $!\n";

	my $s = IO::Socket::SSL->start_SSL($tcp, SSL_hostname => 'localhost',
		SSL_verifycn_name => 'localhost', SSL_ca_file => "$dir/ca.crt",
		SSL_cert_file => "$dir/a.crt", SSL_key_file => "$dir/a.key")
		or die "no TLS: $IO::Socket::SSL::SSL_ERROR\n";

	$s->print("GET $at$acls HTTP/1.1\r\nHost: localhost\r\n\r\n");

	my $status = readline $s;
	die "no answer: $status" unless $status =~ / 200 /;
	1 while (readline($s) // die "no header\n") ne "\r\n";
	$s->peek(my $byte, 1) or die "no body\n";

	return $s;
}

# What it can read, chunks joined, and whether the last one came (RFC 9112
# section 7.1)
sub rest {
	my ($s) = @_;
	my ($body, $whole) = ('', 0);

	local $SIG{ALRM} = sub { die "it is open still\n" };
	alarm 60;

	while (defined(my $line = readline $s)) {
		my ($n) = map { hex } $line =~ /^([0-9a-f]+)\r\n/ or last;
		$whole = 1, last if $n == 0;
		my $chunk = '';
		while (length $chunk < $n) {
			$s->read($chunk, $n - length $chunk, length $chunk) or last;
		}
		$body .= $chunk;
		readline $s;
	}

	alarm 0;

	return { body => $body, whole => $whole };
}

###############################################################################
