// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/explain.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>

/* A report is printed without pauses: after this long a silence it is over. */
#define SILENCE_MS 200

struct live_source {
	int fd, stop_fd;
	bool told; /* the reader knows of the silence */
};

/* One read(2), one record; a buffer below 8 KiB would lose it (Documentation/ABI/testing/dev-kmsg). */
static ssize_t read_live(void *context, char *buf, size_t size)
{
	struct live_source *live = context;

	for (;;) {
		struct pollfd fds[] = {{.fd = live->fd, .events = POLLIN}, {.fd = live->stop_fd, .events = POLLIN}};
		ssize_t n;

		if (poll(&fds[1], 1, 0) > 0)
			return 0;
		n = read(live->fd, buf, size);
		if (n > 0) {
			live->told = false;
			return n;
		}
		/* EPIPE: records were overwritten before they were read; the next one is there */
		if (n < 0 && (errno == EPIPE || errno == EINTR))
			continue;
		if (n < 0 && errno != EAGAIN)
			return -errno;
		n = poll(fds, 2, live->told ? -1 : SILENCE_MS);
		if (!n) {
			live->told = true;
			return -EAGAIN;
		}
	}
}

static void close_live(void *context)
{
	struct live_source *live = context;

	oom_closep(&live->fd);
	free(live);
}

int explain_open_live(int stop_fd, struct oom_err *err, struct explain_source *ret)
{
	struct live_source *live = calloc(1, sizeof(*live));
	int rc;

	if (!live)
		return oom_err_set(err, ENOMEM, "no memory to follow the kernel's log");
	live->stop_fd = stop_fd;
	live->fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (live->fd < 0) {
		rc = oom_err_errno(err, errno,
			"cannot open '/dev/kmsg' (kernel.dmesg_restrict? be root or of CAP_SYSLOG)");
		free(live);
		return rc;
	}
	lseek(live->fd, 0, SEEK_END);
	*ret = (struct explain_source){
		.read = read_live, .close = close_live, .context = live, .name = "/dev/kmsg"};
	return 0;
}
