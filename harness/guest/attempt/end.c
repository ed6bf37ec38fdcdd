// SPDX-License-Identifier: LGPL-2.1-or-later
/* Every way an attempt can end, and the record that says so. */
#include "harness/guest/attempt/end.h"

#include "harness/guest/attempt/adopt.h"
#include "harness/guest/attempt/budget.h"
#include "harness/guest/cache/tool.h"
#include "harness/host/file.h"
#include "harness/host/process.h"
#include "lib/base/err.h"
#include "lib/base/format.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

enum { TAIL_BYTES = 400, DEATH_POLL_MS = 2000 };

struct oom_attempt *oom_end_record(const struct oom_guest_attempt *a)
{
	struct oom_attempt *record = oom_attempt_new();

	if (!record)
		return NULL;
	record->scenario = oom_arena_strdup(&record->arena, a->job.id);
	record->title = oom_arena_strdup(&record->arena, a->title);
	record->machine = oom_arena_strdup(&record->arena, a->machine_id);
	record->reason = oom_arena_strdup(&record->arena, a->outcome.reason);
	record->attempt = a->job.attempt;
	record->verdict = a->outcome.verdict;
	record->panicked = a->panicked && !a->boot;
	record->start_realtime_us = a->start_realtime_us;
	record->setup_us = (int64_t)(a->phase_us - a->start_us);
	record->duration_us = (int64_t)(oom_monotonic_us() - a->phase_us);
	return record;
}

/* A saved machine that does not come up is dropped and booted anew, once; so is one that somebody wrote to while a
 * guest ran from it: nobody knows what that guest read. */
static bool may_try_anew(const struct oom_guest_attempt *a)
{
	if (a->restored_twice)
		return false;
	return a->phase == OOM_GUEST_RESTORING ||
		(a->phase == OOM_GUEST_RUNNING && !oom_saved_is_whole(&a->saved));
}

/* The guest's clock was set to ours: its steps are on our time line. Where it was made ready ahead of its turn, the
 * time that it waited is in none of these. */
static void note_phases(const struct oom_guest_attempt *a, struct oom_attempt *record)
{
	int64_t ran_us = (int64_t)(oom_monotonic_us() - a->running_us);
	int64_t step_us = record->start_realtime_us - (oom_realtime_us() - ran_us);

	record->qemu_us = (int64_t)(a->greeted_us - a->machine_us);
	record->restore_us = (int64_t)(a->restored_us - a->greeted_us);
	if (record->start_realtime_us < 0)
		return;
	record->wake_us = step_us;
	record->machine_us = record->qemu_us + record->restore_us + step_us;
	if (record->duration_us >= 0)
		record->report_us = ran_us - step_us - record->duration_us;
}

enum oom_next oom_end_done(struct oom_guest_attempt *a)
{
	struct oom_attempt *record = NULL;
	struct oom_err err = {0};
	int r = oom_guest_record_adopt(a, &err, &record);

	if (!oom_saved_is_whole(&a->saved)) {
		oom_attempt_free(record);
		return may_try_anew(a) ? OOM_NEXT_ANEW
				       : oom_attempt_fail(a,
						 "the saved machine '%s' was written to while a "
						 "guest ran from it",
						 a->state.dir);
	}
	if (r)
		return oom_attempt_fail(a, "the guest's record is not believed: %s",
			err.msg[0] ? err.msg : "no memory");
	note_phases(a, record);
	a->record = record;
	return OOM_NEXT_END;
}

static const char *phase_name(const struct oom_guest_attempt *a)
{
	switch (a->phase) {
	case OOM_GUEST_BOOTING:
		return "while it booted";
	case OOM_GUEST_SAVING:
		return "while it was saved";
	case OOM_GUEST_RESTORING:
		return "while it was restored";
	default:
		return "in the attempt";
	}
}

/* The rest of the first line of the console that has @words in it, from there; NULL: none */
static const char *console_line(struct oom_guest_attempt *a, const char *words)
{
	char *text, *at;

	if (oom_file_read(
		    &a->arena, a->console, oom_budget_max(OOM_BUDGET_CONSOLE_BYTES), &text, NULL))
		return NULL;
	at = strstr(text, words);
	return at ? oom_arena_strndup(&a->arena, at, strcspn(at, "\r\n")) : NULL;
}

/* The end of a log behind @before, in quotes; "" where nothing is in it */
static const char *quote_tail(struct oom_guest_attempt *a, const char *before, const char *path)
{
	const char *tail = oom_log_tail(&a->arena, path, TAIL_BYTES), *text;

	text = tail && *tail ? oom_arena_printf(&a->arena, "%s'%s'", before, tail) : "";
	return text ? text : "";
}

/* A machine that never was: names it, because nobody else can be meant. */
static enum oom_next describe_no_boot(
	struct oom_guest_attempt *a, const char *what, const char *panic)
{
	static const char init[] = "oomgate-init: ";
	const char *complaint = console_line(a, init);
	double seconds = (double)(oom_monotonic_us() - a->phase_us) / 1e6;

