/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_TEST_TEXT_SOURCE_H
#define OOM_TEST_TEXT_SOURCE_H

#include <stddef.h>
#include <string.h>
#include <sys/types.h>

/* A text as the source of a log: an oom_klog_read of lib/klog/klog.h. */
struct text_source {
	const char *text;
	size_t left;
};

static inline ssize_t read_text(void *context, char *buf, size_t size)
{
	struct text_source *source = context;
	size_t n = source->left < size ? source->left : size;

	memcpy(buf, source->text, n);
	source->text += n;
	source->left -= n;
	return (ssize_t)n;
}

#endif
