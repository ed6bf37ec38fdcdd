// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/cgroup/clone_into.h"
#include "harness/cgroup/dir.h"
#include "harness/cgroup/mounts.h"
#include "harness/host/process.h"
#include "harness/units/backend.h"
#include "harness/units/cgroup_root.h"
#include "lib/kernel/cgroup_file.h"
#include "tests/support/peak.h"
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
			SCRATCH_SKIP(dir, "%s", why_.msg);                                         \
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
	cr_expect(peak_is(rec.memory_peak_bytes, peak_told(&unit), 40 << 20, 48 << 20), "%jd",
		(intmax_t)rec.memory_peak_bytes);
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

/* In a child that is alone in a cgroup: what it does there, and whether all is as it was
 * afterwards. */
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
	if (strncmp(unit.cgroup + strlen(unit.cgroup) - strlen("/oomgate-t5-box"),
		    "/oomgate-t5-box", 15) != 0)
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
		SCRATCH_SKIP(dir, "%s", err.msg);
	if (root.v1 || root.needs_leaf ||
		!oom_cgroup_dir_has(root.fd, "cgroup.subtree_control", "memory"))
		SCRATCH_SKIP(dir, "only cgroup v2 has leaves");
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
