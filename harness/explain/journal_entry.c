// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/explain/journal_entry.h"

#include "lib/base/bounded.h"
#include "lib/klog/entry.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

/* The fields that the reader knows, in the order in which it likes them: who wrote it before what is said. */
static const struct field {
	const char *name;
	size_t value_bytes; /* at most */
	bool number; /* digits alone */
	bool part; /* what is longer is cut: its beginning is worth something */
	bool always; /* without it, nobody vouches for the writer: that must be seen */
} entry_fields[] = {
	{"_TRANSPORT", 15, .always = true},
	{"SYSLOG_FACILITY", 3, .number = true},
	{"SYSLOG_IDENTIFIER", 63},
	{"_SOURCE_MONOTONIC_TIMESTAMP", 20, .number = true},
	{"MESSAGE", OOM_ENTRY_BYTES + 1, .part = true},
};

/* The realtime, and of each field its name, '=' and the line feed; the line feed of the end, the NUL. */
_Static_assert(EXPLAIN_ENTRY_BYTES >= OOM_ENTRY_BYTES + 1 + 15 + 3 + 63 + 20 + 6 * 32 + 20 + 2,
	"an entry whose fields are as long as they may be has room");

static bool is_number(const char *value, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (!oom_is_digit(value[i]))
			return false;
	}
	return len > 0;
}

/* A value on one line. */
static void put_value(struct oom_bounded *text, const char *value, size_t len)
{
	while (len) {
		const char *feed = memchr(value, '\n', len);
		size_t n = feed ? (size_t)(feed - value) : len;

		oom_bounded_bytes(text, value, n);
		if (feed)
			oom_bounded_char(text, ' ');
		n += feed != NULL;
		value += n;
		len -= n;
	}
}

/* Is @data "NAME=…"? */
static bool has_name(const void *data, size_t len, const char *name)
{
	size_t name_len = strlen(name);

	return len > name_len && !memcmp(data, name, name_len) &&
		((const char *)data)[name_len] == '=';
}

static void put_field(
	struct oom_bounded *text, const struct field *field, const char *value, size_t len)
{
	if (field->part && len > field->value_bytes)
		len = field->value_bytes;
	if (len > field->value_bytes || (field->number && !is_number(value, len)))
		len = 0;
	oom_bounded_printf(text, "%s=", field->name);
	put_value(text, value, len);
	oom_bounded_char(text, '\n');
}

size_t explain_entry_export(explain_entry_get *get, void *context, uint64_t realtime_us,
	char text[static EXPLAIN_ENTRY_BYTES])
{
	struct oom_bounded entry = oom_bounded_in(text, EXPLAIN_ENTRY_BYTES);

	if (realtime_us)
		oom_bounded_printf(&entry, "__REALTIME_TIMESTAMP=%" PRIu64 "\n", realtime_us);
	for (size_t i = 0; i < sizeof(entry_fields) / sizeof(entry_fields[0]); i++) {
		const struct field *field = entry_fields + i;
		const void *data;
		size_t len, skip = strlen(field->name) + 1;
		int rc = get(context, field->name, &data, &len);

		if (!rc && has_name(data, len, field->name))
			put_field(&entry, field, (const char *)data + skip, len - skip);
		else if (rc != -ENOENT || field->always)
			put_field(&entry, field, "", 0);
	}
	oom_bounded_char(&entry, '\n');
	return entry.len;
}

struct held_fields {
	const struct explain_entry_field *fields;
	size_t count;
};

static int get_held(void *context, const char *name, const void **ret_data, size_t *ret_len)
{
	const struct held_fields *held = context;

	for (size_t i = 0; i < held->count; i++) {
		const struct explain_entry_field *field = held->fields + i;

		if (!has_name(field->data, field->len, name))
			continue;
		*ret_data = field->data;
		*ret_len = field->len;
		return 0;
	}
	return -ENOENT;
}

size_t explain_entry_export_fields(const struct explain_entry_field *fields, size_t count,
	uint64_t realtime_us, char text[static EXPLAIN_ENTRY_BYTES])
{
	struct held_fields held = {fields, count};

	return explain_entry_export(get_held, &held, realtime_us, text);
}
