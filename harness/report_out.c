// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/report_out.h"

#include "harness/fit.h"
#include "harness/say.h"
#include "lib/bounded.h"
#include "lib/choice.h"
#include "lib/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

static const char *place(const char *path)
{
	return path ? path : "standard output";
}

static int format_unknown(const char *text, size_t len, struct oom_err *err)
{
	const char *names[OOM_REPORT_OUTS];
	size_t count = 0;
	char word[64];

	for (const struct oom_report *const *r = oom_reports; *r && count < OOM_REPORT_OUTS; r++)
		names[count++] = (*r)->name;
	snprintf(word, sizeof(word), "%.*s", (int)len, text);
	return oom_choice_unknown(err, "format", word, names, count);
}

int oom_report_outs_add(struct oom_report_outs *outs, const char *text, struct oom_err *err)
{
	const char *colon = strchrnul(text, ':');
	size_t len = (size_t)(colon - text);
	struct oom_report_out out = {0};

	for (const struct oom_report *const *r = oom_reports; *r; r++) {
		if (strlen((*r)->name) == len && !memcmp((*r)->name, text, len))
			out.report = *r;
	}
	if (!out.report)
		return format_unknown(text, len, err);
	if (*colon && !colon[1])
		return oom_err_set(err, EINVAL,
			"no file after 'format %s'; '%.*s' alone, or '%s-', is standard output",
			text, (int)len, text, text);
	if (*colon && strcmp(colon + 1, "-") != 0)
		out.path = colon + 1;
	for (size_t i = 0; i < outs->count; i++) {
		const char *other = outs->items[i].path;

		if (!strcmp(place(other), place(out.path)))
			return oom_err_set(err, EINVAL,
				"formats '%s' and '%s' would both go to '%s'; give one a file of "
				"its own: '%s:FILE'",
				outs->items[i].report->name, out.report->name, place(other),
				out.report->name);
	}
	if (outs->count == OOM_REPORT_OUTS)
		return oom_err_set(err, EINVAL, "more than %d formats", OOM_REPORT_OUTS);
	outs->items[outs->count++] = out;
	return 0;
}

void oom_report_options_for_fd(int fd, struct oom_report_options *ret)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	*ret = (struct oom_report_options){.utf8 = oom_say_locale_utf8(), .wrap = OOM_PIPE_COLUMNS};
	if (!isatty(fd))
		return;
	ret->color = !(no_color && *no_color) && term && strcmp(term, "dumb") != 0;
	ret->width = (unsigned)oom_fit_columns(fd);
}

static int write_all(int fd, const char *data, size_t size)
{
	while (size) {
		ssize_t n = write(fd, data, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		size -= (size_t)n;
	}
	return 0;
}

/* A new file beside @path, with the permissions that the umask leaves. */
static int beside_open(const char *path, char *beside, size_t size)
{
	int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, fd;

	if (snprintf(beside, size, "%s.%d.tmp", path, getpid()) >= (int)size)
		return -ENAMETOOLONG;
	fd = open(beside, flags, 0666);
	if (fd < 0 && errno == EEXIST && !unlink(beside)) /* of a process that had our pid */
		fd = open(beside, flags, 0666);
	return fd < 0 ? -errno : fd;
}

/* @named is what the user calls the file at @path. */
static int file_replace(const char *path, const char *named, const char *data, size_t size,
	struct oom_err *err)
{
	char beside[PATH_MAX];
	oom_autoclose int fd = beside_open(path, beside, sizeof(beside));
	int r;

	if (fd < 0)
		return oom_err_errno(err, -fd, "cannot create a file for '%s'", named);
	r = write_all(fd, data, size);
	/* a full disk may show itself only now */
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	if (r == 0 && rename(beside, path) < 0)
		r = -errno;
	if (r == 0)
		return 0;
	unlink(beside);
	return oom_err_errno(err, -r, "cannot write '%s'", named);
}

static int file_write(const char *path, const char *data, size_t size, struct oom_err *err)
{
	oom_autofree char *real = NULL;
	oom_autoclose int fd = -1;
	struct stat st;
	int r;

	if (stat(path, &st) < 0)
		return file_replace(path, path, data, size, err);
	if (S_ISREG(st.st_mode)) {
		real = realpath(path, NULL); /* a link stays, its target is replaced */
		return file_replace(real ? real : path, path, data, size, err);
	}
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return oom_err_errno(err, errno, "cannot open '%s'", path);
	r = write_all(fd, data, size);
	return r < 0 ? oom_err_errno(err, -r, "cannot write '%s'", path) : 0;
}

/* A device, a pipe: nothing that has an end to write behind. */
static bool is_special(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && !S_ISREG(st.st_mode);
}

/* Behind what is in @path, on a line of its own; all of it or nothing. */
static int file_append(const char *path, const char *data, size_t size, struct oom_err *err)
{
	oom_autoclose int fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
	off_t end = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
	char last = '\n';
	int r = 0;

	if (fd < 0)
		return oom_err_errno(err, errno, "cannot open '%s'", path);
	if (end > 0 && pread(fd, &last, 1, end - 1) == 1 && last != '\n')
		r = write_all(fd, "\n", 1);
	if (r == 0)
		r = write_all(fd, data, size);
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	if (r == 0)
		return 0;
	if (end >= 0 && ftruncate(fd, end) < 0)
		return oom_err_errno(err, -r, "cannot write '%s', and what was written stays", path);
	return oom_err_errno(err, -r, "cannot write '%s'", path);
}

int oom_report_out_write(const struct oom_report_out *out, const struct oom_run *run,
	const char *run_dir, struct oom_err *err)
{
	struct oom_report_options options = {.utf8 = true, .to_file = true, .wrap = OOM_PIPE_COLUMNS};
	oom_autofree char *data = NULL;
	size_t size = 0;
	FILE *memory;
	int r;

	if (!out->path)
		oom_report_options_for_fd(STDOUT_FILENO, &options);
	options.run_dir = run_dir;
	options.workspace = getenv("GITHUB_WORKSPACE");
	/* in memory first: what cannot be rendered leaves the old file alone */
	memory = open_memstream(&data, &size);
	if (!memory)
		return oom_err_errno(err, errno, "cannot render '%s'", out->report->name);
	r = out->report->write(run, &options, memory);
	if (fclose(memory) && r == 0)
		r = -ENOMEM;
	if (r < 0)
		return oom_err_errno(err, -r, "cannot render '%s'", out->report->name);
	if (out->path && out->report->append && !is_special(out->path))
		return file_append(out->path, data, size, err);
	if (out->path)
		return file_write(out->path, data, size, err);
	oom_say_report(stdout, data, size, out->report->commands);
	if (fflush(stdout))
		return oom_err_errno(
			err, errno, "cannot write '%s' to standard output", out->report->name);
	return 0;
}

int oom_report_outs_write(const struct oom_report_outs *outs, const struct oom_run *run,
	const char *run_dir, struct oom_err *err)
{
	int first = 0;

	for (size_t i = 0; i < outs->count; i++) {
		int r = oom_report_out_write(&outs->items[i], run, run_dir, first ? NULL : err);

		if (r < 0 && !first)
			first = r;
	}
	return first;
}
