// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/host/pages.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/mman.h>

enum { PAGE = 4096, BYTES = 16 * PAGE };

static int resident(void *pages, size_t bytes)
{
	unsigned char vec[BYTES / PAGE] = {0};
	int n = 0;

	if (mincore(pages, bytes, vec) < 0)
		return -1; /* ENOMEM: nothing is mapped there */
	for (size_t i = 0; i < bytes / PAGE; i++)
		n += vec[i] & 1;
	return n;
}

Test(pages, every_page_is_there_at_once)
{
	char *pages = oom_pages_take(BYTES);

	cr_assert_not_null(pages);
	cr_expect_eq(resident(pages, BYTES), BYTES / PAGE);
	memset(pages, 'x', BYTES);
	oom_pages_give(pages, BYTES);
}

Test(pages, what_is_given_back_goes_to_the_next_who_wants_as_much)
{
	char *pages = oom_pages_take(BYTES), *other, *again;

	pages[0] = 'x';
	oom_pages_give(pages, BYTES);
	other = oom_pages_take(BYTES / 2);
	cr_expect_neq(other, pages, "half as much is another's");
	again = oom_pages_take(BYTES);
	cr_expect_eq(again, pages);
	cr_expect_eq(resident(again, BYTES), BYTES / PAGE);
	cr_expect_neq(oom_pages_take(BYTES), again, "nobody else has it meanwhile");
}

Test(pages, only_so_much_is_kept)
{
	void *pages[5];

	for (int i = 0; i < 5; i++)
		pages[i] = oom_pages_take(BYTES);
	for (int i = 0; i < 5; i++)
		oom_pages_give(pages[i], BYTES);
	for (int i = 0; i < 4; i++)
		cr_expect_eq(resident(pages[i], BYTES), BYTES / PAGE, "%d", i);
	cr_expect_eq(resident(pages[4], BYTES), -1, "the fifth is unmapped");
	oom_pages_give(NULL, BYTES);
}
