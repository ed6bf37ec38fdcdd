/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_REPORTS_TEXT_TOPICS_H
#define OOM_REPORTS_TEXT_TOPICS_H

#include "reports/report.h"
#include "reports/view.h"

/* The parts of the text report, each in its own file. 0, -ENOMEM, or why an attempt could not be read. */
int oom_text_topics(struct oom_view *view, const struct oom_report_options *options, FILE *out);

#endif
