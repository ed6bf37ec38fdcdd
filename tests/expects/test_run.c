// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/judge.h"

#include <criterion/criterion.h>
#include <signal.h>

/* clang-format off */
#define BOTH_LOST {judge_lose_all}
#define LOST_WHY \
	"kmsg lost 812 records (between 1200 and 2013), and mark_victim is absent (no tracefs)"
/* clang-format on */

/* ---- OOMKills ---- */
static void second_kill(struct oom_attempt *attempt)
{
	judge_add_kill(attempt, "neighbour", 42);
}

static void count_unknown(struct oom_attempt *attempt)
{
	attempt->oom_kills = -1;
}

static void machine_counted_one(struct oom_attempt *attempt)
{
	judge_machine_counted(attempt, 1);
}

static void machine_counted_two(struct oom_attempt *attempt)
{
	judge_machine_counted(attempt, 2);
}

static void machine_counted_none(struct oom_attempt *attempt)
{
	judge_machine_counted(attempt, 0);
}

static void machine_is_lost(struct oom_attempt *attempt)
{
	judge_machine_counted(attempt, 0);
	judge_set_source(attempt, "vmstat", OOM_SOURCE_LOST, -1, NULL);
}

static void units_counted_none(struct oom_attempt *attempt)
{
	attempt->units[0].events[4].value = 0;
	attempt->units[0].events_local[4].value = 0;
}

static void by_earlyoom(struct oom_attempt *attempt)
{
	judge_add_kill(attempt, NULL, 900)->killer = OOM_KILLER_EARLYOOM;
}

static void without_kmsg(struct oom_attempt *attempt)
{
	judge_set_source(attempt, "kmsg", OOM_SOURCE_ABSENT, -1, NULL);
}

static void zero_everywhere_but_lost(struct oom_attempt *attempt)
{
	judge_without_kills(attempt);
	judge_lose_kmsg(attempt);
	judge_without_mark(attempt);
	units_counted_none(attempt);
}

Test(expect_run, oom_kills)
{
	static const struct judge_row rows[] = {
		{{NULL}, "", "OOMKills", "1", OOM_PASS, "1", NULL},
		{{NULL}, "", "OOMKills", "0", OOM_FAIL, "1", NULL},
		{{second_kill}, "", "OOMKills", "1", OOM_FAIL, "2", NULL},
		{{second_kill}, "", "OOMKills", "0|2..3", OOM_PASS, "2", NULL},
		/* one of the two sources is enough */
		{{judge_lose_kmsg}, "", "OOMKills", "1", OOM_PASS, "1", NULL},
		{{judge_without_mark}, "", "OOMKills", "1", OOM_PASS, "1", NULL},
		{BOTH_LOST, "", "OOMKills", "1", OOM_INCONCLUSIVE, "1..", LOST_WHY},
		{{without_kmsg, judge_without_mark, judge_without_events}, "", "OOMKills", "1",
			OOM_INCONCLUSIVE, "1..", "kmsg is absent, and"},
		/* there may be more, which cannot mend or spoil these */
		{BOTH_LOST, "", "OOMKills", "1..", OOM_PASS, "1..", NULL},
		{BOTH_LOST, "", "OOMKills", "0", OOM_FAIL, "1..", NULL},
		{{judge_without_kills, judge_lose_all}, "", "OOMKills", "0", OOM_INCONCLUSIVE,
			"0..", LOST_WHY},
		/* the machine's counter leaves no room for another kill, or does; the units' say nothing
		 * of a cgroup that a program made */
		{{judge_lose_kmsg, judge_without_mark, machine_counted_one}, "", "OOMKills", "1",
			OOM_PASS, "1", NULL},
		{{judge_lose_all, judge_without_kills, machine_counted_none}, "", "OOMKills", "0",
			OOM_PASS, "0", NULL},
		{{judge_lose_kmsg, judge_without_mark, machine_counted_two}, "", "OOMKills", "1",
			OOM_INCONCLUSIVE, "1..", LOST_WHY},
		{{judge_lose_kmsg, judge_without_mark, machine_is_lost}, "", "OOMKills", "1",
			OOM_INCONCLUSIVE, "1..", LOST_WHY},
		{{judge_lose_kmsg, judge_without_mark}, "", "OOMKills", "1", OOM_INCONCLUSIVE,
			"1..", LOST_WHY},
		{{zero_everywhere_but_lost}, "", "OOMKills", "0", OOM_INCONCLUSIVE, "0..",
			LOST_WHY},
		{{zero_everywhere_but_lost}, "", "Victim", "nobody", OOM_INCONCLUSIVE, "nobody",
			LOST_WHY},
		/* a daemon's kill is none of the kernel's */
		{{zero_everywhere_but_lost, by_earlyoom, machine_counted_one}, "", "Victim",
			"nobody", OOM_INCONCLUSIVE, "nobody", LOST_WHY},
		{{count_unknown}, "", "OOMKills", "1", OOM_INCONCLUSIVE, "1..", "is not known"},
	};

	JUDGE_ROWS(rows);
}

