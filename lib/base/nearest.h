/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_NEAREST_H
#define OOM_NEAREST_H

#include <stddef.h>

/* The nearest of @count names to @word for "did you mean", or NULL when none is near. */
const char *oom_nearest(const char *word, const char *const *names, size_t count);
/* As oom_nearest(); NULL, too, where two are equally near. */
const char *oom_nearest_sure(const char *word, const char *const *names, size_t count);

#endif
