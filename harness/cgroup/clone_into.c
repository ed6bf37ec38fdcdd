// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/cgroup/clone_into.h"

#include "harness/host/process.h"
#include "lib/base/cleanup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/close_range.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* What the child could not do; written to the error pipe with its errno. */
enum step { STEP_GATE, STEP_PARENT, STEP_ADJ, STEP_FDS, STEP_SESSION, STEP_USER, STEP_EXEC };

static const char *const step_text[] = {
	[STEP_GATE] = "await the cgroup move of",
	[STEP_PARENT] = "set the parent-death signal of",
	[STEP_ADJ] = "set oom_score_adj of",
	[STEP_FDS] = "pass file descriptors to",
	[STEP_SESSION] = "create a session for",
	[STEP_USER] = "change the user of",
	[STEP_EXEC] = "execute",
};

struct report {
	int step, code;
};

/* What the child needs, prepared by the parent: it must not allocate, lock or use stdio (the parent
 * may have threads). */
struct child {
	const struct oom_spawn *spawn;
	char *const *envp;
	pid_t parent;
	int report_fd; /* write end, closed on exec */
	int gate_fd; /* -1: born in place; else end of file: go */
	char adj[16];
	int stdio[3];
};

static void __attribute__((noreturn)) child_fail(const struct child *c, enum step step)
{
	struct report report = {.step = (int)step, .code = errno};

	if (write(c->report_fd, &report, sizeof(report)) < 0)
		_exit(124);
	_exit(125);
}

static void reset_signals(void)
{
	struct sigaction dflt = {.sa_handler = SIG_DFL};
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		if (sig != SIGKILL && sig != SIGSTOP)
			sigaction(sig, &dflt, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static int write_adj(const char *text)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	int r = fd < 0 || write(fd, text, strlen(text)) < 0 ? -1 : 0;

	if (fd >= 0)
		close(fd);
	return r;
}

/* Where close_range(2) cannot do it (before Linux 5.11): one by one, as proc_pid_fd(5) lists them. In the
 * child, so without opendir(3), which allocates. */
static int mark_listed_fds(void)
{
	_Alignas(struct dirent64) char buf[1024];
	int dir = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ssize_t n;

	if (dir < 0)
		return -1;
	while ((n = getdents64(dir, buf, sizeof(buf))) > 0) {
		const struct dirent64 *entry;

		for (ssize_t at = 0; at < n; at += entry->d_reclen) {
			entry = (const void *)(buf + at);
			if (entry->d_name[0] != '.' && atoi(entry->d_name) > 2)
				fcntl(atoi(entry->d_name), F_SETFD, FD_CLOEXEC);
		}
	}
	close(dir);
	return n < 0 ? -1 : 0;
}

static int set_fds(const struct child *c)
{
	for (int i = 0; i < 3; i++) {
		/* a descriptor in its place already has to lose close-on-exec, which dup2() leaves
		 * alone */
		if (c->stdio[i] == i ? fcntl(i, F_SETFD, 0) < 0 : dup2(c->stdio[i], i) < 0)
			return -1;
	}
	/* ours have it already; what was handed to us may not */
	if (syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC) && mark_listed_fds())
		return -1;
	for (size_t i = 0; i < c->spawn->n_keep_fds; i++)
		if (fcntl(c->spawn->keep_fds[i], F_SETFD, 0) < 0)
			return -1;
	return 0;
}

static int set_user(const struct oom_spawn *s)
{
	/* raw: the library's versions would also try to reach other threads */
	return syscall(SYS_setgroups, 0, NULL) < 0 ||
			syscall(SYS_setresgid, s->gid, s->gid, s->gid) < 0 ||
			syscall(SYS_setresuid, s->uid, s->uid, s->uid) < 0
		? -1
		: 0;
}

static void __attribute__((noreturn)) child_main(const struct child *c)
{
	const struct oom_spawn *s = c->spawn;
	char byte;

	reset_signals();
	if (c->gate_fd >= 0 && read(c->gate_fd, &byte, 1) != 1)
		_exit(123); /* the parent gave up (or is gone) and says why itself */
	if (s->die_with_parent) {
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
			child_fail(c, STEP_PARENT);
		if (getppid() != c->parent)
			_exit(123);
	}
	if (s->set_adj && write_adj(c->adj) < 0)
		child_fail(c, STEP_ADJ);
	if (set_fds(c) < 0)
		child_fail(c, STEP_FDS);
	if (s->new_session && setsid() < 0)
		child_fail(c, STEP_SESSION);
	if (s->set_user) {
		if (set_user(s) < 0)
			child_fail(c, STEP_USER);
		/* a change of user takes the parent-death signal away */
		if (s->die_with_parent && prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
			child_fail(c, STEP_PARENT);
	}
	execve(s->path, s->argv, c->envp);
	child_fail(c, STEP_EXEC);
}

/* As fork(), with a pidfd; in the child the pid is 0. */
static pid_t clone_process(int cgroup_fd, int *ret_pidfd)
{
	int pidfd = -1;
	struct clone_args args = {
		.flags = CLONE_PIDFD | (cgroup_fd >= 0 ? CLONE_INTO_CGROUP : 0),
		.pidfd = (uint64_t)(uintptr_t)&pidfd,
		.exit_signal = SIGCHLD,
		.cgroup = cgroup_fd >= 0 ? (uint64_t)cgroup_fd : 0,
	};
	/* the size of Linux 5.3's struct where nothing newer is asked for */
	pid_t pid = (pid_t)syscall(
		SYS_clone3, &args, cgroup_fd >= 0 ? CLONE_ARGS_SIZE_VER2 : CLONE_ARGS_SIZE_VER0);

	if (pid > 0)
		*ret_pidfd = pidfd;
	return pid < 0 ? -errno : pid;
}

/* Errors of a kernel (or a sandbox) that cannot do it this way, as opposed to one that will not
 * now: E2BIG before 5.7, EBADF for a v1 directory, EACCES and EPERM across delegation. */
static bool worth_a_fork(int code)
{
	static const int codes[] = {ENOSYS, EPERM, EACCES, EINVAL, E2BIG, EBADF, EOPNOTSUPP};

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (codes[i] == code)
			return true;
	return false;
}

static pid_t fork_process(int *ret_pidfd)
{
	pid_t pid = clone_process(-1, ret_pidfd);

	if (pid >= 0 || !worth_a_fork(-pid))
		return pid;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid > 0)
		*ret_pidfd = oom_pidfd_open(pid);
	return pid;
}

