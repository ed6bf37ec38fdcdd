// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The reader without memory: its 1st allocation fails, then its 2nd, … until it completes
 * untouched. ASan brings an allocator of its own that is not to be replaced; there the reader just
 * runs.
 */
#include "tests/support/scenario_schema.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#ifndef __SANITIZE_ADDRESS__
static long fail_at, allocations; /* fail_at 0: never */

extern void *__libc_calloc(size_t count, size_t bytes); /* glibc's own name of it */
void *calloc(size_t count, size_t bytes);

void *calloc(size_t count, size_t bytes)
{
	return ++allocations == fail_at ? NULL : __libc_calloc(count, bytes);
}

static int parse(const char *text, size_t len, long nth, size_t *ret_mistakes)
{
	struct oom_scenario *scenario = NULL;
	struct oom_diags diags = {0};
	int r;

	allocations = 0;
	fail_at = nth;
	r = oom_scenario_parse(&test_schema, "x", "x.scenario", text, len, &diags, &scenario);
	fail_at = 0;
	*ret_mistakes = diags.count;
	oom_scenario_free(scenario);
	oom_diags_release(&diags);
	return r;
}

/* Enough lines that the arenas need a chunk more than once. */
static char *long_text(const char *head, const char *line, size_t times, size_t *ret_len)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, ret_len);

	fputs(head, out);
	for (size_t i = 0; i < times; i++)
		fprintf(out, line, i);
	fclose(out);
	return text;
}

static void expect_survival(const char *head, const char *line, int result)
{
	size_t len, mistakes, wanted;
	char *text = long_text(head, line, 60, &len);
	long nth = 1;
	int r;

	cr_assert_eq(parse(text, len, 0, &wanted), result);
	while ((r = parse(text, len, nth, &mistakes)) == -ENOMEM)
		nth++;
	cr_expect_eq(r, result);
	cr_expect_eq(mistakes, wanted, "none is lost in silence");
	cr_expect(nth > 4, "only %ld allocations were made", nth);
	free(text);
}

Test(scenario_memory, good_file)
{
	expect_survival("[Workload a]\nType=idle\nSize=1M\n[Expect]\nOOMKills=0\n",
		"[Scope s%zu]\nMemoryMax=200M\n[Workload "
		"w%1$zu]\nType=anon\nSize=1M\nScope=s%1$zu\n",
		-EBADMSG);
	expect_survival("[Scope s]\nMemoryMax=1G\n[Expect]\nOOMKills=0\n",
		"[Workload w%zu]\nType=anon\nSize=64M\nStart=%1$zus\n", 0);
}

Test(scenario_memory, file_of_mistakes)
{
	expect_survival("[Expect]\n", "Nonsense%zu=12\n", -EBADMSG);
}
#else
Test(scenario_memory, reads)
{
	static const char text[] = "[Workload a]\nType=idle\nSize=1M\n[Expect]\nOOMKills=0\n";
	struct oom_scenario *scenario = NULL;
	struct oom_diags diags = {0};

	cr_expect_eq(oom_scenario_parse(
			     &test_schema, "x", "x", text, sizeof(text) - 1, &diags, &scenario),
		0);
	oom_scenario_free(scenario);
	oom_diags_release(&diags);
}
#endif
