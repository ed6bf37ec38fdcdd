// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/kernel/proc.h"

#include "lib/base/bounded.h"
#include "lib/base/cleanup.h"
#include "lib/base/span.h"
#include "lib/kernel/cgroup_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int proc_open(int root_fd, const char *path)
{
	char full[96];
	int fd;

	snprintf(full, sizeof(full), "%s%s", root_fd == AT_FDCWD ? "/proc/" : "proc/", path);
	fd = openat(root_fd, full, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* Field @n (from 3) of /proc/PID/stat: counted behind the last ')', for a name may hold anything. */
static const char *stat_field(int root_fd, int pid, int n, char *buf, size_t size)
{
	oom_autoclose int fd = -1;
	char path[32], *p;

	snprintf(path, sizeof(path), "%d/stat", pid);
	fd = proc_open(root_fd, path);
	if (fd < 0 || oom_cgroup_pread(fd, buf, size) <= 0)
		return NULL;
	p = strrchr(buf, ')');
	for (int i = 2; p && i < n; i++)
		p = strchr(p + 1, ' ');
	return p ? p + 1 : NULL;
}

static int stat_int(int root_fd, int pid, int n)
{
	char buf[1024]; /* 52 numbers of at most 20 digits, hardly ever more than 400 bytes */
	const char *field = stat_field(root_fd, pid, n, buf, sizeof(buf));

	struct oom_span number = {field, field ? strlen(field) : 0};
	int64_t value;

	return oom_span_take_int(&number, &value) && value >= INT_MIN && value <= INT_MAX
		? (int)value
		: -1;
}

int oom_proc_parent(int root_fd, int pid)
{
	return stat_int(root_fd, pid, 4);
}

int oom_proc_session(int root_fd, int pid)
{
	return stat_int(root_fd, pid, 6);
}

int oom_proc_cgroup(int root_fd, int pid, char *buf, size_t size)
{
	oom_autoclose int fd = -1;
	char path[32], text[4096];
	const char *line = text;
	size_t len;

	snprintf(path, sizeof(path), "%d/cgroup", pid);
	fd = proc_open(root_fd, path);
	if (fd < 0 || oom_cgroup_pread(fd, text, sizeof(text)) <= 0)
		return -ESRCH;
	/* "0::/path" is the unified one's (cgroups(7)), whatever stands before it */
	while (line && strncmp(line, "0::", 3)) {
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	if (!line)
		return -ENOENT;
	line += 3;
	len = strcspn(line, "\n");
	if (len >= size)
		return -E2BIG;
	memcpy(buf, line, len);
	buf[len] = '\0';
	return 0;
}

int oom_proc_where(int root_fd, int pid, char *buf, size_t size)
{
	oom_autoclose int fd = -1;
	char text[4096]; /* seq_file's first page: some 60 functions */
	const char *field = stat_field(root_fd, pid, 3, text, sizeof(text)), *link = " in ";
	struct oom_bounded where = oom_bounded_in(buf, size);

	if (!field)
		return -ESRCH;
	oom_bounded_char(&where, *field);
	snprintf(text, sizeof(text), "%d/stack", pid);
	fd = proc_open(root_fd, text);
	if (fd < 0 || oom_cgroup_pread(fd, text, sizeof(text)) <= 0)
		return 0;
	/* "[<0>] shrink_node+0xa09/0xc80" */
	for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
		const char *name = memchr(line, ' ', (size_t)(end - line));
		size_t len = name ? strcspn(++name, "+\n") : 0;

		if (!len || name[len] != '+' || where.len + strlen(link) + len >= size)
			break;
		oom_bounded_printf(&where, "%s%.*s", link, (int)len, name);
		link = " < ";
	}
	return 0;
}

static uint64_t meminfo_kib(const char *text, const char *key)
{
	const char *at = text;
	size_t len = strlen(key);

	while (at && strncmp(at, key, len)) {
		at = strchr(at, '\n');
		at = at ? at + 1 : NULL;
	}
	return at ? strtoull(at + len, NULL, 10) : 0;
}

int oom_proc_meminfo(int root_fd, uint64_t *ret_total_bytes, uint64_t *ret_swap_bytes)
{
	oom_autoclose int fd = proc_open(root_fd, "meminfo");
	char buf[4096]; /* some 50 lines of 28 bytes */
	long n;

	if (fd < 0)
		return fd;
	n = oom_cgroup_pread(fd, buf, sizeof(buf));
	if (n < 0)
		return (int)n;
	*ret_total_bytes = meminfo_kib(buf, "MemTotal:") * 1024;
	*ret_swap_bytes = meminfo_kib(buf, "SwapTotal:") * 1024;
	return 0;
}

/* The whole of a file that is longer than what one read(2) gives, as text; its length or -errno. */
static long read_text(int fd, char *buf, size_t size)
{
	size_t len = 0;
	ssize_t n;

	while (len + 1 < size && (n = read(fd, buf + len, size - 1 - len))) {
		if (n < 0 && errno != EINTR)
			return -errno;
		len += n > 0 ? (size_t)n : 0;
	}
	buf[len] = '\0';
	return (long)len;
}

int oom_proc_vmstat_open(int root_fd)
{
	return proc_open(root_fd, "vmstat");
}

int oom_proc_vmstat(int vmstat_fd, const char *name, int64_t *ret)
{
	size_t name_len = strlen(name);
	char buf[32768]; /* some 200 lines of 25 bytes */
	long n =
		lseek(vmstat_fd, 0, SEEK_SET) < 0 ? -errno : read_text(vmstat_fd, buf, sizeof(buf));

	if (n < 0)
		return (int)n;
	for (const char *line = buf, *eol; *line; line = eol + 1) {
		struct oom_span number;
		int64_t value;

		eol = strchr(line, '\n');
		if (!eol)
			break;
		if (strncmp(line, name, name_len) || line[name_len] != ' ')
			continue;
		number =
			(struct oom_span){line + name_len + 1, (size_t)(eol - line) - name_len - 1};
		if (!oom_span_is_number(number, &value))
			return -EBADMSG;
		*ret = value;
		return 0;
	}
	return -ENODATA;
}
