// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/attempt/files.h"

#include "lib/base/cleanup.h"
#include "lib/scenario/scenario.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

/* The directories above @path, as far as they are missing. */
static int make_parents(const char *path, struct oom_err *err)
{
	char dir[PATH_MAX];

	if (strlen(path) >= sizeof(dir))
		return oom_err_set(err, ENAMETOOLONG, "'%.60s...' is too long", path);
	snprintf(dir, sizeof(dir), "%s", path);
	for (char *slash = dir; (slash = strchr(slash + 1, '/'));) {
		*slash = '\0';
		if (mkdir(dir, 0755) < 0 && errno != EEXIST)
			return oom_err_errno(err, errno, "cannot create '%s'", dir);
		*slash = '/';
	}
	return 0;
}

static int file_write(const char *path, const char *text, struct oom_err *err)
{
	oom_autoclose int fd = -1;
	size_t len = strlen(text);
	int r = make_parents(path, err);

	if (r < 0)
		return r;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return oom_err_errno(err, errno, "cannot write '%s'", path);
	while (len) {
		ssize_t n = write(fd, text, len);

		if (n <= 0)
			return oom_err_errno(err, n ? errno : EIO, "cannot write '%s'", path);
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

int oom_files_write(struct oom_run_state *run, struct oom_err *err)
{
	const struct oom_section *section = NULL;
	int r = 0;

	while (r >= 0 && (section = oom_scenario_next(run->scenario, OOM_SEC_FILE, section)))
		/* there is no way back: a host's files are nobody's to replace */
		r = run->in_guest
			? file_write(section->name, oom_section_text(section, "Content", ""), err)
			: oom_err_set(err, EPERM, "'%s' is a file of a guest", section->name);
	return r;
}
