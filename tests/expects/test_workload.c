// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/judge.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>

static struct oom_workload_rec *hog_of(struct oom_attempt *attempt)
{
	return oom_attempt_workload(attempt, "hog");
}

static void not_started(struct oom_attempt *attempt)
{
	hog_of(attempt)->end = OOM_END_NOT_STARTED;
}

static void survived(struct oom_attempt *attempt)
{
	struct oom_workload_rec *hog = hog_of(attempt);

	hog->end = OOM_END_SURVIVED;
	hog->exit_code = hog->end_us = hog->kill_latency_us = -1;
	hog->signal = 0;
	hog->kills = 0;
	hog->killed_by = hog->own_killer = OOM_KILLER_NOBODY;
	judge_without_kills(attempt);
}

static void stuck(struct oom_attempt *attempt)
{
	survived(attempt);
	hog_of(attempt)->end = OOM_END_STUCK;
}

static void exited(struct oom_attempt *attempt)
{
	survived(attempt);
	hog_of(attempt)->end = OOM_END_EXITED;
	hog_of(attempt)->exit_code = 1;
	hog_of(attempt)->end_us = 700000;
	hog_of(attempt)->errno_value = ENOMEM;
}

/* What is not observed: everything that a test here asks for. */
static void unobserved(struct oom_attempt *attempt)
{
	struct oom_workload_rec *hog = hog_of(attempt);

	hog->exit_code = hog->signal = hog->errno_value = hog->reached_bytes = hog->end_us = -1;
	hog->kill_latency_us = hog->kills = hog->ops = -1;
	attempt->kill_latency_us = -1;
}

/* ---- ExitCode, Signal, Survives ---- */
Test(expect_workload, how_it_ended)
{
	static const struct judge_row rows[] = {
		{{NULL}, "hog", "ExitCode", "137", OOM_PASS, "137", NULL},
		{{NULL}, "hog", "ExitCode", "0|1..3", OOM_FAIL, "137", NULL},
		{{exited}, "hog", "ExitCode", "0|1..3", OOM_PASS, "1", NULL},
		{{survived}, "hog", "ExitCode", "137", OOM_FAIL, "survived", NULL},
		{{stuck}, "hog", "ExitCode", "..255", OOM_FAIL, "stuck", NULL},
		{{unobserved}, "hog", "ExitCode", "137", OOM_INCONCLUSIVE, NULL, "not observed"},
		{{not_started}, "hog", "ExitCode", "137", OOM_BROKEN, NULL,
			"'hog' was not started"},
		{{NULL}, "ghost", "ExitCode", "137", OOM_BROKEN, NULL, "'ghost' was not started"},

		{{NULL}, "hog", "Signal", "SIGKILL", OOM_PASS, "SIGKILL", NULL},
		{{NULL}, "hog", "Signal", "9", OOM_PASS, "9", NULL},
		{{NULL}, "hog", "Signal", "SIGTERM|SIGKILL", OOM_PASS, "SIGKILL", NULL},
		{{NULL}, "hog", "Signal", "SIGTERM|15", OOM_FAIL, "SIGKILL", NULL},
		{{NULL}, "hog", "Signal", "TERM|KILL", OOM_PASS, "SIGKILL", NULL},
		{{NULL}, "hog", "Signal", "TERM|RTMIN+1", OOM_FAIL, "SIGKILL", NULL},
		{{NULL}, "hog", "Signal", "none", OOM_FAIL, "SIGKILL", NULL},
		{{exited}, "hog", "Signal", "none", OOM_PASS, "none", NULL},
		{{exited}, "hog", "Signal", "0", OOM_PASS, "0", NULL},
		{{exited}, "hog", "Signal", "SIGKILL", OOM_FAIL, "none", NULL},
		{{unobserved}, "hog", "Signal", "SIGKILL", OOM_INCONCLUSIVE, NULL, "not observed"},

		{{NULL}, "neighbour", "Survives", "yes", OOM_PASS, "yes", NULL},
		{{NULL}, "hog", "Survives", "yes", OOM_FAIL, "no", NULL},
		{{NULL}, "hog", "Survives", "no", OOM_PASS, "no", NULL},
		{{exited}, "hog", "Survives", "yes", OOM_PASS, "yes", NULL},
		{{stuck}, "hog", "Survives", "no", OOM_FAIL, "yes", NULL},
		{{not_started}, "hog", "Survives", "no", OOM_BROKEN, NULL, "not started"},
	};

	JUDGE_ROWS(rows);
}

