// SPDX-License-Identifier: LGPL-2.1-or-later
/* Saved machines whose memory is mapped: its parts, what QEMU is told, and who cannot map. */
#include "harness/guest/cache/sparse.h"
#include "harness/guest/vm/mapping.h"
#include "harness/guest/vm/memory.h"
#include "harness/guest/vm/qemu.h"
#include "tests/support/own_cache.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MIB ((uint64_t)1 << 20)

TestSuite(guest_mapping, .init = test_cache_open, .fini = test_cache_close);

static const struct {
	struct oom_guest_shape shape;
	const char *parts; /* NAME:MIB each; NULL: too many */
} shapes[] = {
	{{.memory_bytes = 512 * MIB, .cpus = 1}, " ram:512"},
	{{.memory_bytes = 512 * MIB, .cpus = 1, .spare_dimms = 2},
		" ram:256 spare0:128 spare1:128"},
	{{.memory_bytes = 288 * MIB, .cpus = 2, .n_nodes = 2, .node_bytes = {256 * MIB, 32 * MIB}},
		" mem0:256 mem1:32"},
	{{.memory_bytes = 8192 * MIB, .cpus = 1, .spare_dimms = 60}, NULL},
};

Test(guest_mapping, each_part_of_the_memory_has_a_file)
{
	for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++) {
		struct oom_guest_memory memory = {0};
		char text[200] = "";
		int r = oom_memory_list(&shapes[i].shape, &memory);

		cr_assert_eq(r, shapes[i].parts ? 0 : -E2BIG, "shape %zu: %d", i, r);
		for (size_t k = 0; k < memory.count; k++)
			snprintf(text + strlen(text), sizeof(text) - strlen(text), " %s:%d",
				memory.parts[k].name, (int)(memory.parts[k].bytes / MIB));
		cr_expect_str_eq(text, shapes[i].parts ? shapes[i].parts : "");
	}
}

static const char *command_line(
	const struct oom_guest_shape *shape, const struct oom_guest_memory *memory, bool incoming)
{
	struct oom_image image = {.disk = "/d"};
	struct oom_vm vm = {.qemu = {.program = "qemu", .version = "7.2"},
		.accel = "tcg",
		.image = &image,
		.vmlinuz = "/k",
		.initrd = "/i",
		.kernel = "6.1",
		.shape = *shape};
	struct oom_vm_files files = {.qmp_fd = -1,
		.port_fd = -1,
		.swap_fd = -1,
		.disk_fd = -1,
		.head_fd = -1,
		.console = "/c",
		.log = "/l",
		.incoming = incoming,
		.memory = memory};
	const char **argv, *all = "";

	cr_assert_eq(oom_vm_argv(&test_cache_arena, &vm, &files, &argv), 0);
	for (; *argv; argv++)
		all = oom_arena_printf(&test_cache_arena, "%s %s", all, *argv);
	return all;
}

Test(guest_mapping, who_is_saved_shares_and_who_is_restored_copies)
{
	for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++) {
		struct oom_guest_memory memory;
		const char *boot, *restore;

		if (oom_memory_list(&shapes[i].shape, &memory))
			continue;
		for (size_t k = 0; k < memory.count; k++)
			memory.parts[k].fd = 70 + (int)k;
		memory.readonly = i == 0;
		boot = command_line(&shapes[i].shape, &memory, false);
		restore = command_line(&shapes[i].shape, &memory, true);
		for (size_t k = 0; k < memory.count; k++) {
			char want[100];

			snprintf(want, sizeof(want),
				"memory-backend-file,id=%s,size=%dM,mem-path=/proc/self/fd/%d,share=",
				memory.parts[k].name, (int)(memory.parts[k].bytes / MIB),
				memory.parts[k].fd);
			cr_expect(strstr(boot, want), "%s: %s", want, boot);
			cr_expect(strstr(restore, want), "%s: %s", want, restore);
		}
		cr_expect(strstr(boot, ",share=on") && !strstr(boot, ",share=off"));
		cr_expect(strstr(restore, ",share=off") && !strstr(restore, ",share=on"));
		cr_expect_not(strstr(boot, "readonly=on,rom"), "it is written to");
		cr_expect_eq(!!strstr(restore, "readonly=on,rom=off"), memory.readonly);
		cr_expect_eq(!!strstr(restore, ",memory-backend=ram"), !shapes[i].shape.n_nodes);
		cr_expect_not(
			strstr(command_line(&shapes[i].shape, NULL, true), "memory-backend-f"));
	}
}

Test(guest_mapping, a_balloon_is_there_for_who_asks_for_it)
{
	struct oom_guest_shape shape = {.memory_bytes = 256 * MIB, .cpus = 1};

	cr_expect_not(strstr(command_line(&shape, NULL, true), "balloon"));
	shape.balloon = true;
	cr_expect(strstr(command_line(&shape, NULL, true), "virtio-balloon-pci,id=balloon"));
}

Test(guest_mapping, what_gives_memory_back_is_not_mapped)
{
	static const struct {
		bool balloon;
		int dimms;
		bool readonly, spoilt;
	} rows[] = {{false, 0, false, false}, {true, 0, false, true}, {true, 0, true, true},
		{false, 1, false, true}, {false, 1, true, false}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct oom_guest_shape shape = {
			.balloon = rows[i].balloon, .spare_dimms = rows[i].dimms};
		struct oom_mapping mapping = {.works = true, .readonly = rows[i].readonly};

		cr_expect_eq(oom_mapping_is_spoilt(&shape, &mapping), rows[i].spoilt, "row %zu", i);
	}
}

