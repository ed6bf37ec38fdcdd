/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_SOURCE_MARKER_H
#define OOM_SOURCE_MARKER_H

/*
 * A text that nobody else can have written: a source of evidence ends where it was read back. Whoever has seen the
 * beginning's cannot tell the end's.
 */
enum { OOM_MARKER_BYTES = 64 };
/* "oomgate: begin 0123456789abcdef" */
void oom_marker_make(const char *word, char ret[static OOM_MARKER_BYTES]);

#endif
