// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a machine boots: its kernel, the modules it needs, its initial file system. */
#include "harness/guest/cache/pack.h"
#include "harness/guest/cache/tool.h"
#include "harness/guest/image/initrd.h"
#include "harness/guest/image/kernel.h"
#include "harness/host/file.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64];
static struct oom_arena arena;

static void make_dir(void)
{
	snprintf(dir, sizeof(dir), "/tmp/oomgate-test-XXXXXX");
	cr_assert_not_null(mkdtemp(dir));
}

static void drop_dir(void)
{
	oom_tree_remove(dir);
	oom_arena_release(&arena);
}

TestSuite(guest_kernel, .init = make_dir, .fini = drop_dir);

static const char *in_dir(const char *name)
{
	return oom_arena_printf(&arena, "%s/%s", dir, name);
}

/* A bzImage's header, or an ELF file with a banner. */
static const char *fake_kernel(const char *version, bool elf)
{
	static char image[8192];
	const char *path = in_dir("kernel");

	memset(image, 0, sizeof(image));
	if (elf) {
		memcpy(image, "\177ELF", 4);
		strcpy(image + 3000, "Linux version %s");
		snprintf(image + 4000, 500, "Linux version %s (gcc)", version);
	} else {
		memcpy(image + 0x202, "HdrS", 4);
		image[0x20f] = 0x10; /* 0x1000 + 0x200 */
		snprintf(image + 0x1200, 500, "%s (builder@host) #1", version);
	}
	cr_assert_eq(oom_file_write(path, image, sizeof(image), 0644, NULL), 0);
	return path;
}

Test(guest_kernel, a_kernel_tells_its_release)
{
	const char *release = "untouched";
	struct oom_err err;

	cr_assert_eq(oom_kernel_release(
			     &arena, fake_kernel("6.12.95+deb13-amd64", false), &err, &release),
		0);
	cr_expect_str_eq(release, "6.12.95+deb13-amd64");
	cr_assert_eq(oom_kernel_release(&arena, fake_kernel("7.2.0-rc1", true), &err, &release), 0);
	cr_expect_str_eq(release, "7.2.0-rc1");
	release = "untouched";
	oom_file_write(in_dir("kernel"), "MZ no kernel", 12, 0644, NULL);
	cr_expect_eq(oom_kernel_release(&arena, in_dir("kernel"), &err, &release), -EINVAL);
	oom_file_write(in_dir("kernel"), "", 0, 0644, NULL);
	cr_expect_eq(oom_kernel_release(&arena, in_dir("kernel"), &err, &release), -EINVAL);
	cr_expect_eq(oom_kernel_release(&arena, in_dir("nothing"), &err, &release), -ENOENT);
	cr_expect_str_eq(release, "untouched");
}

/* A file of any bytes may be called a kernel. */
Test(guest_kernel, a_release_is_a_whole_word_within_the_file)
{
	static const struct {
		bool elf;
		int at, bytes; /* where the text stands, and the file ends */
		const char *text, *release; /* NULL: there is none */
	} rows[] = {
		{true, 4000, 8192, "Linux version 6.1.0-rc1+ (x)", "6.1.0-rc1+"},
		{true, 4000, 8192, "Linux version %s Linux version 6.1\n", "6.1"},
		{true, 8192 - 14, 8192, "Linux version ", NULL},
		{true, 8192 - 15, 8192, "Linux version 6", NULL},
		{true, 8192 - 100, 8192, "Linux version %s", NULL},
		{true, 8192 - 100, 8192, "Linux version 6.1 ", "6.1"},
		{false, 0x1200, 0x1205, "6.1.0", NULL},
		{false, 0x1200, 0x1206, "6.1.0 ", "6.1.0"},
		{false, 0x1200, 0x1200, "", NULL},
		{false, 0x1200, 8192, "../../etc ", NULL},
		{false, 0x1200, 8192, "6.1/../../etc ", NULL},
		{false, 0x1200, 8192, "6.1\033[31m ", NULL},
		{false, 0x1200, 8192, "", NULL},
		{false, 0x1200, 8192,
			"6.123456789-123456789-123456789-123456789-123456789-123456789-12 ",
			"6.123456789-123456789-123456789-123456789-123456789-123456789-12"},
		{false, 0x1200, 8192,
			"6.123456789-123456789-123456789-123456789-123456789-123456789-123 ", NULL},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char *image = calloc(1, (size_t)rows[i].bytes);
		size_t room = (size_t)(rows[i].bytes - rows[i].at), want = strlen(rows[i].text),
		       len = 99;
		const char *version;

		memcpy(image + (rows[i].elf ? 0 : 0x202), rows[i].elf ? "\177ELF" : "HdrS", 4);
		if (!rows[i].elf)
			image[0x20f] = 0x10;
		memcpy(image + rows[i].at, rows[i].text, want < room ? want : room);
		version = oom_kernel_version(image, (size_t)rows[i].bytes, &len);
		cr_expect_eq(!version, !rows[i].release, "row %zu", i);
		if (version && rows[i].release)
			cr_expect(len == strlen(rows[i].release) &&
					!strncmp(version, rows[i].release, len),
				"row %zu: '%.*s'", i, (int)len, version);
		cr_expect(version || len == 99, "row %zu: untouched", i);
		free(image);
	}
}

