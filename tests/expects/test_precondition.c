// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a scenario relies on: each rule where it must hold and where it must not. */
#include "harness/campaign/schema.h"
#include "harness/expects/expect.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

enum { MIB = 1 << 20 };

#define HOG  "[Scope box]\nMemoryMax=200M\n[Workload hog]\nType=anon\nSize=40M\n"
#define LATE "[Workload late]\nType=anon\nSize=1M\nStart="
#define BANG "[Fault bang]\nWorkload=hog\nType=signal\n"
#define PUSH "[Fault push]\nType=reclaim\nSize=1M\nAt=1s\n"
#define OK   "[Expect hog]\nReached=0..\n" /* holds of every record below */

/* How "hog" ended. */
struct hog {
	enum oom_end end;
	enum oom_killer killed_by;
	int64_t reached_mib, kills;
};
static const struct hog exited = {OOM_END_EXITED, OOM_KILLER_NOBODY, 40, 0},
			killed = {OOM_END_SIGNALLED, OOM_KILLER_KERNEL_MEMCG, 40, 1},
			by_daemon = {OOM_END_SIGNALLED, OOM_KILLER_SYSTEMD_OOMD, 40, 0},
			by_signal = {OOM_END_SIGNALLED, OOM_KILLER_SIGNAL, 40, 0},
			by_unknown = {OOM_END_SIGNALLED, OOM_KILLER_UNKNOWN, 40, 0},
			child_killed = {OOM_END_EXITED, OOM_KILLER_KERNEL_GLOBAL, 0, 1},
			survived = {OOM_END_SURVIVED, OOM_KILLER_NOBODY, 40, 0},
			stuck = {OOM_END_STUCK, OOM_KILLER_NOBODY, 40, 0};

