/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_KLOG_STAMP_H
#define OOM_KLOG_STAMP_H

#include "lib/klog/frame.h"

/* Where the next kernel time stamp ("[123.456789] ") begins in @s behind @from, or -1. */
ptrdiff_t oom_klog_find_stamp(struct oom_span s, size_t from);
/* "[  12.345678] ", "[Tue Aug 12 03:54:03 2025] ", "[+0.000012] " and "[T123] " behind them. */
bool oom_klog_take_brackets(struct oom_span *s, struct oom_klog_line *line);
/* A date with a time of day, as any logger writes it, and the blank behind it. */
bool oom_klog_take_clock(struct oom_span *s, struct oom_klog_line *line);
/* " 12.345678] ": a stamp whose front was cut off with the line's. */
bool oom_klog_take_cut_stamp(struct oom_span *s, struct oom_klog_line *line);

#endif
