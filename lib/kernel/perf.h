/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_PERF_H
#define OOM_PERF_H

#include "lib/base/arena.h"
#include "lib/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Forks, and signals with their senders, as perf_event_open(2) tells them on every processor: what the kernel
 * writes at the fork itself and in the sender's own context, so that nobody has to be asked for it afterwards.
 * (An instance of tracefs with the same events costs 10 MB of folders on kernels before 6.6, and names neither
 * the process of a thread nor a cgroup.) Rings of a fixed size: nothing here allocates once they are open, and
 * what a ring had no room for is counted.
 */

enum oom_perf_kind { OOM_PERF_FORK, OOM_PERF_SIGNAL };

struct oom_perf_event {
	enum oom_perf_kind kind;
	uint64_t time_us; /* CLOCK_MONOTONIC */
	int pid, tid; /* FORK: the new one, tid == pid where it is a process; SIGNAL: the sender */
	int parent; /* FORK: the process that forked */
	int target, signal, code, result; /* SIGNAL: as signal:signal_generate has them */
	uint64_t
		cgroup_id; /* SIGNAL: of the sender, then; 0: the kernel does not tell (before 5.7) */
};

/* Where signal:signal_generate keeps its fields (its "format" file). */
struct oom_perf_format {
	size_t signal, code, target, result;
	size_t result_size; /* 0: it has none */
};

struct oom_perf_ring {
	int fd, signal_fd; /* signal_fd -1: none */
	void *map; /* one page of the kernel's words, then the data */
};

struct oom_perf {
	struct oom_perf_ring *rings; /* one a processor that is on-line */
	size_t n_rings;
	size_t data_bytes;
	struct oom_perf_format format;
	bool signals, cgroups; /* what the kernel lets us have */
	uint64_t lost; /* records that a ring had no room for */
	uint64_t unread; /* records that could not be understood */
	uint64_t lost_us; /* CLOCK_MONOTONIC: when that was noticed last */
	char *record; /* one that lies across a ring's end */
};

enum { OOM_PERF_RECORD_BYTES = 1024 };

/*
 * Opens a ring for each processor. @tracing_fd: the tracing directory, for the number and the format of
 * signal:signal_generate; -1: forks alone. Of signals those are told that @filter lets pass. -errno: there are
 * no rings (EACCES: root, or CAP_PERFMON).
 */
int oom_perf_open(struct oom_arena *arena, int tracing_fd, const char *filter, struct oom_err *err,
	struct oom_perf *ret);
/* The next record of any ring: 1, or 0 where there is none. Those of one processor come in order. */
int oom_perf_next(struct oom_perf *perf, struct oom_perf_event *ret);
/*
 * Passes over all that the rings hold: what comes next happened after this. -ENOBUFS: one may have been full, and
 * would tell of that with a later record; only rings that are opened anew are whole from now on.
 */
int oom_perf_skip(struct oom_perf *perf);
void oom_perf_close(struct oom_perf *perf);

/* Reads the fields' places from the text of a "format" file; false where one is missing. */
bool oom_perf_format_parse(const char *text, size_t len, struct oom_perf_format *ret);
/*
 * One record, header and all. 1: @ret is set; 0: one that tells nothing, or that records were lost
 * (@perf->lost); -EBADMSG: it is shorter than it must be.
 */
int oom_perf_parse(
	struct oom_perf *perf, const void *record, size_t len, struct oom_perf_event *ret);

#endif
