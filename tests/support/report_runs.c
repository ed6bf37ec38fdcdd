// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/report_runs.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>

/* The little that a test wants to say of an attempt; the rest is filled in. */
struct row {
	const char *scenario, *title;
	enum oom_verdict verdict;
	const char *reason;
	int64_t duration_us;
	int64_t reached_bytes; /* of "hog", killed by kernel-memcg there; -1: it exited 0 */
	bool neighbour; /* and a bystander survived */
};

static void machine_add(
	struct oom_run *run, const char *id, const char *kernel, const char *systemd)
{
	struct oom_machine_rec *machine = oom_run_add_machine(run);

	cr_assert(machine);
	machine->id = id;
	machine->kernel = kernel;
	machine->systemd = systemd;
	machine->accel = "tcg";
	machine->backend = "scope";
	machine->memory_bytes = 512 << 20;
	machine->cpus = 2;
}

static struct oom_run *run_new(void)
{
	struct oom_run *run = oom_run_new();

	cr_assert(run);
	run->version = "0.1.0";
	run->start_realtime_us = 1767225600000000; /* 2026-01-01 00:00 UTC */
	run->duration_us = 72300000;
	run->seed = 42;
	return run;
}

static struct oom_workload_rec *workload_add(struct oom_attempt *attempt, const char *name,
	enum oom_end end, enum oom_killer killed_by, int64_t reached_bytes)
{
	struct oom_workload_rec *w = oom_attempt_add_workload(attempt);

	cr_assert(w);
	w->name = name;
	w->type = "anon";
	w->scope = "box";
	w->line = 4;
	w->pid = 1200 + (int64_t)attempt->n_workloads;
	w->end = end;
	w->killed_by = killed_by;
	w->own_killer = end == OOM_END_SIGNALLED ? killed_by : OOM_KILLER_NOBODY;
	w->descendants_killer = end == OOM_END_SIGNALLED ? OOM_KILLER_NOBODY : killed_by;
	w->asked_signal = w->descendants_killed = 0;
	w->reached_bytes = reached_bytes;
	w->start_us = 1000;
	w->end_us = end == OOM_END_SURVIVED ? -1 : 900000;
	if (end == OOM_END_SIGNALLED) {
		w->signal = 9;
		w->exit_code = 137;
	} else if (end == OOM_END_EXITED) {
		w->exit_code = 0;
	}
	return w;
}

static struct oom_expect_rec *expect_add(struct oom_attempt *attempt, const char *subject,
	const char *key, const char *wanted, const char *observed, enum oom_verdict verdict)
{
	struct oom_expect_rec *e = oom_attempt_add_expect(attempt);

	cr_assert(e);
	e->subject = subject;
	e->key = key;
	e->wanted = wanted;
	e->observed = observed;
	e->verdict = verdict;
	e->line = 10 + (int64_t)attempt->n_expects;
	return e;
}

static struct oom_attempt *attempt_add(
	struct oom_run *run, const char *machine, const struct row *row, int64_t number)
{
	struct oom_attempt *a = oom_attempt_new();

	cr_assert(a);
	cr_assert(!oom_run_add_attempt(run, a));
	a->machine = machine;
	a->scenario = row->scenario;
	a->scenario_file =
		oom_arena_printf(&a->arena, "scenarios/%s.scenario", row->scenario ?: "");
	a->title = row->title;
	a->attempt = number;
	a->verdict = row->verdict;
	a->reason = row->reason ? row->reason : "";
	a->start_realtime_us = run->start_realtime_us;
	a->duration_us = row->duration_us;
	a->setup_us = 120000;
	if (row->verdict == OOM_SKIPPED)
		return a;
	if (row->reached_bytes >= 0) {
		workload_add(
			a, "hog", OOM_END_SIGNALLED, OOM_KILLER_KERNEL_MEMCG, row->reached_bytes);
		a->oom_kills = 1;
		a->kill_latency_us = 400 + row->duration_us / 5000;
		expect_add(a, "", "OOMKills", "1", "1", OOM_PASS);
		expect_add(a, "hog", "KilledBy", "kernel-memcg", "kernel-memcg", OOM_PASS);
	} else {
		workload_add(a, "hog", OOM_END_EXITED, OOM_KILLER_NOBODY, 64 << 20);
		a->oom_kills = 0;
		expect_add(a, "hog", "ExitCode", "0", "0", OOM_PASS);
	}
	if (row->neighbour) {
		workload_add(a, "neighbour", OOM_END_SURVIVED, OOM_KILLER_NOBODY, 16 << 20);
		expect_add(a, "neighbour", "Survives", "yes", "yes", OOM_PASS);
	}
	return a;
}

