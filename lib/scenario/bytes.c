// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/base/utf8.h"
#include "lib/scenario/internal.h"

#include <string.h>

bool oom_line_is_text(struct oom_reader *reader, const char *line, size_t len, unsigned number)
{
	struct oom_place place = {.line = number, .col = 1};

	if (len > OOM_SCENARIO_LINE_MAX) {
		oom_reader_mistake(
			reader, place, "the line has more than %d bytes", OOM_SCENARIO_LINE_MAX);
		return false;
	}
	for (size_t i = 0, n; i < len; i += n, place.col++) {
		const unsigned char *p = (const unsigned char *)line + i;

		n = oom_utf8_len((const char *)p, len - i);
		if (!n) {
			oom_reader_mistake(reader, place, "byte 0x%02x is not valid UTF-8", *p);
			return false;
		}
		if ((*p < 0x20 && *p != '\t') || *p == 0x7f) {
			oom_reader_mistake(reader, place, "control character 0x%02x", *p);
			return false;
		}
	}
	return true;
}
