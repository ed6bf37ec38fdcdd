// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/needs/needs.h"
#include "harness/needs/topology.h"
#include "tests/support/scratch.h"

#include <criterion/criterion.h>
#include <errno.h>

Test(needs, are_written_so)
{
	static const struct {
		const char *text, *msg; /* NULL: fine */
	} rows[] = {
		{"root", NULL},
		{"kernel>=6.1", NULL},
		{"kernel<5.19.2", NULL},
		{"kernel=6", NULL},
		{"swap", NULL},
		{"swap>=64M", NULL},
		{"numa>=2", NULL},
		{"memory.oom.group", NULL},
		{"systemd", NULL},
		{"systemd<=252", NULL},
		{"cpus>1", NULL},
		{"kernel", "'kernel' needs an argument: kernel version: kernel>=6.1, kernel<5.19"},
		{"kernel>=", "'kernel>=': '' is not a version (6.1)"},
		{"kernel>=6.", "'kernel>=6.': '6.' is not a version (6.1)"},
		{"kernel>=6..1", "'kernel>=6..1': '6..1' is not a version (6.1)"},
		{"kernel=>6.1", "'kernel=>6.1': compare with one of >= <= > < ="},
		{"kernel==6.1", "'kernel==6.1': compare with one of >= <= > < ="},
		{"kernel>>6.1", "'kernel>>6.1': compare with one of >= <= > < ="},
		{"root>=1", "'root>=1': 'root' takes no argument"},
		{"swap>=64Q", "'swap>=64Q': '64Q' is not a size (64M)"},
		{"swap>=50%", "'swap>=50%': '50%' is not a size (64M)"},
		{"numa>=two", "'numa>=two': 'two' is not a number"},
		{"quantum", "unknown need 'quantum' ('oomgate list needs' lists them)"},
		{"", "unknown need '' ('oomgate list needs' lists them)"},
		{"kernel>=6.1111111111111111111111111111111111111111",
			"'kernel>=6.1111111111111111111111111111111111111111' is too long"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct oom_err err = {0};
		int r = oom_need_check(rows[i].text, &err);

		cr_expect_eq(r, rows[i].msg ? -EINVAL : 0, "'%s'", rows[i].text);
		cr_expect_str_eq(err.msg, rows[i].msg ? rows[i].msg : "");
	}
}

/* A machine of files; a row's own file comes on top. */
static const char *const machine[][2] = {
	{"proc/meminfo",
		"MemTotal:         470000 kB\nSwapTotal:        65532 kB\nHugePages_Free: "
		"      8\n"},
	{"proc/self/status", "Name:\tx\nUid:\t1000\t0\t0\t0\n"},
	{"proc/sys/kernel/osrelease", "6.1.0-18-cloud-amd64\n"},
	{"proc/sys/user/max_user_namespaces", "100\n"},
	{"proc/pressure/memory", "some avg10=0.00\n"},
	{"sys/devices/system/cpu/online", "0-2,8\n"},
	{"sys/devices/system/node/online", "0-1\n"},
	{"sys/fs/cgroup/cgroup.controllers", "cpuset cpu memory\n"},
	{"sys/fs/cgroup/system.slice/memory.oom.group", "0\n"},
	{"sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n"},
	{"sys/kernel/tracing/events/oom/mark_victim/id", "1\n"},
	{"sys/kernel/tracing/events/signal/signal_generate/id", "2\n"},
	{"dev/kmsg", ""},
	{"sys/module/zswap/parameters/enabled", "N\n"},
};

struct row {
	const char *need, *msg; /* NULL: met */
	const char *path, *text; /* replaced before; text NULL: removed */
};

static void expect_row(const char *dir, const struct row *row)
{
	struct oom_need_env env = {.root_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
		.systemd = "252.39-1~deb12u1"};
	struct oom_err err = {0};
	int r;

	for (size_t i = 0; i < sizeof(machine) / sizeof(machine[0]); i++)
		scratch_file(dir, machine[i][0], machine[i][1]);
	if (row->path && row->text)
		scratch_file(dir, row->path, row->text);
	else if (row->path)
		unlinkat(env.root_fd, row->path, 0);
	r = oom_need_probe_text(&env, row->need, &err);
	cr_expect_eq(r < 0, row->msg != NULL, "'%s': %d %s", row->need, r, err.msg);
	cr_expect_str_eq(err.msg, row->msg ? row->msg : "");
	close(env.root_fd);
}

static const struct row machine_rows[] = {
	{"root"},
	{"root", "needs root: this is user 1000", "proc/self/status", "x\nUid:\t0\t1000\t0\t0\n"},
	{"guest", "needs guest: this is a host, use --in guest"},
	{"kernel>=6.1"},
	{"kernel>=5.19"},
	{"kernel=6.1"},
	{"kernel<6.2"},
	{"kernel<=6.1"},
	{"kernel>6.0"},
	{"kernel>=6.2", "needs kernel>=6.2: this is 6.1.0-18-cloud-amd64"},
	{"kernel<6.1", "needs kernel<6.1: this is 6.1.0-18-cloud-amd64"},
	{"kernel>=6.10", "needs kernel>=6.10: this is 6.1.0-18-cloud-amd64"},
	{"kernel>6.1", "needs kernel>6.1: this is 6.1.0-18-cloud-amd64"},
	{"systemd"},
	{"systemd>=252"},
	{"systemd<253"},
	{"systemd>=253", "needs systemd>=253: this is systemd 252.39-1~deb12u1"},
	{"memory>=512M"},
	{"memory<512M"},
	{"memory>=1G", "needs memory>=1G: this machine has 459M"},
	{"cpus>=4"},
	{"cpus>=5", "needs cpus>=5: this machine has 4 CPUs"},
	{"numa"},
	{"numa=2"},
	{"numa", "needs numa: this machine has 1 NUMA node", "sys/devices/system/node/online",
		"0\n"},
	{"numa", "needs numa: this machine has 1 NUMA node", "sys/devices/system/node/online",
		NULL},
	{"swap"},
	{"swap>=64M"},
	{"swap>=65M", "needs swap>=65M: this machine has 64M swap"},
	{"swap", "needs swap: this machine has no swap", "proc/meminfo", "SwapTotal: 0 kB\n"},
	{"swap", "needs swap: /proc/meminfo has no SwapTotal:", "proc/meminfo", "x\n"},
	{"noswap", "needs noswap: this machine has 64M of swap (swapoff -a)"},
	{"noswap", NULL, "proc/meminfo", "SwapTotal: 0 kB\n"},
	{"hugepages"},
	{"hugepages>=8"},
	{"hugepages>=9",
		"needs hugepages>=9: 8 are free (sysctl vm.nr_hugepages, "
		"[Machine] HugePages=)"},
	{"thp"},
	{"thp", "needs thp: /sys/kernel/mm/transparent_hugepage/enabled is 'never'",
		"sys/kernel/mm/transparent_hugepage/enabled", "always madvise [never]\n"},
	{"lru-gen", "needs lru-gen: this kernel has none (CONFIG_LRU_GEN)"},
	{"lru-gen", NULL, "sys/kernel/mm/lru_gen/enabled", "0x0000\n"},
	{"zswap", "needs zswap: it is disabled (/sys/module/zswap/parameters/enabled)"},
	{"zswap", NULL, "sys/module/zswap/parameters/enabled", "Y\n"},
	{"cgroup2"},
	{"cgroup2",
		"needs cgroup2: /sys/fs/cgroup is not the unified hierarchy, try --in "
		"guest",
		"sys/fs/cgroup/cgroup.controllers", NULL},
	{"cgroup1",
		"needs cgroup1: no v1 memory hierarchy below /sys/fs/cgroup ([Machine] "
		"Hierarchy=legacy)"},
	{"memory-controller"},
	{"memory-controller",
		"needs memory-controller: /sys/fs/cgroup/cgroup.controllers does not name "
		"'memory' (a container, or cgroup_disable=?)",
		"sys/fs/cgroup/cgroup.controllers", "cpu memoryx\n"},
	{"pids-controller",
		"needs pids-controller: /sys/fs/cgroup/cgroup.controllers does "
		"not name 'pids' "
		"(a container, or cgroup_disable=?)"},
	{"memory.oom.group"},
	{"memory.peak",
		"needs memory.peak: no cgroup has it (needs kernel 5.19 and the memory "
		"controller)"},
	{"clone3-cgroup"},
	{"clone3-cgroup", "needs clone3-cgroup: this is 5.4.0", "proc/sys/kernel/osrelease",
		"5.4.0\n"},
	{"psi"},
	{"psi", "needs psi: /proc/pressure/memory cannot be read (boot with psi=1)",
		"proc/pressure/memory", NULL},
	{"kmsg"},
	{"tracing"},
	{"userns"},
	{"userns", "needs userns: sysctl user.max_user_namespaces is 0",
		"proc/sys/user/max_user_namespaces", "0\n"},
	{"hwpoison", "needs hwpoison: this kernel has no CONFIG_MEMORY_FAILURE"},
	{"stress-ng", "needs stress-ng: 'stress-ng' is not installed (apt install stress-ng)"},
	{"sysrq",
		"needs sysrq: /proc/sysrq-trigger cannot be written: No such file or "
		"directory"},
};

Test(needs, are_found_in_the_files_of_a_machine)
{
	char buf[64];
	const char *dir = scratch_dir(buf);

	for (size_t i = 0; i < sizeof(machine_rows) / sizeof(machine_rows[0]); i++)
		expect_row(dir, &machine_rows[i]);
	scratch_remove(dir);
}

Test(needs, of_a_node_are_the_memory_of_that_node)
{
	static const struct {
		unsigned node;
		uint64_t mib;
		const char *msg;
	} rows[] = {
		{0, 192, ""},
		{1, 64, ""},
		{1, 96, "needs 96M on node 1: it has 59M"},
		{2, 8, "needs 8M on node 2: this machine has no node 2"},
	};
	char buf[64];
	const char *dir = scratch_dir(buf);
	struct oom_need_env env = {.root_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)};

	scratch_file(dir, "sys/devices/system/node/node0/meminfo", "Node 0 MemTotal: 188416 kB\n");
	scratch_file(dir, "sys/devices/system/node/node1/meminfo", "Node 1 MemTotal:  60416 kB\n");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct oom_err err = {0};
		int r = oom_need_node_memory(&env, rows[i].node, rows[i].mib << 20, &err);

		cr_expect_eq(r < 0, *rows[i].msg != '\0', "row %zu: %d", i, r);
		cr_expect_str_eq(err.msg, rows[i].msg);
	}
	close(env.root_fd);
	scratch_remove(dir);
}

Test(needs, every_one_has_an_answer_here)
{
	for (const struct oom_need *const *need = oom_needs; *need; need++) {
		struct oom_err err = {0};
		int r;

		if ((*need)->argument)
			continue;
		r = oom_need_probe(*need, NULL, true, &err);
		cr_expect_eq(r == 0, err.msg[0] == '\0', "%s: %d '%s'", (*need)->name, r, err.msg);
	}
}