/* ---- Victim ---- */
static void stranger_killed(struct oom_attempt *attempt)
{
	judge_add_kill(attempt, NULL, 900)->kin = OOM_KIN_NONE;
}

/* No lineage told whose it was. */
static void anybody_killed(struct oom_attempt *attempt)
{
	judge_add_kill(attempt, NULL, 900);
}

static void og_killed(struct oom_attempt *attempt)
{
	judge_add_kill(attempt, "og", 901); /* the end of "hog", and no repetition */
}

static void order_is_open(struct oom_attempt *attempt)
{
	for (size_t i = 0; i < attempt->n_kills; i++)
		attempt->kills[i].order_unknown = true;
}

static void later_order_is_open(struct oom_attempt *attempt)
{
	order_is_open(attempt);
	attempt->kills[0].order_unknown = false;
}

Test(expect_run, victim)
{
	static const struct judge_row rows[] = {
		{{NULL}, "", "Victim", "hog", OOM_PASS, "hog", NULL},
		{{NULL}, "", "Victim", "leak|hog", OOM_PASS, "hog", NULL},
		{{NULL}, "", "Victim", "neighbour", OOM_FAIL, "hog", NULL},
		{{NULL}, "", "Victim", "ho|hogs", OOM_FAIL, "hog", NULL},
		{{second_kill}, "", "Victim", "hog neighbour", OOM_PASS, "hog neighbour", NULL},
		{{second_kill}, "", "Victim", "neighbour hog", OOM_FAIL, "hog neighbour", NULL},
		{{second_kill}, "", "Victim", "hog", OOM_FAIL, "hog neighbour", NULL},
		{{second_kill}, "", "Victim", "hog|neighbour", OOM_PASS, "hog neighbour", NULL},
		/* the last word stands for all later victims; each word needs one */
		{{second_kill, second_kill}, "", "Victim", "hog neighbour", OOM_PASS,
			"hog neighbour", NULL},
		{{NULL}, "", "Victim", "hog neighbour", OOM_FAIL, "hog", NULL},
		{{stranger_killed}, "", "Victim", "hog", OOM_FAIL, "hog (sshd)", NULL},
		{{anybody_killed}, "", "Victim", "hog", OOM_INCONCLUSIVE, "hog (sshd)",
			"a killed process belongs to no known workload"},
		{{anybody_killed}, "", "Victim", "neighbour", OOM_FAIL, "hog (sshd)", NULL},
		{{judge_without_kills, anybody_killed}, "", "Victim", "nobody", OOM_FAIL, "(sshd)",
			NULL},
		{{og_killed}, "", "Victim", "hog", OOM_FAIL, "hog og", NULL},
		{{by_earlyoom}, "", "Victim", "hog", OOM_PASS, "hog", NULL},
		{{judge_without_kills}, "", "Victim", "hog", OOM_FAIL, "nobody", NULL},
		{{judge_without_kills}, "", "Victim", "nobody", OOM_PASS, "nobody", NULL},
		{{judge_without_kills}, "", "Victim", "hog|nobody", OOM_PASS, "nobody", NULL},
		{{NULL}, "", "Victim", "nobody", OOM_FAIL, "hog", NULL},
		{BOTH_LOST, "", "Victim", "hog", OOM_INCONCLUSIVE, "hog", LOST_WHY},
		{BOTH_LOST, "", "Victim", "neighbour", OOM_FAIL, "hog", NULL},
		{BOTH_LOST, "", "Victim", "neighbour hog", OOM_INCONCLUSIVE, "hog", LOST_WHY},
		/* in whatever order: that matters where words are told apart, and may not help */
		{{second_kill, order_is_open}, "", "Victim", "hog|neighbour", OOM_PASS,
			"hog neighbour", NULL},
		{{second_kill, order_is_open}, "", "Victim", "hog neighbour", OOM_INCONCLUSIVE,
			"hog neighbour", "the order of the kills is not known"},
		{{judge_without_kills, judge_lose_all}, "", "Victim", "hog", OOM_INCONCLUSIVE,
			"nobody", LOST_WHY},
	};

	JUDGE_ROWS(rows);
}

