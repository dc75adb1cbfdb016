package Test::DOTS;

# What the tests of this module share: certificates, configuration, the clients
# (CoAP over DTLS by our dots_client, curl for the data channel), CoAP messages
# by hand, gobgpd and a DNS server.  Independent of the module's own code, so
# that a wrong codec does not agree with itself.

use warnings;
use strict;

use base qw/ Exporter /;

our @EXPORT = qw/ dots_module dots_top dots_conf dots_reload dots_turn dots_pki dots_gobgpd dots_gobgp dots_dns
	dots_dnsmasq dots_rib dots_monitor dots_monitored dots_kill dots_stop dots_until dots_session dots_cbor dots_decode
	dots_curl dots_mitigate dots_begin_put dots_data_url dots_workers dots_serving dots_has
	dots_test /;

use Cwd qw/ abs_path /;
use File::Basename qw/ dirname /;
use IPC::Open2;
use POSIX qw//;
use Test::More qw//;
use Time::HiRes qw/ sleep time /;

our $TOP;

BEGIN {
	$TOP = abs_path(dirname(__FILE__) . '/../../..');

	# nginx's own library wins where PERL5LIB has it

	push @INC, "$TOP/t/lib/nginx";
	$ENV{PATH} .= ':/usr/sbin:/sbin';

	# Debian's nginx unless told otherwise; its modules are not beside it

	$ENV{TEST_NGINX_BINARY} ||= '/usr/sbin/nginx';
	$ENV{TEST_NGINX_MODULES} ||= '/usr/lib/nginx/modules'
		if $ENV{TEST_NGINX_BINARY} =~ m!^/usr/sbin/!;
}

# nginx's own library loads each module that nginx was configured to have as a
# file; of Debian's seven a machine has those of the packages that it installed

INIT {
	if (my $all = Test::Nginx->can('test_globals_modules')) {
		no warnings qw/ prototype redefine /;

		*Test::Nginx::test_globals_modules = sub {
			my $load = $all->(@_);
			$load =~ s/^load_module (\S+);\n/-e $1 ? $& : ''/gme;
			return $load;
		};
	}
}

our $BUILD = $ENV{DOTS_BUILD} || "$TOP/build/default";

sub dots_top { return $TOP }
sub dots_module {
	return $ENV{DOTS_MODULE} || "$BUILD/module/ngx_dots_module.so";
}

# ---- what the machine has ----

sub dots_has {
	my (@what) = @_;

	foreach my $what (@what) {
		if ($what eq 'cbor') {
			eval { require CBOR::XS; 1 }
				or Test::More::plan(skip_all => 'no CBOR::XS');
			next;
		}

		grep { -x "$_/$what" } split(/:/, $ENV{PATH})
			or Test::More::plan(skip_all => "no $what");
	}
}

# ---- certificates ----

sub _openssl {
	my ($dir, $cmd) = @_;
	system("cd '$dir' && { $cmd ; } >>openssl.log 2>&1") == 0
		or die "openssl failed: $cmd\n" . `tail -5 '$dir/openssl.log'`;
}

sub _leaf {
	my ($dir, $name, $cn, $san, %o) = @_;

	my $ca = $o{ca} || 'ca';
	my $days = $o{days} || 30;
	my $usage = $o{usage} || 'clientAuth';
	my $serial = '0x' . join '', map { sprintf '%02x', rand 256 } 1 .. 7;

	open my $fh, '>', "$dir/$name.ext" or die;
	print $fh "subjectAltName=$san\n" if $san;
	print $fh "extendedKeyUsage=$usage\nbasicConstraints=CA:FALSE\n";
	close $fh;

	_openssl($dir, "openssl ecparam -name prime256v1 -genkey -noout "
		. "-out $name.key && openssl req -new -key $name.key "
		. "-subj '/CN=$cn' -out $name.csr && openssl x509 -req -in $name.csr "
		. "-CA $ca.crt -CAkey $ca.key -set_serial $serial -days $days "
		. "-extfile $name.ext -out $name.crt");
}

sub _ca {
	my ($dir, $name) = @_;
	_openssl($dir, "openssl ecparam -name prime256v1 -genkey -noout "
		. "-out $name.key && openssl req -x509 -new -key $name.key -days 30 "
		. "-subj '/CN=test $name' -addext basicConstraints=critical,CA:TRUE "
		. "-addext keyUsage=critical,keyCertSign,cRLSign -out $name.crt");
}

