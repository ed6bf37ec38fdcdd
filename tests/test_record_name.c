// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/record.h"

#include <criterion/criterion.h>

Test(record_name, the_worse_verdict)
{
	static const enum oom_verdict by_badness[] = {
		OOM_SKIPPED, OOM_PASS, OOM_KNOWN, OOM_INCONCLUSIVE, OOM_FAIL, OOM_BROKEN};

	for (int a = 0; a < OOM_VERDICT_COUNT_; a++)
		for (int b = 0; b < OOM_VERDICT_COUNT_; b++)
			cr_expect_eq(oom_verdict_worse(by_badness[a], by_badness[b]),
				by_badness[a > b ? a : b]);
}

Test(record_name, names_go_both_ways)
{
	for (int i = 0; i < OOM_VERDICT_COUNT_; i++)
		cr_expect_eq((int)oom_verdict_from_name(oom_verdict_name((enum oom_verdict)i)), i);
	for (int i = 0; i < OOM_END_COUNT_; i++)
		cr_expect_eq((int)oom_end_from_name(oom_end_name((enum oom_end)i)), i);
	for (int i = 0; i < OOM_SOURCE_COUNT_; i++)
		cr_expect_eq((int)oom_source_state_from_name(
				     oom_source_state_name((enum oom_source_state)i)),
			i);
	cr_expect_eq(oom_verdict_from_name("passed"), OOM_VERDICT_COUNT_);
	cr_expect_null(oom_verdict_name(OOM_VERDICT_COUNT_));
}

Test(record_name, the_fate_of_a_workload)
{
	static const struct {
		struct oom_workload_rec workload;
		const char *fate;
	} rows[] = {
		{{.end = OOM_END_NOT_STARTED}, "not started"},
		{{.end = OOM_END_EXITED, .exit_code = 3}, "exited 3"},
		{{.end = OOM_END_SURVIVED}, "survived"},
		{{.end = OOM_END_STUCK}, "stuck, ended at the deadline"},
		{{.end = OOM_END_SIGNALLED,
			 .signal = 9,
			 .killed_by = OOM_KILLER_KERNEL_MEMCG,
			 .reached_bytes = 199 << 20},
			"killed by kernel-memcg at 199M"},
		{{.end = OOM_END_SIGNALLED,
			 .signal = 9,
			 .killed_by = OOM_KILLER_EARLYOOM,
			 .reached_bytes = -1},
			"killed by earlyoom"},
		{{.end = OOM_END_SIGNALLED, .signal = 11, .killed_by = OOM_KILLER_NOBODY},
			"ended by SIGSEGV"},
		{{.end = OOM_END_SIGNALLED, .signal = 9, .killed_by = OOM_KILLER_UNKNOWN},
			"ended by SIGKILL, sender unknown"},
	};
	char buf[80];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		cr_expect_str_eq(
			oom_workload_fate(&rows[i].workload, buf, sizeof(buf)), rows[i].fate);
}
