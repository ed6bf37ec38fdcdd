// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/attempt/launch.h"

#include "harness/attempt/limit.h"
#include "harness/cgroup/clone_into.h"
#include "harness/host/libexec.h"
#include "harness/host/process.h"
#include "harness/load/load.h"
#include "harness/state/evidence.h"
#include "harness/undo/add.h"
#include "harness/units/backend.h"
#include "lib/base/cleanup.h"
#include "lib/kernel/proc.h"
#include "lib/scenario/scenario.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

/*
 * Starts each workload as a process of oomgate-workload inside its cgroup, where it prepares itself and
 * waits at its gate. Pipes are the gates: a byte lets go, an end without one says that we are gone.
 */
enum { READY_LIMIT_US = 20000000, MAX_PARAMS = 64 };

struct launch {
	struct oom_run_state *run;
	struct oom_run_workload *workload;
	const char *program;
	int page_fd, gate_read_fd, output_fd, null_fd;
	char *argv[MAX_PARAMS + 24];
	size_t argc;
};

static void arg(struct launch *l, const char *text)
{
	if (l->argc < sizeof(l->argv) / sizeof(*l->argv) - 1)
		l->argv[l->argc++] = (char *)text;
}

static void arg_number(struct launch *l, const char *option, int64_t number)
{
	arg(l, option);
	arg(l, oom_arena_printf(&l->run->arena, "%lld", (long long)number));
}

/* A setting in the canonical form of the load program: bytes, µs, yes or no, text as it is. */
static const char *canonical(struct launch *l, const struct oom_setting *s, uint64_t whole_bytes)
{
	struct oom_arena *arena = &l->run->arena;

	switch (s->value.type) {
	case OOM_T_SIZE:
		return oom_arena_printf(arena, "%s=%llu", s->name,
			(unsigned long long)oom_size_bytes(&s->value.size, whole_bytes));
	case OOM_T_DURATION:
		if (s->value.usec == UINT64_MAX)
			return oom_arena_printf(arena, "%s=forever", s->name);
		return oom_arena_printf(
			arena, "%s=%llu", s->name, (unsigned long long)s->value.usec);
	case OOM_T_BOOL:
		return oom_arena_printf(arena, "%s=%s", s->name, s->value.boolean ? "yes" : "no");
	default:
		return oom_arena_printf(arena, "%s=%s", s->name, s->value.text);
	}
}

/* What the runner itself acts on. */
static bool for_the_runner(const char *key)
{
	static const char *const names[] = {
		"Type", "Scope", "Start", "StartOptional", "User", "OOMScoreAdjust"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(key, names[i]))
			return true;
	return false;
}

/* What a workload leaves in Dir= (a tmpfs file outlives its writer) goes with a folder of its own. */
static int private_dir(struct launch *l, const char *dir, struct oom_err *err, const char **ret)
{
	struct oom_arena *arena = &l->run->arena;
	char *path =
		oom_arena_printf(arena, "%s/oomgate-%s-%s", dir, l->run->token, l->workload->name);
	int r = path ? oom_undo_add(l->run->undo, err, "tree", path, NULL) : -ENOMEM;

	/* what could not be taken away again is not left here; a guest goes as a whole */
	if (r == -EPERM && !l->run->in_guest)
		return r;
	if (r < 0 || mkdir(path, 0700) < 0 || chmod(path, 0777) < 0)
		path = (char *)dir; /* the workload says what is wrong with it */
	*ret = oom_arena_printf(arena, "Dir=%s", path);
	return 0;
}

static int build_argv(struct launch *l, struct oom_err *err)
{
	const struct oom_section *section = l->workload->section;
	const char *user = oom_section_text(section, "User", NULL);
	uint64_t whole = oom_unit_limit_bytes(l->run->scenario,
		l->workload->unit ? l->workload->unit->name : NULL, l->run->machine_bytes);

	arg(l, l->program);
	arg(l, l->workload->type->kind.name);
	arg(l, "--name");
	arg(l, l->workload->name);
	arg_number(l, "--page", l->page_fd);
	arg_number(l, "--gate", l->gate_read_fd);
	arg_number(l, "--ready", l->run->ready_fd);
	arg_number(l, "--notify", l->run->notify_fd);
	arg_number(l, "--parent", getpid());
	arg_number(l, "--adj", oom_section_int(section, "OOMScoreAdjust", 0));
	if (user) {
		arg(l, "--user");
		arg(l, user);
	}
	arg(l, "--");
	for (size_t i = 0; i < section->n_settings && i < MAX_PARAMS; i++) {
		const struct oom_setting *setting = &section->settings[i];
		const char *dir;

		if (!strcmp(setting->name, "Dir")) {
			int r = private_dir(l, setting->value.text, err, &dir);

			if (r < 0)
				return r;
			arg(l, dir);
		} else if (!for_the_runner(setting->name)) {
			arg(l, canonical(l, setting, whole));
		}
	}
	l->argv[l->argc] = NULL;
	/* an argument without memory would have cut the line short */
	return l->run->arena.failed ? oom_err_set(err, ENOMEM, "no memory for a command line") : 0;
}

