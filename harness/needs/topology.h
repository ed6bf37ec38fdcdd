/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_NEEDS_TOPOLOGY_H
#define OOM_NEEDS_TOPOLOGY_H

#include "harness/needs/needs.h"
#include "lib/base/err.h"

/* Has NUMA node @node that much memory? 0, or -ENOTSUP with a whole sentence. */
int oom_need_node_memory(
	const struct oom_need_env *env, unsigned node, uint64_t bytes, struct oom_err *err);

#endif
