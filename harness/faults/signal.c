// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/faults/fault_file.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

static const struct oom_key keys[] = {
	{"Workload", OOM_T_STRING, NULL, "workload whose first process gets it", 0, 0, NULL,
		OOM_KEY_REQUIRED | OOM_KEY_WORKLOAD},
	{"Signal", OOM_T_CHOICE, "SIGKILL", "the signal", 0, 0,
		"SIGKILL|SIGTERM|SIGSTOP|SIGCONT|SIGINT|SIGHUP|SIGUSR1|SIGUSR2", 0},
	{NULL},
};

struct signal_fault {
	struct oom_run_workload *workload;
	int signal;
};

static int signal_number(const char *name)
{
	static const struct {
		const char *name;
		int number;
	} table[] = {
		{"SIGKILL", SIGKILL}, {"SIGTERM", SIGTERM}, {"SIGSTOP", SIGSTOP}, {"SIGCONT", SIGCONT},
		{"SIGINT", SIGINT}, {"SIGHUP", SIGHUP}, {"SIGUSR1", SIGUSR1}, {"SIGUSR2", SIGUSR2},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (!strcmp(table[i].name, name))
			return table[i].number;
	return SIGKILL;
}

static int signal_prepare(struct oom_run_state *run, const struct oom_section *section,
	struct oom_err *err, void **ret_data)
{
	struct signal_fault *fault = oom_arena_alloc(&run->arena, sizeof(*fault));

	if (!fault)
		return oom_err_set(err, ENOMEM, "no memory for a fault");
	fault->workload = oom_fault_workload(run, section, err);
	fault->signal = signal_number(oom_section_text(section, "Signal", "SIGKILL"));
	*ret_data = fault;
	return fault->workload ? 0 : -EINVAL;
}

static int signal_fire(struct oom_run_state *run, void *data)
{
	struct signal_fault *fault = data;

	(void)run;
	if (fault->workload->ended)
		return 0;
	return kill(fault->workload->pid, fault->signal) < 0 && errno != ESRCH ? -errno : 0;
}

const struct oom_fault oom_fault_signal = {
	.kind = {"signal", "sends a signal to a workload: what a death by hand looks like", keys},
	.prepare = signal_prepare,
	.fire = signal_fire,
};
