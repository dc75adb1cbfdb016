package Test::Nginx;

# What our tests use of nginx's own test library (nginx-tests, lib/Test/Nginx.pm),
# for machines without it: the same interface, written anew and small.  It stands
# last in @INC, so that the upstream library on PERL5LIB is taken where it is.

use warnings;
use strict;

use base qw/ Exporter /;

our @EXPORT = qw/ log_in log_out http http_get http_head port /;

use File::Basename qw/ dirname /;
use File::Temp qw/ tempdir /;
use IO::Socket;
use POSIX qw/ waitpid WNOHANG /;
use Socket qw/ SOCK_STREAM SOCK_DGRAM /;
use Test::More qw//;
use Time::HiRes qw/ sleep time /;

our $NGINX = $ENV{TEST_NGINX_BINARY};

my %ports;

sub new {
	my $self = bless {
		_pid => $$,
		_alerts => 1,
		_daemons => [],
		_testdir => tempdir('nginx-test-XXXXXXXXXX',
			TMPDIR => 1, CLEANUP => !$ENV{TEST_NGINX_LEAVE}),
	}, shift;

	$self->{_testdir} =~ s!\\!/!g;
	chmod 0755, $self->{_testdir};

	mkdir "$self->{_testdir}/logs";

	Test::More::BAIL_OUT("no $NGINX") unless -x $NGINX;
	return $self;
}

sub DESTROY {
	my ($self) = @_;
	local $?;

	return if $self->{_pid} != $$;

	$self->stop();
	$self->stop_daemons();

	if (Test::More->builder->expected_tests) {
		my $log = $self->read_file('error.log');

		{
			local $Test::Nginx::TODO = 'alerts' unless $self->{_alerts};
			my @alerts = $log =~ /.+\[alert\].+/gm;
			Test::More::is(join("\n", @alerts), '', 'no alerts');
		}

		my @errors = $log =~ /.+(?:Sanitizer|runtime error).+/gm;
		Test::More::is(join("\n", @errors), '', 'no sanitizer errors');
	}

	if ($ENV{TEST_NGINX_CATLOG}) {
		print STDERR $self->read_file('error.log');
	}
}

sub has {
	my ($self, @features) = @_;

	foreach my $feature (@features) {
		Test::More::plan(skip_all => "no $feature available")
			unless $self->has_module($feature)
			or $self->has_feature($feature);
	}

	return $self;
}

sub has_module {
	my ($self, $feature) = @_;

	my %regex = (
		http_ssl => '--with-http_ssl_module',
		stream_ssl => '--with-stream_ssl_module',
		http_v2 => '--with-http_v2_module',
		stream => '--with-stream(?:\s|=|$)',
		threads => '--with-threads',
		http => '(?s)^(?!.*--without-http(?:\s|\z))',
	);

	my $re = $regex{$feature};
	return 0 unless defined $re;

	$self->{_configure_args} = `$NGINX -V 2>&1`
		unless defined $self->{_configure_args};

	return 1 if $self->{_configure_args} =~ $re;

	# Debian builds stream's TLS into its dynamic stream module

	return $feature eq 'stream_ssl'
		&& $self->{_configure_args} =~ /--with-stream_ssl/;
}

sub has_feature {
	my ($self, $feature) = @_;

	return 1 if $feature eq 'udp' || $feature eq 'unix';

	if ($feature =~ /^socket_ssl/) {
		return eval { require IO::Socket::SSL; 1 };
	}

	return 0;
}

sub has_daemon {
	my ($self, $daemon) = @_;

	foreach my $dir (split(/:/, $ENV{PATH} || ''), '/usr/sbin', '/usr/bin') {
		return $self if -x "$dir/$daemon";
	}

	Test::More::plan(skip_all => "$daemon not found");
}

sub has_version {
	my ($self, $need) = @_;

	my ($have) = `$NGINX -v 2>&1` =~ m!nginx/([\d.]+)!;
	my @have = split(/\./, $have);

	foreach my $n (split(/\./, $need)) {
		my $v = shift @have || 0;
		return 1 if $v > $n;
		return 0 if $v < $n;
	}

	return 1;
}

sub plan {
	my ($self, $plan) = @_;

	Test::More::plan(tests => $plan + 2);

	return $self;
}

sub todo_alerts {
	my ($self) = @_;
	$self->{_alerts} = 0;
	return $self;
}

sub testdir {
	return shift->{_testdir};
}

