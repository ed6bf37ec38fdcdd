/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_SOURCE_SLOT_H
#define OOM_SOURCE_SLOT_H

#include "harness/state/state.h"

/* Marks a slot as not to be had here. */
int oom_source_absent(struct oom_source_slot *slot, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
