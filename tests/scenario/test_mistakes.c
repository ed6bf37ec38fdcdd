// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/scenario/scenario.h"
#include "tests/support/scenario_schema.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A scenario without a mistake in front of a row's own lines: they start in line 7. */
#define OK                                                                                         \
	"[Workload hog]\nType=anon\nSize=1M\n[Expect]\nOOMKills=1\n"                               \
	"[Expect hog]\n"

struct row {
	const char *text, *mistakes; /* "line:col: message" lines */
};

static void expect_mistakes(const char *text, size_t len, const char *wanted)
{
	struct oom_diags diags = {0};
	struct oom_scenario *scenario = NULL;
	char got[8192];
	size_t used = 0;
	int r = oom_scenario_parse(&test_schema, "x", "x.scenario", text, len, &diags, &scenario);

	got[0] = '\0';
	for (size_t i = 0; i < diags.count && used < sizeof(got); i++) {
		const struct oom_diag *d = &diags.items[i];

		cr_expect_str_eq(d->path, "x.scenario");
		used += (size_t)snprintf(got + used, sizeof(got) - used, "%u:%u: %s\n",
			d->place.line, d->place.col, d->msg);
	}
	cr_expect_str_eq(got, wanted);
	cr_expect_eq(r, diags.count ? -EBADMSG : 0);
	cr_expect_eq(scenario == NULL, diags.count > 0);
	oom_scenario_free(scenario);
	oom_diags_release(&diags);
}

static void expect_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		expect_mistakes(rows[i].text, strlen(rows[i].text), rows[i].mistakes);
}
#define EXPECT_ROWS(rows) expect_rows(rows, sizeof(rows) / sizeof((rows)[0]))

Test(mistakes, of_lines)
{
	static const struct row rows[] = {
		{OK, ""},
		{OK "nonsense\n", "7:1: not a section, a comment or 'Key=value'\n"},
		{OK "  =5\n", "7:3: no key before the '='\n"},
		{"Size=1\n" OK, "1:1: 'Size=' comes before the first section\n"},
		{OK "[Machine\n", "7:1: missing ']' after the section\n"},
		{OK " [Machine] x\n", "7:11: text after the section's ']'\n"},
		{OK "#\xc3\xa9\x01\n", "7:3: control character 0x01\n"},
		{OK "ExitCode=1\x1b[31m\n", "7:11: control character 0x1b\n"},
		{OK "ExitCode=1\\\n# \x02\n\n", "8:3: control character 0x02\n"},
		{OK "ExitCode=\xff\n", "7:10: byte 0xff is not valid UTF-8\n"},
		{OK "ExitCode=\xc0\xaf\n", "7:10: byte 0xc0 is not valid UTF-8\n"},
		{OK "ExitCode=\xed\xa0\x80\n", "7:10: byte 0xed is not valid UTF-8\n"},
		{OK "ExitCode=\xe2\x82\n", "7:10: byte 0xe2 is not valid UTF-8\n"},
		{OK "[\xf5]\n", "7:2: byte 0xf5 is not valid UTF-8\n"},
		{OK "ExitCode=1\rx\n", "7:11: control character 0x0d\n"},
	};

	EXPECT_ROWS(rows);
}

Test(mistakes, of_bytes_behind_a_nul)
{
	static const char text[] = OK "ExitCode=1\0x=\n[Machin]\n";

	expect_mistakes(text, sizeof(text) - 1,
		"7:11: control character 0x00\n"
		"8:1: unknown section 'Machin', did you mean '[Machine]'?\n");
}

