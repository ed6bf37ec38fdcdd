// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/campaign/folder.h"
#include "harness/campaign/own_file.h"
#include "tests/support/scratch.h"

#include "lib/base/cleanup.h"

#include <criterion/criterion.h>
#include <errno.h>

static char buf[64];
static const char *top;
static struct oom_run_command command;

static void setup(void)
{
	top = scratch_dir(buf);
	cr_assert(top);
}

static void teardown(void)
{
	scratch_remove(top);
}

static const char *in_top(const char *name, char path[static PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/%s", top, name);
	return path;
}

static void close_run(void)
{
	oom_folder_release(&command);
	oom_closep(&command.journal_fd);
	oom_run_free(command.run);
	command.run = NULL;
}

/* Opens TOP/run as 'run' does. */
static int open_run(bool resume, bool overwrite, struct oom_err *err)
{
	static char path[PATH_MAX];
	int r;

	command = (struct oom_run_command){.run = oom_run_new(),
		.journal_fd = -1,
		.options = {.output_dir = in_top("run", path),
			.resume = resume,
			.overwrite = overwrite}};
	r = oom_folder_check(&command.options, err);
	return r < 0 ? r : oom_journal_open(&command, err);
}

static void list_file(const char *const *names, size_t n)
{
	char path[PATH_MAX];
	FILE *file = fopen(in_top("run/contents.list", path), "w");

	cr_assert(file);
	for (size_t i = 0; i < n; i++)
		fwrite(names[i], 1, strlen(names[i]) + 1, file);
	fclose(file);
}

/* A run that has ended, its evidence, its report, and what is none of its own. */
static void make_run(void)
{
	static const char *const names[] = {
		"host/cow/a/1/", "host/cow/a/2/", "host/b/1/", "report.html"};

	scratch_file(top, "run/run.json", "{}\n");
	scratch_file(top, "run/attempts.jsonl",
		"{\"evidence_dir\":\"host/cow/a/1\"}\n{\"evidence_dir\":\"host/old/1\"}\n{\"cut");
	scratch_file(top, "run/host/cow/a/1/kmsg", "x");
	scratch_file(top, "run/host/cow/a/1/deep/er/file", "x");
	scratch_file(top, "run/host/cow/a/2/kmsg", "x");
	scratch_file(top, "run/host/b/1/kmsg", "x");
	scratch_file(top, "run/host/old/1/kmsg", "x");
	scratch_file(top, "run/report.html", "x");
	scratch_file(top, "run/notes", "mine");
	scratch_file(top, "run/host/cow/notes", "mine");
	scratch_file(top, "run/host/cow/a/3/mine", "mine");
	list_file(names, 4);
}

static void expect_cleared(const char *when)
{
	static const char *const gone[] = {"run/run.json", "run/host/cow/a/1", "run/host/cow/a/2",
		"run/host/b", "run/host/old", "run/report.html", "run/contents.list"};
	static const char *const there[] = {
		"run/attempts.jsonl", "run/notes", "run/host/cow/notes", "run/host/cow/a/3/mine"};
	char path[PATH_MAX];
	struct stat st;

	for (size_t i = 0; i < sizeof(gone) / sizeof(*gone); i++)
		cr_expect(!scratch_exists(top, gone[i]), "%s: '%s' is there", when, gone[i]);
	for (size_t i = 0; i < sizeof(there) / sizeof(*there); i++)
		cr_expect(scratch_exists(top, there[i]), "%s: '%s' is gone", when, there[i]);
	cr_expect(!stat(in_top("run/attempts.jsonl", path), &st) && !st.st_size,
		"%s: attempts are left", when);
}

Test(run_folder, a_run_is_not_mixed_with_another, .init = setup, .fini = teardown)
{
	static const char *const files[] = {"run/run.json", "run/attempts.jsonl"};

	for (size_t i = 0; i < 2; i++) {
		struct oom_err err = {0};

		scratch_file(top, files[i], "{}\n");
		cr_expect_eq(open_run(false, false, &err), -EEXIST);
		cr_expect(strstr(err.msg, "already holds a run: continue it with --resume") &&
				strstr(err.msg, "--overwrite"),
			"%s", err.msg);
		cr_expect(scratch_exists(top, files[i]));
		close_run();
		scratch_remove(in_top("run", (char[PATH_MAX]){0}));
	}
}

Test(run_folder, a_run_that_goes_on_is_left_alone, .init = setup, .fini = teardown)
{
	struct oom_err err = {0};
	struct oom_run_command first;

	make_run();
	cr_assert_eq(open_run(true, false, &err), 0, "%s", err.msg);
	first = command;
	for (int overwrite = 0; overwrite < 2; overwrite++) {
		cr_expect_eq(open_run(!overwrite, overwrite, &err), -EBUSY);
		cr_expect(strstr(err.msg, "another run is writing to"), "%s", err.msg);
		close_run();
	}
	cr_expect(scratch_exists(top, "run/run.json") && scratch_exists(top, "run/host/b/1/kmsg"));
	command = first;
	close_run();
}

Test(run_folder, a_folder_of_the_users_is_taken_as_it_is, .init = setup, .fini = teardown)
{
	struct oom_err err = {0};

	scratch_file(top, "run/notes", "mine");
	for (int overwrite = 0; overwrite < 2; overwrite++) {
		cr_expect_eq(open_run(false, overwrite, &err), 0, "%s", err.msg);
		cr_expect(scratch_exists(top, "run/notes"));
		close_run();
		cr_expect(!unlink(in_top("run/attempts.jsonl", (char[PATH_MAX]){0})));
	}
}

Test(run_folder, overwriting_takes_what_the_run_wrote_and_nothing_else, .init = setup,
	.fini = teardown)
{
	struct oom_err err = {0};

	make_run();
	cr_assert_eq(open_run(false, true, &err), 0, "%s", err.msg);
	close_run();
	expect_cleared("once");
	cr_assert_eq(open_run(false, true, &err), 0, "%s", err.msg);
	close_run();
	expect_cleared("again");
}

/* The states that a kill leaves, in their order. */
Test(run_folder, overwriting_that_was_cut_off_is_ended_by_the_next, .init = setup, .fini = teardown)
{
	static const char *const steps[] = {"run/run.json", NULL, "run/host/b/1/kmsg",
		"run/host/b/1", "run/host/cow/a/1/deep/er/file", "run/report.html"};
	static const char *const whole[] = {
		"host/cow/a/1/", "host/cow/a/2/", "host/b/1/", "report.html", "host/old/1/"};
	char path[PATH_MAX];

	for (size_t cut = 0; cut <= sizeof(steps) / sizeof(*steps); cut++) {
		struct oom_err err = {0};

		make_run();
		list_file(whole, 5);
		for (size_t i = 0; i < cut; i++) {
			if (steps[i])
				cr_assert(!remove(in_top(steps[i], path)));
			else
				cr_assert(!truncate(in_top("run/attempts.jsonl", path), 0));
		}
		cr_expect_eq(open_run(false, true, &err), 0, "cut %zu: %s", cut, err.msg);
		close_run();
		expect_cleared(cut ? "cut off" : "whole");
		scratch_remove(in_top("run", path));
	}
}

Test(run_folder, what_an_attempt_left_that_was_cut_off_goes, .init = setup, .fini = teardown)
{
	struct oom_err err = {0};
	char path[PATH_MAX];

	make_run();
	cr_assert_eq(open_run(true, false, &err), 0, "%s", err.msg);
	cr_expect(scratch_exists(top, "run/host/cow/a/1/kmsg"), "a finished attempt's evidence");
	cr_expect_eq(oom_folder_note_evidence(&command, in_top("run/host/b/1", path)), 0);
	cr_expect(!scratch_exists(top, "run/host/b/1"));
	/* it is in no list: whose it is nobody knows */
	cr_expect_eq(oom_folder_note_evidence(&command, in_top("run/host/cow/a/3", path)), 0);
	cr_expect(scratch_exists(top, "run/host/cow/a/3/mine"));
	close_run();
}

Test(run_folder, what_is_noted_is_found_by_the_next_run, .init = setup, .fini = teardown)
{
	static const char *const odd[] = {"a/1", "b\nc/1", "d e/\xff/1"};
	struct oom_err err = {0};
	char path[PATH_MAX], name[64];

	cr_assert_eq(open_run(false, false, &err), 0, "%s", err.msg);
	for (size_t i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "run/%s", odd[i]);
		cr_expect_eq(oom_folder_note_evidence(&command, in_top(name, path)), 0);
		snprintf(name, sizeof(name), "run/%s/kmsg", odd[i]);
		scratch_file(top, name, "x");
	}
	cr_expect_eq(write(command.journal_fd, "{}\n", 3), 3);
	close_run();
	cr_assert_eq(open_run(false, true, &err), 0, "%s", err.msg);
	close_run();
	for (size_t i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "run/%s", odd[i]);
		cr_expect(!scratch_exists(top, name), "'%s'", odd[i]);
	}
}

