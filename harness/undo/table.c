// SPDX-License-Identifier: LGPL-2.1-or-later

#include "harness/undo/kind.h"

const struct oom_undo_kind *const oom_undo_kinds[] = {
#define UNDO(ident) &oom_undo_kind_##ident,
#include "harness/undo/undo.def"
#undef UNDO
	NULL,
};
