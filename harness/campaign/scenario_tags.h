/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_CAMPAIGN_SCENARIO_TAGS_H
#define OOM_CAMPAIGN_SCENARIO_TAGS_H

#include "lib/base/err.h"

/* 0, or -EINVAL with "did you mean" for a word of @expr (which is one) that is none of the tags @known. */
int oom_tags_known(const char *expr, const char *const *known, size_t n, struct oom_err *err);
/* Does a scenario with these tags fit @expr? -EINVAL with a sentence where that is no expression. */
int oom_tags_match(const char *expr, const char *const *tags, size_t n, struct oom_err *err);

#endif
