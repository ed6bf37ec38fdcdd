// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/attempt/loop.h"

#include "harness/attempt/course.h"
#include "harness/attempt/gate.h"
#include "harness/attempt/trigger.h"
#include "harness/faults/fault.h"
#include "harness/host/process.h"
#include "harness/state/state.h"
#include "harness/units/unit.h"
#include "lib/kernel/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/*
 * From "go" to "settled". The run is over when every workload that can end has ended (or Until= has
 * come, or the deadline); it has settled when nothing has happened for Settle= after that.
 */
enum { SETTLE_LIMIT_US = 5000000, KILL_LIMIT_US = 10000000 };

/* A fault that takes its time (a limit written below what is held) belongs to the run. */
static bool faults_under_way(struct oom_run_state *run)
{
	bool any = false;

	for (size_t i = 0; i < run->n_faults; i++) {
		struct oom_run_fault *f = &run->faults[i];
		const struct oom_fault *fault = f->fault;
		int r = fault->under_way ? fault->under_way(f->data) : 0;

		if (r < 0)
			f->result = r;
		any |= r > 0;
	}
	return any;
}

/* The log told of a kill: its victim's end is still to come. */
static bool victims_left(const struct oom_run_state *run)
{
	for (size_t i = 0; i < run->n_workloads; i++)
		for (size_t k = 0; k < run->n_seen && !run->workloads[i].ended; k++)
			if (run->seen[k].pid == run->workloads[i].pid)
				return true;
	return false;
}

/* The earliest of what is to come; the timer stands there. */
static void arm_timer(struct oom_run_state *run)
{
	uint64_t next = run->deadline_us + (run->deadline_hit ? KILL_LIMIT_US : 0);
	struct itimerspec at = {0};

	for (size_t i = 0; i < run->n_triggers; i++) {
		const struct oom_trigger *t = &run->triggers[i];

		if (!t->when && !t->fired && run->go_us + t->at_us < next)
			next = run->go_us + t->at_us;
	}
	for (size_t i = 0; i < run->n_faults; i++) {
		uint64_t until_us = run->faults[i].acts_until_us;

		if (run->faults[i].fired && until_us < next && until_us > oom_monotonic_us())
			next = until_us;
	}
	if (run->over) {
		uint64_t quiet = run->activity_us > run->over_us ? run->activity_us : run->over_us;

		next = quiet + run->settle_us;
		/* settled but for a victim: its pidfd will tell, or the limit */
		if (next > run->over_us + SETTLE_LIMIT_US || next <= oom_monotonic_us())
			next = run->over_us + SETTLE_LIMIT_US;
	}
	at.it_value.tv_sec = (time_t)(next / 1000000);
	at.it_value.tv_nsec = (long)(next % 1000000) * 1000 + 1;
	timerfd_settime(run->timer_fd, TFD_TIMER_ABSTIME, &at, NULL);
}

static void drain(int fd)
{
	uint64_t value;

	while (read(fd, &value, sizeof(value)) > 0)
		;
}

static void timer_ready(struct oom_watch *watch, uint32_t events)
{
	(void)events;
	drain(watch->fd);
}

static void signal_ready(struct oom_watch *watch, uint32_t events)
{
	struct oom_run_state *run = watch->data;

	(void)events;
	run->interrupted = true; /* the signal stays pending for whoever called us */
	oom_loop_remove(&run->loop, watch);
}

/* A workload's first process ended. */
static void workload_ready(struct oom_watch *watch, uint32_t events)
{
	struct oom_run_workload *w = watch->data;

	(void)events;
	oom_workload_reap(w);
	if (!w->ended)
		return;
	oom_loop_remove(&w->run->loop, watch);
	oom_run_activity(w->run);
}

static int watches_add(struct oom_run_state *run, struct oom_err *err)
{
	int r;

	run->timer_watch = (struct oom_watch){run->timer_fd, timer_ready, run};
	run->notify_watch = (struct oom_watch){run->notify_fd, timer_ready, run};
	r = oom_loop_add(&run->loop, &run->timer_watch, EPOLLIN);
	if (r >= 0)
		r = oom_loop_add(&run->loop, &run->notify_watch, EPOLLIN);
	if (r >= 0 && run->signal_fd >= 0) {
		run->signal_watch = (struct oom_watch){run->signal_fd, signal_ready, run};
		r = oom_loop_add(&run->loop, &run->signal_watch, EPOLLIN);
	}
	for (size_t i = 0; r >= 0 && i < run->n_workloads; i++) {
		struct oom_run_workload *w = &run->workloads[i];

		w->watch = (struct oom_watch){w->pid_fd, workload_ready, w};
		r = oom_loop_add(&run->loop, &w->watch, EPOLLIN);
	}
	return r < 0 ? oom_err_errno(err, -r, "cannot wait for the workloads") : 0;
}

