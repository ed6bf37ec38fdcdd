// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The table of mutations: records of real guests, one for each kind of killer, judged again after one thing in them is
 * otherwise. What the record says passes; no expectation still passes that goes by what was changed. A row is an
 * expectation, a killer and a mutation that can meet. OOMGATE_MUTATIONS=run.json judges another run's record.
 */
#include "lib/base/cleanup.h"
#include "tests/support/judge.h"
#include "tests/support/mutation.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECORD "tests/data/mutations/run.json"

static struct tally {
	size_t rows, wrong, unrestored;
	size_t of[128]; /* by expectation */
} tally;

static void count_row(const struct claim *claim, bool is_wrong)
{
	tally.rows++;
	tally.wrong += is_wrong;
	for (size_t i = 0; oom_expects[i]; i++)
		tally.of[i] += oom_expects[i] == claim->expect;
}

/* Of one claim on the record alone: what the scenario around it relied on is not asked. */
static enum oom_verdict judge(
	struct oom_attempt *attempt, const struct claim *claim, char *ret_observed, size_t size)
{
	struct oom_scenario *scenario =
		judge_scenario(claim->about, claim->subject, claim->key, claim->wanted);
	enum oom_verdict verdict;

	attempt->n_preconditions = 0;
	cr_assert_eq(oom_expects_judge(scenario, 1 << 28, attempt), 0);
	verdict = attempt->expects[0].verdict;
	if (ret_observed)
		snprintf(ret_observed, size, "%s",
			attempt->expects[0].observed ? attempt->expects[0].observed : "");
	judge_scenario_free(scenario);
	return verdict;
}

static void copy_placeholder(const struct oom_key *key, char *ret, size_t size)
{
	switch (key->type) {
	case OOM_T_BOOL:
		snprintf(ret, size, "yes");
		break;
	case OOM_T_WORDS:
		snprintf(ret, size, "nobody");
		break;
	case OOM_T_ALTERNATIVES:
		snprintf(ret, size, "%.*s", (int)strcspn(key->choices, "|"), key->choices);
		break;
	default:
		snprintf(ret, size, "%s", key->min < 0 ? "-1000.." : "0..");
	}
}

/* Sizes and times are printed in short: what is near them is the same. */
static bool around(enum oom_type type, const char *observed, char *ret, size_t size)
{
	struct oom_size bytes;
	uint64_t usec;

	if (type == OOM_T_RANGE_SIZE && oom_parse_size(observed, &bytes) == 0)
		snprintf(ret, size, "%" PRIu64 "K..%" PRIu64 "K", bytes.bytes / 2048,
			bytes.bytes / 512);
	else if (type == OOM_T_RANGE_DURATION && oom_parse_duration(observed, &usec) == 0)
		snprintf(ret, size, "%" PRIu64 "us..%" PRIu64 "us", usec / 2, usec * 2);
	else
		return false;
	return true;
}

/* What @attempt says in the claim's place, as a claim of its own; false: nothing that can be claimed. */
static bool put_claim(struct oom_attempt *attempt, struct claim *claim)
{
	const struct oom_key *key = &claim->expect->key;
	char observed[128];

	copy_placeholder(key, claim->wanted, sizeof(claim->wanted));
	judge(attempt, claim, observed, sizeof(observed));
	if (!*observed || strpbrk(observed, "(") || strstr(observed, "no kill") ||
		strstr(observed, "unknown"))
		return false;
	if (key->type == OOM_T_RANGE_SIZE || key->type == OOM_T_RANGE_DURATION)
		return around(key->type, observed, claim->wanted, sizeof(claim->wanted));
	if (key->type == OOM_T_RANGE_INT && strspn(observed, "-0123456789") != strlen(observed))
		return false;
	for (char *at = observed; key->type == OOM_T_ALTERNATIVES && *at; at++)
		if (*at == ' ')
			*at = '|';
	snprintf(claim->wanted, sizeof(claim->wanted), "%s", observed);
	return true;
}

static struct oom_attempt *copy_of(const struct oom_attempt *attempt)
{
	struct oom_attempt *copy = NULL;
	json_t *json = oom_attempt_to_json(attempt);
	struct oom_err err = {0};

	cr_assert_eq(oom_attempt_from_json(json, &err, &copy), 0, "%s", err.msg);
	json_decref(json);
	/* found again, of what is there then */
	copy->n_disputes = 0;
	return copy;
}

static void try_inverse(const struct oom_attempt *attempt, const struct claim *claim,
	const struct mutation *mutation)
{
	struct oom_attempt *copy = copy_of(attempt);
	struct claim other = *claim;

	mutation->apply(copy, claim);
	cr_assert_eq(oom_attempt_cross_check(copy), 0);
	if (put_claim(copy, &other) && strcmp(other.wanted, claim->wanted) != 0) {
		bool passes = judge(copy, &other, NULL, 0) == OOM_PASS;

		count_row(claim, passes);
		cr_expect(!passes, "%s on %s, %s, still passes: %s %s=%s", attempt->scenario,
			attempt->machine, mutation->name, other.subject, other.key, other.wanted);
	}
	oom_attempt_free(copy);
}

