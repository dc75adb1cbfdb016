package Test::DOTS::Yang;

# Bodies of the data channel against the YANG modules: libyang reads them, in
# t/tools/dots_yang.c.

use warnings;
use strict;

use base qw/ Exporter /;

our @EXPORT = qw/ dots_yang_ok dots_yang_errors dots_yang_said /;

use IPC::Open3;
use Test::More qw//;
use Test::DOTS;

# What libyang has to say against the body as what "what" names: an api-path below
# {+restconf}, "errors", "patch-status", "notification"; JSON, or XML where it
# looks so.  Empty: nothing
sub dots_yang_said {
	my ($what, $body) = @_;

	my $build = $ENV{DOTS_BUILD} || dots_top() . '/build/default';
	my $pid = open3(my $in, my $out, undef, "$build/tools/dots_yang",
		dots_top() . '/schemas', $body =~ /^\s*</ ? 'xml' : 'json', $what);

	local $SIG{PIPE} = 'IGNORE';
	print $in $body;
	close $in;

	my $said = do { local $/; <$out> };
	waitpid $pid, 0;

	return $? == 0 ? '' : $said || "dots_yang failed: $?";
}

sub dots_yang_ok {
	my ($what, $body, $name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;

	my $said = length $body ? dots_yang_said($what, $body) : 'no body';

	return Test::More::ok($said eq '', $name) || Test::More::diag($said);
}

# An answer that has to be an error of RESTCONF: its status and tag
sub dots_yang_errors {
	my ($code, $body, $expected, $tag, $name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;

	my ($seen) = $body =~ /"error-tag": ?"([^"]*)"|<error-tag>([^<]*)</
		? defined $1 ? $1 : $2 : 'none';

	Test::More::is("$code $seen", "$expected $tag", $name);
	dots_yang_ok('errors', $body, "$name: errors");
}

1;
