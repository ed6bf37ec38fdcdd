/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_NEEDS_H
#define OOM_NEEDS_H

#include "lib/base/err.h"
#include "lib/scenario/scenario.h"

/*
 * What a machine must have for a scenario: Needs=, the needs of its workloads and faults, and on a host
 * the shape in [Machine]. A need is one line in needs.def and one function.
 */
enum oom_need_arg {
	OOM_NEED_PLAIN, /* root */
	OOM_NEED_COUNT, /* numa>=2 */
	OOM_NEED_SIZE, /* swap>=64M */
	OOM_NEED_VERSION, /* kernel>=6.1 */
};

/* Where a need is looked for. */
struct oom_need_env {
	int root_fd; /* directory that holds proc, sys, dev, usr, run */
	bool in_guest; /* the machine is ours to break */
	const char *systemd; /* the running manager's version ("252.39-1"), NULL: none */
};

/* "kernel>=6.1" taken apart: the comparison of what is there with what is wanted. */
struct oom_need_want {
	const struct oom_need *need;
	char op[3]; /* "" where there is no argument */
	char text[32]; /* the argument as written */
	uint64_t number; /* COUNT, SIZE */
};

struct oom_need {
	const char *name, *help;
	enum oom_need_arg arg;
	bool argument; /* there is no sense in it without one: kernel */
	/* 0: met. -errno with the reason and, where there is one, the way out. */
	int (*probe)(const struct oom_need_env *env, const struct oom_need_want *want,
		struct oom_err *err);
};

extern const struct oom_need *const oom_needs[]; /* NULL at the end */

/* "kernel>=6.1" to its parts. -EINVAL with a sentence. */
int oom_need_parse(const char *text, struct oom_err *err, struct oom_need_want *ret);
/* The names, NULL at the end; and a check of one need as written: for struct oom_schema. */
const char *const *oom_need_names(void);
int oom_need_check(const char *text, struct oom_err *err);

/* Is the need @text ("kernel>=6.1") met? 0; -errno with "needs kernel>=6.1: this is 5.10". */
int oom_need_probe_text(const struct oom_need_env *env, const char *text, struct oom_err *err);
/* Is @need met by this machine? @arg: ">=6.1", or NULL. -errno with the bare reason. */
int oom_need_probe(
	const struct oom_need *need, const char *arg, bool in_guest, struct oom_err *err);
/* The first need of @scenario that is not met, as oom_need_probe_text(). */
int oom_needs_probe(
	const struct oom_scenario *scenario, const struct oom_need_env *env, struct oom_err *err);
/* The same for this machine; *@ret_known_on tells whether KnownOn= is about it: 1, 0; -1 where it does
 * not say. */
int oom_needs_check(const struct oom_scenario *scenario, bool in_guest, struct oom_err *err,
	int64_t *ret_known_on);

#endif
