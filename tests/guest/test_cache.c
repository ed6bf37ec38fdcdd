// SPDX-License-Identifier: LGPL-2.1-or-later
/* The cache: hashes, saved machines that rot, least recently used first. */
#include "harness/guest/cache/cache.h"
#include "harness/guest/cache/hash.h"
#include "harness/guest/cache/tool.h"
#include "harness/guest/image/probe.h"
#include "harness/guest/vm/state.h"
#include "harness/host/file.h"
#include "tests/support/own_cache.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

TestSuite(guest_cache, .init = test_cache_open, .fini = test_cache_close);

Test(guest_cache, every_flipped_bit_and_every_length_changes_the_hash)
{
	unsigned char data[100] = {0};
	uint64_t whole = oom_hash(1, data, sizeof(data));

	for (size_t bit = 0; bit < sizeof(data) * 8; bit++) {
		data[bit / 8] ^= (unsigned char)(1 << bit % 8);
		cr_assert_neq(oom_hash(1, data, sizeof(data)), whole, "bit %zu", bit);
		data[bit / 8] ^= (unsigned char)(1 << bit % 8);
	}
	for (size_t len = 0; len < sizeof(data); len++)
		cr_assert_neq(oom_hash(1, data, len), whole, "length %zu", len);
	cr_assert_eq(oom_hash(1, data, sizeof(data)), whole);
	cr_assert_neq(oom_hash(2, data, sizeof(data)), whole);
	cr_assert_neq(oom_hash_text(1, NULL), oom_hash_text(1, ""));
}

/* A saved machine of @bytes bytes. */
static void save(uint64_t key, size_t bytes, struct oom_state *state)
{
	struct oom_saved saved = {.fd = -1};
	struct oom_err err;
	char *data = malloc(bytes);

	memset(data, 'd', bytes);
	oom_state_init(test_cache, key, state);
	cr_assert_eq(oom_state_create(state, test_cache, &err, &saved.fd), 0, "%s", err.msg);
	cr_assert_eq(write(saved.fd, data, bytes), (ssize_t)bytes);
	cr_assert_eq(oom_state_commit(state, test_cache, &saved, &err), 0, "%s", err.msg);
	oom_saved_close(&saved);
	free(data);
}

static void set_age(const char *path, long seconds)
{
	struct timespec times[2] = {
		{.tv_sec = 1700000000 - seconds}, {.tv_sec = 1700000000 - seconds}};

	cr_assert_eq(utimensat(AT_FDCWD, path, times, 0), 0);
}

Test(guest_cache, the_least_recently_used_go_first_and_what_is_in_use_stays)
{
	struct oom_state states[4];

	for (uint64_t i = 0; i < 4; i++)
		save(10 + i, 1 << 20, &states[i]);
	set_age(states[0].dir, 10);
	set_age(states[1].dir, 1000); /* the oldest, but kept */
	set_age(states[2].dir, 100);
	set_age(states[3].dir, 1);
	cr_assert_eq(oom_cache_prune(test_cache, UINT64_MAX, NULL), 0);
	for (int i = 0; i < 4; i++)
		cr_assert_eq(access(states[i].dir, F_OK), 0);
	cr_assert_eq(oom_cache_prune(test_cache, 5 << 19, states[1].dir), 0);
	cr_expect_eq(access(states[0].dir, F_OK), -1);
	cr_expect_eq(access(states[1].dir, F_OK), 0);
	cr_expect_eq(access(states[2].dir, F_OK), -1);
	cr_expect_eq(access(states[3].dir, F_OK), 0);
}

Test(guest_cache, what_a_run_holds_is_not_pruned)
{
	char payloads[128], path[160];
	int held = -1;

	snprintf(payloads, sizeof(payloads), "%s/payloads", test_cache);
	snprintf(path, sizeof(path), "%s/one.ext2", payloads);
	mkdir(payloads, 0755);
	cr_assert_eq(oom_file_write(path, "x", 1, 0644, NULL), 0);
	cr_assert_eq(oom_cache_hold(path, &held), 0);
	cr_assert_eq(oom_cache_prune(test_cache, 0, NULL), 0);
	cr_expect_eq(access(path, F_OK), 0, "held");
	close(held);
	cr_assert_eq(oom_cache_prune(test_cache, 0, NULL), 0);
	cr_expect_eq(access(path, F_OK), -1, "let go");
	cr_expect_eq(oom_cache_hold(path, &held), -ENOENT);
}

