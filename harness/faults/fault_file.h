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
int oom_fault_file_prepare(int dir_fd, const char *path, const char *text,
	struct oom_run_state *run, struct oom_err *err, void **ret_data);
int oom_fault_file_fire(struct oom_run_state *run, void *data);
void oom_fault_file_release(void *data);

/* The unit that Scope= of the fault names, or the only scope; NULL with @err. */
struct oom_backend_unit *oom_fault_unit(
	struct oom_run_state *run, const struct oom_section *section, struct oom_err *err);
/* The workload that Workload= names; NULL with @err. */
struct oom_run_workload *oom_fault_workload(
	struct oom_run_state *run, const struct oom_section *section, struct oom_err *err);

#endif
