// SPDX-License-Identifier: LGPL-2.1-or-later
/* What makes up a machine: its name, its tree of files, its shape, its key. */
#include "harness/campaign/schema.h"
#include "harness/guest/attempt/host.h"
#include "harness/guest/cache/pack.h"
#include "harness/guest/cache/tool.h"
#include "harness/guest/image/suite.h"
#include "harness/guest/vm/key.h"
#include "harness/guest/vm/qemu.h"
#include "harness/guest/vm/shape.h"
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

TestSuite(guest_machine, .init = make_dir, .fini = drop_dir);

static const char *in_dir(const char *name)
{
	return oom_arena_printf(&arena, "%s/%s", dir, name);
}

Test(guest_machine, names_of_guests)
{
	static const struct {
		const char *text, *image, *kernel, *modules; /* image NULL: refused */
	} rows[] = {
		{"debian:bookworm", "debian:bookworm", NULL, NULL},
		{"kernel=/boot/vmlinuz", "debian:bookworm", "/boot/vmlinuz", NULL},
		{"kernel=/k,modules=/m,image=debian:trixie", "debian:trixie", "/k", "/m"},
		{"image=/disks/a.qcow2", "/disks/a.qcow2", NULL, NULL},
		{"image=/d,kernel=/k", "/d", "/k", NULL},
		{"", NULL, NULL, NULL},
		{"debian", NULL, NULL, NULL},
		{"debian:", NULL, NULL, NULL},
		{"debian:Book/../worm", NULL, NULL, NULL},
		{"debian:sid", NULL, NULL, NULL},
		{"debian:bookworn", NULL, NULL, NULL},
		{"bookworm", NULL, NULL, NULL},
		{"kernel=/k,image=debian:buster", NULL, NULL, NULL},
		{"kernel=/k,", NULL, NULL, NULL},
		{",kernel=/k", NULL, NULL, NULL},
		{"kernel=/k,,image=/d", NULL, NULL, NULL},
		{"kernel=/k,image=bookworm", "bookworm", "/k", NULL},
		{"kernel=", NULL, NULL, NULL},
		{"kernel=/a,kernel=/b", NULL, NULL, NULL},
		{"modules=/m", NULL, NULL, NULL},
		{"kern=/k", NULL, NULL, NULL},
		{"kernel=/k,debian:trixie", NULL, NULL, NULL},
		{",", NULL, NULL, NULL},
		{"kernel=/k,", NULL, NULL, NULL},
		{"kernel=/k,,image=/d", NULL, NULL, NULL},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct oom_guest_spec spec = {.id = "untouched"};
		struct oom_err err = {0};
		int r = oom_guest_spec_parse(&arena, rows[i].text, &err, &spec);

		cr_assert_eq(r, rows[i].image ? 0 : -EINVAL, "'%s': %s", rows[i].text, err.msg);
		cr_expect_str_eq(spec.id, r ? "untouched" : rows[i].text);
		if (r)
			continue;
		cr_expect_str_eq(spec.image, rows[i].image, "%s", rows[i].text);
		cr_expect_str_eq(
			spec.kernel ? spec.kernel : "-", rows[i].kernel ? rows[i].kernel : "-");
		cr_expect_str_eq(
			spec.modules ? spec.modules : "-", rows[i].modules ? rows[i].modules : "-");
	}
}

