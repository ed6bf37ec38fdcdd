/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_ATTEMPT_QMP_H
#define OOM_ATTEMPT_QMP_H

#include "harness/guest/attempt/next.h"
#include "harness/guest/attempt/state.h"

#include <stdbool.h>
#include <stddef.h>

/* What a step of a QMP conversation waits for before the next is taken. */
enum oom_qmp_wait {
	OOM_QMP_RETURN,
	OOM_QMP_HELLO,
	OOM_QMP_MIGRATED,
	OOM_QMP_TURN, /* that of an attempt which is made ready ahead */
};

struct oom_qmp_step {
	const char *command; /* NULL: nothing to send */
	bool with_state_fd; /* the state's descriptor goes along */
	enum oom_qmp_wait wait;
	enum oom_next next; /* when it is through; the step behind it is on its way already */
	bool mapped; /* only where the machine's memory is in files */
};

extern const struct oom_qmp_step oom_qmp_boot[], oom_qmp_restore[];

/* @what came: goes on with the conversation where that is what it waits for. */
enum oom_next oom_qmp_advance(struct oom_guest_attempt *a, enum oom_qmp_wait what);
enum oom_next oom_qmp_begin(struct oom_guest_attempt *a, const struct oom_qmp_step *steps);
/* Handles the next line that was read, and says what it leads to; false: none is left. */
bool oom_qmp_next(struct oom_guest_attempt *a, enum oom_next *ret_next);
/* Reads what has come. 1: something, 0: nothing now, -EPIPE: QEMU is gone, -errno */
int oom_qmp_read(struct oom_guest_attempt *a);
/* Hands QEMU what a fault in the guest asks of its host. */
void oom_qmp_request(struct oom_guest_attempt *a, const char *json, size_t len);

#endif
