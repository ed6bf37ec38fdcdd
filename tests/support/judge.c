// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/judge.h"

#include "harness/expects/expect.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

void judge_set_source(struct oom_attempt *attempt, const char *name, enum oom_source_state state,
	int64_t lost, const char *note)
{
	struct oom_source_rec *source = oom_attempt_source(attempt, name);

	if (!source)
		source = oom_attempt_add_source(attempt);
	source->name = name;
	source->state = state;
	source->lost = lost;
	source->note = note;
}

void judge_machine_counted(struct oom_attempt *attempt, int64_t kills)
{
	judge_set_source(attempt, "vmstat", OOM_SOURCE_OK, 0, NULL);
	oom_attempt_source(attempt, "vmstat")->records = kills;
}

struct oom_kill *judge_add_kill(struct oom_attempt *attempt, const char *workload, int64_t pid)
{
	struct oom_kill *kill = oom_attempt_add_kill(attempt);

	kill->line = 7; /* in the log */
	kill->killer = OOM_KILLER_KERNEL_MEMCG;
	kill->constraint = OOM_CONSTRAINT_MEMCG;
	kill->workload = workload;
	kill->victim.pid = pid;
	kill->victim.comm = workload ? "oomgate-workloa" : "sshd";
	kill->victim.anon_rss_kib = 198 * 1024;
	kill->victim.file_rss_kib = 2048;
	kill->victim.shmem_rss_kib = 0;
	kill->victim.oom_score_adj = 0;
	attempt->oom_kills = (int64_t)attempt->n_kills;
	return kill;
}

static void add_workloads(struct oom_attempt *attempt)
{
	struct oom_workload_rec *hog = oom_attempt_add_workload(attempt), *neighbour;

	hog->name = "hog";
	hog->type = "anon";
	hog->scope = "box";
	hog->pid = 41;
	hog->end = OOM_END_SIGNALLED;
	hog->exit_code = 137;
	hog->signal = 9;
	hog->killed_by = hog->own_killer = OOM_KILLER_KERNEL_MEMCG;
	hog->descendants_killer = OOM_KILLER_NOBODY;
	hog->descendants_killed = hog->asked_signal = 0;
	hog->errno_value = 0;
	hog->reached_bytes = 199 << 20;
	hog->start_us = 1000;
	hog->end_us = 2000000;
	hog->kill_latency_us = 1500;
	hog->kills = 1;
	hog->ops = 5;
	neighbour = oom_attempt_add_workload(attempt);
	neighbour->name = "neighbour";
	neighbour->type = "service";
	neighbour->scope = "box";
	neighbour->pid = 42;
	neighbour->end = OOM_END_SURVIVED;
	neighbour->signal = 0;
	neighbour->killed_by = neighbour->own_killer = OOM_KILLER_NOBODY;
	neighbour->descendants_killer = OOM_KILLER_NOBODY;
	neighbour->descendants_killed = neighbour->asked_signal = 0;
	neighbour->errno_value = 0;
	neighbour->latency_p99_us = 3000;
	neighbour->kills = 0;
}

static void add_box(struct oom_attempt *attempt)
{
	static const struct {
		const char *name;
		int64_t value;
	} counters[] = {{"low", 0}, {"high", 0}, {"max", 71}, {"oom", 1}, {"oom_kill", 1},
		{"oom_group_kill", 0}};
	struct oom_unit_rec *box = oom_attempt_add_unit(attempt);

	box->name = "box";
	box->kind = "scope";
	box->result = "oom-kill";
	box->active_state = "active";
	box->memory_max_bytes = 200 << 20;
	box->memory_peak_bytes = 200 << 20;
	box->pressure_full_us = 250000;
	for (size_t i = 0; i < sizeof(counters) / sizeof(*counters); i++) {
		oom_attempt_add_counter(
			attempt, &box->events, &box->n_events, counters[i].name, counters[i].value);
		oom_attempt_add_counter(attempt, &box->events_local, &box->n_events_local,
			counters[i].name, counters[i].value);
	}
	oom_attempt_add_counter(attempt, &box->events_parent, &box->n_events_parent, "oom_kill", 3);
	oom_attempt_add_counter(attempt, &box->pids_events, &box->n_pids_events, "max", 0);
}

struct oom_attempt *judge_sample(void)
{
	static const char *const sources[] = {"kmsg", "mark_victim", "signal_generate", "lineage",
		"memory.events", "wait", "systemd"};
	static const struct oom_task ranking[] = {
		{.pid = 41, .tgid = 41, .comm = "oomgate-workloa", .points = 50900},
		{.pid = 43, .tgid = 43, .comm = "bystander", .points = 900},
	};
	struct oom_attempt *attempt = oom_attempt_new();
	struct oom_kill *kill;

	attempt->scenario = "memcg/anon-over-cap";
	attempt->machine = "host";
	attempt->start_realtime_us = 1800000000000000; /* 2027-01-15 08:00 UTC */
	attempt->kill_latency_us = 1500;
	add_workloads(attempt);
	add_box(attempt);
	kill = judge_add_kill(attempt, "hog", 41);
	kill->ranking = kill->tasks = ranking;
	kill->n_ranking = kill->n_tasks = 2;
	for (size_t i = 0; i < sizeof(sources) / sizeof(*sources); i++)
		judge_set_source(attempt, sources[i], OOM_SOURCE_OK, 0, NULL);
	return attempt;
}

void judge_lose_kmsg(struct oom_attempt *attempt)
{
	judge_set_source(attempt, "kmsg", OOM_SOURCE_LOST, 812, "between 1200 and 2013");
}

void judge_without_mark(struct oom_attempt *attempt)
{
	judge_set_source(attempt, "mark_victim", OOM_SOURCE_ABSENT, -1, "no tracefs");
}

