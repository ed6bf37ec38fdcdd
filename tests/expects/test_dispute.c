// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/expects/expect.h"
#include "tests/support/judge.h"

#include <criterion/criterion.h>
#include <string.h>

/* ---- every expectation and every fact ---- */

enum { V = OOM_FACT_VICTIM, K = OOM_FACT_KILLER, C = OOM_FACT_COUNT, T = OOM_FACT_TIME };

/* What passes of the sample, and which disputes leave it open. A new expectation needs a row. */
static const struct {
	const char *subject, *key, *wanted;
	unsigned facts;
} table[] = {
	{"", "OOMKills", "1", C},
	{"", "Victim", "hog", V | C | T},
	{"", "FirstVictim", "hog", V | C | T},
	{"", "Constraint", "memcg", K | C},
	{"", "GroupKill", "no", K | C},
	{"", "Panic", "no", 0},
	{"", "KernelWarnings", "0", 0},
	{"", "ForkRejected", "no", 0},
	{"", "LogComplete", "yes", C},
	{"", "PredictedVictim", "yes", V | C},
	{"", "KillLatency", "..2ms", V | T},
	{"hog", "Started", "yes", 0},
	{"hog", "ExitCode", "137", V},
	{"hog", "Signal", "SIGKILL", V},
	{"hog", "KilledBy", "kernel-memcg", V | K | C},
	{"hog", "KilledBy.self", "kernel-memcg", V | K},
	{"hog", "Survives", "no", V},
	{"hog", "Errno", "none", 0},
	{"hog", "Reached", "190M..", 0},
	{"hog", "Kills", "1", V | C},
	{"hog", "Ops", "5", 0},
	{"hog", "AnonRSS", "190M..", V},
	{"hog", "FileRSS", "0..", V},
	{"hog", "ShmemRSS", "0..", V},
	{"hog", "OOMScoreAdjust", "0", V},
	{"hog", "KillLatency", "..2ms", V | T},
	{"hog", "Within", "1s..", V},
	{"neighbour", "LatencyP99", "..1s", 0},
	{"box", "KilledBy", "kernel-memcg", V | K | C},
	{"box", "Result", "oom-kill", V},
	{"box", "Active", "yes", 0},
	{"box", "MemoryPeak", "200M", 0},
	{"box", "Event.oom_kill", "1", C},
	{"box", "Event.max", "71", 0},
	{"box", "EventLocal.oom_kill", "1", C},
	{"box", "EventParent.oom_kill", "3", C},
	{"box", "PidsEvent.max", "0", 0},
	{"box", "PressureFull", "..1s", 0},
};

static void judge_with(size_t row, const char *disputed, enum oom_fact fact, enum oom_verdict want)
{
	struct oom_attempt *attempt = judge_sample();
	unsigned about = !*table[row].subject			? OOM_ABOUT_RUN
		: oom_attempt_unit(attempt, table[row].subject) ? OOM_ABOUT_UNIT
								: OOM_ABOUT_WORKLOAD;
	struct oom_scenario *scenario =
		judge_scenario(about, table[row].subject, table[row].key, table[row].wanted);
	struct oom_dispute_rec rec = {
		disputed, oom_fact_name(fact), "kmsg", "kernel-memcg", "wait", "signal"};

	attempt->kills[0].victim.file_rss_kib = attempt->kills[0].victim.shmem_rss_kib = 4;
	attempt->kills[0].victim.oom_score_adj = 0;
	if (fact)
		cr_assert_eq(oom_attempt_add_dispute(attempt, &rec), 0);
	cr_assert_eq(oom_expects_judge(scenario, 1 << 30, attempt), 0);
	cr_expect_eq(attempt->expects[0].verdict, want, "%s %s, dispute of '%s' about %s: %s, %s",
		table[row].subject, table[row].key, disputed,
		fact ? oom_fact_name(fact) : "nothing",
		oom_verdict_name(attempt->expects[0].verdict),
		attempt->expects[0].reason ? attempt->expects[0].reason : "-");
	judge_scenario_free(scenario);
	oom_attempt_free(attempt);
}

