// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/judge.h"

#include <criterion/criterion.h>
#include <string.h>

/* KilledBy= and KilledBy.self= of a workload's own process, of its descendants, of a unit. */

static struct oom_workload_rec *hog_of(struct oom_attempt *attempt)
{
	return oom_attempt_workload(attempt, "hog");
}

/* The kernel killed a child of hog, and then hog was killed by a signal. */
static void child_then_signal(struct oom_attempt *attempt)
{
	struct oom_workload_rec *hog = hog_of(attempt);

	attempt->kills[0].victim.pid = 50;
	attempt->kills[0].kin = OOM_KIN_DESCENDANT;
	hog->own_killer = hog->killed_by = OOM_KILLER_SIGNAL;
	hog->descendants_killer = OOM_KILLER_KERNEL_MEMCG;
	hog->descendants_killed = 1;
}

/* ... or hog ended by itself. */
static void child_then_exit(struct oom_attempt *attempt)
{
	struct oom_workload_rec *hog = hog_of(attempt);

	child_then_signal(attempt);
	hog->end = OOM_END_EXITED;
	hog->signal = 0;
	hog->own_killer = OOM_KILLER_NOBODY;
	hog->killed_by = OOM_KILLER_KERNEL_MEMCG;
}

static struct oom_signal_rec *add_signal(struct oom_attempt *attempt, int64_t pid, int64_t signal,
	enum oom_killer killer, const char *exe, const char *unit)
{
	struct oom_signal_rec *sent = oom_attempt_add_signal(attempt);

	*sent = (struct oom_signal_rec){.sender_pid = 9,
		.target_pid = pid,
		.signal = signal,
		.sender_comm = "earlyoom",
		.sender_exe = exe,
		.sender_unit = unit,
		.target_workload = "hog",
		.target_unit = "box",
		.target_kin = pid == 41 ? OOM_KIN_OWN : OOM_KIN_DESCENDANT,
		.ended = true,
		.killer = killer};
	return sent;
}

static void by(
	struct oom_attempt *attempt, enum oom_killer killer, const char *exe, const char *unit)
{
	struct oom_workload_rec *hog = hog_of(attempt);

	judge_without_kills(attempt);
	hog->own_killer = hog->killed_by = killer;
	add_signal(attempt, 41, 9, killer, exe, unit);
}

static void by_earlyoom(struct oom_attempt *attempt)
{
	by(attempt, OOM_KILLER_EARLYOOM, "/usr/bin/earlyoom", "earlyoom.service");
}

static void by_its_name_alone(struct oom_attempt *attempt)
{
	by(attempt, OOM_KILLER_SIGNAL, "/usr/bin/dash", "side.scope");
	attempt->signals[0].sender_in = "side";
}

/* [Service guard] with Unit=earlyoom.service */
static void by_an_installed_service(struct oom_attempt *attempt)
{
	by_earlyoom(attempt);
	attempt->signals[0].sender_in = "guard";
}

static void by_somebody_gone(struct oom_attempt *attempt)
{
	by(attempt, OOM_KILLER_UNKNOWN, NULL, NULL);
}

/* It heeded a SIGTERM. */
static void asked(struct oom_attempt *attempt)
{
	struct oom_workload_rec *hog = hog_of(attempt);

	by_earlyoom(attempt);
	attempt->signals[0].signal = hog->asked_signal = 15;
	hog->end = OOM_END_EXITED;
	hog->exit_code = hog->signal = 0;
}

static void asked_by_somebody_gone(struct oom_attempt *attempt)
{
	asked(attempt);
	hog_of(attempt)->own_killer = attempt->signals[0].killer = OOM_KILLER_UNKNOWN;
	attempt->signals[0].sender_exe = attempt->signals[0].sender_unit = NULL;
}

/* A daemon killed a child, and another was the kernel's. */
static void child_by_earlyoom(struct oom_attempt *attempt)
{
	child_then_exit(attempt);
	add_signal(attempt, 51, 15, OOM_KILLER_EARLYOOM, "/usr/bin/earlyoom", "earlyoom.service");
}

/* The daemon's SIGTERM met one that the kernel killed: it died once. */
static void child_by_earlyoom_and_the_kernel(struct oom_attempt *attempt)
{
	child_then_exit(attempt);
	add_signal(attempt, 50, 15, OOM_KILLER_EARLYOOM, "/usr/bin/earlyoom", "earlyoom.service");
}

static void not_ended_by_it(struct oom_attempt *attempt)
{
	child_by_earlyoom(attempt);
	attempt->signals[0].ended = false;
}

static void is_a_program(struct oom_attempt *attempt)
{
	hog_of(attempt)->type = "exec";
}

static void program_that_exits(struct oom_attempt *attempt)
{
	struct oom_workload_rec *hog = hog_of(attempt);

	is_a_program(attempt);
	judge_without_kills(attempt);
	attempt->units[0].events_local[4].value = 0;
	hog->end = OOM_END_EXITED;
	hog->signal = hog->exit_code = 0;
	hog->own_killer = hog->killed_by = OOM_KILLER_NOBODY;
}

