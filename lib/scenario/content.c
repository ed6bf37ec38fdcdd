// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/scenario/internal.h"

#include <string.h>

/* Decodes \n \t \s \\ of @text to @out (as long); the position of the first wrong escape, or -1. */
static int content_decode(const char *text, char *out, size_t *ret_len)
{
	size_t len = 0;

	for (const char *p = text; *p; p++) {
		static const char from[] = "nts\\", to[] = "\n\t \\";
		const char *escape;

		if (*p != '\\') {
			out[len++] = *p;
			continue;
		}
		escape = p[1] ? strchr(from, p[1]) : NULL;
		if (!escape)
			return (int)(p - text);
		out[len++] = to[escape - from];
		p++;
	}
	*ret_len = len;
	return -1;
}

/*
 * Joins the Content= lines of a [File] to one setting whose text is the file's: a newline follows
 * each line. Mistakes of the lines are reported; what is left of the settings is then of no use.
 */
void oom_reader_content(struct oom_reader *reader, struct oom_section *section)
{
	size_t bytes = 1, used = 0;
	char *content;

	for (size_t i = 0; i < section->n_settings; i++)
		bytes += strlen(section->settings[i].value.text) + 1;
	content = oom_arena_alloc(&reader->scenario->arena, bytes);
	if (!content || !section->n_settings)
		return;
	for (size_t i = 0; i < section->n_settings; i++) {
		struct oom_setting *setting = &section->settings[i];
		size_t len = 0;
		int wrong;

		if (!setting->key)
			return; /* told already */
		wrong = content_decode(setting->value.text, content + used, &len);
		if (wrong >= 0) {
			oom_reader_mistake(reader, oom_setting_place(setting, (size_t)wrong),
				"unknown escape in 'Content=' (use \\n, \\t, \\s or \\\\)");
		}
		used += len;
		content[used++] = '\n';
	}
	section->settings[0].value.text = content;
	section->n_settings = 1;
}

/* The other way round: one Content= a line. */
void oom_content_print(const char *content, FILE *out)
{
	while (*content) {
		size_t len = strcspn(content, "\n");
		size_t inner = len;

		while (inner && content[inner - 1] == ' ')
			inner--;
		fputs("Content=", out);
		for (size_t i = 0; i < len; i++) {
			bool edge = i >= inner || (i == 0 && content[i] == ' ');

			if (content[i] == '\t')
				fputs("\\t", out);
			else if (content[i] == '\\')
				fputs("\\\\", out);
			else if (edge)
				fputs("\\s", out);
			else
				fputc(content[i], out);
		}
		fputc('\n', out);
		content += len + (content[len] == '\n');
	}
}