static void reap(pid_t pid)
{
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

/* fork(), moved by attach() while it waits at a pipe. */
static int start_moved(struct child *c, struct oom_err *err, pid_t *ret_pid, int *ret_pidfd)
{
	oom_autoclose int gate_read = -1, gate_write = -1;
	const struct oom_spawn *s = c->spawn;
	int pair[2], pidfd = -1, r = 0;
	pid_t pid;

	if (s->attach) {
		if (pipe2(pair, O_CLOEXEC) < 0)
			return oom_err_errno(
				err, errno, "cannot create a pipe to start '%s'", s->path);
		gate_read = c->gate_fd = pair[0];
		gate_write = pair[1];
	}
	pid = fork_process(&pidfd);
	if (!pid) {
		if (gate_write >= 0)
			close(gate_write); /* or it would wait for itself */
		child_main(c);
	}
	if (pid < 0)
		return oom_err_errno(err, -pid, "cannot start '%s'", s->path);
	if (s->attach)
		r = s->attach(s->attach_ctx, pid, err);
	if (!r && gate_write >= 0 && write(gate_write, "", 1) != 1)
		r = oom_err_errno(err, errno, "cannot start '%s'", s->path);
	if (r < 0) {
		oom_closep(&gate_write);
		kill(pid, SIGKILL);
		reap(pid);
		oom_closep(&pidfd);
		return r;
	}
	*ret_pid = pid;
	*ret_pidfd = pidfd < 0 ? -1 : pidfd;
	return 0;
}

static int start(struct child *c, struct oom_err *err, pid_t *ret_pid, int *ret_pidfd)
{
	pid_t pid;

	if (c->spawn->cgroup_fd < 0)
		return start_moved(c, err, ret_pid, ret_pidfd);
	pid = clone_process(c->spawn->cgroup_fd, ret_pidfd);
	if (!pid)
		child_main(c);
	if (pid > 0) {
		*ret_pid = pid;
		return 0;
	}
	if (worth_a_fork(-pid) && c->spawn->attach)
		return start_moved(c, err, ret_pid, ret_pidfd);
	return oom_err_errno(err, -pid, "cannot start '%s' in its cgroup", c->spawn->path);
}

/* End of file: it was executed. */
static int wait_executed(int report_fd, const struct oom_spawn *s, pid_t pid, struct oom_err *err)
{
	struct report report;
	ssize_t n;

	do
		n = read(report_fd, &report, sizeof(report));
	while (n < 0 && errno == EINTR);
	if (!n)
		return 0;
	reap(pid);
	if (n != sizeof(report))
		return oom_err_set(
			err, EIO, "cannot start '%s': its report was truncated", s->path);
	return oom_err_errno(err, report.code, "cannot %s '%s'", step_text[report.step], s->path);
}

int oom_spawn_into(
	const struct oom_spawn *spawn, struct oom_err *err, pid_t *ret_pid, int *ret_pidfd)
{
	oom_autoclose int report_read = -1, report_write = -1, null_fd = -1, pidfd = -1;
	struct child c = {.spawn = spawn, .parent = getpid(), .gate_fd = -1};
	sigset_t all, before;
	int pair[2], r;
	pid_t pid = 0;

	null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null_fd < 0 || pipe2(pair, O_CLOEXEC) < 0)
		return oom_err_errno(err, errno, "cannot prepare to start '%s'", spawn->path);
	report_read = pair[0];
	report_write = c.report_fd = pair[1];
	c.envp = spawn->envp ? spawn->envp : environ;
	snprintf(c.adj, sizeof(c.adj), "%d", spawn->oom_score_adj);
	for (int i = 0; i < 3; i++)
		c.stdio[i] = spawn->stdio ? spawn->stdio[i] : i == 2 ? 2 : null_fd;
	/* no handler of ours may run in the child */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	r = start(&c, err, &pid, &pidfd);
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (r < 0)
		return r;
	oom_closep(&report_write);
	r = wait_executed(report_read, spawn, pid, err);
	if (r < 0)
		return r;
	*ret_pid = pid;
	*ret_pidfd = oom_take_fd(&pidfd);
	return 0;
}
