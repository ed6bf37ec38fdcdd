// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/faults/fault.h"
#include "harness/needs/needs.h"
#include "harness/needs/probe.h"
#include "harness/needs/topology.h"
#include "harness/workloads/workload.h"
#include "lib/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* Needs of a type, separated by blanks. */
static int probe_words(const struct oom_need_env *env, const char *words, struct oom_err *err)
{
	char text[64];

	for (const char *p = words ? words : ""; *(p += strspn(p, " "));) {
		size_t len = strcspn(p, " ");
		int r;

		if (len >= sizeof(text))
			return oom_err_set(err, EINVAL, "need '%s' is too long", p);
		memcpy(text, p, len);
		text[len] = '\0';
		r = oom_need_probe_text(env, text, err);
		if (r < 0)
			return r;
		p += len;
	}
	return 0;
}

/* On a host what [Machine] says is a need; what it leaves out is not. */
static int probe_machine(
	const struct oom_scenario *scenario, const struct oom_need_env *env, struct oom_err *err)
{
	static const struct {
		const char *key, *need;
	} rows[] = {
		{"Memory", "memory"},
		{"CPUs", "cpus"},
		{"NUMANodes", "numa"},
		{"Swap", "swap"},
		{"HugePages", "hugepages"},
	};
	const struct oom_section *machine = oom_scenario_section(scenario, OOM_SEC_MACHINE, NULL);
	const struct oom_setting *hierarchy = oom_section_get(machine, "Hierarchy");
	size_t n_nodes;
	const char *const *nodes = oom_section_words(machine, "NUMAMemory", &n_nodes);
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct oom_setting *setting = oom_section_get(machine, rows[i].key);
		char need[64];

		if (!setting || setting->is_default)
			continue;
		snprintf(need, sizeof(need), "%s>=%.40s", rows[i].need, setting->value.text);
		r = oom_need_probe_text(env, need, err);
	}
	for (size_t i = 0; r == 0 && i < n_nodes; i++) {
		struct oom_size size;

		r = oom_parse_size(nodes[i], &size);
		if (r == 0)
			r = oom_need_node_memory(env, (unsigned)i, size.bytes, err);
	}
	if (r == 0 && hierarchy && !hierarchy->is_default)
		r = oom_need_probe_text(
			env, !strcmp(hierarchy->value.text, "legacy") ? "cgroup1" : "cgroup2", err);
	return r;
}

/* Below the score that it inherits a process gets only with CAP_SYS_RESOURCE, or down to where somebody
 * with it has been (proc_pid_oom_score_adj(5)): the kernel tells by an attempt. */
static int probe_adj(
	const struct oom_scenario *scenario, const struct oom_need_env *env, struct oom_err *err)
{
	oom_autoclose int fd = openat(env->root_fd, "proc/self/oom_score_adj", O_RDWR | O_CLOEXEC);
	const struct oom_section *s = NULL;
	char text[16], inherited[16] = "";
	int64_t lowest = 1000;

	while ((s = oom_scenario_next(scenario, OOM_SEC_WORKLOAD, s))) {
		int64_t adj = oom_section_int(s, "OOMScoreAdjust", 1000);

		lowest = adj < lowest ? adj : lowest;
	}
	if (fd < 0 || pread(fd, inherited, sizeof(inherited) - 1, 0) <= 0 ||
		lowest >= atoi(inherited))
		return 0;
	snprintf(text, sizeof(text), "%d", (int)lowest);
	if (pwrite(fd, text, strlen(text), 0) < 0)
		return oom_err_set(err, ENOTSUP,
			"needs CAP_SYS_RESOURCE: OOMScoreAdjust=%s is below oomgate's own %d; run "
			"as root, or in a guest (--in guest)",
			text, atoi(inherited));
	/* up again is always allowed */
	return pwrite(fd, inherited, strlen(inherited), 0) < 0
		? oom_err_errno(err, errno, "cannot restore oomgate's oom_score_adj to %d",
			  atoi(inherited))
		: 0;
}

static int probe_host(
	const struct oom_scenario *scenario, const struct oom_need_env *env, struct oom_err *err)
{
	const struct oom_section *file = oom_scenario_section(scenario, OOM_SEC_FILE, NULL);
	int r;

	if (file)
		return oom_err_set(
			err, ENOTSUP, "needs guest: it writes '%s' (use --in guest)", file->name);
	r = probe_machine(scenario, env, err);
	/* who killed is what this is all about: without the log nothing more than "inconclusive" comes out */
	if (r >= 0)
		r = oom_need_probe_text(env, "kmsg", err);
	return r < 0 ? r : probe_adj(scenario, env, err);
}

int oom_needs_probe(
	const struct oom_scenario *scenario, const struct oom_need_env *env, struct oom_err *err)
{
	const struct oom_section *s = NULL;
	size_t count;
	const char *const *needs = oom_section_words(
		oom_scenario_section(scenario, OOM_SEC_SCENARIO, NULL), "Needs", &count);
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++)
		r = oom_need_probe_text(env, needs[i], err);
	while (r == 0 && (s = oom_scenario_next(scenario, OOM_SEC_WORKLOAD, s)))
		r = probe_words(env, oom_workload_of(s->type)->needs, err);
	s = NULL;
	while (r == 0 && (s = oom_scenario_next(scenario, OOM_SEC_FAULT, s)))
		r = probe_words(env, oom_fault_of(s->type)->needs, err);
	if (r == 0 && !env->in_guest)
		r = probe_host(scenario, env, err);
	return r;
}

static int known_on(const struct oom_scenario *scenario, const struct oom_need_env *env)
{
	size_t count;
	const char *const *needs = oom_section_words(
		oom_scenario_section(scenario, OOM_SEC_SCENARIO, NULL), "KnownOn", &count);
	struct oom_err err;

	for (size_t i = 0; i < count; i++)
		if (oom_need_probe_text(env, needs[i], &err) < 0)
			return 0;
	return count ? 1 : -1;
}

int oom_needs_check(const struct oom_scenario *scenario, bool in_guest, struct oom_err *err,
	int64_t *ret_known_on)
{
	struct oom_need_env env;
	int r = oom_need_env_open(in_guest, err, &env);

	if (r < 0)
		return r;
	r = oom_needs_probe(scenario, &env, err);
	if (r == 0)
		*ret_known_on = known_on(scenario, &env);
	oom_need_env_close(&env);
	return r;
}