Test(run_folder, only_what_is_below_the_folder_is_taken, .init = setup, .fini = teardown)
{
	static const struct {
		const char *name;
		int r;
		const char *left; /* what must be there afterwards; NULL: it is gone */
	} rows[] = {
		{"../outside/", -EINVAL, "outside/file"},
		{"a/../../outside/", -EINVAL, "outside/file"},
		{"..", -EINVAL, "outside/file"},
		{".", -EINVAL, "run/a/file"},
		{"./a/", -EINVAL, "run/a/file"},
		{"/", -EINVAL, "run/a/file"},
		{"", -EINVAL, "run/a/file"},
		{"//a/", -EINVAL, "run/a/file"},
		{"a//", -EINVAL, "run/a/file"},
		{"link/inner/", 0, "outside/inner/file"},
		{"link/", 1, "outside/file"}, /* the link itself goes */
		{"none/x/", 0, "run/a/file"},
		{"a/file/x/", 0, "run/a/file"},
		{"a", -EISDIR, "run/a/file"},
		{"a/", 1, NULL},
	};
	char run[PATH_MAX], path[PATH_MAX];

	scratch_file(top, "run/a/file", "x");
	scratch_file(top, "outside/file", "x");
	scratch_file(top, "outside/inner/file", "x");
	cr_assert(!symlink("../outside", in_top("run/link", path)));
	in_top("run", run);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		int r = oom_folder_remove(run, rows[i].name);

		cr_expect_eq(r, rows[i].r, "'%s': %d", rows[i].name, r);
		cr_expect(!rows[i].left || scratch_exists(top, rows[i].left), "'%s' took '%s'",
			rows[i].name, rows[i].left);
	}
	cr_expect(!scratch_exists(top, "run/a"));
	cr_expect(!scratch_exists(top, "run/link"));
	cr_expect(scratch_exists(top, "run"));
}

