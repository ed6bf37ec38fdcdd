/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_EXPLAIN_ARCHIVE_H
#define OOM_EXPLAIN_ARCHIVE_H

#include "lib/base/err.h"

#include <archive.h>

/*
 * libarchive, loaded when a compressed log is read and not before: it brings two dozen libraries along,
 * which a guest's agent and every other command would have to carry.
 */
struct oom_archive_api {
#define ARCHIVE_FUNCTION(name) __typeof__(&archive_##name) name;
#include "harness/explain/archive.def"
#undef ARCHIVE_FUNCTION
};

/* -ENOENT with the way out where it is not installed. */
int oom_archive_load(struct oom_err *err, const struct oom_archive_api **ret);

#endif
