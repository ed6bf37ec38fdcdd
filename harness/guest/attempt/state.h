/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_ATTEMPT_STATE_H
#define OOM_ATTEMPT_STATE_H

#include "harness/guest/attempt/budget.h"
#include "harness/guest/attempt/host.h"
#include "harness/guest/attempt/next.h"
#include "harness/guest/attempt/still.h"
#include "harness/guest/vm/qemu.h"
#include "harness/guest/vm/state.h"
#include "harness/guest/wire/frame.h"
#include "harness/guest/wire/job.h"
#include "lib/base/arena.h"
#include "lib/base/json_scan.h"
#include "lib/record/record.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Where an attempt waits for a report. Each has a deadline; attempt.c draws how one leads to another. */
enum oom_guest_phase {
	OOM_GUEST_WAITING, /* another attempt boots the same machine */
	OOM_GUEST_BOOTING,
	OOM_GUEST_SAVING,
	OOM_GUEST_RESTORING,
	OOM_GUEST_READY, /* restored, or not begun: its turn has not come */
	OOM_GUEST_RUNNING,
	OOM_GUEST_OVER
};

/* Which descriptor epoll reports. */
enum oom_guest_tag {
	OOM_TAG_NONE,
	OOM_TAG_TIMER,
	OOM_TAG_WAIT,
	OOM_TAG_QMP,
	OOM_TAG_PORT,
	OOM_TAG_PID
};

/* How an attempt ends whose guest wrote no record: OOM_NEXT_END. */
struct oom_outcome {
	enum oom_verdict verdict;
	const char *reason; /* the attempt's own, or a literal */
	char text[1024]; /* room for it */
};

struct oom_qmp_step;

struct oom_guest_attempt {
	struct oom_guest_host *host;
	const struct oom_prepared *machine;
	struct oom_arena arena;
	struct oom_guest_job job;
	const struct oom_scenario *scenario; /* what the guest's record is judged by */
	const char *machine_id, *title, *evidence_dir, *scratch_dir;
	uint64_t timeout_us;

	uint64_t room_bytes; /* of the host's memory, given to it */
	struct oom_vm vm;
	struct oom_state state;
	struct oom_guest_memory memory; /* what can be in files of it: no files yet */
	struct oom_saved saved; /* what is saved, or restored */
	struct oom_boot *boot; /* ours to finish, where we boot */
	enum oom_guest_phase phase;
	bool ahead; /* made ready before its turn */
	bool restored_twice;

	int epoll_fd, timer_fd, wait_fd; /* wait_fd: somebody else's boot is over */
	int qmp_fd, port_fd, pid_fd, swap_fd, disk_fd;
	pid_t pid;
	bool qmp_ended, port_ended; /* no more will come on it */
	bool gone; /* QEMU is, or is going: only its last words are still heard */
	char console[512], printk[512], log[512];
	const char *command; /* with --keep: a line for each start of QEMU */

	const struct oom_qmp_step *step;
	struct oom_buffer qmp_in, port_in, port_out, record_text;
	struct oom_frame request; /* the guest's, for OOM_NEXT_REQUEST */
	struct oom_json_scan record_scan;
	uint64_t spent[OOM_BUDGET_COUNT_];
	bool hello;

	/* QEMU's start, its greeting; the saved machine is loaded; it goes on */
	uint64_t machine_us, greeted_us, restored_us, running_us;
	uint64_t start_us, phase_us, deadline_us, silence_us;
	struct oom_still still;
	uint64_t look_us; /* when oom_budget_look() is due */
	int64_t start_realtime_us;
	bool panicked, rebooted, powered_off;
	int cpus_gone, dimms_gone; /* what was asked to be unplugged */
	struct oom_outcome outcome;
	struct oom_attempt *record;
};

/* Sets the timer to the deadline, or earlier: to when silence is too long, or to the next look at what QEMU has
 * written. */
void oom_attempt_arm(struct oom_guest_attempt *a);
/* Notes how it ends, and why: @reason lives as long as the attempt. */
enum oom_next oom_attempt_end(
	struct oom_guest_attempt *a, enum oom_verdict verdict, const char *reason);
/* The same for what is broken: a sentence, see oom_sentence_vformat(). */
enum oom_next oom_attempt_fail(struct oom_guest_attempt *a, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* The same where the machine cannot be saved because the disk of the cache is full. */
enum oom_next oom_attempt_no_room(struct oom_guest_attempt *a);
/* The guest was heard: from now on it may be silent again, where it runs. */
void oom_attempt_heard(struct oom_guest_attempt *a);
/* Enters @phase, whose deadline is @timeout_us from now. */
void oom_attempt_phase(
	struct oom_guest_attempt *a, enum oom_guest_phase phase, uint64_t timeout_us);

#endif
