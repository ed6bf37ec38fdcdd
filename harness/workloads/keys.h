/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_WORKLOADS_KEYS_H
#define OOM_WORKLOADS_KEYS_H

#include "lib/scenario/key.h"

/* Keys that several types share: a row each of their tables. */

/* clang-format off */
/* bytes; a type without this row takes none */
#define KEY_SIZE_REQUIRED(help_)                                                                   \
	{.name = "Size", .type = OOM_T_SIZE, .min = 1, .max = INT64_MAX,                           \
	 .flags = OOM_KEY_REQUIRED, .help = help_}
#define KEY_SIZE(dflt_, help_)                                                                     \
	{.name = "Size", .type = OOM_T_SIZE, .dflt = dflt_, .min = 0, .max = INT64_MAX,            \
	 .help = help_}
#define KEY_HOLD_FOREVER                                                                           \
	{.name = "Hold", .type = OOM_T_DURATION, .dflt = "forever", .choices = "forever|infinity", \
	 .help = "how long it runs; a bystander that ends by itself no longer is one"}
#define KEY_ON_REFUSAL                                                                             \
	{.name = "OnRefusal", .type = OOM_T_CHOICE, .dflt = "exit", .choices = "exit|hold|retry",  \
	 .help = "when the kernel refuses a request (ENOMEM, EAGAIN): exit with status 1, hold what " \
		 "was reached for Hold=, or retry every 50 ms"}
#define KEY_FILL                                                                                   \
	{.name = "Fill", .type = OOM_T_CHOICE, .dflt = "word", .choices = "word|page",             \
	 .help = "what is written to each page: one new word (cheap), or a page of incompressible " \
		 "words (for zram and zswap)"}
#define KEY_CHUNK(dflt_)                                                                           \
	{.name = "Chunk", .type = OOM_T_SIZE, .dflt = dflt_, .min = 4096, .max = INT64_MAX,        \
	 .help = "bytes requested from the kernel at a time with Pattern=linear"}
#define KEY_DIR(dflt_, what_)                                                                      \
	{.name = "Dir", .type = OOM_T_STRING, .dflt = dflt_, .help = "folder of " what_}
#define KEY_FILE(what_) {.name = "File", .type = OOM_T_STRING, .help = "path of " what_}
/* clang-format on */

#endif
