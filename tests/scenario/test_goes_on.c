// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/campaign/schema.h"
#include "lib/scenario/scenario.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/*
 * A wrong type, name or kind hides no other mistake of its section, and makes none. With the program's
 * own tables: a small schema agrees too easily.
 */

/* A row's own lines start in line 6. */
#define OK "[Workload hog]\nType=anon\nSize=1M\n[Expect]\nOOMKills=1\n"

struct row {
	const char *text, *mistakes; /* "line:col: message" lines */
};

static void expect_mistakes(const struct row *row)
{
	struct oom_diags diags = {0};
	struct oom_scenario *scenario = NULL;
	char got[4096] = "";
	size_t used = 0;

	oom_scenario_parse(oom_schema(), "x", "x", row->text, strlen(row->text), &diags, &scenario);
	for (size_t i = 0; i < diags.count && used < sizeof(got); i++)
		used += (size_t)snprintf(got + used, sizeof(got) - used, "%u:%u: %s\n",
			diags.items[i].place.line, diags.items[i].place.col, diags.items[i].msg);
	cr_expect_str_eq(got, row->mistakes, "%s\ngot:\n%s", row->text, got);
	oom_scenario_free(scenario);
	oom_diags_release(&diags);
}

#define NO_TYPE(line)                                                                              \
	line ":6: unknown workload type 'quantum' ('oomgate list workloads' lists them)\n"
#define PREFIX(place, mark)                                                                        \
	place ": 'Command=': no prefix '" mark                                                     \
	      "' is known here, as an ExecStart= has it: begin with the program\n"

#define EXPECT_ROWS(rows)                                                                          \
	for (size_t row_ = 0; row_ < sizeof(rows) / sizeof((rows)[0]); row_++)                     \
	expect_mistakes(&(rows)[row_])

Test(goes_on, in_a_section_of_a_wrong_type)
{
	static const struct row rows[] = {
		{OK "[Workload x]\nType=anon\nSize=1M\nRate=12M\n", ""},
		{OK "[Workload x]\nType=annon\nSize=5M\nRate=12M\nScope=\nHold=forever\n",
			"7:6: unknown workload type 'annon', did you mean 'anon'?\n"
			"10:7: 'Scope=': the value is empty\n"},
		{OK "[Workload x]\nType=annon\nSize=\nRate=12abc\nSise=1\nArgs=--vm 1\n",
			"7:6: unknown workload type 'annon', did you mean 'anon'?\n"
			"8:6: 'Size=': the value is empty\n"
			"9:6: 'Rate=': '12abc' is not a size: unknown suffix 'abc' (K, M, G, T or "
			"%)\n"
			"10:1: unknown key 'Sise' in [Workload x], did you mean 'Size'?\n"},
		{OK "[Workload x]\nType=quantum\nSize=-5M\nCommand='a\nZork=1\n",
			"7:6: unknown workload type 'quantum' ('oomgate list workloads' lists "
			"them)\n"
			"8:6: 'Size=': '-5M' is not a size (64M, 1.5G, 50%)\n"
			"9:9: 'Command=': missing closing quote '\n"
			"10:1: unknown key 'Zork' in [Workload x]\n"},
		{OK "[Workload x]\nType=quantum\nCommand=/bin/true -x @y a/b $z\n"
		    "[Workload y]\nType=quantum\nCommand=-/bin/false\n"
		    "[Workload z]\nType=quantum\nCommand= @/bin/sh sh\n"
		    "[Workload p]\nType=quantum\nCommand='|/bin/true'\n"
		    "[Workload r]\nType=quantum\nCommand=bin/true\n"
		    "[Workload f]\nType=quantum\nCommand=/bin/ x\n"
		    "[Workload v]\nType=quantum\nCommand=$SHELL\n",
			NO_TYPE("7") NO_TYPE("10") PREFIX("11:9", "-") NO_TYPE("13")
				PREFIX("14:10", "@") NO_TYPE("16") PREFIX("17:9", "|") NO_TYPE(
					"19") "20:9: 'Command=': 'bin/true' is neither an "
					      "absolute path nor a file name\n" NO_TYPE(
						      "22") "23:9: 'Command=': "
							    "'/bin/' is a folder, not a program\n" NO_TYPE(
								    "25") "26:9: 'Command=': "
									  "the program cannot be a variable: '$SHELL'\n"},
		{OK "[Workload x]\nSize=1Q\n",
			"6:1: [Workload x] needs 'Type=' (what it does: 'oomgate list workloads')\n"
			"7:6: 'Size=': '1Q' is not a size: unknown suffix 'Q' (K, M, G, T or %)\n"},
		{OK "[Fault f]\nType=signall\nWorkload=hgo\nSignal=kill\nAt=x\n",
			"7:6: unknown fault type 'signall', did you mean 'signal'?\n"
			"8:10: 'Workload=': unknown workload 'hgo', did you mean 'hog'?\n"
			"9:8: 'Signal=': 'kill' is not a signal, did you mean 'SIGKILL'?\n"
			"10:4: 'At=': 'x' is not a duration (2s, 250ms, 1min 30s)\n"},
		/* Value= is a number to one type and a text to another: nobody can say */
		{OK "[Fault f]\nType=zzz\nValue=abc\nAt=1s\n",
			"7:6: unknown fault type 'zzz' ('oomgate list faults' lists them)\n"},
	};

	EXPECT_ROWS(rows);
}

