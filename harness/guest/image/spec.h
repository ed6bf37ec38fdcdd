/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_IMAGE_SPEC_H
#define OOM_IMAGE_SPEC_H

#include "lib/base/arena.h"
#include "lib/base/err.h"

/* What --guest NAME says: "debian:bookworm", or "kernel=PATH[,modules=DIR][,image=NAME|PATH.qcow2]". */
struct oom_guest_spec {
	const char *id; /* as given: the machine's id in the record */
	const char *image; /* debian:SUITE, or the path of a disk image */
	const char *kernel, *modules; /* NULL: the image's own */
};

int oom_guest_spec_parse(
	struct oom_arena *arena, const char *text, struct oom_err *err, struct oom_guest_spec *ret);

#endif
