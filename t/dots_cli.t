#!/usr/bin/perl

# The customer's command against a real server: what it prints, and its exit
# codes.

###############################################################################

use warnings;
use strict;

use IO::Select;
use IO::Socket::INET;
use JSON::PP;
use Test::More;

BEGIN { use FindBin; chdir($FindBin::Bin); }

use lib 'lib';
use Test::DOTS;
use Test::Nginx;

###############################################################################

select STDERR; $| = 1;
select STDOUT; $| = 1;

my $t = Test::Nginx->new()->has(qw/http http_ssl http_v2 stream udp/);

dots_has(qw/cbor openssl dnsmasq/);
$t->plan(118);

dots_pki($t);
expired($t->testdir());
dots_dns($t);

$t->write_file_expand('nginx.conf', dots_conf(
	lifetime => 'default=3600 min=1 max=86400 indefinite=off terminating=10'));
$t->run();
$t->waitforsocket('127.0.0.1:' . port(8443)) or die;

my $d = $t->testdir();
my $dots = ($ENV{DOTS_BUILD} || dots_top() . '/build/default') . '/dots';

foreach my $who (qw/ a b stranger /) {
	$t->write_file_expand("$who.conf", <<EOF);
server = 127.0.0.1:%%PORT_8980_UDP%%
data   = https://localhost:@{[port(8443)]}
name   = localhost
ca     = $d/ca.crt
cert   = $d/$who.crt
key    = $d/$who.key
state  = $d/state-of-$who
EOF
}

# (exit code, stdout, stderr)

sub dots {
	my ($dots, $d, @args) = @_;
	my $cmd = join ' ', map { "'$_'" } @args;
	local $ENV{ASAN_OPTIONS} = 'detect_leaks=1:exitcode=99';
	my $out = `$dots $cmd 2>$d/stderr`;
	my $rc = $? & 127 ? 'killed' : $? >> 8;
	open my $fh, '<', "$d/stderr";
	return ($rc, $out, join '', <$fh>);
}

my @patient = ('--timeout', 60);
my @a = ($dots, $d, @patient, '--config', "$d/a.conf");
my ($rc, $out, $err);

###############################################################################

# cuid: RFC 9132 section 4.4.1.1, by openssl alone

my $cuid = `openssl x509 -in $d/a.crt -noout -pubkey |
	openssl pkey -pubin -outform DER | openssl dgst -sha256 -binary |
	head -c 16 | base64`;
$cuid =~ tr!+/!-_!;
$cuid =~ s/[=\n]//g;

($rc, $out) = dots(@a, 'cuid');
is($rc, 0, 'cuid');
is($out, "$cuid\n", 'is the hash of the key');

# mitigate, status, withdraw

($rc, $out, $err) = dots(@a, 'mitigate', '192.0.2.7/32', '--port',
	'80,443,8000-8080', '--protocol', 'tcp', '--lifetime', '1h');
is($rc, 0, 'mitigate');
is($out, "mitigation 1 created, for 1h 00m\n", 'says what was granted');
is($err, '', 'and nothing else');

($rc, $out) = dots(@a, '--json', 'mitigate', '192.0.2.8');
like($out, qr/"result": "created".*"code": "2\.01".*"mid": 2,.*"lifetime": 36/,
	'the next mid, as JSON');

($rc, $out) = dots(@a, 'mitigate', '192.0.2.8', '--mid', 2,
	'--lifetime', '30m');
is($out, "mitigation 2 changed, for 30m 00s\n", 'a refresh');

($rc, $out) = dots(@a, 'status', 1);
is($rc, 0, 'status of one');
like($out, qr!1  attack-.*192\.0\.2\.7/32 tcp 80,443,8000-8080!,
	'with targets');

