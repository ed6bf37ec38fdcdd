// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/record/record.h"

#include "lib/record/input.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A new member of a record needs a row in lib/record_json*.c and a value in full_attempt(). */
_Static_assert(sizeof(struct oom_workload_rec) == 23 * 8, "see above");
_Static_assert(sizeof(struct oom_unit_rec) == 17 * 8, "see above");
_Static_assert(sizeof(struct oom_source_rec) == 5 * 8, "see above");
_Static_assert(sizeof(struct oom_signal_rec) == 16 * 8, "see above");
_Static_assert(sizeof(struct oom_dispute_rec) == 6 * 8, "see above");
_Static_assert(sizeof(struct oom_fault_rec) == 7 * 8, "see above");
_Static_assert(sizeof(struct oom_precondition_rec) == 7 * 8, "see above");
_Static_assert(sizeof(struct oom_expect_rec) == 7 * 8, "see above");
_Static_assert(sizeof(struct oom_machine_rec) == 9 * 8, "see above");

static void fill_workload(struct oom_attempt *attempt)
{
	struct oom_workload_rec *workload = oom_attempt_add_workload(attempt);

	workload->name = "hog";
	workload->type = "anon";
	workload->scope = "box";
	workload->pid = 41;
	workload->end = OOM_END_SIGNALLED;
	workload->exit_code = 137;
	workload->signal = 9;
	workload->killed_by = OOM_KILLER_KERNEL_MEMCG;
	workload->own_killer = OOM_KILLER_SIGNAL;
	workload->asked_signal = 15;
	workload->descendants_killed = 3;
	workload->descendants_killer = OOM_KILLER_KERNEL_GLOBAL;
	workload->errno_value = 12;
	workload->reached_bytes = 208000000;
	workload->start_us = 10;
	workload->end_us = 2000000;
	workload->kill_latency_us = 1500;
	workload->latency_p99_us = 3000;
	workload->ops = 7;
	workload->kills = 2;
	workload->line = 7;
	workload->ended_by_harness = true;
	oom_attempt_add_text(attempt, &workload->evidence, &workload->n_evidence, "exit 137");
	oom_attempt_add_text(attempt, &workload->evidence, &workload->n_evidence, "kmsg line 5");
}

static void fill_unit(struct oom_attempt *attempt)
{
	struct oom_unit_rec *unit = oom_attempt_add_unit(attempt);

	unit->name = "box";
	unit->kind = "scope";
	unit->unit = "oomgate-3f2a-box.scope";
	unit->cgroup = "/system.slice/oomgate-3f2a-box.scope";
	unit->result = "oom-kill";
	unit->active_state = "active";
	unit->memory_max_bytes = 209715200;
	unit->memory_peak_bytes = 209715201;
	unit->pressure_full_us = 5;
	oom_attempt_add_counter(attempt, &unit->events, &unit->n_events, "oom", 3);
	oom_attempt_add_counter(attempt, &unit->events, &unit->n_events, "max", 2);
	oom_attempt_add_counter(attempt, &unit->events_local, &unit->n_events_local, "oom", 1);
	oom_attempt_add_counter(attempt, &unit->events_parent, &unit->n_events_parent, "oom", 4);
	oom_attempt_add_counter(attempt, &unit->pids_events, &unit->n_pids_events, "max", 9);
}

static void fill_evidence(struct oom_attempt *attempt)
{
	struct oom_kill *kill = oom_attempt_add_kill(attempt);
	struct oom_signal_rec *signal = oom_attempt_add_signal(attempt);
	struct oom_source_rec *source = oom_attempt_add_source(attempt);
	struct oom_dispute_rec dispute = {
		"hog", "killer", "kmsg", "kernel-memcg", "wait", "nobody"};

	kill->workload = "hog";
	kill->killer = OOM_KILLER_KERNEL_MEMCG;
	kill->victim.pid = 41;
	kill->victim.comm = "hog";
	kill->kin = OOM_KIN_OWN;
	kill->victim_start_us = 5000;
	*signal = (struct oom_signal_rec){
		.time_us = 12,
		.sender_pid = 1,
		.target_pid = 41,
		.signal = 9,
		.code = 128,
		.result = 2,
		.sender_comm = "systemd",
		.target_comm = "hog",
		.sender_exe = "/usr/lib/systemd/systemd",
		.sender_unit = "init.scope",
		.sender_in = "box",
		.sender_workload = "hog",
		.target_workload = "hog",
		.target_unit = "box",
		.target_kin = OOM_KIN_OWN,
		.ended = true,
		.killer = OOM_KILLER_SYSTEMD,
	};
	source->name = "kmsg";
	source->state = OOM_SOURCE_LOST;
	source->records = 55;
	source->lost = 812;
	source->note = "between 3 and 816";
	cr_assert_eq(oom_attempt_add_dispute(attempt, &dispute), 0);
}

