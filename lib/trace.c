// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/trace.h"

#include "lib/cgroup_file.h"
#include "lib/cleanup.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Files of an instance, in the order in which they are written. 512 KiB a CPU hold some 4,000 of these
 * events. The filter: only what ends a process for want of memory (SIGKILL, and earlyoom's SIGTERM), and what
 * a killed process leaves its parent (SIGCHLD with CLD_KILLED, sigaction(2)): by then /proc may not have it. */
static const struct {
	const char *file, *text;
	bool optional;
} trace_setup[] = {
	{"tracing_on", "0", false},
	{"trace_clock", "local", true},
	{"buffer_size_kb", "512", true},
	{"events/signal/signal_generate/filter", "sig==9||sig==15||(sig==17&&code==2)", false},
	{"events/signal/signal_generate/enable", "1", false},
	{"events/oom/mark_victim/enable", "1", false},
};

int oom_trace_open(int tracing_fd, const char *name, struct oom_err *err, int *ret_fd)
{
	char path[128];
	oom_autoclose int fd = -1;
	bool made;

	snprintf(path, sizeof(path), "instances/%s", name);
	made = mkdirat(tracing_fd, path, 0700) == 0;
	if (!made && errno != EEXIST)
		return oom_err_errno(err, errno, "cannot make the trace instance '%s'", path);
	fd = openat(tracing_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return oom_err_errno(err, errno, "cannot open the trace instance '%s'", path);
	for (size_t i = 0; made && i < sizeof(trace_setup) / sizeof(*trace_setup); i++) {
		int r = oom_cgroup_write(fd, trace_setup[i].file, trace_setup[i].text);

		if (r < 0 && !trace_setup[i].optional) {
			unlinkat(tracing_fd, path, AT_REMOVEDIR);
			return oom_err_errno(err, -r, "cannot write '%s' of the trace instance",
				trace_setup[i].file);
		}
	}
	*ret_fd = oom_take_fd(&fd);
	return 0;
}

int oom_trace_start(int instance_fd)
{
	return oom_cgroup_write(instance_fd, "tracing_on", "1");
}

int oom_trace_stop(int instance_fd)
{
	return oom_cgroup_write(instance_fd, "tracing_on", "0");
}

int oom_trace_remove(int tracing_fd, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "instances/%s", name);
	return unlinkat(tracing_fd, path, AT_REMOVEDIR) < 0 && errno != ENOENT ? -errno : 0;
}

/* The number behind @key ("pid=") in [p, end); comm fields may hold anything, so that the last match
 * counts where @last. */
static bool field_number(const char *p, const char *end, const char *key, int64_t *ret)
{
	size_t key_len = strlen(key);
	const char *at = memmem(p, (size_t)(end - p), key, key_len);
	char *stop;

	if (!at)
		return false;
	*ret = strtoll(at + key_len, &stop, 10);
	return stop != at + key_len;
}

/* "sig=9 errno=0 code=128 comm=x pid=1234 grp=1 res=0": comm may hold blanks, so its end is the last
 * " pid=" of the line (include/trace/events/signal.h). */
static bool parse_signal(struct oom_arena *arena, const char *p, const char *end,
	struct oom_trace_event *ev)
{
	const char *comm = memmem(p, (size_t)(end - p), " comm=", 6), *pid = NULL;

	if (!comm || !field_number(p, end, "sig=", &ev->signal) ||
		!field_number(p, end, "code=", &ev->code))
		return false;
	for (const char *q = comm; (q = memmem(q, (size_t)(end - q), " pid=", 5)); q += 5)
		pid = q;
	if (!pid)
		return false;
	ev->pid = strtoll(pid + 5, NULL, 10);
	ev->comm = oom_arena_strndup(arena, comm + 6, (size_t)(pid - comm - 6));
	ev->kind = OOM_TRACE_SIGNAL;
	return true;
}

/* "pid=1234" (5.10), "pid=1234 comm=x total-vm=…" (6.1 stable and later;
 * include/trace/events/oom.h). */
static bool parse_victim(struct oom_arena *arena, const char *p, const char *end,
	struct oom_trace_event *ev)
{
	const char *comm, *stop;

	if (!field_number(p, end, "pid=", &ev->pid))
		return false;
	comm = memmem(p, (size_t)(end - p), " comm=", 6);
	stop = comm ? memmem(comm, (size_t)(end - comm), " total-vm=", 10) : NULL;
	if (stop)
		ev->comm = oom_arena_strndup(arena, comm + 6, (size_t)(stop - comm - 6));
	ev->kind = OOM_TRACE_MARK_VICTIM;
	return true;
}

/* "   comm-pid   [001] d..1.   12.345678: name: fields": the head in front of the event's name. */
static bool parse_head(struct oom_arena *arena, const char *line, const char *name,
	struct oom_trace_event *ev)
{
	const char *bracket = NULL, *time, *dash, *comm = line;
	char *stop;
	long long sec;

	for (const char *q = line; q < name; q++)
		if (*q == '[' && name - q > 5 && isdigit((unsigned char)q[1]))
			bracket = q;
	if (!bracket)
		return false;
	for (time = name; time > bracket && time[-1] != ' '; time--)
		;
	sec = strtoll(time, &stop, 10);
	if (*stop != '.')
		return false;
	ev->time_us = sec * 1000000 + strtoll(stop + 1, NULL, 10);
	for (dash = bracket; dash > line && *dash != '-'; dash--)
		;
	if (dash == line)
		return false;
	ev->task_pid = strtoll(dash + 1, NULL, 10);
	while (comm < dash && *comm == ' ')
		comm++;
	ev->task_comm = oom_arena_strndup(arena, comm, (size_t)(dash - comm));
	return true;
}

bool oom_trace_parse(struct oom_arena *arena, const char *line, size_t len,
	struct oom_trace_event *ret)
{
	static const char signal_name[] = ": signal_generate: ", victim_name[] = ": mark_victim: ";
	struct oom_trace_event ev = {.pid = -1, .task_pid = -1};
	const char *end = line + len, *name;
	bool ok;

	if ((name = memmem(line, len, signal_name, sizeof(signal_name) - 1)))
		ok = parse_signal(arena, name + sizeof(signal_name) - 1, end, &ev);
	else if ((name = memmem(line, len, victim_name, sizeof(victim_name) - 1)))
		ok = parse_victim(arena, name + sizeof(victim_name) - 1, end, &ev);
	else
		return false;
	if (!ok || !parse_head(arena, line, name, &ev))
		return false;
	*ret = ev;
	return true;
}

/* Sum of "overrun" and "dropped events" over per_cpu/cpuN/stats. */
static uint64_t trace_lost(int instance_fd)
{
	uint64_t lost = 0;

	for (int cpu = 0;; cpu++) {
		char path[64], buf[1024];
		oom_autoclose int fd = -1;
		int64_t n;
		long len;

		snprintf(path, sizeof(path), "per_cpu/cpu%d/stats", cpu);
		fd = oom_cgroup_open(instance_fd, path);
		if (fd < 0)
			return lost;
		len = oom_cgroup_pread(fd, buf, sizeof(buf));
		if (len > 0 && field_number(buf, buf + len, "\noverrun: ", &n))
			lost += (uint64_t)n;
		if (len > 0 && field_number(buf, buf + len, "dropped events: ", &n))
			lost += (uint64_t)n;
	}
}

int oom_trace_read(int instance_fd, struct oom_arena *arena, struct oom_trace_event **ret,
	size_t *ret_count, uint64_t *ret_lost)
{
	int fd = openat(instance_fd, "trace", O_RDONLY | O_CLOEXEC);
	oom_autofclose FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	struct oom_trace_event *events = NULL;
	oom_autofree char *line = NULL;
	size_t count = 0, size = 0;
	ssize_t len;

	if (!file)
		return -errno;
	while ((len = getline(&line, &size, file)) >= 0) {
		struct oom_trace_event ev;

		while (len && (line[len - 1] == '\n' || line[len - 1] == ' '))
			len--;
		if (!oom_trace_parse(arena, line, (size_t)len, &ev))
			continue;
		events = oom_arena_grow(arena, events, count, sizeof(*events));
		if (!events)
			return -ENOMEM;
		events[count++] = ev;
	}
	*ret_lost = trace_lost(instance_fd);
	*ret = events;
	*ret_count = count;
	return 0;
}

bool oom_trace_is_kill(const struct oom_trace_event *events, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (events[k].kind == OOM_TRACE_SIGNAL && events[k].pid == events[i].pid &&
			events[k].signal == SIGKILL && events[k].code == OOM_TRACE_BY_KERNEL)
			return true;
	return false;
}
