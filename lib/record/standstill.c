// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/record/standstill.h"

#include "lib/record/record.h"

int64_t oom_attempt_lost_us(const struct oom_attempt *attempt, int64_t from_us, int64_t to_us,
	const struct oom_standstill_rec **ret_longest)
{
	const struct oom_standstill_rec *longest = NULL;
	int64_t lost_us = 0;

	for (size_t i = 0; i < attempt->n_standstills; i++) {
		const struct oom_standstill_rec *s = &attempt->standstills[i];
		int64_t begin = s->at_us > from_us ? s->at_us : from_us, end;

		/* a record may say anything */
		if (s->at_us < 0 || s->length_us <= 0 || s->lost_us <= 0 ||
			__builtin_add_overflow(s->at_us, s->length_us, &end))
			continue;
		end = end < to_us ? end : to_us;
		if (end <= begin)
			continue;
		if (__builtin_add_overflow(
			    lost_us, s->lost_us < end - begin ? s->lost_us : end - begin, &lost_us))
			lost_us = INT64_MAX;
		if (!longest || s->lost_us > longest->lost_us)
			longest = s;
	}
	if (ret_longest)
		*ret_longest = longest;
	return lost_us;
}
