package Test::DOTS::Restconf;

# A RESTCONF client for tests that takes nothing for granted: it sends the bytes
# that it is told to, keeps its connections, and looks at each answer as RFC 8040
# says that it has to be, before the test looks at what it is about.

use warnings;
use strict;

use base qw/ Exporter /;

our @EXPORT = qw/ rc_start rc_conf rc rc_raw rc_open rc_read rc_forget
	rc_is rc_error rc_same rc_text rc_tree rc_register rc_client rc_alias rc_acl
	rc_below rc_etag rc_modified rc_names rc_loud
	$CUID $CUID2 $CUIDB $DATA $JSON /;

use IO::Socket::SSL;
use JSON::PP qw//;
use Scalar::Util qw/ weaken /;
use Test::DOTS;
use Test::DOTS::Yang;
use Test::More qw//;

our ($CUID, $CUID2, $CUIDB) = ('dz6pHjaADkaFTbjr0JGBpw',
	'paL8p4Zqo4SLv64TLPXrxA', 'cuid-of-b-00000000000b');
our $DATA = '/data/ietf-dots-data-channel:dots-data';
our $JSON = 'application/yang-data+json';

my $TEST;
my %kept;
my %read;     # bodies that libyang has read
my $json = JSON::PP->new->canonical->allow_nonref->utf8;

# a server that closes is seen where its answer is read

$SIG{PIPE} = 'IGNORE';

# RFC 8040 section 7 and erratum 7311: the statuses of each tag.  Those that the
# table does not have (414, 415, 429, 431, 503, 507, 508) go with the nearest.

my %statuses = (
	'in-use' => [ 409 ], 'invalid-value' => [ 400, 404, 406 ],
	'too-big' => [ 400, 413, 414, 431 ], 'missing-attribute' => [ 400 ],
	'bad-attribute' => [ 400 ], 'unknown-attribute' => [ 400 ],
	'missing-element' => [ 400 ], 'bad-element' => [ 400 ],
	'unknown-element' => [ 400 ], 'unknown-namespace' => [ 400 ],
	'access-denied' => [ 401, 403 ], 'lock-denied' => [ 409 ],
	'resource-denied' => [ 409, 429, 507 ], 'rollback-failed' => [ 500 ],
	'data-exists' => [ 409 ], 'data-missing' => [ 409 ],
	'operation-not-supported' => [ 405, 415, 501 ],
	'operation-failed' => [ 412, 500, 503, 508 ],
	'partial-operation' => [ 500 ], 'malformed-message' => [ 400 ],
);

# ---- a server ----

# Two customers whose prefixes are those of the figures of RFC 8783.  What is
# installed is kept whether a mitigator can apply it or not.  Options: those of
# dots_conf(), a => and b => lines in the customers' blocks.
sub rc_conf {
	my (%o) = @_;

	my ($a, $b) = map { delete $o{$_} || '' } qw/ a b /;

	return dots_conf(workers => 2, customers => <<EOF, %o);
    customer a {
        identity  dns:client.example.com;
        prefix    198.51.100.0/24 2001:db8::/32;
        name      example.com;
        mitigate  rtbh;
        filters   any;
        $a
    }

    customer b {
        identity  dns:client.example.net;
        prefix    192.0.2.0/24;
        name      example.net;
        mitigate  rtbh;
        filters   any;
        $b
    }
EOF
}

sub rc_start {
	my ($t, %o) = @_;

	weaken($TEST = $t);   # it ends before us
	dots_pki($t) unless -e $t->testdir() . '/ca.crt';
	$t->write_file_expand('nginx.conf', rc_conf(%o));
	$t->run();
	$t->waitforsocket('127.0.0.1:' . Test::Nginx::port(8443)) or die;
}

# ---- connections ----

