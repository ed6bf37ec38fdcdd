/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_SCENARIO_INTERNAL_H
#define OOM_SCENARIO_INTERNAL_H

#include "lib/scenario/scenario.h"

/* Bounds of a file; a name is a part of unit names and paths. */
enum {
	OOM_SCENARIO_FILE_MAX = 16 * 1024 * 1024 - 1,
	OOM_SCENARIO_LINE_MAX = 1024 * 1024, /* with its continuations, as systemd.syntax(7) */
	OOM_SCENARIO_NAME_MAX = 48,
	OOM_SCENARIO_MISTAKES_MAX = 1000,
};

/* One file on its way from text to tree. */
struct oom_reader {
	const struct oom_schema *schema;
	const char *path;
	struct oom_diags *diags;
	size_t first_diag; /* of this file */
	struct oom_scenario *scenario;
	bool lost_section; /* one was refused: what is missing may be there */
	const char **lost_names; /* of sections of no known kind */
	size_t n_lost_names;
	const struct oom_key *any_keys[OOM_SEC_COUNT_]; /* typeless.c */
	bool no_memory;
};

/* Adds a mistake; beyond OOM_SCENARIO_MISTAKES_MAX of a file they are only counted as one more. */
void oom_reader_mistake(struct oom_reader *reader, struct oom_place place, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* ---- lex.c: lines and their places ------------------------------------------------- */
enum oom_lex_kind { OOM_LEX_END, OOM_LEX_SECTION, OOM_LEX_SETTING };

struct oom_lex {
	struct oom_reader *reader;
	const char *text;
	size_t len, pos;
	unsigned line; /* the next one's number */
	const char *title;
};

/* One logical line; strings live in the scenario's arena. */
struct oom_lex_item {
	enum oom_lex_kind kind;
	char *name; /* what stands between the brackets, or before the '=' */
	char *value; /* behind the '=', blanks trimmed */
	struct oom_place place, value_place;
	struct oom_value_source source; /* of the value */
	bool is_wrong; /* a section whose brackets are no pair */
};

void oom_lex_init(struct oom_lex *lex, struct oom_reader *reader, const char *text, size_t len);
/* The next section or setting; what is neither is reported and passed over. */
void oom_lex_next(struct oom_lex *lex, struct oom_lex_item *ret);

/* ---- bytes.c: lines that are no text ------------------------------------------------- */
/* Reports a line (without its end) with NUL or other control bytes, invalid UTF-8 or too many bytes;
 * true when it is fit to be read. */
bool oom_line_is_text(struct oom_reader *reader, const char *line, size_t len, unsigned number);

/* ---- section.c: sections and their lines, as written ------------------------------------- */
/* What the lexer yields to a tree without types; sections of no known kind are passed over. */
void oom_reader_sections(struct oom_reader *reader, const char *text, size_t len);
/* Was there a section of that name and of no known kind? What it is cannot be missed then. */
bool oom_reader_lost(const struct oom_reader *reader, const char *name);
/* The place of the @at-th byte of the value. */
struct oom_place oom_setting_place(const struct oom_setting *setting, size_t at);
/* Room for one more setting of @section, zeroed; NULL without memory. */
struct oom_setting *oom_section_append(struct oom_reader *reader, struct oom_section *section);

/* ---- keys.c: which keys a section may have -------------------------------------------- */
struct oom_key_set {
	const struct oom_key *tables[4]; /* NULL: none; the first table that has a name wins */
	const struct oom_expect_key *expects;
	unsigned about; /* of .expects: only those that fit */
};

void oom_key_set_of(
	struct oom_reader *reader, const struct oom_section *section, struct oom_key_set *ret);
/* The @i-th key of the set, NULL beyond the last. */
const struct oom_key *oom_key_set_at(const struct oom_key_set *set, size_t i);
const struct oom_key *oom_key_set_find(const struct oom_key_set *set, const char *name);
/* Does the row @key stand for @name (the same word, or a prefix of it)? */
bool oom_key_matches(const struct oom_key *key, const char *name);
/* Reports a @name that the set does not have, as helpfully as it can be told. */
void oom_key_refuse(struct oom_reader *reader, const struct oom_section *section,
	const struct oom_key_set *set, const char *name, struct oom_place place);
/* Of the expectations that have this key: OOM_ABOUT_*, 0 where none has. */
unsigned oom_key_about(const struct oom_schema *schema, const char *name);
/* Tells of a key of other kinds of sections where it belongs; false: it is one of none. */
bool oom_key_belongs_elsewhere(struct oom_reader *reader, const struct oom_section *section,
	const char *name, struct oom_place place);
/* Was an unknown key of @section taken for a mistyped @name? Then it is not missing, too. */
bool oom_key_is_mistyped(
	struct oom_reader *reader, const struct oom_section *section, const char *name);

/* ---- typeless.c: workloads and faults whose type is not known --------------------------- */
/* The section's common keys and those of every type, each name once: as its types agree on it, and any
 * text where they do not. NULL without memory. */
const struct oom_key *oom_keys_of_any_type(struct oom_reader *reader, enum oom_section_kind kind);

/* ---- type.c: types, keys and values of each section ------------------------------------- */
void oom_reader_types(struct oom_reader *reader);
/* Keys that a section must have. */
void oom_reader_required(struct oom_reader *reader);
/* Adds the keys' defaults to every section, and the sections that are always there. */
void oom_reader_defaults(struct oom_reader *reader);

/* ---- content.c: the text of a [File] ------------------------------------------------- */
void oom_reader_content(struct oom_reader *reader, struct oom_section *section);
void oom_content_print(const char *content, FILE *out);

/* ---- check.c, refs.c, effect.c: what can be told when the whole file is known ------ */
void oom_reader_check(struct oom_reader *reader);
void oom_reader_refs(struct oom_reader *reader);
void oom_reader_effect(struct oom_reader *reader);

/* "[Workload hog]", for messages; @buf is returned. */
enum { OOM_SECTION_TITLE_MAX = 96 };
const char *oom_section_title(const struct oom_section *section, char buf[OOM_SECTION_TITLE_MAX]);
/* The section that names something an expectation or a reference can mean: a workload, scope, slice or
 * service; NULL when there is none of that name. */
struct oom_section *oom_scenario_subject(const struct oom_scenario *scenario, const char *name);
/* The nearest name of a section of @kinds (a mask of 1 << kind), or NULL. */
enum {
	OOM_SUBJECT_KINDS = 1 << OOM_SEC_WORKLOAD | 1 << OOM_SEC_SCOPE | 1 << OOM_SEC_SLICE |
		1 << OOM_SEC_SERVICE
};
const char *oom_subject_nearest(
	const struct oom_scenario *scenario, unsigned kinds, const char *name);

#endif
