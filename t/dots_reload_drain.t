#!/usr/bin/perl

# A worker that leaves: sessions of clients that protect something stay with it
# across a reload, the others are asked to come back, nobody is served under a
# configuration that is not today's.

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
$t->plan(69);

dots_pki($t);

my $d = $t->testdir();

my %customers = (a => <<'EOC', b => <<'EOC', c => <<'EOC');
    customer a {
        identity  dns:client.example.com;
        prefix    192.0.2.0/24 2001:db8:6401::/48;
        mitigate  rtbh;
    }
EOC
    customer b {
        identity  dns:client.example.net;
        prefix    198.51.100.0/24;
        mitigate  rtbh;
    }
EOC
    customer c {
        identity  cn:self-c;
        prefix    203.0.113.0/24;
        mitigate  rtbh;
    }
EOC

# another certificate of the same CA, which has another name, too

$t->write_file('c.ext', "subjectAltName=DNS:c.example.org\n");

system("cd $d && { openssl ecparam -name prime256v1 -genkey -noout -out c.key && "
	. "openssl req -new -key c.key -subj /CN=self-c -out c.csr && "
	. "openssl x509 -req -in c.csr -CA ca.crt -CAkey ca.key -set_serial 99 "
	. "-days 30 -extfile c.ext -out c.crt ; } >>openssl.log 2>&1") == 0 or die;

sub conf {
	my ($t, %o) = @_;
	my %c = (%customers, %{$o{change} || {}});
	delete $o{change};
	$t->write_file_expand('nginx.conf', dots_conf(workers => 2,
		shutdown => '600s',
		lifetime => 'default=3600 min=1 max=86400 terminating=8',
		customers => join('', map { $c{$_} } sort keys %c),
		%o));
}

# it is there, and was not told otherwise
sub stays {
	my ($s, $cuid) = @_;
	my $line;
	while (($line = $s->command('recv 1')) =~ /^recv/) { }
	return 0 unless $line eq 'timeout';
	my $m = $s->get($cuid);
	return $m && $m->{code};
}

# goodbye, after whatever came before it
sub goodbye {
	my ($s) = @_;
	my $line;
	do { $line = $s->command('recv 60000') } while $line =~ /^recv/;
	return $line;
}

# all but these have ended
sub ended {
	my ($t, @pids) = @_;
	return dots_until(sub { my %now = map { $_ => 1 } dots_workers($t);
		return !grep { $now{$_} } @pids });
}

sub workers { my ($t) = @_;
	return grep { Test::DOTS::_title($_) !~ /cache manager/ } dots_workers($t) }

# A session that protects something, of customer a or b
sub protecting {
	my ($t, $cert, $mid) = @_;
	my $s = dots_session($t, cert => $cert, life => 300);
	my $net = { a => '192.0.2', b => '198.51.100', c => '203.0.113' }->{$cert};
	my $m = $s->put("cuid-$cert", $mid, prefix => ["$net.$mid/32"]);
	die "no mitigation" unless $m && $m->{code} eq '2.01';
	return $s;
}

conf($t);
$t->run();

###############################################################################

# what stays and what goes

my $a = protecting($t, 'a', 1);
my $b = dots_session($t, cert => 'b', life => 300);
is($b->get('cuid-b')->{code}, '4.04', 'nothing to lose');

my $config = [qw/ .well-known dots config /];
is($a->request(method => 'PUT', path => [@$config, 'sid=1'],
	body => Test::DOTS::_map({ 30 => { 32 => { 33 => { 36 => 77 } } } })
	)->{code}, '2.01', 'a negotiated configuration');

my @old = workers($t);

ok(dots_turn($t), 'reload');
is(goodbye($b), 'closed', 'who protects nothing is told to come back');
is(stays($a, 'cuid-a'), '2.05', 'who does stays and is served');
is($a->put('cuid-a', 2, prefix => ['192.0.2.2/32'])->{code}, '2.01',
	'as before');
