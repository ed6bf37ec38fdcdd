/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_EXPECT_H
#define OOM_EXPECT_H

#include "lib/record/record.h"
#include "lib/scenario/scenario.h"

#include <stdbool.h>

/*
 * An expectation is one const struct at the end of its own file in expects/ and one line in
 * expects.def. judge() is a pure function of the record: it can be asked again years later. Copy
 * expects/exit_code.c.
 */
struct oom_expect_case {
	const struct oom_attempt *attempt;
	const struct oom_scenario *scenario;
	const struct oom_value *wanted;
	const char *name; /* as written; Event.oom_kill for the key Event. */
	const char *subject; /* "" for the run */
	const struct oom_workload_rec *workload; /* set when it speaks about one */
	const struct oom_unit_rec *unit; /* set when it speaks about one */
	uint64_t whole_bytes; /* what 100 % is: the scope's MemoryMax, else the machine's memory */
	struct oom_arena *arena; /* for .observed and .reason */
};

struct oom_expect_result {
	enum oom_verdict
		verdict; /* PASS, FAIL, INCONCLUSIVE; BROKEN when it cannot be judged at all */
	const char *observed; /* what was seen, in the form that wanted has */
	const char *reason; /* where the two do not say it: NULL */
};

struct oom_expect {
	struct oom_key key;
	unsigned about; /* enum oom_subject */
	unsigned
		facts; /* enum oom_fact: what it goes by; a dispute about one of them leaves it open */
	enum oom_fact
		answers; /* the one whose values a dispute has in the form of .observed; 0: none */
	void (*judge)(const struct oom_expect_case *c, struct oom_expect_result *ret);
};

#define EXPECT(ident) extern const struct oom_expect oom_expect_##ident;
#include "harness/expects/expects.def"
#undef EXPECT

extern const struct oom_expect *const oom_expects[]; /* NULL at the end */
const struct oom_expect *oom_expect_of(const struct oom_key *key);
const struct oom_expect_key *oom_expect_keys(void); /* for struct oom_schema */

/*
 * Judges every expectation of @scenario against what @attempt holds, fills attempt->expects (what
 * was there before is gone) and attempt->verdict (the worst of them) and ->reason (of the first that
 * is as bad as that). A failure that KnownIssue= foretells is known until its date. Where
 * attempt->hindrance says why it was no experiment it is skipped or broken for that; with workloads its
 * expectations are told all the same. A pure function of both: hosts and guests ask it alike.
 * @machine_bytes: 100 % where a subject has no MemoryMax. 0 or -ENOMEM.
 */
int oom_expects_judge(
	const struct oom_scenario *scenario, uint64_t machine_bytes, struct oom_attempt *attempt);

/* What sources contradict each other about, and @expect goes by, leaves it inconclusive (dispute.c). */
void oom_expect_heed_disputes(const struct oom_expect *expect, const struct oom_expect_case *c,
	struct oom_expect_result *result);

/* ---- for expects/ (help.c) -------------------------------------------------------------- */

/* The usual endings. @observed_text NULL: the record does not say, which is inconclusive. */
void oom_expect_range(const struct oom_expect_case *c, int64_t observed, const char *observed_text,
	struct oom_expect_result *ret);
void oom_expect_word(const struct oom_expect_case *c, const char *observed,
	struct oom_expect_result *ret); /* wanted is ALTERNATIVES or CHOICE */
void oom_expect_bool(const struct oom_expect_case *c, bool observed, struct oom_expect_result *ret);
/* oom_expect_range() with the number as text; -1 is "the record does not say". */
void oom_expect_count(
	const struct oom_expect_case *c, int64_t observed, struct oom_expect_result *ret);
void oom_expect_bytes(
	const struct oom_expect_case *c, int64_t observed, struct oom_expect_result *ret);
/* What the kernel's log says in KiB. */
void oom_expect_kib(
	const struct oom_expect_case *c, int64_t observed_kib, struct oom_expect_result *ret);
void oom_expect_usec(
	const struct oom_expect_case *c, int64_t observed, struct oom_expect_result *ret);
/*
 * A length of time that was measured between @from_us and @to_us (since "go"; INT64_MAX: the end): where the machine
 * stood still in between it may have been less, and what depends on that is inconclusive.
 */
void oom_expect_span(const struct oom_expect_case *c, int64_t from_us, int64_t to_us,
	int64_t observed_us, struct oom_expect_result *ret);
