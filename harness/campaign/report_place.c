// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/campaign/report_place.h"

#include "harness/campaign/report_out.h"
#include "harness/host/path_place.h"
#include "lib/base/cleanup.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

/* Of a run's folder; a report in the place of one would be the end of the record. */
static const char *const own_files[] = {"run.json", "attempts.jsonl", "contents.list"};

/* Is @folder @dir itself, or one that is made on the way there? */
static bool is_on_the_way(const char *folder, const char *dir)
{
	return dir && (!strcmp(folder, dir) || oom_path_below(dir, folder));
}

static int check_own(const char *path, const char *real, const char *dir, struct oom_err *err)
{
	const char *name = dir ? oom_path_below(real, dir) : NULL;

	for (size_t i = 0; name && i < sizeof(own_files) / sizeof(own_files[0]); i++)
		if (!strcmp(name, own_files[i]))
			return oom_err_set(err, EEXIST,
				"a report cannot be written to '%s', a file of the record itself",
				path);
	return 0;
}

/* @real, resolved: the file itself, or, as it is replaced, the folder that it is in. */
static int check_writable(const char *path, char *real, const char *dir, struct oom_err *err)
{
	char *slash = strrchr(real, '/');
	struct stat st;
	int r = stat(real, &st) < 0 ? -errno : 0;

	if (r < 0 && r != -ENOENT)
		return oom_err_errno(err, -r, "cannot write '%s'", path);
	if (!r && S_ISDIR(st.st_mode))
		return oom_err_set(
			err, EISDIR, "cannot write '%s': it is a folder, name a file in it", path);
	if (!r && !S_ISREG(st.st_mode))
		return access(real, W_OK) < 0 ? oom_err_errno(err, errno, "cannot write '%s'", path)
					      : 0;
	if (slash == real)
		slash++;
	*slash = '\0';
	if (stat(real, &st) < 0 && errno == ENOENT)
		return is_on_the_way(real, dir)
			? 0
			: oom_err_set(err, ENOENT,
				  "cannot write '%s': its folder does not exist, create it first",
				  path);
	if (access(real, W_OK | X_OK) < 0)
		return oom_err_errno(err, errno, "cannot write '%s' into its folder", path);
	return 0;
}

static int check_place(const char *path, const char *dir, bool made, struct oom_err *err)
{
	size_t len = strlen(path);
	oom_autofree char *real = oom_path_resolve(path);
	int r;

	if (!real)
		return oom_err_errno(err, errno, "cannot write '%s'", path);
	if (path[len - 1] == '/')
		return oom_err_set(err, EISDIR,
			"cannot write '%s': it names a folder, name a file in it", path);
	r = check_own(path, real, dir, err);
	return r < 0 ? r : check_writable(path, real, made ? dir : NULL, err);
}

int oom_report_outs_check(
	const struct oom_report_outs *outs, const char *run_dir, bool made, struct oom_err *err)
{
	oom_autofree char *dir = run_dir ? oom_path_resolve(run_dir) : NULL;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < outs->count; i++)
		if (outs->items[i].path)
			r = check_place(outs->items[i].path, dir, made, err);
	return r;
}
