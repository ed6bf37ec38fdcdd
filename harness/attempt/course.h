/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_ATTEMPT_COURSE_H
#define OOM_ATTEMPT_COURSE_H

#include "harness/state/state.h"

/*
 * The course of a run: what may still happen, and whether it is over for want of it. Called between go and
 * settled: allocates nothing.
 */

enum { OOM_COURSE_GRACE_US = 5000000 };

/* A bystander, or one that has all it wanted and keeps it for ever (Hold=): it lives, and will neither take more
 * nor end by itself. */
bool oom_workload_is_quiet(const struct oom_run_workload *workload);
/* Has the event of the trigger come? Not of one that is a time. */
bool oom_trigger_holds(const struct oom_trigger *trigger);
/* Sets .possible of every trigger: one whose event nothing can bring about any more is not. */
void oom_course_weigh(struct oom_run_state *run);
/* Has every workload that can end done so, and is no event to be waited for? Of triggers as they were weighed. */
bool oom_course_is_run(const struct oom_run_state *run);

#endif