Test(guest_machine, a_wrong_name_says_what_there_is)
{
	static const struct {
		const char *text, *says;
	} rows[] = {
		{"debian:bookworn",
			"unknown guest 'debian:bookworn', did you mean 'debian:bookworm'?"},
		{"debain:trixie", "did you mean 'debian:trixie'?"},
		{"forky", "unknown guest 'forky', did you mean 'debian:forky'?"},
		{"truxie", "did you mean 'debian:trixie'?"},
		{"debian:sid",
			"unknown guest 'debian:sid', expected one of debian:bullseye, "
			"debian:bookworm, debian:trixie, debian:forky, kernel=PATH"},
		{"kernel=/k,image=debian:buster",
			"unknown image 'debian:buster', expected one of debian:bullseye"},
		{"kernel=/k,image=debian:bullsye",
			"unknown image 'debian:bullsye', did you mean 'debian:bullseye'?"},
		{"kernle=/k", "unknown key of a guest's name 'kernle', did you mean 'kernel'?"},
		{"disk=/d", "expected one of kernel, modules, image"},
		{"image=/d,modules=/m", "modules= without kernel="},
		{"kernel=/k,image=", "'image=' is empty"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct oom_guest_spec spec;
		struct oom_err err = {0};

		cr_assert_eq(oom_guest_spec_parse(&arena, rows[i].text, &err, &spec), -EINVAL, "%s",
			rows[i].text);
		cr_expect(strstr(err.msg, rows[i].says), "'%s' says: %s", rows[i].text, err.msg);
	}
}

Test(guest_machine, every_suite_is_a_guest_and_an_image)
{
	size_t count = 0;

	for (const struct oom_suite *s = oom_suites; s->name; s++, count++) {
		struct oom_guest_spec spec = {0};
		struct oom_err err = {0};

		cr_expect_eq(oom_guest_spec_parse(&arena, s->name, &err, &spec), 0, "%s: %s",
			s->name, err.msg);
		cr_expect_str_eq(spec.image, s->name);
		cr_expect(oom_image_suite(s->name));
	}
	cr_expect_gt(count, 3);
	cr_expect_null(oom_image_suite("debian:sid"));
	cr_expect_null(oom_image_suite("bookworm"));
	cr_expect_null(oom_image_suite(NULL));
}

Test(guest_machine, a_tree_is_packed_with_its_links_and_goes_into_usr)
{
	const char *const argv[] = {"tar", "-tvf", in_dir("t.tar"), NULL};
	struct oom_pack pack;
	struct oom_err err;
	char *list;

	mkdir(in_dir("tree"), 0755);
	mkdir(in_dir("tree/etc"), 0755);
	mkdir(in_dir("tree/bin"), 0755);
	oom_file_write(in_dir("tree/etc/conf"), "1234567", 7, 0600, NULL);
	oom_file_write(in_dir("tree/bin/tool"), "#!", 2, 0755, NULL);
	cr_assert_eq(symlink("/dev/null", in_dir("tree/etc/masked.service")), 0);
	cr_assert_eq(oom_pack_open(in_dir("t.tar"), true, &err, &pack), 0);
	cr_assert_eq(oom_pack_tree(&pack, "config", in_dir("tree"), &err), 0, "%s", err.msg);
	cr_assert_eq(oom_pack_close(&pack, &err), 0);
	cr_assert_eq(oom_tool_run(argv, NULL, in_dir("list"), &err), 0, "%s", err.msg);
	cr_assert_eq(oom_file_read(&arena, in_dir("list"), 4096, &list, NULL), 0);
	cr_expect_not_null(strstr(list, "-rw------- 0/0               7"), "%s", list);
	cr_expect_not_null(strstr(list, " config/etc/conf\n"));
	cr_expect_not_null(strstr(list, " config/etc/masked.service -> /dev/null\n"));
	cr_expect_not_null(strstr(list, " config/usr/bin/tool\n"));
	mkfifo(in_dir("tree/etc/pipe"), 0600);
	oom_pack_open(in_dir("t.tar"), true, &err, &pack);
	cr_expect_eq(oom_pack_tree(&pack, "config", in_dir("tree"), &err), -EINVAL);
	oom_pack_close(&pack, &err);
}

/* "a/b": a file; "a/b/": a folder; "a/b>c": a link to c; with the folders above it */
static void plant(const char *tree, const char *what)
{
	char *path = oom_arena_printf(&arena, "%s/%s", tree, what), *target = strchr(path, '>');

	if (target)
		*target++ = '\0';
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0755);
		*slash = '/';
	}
	if (target)
		cr_assert_eq(symlink(target, path), 0);
	else if (path[strlen(path) - 1] != '/')
		cr_assert_eq(oom_file_write(path, "x", 1, 0644, NULL), 0, "%s", path);
}

