/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_CAMPAIGN_REPORT_PLACE_H
#define OOM_CAMPAIGN_REPORT_PLACE_H

#include "harness/campaign/report_out.h"
#include "lib/base/err.h"

/* What a run reads: a file; a folder with all that is in it, or, @scenarios, with the scenarios in it. */
struct oom_report_input {
	const char *path;
	bool scenarios;
};

/* What else has its place on the disk. */
struct oom_report_places {
	const char *run_dir; /* of the record; NULL: none */
	bool made; /* run_dir will be made by then */
	const char *const *machines; /* ids: each has a folder in run_dir */
	size_t n_machines;
	const struct oom_report_input *inputs;
	size_t n_inputs;
};

/*
 * Can all of them be written: is each folder there, may it be written, is the place a file's, none of the record's
 * own, none that the run reads, and none of two reports, however it is named? Changes nothing. 0 or -errno.
 */
int oom_report_outs_check(const struct oom_report_outs *outs,
	const struct oom_report_places *places, struct oom_err *err);

#endif
