// SPDX-License-Identifier: LGPL-2.1-or-later
/* What became of a workload, in words. */
#include "lib/base/bounded.h"
#include "lib/base/format.h"
#include "lib/kernel/trace.h"
#include "lib/record/record.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { WORDS_BYTES = 128 };

const char *oom_signal_words(int64_t number, char buf[static OOM_SIGNAL_NAME_MAX])
{
	char name[OOM_SIGNAL_NAME_MAX];

	if (number <= 0)
		snprintf(buf, OOM_SIGNAL_NAME_MAX, "a signal");
	else
		snprintf(buf, OOM_SIGNAL_NAME_MAX, "%s%s",
			*oom_signal_name(number, name) == 'S' ? "" : "signal ",
			oom_signal_name(number, name));
	return buf;
}

const struct oom_signal_rec *oom_workload_sender(
	const struct oom_attempt *attempt, const struct oom_workload_rec *workload)
{
	for (size_t i = 0; attempt && i < attempt->n_signals; i++) {
		const struct oom_signal_rec *sent = &attempt->signals[i];

		if (workload->pid > 0 && sent->target_pid == workload->pid &&
			sent->signal == workload->signal && sent->code != OOM_TRACE_BY_KERNEL)
			return sent;
	}
	return NULL;
}

/* Somebody who kills by a signal like any other: which one it was, and the pid, are worth a word. */
static bool is_daemon(enum oom_killer killer)
{
	return killer != OOM_KILLER_NOBODY && killer != OOM_KILLER_UNKNOWN &&
		killer != OOM_KILLER_SIGNAL && strncmp(oom_killer_name(killer), "kernel-", 7) != 0;
}

const char *oom_workload_killer(const struct oom_attempt *attempt,
	const struct oom_workload_rec *workload, bool brief, char *buf, size_t size)
{
	const struct oom_signal_rec *sent = oom_workload_sender(attempt, workload);
	const char *killer = oom_killer_name(workload->killed_by),
		   *comm = sent ? sent->sender_comm : NULL;
	char name[OOM_SIGNAL_NAME_MAX];

	oom_signal_words(workload->signal, name);
	if (workload->end == OOM_END_STUCK && workload->killed_by == OOM_KILLER_SIGNAL)
		snprintf(buf, size, "the harness");
	else if (workload->end !=
		OOM_END_SIGNALLED) /* it ended by itself: that is of its children */
		snprintf(buf, size, "%s", killer);
	else if (workload->killed_by == OOM_KILLER_SIGNAL && sent && brief)
		snprintf(buf, size, "%s from %s", name, comm ? comm : "?");
	else if (workload->killed_by == OOM_KILLER_SIGNAL && sent)
		snprintf(buf, size, "%s (from %s, pid %lld)", name, comm ? comm : "?",
			(long long)sent->sender_pid);
	else if (workload->killed_by == OOM_KILLER_SIGNAL)
		snprintf(buf, size, "%s", name);
	else if (is_daemon(workload->killed_by) && workload->signal > 0 && sent && !brief)
		snprintf(buf, size, "%s (%s, pid %lld)", killer, name, (long long)sent->sender_pid);
	else if (is_daemon(workload->killed_by) && workload->signal > 0 && !brief)
		snprintf(buf, size, "%s (%s)", killer, name);
	else
		snprintf(buf, size, "%s", killer);
	return buf;
}

static void fate_of_signalled(const struct oom_attempt *attempt,
	const struct oom_workload_rec *workload, char *buf, size_t size)
{
	char name[OOM_SIGNAL_NAME_MAX], killer[WORDS_BYTES], reached[24];

	oom_signal_words(workload->signal, name);
	oom_workload_killer(attempt, workload, false, killer, sizeof(killer));
	if (workload->killed_by == OOM_KILLER_NOBODY)
		snprintf(buf, size, "ended by %s", name);
	else if (workload->killed_by == OOM_KILLER_UNKNOWN)
		snprintf(buf, size, "ended by %s from an unknown sender", name);
	else if (workload->reached_bytes > 0)
		snprintf(buf, size, "killed by %s at %s", killer,
			oom_format_size((uint64_t)workload->reached_bytes, reached));
	else
		snprintf(buf, size, "killed by %s", killer);
}

/* Its own end is one thing, that the kernel took processes of it another: a fork bomb's first process may
 * well exit by itself. */
static void fate_of_children(const struct oom_workload_rec *workload, char *buf, size_t size)
{
	struct oom_bounded fate = oom_bounded_behind(buf, size);

	if (workload->kills > 0)
		oom_bounded_printf(&fate, ", %lld %s killed by %s", (long long)workload->kills,
			oom_plural((uint64_t)workload->kills, "process", "processes"),
			oom_killer_name(workload->killed_by));
}

const char *oom_workload_fate(const struct oom_attempt *attempt,
	const struct oom_workload_rec *workload, char *buf, size_t size)
{
	switch (workload->end) {
	case OOM_END_NOT_STARTED:
		snprintf(buf, size, "not started");
		break;
	case OOM_END_EXITED:
		snprintf(buf, size, "exited %lld", (long long)workload->exit_code);
		fate_of_children(workload, buf, size);
		break;
	case OOM_END_SIGNALLED:
		fate_of_signalled(attempt, workload, buf, size);
		break;
	case OOM_END_SURVIVED:
		snprintf(buf, size, "survived%s",
			workload->ended_by_harness ? ", ended by the harness at the deadline" : "");
		fate_of_children(workload, buf, size);
		break;
	case OOM_END_STUCK:
		snprintf(buf, size, "stuck, ended by the harness at the deadline");
		break;
	case OOM_END_COUNT_:
		snprintf(buf, size, "unknown");
		break;
	}
	return buf;
}
