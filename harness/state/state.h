/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_RUN_STATE_H
#define OOM_RUN_STATE_H

#include "harness/host/pin_file.h"
#include "harness/state/epoll.h"
#include "harness/state/lineage.h"
#include "harness/undo/undo.h"
#include "harness/units/backend.h"
#include "harness/workloads/workload.h"
#include "lib/record/record.h"
#include "lib/scenario/scenario.h"

#include <sys/resource.h>
#include <sys/wait.h>

/*
 * What is going on in one attempt. Everything is allocated before the gate opens and given back after
 * the run has settled.
 */

enum oom_phase {
	OOM_PHASE_PREPARE, /* may allocate, write, fail */
	OOM_PHASE_RUN, /* from "go" to "settled": allocates nothing, writes to no disk */
	OOM_PHASE_COLLECT
};

struct oom_trigger;
struct oom_run_workload {
	const struct oom_section *section;
	const struct oom_workload *type;
	const char *name;
	struct oom_backend_unit *unit; /* NULL: in oomgate's own cgroup */
	int pid;
	int pid_fd, gate_fd; /* gate_fd: a byte lets the workload go */
	struct oom_load_page *page;
	struct oom_watch watch;
	struct oom_run_state *run;
	struct oom_trigger *start; /* opens its gate later; NULL: it goes with the others */
	bool started, ended,
		killed_seen; /* killed_seen: one of its processes, by the kernel's log */
	/* at the deadline: alive though it should have ended; taken by the harness together with such a one */
	bool stuck, ended_by_us;
	char stuck_at[240]; /* what it was at by then: oom_proc_where() */
	bool is_held; /* the two below are those of that moment; else the page's */
	uint64_t held_reached_bytes, held_ops;
	int wait_status;
	struct rusage usage;
	uint64_t start_us, end_us; /* CLOCK_MONOTONIC */
};

/* A kill that the kernel's log told while the run went on. */
struct oom_seen_kill {
	int pid;
	/* of the dying process, while /proc still had it: the nearest ancestor that belongs to a workload, else
	 * its session; -1: no more */
	int kin;
	uint64_t kernel_us, seen_us; /* the record's timestamp; CLOCK_MONOTONIC when it was read */
};
enum { OOM_SEEN_KILLS = 512 };

/* A fault, a late start or the end of the run: happens once, at its time or after its event. */
struct oom_trigger {
	const char *name; /* of the fault or the workload; "" for the end of the run */
	const struct oom_setting *setting; /* At=, When=, Start= or Until= */
	bool optional; /* its absence is no fault of the set-up */
	struct oom_run_workload *starts; /* of Start=: whose gate it opens; NULL */
	const struct oom_value *when; /* NULL: at_us counts */
	uint64_t at_us; /* after go */
	struct oom_run_workload *subject; /* of when */
	uint64_t threshold_bytes;
	bool fired;
	bool possible; /* it can still come: oom_course_weigh() */
	uint64_t fired_us; /* CLOCK_MONOTONIC */
	void (*fire)(struct oom_run_state *run, void *data);
	void *data;
};

struct oom_source;
struct oom_fault;
struct oom_source_slot {
	const struct oom_source *source;
	struct oom_run_state *run;
	struct oom_watch watch; /* .fd -1: nothing to wait for */
	enum oom_source_state state;
	char note[200];
	int64_t records, lost;
	void *priv;
};

struct oom_run_fault {
	const struct oom_fault *fault;
	const struct oom_section *section;
	void *data;
	const struct oom_trigger *trigger;
	bool fired, was_under_way;
	uint64_t acts_until_us; /* CLOCK_MONOTONIC: until then somebody may die of it */
	int result; /* 0 or -errno, when it has fired and is not under way */
};

enum { OOM_TOKEN_BYTES = 24 };

struct oom_run_state {
	const struct oom_scenario *scenario;
	const struct oom_backend *backend;
	void *backend_ctx;
	struct oom_undo *undo;
	unsigned undo_mark;
	char token[OOM_TOKEN_BYTES]; /* unique to this attempt: part of every name */
	const char *evidence_dir; /* NULL: raw evidence is not kept */
	uint64_t machine_bytes;
	uint64_t seed;
	bool in_guest, machine_ends, interrupted;
	enum oom_phase phase;
	void (*on_phase)(struct oom_run_state *run, enum oom_phase phase); /* tests; may be NULL */

	struct oom_arena arena; /* what lives as long as the attempt runs */
	struct oom_loop loop;
	struct oom_backend_unit *units;
	size_t n_units;
	struct oom_run_workload *workloads;
	size_t n_workloads;
	struct oom_pinned workload_program;
	struct oom_source_slot *sources;
	size_t n_sources;
	struct oom_run_fault *faults;
	size_t n_faults;
	struct oom_trigger *triggers;
	size_t n_triggers;
	struct oom_seen_kill seen[OOM_SEEN_KILLS];
	size_t n_seen;
	struct oom_lineage *lineage; /* of the source of that name; NULL: not to be had here */

	uint64_t prepare_us, go_us, settled_us; /* CLOCK_MONOTONIC */
	uint64_t deadline_us, settle_us;
	uint64_t activity_us; /* the last sign of life that settling waits out */
	int64_t log_offset_us; /* CLOCK_MONOTONIC minus the kernel log's clock; INT64_MIN: not known */
	int64_t log_offset_error_us; /* how far from that it may be */
	int ready_fd, notify_fd, signal_fd, timer_fd;
	struct oom_watch notify_watch, timer_watch, signal_watch;
	bool over, deadline_hit;
	uint64_t over_us;

	struct oom_attempt *record;
};

struct oom_backend_unit *oom_run_unit(const struct oom_run_state *run, const char *name);
struct oom_run_workload *oom_run_workload(const struct oom_run_state *run, const char *name);
/* Something that settling must wait out has happened. */
void oom_run_activity(struct oom_run_state *run);
/* Has its first process ended, whether the loop has heard of it or not? Allocates nothing. */
bool oom_run_workload_gone(const struct oom_run_workload *workload);

#endif
