// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/klog/input.h"

#include "lib/klog/scan.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* What is held at a time: it should stay in the second-level cache, or else memory is read twice. */
#define BUFFER_BYTES ((size_t)512 * 1024)
/* Kept before the place of reading: an entry of many lines may begin there. */
#define HISTORY_BYTES ((size_t)16 * 1024)

int oom_klog_input_init(struct oom_klog_input *input, oom_klog_read *read, void *context)
{
	*input = (struct oom_klog_input){.read = read, .context = context, .number = 1};
	input->buf = malloc(BUFFER_BYTES);
	return input->buf ? 0 : -ENOMEM;
}

void oom_klog_input_release(struct oom_klog_input *input)
{
	free(input->buf);
	input->buf = NULL;
}

/* Moves what is left to the front and reads on. False: there is nothing more, for now or for good. */
static bool refill(struct oom_klog_input *input)
{
	size_t keep = input->begin < HISTORY_BYTES ? input->begin : HISTORY_BYTES;
	ssize_t n;

	if (input->end)
		return false;
	/* seldom: only when the buffer is used up */
	if (BUFFER_BYTES - input->fill < OOM_LINE_BYTES && input->begin > keep) {
		memmove(input->buf, input->buf + input->begin - keep,
			input->fill - input->begin + keep);
		input->fill -= input->begin - keep;
		input->begin = keep;
	}
	n = input->read(input->context, input->buf + input->fill, BUFFER_BYTES - input->fill);
	if (n > 0) {
		input->fill += (size_t)n;
		input->bytes += n;
		input->paused = false;
		return true;
	}
	input->paused = n == -EAGAIN;
	input->end = !input->paused;
	input->end_rc = (int)n;
	return false;
}

/* Goes on to the next line that may matter, or to what is left of the last one. */
static void leap(struct oom_klog_input *input)
{
	for (;;) {
		const char *from = input->buf + input->begin, *end = input->buf + input->fill;
		const char *stop = input->end ? end : memrchr(from, '\n', (size_t)(end - from));
		const char *hit, *start;
		int64_t lines = 0;

		/* whole lines only: the last one waits for its end */
		if (stop && stop > from) {
			hit = oom_klog_scan(from, stop, &lines);
			input->number += lines;
			start = memrchr(from, '\n', (size_t)(hit - from));
			if (start)
				input->begin = (size_t)(start + 1 - input->buf);
			if (hit < stop)
				return;
			if (input->end) {
				input->begin = input->fill;
				return;
			}
			/* behind the last whole line */
			input->begin = (size_t)(stop + 1 - input->buf);
			input->number++;
		}
		if (input->fill - input->begin >= OOM_LINE_BYTES || !refill(input))
			return;
	}
}

/* Passes over the rest of a line that was too long. */
static void cut(struct oom_klog_input *input)
{
	while (input->cutting) {
		char *from = input->buf + input->begin;
		char *end = memchr(from, '\n', input->fill - input->begin);

		input->begin = end ? (size_t)(end + 1 - input->buf) : input->fill;
		if (end) {
			input->cutting = false;
			input->number++;
		} else if (!refill(input)) {
			input->cutting = !input->end;
			return;
		}
	}
}

bool oom_klog_input_line(struct oom_klog_input *input, bool leaping, struct oom_span *ret,
	int64_t *ret_number, unsigned *ret_marks)
{
	cut(input);
	if (input->cutting)
		return false;
	if (leaping)
		leap(input);
	for (;;) {
		char *from = input->buf + input->begin;
		size_t left = input->fill - input->begin;
		const char *end = oom_klog_line_end(from, from + left, ret_marks);
		size_t len = end ? (size_t)(end - from) : left;

		if (end || (left && input->end) || left >= OOM_LINE_BYTES) {
			if (!end || len > OOM_LINE_BYTES)
				*ret_marks = oom_klog_marks(
					from, from + (len < OOM_LINE_BYTES ? len : OOM_LINE_BYTES));
			*ret_number = input->number;
			input->begin += len + (end != NULL);
			input->number += end != NULL;
			input->cutting = !end && !input->end;
			input->cut_lines += len > OOM_LINE_BYTES || input->cutting;
			*ret = (struct oom_span){from, len < OOM_LINE_BYTES ? len : OOM_LINE_BYTES};
			return true;
		}
		if (!refill(input) && (!input->end || input->begin == input->fill))
			return false;
	}
}

void oom_klog_input_unread(struct oom_klog_input *input, struct oom_span line)
{
	size_t at = (size_t)(line.at - input->buf);

	input->number -= oom_klog_count_lines(line.at, input->buf + input->begin);
	input->begin = at;
	input->cutting = false;
}

bool oom_klog_input_back(
	struct oom_klog_input *input, struct oom_span line, bool (*belongs)(struct oom_span line))
{
	const char *low = input->begin < HISTORY_BYTES ? input->buf
						       : input->buf + input->begin - HISTORY_BYTES;
	/* does all that was ever read begin there? */
	bool beginning = low == input->buf && input->bytes == (int64_t)input->fill, first = false;
	const char *p = line.at;

	while (p - low >= 2 && !first) {
		const char *feed = memrchr(low, '\n', (size_t)(p - 1 - low));
		const char *start = feed ? feed + 1 : low;

		if (!feed && !beginning)
			break;
		first = !belongs((struct oom_span){start, (size_t)(p - 1 - start)});
		if (!first)
			p = start;
	}
	input->number -= oom_klog_count_lines(p, input->buf + input->begin);
	input->begin = (size_t)(p - input->buf);
	return first || (beginning && p == low);
}

bool oom_klog_input_binary(struct oom_klog_input *input, struct oom_span *ret)
{
	uint64_t len = 0;

	while (input->fill - input->begin < 8) {
		if (!refill(input))
			return false;
	}
	for (int i = 7; i >= 0; i--)
		len = len << 8 | (unsigned char)input->buf[input->begin + (size_t)i];
	if (len > OOM_LINE_BYTES / 2)
		return false;
	while (input->fill - input->begin < len + 9) {
		if (!refill(input))
			return false;
	}
	*ret = (struct oom_span){input->buf + input->begin + 8, (size_t)len};
	input->number += oom_klog_count_lines(ret->at - 8, ret->at + len + 1);
	input->begin += (size_t)len + 9;
	return true;
}
