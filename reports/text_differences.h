/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_REPORTS_TEXT_DIFFERENCES_H
#define OOM_REPORTS_TEXT_DIFFERENCES_H

#include "reports/report.h"
#include "reports/view.h"

/* Where the machines do not agree: each side, and what the record says of it. */
int oom_text_differences(
	struct oom_view *view, const struct oom_report_options *options, FILE *out);

#endif
