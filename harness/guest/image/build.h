/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_IMAGE_BUILD_H
#define OOM_IMAGE_BUILD_H

#include "harness/guest/image/image.h"
#include "lib/base/arena.h"
#include "lib/base/err.h"

#include <stdbool.h>

/* The sentence for a tool that failed to @what ("build 'X'") from an archive, by what it @said, with the way out. */
int oom_archive_failed(const char *what, const char *said, const char *log, struct oom_err *err);
int oom_image_build(struct oom_arena *arena, const char *cache, const char *name, bool refresh,
	void (*say)(void *ctx, const char *line), void *say_ctx, struct oom_err *err,
	struct oom_image *ret);

#endif
