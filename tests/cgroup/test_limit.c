// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/cgroup/limit.h"
#include "harness/units/unit.h"
#include "tests/support/scratch.h"
#include "tests/support/section.h"

#include <criterion/criterion.h>
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

TestSuite(cgroup_limit, .init = set_up, .fini = tear_down);

static void read_file(const char *name, char *buf, size_t size)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "r");
	if (!file || !fgets(buf, (int)size, file))
		*buf = '\0';
	if (file)
		fclose(file);
}

/* Files of a fake v2 cgroup: what would be written? */
static const struct {
	const char *key;
	struct oom_value value;
	bool v1;
	const char *file, *written, *why;
} property_rows[] = {
	{"MemoryMax", SIZE(200 << 20), false, "memory.max", "209715200", NULL},
	{"MemoryMax", SIZE(UINT64_MAX), false, "memory.max", "max", NULL},
	{"MemorySwapMax", SIZE(0), false, "memory.swap.max", "0", NULL},
	{"MemoryHigh", SIZE(1), false, "memory.high", "1", NULL},
	{"TasksMax", SIZE(10), false, "pids.max", "10", NULL},
	{"CPUQuota", TEXT("50%"), false, "cpu.max", "50000 100000", NULL},
	{"CPUQuota", TEXT("fast"), false, "cpu.max", NULL, "takes a number"},
	{"OOMPolicy", TEXT("kill"), false, "memory.oom.group", "1", NULL},
	{"OOMPolicy", TEXT("continue"), false, NULL, NULL, NULL},
	{"OOMPolicy", TEXT("stop"), false, NULL, NULL, "OOMPolicy=stop needs systemd"},
	{"Slice", TEXT("x"), false, NULL, NULL, NULL},
	{"RuntimeMaxSec", TEXT("5"), false, NULL, NULL, "it needs systemd; use --in scope"},
	{"Nonsense", TEXT("5"), false, NULL, NULL, "it needs systemd"},
	{"MemoryHigh", SIZE(1), false, NULL, NULL,
		"cannot start scope 'box': MemoryHigh needs the memory controller, which "
		"the parent of "
		"'/fake' does not delegate (Delegate=memory)"},
	{"MemoryHigh", SIZE(1), true, NULL, NULL, "cgroup v1 has no equivalent"},
	{"MemoryMax", SIZE(64 << 20), true, "memory.limit_in_bytes", "67108864", NULL},
	{"MemoryMax", SIZE(UINT64_MAX), true, "memory.limit_in_bytes", "-1", NULL},
	{"MemorySwapMax", SIZE(0), true, NULL, NULL, "set MemoryMax too"},
	{"OOMPolicy", TEXT("kill"), true, NULL, NULL, "needs systemd and cgroup v2"},
};

Test(cgroup_limit, properties_become_files)
{
	for (size_t i = 0; i < sizeof(property_rows) / sizeof(property_rows[0]); i++) {
		struct oom_cgroup_limits limits = {.what = "scope 'box'",
			.dir = "/fake",
			.pids_fd = -1,
			.v1 = property_rows[i].v1,
			.memory_max = UINT64_MAX,
			.swap_max = UINT64_MAX};
		char text[64] = "";
		struct oom_err err = {0};
		int r;

		limits.dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (property_rows[i].file)
			scratch_file(dir, property_rows[i].file, "");
		r = oom_cgroup_limit_set(
			&limits, property_rows[i].key, &property_rows[i].value, &err);
		cr_expect_eq(r < 0, property_rows[i].why != NULL, "row %zu %s: %d %s", i,
			property_rows[i].key, r, err.msg);
		if (property_rows[i].why)
			cr_expect(strstr(err.msg, property_rows[i].why), "row %zu %s: %s", i,
				property_rows[i].key, err.msg);
		if (property_rows[i].written) {
			read_file(property_rows[i].file, text, sizeof(text));
			cr_expect_str_eq(text, property_rows[i].written, "row %zu %s: '%s'", i,
				property_rows[i].key, text);
		}
		close(limits.dir_fd);
		scratch_remove(dir);
		mkdir(dir, 0700);
	}
}

Test(cgroup_limit, names_for_units)
{
	static const struct {
		const char *name, *scope, *slice;
	} rows[] = {
		{"box", "box", "box"},
		{"a-b", "a-b", "a\\x2db"},
		{"a/b", "a\\x2fb", "a\\x2fb"},
		{"\xc3\xa4 x", "\\xc3\\xa4\\x20x", "\\xc3\\xa4\\x20x"},
		{"A_1.z:9", "A_1.z:9", "A_1.z:9"},
		{"a\\b", "a\\x5cb", "a\\x5cb"},
	};
	char buf[64];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		oom_unit_name_escape(rows[i].name, true, buf, sizeof(buf));
		cr_expect_str_eq(buf, rows[i].scope);
		oom_unit_name_escape(rows[i].name, false, buf, sizeof(buf));
		cr_expect_str_eq(buf, rows[i].slice);
	}
	oom_unit_name_escape("////////////////////////", true, buf, 9);
	cr_expect_str_eq(buf, "\\x2f\\x2f", "cut between characters: '%s'", buf);
}
