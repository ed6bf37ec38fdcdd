// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/units/unit.h"

#include "lib/base/bounded.h"
#include "lib/base/cleanup.h"
#include "lib/kernel/cgroup_file.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>

const char *oom_unit_kind(const struct oom_section *section)
{
	return section->kind == OOM_SEC_SLICE	 ? "slice"
		: section->kind == OOM_SEC_SCOPE ? "scope"
						 : "service";
}

int oom_unit_name_escape(const char *name, bool dashes, char *buf, size_t size)
{
	static const char fine[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:_.";
	struct oom_bounded escaped = oom_bounded_in(buf, size);

	for (; *name; name++) {
		if (strchr(fine, *name) || (*name == '-' && dashes))
			oom_bounded_char(&escaped, *name);
		else
			oom_bounded_printf(&escaped, "\\x%02x", (unsigned char)*name);
	}
	return oom_bounded_end(&escaped);
}

int oom_unit_collect_files(
	const struct oom_backend_unit *unit, struct oom_arena *arena, struct oom_unit_rec *rec)
{
	static const char *const max_files[] = {"memory.max", "memory.limit_in_bytes"};
	static const char *const peak_files[] = {"memory.peak", "memory.max_usage_in_bytes"};
	int64_t number;

	rec->name = oom_arena_strdup(arena, unit->name);
	rec->kind = oom_unit_kind(unit->section);
	rec->unit = oom_arena_strdup(arena, unit->unit);
	rec->cgroup = oom_arena_strdup(arena, unit->cgroup);
	if (unit->dir_fd < 0)
		return arena->failed ? -ENOMEM : 0;
	/* v1 has no word for "none": the largest multiple of a page */
	if (!oom_cgroup_number_at(unit->dir_fd, max_files[unit->v1], &number))
		rec->memory_max_bytes = number > INT64_MAX / 2 ? -1 : number;
	if (!oom_cgroup_number_at(unit->dir_fd, peak_files[unit->v1], &number))
		rec->memory_peak_bytes = number;
	return arena->failed ? -ENOMEM : 0;
}

/* One pass over cgroup.procs: sends @signal (0: none); how many could be sent it. Allocates nothing: it is called
 * in mid-run. */
static int signal_pass(const struct oom_backend_unit *unit, int signal)
{
	char buf[16384]; /* some 2,000 pids a pass */
	oom_autoclose int fd = oom_cgroup_open(unit->dir_fd, "cgroup.procs");
	int met = 0;
	long n;

	if (fd < 0)
		return 0;
	n = oom_cgroup_pread(fd, buf, sizeof(buf));
	for (char *p = buf; n > 0 && *p;) {
		long pid = strtol(p, &p, 10);

		if (pid > 1 && pid != unit->keeper_pid && pid != getpid() &&
			kill((pid_t)pid, signal) == 0)
			met++;
		while (*p == '\n')
			p++;
	}
	return met;
}

bool oom_unit_kill(const struct oom_backend_unit *unit)
{
	bool any = false;

	if (unit->dir_fd < 0 || unit->section->kind == OOM_SEC_SLICE)
		return false;
	/* frozen, a fork bomb cannot outrun the passes; SIGKILL reaches frozen v2 tasks */
	if (!unit->v1)
		oom_cgroup_write(unit->dir_fd, "cgroup.freeze", "1");
	for (int pass = 0; pass < 100 && signal_pass(unit, SIGKILL); pass++)
		any = true;
	if (!unit->v1)
		oom_cgroup_write(unit->dir_fd, "cgroup.freeze", "0");
	return any;
}

bool oom_unit_has_processes(const struct oom_backend_unit *unit)
{
	if (unit->section->kind == OOM_SEC_SLICE) /* its own are in scopes of the scenario */
		return true;
	return unit->dir_fd >= 0 && signal_pass(unit, 0) > 0;
}
