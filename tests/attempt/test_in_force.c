// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a workload has at its gate, against what its scenario asks for. This process plays the workload. */
#include "harness/attempt/in_force.h"
#include "tests/support/scratch.h"
#include "tests/support/section.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>

static char dir[64], nodes[256], cpus[256], own_adj[32], own_uid[32];

static const char *own_status(const char *key, char *buf, size_t size)
{
	static char status[8192];
	FILE *file = fopen("/proc/self/status", "r");
	size_t n = file ? fread(status, 1, sizeof(status) - 1, file) : 0;

	status[n] = '\0';
	if (file)
		fclose(file);
	return oom_status_value(status, key, buf, size);
}

static void set_up(void)
{
	FILE *file = fopen("/proc/self/oom_score_adj", "r");

	cr_assert_not_null(scratch_dir(dir));
	own_status("Mems_allowed_list", nodes, sizeof(nodes));
	own_status("Cpus_allowed_list", cpus, sizeof(cpus));
	cr_assert(file && fscanf(file, "%31s", own_adj) == 1);
	fclose(file);
	snprintf(own_uid, sizeof(own_uid), "%u", getuid());
}

static void tear_down(void)
{
	scratch_remove(dir);
}

TestSuite(in_force_workload, .init = set_up, .fini = tear_down);

/* The check of one workload in a fake cgroup with these files; NULL: no such file. */
static int check(const struct oom_section *section, const char *procs, const char *mems,
	const char *allowed_cpus, struct oom_err *err)
{
	const struct oom_setting *none = NULL;
	const struct oom_section box = {
		.kind = OOM_SEC_SCOPE, .name = "box", .settings = (void *)none};
	struct oom_backend_unit unit = {.name = "box", .cgroup = "/box", .section = &box};
	struct oom_run_workload w = {
		.section = section, .name = "hog", .unit = &unit, .pid = getpid()};
	struct oom_run_state run = {
		.units = &unit, .n_units = 1, .workloads = &w, .n_workloads = 1};
	int r;

	scratch_remove(dir);
	mkdir(dir, 0700);
	scratch_file(dir, "cgroup.procs", procs);
	if (mems)
		scratch_file(dir, "cpuset.mems.effective", mems);
	if (allowed_cpus)
		scratch_file(dir, "cpuset.cpus.effective", allowed_cpus);
	unit.dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r = oom_in_force_check(&run, err);
	close(unit.dir_fd);
	return r;
}

static const char *own_pid(void)
{
	static char text[64];

	snprintf(text, sizeof(text), "2147483646\n%d\n7\n", getpid());
	return text;
}

Test(in_force_workload, cgroup_and_cpuset)
{
	const struct oom_section plain = {.kind = OOM_SEC_WORKLOAD, .name = "hog"};
	char beyond[300];

	snprintf(beyond, sizeof(beyond), "%s,1000", nodes);
	const struct {
		const char *procs, *mems, *cpus, *why;
	} rows[] = {
		{own_pid(), NULL, NULL, NULL},
		{own_pid(), nodes, cpus, NULL},
		{own_pid(), nodes, "0-1023", NULL}, /* its own affinity may be less */
		{"", NULL, NULL, "is not in the cgroup of scope 'box' ('/box')"},
		{"2147483646\n", NULL, NULL, "is not in the cgroup"},
		{own_pid(), "999", NULL,
			"AllowedMemoryNodes= of workload 'hog' is not in force: wanted 999, it has "},
		{own_pid(), beyond, NULL, "AllowedMemoryNodes="},
		{own_pid(), nodes, "1000", "AllowedCPUs= of workload 'hog' is not in force"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct oom_err err = {0};
		int r = check(&plain, rows[i].procs, rows[i].mems, rows[i].cpus, &err);

		cr_expect_eq(r, rows[i].why ? -EIO : 0, "row %zu: %d %s", i, r, err.msg);
		cr_expect(!rows[i].why || strstr(err.msg, rows[i].why), "row %zu: %s", i, err.msg);
	}
}

Test(in_force_workload, what_the_process_has)
{
	struct rlimit memlock = {4096, 4096};
	struct oom_value right_adj = NUMBER(0), wrong_adj = NUMBER(0);

	right_adj.integer = strtol(own_adj, NULL, 10);
	wrong_adj.integer = right_adj.integer - 1;
	cr_assert_eq(setrlimit(RLIMIT_MEMLOCK, &memlock), 0);
	struct {
		struct oom_setting setting;
		const char *why;
	} rows[] = {
		{SETTING("OOMScoreAdjust", right_adj), NULL},
		{SETTING("OOMScoreAdjust", wrong_adj),
			"OOMScoreAdjust= of workload 'hog' is not in force"},
		{SETTING("Nice", TEXT("77")), "Nice= of workload 'hog' is not in force: wanted 77"},
		{SETTING("MemlockLimit", SIZE(4096)), NULL},
		{SETTING("MemlockLimit", SIZE(8192)),
			"MemlockLimit= of workload 'hog' is not in force"},
		{SETTING("User", TEXT("77777")),
			"User= of workload 'hog' is not in force: wanted 77777"},
		{SETTING("User", TEXT("77777:0")), "User="},
		{SETTING("User", TEXT("nobody")), NULL}, /* it looks that up itself */
		{SETTING("User", {.type = OOM_T_STRING, .text = own_uid}), NULL},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct oom_section section = {.kind = OOM_SEC_WORKLOAD,
			.name = "hog",
			.settings = &rows[i].setting,
			.n_settings = 1};
		struct oom_err err = {0};
		int r = check(&section, own_pid(), NULL, NULL, &err);

		cr_expect_eq(r, rows[i].why ? -EIO : 0, "row %zu: %d %s", i, r, err.msg);
		cr_expect(!rows[i].why || strstr(err.msg, rows[i].why), "row %zu: %s", i, err.msg);
		rows[i].setting.is_default = true;
		err = (struct oom_err){0};
		if (strcmp(rows[i].setting.name, "User"))
			cr_expect_eq(check(&section, own_pid(), NULL, NULL, &err), 0,
				"row %zu: nobody asked for a default: %s", i, err.msg);
	}
}

Test(in_force_workload, reads_values_of_a_status)
{
	static const char status[] =
		"Name:\tUid: 7\nUid:\t1\t2\t3\t4\nMems_allowed:\t3\nMems_allowed_list:\t0-1\n";
	char buf[8];

	cr_expect_str_eq(oom_status_value(status, "Mems_allowed_list", buf, sizeof(buf)), "0-1");
	cr_expect_str_eq(oom_status_value(status, "Mems_allowed", buf, sizeof(buf)), "3");
	cr_expect_str_eq(oom_status_value(status, "Uid", buf, sizeof(buf)), "1\t2\t3\t4");
	cr_expect_str_eq(oom_status_value(status, "Gid", buf, sizeof(buf)), "");
	cr_expect_str_eq(oom_status_value("", "Gid", buf, sizeof(buf)), "");
	cr_expect_str_eq(oom_status_value("Gid:", "Gid", buf, sizeof(buf)), "");
	cr_expect_str_eq(oom_status_value("Gid:\t123456789", "Gid", buf, sizeof(buf)), "1234567");
}
