// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/judge.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>

static void set_counter(struct oom_attempt *attempt, const char *name, int64_t value)
{
	struct oom_unit_rec *box = oom_attempt_unit(attempt, "box");

	for (size_t i = 0; i < box->n_events_local; i++)
		if (!strcmp(box->events_local[i].name, name))
			box->events_local[i].value = value;
}

static void counted_two(struct oom_attempt *attempt)
{
	set_counter(attempt, "oom_kill", 2);
}

static void counted_none(struct oom_attempt *attempt)
{
	set_counter(attempt, "oom_kill", 0);
}

/* more than a number can hold, as no kernel counts: the record may have come from anywhere */
static void counted_beyond(struct oom_attempt *attempt)
{
	struct oom_unit_rec *more = oom_attempt_add_unit(attempt);

	more->name = "more";
	oom_attempt_add_counter(
		attempt, &more->events_local, &more->n_events_local, "oom_kill", INT64_MAX);
	set_counter(attempt, "oom_kill", INT64_MAX);
}

/* three members, counted four times */
static void group_of_three(struct oom_attempt *attempt)
{
	judge_add_kill(attempt, "hog", 51);
	judge_add_kill(attempt, "hog", 52);
	for (size_t i = 0; i < attempt->n_kills; i++)
		attempt->kills[i].oom_group = true;
	set_counter(attempt, "oom_kill", 4);
}

/* by mark_victim alone: no flag says that it was a group, but the counter does */
static void group_unseen(struct oom_attempt *attempt)
{
	group_of_three(attempt);
	for (size_t i = 0; i < attempt->n_kills; i++)
		attempt->kills[i].oom_group = false;
	set_counter(attempt, "oom_group_kill", 1);
}

/* and before 5.17 nothing does */
static void group_not_counted(struct oom_attempt *attempt)
{
	group_unseen(attempt);
	oom_attempt_unit(attempt, "box")->n_events_local--;
}

static void stranger_elsewhere(struct oom_attempt *attempt)
{
	judge_add_kill(attempt, NULL, 900)->task_memcg = "/system.slice/ssh.service";
}

static void stranger_in_the_box(struct oom_attempt *attempt)
{
	oom_attempt_unit(attempt, "box")->cgroup = "/box";
	judge_add_kill(attempt, NULL, 900)->task_memcg = "/box";
}

static void further_down(struct oom_attempt *attempt)
{
	attempt->kills[0].task_memcg = "/box/child";
	oom_attempt_unit(attempt, "box")->cgroup = "/box";
	counted_none(attempt);
}

static void not_in_the_log(struct oom_attempt *attempt)
{
	attempt->kills[0].line = -1;
}

/* after the run had settled, when the log was no longer read */
static void not_in_the_log_at_its_end(struct oom_attempt *attempt)
{
	not_in_the_log(attempt);
	attempt->kills[0].time_us = 9000;
	attempt->settled_us = 9000;
}

static void not_in_the_log_before_its_end(struct oom_attempt *attempt)
{
	not_in_the_log_at_its_end(attempt);
	attempt->settled_us = 9001;
}

static void in_the_box(struct oom_attempt *attempt)
{
	oom_attempt_unit(attempt, "box")->cgroup = "/box";
	attempt->kills[0].task_memcg = "/box";
}

/* one in each of two units, but both of them counted in one: the sum is right */
static void two_in_one_box(struct oom_attempt *attempt)
{
	struct oom_unit_rec *other = oom_attempt_add_unit(attempt);

	other->name = "other";
	other->cgroup = "/other";
	oom_attempt_add_counter(
		attempt, &other->events_local, &other->n_events_local, "oom_kill", 2);
	in_the_box(attempt);
	judge_add_kill(attempt, NULL, 900)->task_memcg = "/other";
	counted_none(attempt);
}

/* the second names no cgroup: it may be of either */
static void one_without_a_cgroup(struct oom_attempt *attempt)
{
	two_in_one_box(attempt);
	attempt->kills[0].task_memcg = attempt->kills[1].task_memcg = NULL;
	attempt->kills[1].workload = "hog";
}

static void signal_at(struct oom_attempt *attempt, int64_t pid, int64_t time_us)
{
	struct oom_signal_rec *sent = oom_attempt_add_signal(attempt);

	sent->target_pid = pid;
	sent->signal = 9;
	sent->code = 128;
	sent->time_us = time_us;
}

static void two_in_order(struct oom_attempt *attempt)
{
	in_the_box(attempt);
	judge_add_kill(attempt, "hog", 50)->task_memcg = "/box";
	counted_two(attempt);
	signal_at(attempt, 41, 100);
	signal_at(attempt, 50, 200);
}

static void two_out_of_order(struct oom_attempt *attempt)
{
	two_in_order(attempt);
	attempt->signals[0].time_us = 300;
}

/* one number, two processes: which is which? */
static void signals_of_one_number(struct oom_attempt *attempt)
{
	two_out_of_order(attempt);
	signal_at(attempt, 41, 400);
}

static void of_a_descendant(struct oom_attempt *attempt)
{
	attempt->kills[0].kin = OOM_KIN_DESCENDANT;
}

static void machine_counted_one(struct oom_attempt *attempt)
{
	judge_machine_counted(attempt, 1);
}

/* one of them was in no line that is understood, or a group's first was counted twice */
static void machine_counted_two(struct oom_attempt *attempt)
{
	judge_machine_counted(attempt, 2);
}

