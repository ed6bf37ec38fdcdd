// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/campaign/report_out.h"
#include "harness/campaign/report_place.h"
#include "lib/base/cleanup.h"
#include "tests/support/report_runs.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/types.h>

Test(report_out, reads_format_and_place)
{
	static const struct {
		const char *texts[2]; /* given one after the other */
		const char *says; /* in the message; NULL: taken */
		const char *path; /* of the last */
	} rows[] = {
		{{"text"}, NULL, NULL},
		{{"tap:-"}, NULL, NULL},
		{{"json:a:b"}, NULL, "a:b"},
		{{"text", "tap:x"}, NULL, "x"},
		{{"xml"}, "unknown format 'xml', expected one of text, tap", NULL},
		{{""}, "unknown format ''", NULL},
		{{"te"}, "unknown format 'te'", NULL},
		{{"jsno:x"}, "unknown format 'jsno', did you mean 'json'?", NULL},
		{{"htlm"}, "did you mean 'html'?", NULL},
		{{"textual"}, "unknown format 'textual'", NULL},
		{{"tap:"}, "no file after 'format tap:'", NULL},
		{{"text", "tap"}, "give one its own file: 'tap:FILE'", NULL},
		{{"text:x", "tap:x"}, "would both be written to 'x'", NULL},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct oom_report_outs outs = {0};
		struct oom_err err = {0};
		int r = 0;

		for (size_t t = 0; t < 2 && rows[i].texts[t] && r == 0; t++)
			r = oom_report_outs_add(&outs, rows[i].texts[t], &err);
		if (rows[i].says) {
			cr_expect_eq(r, -EINVAL, "row %zu", i);
			cr_expect(strstr(err.msg, rows[i].says), "row %zu: %s", i, err.msg);
			continue;
		}
		cr_assert_eq(r, 0, "row %zu: %s", i, err.msg);
		if (rows[i].path)
			cr_expect_str_eq(outs.items[outs.count - 1].path, rows[i].path);
		else
			cr_expect_null(outs.items[outs.count - 1].path, "row %zu", i);
	}
}

/* A folder of the test's own, entered; what lies in it is counted with files_count(). */
static void scratch_enter(void)
{
	char path[] = "/tmp/oomgate-test-XXXXXX";

	cr_assert(mkdtemp(path) && !chdir(path));
}

static size_t files_count(void)
{
	oom_autoclosedir DIR *dir = opendir(".");
	size_t n = 0;

	cr_assert(dir);
	for (const struct dirent *e; (e = readdir(dir));)
		n += e->d_name[0] != '.';
	return n;
}

static void scratch_leave(void)
{
	oom_autofree char *path = get_current_dir_name();
	oom_autoclosedir DIR *dir = opendir(".");

	for (const struct dirent *e; dir && (e = readdir(dir));)
		unlink(e->d_name);
	cr_expect(!rmdir(path), "%s", path);
}

static int write_to(const char *format, const char *path, struct oom_err *err)
{
	struct oom_report_out out = {oom_report_find(format), path};
	struct oom_run *run = run_verdicts();
	int r = oom_report_out_write(&out, run, "out", err);

	oom_run_free(run);
	return r;
}

static off_t size_of(const char *path)
{
	struct stat st;

	return stat(path, &st) < 0 ? -1 : st.st_size;
}

Test(report_out, a_file_is_replaced_as_a_whole, .init = scratch_enter, .fini = scratch_leave)
{
	struct oom_err err = {0};
	struct stat st;
	off_t size;

	umask(022);
	cr_assert(!write_to("tap", "new", &err), "%s", err.msg);
	size = size_of("new");
	cr_expect(size > 100);
	cr_expect(!stat("new", &st) && (st.st_mode & 0777) == 0644);
	cr_assert(!write_to("json", "long", &err), "%s", err.msg);
	cr_assert(!write_to("tap", "long", &err), "%s", err.msg);
	cr_expect_eq(size_of("long"), size, "nothing of the longer file is left");
	/* a link stays a link, and its target is what changes */
	cr_assert(!symlink("target", "link") && !write_to("tap", "target", &err));
	cr_assert(!write_to("json", "link", &err), "%s", err.msg);
	cr_expect(!lstat("link", &st) && S_ISLNK(st.st_mode));
	cr_expect(size_of("target") > size);
	cr_expect_eq(files_count(), 4, "nothing temporary is left");
}

