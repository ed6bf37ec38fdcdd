/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_RECORD_H
#define OOM_RECORD_H

#include "lib/base/arena.h"
#include "lib/base/err.h"
#include "lib/base/json_scan.h"
#include "lib/base/names.h"
#include "lib/record/entry.h"
#include "lib/record/kill.h"
#include "lib/record/standstill.h"
#include "lib/scenario/signal_name.h"

/*
 * The record of a run: what was observed, and what follows from it. Expectations and reports are pure
 * functions of it. Numbers that were not observed are -1, strings NULL (JSON: null).
 */

enum oom_verdict {
	OOM_PASS,
	OOM_FAIL,
	OOM_BROKEN, /* harness or set-up */
	OOM_SKIPPED, /* a need is not met */
	OOM_INCONCLUSIVE, /* evidence lost */
	OOM_KNOWN, /* failed as KnownIssue= says */
	OOM_VERDICT_COUNT_
};

enum oom_end {
	OOM_END_NOT_STARTED,
	OOM_END_EXITED,
	OOM_END_SIGNALLED,
	OOM_END_SURVIVED, /* alive when the run was over, or when the harness ended it (ended_by_harness) */
	OOM_END_STUCK, /* alive at the deadline although it should have ended; killed by the harness */
	OOM_END_COUNT_
};

struct oom_counter {
	const char *name; /* "oom_kill" */
	int64_t value; /* the change over the run */
};

struct oom_workload_rec {
	const char *name, *type, *scope;
	int64_t pid;
	enum oom_end end;
	int64_t exit_code; /* as a shell sees it: 137 for SIGKILL; -1 while it had none */
	int64_t signal; /* 0: none */
	enum oom_killer killed_by; /* own_killer, or where that is NOBODY its descendants' */
	enum oom_killer
		own_killer; /* of its own (main) process; NOBODY: it was not killed, nor asked to end */
	int64_t asked_signal; /* it ended by itself, but this signal had asked it to; 0: none */
	int64_t descendants_killed;
	enum oom_killer descendants_killer; /* of the first of them; NOBODY: none was killed */
	int64_t errno_value; /* of its first refused request, 0: none */
	int64_t reached_bytes;
	int64_t start_us, end_us; /* CLOCK_MONOTONIC since "go" */
	int64_t kill_latency_us; /* from the kernel's line (or mark_victim) to its end being known */
	int64_t latency_p99_us; /* of a service */
	int64_t ops; /* forks made, requests served: the type says */
	int64_t kills; /* processes of it (children too) that the OOM killer took */
	/* The harness took it with one that was stuck: how it would have ended is not known. .end and what it
	 * reached are those of the moment before. */
	bool ended_by_harness;
	int64_t line; /* of its section in the scenario's file, from 1 */
	const char **evidence;
	size_t n_evidence;
};

struct oom_unit_rec {
	const char *name; /* in the scenario */
	const char *kind; /* scope, slice, service */
	const char *unit; /* systemd's name, or the cgroup's path */
	const char *cgroup; /* path below the cgroup root */
	const char *result; /* systemd's Result; NULL: no systemd */
	const char *active_state;
	int64_t memory_max_bytes; /* -1: none */
	int64_t memory_peak_bytes;
	int64_t pressure_full_us; /* memory.pressure: growth of full total */
	struct oom_counter *events, *events_local; /* memory.events, memory.events.local */
	struct oom_counter *events_parent; /* memory.events of the cgroup above */
	size_t n_events, n_events_local, n_events_parent;
	struct oom_counter *pids_events;
	size_t n_pids_events;
};

enum oom_source_state { OOM_SOURCE_OK, OOM_SOURCE_ABSENT, OOM_SOURCE_LOST, OOM_SOURCE_COUNT_ };

/* One source of evidence: was it there, did it lose anything? */
struct oom_source_rec {
	const char *name; /* kmsg, mark_victim, signal_generate, memory.events, wait, systemd */
	enum oom_source_state state;
	int64_t records, lost;
	const char *note; /* why absent, what was lost */
};

/* One SIGKILL or SIGTERM by the signal_generate tracepoint, or the SIGCHLD of a killed process: its sender is the
 * dead one, its target the parent. */
