// SPDX-License-Identifier: LGPL-2.1-or-later
/* Folders of the cache that are half made: whose end leaves them over, and that they are found. */
#include "harness/guest/cache/cache.h"
#include "harness/guest/cache/cache_temp.h"
#include "harness/guest/cache/tool.h"
#include "harness/host/file.h"
#include "tests/support/own_cache.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

TestSuite(cache_temp, .init = test_cache_open, .fini = test_cache_close);

/* What is half made, in all folders. */
static int left_over(void)
{
	int count = 0;

	for (enum oom_cache_folder i = 0; i < OOM_CACHE_FOLDERS; i++) {
		DIR *stream = opendir(oom_arena_printf(
			&test_cache_arena, "%s/%s", test_cache, oom_cache_folder_name(i)));

		for (struct dirent *d; stream && (d = readdir(stream));)
			count += !strncmp(d->d_name, ".tmp-", 5);
		closedir(stream);
	}
	return count;
}

/* A folder that was made and not locked yet when its maker ended, in each place; filled. */
static void half_made(pid_t pid)
{
	for (enum oom_cache_folder i = 0; i < OOM_CACHE_FOLDERS; i++) {
		const char *path = oom_arena_printf(&test_cache_arena, "%s/%s/.tmp-%d-00000001",
			test_cache, oom_cache_folder_name(i), (int)pid);

		cr_assert_eq(mkdir(path, 0700), 0);
		cr_assert_eq(oom_file_write(oom_arena_printf(&test_cache_arena, "%s/x", path), "x",
				     1, 0600, NULL),
			0);
	}
}

static pid_t start(void (*work)(void))
{
	pid_t pid = fork();

	if (!pid) {
		work();
		_exit(0);
	}
	return pid;
}

static void nothing(void)
{
}

Test(cache_temp, what_nobody_holds_is_left_over_whoever_has_its_number_now)
{
	pid_t zombie = start(nothing);
	siginfo_t info;
	const pid_t pids[] = {getpid(), getppid(), 1, 4194305 /* above any pid */, zombie};

	cr_assert_eq(waitid(P_PID, (id_t)zombie, &info, WEXITED | WNOWAIT), 0);
	for (size_t i = 0; i < sizeof(pids) / sizeof(*pids); i++) {
		half_made(pids[i]);
		cr_expect_eq(oom_guest_cleanup(true, NULL, NULL), OOM_CACHE_FOLDERS, "pid %d",
			(int)pids[i]);
		cr_expect_eq(left_over(), OOM_CACHE_FOLDERS, "a dry sweep only counts");
		cr_expect_eq(oom_guest_cleanup(false, NULL, NULL), OOM_CACHE_FOLDERS, "pid %d",
			(int)pids[i]);
		cr_expect_eq(left_over(), 0, "pid %d", (int)pids[i]);
	}
	waitpid(zombie, NULL, 0);
}

Test(cache_temp, those_of_the_living_stay)
{
	const char *temp;
	struct oom_err err;

	for (enum oom_cache_folder i = 0; i < OOM_CACHE_FOLDERS; i++)
		cr_assert_eq(oom_cache_temp(&test_cache_arena, test_cache, i, &err, &temp), 0);
	cr_expect_eq(oom_guest_cleanup(false, NULL, NULL), 0);
	cr_expect_eq(left_over(), OOM_CACHE_FOLDERS);
}

/* Its child has inherited the lock, and lives a little longer. */
static void leave_a_child(void)
{
	const char *temp;

	oom_cache_temp(&test_cache_arena, test_cache, OOM_CACHE_QEMU, NULL, &temp);
	if (!fork()) {
		usleep(300000);
		_exit(0);
	}
	kill(getpid(), SIGKILL);
}

Test(cache_temp, a_child_that_is_just_ending_is_waited_for)
{
	waitpid(start(leave_a_child), NULL, 0);
	cr_assert_eq(left_over(), 1);
	cr_expect_eq(oom_guest_cleanup(false, NULL, NULL), 1);
	cr_expect_eq(left_over(), 0);
}

static int tool_pipe[2];

/* A tool that takes its time when it is asked to end, and writes to the folder at last. */
static void run_a_slow_tool(void)
{
	const char *temp, *log = oom_arena_printf(&test_cache_arena, "%s/log", test_cache_dir);
	const char *const argv[] = {"sh", "-c",
		"trap 'sleep 0.4; mkdir -p \"$0/late\"; exit' TERM; echo >\"$0/began\"; "
		"while :; do sleep 0.05; done",
		NULL, NULL};
	const char *args[5];

	oom_cache_temp(&test_cache_arena, test_cache, OOM_CACHE_IMAGES, NULL, &temp);
	memcpy(args, argv, sizeof(args));
	args[3] = temp;
	(void)!write(tool_pipe[1], temp, strlen(temp));
	oom_tool_run(args, NULL, log, NULL);
}

Test(cache_temp, what_a_tool_still_fills_is_not_cleared_away_before_it_has_ended)
{
	char temp[256] = "", began[300];
	pid_t pid;

	cr_assert_eq(pipe(tool_pipe), 0);
	pid = start(run_a_slow_tool);
	cr_assert_gt(read(tool_pipe[0], temp, sizeof(temp) - 1), 0);
	snprintf(began, sizeof(began), "%s/began", temp);
	for (int i = 0; i < 1000 && access(began, F_OK) < 0; i++)
		usleep(5000);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	cr_expect_eq(oom_guest_cleanup(false, NULL, NULL), 1);
	cr_expect_eq(left_over(), 0);
	usleep(600000);
	cr_expect_eq(left_over(), 0, "the tool has made it again");
}

static void make_and_remove(void)
{
	const char *const argv[] = {"true", NULL}, *temp;

	for (int i = 0;; i = (i + 1) % OOM_CACHE_FOLDERS) {
		if (oom_cache_temp(
			    &test_cache_arena, test_cache, (enum oom_cache_folder)i, NULL, &temp))
			_exit(1);
		oom_tool_run(argv, NULL, oom_arena_printf(&test_cache_arena, "%s/log", temp), NULL);
		oom_tree_remove(temp);
	}
}

Test(cache_temp, killed_at_any_moment_it_leaves_nothing_that_cleanup_does_not_find, .timeout = 120)
{
	for (unsigned i = 0; i < 200; i++) {
		pid_t pid = start(make_and_remove);

		usleep(i * 7919 % 6000);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		cr_assert_geq(oom_guest_cleanup(false, NULL, NULL), 0);
		cr_assert_eq(left_over(), 0, "round %u", i);
	}
}
