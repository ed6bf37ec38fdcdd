/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_GUEST_ATTEMPT_H
#define OOM_GUEST_ATTEMPT_H

#include "harness/guest/attempt/budget.h"
#include "harness/guest/attempt/host.h"
#include "harness/guest/image/spec.h"
#include "harness/guest/vm/qemu.h"
#include "harness/guest/vm/state.h"
#include "harness/guest/wire/frame.h"
#include "harness/guest/wire/job.h"
#include "lib/base/arena.h"
#include "lib/base/json_scan.h"
#include "lib/record/record.h"
#include "lib/scenario/scenario.h"

#include <jansson.h>
#include <sys/types.h>

/*
 * One attempt in one guest: a state machine behind an epoll descriptor.
 *
 *   WAITING → (another attempt boots the same machine) → RESTORING
 *   BOOTING → SAVING → RESTORING → RUNNING → OVER
 *
 * Every phase has a deadline, and every end is a record.
 */
enum oom_guest_phase {
	OOM_GUEST_WAITING,
	OOM_GUEST_BOOTING,
	OOM_GUEST_SAVING,
	OOM_GUEST_RESTORING,
	OOM_GUEST_RUNNING,
	OOM_GUEST_OVER
};

/* What a step of a QMP conversation waits for before the next is taken. */
enum oom_qmp_wait { OOM_QMP_RETURN, OOM_QMP_HELLO, OOM_QMP_MIGRATED };

struct oom_guest_attempt;
struct oom_qmp_step {
	const char *command; /* NULL: nothing to send */
	bool with_state_fd; /* the state's descriptor goes along */
	enum oom_qmp_wait wait;
	void (*then)(struct oom_guest_attempt *a); /* when it is through, before the next */
};

struct oom_guest_attempt {
	struct oom_guest_host *host;
	const struct oom_prepared *machine;
	struct oom_arena arena;
	struct oom_guest_job job;
	const char *machine_id, *title, *evidence_dir, *scratch_dir;
	uint64_t timeout_us;

	struct oom_vm vm;
	struct oom_state state;
	struct oom_boot *boot; /* ours to finish, where we boot */
	enum oom_guest_phase phase;
	bool restored_twice;

	int epoll_fd, timer_fd, wait_fd; /* wait_fd: somebody else's boot is over */
	int qmp_fd, port_fd, pid_fd, state_fd, swap_fd, disk_fd;
	pid_t pid;
	char console[512], log[512];
	const char *command; /* with --keep: a line for each start of QEMU */

	const struct oom_qmp_step *step;
	struct oom_buffer qmp_in, port_in, port_out, record_text;
	struct oom_json_scan record_scan;
	uint64_t spent[OOM_BUDGET_COUNT_];
	bool hello, step_pending;
	int refills; /* answers to commands outside the conversation */

	uint64_t machine_start_us, job_us; /* QEMU's start; when it had its job */
	int64_t machine_realtime_us; /* QEMU's start, by the clock that the guest is set to */
	uint64_t start_us, phase_us, deadline_us, silence_us;
	uint64_t look_us; /* when oom_budget_look() is due */
	int64_t start_realtime_us;
	bool panicked, rebooted, powered_off;
	int cpus_gone, dimms_gone; /* what was asked to be unplugged */
	struct oom_attempt *record;
};

enum { OOM_TAG_TIMER, OOM_TAG_WAIT, OOM_TAG_QMP, OOM_TAG_PORT, OOM_TAG_PID };

/* attempt.c */
uint64_t oom_now_us(void);
void oom_attempt_phase(
	struct oom_guest_attempt *a, enum oom_guest_phase phase, uint64_t timeout_us);
void oom_attempt_arm(struct oom_guest_attempt *a);
int oom_attempt_restore(struct oom_guest_attempt *a);
/* Takes up the attempt from the beginning: restore, wait or boot. */
void oom_attempt_begin(struct oom_guest_attempt *a);

/* attempt_qmp.c */
extern const struct oom_qmp_step oom_qmp_boot[], oom_qmp_restore[];
void oom_attempt_run(struct oom_guest_attempt *a);

int oom_guest_attempt_fd(const struct oom_guest_attempt *attempt); /* readable: call _step */
/* Ends QEMU (if it still runs) and frees. */
void oom_guest_attempt_free(struct oom_guest_attempt *attempt);
int oom_guest_attempt_start(struct oom_guest_host *host, const struct oom_guest_spec *spec,
	const struct oom_scenario *scenario, unsigned attempt, uint64_t seed, uint64_t timeout_us,
	const char *evidence_dir, struct oom_err *err, struct oom_guest_attempt **ret);
/* 0: still under way; 1: over, *ret_record is set (death, panic and silence of the guest are records
 * too: verdict broken or fail with the console's tail). */
int oom_guest_attempt_step(struct oom_guest_attempt *attempt, struct oom_attempt **ret_record);

#endif
