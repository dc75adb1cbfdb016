#!/usr/bin/perl

# The dots {} block: what nginx -t refuses, and that it names the file, the line
# and the remedy.

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

my $t = Test::Nginx->new()->has(qw/http http_ssl http_v2 stream/);

dots_has('openssl');
dots_pki($t);

# a customer with these lines besides its name

sub customer {
	my ($name, @lines) = @_;
	return "customer $name {\n" . join("\n", @lines) . "\n}\n";
}

my @a = ('identity dns:client.example.com;', 'prefix 192.0.2.0/24;',
	'mitigate rtbh;');

# customer "one" by the identity psk:one, and a psk_file with these lines

sub psk {
	my (@lines) = @_;
	return { customers => customer('one', @a, 'identity psk:one;'),
		dots => 'psk_file psk;', psk => join '', map { "$_\n" } @lines };
}

sub without { my ($re, @l) = @_; return grep { !/$re/ } @l }

my @cases = (
	[ 'overlapping prefixes',
		{ customers => customer('one', @a)
			. customer('two', 'identity dns:b.example;',
				'prefix 192.0.2.128/25;', 'mitigate rtbh;') },
		qr/192\.0\.2\.128\/25.*shared.*nginx\.conf:\d+/s ],

	[ 'a supernet of another customer',
		{ customers => customer('one', @a)
			. customer('two', 'identity dns:b.example;',
				'prefix 192.0.0.0/16;', 'mitigate rtbh;') },
		qr/shared.*nginx\.conf:\d+/s ],

	[ 'only one of two says shared',
		{ customers => customer('one', @a)
			. customer('two', 'identity dns:b.example;',
				'prefix 192.0.2.0/25 shared;', 'mitigate rtbh;') },
		qr/shared.*nginx\.conf:\d+/s ],

	[ 'an identity twice',
		{ customers => customer('one', @a)
			. customer('two', 'identity dns:CLIENT.example.com;',
				'prefix 198.51.100.0/24;', 'mitigate rtbh;') },
		qr/client\.example\.com.*one.*nginx\.conf:\d+/si ],

	[ 'a customer twice', { customers => customer('one', @a)
			. customer('one', 'identity dns:b.example;') },
		qr/one.*nginx\.conf:\d+/s ],

	[ 'an unknown mitigator',
		{ customers => customer('one', without(qr/mitigate/, @a),
			'mitigate scrubber;') },
		qr/unknown mitigator "scrubber".*mitigator scrubber.*conf:\d+/s ],

	[ 'a customer without identity',
		{ customers => customer('one', without(qr/identity/, @a)) },
		qr/customer "one" has no "identity".*nginx\.conf:\d+/s ],

	[ 'a customer without prefix',
		{ customers => customer('one', without(qr/prefix/, @a)) },
		qr/customer "one" has no "prefix".*nginx\.conf:\d+/s ],

	[ 'a customer without mitigator',
		{ customers => customer('one', without(qr/mitigate/, @a)) },
		qr/customer "one" has no "mitigate".*nginx\.conf:\d+/s ],

	[ 'a bad prefix',
		{ customers => customer('one', @a, 'prefix 192.0.2.0/33;') },
		qr/invalid prefix "192\.0\.2\.0\/33".*nginx\.conf:\d+/s ],

	[ 'a bad fingerprint',
		{ customers => customer('one', @a, 'identity sha256:1234;') },
		qr/invalid identity "sha256:1234".*nginx\.conf:\d+/s ],

	[ 'an unknown kind of identity',
		{ customers => customer('one', @a, 'identity mail:a@b;') },
		qr/invalid identity.*dns:.*nginx\.conf:\d+/s ],

	[ 'a cdid that nobody may send',
		{ customers => customer('one', @a, 'identity cdid:x;') },
		qr/nobody may send a cdid.*"gateway;".*nginx\.conf:\d+/s ],

	[ 'a cdid twice',
		{ customers => customer('one', @a, 'gateway;', 'identity cdid:x;')
			. customer('two', 'identity cdid:x;',
				'prefix 198.51.100.0/24;', 'mitigate rtbh;') },
		qr/"cdid:x".*one.*nginx\.conf:\d+/s ],

	[ 'a gateway twice', { customers => customer('one', @a, ('gateway;') x 2) },
		qr/is duplicate.*nginx\.conf:\d+/s ],

	[ 'names looked up all the time', { dots => 'lookup_interval 10ms;' },
		qr/"lookup_interval" .* at least 1s.*nginx\.conf:\d+/ ],

	[ 'a store of nothing', {}, qr/"state_size" .* at least 1m.*conf:\d+/,
		sub { s!state_size .*;!state_size 1k;! } ],

	[ 'no audit log by a word', {}, qr/"log" .* of a file.*conf:\d+/,
		sub { s!    log  .*;!    log off;! } ],

	[ 'an audit log elsewhere', {}, qr/"log" .* of a file.*conf:\d+/,
		sub { s!    log  .*;!    log syslog:server=127.0.0.1;! } ],

	[ 'an unknown limit',
		{ customers => customer('one', @a, 'limits acl=1;') },
		qr/invalid limit "acl=1".*vendors=NUMBER.*nginx\.conf:\d+/s ],

	[ 'a PSK identity without psk_file',
		{ customers => customer('one', @a, 'identity psk:one;') },
		qr/no key for.*"psk:one".*psk_file FILE;.*nginx\.conf:\d+/s ],

	[ 'a PSK identity without key', psk('two:' . '00' x 16),
		qr/no key for.*"psk:one".*nginx\.conf:\d+/s ],

	[ "a key that is nobody's", psk('one:' . '00' x 16, 'two:' . '00' x 16),
		qr/"two" is nobody's.*psk:two.*psk:2/s ],

	[ 'a short key', psk('# ours', 'one:' . '00' x 15),
		qr/invalid line.*NAME:KEY.*32 to 128 hex digits.*psk:2/s ],

	[ 'a long key', psk('one:' . '00' x 65), qr/invalid line.*psk:1/s ],

	[ 'half a byte', psk('one:' . '00' x 16 . '0'),
		qr/invalid line.*psk:1/s ],

	[ 'a key that is not hex', psk('one:' . '0g' x 16),
		qr/invalid line.*psk:1/s ],

	[ 'a key without name', psk(':' . '00' x 16), qr/invalid line.*psk:1/s ],

	[ 'a line that is none', psk('one'), qr/invalid line.*psk:1/s ],

	[ 'a name that no handshake can carry', psk('o' x 300 . ':' . '00' x 16),
		qr/invalid line.*psk:1/s ],

	[ 'two keys of one identity',
		psk('one:' . '00' x 16, '', 'one:' . '01' x 16),
		qr/"one" has a second key.*psk:3/s ],

	[ 'a psk_file that is not there', { dots => 'psk_file nowhere;' },
		qr/open.*nowhere.*nginx\.conf:\d+/s ],

	[ 'a psk_file that is a folder', { dots => 'psk_file .;' },
		qr/no file of at most.*nginx\.conf:\d+/s ],

	[ 'two psk_files', { %{psk('one:' . '00' x 16)},
			dots => "psk_file psk;\npsk_file psk;" },
		qr/is duplicate.*nginx\.conf:\d+/s ],

	[ 'a redirect to an address', { dots => 'redirect 192.0.2.1;' },
		qr/invalid server "192\.0\.2\.1".*provider\.example.*conf:\d+/s ],

	[ 'a redirect to a name without domain', { dots => 'redirect other;' },
		qr/invalid server "other".*conf:\d+/s ],

	[ 'a redirect to a prefix',
		{ dots => 'redirect other.example 192.0.2.0/24;' },
		qr/invalid parameter "192\.0\.2\.0\/24".*conf:\d+/s ],

	[ 'a redirect to multicast',
		{ dots => 'redirect other.example ff02::1;' },
		qr/invalid parameter "ff02::1".*clients can reach.*conf:\d+/s ],

	[ 'a redirect to too many addresses',
		{ dots => 'redirect other.example '
			. join(' ', map { "192.0.2.$_" } 1 .. 9) . ';' },
		qr/invalid parameter "192\.0\.2\.9".*up to 8.*conf:\d+/s ],

	[ 'a redirect for longer than ever',
		{ dots => 'redirect other.example ttl=4294967296;' },
		qr/invalid parameter "ttl=4294967296".*4294967295.*conf:\d+/s ],

	[ 'two redirects of a customer',
		{ customers => customer('one', @a, ('redirect o.example;') x 2) },
		qr/is duplicate.*conf:\d+/s ],

	[ 'two redirects of the server', { dots => 'redirect o.example;' x 2 },
		qr/is duplicate.*conf:\d+/s ],

	[ 'an unknown session parameter',
		{ dots => 'session_config heartbeat=15..240/30;' },
		qr/invalid parameter "heartbeat=15.*NAME=MIN\.\.MAX.*conf:\d+/s ],

	[ 'a session range without current value',
		{ dots => 'session_config heartbeat-interval=15..240;' },
		qr/invalid parameter "heartbeat-interval=15\.\.240".*conf:\d+/s ],

	[ 'a session range the wrong way round',
		{ dots => 'session_config heartbeat-interval=240..15/30;' },
		qr/MIN <= CURRENT <= MAX.*conf:\d+/s ],

	[ 'a session value outside of its range',
		{ dots => 'session_config idle missing-hb-allowed=3..20/21;' },
		qr/invalid parameter "missing-hb-allowed.*conf:\d+/s ],

	[ 'a zero that switches nothing off',
		{ dots => 'session_config missing-hb-allowed=3..20/0;' },
		qr/invalid parameter "missing-hb-allowed.*conf:\d+/s ],

	[ 'a range beyond what is sane',
		{ dots => 'session_config ack-random-factor=0.50..4.00/1.50;' },
		qr/invalid parameter "ack-random-factor.*conf:\d+/s ],

	[ 'a decimal of three digits',
		{ dots => 'session_config ack-timeout=1.000..30.00/2.00;' },
		qr/invalid parameter "ack-timeout.*conf:\d+/s ],

	[ 'a fraction of a heartbeat',
		{ dots => 'session_config heartbeat-interval=15..240/30.5;' },
		qr/invalid parameter "heartbeat-interval.*conf:\d+/s ],

	[ 'a Max-Age of 0', { dots => 'session_config max-age=0;' },
		qr/invalid parameter "max-age=0".*conf:\d+/s ],

	[ 'a session set without parameters', { dots => 'session_config idle;' },
		qr/has no parameter.*heartbeat-interval=15.*conf:\d+/s ],

	[ 'a rate without unit',
		{ customers => customer('one', @a, 'limits rate=10;') },
		qr/invalid limit "rate=10".*rate=NUMBERr\/s.*nginx\.conf:\d+/s ],

	[ 'a rate of the data channel without unit',
		{ customers => customer('one', @a, 'limits data_rate=10;') },
		qr/invalid limit "data_rate=10".*data_rate=NUMBERr\/s.*nginx\.conf:\d+/s ],

	[ 'more dots-clients than an answer has',
		{ customers => customer('one', @a, 'limits clients=1001;') },
		qr/invalid limit "clients=1001".*clients=NUMBER.*nginx\.conf:\d+/s ],

	[ 'a name in Via that is a list',
		{ http => 'dots_via one,two;' },
		qr/invalid name "one,two".*dots\.example\.com.*nginx\.conf:\d+/s ],

	[ 'a rate an hour',
		{ customers => customer('one', @a, 'limits rate=10r/h;') },
		qr/invalid limit "rate=10r\/h".*nginx\.conf:\d+/s ],

	[ 'a rate of nothing',
		{ customers => customer('one', @a, 'limits handshakes=0r/s;') },
		qr/invalid limit "handshakes=0r\/s".*off.*nginx\.conf:\d+/s ],

	[ 'an endless rate',
		{ customers => customer('one', @a, 'limits rate=1000001r/s;') },
		qr/invalid limit "rate=1000001r\/s".*nginx\.conf:\d+/s ],

	[ 'a number of sessions that is a rate',
		{ customers => customer('one', @a, 'limits sessions=10r/s;') },
		qr/invalid limit "sessions=10r\/s".*nginx\.conf:\d+/s ],

	[ 'no limit of mitigations by a word',
		{ customers => customer('one', @a, 'limits mitigations=off;') },
		qr/invalid limit "mitigations=off".*nginx\.conf:\d+/s ],

	[ 'an unknown limit of sources', { dots => 'limit_source sessions=3;' },
		qr/invalid limit "sessions=3".*handshakes=.*nginx\.conf:\d+/s ],

	[ 'an unknown action', { mitigator => "gobgp unix:/x; action drop;" },
		qr/unknown action "drop".*blackhole.*nginx\.conf:\d+/s ],

	[ 'a mitigator without daemon', { mitigator => 'next_hop 192.0.2.1;' },
		qr/mitigator "rtbh" .*gobgp unix:.*nginx\.conf:\d+/s ],

	[ 'a mitigator without next hop', { mitigator => 'gobgp unix:/x;' },
		qr/mitigator "rtbh" has no "next_hop".*nginx\.conf:\d+/s ],

	(map { [ "next hop $_", { mitigator => "gobgp unix:/x; next_hop $_;" },
			qr/next hop "\Q$_\E": it is .*discard.*nginx\.conf:\d+/s ] }
		qw/ 127.0.0.1 0.0.0.0 255.255.255.255 224.0.0.1 ::1 ff02::1 /),

	[ 'a socket whose path is too long',
		{ mitigator => 'gobgp unix:/' . 'x' x 107 . '; next_hop 192.0.2.1;' },
		qr/"gobgp" .*too long.*107 bytes.*nginx\.conf:\d+/s ],

	[ 'two IPv4 next hops',
		{ mitigator => 'gobgp unix:/x; next_hop 192.0.2.1 192.0.2.2;' },
		qr/second IPv4 next hop.*nginx\.conf:\d+/s ],

	[ 'a bad community',
		{ mitigator => 'gobgp unix:/x; next_hop 192.0.2.1; community 70000:1;' },
		qr/invalid community "70000:1".*nginx\.conf:\d+/s ],

	[ 'a bad gobgp address',
		{ mitigator => 'gobgp localhost; next_hop 192.0.2.1;' },
		qr/invalid gobgp address.*nginx\.conf:\d+/s ],

	[ 'a URL as gobgp address',
		{ mitigator => 'gobgp http://127.0.0.1:50051; next_hop 192.0.2.1;' },
		qr/invalid gobgp address.*host:port.*nginx\.conf:\d+/s ],

	[ 'neither daemon nor program', { mitigator => ' ' },
		qr/gobgp unix:.*exec \/path.*nginx\.conf:\d+/s ],

	[ 'a program with a relative path', { mitigator => 'exec bin/program;' },
		qr/"bin\/program" has no absolute path.*nginx\.conf:\d+/s ],

	[ 'a program that is not there', { mitigator => 'exec /nowhere/program;' },
		qr/"\/nowhere\/program" is not there.*nginx\.conf:\d+/s ],

	[ 'a program that is none',
		{ mitigator => 'exec %%TESTDIR%%/ca.crt arg;' },
		qr/ca\.crt" is no program: make it executable.*nginx\.conf:\d+/s ],

	[ 'a folder for a program', { mitigator => 'exec /tmp;' },
		qr/"\/tmp" is no program.*nginx\.conf:\d+/s ],

	[ 'a program and a daemon',
		{ mitigator => 'exec /bin/true; gobgp unix:/x;' },
		qr/"gobgp".*does not go with "exec".*nginx\.conf:\d+/s ],

	[ 'a daemon and a program',
		{ mitigator => 'gobgp unix:/x; exec /bin/true;' },
		qr/"exec".*does not go with "gobgp".*nginx\.conf:\d+/s ],

	[ 'two programs', { mitigator => 'exec /bin/true; exec /bin/true;' },
		qr/"exec".*is duplicate.*nginx\.conf:\d+/s ],

	(map { [ "$_ of a program", { mitigator => "exec /bin/true; $_;" },
			qr/is of "gobgp" and means nothing to a program.*conf:\d+/s ] }
		'next_hop 192.0.2.1', 'community 1:1', 'tag 1:1', 'action blackhole'),

	[ 'next_hop before a program',
		{ mitigator => 'next_hop 192.0.2.1; exec /bin/true;' },
		qr/"next_hop" is of "gobgp".*conf:\d+/s ],

	[ 'the same program twice', { mitigator => 'exec /bin/true a;',
			dots => 'mitigator two { exec /bin/true a; }' },
		qr/"two" and "rtbh" run the same program.*conf:\d+/s ],

	[ 'lifetimes the wrong way round',
		{ lifetime => 'default=10 min=20 max=30' },
		qr/min <= default <= max.*nginx\.conf:\d+/s ],

	[ 'a lifetime that is no number', { lifetime => 'default=1h' },
		qr/invalid parameter "default=1h".*nginx\.conf:\d+/s ],

	[ 'schemas that are not there', { dots => '' },
		qr/YANG modules can't be used: "\/nowhere".*"schemas".*conf:\d+/s,
		sub { s!schemas .*;!schemas /nowhere;! } ],

	[ 'no state_path', {}, qr/block "dots" has no "state_path".*nginx\.conf:\d+/s,
		sub { s!state_path .*;!! } ],

	[ 'a file as state_path', {},
		qr/"state_path" directive needs a folder.*nginx\.conf:\d+/,
		sub { s!state_path .*;!state_path ca.crt;! } ],

	[ 'a small zone', {}, qr/invalid size "8k".*nginx\.conf:\d+/s,
		sub { s!zone        dots 8m;!zone dots 8k;! } ],

	[ 'a second dots block', {}, qr/is duplicate.*nginx\.conf:\d+/s,
		sub { $_ .= "\ndots { }\n" } ],

	[ 'dots_signal without a dots block', {}, qr/needs a "dots \{/s,
		sub { s!^dots \{.*?^\}!!ms } ],

	[ 'dots_data in a location with a slash', {},
		qr/dots_data.*slash.*nginx\.conf:\d+/s,
		sub { s!location /restconf \{!location /restconf/ {! } ],

	[ 'dots_data in a location for one URI', {},
		qr/dots_data.*plain location.*nginx\.conf:\d+/s,
		sub { s!location /restconf \{!location = /restconf {! } ],

	[ 'dots_data beside a proxy',
		{ http => 'location /r { dots_data; proxy_pass http://127.0.0.1:1; }' },
		qr/"dots_data" needs location "\/r" for itself.*nginx\.conf:\d+/ ],

	[ 'dots_data behind a proxy',
		{ http => 'location /r { proxy_pass http://127.0.0.1:1; dots_data; }' },
		qr/"dots_data" .* for itself.*nginx\.conf:\d+/ ],

	[ 'dots_signal beside a proxy', { stream => 'proxy_pass 127.0.0.1:1;' },
		qr/"dots_signal" in .*nginx\.conf:\d+ needs the server for itself/ ],

	[ 'dots_signal behind a proxy', {},
		qr/"dots_signal" .* for itself.*nginx\.conf:\d+/,
		sub { s!dots_signal;!proxy_pass 127.0.0.1:1; dots_signal;! } ],

	[ 'no certificate', {}, qr/ssl_certificate/s,
		sub { s!ssl_certificate .*server.crt;!! } ],

	[ 'no authenticated encryption', { stream => 'ssl_ciphers HIGH:!aNULL;' },
		qr/"ssl_ciphers".*is no authenticated encryption.*"dots_signal" in .*:\d+/ ],

	[ 'a client that need not say who it is',
		{ stream => 'ssl_verify_client optional;' },
		qr/"ssl_verify_client" can't be optional.*"dots_signal" in .*conf:\d+/ ],

	[ 'a protocol that DOTS does not allow',
		{ stream => 'ssl_protocols TLSv1.1;' },
		qr/"ssl_protocols" has none.*"dots_signal" in .*conf:\d+/ ],

	[ 'no client CA', {}, qr/ssl_client_certificate/s,
		sub { s!ssl_client_certificate .*;!! } ],

	[ 'multi_accept with dots_signal', {},
		qr/"multi_accept on".*dots_signal.*remove/s,
		sub { s!^events \{!events { multi_accept on;!m } ],

	[ 'a directive of another block', { dots => 'identity dns:x;' },
		qr/"identity" directive is not allowed here.*nginx\.conf:\d+/s ],
);

$t->plan(@cases + 11);

foreach my $case (@cases) {
	my ($name, $options, $re, $edit) = @$case;

	local $_ = dots_conf(%$options);
	$edit->() if $edit;

	$t->write_file('psk', $options->{psk}) if defined $options->{psk};

	$t->write_file_expand('nginx.conf', $_);
	my $out = dots_test($t);

	if ($out =~ /test is successful/) {
		fail("$name is refused");
		next;
	}

	like($out, $re, "$name is refused");
}

# what is right

$t->write_file_expand('nginx.conf', dots_conf());
like(dots_test($t), qr/test is successful/, 'the test configuration');

$t->write_file_expand('nginx.conf', dots_conf(customers =>
	customer('one', @a) . customer('two', 'identity cn:x uri:urn:x;',
		"identity sha256:" . join(':', ('AB') x 32) . ';',
		'prefix 198.51.100.0/24 2001:db8::/32;', 'mitigate rtbh;',
		'limits mitigations=10 aliases=20 rate=1r/s sessions=off;')));
like(dots_test($t), qr/test is successful/, 'all kinds of identities');

$t->write_file_expand('nginx.conf', dots_conf(customers => customer('one',
	without(qr/prefix/, @a), 'prefix 192.0.2.0/24;', 'prefix 198.51.100.7/24;')));
$_ = dots_test($t);
like($_, qr!\[warn\].*low address bits of 198\.51\.100\.7/24 .*nginx\.conf:\d+!,
	'a prefix that may be meant as an address');
is(scalar(() = /low address bits/g), 1, 'and only of that one');

# nobody could be anybody's client there

$t->write_file_expand('nginx.conf',
	dots_conf() =~ s/ssl_verify_client +optional;//r);
like(dots_test($t),
	qr/\[warn\].*"dots_data" of location "\/restconf".*asks.*nginx\.conf:\d+/,
	'a data channel without client certificates');

# names that nobody can look up

my $without = dots_conf() =~ s/resolver .*;\n.*resolver_timeout.*;//r;
$t->write_file_expand('nginx.conf', $without);
like(dots_test($t), qr/\[warn\].*customer "a" has names.*"resolver"/,
	'names without a resolver');
$t->write_file_expand('nginx.conf', $without =~ s/ name  .*;//gr);
unlike(dots_test($t), qr/\[warn\]/, 'without names none is needed');

# more than one worker on one UDP socket

local $_ = dots_conf(workers => 2);
s/ reuseport//;
$t->write_file_expand('nginx.conf', $_);
unlike(dots_test($t), qr/\[warn\]/, 'without reuseport');

# nobody whom anybody could ask

$_ = dots_conf();
s/^stream \{.*?^\}//ms;
$t->write_file_expand('nginx.conf', $_);
unlike(dots_test($t), qr/\[warn\]/, 'a data channel alone');
s/dots_data;//;
$t->write_file_expand('nginx.conf', $_);
like(dots_test($t), qr/\[warn\].*nobody can reach "dots .*"dots_signal;"/,
	'neither channel');

$_ = dots_conf();
s/^dots \{.*?^\}//ms;
s/^stream \{.*?^\}//ms;
s/dots_data;//;
s/dots_host_meta;//;
$t->write_file_expand('nginx.conf', $_);
like(dots_test($t), qr/test is successful/, 'the module without a dots block');

###############################################################################
