// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a cgroup's files say, against what was asked for. */
#include "harness/cgroup/in_force.h"
#include "tests/support/scratch.h"
#include "tests/support/section.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>

static char dir[64];

static void set_up(void)
{
	cr_assert_not_null(scratch_dir(dir));
}

static void tear_down(void)
{
	scratch_remove(dir);
}

TestSuite(in_force, .init = set_up, .fini = tear_down);

static const struct {
	const char *key;
	struct oom_value value;
	const char *file, *text; /* NULL: there is none */
	int r;
	const char *why;
} rows[] = {
	{"MemoryMax", SIZE(64 << 20), "memory.max", "67108864\n", 0, NULL},
	{"MemoryMax", SIZE((64 << 20) + 4095), "memory.max", "67108864\n", 0, NULL},
	{"MemoryMax", SIZE((64 << 20) + 4096), "memory.max", "67108864\n", -EIO,
		"'memory.max' says '67108864'"},
	{"MemoryMax", SIZE(64 << 20), "memory.max", "max\n", -EIO,
		"of scope 'box' is not in force: 'memory.max' says 'max'"},
	{"MemoryMax", SIZE(UINT64_MAX), "memory.max", "max\n", 0, NULL},
	{"MemoryMax", SIZE(UINT64_MAX), "memory.max", "4096\n", -EIO, "says '4096'"},
	{"MemoryMax", SIZE(64 << 20), "memory.max", "", -EIO, "says ''"},
	{"MemoryMax", SIZE(64 << 20), NULL, NULL, -ENOTSUP, "there is no 'memory.max'"},
	{"MemoryHigh", SIZE(0), "memory.high", "0\n", 0, NULL},
	{"MemoryLow", SIZE(1 << 20), "memory.low", "0\n", -EIO, "MemoryLow="},
	{"MemorySwapMax", SIZE(1 << 20), "memory.swap.max", "1048576\n", 0, NULL},
	{"MemorySwapMax", SIZE(1 << 20), "memory.swap.max", "max\n", -EIO, "MemorySwapMax="},
	{"MemoryZSwapMax", SIZE(1 << 20), NULL, NULL, -ENOTSUP, "needs MemoryZSwapMax="},
	{"MemoryZSwapWriteback", YESNO(false), "memory.zswap.writeback", "0\n", 0, NULL},
	{"MemoryZSwapWriteback", YESNO(false), "memory.zswap.writeback", "1\n", -EIO, "says '1'"},
	{"TasksMax", SIZE(10), "pids.max", "10\n", 0, NULL},
	{"TasksMax", SIZE(10), "pids.max", "11\n", -EIO, "TasksMax=10"},
	{"TasksMax", SIZE(10), NULL, NULL, -ENOTSUP, "the controller is not enabled"},
	{"CPUWeight", NUMBER(50), "cpu.weight", "50\n", 0, NULL},
	{"CPUWeight", NUMBER(50), "cpu.weight", "100\n", -EIO, "says '100'"},
	{"CPUQuota", PERCENT(50), "cpu.max", "50000 100000\n", 0, NULL},
	{"CPUQuota", PERCENT(50), "cpu.max", "5000 10000\n", 0, NULL},
	{"CPUQuota", PERCENT(50), "cpu.max", "max 100000\n", -EIO, "says 'max 100000'"},
	{"CPUQuota", PERCENT(50), "cpu.max", "60000 100000\n", -EIO, "CPUQuota="},
	{"CPUQuota", PERCENT(50), "cpu.max", "50000 0\n", -EIO, "CPUQuota="},
	{"CPUQuota", PERCENT(50), "cpu.max", "50000", -EIO, "CPUQuota="},
	{"AllowedMemoryNodes", TEXT("1"), "cpuset.mems", "1\n", 0, NULL},
	{"AllowedMemoryNodes", TEXT("0 1,2"), "cpuset.mems", "0-2\n", 0, NULL},
	{"AllowedMemoryNodes", TEXT("1"), "cpuset.mems", "\n", -EIO, "says ''"},
	{"AllowedMemoryNodes", TEXT("1"), "cpuset.mems", "0-1\n", -EIO, "says '0-1'"},
	{"AllowedMemoryNodes", TEXT("1"), NULL, NULL, -ENOTSUP, "there is no 'cpuset.mems'"},
	{"AllowedCPUs", TEXT("0-3"), "cpuset.cpus", "0-2\n", -EIO, "AllowedCPUs=0-3"},
	{"OOMPolicy", TEXT("kill"), "memory.oom.group", "1\n", 0, NULL},
	{"OOMPolicy", TEXT("kill"), "memory.oom.group", "0\n", -EIO, "OOMPolicy=kill"},
	{"OOMPolicy", TEXT("continue"), "memory.oom.group", "0\n", 0, NULL},
	/* systemd's own, and what is in one of several files */
	{"RuntimeMaxSec", TEXT("5"), NULL, NULL, 0, NULL},
	{"IOWeight", NUMBER(50), NULL, NULL, 0, NULL},
	{"Nonsense", TEXT("5"), NULL, NULL, 0, NULL},
};

Test(in_force, what_was_asked_for_is_read_back)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct oom_setting setting = {
			.key = &(const struct oom_key){.name = rows[i].key},
			.name = rows[i].key,
			.value = rows[i].value};
		struct oom_err err = {0};
		int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), r;

		if (rows[i].file)
			scratch_file(dir, rows[i].file, rows[i].text);
		r = oom_cgroup_in_force(fd, "scope 'box'", &setting, &err);
		cr_expect_eq(r, rows[i].r, "row %zu %s: %d %s", i, rows[i].key, r, err.msg);
		if (rows[i].why)
			cr_expect(strstr(err.msg, rows[i].why), "row %zu %s: %s", i, rows[i].key,
				err.msg);
		close(fd);
		scratch_remove(dir);
		mkdir(dir, 0700);
	}
}

Test(in_force, lists_lie_within_others)
{
	static const struct {
		const char *part, *whole;
		bool within;
	} lists[] = {{"1", "0-1", true}, {"0-1", "1", false}, {"", "", true}, {"", "0", true},
		{"0", "", false}, {"0,2-3", "0-3", true}, {"4", "0-3", false}, {"x", "0-3", false},
		{"0", "x", false}};

	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++)
		cr_expect_eq(oom_list_within(lists[i].part, lists[i].whole), lists[i].within,
			"'%s' in '%s'", lists[i].part, lists[i].whole);
}
