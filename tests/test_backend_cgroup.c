// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/backend.h"
#include "harness/cgroup_dir.h"
#include "harness/cgroup_limit.h"
#include "harness/cgroup_root.h"
#include "harness/clone_into.h"
#include "harness/process.h"
#include "lib/cgroup_file.h"
#include "lib/cleanup.h"
#include "lib/unit_property.h"
#include "tests/support/scratch.h"
#include "tests/support/section.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

static char dir[64];

static void set_up(void)
{
	cr_assert_not_null(scratch_dir(dir));
	setenv("OOMGATE_RUNTIME", dir, 1);
	unsetenv("OOMGATE_CGROUP");
}

static void tear_down(void)
{
	scratch_remove(dir);
}

TestSuite(backend_cgroup, .init = set_up, .fini = tear_down);

#define V2_LINE	   "35 24 0:30 / /cg rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"
#define V2_RO_LINE "35 24 0:30 / /cg ro,nosuid - cgroup2 cgroup2 rw\n"
#define V1_LINES                                                                                   \
	"33 24 0:29 / /v1 rw - tmpfs tmpfs rw\n"                                                   \
	"34 33 0:31 / /v1/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"                         \
	"35 33 0:32 / /v1/memory rw - cgroup cgroup rw,memory\n"                                   \
	"36 33 0:33 / /v1/pids rw - cgroup cgroup rw,pids\n"

/* Fake trees: where would the units go? */
static const struct root_row {
	const char *name;
	const char *mounts, *own;
	const char *files[8]; /* "path=text"; NULL at the end */
	const char *wanted;   /* below the fake root */
	const char *path;     /* expected, or NULL */
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
		.why = "other processes are in our cgroup"},
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
		.why = "is no cgroup"},
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

Test(backend_cgroup, finds_the_place_for_its_units)
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
Test(backend_cgroup, properties_become_files)
{
	static const struct {
		const char *key;
		struct oom_value value;
		bool v1;
		const char *file, *written, *why;
	} rows[] = {
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
		{"MemoryHigh", SIZE(1), true, NULL, NULL, "cgroup v1 has nothing like it"},
		{"MemoryMax", SIZE(64 << 20), true, "memory.limit_in_bytes", "67108864", NULL},
		{"MemoryMax", SIZE(UINT64_MAX), true, "memory.limit_in_bytes", "-1", NULL},
		{"MemorySwapMax", SIZE(0), true, NULL, NULL, "set MemoryMax, too"},
		{"OOMPolicy", TEXT("kill"), true, NULL, NULL, "needs systemd and cgroup v2"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct oom_cgroup_limits limits = {.what = "scope 'box'",
			.dir = "/fake",
			.pids_fd = -1,
			.v1 = rows[i].v1,
			.memory_max = UINT64_MAX,
			.swap_max = UINT64_MAX};
		char text[64] = "";
		struct oom_err err = {0};
		int r;

		limits.dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (rows[i].file)
			scratch_file(dir, rows[i].file, "");
		r = oom_cgroup_limit_set(&limits, rows[i].key, &rows[i].value, &err);
		cr_expect_eq(r < 0, rows[i].why != NULL, "row %zu %s: %d %s", i, rows[i].key, r,
			err.msg);
		if (rows[i].why)
			cr_expect(strstr(err.msg, rows[i].why), "row %zu %s: %s", i, rows[i].key,
				err.msg);
		if (rows[i].written) {
			read_file(rows[i].file, text, sizeof(text));
			cr_expect_str_eq(
				text, rows[i].written, "row %zu %s: '%s'", i, rows[i].key, text);
		}
		close(limits.dir_fd);
		scratch_remove(dir);
		mkdir(dir, 0700);
	}
}

Test(backend_cgroup, a_read_only_mount_is_named_with_the_way_out)
{
	struct oom_cgroup_root root;
	struct oom_err err = {0};

	/* any read-only directory serves: /proc/self/task cannot be written, and /sys cannot here
	 */
	if (faccessat(AT_FDCWD, "/proc/sys/net", W_OK, AT_EACCESS) == 0 &&
		access("/sys", W_OK) == 0)
		cr_skip_test("no read-only file system to look at");
	cr_expect_lt(oom_cgroup_root_find("", "/proc/self/fdinfo", &err, &root), 0);
	cr_expect(strstr(err.msg, "OOMGATE_CGROUP"), "%s", err.msg);
}

Test(backend_cgroup, names_for_units)
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

/* ---- on this machine, where it has a cgroup to offer ---- */

static void path_of(int fd, char *buf, size_t size)
{
	char link[64];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, buf, size - 1);
	buf[n < 0 ? 0 : n] = '\0';
}

