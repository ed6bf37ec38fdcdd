/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_EXPLAIN_JOURNAL_ENTRY_H
#define OOM_EXPLAIN_JOURNAL_ENTRY_H

#include <stddef.h>
#include <stdint.h>

/*
 * An entry of the journal as journal export text (systemd.io, JOURNAL_EXPORT_FORMATS), which the reader of
 * kernel logs knows (lib/klog/entry.h). Pure: no journal is needed. Any user writes entries, with fields of
 * any length and any bytes, so that each field has a bound here:
 *  - MESSAGE is cut one byte behind what the reader takes (OOM_ENTRY_BYTES), by which the reader knows that it
 *    was cut;
 *  - the others are short by their nature. What is longer, or no number where one should be, was not written
 *    by the journal or the kernel: its name stands there without a value, which no reader takes for
 *    the kernel's word.
 * One field is one line: a line feed within becomes a blank. An empty line ends the entry, always.
 */

/* The longest entry. */
#define EXPLAIN_ENTRY_BYTES (11 * 1024)

/*
 * Asks for a field by name, as sd_journal_get_data(3) does: 0 and "NAME=value", valid until the next call;
 * -ENOENT where the entry has none; another -errno where it cannot be read, which is taken as a field that is
 * too long.
 */
typedef int explain_entry_get(
	void *context, const char *name, const void **ret_data, size_t *ret_len);

/* @realtime_us: since 1970, 0: not known. Returns the length of the text, at most EXPLAIN_ENTRY_BYTES. */
size_t explain_entry_export(explain_entry_get *get, void *context, uint64_t realtime_us,
	char text[static EXPLAIN_ENTRY_BYTES]);

/* The same for fields that are held: the first of each name counts, unknown names and what has no '=' do
 * not. */
struct explain_entry_field {
	const void *data; /* "NAME=value", without a NUL */
	size_t len;
};
size_t explain_entry_export_fields(const struct explain_entry_field *fields, size_t count,
	uint64_t realtime_us, char text[static EXPLAIN_ENTRY_BYTES]);

#endif
