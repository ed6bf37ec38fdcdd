// SPDX-License-Identifier: LGPL-2.1-or-later
/* Holes between samples: found, told apart, and explained only where something proves it. */
#include "harness/sources/pulse.h"

#include "harness/host/process.h"
#include "lib/record/record.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

Test(pulse, reads_what_was_taken_from_it)
{
	cr_expect_eq(oom_stat_steal_us("cpu  1 2 3 4 5 6 7 800 9 10\ncpu0 1", 100, 2), 4000000);
	cr_expect_eq(oom_stat_steal_us("cpu  1 2 3 4 5 6 7 0 0 0\n", 100, 1), 0);
	cr_expect_eq(oom_stat_steal_us("cpu  1 2 3 4\n", 100, 1), -1);
	cr_expect_eq(oom_stat_steal_us("", 100, 1), -1);
	cr_expect_eq(oom_stat_steal_us("cpu  1 2 3 4 5 6 7 8", 0, 1), -1);
	cr_expect_eq(oom_stat_steal_us("cpu  1 2 3 4 5 6 7 8", 100, 0), -1);
	cr_expect_eq(oom_stat_steal_us("cpu  1 2 3 4 5 6 7 18446744073709551615", 100, 1), -1);
	cr_expect_eq(oom_schedstat_delay_us("17 5000000 3\n"), 5000);
	cr_expect_eq(oom_schedstat_delay_us("17\n"), -1);
	cr_expect_eq(oom_schedstat_delay_us(""), -1);
}

static struct oom_attempt *collected(const struct oom_pulse *pulse)
{
	struct oom_attempt *record = oom_attempt_new();

	cr_assert_eq(oom_pulse_collect(pulse, record), 0);
	return record;
}

/* In a guest, which knows no more: holes, and nobody to blame. */
Test(pulse, finds_holes)
{
	struct oom_attempt *record;
	struct oom_pulse pulse;

	oom_pulse_open(&pulse, true);
	oom_pulse_beat(&pulse, 499999);
	oom_pulse_beat(&pulse, 999998);
	oom_pulse_beat(&pulse, 1499998);
	oom_pulse_beat(&pulse, 9000000);
	record = collected(&pulse);
	cr_assert_eq(record->n_standstills, 2);
	cr_expect_eq(record->standstills[0].at_us, 999998);
	cr_expect_eq(record->standstills[0].length_us, 500000);
	cr_expect_eq(record->standstills[1].length_us, 7500002);
	cr_expect_eq(record->standstills[1].lost_us, 0, "nothing proves it");
	cr_expect_null(record->standstills[1].why);
	oom_attempt_free(record);
	oom_pulse_close(&pulse);
}

/* No more than there is room for: the longest. */
Test(pulse, keeps_the_longest)
{
	struct oom_attempt *record;
	struct oom_pulse pulse;
	uint64_t now_us = 0;
	int64_t longest = 0;

	oom_pulse_open(&pulse, true);
	for (uint64_t i = 0; i < 3 * OOM_PULSE_HOLES; i++)
		oom_pulse_beat(&pulse, now_us += i == 7 ? 90000000 : 600000 + i);
	record = collected(&pulse);
	cr_assert_eq(record->n_standstills, OOM_PULSE_HOLES);
	for (size_t i = 0; i < record->n_standstills; i++) {
		const struct oom_standstill_rec *s = &record->standstills[i];

		longest = s->length_us > longest ? s->length_us : longest;
		cr_expect_geq(s->length_us, 600000 + 2 * OOM_PULSE_HOLES, "hole %zu", i);
	}
	cr_expect_eq(longest, 90000000);
	oom_attempt_free(record);
	oom_pulse_close(&pulse);
}

/* In a child: it takes samples, and says which hole it saw; @fd goes to the parent. */
static void __attribute__((noreturn)) sample(int fd)
{
	uint64_t begin_us = oom_monotonic_us(), now_us;
	struct oom_pulse pulse;

	oom_pulse_open(&pulse, false);
	if (write(fd, "", 1) != 1)
		_exit(1);
	do {
		usleep(20000);
		now_us = oom_monotonic_us() - begin_us;
		oom_pulse_beat(&pulse, now_us);
	} while (now_us < 1500000);
	if (write(fd, &pulse, sizeof(pulse)) != sizeof(pulse))
		_exit(1);
	oom_pulse_close(&pulse);
	_exit(0);
}

/* The longest hole that a sampler saw, which was stopped for @us after it had begun. */
static void run_stopped(useconds_t us, struct oom_pulse *ret, struct oom_standstill_rec *ret_hole)
{
	int ends[2];
	pid_t pid;
	char byte;

	cr_assert_eq(pipe(ends), 0);
	pid = oom_fork_bound(SIGKILL);
	if (!pid)
		sample(ends[1]);
	cr_assert_eq(read(ends[0], &byte, 1), 1);
	if (us) {
		kill(pid, SIGSTOP);
		usleep(us);
		kill(pid, SIGCONT);
	}
	cr_assert_eq(read(ends[0], ret, sizeof(*ret)), (ssize_t)sizeof(*ret));
	waitpid(pid, NULL, 0);
	*ret_hole = (struct oom_standstill_rec){0};
	for (size_t i = 0; i < ret->n_holes; i++)
		if (ret->holes[i].length_us > ret_hole->length_us)
			*ret_hole = ret->holes[i];
	close(ends[0]);
	close(ends[1]);
}

Test(pulse, knows_that_it_was_stopped)
{
	struct oom_standstill_rec hole;
	struct oom_pulse pulse;

	run_stopped(1200000, &pulse, &hole);
	cr_expect_geq(hole.length_us, 1100000);
	cr_expect_eq(hole.lost_us, hole.length_us);
	/* (the text is of another process, at the same place) */
	cr_expect_str_eq(hole.why, "oomgate itself was stopped");
	run_stopped(0, &pulse, &hole);
	cr_expect(!hole.why || strcmp(hole.why, "oomgate itself was stopped"), "%s", hole.why);
}

/* A SIGCONT of its own time is not left to others, and is blocked no longer. */
Test(pulse, gives_the_signal_back)
{
	struct oom_pulse pulse;
	sigset_t before, after, pending;

	sigprocmask(SIG_SETMASK, NULL, &before);
	oom_pulse_open(&pulse, false);
	raise(SIGCONT);
	oom_pulse_close(&pulse);
	oom_pulse_close(&pulse);
	sigprocmask(SIG_SETMASK, NULL, &after);
	sigpending(&pending);
	cr_expect_eq(sigismember(&after, SIGCONT), sigismember(&before, SIGCONT));
	cr_expect_not(sigismember(&pending, SIGCONT));
}
