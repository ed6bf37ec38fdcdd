// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/guest/agent.h"
#include "lib/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <jansson.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define EVIDENCE_DIR "/run/oomgate-evidence"
#define FILE_MAX     ((off_t)64 << 20)
#define REQUEST_ENV  "OOMGATE_HOST_FD"
enum { CHUNK_BYTES = 32768, ALIVE_MS = 1000 };

int oom_guest_request(const char *json)
{
	const char *fd = getenv(REQUEST_ENV);
	size_t len = strlen(json);

	if (!fd)
		return -ENOTCONN;
	/* a packet pipe: one write is one request */
	return write(atoi(fd), json, len) == (ssize_t)len ? 0 : -EIO;
}

/* In the child: the record's JSON to @out, what went wrong to @complaint. */
static int child(const struct oom_guest_job *job, oom_guest_run_fn run, int out, int complaint)
{
	oom_autoclose int dir = open(job->evidence_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	oom_autoclose int log = openat(dir, "oomgate.log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	struct oom_attempt *record = NULL;
	struct oom_err err = {0};
	json_t *json = NULL;
	int r;

	if (log >= 0) {
		dup2(log, 1);
		dup2(log, 2);
	}
	r = run(job, &err, &record);
	if (!r) {
		json = oom_attempt_to_json(record);
		r = json && !json_dumpfd(json, out, JSON_COMPACT) ? 0 : oom_err_set(&err, EIO, "cannot write the record");
	}
	json_decref(json);
	oom_attempt_free(record);
	if (r && !err.msg[0])
		oom_err_errno(&err, -r, "the attempt cannot be run");
	if (r && write(complaint, err.msg, strlen(err.msg)) < 0)
		return 2;
	return r ? 1 : 0;
}

/* Until the child is gone: signs of life, and what it asks of the host. */
static int watch(int port, int pidfd, int requests)
{
	struct pollfd fds[2] = {{.fd = pidfd, .events = POLLIN}, {.fd = requests, .events = POLLIN}};
	char text[PIPE_BUF];

	for (;;) {
		int n = poll(fds, 2, ALIVE_MS), r = 0;

		if (n < 0 && errno != EINTR)
			return -errno;
		if (!n)
			r = oom_frame_send(port, OOM_FRAME_ALIVE, NULL, 0);
		if (fds[1].revents & POLLIN) {
			ssize_t len = read(requests, text, sizeof(text));

			if (len > 0)
				r = oom_frame_send(port, OOM_FRAME_REQUEST, text, (size_t)len);
		} else if (fds[1].revents) {
			fds[1].fd = -1;
		}
		if (r)
			return r;
		if (fds[0].revents)
			return 0;
	}
}

static int send_fd(int port, enum oom_frame_type type, const char *name, int fd)
{
	char buf[PATH_MAX + CHUNK_BYTES];
	size_t head = name ? strlen(name) + 1 : 0;
	off_t sent = 0;

	if (name)
		memcpy(buf, name, head);
	for (;;) {
		ssize_t n = pread(fd, buf + head, CHUNK_BYTES, sent);
		int r;

		if (n < 0)
			return -errno;
		if (!n && sent)
			return 0;
		r = oom_frame_send(port, type, buf, head + (size_t)n);
		if (r || !n)
			return r;
		sent += n;
		if (sent >= FILE_MAX)
			return 0;
	}
}

static _Thread_local struct {
	int port;
	size_t prefix; /* of every path: the folder and its slash */
} sending; /* nftw() hands nothing on */

static int send_file(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	oom_autoclose int fd = -1;

	(void)st, (void)ftw;
	if (type != FTW_F)
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? 0 : send_fd(sending.port, OOM_FRAME_FILE, path + sending.prefix, fd);
}

static int hand_over(int port, const char *dir, int record, int complaint, int status, struct oom_err *err)
{
	char text[sizeof(err->msg)];
	ssize_t n = pread(complaint, text, sizeof(text) - 1, 0);
	int r;

	sending.port = port;
	sending.prefix = strlen(dir) + 1;
	r = nftw(dir, send_file, 16, FTW_PHYS);
	if (r)
		return oom_err_set(err, EIO, "cannot hand the evidence over");
	if (WIFSIGNALED(status))
		return oom_err_set(err, EIO, "the runner was killed by signal %d", WTERMSIG(status));
	if (WEXITSTATUS(status))
		return oom_err_set(err, EIO, "%.*s", (int)(n > 0 ? n : 0), text);
	r = send_fd(port, OOM_FRAME_RECORD, NULL, record);
	if (!r)
		r = oom_frame_send(port, OOM_FRAME_DONE, NULL, 0);
	return r ? oom_err_errno(err, -r, "cannot hand the record over") : 0;
}

int oom_agent_run(int port, struct oom_guest_job *job, oom_guest_run_fn run, struct oom_err *err)
{
	oom_autoclose int record = memfd_create("record", MFD_CLOEXEC);
	oom_autoclose int complaint = memfd_create("complaint", MFD_CLOEXEC);
	oom_autoclose int pidfd = -1, requests = -1, asking = -1;
	int pipes[2], status = 0, r;
	char number[16];
	pid_t pid;

	if (record < 0 || complaint < 0 || pipe2(pipes, O_DIRECT | O_CLOEXEC) < 0)
		return oom_err_errno(err, errno, "cannot prepare the attempt");
	requests = pipes[0];
	asking = pipes[1];
	if (!job->evidence_dir)
		job->evidence_dir = EVIDENCE_DIR;
	oom_tree_remove(job->evidence_dir);
	if (mkdir(job->evidence_dir, 0755) < 0)
		return oom_err_errno(err, errno, "cannot make '%s'", job->evidence_dir);
	pid = oom_fork_bound(SIGKILL);
	if (!pid) {
		snprintf(number, sizeof(number), "%d", asking);
		setenv(REQUEST_ENV, number, 1);
		_exit(child(job, run, record, complaint));
	}
	pidfd = pid < 0 ? -1 : (int)syscall(SYS_pidfd_open, pid, 0);
	if (pidfd < 0)
		return oom_err_errno(err, errno, "cannot start the attempt");
	oom_closep(&asking);
	r = watch(port, pidfd, requests);
	waitpid(pid, &status, 0);
	if (r)
		return oom_err_errno(err, -r, "cannot reach the host");
	return hand_over(port, job->evidence_dir, record, complaint, status, err);
}
