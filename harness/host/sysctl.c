// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/host/sysctl.h"

#include "lib/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/types.h>

int oom_sysctl_path(const char *name, char *buf, size_t size)
{
	static const char top[] = "/proc/sys/";
	/* sysctl.d(5): the first separator decides; where it is a dot the two change places */
	const char *first = strpbrk(name, "./");
	bool dots = first && *first == '.';
	size_t len = strlen(name);
	char *c;

	if (!first || first == name || len + sizeof(top) > size)
		return -EINVAL;
	snprintf(buf, size, "%s%s", top, name);
	c = buf + sizeof(top) - 1;
	for (; dots && *c; c++)
		*c = *c == '.' ? '/' : *c == '/' ? '.' : *c;
	return strstr(buf, "/../") || strstr(buf, "//") || buf[strlen(buf) - 1] == '/' ||
			!strcmp(buf + strlen(buf) - 3, "/..")
		? -EINVAL
		: 0;
}

int oom_sysctl_read(const char *name, char *buf, size_t size)
{
	oom_autoclose int fd = -1;
	char path[PATH_MAX];
	ssize_t n;
	int r = oom_sysctl_path(name, path, sizeof(path));

	if (r < 0)
		return r;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, buf, size);
	if (n < 0)
		return -errno;
	if ((size_t)n == size)
		return -EFBIG;
	buf[n] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	return 0;
}

int oom_sysctl_write(const char *name, const char *value, struct oom_err *err)
{
	oom_autoclose int fd = -1;
	char path[PATH_MAX], line[4096];
	/* kernel.printk_devkmsg takes nothing without a line feed (kernel/printk/printk.c) */
	size_t len = (size_t)snprintf(line, sizeof(line), "%s\n", value);

	if (oom_sysctl_path(name, path, sizeof(path)) < 0)
		return oom_err_set(err, EINVAL, "'%s' is not the name of a sysctl", name);
	if (len >= sizeof(line))
		return oom_err_set(err, E2BIG, "the value of sysctl '%s' is too long", name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, line, len) != (ssize_t)len)
		return oom_err_errno(err, errno, "cannot set the sysctl '%s' to '%s'", name, value);
	return 0;
}
