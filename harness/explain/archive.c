// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/explain/archive.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

static struct oom_archive_api api;

static const struct {
	const char *name;
	size_t offset;
} functions[] = {
#define ARCHIVE_FUNCTION(name) {"archive_" #name, offsetof(struct oom_archive_api, name)},
#include "harness/explain/archive.def"
#undef ARCHIVE_FUNCTION
};

int oom_archive_load(struct oom_err *err, const struct oom_archive_api **ret)
{
	void *library = dlopen("libarchive.so.13", RTLD_NOW | RTLD_LOCAL);

	if (!library)
		return oom_err_set(err, ENOENT,
			"libarchive is not installed (package libarchive13); install it, or decompress the file first");
	for (size_t i = 0; i < sizeof(functions) / sizeof(*functions); i++) {
		void *function = dlsym(library, functions[i].name);

		if (!function)
			return oom_err_set(
				err, ENOENT, "libarchive has no %s()", functions[i].name);
		memcpy((char *)&api + functions[i].offset, &function, sizeof(function));
	}
	*ret = &api;
	return 0;
}
