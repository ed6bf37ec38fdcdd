/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_LOAD_H
#define OOM_LOAD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The pressing side of a workload: what a process of oomgate-workload and the runner share. Only
 * this header is common to both; the page below outlives the process, so its last word survives
 * SIGKILL.
 */

enum { OOM_LOAD_THRESHOLDS = 4, OOM_LOAD_CHILDREN = 256, OOM_LOAD_BUCKETS = 64 };

enum oom_load_state {
	OOM_LOAD_NEW,
	OOM_LOAD_READY, /* waits at the gate */
	OOM_LOAD_RUNNING,
	OOM_LOAD_HOLDING, /* reached all it wanted, keeps it */
	OOM_LOAD_REFUSED, /* the kernel said no: errno_value */
	OOM_LOAD_DONE,
	OOM_LOAD_FAILED /* its own set-up failed: msg. The verdict is broken */
};

struct oom_load_page {
	_Atomic uint32_t state;
	_Atomic int32_t errno_value; /* of the first refused request */
	_Atomic uint64_t reached_bytes; /* touched so far (the type says what it counts) */
	_Atomic uint64_t ops; /* forks made, rounds done, requests served */
	_Atomic uint64_t
		latency_bucket[OOM_LOAD_BUCKETS]; /* power-of-two µs: [i] counts < 2^i µs */
	_Atomic uint32_t n_children; /* may exceed the array: only the first are named */
	_Atomic int32_t children[OOM_LOAD_CHILDREN];
	uint64_t threshold_bytes[OOM_LOAD_THRESHOLDS]; /* set by the runner before go; 0: unused */
	_Atomic uint32_t thresholds_passed; /* bit mask; notify_fd is written on a new one */
	_Atomic uint32_t n_killed; /* children that ended by a signal, as their parent saw it */
	char msg[120]; /* why it failed, for FAILED */
};

enum {
	OOM_LOAD_EXIT_REFUSED = 1, /* OnRefusal=exit; the errno is in the page */
	OOM_LOAD_EXIT_FAILED = 125, /* its own set-up failed, or the runner is gone */
	OOM_LOAD_RETRY = -1 /* of oom_load_refused(): try again */
};

/* What a workload's run() works with. A thread of a workload works with a copy of its own. */
struct oom_load {
	struct oom_load_page *page;
	int gate_fd; /* end of file: go. Later a second use: none */
	int ready_fd; /* eventfd: += 1 at the gate */
	int notify_fd; /* eventfd: += 1 when a threshold is passed */
	int runner_fd; /* pidfd of the runner, readable when it is gone; -1: the kernel has none
			  (< 5.3) */
	const char *const *params; /* "Size=104857600": every key of the type, sizes in bytes,
				      durations in µs, booleans yes/no; NULL at the end */
	const char *name;
	/* "Rate=": bytes per second, 0: as fast as it goes. Of the whole workload; oom_load_press()
	 * and threads divide it */
	uint64_t rate_bytes;
	uint64_t start_us; /* CLOCK_MONOTONIC at go */
	uint64_t paced_bytes; /* by this process (or thread) since go, for Rate= */
};

/* Parameters: the workload's key table has given every one a value or a default. */
const char *oom_load_text(const struct oom_load *load, const char *key, const char *fallback);
uint64_t oom_load_number(const struct oom_load *load, const char *key, uint64_t fallback);
bool oom_load_bool(const struct oom_load *load, const char *key, bool fallback);
bool oom_load_is(const struct oom_load *load, const char *key, const char *value);
/* A duration: µs; UINT64_MAX for "forever" and "infinity". */
uint64_t oom_load_usec(const struct oom_load *load, const char *key, uint64_t fallback);

/*
 * Waits at the gate: everything that can be prepared is done before. Returns when the run begins
 * (or exits when the runner is gone). Call it exactly once, in the workload's first process.
 */
void oom_load_gate(struct oom_load *load);

/*
 * What most workloads do from the gate on: waits at the gate, calls @press in Count= processes
 * (with one, in this process; with more, in children of this one, a crowd), keeps what was reached
 * for Hold=. Returns the worst exit status of them, 128 + signal for a killed one, as a shell does.
 */
int oom_load_press(
	struct oom_load *load, int (*press)(struct oom_load *load, void *ctx), void *ctx);

/* Forks, and registers the child. In the child the runner's death still ends it: PR_SET_PDEATHSIG
 * where there is no pidfd. Returns as fork(2). */
int32_t oom_load_fork(struct oom_load *load);
/* As oom_load_fork(), a refusal handled as OnRefusal= says: -1, *ret_status is what press()
 * returns. */
