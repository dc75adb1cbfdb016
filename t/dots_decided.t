#!/usr/bin/perl

# A registry that is lost has decided for requests which are still on their way
# to the disk.  The one that is loaded in its place decides for them anew, so
# that a cuid is one customer's and two mitigations do not overlap; what is durable
# is answered so, however long the loading takes.

###############################################################################

use warnings;
use strict;

use Test::More;

BEGIN { use FindBin; chdir($FindBin::Bin); }

use lib 'lib';
use POSIX qw/ mkfifo strftime /;
use Test::DOTS;
use Test::DOTS::At;
use Test::DOTS::Stream;
use Test::Nginx;

###############################################################################

select STDERR; $| = 1;
select STDOUT; $| = 1;

my $t = Test::Nginx->new()->has(qw/http http_ssl http_v2 stream udp/);

dots_has(qw/cbor openssl curl/);

plan(skip_all => 'a process can\'t be stopped at a function here')
	unless at_has();

# the master's "exited on signal 9" is an alert
$t->plan(50)->todo_alerts();

dots_pki($t);

# the mitigator's daemon is not there: nothing else of this needs it

my $dir = $t->testdir();
my $fault = "$dir/fault";
mkdir $fault;

$t->write_file_expand('nginx.conf', dots_conf(workers => 2));

{
	local $ENV{LD_PRELOAD} = "$Test::DOTS::BUILD/tools/preload_disk.so";
	local $ENV{DOTS_FAULT} = $fault;
	local $ENV{ASAN_OPTIONS} = ($ENV{ASAN_OPTIONS} || '')
		. ':verify_asan_link_order=0';
	$t->run();
}

$t->waitforsocket('127.0.0.1:' . port(8443)) or die;
dots_until(sub { at_manager($t) }) or die "no manager\n";

my $body = '{"ietf-dots-data-channel:dots-client":[{"cuid":"%s"}]}';

sub workers { return at_workers($_[0], 2) }

# over TCP: who accepts is not a matter of the address
sub session {
	my ($t, $cert) = @_;
	return dots_until(sub {
		my $s = dots_session($t, cert => $cert, transport => 'tcp');
		return ($s->connected() || '') =~ /^connected/ ? $s : undef;
	}) || die "no session\n";
}

# when there is a registry that may decide: until then it is 503, or 5.03
sub decided {
	my ($ask) = @_;
	my $code;
	dots_until(sub { ($code = $ask->()) !~ /^(?:503|5\.03)$/ });
	return $code;
}

sub register {
	my ($t, $method, $cuid, $cert) = @_;
	return (dots_curl($t, $method, dots_data_url("/dots-client=$cuid"),
		cert => $cert, args => ['--no-show-error'],
		$method eq 'PUT' ? (body => sprintf $body, $cuid) : ()))[0];
}

# by hand, to be answered later
sub begin {
	my ($t, $cuid) = @_;
	my $text = sprintf $body, $cuid;
	my ($s) = dots_begin_put($t, $cuid, length $text);
	$s->print($text);
	return $s;
}

sub answer {
	my ($s) = @_;
	my $line = readline $s;
	return $line && $line =~ m!^HTTP/1\.1 (\d+)! ? $1 : 0;
}

# Holds the worker with which $begin ends, its change decided and not yet with
# the store; kills another one inside of the registry; waits for the next one.
sub lose {
	my ($t, $what, $begin) = @_;
	my $epochs = loads($t);

	my @armed = at_arm('dots_store_commit', 'hold', workers($t));
	my @begun = $begin->();
	my $held = at_held(@armed);
	ok($held, "$what: on its way to the store");

	my @others = grep { $_ != $held->{pid} } workers($t);
	@armed = at_arm('dots_registry_bind', undef, @others);
	register($t, 'PUT', "victim", 'a');
	is(scalar at_killed(@armed), 1, "$what: the registry is lost");
	ok(dots_until(sub { loads($t) > $epochs }), "$what: there is another");

	return ($held, @begun);
}

sub loads {
	my ($t) = @_;
	return scalar(() = $t->read_file('error.log') =~ /clients loaded/g);
}