struct oom_signal_rec {
	int64_t time_us;
	int64_t sender_pid, target_pid, signal, code; /* code 128: the kernel's */
	int64_t result; /* 0: delivered, 1: ignored, 2: one was pending already (include/trace/events/signal.h) */
	const char *sender_comm, *target_comm;
	/* who that was, looked at while it lived; NULL: it was gone before */
	const char *sender_exe, *sender_unit; /* "/usr/bin/earlyoom", "earlyoom.service"; of the
						      scenario's as it calls them, "box.scope" */
	const char *sender_in; /* the scenario's unit that it ran in; NULL: none of them */
	const char *sender_workload; /* it is one's process; NULL: none's */
	const char *target_workload, *target_unit; /* as the scenario calls them; NULL: none */
	const char *target_kin; /* OOM_KIN_*; NULL: not known */
	bool ended; /* it ended its target, or asked it to end: KilledBy= counts it */
	enum oom_killer killer; /* who sends like that; UNKNOWN: not identified in time */
};

/* Two sources that contradict each other about a subject: every expectation that uses the fact hears of it. */
struct oom_dispute_rec {
	const char *subject; /* a workload or a unit; "" for the run */
	const char *fact; /* oom_fact_name(): "killer" */
	const char *source, *value; /* "kmsg", "kernel-memcg" */
	const char *other_source, *other_value; /* "signal_generate", "signal" */
};

/* One change in mid-run, and what the kernel answered. */
struct oom_fault_rec {
	const char *name, *type;
	const char *trigger; /* as written: "hog reached 100M", "2s" */
	int64_t fired_us; /* since "go"; -1: never */
	int64_t errno_value; /* of the write or call that it is; 0: done; -1: none, or not yet */
	bool under_way; /* when the run was over: what it set going had not ended */
	int64_t line; /* of its section in the scenario's file, from 1 */
};

/* What a scenario relies on: that a fault fired and was done, that a workload was started, that Until= came. */
struct oom_precondition_rec {
	const char *subject; /* a fault's or a workload's name; "" for the run */
	const char *key, *wanted; /* "When", "hog reached 100M" */
	int64_t came_us; /* since "go"; -1: never */
	bool optional;
	enum oom_verdict verdict; /* PASS: met, or optional */
	const char *reason; /* why it was not met, a sentence; NULL: it was */
	int64_t line; /* of its key in the scenario's file, from 1 */
};

struct oom_expect_rec {
	const char *subject; /* "" for the run */
	const char *key, *wanted, *observed;
	enum oom_verdict verdict;
	const char *reason; /* where it needs one */
	int64_t line; /* of its key in the scenario's file, from 1 */
};

struct oom_attempt {
	struct oom_arena arena;
	bool kept; /* by a run, which frees it */
	const char *scenario, *title, *machine;
	const char *
		scenario_file; /* relative to the repository or the folder the run began in, where it can be */
	const char **tags;
	size_t n_tags;
	int64_t attempt; /* from 1 */
	struct oom_input_rec
		*inputs; /* input.h: what it was made from; a change of one makes another of it */
	size_t n_inputs;
	enum oom_verdict verdict;
	const char *reason; /* "" for a plain pass */
	const char *hindrance; /* why it was no experiment, a sentence; NULL: it was one */
	bool hindrance_skips;
	int64_t known_on; /* is this a machine that KnownOn= is about? 1, 0; -1: not asked */
	struct oom_workload_rec *workloads;
	size_t n_workloads;
	struct oom_unit_rec *units;
	size_t n_units;
	struct oom_kill *kills; /* kernel log and mark_victim merged, distinct by pid, in order */
	size_t n_kills;
	int64_t oom_kills; /* distinct processes; -1: cannot be told */
	struct oom_signal_rec *signals;
	size_t n_signals;
	struct oom_source_rec *sources;
	size_t n_sources;
	const char **disagreements; /* sources that contradict each other, one sentence each */
	size_t n_disagreements;
	struct oom_dispute_rec *disputes; /* those of them that an expectation depends on */
	size_t n_disputes;
	struct oom_standstill_rec *standstills;
	size_t n_standstills;
	const char **warnings; /* kernel warnings seen: WARNING:, BUG:, Oops, soft lockup */
	size_t n_warnings;
	bool panicked;
	bool fork_rejected;
	int64_t start_realtime_us, kill_latency_us, duration_us, setup_us;
	/* of a guest, by its host: QEMU up to its greeting; the saved machine read or mapped, up to where it runs;
	 * from there to its first step in the guest; from the end of its run to its record; QEMU's end */
	int64_t qemu_us, restore_us, wake_us, report_us, end_us;
	int64_t own_bytes; /* of a guest, at its end: memory that it does not share with others */
	int64_t settled_us; /* by the clock of the kills: what mark_victim saw later, the log was not read for. -1: not
			       known. Not in JSON: oom_attempt_cross_check() alone asks */
	int64_t machine_us; /* of a guest: from its start (restored, or booted) to the job in its hands */
	int64_t memory_bytes,
		cpus; /* of the machine it ran on, as [Machine] shaped it; -1: it had none */
	int64_t harness_rss_bytes; /* most that the measuring process held (VmHWM), libraries included */
	const char *evidence_dir; /* relative to the run's folder; NULL: none kept */
	const char *samples; /* file of memory.current, PSI and events over time, likewise */
	struct oom_fault_rec *faults;
	size_t n_faults;
	struct oom_precondition_rec *preconditions;
	size_t n_preconditions;
	struct oom_expect_rec *expects;
	size_t n_expects;
};

