// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/attempt/attempt.h"
#include "harness/campaign/schema.h"

#include <criterion/criterion.h>
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * Real attempts in plain cgroups of at most 64 MiB, where this machine has any (root, and a writable
 * memory hierarchy); elsewhere each test says that it was skipped.
 */

/* ---- an allocation hook: the tests below run this program's malloc ---- */
static atomic_bool counting;
static atomic_long allocations __attribute__((unused)); /* with a sanitizer */

#ifndef __SANITIZE_ADDRESS__
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *ptr, size_t size);
void *malloc(size_t size);
void *calloc(size_t n, size_t size);
void *realloc(void *ptr, size_t size);

static void count(void)
{
	if (atomic_load_explicit(&counting, memory_order_relaxed))
		atomic_fetch_add(&allocations, 1);
}

void *malloc(size_t size)
{
	count();
	return __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	count();
	return __libc_calloc(n, size);
}

void *realloc(void *ptr, size_t size)
{
	count();
	return __libc_realloc(ptr, size);
}
#endif

static void on_phase(struct oom_run_state *run, enum oom_phase phase)
{
	(void)run;
	atomic_store(&counting, phase == OOM_PHASE_RUN);
}

static struct oom_attempt *run_text(const char *text)
{
	struct oom_local_options options = {.backend = &oom_backend_cgroup,
		.machine = "host",
		.attempt = 1,
		.seed = 1,
		.signal_fd = -1,
		.on_phase = on_phase};
	struct oom_diags diags = {0};
	struct oom_scenario *scenario = NULL;
	struct oom_attempt *record = NULL;
	struct oom_err err;

	char libexec[4096];

	/* tests run from the project's folder; the programs are in build/ */
	cr_assert_not_null(getcwd(libexec, sizeof(libexec) - 8));
	setenv("OOMGATE_LIBEXEC", strcat(libexec, "/build"), 0);
	if (oom_backend_cgroup.probe(&err) < 0)
		cr_skip("no cgroups to be had here: %s", err.msg);
	if (oom_scenario_parse(oom_schema(), "test/row", "row.scenario", text, strlen(text), &diags,
		    &scenario) < 0)
		cr_assert_fail("%u:%u: %s", diags.items[0].place.line, diags.items[0].place.col,
			diags.items[0].msg);
	cr_assert_eq(oom_attempt_run_local(scenario, &options, &record), 0);
	oom_scenario_free(scenario);
	oom_diags_release(&diags);
	return record;
}

/*
 * The rate limit of the kernel's reports (10 in 5 s) is the whole host's: others that are killed meanwhile may
 * take the report that says where this one was. Without tracing it cannot be told then: later it can.
 */
static struct oom_attempt *run_heard(const char *text)
{
	struct oom_attempt *record = run_text(text);

	for (int more = 3; more && record->verdict == OOM_INCONCLUSIVE && record->reason &&
		strstr(record->reason, "is known whose they are");
		more--) {
		oom_attempt_free(record);
		sleep(6);
		record = run_text(text);
	}
	return record;
}

#define BOX "[Scope box]\nMemoryMax=48M\n"

