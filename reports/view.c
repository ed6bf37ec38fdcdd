// SPDX-License-Identifier: LGPL-2.1-or-later
#include "reports/view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool oom_view_is_bad(enum oom_verdict verdict)
{
	return verdict == OOM_FAIL || verdict == OOM_BROKEN || verdict == OOM_INCONCLUSIVE;
}

bool oom_view_is_told(const struct oom_view *view, uint32_t attempt)
{
	return !view->is_first[attempt];
}

void oom_view_add_us(int64_t *sum_us, int64_t us)
{
	if (us > 0 && __builtin_add_overflow(*sum_us, us, sum_us))
		*sum_us = INT64_MAX;
}

/* What is needed while a view is built: scenarios and topics by name. */
struct building {
	struct oom_view *view;
	struct oom_names scenarios, topics;
};

/* All columns first: a row's cells are one array. */
static int machines_name(struct oom_view *view)
{
	const struct oom_run *run = view->run;
	uint32_t number;

	for (size_t i = 0; i < run->n_machines; i++)
		if (oom_names_add(&view->machine_names, run->machines[i].id ?: "", &number) < 0)
			return -ENOMEM;
	for (size_t i = 0; i < run->n_attempts; i++)
		if (oom_names_add(&view->machine_names, oom_run_machine_id(run, i), &number) < 0)
			return -ENOMEM;
	view->machines = view->machine_names.items;
	view->n_machines = view->machine_names.count;
	return 0;
}

static int row_add(struct building *b, size_t attempt, uint32_t number)
{
	struct oom_view *view = b->view;
	const char *scenario = b->scenarios.items[number], *slash = strrchr(scenario, '/');
	struct oom_view_row row = {.number = number, .verdict = OOM_VERDICT_COUNT_};
	struct oom_view_row *rows =
		oom_arena_grow(&view->arena, view->rows, view->n_rows, sizeof(*rows));

	if ((view->n_rows + 1) * view->n_machines > OOM_VIEW_CELLS_MAX)
		return -E2BIG;
	row.scenario = oom_arena_strdup(&view->arena, scenario);
	row.leaf = slash && row.scenario ? row.scenario + (slash + 1 - scenario) : row.scenario;
	row.topic =
		oom_arena_strndup(&view->arena, scenario, slash ? (size_t)(slash - scenario) : 0);
	row.title = oom_arena_strdup(&view->arena, oom_run_title(view->run, attempt));
	row.cells = oom_arena_alloc(
		&view->arena, (view->n_machines + 1) * sizeof(struct oom_view_cell));
	if (!rows || view->arena.failed ||
		oom_names_add(&b->topics, row.topic, &row.topic_number) < 0)
		return -ENOMEM;
	view->rows = rows;
	rows[view->n_rows++] = row;
	return 0;
}

static int cell_add(struct oom_view *view, struct oom_view_cell *cell, uint32_t attempt)
{
	const struct oom_entry entry = oom_run_entry(view->run, attempt);
	enum oom_verdict verdict = (enum oom_verdict)entry.verdict;

	cell->attempts = oom_arena_grow(
		&view->arena, cell->attempts, cell->n_attempts, sizeof(*cell->attempts));
	if (!cell->attempts)
		return -ENOMEM;
	cell->attempts[cell->n_attempts++] = attempt;
	view->n_attempts++;
	if (verdict < OOM_VERDICT_COUNT_)
		view->count[verdict]++;
	if (cell->n_attempts == 1) {
		cell->verdict = verdict;
		cell->duration_us = entry.duration_us;
		return 0;
	}
	view->repeats = true;
	cell->verdict = oom_verdict_worse(cell->verdict, verdict);
	oom_view_add_us(&cell->duration_us, entry.duration_us);
	if (oom_run_entry(view->run, cell->attempts[0]).end_hash != entry.end_hash)
		cell->unsteady = true;
	return 0;
}

/* What follows from a row's cells when all attempts are in. */
static void row_finish(struct oom_view *view, struct oom_view_row *row)
{
	bool any = false;
	uint64_t first_end = 0;

	for (size_t m = 0; m < view->n_machines; m++) {
		struct oom_view_cell *cell = &row->cells[m];
		uint64_t end;

		if (!cell->n_attempts)
			continue;
		for (size_t i = cell->n_attempts; i-- > 0;) {
			if (oom_run_entry(view->run, cell->attempts[i]).verdict !=
				(unsigned)cell->verdict)
				continue;
			cell->n_verdict++;
			cell->shown = i;
		}
		row->verdict = row->verdict == OOM_VERDICT_COUNT_
			? cell->verdict
			: oom_verdict_worse(row->verdict, cell->verdict);
		if (cell->verdict == OOM_SKIPPED) /* nothing was observed there */
			continue;
		end = oom_run_entry(view->run, cell->attempts[cell->shown]).end_hash;
		row->differs |= any && end != first_end;
		first_end = any ? first_end : end;
		any = true;
	}
}

