/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_KLOG_KILL_H
#define OOM_KLOG_KILL_H

#include "lib/klog/shape.h"

/* The kill line alone (lib/klog/kill.c): "Killed process …", "Kill process …". */
bool oom_shape_parse_kill(struct oom_span text, struct oom_shape *shape);
/*
 * Process names hold anything: blanks, parentheses, commas, "Kill process 9". The end of one is the
 * last place within TASK_COMM_LEN where what must follow follows. @s begins behind the opening
 * parenthesis; returns the name and takes it and the closing one off.
 */
bool oom_shape_take_comm(struct oom_span *s, struct oom_span *ret);
/* "total-vm:12kB, anon-rss:…, UID:0 pgtables:8kB oom_score_adj:0": takes all pairs there are. */
void oom_shape_take_sizes(struct oom_span *s, struct oom_shape *shape);

#endif