static void try_mutation(const struct oom_attempt *attempt, const struct claim *claim,
	const struct mutation *mutation)
{
	struct oom_attempt *copy = copy_of(attempt), *restored;
	bool passes, again;

	if (mutation->apply(copy, claim)) {
		cr_assert_eq(oom_attempt_cross_check(copy), 0);
		restored = copy_of(attempt);
		passes = judge(copy, claim, NULL, 0) == OOM_PASS;
		again = judge(restored, claim, NULL, 0) == OOM_PASS;
		count_row(claim, passes);
		tally.unrestored += !again;
		cr_expect(!passes, "%s on %s, %s, still passes: %s %s=%s", attempt->scenario,
			attempt->machine, mutation->name, claim->subject, claim->key,
			claim->wanted);
		cr_expect(again, "%s on %s does not pass: %s %s=%s", attempt->scenario,
			attempt->machine, claim->subject, claim->key, claim->wanted);
		oom_attempt_free(restored);
		if (mutation->inverse)
			try_inverse(attempt, claim, mutation);
	}
	oom_attempt_free(copy);
}

static void try_claim(const struct oom_attempt *attempt, const struct claim *claim)
{
	struct oom_attempt *copy = copy_of(attempt);
	enum oom_verdict verdict = judge(copy, claim, NULL, 0);
	char key[72];

	oom_attempt_free(copy);
	if (verdict != OOM_PASS)
		return;
	snprintf(key, sizeof(key), " %s ", claim->expect->key.name);
	for (const struct mutation *m = mutations; m->name; m++)
		if (strstr(m->keys, key))
			try_mutation(attempt, claim, m);
}

/* By whom it was, as KilledBy= can name it, too. */
static void try_identities(const struct oom_attempt *attempt, struct claim *claim)
{
	const struct oom_workload_rec *w = oom_attempt_workload(attempt, claim->subject);
	const struct oom_signal_rec *sent = w ? oom_workload_sender(attempt, w) : NULL;

	if (!sent || strncmp(claim->key, "KilledBy", 8) != 0)
		return;
	if (sent->sender_unit) {
		snprintf(claim->wanted, sizeof(claim->wanted), "unit:%s", sent->sender_unit);
		try_claim(attempt, claim);
	}
	if (sent->sender_exe) {
		snprintf(claim->wanted, sizeof(claim->wanted), "exe:%s", sent->sender_exe);
		try_claim(attempt, claim);
	}
}

static void try_subject(const struct oom_attempt *attempt, unsigned about, const char *subject)
{
	static const char *const suffixes[] = {"oom_kill", "oom", "max", "oom_group_kill"};

	for (size_t i = 0; oom_expects[i]; i++) {
		struct claim claim = {oom_expects[i], about, subject};
		bool prefix = oom_expects[i]->key.flags & OOM_KEY_PREFIX;

		for (size_t j = 0; oom_expects[i]->about & about && j < (prefix ? 4 : 1); j++) {
			struct oom_attempt *copy = copy_of(attempt);

			snprintf(claim.key, sizeof(claim.key), "%s%s", oom_expects[i]->key.name,
				prefix ? suffixes[j] : "");
			if (put_claim(copy, &claim)) {
				try_claim(attempt, &claim);
				try_identities(attempt, &claim);
			}
			oom_attempt_free(copy);
		}
	}
}

static void try_attempt(const struct oom_attempt *attempt)
{
	try_subject(attempt, OOM_ABOUT_RUN, "");
	for (size_t i = 0; i < attempt->n_workloads; i++)
		try_subject(attempt, OOM_ABOUT_WORKLOAD, attempt->workloads[i].name);
	for (size_t i = 0; i < attempt->n_units; i++)
		try_subject(attempt, OOM_ABOUT_UNIT, attempt->units[i].name);
}

Test(expect_mutations, nothing_passes_when_its_cause_or_evidence_is_gone)
{
	const char *path = getenv("OOMGATE_MUTATIONS");
	struct oom_run *run = NULL;
	struct oom_err err = {0};

	cr_assert_eq(oom_run_load_file(path ? path : RECORD, &err, &run), 0, "%s", err.msg);
	for (size_t i = 0; i < run->n_attempts; i++) {
		oom_borrow const struct oom_attempt *attempt = NULL;

		cr_assert_eq(oom_run_attempt(run, i, &attempt), 0);
		if (attempt->verdict != OOM_SKIPPED && attempt->verdict != OOM_BROKEN)
			try_attempt(attempt);
	}
	oom_run_free(run);
	for (size_t i = 0; oom_expects[i]; i++)
		cr_expect(tally.of[i], "no record here has a row for %s", oom_expects[i]->key.name);
	fprintf(stderr,
		"# mutations: %zu rows, %zu wrong passes, %zu that do not pass when restored\n",
		tally.rows, tally.wrong, tally.unrestored);
	cr_expect_geq(tally.rows, 150);
	cr_expect_eq(tally.wrong, 0);
	cr_expect_eq(tally.unrestored, 0);
}
