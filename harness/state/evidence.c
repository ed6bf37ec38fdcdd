// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/state/evidence.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

int oom_evidence_open(const struct oom_run_state *run, const char *name)
{
	char path[1024];
	int fd;

	if (!run->evidence_dir)
		return -ENOENT;
	snprintf(path, sizeof(path), "%s/%s", run->evidence_dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	return fd < 0 ? -errno : fd;
}
