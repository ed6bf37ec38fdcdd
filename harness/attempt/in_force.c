// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/attempt/in_force.h"

#include "harness/cgroup/in_force.h"
#include "harness/units/unit.h"
#include "lib/base/cleanup.h"
#include "lib/kernel/cgroup_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

const char *oom_status_value(const char *status, const char *key, char *buf, size_t size)
{
	size_t len = strlen(key);

	*buf = '\0';
	for (const char *line = status; line && *line;
		line = strchr(line, '\n'), line += line != NULL) {
		if (strncmp(line, key, len) || line[len] != ':')
			continue;
		line += len + 1 + strspn(line + len + 1, "\t ");
		snprintf(buf, size, "%.*s", (int)strcspn(line, "\n"), line);
		break;
	}
	return buf;
}

static int read_proc(int pid, const char *name, char *buf, size_t size)
{
	oom_autoclose int fd = -1;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 || oom_cgroup_pread(fd, buf, size) < 0 ? -EIO : 0;
}

/* A file of a cgroup, without its newline; "" where there is none. */
static const char *read_file(int dir_fd, const char *name, char *buf, size_t size)
{
	oom_autoclose int fd = oom_cgroup_open(dir_fd, name);

	if (fd < 0 || oom_cgroup_pread(fd, buf, size) < 0)
		*buf = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	return buf;
}

static int differs(const struct oom_run_workload *w, struct oom_err *err, const char *key,
	const char *wanted, const char *found)
{
	return oom_err_set(err, EIO, "%s of workload '%s' is not in force: wanted %s, it has %s",
		key, w->name, wanted, *found ? found : "none");
}

/* Is the process in the unit's cgroup? It has just been started there, or moved. */
static int check_cgroup(const struct oom_run_workload *w, struct oom_err *err)
{
	oom_autoclose int fd = oom_cgroup_open(w->unit->dir_fd, "cgroup.procs");
	char text[16384]; /* keeper and workloads */
	long n = fd < 0 ? -1 : oom_cgroup_pread(fd, text, sizeof(text));

	for (char *p = text; n > 0 && *p;) {
		if (strtol(p, &p, 10) == w->pid)
			return 0;
		while (*p == '\n')
			p++;
	}
	return oom_err_set(err, EIO, "workload '%s' is not in the cgroup of %s '%s' ('%s')",
		w->name, oom_unit_kind(w->unit->section), w->unit->name, w->unit->cgroup);
}

/* What the unit's cpuset allows, and what its process may use (proc_pid_status(5)); its own CPUAffinity= is within. */
static int check_cpuset(const struct oom_run_workload *w, const char *status, struct oom_err *err)
{
	static const struct {
		const char *file, *key, *what;
		bool all;
	} rows[] = {{"cpuset.mems.effective", "Mems_allowed_list", "AllowedMemoryNodes=", true},
		{"cpuset.cpus.effective", "Cpus_allowed_list", "AllowedCPUs=", false}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char allowed[512], has[512];

		read_file(w->unit->dir_fd, rows[i].file, allowed, sizeof(allowed));
		oom_status_value(status, rows[i].key, has, sizeof(has));
		if (!*allowed || !*has)
			continue; /* no such controller there */
		if (!oom_list_within(has, allowed) ||
			(rows[i].all && !oom_list_within(allowed, has)))
			return differs(w, err, rows[i].what, allowed, has);
	}
	return 0;
}

static int check_user(const struct oom_run_workload *w, const char *status, struct oom_err *err)
{
	const char *user = oom_section_text(w->section, "User", NULL);
	char has[128], *end;
	unsigned long uid = user ? strtoul(user, &end, 10) : 0;

	/* a name is the workload's to look up, and it fails where it cannot */
	if (!user || end == user || (*end && *end != ':'))
		return 0;
	oom_status_value(status, "Uid", has, sizeof(has));
	return strtoul(has, NULL, 10) == uid ? 0 : differs(w, err, "User=", user, has);
}

