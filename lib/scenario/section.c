// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/base/nearest.h"
#include "lib/base/utf8.h"
#include "lib/scenario/internal.h"

#include <string.h>

/* Far more than a person writes: what is beyond is a slip or an attack. */
enum { MAX_SECTIONS = 512, MAX_SETTINGS = 1024 };

static enum oom_section_kind kind_of(const char *word)
{
	enum oom_section_kind kind = 0;

	while (kind < OOM_SEC_COUNT_ && strcmp(oom_section_kind_name(kind), word) != 0)
		kind++;
	return kind;
}

/* Tells it; the kind that was meant, or COUNT_. */
static enum oom_section_kind refuse_kind(
	struct oom_reader *reader, const char *word, struct oom_place place)
{
	const char *names[OOM_SEC_COUNT_], *nearest;

	for (enum oom_section_kind kind = 0; kind < OOM_SEC_COUNT_; kind++)
		names[kind] = oom_section_kind_name(kind);
	nearest = oom_nearest(word, names, OOM_SEC_COUNT_);
	if (nearest)
		oom_reader_mistake(reader, place, "unknown section '%.60s', did you mean '[%s]'?",
			word, nearest);
	else
		oom_reader_mistake(reader, place,
			"unknown section '%.60s' ('oomgate list sections' lists them)", word);
	nearest = oom_nearest_sure(word, names, OOM_SEC_COUNT_);
	return nearest ? kind_of(nearest) : OOM_SEC_COUNT_;
}

bool oom_reader_lost(const struct oom_reader *reader, const char *name)
{
	for (size_t i = 0; i < reader->n_lost_names; i++)
		if (!strcmp(reader->lost_names[i], name))
			return true;
	return false;
}

static void lost_add(struct oom_reader *reader, const char *name)
{
	const char **names = oom_arena_grow(
		&reader->scenario->arena, reader->lost_names, reader->n_lost_names, sizeof(*names));

	if (!names)
		return;
	names[reader->n_lost_names++] = name;
	reader->lost_names = names;
}

struct oom_place oom_setting_place(const struct oom_setting *setting, size_t at)
{
	const struct oom_value_source *source = &setting->source;
	size_t i = source->n_pieces;
	struct oom_place place;

	at += source->value_at;
	while (i && source->pieces[i - 1].at > at)
		i--;
	if (!i)
		return setting->value_place;
	place = source->pieces[i - 1].place;
	place.col += oom_utf8_count(
		source->text + source->pieces[i - 1].at, at - source->pieces[i - 1].at);
	return place;
}

/* A name goes into unit names, paths and references. */
static bool is_name(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	size_t len = strlen(name);

	return len && len <= OOM_SCENARIO_NAME_MAX && strchr(letters, name[0]) &&
		strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") ==
		len;
}

static bool is_path(const char *path)
{
	size_t len = strlen(path);

	return path[0] == '/' && path[1] && len < 4096 && path[len - 1] != '/' &&
		!strstr(path, "//") && !strstr(path, "/../") && !strstr(path, "/./") &&
		(len < 3 || strcmp(path + len - 3, "/..") != 0);
}

static bool check_name(
	struct oom_reader *reader, const struct oom_section *section, struct oom_place place)
{
	const char *kind = oom_section_kind_name(section->kind), *name = section->name;

	if (!*name && oom_section_kind_named(section->kind)) {
		oom_reader_mistake(reader, place, "[%s] needs a name: [%s %s]", kind, kind,
			section->kind == OOM_SEC_FILE ? "/etc/oomd.conf" : "NAME");
		return false;
	}
	if (*name && !oom_section_kind_named(section->kind) && section->kind != OOM_SEC_EXPECT) {
		oom_reader_mistake(reader, place, "[%s] takes no name", kind);
		return false;
	}
	if (section->kind == OOM_SEC_FILE && !is_path(name)) {
		oom_reader_mistake(
			reader, place, "'%.60s' is not an absolute, normalized path", name);
		return false;
	}
	if (*name && section->kind != OOM_SEC_FILE && !is_name(name)) {
		oom_reader_mistake(reader, place,
			"'%.60s' is not a valid name: a letter, then up to %d letters, digits, "
			"'-' or '_'",
			name, OOM_SCENARIO_NAME_MAX - 1);
		return false;
	}
	return true;
}