static void machine_counted_four(struct oom_attempt *attempt)
{
	judge_machine_counted(attempt, 4);
}

static void machine_counted_seven(struct oom_attempt *attempt)
{
	judge_machine_counted(attempt, 7);
}

static void exited(struct oom_attempt *attempt)
{
	struct oom_workload_rec *hog = oom_attempt_workload(attempt, "hog");

	hog->end = OOM_END_EXITED;
	hog->exit_code = hog->signal = 0;
}

static void stuck(struct oom_attempt *attempt)
{
	exited(attempt);
	oom_attempt_workload(attempt, "hog")->end = OOM_END_STUCK;
}

static void sent(struct oom_attempt *attempt, int64_t pid, int64_t code)
{
	struct oom_signal_rec *signal = oom_attempt_add_signal(attempt);

	signal->target_pid = pid;
	signal->signal = 9;
	signal->code = code;
}

static void sent_by_kernel(struct oom_attempt *attempt)
{
	sent(attempt, 41, 128);
}

static void sent_by_process(struct oom_attempt *attempt)
{
	sent(attempt, 41, 0);
}

static void sent_to_another(struct oom_attempt *attempt)
{
	sent(attempt, 42, 0);
}

static const struct {
	void (*change[3])(struct oom_attempt *attempt);
	const char *disagreement; /* NULL: there is none */
} contradictions_rows[] = {
	{{NULL}, NULL},
	{{counted_two}, "number of kills: kmsg says 1, memory.events.local says 2"},
	{{counted_none}, "number of kills: kmsg says 1, memory.events.local says 0"},
	{{counted_beyond},
		"number of kills: kmsg says 1, memory.events.local says 9223372036854775807"},
	{{judge_lose_kmsg, counted_two},
		"number of kills: mark_victim says 1, memory.events.local says 2"},
	{{machine_counted_one}, NULL},
	{{machine_counted_two}, "number of kills: kmsg says 1, vmstat says 2"},
	{{judge_lose_kmsg, machine_counted_two}, NULL},
	{{group_of_three, machine_counted_four}, NULL},
	{{group_of_three, machine_counted_seven}, "number of kills: kmsg says 3, vmstat says 7"},
	/* what was lost cannot contradict, nor what was not read */
	{{judge_lose_kmsg, judge_without_mark, counted_two}, NULL},
	{{judge_without_events}, NULL},
	{{group_of_three}, NULL},
	{{group_of_three, counted_none}, "says 3, memory.events.local says 0"},
	{{group_unseen, judge_lose_kmsg}, NULL},
	{{group_not_counted, judge_lose_kmsg}, NULL},
	{{group_not_counted}, "says 3, memory.events.local says 4"},
	{{group_not_counted, judge_lose_kmsg, counted_none},
		"mark_victim says 3, memory.events.local says 0"},
	{{stranger_elsewhere}, NULL},
	{{stranger_in_the_box, counted_two}, NULL},
	{{stranger_in_the_box}, "number of kills: kmsg says 2, memory.events.local says 1"},
	{{further_down}, NULL},
	{{not_in_the_log}, "number of kills: kmsg says 0, mark_victim says 1"},
	{{not_in_the_log, judge_lose_kmsg}, NULL},
	{{not_in_the_log_at_its_end}, NULL},
	{{not_in_the_log_before_its_end}, "number of kills: kmsg says 0, mark_victim says 1"},
	{{in_the_box}, NULL},
	{{two_in_one_box}, "box, number of kills: kmsg says 1, memory.events.local says 0"},
	{{one_without_a_cgroup}, NULL},
	{{two_in_order}, NULL},
	{{two_out_of_order}, "time: kmsg says pid 41 first, signal_generate says pid 50 first"},
	{{signals_of_one_number}, NULL},
	/* the number alone says nothing: it was a descendant that had it */
	{{of_a_descendant, exited}, NULL},
	{{of_a_descendant, sent_by_process}, NULL},
	{{exited}, "hog, victim: kmsg says kernel-memcg, wait says exited"},
	{{stuck}, NULL},
	{{sent_by_kernel}, NULL},
	{{sent_to_another}, NULL},
	{{sent_by_process}, "hog, killer: kmsg says kernel-memcg, signal_generate says signal"},
	{{sent_by_process, sent_by_kernel}, NULL},
	{{judge_without_kills, counted_none, sent_by_process}, NULL},
};

Test(record_check, contradictions)
{
	for (size_t i = 0; i < sizeof(contradictions_rows) / sizeof(*contradictions_rows); i++) {
		struct oom_attempt *attempt = judge_sample();
		const char *said;

		for (size_t j = 0; j < 3 && contradictions_rows[i].change[j]; j++)
			contradictions_rows[i].change[j](attempt);
		cr_assert_eq(oom_attempt_cross_check(attempt), 0);
		said = attempt->n_disagreements ? attempt->disagreements[0] : "";
		cr_expect_eq(attempt->n_disagreements,
			!contradictions_rows[i].disagreement			     ? 0
				: contradictions_rows[i].change[0] == two_in_one_box ? 2
										     : 1,
			"row %zu: %s", i, said);
		cr_expect_eq(attempt->n_disputes, attempt->n_disagreements, "row %zu", i);
		cr_expect(!contradictions_rows[i].disagreement ||
				strstr(said, contradictions_rows[i].disagreement),
			"row %zu: %s", i, said);
		oom_attempt_free(attempt);
	}
}
