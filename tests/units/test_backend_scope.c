// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/bus/bus.h"
#include "harness/cgroup/clone_into.h"
#include "harness/host/process.h"
#include "harness/units/backend.h"
#include "lib/kernel/cgroup_file.h"
#include "lib/scenario/exec_line.h"
#include "tests/support/peak.h"
#include "tests/support/scratch.h"
#include "tests/support/section.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

/*
 * With a real systemd: in a guest, or on a machine where one is PID 1. Elsewhere the first test
 * still proves that the back end says why it cannot serve.
 */
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

TestSuite(backend_scope, .init = set_up, .fini = tear_down, .timeout = 120);

Test(backend_scope, says_why_it_cannot_serve)
{
	struct oom_err err = {0};
	int r = oom_backend_scope.probe(&err);

	if (access("/run/systemd/system", F_OK) < 0) {
		cr_expect_eq(r, -ENOENT);
		cr_expect_str_eq(err.msg,
			"systemd is not running here ('/run/systemd/system' is missing): use --in "
			"guest or --in cgroup");
	} else {
		cr_expect(r == 0 || strlen(err.msg) > 20, "%d '%s'", r, err.msg);
	}
	/* a bus that is not there */
	setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus", 1);
	err = (struct oom_err){0};
	if (geteuid() == 0) {
		cr_expect_lt(oom_backend_scope.probe(&err), 0);
		cr_expect(strstr(err.msg, "cannot reach the system manager of systemd over D-Bus"),
			"%s", err.msg);
		cr_expect(strstr(err.msg, "--in guest"), "%s", err.msg);
	}
}

struct run {
	struct oom_undo *undo;
	void *ctx;
	struct oom_err err;
};

static void run_open(struct run *run, const char *token)
{
	if (oom_backend_scope.probe(&run->err) < 0)
		SCRATCH_SKIP(dir, "%s", run->err.msg);
	cr_assert_eq(oom_undo_open(&run->err, &run->undo), 0, "%s", run->err.msg);
	cr_assert_eq(oom_backend_scope.open(run->undo, token, &run->err, &run->ctx), 0, "%s",
		run->err.msg);
}

static void run_close(struct run *run)
{
	oom_backend_scope.close(run->ctx);
	cr_expect_eq(oom_undo_close(run->undo, &run->err), 0, "%s", run->err.msg);
}

struct attach_to {
	struct oom_backend_unit *unit;
	void *ctx;
};

static int attach(void *data, pid_t pid, struct oom_err *err)
{
	struct attach_to *to = data;

	return oom_backend_scope.attach(to->ctx, to->unit, pid, err);
}

static int spawn(struct run *run, struct oom_backend_unit *unit, const char *command, bool born,
	pid_t *ret_pid)
{
	char *argv[] = {(char *)"sh", (char *)"-c", (char *)command, NULL};
	struct attach_to to = {unit, run->ctx};
	struct oom_spawn how = {.path = "/bin/sh",
		.argv = argv,
		.attach = attach,
		.attach_ctx = &to,
		.cgroup_fd = born && !unit->v1 ? unit->dir_fd : -1,
		.set_adj = true};
	int pidfd = -1;

	cr_assert_eq(oom_spawn_into(&how, &run->err, ret_pid, &pidfd), 0, "%s", run->err.msg);
	return pidfd;
}

static int wait_end(pid_t pid, int pidfd)
{
	int status = -1;

	cr_expect_eq(oom_pidfd_wait(pidfd, oom_monotonic_us() + 60000000), 0, "it does not end");
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	close(pidfd);
	return status;
}

static void collect(struct run *run, struct oom_backend_unit *unit, struct oom_arena *arena,
	struct oom_unit_rec *rec)
{
	*rec = (struct oom_unit_rec){.memory_max_bytes = -1, .memory_peak_bytes = -1};
	cr_expect_eq(oom_backend_scope.collect(run->ctx, unit, arena, rec), 0);
	fprintf(stderr, "%s: %s result %s, peak %lld\n", rec->unit, rec->active_state, rec->result,
		(long long)rec->memory_peak_bytes);
}

static bool unit_known(const char *unit)
{
	struct oom_bus *bus;
	struct oom_err err = {0};
	bool known;

	cr_assert_eq(oom_bus_open(geteuid() != 0, &err, &bus), 0, "%s", err.msg);
	known = oom_bus_unit_known(bus, unit);
	oom_bus_close(bus);
	return known;
}

