// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/kernel/trace.h"

#include "lib/base/cleanup.h"
#include "lib/base/span.h"
#include "lib/kernel/cgroup_file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
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

int oom_tracing_open(int root_fd)
{
	static const char *const places[] = {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"};

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		oom_autoclose int fd = openat(root_fd, places[i] + (root_fd != AT_FDCWD),
			O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (fd >= 0 && faccessat(fd, "instances", F_OK, 0) == 0)
			return oom_take_fd(&fd);
	}
	return -ENOENT;
}

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

int oom_trace_clear(int instance_fd)
{
	oom_autoclose int fd = openat(instance_fd, "trace", O_WRONLY | O_TRUNC | O_CLOEXEC);

	return fd < 0 ? -errno : 0;
}

int oom_trace_remove(int tracing_fd, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "instances/%s", name);
	return unlinkat(tracing_fd, path, AT_REMOVEDIR) < 0 && errno != ENOENT ? -errno : 0;
}

/* What stands behind the first @key of @s; .at NULL: it is not there. */
static struct oom_span behind(struct oom_span s, struct oom_span key)
{
	ptrdiff_t at = oom_span_find(s, key);

	return at < 0 ? (struct oom_span){NULL, 0} : oom_span_from(s, (size_t)at + key.len);
}

/* The number behind the first @key ("pid=") of @s. */
static bool field_number(struct oom_span s, struct oom_span key, int64_t *ret)
{
	struct oom_span number = behind(s, key);

	return number.at && oom_span_take_int(&number, ret);
}

/* "sig=9 errno=0 code=128 comm=x pid=1234 grp=1 res=0": comm may hold blanks, so its end is the last
 * " pid=" of the line (include/trace/events/signal.h). */
static bool parse_signal(
	struct oom_arena *arena, struct oom_span fields, struct oom_trace_event *ev)
{
	static const struct oom_span key = OOM_SPAN(" pid=");
	struct oom_span comm = behind(fields, OOM_SPAN(" comm=")), pid;
	ptrdiff_t at = comm.at ? oom_span_find_last(comm, key) : -1;

	if (at < 0 || !field_number(fields, OOM_SPAN("sig="), &ev->signal) ||
		!field_number(fields, OOM_SPAN("code="), &ev->code))
		return false;
	pid = oom_span_from(comm, (size_t)at + key.len);
	if (!oom_span_take_int(&pid, &ev->pid))
		return false;
	ev->comm = oom_arena_strndup(arena, comm.at, (size_t)at);
	ev->kind = OOM_TRACE_SIGNAL;
	return true;
}

/* "pid=1234" (5.10), "pid=1234 comm=x total-vm=…" (6.1 stable and later;
 * include/trace/events/oom.h). */
static bool parse_victim(
	struct oom_arena *arena, struct oom_span fields, struct oom_trace_event *ev)
{
	struct oom_span comm = behind(fields, OOM_SPAN(" comm="));
	ptrdiff_t stop = comm.at ? oom_span_find(comm, OOM_SPAN(" total-vm=")) : -1;

	if (!field_number(fields, OOM_SPAN("pid="), &ev->pid))
		return false;
	if (stop >= 0)
		ev->comm = oom_arena_strndup(arena, comm.at, (size_t)stop);
	ev->kind = OOM_TRACE_MARK_VICTIM;
	return true;
}

/* Where the last '[' with a digit behind it stands: "[001]", the processor; -1. */
static ptrdiff_t find_processor(struct oom_span head)
{
	for (size_t i = head.len; i-- > 0;)
		if (head.at[i] == '[' && i + 5 < head.len && oom_is_digit(head.at[i + 1]))
			return (ptrdiff_t)i;
	return -1;
}

/* "   comm-pid   [001] d..1.   12.345678": what stands in front of the event's name. */
static bool parse_head(struct oom_arena *arena, struct oom_span head, struct oom_trace_event *ev)
{
	ptrdiff_t processor = find_processor(head), blank = oom_span_find_last(head, OOM_SPAN(" ")),
		  dash;
	struct oom_span comm = head, seconds, pid;

	if (processor < 0)
		return false;
	seconds = oom_span_from(head, (size_t)(blank > processor ? blank : processor) + 1);
	if (!oom_span_take_seconds(&seconds, &ev->time_us))
		return false;
	comm.len = (size_t)processor;
	dash = oom_span_find_last(comm, OOM_SPAN("-"));
	if (dash <= 0)
		return false;
	pid = oom_span_from(comm, (size_t)dash + 1);
	if (!oom_span_take_int(&pid, &ev->task_pid))
		return false;
	comm.len = (size_t)dash;
	while (comm.len && *comm.at == ' ')
		comm = oom_span_from(comm, 1);
	ev->task_comm = oom_arena_strndup(arena, comm.at, comm.len);
	return true;
}

bool oom_trace_parse(
	struct oom_arena *arena, const char *line, size_t len, struct oom_trace_event *ret)
{
	static const struct oom_span signal_name = OOM_SPAN(": signal_generate: "),
				     victim_name = OOM_SPAN(": mark_victim: ");
	struct oom_trace_event ev = {.pid = -1, .task_pid = -1};
	struct oom_span head = {line, len}, fields = head;
	bool ok;

	if (oom_span_take_until(&fields, signal_name, &head))
		ok = parse_signal(arena, fields, &ev);
	else if (oom_span_take_until(&fields, victim_name, &head))
		ok = parse_victim(arena, fields, &ev);
	else
		return false;
	if (!ok || !parse_head(arena, head, &ev))
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
		struct oom_span text = {buf, 0};
		int64_t n;
		long len;

		snprintf(path, sizeof(path), "per_cpu/cpu%d/stats", cpu);
		fd = oom_cgroup_open(instance_fd, path);
		if (fd < 0)
			return lost;
		len = oom_cgroup_pread(fd, buf, sizeof(buf));
		text.len = len > 0 ? (size_t)len : 0;
		if (field_number(text, OOM_SPAN("\noverrun: "), &n) && n > 0)
			lost += (uint64_t)n;
		if (field_number(text, OOM_SPAN("dropped events: "), &n) && n > 0)
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
