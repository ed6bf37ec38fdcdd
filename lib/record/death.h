/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_DEATH_H
#define OOM_DEATH_H

#include "lib/record/record.h"

/*
 * Who killed whom, from all that the record has of it: the kernel's kills, signals of processes, and workloads that
 * ended by a signal which no source explains. One entry for each process.
 */
struct oom_death {
	enum oom_killer killer;
	const struct oom_workload_rec *workload; /* NULL: of none */
	bool own; /* it was the workload's own (main) process */
	const struct oom_kill *kill; /* the kernel's; NULL: a signal, or not known */
	const struct oom_signal_rec *sent; /* the signal; NULL */
};

/* All of them, in @arena; 0 or -ENOMEM. */
int oom_attempt_deaths(const struct oom_attempt *attempt, struct oom_arena *arena,
	struct oom_death **ret, size_t *ret_count);
/* Did it happen in @unit, or in one below it? */
bool oom_death_in_unit(const struct oom_attempt *attempt, const struct oom_death *death,
	const struct oom_unit_rec *unit);
/*
 * Was it @wanted, a word of KilledBy=? A killer's name; "unit:NAME", systemd's or the scenario's; "exe:PATH". 1, 0; -1: it was not known in time who sent the signal.
 */
int oom_death_is_by(const struct oom_death *death, const char *wanted);

#endif
