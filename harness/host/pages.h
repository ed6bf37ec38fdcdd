/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_PAGES_H
#define OOM_PAGES_H

#include <stddef.h>

/*
 * Memory for what may not be short of it in mid-run: every page is there when it is given. What is given back
 * is kept for the next who wants as much (its bytes are left as they are), so that a guest which has rehearsed
 * an attempt need not clear and lock the same pages again.
 */

/* NULL: no memory. */
void *oom_pages_take(size_t bytes);
/* @pages as oom_pages_take() gave them, with the same @bytes; may be NULL. */
void oom_pages_give(void *pages, size_t bytes);

#endif
