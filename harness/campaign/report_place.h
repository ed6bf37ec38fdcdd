/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_CAMPAIGN_REPORT_PLACE_H
#define OOM_CAMPAIGN_REPORT_PLACE_H

#include "harness/campaign/report_out.h"
#include "lib/base/err.h"

/*
 * Can all of them be written: is each folder there, may it be written, is the place a file's and none of the
 * record's own in @run_dir (NULL: none)? @made: the folder @run_dir will be made by then. Changes nothing. 0 or
 * -errno.
 */
int oom_report_outs_check(
	const struct oom_report_outs *outs, const char *run_dir, bool made, struct oom_err *err);

#endif