static void without_signals(struct oom_attempt *attempt)
{
	judge_set_source(attempt, "signal_generate", OOM_SOURCE_ABSENT, -1, "no tracefs");
}

static void with_cgroups(struct oom_attempt *attempt)
{
	struct oom_unit_rec *inner = oom_attempt_add_unit(attempt);

	inner->name = "inner";
	inner->kind = "scope";
	inner->cgroup = "/box/inner";
	oom_attempt_unit(attempt, "box")->cgroup = "/box";
}

static void kill_further_down(struct oom_attempt *attempt)
{
	with_cgroups(attempt);
	attempt->kills[0].task_memcg = "/box/inner/deep";
}

Test(expect_killed_by, own_and_descendants)
{
	static const struct judge_row rows[] = {
		{{child_then_signal}, "hog", "KilledBy", "kernel-memcg", OOM_FAIL, "signal",
			"SIGKILL"},
		{{child_then_signal}, "hog", "KilledBy", "signal", OOM_PASS, "signal", NULL},
		{{child_then_signal}, "hog", "KilledBy.self", "signal", OOM_PASS, "signal", NULL},
		{{child_then_exit}, "hog", "KilledBy", "kernel-memcg", OOM_PASS, "kernel-memcg",
			NULL},
		{{child_then_exit}, "hog", "KilledBy", "nobody", OOM_FAIL, "kernel-memcg", NULL},
		{{child_then_exit}, "hog", "KilledBy.self", "nobody", OOM_PASS, "nobody", NULL},
		{{child_then_exit}, "hog", "KilledBy.self", "kernel-memcg", OOM_FAIL, "nobody",
			NULL},
		{{child_by_earlyoom}, "hog", "KilledBy", "kernel-memcg", OOM_FAIL,
			"kernel-memcg earlyoom", NULL},
		{{child_by_earlyoom}, "hog", "KilledBy", "kernel-memcg|earlyoom", OOM_PASS,
			"kernel-memcg earlyoom", NULL},
		{{child_by_earlyoom_and_the_kernel}, "hog", "KilledBy", "kernel-memcg", OOM_PASS,
			"kernel-memcg", NULL},
		{{not_ended_by_it}, "hog", "KilledBy", "kernel-memcg", OOM_PASS, "kernel-memcg",
			NULL},
	};

	JUDGE_ROWS(rows);
}

Test(expect_killed_by, senders)
{
	static const char gone[] = "who sent the signal was gone before it could be looked at";
	static const struct judge_row rows[] = {
		{{by_earlyoom}, "hog", "KilledBy", "earlyoom", OOM_PASS, "earlyoom", NULL},
		{{by_earlyoom}, "hog", "KilledBy", "unit:earlyoom.service", OOM_PASS,
			"unit:earlyoom.service", NULL},
		{{by_earlyoom}, "hog", "KilledBy", "exe:/usr/bin/earlyoom", OOM_PASS,
			"exe:/usr/bin/earlyoom", NULL},
		{{by_earlyoom}, "hog", "KilledBy", "unit:oomd.service", OOM_FAIL, "earlyoom",
			"earlyoom (SIGKILL, pid 9)"},
		{{by_earlyoom}, "hog", "KilledBy", "exe:/usr/bin/oomd", OOM_FAIL, "earlyoom",
			"earlyoom (SIGKILL, pid 9)"},
		{{by_its_name_alone}, "hog", "KilledBy", "earlyoom", OOM_FAIL, "signal",
			"SIGKILL (from earlyoom, pid 9, /usr/bin/dash in side.scope)"},
		{{by_its_name_alone}, "hog", "KilledBy", "signal", OOM_PASS, "signal", NULL},
		{{by_its_name_alone}, "hog", "KilledBy", "unit:side", OOM_PASS, "unit:side", NULL},
		{{by_its_name_alone}, "hog", "KilledBy", "unit:side.scope", OOM_PASS,
			"unit:side.scope", NULL},
		{{by_its_name_alone}, "hog", "KilledBy", "unit:sid", OOM_FAIL, "signal", "SIGKILL"},
		{{by_an_installed_service}, "hog", "KilledBy", "unit:earlyoom.service", OOM_PASS,
			"unit:earlyoom.service", NULL},
		{{by_an_installed_service}, "hog", "KilledBy", "unit:guard", OOM_PASS, "unit:guard",
			NULL},
		{{by_an_installed_service}, "hog", "KilledBy", "unit:guard.service", OOM_PASS,
			"unit:guard.service", NULL},
		{{by_an_installed_service}, "hog", "KilledBy", "unit:guard.scope", OOM_FAIL,
			"earlyoom", "SIGKILL"},
		{{by_somebody_gone}, "hog", "KilledBy", "signal", OOM_INCONCLUSIVE, "unknown",
			gone},
		{{by_somebody_gone}, "hog", "KilledBy", "earlyoom", OOM_INCONCLUSIVE, "unknown",
			gone},
		{{by_somebody_gone}, "hog", "KilledBy", "unit:x.service", OOM_INCONCLUSIVE,
			"unknown", gone},
		{{by_somebody_gone}, "hog", "KilledBy", "unknown", OOM_PASS, "unknown", NULL},
		/* the kernel is no unit and no program */
		{{NULL}, "hog", "KilledBy", "unit:box", OOM_FAIL, "kernel-memcg", NULL},
		{{NULL}, "hog", "KilledBy", "exe:/usr/bin/dash", OOM_FAIL, "kernel-memcg", NULL},
	};

	JUDGE_ROWS(rows);
}

