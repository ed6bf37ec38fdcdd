/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TESTS_SCENARIO_SCHEMA_H
#define TESTS_SCENARIO_SCHEMA_H

#include "lib/scenario/scenario.h"
#include "lib/scenario/unit_value.h"

#include <errno.h>
#include <string.h>

/* A small schema for tests of the reader: two workloads, one fault, a few expectations. */
static const struct oom_key test_size_keys[] = {
	{"Size", OOM_T_SIZE, NULL, "how much", .flags = OOM_KEY_REQUIRED},
	{"OnRefusal", OOM_T_CHOICE, "exit", "what then", .choices = "exit|hold"}, {0}};
static const struct oom_key test_args_keys[] = {
	{"Args", OOM_T_WORDS, NULL, "arguments", .flags = OOM_KEY_REQUIRED},
	{"Command", OOM_T_COMMAND, NULL, "what is run"}, {0}};
static const struct oom_key test_limit_keys[] = {
	{"Scope", OOM_T_STRING, NULL, "which", .flags = OOM_KEY_SCOPE | OOM_KEY_REQUIRED}, {0}};
static const struct oom_kind test_anon = {"anon", "anonymous memory", test_size_keys};
static const struct oom_kind test_idle = {"idle", "stands by", test_size_keys};
static const struct oom_kind test_stress = {"stress-ng", "runs stress-ng", test_args_keys};
static const struct oom_kind test_limit = {"limit", "writes a property", test_limit_keys};
static const struct oom_kind *const test_workloads[] = {&test_anon, &test_idle, &test_stress, NULL};
static const struct oom_kind *const test_faults[] = {&test_limit, NULL};

static const struct oom_key test_oom_kills = {"OOMKills", OOM_T_RANGE_INT, NULL, "kills"};
static const struct oom_key test_victim = {
	"Victim", OOM_T_ALTERNATIVES, NULL, "who", .choices = "nobody", .flags = OOM_KEY_WORKLOAD};
static const struct oom_key test_exit_code = {"ExitCode", OOM_T_RANGE_INT, NULL, "code"};
static const struct oom_key test_signal = {
	"Signal", OOM_T_ALTERNATIVES, NULL, "signal", .choices = "none|0", .flags = OOM_KEY_SIGNAL};
static const struct oom_key test_result = {
	"Result", OOM_T_ALTERNATIVES, NULL, "result", .choices = "success|oom-kill|signal"};
static const struct oom_key test_event = {
	"Event.", OOM_T_RANGE_INT, NULL, "counter", .flags = OOM_KEY_PREFIX};
static const struct oom_expect_key test_expects[] = {{&test_oom_kills, OOM_ABOUT_RUN},
	{&test_victim, OOM_ABOUT_RUN}, {&test_exit_code, OOM_ABOUT_WORKLOAD},
	{&test_signal, OOM_ABOUT_WORKLOAD}, {&test_result, OOM_ABOUT_UNIT},
	{&test_event, OOM_ABOUT_UNIT}, {0}};
static const char *const test_needs[] = {"kernel", "swap", "memory-controller", NULL};

static int test_check_need(const char *need, struct oom_err *err)
{
	if (!strncmp(need, "kernel", 6) && strncmp(need, "kernel>=", 8) != 0)
		return oom_err_set(err, EINVAL, "'%s' wants a version: kernel>=6.1", need);
	return 0;
}

static const struct oom_key test_unit_keys[] = {
	{"MemoryMax", OOM_T_SIZE, NULL, "limit", .choices = "infinity"},
	{"MemorySwapMax", OOM_T_SIZE, NULL, "swap limit", .choices = "infinity"},
	{"AllowedCPUs", OOM_T_STRING, NULL, "processors"},
	{"Slice", OOM_T_STRING, NULL, "parent", .flags = OOM_KEY_SCOPE}, {0}};
static const struct oom_key test_scope_keys[] = {
	{"OOMPolicy", OOM_T_CHOICE, "continue", "policy", .choices = "continue|stop|kill"}, {0}};

static const struct oom_schema test_schema = {
	.workloads = test_workloads,
	.faults = test_faults,
	.expects = test_expects,
	.needs = test_needs,
	.unit_keys = test_unit_keys,
	.scope_keys = test_scope_keys,
	.check_need = test_check_need,
	.check_unit = oom_unit_property_check,
};

#endif
