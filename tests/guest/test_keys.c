// SPDX-License-Identifier: LGPL-2.1-or-later
/* Each cached thing has a key of all that it was made from: a change of any of it is another key. The keys of saved
 * machines are in test_machine.c, those of images in test_cache.c. */
#include "harness/guest/cache/hash.h"
#include "harness/guest/cache/payload.h"
#include "harness/guest/image/digest.h"
#include "harness/guest/image/initrd.h"
#include "harness/guest/vm/disk.h"
#include "harness/guest/vm/find.h"
#include "harness/guest/vm/probe.h"
#include "harness/guest/vm/processor.h"
#include "harness/host/digest.h"
#include "harness/host/file.h"
#include "tests/support/scratch.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64];

static void set_up(void)
{
	cr_assert_not_null(scratch_dir(dir));
}

static void tear_down(void)
{
	oom_tree_remove(dir);
}

TestSuite(guest_keys, .init = set_up, .fini = tear_down, .timeout = 60);

static const char *in_dir(const char *name)
{
	static char path[4][192];
	static int turn;

	turn = (turn + 1) % 4;
	snprintf(path[turn], sizeof(path[turn]), "%s/%s", dir, name);
	return path[turn];
}

static void put(const char *name, const char *text)
{
	cr_assert_eq(oom_file_write(in_dir(name), text, strlen(text), 0755, NULL), 0);
}

static void differ(const uint64_t *keys, int count)
{
	for (int i = 0; i < count; i++)
		for (int j = 0; j < i; j++)
			cr_expect_neq(keys[i], keys[j], "rows %d and %d", i, j);
}

/* ---- the initial file system ----------------------------------------------------------------------- */

static struct initrd {
	const char *release;
	bool modules; /* it has some */
} initrd;

static void make_modules(void)
{
	oom_tree_remove(in_dir("m"));
	mkdir(in_dir("m"), 0755);
	put("busybox", "busybox");
	put("m/virtio_blk.ko", "blk vermagic=6.1 x");
	put("m/crc.ko", "crc vermagic=6.1 x");
	put("m/ext4.ko", "ext4 vermagic=6.1 x");
	put("m/none.ko", "none vermagic=6.1 x");
	put("m/modules.dep", "virtio_blk.ko:\next4.ko: crc.ko\nnone.ko:\ncrc.ko:\n");
	initrd = (struct initrd){"6.1", true};
}

static void as_it_is(void)
{
}

static void other_busybox(void)
{
	put("busybox", "busybux");
}

static void other_module(void)
{
	put("m/ext4.ko", "EXT4 vermagic=6.1 x");
}

static void other_dependency(void)
{
	put("m/crc.ko", "CRC vermagic=6.1 x");
}

static void one_module_less(void)
{
	put("m/modules.dep", "virtio_blk.ko:\nnone.ko:\ncrc.ko:\n");
}

static void one_dependency_less(void)
{
	put("m/modules.dep", "virtio_blk.ko:\next4.ko:\nnone.ko:\ncrc.ko:\n");
}

static void one_module_more(void)
{
	put("m/overlay.ko", "overlay vermagic=6.1 x");
	put("m/modules.dep", "virtio_blk.ko:\next4.ko: crc.ko\noverlay.ko:\ncrc.ko:\n");
}

static void other_release(void)
{
	initrd.release = "6.12";
}

static void no_modules(void)
{
	initrd.modules = false;
}

static uint64_t initrd_key(void)
{
	struct oom_err err = {0};
	uint64_t key = 0;

	cr_assert_eq(oom_initrd_key(in_dir("busybox"), initrd.modules ? in_dir("m") : NULL,
			     initrd.release, &err, &key),
		0, "%s", err.msg);
	return key;
}