static void twice_the_neighbour(struct oom_attempt *attempt)
{
	second_kill(attempt);
	judge_add_kill(attempt, "neighbour", 43);
}

Test(expect_run, first_victim)
{
	static const struct judge_row rows[] = {
		{{NULL}, "", "FirstVictim", "hog", OOM_PASS, "hog", NULL},
		{{NULL}, "", "FirstVictim", "leak|hog", OOM_PASS, "hog", NULL},
		{{NULL}, "", "FirstVictim", "neighbour", OOM_FAIL, "hog", NULL},
		{{NULL}, "", "FirstVictim", "nobody", OOM_FAIL, "hog", NULL},
		{{second_kill}, "", "FirstVictim", "hog", OOM_PASS, "hog", NULL},
		{{second_kill}, "", "FirstVictim", "neighbour", OOM_FAIL, "hog", NULL},
		{{judge_without_kills, stranger_killed, second_kill}, "", "FirstVictim",
			"neighbour", OOM_FAIL, "(sshd)", NULL},
		{{judge_without_kills, anybody_killed}, "", "FirstVictim", "hog", OOM_INCONCLUSIVE,
			"(sshd)", "a killed process belongs to no known workload"},
		{{judge_without_kills, anybody_killed}, "", "FirstVictim", "nobody", OOM_FAIL,
			"(sshd)", NULL},
		{{anybody_killed}, "", "FirstVictim", "hog", OOM_PASS, "hog", NULL},
		{{judge_without_kills, by_earlyoom}, "", "FirstVictim", "hog", OOM_FAIL, "nobody",
			NULL},
		{{judge_without_kills}, "", "FirstVictim", "nobody", OOM_PASS, "nobody", NULL},
		{{second_kill, order_is_open}, "", "FirstVictim", "hog", OOM_INCONCLUSIVE, "hog",
			"it is not known who of them was killed first"},
		{{second_kill, order_is_open}, "", "FirstVictim", "neighbour", OOM_INCONCLUSIVE,
			"hog", "it is not known who of them was killed first"},
		{{second_kill, later_order_is_open}, "", "FirstVictim", "hog", OOM_PASS, "hog",
			NULL},
		{{judge_without_kills, twice_the_neighbour, order_is_open}, "", "FirstVictim",
			"neighbour", OOM_PASS, "neighbour", NULL},
		{BOTH_LOST, "", "FirstVictim", "hog", OOM_INCONCLUSIVE, "hog", LOST_WHY},
		{BOTH_LOST, "", "FirstVictim", "neighbour", OOM_INCONCLUSIVE, "hog", LOST_WHY},
	};

	JUDGE_ROWS(rows);
}

/* ---- Constraint, GroupKill ---- */
static void global_kill(struct oom_attempt *attempt)
{
	struct oom_kill *kill = judge_add_kill(attempt, "neighbour", 42);

	kill->killer = OOM_KILLER_KERNEL_GLOBAL;
	kill->constraint = OOM_CONSTRAINT_UNKNOWN; /* its header was suppressed */
}

static void bare_kill(struct oom_attempt *attempt)
{
	struct oom_kill *kill = judge_add_kill(attempt, "neighbour", 42);

	kill->killer = OOM_KILLER_UNKNOWN; /* by mark_victim alone */
	kill->constraint = OOM_CONSTRAINT_UNKNOWN;
}

