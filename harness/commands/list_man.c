// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/campaign/schema.h"
#include "harness/commands/list.h"

#include <ctype.h>
#include <errno.h>
#include <libsmartcols/libsmartcols.h>
#include <string.h>

/* Text with scdoc's own characters escaped. */
static void text_print(const char *text)
{
	for (const char *p = text; *p; p++) {
		if (strchr("*_\\", *p))
			putchar('\\');
		putchar(*p);
	}
}

/* "write|read" with blanks, at which a long one can be broken */
static void type_print(const char *text)
{
	for (const char *bar; (bar = strchr(text, '|')); text = bar + 1) {
		char choice[256];

		snprintf(choice, sizeof(choice), "%.*s", (int)(bar - text), text);
		text_print(choice);
		fputs(" | ", stdout);
	}
	text_print(text);
}

/* A sentence of it: a capital letter, a full stop. */
static void sentence_print(const char *text)
{
	size_t len = strlen(text);

	/* a word that is a name keeps its letters: cgroup.kill, oom_score_adj, Size= */
	if (islower((unsigned char)text[0]) &&
		strspn(text, "abcdefghijklmnopqrstuvwxyz,:") == strcspn(text, " ")) {
		putchar(toupper((unsigned char)text[0]));
		text_print(text + 1);
	} else {
		text_print(text);
	}
	if (len && text[len - 1] != '.' && text[len - 1] != '?')
		putchar('.');
}

static void key_print(const struct oom_key *key)
{
	char type[OOM_KEY_TYPE_MAX];

	putchar('*');
	text_print(*key->name ? key->name : "NAME");
	fputs(key->flags & OOM_KEY_PREFIX && *key->name ? "*_NAME_*=*\n\t" : "=*\n\t", stdout);
	sentence_print(key->help);
	fputs(" (", stdout);
	type_print(oom_key_type_text(key, type));
	if (key->flags & OOM_KEY_REQUIRED)
		fputs("; required", stdout);
	if (key->dflt) {
		fputs("; default: ", stdout);
		text_print(key->dflt);
	}
	if (key->flags & OOM_KEY_REPEATS)
		fputs("; may be repeated", stdout);
	fputs(")\n\n", stdout);
}

static void keys_print(const struct oom_key *keys)
{
	for (; keys && keys->name; keys++)
		key_print(keys);
}

static void kinds_print(const char *section, const struct oom_kind *const *kinds)
{
	for (; *kinds; kinds++) {
		printf("## [%s NAME] WITH TYPE=", section);
		text_print((*kinds)->name);
		fputs("\n\n", stdout);
		sentence_print((*kinds)->help);
		fputs("\n\n", stdout);
		keys_print((*kinds)->keys);
	}
}

static void expects_print(const struct oom_expect_key *rows)
{
	static const struct {
		unsigned about;
		const char *heading;
	} parts[] = {
		{OOM_ABOUT_RUN, "[Expect]: THE RUN"},
		{OOM_ABOUT_WORKLOAD, "[Expect NAME]: A WORKLOAD"},
		{OOM_ABOUT_UNIT, "[Expect NAME]: A SCOPE, SLICE OR SERVICE"},
	};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		printf("## %s\n\n", parts[i].heading);
		for (const struct oom_expect_key *row = rows; row->key; row++)
			if (row->about & parts[i].about)
				key_print(row->key);
	}
}

/* The whole reference of keys, section by section. */
static void reference_print(void)
{
	const struct oom_schema *schema = oom_schema();

	for (enum oom_section_kind kind = 0; kind < OOM_SEC_COUNT_; kind++) {
		const char *name = oom_section_kind_name(kind);

		if (kind != OOM_SEC_EXPECT) {
			printf("## [%s%s]\n\n", name,
				kind == OOM_SEC_FILE		       ? " PATH"
					: oom_section_kind_named(kind) ? " NAME"
								       : "");
			sentence_print(oom_section_kind_help(kind));
			fputs("\n\n", stdout);
			keys_print(oom_section_keys(kind));
		}
		if (kind == OOM_SEC_SLICE)
			keys_print(schema->unit_keys);
		if (kind == OOM_SEC_SCOPE || kind == OOM_SEC_SERVICE) {
			puts("All keys of [Slice NAME], and:\n");
			keys_print(
				kind == OOM_SEC_SCOPE ? schema->scope_keys : schema->service_keys);
		}
		if (kind == OOM_SEC_WORKLOAD)
			kinds_print(name, schema->workloads);
		if (kind == OOM_SEC_FAULT)
			kinds_print(name, schema->faults);
		if (kind == OOM_SEC_EXPECT)
			expects_print(schema->expects);
	}
}

int oom_list_man(const struct oom_list_kind *kind, struct oom_list *list, struct oom_err *err)
{
	struct libscols_iter *iter;
	struct libscols_line *line;

	if (!strcmp(kind->name, "keys")) {
		reference_print();
		return 0;
	}
	iter = scols_new_iter(SCOLS_ITER_FORWARD);
	if (!iter)
		return oom_err_set(err, ENOMEM, "out of memory");
	while (scols_table_next_line(list->table, iter, &line) == 0) {
		const char *name = scols_cell_get_data(scols_line_get_cell(line, 0));
		const char *help =
			scols_cell_get_data(scols_line_get_cell(line, list->n_columns - 1));

		putchar('*');
		text_print(name ? name : "");
		fputs("*\n\t", stdout);
		sentence_print(help ? help : "");
		fputs("\n\n", stdout);
	}
	scols_free_iter(iter);
	return 0;
}