Test(guest_machine, a_file_that_a_tree_has_twice_is_refused)
{
	static const struct {
		const char *files[2]; /* a slash behind: a folder; "A>B": a link to B */
		const char *twins[2]; /* NULL: it is packed */
	} rows[] = {
		{{"bin/a", "usr/bin/b"}, {NULL}},
		{{"bin/d/a", "usr/bin/d/b"}, {NULL}},
		{{"bin/a", "usr/sbin/a"}, {NULL}},
		{{"etc/bin/a", "usr/bin/a"}, {NULL}},
		{{"bin/a", "usr/bin/a"}, {"bin/a", "usr/bin/a"}},
		{{"lib/d/a", "usr/lib/d/a"}, {"lib/d/a", "usr/lib/d/a"}},
		{{"lib64/d/", "usr/lib64/d"}, {"lib64/d", "usr/lib64/d"}},
		{{"sbin>usr/sbin", "usr/sbin/a"}, {"sbin", "usr/sbin"}},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const char *tree = in_dir(oom_arena_printf(&arena, "tree%zu", i));
		struct oom_pack pack;
		struct oom_err err = {0};
		int r;

		for (int f = 0; f < 2; f++)
			plant(tree, rows[i].files[f]);
		cr_assert_eq(oom_pack_open(in_dir("t.tar"), true, &err, &pack), 0);
		r = oom_pack_tree(&pack, "config", tree, &err);
		cr_expect_eq(r, rows[i].twins[0] ? -EEXIST : 0, "row %zu: %s", i, err.msg);
		for (int t = 0; t < 2 && rows[i].twins[0]; t++)
			cr_expect_not_null(
				strstr(err.msg,
					oom_arena_printf(&arena, "%s/%s'", tree, rows[i].twins[t])),
				"row %zu: %s", i, err.msg);
		oom_pack_close(&pack, &err);
	}
}

static struct oom_scenario *scenario_of(const char *machine)
{
	const char *text = oom_arena_printf(&arena,
		"# t\n[Machine]\n%s\n[Workload w]\nType=exec\n"
		"Command=/bin/true\n[Expect w]\nExitCode=0\n",
		machine);
	struct oom_diags diags = {0};
	struct oom_scenario *scenario;

	cr_assert_eq(
		oom_scenario_parse(oom_schema(), "t", "t", text, strlen(text), &diags, &scenario),
		0, "%s: %s", machine, diags.count ? diags.items[0].msg : "");
	oom_diags_release(&diags);
	return scenario;
}

/* The shape that a [Machine] section gives; @ret_r what reading it returned. */
static struct oom_guest_shape shape(const char *machine, int *ret_r)
{
	struct oom_scenario *scenario = scenario_of(machine);
	struct oom_guest_shape found = {0};
	struct oom_err err;

	*ret_r = oom_guest_shape_read(&arena, scenario, &err, &found);
	oom_scenario_free(scenario);
	return found;
}