/*
 * @seen were counted, but there may have been more, as @doubt says (NULL: there were no more): a pass
 * when any higher number would pass too, a failure when none would, else inconclusive.
 */
void oom_expect_at_least(const struct oom_expect_case *c, int64_t seen, const char *doubt,
	struct oom_expect_result *ret);
/* One counter of a file in cgroup terms; the key's suffix (Event.oom_kill) names it. */
void oom_expect_counter(const struct oom_expect_case *c, const char *file,
	const struct oom_counter *counters, size_t count, struct oom_expect_result *ret);

/* Sets the verdict with what was observed, or with the reason why it cannot be told. */
void oom_expect_observed(const struct oom_expect_case *c, enum oom_verdict verdict,
	struct oom_expect_result *ret, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
void oom_expect_inconclusive(const struct oom_expect_case *c, struct oom_expect_result *ret,
	const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* The words of KilledBy=, and its judge; @self: of the workload's own process alone (killed_by.c). */
#define OOM_KILLER_CHOICES                                                                         \
	"kernel-memcg|kernel-global|kernel-cpuset|kernel-mempolicy|kernel-sysrq|systemd-oomd|"     \
	"earlyoom|nohang|lowmemorykiller|systemd|signal|nobody|unknown"
void oom_expect_killers(const struct oom_expect_case *c, bool self, struct oom_expect_result *ret);

/* Did the harness end it, with a stuck one? Then how it would have ended is not known: inconclusive. */
bool oom_expect_by_harness(const struct oom_expect_case *c, struct oom_expect_result *ret);
/* Did the workload end by itself or by a signal? If not: a failure, observed "survived" or "stuck". */
bool oom_expect_ended(const struct oom_expect_case *c, struct oom_expect_result *ret);

/* ---- machines that stood still (standstill.c) ------------------------------------------- */

/* "the machine stood still for 5.1s of it, at 1.4s (QEMU was stopped)", where it did so between @from_us and @to_us
 * for at least @least_us; NULL: it did not. */
const char *oom_expect_standstill(
	const struct oom_expect_case *c, int64_t from_us, int64_t to_us, int64_t least_us);
/* Why who is stuck may not be the kernel's fault, in the same words; NULL: it is. */
const char *oom_expect_stuck_excuse(
	const struct oom_scenario *scenario, struct oom_attempt *attempt);
/*
 * A failure of what had no time to end is none where the machine took that time: the harness ended the run by a clock
 * that went on. For what any expectation has said.
 */
void oom_expect_heed_standstill(const struct oom_expect_case *c, struct oom_expect_result *result);

/* ---- evidence (evidence.c) -------------------------------------------------------------- */

/* Why the record may lack a kill: "kmsg lost 812 records (…), and mark_victim is absent"; NULL: it
 * has them all. */
const char *oom_expect_kills_doubt(const struct oom_expect_case *c);
/* Is it not known whose process was killed? Where the lineage is known, it is (kin). */
bool oom_expect_may_be_anybodys(const struct oom_kill *kill);
#define OOM_EXPECT_STRAY "a killed process belongs to no known workload"
/* Why one more of the record's kills may be the workload's: whose that was, nobody knows. NULL: none. */
const char *oom_expect_stray_doubt(const struct oom_expect_case *c);
/* Is the workload a program, which starts others as it likes? */
bool oom_expect_runs_program(const struct oom_expect_case *c);
/* How many kills the whole machine counted (/proc/vmstat); -1: nobody knows. */
int64_t oom_expect_machine_kills(const struct oom_expect_case *c);
/* Why the kernel's log may lack a line; NULL: it is whole. */
const char *oom_expect_kmsg_doubt(const struct oom_expect_case *c);
/* Why the source @name does not tell: "mark_victim is absent (…)"; NULL: it does. */
const char *oom_expect_source_doubt(const struct oom_expect_case *c, const char *name);
/* The first process of the workload that was killed; NULL with a verdict set (a failure, or
 * inconclusive) when there is none. */
const struct oom_kill *oom_expect_first_kill(
	const struct oom_expect_case *c, struct oom_expect_result *ret);
/* A kernel's kill, and no daemon's. */
bool oom_kill_is_kernels(const struct oom_kill *kill);
/* "hog", or "(comm)" of a victim that is no workload's. */
const char *oom_expect_victim_name(const struct oom_expect_case *c, const struct oom_kill *kill);
/* Appends " @word" to the words of @list, unless it is their last. */
const char *oom_expect_list_add(
	const struct oom_expect_case *c, const char *list, const char *word);

#endif
