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

enum { WORDS_BYTES = 384 };

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

bool oom_kill_is_own(const struct oom_kill *kill, const struct oom_workload_rec *workload)
{
	if (kill->workload && workload->name && strcmp(kill->workload, workload->name) != 0)
		return false;
	return kill->kin ? !strcmp(kill->kin, OOM_KIN_OWN)
			 : workload->pid > 0 && kill->victim.pid == workload->pid;
}

bool oom_signal_is_own(const struct oom_signal_rec *sent, const struct oom_workload_rec *workload)
{
	if (sent->target_workload && workload->name &&
		strcmp(sent->target_workload, workload->name) != 0)
		return false;
	return sent->target_kin ? !strcmp(sent->target_kin, OOM_KIN_OWN)
				: workload->pid > 0 && sent->target_pid == workload->pid;
}

const struct oom_signal_rec *oom_workload_sender(
	const struct oom_attempt *attempt, const struct oom_workload_rec *workload)
{
	int64_t signal = workload->asked_signal > 0 ? workload->asked_signal : workload->signal;

	for (size_t i = 0; attempt && i < attempt->n_signals; i++) {
		const struct oom_signal_rec *sent = &attempt->signals[i];

		if (sent->signal == signal && sent->code != OOM_TRACE_BY_KERNEL &&
			sent->result != OOM_TRACE_IGNORED && oom_signal_is_own(sent, workload))
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

/* ", /usr/bin/dash in box.scope": what is known of it */
static void put_identity(struct oom_bounded *out, const struct oom_signal_rec *sent)
{
	if (sent->sender_exe)
		oom_bounded_printf(out, ", %s", sent->sender_exe);
	if (sent->sender_unit)
		oom_bounded_printf(out, "%s in %s", sent->sender_exe ? "" : ",", sent->sender_unit);
}

/* "SIGKILL (from sh, pid 123, /usr/bin/dash in box.scope)" */
static void put_signal(
	struct oom_bounded *out, const char *name, const struct oom_signal_rec *sent, bool brief)
{
	const char *comm = sent && sent->sender_comm ? sent->sender_comm : "?";

	oom_bounded_printf(out, "%s", name);
	if (!sent)
		return;
	oom_bounded_printf(out, brief ? " from %s" : " (from %s", comm);
	if (brief)
		return;
	oom_bounded_printf(out, ", pid %lld", (long long)sent->sender_pid);
	put_identity(out, sent);
	oom_bounded_printf(out, ")");
}

const char *oom_workload_killer(const struct oom_attempt *attempt,
	const struct oom_workload_rec *workload, bool brief, char *buf, size_t size)
{
	const struct oom_signal_rec *sent = oom_workload_sender(attempt, workload);
	bool by_itself = workload->end != OOM_END_SIGNALLED && workload->asked_signal <= 0;
	int64_t signal = workload->asked_signal > 0 ? workload->asked_signal : workload->signal;
	struct oom_bounded out = oom_bounded_in(buf, size);
	char name[OOM_SIGNAL_NAME_MAX];

	oom_signal_words(signal, name);
	if (workload->end == OOM_END_STUCK && workload->killed_by == OOM_KILLER_SIGNAL) {
		oom_bounded_printf(&out, "the harness");
	} else if (!by_itself && workload->killed_by == OOM_KILLER_SIGNAL) {
		put_signal(&out, name, sent, brief);
	} else {
		oom_bounded_printf(&out, "%s", oom_killer_name(workload->killed_by));
		if (!by_itself && is_daemon(workload->killed_by) && signal > 0 && !brief && sent)
			oom_bounded_printf(
				&out, " (%s, pid %lld)", name, (long long)sent->sender_pid);
		else if (!by_itself && is_daemon(workload->killed_by) && signal > 0 && !brief)
			oom_bounded_printf(&out, " (%s)", name);
	}
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

static void fate_of_exited(const struct oom_attempt *attempt,
	const struct oom_workload_rec *workload, char *buf, size_t size)
{
	char killer[WORDS_BYTES];

	if (workload->asked_signal > 0)
		snprintf(buf, size, "exited %lld as asked by %s", (long long)workload->exit_code,
			oom_workload_killer(attempt, workload, false, killer, sizeof(killer)));
	else
		snprintf(buf, size, "exited %lld", (long long)workload->exit_code);
}

/* Its own end is one thing, that the kernel took processes of it another: a fork bomb's first process may
 * well exit by itself. */
static void fate_of_children(const struct oom_workload_rec *workload, char *buf, size_t size)
{
	struct oom_bounded fate = oom_bounded_behind(buf, size);

	if (workload->descendants_killed > 0)
		oom_bounded_printf(&fate, ", %lld %s killed by %s",
			(long long)workload->descendants_killed,
			oom_plural((uint64_t)workload->descendants_killed, "descendant",
				"descendants"),
			oom_killer_name(workload->descendants_killer));
}

const char *oom_workload_fate(const struct oom_attempt *attempt,
	const struct oom_workload_rec *workload, char *buf, size_t size)
{
	switch (workload->end) {
	case OOM_END_NOT_STARTED:
		snprintf(buf, size, "not started");
		break;
	case OOM_END_EXITED:
		fate_of_exited(attempt, workload, buf, size);
		fate_of_children(workload, buf, size);
		break;
	case OOM_END_SIGNALLED:
		fate_of_signalled(attempt, workload, buf, size);
		fate_of_children(workload, buf, size);
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