	if (complaint)
		return oom_attempt_fail(
			a, "'%s' does not boot: %s", a->machine_id, complaint + sizeof(init) - 1);
	if (panic)
		return oom_attempt_fail(a,
			"'%s' does not boot, its kernel panicked after %.1f s: '%s'", a->machine_id,
			seconds, panic);
	return oom_attempt_fail(a, "'%s' does not boot: the guest %s after %.1f s%s", a->machine_id,
		what, seconds, quote_tail(a, "; console: ", a->console));
}

static enum oom_next describe_death(struct oom_guest_attempt *a, const char *what)
{
	const char *panic = console_line(a, "Kernel panic - not syncing");
	bool boot = a->boot != NULL;

	if (a->panicked && !boot) {
		snprintf(a->outcome.text, sizeof(a->outcome.text),
			"the guest's kernel panicked: %s",
			panic ? panic : oom_log_tail(&a->arena, a->console, TAIL_BYTES));
		return oom_attempt_end(a, OOM_FAIL, a->outcome.text);
	}
	if (boot && a->phase == OOM_GUEST_BOOTING)
		return describe_no_boot(a, a->panicked ? "panicked" : what, panic);
	/* a kernel without pvpanic panics like this, and so does a program that writes the words and resets the guest */
	if (panic && a->rebooted && !boot) {
		snprintf(a->outcome.text, sizeof(a->outcome.text),
			"the guest reset itself and its console says '%s', but QEMU saw no panic (does the "
			"kernel have CONFIG_PVPANIC?)",
			panic);
		return oom_attempt_end(a, OOM_INCONCLUSIVE, a->outcome.text);
	}
	return oom_attempt_fail(a, "the guest %s %s after %.1f s%s",
		a->panicked ? "panicked" : what, phase_name(a),
		(double)(oom_monotonic_us() - a->phase_us) / 1e6,
		quote_tail(a, "; console: ", a->console));
}

/* QEMU itself, and what it said; with the way out where there is one. */
static enum oom_next describe_qemu(struct oom_guest_attempt *a, const siginfo_t *info)
{
	bool killed = info->si_code == CLD_KILLED || info->si_code == CLD_DUMPED;
	bool kvm = a->boot && !strcmp(a->vm.accel, "kvm");

	return oom_attempt_fail(a, "%sQEMU %s %d %s%s%s",
		kvm ? "KVM does not work here (use --accel tcg): " : "",
		killed ? "was killed by signal" : "ended with status", info->si_status,
		phase_name(a),
		killed && info->si_status == SIGKILL
			? " (did this host run out of memory? --jobs 1 needs less)"
			: "",
		quote_tail(a, ": ", a->log));
}

enum oom_next oom_end_died(struct oom_guest_attempt *a)
{
	struct pollfd gone = {.fd = a->pid_fd, .events = POLLIN};
	siginfo_t info = {0};

	poll(&gone, 1, DEATH_POLL_MS);
	waitid(P_PID, (id_t)a->pid, &info, WEXITED | WNOHANG | WNOWAIT);
	if (may_try_anew(a))
		return OOM_NEXT_ANEW;
	if (a->rebooted || a->powered_off || a->panicked)
		return describe_death(a,
			a->powered_off ? "powered itself off"
				       : "reset itself without a panic (a triple fault?)");
	return describe_qemu(a, &info);
}

/* No verdict in time, of a guest that had no time. */
static bool stood_still(struct oom_guest_attempt *a)
{
	uint64_t lost_us, all_us = oom_monotonic_us() - a->phase_us;
	char lost[24], all[24];
	const char *why;

	if (a->phase != OOM_GUEST_RUNNING || a->gone)
		return false;
	oom_still_look(&a->still, true);
	lost_us = oom_still_total_us(&a->still, &why);
	if (!lost_us || lost_us < all_us / 4)
		return false;
	snprintf(a->outcome.text, sizeof(a->outcome.text),
		"the guest had no verdict after %s: it stood still for %s (%s)",
		oom_format_duration(all_us, all), oom_format_duration(lost_us, lost), why);
	return true;
}

enum oom_next oom_end_timed_out(struct oom_guest_attempt *a)
{
	bool silent = a->silence_us && oom_monotonic_us() >= a->silence_us &&
		oom_monotonic_us() < a->deadline_us;

	if (oom_monotonic_us() < (silent ? a->silence_us : a->deadline_us))
		return OOM_NEXT_GO_ON;
	if (a->phase == OOM_GUEST_WAITING)
		return oom_attempt_fail(a, "timed out waiting for the guest to boot");
	if (may_try_anew(a))
		return OOM_NEXT_ANEW;
	if (stood_still(a))
		return oom_attempt_end(a, OOM_INCONCLUSIVE, a->outcome.text);
	return describe_death(a,
		silent					? "sent nothing"
			: a->phase == OOM_GUEST_RUNNING ? "had no verdict by its deadline"
			: a->phase == OOM_GUEST_BOOTING
			? "was not ready in time (raise OOMGATE_BOOT_TIMEOUT)"
			: "was not ready by its deadline");
}
