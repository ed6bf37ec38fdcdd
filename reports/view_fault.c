// SPDX-License-Identifier: LGPL-2.1-or-later
#include "reports/style.h"
#include "reports/view.h"

#include <string.h>

const char *oom_view_fault(struct oom_arena *arena, const struct oom_fault_rec *fault)
{
	const char *name = fault->errno_value > 0 ? strerrorname_np((int)fault->errno_value) : NULL;
	const char *answer = fault->under_way ? "still under way"
		: !fault->errno_value	      ? "done"
		: fault->errno_value < 0      ? "what came of it is not known"
		: name
		? oom_arena_printf(arena, "refused, %s", name)
		: oom_arena_printf(arena, "refused, error %lld", (long long)fault->errno_value);
	char after[24];

	if (fault->fired_us < 0)
		return oom_arena_printf(arena, "%s (%s) never fired (%s)", fault->name ?: "?",
			fault->type ?: "?", fault->trigger ?: "?");
	return oom_arena_printf(arena, "%s (%s) fired after %s (%s): %s", fault->name ?: "?",
		fault->type ?: "?", oom_style_duration(fault->fired_us, after),
		fault->trigger ?: "?", answer);
}
