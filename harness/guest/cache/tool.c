// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/guest/cache/tool.h"

#include "harness/guest/cache/cache_temp.h"
#include "harness/host/file.h"
#include "harness/host/process.h"
#include "lib/base/bounded.h"
#include "lib/base/cleanup.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

static void trim_end(struct oom_bounded *text, const char *what)
{
	while (text->len && strchr(what, text->buf[text->len - 1]))
		oom_bounded_back(text, text->len - 1);
}

char *oom_log_tail(struct oom_arena *arena, const char *path, size_t max)
{
	oom_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	char buf[8192], *text;
	struct oom_bounded tail;
	off_t size;
	ssize_t n, at = 0;

	if (fd < 0 || (size = lseek(fd, 0, SEEK_END)) < 0)
		return oom_arena_strdup(arena, "");
	if (max > sizeof(buf))
		max = sizeof(buf);
	n = pread(fd, buf, max, size > (off_t)max ? size - (off_t)max : 0);
	/* two bytes for each, and what says that it is no beginning */
	text = oom_arena_alloc(arena, max * 2 + 8);
	if (!text)
		return NULL;
	tail = oom_bounded_in(text, max * 2 + 8);
	if (size > (off_t)max) {
		/* from the first whole line on */
		while (at < n && buf[at++] != '\n')
			;
		if (at == n)
			at = 0;
		oom_bounded_text(&tail, "... ");
	}
	for (ssize_t i = at; i < n; i++) {
		unsigned char c = (unsigned char)buf[i];

		if (c == '\r')
			continue;
		if (c == '\n') {
			trim_end(&tail, " ");
			if (tail.len && i + 1 < n)
				oom_bounded_text(&tail, "| ");
		} else {
			oom_bounded_char(&tail, isprint(c) ? (char)c : '.');
		}
	}
	trim_end(&tail, " |");
	return text;
}

/* What apt and its like complained of first ("E: …" at the start of a line), else the log's end. */
static char *complaint(struct oom_arena *arena, const char *path)
{
	char *text, *at;

	if (!oom_file_read(arena, path, 1 << 20, &text, NULL)) {
		at = !strncmp(text, "E: ", 3) ? text : strstr(text, "\nE: ");
		if (at) {
			at += *at == '\n';
			at[strcspn(at, "\n")] = '\0';
			return strlen(at) > 150 ? oom_arena_printf(arena, "%.147s...", at) : at;
		}
	}
	return oom_log_tail(arena, path, 150);
}

#define FULL_BYTES 65536

/* By the tool's words (unshare(2) has the same for too many namespaces), or where there was no room for
 * them either. */
static bool disk_was_full(struct oom_arena *arena, const char *path)
{
	struct statvfs fs;
	char *text;

	if (!statvfs(path, &fs) && fs.f_bavail * fs.f_frsize < FULL_BYTES)
		return true;
	if (oom_file_read(arena, path, 1 << 20, &text, NULL))
		return false;
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		if (strstr(line, "No space left on device") && !strstr(line, "unshare"))
			return true;
	return false;
}

static int input_fd(const char *input)
{
	size_t len = input ? strlen(input) : 0;
	int fd = input ? memfd_create("input", MFD_CLOEXEC)
		       : open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (fd >= 0 && input &&
		(write(fd, input, len) != (ssize_t)len || lseek(fd, 0, SEEK_SET) < 0)) {
		close(fd);
		return -1;
	}
	return fd;
}

#define GRACE_US 10000000

static void signals_of_an_end(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGHUP);
}

static int status_of(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* All of our children, those that their parents left to us, too. @tool: only until that has ended, whose
 * status is stored. 0: nobody is left, or the tool has ended; -EAGAIN: not yet. */
static int reap(pid_t tool, int *ret_status)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != tool)
			continue;
		*ret_status = status_of(status);
		return 0;
	}
	return pid < 0 ? 0 : -EAGAIN;
}

/* SIGTERM first, so that it can clear its own things away; waits until nobody is left. */
static void end_group(pid_t pid)
{
	static const int signals[] = {SIGTERM, SIGKILL};
	sigset_t child;
	int status;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	for (int i = 0; i < 2; i++) {
		uint64_t deadline_us = oom_monotonic_us() + GRACE_US;

		kill(-pid, signals[i]);
		while (reap(0, &status) < 0) {
			int left_ms = oom_left_ms(deadline_us);
			struct timespec left = {left_ms / 1000, left_ms % 1000 * 1000000L};

			if (sigtimedwait(&child, NULL, &left) < 0 && errno == EAGAIN)
				break;
		}
	}
}

