// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/needs/needs.h"
#include "harness/needs/probe.h"

#include <stddef.h>

#define NEED(ident, name, arg, argument, help)                                                     \
	static const struct oom_need need_##ident = {                                              \
		name, help, OOM_NEED_##arg, argument, oom_need_##ident};
#include "harness/needs/needs.def"
#undef NEED

const struct oom_need *const oom_needs[] = {
#define NEED(ident, name, arg, argument, help) &need_##ident,
#include "harness/needs/needs.def"
#undef NEED
	NULL};
