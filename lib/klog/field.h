/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_KLOG_FIELD_H
#define OOM_KLOG_FIELD_H

#include "lib/klog/frame.h"

/* How long the field name is that @s begins with, 0: none. */
size_t oom_klog_field_name(struct oom_span s);
/* Is the line "A=…", of a name too short to be known for a field's outside an entry? */
bool oom_klog_is_short_field(struct oom_span raw);
/* "MESSAGE=…" of journal export, "\"MESSAGE\" : \"…\"," of JSON over many lines: the name becomes .ident. */
bool oom_klog_take_field(struct oom_span *s, struct oom_klog_line *line);

#endif
