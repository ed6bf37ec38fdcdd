// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/cgroup/clone_into.h"
#include "harness/cgroup/dir.h"
#include "harness/cgroup/kill.h"
#include "harness/host/process.h"
#include "tests/support/scratch.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static char *const sleep_argv[] = {(char *)"sleep", (char *)"60", NULL};

static int end(pid_t pid, int pidfd)
{
	int status = 0;

	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	if (pidfd >= 0)
		close(pidfd);
	return status;
}

/* What a shell command, run through oom_spawn_into(), prints. */
static const char *output_of(struct oom_spawn *spawn, const char *command, char *buf, size_t size)
{
	char *argv[] = {(char *)"sh", (char *)"-c", (char *)command, NULL};
	struct oom_err err = {0};
	int pipe_fds[2], stdio[3], pidfd, status;
	size_t len = 0;
	ssize_t n;
	pid_t pid;

	cr_assert_eq(pipe2(pipe_fds, O_CLOEXEC), 0);
	stdio[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	stdio[1] = pipe_fds[1];
	stdio[2] = 2;
	spawn->path = "/bin/sh";
	spawn->argv = argv;
	spawn->stdio = stdio;
	cr_assert_eq(oom_spawn_into(spawn, &err, &pid, &pidfd), 0, "%s", err.msg);
	close(pipe_fds[1]);
	close(stdio[0]);
	while ((n = read(pipe_fds[0], buf + len, size - 1 - len)) > 0)
		len += (size_t)n;
	buf[len] = '\0';
	close(pipe_fds[0]);
	cr_assert_eq(oom_pidfd_wait(pidfd, oom_monotonic_us() + 10000000), 0);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	close(pidfd);
	return buf;
}

Test(clone_into, starts_a_program_and_hands_out_its_pidfd)
{
	struct oom_spawn spawn = {.path = "/bin/sleep", .argv = sleep_argv, .cgroup_fd = -1};
	struct oom_err err = {0};
	int pidfd = -1, status;
	pid_t pid = 0;

	cr_assert_eq(oom_spawn_into(&spawn, &err, &pid, &pidfd), 0, "%s", err.msg);
	cr_expect_gt(pid, 0);
	cr_expect_geq(pidfd, 0);
	cr_expect(fcntl(pidfd, F_GETFD) & FD_CLOEXEC);
	cr_expect_eq(oom_pidfd_signal(pidfd, SIGTERM), 0);
	cr_expect_eq(oom_pidfd_wait(pidfd, oom_monotonic_us() + 10000000), 0);
	status = end(pid, pidfd);
	cr_expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
}

Test(clone_into, says_what_could_not_be_done_and_leaves_no_process)
{
	struct oom_spawn spawn = {.path = "/no/such/program", .argv = sleep_argv, .cgroup_fd = -1};
	struct oom_err err = {0};
	int pidfd = -7;
	pid_t pid = -7;

	cr_expect_eq(oom_spawn_into(&spawn, &err, &pid, &pidfd), -ENOENT);
	cr_expect_str_eq(err.msg, "cannot execute '/no/such/program': No such file or directory");
	cr_expect(pid == -7 && pidfd == -7, "outputs are untouched on failure");
	spawn.path = "/bin/sleep";
	spawn.set_adj = true;
	spawn.oom_score_adj = 5000;
	cr_expect_eq(oom_spawn_into(&spawn, &err, &pid, &pidfd), -EINVAL);
	cr_expect(strstr(err.msg, "cannot set oom_score_adj of '/bin/sleep'"), "%s", err.msg);
	errno = 0;
	cr_expect(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD, "a child is left");
}

static void gets_what_it_shall(void)
{
	struct oom_spawn spawn = {.cgroup_fd = -1, .set_adj = true, .oom_score_adj = 321};
	int kept = open("/dev/null", O_RDONLY | O_CLOEXEC), other = open("/dev/null", O_RDONLY);
	char out[4096], expected[64], *ignored;
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	sigset_t set;

	spawn.keep_fds = &kept;
	spawn.n_keep_fds = 1;
	sigaction(SIGPIPE, &ignore, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	output_of(&spawn, "cat /proc/self/oom_score_adj; grep -E 'Sig(Blk|Ign)' /proc/self/status",
		out, sizeof(out));
	cr_expect(strstr(out, "321\n"), "%s", out);
	cr_expect(strstr(out, "SigBlk:\t0000000000000000"), "%s", out);
	/* 32 and 33 belong to glibc's threads (nptl(7)), which lets nobody change them */
	ignored = strstr(out, "SigIgn:\t");
	cr_assert_not_null(ignored, "%s", out);
	cr_expect_eq(strtoull(ignored + 8, NULL, 16) & ~UINT64_C(0x180000000), 0, "%s", out);
	/* builtins only: the shell's own descriptors */
	output_of(&spawn, "for f in /proc/$$/fd/*; do echo ${f##*/}; done", out, sizeof(out));
	snprintf(expected, sizeof(expected), "\n%d\n", kept);
	cr_expect(strstr(out, expected), "fd %d is not in: %s", kept, out);
	snprintf(expected, sizeof(expected), "\n%d\n", other);
	cr_expect_null(strstr(out, expected), "fd %d is in: %s", other, out);
	close(kept);
	close(other);
}

Test(clone_into, the_program_gets_what_it_shall_and_nothing_else)
{
	gets_what_it_shall();
}

/* seccomp(2): close_range(2) answers as it does before Linux 5.11. */
Test(clone_into, on_an_older_kernel_as_well)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_close_range, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof(code) / sizeof(*code), code};

	cr_assert_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	cr_assert_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
	cr_assert(syscall(SYS_close_range, 100U, ~0U, 0) < 0 && errno == EINVAL);
	gets_what_it_shall();
}

