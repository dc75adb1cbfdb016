#!/usr/bin/perl

# A reload falls between two turns of a worker at a client's list: it is 300
# mitigations long and looked at 128 at a time.

###############################################################################

use warnings;
use strict;

use Test::More;

BEGIN { use FindBin; chdir($FindBin::Bin); }

use lib 'lib';
use Test::DOTS;
use Test::DOTS::At;
use Test::Nginx;

###############################################################################

select STDERR; $| = 1;
select STDOUT; $| = 1;

my $t = Test::Nginx->new()->has(qw/http http_ssl http_v2 stream udp/);

dots_has(qw/cbor openssl/);

plan(skip_all => 'a process can\'t be stopped at a function here')
	unless at_has();

$t->plan(6);

dots_pki($t);

$t->write_file_expand('nginx.conf', dots_conf(shutdown => '600s',
	customers => <<'EOF'));
    customer a {
        identity  dns:client.example.com;
        prefix    2001:db8:6401::/48;
        mitigate  rtbh;
        limits    mitigations=400 rate=off;
    }
EOF
$t->run();

sub prefix { return sprintf '2001:db8:6401::%x/128', $_[0] }

###############################################################################

my $s = dots_session($t);
my $refused = 0;

foreach my $mid (1 .. 300) {
	$refused++ if $s->put('c', $mid, prefix => [ prefix($mid) ])->{code}
		ne '2.01';
}

is($refused, 0, 'a list of 300');

# the last one of it alone is asked for, which the third turn finds

my ($worker) = dots_serving($t);
my @armed = at_arm('ngx_dots_turn', 'hold', $worker);
$s->send($s->message(method => 'GET', path => Test::DOTS::Session::path('c'),
	query => [ 'target-prefix=' . prefix(300) ]));

my $held = at_held(@armed);
ok($held, 'the first turn is over');

# it is told to leave by its master, and once more: that it knows when it goes on

dots_kill('HUP', $t->read_file('nginx.pid') + 0);
ok(dots_until(sub { grep { $_ != $worker } dots_serving($t) }),
	'another worker begins');
dots_kill('QUIT', $worker);
at_go($held);

my $m = $s->recv() || {};
is($m->{code}, '2.05', 'the answer comes all the same');
is(join(' ', map { $_->{5} } @{($m->{cbor} || {})->{1}{2} || []}), '300',
	'it has seen all of the list');

is(($s->get('c', 1) || {})->{code}, '2.05', 'the session goes on');
$s->quit();

###############################################################################
