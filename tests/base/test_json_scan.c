// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a JSON text would cost, counted over its bytes, however they are cut. */
#include "lib/base/json_scan.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *text;
	uint64_t values, text_max;
	unsigned depth_max;
} rows[] = {
	{"", 0, 0, 0},
	{"{}", 1, 0, 1},
	{"[]", 1, 0, 1},
	{"12", 1, 0, 0},
	{" -1.5e+3 ", 1, 0, 0},
	{"[1,2,3]", 4, 0, 1},
	{"[true,false,null]", 4, 0, 1},
	{"[1 , 2\n,\t3\r]", 4, 0, 1},
	{"{\"a\":1}", 3, 1, 1},
	{"{\"a\":{\"bc\":[[]]}}", 6, 2, 4},
	{"[[],[],[[]]]", 5, 0, 3},
	{"\"no [brackets], no {braces}: nor 1,2\"", 1, 35, 0},
	{"[\"a quote \\\" and on\"]", 2, 17, 1},
	{"[\"a backslash \\\\\",\"b\"]", 3, 14, 1},
	{"[\"\\u0022\",\"\\\\\\\"\"]", 3, 6, 1},
	/* what is no JSON: no more than that is counted, and nothing goes wrong */
	{"]]]}", 0, 0, 0},
	{"[[[[", 4, 0, 4},
	{"]]][", 1, 0, 1},
	{"\"never closed", 1, 12, 0},
	{"nonsense of three", 3, 0, 0},
};

Test(json_scan, a_text_is_counted_however_it_is_cut)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		size_t len = strlen(rows[i].text);

		for (size_t cut = 1; cut <= len + 1; cut++) {
			struct oom_json_scan scan = {0};

			for (size_t at = 0; at < len; at += cut)
				oom_json_scan(
					&scan, rows[i].text + at, at + cut < len ? cut : len - at);
			cr_expect_eq(scan.values, rows[i].values, "%s cut at %zu: %lu values",
				rows[i].text, cut, scan.values);
			cr_expect_eq(scan.depth_max, rows[i].depth_max, "%s cut at %zu: depth %u",
				rows[i].text, cut, scan.depth_max);
			cr_expect_eq(scan.text_max, rows[i].text_max,
				"%s cut at %zu: a text of %lu", rows[i].text, cut, scan.text_max);
		}
	}
}

/* Values as the parser has them: what a tree holds, and its keys. */
static uint64_t count(const json_t *json)
{
	uint64_t n = 1;
	const char *key;
	json_t *item;
	size_t i;

	json_array_foreach (json, i, item)
		n += count(item);
	json_object_foreach ((json_t *)(uintptr_t)json, key, item)
		n += 1 + count(item);
	return n;
}

Test(json_scan, it_counts_what_the_parser_makes)
{
	json_t *json = json_load_file("tests/data/reports/verdicts.utf8.json", 0, NULL);
	struct oom_json_scan scan = {0};
	char *text;

	cr_assert_not_null(json);
	text = json_dumps(json, JSON_INDENT(3));
	oom_json_scan(&scan, text, strlen(text));
	cr_expect_eq(scan.values, count(json), "%lu values, and %lu in the tree", scan.values,
		count(json));
	cr_expect_eq(scan.depth, 0);
	free(text);
	json_decref(json);
}
