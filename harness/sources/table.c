// SPDX-License-Identifier: LGPL-2.1-or-later

#include "harness/sources/source.h"

const struct oom_source *const oom_sources[] = {
#define SOURCE(ident) &oom_source_##ident,
#include "harness/sources/sources.def"
#undef SOURCE
	NULL,
};
