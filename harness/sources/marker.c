// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/sources/marker.h"

#include "harness/host/process.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/random.h>

void oom_marker_make(const char *word, char ret[static OOM_MARKER_BYTES])
{
	uint64_t random;

	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) != sizeof(random))
		random = oom_monotonic_us();
	snprintf(ret, OOM_MARKER_BYTES, "oomgate: %s %016" PRIx64, word, random);
}
