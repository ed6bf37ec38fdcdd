/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_RECORD_ENTRY_H
#define OOM_RECORD_ENTRY_H

#include <stdint.h>

struct oom_attempt;

/*
 * What a run holds of each attempt: enough to count it, to compare its end and to find its record again, which
 * stays in a file (run.json, attempts.jsonl) until somebody asks for it with oom_run_attempt(). Runs have
 * hundreds of thousands of these: 48 bytes each.
 */
struct oom_entry {
	union {
		uint64_t offset; /* of its record in the run's file */
		struct oom_attempt *attempt; /* len 0: it is held as a whole */
	};
	uint64_t end_hash; /* the same for attempts that ended alike: oom_attempt_end_hash() */
	int64_t duration_us, kill_latency_us;
	uint32_t len; /* bytes of that record */
	uint32_t number; /* the record's "attempt"; what is no such number is 0 */
	uint32_t scenario; /* in the run's names */
	uint32_t machine : 24;
	uint32_t verdict : 3; /* enum oom_verdict */
	uint32_t
		noteworthy : 1; /* lost sources, disagreements, kernel warnings, a pass with a reason */
};

/* The least and the most of something; both -1 where nobody says. */
struct oom_extent {
	int64_t least, most;
};
struct oom_shape_extent {
	struct oom_extent memory_bytes, cpus;
};

#endif
