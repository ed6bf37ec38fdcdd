// SPDX-License-Identifier: LGPL-2.1-or-later
/* Saved machines: whole and checked, or not there at all. */
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
#include <unistd.h>

TestSuite(guest_saved, .init = test_cache_open, .fini = test_cache_close);

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

Test(guest_saved, a_saved_machine_is_found_and_another_is_not)
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

Test(guest_saved, zeroes_take_no_room)
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
	NO_STATE,
	FIFO_STATE,
	FOLDER_STATE,
	NO_META,
	FIRST_OF_META = NO_META,
	BAD_META,
	OLD_META,
	FIFO_META,
	FLIP_MEMORY,
	FIRST_OF_MEMORY = FLIP_MEMORY,
	FILL_HOLE,
	PUNCH,
	TRUNCATE_MEMORY,
	GROW_MEMORY,
	NO_MEMORY,
	FIFO_MEMORY,
	LINK_MEMORY,
	DAMAGES
};

static void write_at(const char *file, const char *what, off_t at)
{
	int fd = open(file, O_WRONLY);

	cr_assert_eq(pwrite(fd, what, 1, at), 1);
	close(fd);
}

static void damage_memory(const char *memory, enum damage how)
{
	switch (how) {
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
	case FIFO_MEMORY:
		cr_assert_eq(unlink(memory) | mkfifo(memory, 0600), 0);
		break;
	case LINK_MEMORY:
		cr_assert_eq(unlink(memory) | symlink("mem0", memory), 0);
		break;
	default:
		unlink(memory);
	}
}

static void damage_meta(const char *meta, enum damage how)
{
	switch (how) {
	case BAD_META:
		oom_file_write(meta, "{\"size_bytes\":", 14, 0644, NULL);
		break;
	case OLD_META:
		oom_file_write(
			meta, "{\"schema\":\"oomgate.state/1\",\"files\":{}}", 39, 0644, NULL);
		break;
	case FIFO_META:
		cr_assert_eq(unlink(meta) | mkfifo(meta, 0600), 0);
		break;
	default:
		unlink(meta);
	}
}

static void damage(const struct oom_state *state, enum damage how)
{
	char file[600], meta[600], memory[600];

	snprintf(file, sizeof(file), "%s/state", state->dir);
	snprintf(meta, sizeof(meta), "%s/meta.json", state->dir);
	snprintf(memory, sizeof(memory), "%s/mem1", state->dir);
	if (how >= FIRST_OF_MEMORY)
		damage_memory(memory, how);
	else if (how >= FIRST_OF_META)
		damage_meta(meta, how);
	else if (how == FLIP)
		write_at(file, "x", 77777);
	else if (how == TRUNCATE)
		cr_assert_eq(truncate(file, 99999), 0);
	else if (how == GROW)
		cr_assert_eq(truncate(file, 100001), 0);
	else
		cr_assert_eq(unlink(file) |
				(how == FIFO_STATE		      ? mkfifo(file, 0600)
						: how == FOLDER_STATE ? mkdir(file, 0700)
								      : 0),
			0);
}

Test(guest_saved, a_damaged_one_is_dropped)
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

Test(guest_saved, what_was_checked_once_is_checked_again_when_it_has_changed)
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
Test(guest_saved, what_is_written_to_an_open_one_shows)
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