struct oom_machine_rec {
	const char *id, *kernel, *systemd, *accel, *config, *backend, *qemu; /* qemu: its version */
	int64_t memory_bytes,
		cpus; /* -1: not known, or not the same for all scenarios: each attempt has its own */
};

struct oom_run {
	struct oom_arena arena;
	struct oom_machine_rec *machines;
	size_t n_machines;
	struct oom_entry *entries; /* in the order of the scenarios, then machines, then attempts */
	size_t n_attempts;
	struct oom_names scenarios, machine_ids; /* of the attempts that lie in the file */
	struct oom_shape_extent *shapes; /* by machine_ids: of those attempts */
	size_t n_shapes;
	const char **titles; /* by scenario: that of its first attempt */
	size_t n_titles;
	int fd; /* the file; -1: none */
	int64_t start_realtime_us, duration_us;
	const char *version; /* oomgate's */
	const char *host_kernel, *host_cpu; /* where it ran: release, version; model */
	int64_t seed;
	int64_t planned; /* attempts that it was to have; -1: not known */
	bool interrupted;
};

/*
 * Sets every field to "not observed", attempt to 1 and the verdict to broken ("not judged"): what was
 * never judged must not look like a pass. Strings given to a record live in its arena or longer.
 */
struct oom_attempt *oom_attempt_new(void);
void oom_attempt_free(struct oom_attempt *attempt);
struct oom_run *oom_run_new(void);
void oom_run_free(struct oom_run *run); /* and its attempts, and closes its file */
/* Puts @attempt at the end of the run, which holds and owns it from then on (not on -ENOMEM). */
int oom_run_add_attempt(struct oom_run *run, struct oom_attempt *attempt);
/*
 * The entry of an attempt whose record is the @len bytes at @offset of run->fd; @attempt may be freed then. It
 * is put into the run by oom_run_add_entry(), in the order of the calls. 0, -ENOMEM, or -E2BIG: more
 * machines than a run can have.
 */
int oom_run_describe(struct oom_run *run, const struct oom_attempt *attempt, uint64_t offset,
	uint32_t len, struct oom_entry *ret);
int oom_run_add_entry(struct oom_run *run, const struct oom_entry *entry);
struct oom_machine_rec *oom_run_add_machine(struct oom_run *run);
/* The least and the most of what the attempts on machine @id had; both -1 where none of them says. */
struct oom_extent oom_run_memory_bytes(const struct oom_run *run, const char *id);
struct oom_extent oom_run_cpus(const struct oom_run *run, const char *id);
/* Sets memory and processors of each machine to what all its attempts had; -1 where they differ. */
void oom_run_settle_machines(struct oom_run *run);
/* Of oom_run_describe(): takes an attempt on the machine of number @machine into account. 0 or -ENOMEM. */
int oom_run_note_shape(struct oom_run *run, uint32_t machine, const struct oom_attempt *attempt);

struct oom_workload_rec *oom_attempt_workload(const struct oom_attempt *attempt, const char *name);
struct oom_unit_rec *oom_attempt_unit(const struct oom_attempt *attempt, const char *name);
struct oom_source_rec *oom_attempt_source(const struct oom_attempt *attempt, const char *name);
/*
 * New element ("not observed") at the end; NULL without memory. The array may move: a pointer to an
 * earlier element is good until the next call only.
 */
