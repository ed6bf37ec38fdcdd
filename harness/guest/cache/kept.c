// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/guest/cache/kept.h"

#include "harness/guest/cache/cache.h"
#include "harness/host/file.h"
#include "lib/base/cleanup.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

static const char prefix[] = "guest-";

int oom_cache_kept(struct oom_arena *arena, const char *cache, const char *name,
	struct oom_err *err, const char **ret)
{
	const char *folder = oom_cache_folder_name(OOM_CACHE_KEPT);
	char *path = oom_arena_printf(arena, "%s/%s/%s%.200s-XXXXXX", cache, folder, prefix, name);

	if (!path)
		return oom_err_set(err, ENOMEM, "no memory");
	for (char *p = path + strlen(cache) + strlen(folder) + 2; *p; p++)
		if (*p == '/')
			*p = '_';
	if (!mkdtemp(path))
		return oom_err_errno(err, errno, "cannot make a folder in '%s/%s'", cache, folder);
	*ret = path;
	return 0;
}

int oom_cache_kept_remove(
	const char *cache, bool dry, void (*say)(const char *what), struct oom_err *err)
{
	oom_autoclosedir DIR *stream = NULL;
	char dir[PATH_MAX];
	int count = 0;

	snprintf(dir, sizeof(dir), "%s/%s", cache, oom_cache_folder_name(OOM_CACHE_KEPT));
	stream = opendir(dir);
	for (struct dirent *d; stream && (d = readdir(stream));) {
		char path[PATH_MAX + NAME_MAX + 2], what[sizeof(path) + 32];
		int r;

		if (strncmp(d->d_name, prefix, strlen(prefix)))
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, d->d_name);
		r = dry ? 0 : oom_tree_remove(path);
		if (r < 0)
			return oom_err_errno(err, -r, "cannot remove '%s'", path);
		count++;
		snprintf(what, sizeof(what), "%s kept guest '%s'", dry ? "would remove" : "removed",
			path);
		if (say)
			say(what);
	}
	return count;
}
