// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a user named and what can be told before anything is built, fetched or started. */
#include "harness/guest/image/check.h"

#include "harness/guest/image/initrd.h"
#include "harness/guest/image/kernel.h"
#include "harness/guest/image/own_disk.h"
#include "harness/guest/image/suite.h"
#include "lib/base/arena.h"
#include "lib/base/cleanup.h"
#include "lib/base/err.h"

#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

static int check_folder(const char *what, const char *path, struct oom_err *err)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return oom_err_errno(err, errno, "cannot read %s '%s'", what, path);
	if (!S_ISDIR(st.st_mode))
		return oom_err_set(err, ENOTDIR, "%s '%s' is not a folder", what, path);
	if (access(path, R_OK | X_OK) < 0)
		return oom_err_errno(err, errno, "cannot read %s '%s'", what, path);
	return 0;
}

/* A disk image of the user's: one that may be opened. */
static int check_disk_image(const char *path, struct oom_err *err)
{
	struct oom_own_disk disk = {.fd = -1};
	int r = oom_own_disk_open(path, err, &disk);

	oom_closep(&disk.fd);
	return r;
}

int oom_guest_spec_check(const struct oom_guest_spec *spec, struct oom_err *err)
{
	struct oom_arena arena = {0};
	const char *release = NULL;
	int r = 0;

	if (spec->kernel)
		r = oom_kernel_release(&arena, spec->kernel, err, &release);
	if (!r && spec->modules)
		r = check_folder("the modules' folder", spec->modules, err);
	if (!r && spec->modules)
		r = oom_modules_check(spec->modules, release, err);
	if (!r && !oom_image_suite(spec->image))
		r = check_disk_image(spec->image, err);
	oom_arena_release(&arena);
	return r;
}

static _Thread_local char unreadable[PATH_MAX]; /* nftw() hands nothing through */

static int look_at(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	bool folder = type == FTW_D || type == FTW_DNR;

	(void)ftw;
	if (type == FTW_SL || (!folder && !S_ISREG(st->st_mode)))
		return 0;
	if (type != FTW_DNR && type != FTW_NS && access(path, folder ? R_OK | X_OK : R_OK) == 0)
		return 0;
	snprintf(unreadable, sizeof(unreadable), "%s", path);
	return errno ? errno : EACCES;
}

int oom_guest_config_check(const char *dir, struct oom_err *err)
{
	int r = check_folder("the --config folder", dir, err);

	if (r)
		return r;
	errno = 0;
	r = nftw(dir, look_at, 16, FTW_PHYS);
	if (r < 0)
		return oom_err_errno(err, errno, "cannot read the --config folder '%s'", dir);
	return r ? oom_err_errno(err, r, "cannot read '%s' of the --config folder", unreadable) : 0;
}