is($a->request(method => 'GET', path => $config)
	->{cbor}{30}{32}{33}{36}, 77, 'under what it has negotiated');

$b->quit();
ok(dots_until(sub { my %now = map { $_ => 1 } workers($t);
	return 1 == grep { $now{$_} } @old }), 'by the worker that leaves');

ok(dots_turn($t), 'reload') foreach 1 .. 2;
is(stays($a, 'cuid-a'), '2.05', 'after two more');

# the reason ends

is($a->delete('cuid-a', $_)->{code}, '2.02', 'withdrawn') foreach 1, 2;
is(stays($a, 'cuid-a'), '2.05', 'active but terminating: it stays');
is(goodbye($a), 'closed', 'nothing left: it goes');
ok(ended($t, @old), 'and the old worker with it');

# one that waits for the loss of its session

$a = dots_session($t, life => 300);
is($a->put('cuid-a', 3, prefix => ['192.0.2.3/32'], trigger => \0)->{code},
	'2.01', 'preconfigured');
ok(dots_turn($t), 'reload');
is(stays($a, 'cuid-a'), '2.05', 'a client that waits for its loss stays');
is($a->delete('cuid-a', 3)->{code}, '2.02', 'withdrawn');
is(goodbye($a), 'closed', 'and goes');

# ---- what a session may do was granted by a configuration ----

# the prefix is taken: the others are as they were

$a = protecting($t, 'a', 4);
$b = protecting($t, 'b', 4);

conf($t, change => { a => $customers{a} =~ s!192\.0\.2\.0/24 !!r });
ok(dots_turn($t), 'a customer loses a prefix');
is(goodbye($a), 'closed', 'its session goes');
is(stays($b, 'cuid-b'), '2.05', "another's stays");

$a = dots_session($t);
is($a->put('cuid-a', 5, prefix => ['192.0.2.5/32'])->{code}, '4.00',
	'what it may do is what it may today');
ok(dots_until(sub { $a->status('cuid-a', 4) == 7 }),
	'what it was doing is withdrawn');
$a->quit();

# another limit, and back again

conf($t);
ok(dots_turn($t), 'the prefix is back');
is(stays($b, 'cuid-b'), '2.05', 'the other one stays');

$a = protecting($t, 'a', 6);

conf($t, change => { a => $customers{a} =~ s/rtbh;/rtbh; limits rate=50r\/s;/r });
ok(dots_turn($t), 'another limit');
is(goodbye($a), 'closed', 'its session goes');
is(stays($b, 'cuid-b'), '2.05', "another's stays");

# customers come and go

conf($t, change => { d => $customers{c} =~ s/customer c/customer d/r
	=~ s/self-c/self-d/r =~ s/203.0.113.0/100.64.0.0/r });
$a = protecting($t, 'a', 7);
ok(dots_turn($t), 'the limit is gone, a customer is new');
is(goodbye($a), 'closed', 'its session goes');
is(stays($b, 'cuid-b'), '2.05', "another's stays");

my $c = protecting($t, 'c', 1);

conf($t, change => { c => '' });
ok(dots_turn($t), 'a customer is removed');
is(goodbye($c), 'closed', 'its session goes');
is(stays($b, 'cuid-b'), '2.05', "another's stays");

$c = dots_session($t, cert => 'c');
is($c->get('cuid-c')->{code}, '4.01', 'it is nobody');
$c->quit();

# an identity that goes to somebody else

conf($t);
ok(dots_turn($t), 'it is back');
$c = protecting($t, 'c', 2);

conf($t, change => { c => $customers{c} =~ s/cn:self-c/cn:self-e/r });
ok(dots_turn($t), 'with another identity');
is(goodbye($c), 'closed', 'whom nobody knows any more goes');

# somebody else gets its certificate's other name, which would be looked at first