# what the store has of it
sub stored {
	my ($kind, $cuid) = @_;
	return join ' ', sort map { /"customer": ?"(\w+)"/ ? $1 : () }
		grep { /"kind": ?"$kind"/ && /"cuid": ?"$cuid"/ }
		`$Test::DOTS::BUILD/dots-admin store dump $dir/state`;
}

###############################################################################

# RFC 9132 section 4.4.1.1, RFC 8783 section 5.1: a cuid is one client's

my ($held, $first) = lose($t, 'data', sub { begin($t, 'whose') });
is(decided(sub { register($t, 'PUT', 'whose', 'b') }), 201,
	'data: another customer is quicker');
at_go($held);
is(answer($first), 409, 'data: the first one comes too late');
is(stored('client', 'whose'), 'b', 'data: it is one customer\'s');
is(register($t, 'GET', 'whose', 'a'), 404, 'data: who sees nothing of it');
is(register($t, 'DELETE', 'whose', 'b'), 204, 'data: when it goes');
is(register($t, 'PUT', 'whose', 'a'), 201, 'data: it is free');

# nobody else has taken it: it is decided anew, and that is all

($held, $first) = lose($t, 'alone', sub { begin($t, 'alone') });
at_go($held);
is(answer($first), 201, 'alone: decided again');
is(decided(sub { register($t, 'PUT', 'alone', 'b') }), 409,
	'alone: nobody else\'s');
is(stored('client', 'alone'), 'a', 'alone: nor in the store');

# the signal channel

my $a = session($t, 'a');
my $b;

($held) = lose($t, 'signal', sub {
	$a->send($a->message(method => 'PUT', path =>
		Test::DOTS::Session::path('signal', 1),
		body => dots_mitigate(prefix => ['192.0.2.1/32']))) });
$b = session($t, 'b');
is(decided(sub { $b->put('signal', 1, prefix => ['198.51.100.1/32'])->{code} }),
	'2.01', 'signal: another customer is quicker');
at_go($held);
my $m = $a->recv();
is($m->{code}, '4.09', 'signal: the first one comes too late');
is_deeply($m->{cbor}, { 1 => { 2 => [ { 17 => { 19 => 3 } } ] } },
	'signal: cuid-collision, and nothing else')
	or diag(explain($m->{cbor}));
is(stored('mitigation', 'signal'), 'b', 'signal: it is one customer\'s');
$_->quit() foreach $a, $b;

# section 4.4.1.3: what overlaps the active mitigation of another customer

$a = session($t, 'a');
($held) = lose($t, 'overlap', sub {
	$a->send($a->message(method => 'PUT', path =>
		Test::DOTS::Session::path('of-a', 1),
		body => dots_mitigate(prefix => ['203.0.113.1/32']))) });
$b = session($t, 'b');
is(decided(sub { $b->put('of-b', 1, prefix => ['203.0.113.1/32'])->{code} }),
	'2.01', 'overlap: another customer is quicker');
at_go($held);
is($a->recv()->{code}, '4.09', 'overlap: the first one is in its way');
is(stored('mitigation', 'of-a'), '', 'overlap: and not stored');
$_->quit() foreach $a, $b;

###############################################################################

# A commit that falls into the loading, which lasts as long as it likes: the disk
# has it, and whoever looks later sees it.

sub slow {
	my ($t, $what, $begin, $end) = @_;

	my @armed = at_arm('dots_store_commit', 'hold', workers($t));
	my $begun = $begin->();
	my $held = at_held(@armed);
	ok($held, "$what: on its way to the store");

	# while it stands still every connection is the other one's

	my ($other) = grep { $_ != $held->{pid} } workers($t);
	my $s = session($t, 'a');

	mkfifo("$fault/hold.$held->{pid}", 0600) or die;
	at_go($held);
	my $hold = release("$fault/hold.$held->{pid}");

	mkfifo("$fault/walk", 0600) or die;
	my $loads = loads($t);
	@armed = at_arm('dots_registry_put', undef, $other);
	$s->send($s->message(method => 'PUT', path =>
		Test::DOTS::Session::path('victim', 1),
		body => dots_mitigate(prefix => ['192.0.2.30/32'])));
	is(scalar at_killed(@armed), 1, "$what: the registry is lost");
	$s->quit();
	close $hold;

	$end->($begun);
	is(loads($t), $loads, "$what: no other yet");

	close release("$fault/walk");
	ok(dots_until(sub { loads($t) > $loads }), "$what: there is another");
}