static int64_t event(const struct oom_backend_unit *unit, const char *name)
{
	struct oom_flat flat;
	int fd = oom_cgroup_open(unit->dir_fd, "memory.events"), r;

	r = fd < 0 ? fd : oom_cgroup_read_flat(fd, &flat);
	if (fd >= 0)
		close(fd);
	return r < 0 ? r : oom_flat_get(&flat, name);
}

Test(backend_scope, a_hog_is_killed_and_its_scope_keeps_the_evidence)
{
	struct oom_setting settings[] = {
		SETTING("MemoryMax", SIZE(48 << 20)), SETTING("MemorySwapMax", SIZE(0))};
	const struct oom_section section = SECTION(OOM_SEC_SCOPE, "box", settings);
	struct oom_backend_unit unit;
	struct oom_arena arena = {0};
	struct oom_unit_rec rec;
	struct run run = {0};
	int pidfd, calm_fd, status;
	pid_t pid, calm;

	run_open(&run, "5a-1");
	cr_assert_eq(
		oom_backend_scope.start(run.ctx, &section, &run.err, &unit), 0, "%s", run.err.msg);
	cr_expect_str_eq(unit.unit, "oomgate-5a-1-box.scope");
	cr_expect(strstr(unit.cgroup, "/oomgate_5a_1.slice/oomgate-5a-1-box.scope"), "%s",
		unit.cgroup);
	cr_expect_gt(unit.keeper_pid, 0);
	calm_fd = spawn(&run, &unit, "exec sleep 100", false, &calm);
	pidfd = spawn(&run, &unit, "exec tail /dev/zero", true, &pid);
	status = wait_end(pid, pidfd);
	cr_expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "status %x", status);
	cr_expect_eq(event(&unit, "oom_kill"), 1);
	/* the kernel killed one; systemd leaves the other alone */
	cr_expect_eq(oom_pidfd_wait(calm_fd, oom_monotonic_us() + 1000000), -ETIMEDOUT);
	collect(&run, &unit, &arena, &rec);
	cr_expect_str_eq(rec.active_state, "active");
	cr_expect_eq(rec.memory_max_bytes, 48 << 20);
	cr_expect(peak_is(rec.memory_peak_bytes, peak_told(&unit), 40 << 20, 48 << 20), "%jd",
		(intmax_t)rec.memory_peak_bytes);
	cr_expect_not_null(rec.result);
	cr_expect_eq(oom_backend_scope.stop(run.ctx, &unit, &run.err), 0, "%s", run.err.msg);
	cr_expect_eq(oom_backend_scope.stop(run.ctx, &unit, &run.err), 0, "twice");
	wait_end(calm, calm_fd);
	cr_expect_not(unit_known("oomgate-5a-1-box.scope"));
	run_close(&run);
	cr_expect_not(unit_known("oomgate_5a_1.slice"));
	oom_arena_release(&arena);
}

Test(backend_scope, with_oom_policy_stop_systemd_ends_the_rest_and_says_oom_kill)
{
	struct oom_setting settings[] = {SETTING("MemoryMax", SIZE(48 << 20)),
		SETTING("MemorySwapMax", SIZE(0)), SETTING("OOMPolicy", TEXT("stop"))};
	const struct oom_section section = SECTION(OOM_SEC_SCOPE, "stopped", settings);
	struct oom_backend_unit unit;
	struct oom_arena arena = {0};
	struct oom_unit_rec rec;
	struct run run = {0};
	int pidfd, calm_fd, status;
	pid_t pid, calm;

	run_open(&run, "5a-2");
	if (oom_backend_scope.start(run.ctx, &section, &run.err, &unit) == -ENOTSUP) {
		run_close(&run);
		SCRATCH_SKIP(dir, "%s", run.err.msg);
	}
	calm_fd = spawn(&run, &unit, "exec sleep 100", true, &calm);
	pidfd = spawn(&run, &unit, "exec tail /dev/zero", true, &pid);
	wait_end(pid, pidfd);
	status = wait_end(calm, calm_fd);
	cr_expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM, "status %x", status);
	/* the keeper has kept the counters */
	cr_expect_eq(event(&unit, "oom_kill"), 1);
	collect(&run, &unit, &arena, &rec);
	cr_expect_str_eq(rec.active_state, "failed");
	cr_expect_str_eq(rec.result, "oom-kill");
	cr_expect_eq(oom_backend_scope.stop(run.ctx, &unit, &run.err), 0, "%s", run.err.msg);
	cr_expect_not(unit_known(unit.unit));
	run_close(&run);
	oom_arena_release(&arena);
}