static void fill_preconditions(struct oom_attempt *attempt)
{
	*oom_attempt_add_fault(attempt) = (struct oom_fault_rec){
		"push", "reclaim", "hog reached 100M", 1234567, 11, true, 12};
	*oom_attempt_add_standstill(attempt) =
		(struct oom_standstill_rec){1400000, 5200000, 5100000, "QEMU was stopped"};
	*oom_attempt_add_precondition(attempt) = (struct oom_precondition_rec){"push", "When",
		"hog reached 100M", 1234560, true, OOM_PASS, "fault 'push' was refused", 14};
}

static struct oom_attempt *full_attempt(void)
{
	struct oom_attempt *attempt = oom_attempt_new();
	struct oom_expect_rec *expect = oom_attempt_add_expect(attempt);

	attempt->scenario = "memcg/over-cap";
	attempt->scenario_file = "scenarios/memcg/over-cap.scenario";
	attempt->title = "a hog in a scope";
	attempt->machine = "debian:bookworm";
	oom_attempt_add_text(attempt, &attempt->tags, &attempt->n_tags, "memcg");
	oom_attempt_add_input(attempt, "scenario", "0123");
	oom_attempt_add_input(attempt, "seed", "7");
	attempt->hindrance = "no such program";
	attempt->hindrance_skips = true;
	attempt->attempt = 2;
	attempt->verdict = OOM_KNOWN;
	attempt->reason = "known issue";
	fill_workload(attempt);
	fill_unit(attempt);
	fill_evidence(attempt);
	fill_preconditions(attempt);
	attempt->oom_kills = 1;
	oom_attempt_add_text(attempt, &attempt->warnings, &attempt->n_warnings, "WARNING: x");
	attempt->panicked = attempt->fork_rejected = true;
	attempt->start_realtime_us = 1800000000000000;
	attempt->kill_latency_us = 1500;
	attempt->machine_us = 160000;
	attempt->qemu_us = 20000;
	attempt->restore_us = 90000;
	attempt->wake_us = 50000;
	attempt->report_us = 3000;
	attempt->end_us = 4000;
	attempt->own_bytes = 90 << 20;
	attempt->harness_rss_bytes = 5 << 20;
	attempt->known_on = 1;
	attempt->memory_bytes = 512 << 20;
	attempt->cpus = 2;
	attempt->duration_us = 2500000;
	attempt->setup_us = 40000;
	attempt->evidence_dir = "debian:bookworm/memcg/over-cap/2";
	attempt->samples = "debian:bookworm/memcg/over-cap/2/samples";
	*expect = (struct oom_expect_rec){
		"hog", "ExitCode", "137", "0", OOM_FAIL, "because of a reason", 31};
	return attempt;
}

/* The path of a null in @json, kills aside (what a log does not say is null there); "" when none.
 */
static const char *find_null(const json_t *json)
{
	const char *key, *found = "";
	json_t *value;
	size_t i;

	json_object_foreach ((json_t *)json, key, value) {
		if (json_is_null(value))
			return key;
		if (strcmp(key, "kills") && !*found)
			found = find_null(value);
	}
	json_array_foreach (json, i, value) {
		if (json_is_null(value))
			return "an array's element";
		if (!*found)
			found = find_null(value);
	}
	return found;
}

/* Members of each object: as many as the struct behind it has, a workload's and unit's name aside.
 */
