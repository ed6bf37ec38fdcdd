/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_FAULT_UNPLUG_H
#define OOM_FAULT_UNPLUG_H

#include "harness/state/state.h"

/* Both unplugs: a request to the host, the kernel's uevents, and a deadline for what it does not
 * give. */
enum { OOM_UNPLUG_TEXT_BYTES = 65536 };

struct oom_unplug {
	struct oom_watch events, timer;
	char request[64]; /* see oom_guest_request() */
	const char *path; /* a file of the kernel's that tells what is there */
	uint64_t (*count)(const char *text); /* of what: processors, pages */
	uint64_t before, gone; /* the unplug is through when before - gone are left */
	uint64_t within_us, deadline_us;
	bool refused; /* Outcome=refused */
	bool fired;
	int outcome; /* as oom_unplug_under_way() */
	int fd;
	char text[OOM_UNPLUG_TEXT_BYTES];
};

#define OOM_UNPLUG_KEYS                                                                            \
	{"Limit", OOM_T_DURATION, "10s", "how long the kernel may take to give it up", 0, 0,       \
		"infinity", 0},                                                                    \
	{                                                                                          \
		"Outcome", OOM_T_CHOICE, "gone",                                                   \
			"whether the kernel must give it up, or must refuse", 0, 0,                \
			"gone|refused", 0                                                          \
	}

/* @unplug: with .request, .path, .count and .gone; the rest is filled in. -ENOTSUP: less is there
 * than shall go. */
int oom_unplug_prepare(struct oom_run_state *run, const struct oom_section *section,
	struct oom_unplug *unplug, struct oom_err *err);
int oom_unplug_fire(struct oom_run_state *run, void *data);
/* 1: under way, 0: the outcome is the wanted one, -EBUSY: refused, -ENODEV: gone, but not wanted
 * so. */
int oom_unplug_under_way(void *data);
void oom_unplug_release(void *data);

#endif
