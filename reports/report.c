// SPDX-License-Identifier: LGPL-2.1-or-later
#include "reports/report.h"

#include <string.h>

const struct oom_report *const oom_reports[] = {
#define REPORT(ident) &oom_report_##ident,
#include "reports/reports.def"
#undef REPORT
	NULL,
};

const struct oom_report *oom_report_find(const char *name)
{
	for (const struct oom_report *const *r = oom_reports; *r; r++) {
		if (!strcmp((*r)->name, name))
			return *r;
	}
	return NULL;
}