Test(backend_scope, slices_nest_and_limits_change_under_way)
{
	struct oom_setting outer_settings[] = {SETTING("MemoryMax", SIZE(64 << 20))};
	struct oom_setting inner_settings[] = {SETTING("Slice", TEXT("out-er"))};
	struct oom_setting settings[] = {SETTING("Slice", TEXT("inner"))};
	const struct oom_section outer = SECTION(OOM_SEC_SLICE, "out-er", outer_settings);
	const struct oom_section inner = SECTION(OOM_SEC_SLICE, "inner", inner_settings);
	const struct oom_section section = SECTION(OOM_SEC_SCOPE, "box", settings);
	const struct oom_value limit = SIZE(40 << 20), tasks = SIZE(7), quota = TEXT("5");
	struct oom_backend_unit outer_unit, inner_unit, unit;
	struct run run = {0};
	int64_t number = 0;
	int pidfd;
	pid_t pid;

	run_open(&run, "5a-3");
	cr_expect_eq(oom_backend_scope.start(run.ctx, &section, &run.err, &unit), -EINVAL);
	cr_expect_str_eq(
		run.err.msg, "cannot start scope 'box': its slice 'inner' was not started");
	cr_assert_eq(oom_backend_scope.start(run.ctx, &outer, &run.err, &outer_unit), 0, "%s",
		run.err.msg);
	cr_assert_eq(oom_backend_scope.start(run.ctx, &inner, &run.err, &inner_unit), 0, "%s",
		run.err.msg);
	cr_assert_eq(
		oom_backend_scope.start(run.ctx, &section, &run.err, &unit), 0, "%s", run.err.msg);
	cr_expect_str_eq(inner_unit.unit, "oomgate_5a_3-out\\x2der-inner.slice");
	cr_expect(strstr(unit.cgroup,
			  "/oomgate_5a_3-out\\x2der.slice/oomgate_5a_3-out\\x2der-inner.slice/"
			  "oomgate-5a-3-box.scope"),
		"%s", unit.cgroup);
	cr_expect_eq(oom_backend_scope.set(run.ctx, &unit, "MemoryMax", &limit, &run.err), 0, "%s",
		run.err.msg);
	cr_expect_eq(oom_cgroup_number_at(unit.dir_fd, "memory.max", &number), 0);
	cr_expect_eq(number, 40 << 20);
	cr_expect_eq(oom_backend_scope.set(run.ctx, &unit, "TasksMax", &tasks, &run.err), 0, "%s",
		run.err.msg);
	cr_expect_eq(oom_cgroup_number_at(unit.dir_fd, "pids.max", &number), 0);
	cr_expect_eq(number, 7);
	cr_expect_lt(oom_backend_scope.set(run.ctx, &unit, "Nonsense", &quota, &run.err), 0);
	pidfd = spawn(&run, &unit, "exec sleep 100", true, &pid);
	/* nothing is stopped by hand: the undo list does it */
	run_close(&run);
	wait_end(pid, pidfd);
	cr_expect_not(unit_known("oomgate-5a-3-box.scope"));
	cr_expect_not(unit_known("oomgate_5a_3-out\\x2der-inner.slice"));
	cr_expect_not(unit_known("oomgate_5a_3-out\\x2der.slice"));
	cr_expect_not(unit_known("oomgate_5a_3.slice"));
}

