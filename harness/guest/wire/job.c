// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/guest/wire/job.h"

#include "lib/base/arena.h"
#include "lib/base/bounded.h"
#include "lib/base/err.h"

#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <string.h>

static void to_hex(const unsigned char *data, size_t len, struct oom_bounded *hex)
{
	for (size_t i = 0; i < len; i++)
		oom_bounded_printf(hex, "%02x", data[i]);
}

/* Two small hexadecimal digits a byte, as many as there is room for, and nothing else. */
static int from_hex(const char *hex, unsigned char *data, size_t len)
{
	static const char digits[] = "0123456789abcdef";

	if (strlen(hex) != 2 * len || strspn(hex, digits) != 2 * len)
		return -EBADMSG;
	for (size_t i = 0; i < len; i++)
		data[i] = (unsigned char)((strchr(digits, hex[2 * i]) - digits) << 4 |
			(strchr(digits, hex[2 * i + 1]) - digits));
	return 0;
}

const char *oom_job_nonce(const struct oom_guest_job *job, char buf[static OOM_JOB_NONCE_TEXT])
{
	struct oom_bounded text = oom_bounded_in(buf, OOM_JOB_NONCE_TEXT);

	to_hex(job->nonce, sizeof(job->nonce), &text);
	return buf;
}

int oom_job_encode(const struct oom_guest_job *job, char **ret, size_t *ret_len)
{
	char hex[2 * sizeof(job->entropy) + 1], nonce[OOM_JOB_NONCE_TEXT];
	struct oom_bounded digits = OOM_BOUNDED(hex);
	json_t *json;
	char *text;

	to_hex(job->entropy, sizeof(job->entropy), &digits);
	/* a seed is 64 bits, a JSON integer has a sign: the bits go through */
	json = json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:s, s:s, s:b, s:b, s:b, s:I}",
		"id", job->id, "path", job->path, "text", job->text, "machine", job->machine,
		"attempt", (json_int_t)job->attempt, "seed", (json_int_t)job->seed, "timeout_us",
		(json_int_t)job->timeout_us, "realtime_us", (json_int_t)job->realtime_us, "entropy",
		hex, "nonce", oom_job_nonce(job, nonce), "swap", job->swap, "disk", job->disk,
		"legacy", job->legacy, "hugepages", (json_int_t)job->hugepages);
	if (!json)
		return -EINVAL; /* not UTF-8, or no memory */
	text = json_dumps(json, JSON_COMPACT);
	json_decref(json);
	if (!text)
		return -ENOMEM;
	*ret = text;
	*ret_len = strlen(text);
	return 0;
}

int oom_job_decode(struct oom_arena *arena, const char *data, size_t len, struct oom_err *err,
	struct oom_guest_job *ret)
{
	json_t *json = json_loadb(data, len, 0, NULL);
	struct oom_guest_job job = {0};
	json_int_t attempt, seed, timeout, realtime, hugepages;
	const char *id, *path, *text, *machine, *hex, *nonce;
	int swap, disk, legacy, r = -EBADMSG;

	if (json &&
		!json_unpack(json,
			"{s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:s, s:s, s:b, s:b, s:b, s:I}",
			"id", &id, "path", &path, "text", &text, "machine", &machine, "attempt",
			&attempt, "seed", &seed, "timeout_us", &timeout, "realtime_us", &realtime,
			"entropy", &hex, "nonce", &nonce, "swap", &swap, "disk", &disk, "legacy",
			&legacy, "hugepages", &hugepages)) {
		job.id = oom_arena_strdup(arena, id);
		job.path = oom_arena_strdup(arena, path);
		job.text = oom_arena_strdup(arena, text);
		job.machine = oom_arena_strdup(arena, machine);
		job.attempt = (unsigned)attempt;
		job.seed = (uint64_t)seed;
		job.timeout_us = (uint64_t)timeout;
		job.realtime_us = realtime;
		job.swap = swap;
		job.disk = disk;
		job.legacy = legacy;
		job.hugepages = hugepages;
		/* an attempt that does not fit is another one */
		if (attempt >= 0 && attempt <= UINT_MAX)
			r = arena->failed ? -ENOMEM
				: from_hex(hex, job.entropy, sizeof(job.entropy))
				? -EBADMSG
				: from_hex(nonce, job.nonce, sizeof(job.nonce));
	}
	json_decref(json);
	if (r)
		return oom_err_errno(err, -r, "cannot read the host's job");
	*ret = job;
	return 0;
}
