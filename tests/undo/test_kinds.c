// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/host/sysctl.h"
#include "harness/undo/add.h"
#include "harness/undo/undo.h"
#include "tests/support/scratch.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <sched.h>
#include <sys/mount.h>

/* What the kinds of undo do; test_undo.c has the lists that they are on. */
static char dir[64];

static void set_up(void)
{
	cr_assert_not_null(scratch_dir(dir));
	setenv("OOMGATE_RUNTIME", dir, 1);
}

static void tear_down(void)
{
	scratch_remove(dir);
}

TestSuite(undo_kinds, .init = set_up, .fini = tear_down);

Test(undo_kinds, a_tree_is_removed_with_links_but_nothing_behind_them)
{
	struct oom_undo *undo;
	struct oom_err err = {0};
	char path[80], link_path[128], linked_dir[80];

	snprintf(path, sizeof(path), "%s/tree", dir);
	snprintf(link_path, sizeof(link_path), "%s/tree/sub/link", dir);
	snprintf(linked_dir, sizeof(linked_dir), "%s/precious", dir);
	scratch_file(dir, "precious/file", "x");
	scratch_file(dir, "tree/sub/file", "x");
	cr_assert_eq(symlink(linked_dir, link_path), 0);
	cr_assert_eq(oom_undo_open(&err, &undo), 0);
	cr_assert_eq(oom_undo_add(undo, &err, "tree", path, NULL), 0);
	cr_expect_eq(oom_undo_run(undo, &err), 0, "%s", err.msg);
	cr_expect_not(scratch_exists(dir, "tree"));
	cr_expect(scratch_exists(dir, "precious/file"));
	/* a link in the tree's place goes, what it points to stays */
	cr_assert_eq(symlink(linked_dir, path), 0);
	cr_assert_eq(oom_undo_add(undo, &err, "tree", path, NULL), 0);
	cr_expect_eq(oom_undo_close(undo, &err), 0, "%s", err.msg);
	cr_expect_not(scratch_exists(dir, "tree"));
	cr_expect(scratch_exists(dir, "precious/file"));
}

/* In a mount namespace of our own: nothing of it is seen outside. */
Test(undo_kinds, mounts_go_and_trees_do_not_reach_into_them)
{
	struct oom_undo *undo;
	struct oom_err err = {0};
	char tree[80], mount_dir[96];

	if (unshare(CLONE_NEWNS) < 0)
		SCRATCH_SKIP(dir, "no mount namespaces for this user");
	cr_assert_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	snprintf(tree, sizeof(tree), "%s/tree", dir);
	snprintf(mount_dir, sizeof(mount_dir), "%s/tree/mnt", dir);
	scratch_file(dir, "tree/mnt/x", "");
	cr_assert_eq(oom_undo_open(&err, &undo), 0);
	cr_assert_eq(oom_undo_add(undo, &err, "mount", mount_dir, NULL), 0);
	cr_assert_eq(oom_undo_add(undo, &err, "tree", tree, NULL), 0);
	cr_assert_eq(mount("none", mount_dir, "tmpfs", 0, "size=1M"), 0);
	scratch_file(dir, "tree/mnt/inside", "x");
	cr_expect_eq(oom_undo_run(undo, &err), -EXDEV);
	cr_expect(strstr(err.msg, "mounted in it"), "%s", err.msg);
	cr_expect_not(scratch_exists(dir, "tree/mnt/inside"), "still mounted");
	cr_expect_eq(oom_undo_close(undo, &err), 0, "%s", err.msg);
	cr_expect_not(scratch_exists(dir, "tree"));
}

