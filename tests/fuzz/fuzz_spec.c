// SPDX-License-Identifier: LGPL-2.1-or-later
/* What --guest says: a refusal has a message and leaves no guest; what is read is a guest whose parts, written in
 * one order, are read as the same parts. */
#include "harness/guest/image/spec.h"
#include "lib/base/arena.h"
#include "lib/base/err.h"
#include "tests/support/fuzz.h"

#include <stdbool.h>

static bool parse(struct oom_arena *arena, const char *text, struct oom_guest_spec *ret)
{
	struct oom_err err = {0};
	int r;

	*ret = (struct oom_guest_spec){0};
	r = oom_guest_spec_parse(arena, text, &err, ret);
	FUZZ_CHECK(r <= 0 && (r == 0) == !*err.msg && (r == 0) == (ret->id != NULL));
	FUZZ_CHECK(r == 0 || (!ret->image && !ret->kernel && !ret->modules));
	return r == 0;
}

static bool same_part(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct oom_arena arena = {0};
	struct oom_guest_spec spec, again;
	char *text = fuzz_text(data, size);

	if (parse(&arena, text, &spec)) {
		const char *parts[] = {spec.image, spec.kernel, spec.modules};

		FUZZ_CHECK(!strcmp(spec.id, text) && spec.image && (spec.kernel || !spec.modules));
		for (size_t i = 0; i < 3; i++)
			FUZZ_CHECK(!parts[i] || (*parts[i] && !strchr(parts[i], ',')));
		FUZZ_CHECK(parse(&arena,
			oom_arena_printf(&arena, "image=%s%s%s%s%s", spec.image,
				spec.kernel ? ",kernel=" : "", spec.kernel ? spec.kernel : "",
				spec.modules ? ",modules=" : "", spec.modules ? spec.modules : ""),
			&again));
		FUZZ_CHECK(same_part(spec.image, again.image) &&
			same_part(spec.kernel, again.kernel) &&
			same_part(spec.modules, again.modules));
	}
	free(text);
	oom_arena_release(&arena);
	return 0;
}
