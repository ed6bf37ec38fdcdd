/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_KLOG_INPUT_H
#define OOM_KLOG_INPUT_H

#include "lib/base/span.h"
#include "lib/klog/klog.h"

/* Lines out of a stream of bytes, in one buffer, and the leap over those that cannot matter. */
struct oom_klog_input {
	oom_klog_read *read;
	void *context;
	int end_rc; /* what read() ended with */
	bool end, paused;
	bool cutting; /* inside a line that was too long */
	char *buf;
	size_t begin, fill; /* of what is left in .buf */
	int64_t number; /* of the line at .begin, from 1 */
	int64_t bytes, cut_lines;
};

/* The longest line that is looked at: the kernel's own end below 8 KiB, the rest is a frame. */
#define OOM_LINE_BYTES ((size_t)64 * 1024)

int oom_klog_input_init(struct oom_klog_input *input, oom_klog_read *read, void *context);
void oom_klog_input_release(struct oom_klog_input *input);

/*
 * The next line without its line feed, valid until the next call, and its number. False: there is
 * none, for now (.paused) or for good (.end). @leap: lines that cannot be about killing are passed over.
 * *@ret_marks: lib/klog/scan.h.
 */
bool oom_klog_input_line(struct oom_klog_input *input, bool leap, struct oom_span *ret,
	int64_t *ret_number, unsigned *ret_marks);

/* Hands out @line, the last one, once more. */
void oom_klog_input_unread(struct oom_klog_input *input, struct oom_span line);

/* Goes back over the lines before @line that @belongs says yes to, at most 16 KiB. False: it may not have
 * come to the first of them. */
bool oom_klog_input_back(
	struct oom_klog_input *input, struct oom_span line, bool (*belongs)(struct oom_span line));

/* What stands behind the last line is 8 bytes of length and so many of data (journal export). False when
 * it is too long for that, or not there. */
bool oom_klog_input_binary(struct oom_klog_input *input, struct oom_span *ret);

#endif
