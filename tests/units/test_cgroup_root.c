// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/units/cgroup_root.h"
#include "tests/support/scratch.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <sched.h>
#include <sys/mount.h>

/* Fake trees: where would the units go? */
static char dir[64];

static void set_up(void)
{
	cr_assert_not_null(scratch_dir(dir));
}

static void tear_down(void)
{
	scratch_remove(dir);
}

TestSuite(cgroup_root, .init = set_up, .fini = tear_down);

#define V2_LINE "35 24 0:30 / /cg rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"
#define V1_LINES                                                                                   \
	"33 24 0:29 / /v1 rw - tmpfs tmpfs rw\n"                                                   \
	"34 33 0:31 / /v1/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"                         \
	"35 33 0:32 / /v1/memory rw - cgroup cgroup rw,memory\n"                                   \
	"36 33 0:33 / /v1/pids rw - cgroup cgroup rw,pids\n"

static const struct root_row {
	const char *name;
	const char *mounts, *own;
	const char *files[8]; /* "path=text"; NULL at the end */
	const char *wanted; /* below the fake root */
	const char *path; /* expected, or NULL */
	bool v1, leaf;
	const char *why; /* expected error */
} root_rows[] = {
	{"nothing is mounted", "1 0 0:1 / / rw - ext4 /dev/x rw\n", "0::/\n", {NULL},
		.why = "no cgroup file system"},
	{"the root of v2", V2_LINE, "0::/\n",
		{"cg/cgroup.controllers=cpu memory pids\n", "cg/cgroup.procs=1\n2\n"},
		.path = "/cg"},
	{"v2 without the controller", V2_LINE, "0::/\n",
		{"cg/cgroup.controllers=cpu memoryx pids\n", "cg/cgroup.procs="},
		.why = "no memory controller"},
	{"alone in a delegated scope", V2_LINE, "0::/a.slice/b.scope\n",
		{"cg/cgroup.controllers=memory\n",
			"cg/a.slice/b.scope/cgroup.controllers=memory pids\n",
			"cg/a.slice/b.scope/cgroup.procs=SELF\n",
			"cg/a.slice/b.scope/cgroup.type=domain\n",
			"cg/a.slice/b.scope/cgroup.subtree_control=\n"},
		.path = "/cg/a.slice/b.scope", .leaf = true},
	{"nobody in it", V2_LINE, "0::/a.slice/b.scope\n",
		{"cg/cgroup.controllers=memory\n",
			"cg/a.slice/b.scope/cgroup.controllers=memory pids\n",
			"cg/a.slice/b.scope/cgroup.procs=",
			"cg/a.slice/b.scope/cgroup.type=domain\n",
			"cg/a.slice/b.scope/cgroup.subtree_control=\n"},
		.path = "/cg/a.slice/b.scope"},
	{"alone, but nothing delegated", V2_LINE, "0::/a.slice/b.scope\n",
		{"cg/cgroup.controllers=memory\n", "cg/a.slice/b.scope/cgroup.controllers=pids\n",
			"cg/a.slice/b.scope/cgroup.procs=SELF\n",
			"cg/a.slice/b.scope/cgroup.type=domain\n"},
		.why = "/a.slice/b.scope' has no memory controller"},
	{"a login session: its slice", V2_LINE, "0::/a.slice/s.scope\n",
		{"cg/cgroup.controllers=memory\n", "cg/a.slice/s.scope/cgroup.controllers=memory\n",
			"cg/a.slice/s.scope/cgroup.procs=1\nSELF\n",
			"cg/a.slice/s.scope/cgroup.type=domain\n",
			"cg/a.slice/cgroup.subtree_control=memory pids\n"},
		.path = "/cg/a.slice"},
	{"crowded, and the parent gives no memory", V2_LINE, "0::/a.slice/s.scope\n",
		{"cg/cgroup.controllers=memory\n", "cg/a.slice/s.scope/cgroup.controllers=memory\n",
			"cg/a.slice/s.scope/cgroup.procs=1\nSELF\n",
			"cg/a.slice/s.scope/cgroup.type=domain\n",
			"cg/a.slice/cgroup.subtree_control=pids\n"},
		.why = "other processes are in oomgate's cgroup"},
	{"the top of a container", V2_LINE, "0::/\n",
		{"cg/cgroup.controllers=memory pids\n", "cg/cgroup.procs=1\nSELF\n",
			"cg/cgroup.type=domain\n", "cg/cgroup.subtree_control=\n"},
		.path = "/cg", .leaf = true},
	{"a path above the container", V2_LINE, "0::/../other\n",
		{"cg/cgroup.controllers=memory pids\n", "cg/cgroup.procs=SELF\n"}, .path = "/cg"},
	{"a container that sees the host's path",
		"35 24 0:30 /docker/abc /cg rw - cgroup2 cgroup2 rw\n", "0::/docker/abc\n",
		{"cg/cgroup.controllers=memory pids\n", "cg/cgroup.procs=SELF\n"}, .path = "/cg"},
	{"v1", V1_LINES, "4:pids:/p\n3:memory:/m/n\n2:cpu,cpuacct:/c\n0::/\n",
		{"v1/memory/m/n/memory.limit_in_bytes=9\n", "v1/pids/p/pids.max=max\n"},
		.path = "/v1/memory/m/n", .v1 = true},
	{"v1 with a path of another namespace", V1_LINES, "3:memory:/gone\n",
		{"v1/memory/memory.limit_in_bytes=9\n"}, .path = "/v1/memory", .v1 = true},
	{"hybrid: the controller decides", V1_LINES V2_LINE, "3:memory:/\n0::/\n",
		{"v1/memory/memory.limit_in_bytes=9\n", "cg/cgroup.controllers=hugetlb\n"},
		.path = "/v1/memory", .v1 = true},
	{"a blank in the mount point", "35 24 0:30 / /c\\040g rw - cgroup2 cgroup2 rw\n", "0::/\n",
		{"c g/cgroup.controllers=memory\n", "c g/cgroup.procs="}, .path = "/c g"},
	{"wanted", V2_LINE, "0::/\n",
		{"cg/cgroup.controllers=memory\n", "mine/cgroup.controllers=memory\n",
			"mine/cgroup.procs=", "mine/cgroup.type=domain\n"},
		.wanted = "/mine/", .path = "/mine"},
	{"wanted, but it is none", V2_LINE, "0::/\n", {"mine/x="}, .wanted = "/mine",
		.why = "is not a cgroup"},
	{"wanted, but it is not there", V2_LINE, "0::/\n", {NULL}, .wanted = "/mine",
		.why = "cannot open OOMGATE_CGROUP"},
	{"wanted, but others are in it", V2_LINE, "0::/\n",
		{"mine/cgroup.controllers=memory\n", "mine/cgroup.procs=1\n",
			"mine/cgroup.type=domain\n"},
		.wanted = "/mine", .why = "holds processes"},
};