Test(mistakes, of_sections)
{
	static const struct row rows[] = {
		{OK "[Wrokload x]\nSize=anything\n",
			"7:1: unknown section 'Wrokload', did you mean '[Workload]'?\n"
			"8:6: 'Size=': 'anything' is not a size (64M, 1.5G, 50%)\n"},
		{OK "[]\n", "7:1: unknown section '' ('oomgate list sections' lists them)\n"},
		{OK "[Unit]\n",
			"7:1: unknown section 'Unit' ('oomgate list sections' lists them)\n"},
		{OK "[Scope]\n", "7:2: [Scope] needs a name: [Scope NAME]\n"},
		{OK "[ Machine  big ]\n", "7:12: [Machine] takes no name\n"},
		{OK "[Scope a b]\n",
			"7:8: 'a b' is not a valid name: a letter, then up to 47 letters, digits, "
			"'-' or '_'\n"},
		{OK "[Scope ../x]\n",
			"7:8: '../x' is not a valid name: a letter, then up to 47 letters, "
			"digits, '-' or '_'\n"},
		{OK "[File etc/x]\n", "7:7: 'etc/x' is not an absolute, normalized path\n"},
		{OK "[File /etc/../x]\n", "7:7: '/etc/../x' is not an absolute, normalized path\n"},
		{OK "[Workload hog]\n", "7:1: [Workload hog] is already defined on line 1\n"},
		{OK "[Expect]\n", "7:1: [Expect] is already defined on line 4\n"},
		{OK "[Scope hog]\n",
			"7:1: the name 'hog' is already used by [Workload hog] on line 1\n"},
	};

	EXPECT_ROWS(rows);
}

Test(mistakes, of_keys)
{
	static const struct row rows[] = {
		{OK "[Scope a]\nMemoryMx=1M\n",
			"8:1: unknown key 'MemoryMx' in [Scope a], did you mean 'MemoryMax'?\n"},
		{OK "[Machine]\nWhatever=1\n", "8:1: unknown key 'Whatever' in [Machine]\n"},
		{OK "[Slice a]\nOOMPolicy=stop\n",
			"8:1: 'OOMPolicy=' does not belong in [Slice a], but in [Scope NAME]\n"},
		{OK "[Sysctl]\nKernelArgs=quiet\nvm.swappiness=1\n",
			"8:1: 'KernelArgs=' does not belong in [Sysctl], but in [Machine]\n"},
		{OK "[Machine]\nMemoryMax=1G\n",
			"8:1: 'MemoryMax=' does not belong in [Machine], but in [Slice NAME] or [Scope NAME] or "
			"[Service NAME]\n"},
		{OK "[Machine]\nSize=1G\n",
			"8:1: 'Size=' does not belong in [Machine], but in [Workload NAME]\n"},
		{OK "[Machine]\nVictim=hog\n",
			"8:1: 'Victim=' does not belong in [Machine], but in [Expect]\n"},
		{OK "[Machine]\nExitCode=1\n",
			"8:1: 'ExitCode=' does not belong in [Machine], but in [Expect NAME]\n"},
		/* what is missing is what was mistyped: one mistake */
		{OK "[Workload b]\nType=anon\nSzie=1M\n",
			"9:1: unknown key 'Szie' in [Workload b], did you mean 'Size'?\n"},
		{OK "[Workload b]\nTpye=anon\nSize=1M\n",
			"8:1: unknown key 'Tpye' in [Workload b], did you mean 'Type'?\n"},
		{OK "[Workload b]\nType=anon\nSzie=1M\nNcie=1\n[Workload c]\nType=anon\nNcie=1\n",
			"9:1: unknown key 'Szie' in [Workload b], did you mean 'Size'?\n"
			"10:1: unknown key 'Ncie' in [Workload b], did you mean 'Nice'?\n"
			"11:1: [Workload c] needs 'Size=' (how much)\n"
			"13:1: unknown key 'Ncie' in [Workload c], did you mean 'Nice'?\n"},
		{OK "[Scope a]\n[Fault f]\nType=limit\nScope=a\nWehn=hog killed\n",
			"11:1: unknown key 'Wehn' in [Fault f], did you mean 'When'?\n"},
		{OK "[Workload b]\nType=anon\nSize=1M\nArgs=x\n",
			"10:1: 'Args=' is not a key of type 'anon', but of type 'stress-ng'\n"},
		{OK "[Machine]\nMemory=1G\nCPUs=1\n Memory = 2G\n",
			"10:2: 'Memory=' is already set on line 8\n"},
		{OK "OOMKills=1\n",
			"7:1: 'OOMKills=' does not apply to [Expect hog], only to the run, in "
			"[Expect]\n"},
		{OK "[Scope a]\n[Expect a]\nExitCode=1\n",
			"9:1: 'ExitCode=' does not apply to [Expect a], only to a workload, in "
			"[Expect NAME]\n"},
		{OK "[Scope a]\n[Expect a]\nEvent.=1\n",
			"9:1: unknown key 'Event.' in [Expect a], did you mean 'Event.NAME'?\n"},
		{OK "[Scope a]\n[Expect a]\nEvnt.oom_kill=1\n",
			"9:1: unknown key 'Evnt.oom_kill' in [Expect a], did you mean 'Event.oom_kill'?\n"},
		{OK "[Sysctl]\npanic=1\nvm.=1\nvm.x y=1\nvm.swappiness=\n",
			"8:1: 'panic' is not a sysctl (vm.overcommit_memory)\n"
			"9:1: 'vm.' is not a sysctl (vm.overcommit_memory)\n"
			"10:1: 'vm.x y' is not a sysctl (vm.overcommit_memory)\n"
			"11:15: 'vm.swappiness=': the value is empty\n"},
	};

	EXPECT_ROWS(rows);
}

