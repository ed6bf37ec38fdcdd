// SPDX-License-Identifier: LGPL-2.1-or-later
/* Every way an attempt can end, and the record that says so. */
#include "harness/guest/attempt/end.h"

#include "harness/guest/attempt/attempt.h"
#include "harness/guest/attempt/boot.h"
#include "harness/guest/attempt/qmp.h"
#include "harness/guest/attempt/vm.h"
#include "harness/guest/cache/tool.h"
#include "harness/host/file.h"
#include "lib/base/cleanup.h"
#include "lib/base/sentence.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/wait.h>

enum { TAIL_BYTES = 400, DEATH_POLL_MS = 2000 };

static void over(struct oom_guest_attempt *a, struct oom_attempt *record)
{
	a->record = record;
	/* what it was given, not what it says of itself; no shape: it never was to be */
	if (record && a->vm.shape.memory_bytes) {
		record->memory_bytes = (int64_t)a->vm.shape.memory_bytes;
		record->cpus = a->vm.shape.cpus;
	}
	oom_attempt_vm_stop(a);
	oom_state_discard(&a->state);
	a->phase = OOM_GUEST_OVER;
	a->deadline_us = a->silence_us = 0;
	oom_attempt_arm(
		a); /* in the past: the descriptor stays readable until the caller has stepped */
}

/* A record of ours: the guest could not write one. */
static void end_with(struct oom_guest_attempt *a, enum oom_verdict verdict, const char *reason)
{
	struct oom_attempt *record = oom_attempt_new();
	bool boot = a->boot != NULL;

	if (boot)
		oom_boot_leave(a, true, reason);
	if (record) {
		record->scenario = oom_arena_strdup(&record->arena, a->job.id);
		record->title = oom_arena_strdup(&record->arena, a->title);
		record->machine = oom_arena_strdup(&record->arena, a->machine_id);
		record->reason = oom_arena_strdup(&record->arena, reason);
		record->attempt = a->job.attempt;
		record->verdict = verdict;
		record->panicked = a->panicked && !boot;
		record->start_realtime_us = a->start_realtime_us;
		record->setup_us = (int64_t)(a->phase_us - a->start_us);
		record->duration_us = (int64_t)(oom_now_us() - a->phase_us);
	}
	over(a, record);
}

void oom_attempt_fail(struct oom_guest_attempt *a, const char *fmt, ...)
{
	char reason[1024];
	va_list args;

	va_start(args, fmt);
	oom_sentence_vformat(reason, sizeof(reason), fmt, args);
	va_end(args);
	end_with(a, OOM_BROKEN, reason);
}

void oom_attempt_skip(struct oom_guest_attempt *a, const char *reason)
{
	end_with(a, OOM_SKIPPED, reason);
}

