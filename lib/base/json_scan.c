// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/base/json_scan.h"

/* Inside a text: to its end, or to that of the piece; what is left of the piece begins at the result. */
static size_t text_skip(struct oom_json_scan *scan, const char *text, size_t len)
{
	size_t i = 0;

	for (; i < len; i++) {
		if (scan->escaped)
			scan->escaped = false;
		else if (text[i] == '\\')
			scan->escaped = true;
		else if (text[i] == '"') {
			scan->in_text = false;
			break;
		}
	}
	scan->text_bytes += i;
	if (scan->text_bytes > scan->text_max)
		scan->text_max = scan->text_bytes;
	return i < len ? i + 1 : len;
}

static void open_value(struct oom_json_scan *scan)
{
	scan->values++;
	scan->in_word = false;
	if (++scan->depth > scan->depth_max)
		scan->depth_max = scan->depth;
}

/* One byte outside of texts */
static void step(struct oom_json_scan *scan, char c)
{
	switch (c) {
	case '{':
	case '[':
		open_value(scan);
		break;
	case '}':
	case ']':
		scan->depth -= scan->depth > 0;
		scan->in_word = false;
		break;
	case '"':
		scan->values++;
		scan->in_text = true;
		scan->in_word = false;
		scan->text_bytes = 0;
		break;
	case ',':
	case ':':
	case ' ':
	case '\t':
	case '\r':
	case '\n':
		scan->in_word = false;
		break;
	default:
		scan->values += !scan->in_word;
		scan->in_word = true;
	}
}

void oom_json_scan(struct oom_json_scan *scan, const char *text, size_t len)
{
	for (size_t i = 0; i < len;) {
		if (scan->in_text)
			i += text_skip(scan, text + i, len - i);
		else
			step(scan, text[i++]);
	}
}

static bool ends_word(char c)
{
	return c == ',' || c == ':' || c == ']' || c == '}' || c == '[' || c == '{' || c == '"' ||
		c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

size_t oom_json_scan_value(struct oom_json_scan *scan, const char *text, size_t len)
{
	size_t i = 0;

	while (i < len && !scan->ended) {
		if (scan->in_text) {
			i += text_skip(scan, text + i, len - i);
		} else if (scan->in_word && !scan->depth && ends_word(text[i])) {
			scan->ended = true;
			break;
		} else {
			step(scan, text[i++]);
		}
		scan->ended = !scan->depth && !scan->in_text && !scan->in_word;
	}
	return i;
}