/* The steps of a job share one file. */
Test(report_out, what_is_appended_leaves_what_is_there, .init = scratch_enter,
	.fini = scratch_leave)
{
	struct oom_err err = {0};
	off_t once, size;
	char text[64] = "";
	int fd;

	cr_assert(!write_to("github", "summary", &err), "%s", err.msg);
	once = size_of("summary");
	cr_expect(once > 100);
	cr_assert(!write_to("github", "summary", &err), "%s", err.msg);
	cr_expect_eq(size_of("summary"), 2 * once);
	/* what another step left without a line feed does not swallow our heading */
	fd = open("step", O_RDWR | O_CREAT, 0644);
	cr_assert(fd >= 0 && write(fd, "# a step", 8) == 8);
	cr_assert(!write_to("github", "step", &err), "%s", err.msg);
	cr_expect_eq(size_of("step"), 8 + 1 + once);
	cr_expect(pread(fd, text, sizeof(text) - 1, 0) > 0 &&
			!strncmp(text, "# a step\n## oomgate", 19),
		"'%s'", text);
	close(fd);
	size = size_of("step");
	cr_assert(!write_to("tap", "step", &err), "%s", err.msg);
	cr_expect_neq(size_of("step"), size, "a format that replaces does so");
	cr_expect_eq(files_count(), 2);
}

/* Half of a summary is none. */
Test(report_out, a_full_disk_leaves_the_file_as_it_was, .init = scratch_enter,
	.fini = scratch_leave)
{
	struct rlimit limit;
	off_t once;
	struct oom_err err = {0};

	cr_assert(symlink("/dev/full", "full") == 0);
	cr_expect_eq(write_to("github", "full", &err), -ENOSPC, "%s", err.msg);
	cr_assert(!write_to("github", "summary", &err), "%s", err.msg);
	/* it has room for the report itself, and not for two */
	once = size_of("summary");
	limit.rlim_cur = limit.rlim_max = (rlim_t)once * 3 / 2;
	signal(SIGXFSZ, SIG_IGN);
	cr_assert(!setrlimit(RLIMIT_FSIZE, &limit));
	cr_expect_eq(write_to("github", "summary", &err), -EFBIG, "%s", err.msg);
	cr_expect(strstr(err.msg, "cannot write 'summary'"), "%s", err.msg);
	cr_expect_eq(size_of("summary"), once, "what was there stays");
}