static int page_open(struct launch *l, struct oom_err *err)
{
	struct oom_load_page *page;

	l->page_fd = memfd_create("oomgate-page", 0);
	if (l->page_fd < 0 || ftruncate(l->page_fd, sizeof(*page)) < 0)
		return oom_err_errno(
			err, errno, "cannot create the page of workload '%s'", l->workload->name);
	page = mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
		l->page_fd, 0);
	if (page == MAP_FAILED)
		return oom_err_errno(
			err, errno, "cannot map the page of workload '%s'", l->workload->name);
	memset(page, 0, sizeof(*page)); /* touched here: charged to us, not to the scope */
	l->workload->page = page;
	return 0;
}

static int output_open(struct launch *l)
{
	char name[96];
	int fd;

	snprintf(name, sizeof(name), "%s.out", l->workload->name);
	fd = oom_evidence_open(l->run, name);
	return fd >= 0 ? fd : open("/dev/null", O_WRONLY | O_CLOEXEC);
}

static int attach(void *ctx, pid_t pid, struct oom_err *err)
{
	struct launch *l = ctx;

	return l->run->backend->attach(l->run->backend_ctx, l->workload->unit, pid, err);
}

/*
 * A process that is born in a cgroup keeps the nodes and processors of its parent's cpuset, before Linux 6.3
 * (42a11bf5c543 "cgroup/cpuset: Make cpuset_fork() handle CLONE_INTO_CGROUP properly", in some stable kernels, too):
 * it is moved there.
 */
static int place_of_birth(const struct oom_backend_unit *unit)
{
	if (!unit || unit->v1 || faccessat(unit->dir_fd, "cpuset.cpus", F_OK, 0) == 0)
		return -1;
	return unit->dir_fd;
}

static int spawn(struct launch *l, struct oom_err *err)
{
	int stdio[3] = {l->null_fd, l->output_fd, l->output_fd};
	int keep[] = {l->page_fd, l->gate_read_fd, l->run->ready_fd, l->run->notify_fd};
	const struct oom_backend_unit *unit = l->workload->unit;
	struct oom_spawn how = {
		.path = l->program,
		.argv = l->argv,
		.cgroup_fd = place_of_birth(unit),
		.attach = unit ? attach : NULL,
		.attach_ctx = l,
		.stdio = stdio,
		.keep_fds = keep,
		.n_keep_fds = 4,
		.die_with_parent = true,
	};
	struct oom_err why;

	if (oom_spawn_into(&how, &why, &l->workload->pid, &l->workload->pid_fd) < 0)
		return oom_err_set(err, why.code, "cannot start workload '%s': %s",
			l->workload->name, why.msg);
	/* it dies with us; what it starts after the gate may not, and is in no cgroup to be found by */
	return unit ? 0 : oom_undo_add_session(l->run->undo, l->workload->pid, err);
}

static int launch_one(struct launch *l, struct oom_err *err)
{
	oom_autoclose int gate_read = -1, output = -1, null = -1;
	int gate[2], r;

	r = page_open(l, err);
	if (r < 0) {
		oom_closep(&l->page_fd);
		return r;
	}
	if (pipe2(gate, O_CLOEXEC) < 0)
		return oom_err_errno(
			err, errno, "cannot create the gate of workload '%s'", l->workload->name);
	l->gate_read_fd = gate_read = gate[0];
	l->workload->gate_fd = gate[1];
	l->output_fd = output = output_open(l);
	l->null_fd = null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	r = build_argv(l, err);
	if (r >= 0)
		r = spawn(l, err);
	oom_closep(&l->page_fd);
	return r;
}

static const char *failure(const struct oom_run_workload *w)
{
	return w->page->state == OOM_LOAD_FAILED && w->page->msg[0]
		? w->page->msg
		: "it ended before the run began";
}

static int not_ready(const struct oom_run_state *run, uint64_t ready, struct oom_err *err)
{
	const struct oom_run_workload *w = run->workloads;
	char where[240] = "";

	while (w < run->workloads + run->n_workloads - 1 && w->page->state != OOM_LOAD_NEW)
		w++;
	oom_proc_where(AT_FDCWD, w->pid, where, sizeof(where));
	return oom_err_set(err, ETIMEDOUT,
		"only %llu of %zu workloads were ready after 20 s; '%s' was in state %s",
		(unsigned long long)ready, run->n_workloads, w->name, where[0] ? where : "?");
}

