// SPDX-License-Identifier: LGPL-2.1-or-later
/* Headers of qcow2 images, byte by byte, and which disk images are taken. tests/data/fuzz/qcow2: qemu-img's own
 * (encrypted: crypt_method put into plain). */
#include "harness/guest/image/image.h"
#include "harness/guest/image/qcow2.h"
#include "harness/guest/vm/qemu.h"
#include "harness/host/file.h"
#include "lib/base/arena.h"
#include "lib/base/err.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SEEDS "tests/data/fuzz/qcow2/"

struct image {
	unsigned char bytes[4096];
	size_t len;
};

static void put32(struct image *i, size_t at, uint32_t value)
{
	for (int n = 0; n < 4; n++)
		i->bytes[at + (size_t)n] = (unsigned char)(value >> (24 - 8 * n));
}

static void put64(struct image *i, size_t at, uint64_t value)
{
	put32(i, at, (uint32_t)(value >> 32));
	put32(i, at + 4, (uint32_t)value);
}

/* A whole image of version 3, of 1 GiB, with clusters of 64 KiB and nothing beside. */
static struct image plain(void)
{
	struct image i = {.len = sizeof(i.bytes)};

	memcpy(i.bytes, "QFI\xfb", 4);
	put32(&i, 4, 3);
	put32(&i, 20, 16);
	put64(&i, 24, 1 << 30);
	put32(&i, 100, 104);
	return i;
}

static int read_image(const struct image *i, struct oom_qcow2 *ret)
{
	/* of its very size, so that a step too far is seen */
	unsigned char *exact = malloc(i->len + 1);
	int r;

	memcpy(exact, i->bytes, i->len);
	r = oom_qcow2_read(exact, i->len, ret);
	free(exact);
	return r;
}

Test(qcow2, a_plain_one)
{
	struct image i = plain();
	struct oom_qcow2 q;

	cr_assert_eq(read_image(&i, &q), 0);
	cr_expect_eq(q.version, 3);
	cr_expect_eq(q.size_bytes, 1 << 30);
	cr_expect_not(q.has_backing || q.has_data_file || q.corrupt || q.dirty || q.crypt_method ||
		q.unknown_features);
}

enum {
	BACKING_OFFSET,
	BACKING_SIZE,
	CLUSTER_BITS,
	HEADER_BYTES,
	VERSION,
	FEATURES,
	COMPRESSION,
	LEN,
	EXT_LEN
};

static void change(struct image *i, int field, uint64_t value)
{
	switch (field) {
	case BACKING_OFFSET:
		put64(i, 8, value);
		put32(i, 16, 4);
		break;
	case BACKING_SIZE:
		put64(i, 8, 512);
		put32(i, 16, (uint32_t)value);
		break;
	case CLUSTER_BITS:
		put32(i, 20, (uint32_t)value);
		break;
	case HEADER_BYTES:
		put32(i, 100, (uint32_t)value);
		break;
	case VERSION:
		put32(i, 4, (uint32_t)value);
		break;
	case FEATURES:
		put64(i, 72, value);
		break;
	case COMPRESSION:
		put32(i, 100, 112);
		i->bytes[104] = (unsigned char)value;
		break;
	case EXT_LEN:
		put32(i, 104, 0x12345678);
		put32(i, 108, (uint32_t)value);
		break;
	default:
		i->len = (size_t)value;
	}
}

