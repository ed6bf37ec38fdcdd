/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_DAEMON_H
#define OOM_DAEMON_H

#include "lib/base/span.h"
#include "lib/record/kill.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * The programs that kill for want of memory, and the service manager. Anybody may give itself their name; what
 * they are known by is the unit that they run in and the file that they were started from.
 */
struct oom_daemon {
	enum oom_killer killer;
	const char *comm; /* what they are called: no proof, but a claim that is worth a word */
	const char *units; /* "earlyoom.service", separated by '|' */
	const char *programs; /* names of their files; with a '*' at the end: how they begin */
};

extern const struct oom_daemon oom_daemons[]; /* .comm NULL ends it */

/* The unit of a cgroup's path, as systemd.resource-control(5) lays them out: the last folder of it that has a
 * unit's suffix. A piece of @cgroup; len 0: none. */
struct oom_span oom_cgroup_unit(const char *cgroup);

/*
 * Who is it that ran @exe in @cgroup? @of_scenario: its unit is a [Service] of the scenario, which may run a
 * daemon under another name. UNKNOWN: one of the two is missing ("" or NULL) and the other does not rule out a
 * daemon; SIGNAL: none of them.
 */
enum oom_killer oom_daemon_identify(const char *exe, const char *cgroup, bool of_scenario);
/* What is called so, or NULL. */
const struct oom_daemon *oom_daemon_called(const char *comm);

#endif
