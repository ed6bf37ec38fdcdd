// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/undo/kind.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/shm.h>
#include <sys/swap.h>
#include <unistd.h>

static int check_absolute(char *const *args, struct oom_err *err)
{
	return args[0][0] == '/' && args[0][1]
		? 0
		: oom_err_set(err, EINVAL, "'%s' is not an absolute path", args[0]);
}

static int undo_mount(char *const *args, struct oom_err *err)
{
	if (!umount2(args[0], UMOUNT_NOFOLLOW))
		return 1;
	/* busy: out of sight at once, gone with its last user */
	if (errno == EBUSY && !umount2(args[0], UMOUNT_NOFOLLOW | MNT_DETACH))
		return 1;
	if (errno == EINVAL || errno == ENOENT)
		return 0; /* nothing is mounted there */
	return oom_err_errno(err, errno, "cannot unmount '%s'", args[0]);
}

const struct oom_undo_kind oom_undo_kind_mount = {
	.name = "mount",
	.args = "PATH",
	.n_args = 1,
	.verb = "unmount",
	.past = "unmounted",
	.check = check_absolute,
	.undo = undo_mount,
};

static int undo_swap(char *const *args, struct oom_err *err)
{
	if (!swapoff(args[0]))
		return 1;
	if (errno == EINVAL || errno == ENOENT)
		return 0;
	return oom_err_errno(
		err, errno, "cannot disable swap on '%s' (swapoff '%s')", args[0], args[0]);
}

const struct oom_undo_kind oom_undo_kind_swap = {
	.name = "swap",
	.args = "PATH",
	.n_args = 1,
	.verb = "disable swap on",
	.past = "disabled swap on",
	.check = check_absolute,
	.undo = undo_swap,
};

static int check_name(char *const *args, struct oom_err *err)
{
	if (!args[0][0] || args[0][0] == '.' || strchr(args[0], '/'))
		return oom_err_set(
			err, EINVAL, "'%s' is not the name of a trace instance", args[0]);
	return 0;
}

static int undo_trace(char *const *args, struct oom_err *err)
{
	static const char *const dirs[] = {
		"/sys/kernel/tracing/instances", "/sys/kernel/debug/tracing/instances"};

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		char path[PATH_MAX];

		if ((size_t)snprintf(path, sizeof(path), "%s/%s", dirs[i], args[0]) >= sizeof(path))
			return oom_err_set(err, ENAMETOOLONG, "trace instance '%s'", args[0]);
		if (!rmdir(path))
			return 1;
		if (errno != ENOENT && errno != ENOTDIR)
			return oom_err_errno(
				err, errno, "cannot remove the trace instance '%s'", path);
	}
	return 0;
}

const struct oom_undo_kind oom_undo_kind_trace = {
	.name = "trace",
	.args = "INSTANCE",
	.n_args = 1,
	.verb = "remove trace instance",
	.past = "removed trace instance",
	.check = check_name,
	.undo = undo_trace,
};

/* A decimal id, or a key with 0x in front: that is known before the segment is made. */
static int shm_id(const char *text, int *ret_id)
{
	bool is_key = !strncmp(text, "0x", 2);
	unsigned long number;
	char *end;

	errno = 0;
	number = strtoul(is_key ? text + 2 : text, &end, is_key ? 16 : 10);
	if (errno || *end || end == text + 2 * is_key || *text == '-' || number > UINT_MAX ||
		(!is_key && number > INT_MAX) || (is_key && number == (unsigned long)IPC_PRIVATE))
		return -EINVAL;
	*ret_id = is_key ? shmget((key_t)number, 0, 0) : (int)number;
	return *ret_id < 0 ? -errno : 0;
}

static int check_shm(char *const *args, struct oom_err *err)
{
	int id, r = shm_id(args[0], &id);

	return r == -EINVAL
		? oom_err_set(err, EINVAL, "'%s' is neither a shm ID nor a key (0x...)", args[0])
		: 0;
}

static int undo_sysvshm(char *const *args, struct oom_err *err)
{
	int id, r = shm_id(args[0], &id);

	if (!r && shmctl(id, IPC_RMID, NULL) < 0)
		r = -errno;
	if (r == -EINVAL || r == -EIDRM || r == -ENOENT)
		return 0;
	return r < 0
		? oom_err_errno(err, -r, "cannot remove the shared memory '%s' (ipcrm)", args[0])
		: 1;
}

const struct oom_undo_kind oom_undo_kind_sysvshm = {
	.name = "sysvshm",
	.args = "ID-OR-KEY",
	.n_args = 1,
	.verb = "remove SysV shared memory",
	.past = "removed SysV shared memory",
	.check = check_shm,
	.undo = undo_sysvshm,
};

static int check_posix(char *const *args, struct oom_err *err)
{
	if (args[0][0] != '/' || !args[0][1] || strchr(args[0] + 1, '/'))
		return oom_err_set(err, EINVAL,
			"'%s' is not the name of a shared memory object (/NAME)", args[0]);
	return 0;
}

static int undo_posixshm(char *const *args, struct oom_err *err)
{
	if (!shm_unlink(args[0]))
		return 1;
	return errno == ENOENT
		? 0
		: oom_err_errno(err, errno, "cannot remove the shared memory '%s'", args[0]);
}

const struct oom_undo_kind oom_undo_kind_posixshm = {
	.name = "posixshm",
	.args = "NAME",
	.n_args = 1,
	.verb = "remove shared memory",
	.past = "removed shared memory",
	.check = check_posix,
	.undo = undo_posixshm,
};
