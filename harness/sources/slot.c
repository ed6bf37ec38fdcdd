// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/sources/slot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

int oom_source_absent(struct oom_source_slot *slot, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(slot->note, sizeof(slot->note), fmt, args);
	va_end(args);
	slot->state = OOM_SOURCE_ABSENT;
	return 0;
}