static const struct row {
	const char *text;
	const struct hog *hog;
	int64_t came_us; /* of every precondition of the file; -1: never */
	int64_t errno_value; /* of every fault that came; -1: still under way */
	enum oom_verdict verdict;
	const char *reason; /* a part of it */
} rows[] = {
	/* a fault that never fired */
	{HOG BANG "When=hog reached 40M\n" OK, &exited, 5, 0, OOM_PASS, ""},
	{HOG BANG "When=hog reached 100M\n" OK, &exited, -1, 0, OOM_BROKEN,
		"fault 'bang' never fired: 'hog' reached 40M and not 100M (exited 0)"},
	{HOG BANG "When=hog reached 50%\n" OK, &exited, -1, 0, OOM_BROKEN,
		"'hog' reached 40M and not 100M"},
	{HOG BANG "When=hog reached 100M\nOptional=yes\n" OK, &exited, -1, 0, OOM_PASS, ""},
	{HOG BANG "When=hog killed\n" OK, &exited, -1, 0, OOM_BROKEN,
		"fault 'bang' never fired: 'hog' was not killed (exited 0)"},
	{HOG BANG "When=hog killed\n" OK, &killed, -1, 0, OOM_BROKEN,
		"fault 'bang' never fired: 'hog' was killed only when the run was over"},
	{HOG BANG "When=hog ended\n" OK, &survived, -1, 0, OOM_BROKEN,
		"fault 'bang' never fired: 'hog' had not ended (survived)"},
	{HOG BANG "At=2s\n" OK, &exited, -1, 0, OOM_BROKEN,
		"fault 'bang' never fired: the run was over before its time, 2s"},
	/* whose subject was killed: that is a finding; never where a hand, or the harness, did it */
	{HOG BANG "When=hog reached 100M\n" OK, &killed, -1, 0, OOM_FAIL,
		"'hog' reached 40M and not 100M (killed by kernel-memcg at 40M)"},
	{HOG BANG "When=hog reached 100M\nOptional=yes\n" OK, &killed, -1, 0, OOM_PASS, ""},
	{HOG BANG "When=hog reached 100M\n" OK, &by_daemon, -1, 0, OOM_FAIL, "systemd-oomd"},
	{HOG BANG "When=hog reached 100M\n" OK, &child_killed, -1, 0, OOM_FAIL, "kernel-global"},
	{HOG BANG "When=hog reached 100M\n" OK, &by_signal, -1, 0, OOM_BROKEN, "never fired"},
	{HOG BANG "When=hog reached 100M\n" OK, &by_unknown, -1, 0, OOM_INCONCLUSIVE,
		"never fired"},
	/* a fault that fired and was refused */
	{HOG PUSH OK, &survived, 5, 0, OOM_PASS, ""},
	{HOG PUSH OK, &survived, 5, EAGAIN, OOM_BROKEN,
		"fault 'push' was refused: EAGAIN (Resource temporarily unavailable)"},
	{HOG PUSH "Optional=yes\n" OK, &survived, 5, EAGAIN, OOM_PASS, ""},
	{HOG PUSH "Errno=EAGAIN\n" OK, &survived, 5, EAGAIN, OOM_PASS, ""},
	{HOG PUSH "Errno=EAGAIN\n" OK, &survived, 5, EBUSY, OOM_BROKEN,
		"fault 'push' was refused: EBUSY"},
	{HOG PUSH "Errno=EAGAIN\n" OK, &survived, 5, 0, OOM_BROKEN,
		"fault 'push' was done, and not refused with EAGAIN"},
	{HOG PUSH "Errno=none|EAGAIN\n" OK, &survived, 5, 0, OOM_PASS, ""},
	{HOG PUSH "Errno=none|EAGAIN\n" OK, &survived, 5, EAGAIN, OOM_PASS, ""},
	{HOG PUSH OK, &survived, 5, 4095, OOM_BROKEN, "was refused: error 4095"},
	{HOG PUSH OK, &survived, 5, -1, OOM_BROKEN,
		"fault 'push' was still under way when the run was over"},
	/* one that met nobody */
	{HOG BANG "At=2s\n" OK, &exited, 5, ESRCH, OOM_BROKEN,
		"fault 'bang' met no process: 'hog' exited 0"},
	{HOG BANG "At=2s\n" OK, &killed, 5, ESRCH, OOM_FAIL,
		"fault 'bang' met no process: 'hog' killed by kernel-memcg at 40M"},
	{HOG BANG "At=2s\nErrno=ESRCH\n" OK, &killed, 5, ESRCH, OOM_PASS, ""},
	{HOG "[Fault off]\nType=cgroup-kill\nAt=2s\n" OK, &exited, 5, ESRCH, OOM_BROKEN,
		"fault 'off' met no process: the scope was empty, 'hog' exited 0"},
	{HOG "[Fault off]\nType=cgroup-kill\nAt=2s\nScope=box\n" OK, &killed, 5, ESRCH, OOM_FAIL,
		"fault 'off' met no process: scope 'box' was empty, 'hog' killed by kernel-memcg"},
	/* Until= */
	{"[Scenario]\nUntil=hog killed\n" HOG OK, &killed, 5, 0, OOM_PASS, ""},
	{"[Scenario]\nUntil=hog killed\n" HOG OK, &survived, -1, 0, OOM_BROKEN,
		"Until=hog killed never came: 'hog' was not killed (survived)"},
	{"[Scenario]\nUntil=hog killed\nUntilOptional=yes\n" HOG OK, &survived, -1, 0, OOM_PASS,
		""},
	{"[Scenario]\nUntil=hog reached 65M\n" HOG OK, &killed, -1, 0, OOM_FAIL,
		"Until=hog reached 65M never came: 'hog' reached 40M"},
	/* Start=: nothing is said of who was not started */
	{HOG LATE "hog reached 100M\n" OK, &survived, -1, 0, OOM_BROKEN,
		"'late' was not started: 'hog' reached 40M and not 100M (survived)"},
	{HOG LATE "hog reached 100M\n[Expect late]\nSurvives=yes\n" OK, &survived, -1, 0,
		OOM_BROKEN, "'late' was not started: 'hog' reached 40M"},
	{HOG LATE "hog reached 100M\n[Expect late]\nSurvives=yes\n" OK, &killed, -1, 0, OOM_FAIL,
		"'late' was not started: 'hog' reached 40M and not 100M (killed by kernel-memcg"},
	{HOG LATE "hog reached 40M\n[Expect late]\nSurvives=yes\n" OK, &killed, 5, 0, OOM_PASS, ""},
	{HOG LATE "hog reached 100M\nStartOptional=yes\n[Expect late]\nSurvives=yes\n" OK, &killed,
		-1, 0, OOM_PASS, ""},
	{HOG LATE "hog reached 100M\nStartOptional=yes\n[Expect late]\nSurvives=yes\n", &killed, -1,
		0, OOM_SKIPPED, "'late' was not started"},
	{HOG LATE "30s\n[Expect late]\nSurvives=yes\n" OK, &exited, -1, 0, OOM_BROKEN,
		"'late' was not started: the run was over before its time, 30s"},
	/* Started= asks for it */
	{HOG LATE "hog reached 100M\n[Expect late]\nStarted=no\n" OK, &killed, -1, 0, OOM_PASS, ""},
	{HOG LATE "hog reached 40M\n[Expect late]\nStarted=no\n" OK, &killed, 5, 0, OOM_FAIL,
		"late Started: wanted no, observed yes"},
	{HOG LATE "hog reached 40M\n[Expect late]\nStarted=yes\n" OK, &killed, 5, 0, OOM_PASS, ""},
	{HOG LATE "hog reached 100M\n[Expect late]\nStarted=yes\n" OK, &survived, -1, 0, OOM_FAIL,
		"late Started: wanted yes, observed no"},
	/* who waits for one that waits in vain: the root of it counts */
	{HOG LATE "hog reached 100M\n[Workload last]\nType=anon\nSize=1M\nStart=late ended\n" OK,
		&killed, -1, 0, OOM_FAIL, "'hog' reached 40M and not 100M (killed by kernel-memcg"},
	{HOG LATE "hog reached 100M\nStartOptional=yes\n"
		  "[Workload last]\nType=anon\nSize=1M\nStart=late ended\n" OK,
		&survived, -1, 0, OOM_BROKEN,
		"'last' was not started: 'late' had not ended (not started): 'hog' reached 40M"},
	/* what failed stays failed, stuck is a failure; a known one stays known */
	{HOG BANG "When=hog reached 100M\n[Expect hog]\nReached=1M\n", &exited, -1, 0, OOM_FAIL,
		"hog Reached: wanted 1M, observed 40M"},
	{HOG BANG "When=hog reached 100M\n" OK, &stuck, -1, 0, OOM_FAIL,
		"'hog' had not ended at the deadline"},
	{HOG BANG "When=hog reached 100M\n[Expect hog]\nSurvives=yes\n", &stuck, -1, 0, OOM_BROKEN,
		"never fired"},
	{"[Scenario]\nKnownIssue=x until 2100-01-01\n" HOG BANG "When=hog reached 100M\n" OK,
		&killed, -1, 0, OOM_KNOWN, "never fired"},
	{"[Scenario]\nKnownIssue=x until 2100-01-01\n" HOG BANG "When=hog reached 100M\n" OK,
		&exited, -1, 0, OOM_BROKEN, "never fired"},
};

