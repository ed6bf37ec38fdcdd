// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "lib/base/sentence.h"
#include "lib/scenario/internal.h"

struct oom_section *oom_scenario_subject(const struct oom_scenario *scenario, const char *name)
{
	for (size_t i = 0; i < scenario->n_sections; i++) {
		struct oom_section *section = &scenario->sections[i];

		if ((section->kind == OOM_SEC_WORKLOAD || section->kind == OOM_SEC_SCOPE ||
			    section->kind == OOM_SEC_SLICE || section->kind == OOM_SEC_SERVICE) &&
			!strcmp(section->name, name))
			return section;
	}
	return NULL;
}

const char *oom_section_title(const struct oom_section *section, char buf[OOM_SECTION_TITLE_MAX])
{
	const char *kind = oom_section_kind_name(section->kind);

	if (*section->name)
		oom_sentence_format(buf, OOM_SECTION_TITLE_MAX, "[%s %.60s]", kind, section->name);
	else
		snprintf(buf, OOM_SECTION_TITLE_MAX, "[%s]", kind);
	return buf;
}
