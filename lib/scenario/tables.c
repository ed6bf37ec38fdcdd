// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/scenario/scenario.h"

#define MIB   (INT64_C(1) << 20)
#define GIB   (INT64_C(1) << 30)
#define SEC   INT64_C(1000000)
#define HOURS (3600 * SEC)

static const struct oom_key no_keys[] = {{0}};

static const struct oom_key scenario_keys[] = {
	{"Description", OOM_T_STRING, NULL, "the question that it answers, in a sentence or two"},
	{"Documentation", OOM_T_WORDS, NULL, "further reading: URLs, man:oom(5)"},
	{"Tags", OOM_T_WORDS, NULL, "words to select scenarios by: 'oomgate run --tag memcg'"},
	{"Timeout", OOM_T_DURATION, "60s", "an attempt that takes longer is ended", .min = SEC,
		.max = 24 * HOURS},
	{"Needs", OOM_T_WORDS, NULL,
		"what the machine must have; without it the verdict is skipped ('oomgate list "
		"needs')"},
	{"Repeat", OOM_T_INT, "1", "number of attempts, each with its own verdict", .min = 1,
		.max = 100000},
	{"KnownIssue", OOM_T_STRING, NULL,
		"TEXT until YYYY-MM-DD: a failure counts as known until that date"},
	{"KnownOn", OOM_T_WORDS, NULL,
		"machines that KnownIssue= applies to, as needs: kernel>=7.0; default: all"},
	{"Until", OOM_T_WHEN, NULL, "event that ends the run; default: the end of every workload",
		.flags = OOM_KEY_WORKLOAD},
	{"UntilOptional", OOM_T_BOOL, "no",
		"may the event of Until= be absent? 'no': the attempt is broken without it"},
	{"Settle", OOM_T_DURATION, "100ms",
		"quiet time after the end of the run before the evidence is collected", .min = 1,
		.max = HOURS},
	{0}};

static const struct oom_key machine_keys[] = {
	{"Memory", OOM_T_SIZE, "512M", "the guest's memory", .min = 64 * MIB, .max = 1024 * GIB,
		.flags = OOM_KEY_ABSOLUTE},
	{"CPUs", OOM_T_INT, "1", "number of the guest's CPUs", .min = 1, .max = 256},
	{"NUMANodes", OOM_T_INT, "1", "number of NUMA nodes that share memory and CPUs", .min = 1,
		.max = OOM_NUMA_NODES_MAX},
	{"NUMAMemory", OOM_T_WORDS, NULL,
		"memory of each node, where the nodes differ: 192M 64M; must add up to Memory="},
	{"Swap", OOM_T_SIZE, "0", "swap space", .min = 0, .max = 1024 * GIB,
		.flags = OOM_KEY_ABSOLUTE},
	{"Disk", OOM_T_SIZE, "0",
		"an empty disk on /var/tmp, so that page cache can be written back", .min = 0,
		.max = 64 * GIB, .flags = OOM_KEY_ABSOLUTE},
	{"HugePages", OOM_T_INT, "0", "number of reserved huge pages of 2M", .min = 0,
		.max = 1 << 20},
	{"KernelArgs", OOM_T_STRING, NULL, "added to the kernel command line"},
	{"Hierarchy", OOM_T_CHOICE, "unified", "cgroup v2 (unified) or v1 (legacy)",
		.choices = "unified|legacy"},
	{0}};

/* The one "key" of [Sysctl]: any name with a value. */
static const struct oom_key sysctl_keys[] = {
	{"", OOM_T_STRING, NULL, "any name below /proc/sys: vm.overcommit_memory=2",
		.flags = OOM_KEY_PREFIX},
	{0}};

static const struct oom_key service_keys[] = {
	{"Unit", OOM_T_STRING, NULL, "installed unit to start: systemd-oomd.service"},
	{"ExecStart", OOM_T_EXEC, NULL,
		"program and arguments of a transient unit, as in systemd.service(5)"},
	{0}};

static const struct oom_key file_keys[] = {
	{"Content", OOM_T_STRING, NULL,
		"one line of the file, or several with \\n; also \\t, \\s (a space), \\\\",
		.flags = OOM_KEY_REQUIRED | OOM_KEY_REPEATS},
	{0}};

