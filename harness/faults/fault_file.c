// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/faults/fault_file.h"

#include "lib/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>

int oom_fault_file_prepare(int dir_fd, const char *path, const char *text,
	struct oom_run_state *run, struct oom_err *err, void **ret_data)
{
	struct oom_fault_file *file = oom_arena_alloc(&run->arena, sizeof(*file));

	if (!file)
		return oom_err_set(err, ENOMEM, "no memory for a fault");
	file->fd = openat(dir_fd, path, O_WRONLY | O_CLOEXEC);
	if (file->fd < 0)
		return oom_err_errno(err, errno, "cannot open '%s'", path);
	snprintf(file->text, sizeof(file->text), "%s", text);
	*ret_data = file;
	return 0;
}

int oom_fault_file_fire(struct oom_run_state *run, void *data)
{
	struct oom_fault_file *file = data;
	size_t len = strlen(file->text);

	(void)run;
	return pwrite(file->fd, file->text, len, 0) == (ssize_t)len ? 0 : -errno;
}

void oom_fault_file_release(void *data)
{
	struct oom_fault_file *file = data;

	if (file)
		oom_closep(&file->fd);
}

struct oom_backend_unit *oom_fault_unit(
	struct oom_run_state *run, const struct oom_section *section, struct oom_err *err)
{
	const char *name = oom_section_text(section, "Scope", NULL);
	struct oom_backend_unit *unit = oom_run_unit(run, name);

	if (!name && run->n_units == 1)
		return &run->units[0];
	if (!unit)
		oom_err_set(err, EINVAL, "fault '%s' needs Scope=: %s", section->name,
			name ? "no such scope" : "the scenario does not have exactly one");
	return unit;
}

struct oom_run_workload *oom_fault_workload(
	struct oom_run_state *run, const struct oom_section *section, struct oom_err *err)
{
	const char *name = oom_section_text(section, "Workload", NULL);
	struct oom_run_workload *workload = oom_run_workload(run, name);

	if (!workload)
		oom_err_set(err, EINVAL, "fault '%s': no workload '%s'", section->name,
			name ? name : "");
	return workload;
}