static const struct {
	const char *name, *text;
	enum oom_verdict verdict;
	const char *reason; /* part of it; NULL: any */
} verdicts_of_real_attempts_rows[] = {
	{"a hog dies",
		BOX "[Workload hog]\nType=anon\nSize=96M\n[Expect hog]\nExitCode=137\n"
		    "Reached=40M..48M\n",
		OOM_PASS, NULL},
	{"a hog that should live",
		BOX "[Workload hog]\nType=anon\nSize=96M\n[Expect hog]\n"
		    "ExitCode=0\n",
		OOM_FAIL, "137"},
	{"a modest one lives",
		BOX "[Workload modest]\nType=anon\nSize=16M\n[Expect modest]\n"
		    "ExitCode=0\nReached=16M\n",
		OOM_PASS, NULL},
	{"a modest one that should die",
		BOX "[Workload modest]\nType=anon\nSize=16M\n"
		    "[Expect modest]\nExitCode=137\n",
		OOM_FAIL, NULL},
	{"a bystander lives",
		BOX
		"[Workload hog]\nType=anon\nSize=96M\n[Workload quiet]\n"
		"Type=idle\nSize=4M\n[Expect hog]\nExitCode=137\n[Expect quiet]\nSurvives=yes\n",
		OOM_PASS, NULL},
	{"SIGKILL by hand",
		BOX "[Workload v]\nType=anon\nSize=8M\nHold=forever\n[Fault f]\n"
		    "Type=signal\nWhen=v reached 8M\nWorkload=v\n[Expect v]\nExitCode=137\n",
		OOM_PASS, NULL},
	{"a limit lowered in mid-run",
		BOX
		"[Workload v]\nType=anon\nSize=32M\nHold=forever\n"
		"[Fault f]\nType=limit\nWhen=v reached 32M\nValue=infinity\n[Expect v]\nSurvives=yes\n",
		OOM_PASS, NULL},
	{"a fault that never fires",
		BOX "[Workload v]\nType=anon\nSize=8M\n[Fault f]\nType=signal\n"
		    "When=v reached 16M\nWorkload=v\n[Expect v]\nExitCode=0\n",
		OOM_BROKEN, "fault 'f' never fired: 'v' reached 8M and not 16M (exited 0)"},
	{"the same, and it may",
		BOX "[Workload v]\nType=anon\nSize=8M\n[Fault f]\nType=signal\n"
		    "When=v reached 16M\nWorkload=v\nOptional=yes\n[Expect v]\nExitCode=0\n",
		OOM_PASS, NULL},
	{"a fault whose subject is killed before",
		BOX "[Workload hog]\nType=anon\nSize=96M\n[Fault f]\nType=signal\n"
		    "When=hog reached 80M\nWorkload=hog\n[Expect hog]\nExitCode=137\n",
		OOM_FAIL, "fault 'f' never fired: 'hog' reached"},
	{"a fault that meets nobody",
		BOX "[Workload v]\nType=anon\nSize=8M\n[Fault f]\nType=adj\nAt=1s\n"
		    "Workload=v\nValue=9\n[Expect v]\nExitCode=0\n",
		OOM_BROKEN, "fault 'f' met no process: 'v' exited 0"},
	{"a fault that is refused, as it must be",
		BOX "[Workload v]\nType=anon\nSize=8M\n[Fault f]\nType=signal\nAt=1s\n"
		    "Workload=v\nErrno=ESRCH\n[Expect v]\nExitCode=0\n",
		OOM_PASS, NULL},
	{"one that is never started",
		BOX "[Workload v]\nType=anon\nSize=8M\nHold=forever\n[Workload w]\nType=anon\n"
		    "Size=8M\nStart=v reached 16M\n[Expect w]\nSurvives=yes\n",
		OOM_BROKEN, "'w' was not started: 'v' reached 8M and not 16M (survived)"},
	{"one that must not be",
		BOX "[Workload v]\nType=anon\nSize=8M\nHold=forever\n[Workload w]\nType=anon\n"
		    "Size=8M\nStart=v reached 16M\n[Expect w]\nStarted=no\n",
		OOM_PASS, NULL},
	{"one that is killed while it prepares",
		BOX "[Workload quiet]\nType=idle\nSize=96M\n[Expect quiet]\nSurvives=yes\n",
		OOM_BROKEN, "'quiet' killed by kernel-memcg at"},
	{"a bystander of one that is stuck",
		"[Scenario]\nTimeout=1s\n" BOX "[Workload w]\nType=exec\nCommand=sleep 60\n"
		"[Workload quiet]\nType=idle\nSize=4M\n[Expect w]\nSurvives=yes\n"
		"[Expect quiet]\nSurvives=yes\nReached=4M\n",
		OOM_PASS, NULL},
	{"a bystander that the harness ended",
		"[Scenario]\nTimeout=1s\n" BOX "[Workload w]\nType=exec\nCommand=sleep 60\n"
		"[Workload quiet]\nType=idle\nSize=4M\n[Expect w]\nSurvives=yes\n"
		"[Expect quiet]\nKilledBy=signal\n",
		OOM_INCONCLUSIVE, "ended by the harness at the deadline"},
	{"a program's own session",
		BOX
		"[Workload w]\nType=exec\nCommand=sh -c \"setsid -w tail "
		"/dev/zero; exit 3\"\n[Workload quiet]\nType=idle\nSize=4M\n[Expect w]\nExitCode=3\n"
		"KilledBy=kernel-memcg\nKills=1\n[Expect quiet]\nKills=0\n",
		OOM_PASS, NULL},
	{"a program's own session, not its",
		BOX
		"[Workload w]\nType=exec\nCommand=sh -c \"setsid -w tail "
		"/dev/zero; exit 3\"\n[Workload quiet]\nType=idle\nSize=4M\n[Expect w]\nKills=0\n",
		OOM_FAIL, "Kills"},
	{"a file on a host",
		"[File /etc/oomgate-test.conf]\nContent=x\n" BOX "[Workload v]\nType=anon\n"
		"Size=1M\n[Expect v]\nExitCode=0\n",
		OOM_SKIPPED, "guest"},
	{"a program that is not there",
		BOX "[Workload v]\nType=exec\nCommand=/nonexistent\n"
		    "[Expect v]\nExitCode=0\n",
		OOM_BROKEN, "/nonexistent"},
	{"one that does not end",
		"[Scenario]\nTimeout=1s\n" BOX "[Workload v]\nType=exec\n"
		"Command=/bin/sleep 60\n[Expect v]\nExitCode=0\n",
		OOM_FAIL, NULL},
	{"uncapped on a host",
		"[Scope box]\nTasksMax=100\n[Workload v]\nType=anon\nSize=1M\n"
		"[Expect v]\nExitCode=0\n",
		OOM_SKIPPED, "--allow-host-oom"},
	{"a need that is not met",
		"[Scenario]\nNeeds=kernel>=99.0\n" BOX "[Workload v]\nType=anon\n"
		"Size=1M\n[Expect v]\nExitCode=0\n",
		OOM_SKIPPED, "99"},
};