static void workload_add(
	struct oom_attempt *attempt, const struct oom_section *section, const struct row *row)
{
	struct oom_workload_rec *w = oom_attempt_add_workload(attempt);
	bool is_hog = !strcmp(section->name, "hog");

	*w = (struct oom_workload_rec){.name = oom_arena_strdup(&attempt->arena, section->name),
		.type = "anon",
		.scope = "box",
		.pid = 40 + (int64_t)attempt->n_workloads,
		.start_us = 0,
		.reached_bytes = MIB,
		.killed_by = OOM_KILLER_NOBODY,
		.end = OOM_END_EXITED};
	if (!is_hog) {
		w->start_us = row->came_us;
		w->end = row->came_us < 0 ? OOM_END_NOT_STARTED : OOM_END_EXITED;
		return;
	}
	w->end = row->hog->end;
	w->killed_by = row->hog->killed_by;
	w->reached_bytes = row->hog->reached_mib * MIB;
	w->kills = row->hog->kills;
	w->own_killer = w->end == OOM_END_SIGNALLED ? w->killed_by : OOM_KILLER_NOBODY;
	w->descendants_killed = w->end == OOM_END_SIGNALLED ? 0 : w->kills;
	w->descendants_killer = w->descendants_killed ? w->killed_by : OOM_KILLER_NOBODY;
	w->signal = w->end == OOM_END_SIGNALLED ? 9 : 0;
}