/* ---- KilledBy, Kills ---- */
static void unknown_killer(struct oom_attempt *attempt)
{
	hog_of(attempt)->killed_by = hog_of(attempt)->own_killer = OOM_KILLER_UNKNOWN;
}

static void sender_seen(struct oom_attempt *attempt)
{
	hog_of(attempt)->killed_by = hog_of(attempt)->own_killer = OOM_KILLER_SIGNAL;
}

static void sender_named(struct oom_attempt *attempt)
{
	*oom_attempt_add_signal(attempt) = (struct oom_signal_rec){.sender_pid = 123,
		.target_pid = hog_of(attempt)->pid,
		.signal = 9,
		.sender_comm = "sh"};
}

static void without_signals(struct oom_attempt *attempt)
{
	judge_set_source(attempt, "signal_generate", OOM_SOURCE_ABSENT, -1, "no tracefs");
}

static void lose_both(struct oom_attempt *attempt)
{
	judge_lose_kmsg(attempt);
	judge_without_mark(attempt);
}

static void neighbour_is(struct oom_attempt *attempt, const char *type, int64_t counted)
{
	static struct oom_counter local = {.name = "oom_kill"};

	local.value = counted;
	oom_attempt_workload(attempt, "neighbour")->type = type;
	attempt->units[0].events_local = &local;
	attempt->units[0].n_events_local = 1;
}

static void program_beside_one_kill(struct oom_attempt *attempt)
{
	neighbour_is(attempt, "exec", 1);
}

/* The kernel's rate limit took the report of a second kill, and with it the cgroup: its counter has it. */
static void program_beside_two_kills(struct oom_attempt *attempt)
{
	neighbour_is(attempt, "exec", 2);
}

static void idler_beside_two_kills(struct oom_attempt *attempt)
{
	neighbour_is(attempt, "idle", 2);
}

/* A group's first victim is counted twice. */
static void program_beside_a_group(struct oom_attempt *attempt)
{
	program_beside_two_kills(attempt);
	attempt->kills[0].oom_group = true;
}

Test(expect_workload, killed_by)
{
	static const struct judge_row rows[] = {
		{{program_beside_one_kill}, "neighbour", "KilledBy", "nobody", OOM_PASS, "nobody",
			NULL},
		{{program_beside_two_kills}, "neighbour", "KilledBy", "nobody", OOM_INCONCLUSIVE,
			"nobody", "'box' counted 2 kills, but only 1 are attributed"},
		{{program_beside_two_kills}, "neighbour", "KilledBy", "kernel-memcg",
			OOM_INCONCLUSIVE, "nobody", "counted 2"},
		{{idler_beside_two_kills}, "neighbour", "KilledBy", "nobody", OOM_PASS, "nobody",
			NULL},
		{{program_beside_a_group}, "neighbour", "KilledBy", "nobody", OOM_PASS, "nobody",
			NULL},
		{{NULL}, "hog", "KilledBy", "kernel-memcg", OOM_PASS, "kernel-memcg", NULL},
		{{NULL}, "hog", "KilledBy", "kernel-global|signal", OOM_FAIL, "kernel-memcg", NULL},
		{{NULL}, "neighbour", "KilledBy", "nobody", OOM_PASS, "nobody", NULL},
		{{sender_seen}, "hog", "KilledBy", "kernel-memcg", OOM_FAIL, "signal", "SIGKILL"},
		{{sender_seen, sender_named}, "hog", "KilledBy", "kernel-memcg", OOM_FAIL, "signal",
			"SIGKILL (from sh, pid 123)"},
		{{sender_seen, sender_named}, "hog", "KilledBy", "signal", OOM_PASS, "signal",
			NULL},
		{{survived}, "hog", "KilledBy", "kernel-memcg", OOM_FAIL, "nobody", NULL},
		{{survived, unknown_killer}, "hog", "KilledBy", "nobody", OOM_PASS, "nobody", NULL},
		{{unknown_killer}, "hog", "KilledBy", "unknown", OOM_PASS, "unknown", NULL},
		/* 137 alone is no OOM kill */
		{{unknown_killer}, "hog", "KilledBy", "kernel-memcg", OOM_INCONCLUSIVE, "unknown",
			"who sent the signal was gone before it could be looked at"},
		{{unknown_killer, without_signals}, "hog", "KilledBy", "signal", OOM_INCONCLUSIVE,
			"unknown", "signal_generate is absent (no tracefs)"},
		{{unknown_killer, lose_both, judge_without_events}, "hog", "KilledBy",
			"kernel-memcg", OOM_INCONCLUSIVE, "unknown",
			"kmsg lost 812 records (between 1200 and 2013), and mark_victim is absent"},
	};

	JUDGE_ROWS(rows);
}

