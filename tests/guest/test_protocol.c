// SPDX-License-Identifier: LGPL-2.1-or-later
/* What host and guest say to each other: jobs and frames. */
#include "harness/guest/wire/frame.h"
#include "harness/guest/wire/job.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct oom_guest_job sample = {
	.id = "memcg/over-cap",
	.path = "over-cap.scenario",
	.text = "# title\n[Scenario]\nTags=\"a\\b\"\n",
	.machine = "debian:bookworm",
	.attempt = 7,
	.seed = 0xfedcba9876543210ULL,
	.timeout_us = 60000000,
	.realtime_us = 1795195484000001,
	.entropy = {0, 1, 0xff, 0x80},
	.nonce = {0xde, 0xad, [15] = 1},
	.swap = true,
	.legacy = true,
	.hugepages = 32,
};

Test(guest_protocol, a_job_comes_through_whole)
{
	struct oom_arena arena = {0};
	struct oom_guest_job job;
	struct oom_err err;
	char *text;
	size_t len;

	cr_assert_eq(oom_job_encode(&sample, &text, &len), 0);
	cr_assert_eq(oom_job_decode(&arena, text, len, &err, &job), 0);
	cr_expect_str_eq(job.id, sample.id);
	cr_expect_str_eq(job.path, sample.path);
	cr_expect_str_eq(job.text, sample.text);
	cr_expect_str_eq(job.machine, sample.machine);
	cr_expect_eq(job.attempt, sample.attempt);
	cr_expect_eq(job.seed, sample.seed, "the top bit of a seed is kept");
	cr_expect_eq(job.timeout_us, sample.timeout_us);
	cr_expect_eq(job.realtime_us, sample.realtime_us);
	cr_expect_eq(memcmp(job.entropy, sample.entropy, sizeof(job.entropy)), 0);
	cr_expect_eq(memcmp(job.nonce, sample.nonce, sizeof(job.nonce)), 0);
	cr_expect(job.swap && !job.disk && job.legacy);
	cr_expect_eq(job.hugepages, sample.hugepages);
	free(text);
	oom_arena_release(&arena);
}

#define NONCE ",\"nonce\":\"000102030405060708090a0b0c0d0e0f\""
#define MORE  NONCE ",\"swap\":false,\"disk\":false,\"legacy\":false,\"hugepages\":0}"

Test(guest_protocol, what_is_no_job_is_refused)
{
	static const char *const rows[] = {"", "{}", "[1]", "{\"id\":\"x\"}", "nonsense",
		"{\"id\":1,\"path\":\"\",\"text\":\"\",\"machine\":\"\",\"attempt\":1,\"seed\":1,"
		"\"timeout_us\":1,\"realtime_us\":1,\"entropy\":\"\"" MORE,
		"{\"id\":\"\",\"path\":\"\",\"text\":\"\",\"machine\":\"\",\"attempt\":1,\"seed\":1,"
		"\"timeout_us\":1,\"realtime_us\":1,\"entropy\":\"zz\"" MORE};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct oom_arena arena = {0};
		struct oom_guest_job job = {.attempt = 99};
		struct oom_err err;

		cr_expect_eq(oom_job_decode(&arena, rows[i], strlen(rows[i]), &err, &job), -EBADMSG,
			"%s", rows[i]);
		cr_expect_eq(job.attempt, 99, "untouched by %s", rows[i]);
		oom_arena_release(&arena);
	}
}

Test(guest_protocol, a_jobs_numbers_are_read_whole)
{
	static const struct {
		const char *attempt, *entropy; /* @entropy @times in a row */
		int times;
		bool ok;
	} rows[] = {{"7", "0f", 64, true}, {"4294967295", "00", 64, true},
		{"4294967296", "00", 64, false}, {"-1", "00", 64, false}, {"7", "0", 1, false},
		{"7", "0", 3, false}, {"7", "0", 127, false}, {"7", "00", 63, false},
		{"7", "00", 65, false}, {"7", "+1", 64, false}, {"7", " 1", 64, false},
		{"7", "0x", 64, false}, {"7", "0F", 64, false}, {"7", "", 0, false}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct oom_arena arena = {0};
		struct oom_guest_job job = {.attempt = 99};
		struct oom_err err;
		char hex[160] = "", *text;

		for (int n = 0; n < rows[i].times; n++)
			strcat(hex, rows[i].entropy);
		text = oom_arena_printf(&arena,
			"{\"id\":\"x\",\"path\":\"\",\"text\":\"\",\"machine\":\"\",\"attempt\":%s,\"seed\":1,"
			"\"timeout_us\":1,\"realtime_us\":1,\"entropy\":\"%s\"" MORE,
			rows[i].attempt, hex);
		cr_expect_eq(oom_job_decode(&arena, text, strlen(text), &err, &job),
			rows[i].ok ? 0 : -EBADMSG, "%s", text);
		cr_expect(rows[i].ok || job.attempt == 99, "untouched by %s", text);
		oom_arena_release(&arena);
	}
}

Test(guest_protocol, frames_come_out_as_they_went_in_however_they_are_cut)
{
	struct oom_buffer out = {0};

	oom_frame_add(&out, OOM_FRAME_HELLO, "hello", 5);
	oom_frame_add(&out, OOM_FRAME_ALIVE, NULL, 0);
	oom_frame_add(&out, OOM_FRAME_RECORD, "\0\1\2", 3);
	for (size_t cut = 1; cut <= out.len; cut++) {
		struct oom_buffer in = {0};
		struct oom_frame frame;
		int seen = 0;

		for (size_t at = 0; at < out.len; at += cut) {
			oom_buffer_add(&in, out.data + at, at + cut < out.len ? cut : out.len - at);
			while (oom_frame_next(&in, &frame) == 1) {
				static const unsigned lens[] = {5, 0, 3};

				cr_assert_lt(seen, 3);
				cr_assert_eq(frame.len, lens[seen], "cut %zu, frame %d", cut, seen);
				seen++;
			}
		}
		cr_assert_eq(seen, 3, "cut at every %zu", cut);
		oom_buffer_free(&in);
	}
	oom_buffer_free(&out);
}

Test(guest_protocol, what_is_no_frame_is_refused)
{
	static const struct {
		uint32_t type, len;
		const char *what;
	} rows[] = {{0, 0, "type 0"}, {OOM_FRAME_HELLO - 1, 0, "below the first"},
		{OOM_FRAME_DONE + 1, 0, "above the last"},
		{OOM_FRAME_FILE, OOM_FRAME_MAX + 1, "too long"},
		{0x20303237, 0x61203332, "a line of text"}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct oom_buffer in = {0};
		uint32_t head[2] = {rows[i].type, rows[i].len};
		struct oom_frame frame;

		oom_buffer_add(&in, head, sizeof(head));
		cr_expect_eq(oom_frame_next(&in, &frame), -EBADMSG, "%s", rows[i].what);
		oom_buffer_free(&in);
	}
	cr_expect_eq(oom_frame_add(&(struct oom_buffer){0}, OOM_FRAME_FILE, "", OOM_FRAME_MAX + 1),
		-EMSGSIZE);
}
