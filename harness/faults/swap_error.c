// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/faults/fault.h"
#include "harness/guest/agent/run.h"
#include "harness/state/state.h"
#include "lib/base/err.h"

static const struct oom_key keys[] = {{NULL}};

static int error_fire(struct oom_run_state *run, void *data)
{
	(void)run, (void)data;
	return oom_guest_request("{\"swap_error\":true}");
}

static int error_prepare(struct oom_run_state *run, const struct oom_section *section,
	struct oom_err *err, void **ret_data)
{
	(void)run, (void)section, (void)err, (void)ret_data;
	return 0;
}

const struct oom_fault oom_fault_swap_error = {
	.kind = {"swap-error", "makes every later read from the guest's swap disk fail", keys},
	.needs = "guest swap",
	.prepare = error_prepare,
	.fire = error_fire,
	.lasts = true,
};