Test(expect_run, constraint)
{
	static const struct judge_row rows[] = {
		{{NULL}, "", "Constraint", "memcg", OOM_PASS, "memcg", NULL},
		{{NULL}, "", "Constraint", "none|cpuset", OOM_FAIL, "memcg", NULL},
		{{second_kill}, "", "Constraint", "memcg", OOM_PASS, "memcg", NULL},
		{{global_kill}, "", "Constraint", "memcg", OOM_FAIL, "memcg none", NULL},
		{{global_kill, second_kill}, "", "Constraint", "memcg", OOM_FAIL,
			"memcg none memcg", NULL},
		{{global_kill}, "", "Constraint", "memcg|none", OOM_PASS, "memcg none", NULL},
		{{bare_kill}, "", "Constraint", "memcg", OOM_INCONCLUSIVE, "memcg unknown",
			"does not name the constraint of every kill"},
		{{bare_kill}, "", "Constraint", "none", OOM_FAIL, "memcg unknown", NULL},
		{{judge_without_kills}, "", "Constraint", "memcg", OOM_FAIL, "no kill", NULL},
		{BOTH_LOST, "", "Constraint", "memcg", OOM_INCONCLUSIVE, "memcg", LOST_WHY},
		{BOTH_LOST, "", "Constraint", "none", OOM_FAIL, "memcg", NULL},
	};

	JUDGE_ROWS(rows);
}

static void group_flag(struct oom_attempt *attempt)
{
	attempt->kills[0].oom_group = true;
}

static void group_counted(struct oom_attempt *attempt)
{
	attempt->units[0].events[5].value = 1;
}

static void unit_without_counters(struct oom_attempt *attempt)
{
	oom_attempt_add_unit(attempt)->name = "guard";
}

Test(expect_run, group_kill)
{
	static const struct judge_row rows[] = {
		{{NULL}, "", "GroupKill", "no", OOM_PASS, "no", NULL},
		{{NULL}, "", "GroupKill", "yes", OOM_FAIL, "no", NULL},
		{{group_flag}, "", "GroupKill", "yes", OOM_PASS, "yes", NULL},
		{{group_flag}, "", "GroupKill", "no", OOM_FAIL, "yes", NULL},
		{{group_counted, judge_lose_kmsg}, "", "GroupKill", "yes", OOM_PASS, "yes", NULL},
		{{group_counted, unit_without_counters}, "", "GroupKill", "no", OOM_FAIL, "yes",
			NULL},
		/* the units' counter tells of no other cgroup; where nobody was killed, no group was */
		{{judge_lose_kmsg}, "", "GroupKill", "no", OOM_INCONCLUSIVE, "no",
			"kmsg lost 812 records"},
		{{judge_lose_kmsg, machine_counted_one}, "", "GroupKill", "no", OOM_INCONCLUSIVE,
			"no", "kmsg lost 812 records"},
		{{judge_lose_kmsg, machine_counted_none}, "", "GroupKill", "no", OOM_PASS, "no",
			NULL},
		{{judge_without_events}, "", "GroupKill", "no", OOM_PASS, "no", NULL},
		{{judge_lose_kmsg, judge_without_events}, "", "GroupKill", "no", OOM_INCONCLUSIVE,
			"no", "kmsg lost 812 records"},
	};

	JUDGE_ROWS(rows);
}

/* ---- Panic, KernelWarnings, ForkRejected, LogComplete ---- */
static void panicked(struct oom_attempt *attempt)
{
	attempt->panicked = true;
}

static void warned(struct oom_attempt *attempt)
{
	oom_attempt_add_text(attempt, &attempt->warnings, &attempt->n_warnings,
		"WARNING: CPU: 0 PID: 41 at mm/page_alloc.c:1");
}

static void fork_line(struct oom_attempt *attempt)
{
	attempt->fork_rejected = true;
}

static void fork_counted(struct oom_attempt *attempt)
{
	attempt->units[0].pids_events[0].value = 12;
}