# ---- files ----

sub write_file {
	my ($self, $name, $content) = @_;

	open my $fh, '>', "$self->{_testdir}/$name"
		or die "Can't create $name: $!\n";
	binmode $fh;
	print $fh $content;
	close $fh;

	return $self;
}

sub write_file_expand {
	my ($self, $name, $content) = @_;

	$content =~ s/%%TEST_GLOBALS%%/$self->test_globals()/gmse;
	$content =~ s/%%TEST_GLOBALS_HTTP%%/$self->test_globals_http()/gmse;
	$content =~ s/%%TEST_GLOBALS_STREAM%%/$ENV{TEST_NGINX_GLOBALS_STREAM} || ''/gmse;
	$content =~ s/%%TESTDIR%%/$self->{_testdir}/gms;
	$content =~ s/127\.0\.0\.1:(8\d\d\d)/'127.0.0.1:' . port($1)/gmse;
	$content =~ s/%%PORT_(\d+)%%/port($1)/gmse;
	$content =~ s/%%PORT_(\d+)_UDP%%/port($1, udp => 1)/gmse;

	return $self->write_file($name, $content);
}

sub read_file {
	my ($self, $name) = @_;
	local $/;

	open my $fh, '<', "$self->{_testdir}/$name"
		or die "Can't open $name: $!\n";
	my $content = <$fh>;
	close $fh;

	return defined $content ? $content : '';
}

sub test_globals {
	my ($self) = @_;

	return $self->{_test_globals} if defined $self->{_test_globals};

	my $s = "pid $self->{_testdir}/nginx.pid;\n"
		. "error_log $self->{_testdir}/error.log debug;\n";

	$s .= ($ENV{TEST_NGINX_GLOBALS} || '') . "\n";
	$s .= $self->test_globals_modules();

	return $self->{_test_globals} = $s;
}

sub test_globals_modules {
	my ($self) = @_;

	my $dir = $ENV{TEST_NGINX_MODULES} || dirname($NGINX);

	$self->{_configure_args} = `$NGINX -V 2>&1`
		unless defined $self->{_configure_args};

	return $self->{_configure_args} =~ /--with-stream=dynamic/
		? "load_module $dir/ngx_stream_module.so;\n" : '';
}

sub test_globals_http {
	my ($self) = @_;

	my $s = "root $self->{_testdir};\naccess_log off;\n";

	foreach (qw/ client_body proxy fastcgi uwsgi scgi /) {
		$s .= "${_}_temp_path $self->{_testdir}/${_}_temp;\n";
	}

	return $s . ($ENV{TEST_NGINX_GLOBALS_HTTP} || '') . "\n";
}

# ---- nginx ----

sub run {
	my ($self, $conf) = @_;

	my $testdir = $self->{_testdir};

	if (defined $conf) {
		my $c = `cat $conf`;
		$self->write_file_expand('nginx.conf', $c);
	}

	$self->waitforfile("$testdir/nginx.pid", $self->_start())
		or die "Can't start nginx\n" . $self->read_file('error.log');

	$self->{_started} = 1;
	return $self;
}

sub _start {
	my ($self) = @_;

	my $testdir = $self->{_testdir};
	my $pid = fork();
	die "Unable to fork(): $!\n" unless defined $pid;

	if ($pid == 0) {
		my @globals = ('-p', "$testdir/", '-c', 'nginx.conf',
			'-e', "$testdir/error.log");
		exec($NGINX, @globals) or die "Unable to exec(): $!\n";
	}

	return $pid;
}

sub try_run {
	my ($self, $message) = @_;

	eval { $self->run(); };
	return $self unless $@;

	Test::More::plan(skip_all => $message);
}

sub dump_config {
	my ($self) = @_;
	my $testdir = $self->{_testdir};
	return `$NGINX -T -p $testdir/ -c nginx.conf -e $testdir/error.log 2>&1`;
}

sub waitforfile {
	my ($self, $file, $pid) = @_;

	for (1 .. 1200) {
		return 1 if -s $file;
		return 0 if $pid && waitpid($pid, WNOHANG) != 0;
		sleep(0.05);
	}

	return undef;
}

sub waitforsocket {
	my ($self, $peer) = @_;

	for (1 .. 1200) {
		my $s = IO::Socket::INET->new(Proto => 'tcp', PeerAddr => $peer);
		return 1 if defined $s;
		sleep(0.05);
	}

	return undef;
}

