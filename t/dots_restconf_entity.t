#!/usr/bin/perl

# Entity-tags and conditions of the data channel in nginx: the same from every
# worker and after a restart, what is over and what the manager removes, and of
# many with one tag a single winner.  RFC 8040 sections 3.4.1 and 3.5, RFC 9110
# section 13; the engine's own rules are in t/unit/test_restconf_condition.c.

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

dots_has(qw/cbor openssl curl/);

my @workers = (1, 2);
my $racers = 8;

$t->plan(39 * @workers);

dots_pki($t);

foreach (@workers) {
	entities($_);
}

undef $t;   # the subs below hold it

###############################################################################

sub conf {
	my ($workers, $lifetime) = @_;

	$t->write_file_expand('nginx.conf', dots_conf(workers => $workers,
		dots => $lifetime ? "data_lifetime $lifetime;" : '',
		http => <<'EOF2'));
        gzip on;
        gzip_types application/yang-data+json;
        gzip_min_length 1;

        location /wrapped {
            dots_data;
            dots_entry_form rfc8783;
        }
EOF2
}

sub field {
	my ($head, $name) = @_;
	return $head =~ /^$name: ([^\r\n]*)/im ? $1 : '';
}

sub entities {
	my ($workers) = @_;

	conf($workers);
	$t->run();
	$t->waitforsocket('127.0.0.1:' . port(8443)) or die;

	my $url = dots_data_url();
	my $c = "$url/dots-client=w$workers";
	my $entry = '{"ietf-dots-data-channel:alias":[{"name":"%s",'
		. '"target-prefix":["192.0.2.%d/32"]}]}';
	my ($code, $body, $head);

	my $get = sub {
		my ($u, @headers) = @_;
		($code, $body, $head) = dots_curl($t, 'GET', $u,
			headers => [ @headers ]);
		return (field($head, 'etag'), field($head, 'last-modified'));
	};
	my $put = sub {
		my ($name, $n, @headers) = @_;
		($code, $body, $head) = dots_curl($t, 'PUT',
			"$c/aliases/alias=$name", headers => [ @headers ],
			body => sprintf($entry, $name, $n));
		return $code;
	};

	($code) = dots_curl($t, 'PUT', $c, body =>
		qq!{"ietf-dots-data-channel:dots-client":[{"cuid":"w$workers"}]}!);
	is($code, 201, "$workers: registered");
	is($put->('x', 1), 201, 'an alias');
	my $made = field($head, 'etag');

	# the same from whichever worker answers

	my %tags;
	foreach my $u ("$c/aliases/alias=x", "$c/aliases", $c, $url) {
		$tags{$u} = [ $get->($u) ];
		like($tags{$u}[0], qr/^"[^"]+"$/, 'strong');
	}
	is($tags{"$c/aliases/alias=x"}[0], $made, 'that of the PUT');

	my %seen;
	$seen{join ' ', $get->($c)}++ for 1 .. 10;
	is(keys %seen, 1, 'the same every time');

	# RFC 9110 section 8.8.3.3: another encoding would need another one

	is(($get->($c, 'Accept-Encoding: gzip'))[0], $tags{$c}[0],
		'the same with gzip');
	unlike($head, qr/^content-encoding:/im, 'of the same bytes');
	($code, $body, $head) = dots_curl($t, 'GET', "$url/capabilities",
		headers => [ 'Accept-Encoding: gzip' ]);
	like($head, qr/^content-encoding: gzip/im, 'what has none is compressed');

	# RFC 9110 section 15.4.5: no content, the same fields

	$get->($c, "If-None-Match: $tags{$c}[0]");
	is($code, 304, 'If-None-Match');
	is($body, '', 'no content');
	is(field($head, 'etag'), $tags{$c}[0], 'the tag');
	$get->($c, qq!If-None-Match: "a", W/"b",$tags{$c}[0]!);
	is($code, 304, 'one of a list');
	$get->($c, "If-Modified-Since: $tags{$c}[1]");
	is($code, 304, 'If-Modified-Since');
	$get->($c, 'If-Match: "a"');
	is($code, 412, 'If-Match');
	like($body, qr/"error-tag":"operation-failed"/, 'in RESTCONF form');
	$get->($c, "If-Unmodified-Since: Thu, 01 Jan 1970 00:00:00 GMT");
	is($code, 412, 'If-Unmodified-Since');

	# a restart and a reload change nothing

	$t->stop();
	$t->run();
	$t->waitforsocket('127.0.0.1:' . port(8443)) or die;

	is(join(' ', $get->($_)), join(' ', @{$tags{$_}}), "restarted: $_")
		for ("$c/aliases", $url);

	# many with one tag: one of them is first

	my ($tag) = $get->("$c/aliases/alias=x");
	my @codes = race("$c/aliases/alias=x", $racers, $tag, sub {
		sprintf($entry, 'x', 10 + $_[0]) });
	is((grep { $_ == 204 } @codes), 1, 'one winner');
	is((grep { $_ == 412 } @codes), $racers - 1, 'the others are told');

	# many that make the same: one does

	@codes = race("$c/aliases/alias=new", $racers, undef, sub {
		sprintf($entry, 'new', 10 + $_[0]) });
	is((grep { $_ == 201 } @codes), 1, 'one maker');
	is((grep { $_ == 412 } @codes), $racers - 1, 'the others are told');

	# without a condition all are served, one after the other

	@codes = race("$c/aliases/alias=x/target-protocol=6", $racers, '', sub {
		'{"ietf-dots-data-channel:target-protocol":[6]}' });
	is((grep { $_ == 201 || $_ == 204 } @codes), $racers, 'all at once');

	# more than a request may use: it comes in pieces

	my $aces = join ',', map { qq!{"name":"r$_","matches":{"ipv4":{!
		. '"destination-ipv4-network":"192.0.2.0/24","protocol":17}},'
		. '"actions":{"forwarding":"drop"}}' } 1 .. 20;

	foreach my $i (1 .. 5) {
		($code, $body) = dots_curl($t, 'POST', $c, body =>
			'{"ietf-dots-data-channel:acls":{"acl":['
			. join(',', map { qq!{"name":"big$i-$_","type":"ipv4-acl-type",!
				. qq!"activation-type":"deactivate","aces":{"ace":[$aces]}}! }
				1 .. 250) . ']}}');
	}

	is($code, 201, 'a lot of ACLs') or diag($body);
	$get->("$c/acls");
	is($code, 200, 'more than a request may use is read all the same');
	is(scalar(() = $body =~ /"name":"big/g), 5 * 250, 'all of them');
	$get->("$c/acls/acl=big5-250");
	is($code, 200, 'and one of them');
	($code) = dots_curl($t, 'DELETE', $c);
	is($code, 204, 'all can be deleted');
	($code) = dots_curl($t, 'PUT', $c, body =>
		qq!{"ietf-dots-data-channel:dots-client":[{"cuid":"w$workers"}]}!);
	is($put->('new', 1), 201, 'and begun anew');

	# RFC 8783's form of an entry

	(my $wrapped = $c) =~ s!/restconf/!/wrapped/!;
	$get->("$wrapped/aliases/alias=new");
	like($body, qr/^\{"ietf-dots-data-channel:aliases":\{"alias":\[/,
		'dots_entry_form');
	$get->("$wrapped/aliases/alias=new?fields=name");
	is($body, '{"ietf-dots-data-channel:aliases":{"alias":[{"name":"new"}]}}',
		'its form with fields');
	$get->("$wrapped/aliases/alias=new?depth=1");
	is($body, '{"ietf-dots-data-channel:aliases":{"alias":[{"name":"new"}]}}',
		'the entry is what depth begins with');

	# what is over is not there, and removing it is no change any more

	$t->stop();
	conf($workers, '2s');
	$t->run();
	$t->waitforsocket('127.0.0.1:' . port(8443)) or die;

	is($put->('short', 9), 201, 'one for two seconds');

	my $before;
	dots_until(sub { $put->('short', 9); ($before) = $get->("$c/aliases");
		return $body =~ /"short"/ });
	ok(dots_until(sub { $get->("$c/aliases/alias=short"); $code == 404 }),
		'it is over');
	my @over = $get->("$c/aliases");
	isnt($over[0], $before, 'which is a change');

	$t->stop();
	conf($workers);
	$t->run();
	$t->waitforsocket('127.0.0.1:' . port(8443)) or die;

	is(join(' ', $get->("$c/aliases")), join(' ', @over),
		'whether its record is there or not');

	$t->stop();
}

# So many PUTs at a time, each by a curl of its own; their statuses.  With a tag
# If-Match, undef: only if there is none, '': unconditionally.
sub race {
	my ($url, $n, $tag, $body) = @_;

	my $dir = $t->testdir();
	my @condition = !defined $tag ? ('-H', 'If-None-Match: *')
		: $tag ne '' ? ('-H', "If-Match: $tag") : ();
	my @out;

	foreach my $i (1 .. $n) {
		$t->write_file("race.$i", $body->($i));
		open my $fh, '-|', 'curl', '-sS', '--max-time', '60', '--cacert',
			"$dir/ca.crt", '--resolve', 'localhost:' . port(8443)
			. ':127.0.0.1', '--cert', "$dir/a.crt", '--key', "$dir/a.key",
			'-o', '/dev/null', '-w', '%{http_code}', '-X', 'PUT', '-H',
			'Content-Type: application/yang-data+json', @condition,
			'--data-binary', "\@$dir/race.$i", $url or die "no curl: $!\n";
		push @out, $fh;
	}

	return map { my $code = readline $_; close $_; $code } @out;
}

###############################################################################