Test(runner, verdicts_of_real_attempts, .timeout = 120)
{
	for (size_t i = 0; i <
		sizeof(verdicts_of_real_attempts_rows) / sizeof(*verdicts_of_real_attempts_rows);
		i++) {
		struct oom_attempt *record = run_heard(verdicts_of_real_attempts_rows[i].text);

		cr_expect_eq(record->verdict, verdicts_of_real_attempts_rows[i].verdict,
			"%s: %s (%s)", verdicts_of_real_attempts_rows[i].name,
			oom_verdict_name(record->verdict), record->reason);
		if (verdicts_of_real_attempts_rows[i].reason)
			cr_expect(record->reason &&
					strstr(record->reason,
						verdicts_of_real_attempts_rows[i].reason),
				"%s: '%s'", verdicts_of_real_attempts_rows[i].name, record->reason);
		oom_attempt_free(record);
	}
}

Test(runner, allocates_nothing_between_go_and_settled, .timeout = 60)
{
#ifdef __SANITIZE_ADDRESS__
	cr_skip("the sanitizer has an allocator of its own");
#else
	struct oom_attempt *record;
	void *volatile probe;

	atomic_store(&counting, true);
	probe = malloc(1);
	free(probe);
	cr_assert_eq(atomic_load(&allocations), 1, "the hook counts");
	atomic_store(&counting, false);
	atomic_store(&allocations, 0);
	record = run_text(BOX
		"[Workload hog]\nType=anon\nSize=96M\n[Workload quiet]\nType=idle\n"
		"Size=1M\n[Fault f]\nType=adj\nWhen=hog reached 16M\nWorkload=quiet\nValue=500\n"
		"[Expect hog]\nExitCode=137\n");
	cr_expect_eq(record->verdict, OOM_PASS, "%s", record->reason);
	cr_expect_eq(atomic_load(&allocations), 0);
	oom_attempt_free(record);
#endif
}