conf($t);
ok(dots_turn($t), 'it is back');
$c = protecting($t, 'c', 3);

conf($t, change => { d => $customers{c} =~ s/customer c/customer d/r
	=~ s/cn:self-c/dns:C.example.org/r =~ s/203.0.113.0/100.64.0.0/r });
ok(dots_turn($t), "its certificate's other name is another customer's");
is(goodbye($c), 'closed', 'it goes');
is(stays($b, 'cuid-b'), '2.05', "another's stays");

conf($t);

# another pre-shared key

my @keys = map { "0$_" x 16 } 1 .. 2;

sub psk {
	my ($t, $key) = @_;
	$t->write_file('psk', "p:$key\n");
	conf($t, dots => 'psk_file psk;', change => { p => $customers{c}
		=~ s/customer c/customer p/r =~ s/cn:self-c/psk:p/r
		=~ s/203.0.113.0/100.64.0.0/r });
}

psk($t, $keys[0]);
ok(dots_turn($t), 'a customer with a pre-shared key');
$b->quit();
$b = protecting($t, 'b', 13);

my $p = dots_session($t, cert => undef, life => 300,
	args => ['--psk-id', 'p', '--psk', $keys[0]]);
is($p->put('cuid-p', 1, prefix => ['100.64.0.1/32'])->{code}, '2.01',
	'protects something');
ok(dots_turn($t), 'reload');
is(stays($p, 'cuid-p'), '2.05', 'its session stays');

psk($t, $keys[1]);
ok(dots_turn($t), 'another key');
is(goodbye($p), 'closed', 'it goes');
is(stays($b, 'cuid-b'), '2.05', "another's stays");

# trust: b's certificate is revoked

system("cd $d && { openssl ca -config ca.cnf -keyfile ca.key -cert ca.crt "
	. "-revoke b.crt && openssl ca -config ca.cnf -keyfile ca.key "
	. "-cert ca.crt -gencrl -out new.pem && mv new.pem crl.pem ; } "
	. ">>openssl.log 2>&1") == 0 or die;

ok(dots_turn($t), 'another CRL');
is(goodbye($b), 'closed', 'whoever was admitted by the one before goes');

$b = dots_session($t, cert => 'b');
ok(!$b->get('cuid-b'), 'who is revoked does not come back');
$b->quit();

# what holds for all

$a = protecting($t, 'a', 8);
conf($t, lifetime => 'default=3600 min=2 max=86400 terminating=8');
ok(dots_turn($t), 'other lifetimes');
is(goodbye($a), 'closed', 'all go');

# a zone of its own

$a = protecting($t, 'a', 9);
@old = workers($t);
my $conf = $t->read_file('nginx.conf');
$conf =~ s/zone        dots 8m/zone dots 16m/;
$t->write_file('nginx.conf', $conf);
ok(dots_turn($t), 'another zone');
is(goodbye($a), 'closed', 'all go');
ok(ended($t, @old), 'and the workers with them');

# ---- the end ----

# worker_shutdown_timeout

conf($t, shutdown => '10s');
ok(dots_turn($t), 'reload');
$a = protecting($t, 'a', 10);
@old = workers($t);
ok(dots_turn($t), 'reload');
is(stays($a, 'cuid-a'), '2.05', 'it stays');
is(goodbye($a), 'closed', 'until worker_shutdown_timeout');
ok(ended($t, @old), 'and the workers with it');

# quit: nobody follows

conf($t);
ok(dots_turn($t), 'reload');
$a = protecting($t, 'a', 11);
ok(dots_turn($t), 'reload');
$b = protecting($t, 'a', 12);
my ($master) = $t->read_file('nginx.pid') =~ /(\d+)/;
dots_kill('QUIT', $master);
is(goodbye($b), 'closed', 'quit: the sessions go');
is(goodbye($a), 'closed', 'those that were kept, too');

$_->quit() foreach ($a, $b, $p);

###############################################################################