Test(guest_cache, the_bound_is_a_size_or_the_default)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} rows[] = {{"300M", (uint64_t)300 << 20}, {"", (uint64_t)8 << 30},
		{"lots", (uint64_t)8 << 30}, {"50%", (uint64_t)8 << 30}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		setenv("OOMGATE_CACHE_MAX", rows[i].text, 1);
		cr_expect_eq(oom_cache_bound_bytes(), rows[i].bytes, "%s", rows[i].text);
	}
}

Test(guest_cache, a_bound_that_is_no_size_is_refused)
{
	struct oom_err err = {0};

	setenv("OOMGATE_CACHE_MAX", "50%", 1);
	cr_expect_eq(oom_cache_open(&test_cache_arena, &err, &test_cache), -EINVAL);
	cr_expect_str_eq(err.msg, "OOMGATE_CACHE_MAX='50%' is not a size (4G)");
	setenv("OOMGATE_CACHE_MAX", "300M", 1);
	cr_expect_eq(oom_cache_open(&test_cache_arena, &err, &test_cache), 0);
}

Test(guest_cache, only_a_full_disk_is_explained)
{
	struct oom_err err = {.msg = "cannot write"};

	cr_expect_eq(oom_cache_explain("/c", 0, &err), 0);
	cr_expect_eq(oom_cache_explain("/c", -EIO, &err), -EIO);
	cr_expect_str_eq(err.msg, "cannot write");
	cr_expect_eq(oom_cache_explain("/c", -ENOSPC, &err), -ENOSPC);
	cr_expect_not_null(
		strstr(err.msg, "'/c' is full: make room, or set OOMGATE_CACHE to another folder"));
}

Test(guest_cache, a_tool_without_room_is_told_from_one_that_fails)
{
	static const struct {
		const char *script;
		int result;
	} rows[] = {{"exit 0", 0}, {"echo bad luck; exit 1", -EIO},
		{"echo x: No space left on device; exit 1", -ENOSPC},
		{"echo unshare: No space left on device; exit 1", -EIO},
		{"echo No space left on device", 0}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const char *const argv[] = {"sh", "-c", rows[i].script, NULL};
		const char *log =
			oom_arena_printf(&test_cache_arena, "%s/log-%zu", test_cache_dir, i);
		struct oom_err err = {0};

		cr_expect_eq(oom_tool_run(argv, NULL, log, &err), rows[i].result, "%s: %s",
			rows[i].script, err.msg);
	}
}

static void etc(const char *name, const char *text)
{
	oom_file_write(oom_arena_printf(&test_cache_arena, "%s/%s", test_cache_dir, name), text,
		strlen(text), 0644, NULL);
}

Test(guest_cache, who_is_not_root_needs_subordinate_users_for_an_image)
{
	static const struct {
		const char *subuid, *subgid, *nsswitch, *namespaces, *said;
	} rows[] = {
		{"ann:1:2\nbob:100000:65536\n", "bob:100000:65536\n", "", "9\n", NULL},
		{"1001:100000:65536\n", "1001:100000:65536\n", "", "9\n", NULL},
		{"bobby:1:2\nbo:1:2\n", "bob:1:2\n", "", "9\n",
			"'usermod --add-subuids 100000-165535 "},
		{"bob:1:2\n", "", "", "9\n", "no line in /etc/subuid or /etc/subgid"},
		{"", "", "passwd: files\nsubid: sss\n", "9\n", NULL},
		{"", "", "passwd: files\n#subid: sss\n", "9\n",
			"user 'bob' cannot build an image: no line"},
		{"bob:1:2\n", "bob:1:2\n", "", "0\n",
			"no user namespaces (/proc/sys/user/max_user_namespaces is 0)"},
	};

	for (const char *const *d =
			(const char *const[]){"etc", "proc", "proc/sys", "proc/sys/user", NULL};
		*d; d++)
		mkdir(oom_arena_printf(&test_cache_arena, "%s/%s", test_cache_dir, *d), 0755);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct oom_err err = {0};
		int r;

		etc("etc/subuid", rows[i].subuid);
		etc("etc/subgid", rows[i].subgid);
		etc("etc/nsswitch.conf", rows[i].nsswitch);
		etc("proc/sys/user/max_user_namespaces", rows[i].namespaces);
		r = oom_image_user_probe(test_cache_dir, "bob", 1001, &err);
		cr_expect_eq(r, rows[i].said ? -EPERM : 0, "row %zu: %s", i, err.msg);
		cr_expect(
			!rows[i].said || strstr(err.msg, rows[i].said), "row %zu: %s", i, err.msg);
	}
}
