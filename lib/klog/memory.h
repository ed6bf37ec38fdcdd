/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_KLOG_MEMORY_H
#define OOM_KLOG_MEMORY_H

#include "lib/base/span.h"
#include "lib/record/incident.h"

void oom_memory_init(struct oom_memory *memory);
/* Takes one line of the report; false when it is none of these. */
bool oom_memory_line(struct oom_memory *memory, struct oom_span text);
/* Turns counts of pages into KiB, once the page size is known. */
void oom_memory_finish(struct oom_memory *memory, int64_t page_kib);

#endif