Test(goes_on, in_a_section_of_a_wrong_kind_or_name)
{
	static const struct row rows[] = {
		{OK "[Workloads x]\nType=anon\nSize=1Q\n[Expect x]\nExitCode=0\n",
			"6:1: unknown section 'Workloads', did you mean '[Workload]'?\n"
			"8:6: 'Size=': '1Q' is not a size: unknown suffix 'Q' (K, M, G, T or %)\n"},
		{OK "[Unit q]\nSize=1Q\n[Expect q]\nExitCode=0\n",
			"6:1: unknown section 'Unit' ('oomgate list sections' lists them)\n"},
		{OK "[Workload 9]\nType=anon\nSize=1Q\n",
			"6:11: '9' is not a valid name: a letter, then up to 47 letters, digits, "
			"'-' or '_'\n"
			"8:6: 'Size=': '1Q' is not a size: unknown suffix 'Q' (K, M, G, T or %)\n"},
		{OK "[Workload hog]\nSize=1Q\n",
			"6:1: [Workload hog] is already defined on line 1\n"
			"7:6: 'Size=': '1Q' is not a size: unknown suffix 'Q' (K, M, G, T or %)\n"},
		{OK "[Scope a]\n[Scope a]\nMemoryMax=1Q\n",
			"7:1: [Scope a] is already defined on line 6\n"
			"8:11: 'MemoryMax=': '1Q' is not a size: unknown suffix 'Q' (K, M, G, T "
			"or %)\n"},
		{OK "[Machine big]\nMemory=1Q\n[Scope\nMemoryMax=1Q\n",
			"6:10: [Machine] takes no name\n"
			"7:8: 'Memory=': '1Q' is not a size: unknown suffix 'Q' (K, M, G, T or %)\n"
			"8:1: missing ']' after the section\n"
			"9:11: 'MemoryMax=': '1Q' is not a size: unknown suffix 'Q' (K, M, G, T "
			"or %)\n"},
		{"Type=anon\n[Expect]\nOOMKills=1\n",
			"1:1: 'Type=' comes before the first section\n"},
	};

	EXPECT_ROWS(rows);
}

Test(goes_on, about_an_unknown_subject)
{
	static const struct row rows[] = {
		{OK "[Expect nobodythere]\nExitCode=137\nMemoryPeak=1M\n",
			"6:1: no workload, scope, slice or service is called 'nobodythere'\n"},
		{OK "[Expect nobodythere]\nExitCode=1000\nSignal=SIGOOM\nFoo=1\nVictim=hog\n",
			"6:1: no workload, scope, slice or service is called 'nobodythere'\n"
			"7:10: 'ExitCode=': '1000' is outside 0..255\n"
			"8:8: 'Signal=': 'SIGOOM' is not a signal (SIGTERM, 15)\n"
			"9:1: unknown key 'Foo' in [Expect nobodythere]\n"
			"10:1: 'Victim=' does not apply to [Expect nobodythere], only to the run, "
			"in [Expect]\n"},
	};

	EXPECT_ROWS(rows);
}

Test(goes_on, to_what_a_key_means)
{
	static const struct row rows[] = {
		{OK "[Service s]\nExecStart=/bin/a ; /bin/b\nType=oneshot\nEnvironment=A=b \"C=d e\"\n",
			""},
		{OK "[Service s]\nExecStart=/bin/a ; /bin/b\nEnvironment=A=b C\n",
			"7:11: 'ExecStart=' has 2 commands, which needs 'Type=oneshot'\n"
			"8:17: 'Environment=': 'C' is not NAME=value\n"},
		{OK "[Service s]\nExecStart=/bin/a \\\n  # why\n  'x y' \\\n  \xc3\xa9 \"z\n",
			"10:5: 'ExecStart=': missing closing quote \"\n"},
		{OK "[Service s]\nExecStart=/bin/a ; bin/b #\n",
			"7:20: 'ExecStart=': 'bin/b' is neither an absolute path nor a file "
			"name\n"},
		{OK "[Scope a]\n[Fault f]\nType=limit\nAt=1s\nProperty=Memorymax\nValue=1Q\n",
			"10:10: 'Property=': unknown property 'Memorymax', did you mean "
			"'MemoryMax'?\n"
			"11:7: 'Value=': '1Q' is not a size: unknown suffix 'Q' (K, M, G, T or "
			"%)\n"},
		{OK "[Fault f]\nType=sysctl\nAt=1s\nName=panic\nValue=1\n",
			"9:6: 'Name=': 'panic' is not a sysctl (vm.overcommit_memory)\n"},
		{OK "[Scope a]\nMemoryMax=20M # at most\nKillSignal=TERM\n",
			"7:11: 'MemoryMax=': '20M # at most' is not a size: unknown suffix 'M # "
			"at most' (K, M, G, T or %); a comment needs a line of its own\n"},
		{OK "[Scope a]\nMemoryMax 20M\nMemoryHigh: 20M\nall is well\n",
			"7:1: not a section, a comment or 'Key=value', did you mean "
			"'MemoryMax=20M'?\n"
			"8:1: not a section, a comment or 'Key=value', did you mean "
			"'MemoryHigh=20M'?\n"
			"9:1: not a section, a comment or 'Key=value'\n"},
		{"[Workload hog]\nType=anon\nSize=1M\n[Expect]\nVictim=hog|\n",
			"5:12: 'Victim=': 'hog|' has an empty alternative\n"},
		{OK "[Expect hog]\nErrno=12\n",
			"7:7: 'Errno=': '12' is not one of "
			"none|E2BIG|EACCES|EAGAIN|EBADF|EBUSY|ECANCELED|ECHILD|EDQUOT|EEXIST|EFAULT|EFBIG|EHWPOISON|EINTR and 20 more ('oomgate list keys' lists them)\n"},
	};

	EXPECT_ROWS(rows);
}
