// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/guest/attempt/adopt.h"

#include "harness/expects/expect.h"
#include "harness/expects/fit.h"
#include "harness/guest/attempt/budget.h"
#include "harness/host/file.h"
#include "harness/host/process.h"
#include "lib/klog/kmsg.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <limits.h>
#include <string.h>

/* A program in the guest may have a record of another attempt, or one of its own making: it has not been told this. */
static int check_nonce(const struct oom_guest_attempt *a, const json_t *json, struct oom_err *err)
{
	const char *nonce = json_string_value(json_object_get(json, "nonce"));
	char wanted[OOM_JOB_NONCE_TEXT];

	return nonce && !strcmp(nonce, oom_job_nonce(&a->job, wanted))
		? 0
		: oom_err_set(err, EBADMSG, "it does not answer the job that was sent");
}

static int check_identity(
	const struct oom_guest_attempt *a, const struct oom_attempt *record, struct oom_err *err)
{
	if (strcmp(record->scenario, a->job.id) != 0)
		return oom_err_set(err, EBADMSG, "it is of scenario '%.100s'", record->scenario);
	if (!record->machine || strcmp(record->machine, a->machine_id) != 0)
		return oom_err_set(err, EBADMSG, "it is of machine '%.100s'",
			record->machine ? record->machine : "");
	if (record->attempt != a->job.attempt)
		return oom_err_set(err, EBADMSG, "it is of attempt %" PRId64, record->attempt);
	return 0;
}

static bool tells_of(const struct oom_kill *kills, size_t count, const struct oom_kill *kill)
{
	for (size_t i = 0; i < count; i++)
		if (kills[i].victim.pid == kill->victim.pid && kills[i].killer == kill->killer &&
			kills[i].line >= 0)
			return true;
	return false;
}

/* The raw log came apart from the record: each kill of the one must be in the other. Without a log, or where it lost
 * something, nothing is compared. */
static int check_log(
	const struct oom_guest_attempt *a, struct oom_attempt *record, struct oom_err *err)
{
	const struct oom_source_rec *source = oom_attempt_source(record, "kmsg");
	struct oom_kill *kills;
	char path[PATH_MAX], *text;
	size_t len, count;
	int r;

	snprintf(path, sizeof(path), "%s/kmsg", a->evidence_dir);
	if (!source || source->state != OOM_SOURCE_OK || source->note ||
		oom_file_read(&record->arena, path, oom_budget_max(OOM_BUDGET_EVIDENCE_BYTES),
			&text, &len))
		return 0;
	r = oom_kills_from_kmsg(&record->arena, text, len, &kills, &count);
	if (r)
		return r == -ENOMEM ? r : 0;
	for (size_t i = 0; i < count; i++)
		if (!tells_of(record->kills, record->n_kills, &kills[i]))
			return oom_err_set(err, EBADMSG,
				"its kernel log has a kill of pid %" PRId64
				" that it does not tell of",
				kills[i].victim.pid);
	for (size_t i = 0; i < record->n_kills; i++)
		if (record->kills[i].line >= 0 && !tells_of(kills, count, &record->kills[i]))
			return oom_err_set(err, EBADMSG,
				"it tells of a kill of pid %" PRId64
				" that is not in its kernel log",
				record->kills[i].victim.pid);
	return 0;
}

/* What a guest says of itself where its host knows better. */
static void overrule(const struct oom_guest_attempt *a, struct oom_attempt *record)
{
	const int64_t now_us = oom_realtime_us();

	record->panicked = a->panicked;
	record->evidence_dir = NULL;
	record->qemu_us = record->restore_us = record->wake_us = record->report_us =
		record->end_us = record->machine_us = record->own_bytes = -1;
	if (record->start_realtime_us < a->job.realtime_us)
		record->start_realtime_us = a->job.realtime_us;
	if (record->start_realtime_us > now_us)
		record->start_realtime_us = now_us;
	if (record->samples && strcmp(record->samples, "samples.tsv") != 0)
		record->samples = NULL;
}

/* What the guest could not know: that it stood still while its clocks went on. */
static int add_standstills(struct oom_guest_attempt *a, struct oom_attempt *record)
{
	const char *why;

	oom_still_look(&a->still, true);
	return oom_still_total_us(&a->still, &why)
		? oom_still_report(&a->still, oom_monotonic_us(), record)
		: 0;
}

static int judge(struct oom_guest_attempt *a, struct oom_attempt *record, struct oom_err *err)
{
	const struct oom_fit fit = {.memory_bytes = a->vm.shape.memory_bytes,
		.run_us = oom_monotonic_us() - a->running_us};
	int r = check_identity(a, record, err);

	if (!r)
		r = oom_record_fit(a->scenario, &fit, record, err);
	if (!r)
		r = check_log(a, record, err);
	if (r)
		return r;
	overrule(a, record);
	r = add_standstills(a, record);
	if (!r)
		r = oom_expects_judge(a->scenario, (uint64_t)record->memory_bytes, record);
	return r ? oom_err_set(err, -r, "no memory") : 0;
}

int oom_guest_record_adopt(
	struct oom_guest_attempt *a, struct oom_err *err, struct oom_attempt **ret)
{
	json_t *json = json_loadb(
		a->record_text.data ? a->record_text.data : "", a->record_text.len, 0, NULL);
	struct oom_attempt *record = NULL;
	int r = json ? check_nonce(a, json, err) : oom_err_set(err, EBADMSG, "it is not JSON");

	if (!r)
		r = oom_attempt_from_json(json, err, &record);
	json_decref(json);
	if (!r)
		r = judge(a, record, err);
	if (r)
		oom_attempt_free(record);
	else
		*ret = record;
	return r;
}
