#!/usr/bin/perl

# Resumption by tickets (RFC 5077, RFC 9132 section 7.1): on another worker, after
# a reload, and not by who is nobody any more.

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

dots_has(qw/cbor openssl/);
$t->plan(26);

dots_pki($t);

my $d = $t->testdir();
my $key = '00112233445566778899aabbccddeeff';

# in the certificate's place, a client of its own with a large one

system("cd $d && { openssl req -newkey rsa:4096 -nodes -keyout big.key "
	. "-out big.csr -subj /CN=client-big && openssl x509 -req -in big.csr "
	. "-CA ca.crt -CAkey ca.key -set_serial 77 -days 30 -out big.crt ; } "
	. ">>openssl.log 2>&1") == 0 or die;

my $a = <<'EOC';
    customer a {
        identity  dns:client.example.com;
        prefix    192.0.2.0/24;
        mitigate  rtbh;
    }
EOC

my $others = <<'EOC';
    customer p {
        identity  psk:client-p;
        prefix    198.51.100.0/24;
        mitigate  rtbh;
    }

    customer big {
        identity  cn:client-big;
        prefix    203.0.113.0/24;
        mitigate  rtbh;
    }
EOC

sub conf {
	my ($t, %o) = @_;
	my $psk = defined $o{key} ? $o{key} : $key;
	$t->write_file('psk', "client-p:$psk\n");
	chmod 0600, "$d/psk";
	$t->write_file_expand('nginx.conf', dots_conf(workers => 2,
		dots => 'psk_file psk;', stream => $o{stream} || '',
		customers => (exists $o{a} ? $o{a} : $a) . $others));
}

conf($t);
$t->run();

# the worker that has the n-th session which began so

sub worker {
	my ($t, $what, $n) = @_;
	my @pids;

	dots_until(sub { @pids = $t->read_file('error.log')
		=~ /\[info\] (\d+)#.*DTLS session $what: customer/g; @pids >= $n });
	return $pids[$n - 1];
}

# all workers are new, and serve

sub reload {
	my ($t) = @_;
	return dots_reload($t)
		&& dots_session($t, cert => 'stranger')->connected() =~ /^connected/;
}

###############################################################################

# with a certificate

my $s = dots_session($t);
unlike($s->connected(), qr/resumed/, 'a full handshake');
is($s->command('keep'), 'ok', 'gives a ticket');
my $first = worker($t, 'established', 1);

$s->put('c', 1, prefix => ['192.0.2.1/32']);

my ($elsewhere, $out);

foreach my $n (1 .. 50) {
	$out = $s->command('resume 60000');
	last unless $out =~ /^connected \S+ resumed$/;
	$elsewhere = worker($t, 'resumed', $n) != $first;
	last if $elsewhere;
}

like($out, qr/^connected \S+ resumed$/, 'resumed');
ok($elsewhere, 'on another worker');
is($s->get('c', 1)->{code}, '2.05', 'as the same customer');
is($s->put('c', 2, prefix => ['198.51.100.1/32'])->{code}, '4.00',
	'and as nobody else');

# with a key

my $p = dots_session($t, cert => '', args => [ '--psk-id', 'client-p', '--psk',
	$key ]);
$p->command('keep');
like($p->command('resume 60000'), qr/^connected \S+ resumed$/, 'PSK: resumed');
is($p->put('d', 1, prefix => ['198.51.100.1/32'])->{code}, '2.01',
	'as its customer');

# what is too large for a hello in one datagram is no ticket

my $big = dots_session($t, cert => 'big');
like($big->connected(), qr/^connected/, 'a large certificate');
like($big->command('keep'), qr/no ticket/, 'has no ticket');
is($big->get('e')->{code}, '4.04', 'but is served');

# a ticket of somebody else's keys, or none at all, is no harm

my $x = dots_session($t);
$x->command('keep');
is($x->command('restart 60000') =~ /resumed/ ? 1 : 0, 0, 'without the ticket');

# after a reload

ok(reload($t), 'a reload');
like($s->command('resume 60000'), qr/^connected \S+ resumed$/,
	'certificate: resumed after it');
is($s->get('c', 1)->{code}, '2.05', 'and serves');
like($p->command('resume 60000'), qr/^connected \S+ resumed$/,
	'PSK: resumed after it');

# another key for the same identity: who has the old one's ticket is out

conf($t, key => 'ff' x 16);
reload($t);
like($p->command('resume 3000'), qr/^failed/, 'PSK: not with the old key');

# a customer that is gone: a full handshake, and nobody

conf($t, a => '');
reload($t);
like($s->command('resume 60000'), qr/^connected (?!.*resumed)/,
	'a removed customer: no resumption');
is($s->get('c', 1)->{code}, '4.01', 'and nothing to ask for');

# back again, then revoked

conf($t);
reload($t);
like($s->command('resume 60000'), qr/^connected \S+ resumed$/,
	'the customer is back, and so is its ticket');

system("cd $d && openssl ca -config ca.cnf -keyfile ca.key -cert ca.crt "
	. "-revoke a.crt >>openssl.log 2>&1 && openssl ca -config ca.cnf "
	. "-keyfile ca.key -cert ca.crt -gencrl -out new.pem >>openssl.log 2>&1 "
	. "&& mv new.pem crl.pem") == 0 or die;
reload($t);

$out = $s->command('resume 60000');
unlike($out, qr/resumed/, 'a revoked certificate: no resumption');
$out = $s->command('recv 60000') if $out =~ /^connected/;
like($out, qr/^failed|^closed/, 'and no session');

# the operator may do without

conf($t, stream => 'ssl_session_tickets off;');
reload($t);
$x = dots_session($t, cert => 'stranger');
like($x->command('keep'), qr/no ticket/, 'ssl_session_tickets off');

# and bounds their life

conf($t, stream => 'ssl_session_timeout 1s;');
reload($t);
$x = dots_session($t, cert => 'big');
like($x->connected(), qr/^connected/, 'ssl_session_timeout');

$p = dots_session($t, cert => '', args => [ '--psk-id', 'client-p', '--psk',
	$key ]);
is($p->command('keep'), 'ok', 'a ticket for a second');
ok(dots_until(sub { $p->command('resume 60000')
	=~ /^connected (?!.*resumed)/ }), 'is over');

$_->quit() foreach ($s, $p, $big, $x);

###############################################################################
