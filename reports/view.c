// SPDX-License-Identifier: LGPL-2.1-or-later
#include "reports/view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool same_text(const char *a, const char *b)
{
	return !strcmp(a ?: "", b ?: "");
}

bool oom_view_is_bad(enum oom_verdict verdict)
{
	return verdict == OOM_FAIL || verdict == OOM_BROKEN || verdict == OOM_INCONCLUSIVE;
}

bool oom_view_same_end(const struct oom_attempt *a, const struct oom_attempt *b)
{
	if (a->verdict != b->verdict || a->panicked != b->panicked ||
		a->n_workloads != b->n_workloads)
		return false;
	for (size_t i = 0; i < a->n_workloads; i++) {
		const struct oom_workload_rec *wa = &a->workloads[i];
		const struct oom_workload_rec *wb = NULL;

		for (size_t j = 0; j < b->n_workloads && !wb; j++) {
			if (same_text(wa->name, b->workloads[j].name))
				wb = &b->workloads[j];
		}
		if (!wb || wa->end != wb->end || wa->killed_by != wb->killed_by ||
			wa->exit_code != wb->exit_code || wa->signal != wb->signal)
			return false;
	}
	return true;
}

bool oom_view_is_told(const struct oom_view_cell *cell, size_t index)
{
	for (size_t i = 0; i < index; i++) {
		if (oom_view_same_end(cell->attempts[i], cell->attempts[index]))
			return true;
	}
	return false;
}

static int machine_index(struct oom_view *view, const char *id, size_t *ret_index)
{
	for (size_t i = 0; i < view->n_machines; i++) {
		if (same_text(view->machines[i], id)) {
			*ret_index = i;
			return 0;
		}
	}
	view->machines = oom_arena_grow(
		&view->arena, view->machines, view->n_machines, sizeof(*view->machines));
	if (!view->machines)
		return -1;
	view->machines[view->n_machines] = id ?: "";
	*ret_index = view->n_machines++;
	return 0;
}

/* The row of @scenario; a new one stands behind the last of its topic. */
static struct oom_view_row *row_get(struct oom_view *view, const struct oom_attempt *attempt)
{
	const char *scenario = attempt->scenario ?: "", *slash = strrchr(scenario, '/');
	const char *topic =
		oom_arena_strndup(&view->arena, scenario, slash ? (size_t)(slash - scenario) : 0);
	size_t at = view->n_rows;
	struct oom_view_row *rows;

	for (size_t i = 0; i < view->n_rows; i++) {
		if (same_text(view->rows[i].scenario, scenario))
			return &view->rows[i];
		if (same_text(view->rows[i].topic, topic))
			at = i + 1;
	}
	rows = oom_arena_grow(&view->arena, view->rows, view->n_rows, sizeof(*rows));
	if (!rows || !topic)
		return NULL;
	view->rows = rows;
	memmove(&rows[at + 1], &rows[at], (view->n_rows - at) * sizeof(*rows));
	view->n_rows++;
	rows[at] = (struct oom_view_row){
		.scenario = scenario,
		.topic = topic,
		.leaf = slash ? slash + 1 : scenario,
		.title = attempt->title ?: "",
		.cells = oom_arena_alloc(
			&view->arena, (view->n_machines + 1) * sizeof(struct oom_view_cell)),
		.verdict = OOM_VERDICT_COUNT_,
	};
	return rows[at].cells ? &rows[at] : NULL;
}

static int cell_add(
	struct oom_view *view, struct oom_view_cell *cell, const struct oom_attempt *attempt)
{
	cell->attempts = oom_arena_grow(
		&view->arena, cell->attempts, cell->n_attempts, sizeof(*cell->attempts));
	if (!cell->attempts)
		return -1;
	cell->attempts[cell->n_attempts++] = attempt;
	if (cell->n_attempts == 1) {
		cell->verdict = attempt->verdict;
		cell->duration_us = attempt->duration_us;
	} else {
		cell->verdict = oom_verdict_worse(cell->verdict, attempt->verdict);
		if (attempt->duration_us > 0)
			cell->duration_us += attempt->duration_us;
		if (!oom_view_same_end(cell->attempts[0], attempt))
			cell->unsteady = true;
	}
	return 0;
}

/* What follows from a row's cells when all attempts are in. */
static void row_finish(struct oom_view *view, struct oom_view_row *row)
{
	const struct oom_view_cell *first = NULL;

	for (size_t m = 0; m < view->n_machines; m++) {
		struct oom_view_cell *cell = &row->cells[m];

		if (!cell->n_attempts)
			continue;
		for (size_t i = 0; i < cell->n_attempts; i++) {
			if (cell->attempts[i]->verdict != cell->verdict)
				continue;
			cell->n_verdict++;
			if (!cell->shown)
				cell->shown = cell->attempts[i];
		}
		if (!cell->shown)
			cell->shown = cell->attempts[0];
		row->verdict = row->verdict == OOM_VERDICT_COUNT_
				       ? cell->verdict
				       : oom_verdict_worse(row->verdict, cell->verdict);
		if (cell->verdict == OOM_SKIPPED) /* nothing was observed there */
			continue;
		if (first && !oom_view_same_end(first->shown, cell->shown))
			row->differs = true;
		first = first ?: cell;
	}
}

static int latency_compare(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

	return (left > right) - (left < right);
}

static int latencies_summarise(const struct oom_run *run, struct oom_view *view)
{
	int64_t *us = oom_arena_alloc(&view->arena, (run->n_attempts + 1) * sizeof(*us));
	size_t n = 0;

	if (!us)
		return -1;
	for (size_t i = 0; i < run->n_attempts; i++) {
		if (run->attempts[i]->kill_latency_us >= 0)
			us[n++] = run->attempts[i]->kill_latency_us;
	}
	view->n_latencies = n;
	if (!n)
		return 0;
	qsort(us, n, sizeof(*us), latency_compare);
	view->latency_median_us =
		n % 2 ? us[n / 2] : us[n / 2 - 1] + (us[n / 2] - us[n / 2 - 1]) / 2;
	view->latency_max_us = us[n - 1];
	return 0;
}

int oom_view_build(const struct oom_run *run, struct oom_view *ret)
{
	size_t machine;

	memset(ret, 0, sizeof(*ret));
	/* all columns first: a row's cells are one array */
	for (size_t i = 0; i < run->n_machines; i++) {
		if (machine_index(ret, run->machines[i].id, &machine))
			return -ENOMEM;
	}
	for (size_t i = 0; i < run->n_attempts; i++) {
		if (machine_index(ret, run->attempts[i]->machine, &machine))
			return -ENOMEM;
	}
	for (size_t i = 0; i < run->n_attempts; i++) {
		const struct oom_attempt *attempt = run->attempts[i];
		struct oom_view_row *row = row_get(ret, attempt);

		if (!row || machine_index(ret, attempt->machine, &machine) ||
			cell_add(ret, &row->cells[machine], attempt))
			return -ENOMEM;
		if (attempt->verdict < OOM_VERDICT_COUNT_)
			ret->count[attempt->verdict]++;
		ret->n_attempts++;
		if (row->cells[machine].n_attempts > 1)
			ret->repeats = true;
	}
	for (size_t i = 0; i < ret->n_rows; i++)
		row_finish(ret, &ret->rows[i]);
	return latencies_summarise(run, ret) ? -ENOMEM : 0;
}

void oom_view_release(struct oom_view *view)
{
	oom_arena_release(&view->arena);
}
