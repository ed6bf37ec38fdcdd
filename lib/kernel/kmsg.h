/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_KMSG_H
#define OOM_KMSG_H

#include "lib/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Reader of /dev/kmsg (Documentation/ABI/testing/dev-kmsg): one read(2), one record; sequence numbers
 * tell what was overwritten before it could be read.
 */
struct oom_kmsg {
	int fd; /* non-blocking; poll for EPOLLIN */
	bool any;
	uint64_t next_seq; /* where any: the sequence number that should come next */
	uint64_t records;
	uint64_t lost; /* records overwritten unread */
};

/* A record's prefix "prio,seq,usec,flags[,…];". */
struct oom_kmsg_head {
	unsigned prio; /* facility * 8 + level; the kernel's own facility is 0 */
	uint64_t seq;
	uint64_t usec;
	char flag; /* '-', 'c' (continuation), '+' */
	size_t text_off; /* of the text behind the ';' */
};

/* No record of the kernel's is longer (CONSOLE_EXT_LOG_MAX, kernel/printk/printk.c: 8192). A smaller
 * buffer gets EINVAL and loses the record. */
enum { OOM_KMSG_RECORD_BYTES = 8192 };

/* Opens @path below @root_fd (AT_FDCWD for "/dev/kmsg") and seeks behind the last record. */
int oom_kmsg_open(int root_fd, const char *path, struct oom_err *err, struct oom_kmsg *ret);

/* The next record into @buf (at least OOM_KMSG_RECORD_BYTES), which is NUL-terminated where there is
 * room. Its length, 0 when there is none yet, -errno. Overruns are counted in .lost, never returned. */
long oom_kmsg_next(struct oom_kmsg *kmsg, char *buf, size_t size, struct oom_kmsg_head *ret_head);

/* Parses a record's prefix; false when it is none. Stops at the first NUL or after @len bytes. */
bool oom_kmsg_head_parse(const char *record, size_t len, struct oom_kmsg_head *ret);

/* Writes "<level>text" as a record of its own (facility user, so that no reader takes it for the
 * kernel's). */
int oom_kmsg_write(int root_fd, const char *path, int level, const char *text);

void oom_kmsg_close(struct oom_kmsg *kmsg);

#endif