/* Topics in the order of their first scenario, and within each scenarios likewise. */
static int row_compare(const void *a, const void *b)
{
	const struct oom_view_row *left = a, *right = b;

	if (left->topic_number != right->topic_number)
		return left->topic_number < right->topic_number ? -1 : 1;
	return left->number < right->number ? -1 : left->number > right->number;
}

static int rows_fill(struct building *b)
{
	struct oom_view *view = b->view;
	uint32_t machine;

	for (uint32_t i = 0; i < view->run->n_attempts; i++) {
		uint32_t number;
		int r = oom_names_add(&b->scenarios, oom_run_scenario(view->run, i), &number);

		if (r == 0 && number == view->n_rows)
			r = row_add(b, i, number);
		if (r < 0)
			return r;
		if (oom_names_add(
			    &view->machine_names, oom_run_machine_id(view->run, i), &machine) < 0 ||
			cell_add(view, &view->rows[number].cells[machine], i) < 0)
			return -ENOMEM;
	}
	if (view->n_rows)
		qsort(view->rows, view->n_rows, sizeof(*view->rows), row_compare);
	return 0;
}

static int latency_compare(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

	return (left > right) - (left < right);
}

static int latencies_summarise(struct oom_view *view)
{
	const struct oom_run *run = view->run;
	int64_t *us = oom_arena_alloc(&view->arena, (run->n_attempts + 1) * sizeof(*us));
	size_t n = 0;

	if (!us)
		return -1;
	for (size_t i = 0; i < run->n_attempts; i++) {
		int64_t latency_us = oom_run_entry(run, i).kill_latency_us;

		if (latency_us >= 0)
			us[n++] = latency_us;
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

struct end {
	uint64_t hash;
	uint32_t attempt;
};

static int end_compare(const void *a, const void *b)
{
	const struct end *left = a, *right = b;

	if (left->hash != right->hash)
		return left->hash < right->hash ? -1 : 1;
	return left->attempt < right->attempt ? -1 : left->attempt > right->attempt;
}

/* Links the attempts of a cell that ended alike; @ends has room for all of them. */
static void cell_link(struct oom_view *view, const struct oom_view_cell *cell, struct end *ends)
{
	for (size_t i = 0; i < cell->n_attempts; i++)
		ends[i] = (struct end){
			oom_run_entry(view->run, cell->attempts[i]).end_hash, cell->attempts[i]};
	qsort(ends, cell->n_attempts, sizeof(*ends), end_compare);
	for (size_t i = 0; i < cell->n_attempts; i++) {
		bool more = i + 1 < cell->n_attempts && ends[i + 1].hash == ends[i].hash;

		view->next_alike[ends[i].attempt] = more ? ends[i + 1].attempt : OOM_VIEW_NO_MORE;
		view->is_first[ends[i].attempt] = !i || ends[i - 1].hash != ends[i].hash;
	}
}

static int cells_link(struct oom_view *view)
{
	struct end *ends = calloc(view->n_attempts + 1, sizeof(*ends));

	view->next_alike =
		oom_arena_alloc(&view->arena, (view->n_attempts + 1) * sizeof(*view->next_alike));
	view->is_first =
		oom_arena_alloc(&view->arena, (view->n_attempts + 1) * sizeof(*view->is_first));
	if (!ends || view->arena.failed) {
		free(ends);
		return -ENOMEM;
	}
	for (size_t r = 0; r < view->n_rows; r++)
		for (size_t m = 0; m < view->n_machines; m++)
			if (view->rows[r].cells[m].n_attempts)
				cell_link(view, &view->rows[r].cells[m], ends);
	free(ends);
	return 0;
}

bool oom_view_is_listed(const struct oom_view *view, const struct oom_view_row *row, bool only_bad)
{
	if (!only_bad || row->differs)
		return true;
	for (size_t m = 0; m < view->n_machines; m++)
		if (row->cells[m].n_attempts && row->cells[m].verdict != OOM_PASS)
			return true;
	return false;
}

int oom_view_build(const struct oom_run *run, struct oom_view *ret)
{
	struct building b = {.view = ret};
	int r;

	memset(ret, 0, sizeof(*ret));
	ret->run = run;
	if (run->n_attempts >= OOM_VIEW_NO_MORE)
		return -ENOMEM;
	r = machines_name(ret);
	if (r == 0)
		r = rows_fill(&b);
	for (size_t i = 0; r == 0 && i < ret->n_rows; i++)
		row_finish(ret, &ret->rows[i]);
	if (r == 0)
		r = cells_link(ret);
	if (r == 0 && latencies_summarise(ret) < 0)
		r = -ENOMEM;
	oom_names_release(&b.scenarios);
	oom_names_release(&b.topics);
	return r;
}

void oom_view_release(struct oom_view *view)
{
	oom_names_release(&view->machine_names);
	oom_arena_release(&view->scratch);
	oom_arena_release(&view->arena);
}
