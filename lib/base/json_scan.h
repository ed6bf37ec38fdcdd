/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_JSON_SCAN_H
#define OOM_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What a JSON text would cost as a tree, counted over its bytes before anybody builds that tree: a value of
 * two bytes becomes an object of a hundred. It takes pieces of any size and needs no memory. It does not ask
 * whether the text is JSON; on what is none it counts what a parser could have come to.
 */
struct oom_json_scan {
	uint64_t values; /* objects, arrays, texts (keys too), numbers, literals */
	uint64_t text_max; /* bytes of the longest text, as written */
	unsigned depth, depth_max;
	/* between two pieces */
	uint64_t text_bytes;
	bool in_text, escaped, in_word;
	bool ended; /* by oom_json_scan_value() */
};

/* Goes on with @len bytes behind what was seen; begin with a struct of zeroes. */
void oom_json_scan(struct oom_json_scan *scan, const char *text, size_t len);
/*
 * The same for one value whose first byte is the first that @scan sees: stops behind its last byte and sets
 * scan->ended. Returns how many bytes of the piece are the value's. A number or literal ends before the byte
 * that cannot be in it; at the end of the file its end is the caller's to know.
 */
size_t oom_json_scan_value(struct oom_json_scan *scan, const char *text, size_t len);

#endif
