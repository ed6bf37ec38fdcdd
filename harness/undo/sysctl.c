// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/undo/kind.h"
#include "harness/undo/more.h"
#include "lib/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

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

static int sysctl_read(const char *name, char *buf, size_t size)
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

static int check(char *const *args, struct oom_err *err)
{
	char path[PATH_MAX];

	return oom_sysctl_path(args[0], path, sizeof(path)) < 0
		       ? oom_err_set(err, EINVAL, "'%s' is not the name of a sysctl", args[0])
		       : 0;
}

static int undo(char *const *args, struct oom_err *err)
{
	char now[4096];
	int r;

	if (!sysctl_read(args[0], now, sizeof(now)) && !strcmp(now, args[1]))
		return 0;
	r = oom_sysctl_write(args[0], args[1], err);
	return r < 0 ? r : 1;
}

const struct oom_undo_kind oom_undo_kind_sysctl = {
	.name = "sysctl",
	.args = "NAME OLD",
	.n_args = 2,
	.verb = "put back sysctl",
	.past = "put back sysctl",
	.check = check,
	.undo = undo,
};

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
	r = sysctl_read(name, old, sizeof(old));
	if (r < 0)
		return oom_err_errno(err, -r, "cannot read the sysctl '%s'", name);
	other = partner(path);
	if (other && !strcmp(old, "0") && !sysctl_read(other, other_old, sizeof(other_old)) &&
		strcmp(other_old, "0") != 0)
		return oom_undo_add(list, err, "sysctl", other, other_old, NULL);
	return oom_undo_add(list, err, "sysctl", name, old, NULL);
}
