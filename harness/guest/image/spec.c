// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/guest/image/spec.h"

#include "harness/guest/image/suite.h"
#include "lib/base/arena.h"
#include "lib/base/choice.h"

#include <errno.h>
#include <string.h>

#define OTHER_FORM "kernel=PATH[,modules=DIR][,image=NAME|PATH]"

/* "KEY=VALUE" into its place in @spec. */
static int read_word(const char *text, char *word, struct oom_guest_spec *spec, struct oom_err *err)
{
	static const char *const names[] = {"kernel", "modules", "image"};
	const char **const values[] = {&spec->kernel, &spec->modules, &spec->image};
	char *value = strchr(word, '=');
	size_t i;

	if (!value)
		return oom_err_set(err, EINVAL,
			"'%s' in the guest name '%s': debian:SUITE or " OTHER_FORM, word, text);
	*value++ = '\0';
	for (i = 0; i < 3 && strcmp(word, names[i]); i++)
		;
	if (i == 3)
		return oom_choice_unknown(err, "key of a guest's name", word, names, 3);
	if (!*value || *values[i])
		return oom_err_set(err, EINVAL, "'%s=' is %s in the guest name '%s'", names[i],
			*value ? "given twice" : "empty", text);
	*values[i] = value;
	return 0;
}

int oom_guest_spec_parse(
	struct oom_arena *arena, const char *text, struct oom_err *err, struct oom_guest_spec *ret)
{
	struct oom_guest_spec spec = {.id = oom_arena_strdup(arena, text)};
	char *rest = oom_arena_strdup(arena, text), *word;
	int r = 0;

	if (!rest)
		return oom_err_set(err, ENOMEM, "no memory");
	if (!*text)
		return oom_err_set(err, EINVAL, "an empty guest name: debian:SUITE or " OTHER_FORM);
	if (!strpbrk(text, "=,")) {
		if (!oom_image_suite(text))
			return oom_suite_unknown("guest", text, OTHER_FORM, err);
		spec.image = spec.id;
		*ret = spec;
		return 0;
	}
	/* strsep(), not strtok(): an empty part is a mistake */
	while (!r && (word = strsep(&rest, ",")))
		r = read_word(text, word, &spec, err);
	if (r)
		return r;
	if (spec.modules && !spec.kernel)
		return oom_err_set(
			err, EINVAL, "modules= without kernel= in the guest name '%s'", text);
	if (!spec.image)
		spec.image = OOM_SUITE_DEFAULT;
	if (!strncmp(spec.image, "debian:", 7) && !oom_image_suite(spec.image))
		return oom_suite_unknown("image", spec.image, NULL, err);
	*ret = spec;
	return 0;
}
