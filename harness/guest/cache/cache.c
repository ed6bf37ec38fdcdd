// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/guest/cache/cache.h"

#include "harness/guest/cache/cache_temp.h"
#include "harness/guest/cache/kept.h"
#include "harness/guest/cache/modes.h"
#include "harness/host/file.h"
#include "lib/base/cleanup.h"
#include "lib/scenario/key.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#define BOUND_DEFAULT                                                                              \
	((uint64_t)8 << 30) /* a library of eleven shapes on four kernels is 5.3 GiB */

static int make_dir(const char *path, struct oom_err *err)
{
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return oom_err_errno(err, errno,
			"cannot create the cache folder '%s' (set OOMGATE_CACHE to another)", path);
	return 0;
}

/* the folders above it, too */
static int make_path(char *path, struct oom_err *err)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(path, 0700) < 0 && errno != EEXIST && access(path, F_OK) < 0) {
			int e = errno;

			oom_err_errno(err, e,
				"cannot create the cache folder '%s' (set OOMGATE_CACHE to "
				"another)",
				path);
			*slash = '/';
			return -e;
		}
		*slash = '/';
	}
	return make_dir(path, err);
}

/* A tool has ten seconds to clear its own things away (tool.c), and is killed then. */
#define CLEANUP_WAIT_US 12000000
#define OPEN_WAIT_US	1000000

static bool is_given(void)
{
	const char *own = getenv("OOMGATE_CACHE");

	return own && *own;
}

/* Where it is, or would be. */
static int find_dir(struct oom_arena *arena, struct oom_err *err, char **ret)
{
	const char *own = getenv("OOMGATE_CACHE"), *xdg = getenv("XDG_CACHE_HOME"),
		   *home = getenv("HOME");
	char *dir;

	if (own && *own)
		dir = *own == '/' ? oom_arena_strdup(arena, own) : realpath(own, NULL);
	else if (xdg && *xdg == '/')
		dir = oom_arena_printf(arena, "%s/oomgate", xdg);
	else if (home && *home == '/')
		dir = oom_arena_printf(arena, "%s/.cache/oomgate", home);
	else
		return oom_err_set(err, ENOENT,
			"no folder for the cache: neither OOMGATE_CACHE nor HOME is set");
	if (own && *own && *own != '/') {
		char *absolute = dir;

		if (!absolute)
			return oom_err_errno(err, errno,
				"cannot use OOMGATE_CACHE='%s' (give an absolute path; it is "
				"created if missing)",
				own);
		dir = oom_arena_strdup(arena, absolute);
		free(absolute);
	}
	if (!dir)
		return oom_err_set(err, ENOMEM, "no memory");
	*ret = dir;
	return 0;
}

int oom_guest_cleanup(int dry, void (*say)(const char *what), struct oom_err *err)
{
	struct oom_arena arena = {0};
	char *dir;
	int count = 0, kept = 0;

	/* no cache, nothing left in it */
	if (!find_dir(&arena, NULL, &dir)) {
		kept = oom_cache_kept_remove(dir, dry, say, err);
		count = oom_cache_sweep(dir, dry, CLEANUP_WAIT_US, say, kept < 0 ? NULL : err);
		count = count < 0 ? count : kept < 0 ? kept : count + kept;
	}
	oom_arena_release(&arena);
	return count;
}

/* 0: it is a size, or not set */
static int read_bound(const char *text, uint64_t *ret)
{
	struct oom_size size;

	if (!text || !*text)
		return 0;
	if (oom_parse_size(text, &size) || size.is_percent)
		return -EINVAL;
	*ret = size.bytes;
	return 0;
}

static int check_bound(struct oom_err *err)
{
	const char *text = getenv("OOMGATE_CACHE_MAX");
	uint64_t bytes;

	return read_bound(text, &bytes)
		? oom_err_set(err, EINVAL, "OOMGATE_CACHE_MAX='%s' is not a size (4G)", text)
		: 0;
}

uint64_t oom_cache_bound_bytes(void)
{
	uint64_t bytes = BOUND_DEFAULT;

	(void)read_bound(getenv("OOMGATE_CACHE_MAX"), &bytes);
	return bytes;
}

