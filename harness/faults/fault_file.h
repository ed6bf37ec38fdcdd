/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_FAULT_FILE_H
#define OOM_FAULT_FILE_H

#include "harness/faults/fault.h"
#include "harness/state/state.h"

/* Many faults are one write(2) into a kernel file: opened and formatted before the gate opens. */
struct oom_fault_file {
	int fd;
	char text[256];
};

/* Opens @path (below @dir_fd, or absolute) for writing; @text is what fire() will write. */
int oom_fault_file_prepare(int dir_fd, const char *path, const char *text, struct oom_run_state *run,
	struct oom_err *err, void **ret_data);
int oom_fault_file_fire(struct oom_run_state *run, void *data);
void oom_fault_file_release(void *data);

/*
 * The same by a thread that waits for its moment: a write that lowers memory.max reclaims and kills, and
 * returns when that is done. It must not hold up the one who watches. A write that the kernel gives up
 * (EAGAIN, EBUSY, EINTR) has done its work.
 */
int oom_fault_writer_prepare(int dir_fd, const char *path, const char *text,
	struct oom_run_state *run, struct oom_err *err, void **ret_data);
int oom_fault_writer_fire(struct oom_run_state *run, void *data);
int oom_fault_writer_under_way(void *data);
void oom_fault_writer_release(void *data);

/* The unit that Scope= of the fault names, or the only scope; NULL with @err. */
struct oom_backend_unit *oom_fault_unit(struct oom_run_state *run, const struct oom_section *section,
	struct oom_err *err);
/* The workload that Workload= names; NULL with @err. */
struct oom_run_workload *oom_fault_workload(struct oom_run_state *run,
	const struct oom_section *section, struct oom_err *err);

#endif
