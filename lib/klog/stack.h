/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_KLOG_STACK_H
#define OOM_KLOG_STACK_H

#include "lib/base/span.h"

#include <stdbool.h>

/*
 * One line of a call trace (arch/x86/kernel/dumpstack.c and its kin of arm, arm64, powerpc, riscv): *@ret is
 * "symbol+0xOFFSET/0xSIZE", with " [module]" where it is one's. False: it is no such line (registers are
 * none), or the kernel itself is not sure that the function was on the way ("? ", "(unreliable)").
 */
bool oom_klog_stack_frame(struct oom_span text, struct oom_span *ret);

#endif