static void one_more_counted(struct oom_attempt *attempt)
{
	attempt->units[0].events[4].value = 2;
}

/* Another one died in the same scope, and was gone before anybody could ask whose it was. */
static void of_nobody(struct oom_attempt *attempt)
{
	struct oom_kill *kill = oom_attempt_add_kill(attempt);

	kill->victim.pid = 77;
	kill->task_memcg = attempt->units[0].cgroup;
}

static void of_nobody_elsewhere(struct oom_attempt *attempt)
{
	of_nobody(attempt);
	attempt->kills[attempt->n_kills - 1].task_memcg = "/elsewhere";
}

Test(expect_workload, kills)
{
	static const struct judge_row rows[] = {
		{{NULL}, "hog", "Kills", "1", OOM_PASS, "1", NULL},
		{{NULL}, "hog", "Kills", "2..", OOM_FAIL, "1", NULL},
		{{NULL}, "neighbour", "Kills", "0", OOM_PASS, "0", NULL},
		{{lose_both, judge_without_events}, "hog", "Kills", "1", OOM_INCONCLUSIVE, "1..",
			"kmsg lost 812"},
		/* memory.events leaves no room for another kill in the units, or does */
		{{lose_both}, "hog", "Kills", "1", OOM_PASS, "1", NULL},
		{{lose_both, one_more_counted}, "hog", "Kills", "1", OOM_INCONCLUSIVE, "1..",
			"kmsg lost 812"},
		{{unobserved}, "hog", "Kills", "1", OOM_INCONCLUSIVE, "0..", "is not known"},
		{{of_nobody}, "neighbour", "Kills", "0", OOM_INCONCLUSIVE, "0..",
			"belongs to no known workload"},
		{{of_nobody}, "hog", "Kills", "1..", OOM_PASS, "1..", NULL},
		{{of_nobody_elsewhere}, "neighbour", "Kills", "0", OOM_PASS, "0", NULL},
		{{program_beside_one_kill}, "neighbour", "Kills", "0", OOM_PASS, "0", NULL},
		{{program_beside_two_kills}, "neighbour", "Kills", "0", OOM_INCONCLUSIVE, "0..",
			"counted 2"},
		{{idler_beside_two_kills}, "neighbour", "Kills", "0", OOM_PASS, "0", NULL},
	};

	JUDGE_ROWS(rows);
}

/* ---- Errno, Reached, Ops, times ---- */
static void odd_errno(struct oom_attempt *attempt)
{
	hog_of(attempt)->errno_value = 523;
}

static void without_limit(struct oom_attempt *attempt)
{
	attempt->units[0].memory_max_bytes = -1;
}

Test(expect_workload, what_it_reports)
{
	static const struct judge_row rows[] = {
		{{NULL}, "hog", "Errno", "none", OOM_PASS, "none", NULL},
		{{exited}, "hog", "Errno", "ENOMEM|EAGAIN", OOM_PASS, "ENOMEM", NULL},
		{{exited}, "hog", "Errno", "none", OOM_FAIL, "ENOMEM", NULL},
		{{odd_errno}, "hog", "Errno", "ENOMEM", OOM_FAIL, "523", NULL},
		{{unobserved}, "hog", "Errno", "none", OOM_INCONCLUSIVE, NULL, "not observed"},

		{{NULL}, "hog", "Reached", "190M..200M", OOM_PASS, "199M", NULL},
		{{NULL}, "hog", "Reached", "..150M", OOM_FAIL, "199M", NULL},
		/* of the scope's MemoryMax, else of the machine's memory (1G here) */
		{{NULL}, "hog", "Reached", "95%..100%", OOM_PASS, "199M", NULL},
		{{without_limit}, "hog", "Reached", "95%..100%", OOM_FAIL, "199M", NULL},
		{{without_limit}, "hog", "Reached", "15%..20%", OOM_PASS, "199M", NULL},
		{{unobserved}, "hog", "Reached", "1M..", OOM_INCONCLUSIVE, NULL, "not observed"},

		{{NULL}, "hog", "Ops", "5", OOM_PASS, "5", NULL},
		{{NULL}, "hog", "Ops", "6..", OOM_FAIL, "5", NULL},
		{{unobserved}, "hog", "Ops", "5", OOM_INCONCLUSIVE, NULL, "not observed"},
	};

	JUDGE_ROWS(rows);
}

