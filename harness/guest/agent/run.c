// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/guest/agent/run.h"

#include "harness/guest/agent/agent.h"
#include "harness/guest/wire/frame.h"
#include "harness/host/file.h"
#include "harness/host/process.h"
#include "lib/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <jansson.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define FILE_MAX    ((off_t)64 << 20)
#define REQUEST_ENV "OOMGATE_HOST_FD"
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

/* Waits for the one job, in the child. -EPIPE: the agent is gone. */
static int receive(struct oom_arena *arena, int fd, const char *evidence_dir, struct oom_err *err,
	struct oom_guest_job *ret)
{
	struct oom_buffer in = {0};
	struct oom_frame frame;
	int r;

	do
		r = oom_frame_next(&in, &frame);
	while (!r && (r = oom_buffer_fill(&in, fd)) >= 0);
	if (r == 1 && frame.type == OOM_FRAME_START)
		r = oom_job_decode(arena, frame.data, frame.len, err, ret);
	else
		r = oom_err_set(err, EPIPE, "no job was sent");
	ret->evidence_dir = evidence_dir;
	oom_buffer_free(&in);
	return r;
}

/* In the child: the record's JSON to @record_fd. */
static int run_job(const struct oom_guest_service *service, const struct oom_guest_job *job,
	int record_fd, struct oom_err *err)
{
	oom_autoclose int dir = open(job->evidence_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	oom_autoclose int log =
		openat(dir, "oomgate.log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	struct oom_attempt *record = NULL;
	oom_autofree char *text = NULL;
	char nonce[OOM_JOB_NONCE_TEXT];
	json_t *json;
	int r;

	if (log >= 0) {
		dup2(log, 1);
		dup2(log, 2);
	}
	r = service->run(job, err, &record);
	if (!r) {
		json = oom_attempt_to_json(record);
		/* which job it answers */
		json_object_set_new(json, "nonce", json_string(oom_job_nonce(job, nonce)));
		/* json_dumpfd() would be a write(2) for each word */
		text = json ? json_dumps(json, JSON_COMPACT) : NULL;
		json_decref(json);
		if (!text || oom_frame_write(record_fd, text, strlen(text)))
			r = oom_err_set(err, EIO, "cannot write the record");
	}
	oom_attempt_free(record);
	if (r && !err->msg[0])
		oom_err_errno(err, -r, "the attempt cannot be run");
	return r;
}

/*
 * Its end would be work for the kernel and for systemd, whose scopes would become empty: so it waits, until the
 * guest ends, or the agent ends it.
 */
static void __attribute__((noreturn)) rest(int job_fd)
{
	(void)oom_frame_send(job_fd, OOM_FRAME_DONE, NULL, 0);
	for (;;)
		pause();
}

/* What went wrong goes to the complaint's file, and is told by the exit status. */
static int child(
	const struct oom_guest_service *service, const struct oom_agent_runner *runner, int fd)
{
	struct oom_arena arena = {0};
	struct oom_guest_job job = {0};
	struct oom_err err = {0};
	int r;

	if (service->prepare)
		service->prepare();
	if (write(fd, "", 1) != 1)
		return 2;
	r = receive(&arena, fd, runner->evidence_dir, &err, &job);
	if (!r)
		r = run_job(service, &job, runner->record_fd, &err);
	if (!r)
		rest(fd);
	if (write(runner->complaint_fd, err.msg, strlen(err.msg)) < 0)
		return 2;
	return 1;
}

static int pass_request(int port, int requests)
{
	char text[PIPE_BUF];
	ssize_t len = read(requests, text, sizeof(text));

	return len > 0 ? oom_frame_send(port, OOM_FRAME_REQUEST, text, (size_t)len) : 0;
}

/* Until the child has done or is gone: signs of life, and what it asks of the host. 1: it has done. */
static int watch(int port, const struct oom_agent_runner *runner)
{
	struct pollfd fds[3] = {{.fd = runner->pid_fd, .events = POLLIN},
		{.fd = runner->request_fd, .events = POLLIN},
		{.fd = runner->job_fd, .events = POLLIN}};
	char done[OOM_FRAME_HEADER];

	for (;;) {
		int n = poll(fds, 3, ALIVE_MS), r = 0;

		if (n < 0 && errno != EINTR)
			return -errno;
		if (!n)
			r = oom_frame_send(port, OOM_FRAME_ALIVE, NULL, 0);
		if (fds[1].revents & POLLIN)
			r = pass_request(port, runner->request_fd);
		else if (fds[1].revents)
			fds[1].fd = -1;
		if (r)
			return r;
		/* what it asked for before was taken from the pipe first: one a turn */
		if (fds[1].revents & POLLIN)
			continue;
		if (fds[2].revents && read(runner->job_fd, done, sizeof(done)) > 0)
			return 1;
		if (fds[2].revents)
			fds[2].fd = -1;
		if (fds[0].revents)
			return 0;
	}
}

/*
 * Frames on their way to the host. Each write(2) to a virtio port is an exit to the emulator and an interrupt, and takes
 * up to 32 KiB (drivers/char/virtio_console.c).
 */
static struct {
	int port;
	size_t prefix; /* of every path: the folder and its slash */
	size_t len;
	char data[OOM_FRAME_HEADER + PATH_MAX + 2 * CHUNK_BYTES];
} out; /* nftw() hands nothing on */

static int out_flush(void)
{
	int r = oom_frame_write(out.port, out.data, out.len);

	out.len = 0;
	return r;
}

/* The next frame's payload, @most bytes of room. */
static int out_room(size_t most, char **ret)
{
	int r = out.len + OOM_FRAME_HEADER + most > sizeof(out.data) ? out_flush() : 0;

	*ret = out.data + out.len + OOM_FRAME_HEADER;
	return r;
}

static void out_frame(enum oom_frame_type type, size_t len)
{
	oom_frame_head(out.data + out.len, type, len);
	out.len += OOM_FRAME_HEADER + len;
}

static int send_fd(enum oom_frame_type type, const char *name, int fd)
{
	size_t head = name ? strlen(name) + 1 : 0;
	off_t sent = 0;

	for (;;) {
		ssize_t n;
		char *to;
		int r = out_room(head + CHUNK_BYTES, &to);

		if (r)
			return r;
		if (name)
			memcpy(to, name, head);
		n = pread(fd, to + head, CHUNK_BYTES, sent);
		if (n < 0)
			return -errno;
		if (n || !sent)
			out_frame(type, head + (size_t)n);
		if (!n)
			return 0;
		sent += n;
		if (sent >= FILE_MAX)
			return 0;
	}
}

static int send_file(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	oom_autoclose int fd = -1;

	(void)st, (void)ftw;
	if (type != FTW_F)
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? 0 : send_fd(OOM_FRAME_FILE, path + out.prefix, fd);
}

static int send_done(void)
{
	char *to;
	int r = out_room(0, &to);

	if (!r) {
		out_frame(OOM_FRAME_DONE, 0);
		r = out_flush();
	}
	return r;
}

static int hand_over(
	int port, const struct oom_agent_runner *runner, int status, struct oom_err *err)
{
	char text[sizeof(err->msg)];
	ssize_t n = pread(runner->complaint_fd, text, sizeof(text) - 1, 0);
	int r;

	out.port = port;
	out.len = 0;
	out.prefix = strlen(runner->evidence_dir) + 1;
	r = nftw(runner->evidence_dir, send_file, 16, FTW_PHYS);
	/* what follows is not a part of these frames */
	if (!r && status)
		r = out_flush();
	if (r)
		return oom_err_set(err, EIO, "cannot send the evidence");
	if (WIFSIGNALED(status))
		return oom_err_set(
			err, EIO, "the runner was killed by signal %d", WTERMSIG(status));
	if (WEXITSTATUS(status))
		return oom_err_set(err, EIO, "%.*s", (int)(n > 0 ? n : 0), text);
	r = send_fd(OOM_FRAME_RECORD, NULL, runner->record_fd);
	if (!r)
		r = send_done();
	return r ? oom_err_errno(err, -r, "cannot send the record") : 0;
}

static int open_channels(struct oom_agent_runner *ret, int *ret_job, int *ret_asking)
{
	int pipes[2], ends[2];

	ret->record_fd = memfd_create("record", MFD_CLOEXEC);
	ret->complaint_fd = memfd_create("complaint", MFD_CLOEXEC);
	if (ret->record_fd < 0 || ret->complaint_fd < 0 || pipe2(pipes, O_DIRECT | O_CLOEXEC) < 0)
		return -errno;
	ret->request_fd = pipes[0];
	*ret_asking = pipes[1];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	ret->job_fd = ends[0];
	*ret_job = ends[1];
	return 0;
}

static int start(const struct oom_guest_service *service, struct oom_err *err,
	struct oom_agent_runner *runner)
{
	oom_autoclose int asking = -1, job = -1;
	char number[16], ready;

	signal(SIGPIPE, SIG_IGN); /* a runner that is gone: its pidfd tells */
	if (open_channels(runner, &job, &asking))
		return oom_err_errno(err, errno, "cannot prepare the attempt");
	oom_tree_remove(runner->evidence_dir);
	if (mkdir(runner->evidence_dir, 0755) < 0)
		return oom_err_errno(err, errno, "cannot create '%s'", runner->evidence_dir);
	runner->pid = oom_fork_bound(SIGKILL);
	if (!runner->pid) {
		oom_closep(&runner->job_fd); /* else it would not see the agent's end */
		snprintf(number, sizeof(number), "%d", asking);
		setenv(REQUEST_ENV, number, 1);
		_exit(child(service, runner, job));
	}
	runner->pid_fd = runner->pid < 0 ? -1 : (int)syscall(SYS_pidfd_open, runner->pid, 0);
	if (runner->pid_fd < 0)
		return oom_err_errno(err, errno, "cannot start the attempt");
	oom_closep(&job);
	/* at its death this is the end of the file: then the run says what became of it */
	if (read(runner->job_fd, &ready, 1) < 0)
		return oom_err_errno(err, errno, "cannot listen to the attempt's runner");
	return 0;
}

int oom_agent_runner_start(const struct oom_guest_service *service, const char *evidence_dir,
	struct oom_err *err, struct oom_agent_runner *ret)
{
	struct oom_agent_runner runner = {.pid = -1,
		.pid_fd = -1,
		.job_fd = -1,
		.request_fd = -1,
		.record_fd = -1,
		.complaint_fd = -1};
	int r;

	snprintf(runner.evidence_dir, sizeof(runner.evidence_dir), "%s", evidence_dir);
	r = start(service, err, &runner);
	if (r)
		oom_agent_runner_end(&runner);
	*ret = runner;
	return r;
}

bool oom_agent_runner_waits(const struct oom_agent_runner *runner)
{
	struct pollfd pfd = {.fd = runner->pid_fd, .events = POLLIN};

	return runner->pid > 0 && !runner->served && poll(&pfd, 1, 0) == 0;
}

void oom_agent_runner_end(struct oom_agent_runner *runner)
{
	if (runner->pid > 0) {
		kill(runner->pid, SIGKILL);
		waitpid(runner->pid, NULL, 0);
	}
	runner->pid = -1;
	oom_closep(&runner->pid_fd);
	oom_closep(&runner->job_fd);
	oom_closep(&runner->request_fd);
	oom_closep(&runner->record_fd);
	oom_closep(&runner->complaint_fd);
}

int oom_agent_run(
	int port, struct oom_agent_runner *runner, const char *job, size_t len, struct oom_err *err)
{
	int status = 0, r;

	/* one that is gone already shows in its pidfd */
	r = oom_frame_send(runner->job_fd, OOM_FRAME_START, job, len);
	if (r && r != -EPIPE && r != -ECONNRESET)
		return oom_err_errno(err, -r, "cannot send the job to its runner");
	runner->served = true;
	r = watch(port, runner);
	if (r < 0)
		return oom_err_errno(err, -r, "cannot reach the host");
	if (!r) {
		waitpid(runner->pid, &status, 0);
		runner->pid = -1;
	}
	return hand_over(port, runner, status, err);
}
