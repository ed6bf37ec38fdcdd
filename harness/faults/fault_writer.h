/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_FAULTS_FAULT_WRITER_H
#define OOM_FAULTS_FAULT_WRITER_H

#include "harness/state/state.h"
#include "lib/base/err.h"

int oom_fault_writer_fire(struct oom_run_state *run, void *data);
/*
 * The same by a thread that waits for its moment: a write that lowers memory.max reclaims and kills, and
 * returns when that is done. It must not hold up the one who watches.
 */
int oom_fault_writer_prepare(int dir_fd, const char *path, const char *text,
	struct oom_run_state *run, struct oom_err *err, void **ret_data);
void oom_fault_writer_release(void *data);
int oom_fault_writer_under_way(void *data);

#endif
