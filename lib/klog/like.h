/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_KLOG_LIKE_H
#define OOM_KLOG_LIKE_H

#include "lib/klog/frame.h"

/* Between the files: the front from @from to @end gave what @line says; @stamp: its "[secs]", or NULL. */
void oom_klog_like_learn(struct oom_klog_like *like, enum oom_klog_head head, const char *from,
	const char *stamp, const char *end, const struct oom_klog_line *line);
/* Takes a front that is known off @s. */
enum oom_klog_head oom_klog_like_take(
	const struct oom_klog_like *like, struct oom_span *s, struct oom_klog_line *ret);

#endif