int32_t oom_load_fork_always(struct oom_load *load, int *ret_status);
/* Waits for all children of this process; the worst of @status and their statuses. */
int oom_load_wait(struct oom_load *load, int status);
/* 128 + signal or the exit status of a wait(2) status. */
int oom_load_status(int wait_status);

/* Adds to reached_bytes, tells the runner of thresholds passed, and paces to Rate=. */
void oom_load_reached(struct oom_load *load, uint64_t more_bytes);

/* Registers a child process as part of this workload. */
void oom_load_child(struct oom_load *load, int32_t pid);

/*
 * The kernel refused a request: keeps the first errno in the page, and does what OnRefusal= says.
 * Returns the exit status to return from press(): OOM_LOAD_EXIT_REFUSED for exit, 0 for hold (the
 * caller stops and keeps what it has), or OOM_LOAD_RETRY after a short wait: ask again.
 */
int oom_load_refused(struct oom_load *load, int errno_value);

/* Set-up of the workload itself failed (not the pressure): state FAILED, msg, exit status 125. */
int oom_load_failed(struct oom_load *load, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Keeps what was reached: Hold= (µs; "forever" until the runner ends it). */
void oom_load_hold(struct oom_load *load, uint64_t fallback_us);
/* Sleeps until then (CLOCK_MONOTONIC µs); exits when the runner is gone. */
void oom_load_sleep_until(struct oom_load *load, uint64_t time_us);

/* Records one latency sample. */
void oom_load_latency(struct oom_load *load, uint64_t usec);
uint64_t oom_load_now_us(void);

/*
 * Touches [addr, addr + bytes) in steps of 64 KiB, writing (Touch=write) or reading (Touch=read),
 * in the order of Pattern= (linear, reverse, random), at Rate=, counting reached bytes after each
 * step.
 *
 * Writing is one 8-byte word a page, never the same twice: that is what a fault costs and no more
 * (a guest may be emulated), and same-page merging and zero-page tricks find nothing. Such a page
 * compresses well; Fill=page writes all of it with words that do not, for zram and zswap.
 */
void oom_load_touch(struct oom_load *load, void *addr, uint64_t bytes);
/* As oom_load_touch(), whatever Touch= says. */
void oom_load_walk(struct oom_load *load, void *addr, uint64_t bytes, bool writes);
/* One page's worth of it (@addr: a page's start), uncounted. */
void oom_load_fill(void *addr, bool whole_page);
/* In a fresh child: it shall not write what its siblings write. oom_load_fork() does it. */
void oom_load_reseed(void);

/*
 * Private anonymous memory of @bytes, mapped in pieces: a single request for more than RAM + swap
 * would be refused at once. NULL with errno.
 */
void *oom_load_map(uint64_t bytes);
/*
 * Maps and touches @bytes of private anonymous memory in pieces of Chunk= (2 MiB), each touched
 * before the next is asked for; with Pattern=reverse or random, or THP=always, all is mapped first.
 * @prepare (may be NULL) is called on each fresh piece: 0 or -errno, which counts as a refusal.
 * Returns what press() returns.
 */
typedef int (*oom_load_piece_fn)(struct oom_load *load, void *addr, size_t bytes);
int oom_load_grow(struct oom_load *load, uint64_t bytes, oom_load_piece_fn prepare);

/* Splits a command line into words as oom_word_read() does, and 'oomgate check' before. No variables,
 * no specifiers. *ret (free it: one block) ends in NULL. -EINVAL: an open quote. */
int oom_load_split(const char *text, char ***ret);
/* The program's path, looked up in PATH when it has no slash; 0 or -errno. */
int oom_load_which(const char *program, char *buf, size_t size);

/* A file of File= (made when it is not there, unless @flags are O_RDONLY), or an unlinked one, open
 * for reading and writing, in Dir= (or @dir). -errno. */
int oom_load_file(struct oom_load *load, const char *dir, int flags);
/* oom_load_failed() for its error. */
int oom_load_file_failed(struct oom_load *load, int code, const char *dir);
/* Does the file live in memory (tmpfs, ramfs), so that dropping its pages is no option? */
bool oom_load_file_in_memory(int fd);
/* Writes or reads @bytes of @fd from its start, 64 KiB at a time, counting them as reached. Returns
 * what press() returns: ENOSPC and the like are refusals; so is a file that is too short to be
 * read. */
int oom_load_write_file(struct oom_load *load, int fd, uint64_t bytes);
int oom_load_read_file(struct oom_load *load, int fd, uint64_t bytes);

#endif
