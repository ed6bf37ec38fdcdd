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
#include <regex.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OTHERS 0077

static int narrow_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)ftw;
	if (type == FTW_SL || st->st_uid != geteuid() || !(st->st_mode & OTHERS))
		return 0;
	return chmod(path, st->st_mode & 0700) < 0 && errno != ENOENT ? -1 : 0;
}

int oom_tree_narrow(const char *path)
{
	return nftw(path, narrow_one, 16, FTW_PHYS) < 0 && errno != ENOENT ? -errno : 0;
}

/* The names that this program gives: a folder that was named in OOMGATE_CACHE may hold other things, and so may
 * one below it that is called like ours. */
#define TEMP "\\.tmp-[0-9]+-[0-9a-f]{8}"
#define KEY  "[0-9a-f]{16}"
static const char top_names[] = "^(kvm-" KEY "|build-[a-z]+\\.log|fetch-qemu\\.log)$";
static const char *const names[OOM_CACHE_FOLDERS] = {
	[OOM_CACHE_IMAGES] = "^(" TEMP "|\\.lock-[a-z]+|debian-[a-z]+-[0-9a-f]{8}-[0-9a-f]{8})$",
	[OOM_CACHE_STATES] = "^(" TEMP "|" KEY ")$",
	[OOM_CACHE_PAYLOADS] = "^(" TEMP "|" KEY "\\.ext2|disk-[0-9]+(-" KEY ")?\\.ext2)$",
	[OOM_CACHE_KERNELS] = "^(" TEMP "|" KEY "\\.cpio)$",
	[OOM_CACHE_QEMU] = "^(" TEMP "|newer)$",
	[OOM_CACHE_KEPT] = "^(" TEMP "|guest-.+-[0-9A-Za-z]{6})$",
};

static int narrow_entries(const char *dir, const char *pattern)
{
	oom_autoclosedir DIR *stream = opendir(dir);
	char path[PATH_MAX];
	regex_t ours;
	int r = 0;

	if (!stream || regcomp(&ours, pattern, REG_EXTENDED | REG_NOSUB))
		return stream ? -ENOMEM : 0;
	for (struct dirent *d; !r && (d = readdir(stream));)
		if (!regexec(&ours, d->d_name, 0, NULL, 0) &&
			snprintf(path, sizeof(path), "%s/%s", dir, d->d_name) < (int)sizeof(path))
			r = oom_tree_narrow(path);
	regfree(&ours);
	return r;
}

/* The folder itself at last: one that is narrow has nothing wide in it. */
static int narrow_folder(const char *dir, const char *pattern)
{
	struct stat st;
	int r;

	if (lstat(dir, &st) < 0 || !S_ISDIR(st.st_mode) || st.st_uid != geteuid() ||
		!(st.st_mode & OTHERS))
		return 0;
	r = narrow_entries(dir, pattern);
	return r ? r : chmod(dir, st.st_mode & 0700) < 0 ? -errno : 0;
}

int oom_cache_narrow(const char *cache, bool by_name, struct oom_err *err)
{
	char dir[PATH_MAX];
	int r = 0;

	for (enum oom_cache_folder i = 0; !r && i < OOM_CACHE_FOLDERS; i++) {
		snprintf(dir, sizeof(dir), "%s/%s", cache, oom_cache_folder_name(i));
		r = narrow_folder(dir, names[i]);
	}
	if (!r)
		r = by_name ? narrow_entries(cache, top_names) : narrow_folder(cache, top_names);
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
