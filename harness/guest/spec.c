// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/guest/internal.h"

#include <errno.h>
#include <string.h>

#define DEFAULT_IMAGE "debian:bookworm"

int oom_guest_spec_parse(struct oom_arena *arena, const char *text, struct oom_err *err,
	struct oom_guest_spec *ret)
{
	struct oom_guest_spec spec = {.id = oom_arena_strdup(arena, text)};
	char *rest = oom_arena_strdup(arena, text), *word;
	struct {
		const char *key;
		const char **value;
	} keys[] = {{"kernel", &spec.kernel}, {"modules", &spec.modules}, {"image", &spec.image}};

	if (!rest)
		return oom_err_set(err, ENOMEM, "no memory");
	if (!*text)
		return oom_err_set(err, EINVAL, "an empty guest name: debian:SUITE or kernel=PATH[,modules=DIR][,image=NAME]");
	if (oom_image_suite(text)) {
		spec.image = spec.id;
		*ret = spec;
		return 0;
	}
	while ((word = strsep(&rest, ","))) {
		char *value = strchr(word, '=');
		size_t i;

		for (i = 0; value && i < 3; i++)
			if (!strncmp(word, keys[i].key, (size_t)(value - word)) && !keys[i].key[value - word])
				break;
		if (!value || i == 3)
			return oom_err_set(err, EINVAL, "'%s' in the guest name '%s': debian:SUITE or kernel=PATH[,modules=DIR][,image=NAME|PATH]", word, text);
		if (!value[1] || *keys[i].value)
			return oom_err_set(err, EINVAL, "'%s=' is %s in the guest name '%s'", keys[i].key, value[1] ? "there twice" : "empty", text);
		*keys[i].value = value + 1;
	}
	if (spec.modules && !spec.kernel)
		return oom_err_set(err, EINVAL, "modules= without kernel= in the guest name '%s'", text);
	if (!spec.image)
		spec.image = DEFAULT_IMAGE;
	*ret = spec;
	return 0;
}
