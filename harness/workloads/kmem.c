// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/workloads/keys.h"
#include "harness/workloads/workload.h"

#include <errno.h>
#include <fcntl.h>
#include <stdalign.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

enum {
	STEP_BYTES = 64 << 10,
	PIPE_BYTES = 1 << 20,
	FILE_BYTES = 256
}; /* struct file: 232 on 6.1 */

static alignas(4096) char buffer[STEP_BYTES];

/* Each fills one object with what it holds: the bytes now in the kernel, 0 or more, or -errno. */
typedef int64_t (*fill_fn)(struct oom_load *load);

static int64_t fill_fd(struct oom_load *load, int fd)
{
	int64_t bytes = 0;
	ssize_t n;

	/* a page that is not full could be filled up later: whole pages only */
	while ((n = write(fd, buffer, sizeof(buffer))) > 0) {
		bytes += n;
		oom_load_reached(load, (uint64_t)n);
	}
	return n < 0 && errno != EAGAIN ? -errno : bytes;
}

static int64_t fill_pipe(struct oom_load *load)
{
	int fds[2];

	if (pipe2(fds, O_NONBLOCK | O_CLOEXEC))
		return -errno;
	/* beyond the user's soft limit a pipe stays small: pipe(7) */
	(void)fcntl(fds[1], F_SETPIPE_SZ, PIPE_BYTES);
	return fill_fd(load, fds[1]);
}

static int64_t fill_socket(struct oom_load *load)
{
	int fds[2], bytes = PIPE_BYTES;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds))
		return -errno;
	(void)setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
	return fill_fd(load, fds[0]);
}

static int64_t fill_file(struct oom_load *load)
{
	if (eventfd(0, EFD_CLOEXEC) < 0)
		return -errno;
	oom_load_reached(load, FILE_BYTES);
	return FILE_BYTES;
}

static int press(struct oom_load *load, void *ctx)
{
	fill_fn fill = oom_load_is(load, "Kind", "socket") ? fill_socket
		: oom_load_is(load, "Kind", "file")	   ? fill_file
							   : fill_pipe;
	uint64_t bytes = oom_load_number(load, "Size", 0), done = 0;

	(void)ctx;
	while (done < bytes) {
		int64_t n = fill(load);
		int status;

		if (n >= 0) {
			atomic_fetch_add(&load->page->ops, 1);
			done += (uint64_t)n;
			continue;
		}
		status = oom_load_refused(load, (int)-n);
		if (status != OOM_LOAD_RETRY)
			return status;
	}
	return 0;
}

static int run(struct oom_load *load)
{
	struct rlimit files;

	if (!oom_load_number(load, "Size", 0))
		return oom_load_failed(load, "Size= is missing: set how much memory to take");
	if (!getrlimit(RLIMIT_NOFILE, &files)) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
	return oom_load_press(load, press, NULL);
}

static const struct oom_key keys[] = {
	KEY_SIZE_REQUIRED(
		"bytes of kernel memory that each process fills; the last object may exceed it"),
	{.name = "Kind",
		.type = OOM_T_CHOICE,
		.dflt = "pipe",
		.choices = "pipe|socket|file",
		.help = "what is filled or opened: pipes, Unix sockets, or files (about 256 bytes "
			"each)"},
	KEY_ON_REFUSAL,
	{NULL},
};

const struct oom_workload oom_workload_kmem = {
	.kind = {"kmem",
		"takes Size= of kernel memory, which belongs to no process; limited by the number "
		"of open files",
		keys},
	.ops = "objects",
	.run = run,
};
