// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/host/process.h"
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

TestSuite(undo_cleanup, .init = set_up, .fini = tear_down);

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

Test(undo_cleanup, cleanup_undoes_what_a_killed_one_left)
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

Test(undo_cleanup, a_living_ones_list_is_left_alone)
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

Test(undo_cleanup, a_pid_used_again_is_not_killed)
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

Test(undo_cleanup, lists_that_were_written_by_hand)
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

Test(undo_cleanup, what_fails_does_not_keep_the_rest_and_stays_on_the_list)
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
	cr_assert_eq(oom_undo_add(undo, &err, "file", stuck, NULL), 0); /* it is a folder */
	cr_assert_eq(oom_undo_add(undo, &err, "file", last, NULL), 0);
	cr_expect_eq(oom_undo_run(undo, &err), -EISDIR);
	cr_expect(strstr(err.msg, "it is a folder"), "%s", err.msg);
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
