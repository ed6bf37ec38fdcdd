// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/scenario/internal.h"
#include "lib/scenario/signal_name.h"

#include <errno.h>

/* Signals by name, however they were written: 9 and KILL are SIGKILL. */
static void signal_print(const char *word, FILE *out)
{
	char name[OOM_SIGNAL_NAME_MAX];
	int number;

	fputs(oom_signal_parse(word, &number) == 0 ? oom_signal_name(number, name) : word, out);
}

static void signals_print(const struct oom_setting *setting, FILE *out)
{
	bool list = setting->value.type == OOM_T_ALTERNATIVES;

	fprintf(out, "%s%s=", setting->is_default ? "#" : "", setting->name);
	for (size_t i = 0; list && i < setting->value.list.count; i++) {
		fputs(i ? "|" : "", out);
		signal_print(setting->value.list.items[i], out);
	}
	if (!list)
		signal_print(setting->value.text, out);
	fputc('\n', out);
}

static void setting_print(
	const struct oom_section *section, const struct oom_setting *setting, FILE *out)
{
	if (section->kind == OOM_SEC_FILE)
		oom_content_print(setting->value.text, out);
	else if (setting->key->flags & OOM_KEY_SIGNAL)
		signals_print(setting, out);
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