Test(clone_into, another_user)
{
	struct oom_spawn spawn = {.cgroup_fd = -1, .set_user = true, .uid = 65534, .gid = 65534};
	char out[4096];

	if (geteuid() != 0)
		cr_skip_test("only root can change the user");
	output_of(&spawn, "id -u; id -g; id -G", out, sizeof(out));
	cr_expect_str_eq(out, "65534\n65534\n65534\n");
}

static int moved_pid;
static char moved_exe[64];

/* The child waits: it has not executed anything yet. */
static int attach_ok(void *ctx, pid_t pid, struct oom_err *err)
{
	char path[64];
	ssize_t n;

	(void)ctx;
	(void)err;
	moved_pid = pid;
	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	n = readlink(path, moved_exe, sizeof(moved_exe) - 1);
	moved_exe[n < 0 ? 0 : n] = '\0';
	return 0;
}

static int attach_fails(void *ctx, pid_t pid, struct oom_err *err)
{
	(void)ctx;
	moved_pid = pid;
	return oom_err_set(err, EACCES, "cannot move it");
}

Test(clone_into, without_a_cgroup_to_be_born_in_it_is_moved_before_it_executes)
{
	struct oom_spawn spawn = {
		.path = "/bin/sleep", .argv = sleep_argv, .cgroup_fd = -1, .attach = attach_ok};
	struct oom_err err = {0};
	int pidfd;
	pid_t pid;

	cr_assert_eq(oom_spawn_into(&spawn, &err, &pid, &pidfd), 0, "%s", err.msg);
	cr_expect_eq(moved_pid, pid);
	cr_expect(*moved_exe && !strstr(moved_exe, "sleep"), "'%s'", moved_exe);
	end(pid, pidfd);
	/* a directory that is no cgroup: EBADF, then the same */
	moved_pid = 0;
	spawn.cgroup_fd = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cr_assert_eq(oom_spawn_into(&spawn, &err, &pid, &pidfd), 0, "%s", err.msg);
	cr_expect_eq(moved_pid, pid);
	end(pid, pidfd);
	/* and without a way to move it, an error */
	spawn.attach = NULL;
	cr_expect_eq(oom_spawn_into(&spawn, &err, &pid, &pidfd), -EBADF);
	cr_expect(strstr(err.msg, "in its cgroup"), "%s", err.msg);
	close(spawn.cgroup_fd);
}