# mid and status in the events about the client's mitigations
sub told {
	my ($t, $cuid) = @_;
	my $stop = strftime('%Y-%m-%dT%H:%M:%SZ', gmtime(time() + 1));
	my $url = dots_data_url() =~ s!/data/.*!/streams/NETCONF-JSON!r;
	my $stream = Test::DOTS::Stream->new($t,
		"$url?start-time=2000-01-01T00:00:00Z&stop-time=$stop");
	my @told;

	while (defined(my $event = $stream->event())) {
		push @told, [ $event =~ /"mid":(\d+)/, $event =~ /"status":"([\w-]+)/ ]
			if $event =~ /mitigation-changed/ && $event =~ /"cuid":"$cuid"/;
	}

	return @told;
}

# Whoever comes to the FIFO is there: it goes on when the handle is closed
sub release {
	my ($file) = @_;
	open my $fh, '>', $file or die "$file: $!\n";
	unlink $file;
	return $fh;
}

$a = session($t, 'a');
slow($t, 'slow', sub {
	$a->send($a->message(method => 'PUT', path =>
		Test::DOTS::Session::path('slow', 1),
		body => dots_mitigate(prefix => ['192.0.2.20/32']))) },
	sub { is($a->recv()->{code}, '2.01', 'slow: it is durable');
		$a->send($a->message(method => 'GET', path =>
			Test::DOTS::Session::path('slow', 1))) });
is($a->recv()->{code}, '2.05', 'slow: there it is, for who has waited, too');
is_deeply([ told($t, 'slow') ], [ [ 1, 'attack-mitigation-in-progress' ] ],
	'slow: the event stream has it, once');
$a->quit();

slow($t, 'slow data', sub { begin($t, 'slowly') },
	sub { is(answer($_[0]), 201, 'slow data: it is durable') });
is(register($t, 'GET', 'slowly', 'a'), 200, 'slow data: there it is');
is(decided(sub { register($t, 'PUT', 'slowly', 'b') }), 409,
	'slow data: and nobody else\'s');

###############################################################################

# A store in which two customers have one cuid, as older versions could leave it:
# each sees its own, and the log says so.  No version writes that, so a record
# gets another key, and the check sum (store/dots_lmdb_record.h) of that.

is(register($t, 'PUT', 'mine1', 'a'), 201, 'old store: of one');
is(register($t, 'PUT', 'mine2', 'b'), 201, 'old store: of another');
$t->stop();
rename_record("$dir/state/data.mdb", "cb\0mine2", "cb\0mine1");
is(stored('client', 'mine1'), 'a b', 'old store: both have it');
$t->run();
$t->waitforsocket('127.0.0.1:' . port(8443)) or die;
is(register($t, 'GET', 'mine1', $_), 200, "old store: it is $_\'s")
	foreach qw/ a b /;
like($t->read_file('error.log'),
	qr/\[error\].*the cuid of \d+ mitigations and clients is another customer/,
	'old store: the log says so');
is(register($t, 'DELETE', 'mine1', 'b'), 204, 'old store: one gives it up');
is(register($t, 'GET', 'mine1', 'a'), 200, 'old store: the other has it');

sub rename_record {
	my ($file, $old, $new) = @_;
	my $bytes = do { local (@ARGV, $/) = $file; <> };

	# DOTS_DATA_RECORD bytes behind the mark and the sum

	$bytes =~ s/\Q$old\E(\0?)\xd5.{4}(.{9})/$new . $1 . "\xd5"
		. pack('N', crc("$new$2")) . $2/ges or die "no record\n";

	open my $fh, '>:raw', $file or die "$file: $!\n";
	print $fh $bytes;
	close $fh;
}

sub crc {
	my $crc = 0xffffffff;

	foreach my $byte (unpack 'C*', $_[0]) {
		$crc ^= $byte;
		$crc = $crc >> 1 ^ ($crc & 1 ? 0x82f63b78 : 0) foreach 1 .. 8;
	}

	return $crc ^ 0xffffffff;
}

###############################################################################
