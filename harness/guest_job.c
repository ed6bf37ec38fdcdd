// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/guest_job.h"

#include "harness/runner.h"
#include "harness/schema.h"

#include <errno.h>
#include <string.h>

int oom_guest_job_run(const struct oom_guest_job *job, struct oom_err *err, struct oom_attempt **ret)
{
	struct oom_local_options options = {
		.backend = &oom_backend_scope,
		.machine = job->machine,
		.attempt = job->attempt,
		.seed = job->seed,
		.timeout_us = job->timeout_us,
		.evidence_dir = job->evidence_dir,
		.in_guest = true,
		.signal_fd = -1,
	};
	struct oom_diags diags = {0};
	struct oom_scenario *scenario;
	int r = oom_scenario_parse(oom_schema(), job->id, job->path, job->text, strlen(job->text), &diags,
		&scenario);

	if (r == -EBADMSG && diags.count)
		oom_err_set(err, EBADMSG, "%s:%u:%u: %s", diags.items[0].path, diags.items[0].place.line,
			diags.items[0].place.col, diags.items[0].msg);
	oom_diags_release(&diags);
	if (r < 0)
		return r;
	r = oom_attempt_run_local(scenario, &options, ret);
	oom_scenario_free(scenario);
	return r < 0 ? oom_err_errno(err, -r, "cannot run scenario '%s'", job->id) : 0;
}