/*
 * A process between us and the tool: when we end, however that comes, it ends the tool's whole group,
 * which may clear its own things away before. Returns the tool's status.
 */
static int guard(const char *const argv[])
{
	int status = 128 + SIGTERM;
	sigset_t set;
	pid_t pid;

	/* what we hold (pipes) is not for it; but nobody shall clear a folder away that a tool still fills */
	oom_cache_temp_keep();
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	signal(SIGCHLD, SIG_DFL);
	signals_of_an_end(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	pid = oom_fork_bound(SIGKILL);
	if (pid < 0)
		return 126;
	if (!pid) {
		/* mmdebstrap sends SIGHUP to its whole group when it fails */
		setpgid(0, 0);
		execvp(argv[0], (char *const *)argv);
		_exit(errno == ENOENT ? 127 : 126);
	}
	setpgid(pid, pid); /* whoever is first */
	for (;;) {
		if (sigwaitinfo(&set, NULL) != SIGCHLD) {
			end_group(pid);
			return status;
		}
		if (!reap(pid, &status))
			return status;
	}
}

/* Readable when we are interrupted: the signals may be blocked, for a signalfd(2) of the caller's, who
 * shall find them still there. */
static int interruption_fd(void)
{
	sigset_t signals;

	signals_of_an_end(&signals);
	return signalfd(-1, &signals, SFD_CLOEXEC);
}

bool oom_interrupted_within(int timeout_ms)
{
	oom_autoclose int fd = interruption_fd();
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, timeout_ms) > 0;
}

/* To its end, or until we are interrupted. */
static int wait_for(pid_t pid, int *ret_status)
{
	oom_autoclose int pidfd = (int)syscall(SYS_pidfd_open, pid, 0),
			  signal_fd = interruption_fd();
	struct pollfd fds[2] = {
		{.fd = pidfd, .events = POLLIN}, {.fd = signal_fd, .events = POLLIN}};
	int r = 0;

	if (pidfd >= 0)
		while (poll(fds, 2, -1) < 0 && errno == EINTR)
			;
	if (fds[1].revents && !fds[0].revents) {
		kill(pid, SIGTERM);
		r = -EINTR;
	}
	*ret_status = 0;
	while (waitpid(pid, ret_status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	*ret_status = status_of(*ret_status);
	return r;
}

int oom_tool_run(const char *const argv[], const char *input, const char *log, struct oom_err *err)
{
	oom_autoclose int in = input_fd(input);
	oom_autoclose int out = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	struct oom_arena arena = {0};
	const char *why;
	int status, r;
	pid_t pid;

	if (in < 0 || out < 0)
		return oom_err_errno(err, errno, "cannot write '%s'", log);
	pid = oom_fork_bound(SIGTERM);
	if (pid < 0)
		return oom_err_errno(err, errno, "cannot start '%s'", argv[0]);
	if (!pid) {
		dup2(in, 0);
		dup2(out, 1);
		dup2(out, 2);
		umask(077); /* its files are ours alone */
		_exit(guard(argv));
	}
	r = wait_for(pid, &status);
	if (r == -EINTR)
		return oom_err_set(err, EINTR, "interrupted while '%s' ran", argv[0]);
	if (r)
		return oom_err_errno(err, -r, "cannot wait for '%s'", argv[0]);
	if (!status)
		return 0;
	if (status == 127 && !input)
		return oom_err_set(err, ENOENT,
			"cannot start '%s': is it installed? ('oomgate doctor' shows what is "
			"missing)",
			argv[0]);
	if (disk_was_full(&arena, log)) {
		oom_arena_release(&arena);
		return oom_err_set(err, ENOSPC,
			"'%s' failed: no space left on the disk (log: '%s')", argv[0], log);
	}
	why = complaint(&arena, log);
	if (input) /* a script of ours, whose name says nothing */
		oom_err_set(err, EIO, "%s", why + (strncmp(why, "E: ", 3) ? 0 : 3));
	else
		oom_err_set(err, EIO, "'%s' failed (status %d): %s", argv[0], status, why);
	oom_arena_release(&arena);
	return -EIO;
}
