/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_REPORTS_TEXT_MATRIX_H
#define OOM_REPORTS_TEXT_MATRIX_H

#include "reports/report.h"
#include "reports/view.h"

int oom_text_matrix(struct oom_view *view, const struct oom_report_options *options, FILE *out);

#endif
