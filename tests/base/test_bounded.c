// SPDX-License-Identifier: LGPL-2.1-or-later
/* Text in fixed buffers, at and around their last byte. */
#include "lib/base/bounded.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

#define GUARD 0x5a

/* A buffer of @size bytes in front of bytes that nobody may touch. */
struct guarded {
	char bytes[32];
};

static struct oom_bounded text_in(struct guarded *g, size_t size)
{
	memset(g->bytes, GUARD, sizeof(g->bytes));
	return oom_bounded_in(g->bytes, size);
}

static void expect_whole(
	const struct guarded *g, const struct oom_bounded *text, const char *want, bool cut)
{
	for (size_t i = text->size; i < sizeof(g->bytes); i++)
		cr_assert_eq(g->bytes[i], GUARD, "size %zu: byte %zu was written", text->size, i);
	cr_expect_eq(text->cut, cut, "size %zu: cut", text->size);
	cr_expect_eq(oom_bounded_end(text), cut ? -ENAMETOOLONG : 0);
	cr_expect_eq(text->len, strlen(want), "size %zu: length %zu", text->size, text->len);
	if (text->size)
		cr_expect_str_eq(g->bytes, want, "size %zu", text->size);
}

Test(bounded, every_size_by_every_way)
{
	static const char whole[] = "scope-12";

	for (size_t size = 0; size <= sizeof(whole) + 2; size++) {
		char want[sizeof(whole)] = "";
		bool cut = size < sizeof(whole);
		struct guarded g;
		struct oom_bounded text = text_in(&g, size);

		if (size)
			memcpy(want, whole, cut ? size - 1 : sizeof(whole) - 1);
		oom_bounded_bytes(&text, whole, sizeof(whole) - 1);
		expect_whole(&g, &text, want, cut);

		text = text_in(&g, size);
		oom_bounded_text(&text, "scope");
		oom_bounded_char(&text, '-');
		oom_bounded_printf(&text, "%d", 12);
		expect_whole(&g, &text, want, cut);

		text = text_in(&g, size);
		for (size_t i = 0; whole[i]; i++)
			oom_bounded_printf(&text, "%c", whole[i]);
		expect_whole(&g, &text, want, cut);
	}
}

Test(bounded, nothing_goes_behind_a_cut)
{
	struct guarded g;
	struct oom_bounded text = text_in(&g, 8);

	oom_bounded_text(&text, "abcdefghi");
	expect_whole(&g, &text, "abcdefg", true);
	oom_bounded_back(&text, 3);
	oom_bounded_text(&text, "x");
	oom_bounded_char(&text, 'x');
	oom_bounded_printf(&text, "x");
	oom_bounded_bytes(&text, "x", 1);
	expect_whole(&g, &text, "abc", true);
}

Test(bounded, lengths_that_wrap)
{
	static const size_t lens[] = {
		SIZE_MAX, SIZE_MAX - 1, SIZE_MAX - 7, SIZE_MAX / 2, SIZE_MAX / 2 + 1};
	char big[64] = "0123456789012345678901234567890";

	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		struct guarded g;
		struct oom_bounded text = text_in(&g, 9);

		oom_bounded_text(&text, "abc");
		oom_bounded_bytes(&text, big, lens[i]);
		expect_whole(&g, &text, "abc01234", true);
	}
}

Test(bounded, nothing_is_put_without_being_cut)
{
	struct guarded g;
	struct oom_bounded text = text_in(&g, 4);

	oom_bounded_text(&text, "abc");
	oom_bounded_text(&text, "");
	oom_bounded_bytes(&text, NULL, 0);
	oom_bounded_printf(&text, "%s", "");
	expect_whole(&g, &text, "abc", false);
	oom_bounded_back(&text, 3);
	oom_bounded_back(&text, 9);
	expect_whole(&g, &text, "abc", false);
	oom_bounded_back(&text, 0);
	expect_whole(&g, &text, "", false);
}

Test(bounded, bytes_may_be_zeros)
{
	char buf[8];
	struct oom_bounded text = OOM_BOUNDED(buf);

	oom_bounded_bytes(&text, "a\0b", 3);
	oom_bounded_char(&text, '\0');
	cr_expect_eq(text.len, 4);
	cr_expect_arr_eq(buf, "a\0b\0", 5);
	cr_expect_eq(text.size, sizeof(buf));
}
