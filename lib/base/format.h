/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_FORMAT_H
#define OOM_FORMAT_H

#include <stdint.h>

/* "198.4M", "1.5s": the shortest form that a person reads, "infinity" for UINT64_MAX; @buf is returned. */
const char *oom_format_size(uint64_t bytes, char buf[static 24]);
const char *oom_format_duration(uint64_t usec, char buf[static 24]);

/* The word that goes with @count: @one for 1, @many for all others ("1 line", "0 lines"; "is", "are"). */
const char *oom_plural(uint64_t count, const char *one, const char *many);

#endif
