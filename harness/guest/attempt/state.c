// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/guest/attempt/state.h"

#include "harness/host/process.h"
#include "lib/base/sentence.h"

#include <stdarg.h>
#include <sys/timerfd.h>

#define SECOND	   1000000ULL
#define SILENCE_US (60 * SECOND) /* a thrashing guest can starve its agent for 20 s */

void oom_attempt_arm(struct oom_guest_attempt *a)
{
	uint64_t at =
		a->silence_us && a->silence_us < a->deadline_us ? a->silence_us : a->deadline_us;
	struct itimerspec spec = {0};

	if (a->pid > 0 && a->look_us < at)
		at = a->look_us;
	if (a->pid > 0 && a->phase == OOM_GUEST_RUNNING && a->still.next_us < at)
		at = a->still.next_us;
	spec.it_value.tv_sec = (time_t)(at / SECOND);
	spec.it_value.tv_nsec = (long)(at % SECOND) * 1000 + 1;
	timerfd_settime(a->timer_fd, TFD_TIMER_ABSTIME, &spec, NULL);
}

void oom_attempt_heard(struct oom_guest_attempt *a)
{
	a->silence_us = a->phase == OOM_GUEST_RUNNING ? oom_monotonic_us() + SILENCE_US : 0;
	oom_attempt_arm(a);
}

void oom_attempt_phase(struct oom_guest_attempt *a, enum oom_guest_phase phase, uint64_t timeout_us)
{
	a->phase = phase;
	a->phase_us = oom_monotonic_us();
	a->deadline_us = a->phase_us + timeout_us;
	a->silence_us = 0;
	oom_attempt_arm(a);
}

enum oom_next oom_attempt_end(
	struct oom_guest_attempt *a, enum oom_verdict verdict, const char *reason)
{
	a->outcome.verdict = verdict;
	a->outcome.reason = reason;
	return OOM_NEXT_END;
}

enum oom_next oom_attempt_fail(struct oom_guest_attempt *a, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	oom_sentence_vformat(a->outcome.text, sizeof(a->outcome.text), fmt, args);
	va_end(args);
	return oom_attempt_end(a, OOM_BROKEN, a->outcome.text);
}

enum oom_next oom_attempt_no_room(struct oom_guest_attempt *a)
{
	return oom_attempt_fail(a,
		"cannot save the guest in '%s': only %llu MiB are free; make room, or set "
		"OOMGATE_CACHE to another folder",
		a->host->cache, (unsigned long long)(oom_state_disk_left(a->host->cache) >> 20));
}
