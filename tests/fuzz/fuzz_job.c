// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a guest is told: what is refused has a message and leaves no job; what is read is written as a job that
 * says the same, member by member, and as the same bytes from then on. */
#include "harness/guest/wire/job.h"
#include "lib/base/arena.h"
#include "lib/base/err.h"
#include "tests/support/fuzz.h"

#include <jansson.h>
#include <unistd.h>

static bool decode(struct oom_arena *arena, const char *text, size_t len, struct oom_guest_job *ret)
{
	static const struct oom_guest_job untouched = {.attempt = 77};
	struct oom_err err = {0};
	int r;

	*ret = untouched;
	r = oom_job_decode(arena, text, len, &err, ret);
	FUZZ_CHECK(r == 0 || (r < 0 && *err.msg && !memcmp(ret, &untouched, sizeof(*ret))));
	return r == 0;
}

static bool is_same(const struct oom_guest_job *a, const struct oom_guest_job *b)
{
	return !strcmp(a->id, b->id) && !strcmp(a->path, b->path) && !strcmp(a->text, b->text) &&
		!strcmp(a->machine, b->machine) && a->attempt == b->attempt && a->seed == b->seed &&
		a->timeout_us == b->timeout_us && a->realtime_us == b->realtime_us &&
		!memcmp(a->entropy, b->entropy, sizeof(a->entropy)) &&
		!memcmp(a->nonce, b->nonce, sizeof(a->nonce)) && a->swap == b->swap &&
		a->disk == b->disk && a->legacy == b->legacy && a->hugepages == b->hugepages;
}

/* Has the job that was written every member as it was read? */
static bool is_kept(const char *read, size_t read_len, const char *written, size_t written_len)
{
	json_t *from = json_loadb(read, read_len, 0, NULL),
	       *to = json_loadb(written, written_len, 0, NULL), *value;
	bool kept = from && to;
	const char *key;

	json_object_foreach (to, key, value)
		kept = kept && json_equal(value, json_object_get(from, key));
	json_decref(from);
	json_decref(to);
	return kept;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct oom_arena arena = {0};
	struct oom_guest_job job, again;
	char *once, *twice;
	size_t once_len, twice_len;

	if (decode(&arena, (const char *)data, size, &job)) {
		FUZZ_CHECK(!oom_job_encode(&job, &once, &once_len));
		FUZZ_CHECK(is_kept((const char *)data, size, once, once_len));
		FUZZ_CHECK(decode(&arena, once, once_len, &again) && is_same(&job, &again));
		FUZZ_CHECK(!oom_job_encode(&again, &twice, &twice_len));
		FUZZ_CHECK(once_len == twice_len && !memcmp(once, twice, once_len));
		free(once);
		free(twice);
	}
	oom_arena_release(&arena);
	return 0;
}