Test(guest_machine, the_shape_of_a_machine)
{
	struct oom_guest_shape s;
	int r;

	s = shape("", &r);
	cr_expect(!r && s.memory_bytes == 512 << 20 && s.cpus == 1 && !s.n_nodes && !s.swap_bytes);
	s = shape(
		"Memory=256M\nCPUs=2\nSwap=64M\nHugePages=3\nKernelArgs=a=b c\nHierarchy=legacy\nDisk=1G",
		&r);
	cr_expect(!r && s.memory_bytes == 256 << 20 && s.cpus == 2 && s.swap_bytes == 64 << 20);
	cr_expect(s.hugepages == 3 && s.legacy && s.disk_bytes == 1 << 30);
	cr_expect_str_eq(s.kernel_args, "a=b c");
	s = shape("Memory=600M\nNUMANodes=4", &r);
	cr_expect(!r && s.n_nodes == 4 && s.node_bytes[3] == 150 << 20);
	s = shape("NUMAMemory=192M 64M 32M", &r);
	cr_expect(!r && s.n_nodes == 3 && s.memory_bytes == 288 << 20);
	cr_expect(s.node_bytes[0] == 192 << 20 && s.node_bytes[1] == 64 << 20 &&
		s.node_bytes[2] == 32 << 20);
	s = shape("NUMAMemory=192M", &r);
	cr_expect(!r && !s.n_nodes && s.memory_bytes == 192 << 20, "one node is none");
	shape("NUMAMemory=32M 32M", &r);
	cr_expect_eq(r, -EINVAL, "too small to boot, all together");
	shape("Memory=64M", &r);
	cr_expect_eq(r, -EINVAL, "too small to boot");
	shape("Memory=1000G", &r);
	cr_expect_eq(r, -E2BIG, "larger than this host");
}

Test(guest_machine, a_guest_waits_for_the_memory_of_another)
{
	static const struct {
		const char *machine;
		uint64_t used_mib;
		bool room;
	} rows[] = {{"", 0, true}, {"", 1536, true}, {"", 1537, false}, {"Memory=1G", 1024, true},
		{"Memory=1025M", 1024, false},
		/* alone there is nothing to wait for: it says itself what is wrong */
		{"Memory=1000G", 0, true}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct oom_guest_host host = {.room = {.memory_bytes = (uint64_t)2 << 30,
						      .used_bytes = rows[i].used_mib << 20}};
		struct oom_scenario *scenario = scenario_of(rows[i].machine);

		cr_expect_eq(oom_guest_host_has_room(&host, scenario), rows[i].room,
			"%s beside %d MiB", rows[i].machine, (int)rows[i].used_mib);
		oom_scenario_free(scenario);
	}
}

Test(guest_machine, what_faults_unplug_is_part_of_the_shape)
{
	static const struct {
		const char *machine;
		int r, cpus, dimms;
	} rows[] = {
		{"CPUs=2\n[Fault f]\nType=cpu-unplug\nAt=0", 0, 1, 0},
		{"CPUs=4\n[Fault f]\nType=cpu-unplug\nAt=0\n[Fault g]\nType=cpu-unplug\nAt=0\nCount=2",
			0, 3, 0},
		{"CPUs=2\n[Fault f]\nType=cpu-unplug\nAt=0\nCount=2", -EINVAL, 0, 0},
		{"[Fault f]\nType=cpu-unplug\nAt=0", -EINVAL, 0, 0},
		{"CPUs=2\n[Fault f]\nType=balloon\nAt=0\nSize=200M", 0, 0, 0},
		{"Memory=256M\n[Fault f]\nType=memory-unplug\nAt=0", 0, 0, 1},
		{"Memory=512M\n[Fault f]\nType=memory-unplug\nAt=0\nSize=256M\n[Fault g]\nType=memory-unplug\nAt=0",
			0, 0, 3},
		{"Memory=200M\n[Fault f]\nType=memory-unplug\nAt=0", -EINVAL, 0, 0},
		{"Memory=512M\n[Fault f]\nType=memory-unplug\nAt=0\nSize=100M", -EINVAL, 0, 0},
		{"Memory=512M\n[Fault f]\nType=memory-unplug\nAt=0\nSize=1000000T", -EINVAL, 0, 0},
		{"Memory=512M\nNUMANodes=2\n[Fault f]\nType=memory-unplug\nAt=0", -EINVAL, 0, 0},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		int r = 1;
		struct oom_guest_shape s = shape(rows[i].machine, &r);

		cr_expect_eq(r, rows[i].r, "%s: %d", rows[i].machine, r);
		cr_expect(s.spare_cpus == rows[i].cpus && s.spare_dimms == rows[i].dimms,
			"%s: %d, %d", rows[i].machine, s.spare_cpus, s.spare_dimms);
	}
}

