// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/guest/internal.h"
#include "lib/cleanup.h"

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
#include <sys/syscall.h>
#include <sys/wait.h>

pid_t oom_fork_bound(int death_signal)
{
	pid_t parent = getpid(), pid = fork();
	sigset_t none;

	if (pid)
		return pid;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* between fork and prctl the parent may have gone */
	if (prctl(PR_SET_PDEATHSIG, death_signal) < 0 || getppid() != parent)
		_exit(127);
	return 0;
}

char *oom_log_tail(struct oom_arena *arena, const char *path, size_t max)
{
	oom_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	char buf[8192], *text;
	off_t size;
	ssize_t n, at = 0;
	size_t len = 0;

	if (fd < 0 || (size = lseek(fd, 0, SEEK_END)) < 0)
		return oom_arena_strdup(arena, "");
	if (max > sizeof(buf))
		max = sizeof(buf);
	n = pread(fd, buf, max, size > (off_t)max ? size - (off_t)max : 0);
	text = oom_arena_alloc(arena, max * 2 + 8);
	if (!text)
		return NULL;
	if (size > (off_t)max) {
		/* from the first whole line on */
		while (at < n && buf[at++] != '\n')
			;
		if (at == n)
			at = 0;
		len = (size_t)sprintf(text, "... ");
	}
	for (ssize_t i = at; i < n; i++) {
		unsigned char c = (unsigned char)buf[i];

		if (c == '\r')
			continue;
		if (c == '\n') {
			while (len && text[len - 1] == ' ')
				len--;
			if (len && i + 1 < n)
				len += (size_t)sprintf(text + len, "| ");
		} else {
			text[len++] = isprint(c) ? (char)c : '.';
		}
	}
	while (len && (text[len - 1] == ' ' || text[len - 1] == '|'))
		len--;
	text[len] = '\0';
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
			if (strlen(at) > 150)
				strcpy(at + 147, "...");
			return at;
		}
	}
	return oom_log_tail(arena, path, 150);
}

static int input_fd(const char *input)
{
	size_t len = input ? strlen(input) : 0;
	int fd = input ? memfd_create("input", MFD_CLOEXEC) : open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (fd >= 0 && input && (write(fd, input, len) != (ssize_t)len || lseek(fd, 0, SEEK_SET) < 0)) {
		close(fd);
		return -1;
	}
	return fd;
}

/* To its end, or until we are interrupted: the signals may be blocked, for a signalfd(2) of the caller's,
 * who shall find them still there. */
static int wait_for(pid_t pid, int *ret_status)
{
	sigset_t signals;
	struct pollfd fds[2] = {{.events = POLLIN}, {.events = POLLIN}};
	oom_autoclose int pidfd = (int)syscall(SYS_pidfd_open, pid, 0), signal_fd = -1;
	int r = 0;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	signal_fd = signalfd(-1, &signals, SFD_CLOEXEC);
	fds[0].fd = pidfd;
	fds[1].fd = signal_fd;
	if (pidfd >= 0)
		while (poll(fds, 2, -1) < 0 && errno == EINTR)
			;
	if (fds[1].revents && !fds[0].revents) {
		kill(-pid, SIGTERM);
		r = -EINTR;
	}
	while (waitpid(pid, ret_status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return r;
}

int oom_tool_run(const char *const argv[], const char *input, const char *log, struct oom_err *err)
{
	oom_autoclose int in = input_fd(input);
	oom_autoclose int out = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	struct oom_arena arena = {0};
	const char *why;
	int status;
	pid_t pid;

	if (in < 0 || out < 0)
		return oom_err_errno(err, errno, "cannot write '%s'", log);
	pid = oom_fork_bound(SIGTERM);
	if (pid < 0)
		return oom_err_errno(err, errno, "cannot start '%s'", argv[0]);
	if (!pid) {
		/* mmdebstrap sends SIGHUP to its whole group when it fails */
		setpgid(0, 0);
		dup2(in, 0);
		dup2(out, 1);
		dup2(out, 2);
		execvp(argv[0], (char *const *)argv);
		_exit(errno == ENOENT ? 127 : 126);
	}
	if (wait_for(pid, &status))
		return oom_err_set(err, EINTR, "interrupted while '%s' ran", argv[0]);
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		return 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127 && !input)
		return oom_err_set(err, ENOENT, "cannot start '%s': is it installed? ('oomgate doctor' says what is missing)", argv[0]);
	why = complaint(&arena, log);
	if (input) /* a script of ours, whose name says nothing */
		oom_err_set(err, EIO, "%s", why + (strncmp(why, "E: ", 3) ? 0 : 3));
	else
		oom_err_set(err, EIO, "%s failed (%s %d): %s", argv[0], WIFEXITED(status) ? "status" : "signal",
			WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status), why);
	oom_arena_release(&arena);
	return -EIO;
}