struct oom_workload_rec *oom_attempt_add_workload(struct oom_attempt *attempt);
struct oom_unit_rec *oom_attempt_add_unit(struct oom_attempt *attempt);
struct oom_kill *oom_attempt_add_kill(struct oom_attempt *attempt);
struct oom_signal_rec *oom_attempt_add_signal(struct oom_attempt *attempt);
struct oom_source_rec *oom_attempt_add_source(struct oom_attempt *attempt);
struct oom_fault_rec *oom_attempt_add_fault(struct oom_attempt *attempt);
struct oom_precondition_rec *oom_attempt_add_precondition(struct oom_attempt *attempt);
struct oom_standstill_rec *oom_attempt_add_standstill(struct oom_attempt *attempt);
struct oom_expect_rec *oom_attempt_add_expect(struct oom_attempt *attempt);
/* A new empty dispute, without its sentence (lib/record/record.c): a JSON record holds both. */
struct oom_dispute_rec *oom_attempt_dispute_slot(struct oom_attempt *attempt);
/* Copies @dispute, and adds its sentence to attempt->disagreements; 0 or -ENOMEM. */
int oom_attempt_add_dispute(struct oom_attempt *attempt, const struct oom_dispute_rec *dispute);
/*
 * Compares the sources that tell the same thing, and adds a dispute for each contradiction: the kills
 * in the log with the units' memory.events.local, and who killed a workload with who sent it SIGKILL.
 * Call it once, when the record is complete and before it is judged. 0 or -ENOMEM.
 */
int oom_attempt_cross_check(struct oom_attempt *attempt);
/* Appends a copy of @text to @array: workload->evidence, attempt->disagreements, ->warnings, ->tags. */
int oom_attempt_add_text(
	struct oom_attempt *attempt, const char ***array, size_t *count, const char *text);
/* Appends to unit->events, ->events_local or ->pids_events; @name is copied. */
int oom_attempt_add_counter(struct oom_attempt *attempt, struct oom_counter **array, size_t *count,
	const char *name, int64_t value);
/* A counter of a list, -1 where it is not there. */
int64_t oom_counter_get(const struct oom_counter *counters, size_t count, const char *name);

/* The @i'th attempt: what is held of it; texts are never NULL. Of one that is held as a whole it is what the
 * record says now. */
struct oom_entry oom_run_entry(const struct oom_run *run, size_t i);
const char *oom_run_scenario(const struct oom_run *run, size_t i);
const char *oom_run_title(const struct oom_run *run, size_t i);
const char *oom_run_machine_id(const struct oom_run *run, size_t i);
/* Its record, read from the file where it is there: declare it oom_borrow. -EBADMSG: the file has changed. */
int oom_run_attempt(const struct oom_run *run, size_t i, const struct oom_attempt **ret);
void oom_attempt_return(const struct oom_attempt **attempt);
#define oom_borrow __attribute__((cleanup(oom_attempt_return), unused))

/* Of what makes two ends alike: the verdict, a panic, and of each workload how it ended and by whom. Sizes and
 * times, which always differ a little, do not count. */
uint64_t oom_attempt_end_hash(const struct oom_attempt *attempt);

/* Is it the kill, or the signal to, the workload's own process? By its pid where the record is too old to say. */
bool oom_kill_is_own(const struct oom_kill *kill, const struct oom_workload_rec *workload);
bool oom_signal_is_own(const struct oom_signal_rec *sent, const struct oom_workload_rec *workload);
const char *oom_verdict_name(enum oom_verdict verdict);
enum oom_verdict oom_verdict_from_name(const char *name); /* OOM_VERDICT_COUNT_: none */
const char *oom_end_name(enum oom_end end);
enum oom_end oom_end_from_name(const char *name); /* OOM_END_COUNT_: none */
const char *oom_source_state_name(enum oom_source_state state);
enum oom_source_state oom_source_state_from_name(const char *name); /* OOM_SOURCE_COUNT_: none */
/* The worse of two: broken > fail > inconclusive > known > pass; skipped only with skipped. */
enum oom_verdict oom_verdict_worse(enum oom_verdict a, enum oom_verdict b);
/*
 * "killed by kernel-memcg at 198.4M", "killed by SIGTERM (from sh, pid 123) at 64M", "exited 0", "survived": what
 * became of a workload of @attempt (NULL: who sent a signal is not asked). The sender's name is as untrusted as
 * the record. @buf is returned, here and below.
 */