Test(qcow2, fields_at_their_bounds)
{
	static const struct {
		int field;
		uint64_t value;
		int result;
	} rows[] = {
		{VERSION, 1, -EPROTONOSUPPORT},
		{VERSION, 2, 0},
		{VERSION, 4, -EPROTONOSUPPORT},
		{CLUSTER_BITS, 8, -EBADMSG},
		{CLUSTER_BITS, 9, 0},
		{CLUSTER_BITS, 21, 0},
		{CLUSTER_BITS, 22, -EBADMSG},
		{CLUSTER_BITS, 64, -EBADMSG},
		{HEADER_BYTES, 103, -EBADMSG},
		{HEADER_BYTES, 4096, 0},
		{HEADER_BYTES, 4097, -EBADMSG},
		{HEADER_BYTES, UINT32_MAX, -EBADMSG},
		{LEN, 3, -EINVAL},
		{LEN, 4, -EBADMSG},
		{LEN, 71, -EBADMSG},
		{LEN, 72, -EBADMSG},
		{LEN, 103, -EBADMSG},
		{LEN, 104, 0},
		{BACKING_OFFSET, 4092, 0},
		{BACKING_OFFSET, 4093, -EBADMSG},
		{BACKING_OFFSET, UINT64_MAX, -EBADMSG},
		{BACKING_OFFSET, UINT64_MAX - 3, -EBADMSG},
		{BACKING_SIZE, 1023, 0},
		{BACKING_SIZE, 1024, -EBADMSG},
		{BACKING_SIZE, UINT32_MAX, -EBADMSG},
		{EXT_LEN, 3984, 0},
		{EXT_LEN, 3985, -EBADMSG},
		{EXT_LEN, UINT32_MAX, -EBADMSG},
		{FEATURES, 8, -EBADMSG}, /* another compression, and no word which */
		{COMPRESSION, 1, -EBADMSG},
		{COMPRESSION, 0, 0},
	};

	for (size_t n = 0; n < sizeof(rows) / sizeof(*rows); n++) {
		struct oom_qcow2 q = {.version = 99};
		struct image i = plain();

		change(&i, rows[n].field, rows[n].value);
		cr_expect_eq(read_image(&i, &q), rows[n].result, "row %zu", n);
		cr_expect(!rows[n].result || q.version == 99, "row %zu was touched", n);
	}
}

Test(qcow2, features_are_told_apart)
{
	for (int bit = 0; bit < 64; bit++) {
		struct image i = plain();
		struct oom_qcow2 q;

		change(&i, COMPRESSION, bit == 3);
		change(&i, FEATURES, UINT64_C(1) << bit);
		cr_assert_eq(read_image(&i, &q), 0, "bit %d", bit);
		cr_expect_eq(q.dirty, bit == 0, "bit %d", bit);
		cr_expect_eq(q.corrupt, bit == 1, "bit %d", bit);
		cr_expect_eq(q.has_data_file, bit == 2, "bit %d", bit);
		cr_expect_eq(q.compression, bit == 3, "bit %d", bit);
		cr_expect_eq(q.unknown_features, bit > 4 ? UINT64_C(1) << bit : 0, "bit %d", bit);
	}
}

Test(qcow2, a_data_file_is_seen_by_its_name_alone)
{
	struct image i = plain();
	struct oom_qcow2 q;

	put32(&i, 104, 0x6803f857); /* a table of names comes first, of a length that is padded */
	put32(&i, 108, 5);
	put32(&i, 120, 0x44415441);
	put32(&i, 124, 9);
	memcpy(i.bytes + 128, "/etc/shad", 9);
	cr_assert_eq(read_image(&i, &q), 0);
	cr_expect(q.has_data_file);
	cr_expect_str_eq(q.data_file, "/etc/shad");
	put32(&i, 120, 0); /* the end of the list: what follows is none */
	cr_assert_eq(read_image(&i, &q), 0);
	cr_expect_not(q.has_data_file);
}

static char dir[64];
static struct oom_arena arena;

static void make_dir(void)
{
	snprintf(dir, sizeof(dir), "/tmp/oomgate-test-XXXXXX");
	cr_assert_not_null(mkdtemp(dir));
}

static void remove_dir(void)
{
	oom_tree_remove(dir);
	oom_arena_release(&arena);
}

TestSuite(own_disk, .init = make_dir, .fini = remove_dir);

