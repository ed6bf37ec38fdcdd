// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/faults/fault.h"
#include "harness/guest/agent/run.h"
#include "harness/state/state.h"
#include "lib/base/arena.h"
#include "lib/base/err.h"
#include "lib/scenario/key.h"

#include <errno.h>

static const struct oom_key keys[] = {
	{"Size", OOM_T_SIZE, NULL, "memory left to the machine, kernel included", 1, INT64_MAX,
		NULL, OOM_KEY_REQUIRED | OOM_KEY_ABSOLUTE},
	{NULL},
};

static int balloon_prepare(struct oom_run_state *run, const struct oom_section *section,
	struct oom_err *err, void **ret_data)
{
	char *request = oom_arena_printf(&run->arena, "{\"balloon_bytes\":%llu}",
		(unsigned long long)oom_section_size(section, "Size", run->machine_bytes, 0));

	if (!request)
		return oom_err_set(err, ENOMEM, "no memory for a fault");
	*ret_data = request;
	return 0;
}

static int balloon_fire(struct oom_run_state *run, void *data)
{
	(void)run;
	return oom_guest_request(data);
}

const struct oom_fault oom_fault_balloon = {
	.kind = {"balloon", "shrinks the running machine: a balloon takes memory away from it",
		keys},
	.needs = "guest",
	.prepare = balloon_prepare,
	.fire = balloon_fire,
	.lasts = true,
};
