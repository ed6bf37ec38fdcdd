// SPDX-License-Identifier: LGPL-2.1-or-later
/* A guest's processors, seen from outside: were they given time? */
#include "harness/guest/attempt/still.h"

#include "harness/host/process.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct {
	struct oom_still_cpu before, after;
	uint64_t wall_us, late_us, lost_us;
	enum oom_still_why why;
} rows[] = {
	/* idle, half busy, busy */
	{{1, 'S', 0, 0, 5}, {1, 'S', 2000, 0, 10}, 100000, 0, 0, OOM_STILL_NOT},
	{{1, 'S', 0, 0, 5}, {1, 'R', 50000, 0, 10}, 100000, 0, 0, OOM_STILL_NOT},
	{{1, 'R', 0, 0, 5}, {1, 'R', 100000, 0, 5}, 100000, 0, 0, OOM_STILL_WAITED},
	/* stopped at either end, or all the time */
	{{1, 'T', 7, 0, 5}, {1, 'T', 7, 0, 5}, 100000, 0, 100000, OOM_STILL_STOPPED},
	{{1, 'S', 0, 0, 5}, {1, 'T', 30000, 0, 9}, 100000, 0, 70000, OOM_STILL_STOPPED},
	{{1, 't', 0, 0, 5}, {1, 'R', 30000, 0, 9}, 100000, 0, 70000, OOM_STILL_STOPPED},
	/* a wait that goes on, and one that is over, which may have begun before */
	{{1, 'R', 0, 0, 5}, {1, 'R', 0, 0, 5}, 100000, 0, 100000, OOM_STILL_WAITED},
	{{1, 'R', 0, 0, 5}, {1, 'S', 1000, 5000000, 6}, 100000, 0, 100000, OOM_STILL_WAITED},
	{{1, 'R', 0, 100, 5}, {1, 'R', 40000, 60100, 9}, 100000, 0, 60000, OOM_STILL_WAITED},
	{{1, 'R', 0, 0, 5}, {1, 'R', 90000, 10000, 9}, 100000, 0, 10000, OOM_STILL_WAITED},
	/* the host's disk; one that it has answered in between is no hole */
	{{1, 'D', 0, 0, 5}, {1, 'D', 0, 0, 5}, 100000, 0, 100000, OOM_STILL_BLOCKED},
	{{1, 'D', 0, 0, 5}, {1, 'D', 3000, 0, 9}, 100000, 0, 0, OOM_STILL_NOT},
	{{1, 'D', 0, 0, 5}, {1, 'S', 3000, 0, 9}, 100000, 0, 0, OOM_STILL_NOT},
	/* the one who looks came late: the guest went on, was idle (but took its samples), or stood still, too */
	{{1, 'S', 0, 0, 5}, {1, 'S', 4000000, 0, 99}, 5000000, 4900000, 0, OOM_STILL_NOT},
	{{1, 'S', 0, 0, 5}, {1, 'S', 40000, 0, 255}, 5000000, 4900000, 0, OOM_STILL_NOT},
	{{1, 'S', 0, 0, 5}, {1, 'S', 4000, 0, 9}, 5000000, 4900000, 4996000, OOM_STILL_HOST},
	{{1, 'S', 0, 0, 5}, {1, 'S', 4000, 0, 9}, 5000000, 400000, 0, OOM_STILL_NOT},
	/* a thread that is gone, and numbers that went back */
	{{1, 'S', 0, 0, 5}, {1, 0, 0, 0, 0}, 100000, 0, 0, OOM_STILL_NOT},
	{{1, 0, 0, 0, 0}, {1, 'T', 0, 0, 0}, 100000, 0, 0, OOM_STILL_NOT},
	{{1, 'S', 9, 9, 9}, {1, 'S', 0, 0, 0}, 100000, 0, 0, OOM_STILL_NOT},
};

Test(still, tells_a_hole_from_a_pause)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		enum oom_still_why why;
		uint64_t lost_us = oom_still_lost_us(
			&rows[i].before, &rows[i].after, rows[i].wall_us, rows[i].late_us, &why);

		cr_expect_eq(lost_us, rows[i].lost_us, "row %zu: %lu", i, (unsigned long)lost_us);
		if (lost_us)
			cr_expect_eq(why, rows[i].why, "row %zu: %d", i, why);
	}
}

/* A process whose thread is called as QEMU calls its processors. */
static pid_t start(const char *name)
{
	int ends[2];
	pid_t pid;
	char byte;

	cr_assert_eq(pipe(ends), 0);
	pid = oom_fork_bound(SIGKILL);
	if (!pid) {
		prctl(PR_SET_NAME, name);
		if (write(ends[1], "", 1) == 1)
			for (;;)
				;
		_exit(1);
	}
	cr_assert_eq(read(ends[0], &byte, 1), 1);
	close(ends[0]);
	close(ends[1]);
	return pid;
}

