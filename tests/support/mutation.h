/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TESTS_SUPPORT_MUTATION_H
#define TESTS_SUPPORT_MUTATION_H

#include "harness/expects/expect.h"

/* What a record of a real guest says, put as an expectation that it passes. */
struct claim {
	const struct oom_expect *expect;
	unsigned about; /* one of enum oom_subject */
	const char *subject;
	char key[64], wanted[160];
};

/*
 * One thing that is otherwise: the cause is gone, or evidence of it. The record is left as the harness would have
 * written it then. false: @claim has nothing to do with it.
 */
struct mutation {
	const char *name;
	const char *keys; /* of the expectations that it can concern: " OOMKills Victim " */
	bool (*apply)(struct oom_attempt *attempt, const struct claim *claim);
	bool inverse; /* what the changed record says in the claim's place must not pass either */
};

extern const struct mutation mutations[]; /* .name NULL at the end (mutation_field.c) */

/* ---- for mutation_*.c ---- */

bool mutation_by_kernel(enum oom_killer killer);
struct oom_workload_rec *mutation_workload(struct oom_attempt *attempt, const struct claim *claim);
struct oom_unit_rec *mutation_unit(struct oom_attempt *attempt, const struct claim *claim);
bool mutation_is_key(const struct claim *claim, const char *name);
void mutation_end_as(struct oom_workload_rec *w, enum oom_killer own);
void mutation_exit(struct oom_workload_rec *w);
struct oom_kill *mutation_last_kill(struct oom_attempt *attempt);
void mutation_drop_kernel_signals(struct oom_attempt *attempt);
void mutation_forget_kills(struct oom_attempt *attempt, enum oom_killer own);
bool mutation_needs_kill(struct oom_attempt *attempt, const struct claim *claim);
bool mutation_nobody_was_killed(struct oom_attempt *attempt, const struct claim *claim);
bool mutation_another_was_killed_first(struct oom_attempt *attempt, const struct claim *claim);
bool mutation_a_child_was_killed(struct oom_attempt *attempt, const struct claim *claim);
bool mutation_it_was_another(struct oom_attempt *attempt, const struct claim *claim);
bool mutation_another_kind_of_kill(struct oom_attempt *attempt, const struct claim *claim);
bool mutation_somebody_sent_it(struct oom_attempt *attempt, const struct claim *claim);
bool mutation_blind_for_kills(struct oom_attempt *attempt, const struct claim *claim);
bool mutation_blind_for_children(struct oom_attempt *attempt, const struct claim *claim);
bool mutation_log_misses_one(struct oom_attempt *attempt, const struct claim *claim);
bool mutation_machine_counts_more(struct oom_attempt *attempt, const struct claim *claim);
bool mutation_trace_marks_more(struct oom_attempt *attempt, const struct claim *claim);
bool mutation_wait_says_it_lives(struct oom_attempt *attempt, const struct claim *claim);
bool mutation_trace_names_a_process(struct oom_attempt *attempt, const struct claim *claim);
bool mutation_trace_is_absent(struct oom_attempt *attempt, const struct claim *claim);
bool mutation_sender_was_not_seen(struct oom_attempt *attempt, const struct claim *claim);
bool mutation_systemd_is_absent(struct oom_attempt *attempt, const struct claim *claim);
bool mutation_counters_were_not_read(struct oom_attempt *attempt, const struct claim *claim);
bool mutation_harness_ended_it(struct oom_attempt *attempt, const struct claim *claim);
bool mutation_it_was_not_started(struct oom_attempt *attempt, const struct claim *claim);
bool mutation_record_lacks_it(struct oom_attempt *attempt, const struct claim *claim);

#endif
