/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_TESTS_LOAD_CHILD_H
#define OOM_TESTS_LOAD_CHILD_H

#include "harness/load/load.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

/* A test's own small runner: starts the real program, opens the gate, waits with a deadline. */
struct load_child {
	pid_t pid;
	int pidfd, gate_fd, ready_fd, notify_fd;
	struct oom_load_page *page;
};

struct load_start {
	const char *type;
	const char *args[8]; /* options, NULL at the end */
	const char *params[12]; /* KEY=VALUE, NULL at the end */
	void (*before)(void *); /* in the child, before exec */
	void *before_ctx;
	bool plain; /* the build without sanitizers: for RLIMIT_AS */
};

enum { LOAD_DEADLINE_MS = 30000, LOAD_STUCK = 254 };

/* build/tests/ROOM/X runs build/oomgate-workload, build/asan/tests/ROOM/X runs build/asan/oomgate-workload */
static inline const char *load_program(bool plain, char path[PATH_MAX + 64])
{
	char exe[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	exe[n > 0 ? n : 0] = 0;
	dirname(dirname(dirname(exe)));
#ifdef __SANITIZE_ADDRESS__
	if (plain)
		dirname(exe);
#else
	(void)plain;
#endif
	snprintf(path, PATH_MAX + 64, "%s/oomgate-workload", exe);
	return path;
}

static inline int load_inheritable(int fd)
{
	return fcntl(fd, F_DUPFD, 100);
}

static inline void load_exec(
	const struct load_start *start, int page, int gate, int ready, int notify)
{
	char program[PATH_MAX + 64], fds[4][16];
	const int numbers[4] = {load_inheritable(page), load_inheritable(gate),
		load_inheritable(ready), load_inheritable(notify)};
	const char *argv[40] = {load_program(start->plain, program), start->type, "--name", "hog",
		"--page", fds[0], "--gate", fds[1], "--ready", fds[2], "--notify", fds[3]};
	size_t n = 12;

	for (int i = 0; i < 4; i++)
		snprintf(fds[i], sizeof(fds[i]), "%d", numbers[i]);
	for (const char *const *arg = start->args; *arg; arg++)
		argv[n++] = *arg;
	argv[n++] = "--";
	for (const char *const *param = start->params; *param; param++)
		argv[n++] = *param;
	if (!strcmp(start->type, "leak"))
		setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
	if (start->before)
		start->before(start->before_ctx);
	execv(argv[0], (char **)argv);
	perror(argv[0]);
	_exit(126);
}

/* False: it ended before it was ready. */
static inline bool load_start(const struct load_start *start, struct load_child *ret)
{
	int page = memfd_create("page", MFD_CLOEXEC), gate[2];
	struct pollfd fds[2];
	pid_t pid;

	if (page < 0 || ftruncate(page, sizeof(struct oom_load_page)) || pipe2(gate, O_CLOEXEC))
		abort();
	ret->page = mmap(NULL, sizeof(*ret->page), PROT_READ | PROT_WRITE, MAP_SHARED, page, 0);
	ret->ready_fd = eventfd(0, EFD_CLOEXEC);
	ret->notify_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pid = fork(); /* *ret may be shared with the child */
	if (pid == 0)
		load_exec(start, page, gate[0], ret->ready_fd, ret->notify_fd);
	ret->pid = pid;
	ret->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	ret->gate_fd = gate[1];
	close(gate[0]);
	close(page);
	fds[0] = (struct pollfd){.fd = ret->ready_fd, .events = POLLIN};
	fds[1] = (struct pollfd){.fd = ret->pidfd, .events = POLLIN};
	return poll(fds, 2, LOAD_DEADLINE_MS) > 0 && fds[0].revents;
}

static inline void load_go(struct load_child *child)
{
	signal(SIGPIPE, SIG_IGN); /* it may have ended at once */
	if (child->gate_fd >= 0 && write(child->gate_fd, "g", 1) <= 1)
		close(child->gate_fd);
	child->gate_fd = -1;
}

/* The status as a shell sees it; LOAD_STUCK when it had to be killed at the deadline. */
static inline int load_wait(struct load_child *child)
{
	struct pollfd fd = {.fd = child->pidfd, .events = POLLIN};
	bool ended = poll(&fd, 1, LOAD_DEADLINE_MS) > 0;
	int status = 0;

	if (!ended)
		kill(child->pid, SIGKILL);
	while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
		;
	load_go(child);
	close(child->pidfd);
	close(child->ready_fd);
	return ended ? oom_load_status(status) : LOAD_STUCK;
}

/* Start, go, wait. */
static inline int load_run(const struct load_start *start, struct load_child *ret)
{
	if (load_start(start, ret))
		load_go(ret);
	return load_wait(ret);
}

/* True when process @pid ends within the deadline (it need not be a child). */
static inline bool load_gone(pid_t pid)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd gone = {.fd = fd, .events = POLLIN};
	int n;

	if (fd < 0)
		return errno == ESRCH;
	n = poll(&gone, 1, LOAD_DEADLINE_MS);
	close(fd);
	return n > 0;
}

#endif
