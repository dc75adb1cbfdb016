#!/usr/bin/perl

# Reload of nginx: mitigations and routes stay, customers come and go, a broken
# configuration changes nothing, one manager acts.

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

dots_has(qw/cbor openssl gobgpd gobgp/);
$t->plan(33);

dots_pki($t);
dots_gobgpd($t);

my $one = <<'EOF';
    customer a {
        identity  dns:client.example.com;
        prefix    192.0.2.0/24;
        mitigate  rtbh;
    }
EOF

my $two = $one . <<'EOF';
    customer b {
        identity  dns:client.example.net;
        prefix    198.51.100.0/24;
        mitigate  rtbh;
    }
EOF

$t->write_file_expand('nginx.conf', dots_conf(workers => 2,
	customers => $one, shutdown => '60s'));
$t->run();

# descriptors of the master for waking processes and for handing datagrams over

sub descriptors {
	my ($t) = @_;
	my ($master) = $t->read_file('nginx.pid') =~ /(\d+)/;

	open my $fh, '<', '/proc/net/unix' or die;
	my %pair = map { ("socket:[$$_[6]]" => 1) }
		grep { $$_[4] eq '0002' && !defined $$_[7] }
		map { [ split ' ' ] } <$fh>;

	return scalar grep { /eventfd/ || $pair{$_} }
		map { readlink($_) || '' } glob "/proc/$master/fd/*";
}

###############################################################################

my $descriptors = descriptors($t);

my $a = dots_session($t);
is($a->put('r', 1, prefix => ['192.0.2.1/32'])->{code}, '2.01', 'created');
ok(dots_until(sub { dots_rib($t) =~ m!192\.0\.2\.1/32! }), 'its route');

# another customer, another size of the zone

my $conf = dots_conf(workers => 3, customers => $two);
$conf =~ s/zone        dots 8m/zone dots 16m/;
$t->write_file_expand('nginx.conf', $conf);

my $body = '{"ietf-dots-data-channel:dots-client":[{"cuid":"late"}]}';
my ($late, $continue) = dots_begin_put($t, 'late', length $body);
like($continue, qr/ 100 /, 'a request that is not over');

my @old = dots_workers($t);
ok(dots_turn($t) && dots_until(sub { dots_workers($t) >= 4 + 1 }),
	'reload, the old worker stays for it');

# what it decided in its zone, nobody else would know

$late->print($body);
my $answer = join '', $late->getlines();
like($answer, qr!HTTP/1.1 503!, 'it decides nothing any more');
$late->close();

ok(dots_until(sub { my %now = map { $_ => 1 } dots_workers($t);
	return !grep { $now{$_} } @old }),
	'reload with another customer, zone and number of workers');
like(dots_rib($t), qr!192\.0\.2\.1/32!, 'the route stayed');

$a = dots_session($t);
is($a->get('r', 1)->{code}, '2.05', 'so did the mitigation');
ok(dots_until(sub { $a->status('r', 1) == 2 }), 'status 2');

my $b = dots_session($t, cert => 'b');
is($b->put('s', 1, prefix => ['198.51.100.1/32'])->{code}, '2.01',
	'the new customer is served');
ok(dots_until(sub { dots_rib($t) =~ m!198\.51\.100\.1/32! }), 'its route');

is(descriptors($t), $descriptors, 'the old zone has left no descriptors');

# a broken configuration

$t->write_file_expand('nginx.conf', dots_conf(customers => $two,
	mitigator => 'gobgp nonsense;'));
$t->reload();
ok(dots_until(sub { $t->read_file('error.log') =~ /invalid gobgp address/ }),
	'a broken configuration is refused');
is($a->get('r', 1)->{code}, '2.05', 'and changes nothing');

# the customer goes

$b->quit();
$t->write_file_expand('nginx.conf', dots_conf(workers => 2,
	customers => $one));
ok(dots_reload($t), 'reload without the customer');
ok(dots_until(sub { dots_rib($t) !~ m!198\.51\.100\.1/32! }),
	'its route is withdrawn');
like(dots_rib($t), qr!192\.0\.2\.1/32!, 'the other one stayed');

$b = dots_session($t, cert => 'b');
is($b->get('s')->{code}, '4.01', 'it is nobody now');

# several in a row

sub said {
	my ($t) = @_;
	return scalar grep { /"channel":"manager".*"cuid":"r"/ }
		split /\n/, $t->read_file('dots.log');
}

ok(dots_until(sub { said($t) == 3 }), 'told once in each of three zones');
my $said = said($t);

$a = dots_session($t);
dots_reload($t) foreach 1 .. 3;
$a = dots_session($t);
is($a->get('r', 1)->{code}, '2.05', 'after three more');
like(dots_rib($t), qr!192\.0\.2\.1/32!, 'with its route');

# a manager that has not looked yet has nothing to say

$a->put('r', 2, prefix => ['192.0.2.2/32']);
ok(dots_until(sub { $a->status('r', 2) == 2 }), 'the newest manager has looked');
dots_until(sub { said($t) > $said });
is(said($t), $said + 1, 'no status was told that was none');

# each transition was made once

my @seven = grep { /"channel":"manager".*"cuid":"s".*"status":7/ }
	split /\n/, $t->read_file('dots.log');
is(@seven, 1, 'withdrawn once');

# another store is another registry, there and back

$a = dots_session($t);
$conf = $t->read_file('nginx.conf');
(my $elsewhere = $conf) =~ s!/state;!/elsewhere;!;
$t->write_file('nginx.conf', $elsewhere);
ok(dots_turn($t), 'reload with another state_path');
my $line;
do { $line = $a->command('recv 60000') } while $line =~ /^recv/;
is($line, 'closed', 'the sessions go');

$a = dots_session($t);
is($a->get('r', 1)->{code}, '4.04', 'what is not in it is not there');
is($a->put('r', 3, prefix => ['192.0.2.3/32'])->{code}, '2.01',
	'it takes what is new');
ok(dots_until(sub { dots_rib($t) !~ m!192\.0\.2\.1/32!
	&& dots_rib($t) =~ m!192\.0\.2\.3/32! }), 'and has its routes');

$t->write_file('nginx.conf', $conf);
ok(dots_turn($t), 'reload with the old one');

$a = dots_session($t);
is($a->get('r', 3)->{code}, '4.04', 'that has not');
is($a->get('r', 1)->{code}, '2.05', 'but all that it had');
ok(dots_until(sub { dots_rib($t) =~ m!192\.0\.2\.1/32!
	&& dots_rib($t) !~ m!192\.0\.2\.3/32! }), 'and its routes');

$_->quit() foreach ($a, $b);

###############################################################################
