// SPDX-License-Identifier: LGPL-2.1-or-later

#include "harness/guest/wire/frame.h"

#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

enum { READ_BYTES = 65536 };

void oom_buffer_free(struct oom_buffer *buffer)
{
	free(buffer->data);
	memset(buffer, 0, sizeof(*buffer));
}

/* Room for @more bytes behind what is there; what was taken makes room first. */
static int reserve(struct oom_buffer *buffer, size_t more)
{
	size_t size = buffer->size ? buffer->size : READ_BYTES;
	char *grown;

	if (buffer->taken) {
		memmove(buffer->data, buffer->data + buffer->taken, buffer->len - buffer->taken);
		buffer->len -= buffer->taken;
		buffer->taken = 0;
	}
	if (buffer->size - buffer->len >= more)
		return 0;
	while (size - buffer->len < more)
		size *= 2;
	grown = realloc(buffer->data, size);
	if (!grown)
		return -ENOMEM;
	buffer->data = grown;
	buffer->size = size;
	return 0;
}

int oom_buffer_add(struct oom_buffer *buffer, const void *data, size_t len)
{
	int r = len ? reserve(buffer, len) : 0;

	if (r || !len)
		return r;
	memcpy(buffer->data + buffer->len, data, len);
	buffer->len += len;
	return 0;
}

int oom_buffer_fill(struct oom_buffer *buffer, int fd)
{
	int r = reserve(buffer, READ_BYTES);
	ssize_t n;

	if (r)
		return r;
	n = read(fd, buffer->data + buffer->len, READ_BYTES);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0
			: errno == ECONNRESET		 ? -EPIPE
							 : -errno;
	if (!n)
		return -EPIPE;
	buffer->len += (size_t)n;
	return 1;
}

int oom_buffer_drain(struct oom_buffer *buffer, int fd)
{
	while (buffer->taken < buffer->len) {
		ssize_t n = write(fd, buffer->data + buffer->taken, buffer->len - buffer->taken);

		if (n < 0)
			return errno == EAGAIN || errno == EINTR ? 1 : -errno;
		buffer->taken += (size_t)n;
	}
	buffer->len = buffer->taken = 0;
	return 0;
}

int oom_frame_next(struct oom_buffer *buffer, struct oom_frame *ret)
{
	const char *at = buffer->data + buffer->taken;
	size_t left = buffer->len - buffer->taken;
	uint32_t head[2];

	if (left < sizeof(head))
		return 0;
	memcpy(head, at, sizeof(head));
	head[0] = le32toh(head[0]);
	head[1] = le32toh(head[1]);
	if (head[0] < OOM_FRAME_HELLO || head[0] > OOM_FRAME_DONE || head[1] > OOM_FRAME_MAX)
		return -EBADMSG;
	if (left - sizeof(head) < head[1])
		return 0;
	ret->type = (enum oom_frame_type)head[0];
	ret->len = head[1];
	ret->data = at + sizeof(head);
	buffer->taken += sizeof(head) + head[1];
	return 1;
}

int oom_frame_add(struct oom_buffer *buffer, enum oom_frame_type type, const void *data, size_t len)
{
	uint32_t head[2] = {htole32((uint32_t)type), htole32((uint32_t)len)};
	int r = len > OOM_FRAME_MAX ? -EMSGSIZE : oom_buffer_add(buffer, head, sizeof(head));

	return r ? r : oom_buffer_add(buffer, data, len);
}

int oom_frame_write(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EAGAIN) {
			struct pollfd pfd = {.fd = fd, .events = POLLOUT};

			poll(&pfd, 1, -1);
			continue;
		}
		if (n < 0 && errno != EINTR)
			return -errno;
		p += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
	return 0;
}

void oom_frame_head(char buf[static OOM_FRAME_HEADER], enum oom_frame_type type, size_t len)
{
	uint32_t head[2] = {htole32((uint32_t)type), htole32((uint32_t)len)};

	memcpy(buf, head, sizeof(head));
}

int oom_frame_send(int fd, enum oom_frame_type type, const void *data, size_t len)
{
	uint32_t head[2] = {htole32((uint32_t)type), htole32((uint32_t)len)};
	int r = len > OOM_FRAME_MAX ? -EMSGSIZE : oom_frame_write(fd, head, sizeof(head));

	return r ? r : oom_frame_write(fd, data, len);
}
