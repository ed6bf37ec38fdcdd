// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/base/utf8.h"
#include "lib/scenario/internal.h"

#include <string.h>

/* A physical line without its end. */
struct line {
	const char *text;
	size_t len;
	unsigned number;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static size_t leading_blanks(const struct line *line)
{
	size_t n = 0;

	while (n < line->len && is_blank(line->text[n]))
		n++;
	return n;
}

static struct oom_place place_in(const struct line *line, size_t offset)
{
	return (struct oom_place){
		.line = line->number, .col = oom_utf8_count(line->text, offset) + 1};
}

static bool line_read(struct oom_lex *lex, struct line *ret)
{
	const char *start = lex->text + lex->pos, *end;
	size_t left = lex->len - lex->pos;

	if (!left)
		return false;
	end = memchr(start, '\n', left);
	ret->text = start;
	ret->len = end ? (size_t)(end - start) : left;
	ret->number = lex->line++;
	lex->pos += ret->len + (end != NULL);
	if (ret->len && start[ret->len - 1] == '\r')
		ret->len--;
	return true;
}

/* A backslash at the end that is not itself escaped. */
static bool is_continued(const struct line *line)
{
	size_t n = 0;

	while (n < line->len && line->text[line->len - 1 - n] == '\\')
		n++;
	return n % 2;
}

static bool is_comment(const struct line *line)
{
	size_t n = leading_blanks(line);

	return n < line->len && (line->text[n] == '#' || line->text[n] == ';');
}

/* The first comment before the first section is the title; a licence tag or '#!' is none. */
static void comment_read(struct oom_lex *lex, const struct line *line)
{
	size_t n = leading_blanks(line) + 1, len = line->len;

	if (lex->title || (n < len && line->text[n] == '!'))
		return;
	while (n < len && is_blank(line->text[n]))
		n++;
	while (len > n && is_blank(line->text[len - 1]))
		len--;
	if (n == len || (len - n > 5 && !strncmp(line->text + n, "SPDX-", 5)))
		return;
	lex->title = oom_arena_strndup(&lex->reader->scenario->arena, line->text + n, len - n);
}

static void section_read(struct oom_lex *lex, const struct line *line, struct oom_lex_item *ret)
{
	size_t start = leading_blanks(line) + 1, len = line->len;
	const char *end = memchr(line->text + start, ']', len - start);
	struct oom_arena *arena = &lex->reader->scenario->arena;

	while (len && is_blank(line->text[len - 1]))
		len--;
	ret->kind = OOM_LEX_SECTION;
	ret->name = NULL;
	ret->place = place_in(line, start - 1);
	if (!lex->title)
		lex->title = ""; /* later comments are no title */
	if (!end)
		oom_reader_mistake(lex->reader, ret->place, "missing ']' after the section");
	else if (end != line->text + len - 1)
		oom_reader_mistake(lex->reader, place_in(line, (size_t)(end + 1 - line->text)),
			"text after the section's ']'");
	ret->is_wrong = !end || end != line->text + len - 1;
	ret->name = oom_arena_strndup(
		arena, line->text + start, (end ? (size_t)(end - line->text) : len) - start);
}

/* A logical line: its physical lines joined by one blank each, and where the value began. */
struct joined {
	char *text;
	size_t len;
	bool is_text; /* every byte of it */
	bool has_value; /* a '=' and something behind it were seen */
	struct oom_place value_place;
	struct oom_piece *pieces;
	size_t n_pieces;
};

/* The next bytes of @joined are those of @line from @from on. */
static void piece_add(
	struct oom_reader *reader, struct joined *joined, const struct line *line, size_t from)
{
	struct oom_piece *pieces = oom_arena_grow(
		&reader->scenario->arena, joined->pieces, joined->n_pieces, sizeof(*pieces));