Test(run_folder, where_no_folder_can_be_is_told_before, .init = setup, .fini = teardown)
{
	static const struct {
		const char *dir;
		int r;
	} rows[] = {
		{"new", 0},
		{"new/deeper/and/deeper", 0},
		{"there", 0},
		{"file", -ENOTDIR},
		{"file/below", -ENOTDIR},
		{"", -EINVAL},
	};

	scratch_file(top, "there/x", "x");
	scratch_file(top, "file", "x");
	cr_assert(!chdir(top));
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct oom_run_options o = {.output_dir = rows[i].dir};
		struct oom_err err = {0};
		int r = oom_folder_check(&o, &err);

		cr_expect_eq(r, rows[i].r, "'%s': %d %s", rows[i].dir, r, err.msg);
	}
	cr_expect(!scratch_exists(top, "new"), "looking made something");
}

static void expect_mode(const char *name, mode_t mode)
{
	char path[PATH_MAX];
	struct stat st;

	cr_assert(!lstat(in_top(name, path), &st), "no '%s'", name);
	cr_expect_eq(st.st_mode & 0777, mode, "'%s' is %o", name, st.st_mode & 0777);
}

/* Whatever the umask; and what an older run left wider. */
Test(run_folder, all_of_it_is_its_owners_alone, .init = setup, .fini = teardown)
{
	static struct oom_scenario scenario = {.id = "a/b", .path = "a/b.scenario"};
	struct oom_job job = {.scenario = &scenario, .attempt = 1};
	struct oom_err err = {0};
	char path[PATH_MAX];

	umask(0);
	for (int resume = 0; resume < 2; resume++) {
		cr_assert_eq(open_run(resume, false, &err), 0, "%s", err.msg);
		oom_run_add_machine(command.run)->id = "debian:bookworm";
		job.attempt++;
		cr_assert(oom_journal_evidence_dir(&command, &job, path, sizeof(path)));
		cr_assert_eq(oom_journal_finish(&command, &err), 0, "%s", err.msg);
		close_run();
		expect_mode("run", 0700);
		expect_mode("run/attempts.jsonl", 0600);
		expect_mode("run/contents.list", 0600);
		expect_mode("run/run.json", 0600);
		expect_mode("run/run.seed", 0600);
		expect_mode("run/debian_bookworm", 0700);
		expect_mode("run/debian_bookworm/a/b", 0700);
		cr_assert(!chmod(in_top("run/contents.list", path), 0644));
		cr_assert(!chmod(in_top("run/attempts.jsonl", path), 0644));
	}
}

