// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What lies in the cache is its owner's alone: a saved machine is its memory, a payload disk has the files of a
 * --config tree. Folders are 0700 and files 0600, whatever the umask; what an older version made wider is made
 * narrow when the cache is opened.
 */
#include "harness/guest/cache/modes.h"

#include "harness/guest/cache/cache.h"
#include "lib/base/cleanup.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#define OTHERS 0077

static int narrow_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)ftw;
	if (type == FTW_SL || !(st->st_mode & OTHERS))
		return 0;
	return chmod(path, st->st_mode & 0700) < 0 && errno != ENOENT ? -1 : 0;
}

int oom_tree_narrow(const char *path)
{
	return nftw(path, narrow_one, 16, FTW_PHYS) < 0 && errno != ENOENT ? -errno : 0;
}

/* A name that this program gives: a folder that was named in OOMGATE_CACHE may hold other things. */
static bool is_ours(const char *name)
{
	static const char *const starts[] = {
		".tmp-", ".lock-", "debian-", "disk-", "newer", "kvm-", "build-", "fetch-qemu."};

	for (size_t i = 0; i < sizeof(starts) / sizeof(*starts); i++)
		if (!strncmp(name, starts[i], strlen(starts[i])))
			return true;
	return strspn(name, "0123456789abcdef") == 16; /* a key */
}

static int narrow_entries(const char *dir)
{
	oom_autoclosedir DIR *stream = opendir(dir);
	char path[PATH_MAX];
	int r = 0;

	for (struct dirent *d; !r && stream && (d = readdir(stream));)
		if (is_ours(d->d_name) &&
			snprintf(path, sizeof(path), "%s/%s", dir, d->d_name) < (int)sizeof(path))
			r = oom_tree_narrow(path);
	return r;
}

/* The folder itself at last: one that is narrow has nothing wide in it. */
static int narrow_folder(const char *dir)
{
	struct stat st;
	int r;

	if (stat(dir, &st) < 0 || st.st_uid != geteuid() || !(st.st_mode & OTHERS))
		return 0;
	r = narrow_entries(dir);
	return r ? r : chmod(dir, st.st_mode & 0700) < 0 ? -errno : 0;
}

int oom_cache_narrow(const char *cache, bool by_name, struct oom_err *err)
{
	char dir[PATH_MAX];
	int r = 0;

	for (enum oom_cache_folder i = 0; !r && i < OOM_CACHE_FOLDERS; i++) {
		snprintf(dir, sizeof(dir), "%s/%s", cache, oom_cache_folder_name(i));
		r = narrow_folder(dir);
	}
	if (!r)
		r = by_name ? narrow_entries(cache) : narrow_folder(cache);
	return r ? oom_err_errno(err, -r, "cannot make the cache '%s' private to its owner", cache)
		 : 0;
}

int oom_cache_json_write(const char *path, const json_t *json, size_t flags)
{
	oom_autoclose int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0)
		return -errno;
	errno = 0;
	return json && !json_dumpfd(json, fd, flags) ? 0 : errno ? -errno : -EIO;
}
