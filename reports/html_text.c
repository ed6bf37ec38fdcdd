// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <inttypes.h>
#include <time.h>

#include "lib/base/format.h"
#include "reports/escape.h"
#include "reports/html.h"

void oom_html_text(const struct html *h, const char *text)
{
	oom_escape_xml(h->out, text, h->options->utf8);
}

void oom_html_verdict(const struct html *h, enum oom_verdict verdict)
{
	const char *name = oom_verdict_name(verdict);

	fprintf(h->out, "<span class=\"v %s\">%s</span>", name, name);
}

void oom_html_duration(const struct html *h, int64_t usec)
{
	char buf[24];

	fputs(usec < 0 ? "&#8211;" : oom_format_duration((uint64_t)usec, buf), h->out);
}