static void set_phase(struct oom_run_state *run, enum oom_phase phase)
{
	run->phase = phase;
	if (run->on_phase)
		run->on_phase(run, phase);
}

/* What each has come to before anybody is ended by force: nothing that happens from now on is evidence. */
static bool find_stuck(struct oom_run_state *run)
{
	bool any = false;

	for (size_t i = 0; i < run->n_workloads; i++) {
		struct oom_run_workload *w = &run->workloads[i];

		if (!w->ended)
			workload_ready(&w->watch, 0);
		w->held_reached_bytes = w->page->reached_bytes;
		w->held_ops = w->page->ops;
		w->stuck = w->started && !w->ended && !oom_workload_is_quiet(w);
		any |= w->stuck;
	}
	for (size_t i = 0; any && i < run->n_workloads; i++)
		run->workloads[i].is_held = true;
	return any;
}

/* SIGKILL to @stuck, with all that is in its unit; others of the scenario are there, too. */
static void end_stuck(struct oom_run_state *run, struct oom_run_workload *stuck)
{
	oom_proc_where(AT_FDCWD, stuck->pid, stuck->stuck_at, sizeof(stuck->stuck_at));
	stuck->ended_by_us = true;
	for (size_t i = 0; stuck->unit && i < run->n_workloads; i++) {
		struct oom_run_workload *w = &run->workloads[i];

		w->ended_by_us |= w->unit == stuck->unit && !w->ended;
	}
	if (stuck->unit)
		oom_unit_kill(stuck->unit);
	else
		kill(-stuck->pid, SIGKILL);
	kill(stuck->pid, SIGKILL);
}

/* At the deadline: who should have ended and has not is stuck, and ended by force. */
static void deadline_enforce(struct oom_run_state *run)
{
	run->deadline_hit = true;
	if (!find_stuck(run))
		return;
	for (size_t i = 0; i < run->n_workloads; i++)
		if (run->workloads[i].stuck)
			end_stuck(run, &run->workloads[i]);
}

static bool stuck_left(const struct oom_run_state *run)
{
	for (size_t i = 0; i < run->n_workloads; i++)
		if (run->workloads[i].stuck && !run->workloads[i].ended)
			return true;
	return false;
}

static void check_over(struct oom_run_state *run)
{
	uint64_t now = oom_monotonic_us();

	if (!run->deadline_hit && now >= run->deadline_us)
		deadline_enforce(run);
	if (run->interrupted ||
		(!run->deadline_hit && oom_course_is_run(run) && !faults_under_way(run)))
		run->over = true;
	if (run->deadline_hit && (!stuck_left(run) || now >= run->deadline_us + KILL_LIMIT_US))
		run->over = true;
	if (run->over && !run->over_us)
		run->over_us = now;
}

static bool settled(const struct oom_run_state *run)
{
	uint64_t now = oom_monotonic_us();
	uint64_t quiet = run->activity_us > run->over_us ? run->activity_us : run->over_us;

	return (now >= quiet + run->settle_us && !victims_left(run)) ||
		now >= run->over_us + SETTLE_LIMIT_US;
}

/*
 * The one who watches goes first: under pressure every processor is somebody else's. Its children do not
 * inherit that. Where it is not allowed the latencies are those of an ordinary process.
 */
static void watch_first(bool first)
{
	struct sched_param param = {.sched_priority = first ? 1 : 0};

	sched_setscheduler(0, first ? SCHED_RR | SCHED_RESET_ON_FORK : SCHED_OTHER, &param);
}

int oom_run_go(struct oom_run_state *run, struct oom_err *err)
{
	int r = watches_add(run, err);

	if (r < 0)
		return r;
	/* pages are locked as they are first touched: what is prepared stays, nothing more is pulled in */
	/* (an ordinary user's RLIMIT_MEMLOCK may refuse: then the latencies are those of unlocked memory) */
	mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT);
	watch_first(true);
	set_phase(run, OOM_PHASE_RUN);
	run->go_us = oom_monotonic_us();
	run->deadline_us += run->go_us;
	for (size_t i = 0; i < run->n_workloads; i++)
		if (!run->workloads[i].start)
			oom_workload_go(&run->workloads[i]);
	while (!run->over || (!run->interrupted && !settled(run))) {
		arm_timer(run);
		r = oom_loop_step(&run->loop, run->deadline_hit ? 50 : -1);
		if (r < 0)
			break;
		/* who is killed at the deadline, by us, is no event */
		if (!run->over && !run->deadline_hit)
			oom_triggers_check(run);
		check_over(run);
	}
	if (!run->deadline_hit)
		oom_triggers_end(run);
	run->settled_us = oom_monotonic_us();
	set_phase(run, OOM_PHASE_COLLECT);
	watch_first(false);
	/* in a guest what a rehearsal has locked the attempt would lock again */
	if (!run->in_guest)
		munlockall();
	return r < 0 ? oom_err_errno(err, -r, "cannot wait for the workloads") : 0;
}
