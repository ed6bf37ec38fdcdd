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

/* What a part of @bytes has in it: a page at its begin, one in the middle, the rest is zero. */
static void fill(int fd, size_t bytes)
{
	char page[4096];

	memset(page, 'x', sizeof(page));
	cr_assert_eq(ftruncate(fd, (off_t)bytes), 0);
	cr_assert_eq(pwrite(fd, page, sizeof(page), 0), (ssize_t)sizeof(page));
	cr_assert_eq(pwrite(fd, page, sizeof(page), (off_t)(bytes / 2)), (ssize_t)sizeof(page));
}

/* A machine whose memory is in @parts files of 1 MiB; 0: in the stream. */
static struct oom_guest_memory memory_of(size_t parts)
{
	struct oom_guest_memory memory = {.count = parts};

	for (size_t i = 0; i < parts; i++) {
		memory.parts[i] = (struct oom_guest_memory_part){.bytes = 1 << 20, .fd = -1};
		snprintf(memory.parts[i].name, sizeof(memory.parts[i].name), "mem%zu", i);
	}
	return memory;
}

/* A saved machine: a stream of @bytes bytes, and its memory. */
static void save(uint64_t key, size_t bytes, size_t parts, struct oom_state *state)
{
	struct oom_saved saved = {.fd = -1, .memory = memory_of(parts)};
	struct oom_err err;
	char *data = malloc(bytes);

	memset(data, 'd', bytes);
	oom_state_init(test_cache, key, state);
	cr_assert_eq(oom_state_create(state, test_cache, &err, &saved.fd), 0, "%s", err.msg);
	cr_assert_eq(write(saved.fd, data, bytes), (ssize_t)bytes);
	cr_assert_eq(oom_memory_create(&saved.memory, &err), 0);
	for (size_t i = 0; i < parts; i++)
		fill(saved.memory.parts[i].fd, 1 << 20);
	cr_assert_eq(oom_state_commit(state, test_cache, &saved, &err), 0, "%s", err.msg);
	oom_saved_close(&saved);
	free(data);
}

static int open_saved(const struct oom_state *state, size_t parts, struct oom_verified *seen,
	struct oom_saved *ret)
{
	struct oom_guest_memory memory = memory_of(parts);
	struct oom_err err;

	return oom_state_open(state, &memory, seen, &err, ret);
}

Test(guest_cache, a_saved_machine_is_found_and_another_is_not)
{
	for (size_t parts = 0; parts < 3; parts++) {
		struct oom_verified seen[OOM_VERIFIED_SLOTS] = {0};
		struct oom_saved saved = {.fd = -1};
		struct oom_state state, other;
		char byte = 0;

		save(1, 100000, parts, &state);
		for (int again = 0; again < 2; again++) {
			cr_assert_eq(open_saved(&state, parts, seen, &saved), 0);
			cr_expect_eq(saved.memory.count, parts);
			cr_expect_eq(lseek(saved.fd, 0, SEEK_CUR), 0, "QEMU reads from the begin");
			for (size_t i = 0; i < parts; i++) {
				cr_expect_eq(pread(saved.memory.parts[i].fd, &byte, 1, 1 << 19), 1);
				cr_expect_eq(byte, 'x');
			}
			cr_expect(oom_saved_is_whole(&saved));
			oom_saved_close(&saved);
			cr_expect(saved.fd == -1 && !saved.memory.count);
		}
		oom_state_init(test_cache, 2, &other);
		cr_expect_eq(open_saved(&other, parts, seen, &saved), -ENOENT);
		oom_state_drop(&state);
	}
}

Test(guest_cache, zeroes_take_no_room)
{
	struct oom_state state;

	save(1, 100, 3, &state);
	cr_expect_lt(oom_tree_bytes(state.dir), 3 * 4 * 4096 + 16384, "%d bytes",
		(int)oom_tree_bytes(state.dir));
}

enum damage {
	FLIP,
	TRUNCATE,
	GROW,
	NO_META,
	BAD_META,
	OLD_META,
	NO_STATE,
	FLIP_MEMORY,
	FILL_HOLE,
	PUNCH,
	TRUNCATE_MEMORY,
	GROW_MEMORY,
	NO_MEMORY,
	FIFO_MEMORY,
	FIFO_STATE,
	FIFO_META,
	LINK_MEMORY,
	FOLDER_STATE,
	DAMAGES
};

static void write_at(const char *file, const char *what, off_t at)
{
	int fd = open(file, O_WRONLY);

	cr_assert_eq(pwrite(fd, what, 1, at), 1);
	close(fd);
}

