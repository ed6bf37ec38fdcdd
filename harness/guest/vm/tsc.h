/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_VM_TSC_H
#define OOM_VM_TSC_H

#include <stdint.h>

/* What a guest is told of its time stamp counter, where it is emulated; takes 20 ms. */
uint64_t oom_tsc_khz(void);

#endif
