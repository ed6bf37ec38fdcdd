// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/campaign/report_place.h"

#include "harness/campaign/own_file.h"

#include "harness/campaign/report_out.h"
#include "harness/host/path_place.h"
#include "lib/base/cleanup.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Is @folder @dir itself, or one that is made on the way there? */
static bool is_on_the_way(const char *folder, const char *dir)
{
	return dir && (!strcmp(folder, dir) || oom_path_below(dir, folder));
}

/* Is @name, or what it lies in, the folder of the machine @id? An evidence folder is called so, but for the
 * characters that are replaced in it and a mark that may stand behind. */
static bool is_of_machine(const char *name, const char *id)
{
	for (; *id; name++, id++)
		if (*name != *id && (*name != '_' || isalnum((unsigned char)*id)))
			return false;
	if (*name == '-' && strspn(name + 1, "0123456789abcdef") == 8)
		name += 9;
	return !*name || *name == '/';
}

static int check_own(const char *path, const char *real, const char *dir,
	const struct oom_report_places *places, struct oom_err *err)
{
	const char *name = dir ? oom_path_below(real, dir) : NULL;

	/* a report in the place of one would be the end of the record */
	for (size_t i = 0; name && oom_own_files[i]; i++)
		if (!strcmp(name, oom_own_files[i]))
			return oom_err_set(err, EEXIST,
				"a report cannot be written to '%s', a file of the record itself",
				path);
	for (size_t i = 0; name && i < places->n_machines; i++)
		if (is_of_machine(name, places->machines[i]))
			return oom_err_set(err, EEXIST,
				"a report cannot be written to '%s': the evidence of machine '%s' goes there",
				path, places->machines[i]);
	if (places->made && dir && is_on_the_way(real, dir))
		return oom_err_set(err, EISDIR,
			"a report cannot be written to '%s': the run's folder '%s' goes there",
			path, places->run_dir);
	return 0;
}

static bool is_read(const char *real, const struct oom_report_input *input)
{
	oom_autofree char *other = oom_path_resolve(input->path);
	size_t len = strlen(real), suffix = strlen(".scenario");
	struct stat a, b;

	if (!other)
		return false;
	if (!strcmp(real, other))
		return true;
	/* the other name of the same file: some reports are written behind what is there */
	if (!stat(real, &a) && !stat(other, &b) && S_ISREG(a.st_mode) && a.st_dev == b.st_dev &&
		a.st_ino == b.st_ino)
		return true;
	return oom_path_below(real, other) &&
		(!input->scenarios || (len > suffix && !strcmp(real + len - suffix, ".scenario")));
}

static int check_inputs(const char *path, const char *real, const struct oom_report_places *places,
	struct oom_err *err)
{
	for (size_t i = 0; i < places->n_inputs; i++)
		if (is_read(real, &places->inputs[i]))
			return oom_err_set(err, EEXIST,
				"a report cannot be written to '%s': the run reads it, as '%s'; name another file",
				path, places->inputs[i].path);
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

static int check_place(const char *path, const char *dir, const struct oom_report_places *places,
	struct oom_err *err)
{
	size_t len = strlen(path);
	oom_autofree char *real = oom_path_resolve(path);
	int r;

	if (!real)
		return oom_err_errno(err, errno, "cannot write '%s'", path);
	if (path[len - 1] == '/')
		return oom_err_set(err, EISDIR,
			"cannot write '%s': it names a folder, name a file in it", path);
	r = check_own(path, real, dir, places, err);
	if (r >= 0)
		r = check_inputs(path, real, places, err);
	return r < 0 ? r : check_writable(path, real, places->made ? dir : NULL, err);
}

/* The file that a report replaces or is written behind, to be freed; NULL: a device, a pipe. */
static char *file_of(const struct oom_report_out *out)
{
	const char *path = out->path ? out->path : "/dev/stdout";
	struct stat st;

	if (stat(path, &st) < 0 ? !out->path : !S_ISREG(st.st_mode))
		return NULL;
	return oom_path_resolve(path);
}

static int check_twice(const struct oom_report_outs *outs, struct oom_err *err)
{
	for (size_t i = 0; i < outs->count; i++) {
		oom_autofree char *file = file_of(&outs->items[i]);

		for (size_t j = 0; file && j < i; j++) {
			oom_autofree char *other = file_of(&outs->items[j]);

			if (other && !strcmp(file, other))
				return oom_report_outs_same(outs, j, i, file, err);
		}
	}
	return 0;
}

int oom_report_outs_check(const struct oom_report_outs *outs,
	const struct oom_report_places *places, struct oom_err *err)
{
	oom_autofree char *dir = places->run_dir ? oom_path_resolve(places->run_dir) : NULL;
	int r = check_twice(outs, err);

	for (size_t i = 0; r >= 0 && i < outs->count; i++)
		if (outs->items[i].path)
			r = check_place(outs->items[i].path, dir, places, err);
	return r;
}