static void write_row_file(const char *row)
{
	const char *equals = strchr(row, '=');
	char name[256], text[256] = "", *self;

	snprintf(name, sizeof(name), "%.*s", (int)(equals - row), row);
	snprintf(text, sizeof(text), "%s", equals + 1);
	self = strstr(text, "SELF");
	if (self)
		snprintf(self, sizeof(text) - (size_t)(self - text), "%d\n", (int)getpid());
	scratch_file(dir, name, text);
}

Test(cgroup_root, finds_the_place_for_its_units)
{
	for (size_t i = 0; i < sizeof(root_rows) / sizeof(root_rows[0]); i++) {
		const struct root_row *row = &root_rows[i];
		struct oom_cgroup_root root = {.fd = -1, .pids_fd = -1};
		char wanted[128], expected[128];
		struct oom_err err = {0};
		int r;

		scratch_file(dir, "proc/self/mountinfo", row->mounts);
		scratch_file(dir, "proc/self/cgroup", row->own);
		for (int f = 0; f < 8 && row->files[f]; f++)
			write_row_file(row->files[f]);
		snprintf(wanted, sizeof(wanted), "%s%s", dir, row->wanted ? row->wanted : "");
		r = oom_cgroup_root_find(dir, row->wanted ? wanted : NULL, &err, &root);
		if (row->path) {
			snprintf(expected, sizeof(expected), "%s%s", dir, row->path);
			cr_expect_eq(r, 0, "%s: %s", row->name, err.msg);
			cr_expect_str_eq(root.path, expected, "%s: '%s'", row->name, root.path);
			cr_expect_eq(root.v1, row->v1, "%s", row->name);
			cr_expect_eq(root.needs_leaf, row->leaf, "%s", row->name);
		} else {
			cr_expect_lt(r, 0, "%s", row->name);
			cr_expect(strstr(err.msg, row->why), "%s: %s", row->name, err.msg);
			cr_expect_null(strstr(err.msg, "..."), "too long: %s", err.msg);
		}
		oom_cgroup_root_release(&root);
		scratch_remove(dir);
		mkdir(dir, 0700);
	}
}

/* In a mount namespace of our own: nothing of it is seen outside. */
Test(cgroup_root, a_read_only_mount_is_named_with_the_way_out)
{
	struct oom_cgroup_root root;
	struct oom_err err = {0};
	char path[96];

	if (unshare(CLONE_NEWNS) < 0)
		SCRATCH_SKIP(dir, "no mount namespaces for this user");
	cr_assert_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	scratch_file(dir, "proc/self/mountinfo", V2_LINE);
	scratch_file(dir, "proc/self/cgroup", "0::/\n");
	snprintf(path, sizeof(path), "%s/cg", dir);
	mkdir(path, 0755);
	cr_assert_eq(mount("none", path, "tmpfs", 0, "size=64k"), 0);
	scratch_file(dir, "cg/cgroup.controllers", "memory\n");
	scratch_file(dir, "cg/cgroup.procs", "");
	cr_expect_eq(oom_cgroup_root_find(dir, NULL, &err, &root), 0, "%s", err.msg);
	oom_cgroup_root_release(&root);
	cr_assert_eq(mount("none", path, "tmpfs", MS_REMOUNT | MS_RDONLY, NULL), 0);
	cr_expect_eq(oom_cgroup_root_find(dir, NULL, &err, &root), -EROFS);
	cr_expect(strstr(err.msg, "/cg' is mounted read-only: remount it writable"), "%s", err.msg);
	cr_expect_eq(oom_cgroup_root_find(dir, path, &err, &root), -EROFS);
	umount2(path, MNT_DETACH);
}