#define CAPABILITIES(name)                                                                         \
	"{\"return\": [{\"state\": false, \"capability\": \"events\"}, {\"state\": false, "        \
	"\"capability\": \"" name "\"}]}\n"
#define PROPERTIES(name)                                                                           \
	"{\"return\": [{\"name\": \"share\", \"type\": \"bool\"}, {\"name\": \"" name              \
	"\", \"type\": \"OnOffAuto\"}]}\n"

Test(guest_mapping, what_qemu_answers)
{
	static const struct {
		const char *answers;
		bool works, readonly;
	} rows[] = {
		{"", false, false},
		{"qemu: what?\n", false, false},
		{"{\"QMP\": {}}\n{\"return\": {}}\n" CAPABILITIES("x-ignore-shared")
				PROPERTIES("rom"),
			true, true},
		{CAPABILITIES("x-ignore-shared") PROPERTIES("readonly"), true, false},
		{CAPABILITIES("x-ignore-shared-not") PROPERTIES("rom"), false, true},
		{CAPABILITIES("x-ignore-shared"), true, false},
		{"{\"error\": {\"class\": \"CommandNotFound\", \"desc\": \"x-ignore-shared\"}}\n",
			false, false},
		{"{\"return\": [1, \"x-ignore-shared\", {\"capability\": 1}]}", false, false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct oom_mapping is = {0};

		oom_mapping_read(rows[i].answers, &is);
		cr_expect_eq(is.works, rows[i].works, "row %zu", i);
		cr_expect_eq(is.readonly, rows[i].readonly, "row %zu", i);
	}
}

Test(guest_mapping, a_program_that_is_no_qemu_cannot_map)
{
	struct oom_qemu qemu = {.program = "/bin/false", .version = "7.2"};
	struct oom_mapping is = {.works = true};

	oom_mapping_ask(test_cache, &qemu, &is);
	cr_expect_not(is.works);
}

Test(guest_mapping, a_folder_that_cannot_be_mapped_says_why)
{
	char why[200] = "";
	int fd;

	cr_expect_eq(oom_mapping_check_dir(test_cache, why, sizeof(why)), 0, "%s", why);
	cr_expect_lt(oom_mapping_check_dir("/nowhere", why, sizeof(why)), 0);
	cr_expect(strstr(why, "it cannot be opened: No such file or directory"), "%s", why);
	cr_expect_lt(oom_mapping_check_dir("/proc/self", why, sizeof(why)), 0);
	cr_expect(strstr(why, "no file can be made there: "), "%s", why);
	fd = open(test_cache, O_RDONLY | O_DIRECTORY);
	cr_expect(oom_mapping_is_local(fd));
	close(fd);
	cr_expect_not(oom_mapping_is_local(-1), "what is not known is not mapped");
}

static int file_of(const char *name)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/%s", test_cache, name);
	return open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
}

Test(guest_mapping, a_copy_has_the_holes_and_the_hash_of_its_origin)
{
	static const struct {
		uint64_t bytes;
		off_t at[4];
	} rows[] = {{0, {-1}}, {1, {0, -1}}, {4096, {4095, -1}},
		{3 * MIB + 5, {0, MIB - 1, MIB, 3 * MIB + 4}}, {5 * MIB, {2 * MIB + 17, -1}},
		{2 * MIB, {-1}}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		int from = memfd_create("from", 0), to = file_of("to");
		uint64_t hash[2] = {0}, size[2] = {0};
		char byte;

		cr_assert_eq(ftruncate(from, (off_t)rows[i].bytes), 0);
		for (int k = 0; k < 4 && rows[i].at[k] >= 0; k++)
			cr_assert_eq(pwrite(from, "z", 1, rows[i].at[k]), 1);
		/* zeroes that are written are as good as a hole */
		if (rows[i].bytes == 5 * MIB)
			for (off_t at = 3 * MIB; at < (off_t)(4 * MIB); at += 4096)
				cr_assert_eq(pwrite(from, "", 1, at), 1);
		cr_assert_eq(oom_sparse_copy(from, to, rows[i].bytes), 0);
		cr_assert_eq(oom_sparse_hash(7, from, &hash[0], &size[0]), 0);
		cr_assert_eq(oom_sparse_hash(7, to, &hash[1], &size[1]), 0);
		cr_expect_eq(size[1], rows[i].bytes);
		cr_expect(hash[0] == hash[1] && size[0] == size[1], "row %zu", i);
		for (int k = 0; k < 4 && rows[i].at[k] >= 0; k++) {
			cr_expect_eq(pread(to, &byte, 1, rows[i].at[k]), 1);
			cr_expect_eq(byte, 'z');
		}
		/* the same page at another place is another file */
		if (rows[i].bytes == 2 * MIB) {
			cr_assert_eq(pwrite(from, "z", 1, 0) + pwrite(to, "z", 1, 4096), 2);
			oom_sparse_hash(7, from, &hash[0], &size[0]);
			oom_sparse_hash(7, to, &hash[1], &size[1]);
			cr_expect_neq(hash[0], hash[1]);
		}
		close(from);
		close(to);
	}
}

Test(guest_mapping, a_copy_that_cannot_be_written_says_so)
{
	int from = memfd_create("from", 0), full = open("/dev/full", O_WRONLY);

	cr_assert_eq(pwrite(from, "z", 1, 0), 1);
	cr_expect_lt(oom_sparse_copy(from, full, 4096), 0);
	cr_expect_lt(oom_sparse_copy(from, -1, 4096), 0);
	close(from);
	close(full);
}