int oom_cache_open(struct oom_arena *arena, struct oom_err *err, const char **ret)
{
	char *dir, *sub;
	int r = check_bound(err);

	if (!r)
		r = find_dir(arena, err, &dir);
	if (r < 0)
		return r;
	r = make_path(dir, err);
	for (enum oom_cache_folder i = 0; !r && i < OOM_CACHE_FOLDERS; i++) {
		sub = oom_arena_printf(arena, "%s/%s", dir, oom_cache_folder_name(i));
		r = sub ? make_dir(sub, err) : -ENOMEM;
	}
	if (!r)
		r = oom_cache_narrow(dir, is_given(), err);
	if (r)
		return oom_cache_explain(dir, r, err);
	(void)oom_cache_sweep(dir, false, OPEN_WAIT_US, NULL, NULL);
	*ret = dir;
	return 0;
}

int oom_cache_explain(const char *cache, int r, struct oom_err *err)
{
	if (r != -ENOSPC && r != -EDQUOT)
		return r;
	return oom_err_set(err, -r,
		"the disk of the cache '%s' is full: make room, or set OOMGATE_CACHE to another "
		"folder",
		cache);
}

struct entry {
	char path[PATH_MAX];
	uint64_t bytes;
	struct timespec used;
};

static int by_age(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->used.tv_sec != y->used.tv_sec)
		return x->used.tv_sec < y->used.tv_sec ? -1 : 1;
	return x->used.tv_nsec < y->used.tv_nsec ? -1 : x->used.tv_nsec > y->used.tv_nsec;
}

static int collect(const char *cache, const char *folder, struct entry **entries, size_t *count)
{
	char dir[PATH_MAX];
	oom_autoclosedir DIR *stream = NULL;

	snprintf(dir, sizeof(dir), "%s/%s", cache, folder);
	stream = opendir(dir);
	for (struct dirent *d; stream && (d = readdir(stream));) {
		struct entry *e, *grown;
		struct stat st;

		if (*d->d_name == '.')
			continue;
		grown = realloc(*entries, (*count + 1) * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		*entries = grown;
		e = &grown[*count];
		if (snprintf(e->path, sizeof(e->path), "%s/%s", dir, d->d_name) >=
				(int)sizeof(e->path) ||
			lstat(e->path, &st) < 0)
			continue;
		e->bytes = oom_tree_bytes(e->path);
		e->used = st.st_mtim;
		++*count;
	}
	return 0;
}

int oom_cache_hold(const char *path, int *ret_fd)
{
	oom_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || flock(fd, LOCK_SH | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? -ESTALE : -errno;
	if (fstat(fd, &st) < 0 || !st.st_nlink)
		return -ESTALE; /* removed between the look and the lock */
	*ret_fd = oom_take_fd(&fd);
	return 0;
}

/* Somebody's run still needs it. A saved state (a folder) may go at any time: who restores it has it open. */
static bool is_held(const char *path)
{
	oom_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
		flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK;
}

int oom_cache_prune(const char *cache, uint64_t bound_bytes, const char *keep)
{
	oom_autofree struct entry *entries = NULL;
	uint64_t total = 0;
	size_t count = 0;
	int r = collect(cache, oom_cache_folder_name(OOM_CACHE_STATES), &entries, &count);

	if (!r)
		r = collect(cache, oom_cache_folder_name(OOM_CACHE_PAYLOADS), &entries, &count);
	if (!r)
		r = collect(cache, oom_cache_folder_name(OOM_CACHE_KERNELS), &entries, &count);
	if (r)
		return r;
	for (size_t i = 0; i < count; i++)
		total += entries[i].bytes;
	if (count)
		qsort(entries, count, sizeof(*entries), by_age);
	for (size_t i = 0; i < count && total > bound_bytes; i++) {
		if ((keep && !strcmp(entries[i].path, keep)) || is_held(entries[i].path))
			continue;
		r = oom_tree_remove(entries[i].path);
		if (r)
			return r;
		total -= entries[i].bytes;
	}
	return 0;
}
