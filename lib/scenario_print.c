// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/scenario_internal.h"

#include <errno.h>

static void setting_print(
	const struct oom_section *section, const struct oom_setting *setting, FILE *out)
{
	if (section->kind == OOM_SEC_FILE)
		oom_content_print(setting->value.text, out);
	else
		fprintf(out, "%s%s=%s\n", setting->is_default ? "#" : "", setting->name,
			setting->value.text);
}

int oom_scenario_print(const struct oom_scenario *scenario, FILE *out)
{
	if (*scenario->title)
		fprintf(out, "# %s\n", scenario->title);
	for (size_t i = 0; i < scenario->n_sections; i++) {
		const struct oom_section *section = &scenario->sections[i];
		char title[OOM_SECTION_TITLE_MAX];

		if (i || *scenario->title)
			fputc('\n', out);
		if (section->kind == OOM_SEC_FILE)
			fprintf(out, "[File %s]\n", section->name);
		else
			fprintf(out, "%s\n", oom_section_title(section, title));
		for (size_t j = 0; j < section->n_settings; j++)
			setting_print(section, &section->settings[j], out);
	}
	return ferror(out) ? -EIO : 0;
}