Test(guest_keys, of_an_initial_file_system)
{
	static void (*const changes[])(void) = {as_it_is, other_busybox, other_module,
		other_dependency, one_module_less, one_dependency_less, one_module_more,
		other_release, no_modules};
	enum { N = sizeof(changes) / sizeof(*changes) };
	uint64_t keys[N];

	for (int i = 0; i < N; i++) {
		make_modules();
		changes[i]();
		keys[i] = initrd_key();
	}
	differ(keys, N);
	make_modules();
	cr_expect_eq(initrd_key(), keys[0], "the same again");
	put("m/none.ko", "another one, which nobody wants");
	cr_expect_eq(initrd_key(), keys[0], "it is no part of it");
	unlink(in_dir("m/ext4.ko"));
	cr_expect_eq(
		oom_initrd_key(in_dir("busybox"), in_dir("m"), "6.1", NULL, &keys[0]), -ENOENT);
}

/* ---- disks ------------------------------------------------------------------------------------------ */

/* A tool of that name, before those that there are. */
static void put_tool(const char *text)
{
	char path[4096];

	mkdir(in_dir("bin"), 0755);
	put("bin/genext2fs", text);
	chmod(in_dir("bin/genext2fs"), 0755);
	snprintf(path, sizeof(path), "%s:/usr/bin:/bin", in_dir("bin"));
	setenv("PATH", path, 1);
}

Test(guest_keys, of_a_payload)
{
	uint64_t keys[3], again;

	put_tool("#!/bin/true\n");
	put("tar", "one");
	cr_assert_eq(oom_payload_key(in_dir("tar"), &keys[0]), 0);
	cr_assert_eq(oom_payload_key(in_dir("tar"), &again), 0);
	cr_expect_eq(again, keys[0], "the same again");
	put("tar", "two");
	cr_assert_eq(oom_payload_key(in_dir("tar"), &keys[1]), 0);
	put("tar", "one");
	put_tool("#!/bin/sh\n# another one\n");
	cr_assert_eq(oom_payload_key(in_dir("tar"), &keys[2]), 0);
	differ(keys, 3);
	cr_expect_eq(oom_payload_key(in_dir("none"), &again), -ENOENT);
}

Test(guest_keys, of_an_empty_disk)
{
	char paths[3][PATH_MAX], again[PATH_MAX];

	put_tool("#!/bin/true\n");
	oom_disk_template_path("/c", 1 << 20, paths[0]);
	oom_disk_template_path("/c", 2 << 20, paths[1]);
	oom_disk_template_path("/c", 1 << 20, again);
	cr_expect_str_eq(again, paths[0]);
	put_tool("#!/bin/sh\n# another one\n");
	oom_disk_template_path("/c", 1 << 20, paths[2]);
	cr_expect_str_neq(paths[0], paths[1]);
	cr_expect_str_neq(paths[0], paths[2]);
}

/* ---- QEMU and KVM ------------------------------------------------------------------------------------ */

Test(guest_keys, of_a_newer_qemu)
{
	const uint64_t keys[] = {oom_qemu_newer_key("fetch", 5, "ID=debian\n"),
		oom_qemu_newer_key("fetsh", 5, "ID=debian\n"),
		oom_qemu_newer_key("fetch", 4, "ID=debian\n"),
		oom_qemu_newer_key("fetch", 5, "ID=ubuntu\n"),
		oom_qemu_newer_key("fetch", 5, NULL)};

	differ(keys, 5);
	cr_expect_eq(oom_qemu_newer_key("fetch", 5, "ID=debian\n"), keys[0]);
}

