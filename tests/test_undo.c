// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/process.h"
#include "harness/undo.h"
#include "harness/undo_kind.h"
#include "harness/undo_more.h"
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

static char said[4096];

static void say(const char *what)
{
	strncat(said, what, sizeof(said) - strlen(said) - 2);
	strcat(said, "\n");
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

static pid_t sleeper(void)
{
	pid_t pid = fork();

	if (!pid) {
		pause();
		_exit(0);
	}
	cr_assert_gt(pid, 0);
	return pid;
}

static bool is_dead(pid_t pid)
{
	uint64_t start;
	char state;

	return oom_process_stat(pid, &state, &start) < 0 || state == 'Z';
}

/* A process that makes what the test says, notes it, and dies of SIGKILL with its list open. */
#define CRASH(...)                                                                                 \
	do {                                                                                       \
		pid_t pid_ = fork();                                                               \
		if (!pid_) {                                                                       \
			struct oom_undo *undo;                                                     \
			struct oom_err err = {0};                                                  \
			if (oom_undo_open(&err, &undo))                                            \
				_exit(1);                                                          \
			__VA_ARGS__                                                                \
			kill(getpid(), SIGKILL);                                                   \
		}                                                                                  \
		int status_;                                                                       \
		waitpid(pid_, &status_, 0);                                                        \
		cr_assert(WIFSIGNALED(status_), "the crasher failed before its crash");            \
	} while (0)
#define MUST(call)                                                                                 \
	do {                                                                                       \
		if ((call) < 0) {                                                                  \
			fprintf(stderr, "%s: %s\n", #call, err.msg);                               \
			_exit(1);                                                                  \
		}                                                                                  \
	} while (0)

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
		{"nonsense", "x", NULL, "there is no undo"},
		{"tree", NULL, NULL, "takes 1 arguments, not 0"},
		{"tree", "/tmp/a", "/tmp/b", "takes 1 arguments"},
		{"tree", "relative", NULL, "no absolute path"},
		{"tree", "/", NULL, "no absolute path"},
		{"tree", "/tmp", NULL, "not below"},
		{"tree", "/tmp/..", NULL, "no absolute path"},
		{"tree", "/tmp/../etc", NULL, "not below"},
		{"tree", "/home/user", NULL, "not below"},
		{"tree", "/etc/passwd", NULL, "not below"},
		{"file", "relative", NULL, "cannot be noted"},
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
		{"sysvshm", "-1", NULL, "neither a shm id"},
		{"sysvshm", "0x", NULL, "neither a shm id"},
		{"sysvshm", "12z", NULL, "neither a shm id"},
		{"posixshm", "/a/b", NULL, "not the name"},
	};
	struct oom_undo *undo;
	struct oom_err err = {0};

	cr_assert_eq(oom_undo_open(&err, &undo), 0, "%s", err.msg);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		err = (struct oom_err){0};
		cr_expect_lt(oom_undo_add(undo, &err, rows[i].kind, rows[i].a, rows[i].b, NULL), 0,
			"%s %s", rows[i].kind, rows[i].a);
		cr_expect(strstr(err.msg, rows[i].why), "%s %s: %s", rows[i].kind, rows[i].a,
			err.msg);
		cr_expect_eq(oom_undo_mark(undo), 0);
	}
	cr_expect_eq(oom_undo_close(undo, &err), 0);
	cr_expect_eq(lists_left(), 0);
}

