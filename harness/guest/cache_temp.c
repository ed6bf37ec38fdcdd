// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/guest/internal.h"
#include "harness/process.h"
#include "lib/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>

/*
 * Folders that are being filled, ".tmp-PID-RANDOM". Whoever fills one holds a lock (flock(2)) on it for
 * as long as it lives: pids alone would not do, because a cache may be shared by containers.
 */
#define PREFIX ".tmp-"

struct temp {
	int fd;
	struct temp *next;
};
static struct temp *held;

/* A folder that is gone needs no lock. */
static void drop_removed(void)
{
	for (struct temp **at = &held; *at;) {
		struct temp *temp = *at;
		struct stat st;

		if (!fstat(temp->fd, &st) && st.st_nlink) {
			at = &temp->next;
			continue;
		}
		*at = temp->next;
		close(temp->fd);
		free(temp);
	}
}

/* Made and locked; -EAGAIN where somebody who clears away was in between. */
static int make_locked(const char *path)
{
	oom_autoclose int fd = -1;
	struct temp *temp;
	struct stat st;

	if (mkdir(path, 0755) < 0)
		return errno == EEXIST ? -EAGAIN : -errno;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -EAGAIN : -errno;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? -EAGAIN : -errno;
	if (fstat(fd, &st) < 0 || !st.st_nlink)
		return -EAGAIN;
	temp = calloc(1, sizeof(*temp));
	if (!temp) {
		rmdir(path);
		return -ENOMEM;
	}
	temp->fd = oom_take_fd(&fd);
	temp->next = held;
	held = temp;
	return 0;
}

int oom_cache_temp(struct oom_arena *arena, const char *dir, struct oom_err *err, const char **ret)
{
	const char *path = NULL;
	int r = -EAGAIN;

	drop_removed();
	for (int i = 0; r == -EAGAIN && i < 100; i++) {
		uint32_t random = 0;

		if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0)
			random = (uint32_t)oom_monotonic_us();
		path = oom_arena_printf(arena, "%s/" PREFIX "%d-%08x", dir, (int)getpid(), random);
		r = path ? make_locked(path) : -ENOMEM;
	}
	if (r < 0)
		return oom_err_errno(err, -r, "cannot make a folder in '%s'", dir);
	*ret = path;
	return 0;
}

/* Nobody holds it; and its maker, where it can be seen, is gone (or has our number, and was before us). */
static bool is_stale(int dir_fd, const char *name, int *ret_lock_fd)
{
	oom_autoclose int fd = -1;
	char *end;
	long pid;

	if (strncmp(name, PREFIX, strlen(PREFIX)) != 0)
		return false;
	pid = strtol(name + strlen(PREFIX), &end, 10);
	if (*end != '-' || pid <= 0 || (pid != getpid() && (!kill((pid_t)pid, 0) || errno != ESRCH)))
		return false;
	fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0)
		return false;
	*ret_lock_fd = oom_take_fd(&fd);
	return true;
}

int oom_cache_sweep(const char *dir, bool dry, void (*say)(const char *what))
{
	oom_autoclosedir DIR *stream = opendir(dir);
	int count = 0;

	if (!stream)
		return errno == ENOENT ? 0 : -errno;
	for (struct dirent *d; (d = readdir(stream));) {
		oom_autoclose int lock_fd = -1;
		char path[PATH_MAX], what[PATH_MAX + 32];
		int r;

		if (!is_stale(dirfd(stream), d->d_name, &lock_fd))
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, d->d_name);
		r = dry ? 0 : oom_tree_remove(path);
		if (r < 0)
			return r;
		count++;
		snprintf(what, sizeof(what), "%s folder '%s'", dry ? "would remove" : "removed", path);
		if (say)
			say(what);
	}
	return count;
}