/* One that was made by another recipe is not found; one that says nothing was made before recipes were noted. */
Test(guest_keys, a_newer_qemu_of_another_recipe_is_none)
{
	static const struct {
		const char *made_from; /* NULL: it says nothing */
		int r;
	} rows[] = {{NULL, 0}, {"0123456789abcdef\n", -ENOENT}};
	static const char program[] = "qemu/newer/usr/bin/qemu-system-x86_64";

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct oom_arena arena = {0};
		struct oom_qemu qemu;

		mkdir(in_dir("qemu"), 0755);
		mkdir(in_dir("qemu/newer"), 0755);
		mkdir(in_dir("qemu/newer/usr"), 0755);
		mkdir(in_dir("qemu/newer/usr/bin"), 0755);
		put(program, "#!/bin/sh\necho QEMU emulator version 10.0.2\n");
		chmod(in_dir(program), 0755);
		if (rows[i].made_from)
			put("qemu/newer/made-from", rows[i].made_from);
		cr_expect_eq(oom_qemu_find_newer(&arena, dir, &qemu), rows[i].r, "row %zu", i);
		oom_arena_release(&arena);
	}
}

Test(guest_keys, of_what_is_known_of_kvm)
{
	struct oom_qemu qemu = {.program = in_dir("qemu"), .version = "7.2"}, other = qemu;
	char paths[3][PATH_MAX], again[PATH_MAX];

	put("qemu", "one");
	oom_kvm_path("/c", &qemu, paths[0]);
	oom_kvm_path("/c", &qemu, again);
	cr_expect_str_eq(again, paths[0]);
	other.version = "7.3";
	oom_kvm_path("/c", &other, paths[1]);
	put("qemu", "another");
	oom_kvm_path("/c", &qemu, paths[2]);
	cr_expect_str_neq(paths[0], paths[1]);
	cr_expect_str_neq(paths[0], paths[2]);
}

#define CPU(model, mhz, flags)                                                                     \
	"processor\t: 0\nmodel name\t: " model "\nmicrocode\t: 0x1\ncpu MHz\t\t: " mhz             \
	"\nflags\t\t: " flags "\nbogomips\t: 1\n\n"

Test(guest_keys, of_a_processor)
{
	const uint64_t keys[] = {oom_hash_cpuinfo(1, CPU("A", "1000", "fpu vmx")),
		oom_hash_cpuinfo(1, CPU("B", "1000", "fpu vmx")),
		oom_hash_cpuinfo(1, CPU("A", "1000", "fpu")),
		oom_hash_cpuinfo(2, CPU("A", "1000", "fpu vmx")), oom_hash_cpuinfo(1, "")};

	differ(keys, 5);
	cr_expect_eq(oom_hash_cpuinfo(1, CPU("A", "2345", "fpu vmx")), keys[0], "its clock varies");
	cr_expect_eq(oom_hash_cpuinfo(1, CPU("A", "1", "fpu vmx") CPU("B", "1", "")), keys[0],
		"one core stands for all");
}

/* ---- an image's digest ------------------------------------------------------------------------------- */

Test(guest_keys, a_digest_is_of_the_disk_as_it_is)
{
	struct oom_image image = {.dir = dir, .disk = in_dir("root.ext2")};
	char one[OOM_IMAGE_DIGEST_TEXT], two[OOM_IMAGE_DIGEST_TEXT], sum[OOM_DIGEST_TEXT];
	char disk[192];

	snprintf(disk, sizeof(disk), "%s", image.disk);
	image.disk = disk;
	put("root.ext2", "abc");
	cr_assert_eq(oom_image_digest(&image, one), 0);
	cr_expect_str_eq(one, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	cr_assert_eq(oom_image_digest(&image, two), 0);
	cr_expect_str_eq(two, one, "out of the file beside it");
	put("root.ext2", "abd");
	cr_assert_eq(oom_image_digest(&image, two), 0);
	cr_assert_eq(oom_digest_file(disk, sum), 0);
	cr_expect_str_eq(two, sum);
	cr_expect_str_neq(two, one);
	put("digest", "nonsense");
	cr_assert_eq(oom_image_digest(&image, two), 0);
	cr_expect_str_eq(two, sum, "what is no digest is not believed");
	image.own_disk = true;
	image.own.fd = -1;
	cr_assert_eq(oom_image_digest(&image, one), 0);
	cr_expect(strstr(one, "3 bytes, changed "), "%s", one);
}