Test(guest_kernel, a_restored_machine_needs_but_the_setup_of_its_kernel)
{
	static const struct {
		unsigned char sectors; /* at 0x1f1 of a bzImage of @bytes */
		int bytes, head_bytes;
	} rows[] = {{39, 1 << 20, 40 * 512 + 4096}, {0, 1 << 20, 5 * 512 + 4096},
		{39, 40 * 512 + 4095, -ENOTSUP}, {39, 100, -ENOTSUP}};
	static char image[1 << 20], head[1 << 16];

	memcpy(image + 0x202, "HdrS", 4);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		int fd;

		image[0x1f1] = (char)rows[i].sectors;
		cr_assert_eq(
			oom_file_write(in_dir("kernel"), image, (size_t)rows[i].bytes, 0644, NULL),
			0);
		fd = oom_kernel_head(in_dir("kernel"));
		if (rows[i].head_bytes < 0) {
			cr_expect_eq(fd, rows[i].head_bytes, "row %zu", i);
			continue;
		}
		cr_assert_geq(fd, 0, "row %zu", i);
		cr_expect_eq(pread(fd, head, sizeof(head), 0), rows[i].head_bytes, "row %zu", i);
		cr_expect_eq(memcmp(head, image, (size_t)rows[i].head_bytes), 0);
		close(fd);
	}
	cr_expect_eq(
		oom_kernel_head(fake_kernel("6.1", true)), -ENOTSUP, "an ELF file has no setup");
	cr_expect_lt(oom_kernel_head(in_dir("nothing")), 0);
}

Test(guest_kernel, releases_are_compared_by_numbers)
{
	static const struct {
		const char *a, *b;
		int order;
	} rows[] = {{"6.1.0-56-cloud-amd64", "6.2", -1}, {"6.12.1", "6.2", 1},
		{"5.10.0", "6.1", -1}, {"6.1", "6.1.0-rc1", 0}, {"7.2.12+deb14", "7.2.12", 0},
		{"10.0", "9.9.9", 1}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		cr_expect_eq(oom_release_compare(rows[i].a, rows[i].b), rows[i].order, "%s %s",
			rows[i].a, rows[i].b);
		cr_expect_eq(oom_release_compare(rows[i].b, rows[i].a), -rows[i].order, "%s %s",
			rows[i].b, rows[i].a);
	}
}

static void module(const char *name, const char *magic)
{
	char text[200];
	int n = snprintf(text, sizeof(text), "ELF%cvermagic=%s SMP", 0, magic);

	cr_assert_eq(oom_file_write(in_dir(name), text, (size_t)n, 0644, NULL), 0);
}

static int write_initrd(struct oom_err *err)
{
	oom_file_write(in_dir("busybox"), "#!", 2, 0755, NULL);
	return oom_initrd_write(in_dir("initrd"), in_dir("busybox"), dir, "6.1.0", err);
}

/* What cpio(1) takes out of the archive; "" where it is not there. */
static const char *extract(const char *name)
{
	char *text = NULL;
	const char *const argv[] = {"sh", "-c",
		"cd \"$0\" && mkdir -p out && cd out && busybox cpio -idm <../initrd 2>/dev/null",
		dir, NULL};

	cr_assert_eq(oom_tool_run(argv, NULL, in_dir("log"), NULL), 0);
	return oom_file_read(
		       &arena, in_dir(oom_arena_printf(&arena, "out/%s", name)), 4096, &text, NULL)
		? ""
		: text;
}