# server, a, b, stranger (known CA, nobody's), revoked, other (unknown CA),
# self (self-signed), each .crt and .key; ca.crt, crl.pem
sub dots_pki {
	my ($t) = @_;
	my $dir = $t->testdir();

	_ca($dir, 'ca');
	_ca($dir, 'otherca');
	_leaf($dir, 'server', 'localhost',
		'DNS:localhost,IP:127.0.0.1,IP:127.0.0.2,IP:::1',
		usage => 'serverAuth');
	_leaf($dir, 'a', 'client-a', 'DNS:client.example.com');
	_leaf($dir, 'b', 'client-b', 'DNS:client.example.net');
	_leaf($dir, 'stranger', 'nobody', 'DNS:stranger.example.org');
	_leaf($dir, 'revoked', 'client-a', 'DNS:client.example.com');
	_leaf($dir, 'other', 'client-a', 'DNS:client.example.com',
		ca => 'otherca');

	_openssl($dir, "openssl req -x509 -newkey ec -pkeyopt "
		. "ec_paramgen_curve:prime256v1 -nodes -keyout self.key -out self.crt "
		. "-days 30 -subj /CN=self");

	open my $fh, '>', "$dir/ca.cnf" or die;
	print $fh "[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\n"
		. "crlnumber=crlnumber\ndefault_md=sha256\ndefault_crl_days=30\n";
	close $fh;

	_openssl($dir, ": >index.txt; echo 01 >crlnumber; "
		. "openssl ca -config ca.cnf -keyfile ca.key -cert ca.crt -revoke "
		. "revoked.crt && openssl ca -config ca.cnf -keyfile ca.key "
		. "-cert ca.crt -gencrl -out crl.pem");
}

# ---- configuration ----

# A whole configuration: macros of write_file_expand() inside.  Options:
#   dots => lines in dots {}, customers => the customer blocks,
#   lifetime =>, workers =>, main => lines on the main level,
#   stream => lines in its server {}, http => lines in its server {},
#   mitigator => the lines of rtbh, shutdown => worker_shutdown_timeout,
#   listen => of its stream server
sub dots_conf {
	my (%o) = @_;

	my $module = dots_module();
	my $load = $ENV{DOTS_STATIC} ? '' : "load_module $module;";
	my $workers = $o{workers} || 1;

	# as root the workers stay root: the test's folder is theirs

	my $user = $> == 0 && ($ENV{TEST_NGINX_GLOBALS} || '') !~ /\buser\b/
		? 'user root root;' : '';
	my $lifetime = $o{lifetime}
		|| 'default=3600 min=1 max=86400 indefinite=off terminating=2';
	my $customers = $o{customers};

	if (!defined $customers) {
		$customers = <<'EOF';
    customer a {
        identity  dns:client.example.com;
        prefix    192.0.2.0/24 2001:db8:6401::/48;
        prefix    203.0.113.0/24 shared;
        name      example.com;
        mitigate  rtbh;
    }

    customer b {
        identity  dns:client.example.net;
        prefix    198.51.100.0/24 2001:db8:6402::/48;
        prefix    203.0.113.0/24 shared;
        name      example.net;
        mitigate  rtbh;
    }
EOF
	}

	my $mitigator = $o{mitigator} || <<'EOF';
        gobgp      unix:%%TESTDIR%%/gobgp.sock;
        action     blackhole;
        next_hop   192.0.2.1 2001:db8::1;
        community  65535:666;
EOF

	my $dots = $o{dots} || '';
	my $main = $o{main} || '';
	my $stream = $o{stream} || '';
	my $http = $o{http} || '';
	my $shutdown = $o{shutdown} || '5s';
	my $listen = $o{listen}
		|| 'listen 127.0.0.1:%%PORT_8980_UDP%% udp reuseport; '
		. 'listen 127.0.0.1:8446 ssl;';

	return _http2(<<EOF);
%%TEST_GLOBALS%%
$load
$user

daemon off;
worker_processes $workers;
worker_shutdown_timeout $shutdown;
$main

events {
}

dots {
    zone        dots 8m;
    state_path  %%TESTDIR%%/state;
    state_size  64m;
    schemas     $TOP/schemas;
    lifetime    $lifetime;
    log         %%TESTDIR%%/dots.log;
    $dots

    mitigator rtbh {
$mitigator
    }

$customers
}

stream {
    %%TEST_GLOBALS_STREAM%%

    resolver 127.0.0.2:%%PORT_8053_UDP%%;
    resolver_timeout 30s;

    server {
        $listen
        dots_signal;

        ssl_certificate         %%TESTDIR%%/server.crt;
        ssl_certificate_key     %%TESTDIR%%/server.key;
        ssl_client_certificate  %%TESTDIR%%/ca.crt;
        ssl_crl                 %%TESTDIR%%/crl.pem;
        $stream
    }
}

http {
    %%TEST_GLOBALS_HTTP%%

    resolver 127.0.0.2:%%PORT_8053_UDP%%;
    resolver_timeout 30s;

    server {
        listen 127.0.0.1:8443 ssl http2;

        ssl_certificate         %%TESTDIR%%/server.crt;
        ssl_certificate_key     %%TESTDIR%%/server.key;
        ssl_client_certificate  %%TESTDIR%%/ca.crt;
        ssl_crl                 %%TESTDIR%%/crl.pem;
        ssl_verify_client       optional;

        location /restconf { dots_data; }
        location = /.well-known/host-meta { dots_host_meta; }
        $http
    }
}
EOF
}