Test(undo, runs_backwards_down_to_a_mark)
{
	struct oom_undo *undo;
	struct oom_err err = {0};
	char inner[80], outer[80];
	unsigned mark;

	snprintf(outer, sizeof(outer), "%s/outer", dir);
	snprintf(inner, sizeof(inner), "%s/other/inner", dir);
	cr_assert_eq(oom_undo_open(&err, &undo), 0, "%s", err.msg);
	cr_assert_eq(oom_undo_add(undo, &err, "tree", outer, NULL), 0, "%s", err.msg);
	scratch_file(dir, "outer/a/b/c", "x");
	mark = oom_undo_mark(undo);
	scratch_file(dir, "other/inner", "x");
	cr_assert_eq(oom_undo_add(undo, &err, "file", inner, NULL), 0);
	cr_expect_eq(oom_undo_run(undo, mark, &err), 0);
	cr_expect_not(scratch_exists(dir, "other/inner"));
	cr_expect(scratch_exists(dir, "outer/a/b/c"));
	cr_expect_eq(oom_undo_mark(undo), mark);
	/* and once more is no mistake */
	cr_expect_eq(oom_undo_run(undo, mark, &err), 0);
	cr_expect_eq(oom_undo_run(undo, 0, &err), 0);
	cr_expect_not(scratch_exists(dir, "outer"));
	cr_expect_eq(oom_undo_close(undo, &err), 0);
	cr_expect_eq(lists_left(), 0);
}

Test(undo, what_fails_does_not_keep_the_rest_and_stays_on_the_list)
{
	struct oom_undo *undo;
	struct oom_err err = {0};
	char stuck[80], first[80], last[80];

	snprintf(first, sizeof(first), "%s/first", dir);
	snprintf(stuck, sizeof(stuck), "%s/stuck", dir);
	snprintf(last, sizeof(last), "%s/last", dir);
	scratch_file(dir, "first", "");
	scratch_file(dir, "stuck/file", "");
	scratch_file(dir, "last", "");
	cr_assert_eq(oom_undo_open(&err, &undo), 0);
	cr_assert_eq(oom_undo_add(undo, &err, "file", first, NULL), 0);
	cr_assert_eq(oom_undo_add(undo, &err, "file", stuck, NULL), 0); /* it is a directory */
	cr_assert_eq(oom_undo_add(undo, &err, "file", last, NULL), 0);
	cr_expect_eq(oom_undo_run(undo, 0, &err), -EISDIR);
	cr_expect(strstr(err.msg, "it is a directory"), "%s", err.msg);
	cr_expect_not(scratch_exists(dir, "first"));
	cr_expect_not(scratch_exists(dir, "last"));
	cr_expect_eq(oom_undo_close(undo, &err), -EISDIR);
	cr_expect_eq(lists_left(), 1);
	/* a later one can */
	scratch_remove(stuck);
	scratch_file(dir, "stuck", "");
	cr_expect_eq(oom_undo_cleanup(0, say, &err), 1);
	cr_expect_not(scratch_exists(dir, "stuck"));
	cr_expect_eq(lists_left(), 0);
}

Test(undo, cleanup_undoes_what_a_killed_one_left)
{
	struct oom_err outer_err = {0};
	pid_t pid = sleeper();
	key_t key = (key_t)(0x6f6f0000 | (getpid() & 0xffff));
	char expected[128], shm_name[64];
	int id, shm;

	snprintf(shm_name, sizeof(shm_name), "/oomgate-test-%d", (int)getpid());
	CRASH({
		char path[128];
		char text[16];

		snprintf(path, sizeof(path), "%s/tree with blanks\n", dir);
		snprintf(text, sizeof(text), "0x%x", (unsigned)key);
		MUST(oom_undo_add_process(undo, pid, &err));
		MUST(oom_undo_add(undo, &err, "tree", path, NULL));
		MUST(oom_undo_add(undo, &err, "sysvshm", text, NULL));
		MUST(oom_undo_add(undo, &err, "posixshm", shm_name, NULL));
		mkdir(path, 0755);
		shmget(key, 4096, IPC_CREAT | 0600);
		shm_open(shm_name, O_CREAT | O_RDWR, 0600);
	});
	cr_expect_eq(lists_left(), 1);
	cr_expect_not(is_dead(pid));

	said[0] = '\0';
	cr_expect_eq(oom_undo_cleanup(1, say, &outer_err), 4);
	cr_expect(strstr(said, "would kill process '"), "%s", said);
	cr_expect_not(is_dead(pid), "a dry run killed");
	cr_expect_eq(lists_left(), 1);

	said[0] = '\0';
	cr_expect_eq(oom_undo_cleanup(0, say, &outer_err), 4, "%s", outer_err.msg);
	snprintf(expected, sizeof(expected), "killed process '%d'", (int)pid);
	cr_expect(strstr(said, expected), "%s", said);
	cr_expect(is_dead(pid));
	cr_expect_not(scratch_exists(dir, "tree with blanks\n"));
	id = shmget(key, 0, 0);
	cr_expect(id < 0 && errno == ENOENT);
	shm = shm_open(shm_name, O_RDWR, 0);
	cr_expect(shm < 0 && errno == ENOENT);
	cr_expect_eq(lists_left(), 0);
	cr_expect_eq(oom_undo_cleanup(0, say, &outer_err), 0);
	waitpid(pid, NULL, 0);
}

