/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_IMAGE_SUITE_H
#define OOM_IMAGE_SUITE_H

#include "lib/base/err.h"

/* What images can be made of. */
struct oom_suite {
	const char *name; /* debian:bookworm */
	const char *kernel; /* its generation: 6.1 */
	const char *help;
};

#define OOM_SUITE_DEFAULT "debian:bookworm"
extern const struct oom_suite oom_suites[]; /* name NULL at the end */
/* -EINVAL and what there is instead of @name, @more (may be NULL) included: "unknown image 'debian:bookworn',
 * did you mean 'debian:bookworm'?" */
int oom_suite_unknown(const char *what, const char *name, const char *more, struct oom_err *err);

/* suite.c: "debian:bookworm" → "bookworm"; NULL when @name is none of oom_suites. */
const char *oom_image_suite(const char *name);

#endif