/* The names that evidence had before: the record knows them. */
Test(run_folder, evidence_of_an_older_run_is_found, .init = setup, .fini = teardown)
{
	static const char old[] = "run/debian:bookworm/a/1/kmsg";
	struct oom_err err = {0};

	scratch_file(top, old, "x");
	scratch_file(top, "run/attempts.jsonl", "{\"evidence_dir\":\"debian:bookworm/a/1\"}\n");
	cr_assert_eq(open_run(true, false, &err), 0, "%s", err.msg);
	close_run();
	cr_expect(scratch_exists(top, old), "going on takes it away");
	cr_assert_eq(open_run(false, true, &err), 0, "%s", err.msg);
	close_run();
	cr_expect(!scratch_exists(top, "run/debian:bookworm"), "overwriting leaves it");
}

/* What somebody else laid where the record's files go is neither emptied nor waited for. */
Test(run_folder, only_plain_files_are_a_record, .init = setup, .fini = teardown, .timeout = 20)
{
	for (const char *const *name = oom_own_files; *name; name++) {
		for (int kind = 0; kind < 5; kind++) {
			char path[PATH_MAX], place[64];
			struct stat st;

			snprintf(place, sizeof(place), "run/%s", *name);
			scratch_file(top, "precious", "mine");
			scratch_file(top, "run/keep", "");
			in_top(place, path);
			cr_assert_eq(kind == 0	    ? symlink("../precious", path)
					: kind == 1 ? mkfifo(path, 0600)
					: kind == 2 ? mkdir(path, 0700)
					: kind == 3
					? link(in_top("precious", (char[PATH_MAX]){0}), path)
					: symlink("../nowhere", path),
				0);
			for (int how = 0; how < 3; how++) {
				struct oom_err err = {0};

				cr_expect_eq(open_run(how == 1, how == 2, &err), -EINVAL,
					"%s, kind %d, way %d: %s", *name, kind, how, err.msg);
				cr_expect(strstr(err.msg, "is not a plain file of its own"), "%s",
					err.msg);
				close_run();
				/* also where it was laid there after the first look */
				command = (struct oom_run_command){.run = oom_run_new(),
					.journal_fd = -1,
					.options = {
						.output_dir = in_top("run", (char[PATH_MAX]){0}),
						.resume = how == 1,
						.overwrite = how == 2}};
				cr_expect_lt(oom_journal_open(&command, &err), 0);
				close_run();
			}
			cr_expect(!stat(in_top("precious", (char[PATH_MAX]){0}), &st) &&
					st.st_size == 4,
				"%s, kind %d", *name, kind);
			cr_expect(!scratch_exists(top, "nowhere"));
			scratch_remove(in_top("run", (char[PATH_MAX]){0}));
		}
	}
}
