// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/explain/explain.h"

#include "lib/base/cleanup.h"
#include "lib/base/span.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>

/* A report is printed without pauses: after this long a silence it is over. */
#define SILENCE_MS 200

struct live_source {
	int fd, stop_fd;
	bool told; /* the reader knows of the silence */
	int64_t seq, lost; /* of the last record, -1; records that are missing before others */
};

/* "prio,seq,usec,flags;text": what is missing between two numbers was overwritten before it was read. */
static void count_lost(struct live_source *live, const char *record, size_t len)
{
	const char *comma = memchr(record, ',', len);
	struct oom_span rest = {
		comma ? comma + 1 : record, comma ? (size_t)(record + len - comma - 1) : 0};
	int64_t seq;

	if (!oom_span_take_int(&rest, &seq) || seq < 0)
		return;
	if (live->seq >= 0 && seq > live->seq + 1)
		live->lost += seq - live->seq - 1;
	live->seq = seq;
}

/* One read(2), one record; a buffer below 8 KiB would lose it (Documentation/ABI/testing/dev-kmsg). */
static ssize_t read_live(void *context, char *buf, size_t size)
{
	struct live_source *live = context;

	for (;;) {
		struct pollfd fds[] = {{.fd = live->fd, .events = POLLIN},
			{.fd = live->stop_fd, .events = POLLIN}};
		ssize_t n;

		if (poll(&fds[1], 1, 0) > 0)
			return 0;
		n = read(live->fd, buf, size);
		if (n > 0) {
			count_lost(live, buf, (size_t)n);
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

static int64_t lost_live(const void *context)
{
	return ((const struct live_source *)context)->lost;
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
		return oom_err_set(err, ENOMEM, "out of memory reading '/dev/kmsg'");
	live->stop_fd = stop_fd;
	live->seq = -1;
	live->fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (live->fd < 0) {
		rc = oom_err_errno(err, errno,
			"cannot open '/dev/kmsg' (with kernel.dmesg_restrict=1 it takes root or CAP_SYSLOG)");
		free(live);
		return rc;
	}
	lseek(live->fd, 0, SEEK_END);
	*ret = (struct explain_source){.read = read_live,
		.close = close_live,
		.lost = lost_live,
		.context = live,
		.plain_fd = -1,
		.name = "/dev/kmsg"};
	return 0;
}