struct attach_to {
	struct oom_backend_unit *unit;
	void *ctx;
};

static int attach(void *data, pid_t pid, struct oom_err *err)
{
	struct attach_to *to = data;

	return oom_backend_cgroup.attach(to->ctx, to->unit, pid, err);
}

static int spawn_hog(struct oom_backend_unit *unit, void *ctx, const char *command, pid_t *ret_pid)
{
	char *argv[] = {(char *)"sh", (char *)"-c", (char *)command, NULL};
	struct attach_to to = {unit, ctx};
	struct oom_spawn spawn = {.path = "/bin/sh",
		.argv = argv,
		.attach = attach,
		.attach_ctx = &to,
		.set_adj = true,
		.cgroup_fd = unit->v1 ? -1 : unit->dir_fd};
	struct oom_err err = {0};
	int pidfd, r = oom_spawn_into(&spawn, &err, ret_pid, &pidfd);

	cr_expect_eq(r, 0, "%s", err.msg);
	return pidfd;
}

#define SKIP_WITHOUT_CGROUPS()                                                                     \
	do {                                                                                       \
		struct oom_err why_ = {0};                                                         \
		if (oom_backend_cgroup.probe(&why_) < 0)                                           \
			cr_skip_test("%s", why_.msg);                                              \
	} while (0)

Test(backend_cgroup, limits_kills_and_leaves_nothing)
{
	struct oom_setting settings[] = {
		SETTING("MemorySwapMax", SIZE(0)), SETTING("MemoryMax", SIZE(48 << 20))};
	const struct oom_section section = SECTION(OOM_SEC_SCOPE, "box", settings);
	struct oom_backend_unit unit;
	struct oom_undo *undo;
	struct oom_unit_rec rec = {0};
	struct oom_arena arena = {0};
	struct oom_err err = {0};
	int pidfd, status;
	char path[700];
	void *ctx;
	pid_t pid;

	SKIP_WITHOUT_CGROUPS();
	cr_assert_eq(oom_undo_open(&err, &undo), 0, "%s", err.msg);
	cr_assert_eq(oom_backend_cgroup.open(undo, "t1", &err, &ctx), 0, "%s", err.msg);
	cr_assert_eq(oom_backend_cgroup.start(ctx, &section, &err, &unit), 0, "%s", err.msg);
	cr_expect_str_eq(unit.unit, "oomgate-t1-box");
	cr_expect_geq(unit.dir_fd, 0);
	/* 'tail' keeps one endless line */
	pidfd = spawn_hog(&unit, ctx, "exec tail /dev/zero", &pid);
	cr_assert_eq(oom_pidfd_wait(pidfd, oom_monotonic_us() + 60000000), 0, "not killed");
	waitpid(pid, &status, 0);
	cr_expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "status %x", status);
	close(pidfd);
	rec.memory_max_bytes = rec.memory_peak_bytes = -1;
	cr_expect_eq(oom_backend_cgroup.collect(ctx, &unit, &arena, &rec), 0);
	cr_expect_str_eq(rec.name, "box");
	cr_expect_str_eq(rec.kind, "scope");
	cr_expect_eq(rec.memory_max_bytes, 48 << 20);
	cr_expect_gt(rec.memory_peak_bytes, 40 << 20);
	cr_expect_leq(rec.memory_peak_bytes, 48 << 20);
	cr_expect_null(rec.result);
	oom_arena_release(&arena);
	path_of(unit.dir_fd, path, sizeof(path));
	cr_expect_eq(oom_backend_cgroup.stop(ctx, &unit, &err), 0, "%s", err.msg);
	cr_expect_eq(oom_backend_cgroup.stop(ctx, &unit, &err), 0, "twice: %s", err.msg);
	cr_expect_eq(unit.dir_fd, -1);
	cr_expect(access(path, F_OK) < 0);
	oom_backend_cgroup.close(ctx);
	cr_expect_eq(oom_undo_close(undo, &err), 0, "%s", err.msg);
}

