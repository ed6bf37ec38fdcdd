// SPDX-License-Identifier: LGPL-2.1-or-later
/* A kernel's file: where it says its release, that is a piece of it, and a name that can be a folder's. */
#include "harness/guest/image/kernel.h"
#include "tests/support/fuzz.h"

#include <ctype.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *image = fuzz_exact(data, size);
	size_t len = SIZE_MAX;
	const char *version = oom_kernel_version(image, size, &len);

	FUZZ_CHECK(version || len == SIZE_MAX);
	if (version) {
		FUZZ_CHECK(version >= image && len && len <= 64 && version + len < image + size);
		FUZZ_CHECK(isdigit((unsigned char)*version));
		for (size_t i = 0; i < len; i++)
			FUZZ_CHECK(isgraph((unsigned char)version[i]) && version[i] != '/');
	}
	free(image);
	return 0;
}