static void expect_members(const json_t *json)
{
	static const struct {
		const char *list;
		size_t members;
	} rows[] = {{"workloads", 22}, {"units", 12}, {"signals", 17}, {"sources", 5},
		{"disputes", 6}, {"faults", 7}, {"standstills", 4}, {"preconditions", 8},
		{"expectations", 7}, {"timing", 12}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		json_t *list = json_object_get(json, rows[i].list), *item = list;

		if (json_is_array(list))
			item = json_array_get(list, 0);
		else if (strcmp(rows[i].list, "timing"))
			item = json_object_iter_value(json_object_iter(list));
		cr_expect_eq(json_object_size(item), rows[i].members, "%s", rows[i].list);
	}
	cr_expect_eq(json_object_size(json), 7 + 4 + 9 + 1 + 11, "a result");
}

static json_t *through_text(json_t *json_taken)
{
	char *text = json_dumps(json_taken, 0);
	json_t *copy = json_loads(text, 0, NULL);

	cr_assert_not_null(copy);
	free(text);
	json_decref(json_taken);
	return copy;
}

Test(record, a_round_trip_loses_nothing)
{
	struct oom_attempt *attempt = full_attempt(), *copy = NULL;
	json_t *json = through_text(oom_attempt_to_json(attempt)), *again;
	struct oom_err err = {0};

	cr_assert_str_eq(find_null(json), "");
	expect_members(json);
	cr_assert_eq(oom_attempt_from_json(json, &err, &copy), 0, "%s", err.msg);
	again = oom_attempt_to_json(copy);
	cr_assert(json_equal(json, again));
	cr_expect_eq(copy->verdict, OOM_KNOWN);
	cr_expect_eq(copy->workloads[0].end, OOM_END_SIGNALLED);
	cr_expect_eq(copy->workloads[0].killed_by, OOM_KILLER_KERNEL_MEMCG);
	cr_expect_str_eq(copy->workloads[0].evidence[1], "kmsg line 5");
	cr_expect_str_eq(copy->units[0].events[0].name, "oom", "the order is kept");
	cr_expect_eq(oom_counter_get(copy->units[0].events, copy->units[0].n_events, "max"), 2);
	cr_expect_eq(oom_counter_get(copy->units[0].events, copy->units[0].n_events, "ma"), -1);
	cr_expect_str_eq(copy->kills[0].workload, "hog");
	cr_expect_str_eq(copy->kills[0].kin, OOM_KIN_OWN);
	cr_expect_eq(copy->workloads[0].own_killer, OOM_KILLER_SIGNAL);
	cr_expect_eq(copy->workloads[0].descendants_killer, OOM_KILLER_KERNEL_GLOBAL);
	cr_expect_eq(copy->signals[0].killer, OOM_KILLER_SYSTEMD);
	cr_expect_eq(copy->sources[0].state, OOM_SOURCE_LOST);
	cr_expect_eq(copy->n_disagreements, 1);
	cr_expect_str_eq(
		copy->disagreements[0], "hog, killer: kmsg says kernel-memcg, wait says nobody");
	cr_expect(copy->panicked && copy->fork_rejected);
	json_decref(json);
	json_decref(again);
	oom_attempt_free(attempt);
	oom_attempt_free(copy);
}

Test(record, names_of_the_design)
{
	struct oom_attempt *attempt = full_attempt();
	json_t *json = oom_attempt_to_json(attempt);
	const char *text;
	json_int_t max, start;

	cr_assert_eq(json_unpack(json, "{s:{s:{s:s, s:I}}}", "units", "box", "result", &text,
			     "memory_peak", &max),
		0);
	cr_assert_eq(json_unpack(json, "{s:{s:{s:{s:I}}}}", "units", "box", "memory_events", "max",
			     &max),
		0);
	cr_expect_eq(max, 2);
	cr_assert_eq(json_unpack(json, "{s:{s:{s:I, s:I, s:s, s:I, s:[s,s]}}}", "workloads", "hog",
			     "exit_code", &max, "signal", &max, "killed_by", &text, "reached_bytes",
			     &max, "evidence", &text, &text),
		0);
	cr_assert_eq(
		json_unpack(json, "{s:[{s:s, s:s, s:s, s:s, s:s}]}", "expectations", "subject",
			&text, "key", &text, "wanted", &text, "observed", &text, "verdict", &text),
		0);
	cr_expect_str_eq(text, "fail");
	cr_assert_eq(json_unpack(json, "{s:{s:I, s:I, s:I}, s:s, s:I, s:s, s:s, s:s}", "timing",
			     "start_us", &start, "kill_latency_us", &max, "duration_us", &max,
			     "samples", &text, "attempt", &max, "scenario", &text, "machine", &text,
			     "reason", &text),
		0);
	cr_expect_eq(start, 1800000000000000);
	json_decref(json);
	oom_attempt_free(attempt);
}

