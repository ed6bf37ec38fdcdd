/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_HTML_H
#define OOM_HTML_H

#include "reports/report.h"
#include "reports/view.h"

/* The parts of the HTML report, each in its own file. */
struct html {
	struct oom_view view;
	const struct oom_run *run;
	const struct oom_report_options *options;
	FILE *out;
};

/* The style sheet, light and dark. */
const char *oom_html_style(void);
/* The table of scenarios and machines; cells lead to their attempts. 0, -ENOMEM, or why an
 * attempt could not be read; so do the others. */
int oom_html_matrix(struct html *h);
/* Where the machines do not agree. */
int oom_html_differences(struct html *h);
/* Everything about one attempt; @row, @machine and @index of the cell's attempts are its anchor. */
int oom_html_attempt(struct html *h, size_t row, size_t machine, size_t index);

/* html_text.c */
/* Escaped, as element content or as an attribute's value. */
void oom_html_text(const struct html *h, const char *text);
/* <span class="v pass">pass</span> */
void oom_html_verdict(const struct html *h, enum oom_verdict verdict);
/* "1.3s"; an en dash where it is unknown */
void oom_html_duration(const struct html *h, int64_t usec);

#endif
