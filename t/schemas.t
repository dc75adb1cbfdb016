#!/usr/bin/perl

# ci/check-schemas finds what it is made to find: single aspects of a copy of
# schemas/ are changed and compared with the original.

###############################################################################

use warnings;
use strict;

use Test::More;

BEGIN { use FindBin; chdir($FindBin::Bin); }

use File::Temp qw/ tempdir /;

###############################################################################

my $top = "$FindBin::Bin/..";
my $data = 'ietf-dots-data-channel@2020-05-28.yang';
my $signal = 'ietf-dots-signal-channel@2021-09-02.yang';
my $iana = 'iana-dots-signal-channel@2021-09-02.yang';

my @cases = (
	[ 'a type', $data, qr/(leaf pending-lifetime \{\s*)type int32/,
		sub { "$1type int64" }, qr/pending-lifetime: type "int64" is "int32"/ ],
	[ 'a key', $data, qr/(list alias \{\s*)key "?name"?/,
		sub { "$1key \"cuid\"" }, qr/key "cuid" is "name"/ ],
	[ 'config', $data, qr/config false/, sub { 'config true' },
		qr/config "true" is "false"/ ],
	[ 'mandatory', $data, qr/mandatory true/, sub { 'mandatory false' },
		qr/mandatory "false" is "true"/ ],
	[ 'a default', $signal, qr/default "?30"?/, sub { 'default "31"' },
		qr/default "31" is "30"/ ],
	[ 'an enum value', $iana, qr/value "?2"?;/, sub { 'value 20;' },
		qr/value "20" is "2"/ ],
	[ 'a node less', $data, qr/leaf cdid \{.*?\n\s*\}\n/s, sub { '' },
		qr/leaf cdid: lacks it/ ],
	[ 'a node more', $data, qr/(leaf cdid \{)/,
		sub { "leaf surprise { type string; } $1" },
		qr/leaf surprise: adds it/ ],
	[ 'the order', $data,
		qr/(leaf-list target-fqdn \{.*?\n\s*\}\n)(.*?)(leaf-list target-uri \{.*?\n\s*\}\n)/s,
		sub { "$3$2$1" }, qr/order is/ ],
	[ 'a namespace', $data, qr/namespace "/, sub { 'namespace "x' },
		qr/namespace "xurn/ ],
);

plan(tests => 2 * @cases + 3);

my $dir = tempdir(CLEANUP => 1);

sub check {
	my ($top, $dir) = @_;
	my $out = `DOTS_SCHEMAS=$dir $top/ci/check-schemas $top/schemas 2>&1`;
	return ($? >> 8, $out);
}

system("cp $top/schemas/*.yang $dir/") == 0 or die;

my ($rc, $out) = check($top, $dir);
is($rc, 0, 'a copy has no difference') or diag($out);

foreach my $case (@cases) {
	my ($name, $file, $re, $by, $want) = @$case;
	local $/;

	open my $fh, '<', "$top/schemas/$file" or die;
	my $text = <$fh>;
	close $fh;

	$text =~ s/$re/$by->()/e or die "$name: nothing to change\n";

	open $fh, '>', "$dir/$file" or die;
	print $fh $text;
	close $fh;

	($rc, $out) = check($top, $dir);
	is($rc, 1, "$name: found");
	like($out, qr/DIFFERENCE: .*$want/, "$name: said");

	system("cp $top/schemas/*.yang $dir/") == 0 or die;
}

# texts are our own

{
	local $/;
	open my $fh, '<', "$top/schemas/$data" or die;
	my $text = <$fh>;
	$text =~ s/description\s+"[^"]*"/description "another"/g;
	open $fh, '>', "$dir/$data" or die;
	print $fh $text;
}

($rc, $out) = check($top, $dir);
is($rc, 0, 'texts are not compared') or diag($out);

`$top/ci/check-schemas 2>&1`;
isnt($? >> 8, 0, 'without a folder it says how it is called');

###############################################################################
