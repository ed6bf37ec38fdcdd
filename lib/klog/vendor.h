/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_KLOG_VENDOR_H
#define OOM_KLOG_VENDOR_H

#include "lib/klog/frame.h"

/* "| vcpu-0| I125: Guest: ": a hypervisor's log of what its guest printed. */
bool oom_klog_take_guest(struct oom_span *s, struct oom_klog_line *line);
/* Android's log behind its clock, or without one: "  479   479 I tag: ", "I/tag(  479): ". */
bool oom_klog_take_logcat(struct oom_span *s, struct oom_klog_line *line);
/* "(2)[195:kswapd0]", "[0:        kswapd0:   50] " behind a stamp; nothing where there is none. */
void oom_klog_take_vendor_mark(struct oom_span *s);

#endif