Test(expect_dispute, reaches_every_expectation_that_goes_by_the_fact)
{
	static const char *const subjects[] = {"", "hog", "box", "neighbour"};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		bool of_neighbour = !strcmp(table[i].subject, "neighbour");
		bool of_hog = !strcmp(table[i].subject, "hog");

		judge_with(i, "", (enum oom_fact)0, OOM_PASS);
		for (unsigned fact = 1; fact <= T; fact <<= 1) {
			for (size_t s = 0; s < sizeof(subjects) / sizeof(*subjects); s++) {
				/* the one thing that does not reach: another workload's */
				bool apart = (of_neighbour && !strcmp(subjects[s], "hog")) ||
					(of_hog && !strcmp(subjects[s], "neighbour"));

				judge_with(i, subjects[s], (enum oom_fact)fact,
					table[i].facts & fact && !apart ? OOM_INCONCLUSIVE
									: OOM_PASS);
			}
		}
	}
}

Test(expect_dispute, the_table_has_every_expectation)
{
	for (const struct oom_expect *const *expect = oom_expects; *expect; expect++) {
		bool found = false;

		for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
			size_t len = strlen((*expect)->key.name);

			found |= (*expect)->key.flags & OOM_KEY_PREFIX
				? !strncmp(table[i].key, (*expect)->key.name, len)
				: !strcmp(table[i].key, (*expect)->key.name);
		}
		cr_expect(found, "'%s' has no row", (*expect)->key.name);
	}
}

/* ---- both answers known ---- */
static void dispute(struct oom_attempt *attempt, const char *subject, const char *fact,
	const char *value, const char *other_value)
{
	struct oom_dispute_rec rec = {subject, fact, "kmsg", value, "memory.events", other_value};

	cr_assert_eq(oom_attempt_add_dispute(attempt, &rec), 0);
}

static void one_or_two_kills(struct oom_attempt *attempt)
{
	dispute(attempt, "", "count", "1", "2");
}

static void five_or_six_kills(struct oom_attempt *attempt)
{
	dispute(attempt, "", "count", "5", "6");
}

static void memcg_or_signal(struct oom_attempt *attempt)
{
	dispute(attempt, "hog", "killer", "kernel-memcg", "signal");
}

static void box_has_one_or_two(struct oom_attempt *attempt)
{
	dispute(attempt, "box", "count", "1", "2");
}

Test(expect_dispute, an_answer_that_is_the_same_by_either_stands)
{
	static const char both[] = "kmsg says 1, memory.events says 2";
	static const struct judge_row rows[] = {
		{{one_or_two_kills}, "", "OOMKills", "1", OOM_INCONCLUSIVE, "1", both},
		{{one_or_two_kills}, "", "OOMKills", "2", OOM_INCONCLUSIVE, "1", both},
		{{one_or_two_kills}, "", "OOMKills", "1..2", OOM_PASS, "1", NULL},
		{{one_or_two_kills}, "", "OOMKills", "0", OOM_FAIL, "1", NULL},
		{{one_or_two_kills}, "", "Panic", "no", OOM_PASS, "no", NULL},
		{{five_or_six_kills}, "", "OOMKills", "1", OOM_FAIL, "1", NULL},
		/* of the whole run: no answer about one workload */
		{{one_or_two_kills}, "hog", "Kills", "1..2", OOM_INCONCLUSIVE, "1", both},
		{{box_has_one_or_two}, "", "OOMKills", "1..2", OOM_INCONCLUSIVE, "1", both},
		{{memcg_or_signal}, "hog", "KilledBy", "kernel-memcg", OOM_INCONCLUSIVE,
			"kernel-memcg", "kmsg says kernel-memcg, memory.events says signal"},
		{{memcg_or_signal}, "hog", "KilledBy", "earlyoom", OOM_FAIL, "kernel-memcg", NULL},
		{{memcg_or_signal}, "box", "KilledBy", "earlyoom", OOM_INCONCLUSIVE, "kernel-memcg",
			"memory.events says signal"},
		{{memcg_or_signal}, "neighbour", "KilledBy", "nobody", OOM_PASS, "nobody", NULL},
	};

	JUDGE_ROWS(rows);
}
