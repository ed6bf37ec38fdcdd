// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/undo/add.h"

#include "harness/host/process.h"
#include "harness/host/sysctl.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int oom_undo_add_started(struct oom_undo *list, const char *kind, pid_t pid, struct oom_err *err)
{
	char pid_text[16], start_text[24];
	uint64_t start;
	char state;
	int r;

	if (!list)
		return 0;
	r = oom_process_stat(pid, &state, &start);
	if (r < 0)
		return oom_err_errno(err, -r, "cannot read the start time of process %d", (int)pid);
	snprintf(pid_text, sizeof(pid_text), "%d", (int)pid);
	snprintf(start_text, sizeof(start_text), "%" PRIu64, start);
	return oom_undo_add(list, err, kind, pid_text, start_text, NULL);
}

int oom_undo_add_process(struct oom_undo *list, pid_t pid, struct oom_err *err)
{
	return oom_undo_add_started(list, "process", pid, err);
}

int oom_undo_add_session(struct oom_undo *list, pid_t pid, struct oom_err *err)
{
	return oom_undo_add_started(list, "session", pid, err);
}

/* Writing one of a pair sets the other to 0, and a 0 cannot always be written back (mm/util.c,
 * mm/page-writeback.c). */
static const char *const pairs[][2] = {
	{"vm/overcommit_ratio", "vm/overcommit_kbytes"},
	{"vm/dirty_ratio", "vm/dirty_bytes"},
	{"vm/dirty_background_ratio", "vm/dirty_background_bytes"},
};

static const char *partner(const char *path)
{
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		for (int side = 0; side < 2; side++)
			if (!strcmp(path + strlen("/proc/sys/"), pairs[i][side]))
				return pairs[i][!side];
	return NULL;
}

int oom_undo_add_sysctl(struct oom_undo *list, const char *name, struct oom_err *err)
{
	char path[PATH_MAX], old[4096], other_old[4096];
	const char *other;
	int r = oom_sysctl_path(name, path, sizeof(path));

	if (r < 0)
		return oom_err_set(err, EINVAL, "'%s' is not the name of a sysctl", name);
	r = oom_sysctl_read(name, old, sizeof(old));
	if (r < 0)
		return oom_err_errno(err, -r, "cannot read the sysctl '%s'", name);
	other = partner(path);
	if (other && !strcmp(old, "0") && !oom_sysctl_read(other, other_old, sizeof(other_old)) &&
		strcmp(other_old, "0") != 0)
		return oom_undo_add(list, err, "sysctl", other, other_old, NULL);
	return oom_undo_add(list, err, "sysctl", name, old, NULL);
}