/* The same section twice, or two things of one name (an expectation could mean either). */
static bool check_twin(struct oom_reader *reader, const struct oom_section *section)
{
	const struct oom_scenario *scenario = reader->scenario;
	char title[OOM_SECTION_TITLE_MAX];

	for (size_t i = 0; i < scenario->n_sections; i++) {
		const struct oom_section *other = &scenario->sections[i];

		if (other->kind == section->kind && !strcmp(other->name, section->name)) {
			oom_reader_mistake(reader, section->place,
				"%s is already defined on line %u",
				oom_section_title(section, title), other->place.line);
			return false;
		}
	}
	if (section->kind == OOM_SEC_WORKLOAD || section->kind == OOM_SEC_SCOPE ||
		section->kind == OOM_SEC_SLICE || section->kind == OOM_SEC_SERVICE) {
		const struct oom_section *other = oom_scenario_subject(scenario, section->name);

		if (other) {
			oom_reader_mistake(reader, section->place,
				"the name '%s' is already used by %s on line %u", section->name,
				oom_section_title(other, title), other->place.line);
			return false;
		}
	}
	return true;
}

/* "Workload hog" to a section at the end of the scenario; with a mistake, its lines are to be checked all
 * the same. NULL when its kind cannot be told. */
static struct oom_section *section_begin(struct oom_reader *reader, struct oom_lex_item *item)
{
	struct oom_scenario *scenario = reader->scenario;
	struct oom_section section = {.place = item->place}, *sections;
	struct oom_place place = item->place;
	char *word = item->name + strspn(item->name, " \t");
	size_t len = strcspn(word, " \t");
	char *name = word + len + strspn(word + len, " \t");

	for (size_t n = strlen(name); n && strchr(" \t", name[n - 1]); n--)
		name[n - 1] = '\0';
	place.col += 1 + oom_utf8_count(item->name, (size_t)((*name ? name : word) - item->name));
	word[len] = '\0';
	section.name = name;
	section.kind = kind_of(word);
	if (section.kind == OOM_SEC_COUNT_) {
		section.kind = refuse_kind(reader, word, item->place);
		section.is_refused = true;
	}
	if (section.kind == OOM_SEC_COUNT_) {
		lost_add(reader, name);
		return NULL;
	}
	if (!section.is_refused)
		section.is_refused = item->is_wrong || !check_name(reader, &section, place) ||
			!check_twin(reader, &section);
	if (scenario->n_sections == MAX_SECTIONS) {
		oom_reader_mistake(reader, item->place, "more than %d sections", MAX_SECTIONS);
		return NULL;
	}
	sections = oom_arena_grow(
		&scenario->arena, scenario->sections, scenario->n_sections, sizeof(*sections));
	if (!sections)
		return NULL;
	scenario->sections = sections;
	sections[scenario->n_sections] = section;
	return &sections[scenario->n_sections++];
}

struct oom_setting *oom_section_append(struct oom_reader *reader, struct oom_section *section)
{
	struct oom_setting *settings = oom_arena_grow(&reader->scenario->arena, section->settings,
		section->n_settings, sizeof(*settings));

	if (!settings)
		return NULL;
	section->settings = settings;
	memset(&settings[section->n_settings], 0, sizeof(*settings));
	return &settings[section->n_settings++];
}

static void setting_add(
	struct oom_reader *reader, struct oom_section *section, const struct oom_lex_item *item)
{
	struct oom_setting *setting;

	/* the lines of a file are not looked up by name */
	if (section->kind != OOM_SEC_FILE && section->n_settings >= MAX_SETTINGS) {
		if (section->n_settings == MAX_SETTINGS)
			oom_reader_mistake(reader, item->place,
				"more than %d settings in one section", MAX_SETTINGS);
		if (section->n_settings > MAX_SETTINGS)
			return;
	}
	setting = oom_section_append(reader, section);
	if (!setting)
		return;
	setting->name = item->name;
	setting->value.text = item->value;
	setting->place = item->place;
	setting->value_place = item->value_place;
	setting->source = item->source;
}

void oom_reader_sections(struct oom_reader *reader, const char *text, size_t len)
{
	struct oom_section *section = NULL;
	struct oom_lex lex;
	struct oom_lex_item item;
	bool lost = false; /* in a section that was refused: its settings say nothing */

	oom_lex_init(&lex, reader, text, len);
	for (oom_lex_next(&lex, &item); item.kind != OOM_LEX_END; oom_lex_next(&lex, &item)) {
		if (item.kind == OOM_LEX_SECTION) {
			section = item.name ? section_begin(reader, &item) : NULL;
			lost = !section;
			reader->lost_section |= lost || section->is_refused;
		} else if (section) {
			setting_add(reader, section, &item);
		} else if (!lost) {
			oom_reader_mistake(reader, item.place,
				"'%.60s=' comes before the first section", item.name);
			lost = reader->lost_section = true;
		}
	}
	reader->scenario->title = lex.title ? lex.title : "";
}