Test(guest_machine, security_modules_are_off_unless_somebody_wants_them)
{
	static const struct {
		const char *args;
		bool own_disk, off;
	} rows[] = {{NULL, false, true}, {"quiet", false, true},
		{"quiet security=selinux", false, false}, {"apparmor=1", false, false},
		{"lsm=landlock", false, false}, {NULL, true, false}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct oom_image image = {.disk = "/d", .own_disk = rows[i].own_disk};
		struct oom_vm vm = {.qemu = {.program = "qemu", .version = "7.2"},
			.accel = "tcg",
			.image = &image,
			.vmlinuz = "/k",
			.initrd = "/i",
			.kernel = "6.1",
			.shape = {
				.memory_bytes = 512 << 20, .cpus = 1, .kernel_args = rows[i].args}};
		bool off = false;
		const char **argv;

		cr_assert_eq(oom_vm_argv(&arena, &vm, NULL, &argv), 0);
		for (; *argv; argv++)
			off |= strstr(*argv, " lsm= ") != NULL;
		cr_expect_eq(off, rows[i].off, "row %zu", i);
	}
}

Test(guest_machine, whatever_makes_a_difference_is_in_the_key)
{
	struct oom_image image = {.disk = in_dir("disk")};
	struct oom_vm vm = {.qemu = {.program = "qemu", .version = "7.2"},
		.accel = "tcg",
		.image = &image,
		.vmlinuz = "/k",
		.initrd = "/i",
		.payload = "/p",
		.kernel = "6.1",
		.shape = {.memory_bytes = 512 << 20, .cpus = 1}};
	struct oom_vm rows[16];
	uint64_t keys[17];
	int n = 0;

	oom_file_write(image.disk, "x", 1, 0644, NULL);
	for (int i = 0; i < 16; i++) {
		rows[i] = vm;
		rows[i].shape.node_bytes[0] = rows[i].shape.node_bytes[1] = 256 << 20;
	}
	rows[n++].qemu.version = "10.0";
	rows[n++].qemu.program = "other";
	rows[n++].accel = "kvm";
	rows[n++].vmlinuz = "/k2";
	rows[n++].initrd = "/i2";
	rows[n++].payload = "/p2";
	rows[n++].shape.memory_bytes = 256 << 20;
	rows[n++].shape.cpus = 2;
	rows[n].shape.cpus = 2;
	rows[n++].shape.spare_cpus = 1;
	rows[n++].shape.spare_dimms = 1;
	rows[n++].shape.legacy = true;
	rows[n++].shape.kernel_args = "quiet";
	rows[n++].shape.n_nodes = 2;
	rows[n].shape.n_nodes = 2;
	rows[n++].shape.node_bytes[0] = 128 << 20;
	cr_assert_eq(oom_vm_key(&vm, &keys[n]), 0);
	for (int i = 0; i < n; i++)
		cr_assert_eq(oom_vm_key(&rows[i], &keys[i]), 0);
	for (int i = 0; i <= n; i++)
		for (int j = 0; j < i; j++)
			cr_expect_neq(keys[i], keys[j], "rows %d and %d", i, j);
	oom_vm_key(&vm, &keys[0]);
	cr_expect_eq(keys[0], keys[n], "the same again");
	vm.shape.swap_bytes = vm.shape.disk_bytes = 64 << 20;
	vm.shape.hugepages = 3;
	oom_vm_key(&vm, &keys[0]);
	cr_expect_eq(keys[0], keys[n], "a restored guest is given these");
	oom_file_write(image.disk, "xy", 2, 0644, NULL);
	oom_vm_key(&vm, &keys[0]);
	cr_expect_neq(keys[0], keys[n], "the disk has changed");
}
