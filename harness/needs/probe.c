// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/needs/probe.h"

#include "harness/bus/bus.h"
#include "lib/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>

long oom_need_read(const struct oom_need_env *env, const char *path, char *buf, size_t size)
{
	oom_autoclose int fd = openat(env->root_fd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	size_t len = 0;
	ssize_t n = 1;

	if (fd < 0)
		return -errno;
	while (len < size - 1 && (n = read(fd, buf + len, size - 1 - len)) > 0)
		len += (size_t)n;
	if (n < 0)
		return -errno;
	buf[len] = '\0';
	return (long)len;
}

uint64_t oom_need_fitted_bytes(uint64_t kib)
{
	return kib * 1024 / 7 * 8;
}

/* @order: below, equal or above what is wanted. */
static bool holds(const char *op, int order)
{
	if (!*op)
		return true;
	if (op[1] == '=' && order == 0)
		return true;
	return op[0] == '>' ? order > 0 : op[0] == '<' ? order < 0 : order == 0;
}

bool oom_need_number_holds(const struct oom_need_want *want, uint64_t have)
{
	return holds(want->op, have < want->number ? -1 : have > want->number);
}

/* Number by number, as far as the wanted one goes: 6.1.55 is 6.1, and 252.39-1 is 252. */
bool oom_need_version_holds(const struct oom_need_want *want, const char *have)
{
	const char *wanted = want->text;

	while (*want->op && *wanted) {
		char *have_end, *wanted_end;
		unsigned long a = strtoul(have, &have_end, 10),
			      b = strtoul(wanted, &wanted_end, 10);

		if (a != b)
			return holds(want->op, a < b ? -1 : 1);
		have = *have_end == '.' ? have_end + 1 : "";
		wanted = *wanted_end == '.' ? wanted_end + 1 : "";
	}
	return holds(want->op, 0);
}

int oom_need_env_open(bool in_guest, struct oom_err *err, struct oom_need_env *ret)
{
	int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return oom_err_errno(err, errno, "cannot open '/'");
	*ret = (struct oom_need_env){
		.root_fd = fd, .in_guest = in_guest, .systemd = oom_systemd_version()};
	return 0;
}

void oom_need_env_close(struct oom_need_env *env)
{
	oom_closep(&env->root_fd);
}
