/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_UNIT_H
#define OOM_UNIT_H

#include "harness/units/backend.h"
#include "lib/base/arena.h"

/* What the back ends share. */

/* "scope", "slice", "service" */
const char *oom_unit_kind(const struct oom_section *section);
/* @name as a part of a unit's name: what systemd.unit(5) does not allow there becomes \xNN; so does a
 * dash where it means nesting (!@dashes: slices). */
int oom_unit_name_escape(const char *name, bool dashes, char *buf, size_t size);
/* What the cgroup itself knows: names, memory_max_bytes, memory_peak_bytes. */
int oom_unit_collect_files(
	const struct oom_backend_unit *unit, struct oom_arena *arena, struct oom_unit_rec *rec);

/* SIGKILL to every process of the unit but its keeper; was there any? */
bool oom_unit_kill(const struct oom_backend_unit *unit);
/* Has it any process but its keeper? A slice is said to have. Allocates nothing, like the above. */
bool oom_unit_has_processes(const struct oom_backend_unit *unit);

#endif
