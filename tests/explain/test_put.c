// SPDX-License-Identifier: LGPL-2.1-or-later
/* The JSON writer's buffer: what is put at and around its end comes out as it is. */
#include "harness/explain/put.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>

/* How many bytes may be left of the buffer when something is put. */
#define EDGE (ROW_BYTES + 2 * SLACK)

static struct explain_writer *writer(struct explain_part *part, size_t left)
{
	struct explain_writer *w =
		malloc(sizeof(*w)); /* .buf ends the block: ASan sees a byte more */

	*part = (struct explain_part){0};
	w->out = NULL;
	w->part = part;
	w->rc = 0;
	w->len = sizeof(w->buf) - left;
	memset(w->buf, 'a', w->len);
	return w;
}

/* All that came out behind what was there before, then both are freed. */
static void expect_out(struct explain_writer *w, struct explain_part *part, size_t left,
	const char *want, size_t len)
{
	size_t before = sizeof(w->buf) - left;

	cr_assert_leq(w->len, sizeof(w->buf));
	json_drain(w);
	cr_assert_eq(w->rc, 0);
	cr_assert_eq(part->len, before + len, "%zu left: %zu bytes, not %zu", left,
		part->len - before, len);
	cr_assert_eq(memcmp(part->data + before, want, len), 0, "%zu left", left);
	free(part->data);
	free(w);
}

static void put_all(struct explain_writer *w)
{
	json_put_key(w, "a_name");
	json_put_int(w, INT64_MIN);
	json_put_text(w, "x\x01\x7f\"\\\xff\xc3\xa9\xf0\x9f\x98\x80");
	json_put_text(w, NULL);
}

Test(explain_put, at_every_place_of_the_buffer)
{
	static const char want[] =
		"\"a_name\":-9223372036854775808\"x\\u0001\\u007f\\\"\\\\\xef\xbf\xbd"
		"\xc3\xa9\xf0\x9f\x98\x80\"null";

	for (size_t left = 0; left <= EDGE; left++) {
		struct explain_part part;
		struct explain_writer *w = writer(&part, left);

		put_all(w);
		expect_out(w, &part, left, want, sizeof(want) - 1);
	}
}

Test(explain_put, longer_than_the_buffer)
{
	static const size_t lens[] = {sizeof(((struct explain_writer *)NULL)->buf) - 1,
		sizeof(((struct explain_writer *)NULL)->buf),
		sizeof(((struct explain_writer *)NULL)->buf) + 1, 300000};

	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		for (size_t left = 0; left < 4; left++) {
			char *name = malloc(lens[i] + 4), *want = malloc(lens[i] + 4);
			struct explain_part part;
			struct explain_writer *w = writer(&part, left);

			for (size_t c = 0; c < lens[i]; c++)
				name[c] = (char)('b' + c % 23);
			name[lens[i]] = '\0';
			want[0] = '"';
			memcpy(want + 1, name, lens[i]);
			memcpy(want + 1 + lens[i], "\":", 2);
			json_put_key(w, name);
			expect_out(w, &part, left, want, lens[i] + 3);
			w = writer(&part, left);
			json_put_text(w, name);
			expect_out(w, &part, left, want, lens[i] + 2);
			free(name);
			free(want);
		}
	}
}

/* Numbers as long as they get; the texts make room for themselves. */
Test(explain_put, a_task_has_room_for_all_its_fields)
{
	static const struct oom_task task = {.pid = INT64_MIN,
		.tgid = INT64_MIN,
		.comm = "c",
		.uid = INT64_MIN,
		.total_vm_kib = INT64_MIN,
		.rss_kib = INT64_MIN,
		.anon_rss_kib = INT64_MIN,
		.file_rss_kib = INT64_MIN,
		.shmem_rss_kib = INT64_MIN,
		.pgtables_kib = INT64_MIN,
		.swapents = INT64_MIN,
		.oom_score_adj = INT64_MIN,
		.points = INT64_MIN + 1};
	size_t n = 0;

	for (const struct oom_field *field = oom_task_fields; field->name; field++)
		n += 1 + OOM_FIELD_KEY + sizeof("-9223372036854775808");
	cr_assert_leq(n, ROW_BYTES, "%zu bytes for all fields of a task", n);
	for (size_t left = 0; left <= EDGE; left++) {
		struct explain_part part, plain;
		struct explain_writer *w = writer(&plain, sizeof(w->buf));

		json_put_tasks(w, &task, 1);
		json_put_fields(w, oom_task_fields, &task);
		json_drain(w);
		free(w);
		w = writer(&part, left);
		json_put_tasks(w, &task, 1);
		json_put_fields(w, oom_task_fields, &task);
		expect_out(w, &part, left, plain.data, plain.len);
		free(plain.data);
	}
}
