// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/sources/pulse.h"

#include "lib/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* How often the sums are read again, so that what went by before is not taken for a part of a hole. */
enum { BEATS_A_READING = 50 };

int64_t oom_stat_steal_us(const char *text, long hz, long cpus)
{
	uint64_t ticks;

	if (hz <= 0 || cpus <= 0 ||
		sscanf(text, "cpu %*u %*u %*u %*u %*u %*u %*u %" SCNu64, &ticks) != 1 ||
		ticks > INT64_MAX / 1000000)
		return -1;
	return (int64_t)(ticks * 1000000 / (uint64_t)hz / (uint64_t)cpus);
}

int64_t oom_schedstat_delay_us(const char *text)
{
	uint64_t wait_ns;

	if (sscanf(text, "%*u %" SCNu64 " %*u", &wait_ns) != 1)
		return -1;
	return (int64_t)(wait_ns / 1000);
}

/* The beginning of the file, which is all that matters; "" where there is none. */
static void read_text(int fd, char *buf, size_t size)
{
	ssize_t n = fd >= 0 ? pread(fd, buf, size - 1, 0) : 0;

	buf[n > 0 ? n : 0] = '\0';
}

static void read_sums(struct oom_pulse *p)
{
	char text[256];

	read_text(p->stat_fd, text, sizeof(text));
	p->steal_us = oom_stat_steal_us(text, sysconf(_SC_CLK_TCK), sysconf(_SC_NPROCESSORS_ONLN));
	read_text(p->schedstat_fd, text, sizeof(text));
	p->delay_us = oom_schedstat_delay_us(text);
}

void oom_pulse_open(struct oom_pulse *pulse, bool in_guest)
{
	sigset_t cont;

	*pulse = (struct oom_pulse){.in_guest = in_guest, .stat_fd = -1, .schedstat_fd = -1};
	pulse->stat_fd = open("/proc/stat", O_RDONLY | O_CLOEXEC);
	/* in a guest who is kept waiting here waits for the guest's own kernel */
	if (!in_guest)
		pulse->schedstat_fd = open("/proc/self/schedstat", O_RDONLY | O_CLOEXEC);
	sigemptyset(&cont);
	sigaddset(&cont, SIGCONT);
	pulse->blocked = !in_guest && !sigprocmask(SIG_BLOCK, &cont, &pulse->before);
	read_sums(pulse);
}

/* A blocked SIGCONT goes on with its process all the same (signal(7)), and stays pending. */
static bool was_stopped(const struct oom_pulse *p)
{
	const struct timespec now = {0};
	sigset_t cont;

	if (!p->blocked)
		return false;
	sigemptyset(&cont);
	sigaddset(&cont, SIGCONT);
	return sigtimedwait(&cont, NULL, &now) == SIGCONT;
}

static int64_t grown(int64_t before, int64_t after)
{
	return before < 0 || after < before ? 0 : after - before;
}

/* What is known of a hole; the largest of what was taken from us counts, at most all of it. */
static void explain(struct oom_pulse *p, struct oom_standstill_rec *hole)
{
	int64_t steal_us = p->steal_us, delay_us = p->delay_us;

	read_sums(p);
	steal_us = grown(steal_us, p->steal_us);
	delay_us = grown(delay_us, p->delay_us);
	if (was_stopped(p)) {
		hole->lost_us = hole->length_us;
		hole->why = "oomgate itself was stopped";
	} else if (steal_us >= OOM_STANDSTILL_MIN_US && steal_us >= delay_us) {
		hole->lost_us = steal_us;
		hole->why = "its hypervisor gave it no processor";
	} else if (delay_us >= OOM_STANDSTILL_MIN_US) {
		hole->lost_us = delay_us;
		hole->why = "oomgate itself waited for a processor";
	}
	if (hole->lost_us > hole->length_us)
		hole->lost_us = hole->length_us;
}

/* A new one, or the shortest where there is no room. */
static struct oom_standstill_rec *place_for(struct oom_pulse *p, int64_t length_us)
{
	struct oom_standstill_rec *shortest = p->holes;

	if (p->n_holes < OOM_PULSE_HOLES)
		return &p->holes[p->n_holes++];
	for (size_t i = 1; i < p->n_holes; i++)
		if (p->holes[i].length_us < shortest->length_us)
			shortest = &p->holes[i];
	return shortest->length_us < length_us ? shortest : NULL;
}

void oom_pulse_beat(struct oom_pulse *pulse, uint64_t now_us)
{
	uint64_t before_us = pulse->beat_us, length_us = now_us - before_us;
	struct oom_standstill_rec hole = {.at_us = (int64_t)before_us,
					  .length_us = (int64_t)length_us},
				  *at;

	pulse->beat_us = now_us;
	if (length_us < OOM_STANDSTILL_MIN_US) {
		if (++pulse->beats % BEATS_A_READING == 0)
			read_sums(pulse);
		return;
	}
	explain(pulse, &hole);
	at = place_for(pulse, hole.length_us);
	if (at)
		*at = hole;
}

int oom_pulse_collect(const struct oom_pulse *pulse, struct oom_attempt *record)
{
	for (size_t i = 0; i < pulse->n_holes; i++) {
		struct oom_standstill_rec *rec = oom_attempt_add_standstill(record);

		if (!rec)
			return -ENOMEM;
		*rec = pulse->holes[i];
	}
	return 0;
}

void oom_pulse_close(struct oom_pulse *pulse)
{
	oom_closep(&pulse->stat_fd);
	oom_closep(&pulse->schedstat_fd);
	if (pulse->blocked) {
		was_stopped(pulse); /* one that came in between is nobody else's */
		sigprocmask(SIG_SETMASK, &pulse->before, NULL);
	}
	pulse->blocked = false;
}