Test(undo, a_living_ones_list_is_left_alone)
{
	struct oom_undo *undo;
	struct oom_err err = {0};
	char path[80];

	snprintf(path, sizeof(path), "%s/mine", dir);
	scratch_file(dir, "mine", "");
	cr_assert_eq(oom_undo_open(&err, &undo), 0);
	cr_assert_eq(oom_undo_add(undo, &err, "file", path, NULL), 0);
	cr_expect_eq(oom_undo_cleanup(0, say, &err), 0);
	cr_expect(scratch_exists(dir, "mine"));
	cr_expect_eq(oom_undo_close(undo, &err), 0);
	cr_expect_not(scratch_exists(dir, "mine"));
}

Test(undo, a_pid_used_again_is_not_killed)
{
	struct oom_err outer_err = {0};
	pid_t pid = sleeper();

	CRASH({
		char text[16];

		snprintf(text, sizeof(text), "%d", (int)pid);
		MUST(oom_undo_add(undo, &err, "process", text, "1", NULL));
	});
	cr_expect_eq(oom_undo_cleanup(0, say, &outer_err), 0);
	cr_expect_not(is_dead(pid));
	cr_expect_eq(lists_left(), 0);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

Test(undo, lists_that_were_written_by_hand)
{
	char boot[40], text[1024];
	struct oom_err err = {0};
	pid_t pid = sleeper();
	uint64_t start;
	char state;

	cr_assert_eq(oom_undo_boot_id(boot), 0);
	cr_assert_eq(oom_process_stat(pid, &state, &start), 0);
	/* of another boot: processes are gone, files are not */
	scratch_file(dir, "kept/file", "");
	snprintf(text, sizeof(text),
		OOM_UNDO_MAGIC " 5 5 another-boot\nprocess %d %lu\ntree %s/kept\n", (int)pid,
		(unsigned long)start, dir);
	scratch_file(dir, "undo.5.5.0", text);
	chmod(dir, 0700);
	cr_expect_eq(oom_undo_cleanup(0, say, &err), 1, "%s", err.msg);
	cr_expect_not(is_dead(pid));
	cr_expect_not(scratch_exists(dir, "kept"));
	/* a last line that was never finished: its change was never made */
	snprintf(text, sizeof(text), OOM_UNDO_MAGIC " 5 5 %s\nprocess %d %lu", boot, (int)pid,
		(unsigned long)start);
	scratch_file(dir, "undo.5.5.0", text);
	cr_expect_eq(oom_undo_cleanup(0, say, &err), 0);
	cr_expect_not(is_dead(pid));
	cr_expect_eq(lists_left(), 0);
	/* of the future: what is understood is undone, the list stays and is named */
	scratch_file(dir, "old", "");
	snprintf(text, sizeof(text), OOM_UNDO_MAGIC " 5 5 %s\nfile %s/old\nquantum 5\n", boot, dir);
	scratch_file(dir, "undo.5.5.0", text);
	cr_expect_lt(oom_undo_cleanup(0, say, &err), 0);
	cr_expect(strstr(err.msg, "'undo.5.5.0' cannot be read"), "%s", err.msg);
	cr_expect_not(scratch_exists(dir, "old"));
	cr_expect_eq(lists_left(), 1);
	/* of somebody else's making */
	snprintf(text, sizeof(text), OOM_UNDO_MAGIC " 5 5 %s\nprocess %d %lu\n", boot, (int)pid,
		(unsigned long)start);
	scratch_file(dir, "undo.5.5.0", text);
	snprintf(text, sizeof(text), "%s/undo.5.5.0", dir);
	chmod(text, 0666);
	err = (struct oom_err){0};
	cr_expect_eq(oom_undo_cleanup(0, say, &err), -EPERM);
	cr_expect_not(is_dead(pid));
	/* and no list at all */
	scratch_file(dir, "undo.5.5.0", "");
	chmod(text, 0600);
	cr_expect_lt(oom_undo_cleanup(0, say, &err), 0);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

Test(undo, a_folder_that_others_may_write_is_not_trusted)
{
	struct oom_undo *undo = NULL;
	struct oom_err err = {0};

	chmod(dir, 0777);
	cr_expect_eq(oom_undo_open(&err, &undo), -EPERM);
	cr_expect(strstr(err.msg, "not ours alone"), "%s", err.msg);
	cr_expect_null(undo);
	setenv("OOMGATE_RUNTIME", "/proc/nowhere", 1);
	cr_expect_lt(oom_undo_open(&err, &undo), 0);
	cr_expect(strstr(err.msg, "OOMGATE_RUNTIME"), "%s", err.msg);
}

Test(undo, a_tree_is_removed_with_links_but_nothing_behind_them)
{
	struct oom_undo *undo;
	struct oom_err err = {0};
	char path[80], link_path[128], linked_dir[80];

	snprintf(path, sizeof(path), "%s/tree", dir);
	snprintf(link_path, sizeof(link_path), "%s/tree/sub/link", dir);
	snprintf(linked_dir, sizeof(linked_dir), "%s/precious", dir);
	scratch_file(dir, "precious/file", "x");
	scratch_file(dir, "tree/sub/file", "x");
	cr_assert_eq(symlink(linked_dir, link_path), 0);
	cr_assert_eq(oom_undo_open(&err, &undo), 0);
	cr_assert_eq(oom_undo_add(undo, &err, "tree", path, NULL), 0);
	cr_expect_eq(oom_undo_run(undo, 0, &err), 0, "%s", err.msg);
	cr_expect_not(scratch_exists(dir, "tree"));
	cr_expect(scratch_exists(dir, "precious/file"));
	/* a link in the tree's place goes, what it points to stays */
	cr_assert_eq(symlink(linked_dir, path), 0);
	cr_assert_eq(oom_undo_add(undo, &err, "tree", path, NULL), 0);
	cr_expect_eq(oom_undo_close(undo, &err), 0, "%s", err.msg);
	cr_expect_not(scratch_exists(dir, "tree"));
	cr_expect(scratch_exists(dir, "precious/file"));
}

/* In a mount namespace of our own: nothing of it is seen outside. */
Test(undo, mounts_go_and_trees_do_not_reach_into_them)
{
	struct oom_undo *undo;
	struct oom_err err = {0};
	char tree[80], mount_dir[96];

	if (unshare(CLONE_NEWNS) < 0)
		cr_skip_test("no mount namespaces for this user");
	cr_assert_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	snprintf(tree, sizeof(tree), "%s/tree", dir);
	snprintf(mount_dir, sizeof(mount_dir), "%s/tree/mnt", dir);
	scratch_file(dir, "tree/mnt/x", "");
	cr_assert_eq(oom_undo_open(&err, &undo), 0);
	cr_assert_eq(oom_undo_add(undo, &err, "mount", mount_dir, NULL), 0);
	cr_assert_eq(oom_undo_add(undo, &err, "tree", tree, NULL), 0);
	cr_assert_eq(mount("none", mount_dir, "tmpfs", 0, "size=1M"), 0);
	scratch_file(dir, "tree/mnt/inside", "x");
	cr_expect_eq(oom_undo_run(undo, 0, &err), -EXDEV);
	cr_expect(strstr(err.msg, "mounted in it"), "%s", err.msg);
	cr_expect_not(scratch_exists(dir, "tree/mnt/inside"), "still mounted");
	cr_expect_eq(oom_undo_close(undo, &err), 0, "%s", err.msg);
	cr_expect_not(scratch_exists(dir, "tree"));
}

Test(undo, sysctls_go_back)
{
	static const struct {
		const char *name, *path;
	} rows[] = {
		{"vm.overcommit_memory", "/proc/sys/vm/overcommit_memory"},
		{"vm/overcommit_memory", "/proc/sys/vm/overcommit_memory"},
		{"net.ipv4.conf.eth0/1.forwarding", "/proc/sys/net/ipv4/conf/eth0.1/forwarding"},
		{"net/ipv4/conf/eth0.1/forwarding", "/proc/sys/net/ipv4/conf/eth0.1/forwarding"},
		{"vm", NULL},
		{".vm", NULL},
		{"vm.", NULL},
		{"vm//x", NULL},
		{"a/..", NULL},
		{"a/../b", NULL},
		{"", NULL},
	};
	struct oom_undo *undo;
	struct oom_err err = {0};
	char path[256];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int r = oom_sysctl_path(rows[i].name, path, sizeof(path));

		cr_expect_eq(r, rows[i].path ? 0 : -EINVAL, "'%s'", rows[i].name);
		if (rows[i].path)
			cr_expect_str_eq(path, rows[i].path);
	}
	cr_assert_eq(oom_undo_open(&err, &undo), 0);
	cr_expect_eq(oom_undo_add_sysctl(undo, "vm.no_such_thing", &err), -ENOENT);
	cr_expect(strstr(err.msg, "'vm.no_such_thing'"), "%s", err.msg);
	/* putting back what was not changed writes nothing: true without root, too */
	cr_expect_eq(oom_undo_add_sysctl(undo, "vm.overcommit_memory", &err), 0, "%s", err.msg);
	cr_expect_eq(oom_undo_add_sysctl(undo, "vm.dirty_bytes", &err), 0, "%s", err.msg);
	cr_expect_eq(oom_undo_close(undo, &err), 0, "%s", err.msg);
}

/* A sysctl that belongs to a namespace: ours can be changed without anybody noticing. */
Test(undo, a_changed_sysctl_gets_its_old_value)
{
	struct oom_undo *undo;
	struct oom_err err = {0};
	FILE *file;
	unsigned long now = 0, old = 0;

	if (unshare(CLONE_NEWIPC) < 0)
		cr_skip_test("no ipc namespaces for this user");
	file = fopen("/proc/sys/kernel/shmmni", "r");
	cr_assert(file && fscanf(file, "%lu", &old) == 1);
	fclose(file);
	cr_assert_eq(oom_undo_open(&err, &undo), 0);
	cr_assert_eq(oom_undo_add_sysctl(undo, "kernel.shmmni", &err), 0, "%s", err.msg);
	cr_assert_eq(oom_sysctl_write("kernel.shmmni", "77", &err), 0, "%s", err.msg);
	cr_expect_eq(oom_undo_close(undo, &err), 0, "%s", err.msg);
	file = fopen("/proc/sys/kernel/shmmni", "r");
	cr_assert(file && fscanf(file, "%lu", &now) == 1);
	fclose(file);
	cr_expect_eq(now, old);
	cr_expect_neq(old, 77);
}

Test(undo, a_full_disk_is_told_before_anything_is_changed)
{
	struct oom_undo *undo;
	struct oom_err err = {0};
	char small[96], big[4000];
	int r = 0;

	if (unshare(CLONE_NEWNS) < 0)
		cr_skip_test("no mount namespaces for this user");
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
	cr_expect_gt(oom_undo_mark(undo), 0);
	cr_expect_eq(oom_undo_close(undo, &err), -ENAMETOOLONG, "%s", err.msg);
	umount2(small, MNT_DETACH);
}
