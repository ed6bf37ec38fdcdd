/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_BADNESS_H
#define OOM_BADNESS_H

#include "lib/base/arena.h"
#include "lib/record/incident.h"
#include "lib/record/kill.h"

#include <stdbool.h>

struct oom_arena;
struct oom_incident;

/*
 * The oracle: the kernel's own formula (oom_badness() in mm/oom_kill.c, since 2.6.36):
 *
 *   points = rss + swap entries + page tables (all in pages) [- 3 % for root, up to 4.16]
 *            + oom_score_adj * (total pages / 1000)
 *
 * and the task with most points is killed, of equals the last one looked at.
 */
struct oom_badness_rule {
	int64_t total_pages; /* of the domain: the memcg's limit, the nodes, RAM + swap; -1 unknown */
	int64_t page_kib;
	bool root_bonus;
};

/* Not eligible (oom_score_adj -1000), or not to be computed from what is known. */
#define OOM_POINTS_NONE INT64_MIN

/* The rule that held in a report. */
void oom_badness_rule(const struct oom_incident *incident, struct oom_badness_rule *ret);
int64_t oom_badness_points(const struct oom_badness_rule *rule, const struct oom_task *task);

/*
 * What /proc/PID/oom_score shows for these points: since 5.9 (and 5.4 stable) (1000 + points * 1000 /
 * total) * 2 / 3, 0…2000; before, points * 1000 / total, 0…1000 and more. @legacy: the older one.
 */
int64_t oom_badness_score(const struct oom_badness_rule *rule, int64_t points, bool legacy);

/*
 * kill->tasks by points, highest first, of equals the one that the kernel takes; those without points
 * are left out. At most @limit of them, 0: all. The array is @arena's. -ENOMEM.
 */
int oom_badness_rank(struct oom_arena *arena, struct oom_kill *kill, size_t limit);

/* Up to this many of the best are picked out without sorting the rest. */
#define OOM_RANK_FEW 16

enum oom_prediction {
	OOM_PREDICTION_NONE, /* no task table, or a kernel with another formula */
	OOM_PREDICTION_AGREES,
	OOM_PREDICTION_EXPLAINED, /* another died, and the log tells why */
	OOM_PREDICTION_DISAGREES, /* another died, and nothing here tells why */
};

/* Predicted against actual; needs kill->ranking. */
enum oom_prediction oom_badness_compare(
	const struct oom_incident *incident, const struct oom_kill *kill);

/* One or two sentences, why this process and no other, into kill->explanation. -ENOMEM. */
int oom_badness_explain(
	struct oom_arena *arena, const struct oom_incident *incident, struct oom_kill *kill);

#endif
