/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_PANIC_H
#define OOM_PANIC_H

#include "lib/record/record.h"
#include "lib/scenario/scenario.h"

/*
 * A guest that panicked handed no record over: what its kernel wrote to its console is all that is left. Where
 * @scenario asks for the panic (Panic=yes), reads the kills before it from @printk_path, of which a program in the
 * guest can write no line of the kernel's (harness/guest/vm/qemu.c), and judges the expectations; otherwise the record
 * stays the failure that it is. The victims' names tell the workloads. 0 or -ENOMEM.
 */
int oom_panic_judge(
	const struct oom_scenario *scenario, const char *printk_path, struct oom_attempt *record);

#endif