Test(guest_kernel, modules_are_loaded_after_what_they_need_and_once)
{
	static const char dep[] =
		"kernel/virtio_blk.ko: kernel/virtio.ko kernel/virtio_ring.ko\n"
		"kernel/virtio-pci.ko: kernel/modern.ko kernel/virtio.ko kernel/virtio_ring.ko\n"
		"kernel/virtio_blk_other.ko:\nkernel/virtio.ko: kernel/virtio_ring.ko\n";
	struct oom_err err;

	mkdir(in_dir("kernel"), 0755);
	oom_file_write(in_dir("modules.dep"), dep, sizeof(dep) - 1, 0644, NULL);
	module("kernel/virtio_blk.ko", "6.1.0");
	module("kernel/virtio-pci.ko", "6.1.0");
	module("kernel/modern.ko", "6.1.0");
	module("kernel/virtio.ko", "6.1.0");
	module("kernel/virtio_ring.ko", "6.1.0");
	cr_assert_eq(write_initrd(&err), 0, "%s", err.msg);
	cr_expect_str_eq(extract("modules/order"),
		"virtio_ring.ko\nvirtio.ko\nmodern.ko\nvirtio-pci.ko\nvirtio_blk.ko\n");
	cr_expect_eq(strncmp(extract("init"), "#!/bin/busybox sh\n", 18), 0);
}

Test(guest_kernel, compressed_modules_come_in_plain)
{
	static const char dep[] = "virtio_blk.ko.xz: virtio.ko.gz\n";
	const char *const argv[] = {
		"sh", "-c", "cd \"$0\" && gzip virtio.ko && xz virtio_blk.ko", dir, NULL};
	struct oom_err err;

	oom_file_write(in_dir("modules.dep"), dep, sizeof(dep) - 1, 0644, NULL);
	module("virtio.ko", "6.1.0");
	module("virtio_blk.ko", "6.1.0");
	cr_assert_eq(oom_tool_run(argv, NULL, in_dir("log"), &err), 0, "%s", err.msg);
	cr_assert_eq(write_initrd(&err), 0, "%s", err.msg);
	cr_expect_str_eq(extract("modules/order"), "virtio.ko\nvirtio_blk.ko\n");
	cr_expect_eq(strncmp(extract("modules/virtio.ko"), "ELF", 3), 0);
}

Test(guest_kernel, modules_of_another_kernel_are_refused)
{
	static const char dep[] = "virtio_blk.ko:\n";
	struct oom_err err;

	cr_expect_eq(write_initrd(&err), -ENOENT);
	cr_expect_not_null(strstr(err.msg, "modules.dep"), "%s", err.msg);
	oom_file_write(in_dir("modules.dep"), dep, sizeof(dep) - 1, 0644, NULL);
	module("virtio_blk.ko", "6.1.0-other");
	cr_expect_eq(write_initrd(&err), -EINVAL);
	cr_expect_not_null(
		strstr(err.msg, "is for kernel '6.1.0-other', not '6.1.0'"), "%s", err.msg);
	oom_file_write(in_dir("virtio_blk.ko"), "junk", 4, 0644, NULL);
	cr_expect_eq(write_initrd(&err), -EINVAL);
}

Test(guest_kernel, what_is_no_module_is_refused)
{
	static const char *const deps[] = {"kernel/virtio_blk.ko: kernel/virtio\n",
		"virtio_blk.ko: README\n", "virtio_blk.ko: a/.k/b.o\n"};
	struct oom_err err;

	module("virtio_blk.ko", "6.1.0");
	for (size_t i = 0; i < sizeof(deps) / sizeof(*deps); i++) {
		oom_file_write(in_dir("modules.dep"), deps[i], strlen(deps[i]), 0644, NULL);
		cr_expect_eq(write_initrd(&err), -EINVAL, "%s", deps[i]);
		cr_expect_not_null(strstr(err.msg, "which is not a module"), "%s", err.msg);
	}
}

/* ustar has eleven octal digits for a size, newc eight hexadecimal ones. */
Test(guest_kernel, a_file_that_is_too_large_for_an_archive_is_refused)
{
	static const struct {
		bool tar;
		off_t bytes;
	} rows[] = {{true, 1L << 33}, {false, 1L << 32}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct oom_pack pack;
		struct oom_err err;

		cr_assert_eq(oom_file_write(in_dir("large"), "", 0, 0644, NULL), 0);
		cr_assert_eq(truncate(in_dir("large"), rows[i].bytes), 0);
		cr_assert_eq(
			oom_pack_open("/dev/null", rows[i].tar, &err, &pack), 0, "%s", err.msg);
		cr_expect_eq(oom_pack_file(&pack, "large", in_dir("large"), 0, &err), -EFBIG,
			"row %zu", i);
		cr_expect_not_null(strstr(err.msg, "cannot pack"), "%s", err.msg);
		oom_pack_close(&pack, NULL);
	}
}
