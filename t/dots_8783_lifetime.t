#!/usr/bin/perl

# What nobody refreshes ends (RFC 8783 sections 3.5, 6.1 and 7.2): what has to be
# written to be kept, who keeps it, and that nothing of it acts afterwards.

###############################################################################

use warnings;
use strict;

use Test::More;
use Time::HiRes qw/ time /;

BEGIN { use FindBin; chdir($FindBin::Bin); }

use lib 'lib';
use Test::DOTS;
use Test::DOTS::Restconf;
use Test::Nginx;

###############################################################################

select STDERR; $| = 1;
select STDOUT; $| = 1;

my $t = Test::Nginx->new()->has(qw/http http_ssl http_v2 stream udp/);

dots_has(qw/cbor openssl/);
$t->plan(19);

rc_start($t, dots => 'data_lifetime 3s;');

###############################################################################

my ($r, $s);
my $client = rc_below();

sub alias {
	my ($name) = @_;
	return rc('PUT', "$client/aliases/alias=$name", body => rc_alias($name));
}

sub acl {
	my ($name) = @_;
	return rc('PUT', "$client/acls/acl=$name", body => rc_acl($name));
}

sub there { return rc('GET', "$client/$_[0]")->{code} == 200 }

rc_is(rc_register($CUID), 201, 'a dots-client');
rc_is(alias($_), 201, "an alias, $_") foreach qw/ kept left /;
rc_is(acl($_), 201, "an ACL, $_") foreach qw/ kept left /;

# What is there for three seconds after its refresh; a machine that takes longer to
# look has seen nothing
sub kept {
	my ($refresh, $look) = @_;
	my $seen;

	dots_until(sub {
		my $began = time();
		$refresh->();
		$seen = $look->();
		return $seen || time() - $began < 3;
	});

	return $seen;
}

# reading, and writing something else, is no refresh

my $wrong = '';
my %refreshed = map { $_ => 0 } qw/ alias ACL /;

# is it an old one, as it has to be when the last refresh is not long ago?
sub refresh {
	my ($what, $put) = @_;
	my $began = time();
	my $code = $put->('kept')->{code};

	$wrong .= "kept: $what $code\n" unless $code == 204
		|| $code == 201 && time() - $refreshed{$what} >= 3;
	$refreshed{$what} = $began;
}

ok(dots_until(sub {
	refresh('alias', \&alias);
	refresh('ACL', \&acl);
	rc('GET', "$client?content=all");
	rc('PUT', $client . '/acls/acl=kept/activation-type', body =>
		'{"ietf-dots-data-channel:activation-type":"deactivate"}');
	return !there('aliases/alias=left') && !there('acls/acl=left');
}), 'what is not refreshed ends');
is($wrong, '', 'what is refreshed by PUT is never away');
ok(kept(sub { alias('kept') }, sub { there('aliases/alias=kept') }),
	'and is there');
ok(kept(sub { acl('kept') }, sub { there('acls/acl=kept') }),
	'the ACL, too');

rc_error(rc('GET', "$client/aliases/alias=left"), 404, 'invalid-value',
	'what has ended is not there');
rc_error(rc('DELETE', "$client/acls/acl=left"), 404, 'invalid-value',
	'nor can it be deleted');
is(kept(sub { alias('kept') }, sub { rc_names("$client/aliases",
	'ietf-dots-data-channel:aliases', 'alias') }), 'kept',
	'nor is it among the others');
rc_is(alias('left'), 201, 'it is a new one then');

# what has ended is no alias of the signal channel either

ok(dots_until(sub { !there('aliases/alias=left') }), 'it ends again');
$s = dots_session($t);
is($s->put($CUID, 1, alias => [ 'left' ], lifetime => 600)->{code}, '4.00',
	'a mitigation by its name is refused');
undef $s;

# the dots-client itself stays: nothing says that it ends (section 5.2)

ok(dots_until(sub { !there('aliases/alias=kept') && !there('acls/acl=kept') }),
	'without refresh all ends');
rc_same(rc('GET', "$client?content=config"), rc_client($CUID), 'but the client');

# minutes, whatever is left of them

$t->write_file_expand('nginx.conf', rc_conf(dots => 'data_lifetime 150s;'));
dots_reload($t);
rc_forget();
rc_is(alias('minutes'), 201, 'an alias for two and a half minutes');
$r = rc('GET', "$client/aliases/alias=minutes?content=nonconfig");
like($r->{body}, qr/"pending-lifetime": ?[23]\b/, 'pending-lifetime: minutes');

undef $t;

###############################################################################