Test(expect_run, what_the_kernel_log_says)
{
	static const struct judge_row rows[] = {
		{{NULL}, "", "Panic", "no", OOM_PASS, "no", NULL},
		{{panicked}, "", "Panic", "no", OOM_FAIL, "yes", NULL},
		{{panicked}, "", "Panic", "yes", OOM_PASS, "yes", NULL},

		{{NULL}, "", "KernelWarnings", "0", OOM_PASS, "0", NULL},
		{{warned}, "", "KernelWarnings", "0", OOM_FAIL, "1", NULL},
		{{warned}, "", "KernelWarnings", "1..", OOM_PASS, "1", NULL},
		{{judge_lose_kmsg}, "", "KernelWarnings", "0", OOM_INCONCLUSIVE, "0..",
			"kmsg lost 812 records"},
		{{judge_lose_kmsg, warned}, "", "KernelWarnings", "0", OOM_FAIL, "1..", NULL},

		{{NULL}, "", "ForkRejected", "no", OOM_PASS, "no", NULL},
		{{NULL}, "", "ForkRejected", "yes", OOM_FAIL, "no", NULL},
		{{fork_line}, "", "ForkRejected", "yes", OOM_PASS, "yes", NULL},
		{{fork_counted}, "", "ForkRejected", "no", OOM_FAIL, "yes", NULL},
		{{judge_lose_kmsg}, "", "ForkRejected", "no", OOM_INCONCLUSIVE, "no",
			"kmsg lost 812 records"},
		{{judge_lose_kmsg, fork_counted}, "", "ForkRejected", "yes", OOM_PASS, "yes", NULL},
		{{judge_lose_kmsg, judge_without_events}, "", "ForkRejected", "no",
			OOM_INCONCLUSIVE, "no", "kmsg lost 812 records"},

		{{NULL}, "", "LogComplete", "yes", OOM_PASS, "yes", NULL},
		{{judge_lose_kmsg}, "", "LogComplete", "yes", OOM_FAIL, "no", NULL},
		{{judge_lose_kmsg}, "", "LogComplete", "no", OOM_PASS, "no", NULL},
		{{without_kmsg}, "", "LogComplete", "no", OOM_INCONCLUSIVE, NULL, "kmsg is absent"},
	};

	JUDGE_ROWS(rows);
}

/* ---- PredictedVictim ---- */
static void other_died(struct oom_attempt *attempt)
{
	attempt->kills[0].victim.pid = 43;
	attempt->kills[0].victim.comm = "bystander";
}

/* 2.6 and 3.x named one process and killed its child */
static void other_was_chosen(struct oom_attempt *attempt)
{
	other_died(attempt);
	attempt->kills[0].chosen_pid = 41;
}

static void equal_points(struct oom_attempt *attempt)
{
	static const struct oom_task ranking[] = {
		{.pid = 41, .comm = "oomgate-workloa", .points = 900},
		{.pid = 43, .comm = "bystander", .points = 900},
	};

	attempt->kills[0].ranking = ranking;
}

static void without_table(struct oom_attempt *attempt)
{
	attempt->kills[0].n_ranking = 0;
}

/* the whole cgroup went, and the predicted one is printed second */
static void group_of_two(struct oom_attempt *attempt)
{
	other_died(attempt);
	judge_add_kill(attempt, "hog", 41)->oom_group = true;
	attempt->kills[0].oom_group = true;
}

static void by_a_daemon(struct oom_attempt *attempt)
{
	attempt->kills[0].killer = OOM_KILLER_SYSTEMD_OOMD;
}

Test(expect_run, predicted_victim)
{
	static const struct judge_row rows[] = {
		{{NULL}, "", "PredictedVictim", "yes", OOM_PASS, "yes", NULL},
		{{NULL}, "", "PredictedVictim", "no", OOM_FAIL, "yes", NULL},
		{{other_died}, "", "PredictedVictim", "yes", OOM_FAIL, "no",
			"predicted 41 (oomgate-workloa), but 43 (bystander) died"},
		{{other_was_chosen}, "", "PredictedVictim", "yes", OOM_PASS, "yes", NULL},
		{{other_died, equal_points}, "", "PredictedVictim", "yes", OOM_PASS, "yes", NULL},
		{{group_of_two}, "", "PredictedVictim", "yes", OOM_PASS, "yes", NULL},
		{{second_kill}, "", "PredictedVictim", "yes", OOM_PASS, "yes", NULL},
		{{without_table}, "", "PredictedVictim", "yes", OOM_INCONCLUSIVE, NULL,
			"no task table"},
		{{by_a_daemon}, "", "PredictedVictim", "yes", OOM_INCONCLUSIVE, NULL,
			"no task table"},
	};

	JUDGE_ROWS(rows);
}