/* Waits until every workload stands at its gate, or one of them ends. */
static int wait_ready(struct oom_run_state *run, struct oom_err *err)
{
	uint64_t deadline = oom_monotonic_us() + READY_LIMIT_US, ready = 0;
	struct pollfd *fds = oom_arena_alloc(&run->arena, (2 + run->n_workloads) * sizeof(*fds));

	if (!fds)
		return oom_err_set(err, ENOMEM, "no memory to wait for the workloads");
	fds[0] = (struct pollfd){.fd = run->ready_fd, .events = POLLIN};
	fds[1] = (struct pollfd){.fd = run->signal_fd, .events = POLLIN};
	for (size_t i = 0; i < run->n_workloads; i++)
		fds[2 + i] = (struct pollfd){.fd = run->workloads[i].pid_fd, .events = POLLIN};
	while (ready < run->n_workloads) {
		uint64_t now = oom_monotonic_us(), more;
		int n = now < deadline ? poll(fds, (nfds_t)(2 + run->n_workloads),
						 (int)((deadline - now) / 1000) + 1)
				       : 0;

		if (n < 0 && errno != EINTR)
			return oom_err_errno(err, errno, "cannot wait for the workloads");
		if (n == 0)
			return not_ready(run, ready, err);
		if (n > 0 && (fds[0].revents & POLLIN) &&
			read(run->ready_fd, &more, sizeof(more)) > 0)
			ready += more;
		if (n > 0 && (fds[1].revents & POLLIN))
			return oom_err_set(err, EINTR, "interrupted");
		for (size_t i = 0; n > 0 && i < run->n_workloads; i++)
			if (fds[2 + i].revents & POLLIN)
				return oom_err_set(err, ECHILD, "workload '%s' cannot start: %s",
					run->workloads[i].name, failure(&run->workloads[i]));
	}
	return 0;
}

static struct oom_backend_unit *unit_of(
	struct oom_run_state *run, const struct oom_section *section)
{
	const char *scope = oom_section_text(section, "Scope", NULL);
	const struct oom_section *only = NULL;

	if (scope)
		return oom_run_unit(run, scope);
	if (oom_scenario_count(run->scenario, OOM_SEC_SCOPE) == 1)
		only = oom_scenario_section(run->scenario, OOM_SEC_SCOPE, NULL);
	return only ? oom_run_unit(run, only->name) : NULL;
}

int oom_launch(struct oom_run_state *run, struct oom_err *err)
{
	size_t n = oom_scenario_count(run->scenario, OOM_SEC_WORKLOAD);
	const struct oom_section *section = NULL;
	char program[512];
	int r;

	run->workloads = oom_arena_alloc(&run->arena, (n + 1) * sizeof(*run->workloads));
	if (!run->workloads)
		return oom_err_set(err, ENOMEM, "no memory for workloads");
	r = oom_libexec_find("oomgate-workload", err, program, sizeof(program));
	if (r < 0)
		return r;
	/*
	 * What presses must not need what it presses out: a workload whose own code has been evicted and a
	 * daemon in the same plight take the last clean pages from each other, each reclaim succeeds, and
	 * the kernel sees no reason to kill (Linux 6.1 and 6.12 for half a minute and longer).
	 */
	oom_pin_file(program, &run->workload_program);
	while ((section = oom_scenario_next(run->scenario, OOM_SEC_WORKLOAD, section))) {
		struct oom_run_workload *w = &run->workloads[run->n_workloads];
		struct launch l = {.run = run, .workload = w, .program = program, .page_fd = -1};

		*w = (struct oom_run_workload){.section = section,
			.name = section->name,
			.run = run,
			.type = oom_workload_of(section->type),
			.unit = unit_of(run, section),
			.pid_fd = -1,
			.gate_fd = -1};
		r = launch_one(&l, err);
		if (w->page)
			run->n_workloads++;
		if (r < 0)
			return r;
	}
	return wait_ready(run, err);
}

/* A process that even SIGKILL does not end at once (blocked in the kernel) is left to the undo list. */
static void end_process(struct oom_run_workload *w)
{
	struct pollfd fd = {.fd = w->pid_fd, .events = POLLIN};

	kill(-w->pid, SIGKILL); /* its session's process group */
	kill(w->pid, SIGKILL);
	if (poll(&fd, 1, 10000) > 0)
		waitpid(w->pid, NULL, WNOHANG);
	w->ended = true;
}

/* Ends what still runs and gives everything back. */
void oom_launch_release(struct oom_run_state *run)
{
	for (size_t i = 0; i < run->n_workloads; i++) {
		struct oom_run_workload *w = &run->workloads[i];

		if (w->pid > 0 && !w->ended)
			end_process(w);
		oom_closep(&w->gate_fd);
		oom_closep(&w->pid_fd);
		if (w->page)
			munmap(w->page, sizeof(*w->page));
		w->page = NULL;
	}
	run->n_workloads = 0;
	oom_pinned_release(&run->workload_program);
}
