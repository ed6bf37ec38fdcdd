/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TEST_PEAK_H
#define TEST_PEAK_H

#include "harness/units/backend.h"

#include <fcntl.h>
#include <stdbool.h>
#include <unistd.h>

/* Does this kernel tell of @unit's peak? memory.peak of cgroup v2 came with Linux 5.19. */
static inline bool peak_told(const struct oom_backend_unit *unit)
{
	return unit->v1 || !faccessat(unit->dir_fd, "memory.peak", F_OK, 0);
}

/* A peak that is in the range of bytes, or -1 where none is told. */
static inline bool peak_is(int64_t peak_bytes, bool told, int64_t least, int64_t most)
{
	return told ? peak_bytes > least && peak_bytes <= most : peak_bytes == -1;
}

#endif