/* The refusal of a file of that name and content; "" where it is taken. */
static const char *refusal(const char *name, const void *data, size_t len, struct oom_own_disk *ret)
{
	const char *path = oom_arena_printf(&arena, "%s/%s", dir, name);
	struct oom_err err = {0};

	ret->fd = -1;
	cr_assert_eq(oom_file_write(path, data, len, 0600, NULL), 0);
	if (oom_own_disk_open(path, &err, ret)) {
		cr_expect_eq(ret->fd, -1);
		cr_expect_not_null(
			strstr(err.msg, name + (strlen(name) > 72 ? strlen(name) - 72 : 0)), "%s",
			err.msg);
		return oom_arena_strdup(&arena, err.msg);
	}
	close(ret->fd);
	return "";
}

Test(own_disk, what_qemu_img_makes)
{
	static const struct {
		const char *seed, *name, *said;
	} rows[] = {
		{"plain", "d.qcow2", ""},
		{"plain", "D.QCOW2", ""},
		{"plain", "d.raw",
			"is raw by its name and qcow2 by its first bytes: give it a name that ends in .qcow2"},
		{"plain", "d.img", "qcow2 by its first bytes"},
		{"plain", "d", "qcow2 by its first bytes"},
		{"plain", "d.vmdk",
			"is a VMDK by its name, and only qcow2 and raw are supported: convert it "
			"with 'qemu-img convert"},
		{"backing", "d.qcow2",
			"has a backing file, 'base.raw': convert it with 'qemu-img convert -O qcow2 FILE WHOLE.qcow2'"},
		{"version2", "d.qcow2", "has a backing file, 'base.raw'"},
		{"data", "d.qcow2",
			"has an external data file, 'data.raw': convert it with 'qemu-img convert"},
		{"encrypted", "d.qcow2", "is encrypted: convert it with 'qemu-img convert"},
		{"version1", "d.qcow2", "has a qcow version other than 2 and 3"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct oom_own_disk disk = {0};
		const char *said;
		size_t len;
		char *data;

		cr_assert_eq(
			oom_file_read(&arena, oom_arena_printf(&arena, SEEDS "%s", rows[i].seed),
				65536, &data, &len),
			0);
		said = refusal(rows[i].name, data, len, &disk);
		cr_expect(*rows[i].said ? strstr(said, rows[i].said) != NULL : !*said,
			"row %zu: '%s'", i, said);
		cr_expect(*rows[i].said || disk.is_qcow2, "row %zu", i);
	}
}

Test(own_disk, what_is_no_qcow2)
{
	static const struct {
		const char *name, *bytes, *said;
	} rows[] = {
		{"d.raw", "\xeb\x63 a boot sector", ""},
		{"d.img", "x", ""},
		{"disk", "x", ""},
		{"d.qcow2.raw", "x", ""},
		{"json:{\"driver\":\"nbd\"}", "x", ""},
		{"fat:rw:d", "x", ""},
		{"d.qcow2", "a boot sector",
			"is not a qcow2: give a raw disk a name that ends in .raw"},
		{"d.raw", "KDMV", "is raw by its name and VMDK by its first bytes"},
		{"d.raw", "# Disk DescriptorFile\nRW 1 FLAT \"/etc/shadow\" 0",
			"VMDK by its first bytes"},
		{"d.img", "vhdxfile", "VHDX by its first bytes"},
		{"d", "conectix", "VHD by its first bytes"},
		{"d.raw", "WithouFreSpacExt", "Parallels by its first bytes"},
		{"d.vdi", "x", "is a VDI by its name"},
		{"d.raw", "LUKS\xba\xbe", "LUKS by its first bytes"},
		{"d.raw", "", "is empty"},
		{"d.raw", "QFI\xfb", "qcow2 by its first bytes"},
		{"d.qcow2", "QFI\xfb", "header is damaged"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct oom_own_disk disk = {0};
		const char *said =
			refusal(rows[i].name, rows[i].bytes, strlen(rows[i].bytes), &disk);

		cr_expect(*rows[i].said ? strstr(said, rows[i].said) != NULL : !*said,
			"row %zu: '%s'", i, said);
		cr_expect_not(disk.is_qcow2, "row %zu", i);
	}
}

Test(own_disk, what_a_name_holds_does_not_reach_a_terminal)
{
	static const char hostile[] = "/etc/\x1b[2J\nshadow";
	char name[208] = "", *end = name + 200;
	struct image i = plain();
	struct oom_own_disk disk;

	strcpy(end, ".qcow2");
	put64(&i, 8, 512);
	put32(&i, 16, sizeof(hostile) - 1);
	memcpy(i.bytes + 512, hostile, sizeof(hostile) - 1);
	cr_expect_not_null(strstr(refusal("d.qcow2", i.bytes, i.len, &disk), "'/etc/?[2J?shadow'"));
	/* names of any length leave room for the way out */
	put32(&i, 16, 1023);
	memset(i.bytes + 512, 'a', 1023);
	memset(name, 'n', 200);
	cr_expect_not_null(strstr(refusal(name, i.bytes, i.len, &disk),
		"nn.qcow2' has a backing file, 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaa...': convert it "
		"with 'qemu-img convert -O qcow2 FILE WHOLE.qcow2'"));
}

Test(own_disk, what_is_no_file)
{
	const char *pipe = oom_arena_printf(&arena, "%s/pipe", dir);
	struct oom_own_disk disk = {.fd = -1};
	struct oom_err err;

	cr_assert_eq(mkfifo(pipe, 0600), 0);
	cr_expect_eq(oom_own_disk_open(pipe, &err, &disk), -EINVAL);
	cr_expect_eq(oom_own_disk_open(dir, &err, &disk), -EINVAL);
	cr_expect_not_null(strstr(err.msg, "is not a file"));
	cr_expect_eq(oom_own_disk_open("/nowhere/disk", &err, &disk), -ENOENT);
	cr_expect_eq(disk.fd, -1);
}

/* All that QEMU is told of disks. */
static const char *disks(const struct oom_own_disk *own, const char *path)
{
	struct oom_image image = {.disk = path, .own_disk = own != NULL};
	struct oom_vm vm = {.qemu = {.program = "qemu", .version = "7.2"},
		.accel = "tcg",
		.image = &image,
		.vmlinuz = "/k",
		.initrd = "/i",
		.kernel = "6.1",
		.payload = "/p",
		.shape = {.memory_bytes = 512 << 20, .cpus = 1}};
	struct oom_vm_files files = {.qmp_fd = -1,
		.port_fd = -1,
		.swap_fd = -1,
		.disk_fd = -1,
		.head_fd = -1,
		.console = "/c"};
	const char **argv, *all = "";

	if (own)
		image.own = *own;
	cr_assert_eq(oom_vm_argv(&arena, &vm, &files, &argv), 0);
	for (; *argv; argv++)
		all = oom_arena_printf(&arena, "%s %s", all, *argv);
	return all;
}

Test(own_disk, qemu_guesses_no_format_and_is_given_the_open_file)
{
	const char *all = disks(&(struct oom_own_disk){.fd = 77, .is_qcow2 = true}, "/my/disk");

	cr_expect_not_null(strstr(all, "-add-fd fd=77,set=3"));
	cr_expect_not_null(strstr(all,
		"\"driver\":\"qcow2\",\"node-name\":\"root\",\"read-only\":true,\"file\":\"rootfile\",\"backing\":null"));
	cr_expect_null(strstr(all, "/my/disk"));
	cr_expect_null(strstr(all, "-drive "));
	all = disks(&(struct oom_own_disk){.fd = 77, .is_device = true}, "/dev/sdx");
	cr_expect_not_null(strstr(
		all, "driver=host_device,node-name=rootfile,read-only=on,filename=/dev/fdset/3"));
	cr_expect_not_null(strstr(all, "driver=raw,node-name=root,read-only=on,file=rootfile"));
	all = disks(NULL, "/ours,1");
	cr_expect_not_null(
		strstr(all, "driver=file,node-name=rootfile,read-only=on,filename=/ours,,1"));
	cr_expect_not_null(
		strstr(all, "driver=raw,node-name=payload,read-only=on,file=payloadfile"));
	cr_expect_null(strstr(all, "-drive "));
}