Test(mistakes, of_nodes_that_do_not_add_up)
{
	static const struct row rows[] = {
		{OK "[Machine]\nNUMAMemory=192M 64M\nNUMANodes=2\nMemory=256M\n", ""},
		{OK "[Machine]\nNUMAMemory=192M 64Q\n",
			"8:17: 'NUMAMemory=': '64Q' is not the size of a node (64M; at least "
			"8M)\n"},
		{OK "[Machine]\nNUMAMemory=192M 4M\n",
			"8:17: 'NUMAMemory=': '4M' is not the size of a node (64M; at least 8M)\n"},
		{OK "[Machine]\nNUMAMemory=192M 50%\n",
			"8:17: 'NUMAMemory=': '50%' is not the size of a node (64M; at least "
			"8M)\n"},
		{OK "[Machine]\nNUMANodes=3\nNUMAMemory=192M 64M\n",
			"9:12: 'NUMAMemory=' lists 2 nodes, but 'NUMANodes=' (line 8) is 3\n"},
		{OK "[Machine]\nMemory=512M\nNUMAMemory=192M 64M\n",
			"9:12: 'NUMAMemory=' adds up to 256M, but 'Memory=' (line 8) is 512M\n"},
		{OK "[Machine]\nNUMAMemory=9M 9M 9M 9M 9M 9M 9M 9M 9M 9M 9M 9M 9M 9M 9M 9M 9M\n",
			"8:12: 'NUMAMemory=' lists more than 16 nodes\n"},
	};

	EXPECT_ROWS(rows);
}

