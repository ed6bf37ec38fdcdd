/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_WIRE_FRAME_H
#define OOM_WIRE_FRAME_H

#include <stddef.h>
#include <stdint.h>

/*
 * A frame is a header (two little-endian u32: type, length) and its payload. Guest and host are the
 * same program, so there is no negotiation; the length is bounded all the same.
 */
enum oom_frame_type {
	OOM_FRAME_HELLO = 0x6f6f6d01, /* guest: JSON {"kernel","systemd","memory_bytes"} */
	OOM_FRAME_START, /* host: JSON, see job.c */
	OOM_FRAME_ALIVE, /* guest: empty, once a second */
	OOM_FRAME_FILE, /* guest: name NUL bytes; several of one name are appended */
	OOM_FRAME_RECORD, /* guest: a piece of the record's JSON */
	OOM_FRAME_REQUEST, /* guest: JSON, something only the host can do */
	OOM_FRAME_FAILED, /* guest: text; the attempt has no record */
	OOM_FRAME_SKIPPED, /* guest: the job's nonce; this kernel has no cgroup v1 */
	OOM_FRAME_DONE, /* guest: empty */
};

enum { OOM_FRAME_MAX = 1 << 20, OOM_FRAME_HEADER = 8 };

struct oom_frame {
	enum oom_frame_type type;
	uint32_t len;
	const char *data; /* valid until the next call */
};

struct oom_buffer {
	char *data;
	size_t len, size, taken;
};

int oom_buffer_add(struct oom_buffer *buffer, const void *data, size_t len);
/* Writes what goes without blocking. 0: all gone, 1: some left, -errno. */
int oom_buffer_drain(struct oom_buffer *buffer, int fd);
/* Reads what is there. 1: something came, 0: nothing now, -EPIPE: the end, -errno. */
int oom_buffer_fill(struct oom_buffer *buffer, int fd);
void oom_buffer_free(struct oom_buffer *buffer);
int oom_frame_add(
	struct oom_buffer *buffer, enum oom_frame_type type, const void *data, size_t len);
/* 1: *ret is the next whole frame, 0: none yet, -EBADMSG: that is no frame. */
int oom_frame_next(struct oom_buffer *buffer, struct oom_frame *ret);
/* Blocking, for the guest's side: a whole frame; a frame's header; all of @data, as it is. */
int oom_frame_send(int fd, enum oom_frame_type type, const void *data, size_t len);
void oom_frame_head(char buf[static OOM_FRAME_HEADER], enum oom_frame_type type, size_t len);
int oom_frame_write(int fd, const void *data, size_t len);

#endif
