// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/klog/part.h"

void oom_klog_past_init(struct oom_klog_past *past)
{
	*past = (struct oom_klog_past){.last_us = -1};
}

/* Did the clock go back: is it another boot, or another log? */
static bool went_back(const struct oom_klog_past *past, int64_t time_us)
{
	return time_us >= 0 && past->last_us >= 0 && time_us < past->last_us - 1000000;
}

bool oom_klog_past_has(const struct oom_klog_past *past, const struct oom_recent *death)
{
	if (went_back(past, death->time_us))
		return false;
	for (size_t i = 0; i < past->n_recent && i < OOM_RECENT; i++) {
		const struct oom_recent *slot = past->recent + i;

		if (slot->pid == death->pid && slot->name == death->name &&
			(slot->time_us < 0 || death->time_us < 0 ||
				death->time_us - slot->time_us < OOM_PAST_US))
			return true;
	}
	return false;
}

void oom_klog_past_add(struct oom_klog_past *past, const struct oom_recent *death)
{
	if (went_back(past, death->time_us))
		past->n_recent = 0;
	if (death->time_us >= 0)
		past->last_us = death->time_us;
	past->recent[past->n_recent++ % OOM_RECENT] = *death;
}
