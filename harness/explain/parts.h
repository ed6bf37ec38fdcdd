/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_EXPLAIN_PARTS_H
#define OOM_EXPLAIN_PARTS_H

#include "harness/explain/session.h"

/*
 * parts.c: reads the regular file @fd by several readers at once, as far as that is certain to be what
 * one reader would have said. *@ret_end is how far that is (0: nothing was read), @past what a reader must know
 * that goes on from there. 1: to its end, 0: one reader must go on, or -errno.
 */
int explain_read_parts(struct explain_session *s, int fd, struct oom_klog_past *past,
	struct oom_klog_counts *counts, off_t *ret_end);

#endif
