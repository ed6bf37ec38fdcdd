/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_KLOG_ASSEMBLY_H
#define OOM_KLOG_ASSEMBLY_H

#include "lib/klog/incident.h"

/* One line (or record) of the log, its .marks set; an enum oom_step, or -ENOMEM. */
int oom_assembly_line(struct oom_assembly *a, const struct oom_klog_line *line, int64_t number);

#endif