# "http2" of "listen" is a directive of its own as from 1.25.1
sub _http2 {
	my ($conf) = @_;
	my ($major, $minor, $patch) = `$ENV{TEST_NGINX_BINARY} -v 2>&1`
		=~ m!nginx/(\d+)\.(\d+)\.(\d+)!;

	$conf =~ s/ http2;/;\n        http2 on;/g
		unless ($major <=> 1 || $minor <=> 25 || $patch <=> 1) < 0;

	return $conf;
}

# what "nginx -t" says of nginx.conf
sub dots_test {
	my ($t) = @_;
	my $dir = $t->testdir();
	return scalar `$ENV{TEST_NGINX_BINARY} -t -p $dir/ -c $dir/nginx.conf -e stderr 2>&1`;
}

# ---- waiting for what must come: how long it may take is no test's matter ----

sub dots_until {
	my ($code) = @_;

	my $end = time() + 60;

	while (1) {
		my $rc = $code->();
		return $rc if $rc || time() > $end;
		sleep(0.05);
	}
}

# pids of nginx's children, by /proc; who has ended and still waits for the master
# to notice is none
sub dots_workers {
	my ($t) = @_;
	my ($master) = $t->read_file('nginx.pid') =~ /(\d+)/;
	my @pids;

	foreach my $stat (glob '/proc/[0-9]*/stat') {
		open my $fh, '<', $stat or next;
		my $line = <$fh>;
		next unless defined $line && $line =~ /^(\d+) \(.*\) [^Z] (\d+)/;
		push @pids, $1 if $2 == $master;
	}

	return @pids;
}

# Those of them that serve, which the manager does not: it is the last that a master
# makes.  A child is called what its master is until it has begun.  Both are waited for.
sub dots_serving {
	my ($t) = @_;
	my @pids;

	dots_until(sub {
		my %title = map { $_ => _title($_) } dots_workers($t);
		@pids = grep { $title{$_} =~ /worker process/ } keys %title;
		return grep({ /manager process/ } values %title)
			&& !grep { /master process/ } values %title;
	});

	return @pids;
}

# kill() with a pid that is none is for all of one's own group
sub dots_kill {
	my ($signal, @pids) = @_;

	die "no process for SIG$signal\n"
		if !@pids || grep { ($_ || 0) !~ /^[1-9]\d*$/ } @pids;

	return kill $signal, @pids;
}

# Stops a process.  kill() does not wait for it: the signal is one thread's, and the
# others run on until that has its turn.
sub dots_stop {
	my ($pid) = @_;
	my $stopped;

	dots_kill('STOP', $pid);

	dots_until(sub {
		my @threads = grep { $_ ne '' } map { _proc($_) } glob "/proc/$pid/task/*/stat";
		$stopped = @threads && !grep { !/\) T / } @threads;
		return $stopped || !grep { !/\) Z / } @threads;
	});

	die "process $pid has ended\n" unless $stopped;
}

# Reloads, and returns when no old worker is left to answer with what was
sub dots_reload {
	my ($t) = @_;

	my %old = map { $_ => 1 } dots_workers($t);
	$t->reload();

	return dots_until(sub {
		my @now = dots_workers($t);
		return @now && !grep { $old{$_} } @now;
	});
}