Test(clone_into, one_that_cannot_be_moved_is_not_left)
{
	struct oom_spawn spawn = {
		.path = "/bin/sleep", .argv = sleep_argv, .cgroup_fd = -1, .attach = attach_fails};
	struct oom_err err = {0};
	int pidfd;
	pid_t pid;

	cr_expect_eq(oom_spawn_into(&spawn, &err, &pid, &pidfd), -EACCES);
	cr_expect_str_eq(err.msg, "cannot move it");
	cr_expect(kill(moved_pid, 0) < 0 && errno == ESRCH);
}

Test(clone_into, dies_with_its_parent)
{
	int pipe_fds[2], pidfd;
	pid_t parent, grandchild = 0;

	cr_assert_eq(pipe(pipe_fds), 0);
	parent = fork();
	if (!parent) {
		struct oom_spawn spawn = {.path = "/bin/sleep",
			.argv = sleep_argv,
			.cgroup_fd = -1,
			.die_with_parent = true};
		struct oom_err err;
		pid_t pid;

		if (oom_spawn_into(&spawn, &err, &pid, &pidfd) < 0 ||
			write(pipe_fds[1], &pid, sizeof(pid)) < 0)
			_exit(1);
		pause();
	}
	cr_assert_eq(
		read(pipe_fds[0], &grandchild, sizeof(grandchild)), (ssize_t)sizeof(grandchild));
	pidfd = oom_pidfd_open(grandchild);
	cr_assert_geq(pidfd, 0);
	end(parent, -1);
	cr_expect_eq(oom_pidfd_wait(pidfd, oom_monotonic_us() + 10000000), 0);
	close(pidfd);
}

/* A v2 hierarchy, with or without controllers. */
static const char *v2_mount(void)
{
	static const char *const dirs[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};

	for (size_t i = 0; i < 2; i++)
		if (scratch_exists(dirs[i], "cgroup.controllers") && !access(dirs[i], W_OK))
			return dirs[i];
	return NULL;
}

Test(clone_into, is_born_in_a_v2_cgroup_and_killed_with_it)
{
	struct oom_spawn spawn = {.path = "/bin/sleep", .argv = sleep_argv, .attach = attach_fails};
	struct oom_err err = {0};
	const char *mount = v2_mount();
	char path[128], proc[64], text[512] = "", below[160];
	int pidfd, fd;
	FILE *file;
	pid_t pid;

	if (!mount)
		cr_skip_test("no cgroup v2 that this user may write");
	snprintf(path, sizeof(path), "%s/oomgate-test-%d", mount, (int)getpid());
	cr_assert_eq(mkdir(path, 0755), 0);
	spawn.cgroup_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cr_assert_eq(oom_spawn_into(&spawn, &err, &pid, &pidfd), 0, "%s", err.msg);
	snprintf(proc, sizeof(proc), "/proc/%d/cgroup", (int)pid);
	file = fopen(proc, "r");
	cr_assert_not_null(file);
	while (fgets(text, sizeof(text), file) && strncmp(text, "0::", 3) != 0)
		;
	fclose(file);
	cr_expect(strstr(text, "/oomgate-test-"), "%s", text);
	fd = spawn.cgroup_fd;
	cr_expect_eq(oom_cgroup_dir_kill(fd, path, 10000000, &err), 0, "%s", err.msg);
	cr_expect_eq(oom_pidfd_wait(pidfd, oom_monotonic_us() + 1000000), 0);
	end(pid, pidfd);
	snprintf(below, sizeof(below), "%s/a", path);
	mkdir(below, 0755);
	cr_expect_eq(oom_cgroup_dir_remove(path, 10000000, &err), 1, "%s", err.msg);
	cr_expect_eq(oom_cgroup_dir_remove(path, 10000000, &err), 0, "%s", err.msg);
	/* what is gone has nothing to kill */
	cr_expect_eq(oom_cgroup_dir_kill(fd, path, 1000000, &err), 0, "%s", err.msg);
	close(fd);
}
