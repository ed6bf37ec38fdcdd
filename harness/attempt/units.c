// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/attempt/units.h"

#include "harness/host/sysctl.h"
#include "harness/undo/add.h"
#include "lib/scenario/scenario.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int oom_backend_open(struct oom_run_state *run, struct oom_err *err)
{
	if (!oom_scenario_count(run->scenario, OOM_SEC_SCOPE) &&
		!oom_scenario_count(run->scenario, OOM_SEC_SLICE) &&
		!oom_scenario_count(run->scenario, OOM_SEC_SERVICE))
		return 0;
	return run->backend->open(run->undo, run->token, err, &run->backend_ctx);
}

static int unit_start(
	struct oom_run_state *run, const struct oom_section *section, struct oom_err *err)
{
	const char *above = oom_section_text(section, "Slice", NULL);
	int r;

	if (oom_run_unit(run, section->name))
		return 0;
	/* the slice above it first; a name that is no section of the file is the system's own slice */
	if (above) {
		const struct oom_section *slice =
			oom_scenario_section(run->scenario, OOM_SEC_SLICE, above);

		r = slice ? unit_start(run, slice, err) : 0;
		if (r < 0)
			return r;
	}
	r = run->backend->start(run->backend_ctx, section, err, &run->units[run->n_units]);
	if (r >= 0)
		run->n_units++;
	return r;
}

int oom_units_start(struct oom_run_state *run, struct oom_err *err)
{
	static const enum oom_section_kind kinds[] = {
		OOM_SEC_SLICE, OOM_SEC_SCOPE, OOM_SEC_SERVICE};
	size_t n = 1;

	for (size_t i = 0; i < 3; i++)
		n += oom_scenario_count(run->scenario, kinds[i]);
	run->units = oom_arena_alloc(&run->arena, n * sizeof(*run->units));
	if (!run->units)
		return oom_err_set(err, ENOMEM, "no memory for units");
	for (size_t i = 0; i < 3; i++) {
		const struct oom_section *section = NULL;

		while ((section = oom_scenario_next(run->scenario, kinds[i], section))) {
			int r = unit_start(run, section, err);

			if (r < 0)
				return r;
		}
	}
	return 0;
}

static int sysctl_set(
	struct oom_run_state *run, const struct oom_setting *setting, struct oom_err *err)
{
	int r = oom_undo_add_sysctl(run->undo, setting->name, err);

	return r < 0 ? r : oom_sysctl_write(setting->name, setting->value.text, err);
}

int oom_sysctls_set(struct oom_run_state *run, struct oom_err *err)
{
	const struct oom_section *section = NULL;

	while ((section = oom_scenario_next(run->scenario, OOM_SEC_SYSCTL, section))) {
		for (size_t i = 0; i < section->n_settings; i++) {
			int r = sysctl_set(run, &section->settings[i], err);

			if (r < 0)
				return r;
		}
	}
	return 0;
}
