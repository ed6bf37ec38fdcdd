/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_NEED_PROBE_H
#define OOM_NEED_PROBE_H

#include "harness/needs/needs.h"
#include "lib/base/err.h"

/* What the probes share, and the probes: a function for each line of needs.def. */
/* Does @have satisfy the argument? Always, where there is none. */
bool oom_need_number_holds(const struct oom_need_want *want, uint64_t have);
bool oom_need_version_holds(const struct oom_need_want *want, const char *have);
/* The file @path below the root, NUL-terminated: bytes read, or -errno. */
long oom_need_read(const struct oom_need_env *env, const char *path, char *buf, size_t size);
/* The memory that a machine was given when MemTotal is @kib: the kernel keeps some, 512M say 470M. */
uint64_t oom_need_fitted_bytes(uint64_t kib);

#define NEED(ident, name, arg, argument, help)                                                     \
	int oom_need_##ident(const struct oom_need_env *env, const struct oom_need_want *want,     \
		struct oom_err *err);
#include "harness/needs/needs.def"
#undef NEED

/* This machine; release it. */
int oom_need_env_open(bool in_guest, struct oom_err *err, struct oom_need_env *ret);
void oom_need_env_close(struct oom_need_env *env);

#endif