struct oom_run *run_empty(void)
{
	struct oom_run *run = run_new();

	run->interrupted = true;
	return run;
}

struct oom_run *run_passing(void)
{
	static const char *const topics[] = {
		"allocation", "cow", "mmap", "tmpfs", "mlock", "memcg", "fork", "tutorial"};
	static const char *const names[] = {
		"over-cap", "ramp-by-rate", "high-only", "bystander-lives", "refused-by-rlimit"};
	struct oom_run *run = run_new();

	machine_add(run, "debian:bookworm", "6.1.0-28-cloud-amd64", "252");
	for (int i = 0; i < 40; i++) {
		struct row row = {
			.title = "A scenario of forty.",
			.verdict = OOM_PASS,
			.duration_us = 900000 + i * 37000,
			.reached_bytes = i % 5 == 2 || i % 5 == 4 ? -1 : 208000000 - i * 90000,
			.neighbour = i % 5 == 3,
		};
		struct oom_attempt *a = attempt_add(run, "debian:bookworm", &row, 1);

		a->scenario = oom_arena_printf(&a->arena, "%s/%s", topics[i / 5], names[i % 5]);
	}
	return run;
}

/* Faults of every fate, and what the scenario relied on. */
static void faults_fill(struct oom_attempt *a)
{
	static const struct oom_fault_rec faults[] = {
		{"bang", "signal", "hog reached 400M", -1, -1, false, 20},
		{"lower", "limit", "1s", 1000120, 0, false, 24},
		{"push", "reclaim", "hog reached 64M", 412000, 11, false, 28},
		{"off", "swapoff", "0", 15, -1, true, 32},
	};

	for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++)
		*oom_attempt_add_fault(a) = faults[i];
	*oom_attempt_add_precondition(a) = (struct oom_precondition_rec){"bang", "When",
		"hog reached 400M", -1, true, OOM_PASS,
		"fault 'bang' never fired: 'hog' reached 198.4M and not 400M", 22};
	*oom_attempt_add_precondition(a) = (struct oom_precondition_rec){
		"lower", "At", "1s", 1000120, false, OOM_PASS, NULL, 26};
	*oom_attempt_add_precondition(a) = (struct oom_precondition_rec){"push", "When",
		"hog reached 64M", 412000, false, OOM_BROKEN,
		"fault 'push' was refused: EAGAIN (Resource temporarily unavailable)", 30};
}

/* A fail with everything that can be said about an attempt. */
static void failure_fill(struct oom_attempt *a)
{
	struct oom_expect_rec *e;
	struct oom_kill *kill = oom_attempt_add_kill(a);
	struct oom_source_rec *source;

	faults_fill(a);
	*oom_attempt_add_standstill(a) =
		(struct oom_standstill_rec){1400000, 5200000, 5100000, "QEMU was stopped"};
	*oom_attempt_add_standstill(a) = (struct oom_standstill_rec){7000000, 620000, 0, NULL};
	a->workloads[0].kill_latency_us = 812;
	cr_assert(!oom_attempt_add_text(a, &a->workloads[0].evidence, &a->workloads[0].n_evidence,
		"wait status: signal 9"));
	cr_assert(!oom_attempt_add_text(a, &a->workloads[0].evidence, &a->workloads[0].n_evidence,
		"kmsg: Killed process 1201 (oomgate-workloa)"));
	a->workloads[1].end = OOM_END_SIGNALLED;
	a->workloads[1].killed_by = OOM_KILLER_SIGNAL;
	a->workloads[1].signal = 15;
	a->workloads[1].exit_code = 143;
	*oom_attempt_add_signal(a) = (struct oom_signal_rec){.time_us = 899000,
		.sender_pid = 77,
		.target_pid = a->workloads[1].pid,
		.signal = 15,
		.sender_comm = "bash",
		.target_comm = "neighbour"};
	a->expects[2].observed = "no";
	a->expects[2].verdict = OOM_FAIL;
	e = expect_add(a, "neighbour", "ExitCode", "0|137", "143", OOM_FAIL);
	e->reason = "sent by systemd (pid 1)";
	e = expect_add(a, "box", "Event.oom_kill", "1", NULL, OOM_INCONCLUSIVE);
	e->reason = "memory.events was not read";
	kill->killer = OOM_KILLER_KERNEL_MEMCG;
	kill->victim.pid = 1201;
	kill->victim.comm = "oomgate-workloa";
	kill->victim.anon_rss_kib = 203100;
	kill->victim.oom_score_adj = 0;
	kill->oom_memcg = "/oomgate.slice/oomgate-3f2a-box.scope";
	source = oom_attempt_add_source(a);
	source->name = "memory.events";
	source->state = OOM_SOURCE_LOST;
	source->records = 3;
	source->lost = 1;
	source->note = "the scope was gone before it was read";
	source = oom_attempt_add_source(a);
	source->name = "signal_generate";
	source->note = "no tracefs";
	cr_assert(!oom_attempt_add_text(a, &a->disagreements, &a->n_disagreements,
		"kmsg says 1 kill, memory.events says 2"));
	cr_assert(!oom_attempt_add_text(a, &a->warnings, &a->n_warnings,
		"WARNING: CPU: 0 PID: 1201 at mm/page_counter.c:56"));
	a->evidence_dir = "debian:bookworm/memcg/neighbour-dies/1";
}