Test(backend_cgroup, slices_nest_and_limits_change_under_way)
{
	struct oom_setting slice_settings[] = {SETTING("MemoryMax", SIZE(64 << 20))};
	struct oom_setting settings[] = {
		SETTING("Slice", TEXT("outer")), SETTING("MemoryMax", SIZE(60 << 20))};
	const struct oom_section slice = SECTION(OOM_SEC_SLICE, "outer", slice_settings);
	const struct oom_section section = SECTION(OOM_SEC_SCOPE, "box", settings);
	const struct oom_value less = SIZE(32 << 20), more = SIZE(56 << 20);
	struct oom_backend_unit outer, unit;
	struct oom_undo *undo;
	struct oom_err err = {0};
	int64_t limit;
	int pidfd, status;
	void *ctx;
	pid_t pid;

	SKIP_WITHOUT_CGROUPS();
	cr_assert_eq(oom_undo_open(&err, &undo), 0);
	cr_assert_eq(oom_backend_cgroup.open(undo, "t2", &err, &ctx), 0, "%s", err.msg);
	cr_expect_eq(oom_backend_cgroup.start(ctx, &section, &err, &unit), -EINVAL);
	cr_expect_str_eq(err.msg, "cannot start scope 'box': its slice 'outer' was not started");
	cr_assert_eq(oom_backend_cgroup.start(ctx, &slice, &err, &outer), 0, "%s", err.msg);
	cr_assert_eq(oom_backend_cgroup.start(ctx, &section, &err, &unit), 0, "%s", err.msg);
	cr_expect(strstr(unit.cgroup, "/oomgate-t2-outer/oomgate-t2-box"), "%s", unit.cgroup);
	cr_expect_eq(
		oom_backend_cgroup.set(ctx, &unit, "MemoryMax", &less, &err), 0, "%s", err.msg);
	cr_expect_eq(oom_cgroup_number_at(
			     unit.dir_fd, unit.v1 ? "memory.limit_in_bytes" : "memory.max", &limit),
		0);
	cr_expect_eq(limit, 32 << 20);
	cr_expect_eq(
		oom_backend_cgroup.set(ctx, &unit, "MemoryMax", &more, &err), 0, "%s", err.msg);
	pidfd = spawn_hog(&unit, ctx, "exec sleep 60", &pid);
	/* the slice ends with everything in it */
	cr_expect_eq(oom_backend_cgroup.stop(ctx, &unit, &err), 0, "%s", err.msg);
	cr_expect_eq(oom_pidfd_wait(pidfd, oom_monotonic_us() + 1000000), 0);
	waitpid(pid, &status, 0);
	close(pidfd);
	cr_expect_eq(oom_backend_cgroup.stop(ctx, &outer, &err), 0, "%s", err.msg);
	oom_backend_cgroup.close(ctx);
	cr_expect_eq(oom_undo_close(undo, &err), 0, "%s", err.msg);
}

Test(backend_cgroup, a_fork_bomb_is_ended_and_a_service_is_refused)
{
	struct oom_setting settings[] = {
		SETTING("MemoryMax", SIZE(48 << 20)), SETTING("TasksMax", SIZE(40))};
	const struct oom_section section = SECTION(OOM_SEC_SCOPE, "bomb", settings);
	const struct oom_section service = SECTION(OOM_SEC_SERVICE, "daemon", settings);
	struct oom_backend_unit unit;
	struct oom_undo *undo;
	struct oom_err err = {0};
	int pidfd, status;
	void *ctx;
	pid_t pid;

	SKIP_WITHOUT_CGROUPS();
	cr_assert_eq(oom_undo_open(&err, &undo), 0);
	cr_assert_eq(oom_backend_cgroup.open(undo, "t3", &err, &ctx), 0, "%s", err.msg);
	cr_expect_eq(oom_backend_cgroup.start(ctx, &service, &err, &unit), -ENOTSUP);
	cr_expect(strstr(err.msg, "a service needs systemd"), "%s", err.msg);
	cr_assert_eq(oom_backend_cgroup.start(ctx, &section, &err, &unit), 0, "%s", err.msg);
	pidfd = spawn_hog(&unit, ctx, "f() { sleep 0.05; f & f & wait; }; f 2>/dev/null", &pid);
	poll(NULL, 0, 300);
	cr_expect_eq(oom_backend_cgroup.stop(ctx, &unit, &err), 0, "%s", err.msg);
	cr_expect_eq(oom_pidfd_wait(pidfd, oom_monotonic_us() + 1000000), 0);
	waitpid(pid, &status, 0);
	close(pidfd);
	oom_backend_cgroup.close(ctx);
	cr_expect_eq(oom_undo_close(undo, &err), 0, "%s", err.msg);
}