# Reloads, and returns when all workers that were there have begun to leave; they
# may stay for their sessions
sub dots_turn {
	my ($t) = @_;

	my $leaving = sub { return map { $_ => 1 } $t->read_file('error.log')
		=~ /\[notice\] (\d+)#.*gracefully shutting down/g };

	my %before = $leaving->();
	my @workers = grep { !$before{$_} } dots_serving($t);
	$t->reload();

	return dots_until(sub { my %now = $leaving->();
		my %there = map { $_ => 1 } dots_workers($t);
		return !grep { $there{$_} && !$now{$_} } @workers });
}

sub _title { return _proc("/proc/$_[0]/cmdline") }

# its first line, none where the process has ended
sub _proc {
	my ($file) = @_;
	open my $fh, '<', $file or return '';
	return scalar <$fh> // '';
}

# ---- GoBGP ----

sub dots_gobgpd {
	my ($t) = @_;

	my $dir = $t->testdir();
	my $sock = "$dir/gobgp.sock";
	unlink $sock;

	$t->write_file('gobgpd.toml', "[global.config]\n  as = 64500\n"
		. "  router-id = \"192.0.2.254\"\n  port = -1\n");

	my $pid = fork();
	die "fork: $!" unless defined $pid;

	if ($pid == 0) {
		open STDOUT, '>>', "$dir/gobgpd.log";
		open STDERR, '>&', \*STDOUT;
		exec('gobgpd', '-f', "$dir/gobgpd.toml", '--api-hosts',
			"unix://$sock", '--pprof-disable', '-p')
			or POSIX::_exit(1);
	}

	push @{$t->{_daemons}}, $pid;

	eval { dots_gobgp($t, 'global') }
		or die "gobgpd does not answer\n" . $t->read_file('gobgpd.log');

	return $pid;
}

# Its command line gives up after a second, and an answer that has not come says
# nothing about routes: it is asked again
sub dots_gobgp {
	my ($t, @args) = @_;
	my $target = 'unix://' . $t->testdir() . '/gobgp.sock';
	my $out;

	dots_until(sub { $out = `gobgp --target $target @args 2>&1`; $? == 0 })
		or die "gobgp @args: $out";

	return $out;
}

sub dots_rib {
	my ($t, $family) = @_;
	return dots_gobgp($t, qw/ global rib -a /, $family || 'ipv4');
}

# Writes down what gobgpd tells of each change of its table from now on; what
# matches of it, as "ROUTE] PREFIX" or "DELROUTE] PREFIX": dots_monitored()
sub dots_monitor {
	my ($t) = @_;
	my $pid;

	# it says nothing when it begins: routes of ours show that it has

	dots_until(sub {
		$pid = _monitor($t) unless $pid && waitpid($pid, POSIX::WNOHANG()) == 0;
		_probe($t);
		return -s $t->testdir() . '/monitor';
	}) or die "no monitor\n";

	push @{$t->{_daemons}}, $pid;
}

sub _monitor {
	my ($t) = @_;
	my $dir = $t->testdir();

	my $pid = fork();
	die "fork: $!" unless defined $pid;

	if ($pid == 0) {
		open STDOUT, '>', "$dir/monitor" or POSIX::_exit(1);
		exec 'gobgp', '--target', "unix://$dir/gobgp.sock", 'monitor', 'global',
			'rib' or POSIX::_exit(1);
	}

	return $pid;
}

sub dots_monitored {
	my ($t, $what) = @_;

	# nor when it has said all: it goes on in the order of the changes

	my $probe = _probe($t);
	dots_until(sub { $t->read_file('monitor') =~ m!\[DELROUTE\] $probe ! })
		or die "the monitor is silent\n";

	return grep { !/ 198\.18\./ && /$what/ }
		$t->read_file('monitor') =~ /\[((?:DEL)?ROUTE\] \S+)/g;
}

my $probes = 0;

# A route that comes and goes
sub _probe {
	my ($t) = @_;
	my $prefix = sprintf '198.18.%d.%d/32', $probes >> 8, $probes++ & 255;

	dots_gobgp($t, qw/ global rib /, $_, $prefix) foreach qw/ add del /;

	return $prefix;
}

# ---- DNS ----

sub dots_dns {
	my ($t, @records) = @_;

	@records = ('www.example.com,192.0.2.80,2001:db8:6401::80',
		'elsewhere.example.com,100.64.0.80') unless @records;

	dots_dnsmasq($t, '--no-hosts', '--local=/net/', '--local=/org/',
		map { "--host-record=$_" } @records);
}

# dnsmasq with "@args", where the configuration's resolver looks: an address of
# its own, as nginx's library holds TCP of a number that is UDP on 127.0.0.1
sub dots_dnsmasq {
	my ($t, @args) = @_;

	my $dir = $t->testdir();
	my $port = Test::Nginx::port(8053, udp => 1);

	$t->run_daemon('dnsmasq', '--keep-in-foreground', '--conf-file=/dev/null',
		'--no-resolv', '--cache-size=0', '--local=/com/',
		'--listen-address=127.0.0.2', '--bind-interfaces', "--port=$port",
		"--pid-file=$dir/dnsmasq.pid", "--log-facility=$dir/dnsmasq.log",
		($> == 0 ? '--user=root' : ()), @args);

	$t->waitforfile("$dir/dnsmasq.pid") or die "dnsmasq does not start\n";
}

# ---- the data channel ----

sub dots_data_url {
	return 'https://localhost:' . Test::Nginx::port(8443)
		. '/restconf/data/ietf-dots-data-channel:dots-data' . ($_[0] || '');
}

# (status, body, headers) of one request by curl; options: cert (a), body, type
sub dots_curl {
	my ($t, $method, $url, %o) = @_;

	my $dir = $t->testdir();
	my $cert = exists $o{cert} ? $o{cert} : 'a';
	my @cmd = ('curl', '-sS', '--max-time', '60', '--cacert', "$dir/ca.crt",
		'--resolve', 'localhost:' . Test::Nginx::port(8443) . ':127.0.0.1',
		'-o', "$dir/curl.body", '-D', "$dir/curl.head", '-w', '%{http_code}',
		'--path-as-is', '-X', $method);

	push @cmd, '--head' if $method eq 'HEAD';
	push @cmd, '--cert', "$dir/$cert.crt", '--key', "$dir/$cert.key" if $cert;
	push @cmd, '-H', 'Content-Type: '
		. ($o{type} || 'application/yang-data+json') if defined $o{body};
	push @cmd, map { ('-H', $_) } @{$o{headers} || []};
	push @cmd, @{$o{args} || []};

	if (defined $o{body}) {
		$t->write_file('curl.in', $o{body});
		push @cmd, '--data-binary', "\@$dir/curl.in";
	}

	unlink "$dir/curl.body", "$dir/curl.head";

	open my $fh, '-|', @cmd, $url or die "no curl: $!\n";
	my $code = <$fh>;
	close $fh;

	# curl makes neither where nothing comes

	return ($code || 0, map { -e "$dir/$_" ? $t->read_file($_) : '' }
		qw/ curl.body curl.head /);
}

# A PUT of a dots-client by hand up to its body: a socket, and the line that
# shows that the server waits for the rest
sub dots_begin_put {
	my ($t, $cuid, $length) = @_;

	require IO::Socket::SSL;

	my $dir = $t->testdir();
	my $s = IO::Socket::SSL->new(PeerAddr => '127.0.0.1',
		PeerPort => Test::Nginx::port(8443), SSL_hostname => 'localhost',
		SSL_ca_file => "$dir/ca.crt", SSL_cert_file => "$dir/a.crt",
		SSL_key_file => "$dir/a.key", Timeout => 60)
		or die "no connection: $IO::Socket::SSL::SSL_ERROR\n";

	$s->print("PUT /restconf/data/ietf-dots-data-channel:dots-data/"
		. "dots-client=$cuid HTTP/1.1\r\nHost: localhost\r\n"
		. "Content-Type: application/yang-data+json\r\n"
		. "Expect: 100-continue\r\nConnection: close\r\n"
		. "Content-Length: $length\r\n\r\n");

	my $continue = readline $s;
	readline $s;

	return ($s, $continue);
}

# ---- CoAP over DTLS ----

# Options: cert, server, life, args (of the client), transport (udp or tcp; the
# environment's DOTS_TRANSPORT is the default), csm => 0: over TCP none is sent,
# and the server's is not skipped; client => 1: the server's heartbeats are
# answered, and kept in {beats}; heartbeats => 1: they are messages like others,
# not skipped
sub dots_session {
	my ($t, %o) = @_;

	my $dir = $t->testdir();
	my $cert = exists $o{cert} ? $o{cert} : 'a';
	my $tcp = ($o{transport} || $ENV{DOTS_TRANSPORT} || 'udp') eq 'tcp';
	my $server = $o{server} || '127.0.0.1:' . ($tcp ? Test::Nginx::port(8446)
		: Test::Nginx::port(8980, udp => 1));

	my @cmd = ("$BUILD/tools/" . ($tcp ? 'dots_client_tcp' : 'dots_client'),
		'--server', $server, '--ca', "$dir/ca.crt",
		'--life', $o{life} || 600, '--timeout', 60000);
	push @cmd, '--cert', "$dir/$cert.crt", '--key', "$dir/$cert.key" if $cert;
	push @cmd, @{$o{args} || []};

	# from where no test has a token (of letters) or a message id of its own, which
	# would be another message's, too: a duplicate, the end of an observation

	my $self = bless { (map { $_ => 0x8000 | int rand 0x4000 } qw/ token mid /),
		tcp => $tcp, csm => $tcp && (!exists $o{csm} || $o{csm}),
		map { $_ => $o{$_} } qw/ client heartbeats / }, 'Test::DOTS::Session';

	$self->{pid} = open2($self->{out}, $self->{in}, @cmd);
	$self->{in}->autoflush(1);
	$self->{connected} = $self->_line() unless grep { $_ eq '--wait' } @cmd;

	# RFC 8323 section 5.3: the first message is a CSM

	$self->send("\0\xe1") if $self->{csm}
		&& ($self->{connected} || '') =~ /^connected/;

	return $self;
}

sub dots_cbor {
	my ($data) = @_;
	require CBOR::XS;
	return CBOR::XS->new->encode($data);
}

sub dots_decode {
	my ($bytes) = @_;
	require CBOR::XS;
	no warnings 'uninitialized';	# what it says of a body that is cut
	return eval { CBOR::XS->new->decode($bytes) };
}

# The body of a mitigation request: names as in RFC 9132 Table 5.
sub dots_mitigate {
	my (%o) = @_;

	my %scope;

	$scope{6} = $o{prefix} if $o{prefix};
	$scope{7} = [ map { ref $_ ? { 8 => $_->[0], 9 => $_->[1] } : { 8 => $_ } }
		@{$o{ports}} ] if $o{ports};
	$scope{10} = $o{protocol} if $o{protocol};
	$scope{11} = $o{fqdn} if $o{fqdn};
	$scope{12} = $o{uri} if $o{uri};
	$scope{13} = $o{alias} if $o{alias};
	$scope{14} = exists $o{lifetime} ? $o{lifetime} : 3600;
	$scope{45} = $o{trigger} if exists $o{trigger};

	delete $scope{14} unless defined $scope{14};

	return Test::DOTS::_map({ 1 => { 2 => [ \%scope ] } });
}

# CBOR with integer keys: Perl's keys are strings, so it is made by hand.
sub _map {
	my ($v) = @_;

	if (ref $v eq 'HASH') {
		return _head(5, scalar keys %$v) . join '',
			map { _head(0, $_) . _map($v->{$_}) }
			sort { $a <=> $b } keys %$v;
	}

	if (ref $v eq 'ARRAY') {
		return _head(4, scalar @$v) . join '', map { _map($_) } @$v;
	}

	if (ref $v) {
		return $$v ? "\xf5" : "\xf4";
	}

	return $v =~ /^\d+$/ ? _head(0, $v) : $v =~ /^-\d+$/ ? _head(1, -1 - $v)
		: _head(3, length $v) . $v;
}

sub _head {
	my ($major, $n) = @_;

	$major <<= 5;

	return chr($major | $n) if $n < 24;
	return pack('CC', $major | 24, $n) if $n < 0x100;
	return pack('Cn', $major | 25, $n) if $n < 0x10000;
	return pack('CN', $major | 26, $n) if $n <= 0xffffffff;
	return pack('CQ>', $major | 27, $n);
}

###############################################################################

package Test::DOTS::Session;

use Time::HiRes qw/ time /;

my %methods = (GET => 1, POST => 2, PUT => 3, DELETE => 4);
my %types = (CON => 0, NON => 1, ACK => 2, RST => 3);

sub connected { return $_[0]->{connected} }

# Of the datagrams of either direction PERCENT are lost and as many repeated from
# now on, those of a handshake, too; request() repeats what is not answered
sub lossy {
	my ($self, $percent, $seed) = @_;

	foreach my $what (qw/ loss twice /) {
		$self->command("$what $percent $seed") eq 'ok' or die "$what";
	}

	$self->{tries} = 1500;
	$self->{patience} = 40;
}

# Begins a handshake, so that several may be under way; connect_end() waits
sub connect {
	my ($self) = @_;
	print { $self->{in} } "connect 60000\n";
}

sub connect_end {
	my ($self) = @_;
	return $self->{connected} = $self->_line();
}

sub command {
	my ($self, $command) = @_;
	print { $self->{in} } "$command\n";
	return $self->_line();
}

sub _line {
	my ($self) = @_;

	my $line = readline $self->{out};
	return 'ended' unless defined $line;

	chomp $line;
	return $line;
}

# One message as bytes: type, code, message id, token, [option, value]..., body
sub message {
	my ($self, %o) = @_;

	my $token = exists $o{token} ? $o{token} : pack('n', ++$self->{token});
	my $id = exists $o{id} ? $o{id} : ($self->{mid} = $self->{mid} + 1 & 0xffff);
	my $code = exists $o{code} ? $o{code} : $methods{$o{method}};

	$self->{sent_id} = $id;
	$self->{sent_token} = $token;

	my @options = map { [ 11, $_ ] } @{$o{path} || []};
	push @options, [ 15, $_ ] foreach @{$o{query} || []};

	my $format = exists $o{format} ? $o{format}
		: defined $o{body} ? 271 : undef;
	push @options, [ 12, _uint($format) ] if defined $format;
	push @options, @{$o{options} || []};

	my $bytes = '';
	my $last = 0;

	foreach my $option (sort { $a->[0] <=> $b->[0] } @options) {
		my ($n, $value) = @$option;
		my ($d, $dx) = _nibble($n - $last);
		my ($l, $lx) = _nibble(length $value);
		$bytes .= chr($d << 4 | $l) . $dx . $lx . $value;
		$last = $n;
	}

	$bytes .= "\xff" . $o{body} if defined $o{body} && length $o{body};

	# RFC 8974 for long tokens; RFC 8323 section 3.2 has no type and no id

	my ($tkl, $ext) = _nibble(length $token);
	$ext .= $token . $bytes;

	return pack('CCn', 0x40 | $types{$o{type} || 'NON'} << 4 | $tkl, $code, $id)
		. $ext unless $self->{tcp};

	my ($len, $lenext) = _nibble(length $bytes);
	return chr($len << 4 | $tkl) . $lenext . chr($code) . $ext;
}

sub _uint {
	my ($n) = @_;
	my $s = pack('N', $n);
	$s =~ s/^\0+//;
	return $s;
}

sub _nibble {
	my ($n) = @_;
	return ($n, '') if $n < 13;
	return (13, chr($n - 13)) if $n < 269;
	return (14, pack('n', $n - 269));
}

sub send {
	my ($self, $bytes) = @_;
	return $self->command('send ' . unpack('H*', $bytes));
}

# The next message, taken apart; undef: none in $ms
sub recv {
	my ($self, $ms) = @_;

	return shift @{$self->{kept}} if @{$self->{kept} || []};
	return $self->_recv($ms);
}

sub _recv {
	my ($self, $ms) = @_;

	my $end = time() + (defined $ms ? $ms : 60000) / 1000;
	my $m;

	do {
		my $left = int(($end - time()) * 1000) + 1;
		my $line = $self->command('recv ' . ($left > 1 ? $left : 1));
		$self->{last} = $line;

		return undef unless $line =~ /^recv ([0-9a-f]*)$/;
		$m = _parse(pack('H*', $1), $self->{tcp});

	} while ($self->{csm} && $m->{code} eq '7.01' || $self->_heartbeat($m));

	return $m;
}

# RFC 9132 section 4.7: what a client does with the server's heartbeats
sub _heartbeat {
	my ($self, $m) = @_;

	return 0 if $self->{heartbeats} || $m->{code} ne '0.03'
		|| join('/', @{$m->{options}{11} || []}) ne '.well-known/dots/hb';
	return 1 unless $self->{client};

	push @{$self->{beats}}, $m;

	my ($id, $token) = @$self{qw/ sent_id sent_token /};
	$self->send($self->message(code => 2 << 5 | 4, token => $m->{token}));
	@$self{qw/ sent_id sent_token /} = ($id, $token);

	return 1;
}

# The extended length of a nibble, cut off the bytes
sub _extended {
	my ($v, $bytes) = @_;
	return 13 + ord substr($$bytes, 0, 1, '') if $v == 13;
	return 269 + unpack('n', substr($$bytes, 0, 2, '')) if $v == 14;
	return $v;
}

sub _parse {
	my ($bytes, $tcp) = @_;

	my $rest = $bytes;
	my $first = ord substr($rest, 0, 1, '');
	_extended($first >> 4, \$rest) if $tcp;
	my $code = ord substr($rest, 0, 1, '');
	my $id = $tcp ? 0 : unpack('n', substr($rest, 0, 2, ''));
	my $tkl = _extended($first & 15, \$rest);

	my $m = { bytes => $bytes, type => $tcp ? 1 : $first >> 4 & 3,
		id => $id, code => sprintf('%d.%02d', $code >> 5, $code & 31),
		token => substr($rest, 0, $tkl, ''), options => {}, body => '' };

	my $n = 0;

	while (length $rest) {
		my $b = ord substr($rest, 0, 1, '');

		if ($b == 0xff) {
			$m->{body} = $rest;
			last;
		}

		my @v = map { _extended($_, \$rest) } ($b >> 4, $b & 15);

		$n += $v[0];
		push @{$m->{options}{$n}}, substr($rest, 0, $v[1], '');
	}

	$m->{format} = exists $m->{options}{12}
		? unpack('N', substr("\0\0\0\0" . $m->{options}{12}[0], -4)) : undef;
	$m->{max_age} = exists $m->{options}{14}
		? unpack('N', substr("\0\0\0\0" . $m->{options}{14}[0], -4)) : undef;
	$m->{cbor} = Test::DOTS::dots_decode($m->{body})
		if defined $m->{format} && $m->{format} == 271;

	return $m;
}

# A request and its answer; what else arrives waits for recv()
sub request {
	my ($self, %o) = @_;

	my $bytes = $self->message(%o);

	# RFC 9132 section 4.4: the very same message at intervals, though not of
	# 3 s, and RFC 7252 section 4.2 where it is confirmable

	foreach my $try (1 .. $self->{tries} || 1) {
		$self->send($bytes);

		my $m = $self->_answer(($self->{patience} || 60000) / 1000);
		return $m if $m;
	}

	return undef;
}

sub _answer {
	my ($self, $seconds) = @_;
	my $end = time() + $seconds;

	while ((my $left = $end - time()) > 0) {
		my $m = $self->_recv(int($left * 1000) + 1) or return undef;

		# an empty acknowledgement announces a separate answer

		next if $m->{code} eq '0.00' && $m->{type} == 2;

		return $m if $m->{token} eq $self->{sent_token} && !_request($m)
			|| $m->{code} eq '0.00';

		push @{$self->{kept}}, $m;
	}

	return undef;
}

sub _request { return $_[0]->{code} =~ /^0\.(?!00)/ }

# The next notification for the token; heartbeats of the server are skipped
sub notification {
	my ($self, $token, $ms) = @_;
	my $end = Time::HiRes::time() + (defined $ms ? $ms : 60000) / 1000;

	while ((my $left = $end - Time::HiRes::time()) > 0) {
		my $m = $self->recv(int($left * 1000) + 1) or return undef;
		return $m if $m->{token} eq $token && !_request($m);
	}

	return undef;
}

sub path {
	my ($cuid, $mid) = @_;
	return [ '.well-known', 'dots', 'mitigate', defined $cuid ? "cuid=$cuid" : (),
		defined $mid ? "mid=$mid" : () ];
}

sub put {
	my ($self, $cuid, $mid, %o) = @_;
	my %m = map { exists $o{$_} ? ($_, delete $o{$_}) : () }
		qw/ type token id options format path query /;
	my $body = exists $o{body} ? $o{body} : Test::DOTS::dots_mitigate(%o);
	return $self->request(method => 'PUT', path => path($cuid, $mid),
		body => $body, %m);
}

sub get {
	my ($self, $cuid, $mid, %o) = @_;
	return $self->request(method => 'GET', path => path($cuid, $mid), %o);
}

sub delete {
	my ($self, $cuid, $mid, %o) = @_;
	return $self->request(method => 'DELETE', path => path($cuid, $mid), %o);
}

# RFC 9132 section 4.5.2: when nothing more comes, the session is lost within
# seconds, and not before.  The server's session_config allows for it.
sub soon_lost {
	my ($self) = @_;
	my %set = (33 => { 36 => 1 }, 37 => { 36 => 2 });

	my $m = $self->request(method => 'PUT', type => 'CON',
		path => [ '.well-known', 'dots', 'config', 'sid=1' ],
		body => Test::DOTS::_map({ 30 => { 32 => { %set },
			44 => { %set } } }));

	return $m && $m->{code};
}

# status of a mid as a number, 0: none
sub status {
	my ($self, $cuid, $mid) = @_;
	my $m = $self->get($cuid, $mid) or return 0;
	return 0 unless $m->{code} eq '2.05';
	return $m->{cbor}{1}{2}[0]{16};
}

sub quit {
	my ($self) = @_;

	return unless $self->{pid};

	local $SIG{PIPE} = 'IGNORE';
	print { $self->{in} } "quit\n";
	close $self->{in};
	close $self->{out};
	waitpid delete $self->{pid}, 0;
}

sub DESTROY {
	my ($self) = @_;
	local $?;
	$self->quit();
}

1;