static const struct oom_key workload_keys[] = {
	{"Type", OOM_T_STRING, NULL, "what it does: 'oomgate list workloads'",
		.flags = OOM_KEY_REQUIRED},
	{"Scope", OOM_T_STRING, NULL, "scope to run in; default: the only one",
		.flags = OOM_KEY_SCOPE},
	{"Rate", OOM_T_SIZE, NULL, "bytes per second; default: unlimited", .min = 1,
		.max = INT64_MAX, .flags = OOM_KEY_ABSOLUTE},
	{"Touch", OOM_T_CHOICE, "write", "how pages are touched", .choices = "write|read"},
	{"Pattern", OOM_T_CHOICE, "linear", "the order in which pages are touched",
		.choices = "linear|reverse|random"},
	{"Count", OOM_T_INT, "1", "number of processes", .min = 1, .max = 256},
	{"OOMScoreAdjust", OOM_T_INT, "0", "oom_score_adj of its processes", .min = -1000,
		.max = 1000},
	{"User", OOM_T_STRING, NULL, "user name or number; default: oomgate's own"},
	{"Start", OOM_T_WHEN, "0s",
		"when to start: a time after 'go' (2s), or an event (hog reached 100M, hog killed)",
		.flags = OOM_KEY_WORKLOAD | OOM_KEY_DELAY},
	{"StartOptional", OOM_T_BOOL, "no",
		"may it never be started? 'no': the attempt is broken without its Start="},
	{"Hold", OOM_T_DURATION, NULL,
		"how long to keep what was reached; default: depends on the type",
		.choices = "forever|infinity"},
	{"Nice", OOM_T_INT, "0", "scheduling priority", .min = -20, .max = 19},
	{"MemoryPolicy", OOM_T_STRING, "default",
		"NUMA policy: default, local, bind:0, preferred:1, interleave:0-1"},
	{0}};

static const struct oom_key fault_keys[] = {
	{"Type", OOM_T_STRING, NULL, "what it does: 'oomgate list faults'",
		.flags = OOM_KEY_REQUIRED},
	{"At", OOM_T_DURATION, NULL, "time after 'go'"},
	{"When", OOM_T_WHEN, NULL,
		"after what: hog reached 100M, hog killed, hog started, hog ended",
		.flags = OOM_KEY_WORKLOAD},
	{"Optional", OOM_T_BOOL, "no",
		"may it never fire, or be refused? 'no': the attempt is broken without it"},
	{"Errno", OOM_T_ALTERNATIVES, "none",
		"what the kernel must answer, as errno(3): EAGAIN, none|EAGAIN",
		.choices = OOM_ERRNO_CHOICES},
	{0}};

static const struct {
	const char *name, *help;
	bool named;
	const struct oom_key *keys;
} kinds[OOM_SEC_COUNT_] = {
	[OOM_SEC_SCENARIO] = {"Scenario", "the scenario itself", false, scenario_keys},
	[OOM_SEC_MACHINE] = {"Machine", "shape of the guest; on a host, requirements", false,
		machine_keys},
	[OOM_SEC_SYSCTL] = {"Sysctl", "sysctls, restored afterwards", false, sysctl_keys},
	[OOM_SEC_SLICE] = {"Slice", "a slice: properties of systemd.resource-control(5)", true,
		no_keys},
	[OOM_SEC_SCOPE] = {"Scope",
		"a scope: properties of systemd.resource-control(5), .scope(5), .kill(5)", true,
		no_keys},
	[OOM_SEC_SERVICE] = {"Service", "a service that takes part in the run", true, service_keys},
	[OOM_SEC_FILE] = {"File", "a file in the guest, written before any unit starts", true,
		file_keys},
	[OOM_SEC_WORKLOAD] = {"Workload", "processes that take memory, or stand by", true,
		workload_keys},
	[OOM_SEC_FAULT] = {"Fault", "a change made during the run", true, fault_keys},
	[OOM_SEC_EXPECT] = {"Expect",
		"what is expected of the run, or of one workload, scope, slice or service", false,
		no_keys},
};

const struct oom_key *oom_section_keys(enum oom_section_kind kind)
{
	return kind < OOM_SEC_COUNT_ ? kinds[kind].keys : no_keys;
}

const char *oom_section_kind_name(enum oom_section_kind kind)
{
	return kind < OOM_SEC_COUNT_ ? kinds[kind].name : "?";
}

const char *oom_section_kind_help(enum oom_section_kind kind)
{
	return kind < OOM_SEC_COUNT_ ? kinds[kind].help : "";
}

bool oom_section_kind_named(enum oom_section_kind kind)
{
	return kind < OOM_SEC_COUNT_ && kinds[kind].named;
}
