// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/load/family.h"
#include "harness/workloads/workload.h"
#include "lib/base/cleanup.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * stress-ng starts a worker anew when the OOM killer took it, and then says "successful run
 * completed". So this process stays between the runner and it: hands its real exit on, and names
 * and counts what becomes of its workers.
 */

enum { POLL_MS = 10 };

/* argv: stress-ng ARGS…; two blocks to free, *ret_words holds the words */
static int command_line(const char *args, char ***ret_argv, char ***ret_words)
{
	char **words, **argv;
	size_t n = 0;
	int r = oom_load_split(args, &words);

	if (r)
		return r;
	while (words[n])
		n++;
	argv = calloc(n + 2, sizeof(*words));
	if (!argv) {
		free(words);
		return -ENOMEM;
	}
	argv[0] = (char *)"stress-ng";
	memcpy(argv + 1, words, n * sizeof(*words));
	*ret_argv = argv;
	*ret_words = words;
	return 0;
}

/* Forks; the child waits for a byte (its pid is known then) and becomes stress-ng. */
static pid_t start(struct oom_load *load, struct oom_family *family, const char *path, char **argv)
{
	int fds[2];
	pid_t pid;
	char byte;

	if (pipe(fds))
		return -errno;
	pid = oom_load_fork(load);
	if (pid == 0) {
		close(fds[1]);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		setpgid(0, 0);
		if (read(fds[0], &byte, 1) == 1)
			execv(path, argv);
		_exit(oom_load_failed(load, "cannot execute '%.60s': %m", path));
	}
	close(fds[0]);
	if (pid > 0) {
		setpgid(pid, pid);
		oom_family_found(family, pid);
		if (write(fds[1], "", 1) != 1)
			kill(pid, SIGKILL);
	}
	close(fds[1]);
	return pid < 0 ? -errno : pid;
}

/* Until stress-ng ends, or, with @until_death, a worker was killed. Returns that signal, or 0. */
static int watch(struct oom_load *load, struct oom_family *family, int pidfd, bool until_death)
{
	struct pollfd fds[2] = {
		{.fd = pidfd, .events = POLLIN}, {.fd = family->fd, .events = POLLIN}};
	int signal = 0;

	for (;;) {
		int n = poll(fds, 2, family->fd < 0 || pidfd < 0 ? POLL_MS : -1);

		if (n < 0 && errno != EINTR)
			return 0;
		signal = oom_family_update(family, load);
		atomic_store(&load->page->ops, atomic_load(&load->page->n_killed));
		if (signal && until_death)
			return signal;
		if (fds[0].revents)
			return 0;
		if (pidfd < 0) {
			siginfo_t info = {0};

			if (!waitid(P_PID, (id_t)family->pids[0], &info,
				    WEXITED | WNOHANG | WNOWAIT) &&
				info.si_pid)
				return 0;
		}
	}
}

static int supervise(struct oom_load *load, struct oom_family *family, pid_t pid)
{
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0), wait_status = 0;
	int signal = watch(load, family, pidfd, oom_load_is(load, "OnWorkerDeath", "end"));

	if (signal)
		kill(-pid, SIGKILL);
	while (waitpid(pid, &wait_status, 0) < 0 && errno == EINTR)
		;
	if (pidfd >= 0)
		close(pidfd);
	/* what it leaves behind comes to us, the subreaper */
	kill(-pid, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
	return signal ? 128 + signal : oom_load_status(wait_status);
}

static int run(struct oom_load *load)
{
	oom_autofree char **argv = NULL, **words = NULL;
	const char *args = oom_load_text(load, "Args", "");
	struct oom_family family;
	char path[PATH_MAX];
	int r = command_line(args, &argv, &words), status;
	pid_t pid;

	if (r)
		return oom_load_failed(
			load, "Args='%.60s' is not a list of words (missing closing quote)", args);
	r = oom_load_which("stress-ng", path, sizeof(path));
	if (r)
		return oom_load_failed(load,
			"stress-ng is not installed (%s): install the package stress-ng",
			strerror(-r));
	if (oom_family_open(&family))
		return oom_load_failed(load, "no memory");
	/* its temporary files go where it stands */
	if (access(".", R_OK | W_OK | X_OK) && chdir("/tmp"))
		return oom_load_failed(load, "no writable folder: %m");
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	oom_load_gate(load);
	pid = start(load, &family, path, argv);
	if (pid < 0)
		status = oom_load_refused(load, -pid) ? OOM_LOAD_EXIT_REFUSED : 0;
	else
		status = supervise(load, &family, pid);
	oom_family_close(&family);
	return status;
}

static const struct oom_key keys[] = {
	{.name = "Args",
		.type = OOM_T_WORDS,
		.flags = OOM_KEY_REQUIRED,
		.help = "options of stress-ng(1), quoted as in systemd.service(5): --vm 1 "
			"--vm-bytes 400M --vm-keep"},
	{.name = "OnWorkerDeath",
		.type = OOM_T_CHOICE,
		.dflt = "restart",
		.choices = "restart|end",
		.help = "when a worker is killed: let stress-ng restart it, or end with the "
			"worker's status (137)"},
	{NULL},
};

const struct oom_workload oom_workload_stress_ng = {
	.kind = {"stress-ng",
		"runs stress-ng: passes on its real exit status, names its workers and counts "
		"those killed",
		keys, "Rate|Touch|Pattern|Count|Hold"},
	.flags = OOM_WORKLOAD_PROGRAM,
	.needs = "stress-ng",
	.ops = "workers ended by a signal",
	.run = run,
};