# A new one; $o{cert}: a by default, '' for none
sub rc_open {
	my (%o) = @_;

	my $dir = $TEST->testdir();
	my $cert = exists $o{cert} ? $o{cert} : 'a';

	return IO::Socket::SSL->new(PeerAddr => '127.0.0.1',
		PeerPort => Test::Nginx::port(8443), SSL_hostname => 'localhost',
		SSL_ca_file => "$dir/ca.crt", Timeout => 60, $cert
		? (SSL_cert_file => "$dir/$cert.crt", SSL_key_file => "$dir/$cert.key")
		: (), @{$o{ssl} || []})
		|| die "no connection: $IO::Socket::SSL::SSL_ERROR\n";
}

# Those that are kept go, e.g. before the server is stopped
sub rc_forget { %kept = () }

sub _timed {
	my ($code) = @_;

	local $SIG{ALRM} = sub { die "no answer in time\n" };
	alarm(60);
	my @result = $code->();
	alarm(0);

	return wantarray ? @result : $result[0];
}

sub _line {
	my ($s) = @_;
	return _timed(sub { scalar readline $s });
}

sub _bytes {
	my ($s, $n) = @_;

	my $bytes = '';

	while (length $bytes < $n) {
		_timed(sub { $s->read($bytes, $n - length $bytes, length $bytes) })
			or last;
	}

	return $bytes;
}