const char *oom_workload_fate(const struct oom_attempt *attempt,
	const struct oom_workload_rec *workload, char *buf, size_t size);
/* For a sentence: "SIGTERM", "SIGRTMIN+1", "signal 99", "a signal" */
const char *oom_signal_words(int64_t number, char buf[static OOM_SIGNAL_NAME_MAX]);
/* Who killed it: "kernel-memcg", "SIGTERM (from sh, pid 123, /usr/bin/dash in box.scope)", "earlyoom (SIGTERM, pid
 * 9)"; @brief: "SIGTERM from sh", "earlyoom". */
const char *oom_workload_killer(const struct oom_attempt *attempt,
	const struct oom_workload_rec *workload, bool brief, char *buf, size_t size);
/* The process that sent the signal that ended it, or that asked it to end; NULL: no source tells, or it was the
 * kernel. */
const struct oom_signal_rec *oom_workload_sender(
	const struct oom_attempt *attempt, const struct oom_workload_rec *workload);

/*
 * JSON: one attempt is one element of "results" in oomgate.run/2 and one line of attempts.jsonl.
 *
 * _to_json returns a new reference, NULL without memory. -1 and NULL are null; text that is no UTF-8
 * (a process may call itself anything) has its bytes from 0x80 on as \xNN. _from_json passes over
 * fields it does not know, takes a missing field as null, and says -EBADMSG with the field's name in
 * @err where one has the wrong type. Order is kept, of objects' keys too.
 */
struct json_t *oom_attempt_to_json(const struct oom_attempt *attempt);
int oom_attempt_from_json(const struct json_t *json, struct oom_err *err, struct oom_attempt **ret);
struct json_t *oom_machine_to_json(const struct oom_machine_rec *machine);
int oom_machine_from_json(
	struct oom_arena *arena, const struct json_t *json, struct oom_machine_rec *ret);

/*
 * A record in a file is read one attempt at a time. What one may have, twice of what a guest may send: bytes,
 * JSON values, depth, bytes in one text.
 */
#define OOM_RECORD_BYTES_MAX  ((size_t)32 << 20)
#define OOM_RECORD_VALUES_MAX 524288
#define OOM_RECORD_DEPTH_MAX  64
#define OOM_RECORD_TEXT_MAX   ((size_t)4 << 20)

/* Is what was counted within these? -EMSGSIZE and a sentence where it is not. */
int oom_record_check_size(const struct oom_json_scan *scan, size_t bytes, struct oom_err *err);
/* One attempt's text. -EBADMSG, -EMSGSIZE as above. */
int oom_attempt_parse(const char *text, size_t len, struct oom_err *err, struct oom_attempt **ret);

/*
 * Writes run.json in pieces: @put takes them and returns 0 or -errno, which ends it. @indent: blanks for each
 * depth, from 1; @ascii: everything else as \u escapes. 0, -ENOMEM, or why an attempt could not be read.
 */
int oom_run_write_json(const struct oom_run *run, unsigned indent, bool ascii,
	int (*put)(void *data, const char *text, size_t len), void *data);

/*
 * Reads a record from @fd, a regular file, and keeps it for the attempts (not on failure). Only entries are
 * held; each attempt is read once to see that it is one. -EBADMSG: no JSON, another schema, an attempt that is
 * none or larger than above; @err says which and where.
 */
int oom_run_read(int fd, struct oom_err *err, struct oom_run **ret);
/*
 * The same of a stream, which may have no end: what is read of it is kept in @fd, an empty file, and no more is read
 * than is a record so far. -EFBIG beyond 4 GiB. @from stays the caller's; -1: as oom_run_read().
 */
int oom_run_read_stream(int from, int fd, struct oom_err *err, struct oom_run **ret);
/* A run's folder: reads DIR/run.json. -ENOENT, -EBADMSG and so on. */
int oom_run_load(const char *dir, struct oom_err *err, struct oom_run **ret);
/* As oom_run_load(), of a record whatever its file is called; a pipe's is kept in a temporary file, a device has
 * none (-EINVAL). */
int oom_run_load_file(const char *path, struct oom_err *err, struct oom_run **ret);

#endif
