/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_VIEW_H
#define OOM_VIEW_H

#include "lib/record/record.h"

/*
 * A run as a person asks about it: scenarios by topic, each with one cell for every machine, each cell
 * with its attempts. It is built from what the run holds of each; an attempt is a number, and its record is
 * read where a report tells of it: oom_run_attempt(). Strings are as untrusted as the record.
 */
struct oom_view_cell {
	uint32_t *attempts; /* of the run, in its order */
	size_t n_attempts; /* 0: not run there */
	enum oom_verdict verdict; /* the worst */
	size_t n_verdict; /* attempts that ended so */
	size_t shown; /* the first of them, an index of attempts */
	bool unsteady; /* the attempts did not all end alike */
	int64_t duration_us; /* of all; -1: unknown */
};

struct oom_view_row {
	const char *scenario;
	const char *topic; /* the folder of the id; "" where it has none */
	const char *leaf; /* the rest of it */
	const char *title;
	struct oom_view_cell *cells; /* one for each machine */
	enum oom_verdict verdict; /* the worst */
	bool differs; /* the machines do not agree on how it ends */
	uint32_t topic_number; /* topics in the order of their first scenario */
	uint32_t number; /* scenarios likewise */
};

#define OOM_VIEW_NO_MORE UINT32_MAX
#define OOM_VIEW_CELLS_MAX                                                                         \
	1048576 /* of all rows: what is no run is not drawn as a table of billions */

struct oom_view {
	const struct oom_run *run;
	struct oom_arena arena;
	struct oom_arena scratch; /* of what is said of one attempt: oom_arena_reset() behind it */
	struct oom_names machine_names;
	const char **machines; /* ids: those of the run, then any that only attempts name */
	size_t n_machines;
	struct oom_view_row *rows; /* topics in the order of their first scenario */
	size_t n_rows;
	size_t count[OOM_VERDICT_COUNT_]; /* of attempts */
	size_t n_attempts;
	/* by attempt: the next of its cell that ended like it, OOM_VIEW_NO_MORE; did none before it? */
	uint32_t *next_alike;
	bool *is_first;
	bool repeats; /* a cell has several attempts */
	size_t n_latencies; /* attempts with a kill latency, and its spread over them in µs */
	int64_t latency_median_us, latency_max_us;
};

/* Is the row listed? With @only_bad one that passed everywhere, in the same way, is not. */
bool oom_view_is_listed(const struct oom_view *view, const struct oom_view_row *row, bool only_bad);

/* 0, -ENOMEM, or -E2BIG: more than OOM_VIEW_CELLS_MAX; release in any case. */
int oom_view_build(const struct oom_run *run, struct oom_view *ret);
void oom_view_release(struct oom_view *view);

/* The machines on which a scenario ended alike, and the attempt that stands for them. */
struct oom_view_side {
	const char *machines; /* "debian:bullseye, debian:bookworm" */
	uint64_t end_hash;
	const struct oom_attempt *attempt;
};
struct oom_view_sides {
	struct oom_view_side *items; /* in the view's scratch arena */
	size_t count; /* OOM_VIEW_SHOWN at most */
	size_t n_more; /* machines that ended otherwise than any of them */
};
/* The sides of a row that differs, in the order of the machines; those that skipped it have none. 0, -ENOMEM, or why
 * an attempt could not be read; release in any case. */
int oom_view_sides(
	struct oom_view *view, const struct oom_view_row *row, struct oom_view_sides *ret);
void oom_view_sides_release(struct oom_view_sides *sides);
/* What was observed on side @index and otherwise on another: "OOMKills 2"; "" where nothing was. */
const char *oom_view_observed_apart(struct oom_arena *arena, const struct oom_view_side *sides,
	size_t count, size_t index, const char *separator);
/* The kills in their order: "large, anon-rss 99.9M · 1.9ms later small, anon-rss 49.3M". */
const char *oom_view_kills(
	struct oom_arena *arena, const struct oom_attempt *attempt, const char *separator);

/* "hog killed by kernel-memcg at 198.4M · neighbour survived"; "" without workloads. */
const char *oom_view_fates(
	struct oom_arena *arena, const struct oom_attempt *attempt, const char *separator);
/* Only who was killed, and by whom: "hog by kernel-memcg"; "nobody killed". */
const char *oom_view_deaths(
	struct oom_arena *arena, const struct oom_attempt *attempt, const char *separator);
/* The attempt's reason; where it has none, that of the first expectation that did not hold; "". */
const char *oom_view_reason(struct oom_arena *arena, const struct oom_attempt *attempt);
/* "bang (signal) fired after 1.2s (hog reached 64M): refused, EAGAIN", "never fired": what became of a fault. */
const char *oom_view_fault(struct oom_arena *arena, const struct oom_fault_rec *fault);
/* "5.1s of 5.2s, at 1.4s: QEMU was stopped" */
const char *oom_view_standstill(struct oom_arena *arena, const struct oom_standstill_rec *still);
/* What an expectation is about, as the scenario says it: "hog: ExitCode", "OOMKills". */
const char *oom_view_subject(struct oom_arena *arena, const struct oom_expect_rec *expect);
/* "memcg/over-cap", with " on MACHINE" and " attempt N" where the view has several. */
const char *oom_view_name(
	struct oom_arena *arena, const struct oom_view *view, const struct oom_attempt *attempt);
/* "Linux 6.1.0 · systemd 252 · tcg · 512M · 2 CPUs", "256M to 1G by scenario": what is known of a machine. */
const char *oom_view_machine(struct oom_arena *arena, const struct oom_run *run,
	const struct oom_machine_rec *machine, const char *separator);
/* "3 pass · 1 fail": the verdicts that occur. */
const char *oom_view_counts(struct oom_arena *arena, const size_t count[static OOM_VERDICT_COUNT_],
	const char *separator);
#define OOM_VIEW_LATENCY_BYTES 128
/* How long after the kernel logged it the first kill of an attempt was seen; there is one at least. Another
 * measure than a workload's: that is to its exit. */
const char *oom_view_latency(const struct oom_view *view, char buf[static OOM_VIEW_LATENCY_BYTES]);
/* Did an earlier attempt of its cell end like @attempt? Then one need not be told twice. */
bool oom_view_is_told(const struct oom_view *view, uint32_t attempt);
/* Adds a duration where there is one; what is beyond an int64_t stays at its end. */
void oom_view_add_us(int64_t *sum_us, int64_t us);
/* Is the attempt something to look at: neither passed nor skipped nor known? */
bool oom_view_is_bad(enum oom_verdict verdict);

#endif
