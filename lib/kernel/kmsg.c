// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/kernel/kmsg.h"

#include "lib/base/cleanup.h"
#include "lib/base/span.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

int oom_kmsg_open(int root_fd, const char *path, struct oom_err *err, struct oom_kmsg *ret)
{
	oom_autoclose int fd = openat(root_fd, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return oom_err_errno(err, errno, "cannot open the kernel log '%s'%s", path,
			errno == EPERM || errno == EACCES
				? " (root or CAP_SYSLOG, or kernel.dmesg_restrict=0)"
				: "");
	if (lseek(fd, 0, SEEK_END) < 0 && errno != ESPIPE)
		return oom_err_errno(err, errno, "cannot seek to the end of '%s'", path);
	*ret = (struct oom_kmsg){.fd = oom_take_fd(&fd)};
	return 0;
}

/* Takes a whole number and the comma behind it off the front of @s. */
static bool head_number(struct oom_span *s, uint64_t *ret)
{
	return oom_span_take_uint(s, ret) && oom_span_skip(s, OOM_SPAN(","));
}

bool oom_kmsg_head_parse(const char *record, size_t len, struct oom_kmsg_head *ret)
{
	struct oom_span s = {record, len};
	uint64_t prio, seq, usec;
	const char *semicolon;

	if (!head_number(&s, &prio) || !head_number(&s, &seq) || !head_number(&s, &usec) ||
		prio > UINT_MAX || !s.len || *s.at == ';')
		return false;
	semicolon = memchr(s.at, ';', s.len);
	if (!semicolon)
		return false;
	*ret = (struct oom_kmsg_head){
		.prio = (unsigned)prio,
		.seq = seq,
		.usec = usec,
		.flag = *s.at,
		.text_off = (size_t)(semicolon + 1 - record),
	};
	return true;
}

long oom_kmsg_next(struct oom_kmsg *kmsg, char *buf, size_t size, struct oom_kmsg_head *ret_head)
{
	for (;;) {
		ssize_t n = read(kmsg->fd, buf, size - 1);
		struct oom_kmsg_head head;

		if (n < 0 && (errno == EINTR || errno == EPIPE))
			continue; /* overrun: the next record's sequence number tells how much */
		if (n < 0)
			return errno == EAGAIN ? 0 : -errno;
		if (n == 0)
			return 0;
		buf[n] = '\0';
		if (!oom_kmsg_head_parse(buf, (size_t)n, &head))
			return -EBADMSG;
		if (kmsg->any && head.seq > kmsg->next_seq)
			kmsg->lost += head.seq - kmsg->next_seq;
		kmsg->any = true;
		kmsg->next_seq = head.seq + 1;
		kmsg->records++;
		*ret_head = head;
		return n;
	}
}

int oom_kmsg_write(int root_fd, const char *path, int level, const char *text)
{
	oom_autoclose int fd = openat(root_fd, path, O_WRONLY | O_CLOEXEC);
	char line[512];
	int n;

	if (fd < 0)
		return -errno;
	/* without its newline a record could still be continued: no reader would be handed it yet */
	n = snprintf(line, sizeof(line), "<%d>%s\n", level, text);
	if (n >= (int)sizeof(line))
		return -E2BIG;
	return write(fd, line, (size_t)n) == n ? 0 : -errno;
}

void oom_kmsg_close(struct oom_kmsg *kmsg)
{
	if (kmsg->fd >= 0)
		close(kmsg->fd);
	kmsg->fd = -1;
}
