// SPDX-License-Identifier: LGPL-2.1-or-later
#include "reports/style.h"
#include "reports/view.h"

const char *oom_view_standstill(struct oom_arena *arena, const struct oom_standstill_rec *still)
{
	char lost[24], length[24], at[24];

	oom_style_duration(still->length_us, length);
	oom_style_duration(still->at_us, at);
	if (still->lost_us <= 0)
		return oom_arena_printf(arena,
			"no sample for %s, at %s: nobody saw the machine stand still", length, at);
	return oom_arena_printf(arena, "%s of %s, at %s: %s",
		oom_style_duration(still->lost_us, lost), length, at,
		still->why ?: "nobody says why");
}