Test(backend_scope, a_service_of_our_own_and_an_installed_one)
{
	const char *args[] = {"sleep", "100"};
	const char *bad_args[] = {"no-such-program"};
	struct oom_exec exec = {"sleep", args, 2, 0},
			bad_exec = {"no-such-program", bad_args, 1, 0};
	struct oom_setting settings[] = {
		SETTING("ExecStart", {.type = OOM_T_EXEC, .text = "sleep 100", .exec = {&exec, 1}}),
		SETTING("MemoryMax", SIZE(32 << 20)), SETTING("OOMScoreAdjust", NUMBER(300))};
	struct oom_setting bad[] = {
		SETTING("ExecStart", {.type = OOM_T_EXEC, .text = "x", .exec = {&bad_exec, 1}})};
	const char *log = geteuid() == 0 ? "systemd-journald.service" : "basic.target";
	struct oom_setting installed[] = {SETTING("Unit", TEXT(log))};
	struct oom_setting missing[] = {SETTING("Unit", TEXT("no-such-thing"))};
	const struct oom_section section = SECTION(OOM_SEC_SERVICE, "daemon", settings);
	const struct oom_section bad_section = SECTION(OOM_SEC_SERVICE, "bad", bad);
	const struct oom_section installed_section = SECTION(OOM_SEC_SERVICE, "log", installed);
	const struct oom_section missing_section = SECTION(OOM_SEC_SERVICE, "missing", missing);
	struct oom_backend_unit unit, log_unit, none;
	struct oom_arena arena = {0};
	struct oom_unit_rec rec;
	struct run run = {0};

	run_open(&run, "5a-4");
	cr_assert_eq(
		oom_backend_scope.start(run.ctx, &section, &run.err, &unit), 0, "%s", run.err.msg);
	collect(&run, &unit, &arena, &rec);
	cr_expect_str_eq(rec.kind, "service");
	cr_expect_str_eq(rec.active_state, "active");
	cr_expect_eq(rec.memory_max_bytes, 32 << 20);
	cr_expect_eq(oom_backend_scope.start(run.ctx, &bad_section, &run.err, &none), -ENOENT);
	cr_expect(strstr(run.err.msg, "cannot start service 'bad': cannot find the program"), "%s",
		run.err.msg);
	cr_expect_eq(oom_backend_scope.start(run.ctx, &missing_section, &run.err, &none), -ENOENT);
	cr_expect(strstr(run.err.msg, "no unit 'no-such-thing.service' here"), "%s", run.err.msg);
	cr_assert_eq(oom_backend_scope.start(run.ctx, &installed_section, &run.err, &log_unit), 0,
		"%s", run.err.msg);
	cr_expect_eq(oom_backend_scope.stop(run.ctx, &log_unit, &run.err), 0);
	cr_expect(unit_known(log), "it ran before: it is not ours to stop");
	cr_expect_eq(oom_backend_scope.stop(run.ctx, &unit, &run.err), 0, "%s", run.err.msg);
	cr_expect_not(unit_known("oomgate-5a-4-daemon.service"));
	run_close(&run);
	oom_arena_release(&arena);
}

Test(backend_scope, a_property_that_is_refused_names_the_unit)
{
	struct oom_setting settings[] = {SETTING("Slice", TEXT("not a name.slice"))};
	struct oom_setting device[] = {SETTING("IOReadBandwidthMax", TEXT("/dev/null"))};
	const struct oom_section section = SECTION(OOM_SEC_SCOPE, "odd", settings);
	const struct oom_section device_section = SECTION(OOM_SEC_SCOPE, "odd", device);
	struct oom_backend_unit unit;
	struct run run = {0};

	run_open(&run, "5a-5");
	cr_expect_lt(oom_backend_scope.start(run.ctx, &section, &run.err, &unit), 0);
	cr_expect(strstr(run.err.msg, "cannot start scope 'odd': "), "%s", run.err.msg);
	fprintf(stderr, "%s\n", run.err.msg);
	cr_expect_lt(oom_backend_scope.start(run.ctx, &device_section, &run.err, &unit), 0);
	cr_expect(strstr(run.err.msg, "cannot start scope 'odd': "), "%s", run.err.msg);
	fprintf(stderr, "%s\n", run.err.msg);
	cr_expect_not(unit_known("oomgate-5a-5-odd.scope"));
	run_close(&run);
}

Test(backend_scope, a_killed_harness_leaves_a_list_and_cleanup_stops_its_units)
{
	struct oom_setting settings[] = {SETTING("MemoryMax", SIZE(48 << 20))};
	const struct oom_section section = SECTION(OOM_SEC_SCOPE, "left", settings);
	int pipe_fds[2], pidfd, status;
	struct oom_err err = {0};
	pid_t harness, hog = 0;

	if (oom_backend_scope.probe(&err) < 0)
		SCRATCH_SKIP(dir, "%s", err.msg);
	cr_assert_eq(pipe(pipe_fds), 0);
	harness = fork();
	if (!harness) {
		struct oom_backend_unit unit;
		struct run run = {0};

		run_open(&run, "5a-6");
		if (oom_backend_scope.start(run.ctx, &section, &run.err, &unit))
			_exit(1);
		spawn(&run, &unit, "exec sleep 100", true, &hog);
		if (write(pipe_fds[1], &hog, sizeof(hog)) < 0)
			_exit(1);
		pause();
	}
	close(pipe_fds[1]);
	cr_assert_eq(read(pipe_fds[0], &hog, sizeof(hog)), (ssize_t)sizeof(hog));
	pidfd = oom_pidfd_open(hog);
	kill(harness, SIGKILL);
	waitpid(harness, &status, 0);
	cr_expect(unit_known("oomgate-5a-6-left.scope"));
	cr_expect_geq(oom_undo_cleanup(0, NULL, &err), 1, "%s", err.msg);
	cr_expect_not(unit_known("oomgate-5a-6-left.scope"));
	cr_expect_not(unit_known("oomgate_5a_6.slice"));
	cr_expect_eq(oom_pidfd_wait(pidfd, oom_monotonic_us() + 1000000), 0);
	close(pidfd);
}