struct oom_run *run_verdicts(void)
{
	static const struct row rows[] = {
		{"allocation/anon-over-cap", "A hog over its cap is killed.", OOM_PASS, NULL,
			1300000, 208042000, true},
		{"memcg/neighbour-dies", "The neighbour survives.", OOM_FAIL,
			"neighbour: Survives wanted yes, observed no", 2100000, 208042000, true},
		{"memcg/no-scope", "A scope that cannot be made.", OOM_BROKEN,
			"cannot start 'box': MemoryMax= refused", 40000, -1, false},
		{"swap/in-use", "Swap delays the kill.", OOM_SKIPPED, "needs swap: none here", 0,
			-1, false},
		{"memcg/log-storm", "A storm of records.", OOM_INCONCLUSIVE,
			"kmsg lost 312 records", 5000000, 208042000, false},
		{"cow/children", "Known to fail.", OOM_KNOWN, "known until 2027-01-01: see bug 7",
			1500000, 208042000, false},
		{"alone", "A scenario without a folder.", OOM_PASS, NULL, 61000000, -1, false},
	};
	struct oom_run *run = run_new();

	machine_add(run, "debian:bookworm", "6.1.0-28-cloud-amd64", "252");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		attempt_add(run, "debian:bookworm", &rows[i], 1);
	failure_fill(run->entries[1].attempt);
	run->entries[2].attempt->n_workloads = run->entries[2].attempt->n_expects = 0;
	run->entries[5].attempt->expects[1].verdict = OOM_FAIL;
	run->entries[5].attempt->expects[1].observed = "earlyoom";
	cr_assert(!oom_attempt_add_text(run->entries[6].attempt, &run->entries[6].attempt->warnings,
		&run->entries[6].attempt->n_warnings, "BUG: soft lockup - CPU#1 stuck for 22s!"));
	return run;
}

struct oom_run *run_flat(void)
{
	static const struct row rows[] = {
		{"one", "", OOM_PASS, NULL, 1300000, 208042000, true},
		{"another", "", OOM_PASS, NULL, 1100000, -1, false},
	};
	struct oom_run *run = run_new();

	for (size_t i = 0; i < 2; i++)
		attempt_add(run, "host", &rows[i], 1);
	return run;
}

/* Two kills, the second one 14.3 ms after the first and by a log that says less. */
static void kills_add(struct oom_attempt *attempt)
{
	struct oom_kill *kill = oom_attempt_add_kill(attempt);

	kill->time_us = 1000000;
	kill->killer = OOM_KILLER_SYSTEMD_OOMD;
	kill->workload = kill->victim.comm = "hog";
	kill->victim.anon_rss_kib = 102400;
	kill = oom_attempt_add_kill(attempt);
	kill->time_us = 1014300;
	kill->killer = OOM_KILLER_SYSTEMD_OOMD;
	kill->victim.comm = "beside";
}

/* An observation that is as wanted on both machines, and a little otherwise. */
static void reached_add(struct oom_run *run, size_t first, size_t second)
{
	expect_add(run->entries[first].attempt, "hog", "Reached", "90M..110M", "100M", OOM_PASS);
	expect_add(run->entries[second].attempt, "hog", "Reached", "90M..110M", "101M", OOM_PASS);
}

struct oom_run *run_matrix(void)
{
	static const char *const machines[] = {"debian:bookworm", "debian:trixie"};
	static const struct row rows[] = {
		{"memcg/anon-over-cap", "", OOM_PASS, NULL, 1300000, 208042000, true},
		{"memcg/mlock", "", OOM_PASS, NULL, 1100000, 208042000, false},
		{"tmpfs/writer", "", OOM_PASS, NULL, 900000, 104857600, false},
		{"swap/in-use", "", OOM_PASS, NULL, 2000000, -1, false},
	};
	struct oom_run *run = run_new();
	size_t at;

