/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_KLOG_JOINT_H
#define OOM_KLOG_JOINT_H

#include "lib/base/span.h"

/*
 * Records on one line: where the next joint ("#012", a line feed) is in @s from @from on, or -1; takes
 * one off the front of @s; does one of the records behind a joint say what only a record of its own does?
 */
ptrdiff_t oom_klog_find_joint(struct oom_span s, size_t from);
bool oom_klog_is_joined(struct oom_span s);
void oom_klog_skip_joint(struct oom_span *s);

#endif
