/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_LOAD_H
#define OOM_LOAD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The pressing side of a workload: what a process of oomgate-workload and the runner share. Only this
 * header is common to both; the page below outlives the process, so its last word survives SIGKILL.
 */

enum { OOM_LOAD_THRESHOLDS = 4, OOM_LOAD_CHILDREN = 256, OOM_LOAD_BUCKETS = 64 };

enum oom_load_state {
	OOM_LOAD_NEW,
	OOM_LOAD_READY,	  /* waits at the gate */
	OOM_LOAD_RUNNING,
	OOM_LOAD_HOLDING, /* reached all it wanted, keeps it */
	OOM_LOAD_REFUSED, /* the kernel said no: errno_value */
	OOM_LOAD_DONE,
	OOM_LOAD_FAILED	  /* its own set-up failed: msg. The verdict is broken */
};

struct oom_load_page {
	_Atomic uint32_t state;
	_Atomic int32_t errno_value;	  /* of the first refused request */
	_Atomic uint64_t reached_bytes;	  /* touched so far (the type says what it counts) */
	_Atomic uint64_t ops;		  /* forks made, rounds done, requests served */
	_Atomic uint64_t latency_bucket[OOM_LOAD_BUCKETS]; /* power-of-two µs: [i] counts < 2^i µs */
	_Atomic uint32_t n_children;	  /* may exceed the array: only the first are named */
	_Atomic int32_t children[OOM_LOAD_CHILDREN];
	uint64_t threshold_bytes[OOM_LOAD_THRESHOLDS]; /* set by the runner before go; 0: unused */
	_Atomic uint32_t thresholds_passed;	       /* bit mask; notify_fd is written on a new one */
	char msg[120];			  /* why it failed, for FAILED */
};

/* What a workload's run() works with. */
struct oom_load {
	struct oom_load_page *page;
	int gate_fd;	/* end of file: go. Later a second use: none */
	int ready_fd;	/* eventfd: += 1 at the gate */
	int notify_fd;	/* eventfd: += 1 when a threshold is passed */
	const char *const *params; /* "Size=104857600": every key of the type, sizes in bytes, durations in µs,
				      booleans yes/no; NULL at the end */
	const char *name;
	/* "Rate=": bytes per second, 0: as fast as it goes */
	uint64_t rate_bytes;
	uint64_t start_us; /* CLOCK_MONOTONIC at go */
};

/* Parameters: the workload's key table has given every one a value or a default. */
const char *oom_load_text(const struct oom_load *load, const char *key, const char *fallback);
uint64_t oom_load_number(const struct oom_load *load, const char *key, uint64_t fallback);
bool oom_load_bool(const struct oom_load *load, const char *key, bool fallback);
bool oom_load_is(const struct oom_load *load, const char *key, const char *value);

/*
 * Waits at the gate: everything that can be prepared is done before. Returns when the run begins (or
 * exits when the runner is gone). Call it exactly once, in the workload's first process.
 */
void oom_load_gate(struct oom_load *load);

/* Adds to reached_bytes, tells the runner of thresholds passed, and paces to Rate=. */
void oom_load_reached(struct oom_load *load, uint64_t more_bytes);
/* Sets it down again (freed, swapped on purpose). */
void oom_load_released(struct oom_load *load, uint64_t less_bytes);

/* Registers a child process as part of this workload. */
void oom_load_child(struct oom_load *load, int32_t pid);

/* The kernel refused a request: keeps the first errno. Returns the exit status to return from run():
 * 0 with OnRefusal=hold or exit, see the key tables. */
void oom_load_refused(struct oom_load *load, int errno_value);

/* Set-up of the workload itself failed (not the pressure): state FAILED, msg, exit status 125. */
int oom_load_failed(struct oom_load *load, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Keeps what was reached: Hold= (µs; "forever" until the runner ends it). */
void oom_load_hold(struct oom_load *load);

/* Records one latency sample. */
void oom_load_latency(struct oom_load *load, uint64_t usec);
uint64_t oom_load_now_us(void);

/*
 * Touches [addr, addr + bytes) in chunks, writing (Touch=write) or reading (Touch=read), in the
 * order of Pattern= (linear, reverse, random), at Rate=, counting reached bytes. What is written is
 * not compressible to nothing: same-page merging and zero-page tricks must not hide the pressure.
 */
void oom_load_touch(struct oom_load *load, void *addr, uint64_t bytes);

#endif
