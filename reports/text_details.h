/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_REPORTS_TEXT_DETAILS_H
#define OOM_REPORTS_TEXT_DETAILS_H

#include "reports/report.h"
#include "reports/view.h"

/* Every attempt that is not as it should be, in full; then notices about the others. */
int oom_text_details(struct oom_view *view, const struct oom_report_options *options, FILE *out);

#endif