static void look_for(struct oom_still *still, uint64_t us)
{
	for (uint64_t end = oom_monotonic_us() + us; oom_monotonic_us() < end; usleep(20000))
		oom_still_look(still, false);
}

static const char *stopped_why(const char *name, bool stop, uint64_t *ret_us)
{
	static struct oom_still still; /* large */
	const char *why = "";
	pid_t pid = start(name);

	oom_still_begin(&still, pid);
	look_for(&still, 300000);
	if (stop)
		kill(pid, SIGSTOP);
	look_for(&still, 1200000);
	kill(pid, SIGCONT);
	look_for(&still, 300000);
	oom_still_look(&still, true);
	*ret_us = oom_still_total_us(&still, &why);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return why;
}

Test(still, sees_a_process_that_is_stopped)
{
	uint64_t us;
	/* however busy this host is */
	const char *why = stopped_why("CPU 0/TCG", true, &us);

	cr_expect_str_eq(why, "QEMU was stopped");
	cr_expect_geq(us, 1100000, "%lu", (unsigned long)us);
	cr_expect_str_eq(stopped_why("ALL CPUs/TCG", true, &us), "QEMU was stopped");
	cr_expect_str_neq(stopped_why("CPU 0/TCG", false, &us), "QEMU was stopped");
	/* other threads of QEMU may do as they like */
	cr_expect_str_eq(stopped_why("worker", true, &us), "");
	cr_expect_eq(us, 0);
}

static struct oom_attempt *record_of(int64_t setup_us, int64_t duration_us)
{
	struct oom_attempt *record = oom_attempt_new();

	record->setup_us = setup_us;
	record->duration_us = duration_us;
	return record;
}

/* The job was sent at 10 s, the record came at 20 s. */
static const struct oom_still seen = {.begin_us = 10000000,
	.n_holes = 2,
	.holes = {{13000000, 15000000, {1900000, 1200000, 700000, 0, 0}},
		{17000000, 17100000, {100000, 0, 100000, 0, 0}}}};

Test(still, puts_a_hole_on_the_guests_time_line)
{
	struct oom_attempt *record = record_of(500000, 9800000);

	cr_assert_eq(oom_still_report(&seen, 20000000, record), 0);
	cr_assert_eq(record->n_standstills, 1, "what is short is not worth a word");
	cr_expect_eq(record->standstills[0].at_us, 2300000, "0.2 s of slack, and the set-up");
	cr_expect_eq(record->standstills[0].length_us, 2200000);
	cr_expect_eq(record->standstills[0].lost_us, 1900000);
	cr_expect_str_eq(record->standstills[0].why, "QEMU was stopped");
	oom_attempt_free(record);
}

/* What the guest saw itself lies better. */
Test(still, explains_a_hole_that_the_guest_saw)
{
	struct oom_attempt *record = record_of(500000, 9800000);

	*oom_attempt_add_standstill(record) = (struct oom_standstill_rec){100000, 600000, 0, NULL};
	*oom_attempt_add_standstill(record) =
		(struct oom_standstill_rec){2450000, 1950000, 0, NULL};
	cr_assert_eq(oom_still_report(&seen, 20000000, record), 0);
	cr_assert_eq(record->n_standstills, 2);
	cr_expect_eq(record->standstills[0].lost_us, 0, "nobody saw anything by then");
	cr_expect_null(record->standstills[0].why);
	cr_expect_eq(record->standstills[1].at_us, 2450000);
	cr_expect_eq(record->standstills[1].lost_us, 1900000);
	cr_expect_str_eq(record->standstills[1].why, "QEMU was stopped");
	oom_attempt_free(record);
}

/* Before its run, and after it; and records that say what cannot be. */
Test(still, leaves_out_what_is_not_of_the_run)
{
	static const int64_t times[][2] = {{5200000, 9800000}, {0, 900000}, {INT64_MAX, INT64_MAX},
		{0, INT64_MAX}, {5, 1}, {-1, -1}, {INT64_MAX, 5}};

	for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++) {
		struct oom_attempt *record = record_of(times[i][0], times[i][1]);

		*oom_attempt_add_standstill(record) =
			(struct oom_standstill_rec){INT64_MAX, INT64_MAX, 0, NULL};
		/* the record of row 1 came at once */
		cr_assert_eq(oom_still_report(&seen, i == 1 ? 10900000 : 20000000, record), 0);
		cr_expect_eq(record->n_standstills, 1, "row %zu", i);
		cr_expect_eq(record->standstills[0].lost_us, 0, "row %zu", i);
		oom_attempt_free(record);
	}
}