	if (!pieces) {
		reader->no_memory = true;
		return;
	}
	joined->pieces = pieces;
	pieces[joined->n_pieces++] = (struct oom_piece){joined->len, place_in(line, from)};
}

static void join(struct oom_reader *reader, struct joined *joined, const struct line *line)
{
	bool continued = is_continued(line);
	size_t from = joined->len ? leading_blanks(line) : 0, len = line->len - continued;
	const char *equals = joined->len ? NULL : memchr(line->text, '=', len);
	size_t value = joined->len ? from : equals ? (size_t)(equals + 1 - line->text) : len;

	if (!oom_line_is_text(reader, line->text, line->len, line->number))
		joined->is_text = false;
	if (from > len)
		from = len;
	while (value < len && is_blank(line->text[value]))
		value++;
	if (!joined->has_value && (value < len || !joined->len)) {
		joined->has_value = value < len;
		joined->value_place = place_in(line, value < len ? value : len);
	}
	piece_add(reader, joined, line, from);
	memcpy(joined->text + joined->len, line->text + from, len - from);
	joined->len += len - from;
	if (continued)
		joined->text[joined->len++] = ' ';
}

/* Joins @first with its continuations; comments between them are passed over. */
static bool logical_read(struct oom_lex *lex, const struct line *first, struct joined *ret)
{
	struct oom_lex start = *lex;
	struct line line = *first;
	size_t bytes = first->len + 1;

	while (is_continued(&line) && line_read(lex, &line)) {
		bytes += line.len + 1;
		while (is_comment(&line) && line_read(lex, &line))
			bytes += line.len + 1;
	}
	*ret = (struct joined){.is_text = true};
	if (bytes > OOM_SCENARIO_LINE_MAX) {
		oom_reader_mistake(lex->reader, place_in(first, 0),
			"the line has more than %d bytes, its continuations included",
			OOM_SCENARIO_LINE_MAX);
		return false;
	}
	ret->text = oom_arena_alloc(&lex->reader->scenario->arena, bytes + 1);
	if (!ret->text) {
		lex->reader->no_memory = true;
		return false;
	}
	lex->pos = start.pos;
	lex->line = start.line;
	line = *first;
	join(lex->reader, ret, &line);
	while (is_continued(&line) && line_read(lex, &line)) {
		bool more = true;

		while (is_comment(&line) && more) {
			if (!oom_line_is_text(lex->reader, line.text, line.len, line.number))
				ret->is_text = false;
			more = line_read(lex, &line);
		}
		if (more)
			join(lex->reader, ret, &line);
	}
	return ret->is_text;
}

static char *trim(char *text)
{
	size_t len;

	text += strspn(text, " \t");
	len = strlen(text);
	while (len && is_blank(text[len - 1]))
		text[--len] = '\0';
	return text;
}

/* "Size 5M" and "Size: 5M" want to be settings, perhaps. */
static void refuse_line(struct oom_reader *reader, const char *text, struct oom_place place)
{
	size_t name =
		strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._");
	const char *value = text + name + strspn(text + name, " \t:");

	if (name && *value && value > text + name && !strpbrk(value, " \t"))
		oom_reader_mistake(reader, place,
			"not a section, a comment or 'Key=value', did you mean '%.*s=%.60s'?",
			(int)name, text, value);
	else
		oom_reader_mistake(reader, place, "not a section, a comment or 'Key=value'");
}

static bool setting_read(struct oom_lex *lex, const struct line *first, struct oom_lex_item *ret)
{
	struct oom_place place = place_in(first, leading_blanks(first));
	struct joined joined;
	char *equals;

	if (!logical_read(lex, first, &joined))
		return false;
	equals = strchr(joined.text, '=');
	if (!equals) {
		refuse_line(lex->reader, trim(joined.text), place);
		return false;
	}
	*equals = '\0';
	ret->name = trim(joined.text);
	ret->value = trim(equals + 1);
	ret->place = place;
	ret->value_place = joined.value_place;
	ret->source = (struct oom_value_source){
		joined.text, (size_t)(ret->value - joined.text), joined.pieces, joined.n_pieces};
	if (!*ret->name) {
		oom_reader_mistake(lex->reader, place, "no key before the '='");
		return false;
	}
	ret->kind = OOM_LEX_SETTING;
	return true;
}

void oom_lex_init(struct oom_lex *lex, struct oom_reader *reader, const char *text, size_t len)
{
	static const char bom[] = "\xef\xbb\xbf";

	*lex = (struct oom_lex){.reader = reader, .text = text, .len = len, .line = 1};
	if (len >= 3 && !memcmp(text, bom, 3))
		lex->pos = 3;
}

void oom_lex_next(struct oom_lex *lex, struct oom_lex_item *ret)
{
	struct line line;

	*ret = (struct oom_lex_item){.kind = OOM_LEX_END};
	while (!lex->reader->no_memory && line_read(lex, &line)) {
		size_t blanks = leading_blanks(&line);

		if (blanks == line.len)
			continue;
		if (is_comment(&line)) {
			if (oom_line_is_text(lex->reader, line.text, line.len, line.number))
				comment_read(lex, &line);
		} else if (line.text[blanks] == '[') {
			ret->name = NULL;
			if (!oom_line_is_text(lex->reader, line.text, line.len, line.number))
				ret->kind = OOM_LEX_SECTION;
			else
				section_read(lex, &line, ret);
			return;
		} else if (setting_read(lex, &line, ret)) {
			return;
		}
	}
}