($rc, $out) = dots(@a, '--json', 'status');
like($out, qr/"mitigations".*"mid": 1.*"mid": 2/s, 'of all, as JSON');
like($out, qr!"target-prefix": \[\s*"192\.0\.2\.7/32"!, 'prefixes are strings');

($rc, $out) = dots(@a, 'mitigate', '--fqdn', 'www.example.com');
is($rc, 0, 'a name');

($rc, $out) = dots(@a, 'withdraw', 1);
is($rc, 0, 'withdraw');
like($out, qr/mitigation 1 withdrawn/, 'said');

($rc, $out) = dots(@a, 'status', 1);
like($out, qr/dots-client-withdrawn-mitigation/, 'its status');

# it is watched to its end, meanwhile

open my $watched, '-|', "exec $dots @patient --config $d/a.conf status 1 "
	. "--watch=1 2>$d/watched" or die;

# aliases

($rc, $out) = dots(@a, 'alias', 'list');
is("$rc $out", "0 no aliases\n", 'none of a client that is not registered');
($rc, $out) = dots(@a, '--json', 'alias', 'list');
is("$rc $out", "0 {\"aliases\": []}\n", 'as JSON');

($rc, $out) = dots(@a, 'alias', 'add', 'web', '192.0.2.80', '--port', '443');
is($rc, 0, 'alias add registers by itself');
is($out, "alias web created\n", 'created');
($rc, $out) = dots(@a, 'alias', 'add', 'web', '192.0.2.81');
is($out, "alias web changed\n", 'changed');
unlike($t->read_file('dots.log'), qr/"channel":"data".*"GET","code":"2/,
	'without reading all that there is');
($rc, $out) = dots(@a, 'alias', 'list');
like($out, qr!"192\.0\.2\.81/32"!, 'list');
($rc, $out) = dots(@a, 'mitigate', '--alias', 'web');
is($rc, 0, 'in use');
($rc, $out) = dots(@a, 'alias', 'delete', 'web');
is($rc, 0, 'delete');
($rc, $out, $err) = dots(@a, 'alias', 'show', 'web');
is($rc, 5, 'gone');
like($err, qr/404: there is none of this name, or .* not registered/, 'said');
($rc, $out, $err) = dots(@a, 'alias', 'add', 'x', '198.51.100.1');
is($rc, 1, 'refused');
like($err, qr/target-prefix/, 'named');
($rc) = dots(@a, 'deregister');
is($rc, 0, 'deregister');

$out = join '', <$watched>;
close $watched;
is($? >> 8, 0, 'watched to its end');
like($out, qr/over$/, 'over');

# refusals: 1 and 5

($rc, $out, $err) = dots(@a, 'mitigate', '198.51.100.1');
is($rc, 1, "somebody else's address");
like($err, qr/^dots: 4\.00: target-prefix 198\.51\.100\.1\/32/, 'why');

($rc, $out, $err) = dots(@a, 'mitigate', '192.0.2.8', '--mid', 1);
is($rc, 1, 'a conflict');
like($err, qr/4\.09: it overlaps with your mitigation 2/, 'what to do');

($rc, $out, $err) = dots(@a, 'status', 4242);
is($rc, 5, 'an unknown mid');

($rc, $out, $err) = dots($dots, $d, '--config', "$d/stranger.conf",
	'status');
is($rc, 1, "nobody's certificate");
like($err, qr/4\.01.*ask your provider/, 'what to do');

# 4: authentication

($rc, $out, $err) = dots(@a, '--ca', "$d/otherca.crt", 'status');
is($rc, 4, 'a server that we do not trust');
($rc, $out, $err) = dots(@a, '--name', 'other.example', 'status');
is($rc, 4, 'a server of another name');
like($err, qr/other\.example/, 'said');

# 3 and 2; localhost may be ::1 first, where nobody is

($rc, $out, $err) = dots(@a, '--server', 'localhost:' . port(8980, udp => 1),
	'status');
is($rc, 0, 'the next address of the name');

($rc, $out, $err) = dots(@a, '--timeout', 1, '--server', '127.0.0.1:9',
	'status');
is($rc, 3, 'nobody there');

($rc, $out, $err) = dots(@a, 'mitigate');
is($rc, 2, 'nothing to mitigate');
($rc, $out, $err) = dots(@a, 'mitigate', '192.0.2.7/33');
is($rc, 2, 'no prefix');
($rc, $out, $err) = dots(@a, 'frobnicate');
is($rc, 2, 'no command');

# an own list of ports, a protocol without a name, two targets that are one

($rc, $out) = dots(@a, 'mitigate', '192.0.2.99', '192.0.2.99/32', '--protocol',
	'253,TCP,tcp', '--port', '80,80');
is($rc, 0, 'said twice');
($rc, $out) = dots(@a, 'status');
like($out, qr!192\.0\.2\.99/32 253,tcp 80$!m, 'asked for once');

# cuid of another customer: RFC 9132 section 4.4.1.1, a new one is made

my @b = ($dots, $d, @patient, '--config', "$d/b.conf");

($rc, $out, $err) = dots(@b, '--cuid', $cuid, 'mitigate', '198.51.100.1');
is($rc, 1, 'a cuid in use');
like($err, qr/write "cuid = [\w-]{22}"/, 'another one is proposed');

# mids begin again where no attack goes on: RFC 9132 section 4.4.1.1

($rc, $out) = dots(@b, 'status');
is($rc, 0, 'no mitigations are no error');
is($out, "no mitigations\n", 'said');

dots(@b, 'mitigate', '198.51.100.1', '--mid', 7);
my ($mids) = grep { $t->read_file("state-of-b/$_") eq "7\n" }
	map { m!(mid-\w+)$! } glob "$d/state-of-b/mid-*";

$t->write_file("state-of-b/$mids", "3221225471\n");
($rc, $out) = dots(@b, 'mitigate', '198.51.100.2');
like($out, qr/mitigation 3221225472 created/, 'during an attack they go on');

dots(@b, 'withdraw', $_) foreach 7, 3221225472;
dots_until(sub { (dots(@b, 'status'))[1] eq "no mitigations\n" });
$t->write_file("state-of-b/$mids", "4294967295\n");
($rc, $out) = dots(@b, 'mitigate', '198.51.100.2');
like($out, qr/mitigation 0 created/, 'after it they begin again');

$t->write_file("state-of-b/$mids", 'x');
($rc, $out, $err) = dots(@b, 'mitigate', '198.51.100.3');
is($rc, 2, 'a damaged file of mids');
like($err, qr/damaged: say --mid N/, 'what to do');

($rc, $out, $err) = dots(@b, '--state', '/proc/none/dots', 'mitigate',
	'198.51.100.3');
like("$rc $err", qr!^2 dots: state: can't make /proc/none: .*--mid N!,
	'a state folder that cannot be made: which, and what to do');

($rc, $out, $err) = dots(@b, '--state', '/proc/none', 'mitigate',
	'198.51.100.3', '--mid', 60);
is($rc, 0, 'a mid of our own needs no file');
like($err, qr/^dots: warning: state: /, 'but a word');

# RFC 9132, 4.4.2: what does not fit a datagram comes in blocks

my $s = dots_session($t, cert => 'b');

$s->put('a-long-list', $_, prefix => [ "2001:db8:6402::$_/128" ],
	lifetime => 600) foreach (1 .. 100);
$s->quit();

($rc, $out) = dots(@b, '--cuid', 'a-long-list', '--json', 'status');
is($rc, 0, 'status in blocks');
is(join(' ', $out =~ /"mid": (\d+)/g), join(' ', 1 .. 100), 'all of them');

# settings: no name, comments, a wrong line

my $server = '127.0.0.1:' . port(8980, udp => 1);
$t->write_file('short.conf', "server = $server   # its address is its name\n"
	. "ca = \"$d/ca.crt\"\ncert = a.crt # ours\nkey = a.key\n"
	. "state = state-of-a\n");

($rc, $out, $err) = dots($dots, $d, '--config', "$d/short.conf", 'status');
is($rc, 0, 'no name: that of the server');

$t->write_file('wrong.conf', "# x\nservr = x\n");
($rc, $out, $err) = dots($dots, $d, '--config', "$d/wrong.conf", 'status');
is($rc, 2, 'a wrong setting');
like($err, qr!/wrong\.conf:2: unknown setting "servr"!, 'where');

($rc, $out, $err) = dots(@a, 'mitigate', 'www.example.com');
like("$rc $err", qr/^2 .*"www\.example\.com" is not a prefix.*--fqdn/,
	'a name for a prefix');

# who is who, on both channels

foreach my $who (qw/ other revoked /) {
	($rc, $out, $err) = dots(@a, '--cert', "$d/$who.crt",
		'--key', "$d/$who.key", 'status');
	is($rc, 4, "certificate: $who");
}

($rc, $out, $err) = dots(@a, '--cert', "$d/expired.crt", 'status');
is($rc, 4, 'an expired certificate');
like($err, qr/this machine's clock "cert" has expired$/, 'said');
($rc, $out, $err) = dots(@a, '--cert', "$d/expired.crt", 'alias', 'list');
like("$rc $err", qr/^4 .*401.*this machine's clock "cert" has expired$/,
	'by the data channel, too');

($rc, $out, $err) = dots(@a, '--key', "$d/b.key", 'status');
is($rc, 2, 'a key of another certificate');
like($err, qr/is not the key of/, 'said');
($rc, $out, $err) = dots(@a, '--ca', "$d/otherca.crt", 'alias', 'list');
is($rc, 4, 'data channel: a server that we do not trust');
like($err, qr/"ca" .*certificate has expired.*"cert".*-v/, 'why it may be');
($rc, $out, $err) = dots(@a, '--ca', "$d/none", 'status');
is($rc, 2, 'no file of CAs');
like($err, qr/ca: .*none can't be read/, 'said');
($rc, $out, $err) = dots(@a, '--server', 'none.invalid', 'status');
is($rc, 3, 'no such host');
like($err, qr/no address of none\.invalid/, 'said');
($rc, $out, $err) = dots(@a, '--data', 'https://none.invalid/', 'register');
is($rc, 3, 'data channel: no such host');

# --json: one object in one line, whatever happens

foreach my $case (
	[ 0, 'cuid' ], [ 0, 'status' ], [ 0, 'register' ],
	[ 0, 'alias', 'add', 'j', '192.0.2.80' ], [ 0, 'alias', 'list' ],
	[ 0, 'alias', 'show', 'j' ], [ 0, 'alias', 'delete', 'j' ],
	[ 0, 'mitigate', '192.0.2.70' ], [ 0, 'withdraw', 2 ],
	[ 5, 'alias', 'show', 'j' ], [ 5, 'status', 4242 ],
	[ 1, 'mitigate', '198.51.100.1' ], [ 0, 'deregister' ],
	[ 4, 'status', '--name', 'other.example' ],
	[ 3, 'status', '--server', '127.0.0.1:9', '--timeout', 5 ],
	[ 3, 'alias', 'list', '--data', 'https://127.0.0.1:9' ],
	[ 2, 'frobnicate' ], [ 2, 'status', '--bogus' ], [ 2 ],
	[ 2, 'alias' ], [ 2, 'withdraw' ], [ 2, 'mitigate', '--fqdn' ],
	[ 2, 'alias', 'add', "\xff", '192.0.2.1' ], [ 2, "\e[1m" ],
	[ 2, 'status', '--port', 80 ], [ 2, 'cuid', '--cert', "$d/\xff" ],
	[ 2, '--config', "$d/wrong.conf", 'status' ])
{
	my ($want, @args) = @$case;
	($rc, $out, $err) = dots(@a, '--json', @args);
	my $o = $out =~ /\A[^\n]+\n\z/ && eval { decode_json($out) };
	ok($rc eq $want && ref $o eq 'HASH' && $err eq ''
		&& !$want == !exists $o->{error}, "json: $want")
		or diag("@args\n$rc: $out$err");
}

# help

($rc, $out, $err) = dots($dots, $d, '--help');
ok($rc eq 0 && $out =~ /dots mitigate/ && $out =~ /130 interrupted/, 'help');
($rc, $out, $err) = dots($dots, $d, 'alias', '--help');
ok($rc eq 0 && $out =~ /alias show NAME/ && $out !~ /dots mitigate \[/,
	'of a command');
($rc, $out, $err) = dots($dots, $d, 'help', 'frobnicate');
is($rc, 2, 'of none');
($rc, $out, $err) = dots($dots, $d, 'status', '--frob');
like($err, qr/no option --frob/, 'an unknown option');
is(system("$dots help >/dev/full 2>$d/stderr") >> 8, 2, 'a full disk');

# a link on which nothing comes back, then one that loses what it carries

my $silent = IO::Socket::INET->new(Proto => 'udp', LocalAddr => '127.0.0.1');
my $port = $silent->sockport();

($rc, $out, $err) = dots(@a, '--timeout', 1, '--server', "127.0.0.1:$port",
	'status');
is($rc, 3, 'no answer');
like($err, qr/cannot connect to 127\.0\.0\.1:$port/, 'said');

$port = relay($t, 1000);
($rc, $out, $err) = dots(@a, '--timeout', 12, '--server', "127.0.0.1:$port",
	'withdraw', 60);
is($rc, 3, 'no answer after the handshake');
like($err, qr/the request may have arrived/, 'said');

$port = relay($t, 1);
($rc, $out, $err) = dots(@a, '--server', "127.0.0.1:$port", 'status');
is($rc, 0, 'asked again: RFC 9132 section 4.4');

# Ctrl-C

my $pid = open my $watch, '-|',
	"exec $dots --config $d/a.conf status --watch=1h 2>$d/stderr" or die;
like(scalar <$watch>, qr/^\s+mid/, 'watching');
kill 'INT', $pid;
1 while <$watch>;
close $watch;
is($? >> 8, 130, 'interrupted');

###############################################################################

# A port before the server that loses the first $n records of application data
# from the client (DTLS 1.2, RFC 6347 section 4.1: type 23).

# what a.crt was until yesterday

sub expired {
	my ($d) = @_;
	system("openssl req -new -key $d/a.key -subj /CN=a 2>/dev/null"
		. " | openssl x509 -req -CA $d/ca.crt -CAkey $d/ca.key -days -1"
		. " -set_serial 4242 -out $d/expired.crt 2>/dev/null") == 0 or die;
}

sub relay {
	my ($t, $n) = @_;

	my $in = IO::Socket::INET->new(Proto => 'udp', LocalAddr => '127.0.0.1')
		or die;
	my $out = IO::Socket::INET->new(Proto => 'udp', PeerAddr => '127.0.0.1',
		PeerPort => port(8980, udp => 1)) or die;

	$t->run_daemon(sub {
		my $s = IO::Select->new($in, $out);
		my ($data, $client);

		while (my @ready = $s->can_read()) {
			foreach my $fh (@ready) {
				if ($fh == $out) {
					$out->recv($data, 65535);
					$in->send($data, 0, $client) if $client;
					next;
				}

				$client = $in->recv($data, 65535);
				next if ord($data) == 23 && $n-- > 0;
				$out->send($data);
			}
		}
	});

	return $in->sockport();
}

###############################################################################