Test(undo_kinds, sysctls_go_back)
{
	static const struct {
		const char *name, *path;
	} rows[] = {
		{"vm.overcommit_memory", "/proc/sys/vm/overcommit_memory"},
		{"vm/overcommit_memory", "/proc/sys/vm/overcommit_memory"},
		{"net.ipv4.conf.eth0/1.forwarding", "/proc/sys/net/ipv4/conf/eth0.1/forwarding"},
		{"net/ipv4/conf/eth0.1/forwarding", "/proc/sys/net/ipv4/conf/eth0.1/forwarding"},
		{"vm", NULL},
		{".vm", NULL},
		{"vm.", NULL},
		{"vm//x", NULL},
		{"a/..", NULL},
		{"a/../b", NULL},
		{"", NULL},
	};
	struct oom_undo *undo;
	struct oom_err err = {0};
	char path[256];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int r = oom_sysctl_path(rows[i].name, path, sizeof(path));

		cr_expect_eq(r, rows[i].path ? 0 : -EINVAL, "'%s'", rows[i].name);
		if (rows[i].path)
			cr_expect_str_eq(path, rows[i].path);
	}
	cr_assert_eq(oom_undo_open(&err, &undo), 0);
	cr_expect_eq(oom_undo_add_sysctl(undo, "vm.no_such_thing", &err), -ENOENT);
	cr_expect(strstr(err.msg, "'vm.no_such_thing'"), "%s", err.msg);
	/* putting back what was not changed writes nothing: true without root, too */
	cr_expect_eq(oom_undo_add_sysctl(undo, "vm.overcommit_memory", &err), 0, "%s", err.msg);
	cr_expect_eq(oom_undo_add_sysctl(undo, "vm.dirty_bytes", &err), 0, "%s", err.msg);
	cr_expect_eq(oom_undo_close(undo, &err), 0, "%s", err.msg);
}

/* A sysctl that belongs to a namespace: ours can be changed without anybody noticing. */
Test(undo_kinds, a_changed_sysctl_gets_its_old_value)
{
	struct oom_undo *undo;
	struct oom_err err = {0};
	FILE *file;
	unsigned long now = 0, old = 0;

	if (unshare(CLONE_NEWIPC) < 0)
		SCRATCH_SKIP(dir, "no ipc namespaces for this user");
	file = fopen("/proc/sys/kernel/shmmni", "r");
	cr_assert(file && fscanf(file, "%lu", &old) == 1);
	fclose(file);
	cr_assert_eq(oom_undo_open(&err, &undo), 0);
	cr_assert_eq(oom_undo_add_sysctl(undo, "kernel.shmmni", &err), 0, "%s", err.msg);
	cr_assert_eq(oom_sysctl_write("kernel.shmmni", "77", &err), 0, "%s", err.msg);
	cr_expect_eq(oom_undo_close(undo, &err), 0, "%s", err.msg);
	file = fopen("/proc/sys/kernel/shmmni", "r");
	cr_assert(file && fscanf(file, "%lu", &now) == 1);
	fclose(file);
	cr_expect_eq(now, old);
	cr_expect_neq(old, 77);
}

Test(undo_kinds, swap_that_was_switched_off_goes_on_again)
{
	struct oom_undo *undo;
	struct oom_err err = {0};

	if (geteuid())
		SCRATCH_SKIP(dir, "swapon(2) is for root");
	cr_assert_eq(oom_undo_open(&err, &undo), 0);
	cr_expect_eq(oom_undo_add(undo, &err, "swapon", "/dev/vdc", "first", NULL), -EINVAL);
	cr_expect_eq(oom_undo_add(undo, &err, "swapon", "vdc", "-2", NULL), -EINVAL);
	/* a device that is gone can have no swap: nothing to undo */
	cr_assert_eq(oom_undo_add(undo, &err, "swapon", "/dev/oomgate-gone", "-2", NULL), 0);
	cr_expect_eq(oom_undo_run(undo, &err), 0, "%s", err.msg);
	/* what is there and no swap is a failure, and says so */
	scratch_file(dir, "no-swap", "x");
	{
		char path[96];

		snprintf(path, sizeof(path), "%s/no-swap", dir);
		cr_assert_eq(oom_undo_add(undo, &err, "swapon", path, "5", NULL), 0);
		cr_expect_lt(oom_undo_run(undo, &err), 0);
		cr_expect(strstr(err.msg, "no-swap"), "%s", err.msg);
	}
	oom_undo_close(undo, &err);
}