/* As harness/attempt/preconditions.c makes them. */
static void precondition_add(struct oom_attempt *attempt, const struct oom_section *section,
	const char *key, const char *optional, const struct row *row)
{
	const struct oom_setting *setting = oom_section_get(section, key);
	struct oom_precondition_rec *p;

	if (!setting || setting->is_default)
		return;
	p = oom_attempt_add_precondition(attempt);
	p->subject = oom_arena_strdup(&attempt->arena, section->name);
	p->key = key;
	p->wanted = oom_arena_strdup(&attempt->arena, setting->value.text);
	p->came_us = row->came_us;
	p->optional = oom_section_bool(section, optional, false);
	if (section->kind == OOM_SEC_FAULT)
		*oom_attempt_add_fault(attempt) = (struct oom_fault_rec){.name = p->subject,
			.fired_us = row->came_us,
			.errno_value = row->came_us < 0 ? -1 : row->errno_value,
			.under_way = row->came_us >= 0 && row->errno_value < 0};
}

static struct oom_attempt *attempt_of(const struct oom_scenario *scenario, const struct row *row)
{
	struct oom_attempt *attempt = oom_attempt_new();
	struct oom_unit_rec *box = oom_attempt_add_unit(attempt);

	box->name = "box";
	box->memory_max_bytes = 200 * MIB;
	attempt->start_realtime_us = 1800000000000000;
	for (size_t i = 0; i < scenario->n_sections; i++) {
		const struct oom_section *s = &scenario->sections[i];

		if (s->kind == OOM_SEC_WORKLOAD)
			workload_add(attempt, s, row);
		precondition_add(attempt, s, "Start", "StartOptional", row);
		precondition_add(attempt, s, "Until", "UntilOptional", row);
		precondition_add(attempt, s, "When", "Optional", row);
		precondition_add(attempt, s, "At", "Optional", row);
	}
	return attempt;
}

Test(precondition, an_unmet_one_is_no_pass)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct oom_diags diags = {0};
		struct oom_scenario *scenario = NULL;
		struct oom_attempt *attempt;

		oom_scenario_parse(oom_schema(), "x", "x", rows[i].text, strlen(rows[i].text),
			&diags, &scenario);
		cr_assert(scenario, "row %zu: %s", i, diags.count ? diags.items[0].msg : "?");
		attempt = attempt_of(scenario, &rows[i]);
		cr_assert_eq(oom_expects_judge(scenario, 1 << 30, attempt), 0);
		cr_expect_eq(attempt->verdict, rows[i].verdict, "row %zu: %s (%s)", i,
			oom_verdict_name(attempt->verdict), attempt->reason);
		cr_expect(*rows[i].reason ? strstr(attempt->reason, rows[i].reason) != NULL
					  : !*attempt->reason,
			"row %zu: '%s'", i, attempt->reason);
		/* as often as it is asked */
		cr_assert_eq(oom_expects_judge(scenario, 1 << 30, attempt), 0);
		cr_expect_eq(attempt->verdict, rows[i].verdict, "row %zu: the second time", i);
		oom_attempt_free(attempt);
		oom_scenario_free(scenario);
		oom_diags_release(&diags);
	}
}