/* ---- a run ---- */
static struct oom_run *full_run(void)
{
	struct oom_run *run = oom_run_new();

	*oom_run_add_machine(run) = (struct oom_machine_rec){
		"debian:bookworm", "6.1.0", "252", "tcg", "conf", "scope", "7.2", 512 << 20, 2};
	cr_assert_eq(oom_run_add_attempt(run, full_attempt()), 0);
	cr_assert_eq(oom_run_add_attempt(run, full_attempt()), 0);
	run->entries[1].attempt->verdict = OOM_PASS;
	run->start_realtime_us = 5;
	run->duration_us = 6;
	run->version = "0.1.0";
	run->host_kernel = "6.1.0 #1 SMP";
	run->host_cpu = "A processor";
	run->seed = 42;
	run->planned = 9;
	run->interrupted = true;
	return run;
}

static int put_to(void *data, const char *text, size_t len)
{
	return fwrite(text, 1, len, data) == len ? 0 : -EIO;
}

static json_t *run_as_json(const struct oom_run *run)
{
	char *text = NULL;
	size_t len;
	FILE *file = open_memstream(&text, &len);
	json_t *json;

	cr_assert_eq(oom_run_write_json(run, 1, false, put_to, file), 0);
	fclose(file);
	json = json_loads(text, 0, NULL);
	cr_assert_not_null(json, "%s", text);
	free(text);
	return json;
}

Test(record, a_run_comes_back_from_its_folder)
{
	char dir[] = "/tmp/oomgate-test-XXXXXX", path[64];
	struct oom_run *run = full_run(), *copy = NULL;
	json_t *json = run_as_json(run), *again;
	struct oom_err err = {0};

	cr_assert(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/run.json", dir);
	cr_assert_eq(json_dump_file(json, path, 0), 0);
	cr_assert_eq(oom_run_load(dir, &err, &copy), 0, "%s", err.msg);
	again = run_as_json(copy);
	cr_expect(json_equal(json, again));
	cr_expect_str_eq(find_null(json), "");
	cr_expect_str_eq(copy->machines[0].backend, "scope");
	cr_expect_eq(json_object_size(json_array_get(json_object_get(json, "machines"), 0)), 9);
	cr_expect_eq(json_object_size(json), 1 + 8 + 3);
	cr_expect_eq(json_integer_value(json_object_get(json, "planned")), 9);
	cr_expect_eq(
		json_integer_value(json_object_get(json_object_get(json, "summary"), "pass")), 1);
	cr_expect_eq(
		json_integer_value(json_object_get(json_object_get(json, "summary"), "known")), 1);
	cr_expect_eq(
		json_integer_value(json_object_get(json_object_get(json, "summary"), "fail")), 0);
	unlink(path);
	rmdir(dir);
	json_decref(json);
	json_decref(again);
	oom_run_free(run);
	oom_run_free(copy);
}

Test(record, finds_by_whole_name)
{
	struct oom_attempt *attempt = full_attempt();

	oom_attempt_add_workload(attempt); /* nameless */
	cr_expect_eq(oom_attempt_workload(attempt, "hog"), &attempt->workloads[0]);
	cr_expect_null(oom_attempt_workload(attempt, "ho"));
	cr_expect_null(oom_attempt_workload(attempt, NULL));
	cr_expect_eq(oom_attempt_unit(attempt, "box"), &attempt->units[0]);
	cr_expect_eq(oom_attempt_source(attempt, "kmsg"), &attempt->sources[0]);
	cr_expect_null(oom_attempt_source(attempt, "kmsgs"));
	oom_attempt_free(attempt);
}
