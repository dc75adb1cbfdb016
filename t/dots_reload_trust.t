#!/usr/bin/perl

# Another CA, another CRL at a reload: sessions that protect something stay where
# the new ones trust their certificate and do not revoke it; the others end.  Over
# UDP and TCP, after a full handshake and by ticket, with an intermediate CA.

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
$t->plan(41);

dots_pki($t);

my $d = $t->testdir();
my @transports = qw/ udp tcp /;

# named subs know the folder, not the server: it ends with the test
sub openssl {
	my ($cmd) = @_;
	system("cd $d && { $cmd ; } >>openssl.log 2>&1") == 0 or die $cmd;
}

# an intermediate CA, whose clients "i" and "k" send it along; the server has it, too

Test::DOTS::_leaf($d, 'inter', 'test inter', '');
$t->write_file('inter.ext', "basicConstraints=critical,CA:TRUE\n"
	. "keyUsage=critical,keyCertSign,cRLSign\n");
openssl('openssl req -new -key inter.key -subj "/CN=test inter" -out inter.csr '
	. '&& openssl x509 -req -in inter.csr -CA ca.crt -CAkey ca.key '
	. '-set_serial 77 -days 30 -extfile inter.ext -out inter.crt');
foreach ('i', 'k') {
	Test::DOTS::_leaf($d, $_, "client-$_", "DNS:$_.example.com", ca => 'inter');
	openssl("cat inter.crt >>$_.crt");
}

# lists of their own

openssl("sed s/index.txt/index.$_/ ca.cnf >$_.cnf && : >index.$_")
	foreach 'inter', 'otherca';

sub revoke {
	my ($ca, $cert) = @_;
	openssl("openssl ca -config $ca.cnf -keyfile $ca.key -cert $ca.crt "
		. "-revoke $cert.crt");
}

# crl.pem: of these CAs; another file each time, for a nginx of 1.27 or later takes
# one of the same inode and the same second for the one that it has read
sub crl {
	my ($cas, $args) = @_;
	openssl(join ' && ', (map { "openssl ca -config $_.cnf -keyfile $_.key "
		. "-cert $_.crt -gencrl -out $_.pem " . ($args || '') } @$cas),
		'cat ' . join(' ', map { "$_.pem" } @$cas) . ' >new.pem',
		'mv new.pem crl.pem');
}

my %prefix = (a => '192.0.2', b => '198.51.100', i => '203.0.113',
	k => '100.64.2',
	other => '100.64.0', self => '100.64.1');
my $fingerprint = `openssl x509 -in $d/self.crt -noout -fingerprint -sha256`;
$fingerprint =~ s/.*=//s;
$fingerprint =~ s/[:\s]//g;

my %identity = (a => 'dns:client.example.com', b => 'dns:client.example.net',
	i => 'dns:i.example.com', k => 'dns:k.example.com', other => 'cn:other',
	self => "sha256:$fingerprint");

Test::DOTS::_leaf($d, 'other', 'other', 'DNS:other.example.org',
	ca => 'otherca');

my $base = dots_conf(workers => 2, shutdown => '600s',
	customers => join '', map { <<"EOC" } sort keys %prefix);
    customer $_ {
        identity  $identity{$_};
        prefix    $prefix{$_}.0/24;
        mitigate  rtbh;
    }
EOC

$base =~ s/(ssl_client_certificate  %%TESTDIR%%\/)ca.crt/$1cas.crt/;

sub conf {
	my ($t, @cas) = @_;
	openssl('cat ' . join(' ', map { "$_.crt" } @cas) . ' >new.crt'
		. ' && mv new.crt cas.crt');
	$t->write_file_expand('nginx.conf', $base);
}

# ---- sessions that protect something: NAME/TRANSPORT => session

my (%s, $mid);

