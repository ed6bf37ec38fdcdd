// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/guest/cache/cache_temp.h"

#include "harness/guest/cache/cache.h"
#include "harness/host/path_place.h"
#include "harness/host/process.h"
#include "lib/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * Folders that are being filled, ".tmp-PID-RANDOM". Whoever fills one holds a lock (flock(2)) on it for as long as
 * it lives, and so does the guard of each tool that may fill it: one that nobody holds is left over. A pid says
 * nothing: it may be used again, or be one of another container that shares the cache. One that was not locked
 * yet when it was cleared away is made again.
 */
#define PREFIX	".tmp-"
#define STEP_US 5000

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

	if (mkdir(path, 0700) < 0)
		return errno == EEXIST ? -EAGAIN : -errno;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -EAGAIN : -errno;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		int e = errno;

		rmdir(path); /* a dry sweep does not */
		return e == EWOULDBLOCK ? -EAGAIN : -e;
	}
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

int oom_cache_temp(struct oom_arena *arena, const char *cache, enum oom_cache_folder folder,
	struct oom_err *err, const char **ret)
{
	const char *path = NULL, *dir = oom_cache_folder_name(folder);
	int r = -EAGAIN;

	drop_removed();
	for (int i = 0; r == -EAGAIN && i < 100; i++) {
		uint32_t random = 0;

		if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0)
			random = (uint32_t)oom_monotonic_us();
		path = oom_arena_printf(
			arena, "%s/%s/" PREFIX "%d-%08x", cache, dir, (int)getpid(), random);
		r = path ? make_locked(path) : -ENOMEM;
	}
	if (r < 0)
		return oom_err_errno(err, -r, "cannot create a folder in '%s/%s'", cache, dir);
	*ret = path;
	return 0;
}

static int next_held(int from)
{
	int next = INT_MAX;

	for (const struct temp *temp = held; temp; temp = temp->next)
		if (temp->fd >= from && temp->fd < next)
			next = temp->fd;
	return next;
}

void oom_cache_temp_keep(void)
{
	int from = 3, next;

	while ((next = next_held(from)) != INT_MAX) {
		if (next > from)
			(void)syscall(SYS_close_range, from, next - 1, 0);
		from = next + 1;
	}
	(void)syscall(SYS_close_range, from, ~0U, 0);
}

/* ".tmp-PID-RANDOM", and nothing else that begins so. */
static bool is_temp_name(const char *name)
{
	size_t digits;

	if (strncmp(name, PREFIX, strlen(PREFIX)))
		return false;
	name += strlen(PREFIX);
	digits = strspn(name, "0123456789");
	return digits && name[digits] == '-' && strlen(name + digits + 1) == 8 &&
		strspn(name + digits + 1, "0123456789abcdef") == 8;
}

/* As far as it can be seen from here. */
static bool maker_is_gone(const char *name)
{
	long pid = strtol(name + strlen(PREFIX), NULL, 10);
	uint64_t start_ticks;
	char state;

	return pid <= 0 || pid > INT_MAX ||
		oom_process_stat((pid_t)pid, &state, &start_ticks) == -ESRCH || state == 'Z' ||
		state == 'X';
}

/* Nobody holds it. A child of its maker holds it, too, until that has noticed (PR_SET_PDEATHSIG) or is another
 * program; and a tool's guard, until the tool has ended. */
static bool is_stale(int dir_fd, const char *name, uint64_t deadline_us, int *ret_lock_fd)
{
	oom_autoclose int fd = -1;

	if (!is_temp_name(name))
		return false;
	fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return false;
	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK || oom_monotonic_us() >= deadline_us ||
			!maker_is_gone(name))
			return false;
		usleep(STEP_US);
	}
	*ret_lock_fd = oom_take_fd(&fd);
	return true;
}

static int sweep_dir(const char *dir, bool dry, uint64_t deadline_us, void (*say)(const char *what))
{
	/* a link that somebody laid there leads to a folder of theirs */
	int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), count = 0;
	oom_autoclosedir DIR *stream = dir_fd < 0 ? NULL : fdopendir(dir_fd);

	if (!stream)
		return errno == ENOENT || errno == ENOTDIR || errno == ELOOP ? 0 : -errno;
	for (struct dirent *d; (d = readdir(stream));) {
		oom_autoclose int lock_fd = -1;
		char path[PATH_MAX + NAME_MAX + 2], what[sizeof(path) + 32];
		int r;

		if (!is_stale(dirfd(stream), d->d_name, deadline_us, &lock_fd))
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, d->d_name);
		r = dry ? 0 : oom_path_remove_tree_at(dir_fd, d->d_name);
		r = r == -ENOENT ? 0 : r;
		if (r < 0)
			return r;
		count++;
		snprintf(what, sizeof(what), "%s folder '%s'", dry ? "would remove" : "removed",
			path);
		if (say)
			say(what);
	}
	return count;
}

int oom_cache_sweep(const char *cache, bool dry, uint64_t wait_us, void (*say)(const char *what),
	struct oom_err *err)
{
	uint64_t deadline_us = oom_monotonic_us() + wait_us;
	char dir[PATH_MAX];
	int count = 0;

	for (enum oom_cache_folder i = 0; i < OOM_CACHE_FOLDERS; i++) {
		int r;

		snprintf(dir, sizeof(dir), "%s/%s", cache, oom_cache_folder_name(i));
		r = sweep_dir(dir, dry, deadline_us, say);
		if (r < 0)
			return oom_err_errno(err, -r, "cannot clear '%s'", dir);
		count += r;
	}
	return count;
}
