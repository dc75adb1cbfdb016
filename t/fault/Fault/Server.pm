package Fault::Server;

# nginx and gobgpd of a run: they start, end, are killed, and are looked at from
# outside: their processes, descriptors, the zone's memory, the log, the routes
# and the store.

use warnings;
use strict;

use POSIX qw/ WNOHANG /;
use Test::DOTS;
use Time::HiRes qw/ sleep time /;

# Whoever loses its parent is ours then, and can be waited for
my $PR_SET_CHILD_SUBREAPER = 36;
my %prctl = (x86_64 => 157, aarch64 => 167);

my $rest = <<'EOF';
        mitigate rtbh;
        limits rate=off handshakes=off sessions=off;
    }
EOF

my $customers = <<"EOF";
    customer a {
        identity dns:client.example.com;
        prefix 192.0.2.0/24 2001:db8:6401::/48;
        prefix 203.0.113.0/24 shared;
$rest
    customer b {
        identity dns:client.example.net;
        prefix 198.51.100.0/25 2001:db8:6402::/48;
        prefix 203.0.113.0/24 shared;
$rest
    customer s {
        identity dns:client.example.org;
        prefix 198.51.100.128/26 2001:db8:6403::/48;
$rest
    customer c {
        identity dns:stranger.example.org;
        prefix 198.51.100.192/26 2001:db8:6404::/48;
$rest
EOF

sub new {
	my ($class, $t) = @_;
	my $machine = (POSIX::uname())[4];
	my $dir = $t->testdir();
	my $self = bless { t => $t, dir => $dir, workers => 2, pid => 0,
		mark => 0, owner => $$ }, $class;

	my $n = $prctl{$machine} or die "no prctl() for $machine\n";
	syscall($n, $PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0
		or die "prctl: $!\n";

	dots_pki($t);
	Test::DOTS::_leaf($dir, 's', 'client-s', 'DNS:client.example.org');
	$self->renew();

	return $self;
}

sub configure {
	my ($self) = @_;
	my $t = $self->{t};

	$t->write_file_expand('nginx.conf', dots_conf(
		workers => $self->{workers}, customers => $customers,
		lifetime => 'default=3600 min=1 max=86400 indefinite=off '
			. 'terminating=1',
		dots => 'limit_source handshakes=off requests=off;',

		# a handshake of ours stands still while we wait for a worker's end

		http => 'client_header_timeout 5s;',

		# a new binary has no more of the environment

		main => join ' ', map { "env $_;" } qw/ LD_PRELOAD DOTS_FAULT
			ASAN_OPTIONS UBSAN_OPTIONS /));

	# a soak would fill the disk with nginx's traces; only a daemon upgrades

	my $conf = $t->read_file('nginx.conf');
	$conf =~ s/(error\.log) debug;/$1 info;/;
	$conf =~ s/daemon off;/daemon on;/;
	$t->write_file('nginx.conf', $conf);
}

# As if nothing had been: after a violation, the rounds that follow would be
# about that one
sub renew {
	my ($self) = @_;

	$self->kill_all('KILL');
	$self->gobgpd_end();
	$self->{withdrawn} = [];
	system('rm', '-rf', "$self->{dir}/state", "$self->{dir}/fault");
	mkdir "$self->{dir}/fault";

	$self->{workers} = 2;
	$self->gobgpd_start();
	$self->configure();
	$self->start();
	$self->complaints();
}

# ---- starting and ending ----

# serving() says when all of it is there
sub start {
	my ($self) = @_;
	my $dir = $self->{dir};

	local $ENV{LD_PRELOAD} = "$Test::DOTS::BUILD/tools/preload_disk.so";
	local $ENV{DOTS_FAULT} = "$dir/fault";
	local $ENV{ASAN_OPTIONS} = ($ENV{ASAN_OPTIONS} || '')
		. ':verify_asan_link_order=0';

	unlink "$dir/nginx.pid";
	system($ENV{TEST_NGINX_BINARY}, '-p', "$dir/", '-c', 'nginx.conf', '-e',
		"$dir/error.log") == 0 or die "nginx does not start\n";

	dots_until(sub { -s "$dir/nginx.pid" }) or die "no nginx.pid\n";
	($self->{pid}) = $self->{t}->read_file('nginx.pid') =~ /(\d+)/;
}

# the master, as many workers as there should be, one manager, nobody else
sub serving {
	my ($self) = @_;

	return 0 unless $self->{pid} && !$self->{old}
		&& -s "$self->{dir}/nginx.pid";

	my %now = $self->processes();
	return @{$now{worker}} == $self->{workers} && @{$now{manager}} == 1
		&& !@{$now{leaving}} && !@{$now{other}} && !$self->orphans();
}

# What nginx has below a master, by what it calls itself; without one: what it has
# left us
sub processes {
	my ($self, $master) = @_;
	my %list = map { $_ => [] } qw/ worker manager leaving other /;

	$master ||= $self->{pid} || $$;

	foreach my $p (_all()) {
		next unless $p->{parent} == $master && $p->{state} ne 'Z';

		my $title = _title($p->{pid});
		next if $master == $$ && $title !~ /^nginx: /;

		push @{$list{$title =~ /shutting down/ ? 'leaving'
			: $title =~ /worker process/ ? 'worker'
			: $title =~ /cache manager/ ? 'manager' : 'other'}}, $p->{pid};
	}

	return %list;
}

sub _all {
	my @all;

	foreach my $stat (glob '/proc/[0-9]*/stat') {
		open my $fh, '<', $stat or next;
		my $line = <$fh>;
		push @all, { pid => $1, name => $2, state => $3, parent => $4 }
			if defined $line && $line =~ /^(\d+) \((.*)\) (\S) (\d+)/;
	}

	return @all;
}

sub _title {
	my ($pid) = @_;
	open my $fh, '<', "/proc/$pid/cmdline" or return '';
	my $title = <$fh>;
	return defined $title ? $title : '';
}

# Processes of nginx that are ours since their parent has gone
sub orphans {
	my ($self) = @_;
	return map { $_->{pid} } grep { $_->{parent} == $$ && $_->{state} ne 'Z'
		&& $_->{pid} != $self->{pid} && _title($_->{pid}) =~ /^nginx: / } _all();
}

sub _reap {
	foreach my $p (_all()) {
		waitpid($p->{pid}, WNOHANG) if $p->{parent} == $$
			&& $p->{state} eq 'Z' && $p->{name} =~ /^nginx/;
	}
}

sub gone {
	my ($self, @pids) = @_;

	# a worker with a change under way does not end before its disk goes on

	$self->heal('hold');

	return dots_until(sub { _reap(); !grep { kill 0, $_ } @pids })
		|| die "processes do not end: @pids\n";
}

# Everything of nginx, at once
sub kill_all {
	my ($self, $signal) = @_;
	my @pids;

	foreach my $master (grep { $_ } $self->{pid}, $self->{old}) {
		my %now = $self->processes($master);
		push @pids, $master, map { @$_ } values %now;
	}

	delete $self->{old};
	$self->{pid} = 0;
	push @pids, $self->orphans();

	# who has started somebody meanwhile leaves an orphan

	while (@pids) {
		kill $signal, @pids;
		$self->gone(@pids);
		@pids = $self->orphans();
	}
}

sub signal {
	my ($self, $signal) = @_;
	kill $signal, $self->{pid} if $self->{pid};
}

sub ended {
	my ($self) = @_;
	my $pid = $self->{pid} or return;

	$self->gone($pid);
	$self->{pid} = 0;
}

# A second master, and a signal for the first one
sub upgrade {
	my ($self, $signal) = @_;
	my $old = $self->{pid} or return;

	$self->signal('USR2');

	$self->{pid} = dots_until(sub {
		my $now = eval { $self->{t}->read_file('nginx.pid') } || '';
		return $now =~ /(\d+)/ && $1 != $old ? $1 : 0
	}) or die "no new master\n";

	$self->{old} = $old;
	kill $signal, $old if $signal;
}

# SIGQUIT for one of the two
sub retire {
	my ($self, $which) = @_;
	my $old = delete $self->{old} or return;

	@$self{qw/ pid other /} = $which eq 'new' ? ($old, $self->{pid})
		: ($self->{pid}, $old);

	my $other = delete $self->{other};
	kill 'QUIT', $other;
	$self->gone($other);
}

sub DESTROY {
	my ($self) = @_;
	local ($?, $@);
	$self->kill_all('KILL') if $self->{owner} == $$;
}

# ---- gobgpd ----

sub gobgpd_end {
	my ($self) = @_;
	my $pid = delete $self->{gobgpd} or return;
	my $daemons = $self->{t}{_daemons};

	foreach my $daemon ($pid, delete $self->{monitor}) {
		kill 'KILL', $daemon;
		waitpid $daemon, 0;
		@$daemons = grep { $_ != $daemon } @$daemons;
	}

	push @{$self->{withdrawn}}, $self->{t}->read_file('monitor')
		=~ /\[DELROUTE\] (\S+)/g;
}

sub gobgpd_start {
	my ($self) = @_;

	return if $self->{gobgpd};

	$self->{gobgpd} = dots_gobgpd($self->{t});
	dots_monitor($self->{t});
	$self->{monitor} = $self->{t}{_daemons}[-1];
}

# Routes that were withdrawn since the beginning, be they there again or not
sub withdrawn {
	my ($self) = @_;
	my @now = map { /DELROUTE\] (\S+)/ } dots_monitored($self->{t}, 'DELROUTE');

	return (@{$self->{withdrawn} || []}, @now);
}

sub routes {
	my ($self) = @_;
	my @routes = map { dots_rib($self->{t}, $_) =~ m!^\S*\s+(\S+/\d+)\s!mg }
		qw/ ipv4 ipv6 /;
	return sort @routes;
}

# ---- the disk ----

# See preload_disk.c; "hold" is a FIFO
sub disk {
	my ($self, $name, $text) = @_;
	my $file = "$self->{dir}/fault/$name";

	return POSIX::mkfifo($file, 0600) if $name eq 'hold';

	open my $fh, '>', "$file.new" or die "$file.new: $!\n";
	print $fh $text if defined $text;
	close $fh;
	rename "$file.new", $file or die "$file: $!\n";
}

# Whoever waits for the FIFO has it open, or opens it now: first its name goes,
# then there is a writer, and then there is none any more
sub heal {
	my ($self, $name) = @_;
	my $file = "$self->{dir}/fault/$name";

	if ($name ne 'hold') {
		unlink $file;
		return;
	}

	sysopen my $fh, $file, POSIX::O_RDWR() or return;
	unlink $file;
	close $fh;
}

# ---- the store ----

# The lines of "dots-admin store dump", or what is wrong with it
sub dump {
	my ($self) = @_;
	my $admin = "$Test::DOTS::BUILD/dots-admin store";
	my $check = `$admin check $self->{dir}/state 2>&1`;

	return "store check: $check"
		if $? || $check !~ /^unknown +0$/m || $check !~ /^damaged +0$/m;

	my @lines = split /\n/, `$admin dump $self->{dir}/state 2>&1`;
	return $? ? "store dump: @lines" : \@lines;
}

# ---- what could leak ----

# Descriptors of a worker by kind, the most of any.  With its first DTLS session a
# worker opens a duplicate of the socket that it hears on, to send from: a socket
# counts once for two.
sub descriptors {
	my ($self) = @_;
	my %now = $self->processes();
	my %most;

	foreach my $pid (@{$now{worker}}) {
		my (%n, %seen);

		foreach my $fd (glob "/proc/$pid/fd/*") {
			my $link = readlink $fd or next;
			next if ++$seen{$link} == 2 && $link =~ /^socket/;
			$n{$link =~ /^(\w+):\[/ ? $1 : $link}++;
		}

		foreach my $kind (keys %n) {
			$most{$kind} = $n{$kind} if $n{$kind} > ($most{$kind} || 0);
		}
	}

	return \%most;
}

# Bytes of the registry in the zone in use.  It has a slab pool of its own in a
# piece of the zone's; ngx_slab.h is of whole words: lock, wait, min_size,
# min_shift, pages, last, free (3), stats, pfree, start, end.
sub zone {
	my ($self) = @_;
	my %now = $self->processes();
	my $pid = $now{worker}[0] or die "no worker\n";
	my ($base, $size) = _mapping($pid);

	open my $fh, '<:raw', "/proc/$pid/mem" or die "/proc/$pid/mem: $!\n";

	my $words = sub {
		my ($at, $n) = @_;
		sysseek $fh, $at, 0;
		(sysread($fh, my $bytes, 8 * $n) || 0) == 8 * $n
			or die "/proc/$pid/mem: $!\n";
		return unpack('Q*', $bytes);
	};

	for (my $at = $base + 4096; $at < $base + $size; $at += 4096) {
		my @pool = $words->($at, 13);

		next unless $pool[2] == 8 && $pool[3] == 3
			&& $pool[11] > $at && $pool[12] <= $base + $size;

		# total, used, reqs, fails of 8, 16 ... 2048 bytes

		my @stats = $words->($pool[9], 4 * 9);
		my $used = ($pool[12] - $pool[11]) - 4096 * $pool[10];

		$used += ($stats[4 * $_ + 1] << $_ + 3)
			- ($stats[4 * $_] << $_ + 3 & ~4095) foreach 0 .. 8;

		return $used;
	}

	die "the zone has no registry\n";
}

sub _mapping {
	no warnings 'portable';		# 64 bits
	my ($pid) = @_;
	open my $fh, '<', "/proc/$pid/maps" or die "/proc/$pid/maps: $!\n";

	while (my $line = <$fh>) {
		next unless $line =~ m!^([0-9a-f]+)-([0-9a-f]+) rw-s .*/dev/zero!;

		my ($from, $to) = (hex $1, hex $2);
		return ($from, $to - $from) if $to - $from == 8 * 1024 * 1024;
	}

	die "no zone in the worker\n";
}

# ---- the log ----

# New lines of level crit and worse, and a sanitizer's
sub complaints {
	my ($self) = @_;
	open my $fh, '<', "$self->{dir}/error.log" or return;

	seek $fh, $self->{mark}, 0;
	my @lines;

	while (my $line = <$fh>) {

		# the last one may be half of one still

		chomp $line or last;
		$self->{mark} = tell $fh;
		push @lines, $line
			if $line =~ /\[(?:alert|emerg|crit)\]|Sanitizer|runtime error/;
	}

	return @lines;
}

1;
