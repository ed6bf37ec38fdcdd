/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TEST_SECTION_H
#define TEST_SECTION_H

#include "lib/scenario/key.h"

/* Sections of a scenario as literals: SECTION(OOM_SEC_SCOPE, "box", settings) with
 * settings[] = {SETTING("MemoryMax", SIZE(1 << 20)), …}. */

#define SIZE(n)                                                                                    \
	{                                                                                          \
		.type = OOM_T_SIZE, .text = #n, .size = {.bytes = (n) }                            \
	}
#define PERCENT(n)                                                                                 \
	{                                                                                          \
		.type = OOM_T_SIZE, .text = #n "%", .size = {.percent = (n), .is_percent = true }  \
	}
#define TEXT(t)                                                                                    \
	{                                                                                          \
		.type = OOM_T_STRING, .text = (t)                                                  \
	}
#define NUMBER(n)                                                                                  \
	{                                                                                          \
		.type = OOM_T_INT, .text = #n, .integer = (n)                                      \
	}
#define YESNO(b)                                                                                   \
	{                                                                                          \
		.type = OOM_T_BOOL, .text = #b, .boolean = (b)                                     \
	}
#define DURATION(us)                                                                               \
	{                                                                                          \
		.type = OOM_T_DURATION, .text = #us, .usec = (us)                                  \
	}
#define SETTING(k, ...)                                                                            \
	{                                                                                          \
		.key = &(const struct oom_key){.name = (k)}, .name = (k), .value = __VA_ARGS__     \
	}
#define SECTION(k, n, s)                                                                           \
	{                                                                                          \
		.kind = (k), .name = (n), .settings = (s),                                         \
		.n_settings = sizeof(s) / sizeof((s)[0])                                           \
	}

#endif
