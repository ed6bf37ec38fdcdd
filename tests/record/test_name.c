// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/record/record.h"

#include <criterion/criterion.h>
#include <signal.h>

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

static const struct {
	struct oom_workload_rec workload;
	struct oom_signal_rec sent;
	const char *fate, *brief;
} fates[] = {
	{{.end = OOM_END_NOT_STARTED}, {0}, "not started", NULL},
	{{.end = OOM_END_EXITED, .exit_code = 3}, {0}, "exited 3", NULL},
	{{.end = OOM_END_EXITED,
		 .descendants_killed = 2,
		 .descendants_killer = OOM_KILLER_KERNEL_MEMCG,
		 .killed_by = OOM_KILLER_KERNEL_MEMCG},
		{0}, "exited 0, 2 descendants killed by kernel-memcg", "kernel-memcg"},
	{{.end = OOM_END_SURVIVED,
		 .descendants_killed = 1,
		 .descendants_killer = OOM_KILLER_KERNEL_MEMCG,
		 .killed_by = OOM_KILLER_KERNEL_MEMCG},
		{0}, "survived, 1 descendant killed by kernel-memcg", "kernel-memcg"},
	/* the record keeps them apart */
	{{.end = OOM_END_SIGNALLED,
		 .signal = 9,
		 .pid = 7,
		 .killed_by = OOM_KILLER_SIGNAL,
		 .descendants_killed = 1,
		 .descendants_killer = OOM_KILLER_KERNEL_MEMCG,
		 .reached_bytes = -1},
		{.sender_pid = 7,
			.target_pid = 7,
			.signal = 9,
			.sender_comm = "sh",
			.sender_exe = "/usr/bin/dash",
			.sender_unit = "box.scope"},
		"killed by SIGKILL (from sh, pid 7, /usr/bin/dash in box.scope), 1 descendant killed "
		"by kernel-memcg",
		"SIGKILL from sh"},
	/* asked to end */
	{{.end = OOM_END_EXITED, .pid = 7, .asked_signal = 15, .killed_by = OOM_KILLER_EARLYOOM},
		{.sender_pid = 9, .target_pid = 7, .signal = 15, .sender_comm = "earlyoom"},
		"exited 0 as asked by earlyoom (SIGTERM, pid 9)", "earlyoom"},
	{{.end = OOM_END_EXITED, .pid = 7, .asked_signal = 15, .killed_by = OOM_KILLER_SIGNAL},
		{.sender_pid = 9,
			.target_pid = 7,
			.signal = 15,
			.sender_comm = "earlyoom",
			.sender_unit = "side.scope"},
		"exited 0 as asked by SIGTERM (from earlyoom, pid 9, in side.scope)",
		"SIGTERM from earlyoom"},
	/* to a descendant that has the number of the workload's process, once that was gone; and ignored */
	{{.end = OOM_END_SIGNALLED,
		 .name = "hog",
		 .signal = 9,
		 .pid = 7,
		 .killed_by = OOM_KILLER_UNKNOWN,
		 .reached_bytes = -1},
		{.sender_pid = 9,
			.target_pid = 7,
			.signal = 9,
			.target_workload = "hog",
			.target_kin = OOM_KIN_DESCENDANT},
		"ended by SIGKILL from an unknown sender", NULL},
	{{.end = OOM_END_SIGNALLED,
		 .signal = 15,
		 .pid = 7,
		 .killed_by = OOM_KILLER_SIGNAL,
		 .reached_bytes = -1},
		{.sender_pid = 9, .target_pid = 7, .signal = 15, .result = 1, .sender_comm = "sh"},
		"killed by SIGTERM", "SIGTERM"},
	{{.end = OOM_END_SURVIVED}, {0}, "survived", NULL},
	{{.end = OOM_END_STUCK, .signal = 9, .killed_by = OOM_KILLER_SIGNAL}, {0},
		"stuck, ended by the harness at the deadline", "the harness"},
	{{.end = OOM_END_SIGNALLED,
		 .signal = 9,
		 .killed_by = OOM_KILLER_KERNEL_MEMCG,
		 .reached_bytes = 199 << 20},
		{0}, "killed by kernel-memcg at 199M", "kernel-memcg"},
	{{.end = OOM_END_SIGNALLED,
		 .signal = 9,
		 .killed_by = OOM_KILLER_KERNEL_GLOBAL,
		 .reached_bytes = 0},
		{0}, "killed by kernel-global", "kernel-global"},
	{{.end = OOM_END_SIGNALLED,
		 .signal = 9,
		 .pid = 7,
		 .killed_by = OOM_KILLER_KERNEL_MEMCG,
		 .reached_bytes = -1},
		{.sender_pid = 3, .target_pid = 7, .signal = 9, .sender_comm = "sh"},
		"killed by kernel-memcg", "kernel-memcg"},
	{{.end = OOM_END_SIGNALLED,
		 .signal = 15,
		 .pid = 7,
		 .killed_by = OOM_KILLER_SIGNAL,
		 .reached_bytes = 64 << 20},
		{.sender_pid = 123, .target_pid = 7, .signal = 15, .sender_comm = "sh"},
		"killed by SIGTERM (from sh, pid 123) at 64M", "SIGTERM from sh"},
	{{.end = OOM_END_SIGNALLED,
		 .signal = 9,
		 .pid = 7,
		 .killed_by = OOM_KILLER_SIGNAL,
		 .reached_bytes = -1},
		{.sender_pid = 123, .target_pid = 7, .signal = 9},
		"killed by SIGKILL (from ?, pid 123)", "SIGKILL from ?"},
	/* of another process, of another signal, and of the kernel: not the sender */
	{{.end = OOM_END_SIGNALLED,
		 .signal = 9,
		 .pid = 7,
		 .killed_by = OOM_KILLER_SIGNAL,
		 .reached_bytes = -1},
		{.sender_pid = 123, .target_pid = 8, .signal = 9, .sender_comm = "sh"},
		"killed by SIGKILL", "SIGKILL"},
	{{.end = OOM_END_SIGNALLED,
		 .signal = 9,
		 .pid = 7,
		 .killed_by = OOM_KILLER_SIGNAL,
		 .reached_bytes = -1},
		{.sender_pid = 123, .target_pid = 7, .signal = 15, .sender_comm = "sh"},
		"killed by SIGKILL", "SIGKILL"},
	{{.end = OOM_END_SIGNALLED,
		 .signal = 9,
		 .pid = 7,
		 .killed_by = OOM_KILLER_SIGNAL,
		 .reached_bytes = -1},
		{.sender_pid = 7, .target_pid = 7, .signal = 9, .code = 128, .sender_comm = "x"},
		"killed by SIGKILL", "SIGKILL"},
	{{.end = OOM_END_SIGNALLED,
		 .signal = 15,
		 .pid = 7,
		 .killed_by = OOM_KILLER_EARLYOOM,
		 .reached_bytes = -1},
		{.sender_pid = 9, .target_pid = 7, .signal = 15, .sender_comm = "earlyoom"},
		"killed by earlyoom (SIGTERM, pid 9)", "earlyoom"},
	{{.end = OOM_END_SIGNALLED,
		 .signal = 9,
		 .killed_by = OOM_KILLER_EARLYOOM,
		 .reached_bytes = -1},
		{0}, "killed by earlyoom (SIGKILL)", "earlyoom"},
	{{.end = OOM_END_SIGNALLED, .signal = 11, .killed_by = OOM_KILLER_NOBODY}, {0},
		"ended by SIGSEGV", NULL},
	{{.end = OOM_END_SIGNALLED, .signal = 9, .killed_by = OOM_KILLER_UNKNOWN}, {0},
		"ended by SIGKILL from an unknown sender", NULL},
};