Test(expect_workload, times)
{
	static const struct judge_row rows[] = {
		{{NULL}, "hog", "KillLatency", "..2ms", OOM_PASS, "1.5ms", NULL},
		{{NULL}, "hog", "KillLatency", "..1ms", OOM_FAIL, "1.5ms", NULL},
		{{NULL}, "", "KillLatency", "..2ms", OOM_PASS, "1.5ms", NULL},
		{{NULL}, "", "KillLatency", "2ms..", OOM_FAIL, "1.5ms", NULL},
		{{unobserved}, "hog", "KillLatency", "..2ms", OOM_INCONCLUSIVE, NULL,
			"not observed"},

		{{NULL}, "hog", "Within", "..5s", OOM_PASS, "2s", NULL},
		{{NULL}, "hog", "Within", "..1s", OOM_FAIL, "2s", NULL},
		{{survived}, "hog", "Within", "..5s", OOM_FAIL, "survived", NULL},
		{{unobserved}, "hog", "Within", "..5s", OOM_INCONCLUSIVE, NULL, "not observed"},

		{{NULL}, "neighbour", "LatencyP99", "..5ms", OOM_PASS, "3ms", NULL},
		{{NULL}, "neighbour", "LatencyP99", "..1ms", OOM_FAIL, "3ms", NULL},
		{{NULL}, "hog", "LatencyP99", "..1ms", OOM_INCONCLUSIVE, NULL, "not observed"},
	};

	JUDGE_ROWS(rows);
}

/* ---- what the kernel printed of its victim ---- */
static void only_a_pid(struct oom_attempt *attempt)
{
	struct oom_task *victim = &attempt->kills[0].victim;

	victim->anon_rss_kib = victim->file_rss_kib = victim->shmem_rss_kib = -1;
	victim->oom_score_adj = OOM_ADJ_UNKNOWN;
	attempt->kills[0].n_tasks = 0;
}

static void adj_minus_one(struct oom_attempt *attempt)
{
	attempt->kills[0].victim.oom_score_adj = -1;
}

static void adj_in_table(struct oom_attempt *attempt)
{
	static const struct oom_task tasks[] = {
		{.pid = 43, .oom_score_adj = 7}, {.pid = 41, .oom_score_adj = -900}};

	only_a_pid(attempt);
	attempt->kills[0].tasks = tasks;
	attempt->kills[0].n_tasks = 2;
}

Test(expect_workload, what_the_kernel_printed)
{
	static const struct judge_row rows[] = {
		{{NULL}, "hog", "AnonRSS", "190M..200M", OOM_PASS, "198M", NULL},
		{{NULL}, "hog", "AnonRSS", "90%..100%", OOM_PASS, "198M", NULL},
		{{NULL}, "hog", "AnonRSS", "..100M", OOM_FAIL, "198M", NULL},
		{{NULL}, "neighbour", "AnonRSS", "1M..", OOM_FAIL, "no kill", NULL},
		{{only_a_pid}, "hog", "AnonRSS", "190M..200M", OOM_INCONCLUSIVE, NULL,
			"not observed"},
		{{survived, lose_both, judge_without_events}, "hog", "AnonRSS", "190M..200M",
			OOM_INCONCLUSIVE, "no kill", "kmsg lost 812"},

		{{NULL}, "hog", "FileRSS", "2M", OOM_PASS, "2M", NULL},
		{{NULL}, "hog", "FileRSS", "..1M", OOM_FAIL, "2M", NULL},
		{{only_a_pid}, "hog", "FileRSS", "2M", OOM_INCONCLUSIVE, NULL, "not observed"},

		{{NULL}, "hog", "ShmemRSS", "0", OOM_PASS, "0", NULL},
		{{NULL}, "hog", "ShmemRSS", "1M..", OOM_FAIL, "0", NULL},
		{{only_a_pid}, "hog", "ShmemRSS", "0", OOM_INCONCLUSIVE, NULL, "not observed"},

		{{NULL}, "hog", "OOMScoreAdjust", "0", OOM_PASS, "0", NULL},
		{{NULL}, "hog", "OOMScoreAdjust", "1..1000", OOM_FAIL, "0", NULL},
		{{adj_minus_one}, "hog", "OOMScoreAdjust", "-1", OOM_PASS, "-1", NULL},
		{{adj_in_table}, "hog", "OOMScoreAdjust", "-1000..-900", OOM_PASS, "-900", NULL},
		{{only_a_pid}, "hog", "OOMScoreAdjust", "0", OOM_INCONCLUSIVE, NULL,
			"not observed"},
		{{NULL}, "neighbour", "OOMScoreAdjust", "0", OOM_FAIL, "no kill", NULL},
	};

	JUDGE_ROWS(rows);
}