Test(mistakes, of_values_have_the_values_place)
{
	static const struct row rows[] = {
		{OK "ExitCode =   12abc\n", "7:14: 'ExitCode=': '12abc' is not a whole number\n"},
		{OK "ExitCode=\n", "7:10: 'ExitCode=': the value is empty\n"},
		{OK "ExitCode=\\\n\\\n   \xc3\xa9\n",
			"9:4: 'ExitCode=': '\xc3\xa9' is not a whole number\n"},
		{OK "[Workload b]\nType=anon\nSize=64Q\n",
			"9:6: 'Size=': '64Q' is not a size: unknown suffix 'Q' (K, M, G, T or "
			"%)\n"},
		{OK "[Workload b]\nType=anno\nSze=1\nSize=64Q\n",
			"8:6: unknown workload type 'anno', did you mean 'anon'?\n"
			"9:1: unknown key 'Sze' in [Workload b], did you mean 'Size'?\n"
			"10:6: 'Size=': '64Q' is not a size: unknown suffix 'Q' (K, M, G, T or "
			"%)\n"},
		{OK "[Workload b]\nType=quantum\n",
			"8:6: unknown workload type 'quantum' ('oomgate list workloads' lists "
			"them)\n"},
		{OK "[Scope a]\nAllowedCPUs=0-x\n",
			"8:13: 'AllowedCPUs=': '0-x' is not a list of numbers (0-3,7)\n"},
		{OK "[File /f]\nContent=a\nContent=b\\q\nContnt=c\n",
			"9:10: unknown escape in 'Content=' (use \\n, \\t, \\s or \\\\)\n"
			"10:1: unknown key 'Contnt' in [File /f], did you mean 'Content'?\n"},
		{OK "[Scenario]\nNeeds=swapp swap karnel>=6 kernel memory-controler disk\n",
			"8:7: unknown need 'swapp', did you mean 'swap'?\n"
			"8:18: unknown need 'karnel>=6', did you mean 'kernel'?\n"
			"8:28: 'Needs=': 'kernel' wants a version: kernel>=6.1\n"
			"8:35: unknown need 'memory-controler', did you mean 'memory-controller'?\n"
			"8:52: unknown need 'disk' ('oomgate list needs' lists them)\n"},
		{OK "[Scenario]\nKnownOn=kernel>=7.0\n",
			"8:1: 'KnownOn=' has no effect without 'KnownIssue='\n"},
		{OK "[Scenario]\nKnownOn=kernl\nKnownIssue=x until 2027-01-31\n",
			"8:9: unknown need 'kernl', did you mean 'kernel'?\n"},
		{OK "[Scenario]\nKnownIssue=some day\n",
			"8:12: 'KnownIssue=' needs a text and a date: TEXT until 2027-01-31\n"},
		{OK "[Workload b]\nType=anon\nSize=1M\nMemoryPolicy=bind\n",
			"10:14: 'MemoryPolicy=' must be default, local, bind:0, preferred:1 or "
			"interleave:0-1\n"},
		{OK "[Workload b]\nType=anon\nSize=1M\nOOMScoreAdjust=-1001\n",
			"10:16: 'OOMScoreAdjust=': '-1001' is outside -1000..1000\n"},
	};

	EXPECT_ROWS(rows);
}

Test(mistakes, of_what_is_missing)
{
	static const struct row rows[] = {
		{"",
			"1:1: the scenario expects nothing: it needs an [Expect] with a key\n"
			"1:1: the scenario runs nothing: it needs a [Workload NAME]\n"},
		{"[Workload a]\nType=anon\nSize=1M\n[Expect]\n",
			"1:1: the scenario expects nothing: it needs an [Expect] with a key\n"},
		{"[Expect]\nOOMKills=0\n",
			"1:1: the scenario runs nothing: it needs a [Workload NAME]\n"},
		{OK "[Workload b]\nSize=64Q\n",
			"7:1: [Workload b] needs 'Type=' (what it does: 'oomgate list workloads')\n"
			"8:6: 'Size=': '64Q' is not a size: unknown suffix 'Q' (K, M, G, T or "
			"%)\n"},
		{OK "[Workload b]\nType=anon\n", "7:1: [Workload b] needs 'Size=' (how much)\n"},
		{OK "[File /f]\n",
			"7:1: [File /f] needs 'Content=' (one line of the file, or several with "
			"\\n; also \\t, \\s (a space), \\\\)\n"},
		{OK "[Service s]\nSlice=system.slice\n",
			"7:1: [Service s] needs either 'Unit=' or 'ExecStart='\n"},
		{OK "[Service s]\nUnit=a.service\nExecStart=/b\n",
			"7:1: [Service s] needs either 'Unit=' or 'ExecStart='\n"},
		{OK "[Service s]\nUnit=earlyoom\n",
			"8:6: 'earlyoom' is not a unit name, did you mean 'earlyoom.service'?\n"},
		{OK "[Scope s]\n[Fault f]\nType=limit\nScope=s\n",
			"8:1: [Fault f] needs 'At=' or 'When='\n"},
		{OK "[Scope s]\n[Fault f]\nType=limit\nScope=s\nWhen=hog killed\nAt=2s\n",
			"12:1: [Fault f] has both 'At=' (line 12) and 'When=' (line 11): use one "
			"of them\n"},
	};

	EXPECT_ROWS(rows);
}