Test(record_name, the_fate_of_a_workload)
{
	char buf[160];

	for (size_t i = 0; i < sizeof(fates) / sizeof(*fates); i++) {
		struct oom_signal_rec sent = fates[i].sent;
		struct oom_attempt attempt = {.signals = &sent, .n_signals = sent.signal != 0};

		cr_expect_str_eq(oom_workload_fate(&attempt, &fates[i].workload, buf, sizeof(buf)),
			fates[i].fate, "row %zu: '%s'", i, buf);
		if (fates[i].brief)
			cr_expect_str_eq(oom_workload_killer(&attempt, &fates[i].workload, true,
						 buf, sizeof(buf)),
				fates[i].brief, "row %zu: '%s'", i, buf);
	}
}

Test(record_name, signals_have_names)
{
	static const struct {
		int64_t number;
		const char *name;
	} rows[] = {{9, "SIGKILL"}, {15, "SIGTERM"}, {34, "SIGRTMIN"}, {36, "SIGRTMIN+2"},
		{64, "SIGRTMAX"}, {65, "signal 65"}, {32, "signal 32"}, {0, "a signal"},
		{-1, "a signal"}, {INT64_C(1) << 40, "signal 1099511627776"}};
	char buf[OOM_SIGNAL_NAME_MAX];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		cr_expect_str_eq(oom_signal_words(rows[i].number, buf), rows[i].name);
}
