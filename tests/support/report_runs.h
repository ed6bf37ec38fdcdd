/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef REPORT_RUNS_H
#define REPORT_RUNS_H

#include "lib/record/record.h"

/* Runs made by hand for the tests of the reports; free with oom_run_free(). */
struct oom_run *run_empty(void);
struct oom_run *run_passing(void); /* forty scenarios, all passed: the first screen */
struct oom_run *run_verdicts(void); /* each verdict, with all that can be said about it */
struct oom_run *run_flat(void); /* no folders; a machine that the run does not list */
struct oom_run *run_matrix(void); /* two machines, three attempts */
struct oom_run *run_hostile(void); /* names and messages that try to break out */

#endif
