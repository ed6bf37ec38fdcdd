// SPDX-License-Identifier: LGPL-2.1-or-later
/* Which attempts keep their folder of raw evidence. */
#include "harness/campaign/evidence_keep.h"

#include "harness/campaign/campaign.h"
#include "tests/support/scratch.h"

#include <criterion/criterion.h>

static const struct {
	enum oom_verdict verdict;
	int64_t attempt;
	bool all, sample, failed; /* kept with that word */
} rows[] = {
	{OOM_PASS, 1, true, true, false},
	{OOM_PASS, 2, true, false, false},
	{OOM_SKIPPED, 1, true, true, false},
	{OOM_SKIPPED, 2, true, false, false},
	{OOM_FAIL, 1, true, true, true},
	{OOM_FAIL, 2, true, true, true},
	{OOM_KNOWN, 2, true, true, true},
	{OOM_BROKEN, 2, true, true, true},
	{OOM_INCONCLUSIVE, 2, true, true, true},
};

/* Two attempts of one scenario in @dir; the second is settled. Is its folder there? */
static bool stays(const char *dir, enum oom_evidence_kept which, size_t row)
{
	struct oom_run_command command = {.options.evidence = which};
	struct oom_attempt *record = oom_attempt_new();
	bool there;

	snprintf(command.dir, sizeof(command.dir), "%s", dir);
	scratch_file(dir, "m/memcg/x/1/kmsg", "the other one's");
	scratch_file(dir, "m/memcg/x/2/kmsg", "a line");
	record->verdict = rows[row].verdict;
	record->attempt = rows[row].attempt;
	record->evidence_dir = "m/memcg/x/2";
	record->samples = "m/memcg/x/2/samples.tsv";
	oom_evidence_settle(&command, record);
	there = scratch_exists(dir, "m/memcg/x/2/kmsg");
	cr_expect(scratch_exists(dir, "m/memcg/x/1/kmsg"), "row %zu: another's", row);
	cr_expect_eq(scratch_exists(dir, "m/memcg/x/2"), there, "row %zu: half of it", row);
	cr_expect_eq(!record->evidence_dir, !there, "row %zu: what the record says", row);
	cr_expect_eq(!record->samples, !there, "row %zu: what the record says", row);
	oom_attempt_free(record);
	return there;
}

Test(evidence_keep, as_the_word_says)
{
	char dir[64];

	scratch_dir(dir);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		cr_expect_eq(stays(dir, OOM_EVIDENCE_ALL, i), rows[i].all, "row %zu: all", i);
		cr_expect_eq(
			stays(dir, OOM_EVIDENCE_SAMPLE, i), rows[i].sample, "row %zu: sample", i);
		cr_expect_eq(
			stays(dir, OOM_EVIDENCE_FAILED, i), rows[i].failed, "row %zu: failed", i);
	}
	scratch_remove(dir);
}

Test(evidence_keep, an_empty_folder_goes_with_it)
{
	struct oom_run_command command = {.options.evidence = OOM_EVIDENCE_FAILED};
	struct oom_attempt *record = oom_attempt_new();
	char dir[64];

	snprintf(command.dir, sizeof(command.dir), "%s", scratch_dir(dir));
	scratch_file(dir, "m/memcg/x/1/kmsg", "a line");
	scratch_file(dir, "m/swap/x/1/kmsg", "of another scenario");
	record->verdict = OOM_PASS;
	record->evidence_dir = "m/memcg/x/1";
	oom_evidence_settle(&command, record);
	cr_expect(!scratch_exists(dir, "m/memcg"));
	cr_expect(scratch_exists(dir, "m/swap/x/1/kmsg"));
	oom_evidence_settle(&command, record); /* nothing is kept: nothing to do */
	oom_attempt_free(record);
	scratch_remove(dir);
}