sub _chunks {
	my ($s) = @_;

	my $body = '';

	while (defined(my $line = _line($s))) {
		my $n = hex(($line =~ /^([0-9a-f]+)/i)[0] // 0);
		$body .= _bytes($s, $n);
		_line($s);
		last if $n == 0;
	}

	return $body;
}

sub _rest {
	my ($s) = @_;
	my $body = '';

	while (defined(my $line = _line($s))) {
		$body .= $line;
	}

	return $body;
}

# One response: code, head (as it came), h (lines by lower-case name), body,
# json (undef where it is none).  undef where the connection ended.
sub rc_read {
	my ($s, $method) = @_;

	my $status = _line($s) // return undef;
	my %r = (status => $status, head => $status, h => {}, body => '',
		method => $method || '');
	$r{code} = ($status =~ m!^HTTP/1\.[01] (\d{3})!)[0] // 0;

	while (defined(my $line = _line($s))) {
		last if $line eq "\r\n";
		$r{head} .= $line;
		my ($name, $value) = $line =~ /^([^:]+):\s*(.*?)\r\n$/;
		push @{$r{h}{lc $name}}, $value if defined $name;
	}

	my $length = ($r{h}{'content-length'} || [])->[0];

	if ($r{method} ne 'HEAD' && $r{code} !~ /^(?:1..|204|304)$/) {
		$r{body} = $r{h}{'transfer-encoding'} ? _chunks($s)
			: defined $length ? _bytes($s, $length) : _rest($s);
	}

	$r{json} = length $r{body} ? eval { $json->decode($r{body}) } : undef;

	return \%r;
}

# ---- requests ----

sub rc_below {
	my ($below, $cuid) = @_;
	return "$DATA/dots-client=" . ($cuid || $CUID) . ($below || '');
}

# Sends the bytes on a connection that is kept, reads one answer
sub rc_raw {
	my ($bytes, %o) = @_;

	my $cert = exists $o{cert} ? $o{cert} : 'a';
	my $method = $o{method} || ($bytes =~ /^(\S+)/)[0];

	foreach my $try (1, 2) {
		my $fresh = !$kept{$cert};
		my $s = delete $kept{$cert} || rc_open(cert => $cert);

		$s->print($bytes);
		my $r = rc_read($s, $method);

		# a connection that was kept may have ended in between

		next if !$r && !$fresh;
		last unless $r;

		$kept{$cert} = $s unless grep { /close/i } @{$r->{h}{connection} || []};
		$r->{target} = ($bytes =~ /^\S+ (\S+) HTTP/)[0];
		return $r;
	}

	return { code => 0, head => '', h => {}, body => '', method => $method };
}

# METHOD on {+restconf}PATH, PATH as it is.  Options: cert, body, type (undef:
# none), accept, headers (whole lines), root
sub rc {
	my ($method, $path, %o) = @_;

	my $root = exists $o{root} ? $o{root} : '/restconf';
	my @lines = ("$method $root$path HTTP/1.1", 'Host: localhost');
	my $body = $o{body};

	push @lines, "Accept: $o{accept}" if defined $o{accept};
	push @lines, @{$o{headers} || []};

	if (defined $body) {
		my $type = exists $o{type} ? $o{type} : $JSON;
		push @lines, "Content-Type: $type" if defined $type;
		push @lines, 'Content-Length: ' . length $body;
	}

	return rc_raw(join("\r\n", @lines, '', '') . ($body // ''), %o,
		method => $method);
}

sub rc_etag { return ($_[0]{h}{etag} || [ '' ])->[0] }
sub rc_modified { return ($_[0]{h}{'last-modified'} || [ '' ])->[0] }

# ---- what is asked of every answer ----

# What is wrong with it as an answer of RESTCONF, one line each
sub _faults {
	my ($r) = @_;

	my @faults;
	my ($code, $h) = @$r{qw/ code h /};

	push @faults, 'no Cache-Control (8040 5.5)'
		if $code && !$h->{'cache-control'};
	push @faults, "two lines of $_" foreach grep { @{$h->{$_} || []} > 1 }
		qw/ etag last-modified content-type location cache-control allow /;
	push @faults, 'the ETag is no strong entity-tag' if $h->{etag}
		&& $h->{etag}[0] !~ /^"[\x21\x23-\x7e\x80-\xff]*"$/;
	push @faults, 'Last-Modified is no HTTP-date' if $h->{'last-modified'}
		&& $h->{'last-modified'}[0] !~ /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/;
	push @faults, '401 without a challenge (9110 15.5.2)' if $code == 401
		&& "@{$h->{'www-authenticate'} || []}" !~ /^[A-Za-z]+$/;
	push @faults, 'a challenge with another status' if $code && $code != 401
		&& $h->{'www-authenticate'};
	push @faults, '405 without Allow (9110 15.5.6)'
		if $code == 405 && !$h->{allow};
	push @faults, 'created by POST without Location (8040 4.4.1)'
		if $code == 201 && $r->{method} eq 'POST' && !$h->{location};
	push @faults, "Location \"$h->{location}[0]\", not where the request went"
		if $h->{location}
		&& $h->{location}[0] !~ m!^https://localhost/restconf/data/!;
	push @faults, "$code with a body" if $code =~ /^(?:201|204|304)$/
		&& (length $r->{body} || ($h->{'content-length'} || [ 0 ])->[0]
			&& $code != 304);
	push @faults, _body_faults($r) if length $r->{body};

	return @faults;
}

sub _body_faults {
	my ($r) = @_;

	my $type = ($r->{h}{'content-type'} || [ '' ])->[0];

	return () if $type =~ m!^application/(?:yang-data\+xml|yang|xrd\+xml)$!
		|| $type =~ m!^text/event-stream!;
	return ("Content-Type \"$type\" (8040 7.1)") if $type ne $JSON;
	return ('the body is no JSON') unless defined $r->{json};
	return ('a member stands twice in an object') if _twice($r->{body});
	return (_yang_faults($r), $r->{code} >= 400 ? _error_faults($r) : ());
}

# What libyang says of a body, by the schemas that the server itself publishes,
# and the one of the tags of with-defaults (RFC 6243).
sub _yang_faults {
	my ($r) = @_;

	my ($path) = split /\?/, $r->{target} // '', 2;
	my ($name) = keys %{ref $r->{json} eq 'HASH' ? $r->{json} : {}};
	my $what = ($name // '') eq 'ietf-yang-patch:yang-patch-status'
		? 'patch-status' : $r->{code} >= 400 ? 'errors' : _resource($path, $name);

	return () unless defined $what;

	my $said = $read{"$what $r->{body}"} //= dots_yang_said($what, $r->{body});

	return $said eq '' ? () : ("libyang: $said");
}

# The api-path that the body is of: what was asked for, or, in the form of RFC
# 8783's figures, its container
sub _resource {
	my ($path, $name) = @_;

	return undef unless $path =~ s!^/restconf(?=/|$)!!;
	return $path || '/' if $path =~ m!^/?$!;
	return undef unless $path =~ m!^/data!;
	return $path unless $path =~ m!^/data/.!;

	my ($last) = $path =~ m!/([^/=]+)(?:=[^/]*)?$!;
	$path =~ s!/[^/]+$!! if ($name // '') =~ /:(\w+)s$/ && $last =~ /\b\Q$1\E$/;

	return $path;
}

# JSON::PP keeps the last of two members of one name: the colons show it
sub _twice {
	my ($text) = @_;

	return _colons($text) != _colons($json->encode($json->decode($text)));
}

sub _colons {
	my ($text) = @_;
	$text =~ s/"(?:[^"\\]|\\.)*"//g;
	return $text =~ tr/://;
}

my %members = map { $_ => 1 } qw/ error-type error-tag error-app-tag error-path
	error-message error-info /;

sub _error_faults {
	my ($r) = @_;

	my @faults;
	my $list = _errors($r);

	return ('no errors of RFC 8040 7.1') unless ref $list eq 'ARRAY' && @$list;

	foreach my $e (@$list) {
		return ('an error is no object') unless ref $e eq 'HASH';

		push @faults, "unknown member $_" foreach grep { !$members{$_} } keys %$e;
		push @faults, 'error-type' unless ($e->{'error-type'} // '')
			=~ /^(?:transport|rpc|protocol|application)$/;

		my $tag = $e->{'error-tag'} // '';
		push @faults, "unknown error-tag \"$tag\"" unless $statuses{$tag};
		push @faults, "$tag does not go with $r->{code}" if @$list == 1
			&& $statuses{$tag} && !grep { $_ == $r->{code} } @{$statuses{$tag}};
		push @faults, 'error-path is no instance-identifier'
			if exists $e->{'error-path'} && $e->{'error-path'} !~ m!^/[A-Za-z_]!;
	}

	return @faults;
}

# The list of errors; of a YANG Patch those of the whole and of each edit
sub _errors {
	my ($r) = @_;

	my $j = $r->{json};
	return undef unless ref $j eq 'HASH';

	my $errors = $j->{'ietf-restconf:errors'};

	if ($errors) {
		return keys %$j == 1 && ref $errors eq 'HASH' && keys %$errors == 1
			? $errors->{error} : undef;
	}

	my $status = $j->{'ietf-yang-patch:yang-patch-status'};
	return undef unless ref $status eq 'HASH';

	return [ map { @{$_->{error} || []} } grep { ref $_ eq 'HASH' }
		$status->{errors}, map { $_->{errors} }
		@{$status->{'edit-status'}{edit} || []} ];
}

# ---- tests: one each ----

sub _shown {
	my ($r) = @_;
	my $text = "$r->{head}\r\n" . substr($r->{body}, 0, 600);
	$text =~ s/^/    /mg;
	return $text;
}

sub _result {
	my ($r, $name, @faults) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 2;

	Test::More::ok(!@faults, $name)
		or Test::More::diag(join("\n", @faults, _shown($r)));

	return !@faults;
}

sub _status {
	my ($r, $status) = @_;

	my @want = ref $status ? @$status : $status;

	return () if grep { $_ == $r->{code} } @want;
	return "status $r->{code}, not " . join(' or ', @want);
}

# The status, and all that an answer has to be; $status may be a list.  Options:
# allow (another answer, with whose Allow that of a 405 is compared)
sub rc_is {
	my ($r, $status, $name, %o) = @_;

	my @faults = (_status($r, $status), _faults($r));

	push @faults, 'another Allow than OPTIONS has' if $o{allow}
		&& $r->{code} == 405
		&& "@{$r->{h}{allow} || []}" ne "@{$o{allow}{h}{allow} || []}";

	return _result($r, $name, @faults);
}

# The same, and its tag; $tag may be a list.  Options: path (a pattern), app_tag
sub rc_error {
	my ($r, $status, $tag, $name, %o) = @_;

	my @tags = ref $tag ? @$tag : $tag;
	my ($e) = @{_errors($r) || []};
	my $got = ref $e eq 'HASH' ? $e->{'error-tag'} // '' : 'none';
	my @faults = (_status($r, $status), _faults($r));

	push @faults, "error-tag $got, not " . join(' or ', @tags)
		unless grep { $_ eq $got } @tags;
	push @faults, 'error-path ' . ($e->{'error-path'} // 'missing')
		if $o{path} && ($e->{'error-path'} // '') !~ $o{path};
	push @faults, 'error-app-tag ' . ($e->{'error-app-tag'} // 'missing')
		if $o{app_tag} && ($e->{'error-app-tag'} // '') ne $o{app_tag};

	return _result($r, $name, @faults);
}

# The data of a 200, compared with JSON text
sub rc_same {
	my ($r, $text, $name) = @_;

	my @faults = (_status($r, 200), _faults($r));
	my $got = ref $r->{json} ? rc_text($r->{json}) : 'none';
	my $want = rc_text($text);

	push @faults, "     got $got", "expected $want" if $got ne $want;

	return _result($r, $name, @faults);
}

# ---- data ----

# JSON text with its members in order: what can be compared
sub rc_text {
	my ($v) = @_;
	$v = $json->decode($v) unless ref $v;
	return $json->encode($v);
}

# What the customer has: the whole configuration, as text
sub rc_tree {
	my (%o) = @_;
	my $r = rc('GET', "$DATA?content=config", %o);
	return ref $r->{json} ? rc_text($r->{json}) : "status $r->{code}";
}

# The names of the entries of a list, in their order
sub rc_names {
	my ($path, @members) = @_;
	my $v = rc('GET', "$path?content=config")->{json};

	foreach my $m (@members) {
		$v = ref $v eq 'ARRAY' ? $v->[0] : $v;
		$v = ref $v eq 'HASH' ? $v->{$m} : undef;
	}

	return join ' ', map { $_->{name} } @{$v || []};
}

# What error_log says above info about what a client did, but for what nginx
# itself says of chunks
sub rc_loud {
	return join "\n", grep { /\[(?:notice|warn|error|crit|alert|emerg)\]/
		&& /client: / && !/client sent invalid chunked body/ } split /\n/, $TEST->read_file('error.log');
}

sub rc_client {
	my ($cuid) = @_;
	return qq!{"ietf-dots-data-channel:dots-client":[{"cuid":"$cuid"}]}!;
}

sub rc_register {
	my ($cuid, %o) = @_;
	return rc('PUT', rc_below('', $cuid), body => rc_client($cuid), %o);
}

sub rc_alias {
	my ($name, $rest) = @_;
	$rest ||= '"target-prefix":["198.51.100.1/32"]';
	return qq!{"ietf-dots-data-channel:alias":[{"name":"$name",$rest}]}!;
}

# An ACL that is kept and acts never; $aces: names of entries
sub rc_acl {
	my ($name, $aces, $activation) = @_;

	$activation ||= 'deactivate';

	my $list = join ',', map { qq!{"name":"$_","matches":{"ipv4":{!
		. qq!"destination-ipv4-network":"198.51.100.0/25"}},!
		. qq!"actions":{"forwarding":"ietf-access-control-list:drop"}}! }
		@{$aces || [ 'r1' ]};

	return qq!{"ietf-dots-data-channel:acl":[{"name":"$name",!
		. qq!"type":"ietf-access-control-list:ipv4-acl-type",!
		. qq!"activation-type":"$activation","aces":{"ace":[$list]}}]}!;
}

1;