static void damage(const struct oom_state *state, enum damage how)
{
	char file[600], meta[600], memory[600];

	snprintf(file, sizeof(file), "%s/state", state->dir);
	snprintf(meta, sizeof(meta), "%s/meta.json", state->dir);
	snprintf(memory, sizeof(memory), "%s/mem1", state->dir);
	switch (how) {
	case FLIP:
		write_at(file, "x", 77777);
		break;
	case TRUNCATE:
		cr_assert_eq(truncate(file, 99999), 0);
		break;
	case GROW:
		cr_assert_eq(truncate(file, 100001), 0);
		break;
	case NO_META:
		unlink(meta);
		break;
	case BAD_META:
		oom_file_write(meta, "{\"size_bytes\":", 14, 0644, NULL);
		break;
	case OLD_META:
		oom_file_write(
			meta, "{\"schema\":\"oomgate.state/1\",\"files\":{}}", 39, 0644, NULL);
		break;
	case FLIP_MEMORY:
		write_at(memory, "y", 4095);
		break;
	case FILL_HOLE:
		write_at(memory, "y", 300000);
		break;
	case PUNCH:
		write_at(memory, "", 0);
		break;
	case TRUNCATE_MEMORY:
		cr_assert_eq(truncate(memory, (1 << 20) - 4096), 0);
		break;
	case GROW_MEMORY:
		cr_assert_eq(truncate(memory, (1 << 20) + 4096), 0);
		break;
	case NO_MEMORY:
		unlink(memory);
		break;
	case FIFO_MEMORY:
		cr_assert_eq(unlink(memory) | mkfifo(memory, 0600), 0);
		break;
	case FIFO_STATE:
		cr_assert_eq(unlink(file) | mkfifo(file, 0600), 0);
		break;
	case FIFO_META:
		cr_assert_eq(unlink(meta) | mkfifo(meta, 0600), 0);
		break;
	case LINK_MEMORY:
		cr_assert_eq(unlink(memory) | symlink("mem0", memory), 0);
		break;
	case FOLDER_STATE:
		cr_assert_eq(unlink(file) | mkdir(file, 0700), 0);
		break;
	default:
		unlink(file);
	}
}

Test(guest_cache, a_damaged_one_is_dropped)
{
	for (enum damage how = 0; how < DAMAGES; how++) {
		struct oom_verified seen[OOM_VERIFIED_SLOTS] = {0};
		struct oom_saved saved = {.fd = -7};
		struct oom_state state;

		save(3, 100000, 2, &state);
		damage(&state, how);
		cr_expect_eq(open_saved(&state, 2, seen, &saved), -EBADMSG, "damage %d", how);
		cr_expect_eq(saved.fd, -7, "untouched");
		cr_expect_eq(access(state.dir, F_OK), -1, "damage %d leaves it there", how);
		cr_expect_eq(open_saved(&state, 2, seen, &saved), -ENOENT);
	}
}

Test(guest_cache, what_was_checked_once_is_checked_again_when_it_has_changed)
{
	static const enum damage how[] = {FLIP, FLIP_MEMORY, FILL_HOLE};

	for (size_t i = 0; i < sizeof(how) / sizeof(*how); i++) {
		struct oom_verified seen[OOM_VERIFIED_SLOTS] = {0};
		struct oom_saved saved;
		struct oom_state state;

		save(4, 100000, 2, &state);
		for (int n = 0; n < 3; n++) {
			cr_assert_eq(open_saved(&state, 2, seen, &saved), 0);
			oom_saved_close(&saved);
		}
		damage(&state, how[i]);
		cr_expect_eq(open_saved(&state, 2, seen, &saved), -EBADMSG);
	}
}

/* A guest runs from it meanwhile. */
Test(guest_cache, what_is_written_to_an_open_one_shows)
{
	static const struct {
		enum damage how;
		bool whole;
	} rows[] = {{FLIP, false}, {FLIP_MEMORY, false}, {FILL_HOLE, false},
		{TRUNCATE_MEMORY, false}, {GROW_MEMORY, false}, {NO_MEMORY, true}, {NO_META, true}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct oom_verified seen[OOM_VERIFIED_SLOTS] = {0};
		struct oom_saved saved;
		struct oom_state state;

		save(5, 100000, 2, &state);
		cr_assert_eq(open_saved(&state, 2, seen, &saved), 0);
		usleep(20000); /* a tick of the file system's clock */
		damage(&state, rows[i].how);
		cr_expect_eq(oom_saved_is_whole(&saved), rows[i].whole, "damage %d", rows[i].how);
		oom_saved_close(&saved);
		oom_state_drop(&state);
	}
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
		save(10 + i, 1 << 20, 0, &states[i]);
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