void oom_attempt_done(struct oom_guest_attempt *a)
{
	json_t *json = json_loadb(
		a->record_text.data ? a->record_text.data : "", a->record_text.len, 0, NULL);
	struct oom_attempt *record = NULL;
	struct oom_err err = {0};
	int r = json ? oom_attempt_from_json(json, &err, &record) : -EBADMSG;

	json_decref(json);
	if (r) {
		oom_attempt_fail(
			a, "cannot read the guest's record: %s", err.msg[0] ? err.msg : "not JSON");
		return;
	}
	/* which attempt it was, the host knows better */
	record->scenario = oom_arena_strdup(&record->arena, a->job.id);
	record->title = oom_arena_strdup(&record->arena, a->title);
	record->machine = oom_arena_strdup(&record->arena, a->machine_id);
	record->attempt = a->job.attempt;
	/* the guest's clock was set to ours: its first step is on our time line */
	if (record->start_realtime_us >= 0)
		record->machine_us = record->start_realtime_us - a->machine_realtime_us;
	over(a, record);
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

/* Whoever restores a saved machine that does not come up drops it and boots anew, once. */
static bool try_anew(struct oom_guest_attempt *a)
{
	if (a->phase != OOM_GUEST_RESTORING || a->restored_twice)
		return false;
	a->restored_twice = true;
	oom_host_say(
		a->host, "%s: the saved machine cannot be restored; booting again", a->machine_id);
	oom_attempt_vm_stop(a);
	oom_state_drop(&a->state);
	oom_attempt_begin(a);
	return true;
}

/* The end of a log behind @before, in quotes; "" where nothing is in it */
static const char *quote_tail(struct oom_guest_attempt *a, const char *before, const char *path)
{
	const char *tail = oom_log_tail(&a->arena, path, TAIL_BYTES), *text;

	text = tail && *tail ? oom_arena_printf(&a->arena, "%s'%s'", before, tail) : "";
	return text ? text : "";
}

/* A machine that never was: names it, because nobody else can be meant. */
static void describe_no_boot(struct oom_guest_attempt *a, const char *what, const char *panic)
{
	static const char init[] = "oomgate-init: ";
	const char *complaint = console_line(a, init);
	double seconds = (double)(oom_now_us() - a->phase_us) / 1e6;

	if (complaint)
		oom_attempt_fail(
			a, "'%s' does not boot: %s", a->machine_id, complaint + sizeof(init) - 1);
	else if (panic)
		oom_attempt_fail(a, "'%s' does not boot, its kernel panicked after %.1f s: '%s'",
			a->machine_id, seconds, panic);
	else
		oom_attempt_fail(a, "'%s' does not boot: the guest %s after %.1f s%s",
			a->machine_id, what, seconds, quote_tail(a, "; console: ", a->console));
}

static void describe_death(struct oom_guest_attempt *a, const char *what)
{
	const char *panic = console_line(a, "Kernel panic - not syncing");
	bool boot = a->boot != NULL;

	a->panicked |= panic != NULL;
	if (a->panicked && !boot) {
		char reason[1024];

		snprintf(reason, sizeof(reason), "the guest's kernel panicked: %s",
			panic ? panic : oom_log_tail(&a->arena, a->console, TAIL_BYTES));
		end_with(a, OOM_FAIL, reason);
		return;
	}
	if (boot && a->phase == OOM_GUEST_BOOTING)
		describe_no_boot(a, a->panicked ? "panicked" : what, panic);
	else
		oom_attempt_fail(a, "the guest %s %s after %.1f s%s",
			a->panicked ? "panicked" : what, phase_name(a),
			(double)(oom_now_us() - a->phase_us) / 1e6,
			quote_tail(a, "; console: ", a->console));
}

/* QEMU itself, and what it said; with the way out where there is one. */
static void describe_qemu(struct oom_guest_attempt *a, const siginfo_t *info)
{
	bool killed = info->si_code == CLD_KILLED || info->si_code == CLD_DUMPED;
	bool kvm = a->boot && !strcmp(a->vm.accel, "kvm");

	oom_attempt_fail(a, "%sQEMU %s %d %s%s%s",
		kvm ? "KVM does not work here (use --accel tcg): " : "",
		killed ? "was killed by signal" : "ended with status", info->si_status,
		phase_name(a),
		killed && info->si_status == SIGKILL
			? " (did this host run out of memory? --jobs 1 needs less)"
			: "",
		quote_tail(a, ": ", a->log));
}

/* Its process is gone or going: its last events first. */
void oom_attempt_died(struct oom_guest_attempt *a)
{
	struct pollfd gone = {.fd = a->pid_fd, .events = POLLIN};
	siginfo_t info = {0};
	pid_t pid = a->pid;

	if (a->phase == OOM_GUEST_OVER)
		return;
	while (a->pid == pid && a->qmp_fd >= 0 && oom_qmp_readable(a) > 0)
		;
	if (a->phase == OOM_GUEST_OVER || a->pid != pid)
		return;
	poll(&gone, 1, DEATH_POLL_MS);
	waitid(P_PID, (id_t)a->pid, &info, WEXITED | WNOHANG | WNOWAIT);
	if (try_anew(a))
		return;
	if (a->rebooted || a->powered_off || a->panicked)
		describe_death(a,
			a->powered_off ? "powered itself off"
				       : "reset itself without a panic (a triple fault?)");
	else
		describe_qemu(a, &info);
}

void oom_attempt_timed_out(struct oom_guest_attempt *a)
{
	bool silent =
		a->silence_us && oom_now_us() >= a->silence_us && oom_now_us() < a->deadline_us;

	if (a->phase == OOM_GUEST_OVER || oom_now_us() < (silent ? a->silence_us : a->deadline_us))
		return;
	if (a->phase == OOM_GUEST_WAITING) {
		oom_attempt_fail(a, "timed out waiting for the guest to boot");
		return;
	}
	if (try_anew(a))
		return;
	describe_death(a,
		silent					? "sent nothing"
			: a->phase == OOM_GUEST_RUNNING ? "had no verdict by its deadline"
			: a->phase == OOM_GUEST_BOOTING
			? "was not ready in time (raise OOMGATE_BOOT_TIMEOUT)"
			: "was not ready by its deadline");
}

/* The guest is stopped and its state is on disk: seal it, and go on from it like everybody else. */
int oom_attempt_saved(struct oom_guest_attempt *a)
{
	int state_fd = oom_take_fd(&a->state_fd);
	struct oom_err err;
	int r;

	oom_host_say(a->host, "%s: booted and saved in %.1f s", a->machine_id,
		(double)(oom_now_us() - a->start_us) / 1e6);
	oom_attempt_vm_stop(a);
	r = oom_state_commit(&a->state, a->host->cache, state_fd, &err);
	close(state_fd);
	if (r) {
		oom_attempt_fail(a, "%s", err.msg);
		return r;
	}
	oom_boot_leave(a, false, NULL);
	oom_attempt_begin(a);
	return 0;
}