Test(backend_cgroup, a_killed_harness_leaves_a_list_and_cleanup_ends_its_units)
{
	struct oom_setting settings[] = {SETTING("MemoryMax", SIZE(48 << 20))};
	const struct oom_section section = SECTION(OOM_SEC_SCOPE, "left", settings);
	struct oom_err err = {0};
	int pipe_fds[2], pidfd, status;
	char path[700] = "";
	pid_t harness, hog = 0;

	SKIP_WITHOUT_CGROUPS();
	cr_assert_eq(pipe(pipe_fds), 0);
	harness = fork();
	if (!harness) {
		struct oom_backend_unit unit;
		struct oom_undo *undo;
		void *ctx;

		if (oom_undo_open(&err, &undo) || oom_backend_cgroup.open(undo, "t4", &err, &ctx) ||
			oom_backend_cgroup.start(ctx, &section, &err, &unit))
			_exit(1);
		spawn_hog(&unit, ctx, "exec sleep 60", &hog);
		path_of(unit.dir_fd, path, sizeof(path));
		if (write(pipe_fds[1], &hog, sizeof(hog)) < 0 ||
			write(pipe_fds[1], path, sizeof(path)) < 0)
			_exit(1);
		pause();
	}
	close(pipe_fds[1]);
	cr_assert_eq(read(pipe_fds[0], &hog, sizeof(hog)), (ssize_t)sizeof(hog));
	cr_assert_eq(read(pipe_fds[0], path, sizeof(path)), (ssize_t)sizeof(path));
	pidfd = oom_pidfd_open(hog);
	kill(harness, SIGKILL);
	waitpid(harness, &status, 0);
	cr_expect_eq(access(path, F_OK), 0);
	cr_expect_geq(oom_undo_cleanup(0, NULL, &err), 1, "%s", err.msg);
	cr_expect(access(path, F_OK) < 0 && errno == ENOENT, "'%s' is still there", path);
	cr_expect_eq(oom_pidfd_wait(pidfd, oom_monotonic_us() + 1000000), 0);
	close(pidfd);
}

static const char *own_v2_cgroup(char buf[static 512])
{
	struct oom_cgroup_mounts mounts;

	*buf = '\0';
	if (!oom_cgroup_mounts_read("", NULL, &mounts))
		oom_cgroup_mount_dir("", &mounts.v2, mounts.v2.own, buf, 512);
	return buf;
}

/* In a child that is alone in a cgroup: what it does there, and whether all is as it was afterwards. */
static int alone_in(const char *cgroup)
{
	struct oom_setting settings[] = {SETTING("MemoryMax", SIZE(48 << 20))};
	const struct oom_section section = SECTION(OOM_SEC_SCOPE, "box", settings);
	struct oom_backend_unit unit;
	struct oom_undo *undo;
	struct oom_err err = {0};
	char own[512];
	void *ctx;
	int fd;

	if (oom_undo_open(&err, &undo) || oom_backend_cgroup.open(undo, "t5", &err, &ctx) ||
		oom_backend_cgroup.start(ctx, &section, &err, &unit)) {
		fprintf(stderr, "%s\n", err.msg);
		return 1;
	}
	if (!strstr(own_v2_cgroup(own), "/oomgate-t5-self"))
		return 2;
	if (strncmp(unit.cgroup + strlen(unit.cgroup) - strlen("/oomgate-t5-box"), "/oomgate-t5-box",
		    15) != 0)
		return 3;
	oom_backend_cgroup.close(ctx);
	if (oom_undo_close(undo, &err) < 0) {
		fprintf(stderr, "%s\n", err.msg);
		return 4;
	}
	if (strcmp(own_v2_cgroup(own), cgroup) != 0)
		return 5;
	fd = open(cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (oom_cgroup_dir_has(fd, "cgroup.subtree_control", "memory"))
		return 6;
	return scratch_exists(cgroup, "oomgate-t5-self") ? 7 : 0;
}

Test(backend_cgroup, alone_in_a_delegated_cgroup_it_makes_room_and_goes_back)
{
	struct oom_cgroup_root root;
	struct oom_err err = {0};
	char cgroup[640], text[16];
	int fd, status;
	pid_t pid;

	if (oom_cgroup_root_find("", NULL, &err, &root) < 0)
		cr_skip_test("%s", err.msg);
	if (root.v1 || root.needs_leaf || !oom_cgroup_dir_has(root.fd, "cgroup.subtree_control", "memory"))
		cr_skip_test("only cgroup v2 has leaves");
	snprintf(cgroup, sizeof(cgroup), "%s/oomgate-alone-%d", root.path, (int)getpid());
	cr_assert_eq(mkdir(cgroup, 0755), 0);
	pid = fork();
	if (!pid) {
		fd = open(cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		snprintf(text, sizeof(text), "%d", (int)getpid());
		_exit(oom_cgroup_write(fd, "cgroup.procs", text) < 0 ? 99 : alone_in(cgroup));
	}
	waitpid(pid, &status, 0);
	cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "step %d", WEXITSTATUS(status));
	cr_expect_eq(rmdir(cgroup), 0, "left in it: something");
	oom_cgroup_root_release(&root);
}
