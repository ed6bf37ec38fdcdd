// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/attempt/daemon_log.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct {
	const char *line, *word;
	bool has;
} rows[] = {
	{"sending SIGTERM to process 41 uid 0 \"sh\": badness 900", "41", true},
	{"sending SIGTERM to process 141 uid 0", "41", false},
	{"sending SIGTERM to process 414 uid 0, 41", "41", true},
	{"pid_41", "41", false},
	{"41", "41", true},
	{"", "41", false},
	{"Killed /a.slice/oomgate-1-box.scope due to memory pressure", "oomgate-1-box.scope", true},
	{"Killed /a.slice/oomgate-1-box.scopes due to", "oomgate-1-box.scope", false},
	{"anything", "", false},
};

Test(daemon_log, a_line_is_about_a_whole_word)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		cr_expect_eq(oom_line_has(rows[i].line, strlen(rows[i].line), rows[i].word),
			rows[i].has, "%s in %s", rows[i].word, rows[i].line);
	cr_expect_not(oom_line_has("process 41", 9, "41"), "it is cut off");
}