Test(mistakes, of_references)
{
	static const struct row rows[] = {
		{OK "[Expect hoag]\nExitCode=1\nOOMKills=1\n",
			"7:1: no workload, scope, slice or service is called 'hoag', did you mean "
			"'hog'?\n"
			"9:1: 'OOMKills=' does not apply to [Expect hoag], only to the run, in "
			"[Expect]\n"},
		{OK "[Scope s]\n[Scope t]\n",
			"1:1: [Workload hog] needs 'Scope=': there are 2 scopes (s, t)\n"},
		{OK "[Scope s]\n[Workload w]\nType=idle\nSize=1\nScope=ss\n",
			"11:7: 'Scope=': no scope 'ss' in this file\n"},
		{OK "[Slice s]\n[Workload w]\nType=idle\nSize=1\nScope=s\n",
			"11:7: 'Scope=': no scope 's' in this file\n"},
		{OK "[Fault f]\nType=limit\nScope=hog\nAt=1s\n",
			"9:7: 'Scope=': no scope, slice or service 'hog' in this file\n"},
		{OK "[Scope s]\n[Scope t]\nSlice=s\n",
			"1:1: [Workload hog] needs 'Scope=': there are 2 scopes (s, t)\n"
			"9:7: 'Slice=': no slice 's' in this file\n"},
		{OK "[Slice a]\nSlice=b\n[Slice b]\nSlice=c\n[Slice c]\nSlice=a\n",
			"8:7: 'Slice=': slice 'a' would contain itself\n"},
		{OK "[Slice a]\nSlice=a\n[Slice b]\nSlice=a\n",
			"8:7: 'Slice=': slice 'a' would contain itself\n"},
		{OK "[Workload b]\nType=idle\nSize=1\nStart=b killed\n",
			"10:7: 'Start=': workload 'b' would wait for itself forever\n"},
		{OK "[Workload b]\nType=idle\nSize=1\nStart=hgo killed\n",
			"10:7: 'Start=': unknown workload 'hgo', did you mean 'hog'?\n"},
		{"[Workload hog]\nType=anon\nSize=1M\n[Expect]\nVictim=hog|hgo\n",
			"5:12: 'Victim=': unknown workload 'hgo', did you mean 'hog'?\n"},
		{"[Workload hog]\nType=anon\nSize=1M\n[Expect]\nVictim=nobody\n", ""},
		{OK "[Scope s]\n[Fault f]\nType=limit\nScope=s\nWhen=s reached 1M\n",
			"11:6: 'When=': no workload 's' in this file\n"},
	};

	EXPECT_ROWS(rows);
}

