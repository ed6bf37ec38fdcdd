// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/undo/add.h"
#include "harness/undo/kind.h"
#include "harness/undo/undo.h"
#include "tests/support/scratch.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static char dir[64];

static void set_up(void)
{
	cr_assert_not_null(scratch_dir(dir));
	setenv("OOMGATE_RUNTIME", dir, 1);
}

static void tear_down(void)
{
	scratch_remove(dir);
}

TestSuite(undo, .init = set_up, .fini = tear_down);

/* What stands in the lists of @path. */
static int noted_bytes(const char *path)
{
	char command[128];
	int n;
	FILE *pipe;

	snprintf(command, sizeof(command), "cat %s/undo.* | wc -c", path);
	pipe = popen(command, "r");
	cr_assert(pipe && fscanf(pipe, "%d", &n) == 1);
	pclose(pipe);
	return n;
}

static int lists_left(void)
{
	char command[128];
	int n;
	FILE *pipe;

	snprintf(command, sizeof(command), "ls -A %s | grep -c undo", dir);
	pipe = popen(command, "r");
	cr_assert_eq(fscanf(pipe, "%d", &n), 1);
	pclose(pipe);
	return n;
}

Test(undo, without_a_list_arguments_are_checked_and_nothing_is_noted)
{
	struct oom_err err;

	cr_expect_eq(oom_undo_add(NULL, &err, "unit", "a.scope", "system", NULL), 0);
	cr_expect_eq(oom_undo_add(NULL, &err, "unit", "a.scope", NULL), -EINVAL, "one is missing");
	cr_expect_eq(oom_undo_add(NULL, &err, "wish", "x", NULL), -EINVAL);
	cr_expect_neq(oom_undo_add(NULL, &err, "tree", "/", NULL), 0, "not to be removed");
	cr_expect_eq(oom_undo_add_process(NULL, getpid(), &err), 0);
	cr_expect_eq(oom_undo_add_sysctl(NULL, "vm.swappiness", &err), 0);
	cr_expect_eq(oom_undo_add_sysctl(NULL, "vm.no_such", &err), -ENOENT);
	cr_expect_eq(lists_left(), 0);
}

Test(undo, a_line_survives_every_byte)
{
	static const char *const rows[] = {"plain", "", " ", "\n", "\\", "\\x41", "\\e", "a b\tc",
		"\xc3\xa4\xff\x01\x7f", "foo)\nZ\n", "//..//"};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *args[] = {
			(char *)rows[i], (char *)rows[sizeof(rows) / sizeof(rows[0]) - 1 - i]};
		char *line = oom_undo_line_format("sysctl", args, 2);
		struct oom_undo_entry entry;

		cr_assert_not_null(line);
		cr_expect_eq(strchr(line, '\n'), line + strlen(line) - 1, "row %zu", i);
		for (const char *c = line; *c && *c != '\n'; c++)
			cr_expect(*c >= ' ' && *c < 0x7f, "row %zu", i);
		cr_assert_eq(oom_undo_line_parse(line, strlen(line) - 1, &entry), 0, "row %zu", i);
		cr_expect_str_eq(entry.kind->name, "sysctl");
		cr_expect_str_eq(entry.args[0], args[0], "row %zu", i);
		cr_expect_str_eq(entry.args[1], args[1], "row %zu", i);
		free(entry.line);
		free(line);
	}
}

Test(undo, lines_that_are_none)
{
	static const struct {
		const char *line;
		int code;
	} rows[] = {
		{"", -ENOTSUP},
		{"nonsense /x", -ENOTSUP},
		{"treeX /tmp/a", -ENOTSUP},
		{"tree", -EBADMSG},
		{"tree ", -EBADMSG},
		{"tree /tmp/a ", -EBADMSG},
		{"tree /tmp/a /tmp/b", -EBADMSG},
		{"tree  /tmp/a", -EBADMSG},
		{"tree /tmp/\\x4", -EBADMSG},
		{"tree /tmp/\\xzz", -EBADMSG},
		{"tree /tmp/\\", -EBADMSG},
		{"tree a\\e", -EBADMSG},
		{"process 12", -EBADMSG},
		{"tree /tmp/a", 0},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct oom_undo_entry entry = {0};

		cr_expect_eq(oom_undo_line_parse(rows[i].line, strlen(rows[i].line), &entry),
			rows[i].code, "'%s'", rows[i].line);
		free(entry.line);
	}
}

Test(undo, every_kind_is_described)
{
	for (const struct oom_undo_kind *const *k = oom_undo_kinds; *k; k++) {
		cr_expect((*k)->name && (*k)->args && (*k)->verb && (*k)->past && (*k)->undo);
		cr_expect((*k)->n_args >= 1 && (*k)->n_args <= OOM_UNDO_ARGS_MAX);
		cr_expect_eq(oom_undo_kind_find((*k)->name), *k);
	}
	cr_expect_null(oom_undo_kind_find("nothing"));
}