	machine_add(run, machines[0], "6.1.0-28-cloud-amd64", "252");
	machine_add(run, machines[1], "6.12.6-cloud-amd64", "257");
	for (size_t i = 0; i < 4; i++)
		for (size_t m = 0; m < 2; m++)
			for (int64_t n = 1; n <= 3; n++)
				attempt_add(run, machines[m], &rows[i], n);
	/* memcg/mlock ends otherwise on the second machine, tmpfs/writer only once there */
	for (at = 9; at < 12; at++) {
		run->entries[at].attempt->workloads[0].end = OOM_END_EXITED;
		run->entries[at].attempt->workloads[0].exit_code = 12;
		run->entries[at].attempt->workloads[0].signal = 0;
		run->entries[at].attempt->workloads[0].killed_by = OOM_KILLER_NOBODY;
		run->entries[at].attempt->verdict = OOM_FAIL;
		run->entries[at].attempt->reason = "";
		run->entries[at].attempt->expects[1].verdict = OOM_FAIL;
		run->entries[at].attempt->expects[1].observed = "nobody";
	}
	run->entries[16].attempt->verdict = OOM_FAIL;
	run->entries[16].attempt->workloads[0].killed_by = OOM_KILLER_SYSTEMD_OOMD;
	run->entries[16].attempt->expects[1].verdict = OOM_FAIL;
	run->entries[16].attempt->expects[1].observed = "systemd-oomd";
	kills_add(run->entries[16].attempt);
	reached_add(run, 12, 16);
	for (at = 18; at < 21; at++) {
		run->entries[at].attempt->verdict = OOM_SKIPPED;
		run->entries[at].attempt->reason = "needs swap: none here";
		run->entries[at].attempt->n_workloads = 0;
	}
	return run;
}

/* A terminal's escapes, XML and HTML, Markdown, KTAP, workflow commands, broken UTF-8. */
struct oom_run *run_hostile(void)
{
	static const struct row rows[] = {
		{"esc/\033[2J\033]0;owned\007name", "title \033[31m\r\noops", OOM_FAIL,
			"\n::error::injected\nnot ok 1 injected\n##[error]x", 1000000, 1 << 20,
			false},
		{"xml/<a href=\"x\">&amp;'</a>]]>", "--> <script>alert(1)</script>", OOM_BROKEN,
			"<![CDATA[ ]]> <LAVA_SIGNAL_TESTCASE TEST_CASE_ID=x RESULT=pass>", 1000000,
			1 << 20, false},
		{"utf8/\xff\xc0\xaf\xed\xa0\x80\xc2\x9b"
		 "31m\xef\xbf\xbf",
			"\xe2\x80\xae"
			"gnp.exe\xe2\x81\xa6",
			OOM_PASS, NULL, 1000000, 1 << 20, false},
		{"unicode/größe-日本語-🐏", "Ein Prozeß namens 日本", OOM_PASS, NULL, 1000000,
			1 << 20, false},
		{"tap # SKIP #1/ok 1 - x # TODO", "# title", OOM_FAIL, "# reason # SKIP", 1000000,
			1 << 20, false},
		{"md/|a|`b`*c*_d_[e](f)~g~\\", "| pipe |\n| --- |", OOM_FAIL, "| 100% |, a:b",
			1000000, 1 << 20, false},
	};
	struct oom_run *run = run_new();

	machine_add(run, "host\033[7m<b>", "6.1\n::warning::x", "252 (\"q\")");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct oom_attempt *a = attempt_add(run, "host\033[7m<b>", &rows[i], 1);

		a->workloads[0].name = "ho\tg)\nZ\n\033[0m";
		a->expects[1].subject = "ho\tg)\nZ\n\033[0m";
		a->expects[1].wanted = "a # b <c>\n";
		a->expects[1].observed = "|\x7f|\xe2\x80\xa8";
		a->expects[1].verdict = rows[i].verdict == OOM_FAIL ? OOM_FAIL : OOM_PASS;
		a->evidence_dir = "host/\033c/1";
		*oom_attempt_add_standstill(a) =
			(struct oom_standstill_rec){INT64_MAX, INT64_MAX, INT64_MAX, "\033<b>\n"};
		*oom_attempt_add_fault(a) =
			(struct oom_fault_rec){"f\033c", "<b>\n", "\x9b\n# x", 5, 4095, false, 3};
		*oom_attempt_add_precondition(a) = (struct oom_precondition_rec){
			"f", "When", "x", -1, false, OOM_BROKEN, "unmet\r\n\033[31m<i>", 4};
		cr_assert(!oom_attempt_add_text(
			a, &a->disagreements, &a->n_disagreements, "a\nok 99 injected\n\x1b[5m"));
	}
	return run;
}
