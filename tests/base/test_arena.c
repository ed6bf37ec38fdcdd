// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/base/arena.h"

#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>

Test(arena, keeps_what_it_was_given)
{
	struct oom_arena arena = {0};
	char *first = oom_arena_strdup(&arena, "first");
	char *long_text = oom_arena_printf(&arena, "%0*d", 100000, 7);

	cr_assert_str_eq(first, "first");
	cr_assert_eq(strlen(long_text), 100000);
	cr_assert_eq(long_text[99999], '7');
	cr_assert_null(oom_arena_strdup(&arena, NULL));
	oom_arena_release(&arena);
	cr_assert_null(arena.chunks);
}

Test(arena, arrays_grow_and_keep_their_elements)
{
	struct oom_arena arena = {0};
	uint32_t *numbers = NULL;

	for (uint32_t i = 0; i < 1000; i++) {
		numbers = oom_arena_grow(&arena, numbers, i, sizeof(*numbers));
		cr_assert_not_null(numbers);
		numbers[i] = i;
	}
	for (uint32_t i = 0; i < 1000; i++)
		cr_assert_eq(numbers[i], i);
	oom_arena_release(&arena);
}

Test(arena, an_impossible_size_is_remembered)
{
	struct oom_arena arena = {0};

	cr_assert_null(oom_arena_alloc(&arena, SIZE_MAX - 8));
	cr_assert(arena.failed);
	oom_arena_release(&arena);
}
