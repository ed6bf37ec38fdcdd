// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/faults/fault_file.h"
#include "lib/scenario/signal_name.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

static const struct oom_key keys[] = {
	{"Workload", OOM_T_STRING, NULL, "workload whose first process receives it", 0, 0, NULL,
		OOM_KEY_REQUIRED | OOM_KEY_WORKLOAD},
	{"Signal", OOM_T_STRING, "SIGKILL", "the signal: SIGTERM, TERM, 15, RTMIN+1", 0, 0, NULL,
		OOM_KEY_SIGNAL},
	{NULL},
};

struct signal_fault {
	struct oom_run_workload *workload;
	int signal;
};

static int signal_prepare(struct oom_run_state *run, const struct oom_section *section,
	struct oom_err *err, void **ret_data)
{
	struct signal_fault *fault = oom_arena_alloc(&run->arena, sizeof(*fault));

	if (!fault)
		return oom_err_set(err, ENOMEM, "no memory for a fault");
	fault->workload = oom_fault_workload(run, section, err);
	if (oom_signal_parse(oom_section_text(section, "Signal", "SIGKILL"), &fault->signal) < 0)
		return oom_err_set(err, EINVAL, "'%s' is not a signal",
			oom_section_text(section, "Signal", "SIGKILL"));
	*ret_data = fault;
	return fault->workload ? 0 : -EINVAL;
}

static int signal_fire(struct oom_run_state *run, void *data)
{
	struct signal_fault *fault = data;

	(void)run;
	if (oom_run_workload_gone(fault->workload)) /* kill(2) takes a zombie for a process */
		return -ESRCH;
	return kill(fault->workload->pid, fault->signal) < 0 ? -errno : 0;
}

const struct oom_fault oom_fault_signal = {
	.kind = {"signal", "sends a signal to a workload, as a manual kill would", keys},
	.prepare = signal_prepare,
	.fire = signal_fire,
	.lasts = true,
};