sub reload {
	my ($self) = @_;

	my ($pid) = $self->read_file('nginx.pid') =~ /^([1-9]\d*)/
		or die "no pid\n";

	kill 'HUP', $pid;
	return $self;
}

sub stop {
	my ($self) = @_;

	return $self unless delete $self->{_started};

	# it may be gone already, and its file with it

	my ($pid) = (eval { $self->read_file('nginx.pid') } // '') =~ /^([1-9]\d*)/
		or return $self;

	kill 'QUIT', $pid;

	for my $signal (undef, 'TERM', 'KILL') {

		kill $signal, $pid if $signal;

		my $end = time() + 30;

		while (time() < $end) {
			return $self if waitpid($pid, WNOHANG) != 0;
			sleep(0.02);
		}
	}

	return $self;
}

# ---- daemons ----

sub run_daemon {
	my ($self, $code, @args) = @_;

	my $pid = fork();
	die "Can't fork daemon: $!\n" unless defined $pid;

	if ($pid == 0) {
		if (ref($code) eq 'CODE') {
			$code->(@args);
			POSIX::_exit(0);
		}

		exec($code, @args) or POSIX::_exit(1);
	}

	push @{$self->{_daemons}}, $pid;

	return $self;
}

sub stop_daemons {
	my ($self) = @_;

	while ($self->{_daemons} && @{$self->{_daemons}}) {
		my $pid = shift @{$self->{_daemons}};
		kill 'TERM', $pid;

		my $end = time() + 10;
		while (waitpid($pid, WNOHANG) == 0) {
			kill 'KILL', $pid if time() > $end;
			sleep(0.02);
		}
	}

	return $self;
}

# ---- ports: one number of the test is one free port, of TCP or of UDP ----

# Those that the kernel gives to who asks for none are not taken: a client of
# this or another test could have one while nginx does not run
sub ephemeral {
	open my $fh, '<', '/proc/sys/net/ipv4/ip_local_port_range'
		or return (32768, 60999);
	return split ' ', <$fh>;
}

sub port {
	my ($num, %opts) = @_;

	return $ports{$num}{port} if $ports{$num};

	# the lock stays open in this process, on an address that no test uses: it
	# keeps other tests away from the number, for both protocols

	my ($first, $last) = ephemeral();
	my @range = grep { $_ < $first || $_ > $last } 10000 .. 65535;
	@range = 10000 .. 65535 if @range < 5000;
	my $start = $$ * 37 + $num;

	for my $i ($start .. $start + 5000) {

		my $port = $range[$i % @range];
		my $lock = IO::Socket::INET->new(Proto => 'tcp',
			LocalAddr => "127.0.0.127:$port", Listen => 1) or next;

		my $free = IO::Socket::INET->new(
			Proto => $opts{udp} ? 'udp' : 'tcp',
			LocalAddr => "127.0.0.1:$port",
			$opts{udp} ? () : (Listen => 1, ReuseAddr => 1)) or next;
		close $free;

		$ports{$num} = { port => $port, lock => $lock };
		return $port;
	}

	die "no free port\n";
}

# ---- plain http, as the library has it ----

sub log_out {
	my ($msg) = @_;
	Test::More::note(map { ">> $_\n" } split(/^/m, $msg))
		if $ENV{TEST_NGINX_VERBOSE};
}

sub log_in {
	my ($msg) = @_;
	Test::More::note(map { "<< $_\n" } split(/^/m, $msg))
		if $ENV{TEST_NGINX_VERBOSE};
}

sub http_get {
	my ($url, %extra) = @_;
	return http("GET $url HTTP/1.0\nHost: localhost\n\n", %extra);
}

sub http_head {
	my ($url, %extra) = @_;
	return http("HEAD $url HTTP/1.0\nHost: localhost\n\n", %extra);
}

sub http {
	my ($request, %extra) = @_;

	my $s = $extra{socket} || IO::Socket::INET->new(Proto => 'tcp',
		PeerAddr => $extra{PeerAddr} || '127.0.0.1:' . port(8080))
		or return undef;

	my $reply = '';

	eval {
		local $SIG{ALRM} = sub { die "timeout\n" };
		alarm(60);
		log_out($request);
		$s->print($request);
		local $/;
		$reply = $s->getline();
		alarm(0);
	};
	alarm(0);

	log_in(defined $reply ? $reply : '');
	return $reply;
}

1;
