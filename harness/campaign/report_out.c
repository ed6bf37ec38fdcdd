// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/campaign/report_out.h"

#include "harness/say/fit.h"
#include "harness/say/say.h"
#include "lib/base/choice.h"
#include "lib/base/cleanup.h"
#include "lib/base/spool.h"
#include "reports/view.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>

static const char *place(const char *path)
{
	return path ? path : "standard output";
}

static int format_unknown(const char *word, struct oom_err *err)
{
	const char *names[OOM_REPORT_OUTS];
	size_t count = 0;

	for (const struct oom_report *const *r = oom_reports; *r && count < OOM_REPORT_OUTS; r++)
		names[count++] = (*r)->name;
	return oom_choice_unknown(err, "format", word, names, count);
}

int oom_report_outs_same(const struct oom_report_outs *outs, size_t first, size_t second,
	const char *file, struct oom_err *err)
{
	return oom_err_set(err, EINVAL,
		"formats '%s' and '%s' would both be written to '%s'; give one its own file: '%s:FILE'",
		outs->items[first].report->name, outs->items[second].report->name, file,
		outs->items[second].report->name);
}

int oom_report_outs_add(struct oom_report_outs *outs, const char *text, struct oom_err *err)
{
	const char *colon = strchrnul(text, ':');
	size_t len = (size_t)(colon - text);
	struct oom_report_out out = {0};
	char word[64];

	snprintf(word, sizeof(word), "%.*s", (int)len, text);
	out.report = oom_report_find(word);
	if (!out.report)
		return format_unknown(word, err);
	if (*colon && !colon[1])
		return oom_err_set(err, EINVAL,
			"no file after 'format %s'; use '%.*s' or '%s-' for standard output", text,
			(int)len, text, text);
	if (*colon && strcmp(colon + 1, "-") != 0)
		out.path = colon + 1;
	if (outs->count == OOM_REPORT_OUTS)
		return oom_err_set(err, EINVAL, "more than %d formats", OOM_REPORT_OUTS);
	outs->items[outs->count] = out;
	for (size_t i = 0; i < outs->count; i++)
		if (!strcmp(place(outs->items[i].path), place(out.path)))
			return oom_report_outs_same(outs, i, outs->count, place(out.path), err);
	outs->count++;
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

/* Where a report is rendered to, through the gate: what keeps a write from it is kept, too. */
struct sink {
	struct oom_say_report report;
	int r;
};

static ssize_t sink_write(void *cookie, const char *data, size_t size)
{
	struct sink *sink = cookie;

	if (sink->r == 0) {
		oom_say_report(&sink->report, data, size);
		if (ferror(sink->report.out))
			sink->r = -errno;
	}
	return sink->r < 0 ? 0 : (ssize_t)size; /* 0: an error, fopencookie(3) */
}

/* A stream of its own to @fd, which stays open. */
static FILE *stream_to(int fd)
{
	oom_autoclose int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	FILE *stream = copy < 0 ? NULL : fdopen(copy, "w");

	if (!stream)
		return NULL;
	oom_take_fd(&copy);
	setvbuf(stream, NULL, _IOFBF, 65536);
	return stream;
}

/* Renders into @fd. *@ret_rendered: what fails then is the writing. */
static int render(const struct oom_report_out *out, const struct oom_run *run,
	const struct oom_report_options *options, int fd, bool *ret_rendered)
{
	/* commands are for who reads standard output; a file is read by anybody, a log's viewer among them */
	struct sink sink = {.report = {.out = stream_to(fd),
				    .commands = out->report->commands && !options->to_file,
				    .at_start = true}};
	FILE *file = sink.report.out
		? fopencookie(&sink, "w", (cookie_io_functions_t){.write = sink_write})
		: NULL;
	int r = file ? 0 : -errno;

	*ret_rendered = false;
	if (file) {
		setvbuf(file, NULL, _IOFBF, 65536);
		r = out->report->write(run, options, file);
		fclose(file);
		oom_say_report(&sink.report, NULL, 0);
	}
	if (sink.report.out && fclose(sink.report.out) && sink.r == 0)
		sink.r = -errno;
	*ret_rendered = file && (r >= 0 || sink.r < 0);
	return sink.r < 0 ? sink.r : r;
}

static int not_rendered(const struct oom_report_out *out, int r, struct oom_err *err)
{
	if (r == -EBADMSG)
		return oom_err_set(err, EBADMSG,
			"cannot render '%s': the record has changed while it was read",
			out->report->name);
	if (r == -E2BIG)
		return oom_err_set(err, E2BIG,
			"cannot render '%s': its scenarios and machines would make a table of "
			"more than %d cells",
			out->report->name, OOM_VIEW_CELLS_MAX);
	return oom_err_errno(err, -r, "cannot render '%s'", out->report->name);
}

/* @path is the file, or the target of a link at out->path. Beside it first: what cannot be rendered or written
 * leaves the old file alone. */
static int file_replace(const struct oom_report_out *out, const struct oom_run *run,
	const struct oom_report_options *options, const char *path, struct oom_err *err)
{
	char beside[PATH_MAX];
	oom_autoclose int fd = beside_open(path, beside, sizeof(beside));
	bool rendered;
	int r;

	if (fd < 0)
		return oom_err_errno(err, -fd, "cannot create a file for '%s'", out->path);
	r = render(out, run, options, fd, &rendered);
	/* a full disk may show itself only now */
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	if (r == 0 && rename(beside, path) < 0)
		r = -errno;
	if (r == 0)
		return 0;
	unlink(beside);
	return rendered ? oom_err_errno(err, -r, "cannot write '%s'", out->path)
			: not_rendered(out, r, err);
}

static int copy(int from, int to)
{
	char buf[65536];
	off_t at = 0;
	ssize_t n;
	int r = 0;

	while (r == 0 && (n = pread(from, buf, sizeof(buf), at)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		r = write_all(to, buf, (size_t)n);
		at += n;
	}
	return r;
}

/* Behind what is in the file @fd, on a line of its own; all of it or nothing. */
static int copy_behind(int from, int fd)
{
	off_t end = lseek(fd, 0, SEEK_END);
	char last = '\n';
	int r = 0;

	if (end > 0 && pread(fd, &last, 1, end - 1) == 1 && last != '\n')
		r = write_all(fd, "\n", 1);
	if (r == 0)
		r = copy(from, fd);
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	if (r < 0 && end >= 0 && ftruncate(fd, end) < 0)
		return -errno;
	return r;
}

/* To what is not replaced (standard output, a device, a file that others write to): it gets all of the report or
 * nothing, too. @behind: a file, which has an end to write behind. */
static int stream_write(const struct oom_report_out *out, const struct oom_run *run,
	const struct oom_report_options *options, bool behind, struct oom_err *err)
{
	oom_autoclose int spool = oom_spool_open(), fd = -1;
	bool rendered;
	int r = spool < 0 ? spool : render(out, run, options, spool, &rendered);

	if (spool < 0 || (r < 0 && rendered))
		return oom_err_errno(err, -r,
			"cannot keep '%s' in a temporary file (set TMPDIR to another folder)",
			out->report->name);
	if (r < 0)
		return not_rendered(out, r, err);
	if (!out->path) {
		r = fflush(stdout) ? -errno : copy(spool, STDOUT_FILENO);
		return r < 0 ? oom_err_errno(err, -r, "cannot write '%s' to standard output",
				       out->report->name)
			     : 0;
	}
	fd = open(out->path,
		behind ? O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC : O_WRONLY | O_CLOEXEC, 0666);
	if (fd < 0)
		return oom_err_errno(err, errno, "cannot open '%s'", out->path);
	r = behind ? copy_behind(spool, fd) : copy(spool, fd);
	return r < 0 ? oom_err_errno(err, -r, "cannot write '%s'", out->path) : 0;
}

int oom_report_out_write(const struct oom_report_out *out, const struct oom_run *run,
	const char *run_dir, struct oom_err *err)
{
	struct oom_report_options options = {
		.utf8 = true, .to_file = true, .wrap = OOM_PIPE_COLUMNS};
	oom_autofree char *real = NULL;
	struct stat st;
	bool there, is_file;

	if (!out->path)
		oom_report_options_for_fd(STDOUT_FILENO, &options);
	options.run_dir = run_dir;
	options.only_bad = out->only_bad;
	options.workspace = getenv("GITHUB_WORKSPACE");
	if (!out->path)
		return stream_write(out, run, &options, false, err);
	there = !stat(out->path, &st);
	is_file = !there || S_ISREG(st.st_mode);
	if (!is_file || out->report->append)
		return stream_write(out, run, &options, is_file, err);
	if (there)
		real = realpath(out->path, NULL); /* a link stays, its target is replaced */
	return file_replace(out, run, &options, real ? real : out->path, err);
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
