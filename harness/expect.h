/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_EXPECT_H
#define OOM_EXPECT_H

#include "lib/record.h"
#include "lib/scenario.h"

/*
 * An expectation is one const struct at the end of its own file in expects/ and one line in
 * expects.def. judge() is a pure function of the record: it can be asked again years later. Copy
 * expects/exit_code.c.
 */
struct oom_expect_case {
	const struct oom_attempt *attempt;
	const struct oom_scenario *scenario;
	const struct oom_value *wanted;
	const char *name;			/* as written; Event.oom_kill for the key Event. */
	const char *subject;			/* "" for the run */
	const struct oom_workload_rec *workload; /* set when it speaks about one */
	const struct oom_unit_rec *unit;	 /* set when it speaks about one */
	uint64_t whole_bytes;			/* what 100 % is: the scope's MemoryMax, else the machine's memory */
	struct oom_arena *arena;		/* for .observed and .reason */
};

struct oom_expect_result {
	enum oom_verdict verdict; /* PASS, FAIL, INCONCLUSIVE; BROKEN when it cannot be judged at all */
	const char *observed;	  /* what was seen, in the form that wanted has */
	const char *reason;	  /* where the two do not say it: NULL */
};

struct oom_expect {
	struct oom_key key;
	unsigned about; /* enum oom_subject */
	void (*judge)(const struct oom_expect_case *c, struct oom_expect_result *ret);
};

#define EXPECT(ident) extern const struct oom_expect oom_expect_##ident;
#include "harness/expects.def"
#undef EXPECT

extern const struct oom_expect *const oom_expects[]; /* NULL at the end */
const struct oom_expect *oom_expect_of(const struct oom_key *key);
const struct oom_expect_key *oom_expect_keys(void); /* for struct oom_schema */

/*
 * Judges every expectation of @scenario against what @attempt holds, fills attempt->expects and
 * attempt->verdict (the worst of them) and ->reason (of the first that is not a pass).
 * @machine_bytes: 100 % where a subject has no MemoryMax.
 */
int oom_expects_judge(const struct oom_scenario *scenario, uint64_t machine_bytes,
	struct oom_attempt *attempt);

/* For expects/: the two usual endings. */
void oom_expect_range(const struct oom_expect_case *c, int64_t observed, const char *observed_text,
	struct oom_expect_result *ret);
void oom_expect_word(const struct oom_expect_case *c, const char *observed,
	struct oom_expect_result *ret); /* wanted is ALTERNATIVES or CHOICE */

#endif