/* The promise of the manual: as many messages as mistakes, in the file's order. */
Test(mistakes, thirteen_in_one_file)
{
	static const char text[] = "# Thirteen mistakes\n" /* 1 */
				   "[Scenario]\n" /* 2 */
				   "Timeout=60 parsecs\n" /* 3 */
				   "Tgas=memcg\n" /* 4 */
				   "Needs=sawp\n" /* 5 */
				   "[Scope box]\n" /* 6 */
				   "MemoryMax=200Q\n" /* 7 */
				   "MemoryMax=200M\n" /* 8 */
				   "[Workload hog]\n" /* 9 */
				   "Type=anno\n" /* 10 */
				   "Scope=bax\n" /* 11 */
				   "[Workload other]\n" /* 12 */
				   "Size=12abc\n" /* 13 */
				   "[Fault f]\n" /* 14 */
				   "Type=limit\n" /* 15 */
				   "Scope=box\n" /* 16 */
				   "[Expect]\n" /* 17 */
				   "ExitCode=137\n" /* 18 */
				   "OOMKills=5..1\n" /* 19 */
				   "[Expact hog]\n" /* 20 */
				   "ExitCode=137\n"; /* 21 */

	expect_mistakes(text, sizeof(text) - 1,
		"3:9: 'Timeout=': '60 parsecs' is not a duration (2s, 250ms, 1min 30s)\n"
		"4:1: unknown key 'Tgas' in [Scenario], did you mean 'Tags'?\n"
		"5:7: unknown need 'sawp', did you mean 'swap'?\n"
		"7:11: 'MemoryMax=': '200Q' is not a size: unknown suffix 'Q' (K, M, G, T or %)\n"
		"8:1: 'MemoryMax=' is already set on line 7\n"
		"10:6: unknown workload type 'anno', did you mean 'anon'?\n"
		"11:7: 'Scope=': unknown scope 'bax', did you mean 'box'?\n"
		"12:1: [Workload other] needs 'Type=' (what it does: 'oomgate list workloads')\n"
		"13:6: 'Size=': '12abc' is not a size: unknown suffix 'abc' (K, M, G, T or %)\n"
		"14:1: [Fault f] needs 'At=' or 'When='\n"
		"18:1: 'ExitCode=' does not apply to [Expect], only to a workload, in [Expect NAME]\n"
		"19:10: 'OOMKills=': '5..1' is an empty range: 5 is more than 1\n"
		"20:1: unknown section 'Expact', did you mean '[Expect]'?\n");
}

/* @n times @line, allocated. */
static char *repeated(const char *line, size_t n)
{
	size_t len = strlen(line);
	char *text = malloc(len * n + 1);

	cr_assert_not_null(text);
	for (size_t i = 0; i < n; i++)
		memcpy(text + i * len, line, len);
	text[len * n] = '\0';
	return text;
}

Test(mistakes, of_size_are_bounded)
{
	static const struct {
		const char *line;
		size_t times;
		const char *wanted; /* the first mistake */
		size_t count;
	} rows[] = {
		{"#23456789abcdef\n", 1 << 20,
			"1:1: the file has 16 MiB or more, which is too large for a scenario", 1},
		{"#23456789abcdef", 1 << 17, "1:1: the line has more than 1048576 bytes", 3},
		{"Key=\\\n", 1 << 19,
			"1:1: the line has more than 1048576 bytes, its continuations included", 3},
		{"a\n", 100000, "1:1: not a section, a comment or 'Key=value'", 1001},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *text = repeated(rows[i].line, rows[i].times), first[256] = "";
		struct oom_scenario *scenario = NULL;
		struct oom_diags diags = {0};

		cr_expect_eq(oom_scenario_parse(
				     &test_schema, "x", "x", text, strlen(text), &diags, &scenario),
			-EBADMSG);
		cr_expect_eq(diags.count, rows[i].count, "%s: %zu", rows[i].wanted, diags.count);
		for (size_t j = 0; j < diags.count; j++)
			if (!strncmp(rows[i].wanted + 5, diags.items[j].msg, 20))
				snprintf(first, sizeof(first), "%u:%u: %s",
					diags.items[j].place.line, diags.items[j].place.col,
					diags.items[j].msg);
		if (rows[i].count <= 3)
			cr_expect_str_eq(first, rows[i].wanted);
		oom_diags_release(&diags);
		free(text);
	}
}
