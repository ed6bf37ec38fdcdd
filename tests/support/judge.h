/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TESTS_SUPPORT_JUDGE_H
#define TESTS_SUPPORT_JUDGE_H

#include "lib/record/record.h"
#include "lib/scenario/scenario.h"

/*
 * Rows for expectations: a record that is right in every way, what is changed in it, and what must
 * be said of it then.
 */
struct judge_row {
	void (*change[3])(struct oom_attempt *attempt); /* NULL: nothing more */
	const char *subject; /* "" for the run */
	const char *key, *wanted;
	enum oom_verdict verdict;
	const char *observed; /* NULL: nothing was */
	const char *reason; /* a part of it; NULL: there is none */
};

/*
 * The sample: in the scope "box" (MemoryMax 200M) "hog" (pid 41) reached 199M, was killed by the
 * memcg OOM killer after 2 s at 198 MiB of anon-rss, "neighbour" (pid 42, adj -1000) survived. All
 * sources are there and whole.
 */
struct oom_attempt *judge_sample(void);
/* Source vmstat: the whole machine counted so many kills. */
void judge_machine_counted(struct oom_attempt *attempt, int64_t kills);
/* One more kill in it: of a process of @workload (NULL: of none). */
struct oom_kill *judge_add_kill(struct oom_attempt *attempt, const char *workload, int64_t pid);
/* Sets a source's state. */
void judge_set_source(struct oom_attempt *attempt, const char *name, enum oom_source_state state,
	int64_t lost, const char *note);

/* A scenario that expects one thing; release with judge_scenario_free(). */
struct oom_scenario *judge_scenario(
	unsigned about, const char *subject, const char *key, const char *wanted);
/* Adds a further expectation, and KnownIssue= (NULL: none). */
void judge_scenario_expect(struct oom_scenario *scenario, unsigned about, const char *subject,
	const char *key, const char *wanted);
void judge_scenario_known_issue(struct oom_scenario *scenario, const char *text);
/* Adds KnownOn= to that. */
void judge_scenario_known_on(struct oom_scenario *scenario, const char *needs);
void judge_scenario_free(struct oom_scenario *scenario);

/* Asserts each row. */
void judge_rows(const struct judge_row *rows, size_t count);

#define JUDGE_ROWS(rows) judge_rows(rows, sizeof(rows) / sizeof(*(rows)))

/* Changes that several tests make. */
void judge_lose_kmsg(struct oom_attempt *attempt); /* 812 records */
void judge_without_mark(struct oom_attempt *attempt); /* no tracing here */
void judge_lose_all(struct oom_attempt *attempt); /* both, and no counters either */
void judge_without_kills(struct oom_attempt *attempt);
void judge_without_events(struct oom_attempt *attempt); /* of any unit */

#endif