Test(undo, what_cannot_be_undone_is_refused_when_it_is_noted)
{
	static const struct {
		const char *kind, *a, *b, *why;
	} rows[] = {
		{"nonsense", "x", NULL, "unknown kind of undo"},
		{"tree", NULL, NULL, "takes 1 arguments, not 0"},
		{"tree", "/tmp/a", "/tmp/b", "takes 1 arguments"},
		{"tree", "relative", NULL, "not an absolute path"},
		{"tree", "/", NULL, "not an absolute path"},
		{"tree", "/tmp", NULL, "not below"},
		{"tree", "/tmp/..", NULL, "not an absolute path"},
		{"tree", "/tmp/../etc", NULL, "not below"},
		{"tree", "/home/user", NULL, "not below"},
		{"tree", "/etc/passwd", NULL, "not below"},
		{"file", "relative", NULL, "cannot record 'relative' for removal"},
		{"process", "1", "5", "not the pid"},
		{"process", "0", "5", "not the pid"},
		{"process", "-5", "5", "not the pid"},
		{"process", "12x", "5", "not the pid"},
		{"process", "12", "", "not a start time"},
		{"sysctl", "../../etc/passwd", "x", "not the name of a sysctl"},
		{"sysctl", "vm", "x", "not the name of a sysctl"},
		{"sysctl", "vm/../kernel/x", "x", "not the name of a sysctl"},
		{"trace", "a/b", NULL, "not the name of a trace instance"},
		{"trace", "..", NULL, "not the name of a trace instance"},
		{"mount", "x", NULL, "not an absolute path"},
		{"cgroup", "relative", NULL, "not the absolute path"},
		{"sysvshm", "-1", NULL, "neither a shm ID"},
		{"sysvshm", "0x", NULL, "neither a shm ID"},
		{"sysvshm", "12z", NULL, "neither a shm ID"},
		{"posixshm", "/a/b", NULL, "not the name"},
	};
	struct oom_undo *undo;
	struct oom_err err = {0};
	int before;

	cr_assert_eq(oom_undo_open(&err, &undo), 0, "%s", err.msg);
	before = noted_bytes(dir);
	cr_assert_gt(before, 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		err = (struct oom_err){0};
		cr_expect_lt(oom_undo_add(undo, &err, rows[i].kind, rows[i].a, rows[i].b, NULL), 0,
			"%s %s", rows[i].kind, rows[i].a);
		cr_expect(strstr(err.msg, rows[i].why), "%s %s: %s", rows[i].kind, rows[i].a,
			err.msg);
		cr_expect_eq(noted_bytes(dir), before, "%s %s", rows[i].kind, rows[i].a);
	}
	cr_expect_eq(oom_undo_close(undo, &err), 0);
	cr_expect_eq(lists_left(), 0);
}

Test(undo, runs_backwards)
{
	struct oom_undo *undo;
	struct oom_err err = {0};
	char outer[80];
	int before;

	snprintf(outer, sizeof(outer), "%s/outer", dir);
	cr_assert_eq(oom_undo_open(&err, &undo), 0, "%s", err.msg);
	before = noted_bytes(dir);
	scratch_file(dir, "outer/inner/x", "x");
	cr_assert_eq(oom_undo_add(undo, &err, "tree", outer, NULL), 0, "%s", err.msg);
	/* no file but a folder: were it still there, this would fail */
	cr_assert_eq(oom_undo_add(undo, &err, "file", outer, NULL), 0, "%s", err.msg);
	cr_expect_eq(oom_undo_run(undo, &err), -EISDIR);
	cr_expect_not(scratch_exists(dir, "outer"));
	/* what failed stays in the list, and so does what was noted before it; once more is no mistake */
	cr_expect_gt(noted_bytes(dir), before);
	cr_expect_eq(oom_undo_run(undo, &err), 0);
	cr_expect_eq(noted_bytes(dir), before);
	cr_expect_eq(oom_undo_run(undo, &err), 0);
	cr_expect_eq(oom_undo_close(undo, &err), 0);
	cr_expect_eq(lists_left(), 0);
}

Test(undo, a_folder_that_others_may_write_is_not_trusted)
{
	struct oom_undo *undo = NULL;
	struct oom_err err = {0};

	chmod(dir, 0777);
	cr_expect_eq(oom_undo_open(&err, &undo), -EPERM);
	cr_expect(strstr(err.msg, "not private to this user"), "%s", err.msg);
	cr_expect_null(undo);
	setenv("OOMGATE_RUNTIME", "/proc/nowhere", 1);
	cr_expect_lt(oom_undo_open(&err, &undo), 0);
	cr_expect(strstr(err.msg, "OOMGATE_RUNTIME"), "%s", err.msg);
}

Test(undo, a_full_disk_is_told_before_anything_is_changed)
{
	struct oom_undo *undo;
	struct oom_err err = {0};
	char small[96], big[4000];
	int r = 0;

	if (unshare(CLONE_NEWNS) < 0)
		SCRATCH_SKIP(dir, "no mount namespaces for this user");
	cr_assert_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	snprintf(small, sizeof(small), "%s/small", dir);
	mkdir(small, 0700);
	cr_assert_eq(mount("none", small, "tmpfs", 0, "size=16k,mode=700"), 0);
	setenv("OOMGATE_RUNTIME", small, 1);
	cr_assert_eq(oom_undo_open(&err, &undo), 0, "%s", err.msg);
	memset(big, 'x', sizeof(big) - 1);
	big[0] = '/';
	big[sizeof(big) - 1] = '\0';
	for (int i = 0; i < 10 && !r; i++)
		r = oom_undo_add(undo, &err, "mount", big, NULL);
	cr_expect_eq(r, -ENOSPC);
	cr_expect(strstr(err.msg, "nothing is changed"), "%s", err.msg);
	/* what was noted before is still whole */
	cr_expect_gt(noted_bytes(small), 4000);
	cr_expect_eq(oom_undo_close(undo, &err), -ENAMETOOLONG, "%s", err.msg);
	umount2(small, MNT_DETACH);
}
