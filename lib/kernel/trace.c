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
	{"trace_clock", "mono", true},
	{"options/markers", "1", true},
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

/* Does the file hold that line? "1*" is an event that is on, and has a trigger. */
static bool holds(int instance_fd, const char *file, const char *line)
{
	char buf[128];
	oom_autoclose int fd = oom_cgroup_open(instance_fd, file);
	long len = fd < 0 ? fd : oom_cgroup_pread(fd, buf, sizeof(buf));
	size_t n = strlen(line);

	return len > 0 && (size_t)len >= n && !memcmp(buf, line, n) &&
		((size_t)len == n || buf[n] == '\n' || buf[n] == '*');
}

bool oom_trace_is_armed(int instance_fd)
{
	bool armed = holds(instance_fd, "tracing_on", "1");

	for (size_t i = 0; armed && i < sizeof(trace_setup) / sizeof(*trace_setup); i++)
		if (!strncmp(trace_setup[i].file, "events/", 7))
			armed = holds(instance_fd, trace_setup[i].file, trace_setup[i].text);
	return armed;
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

int oom_trace_mark(int instance_fd, const char *text)
{
	return oom_cgroup_write(instance_fd, "trace_marker", text);
}

/* The number behind @key, a whole line's beginning, in a "stats" file; 0 where there is none. */
static uint64_t stat_number(struct oom_span text, struct oom_span key)
{
	ptrdiff_t at = oom_span_find(text, key);
	struct oom_span number = oom_span_from(text, at < 0 ? text.len : (size_t)at + key.len);
	uint64_t value;

	return oom_span_take_uint(&number, &value) ? value : 0;
}

/* Sums what the buffers of all processors lost (Documentation/trace/ftrace.rst, "per_cpu"). */
static void read_lost(int instance_fd, struct oom_trace *ret)
{
	static const struct oom_span keys[] = {OOM_SPAN("\noverrun: "),
		OOM_SPAN("\ncommit overrun: "), OOM_SPAN("\ndropped events: ")};

	for (int cpu = 0;; cpu++) {
		char path[64], buf[1024];
		oom_autoclose int fd = -1;
		long len;

		snprintf(path, sizeof(path), "per_cpu/cpu%d/stats", cpu);
		fd = oom_cgroup_open(instance_fd, path);
		len = fd < 0 ? fd : oom_cgroup_pread(fd, buf, sizeof(buf));
		if (len <= 0) {
			ret->stats_missing |= !cpu || fd >= 0;
			return;
		}
		for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
			ret->lost += stat_number((struct oom_span){buf, (size_t)len}, keys[i]);
	}
}

/* A file of the kernel's, whose size nobody knows before. */
static int read_whole(int dir_fd, const char *name, char **ret, size_t *ret_len)
{
	oom_autoclose int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC);
	oom_autofree char *text = NULL;
	size_t len = 0, size = 0;
	ssize_t n;

	if (fd < 0)
		return -errno;
	do {
		if (size - len < 16384) {
			char *more = realloc(text, size = 2 * size + 32768);

			if (!more)
				return -ENOMEM;
			text = more;
		}
		n = read(fd, text + len, size - len);
		if (n < 0 && errno != EINTR)
			return -errno;
		len += n > 0 ? (size_t)n : 0;
	} while (n);
	*ret = oom_take_ptr(text);
	*ret_len = len;
	return 0;
}

int oom_trace_read(int instance_fd, struct oom_arena *arena, struct oom_trace *ret)
{
	struct oom_trace trace = {0};
	struct oom_trace_event ev;
	struct oom_span rest;
	int r = read_whole(instance_fd, "trace", &trace.text, &trace.len);

	if (r < 0)
		return r;
	rest = (struct oom_span){trace.text, trace.len};
	while ((r = oom_trace_next(arena, &rest, &ev))) {
		trace.not_understood += r == -EBADMSG;
		if (r == 1)
			trace.events = oom_arena_grow(arena, trace.events, trace.count, sizeof(ev));
		if (arena->failed) {
			oom_trace_free(&trace);
			return -ENOMEM;
		}
		if (r == 1)
			trace.events[trace.count++] = ev;
	}
	read_lost(instance_fd, &trace);
	*ret = trace;
	return 0;
}

void oom_trace_free(struct oom_trace *trace)
{
	free(trace->text);
	trace->text = NULL;
}

const struct oom_trace_event *oom_trace_find_mark(const struct oom_trace *trace, const char *text)
{
	for (size_t i = trace->count; i-- > 0;)
		if (trace->events[i].kind == OOM_TRACE_MARK && !strcmp(trace->events[i].comm, text))
			return &trace->events[i];
	return NULL;
}

bool oom_trace_is_kill(const struct oom_trace_event *events, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (events[k].kind == OOM_TRACE_SIGNAL && events[k].pid == events[i].pid &&
			events[k].signal == SIGKILL && events[k].code == OOM_TRACE_BY_KERNEL)
			return true;
	return false;
}