sub protect {
	my ($t, $name, $transport) = @_;
	(my $cert = $name) =~ s/-.*//;
	my $s = dots_session($t, cert => $cert, life => 300,
		transport => $transport);
	if ($name =~ /-ticket/) {
		$s->get($cert);			# over TCP tickets come late
		die 'no ticket' unless $s->command('keep') eq 'ok';
		die 'not resumed' unless $s->command('resume 60000') =~ /resumed$/;
		$s->send("\0\xe1") if $transport eq 'tcp';
	}
	my $m = $s->put("cuid-$cert", ++$mid,
		prefix => ["$prefix{$cert}.$mid/32"]);
	die "$name/$transport: no mitigation" unless $m && $m->{code} eq '2.01';
	$s{"$name/$transport"} = $s;
}

sub protect_all {
	my ($t, @names) = @_;
	foreach my $transport (@transports) {
		protect($t, $_, $transport) foreach @names;
	}
}

sub said_goodbye {
	my ($s) = @_;
	my $line;
	do { $line = $s->command('recv 60000') } while $line =~ /^recv/;
	return $line eq 'closed';
}

# reloads: those of these names end, all others are served, by who served them
sub turn {
	my ($t, $what, @names) = @_;
	my %ends = map { $_ => 1 } map { my $n = $_; map { "$n/$_" } @transports }
		@names;

	ok(dots_turn($t), $what);

	my @told = grep { said_goodbye($s{$_}) } sort keys %ends;
	is("@told", join(' ', sort keys %ends), "$what: end: @names");
	(delete $s{$_})->quit() foreach keys %ends;

	my @served = grep { (my $cuid = $_) =~ s/[-\/].*//;
		my $m = $s{$_}->get("cuid-$cuid"); $m && $m->{code} eq '2.05' }
		sort keys %s;
	is("@served", join(' ', sort keys %s), "$what: the others are served");
}

###############################################################################

crl(['ca', 'inter']);
conf($t, qw/ ca inter /);
$t->run();

protect_all($t, qw/ a a-ticket b b-ticket i k self /);

turn($t, 'no change');

# RFC 5280 section 6.3: who is on the list, and nobody else

revoke('ca', 'b');
crl(['ca', 'inter']);
turn($t, 'one is revoked', qw/ b b-ticket /);

foreach my $transport (@transports) {
	my $s = dots_session($t, cert => 'b', transport => $transport);
	ok(!$s->get('cuid-b'), "and does not come back over $transport");
	$s->quit();
}

# the one below the intermediate CA, by its list

revoke('inter', 'i');
crl(['ca', 'inter']);
turn($t, 'one of another CA is revoked', 'i');

# CAs come and go

conf($t, 'ca');
turn($t, 'an intermediate CA goes', 'k');

conf($t, qw/ ca otherca /);
crl([qw/ ca inter otherca /]);
turn($t, 'another CA');
protect_all($t, 'other');

crl([qw/ ca inter /]);
turn($t, 'a CA without a CRL', 'other');

crl([qw/ ca inter otherca /]);
turn($t, 'its CRL again');
protect_all($t, 'other');

conf($t, 'ca');
crl([qw/ ca inter /]);
turn($t, 'a CA goes', 'other');

# none would be let in any more, but those that no CA speaks for

crl(['ca', 'inter'], '-crl_lastupdate 20200101000000Z '
	. '-crl_nextupdate 20200102000000Z');
turn($t, 'a CRL that is over', qw/ a a-ticket /);

crl(['ca', 'inter']);
turn($t, 'one that is not');
protect_all($t, qw/ a a-ticket /);

# no CRL, and one again

$base =~ s/(ssl_crl                 %%TESTDIR%%\/crl.pem;\s+\}\s+\})/#$1/s
	or die;
conf($t, 'ca');
turn($t, 'no CRL');
protect_all($t, 'b');

$base =~ s/#(ssl_crl)/$1/;
conf($t, 'ca');
turn($t, 'a CRL again', 'b');

# more than can be compared: as if all were revoked

my $index = $t->read_file('index.txt');
$t->write_file('index.txt', $index . join '', map { sprintf
	"R\t400101000000Z\t260101000000Z\t%06X\tunknown\t/CN=x\n", $_ }
	0x100001 .. 0x100000 + 9000);
crl(['ca', 'inter']);
turn($t, 'a list that is too long', qw/ a a-ticket /);

$_->quit() foreach values %s;

###############################################################################
