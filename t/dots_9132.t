#!/usr/bin/perl

# RFC 9132, statement by statement, and what RFC 7252, 7641, 7959 and 8768 say of
# the same requests: tables of requests and answers, over UDP and over TCP.  What
# needs more than one request is in the tests of the features.

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

my $t = Test::Nginx->new()->has(qw/http http_ssl http_v2 stream udp/);

dots_has(qw/cbor openssl dnsmasq/);

dots_pki($t);
dots_dns($t);

# without a terminating period: what is withdrawn is not waited for

$t->write_file_expand('nginx.conf', dots_conf(
	lifetime => 'default=3600 min=1 max=86400 indefinite=off terminating=0',
	customers => <<'EOC'));
    customer a {
        identity  dns:client.example.com;
        prefix    192.0.2.0/24 2001:db8:6401::/48;
        name      example.com;
        mitigate  rtbh;
        limits    rate=off;
    }

    customer b {
        identity  dns:client.example.net;
        prefix    198.51.100.0/24;
        mitigate  rtbh;
        limits    rate=off;
    }
EOC

# ---- what the tables are made of ----

my ($own, $text) = ('192.0.2.9/32', unpack 'H*', '192.0.2.9/32');
my @dots = ('.well-known', 'dots');

sub hex_of { my $h = join '', @_; $h =~ s/ //g; return pack 'H*', $h }

sub map_of { return Test::DOTS::_map($_[0]) }

sub scope { return map_of({ 1 => { 2 => [ @_ ] } }) }

sub with { return scope({ 6 => [ $own ], 14 => 60, @_ }) }

sub target { return scope({ 14 => 60, @_ }) }

# {1: {2: [{6: [prefix], 14: 3600 and more}]}} in other encodings

sub pieces {
	my ($pairs, $rest) = @_;
	return hex_of("a1 01 a1 02 81 a$pairs 06 81 6c $text $rest");
}

# ---- bodies of PUT: section, name, body, code, what the answer says ----

my @bodies = (

# RFC 8949: every well-formed encoding of the same is the same
[ '6', 'indefinite lengths', hex_of("bf 01 bf 02 9f bf 06 9f 6c $text ff 0e"
	. ' 19 0e10 ff ff ff ff'), '2.01' ],
[ '6', 'text in chunks', hex_of('a1 01 a1 02 81 a2 06 81 7f 66 3139322e302e'
	. ' 66 322e392f3332 ff 0e 19 0e10'), '2.01' ],
[ '6', 'integers that are longer than needed', hex_of('a1 18 01 a1 19 0002 81 a2'
	. " 1b 0000000000000006 81 78 0c $text 0e 1a 00000e10"), '2.01' ],
[ '6', 'another order of keys', hex_of("a1 01 a1 02 81 a2 0e 19 0e10 06 81 6c"
	. " $text"), '2.01' ],
[ '10.5', 'tag 271 on the whole', hex_of("d9 010f a1 01 a1 02 81 a2 06 81 6c"
	. " $text 0e 19 0e10"), '2.01' ],
[ '10.5', 'a tag inside', pieces(2, '0e c1 19 0e10'), '4.00', qr/lifetime/ ],

# and what is no CBOR, or not that of Table 5
[ '6', 'a key twice', pieces(3, '0e 01 0e 01'), '4.00', qr/14.*twice/ ],
[ '6', 'a negative key', pieces(3, '0e 01 20 01'), '4.00', qr/key/ ],
[ '6', 'a key of text', pieces(3, '0e 01 61 61 01'), '4.00', qr/key/ ],
[ '6', 'bytes behind the body', pieces(2, '0e 01 00'), '4.00', qr/1 bytes/ ],
[ '6', 'a body that is cut', pieces(2, '0e 19 0e'), '4.00', qr/truncated/ ],
[ '6', 'a float', pieces(2, '0e f9 7000'), '4.00', qr/lifetime/ ],
[ '6', 'null', pieces(2, '0e f6'), '4.00', qr/lifetime/ ],
[ '6', 'undefined', pieces(2, '0e f7'), '4.00', qr/lifetime/ ],
[ '6', 'a byte string', hex_of("a1 01 a1 02 81 a2 06 81 4c $text 0e 01"),
	'4.00', qr/target-prefix/ ],
[ '6', 'text that is no UTF-8', hex_of('a1 01 a1 02 81 a2 0d 81 62 fffe 0e 01'),
	'4.00', qr/UTF-8/ ],
[ '6', 'an array', hex_of('81 01'), '4.00', qr/map/ ],
[ '6', 'nothing in it', hex_of('a0'), '4.00', qr/message/ ],
[ '6', 'the configuration of a session', map_of({ 30 => { 32 => { 33 =>
	{ 36 => 30 } } } }), '4.00', qr/mitigation-scope/ ],
[ '6', 'two messages', map_of({ 1 => { 2 => [ { 6 => [ $own ], 14 => 60 } ] },
	30 => { 32 => { 33 => { 36 => 30 } } } }), '4.00', qr/second message/ ],

# Table 8: comprehension-required, -optional
(map { [ '6', "the unknown key $_", with($_ => 1), '4.00', qr/\b$_\b/ ] }
	0, 126, 127, 256, 16383, 65536),
(map { [ '6', "the optional key $_ is ignored", with($_ => 1), '2.01' ] }
	128, 200, 204, 255, 16384, 32767, 32768, 49151, 49152, 65535),
[ '6', 'an optional key of any value', pieces(3, '0e 01 18c8 84 bf 00 01 ff a1'
	. ' 61 61 f6 c1 00 5f 41 00 ff'), '2.01' ],
[ '6', 'optional keys beside scope and message', map_of({ 200 => 1, 1 => {
	200 => 1, 2 => [ { 6 => [ $own ], 14 => 60, 7 => [ { 8 => 80, 200 => 1 } ]
	} ] } }), '2.01' ],
[ '6', 'a required one in a port range', with(7 => [ { 8 => 80, 126 => 1 } ]),
	'4.00', qr/126/ ],

# 4.4.1.1, attribute by attribute
(map { [ '4.4.1.1', "target-prefix $_", target(6 => [ $_ ]), '2.01' ] }
	'192.0.2.0/24', '192.0.2.9/24', '192.0.2.9/32', '2001:DB8:6401::1/128',
	'2001:db8:6401::/48'),
(map { [ '4.4.1.1', "target-prefix $_", target(6 => [ $_ ]), '4.00',
	qr/target-prefix/ ] } '192.0.2.9', '192.0.2.9/33', '192.0.2.256/32',
	'2001:db8:6401::1/129', ' 192.0.2.9/32', '0.0.0.0/0', '::/0',
	'192.0.2.0/23', '198.51.100.1/32', '127.0.0.1/32', '::1/128', '224.0.0.1/32',
	'ff02::1/128', '255.255.255.255/32', '169.254.1.1/32', 'fe80::1/128', 'x', ''),
[ '4.4.1.1', 'one bad prefix among good ones', target(6 => [ $own,
	'198.51.100.1/32' ]), '4.00', qr/198\.51\.100\.1/ ],
[ '4.4.1.1', 'one port', with(7 => [ { 8 => 80 } ]), '2.01' ],
[ '4.4.1.1', 'ports 0 to 65535', with(7 => [ { 8 => 0, 9 => 65535 } ]), '2.01' ],
[ '4.4.1.1', 'lower-port and upper-port the same', with(7 => [ { 8 => 80,
	9 => 80 } ]), '2.01' ],
[ '4.4.1.1', 'protocols 0 and 255', with(10 => [ 0, 255 ]), '2.01' ],
(map { [ '4.4.1.1', "target-fqdn $_", target(11 => [ $_ ]), '2.01' ] }
	'www.example.com', 'WWW.Example.COM'),
(map { [ '4.4.1.1', "target-fqdn $_", target(11 => [ $_ ]), '4.00',
	qr/target-fqdn/ ] } 'nowhere.example.com', 'elsewhere.example.com',
	'www.example.net', '*.example.com', 'a..b'),
(map { [ '4.4.1.1', "target-uri $_", target(12 => [ $_ ]), '2.01' ] }
	'https://www.example.com/', 'http://192.0.2.9:8080/x',
	'coap://[2001:db8:6401::1]/'),
(map { [ '4.4.1.1', "target-uri $_", target(12 => [ $_ ]), '4.00',
	qr/target-uri/ ] } 'https://elsewhere.example.com/', 'http://127.0.0.1/',
	'https://198.51.100.1/', 'mailto:a@example.com', 'https://'),
(map { [ '4.4.1.1', "lifetime $_", scope({ 6 => [ $own ], 14 => $_ }), '2.01' ] }
	-1, 1, 86400, 4294967295),
(map { [ '4.4.1.1', "lifetime $_", scope({ 6 => [ $own ], 14 => $_ }), '4.00',
	qr/lifetime/ ] } 0, -2, 4294967296),
[ '4.4.1.1', 'no lifetime', scope({ 6 => [ $own ] }), '4.00', qr/lifetime/ ],
[ '4.4.1.1', 'trigger-mitigation true', with(45 => \1), '2.01' ],
[ '4.4.1.1', 'trigger-mitigation false', with(45 => \0), '2.01' ],
[ '4.4.1.1', 'two scopes', scope({ 6 => [ $own ], 14 => 60 }, { 6 =>
	[ '192.0.2.8/32' ], 14 => 60 }), '4.00', qr/scope/ ],
[ '4.4.1.1', 'no target', scope({ 14 => 60, 7 => [ { 8 => 80 } ] }), '4.00',
	qr/target-prefix.*alias-name/ ],
(map { [ '4.4.1.1', "the empty attribute $_", with($_ => []), '4.00', qr/empty/ ] }
	7, 10, 11, 12, 13),
[ '4.4.1.1', 'cdid in the body', with(3 => 'x'), '4.00', qr/cdid/ ],
[ '4.4.1.1', 'cuid in the body', with(4 => 'x'), '4.00', qr/cuid/ ],
[ '4.4.1.1', 'mid in the body', with(5 => 1), '4.00', qr/mid/ ],
[ '4.4.1.3', "an alias that is not the client's", target(13 => [ 'web' ]),
	'4.00', qr/alias-name/ ],
[ '4.4.3', 'attack-status without If-Match', with(29 => 1), '4.00',
	qr/attack-status/ ],
(map { [ '5.1', "what only the server says: $_", with($_ => 1), '4.00',
	qr/must not be|not a/ ] } 15, 16, 17, 25, 26, 27, 28),
);

# ---- paths: section, segments behind "mitigate", PUT, GET, DELETE ----

# C stands for the cuid of the transport
my @paths = (
[ '4.4.1', 'C mid=4', '2.01', '2.05', '2.02' ],
[ '4.4.1.2', 'cdid=x C mid=4', '2.01', '2.05', '2.02' ],
[ '4.4.1', 'C', '4.00', '4.04', '4.00' ],
[ '4.4.1', '', '4.00', '4.00', '4.00' ],
[ '4.4.1', 'mid=4', '4.00', '4.00', '4.00' ],
(map { [ '4.4.1', $_, '4.00', '4.00', '4.00' ] } 'mid=4 C', 'C C mid=4',
	'C mid=4 mid=4', 'C mid=4 mid=5', 'cuid=x C mid=4', 'C cdid=x mid=4',
	'cdid=x cdid=y C mid=4', 'C mid=4 x=y', 'x C mid=4', 'CUID=x mid=4',
	'C mid=4 ?', '? C mid=4'),
(map { [ '4.4.1.1', $_, '4.00', '4.00', '4.00' ] } 'cuid= mid=4', 'cuid mid=4',
	'C mid=', 'C mid', 'cdid= C mid=4'),
(map { [ '4.4.1.1', "C mid=$_", '4.00', '4.00', '4.00' ] } -1, '+1', '01',
	'0x1', '1.0', 4294967296, '99999999999999999999'),
(map { [ '4.4.1.1', "C mid=$_", '2.01', '2.05', '2.02' ] } 0, 4294967295),
);

# ---- options: section, number, value, PUT, GET, DELETE ----

my @options = (
[ '4.4.3, RFC 7252 5.10.8.1', 'If-Match', 1, 'tag', '4.12', '4.12', '4.12' ],
[ 'RFC 7252 5.4.3', 'If-Match of 9 bytes', 1, 'x' x 9, ('4.02') x 3 ],
[ 'RFC 7252 5.4.1', 'If-None-Match', 5, '', ('4.02') x 3 ],
[ 'RFC 7252 5.10.1', 'Uri-Host', 3, 'dots.example', '2.04', '2.05', '2.02' ],
[ 'RFC 7252 5.4.3', 'an empty Uri-Host', 3, '', ('4.02') x 3 ],
[ 'RFC 7252 5.10.1', 'Uri-Port', 7, "\x12\x26", '2.04', '2.05', '2.02' ],
[ '4.4.1.3, RFC 9244 10', 'Uri-Query', 15, 'x=y', ('4.00') x 3 ],
[ '4.4.1.3, 4.4.2', 'c, which is for GET', 15, 'c=n', '4.00', '2.05', '4.00' ],
[ 'RFC 7252 5.10.2', 'Proxy-Uri', 35, 'coaps://x/', ('5.05') x 3 ],
[ 'RFC 7252 5.10.2', 'Proxy-Scheme', 39, 'coaps', ('5.05') x 3 ],
[ 'RFC 7252 5.10.4', 'Accept 271', 17, "\1\x0f", '2.04', '2.05', '2.02' ],
[ 'RFC 7252 5.10.4', 'Accept 0', 17, '', ('4.06') x 3 ],
[ 'RFC 7252 5.10.4', 'Accept 60', 17, "\x3c", ('4.06') x 3 ],
[ 'RFC 7252 5.10.6', 'ETag', 4, 'abcd', '2.04', '2.05', '2.02' ],
[ 'RFC 7252 5.10.5', 'Max-Age', 14, "\1", '2.04', '2.05', '2.02' ],
[ 'RFC 8768 3', 'Hop-Limit 1: nothing is forwarded', 16, "\1", '2.04', '2.05',
	'2.02' ],
[ 'RFC 8768 3', 'Hop-Limit 255', 16, "\xff", '2.04', '2.05', '2.02' ],
[ 'RFC 8768 3', 'Hop-Limit 0', 16, "\0", ('4.00') x 3 ],
[ 'RFC 8768 3', 'Hop-Limit 256', 16, "\1\0", ('4.00') x 3 ],
[ 'RFC 7641 2', 'Observe is for GET', 6, '', '2.04', '2.05', '2.02' ],
[ 'RFC 7641 2', 'Observe of 4 bytes', 6, "\0\0\0\1", '2.04', '2.05', '2.02' ],
[ 'RFC 7959 2.2', 'Block2 0 of 64 bytes', 23, "\2", '2.04', '2.05', '2.02' ],
[ 'RFC 7959 2.4', 'Block2 5 of nothing', 23, "\x52", '4.00', '4.00', '4.00' ],
[ 'RFC 7959 2.2', 'Block2 of 4 bytes', 23, "\0\0\0\2", ('4.02') x 3 ],
[ 'RFC 7959 2.2', 'Block1 0, the only one', 27, "\6", '2.04', '2.05', '2.02' ],
[ 'RFC 7959 4', 'Size1', 60, "\x7f", '2.04', '2.05', '2.02' ],
[ 'RFC 7959 4', 'Size2', 28, '', '2.04', '2.05', '2.02' ],
(map { [ 'RFC 7252 5.4.1', "the critical option $_", $_, '', ('4.02') x 3 ] }
	9, 19, 31, 2049, 65001),
(map { [ 'RFC 7252 5.4.1', "the elective option $_", $_, 'x', '2.04', '2.05',
	'2.02' ] } 8, 20, 252, 258, 292, 65000),
);

# ---- GET: section, queries, code ----

my @queries = (
(map { [ '4.4.2', $_, '2.05' ] } 'c=c', 'c=n', 'c=a'),
(map { [ 'RFC 9244 10', $_, '4.00', qr/Uri-Query/ ] } 'x=y', 'C=n', 'mid=5', '',
	'source-prefix=192.0.2.0/24'),
(map { [ '4.4.2', $_, '4.00', qr/\bc\b/ ] } 'c=x', 'c=', 'c'),
[ 'RFC 9244 9.2', 'target-prefix=192.0.2.0/24', '2.05' ],
[ 'RFC 9244 9.2', 'target-prefix=192.0.2.128/25', '4.04' ],
(map { [ 'RFC 9244 9.2', $_, '4.00', qr/target/ ] } 'target-prefix=x',
	'target-prefix=', 'target-port=65536', 'target-protocol=256'),
);

# ---- methods: section, resource, codes of 0.01 to 0.07 ----

my @methods = (
[ 'mitigate', { 1 => '4.00', 3 => '4.00', 4 => '4.00' } ],
[ 'config', { 1 => '2.05', 3 => '4.00', 4 => '2.02' } ],
[ 'hb', { 3 => '4.00' } ],
);

# ---- config: section, name, sid, body, code ----

sub idle { return map_of({ 30 => { 44 => { @_ } } }) }

sub decimal { return hex_of('a1 18 1e a1 18 2c a1 18 27 a1 18 2b', @_) }

# one after the other in a session
my @config = (
[ '4.5.2', 'sid 4', 'sid=4', idle(33 => { 36 => 60 }), '2.01' ],
[ '4.5.2', 'sid 4 again', 'sid=4', idle(33 => { 36 => 60 }), '2.04' ],
[ '4.5.2', 'a lower sid', 'sid=3', idle(33 => { 36 => 60 }), '4.00', qr/sid/ ],
[ '4.5.2', 'a higher sid', 'sid=5', idle(33 => { 36 => 60 }), '2.01' ],
[ '4.5.2', 'no sid', undef, idle(33 => { 36 => 60 }), '4.00', qr/sid/ ],
(map { [ '4.5.2', $_, $_, idle(33 => { 36 => 60 }), '4.00', qr/sid|cuid|mid/ ] }
	'sid=', 'sid', 'sid=x', 'sid=-1', 'sid=4294967296', 'cuid=x', 'mid=5'),
(map { [ '4.5.2', "heartbeat-interval $_", 'sid=6', idle(33 => { 36 => $_ }),
	'2.0[14]' ] } 0, 15, 240),
(map { [ '4.5.2', "heartbeat-interval $_", 'sid=6', idle(33 => { 36 => $_ }),
	'4.22', qr/heartbeat-interval/ ] } 1, 14, 241, 65535),
[ '4.5.2', 'missing-hb-allowed 21', 'sid=6', idle(37 => { 36 => 21 }), '4.22',
	qr/missing-hb-allowed/ ],
[ '4.5.2', 'probing-rate 4', 'sid=6', idle(50 => { 36 => 4 }), '4.22',
	qr/probing-rate/ ],
[ '4.5.2', 'max-retransmit 1', 'sid=6', idle(38 => { 36 => 1 }), '4.22',
	qr/max-retransmit/ ],
[ '4.5.2', 'one good, one bad', 'sid=6', idle(33 => { 36 => 30 },
	38 => { 36 => 16 }), '4.22', qr/max-retransmit/ ],
[ '4.5.2', 'ack-timeout 40', 'sid=6', decimal('c4 82 01 04'), '4.22',
	qr/ack-timeout/ ],
(map { [ '6', "2 seconds as [$_->[0]]", 'sid=6', decimal('c4 82', $_->[1]),
	'2.0[14]' ] } [ '-2, 200', '21 18c8' ], [ '-1, 20', '20 14' ],
	[ '0, 2', '00 02' ], [ '-3, 2000', '22 1907d0' ], [ '1, 1', '01 01' ]),
[ '6', 'a decimal as text', 'sid=6', decimal('64 322e3030'), '4.00',
	qr/current-value-decimal/ ],
[ '6', 'a decimal as a float', 'sid=6', decimal('f94000'), '4.00',
	qr/current-value-decimal/ ],
[ '6', 'an integer for a decimal', 'sid=6', idle(39 => { 36 => 2 }), '4.00',
	qr/ack-timeout/ ],
[ '4.5.2', 'negative', 'sid=6', idle(33 => { 36 => -1 }), '4.00',
	qr/current-value/ ],
[ '4.5.2', 'what only the server says', 'sid=6', idle(33 => { 34 => 60 }),
	'4.00', qr/max-value/ ],
[ '4.5.2', 'none of the attributes', 'sid=6', map_of({ 30 => { 44 => {} } }),
	'4.00', qr/heartbeat-interval/ ],
[ '4.5.2', 'neither set', 'sid=6', map_of({ 30 => {} }), '4.00',
	qr/heartbeat-interval/ ],
[ '4.5.2', 'an attribute without value', 'sid=6', idle(33 => {}), '4.00',
	qr/heartbeat-interval/ ],
[ '6', 'an unknown attribute', 'sid=6', idle(126 => { 36 => 1 },
	33 => { 36 => 30 }), '4.00', qr/126/ ],
[ '6', "RFC 9362's attributes are ignored", 'sid=6', idle(33 => { 36 => 30 },
	32776 => { 36 => 10 }, 32779 => { 43 => 1 }), '2.0[14]' ],
[ '6', 'a mitigation', 'sid=6', with(), '4.00', qr/signal-config/ ],
[ '4.5.2', 'the highest sid', 'sid=4294967295', idle(33 => { 36 => 30 }), '2.01' ],
);

# ---- hb: name, path, body, code ----

my @beats = (
[ 'true', '', 'a1 18 31 a1 18 33 f5', '2.04' ],
[ 'false', '', 'a1 18 31 a1 18 33 f4', '2.04' ],
[ 'tagged', '', 'd9 010f a1 18 31 a1 18 33 f5', '2.04' ],
[ 'indefinite', '', 'bf 18 31 bf 18 33 f5 ff ff', '2.04' ],
[ 'longer integers', '', 'a1 19 0031 a1 1a 00000033 f5', '2.04' ],
[ 'an optional key', '', 'a2 18 31 a2 18 33 f5 18 c8 01 19 ffff 80', '2.04' ],
[ 'a required key', '', 'a1 18 31 a2 18 33 f5 18 7e 01', '4.00' ],
[ 'no peer-hb-status', '', 'a1 18 31 a0', '4.00' ],
[ 'a number', '', 'a1 18 31 a1 18 33 01', '4.00' ],
[ 'null', '', 'a1 18 31 a1 18 33 f6', '4.00' ],
[ 'twice', '', 'a1 18 31 a2 18 33 f5 18 33 f5', '4.00' ],
[ 'bytes behind it', '', 'a1 18 31 a1 18 33 f5 00', '4.00' ],
[ 'no body', '', '', '4.00' ],
(map { [ $_, $_, 'a1 18 31 a1 18 33 f5', '4.00' ] } 'cuid=x', 'cdid=x', 'mid=1',
	'x'),
);

###############################################################################

$t->plan(2 * (@bodies + (grep { $_->[4] } @bodies) + 3 * @paths + 3 * @options
	+ @queries + 7 * @methods + @config + (grep { $_->[5] } @config) + @beats
	+ 12));
$t->run();

foreach my $transport (qw/ udp tcp /) {
	my $a = dots_session($t, transport => $transport);
	my $c = "cuid-$transport";
	my $mid = 1000;
	my $m;

	my $ask = sub {
		my ($method, $resource, $segments, @o) = @_;
		return $a->request(method => $method, @o,
			path => [ @dots, $resource, @$segments ]) || { code => 'none' };
	};
	my $is = sub {
		my ($m, $code, $name, $re) = @_;
		like($m->{code}, qr/^$code$/, "$transport: $name")
			or diag($m->{body});
		like($m->{body}, $re, "$transport: $name: says why") if $re;
	};

	# each mitigation ends before the next, so none overlaps

	foreach my $row (@bodies) {
		my ($section, $name, $body, $code, $re) = @$row;
		$mid++;
		$m = $ask->('PUT', 'mitigate', [ "cuid=$c", "mid=$mid" ],
			body => $body);
		$is->($m, $code, "$section: $name", $re);
		$a->delete($c, $mid) if $m->{code} eq '2.01';
	}

	foreach my $row (@paths) {
		my ($section, $path, @codes) = @$row;
		my @segments = map { $_ eq '?' ? '' : s/^C$/cuid=$c-p/r }
			split / /, $path;

		foreach my $method (qw/ PUT GET DELETE /) {
			$m = $ask->($method, 'mitigate', \@segments,
				$method eq 'PUT' ? (body => with()) : ());
			$is->($m, shift @codes, "$section: $method of \"$path\"");
		}

		$a->delete("$c-p", $_) foreach (0, 4, 4294967295);
		dots_until(sub { $a->get("$c-p")->{code} eq '4.04' })
			or die "$path: not over\n";
	}

	foreach my $row (@options) {
		my ($section, $name, $number, $value, @codes) = @$row;

		$a->put($c, 5, body => with(14 => 600));

		foreach my $method (qw/ PUT GET DELETE /) {
			$m = $ask->($method, 'mitigate', [ "cuid=$c", 'mid=5' ],
				options => [ [ $number, $value ] ],
				$method eq 'PUT' ? (body => with(14 => 600)) : ());
			$is->($m, shift @codes, "$section: $method with $name");
		}
	}

	$a->put($c, 5, body => with(14 => 600));

	foreach my $row (@queries) {
		my ($section, $query, $code, $re) = @$row;
		$m = $ask->('GET', 'mitigate', [ "cuid=$c", 'mid=5' ],
			query => [ $query ]);
		$is->($m, $code, "$section: ?$query");
	}

	foreach my $row (@methods) {
		my ($resource, $codes) = @$row;

		foreach my $n (1 .. 7) {
			$m = $a->request(code => $n, path => [ @dots, $resource ],
				$n == 3 ? (body => 'x') : ());
			$is->($m, $codes->{$n} || '4.05', "4.2: 0.0$n of $resource");
		}
	}

	foreach my $row (@config) {
		my ($section, $name, $segment, $body, $code, $re) = @$row;
		$m = $ask->('PUT', 'config', [ defined $segment ? $segment : () ],
			body => $body, type => 'CON');
		$is->($m, $code, "$section: $name", $re);
	}

	foreach my $row (@beats) {
		my ($name, $path, $body, $code) = @$row;
		$m = $ask->('PUT', 'hb', [ $path ? $path : () ],
			body => hex_of($body), format => 271);
		$is->($m, $code, "4.7: $name");
	}

	# what an error is made of: section 3, RFC 7252 section 5.5.2

	$m = $a->get($c, 4242);
	ok(length $m->{body}, "$transport: 3: 4.xx with a diagnostic payload");
	ok(!defined $m->{format}, 'which has no Content-Format');

	# 4.4.1.1: the actual lifetime in the response, the remaining one in a status

	is($a->put($c, 6, body => scope({ 6 => [ '192.0.2.6/32' ], 14 => 100000 }))
		->{cbor}{1}{2}[0]{14}, 86400, '4.4.1.1: what was granted');
	is($a->put($c, 7, body => scope({ 6 => [ '192.0.2.7/32' ], 14 => -1 }))
		->{cbor}{1}{2}[0]{14}, 3600, '4.4.1.1: not for ever');
	my ($s) = grep { $_->{5} == 6 } @{$a->get($c)->{cbor}{1}{2}};
	ok($s->{14} > 86000 && $s->{14} <= 86400, '4.4.1.1: what remains');
	ok(exists $s->{15} && $s->{15} > 1500000000,
		'4.4.2: mitigation-start, without a tag');

	# 4.4.1.3: a refresh is the same in another order

	my @two = ('192.0.2.20/32', '192.0.2.21/32');
	is($a->put($c, 8, prefix => [ @two ], ports => [ 80, 443 ])->{code}, '2.01',
		'4.4.1.3: a request');
	is($a->put($c, 8, prefix => [ reverse @two ], ports => [ 443, 80 ])->{code},
		'2.04', 'repeated in another order');
	is($a->put($c, 8, prefix => [ @two ], ports => [ 80, 443 ], trigger => \1)
		->{code}, '2.04', 'the default value said');
	is($a->put($c, 8, prefix => [ @two ])->{code}, '4.00', 'with less');

	# 4.4.4: no payload; of what is not there, too

	$m = $a->delete($c, 8);
	is("$m->{code} $m->{body}", '2.02 ', '4.4.4: 2.02 without payload');
	$m = $a->delete($c, 4242);
	is("$m->{code} $m->{body}", '2.02 ', '4.4.4: of an unknown mid, too');

	$a->delete($c, $_) foreach (5, 6, 7);
	dots_until(sub { $a->get($c)->{code} eq '4.04' }) or die "not over\n";
	$a->quit();
}

###############################################################################
