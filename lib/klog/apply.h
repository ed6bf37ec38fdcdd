/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_KLOG_APPLY_H
#define OOM_KLOG_APPLY_H

#include "lib/klog/incident.h"

/* What a parsed line does (lib/klog/apply.c): an enum oom_step. */
int oom_assembly_apply(struct oom_assembly *a, const struct oom_klog_line *line,
	const struct oom_shape *shape, int64_t number);
/* The same line with its broken-off rest. */
void oom_assembly_reapply(struct oom_assembly *a, const struct oom_klog_line *line,
	const struct oom_shape *shape, int64_t number);

#endif