Test(expect_killed_by, who_heeds_a_signal_was_asked_to_end)
{
	static const struct judge_row rows[] = {
		{{asked}, "hog", "KilledBy", "nobody", OOM_FAIL, "earlyoom",
			"earlyoom (SIGTERM, pid 9)"},
		{{asked}, "hog", "KilledBy", "earlyoom", OOM_PASS, "earlyoom", NULL},
		{{asked}, "hog", "KilledBy.self", "earlyoom", OOM_PASS, "earlyoom", NULL},
		{{asked}, "hog", "ExitCode", "0", OOM_PASS, "0", NULL},
		{{asked}, "hog", "Survives", "yes", OOM_FAIL, "no", NULL},
		{{asked_by_somebody_gone}, "hog", "KilledBy", "nobody", OOM_INCONCLUSIVE, "unknown",
			"gone before"},
		/* whom nobody can say to have been asked */
		{{program_that_exits}, "hog", "KilledBy", "nobody", OOM_PASS, "nobody", NULL},
		{{program_that_exits, without_signals}, "hog", "KilledBy", "nobody",
			OOM_INCONCLUSIVE, "nobody", "signal_generate is absent (no tracefs)"},
		{{program_that_exits, judge_lose_all}, "hog", "KilledBy", "nobody",
			OOM_INCONCLUSIVE, "nobody", "kmsg lost"},
		{{program_that_exits}, "hog", "Survives", "yes", OOM_PASS, "yes", NULL},
		{{program_that_exits, without_signals}, "hog", "Survives", "yes", OOM_INCONCLUSIVE,
			"yes", "signal_generate is absent (no tracefs)"},
		{{program_that_exits, without_signals}, "hog", "Survives", "no", OOM_INCONCLUSIVE,
			"yes", "signal_generate is absent (no tracefs)"},
		{{without_signals}, "hog", "Survives", "no", OOM_PASS, "no", NULL},
		/* any type may have children: its unit's counter tells of them, or nobody */
		{{judge_lose_kmsg, judge_without_mark}, "neighbour", "KilledBy", "nobody", OOM_PASS,
			"nobody", NULL},
		{{judge_lose_all}, "neighbour", "KilledBy", "nobody", OOM_INCONCLUSIVE, "nobody",
			"kmsg lost"},
		{{judge_lose_all}, "neighbour", "KilledBy.self", "nobody", OOM_PASS, "nobody",
			NULL},
	};

	JUDGE_ROWS(rows);
}

Test(expect_killed_by, of_a_unit_all_must_match)
{
	static const struct judge_row rows[] = {
		{{NULL}, "box", "KilledBy", "kernel-memcg", OOM_PASS, "kernel-memcg", NULL},
		{{NULL}, "box", "KilledBy", "nobody", OOM_FAIL, "kernel-memcg", NULL},
		{{child_then_signal}, "box", "KilledBy", "kernel-memcg", OOM_FAIL,
			"signal kernel-memcg", NULL},
		{{child_then_signal}, "box", "KilledBy", "signal|kernel-memcg", OOM_PASS,
			"signal kernel-memcg", NULL},
		{{by_earlyoom}, "box", "KilledBy", "unit:earlyoom.service", OOM_PASS,
			"unit:earlyoom.service", NULL},
		{{kill_further_down}, "box", "KilledBy", "kernel-memcg", OOM_PASS, "kernel-memcg",
			NULL},
		{{kill_further_down}, "inner", "KilledBy", "kernel-memcg", OOM_PASS, "kernel-memcg",
			NULL},
		{{with_cgroups}, "inner", "KilledBy", "nobody", OOM_PASS, "nobody", NULL},
		{{with_cgroups, without_signals}, "inner", "KilledBy", "nobody", OOM_INCONCLUSIVE,
			"nobody", "signal_generate is absent"},
		/* what may be missing may not match */
		{{without_signals}, "box", "KilledBy", "kernel-memcg", OOM_INCONCLUSIVE,
			"kernel-memcg", "signal_generate is absent"},
		{{without_signals}, "box", "KilledBy", "signal", OOM_FAIL, "kernel-memcg", NULL},
	};

	JUDGE_ROWS(rows);
}
