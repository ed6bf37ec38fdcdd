// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/explain/explain.h"

const struct explain_format *const explain_formats[] = {
	&explain_text, &explain_json, &explain_html, &explain_summary, NULL};