void judge_lose_all(struct oom_attempt *attempt)
{
	judge_lose_kmsg(attempt);
	judge_without_mark(attempt);
	judge_without_events(attempt);
}

void judge_without_kills(struct oom_attempt *attempt)
{
	attempt->n_kills = 0;
	attempt->oom_kills = 0;
}

void judge_without_events(struct oom_attempt *attempt)
{
	for (size_t i = 0; i < attempt->n_units; i++) {
		attempt->units[i].n_events = 0;
		attempt->units[i].n_events_local = 0;
		attempt->units[i].n_events_parent = 0;
		attempt->units[i].n_pids_events = 0;
	}
}

/* The key that @name is written for: itself, or the prefix it begins with. */
static const struct oom_key *key_named(const char *name)
{
	for (const struct oom_expect *const *expect = oom_expects; *expect; expect++) {
		const struct oom_key *key = &(*expect)->key;

		if (key->flags & OOM_KEY_PREFIX ? !strncmp(key->name, name, strlen(key->name))
						: !strcmp(key->name, name))
			return key;
	}
	cr_assert_fail("no expectation is called '%s'", name);
	return NULL;
}

enum { JUDGE_LINE = 12 }; /* of every key, in no file */

static struct oom_section *add_section(struct oom_scenario *scenario, enum oom_section_kind kind,
	const char *name, const struct oom_key *key, const char *key_name, const char *text)
{
	struct oom_section *section;
	struct oom_setting *setting = oom_arena_alloc(&scenario->arena, sizeof(*setting));
	struct oom_err err = {0};

	scenario->sections = oom_arena_grow(
		&scenario->arena, scenario->sections, scenario->n_sections, sizeof(*section));
	section = &scenario->sections[scenario->n_sections++];
	*section = (struct oom_section){
		.kind = kind, .name = name, .settings = setting, .n_settings = 1};
	setting->key = key;
	setting->name = key_name;
	setting->place.line = JUDGE_LINE;
	cr_assert_eq(oom_value_parse(&scenario->arena, key, text, &err, &setting->value), 0,
		"%s=%s: %s", key_name, text, err.msg);
	return section;
}

void judge_scenario_expect(struct oom_scenario *scenario, unsigned about, const char *subject,
	const char *key, const char *wanted)
{
	add_section(scenario, OOM_SEC_EXPECT, subject, key_named(key), key, wanted)->about = about;
}

void judge_scenario_known_issue(struct oom_scenario *scenario, const char *text)
{
	static const struct oom_key key = {"KnownIssue", OOM_T_STRING, NULL, "", 0, 0, NULL, 0};

	add_section(scenario, OOM_SEC_SCENARIO, "", &key, key.name, text);
}

void judge_scenario_known_on(struct oom_scenario *scenario, const char *needs)
{
	static const struct oom_key key = {"KnownOn", OOM_T_WORDS, NULL, ""};
	struct oom_section *section = &scenario->sections[scenario->n_sections - 1];
	struct oom_setting *settings = oom_arena_alloc(&scenario->arena, 2 * sizeof(*settings));

	settings[0] = section->settings[0];
	section->settings = settings;
	settings[section->n_settings++] = (struct oom_setting){
		.key = &key, .name = key.name, .value = {.type = OOM_T_WORDS, .text = needs}};
}

struct oom_scenario *judge_scenario(
	unsigned about, const char *subject, const char *key, const char *wanted)
{
	struct oom_scenario *scenario = calloc(1, sizeof(*scenario));

	judge_scenario_expect(scenario, about, subject, key, wanted);
	return scenario;
}

void judge_scenario_free(struct oom_scenario *scenario)
{
	oom_arena_release(&scenario->arena);
	free(scenario);
}

static void judge_row(const struct judge_row *row, size_t at)
{
	struct oom_attempt *attempt = judge_sample();
	const struct oom_expect_rec *rec;
	struct oom_scenario *scenario;
	unsigned about;
	char name[128];

	snprintf(name, sizeof(name), "row %zu: %s %s=%s", at, row->subject, row->key, row->wanted);
	for (size_t i = 0; i < 3 && row->change[i]; i++)
		row->change[i](attempt);
	about = !*row->subject				  ? OOM_ABOUT_RUN
		: oom_attempt_unit(attempt, row->subject) ? OOM_ABOUT_UNIT
							  : OOM_ABOUT_WORKLOAD;
	scenario = judge_scenario(about, row->subject, row->key, row->wanted);
	cr_assert_eq(oom_expects_judge(scenario, 1 << 30, attempt), 0, "%s", name);
	cr_assert_eq(attempt->n_expects, 1, "%s", name);
	rec = &attempt->expects[0];
	cr_expect(rec->verdict == row->verdict, "%s: %s instead of %s (%s, %s)", name,
		oom_verdict_name(rec->verdict), oom_verdict_name(row->verdict),
		rec->observed ? rec->observed : "-", rec->reason ? rec->reason : "-");
	cr_expect(row->observed ? rec->observed && !strcmp(rec->observed, row->observed)
				: !rec->observed,
		"%s: observed '%s'", name, rec->observed ? rec->observed : "-");
	cr_expect(row->reason ? rec->reason && strstr(rec->reason, row->reason) : !rec->reason,
		"%s: reason '%s'", name, rec->reason ? rec->reason : "-");
	cr_expect_eq(rec->line, JUDGE_LINE, "%s: its line", name);
	cr_expect(attempt->verdict == rec->verdict, "%s: the attempt's verdict", name);
	judge_scenario_free(scenario);
	oom_attempt_free(attempt);
}

void judge_rows(const struct judge_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		judge_row(&rows[i], i);
}
