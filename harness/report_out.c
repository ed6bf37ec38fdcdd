// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/report_out.h"

#include "lib/cleanup.h"
#include "lib/spool.h"
#include "reports/view.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <limits.h>
#include <locale.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

static const char *place(const char *path)
{
	return path ? path : "standard output";
}

static int format_unknown(const char *text, size_t len, struct oom_err *err)
{
	char names[128] = "";
	size_t used = 0;

	for (const struct oom_report *const *r = oom_reports; *r && used < sizeof(names); r++)
		used += (size_t)snprintf(
			names + used, sizeof(names) - used, "%s%s", used ? ", " : "", (*r)->name);
	return oom_err_set(
		err, EINVAL, "unknown format '%.*s'; there are %s", (int)len, text, names);
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

static bool locale_is_utf8(void)
{
	locale_t locale = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
	bool utf8;

	if (!locale)
		return false;
	utf8 = !strcmp(nl_langinfo_l(CODESET, locale), "UTF-8");
	freelocale(locale);
	return utf8;
}

void oom_report_options_for_fd(int fd, struct oom_report_options *ret)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
	struct winsize size;

	*ret = (struct oom_report_options){.utf8 = locale_is_utf8()};
	if (!isatty(fd))
		return;
	ret->color = !(no_color && *no_color) && term && strcmp(term, "dumb") != 0;
	ret->width = 80;
	if (!ioctl(fd, TIOCGWINSZ, &size) && size.ws_col)
		ret->width = size.ws_col;
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

/* Where a report is rendered to: what keeps a write from it is kept, too. */
struct sink {
	int fd;
	int r;
};

static ssize_t sink_write(void *cookie, const char *data, size_t size)
{
	struct sink *sink = cookie;

	if (sink->r == 0)
		sink->r = write_all(sink->fd, data, size);
	return sink->r < 0 ? 0 : (ssize_t)size; /* 0: an error, fopencookie(3) */
}

/* Renders into @fd. *@ret_rendered: what fails then is the writing. */
static int render(const struct oom_report_out *out, const struct oom_run *run,
	const struct oom_report_options *options, int fd, bool *ret_rendered)
{
	struct sink sink = {.fd = fd};
	FILE *file = fopencookie(&sink, "w", (cookie_io_functions_t){.write = sink_write});
	int r;

	*ret_rendered = false;
	if (!file)
		return -errno;
	setvbuf(file, NULL, _IOFBF, 65536);
	r = out->report->write(run, options, file);
	fclose(file);
	*ret_rendered = r >= 0 || sink.r < 0;
	return sink.r < 0 ? sink.r : r;
}

static int not_rendered(const struct oom_report_out *out, int r, struct oom_err *err)
{
	if (r == -EBADMSG)
		return oom_err_set(err, EBADMSG, "cannot render '%s': the record has changed while it was read",
			out->report->name);
	if (r == -E2BIG)
		return oom_err_set(err, E2BIG,
			"cannot render '%s': its scenarios and machines make a table of more than %d cells",
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
	return rendered ? oom_err_errno(err, -r, "cannot write '%s'", out->path) : not_rendered(out, r, err);
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

/* To what is no file: it gets all of the report or nothing, too. */
static int stream_write(const struct oom_report_out *out, const struct oom_run *run,
	const struct oom_report_options *options, struct oom_err *err)
{
	oom_autoclose int spool = oom_spool_open(), fd = -1;
	bool rendered;
	int r = spool < 0 ? spool : render(out, run, options, spool, &rendered);

	if (spool < 0 || (r < 0 && rendered))
		return oom_err_errno(err, -r, "cannot keep '%s' in a temporary file (TMPDIR names another place)",
			out->report->name);
	if (r < 0)
		return not_rendered(out, r, err);
	if (out->path) {
		fd = open(out->path, O_WRONLY | O_CLOEXEC);
		if (fd < 0)
			return oom_err_errno(err, errno, "cannot open '%s'", out->path);
		r = copy(spool, fd);
		return r < 0 ? oom_err_errno(err, -r, "cannot write '%s'", out->path) : 0;
	}
	fflush(stdout);
	r = copy(spool, STDOUT_FILENO);
	return r < 0 ? oom_err_errno(err, -r, "cannot write '%s' to standard output", out->report->name) : 0;
}

int oom_report_out_write(const struct oom_report_out *out, const struct oom_run *run,
	const char *run_dir, struct oom_err *err)
{
	struct oom_report_options options = {.utf8 = true, .to_file = true};
	oom_autofree char *real = NULL;
	struct stat st;
	bool there;

	if (!out->path)
		oom_report_options_for_fd(STDOUT_FILENO, &options);
	options.run_dir = run_dir;
	if (!out->path)
		return stream_write(out, run, &options, err);
	there = !stat(out->path, &st);
	if (there && !S_ISREG(st.st_mode))
		return stream_write(out, run, &options, err);
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