static int check_adj(const struct oom_run_workload *w, struct oom_err *err)
{
	const struct oom_setting *adj = oom_section_get(w->section, "OOMScoreAdjust");
	char text[32];

	if (!adj || adj->is_default)
		return 0;
	if (read_proc(w->pid, "oom_score_adj", text, sizeof(text)))
		return oom_err_set(
			err, EIO, "cannot read oom_score_adj of workload '%s' back", w->name);
	text[strcspn(text, "\n")] = '\0';
	return strtol(text, NULL, 10) == adj->value.integer
		? 0
		: differs(w, err, "OOMScoreAdjust=", adj->value.text, text);
}

static int check_nice(const struct oom_run_workload *w, struct oom_err *err)
{
	const struct oom_setting *nice = oom_section_get(w->section, "Nice");
	char has[16];
	int value;

	if (!nice || nice->is_default)
		return 0;
	errno = 0;
	value = getpriority(PRIO_PROCESS, (id_t)w->pid);
	if (errno)
		return oom_err_errno(
			err, errno, "cannot read the nice value of '%s' back", w->name);
	snprintf(has, sizeof(has), "%d", value);
	return strtol(nice->value.text, NULL, 10) == value
		? 0
		: differs(w, err, "Nice=", nice->value.text, has);
}

/* Set by the workload itself while it prepares; limits of others it gets from us. */
static int check_memlock(const struct oom_run_workload *w, struct oom_err *err)
{
	const struct oom_setting *asked = oom_section_get(w->section, "MemlockLimit");
	struct rlimit limit;
	char has[24];

	if (!asked || asked->is_default || asked->value.size.is_percent)
		return 0;
	if (prlimit(w->pid, RLIMIT_MEMLOCK, NULL, &limit) < 0)
		return oom_err_errno(
			err, errno, "cannot read RLIMIT_MEMLOCK of '%s' back", w->name);
	snprintf(has, sizeof(has), "%ju", (uintmax_t)limit.rlim_cur);
	return limit.rlim_cur == asked->value.size.bytes
		? 0
		: differs(w, err, "MemlockLimit=", asked->value.text, has);
}

static int check_process(const struct oom_run_workload *w, struct oom_err *err)
{
	char status[4096];
	int r;

	if (read_proc(w->pid, "status", status, sizeof(status)))
		return oom_err_set(err, EIO, "cannot read the status of workload '%s'", w->name);
	r = check_user(w, status, err);
	if (!r && w->unit && w->unit->dir_fd >= 0)
		r = check_cgroup(w, err);
	if (!r && w->unit && w->unit->dir_fd >= 0 && !w->unit->v1)
		r = check_cpuset(w, status, err);
	if (!r)
		r = check_adj(w, err);
	if (!r)
		r = check_nice(w, err);
	return r ? r : check_memlock(w, err);
}

static int check_unit(const struct oom_backend_unit *unit, struct oom_err *err)
{
	const struct oom_section *section = unit->section;
	char what[96];

	/* v1 refuses what it cannot, and has other files */
	if (unit->v1 || unit->dir_fd < 0)
		return 0;
	snprintf(what, sizeof(what), "%s '%s'", oom_unit_kind(section), unit->name);
	for (size_t i = 0; i < section->n_settings; i++) {
		int r = section->settings[i].is_default
			? 0
			: oom_cgroup_in_force(unit->dir_fd, what, &section->settings[i], err);

		if (r < 0)
			return r;
	}
	return 0;
}

int oom_in_force_check(struct oom_run_state *run, struct oom_err *err)
{
	int r = 0;

	for (size_t i = 0; !r && i < run->n_units; i++)
		r = check_unit(&run->units[i], err);
	for (size_t i = 0; !r && i < run->n_workloads; i++)
		r = check_process(&run->workloads[i], err);
	return r;
}