Test(report_out, what_cannot_be_written_is_said, .init = scratch_enter, .fini = scratch_leave)
{
	static const struct {
		const char *path;
		int code;
		const char *says;
	} rows[] = {
		{"/dev/full", ENOSPC, "cannot write '/dev/full': No space left on device"},
		{"none/file", ENOENT, "cannot create a file for 'none/file'"},
		{".", EISDIR, "cannot open '.'"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct oom_err err = {0};

		cr_expect_eq(
			write_to("tap", rows[i].path, &err), -rows[i].code, "%s", rows[i].path);
		cr_expect(strstr(err.msg, rows[i].says), "%s", err.msg);
	}
	cr_expect_eq(files_count(), 0);
}

/* A failure of one is reported, and the other is written all the same. */
Test(report_out, one_failure_keeps_no_other_report_back, .init = scratch_enter,
	.fini = scratch_leave)
{
	struct oom_report_outs outs = {0};
	struct oom_run *run = run_verdicts();
	struct oom_err err = {0};

	cr_assert(!oom_report_outs_add(&outs, "tap:/dev/full", &err));
	cr_assert(!oom_report_outs_add(&outs, "json:good", &err));
	cr_expect_eq(oom_report_outs_write(&outs, run, NULL, &err), -ENOSPC);
	cr_expect(strstr(err.msg, "/dev/full"), "%s", err.msg);
	cr_expect(size_of("good") > 0);
	oom_run_free(run);
}

/* A full disk while the file grows: the old file is still there, whole. */
Test(report_out, a_full_disk_leaves_the_old_file, .init = scratch_enter, .fini = scratch_leave)
{
	struct rlimit limit = {.rlim_cur = 64, .rlim_max = 64};
	struct oom_err err = {0};
	off_t size;

	cr_assert(!write_to("tap", "old", &err), "%s", err.msg);
	size = size_of("old");
	signal(SIGXFSZ, SIG_IGN);
	cr_assert(!setrlimit(RLIMIT_FSIZE, &limit));
	cr_expect_eq(write_to("json", "old", &err), -EFBIG);
	cr_expect(strstr(err.msg, "cannot write 'old'"), "%s", err.msg);
	cr_expect_eq(size_of("old"), size);
	cr_expect_eq(files_count(), 1);
}

static const struct {
	const char *format, *dir;
	bool made;
	const char *says; /* NULL: can be written */
} place_rows[] = {
	{"html:new.html", NULL, false, NULL},
	{"html:file", NULL, false, NULL},
	{"html:sub/new.html", NULL, false, NULL},
	{"html:/dev/null", NULL, false, NULL},
	{"text", NULL, false, NULL},
	{"html:link", NULL, false, NULL},
	{"html:none/a.html", NULL, false, "its folder does not exist, create it first"},
	{"html:none/a.html", "none", true, NULL},
	{"html:./none//a.html", "none/", true, NULL},
	{"html:none/a.html", "none/deeper", true, NULL},
	{"html:none/deeper/a.html", "none", true, "its folder does not exist"},
	{"html:nonesuch/a.html", "none", true, "its folder does not exist"},
	{"html:none/a.html", "none", false, "its folder does not exist"},
	{"html:file/a.html", NULL, false, "Not a directory"},
	{"html:sub", NULL, false, "it is a folder, name a file in it"},
	{"html:sub/", NULL, false, "a folder"},
	{"html:none/", "none", true, "a folder"},
	{"json:sub/run.json", "sub", true, "a file of the record itself"},
	{"json:./sub/../sub/attempts.jsonl", "sub", true, "a file of the record itself"},
	{"json:sub/contents.list", "sub", false, "a file of the record itself"},
	{"json:none/run.json", "none", true, "a file of the record itself"},
	{"json:sub/run.json", NULL, false, NULL},
	{"json:sub/deep/run.json", "sub", true, "its folder does not exist"},
	{"text:sub/host", "sub", true, "the evidence of machine 'host' goes there"},
	{"text:none/host", "none", true, "the evidence of machine 'host'"},
	{"text:none/host/a", "none", true, "the evidence of machine 'host'"},
	{"text:none/debian_bookworm", "none", true, "machine 'debian:bookworm'"},
	{"text:none/debian:bookworm", "none", true, "machine 'debian:bookworm'"},
	{"text:none/image_a_b.raw-0123abcd", "none", true, "machine 'image=a/b.raw'"},
	{"text:none/host.txt", "none", true, NULL},
	{"text:none/host-a", "none", true, NULL},
	{"text:sub/host", NULL, false, NULL},
	{"text:none", "none/deeper", true, "the run's folder 'none/deeper' goes there"},
	{"text:none", "none", true, "the run's folder 'none' goes there"},
	{"text:own.scenario", "none", true, "the run reads it, as 'own.scenario'"},
	{"text:./sub/../own.scenario", NULL, true, "the run reads it, as 'own.scenario'"},
	{"github:hard", NULL, true, "the run reads it, as 'own.scenario'"},
	{"text:soft", NULL, true, "the run reads it, as './kernel'"},
	{"text:kernel", NULL, true, "the run reads it, as './kernel'"},
	{"text:set/a.scenario", NULL, true, "the run reads it, as 'set'"},
	{"text:set/a.txt", NULL, true, NULL},
	{"text:conf/a", NULL, true, "the run reads it, as 'conf'"},
};

Test(report_out, a_place_is_looked_at_before_the_run, .init = scratch_enter)
{
	static const char *const machines[] = {"host", "debian:bookworm", "image=a/b.raw"};
	static const struct oom_report_input inputs[] = {{"own.scenario", true}, {"set", true},
		{"./kernel", false}, {"conf", false}, {"none-such", false}};
	cr_assert(!mkdir("sub", 0755) && !symlink("sub/target", "link"));
	cr_assert_eq(close(open("file", O_WRONLY | O_CREAT, 0644)), 0);
	cr_assert_eq(close(open("own.scenario", O_WRONLY | O_CREAT, 0644)), 0);
	cr_assert_eq(close(open("kernel", O_WRONLY | O_CREAT, 0644)), 0);
	cr_assert(!mkdir("set", 0755) && !mkdir("conf", 0755) && !link("own.scenario", "hard") &&
		!symlink("kernel", "soft"));
	for (size_t i = 0; i < sizeof(place_rows) / sizeof(place_rows[0]); i++) {
		struct oom_report_outs outs = {0};
		struct oom_report_places places = {
			place_rows[i].dir, place_rows[i].made, machines, 3, inputs, 5};
		struct oom_err err = {0};
		int r;

		cr_assert_eq(
			oom_report_outs_add(&outs, place_rows[i].format, &err), 0, "%s", err.msg);
		r = oom_report_outs_check(&outs, &places, &err);
		cr_expect_eq(r < 0, place_rows[i].says != NULL, "'%s' (%s): %d %s",
			place_rows[i].format, place_rows[i].dir ? place_rows[i].dir : "-", r,
			err.msg);
		cr_expect(!place_rows[i].says || strstr(err.msg, place_rows[i].says),
			"'%s' says: %s", place_rows[i].format, err.msg);
	}
	cr_expect_eq(files_count(), 9, "looking made something");
	cr_expect(!unlink("link") && !unlink("file") && !rmdir("sub") && !rmdir("set") &&
		!rmdir("conf"));
	scratch_leave();
}

Test(report_out, two_reports_are_two_files, .init = scratch_enter)
{
	static const struct {
		const char *formats[2];
		bool same;
	} rows[] = {
		{{"text:a", "json:./a"}, true},
		{{"text:sub/../a", "json:a"}, true},
		{{"text:link", "json:file"}, true},
		{{"text:link", "json:dangling"}, false},
		{{"text:dangling", "json:new"}, false},
		{{"text:a", "json:b"}, false},
		{{"text:file", "json:sub/file"}, false},
		{{"text:/dev/null", "json:/dev/../dev/null"}, false},
	};

	cr_assert(!mkdir("sub", 0755) && !symlink("file", "link") && !symlink("none", "dangling"));
	cr_assert_eq(close(open("file", O_WRONLY | O_CREAT, 0644)), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct oom_report_outs outs = {0};
		struct oom_report_places places = {0};
		struct oom_err err = {0};
		int r;

		cr_assert(!oom_report_outs_add(&outs, rows[i].formats[0], &err));
		cr_assert(!oom_report_outs_add(&outs, rows[i].formats[1], &err), "%s", err.msg);
		r = oom_report_outs_check(&outs, &places, &err);
		cr_expect_eq(r, rows[i].same ? -EINVAL : 0, "row %zu: %s", i, err.msg);
		cr_expect(!rows[i].same ||
				strstr(err.msg, "'text' and 'json' would both be written to"),
			"%s", err.msg);
	}
	cr_expect(!rmdir("sub"));
	scratch_leave();
}
