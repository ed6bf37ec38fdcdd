// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/base/format.h"
#include "reports/view.h"
#include "reports/view_list.h"

#include <stdio.h>

const char *oom_view_fates(
	struct oom_arena *arena, const struct oom_attempt *attempt, const char *separator)
{
	struct oom_view_list list = oom_view_list_begin(arena, separator, OOM_VIEW_SHOWN);

	if (attempt->panicked)
		oom_view_list_add(&list, "kernel panic");
	for (size_t i = 0; i < attempt->n_workloads; i++) {
		const struct oom_workload_rec *w = &attempt->workloads[i];
		char buf[256];

		if (oom_view_list_tells(&list))
			oom_view_list_add(&list, "%s %s", w->name ?: "?",
				oom_workload_fate(attempt, w, buf, sizeof(buf)));
		else
			oom_view_list_skip(&list);
	}
	return oom_view_list_end(&list);
}

const char *oom_view_deaths(
	struct oom_arena *arena, const struct oom_attempt *attempt, const char *separator)
{
	struct oom_view_list list = oom_view_list_begin(arena, separator, OOM_VIEW_SHOWN);

	if (attempt->panicked)
		oom_view_list_add(&list, "kernel panic");
	for (size_t i = 0; i < attempt->n_workloads; i++) {
		const struct oom_workload_rec *w = &attempt->workloads[i];
		char buf[128];

		if (w->killed_by == OOM_KILLER_NOBODY || w->end == OOM_END_NOT_STARTED ||
			(w->end != OOM_END_SIGNALLED && w->killed_by == OOM_KILLER_UNKNOWN))
			continue;
		if (oom_view_list_tells(&list))
			oom_view_list_add(&list, "%s by %s", w->name ?: "?",
				oom_workload_killer(attempt, w, true, buf, sizeof(buf)));
		else
			oom_view_list_skip(&list);
	}
	return list.count ? oom_view_list_end(&list) : "nobody killed";
}

const char *oom_view_subject(struct oom_arena *arena, const struct oom_expect_rec *expect)
{
	if (!expect->subject || !*expect->subject)
		return expect->key ?: "?";
	return oom_arena_printf(arena, "%s: %s", expect->subject, expect->key ?: "?");
}

const char *oom_view_reason(struct oom_arena *arena, const struct oom_attempt *attempt)
{
	if (attempt->reason && *attempt->reason)
		return attempt->reason;
	for (size_t i = 0; i < attempt->n_expects; i++) {
		const struct oom_expect_rec *e = &attempt->expects[i];

		if (e->verdict == OOM_PASS || e->verdict == OOM_SKIPPED)
			continue;
		return oom_arena_printf(arena, "%s wanted %s, observed %s",
			oom_view_subject(arena, e) ?: "?", e->wanted ?: "?",
			e->observed ?: "nothing");
	}
	return "";
}

const char *oom_view_name(
	struct oom_arena *arena, const struct oom_view *view, const struct oom_attempt *attempt)
{
	const char *name = attempt->scenario ?: "";

	if (view->n_machines > 1)
		name = oom_arena_printf(arena, "%s on %s", name, attempt->machine ?: "?");
	if (name && view->repeats)
		name = oom_arena_printf(
			arena, "%s attempt %lld", name, (long long)attempt->attempt);
	return name;
}

/* "512M", "256M to 1G by scenario"; NULL where nobody knows, or without memory */
static const char *memory_text(
	struct oom_arena *arena, const struct oom_run *run, const struct oom_machine_rec *machine)
{
	struct oom_extent span = oom_run_memory_bytes(run, machine->id);
	char least[24], most[24];

	if (span.least < 0)
		span = (struct oom_extent){machine->memory_bytes, machine->memory_bytes};
	if (span.least < 0)
		return NULL;
	oom_format_size((uint64_t)span.least, least);
	if (span.least == span.most)
		return oom_arena_strdup(arena, least);
	return oom_arena_printf(
		arena, "%s to %s by scenario", least, oom_format_size((uint64_t)span.most, most));
}

/* "1 CPU", "1 to 4 CPUs by scenario"; NULL as above */
static const char *cpus_text(
	struct oom_arena *arena, const struct oom_run *run, const struct oom_machine_rec *machine)
{
	struct oom_extent span = oom_run_cpus(run, machine->id);

	if (span.least < 0)
		span = (struct oom_extent){machine->cpus, machine->cpus};
	if (span.least <= 0)
		return NULL;
	if (span.least == span.most)
		return oom_arena_printf(arena, "%lld %s", (long long)span.least,
			oom_plural((uint64_t)span.least, "CPU", "CPUs"));
	return oom_arena_printf(arena, "%lld to %lld CPUs by scenario", (long long)span.least,
		(long long)span.most);
}

const char *oom_view_machine(struct oom_arena *arena, const struct oom_run *run,
	const struct oom_machine_rec *machine, const char *separator)
{
	const char *memory = memory_text(arena, run, machine),
		   *cpus = cpus_text(arena, run, machine);
	struct oom_view_list list = oom_view_list_begin(arena, separator, OOM_VIEW_SHOWN);

	if (machine->kernel)
		oom_view_list_add(&list, "Linux %s", machine->kernel);
	if (machine->systemd && *machine->systemd)
		oom_view_list_add(&list, "systemd %s", machine->systemd);
	if (machine->backend && *machine->backend)
		oom_view_list_add(&list, "%s", machine->backend);
	if (machine->accel && *machine->accel)
		oom_view_list_add(&list, "%s", machine->accel);
	if (memory)
		oom_view_list_add(&list, "%s", memory);
	if (cpus)
		oom_view_list_add(&list, "%s", cpus);
	if (machine->config && *machine->config)
		oom_view_list_add(&list, "config %s", machine->config);
	return oom_view_list_end(&list);
}

const char *oom_view_counts(struct oom_arena *arena, const size_t count[static OOM_VERDICT_COUNT_],
	const char *separator)
{
	struct oom_view_list list = oom_view_list_begin(arena, separator, OOM_VIEW_SHOWN);

	for (int v = 0; v < OOM_VERDICT_COUNT_; v++)
		if (count[v])
			oom_view_list_add(
				&list, "%zu %s", count[v], oom_verdict_name((enum oom_verdict)v));
	return oom_view_list_end(&list);
}

const char *oom_view_latency(const struct oom_view *view, char buf[static OOM_VIEW_LATENCY_BYTES])
{
	char median[24], worst[24];

	oom_format_duration((uint64_t)view->latency_median_us, median);
	oom_format_duration((uint64_t)view->latency_max_us, worst);
	if (view->n_latencies == 1)
		snprintf(buf, OOM_VIEW_LATENCY_BYTES, "first kill seen after %s", worst);
	else
		snprintf(buf, OOM_VIEW_LATENCY_BYTES,
			"first kill seen after %s (median), %s (worst) of %zu attempts", median,
			worst, view->n_latencies);
	return buf;
}
