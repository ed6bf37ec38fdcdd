// SPDX-License-Identifier: LGPL-2.1-or-later
/* Of a kill that only mark_victim tells of: which kind was it? */
#include "harness/attempt/attribute.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <unistd.h>

enum { HOG = 101 };

/* What the units counted: "box", in which the hog is; "outer", the slice around it; "side", beside it. */
static const struct row {
	int64_t n_kills; /* that mark_victim saw, the hog's the first */
	int64_t kills, met; /* box: memory.events, oom_kill and oom */
	int64_t outer_met, side_met; /* memory.events.local, oom */
	enum oom_killer killer;
} rows[] = {
	{1, 1, 1, 0, 0, OOM_KILLER_KERNEL_MEMCG},
	/* more than once, for one kill */
	{1, 1, 3, 0, 0, OOM_KILLER_KERNEL_MEMCG},
	{1, 1, 0, 1, 0, OOM_KILLER_KERNEL_MEMCG},
	{2, 1, 1, 1, 0, OOM_KILLER_KERNEL_MEMCG},
	/* no limit was met: the machine's, which the unit counts, too */
	{1, 1, 0, 0, 0, OOM_KILLER_UNKNOWN},
	{1, 1, 0, 0, 1, OOM_KILLER_UNKNOWN},
	/* one of two: which, nobody knows */
	{2, 2, 1, 0, 0, OOM_KILLER_UNKNOWN},
	{2, 1, 1, 0, 1, OOM_KILLER_UNKNOWN},
	/* nothing was counted */
	{1, -1, -1, -1, -1, OOM_KILLER_UNKNOWN},
};

static void count(struct oom_attempt *record, struct oom_unit_rec *unit, bool local,
	const char *name, int64_t value)
{
	if (value >= 0)
		cr_assert_eq(
			oom_attempt_add_counter(record, local ? &unit->events_local : &unit->events,
				local ? &unit->n_events_local : &unit->n_events, name, value),
			0);
}

static void fill(struct oom_attempt *record, const struct row *row)
{
	static const struct {
		const char *name, *cgroup;
	} units[] = {{"outer", "/outer"}, {"box", "/outer/box"}, {"side", "/outer/side"}};
	struct oom_unit_rec *unit;

	for (size_t i = 0; i < 3; i++) {
		unit = oom_attempt_add_unit(record);
		unit->name = units[i].name;
		unit->cgroup = units[i].cgroup;
		if (i == 1) {
			count(record, unit, false, "oom_kill", row->kills);
			count(record, unit, false, "oom", row->met);
		} else {
			count(record, unit, true, "oom", i ? row->side_met : row->outer_met);
		}
	}
	oom_attempt_add_workload(record)->name = "hog";
	record->workloads[0].scope = "box";
	record->workloads[0].pid = HOG;
	record->workloads[0].end = OOM_END_SIGNALLED;
	record->workloads[0].signal = SIGKILL;
	for (int64_t i = 0; i < row->n_kills; i++) {
		struct oom_kill *kill = oom_attempt_add_kill(record);

		kill->line = -1;
		kill->time_us = 100 + i;
		kill->victim.pid = HOG + i;
	}
}

Test(attribute, a_kill_without_its_line_is_a_limits_where_one_was_met)
{
	static struct oom_load_page page;
	static const struct oom_workload anon = {.flags = 0};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct oom_attempt *record = oom_attempt_new();
		struct oom_backend_unit boxes[] = {{.name = "outer", .cgroup = "/outer"},
			{.name = "box", .cgroup = "/outer/box"},
			{.name = "side", .cgroup = "/outer/side"}};
		struct oom_run_workload hog = {
			.name = "hog", .type = &anon, .unit = &boxes[1], .pid = HOG, .page = &page};
		struct oom_run_state run = {.workloads = &hog,
			.n_workloads = 1,
			.units = boxes,
			.n_units = 3,
			.record = record,
			.in_guest = true};

		hog.run = &run;
		fill(record, &rows[i]);
		cr_assert_eq(oom_attribute(&run), 0);
		cr_expect_str_eq(record->kills[0].workload, "hog", "row %zu", i);
		cr_expect_str_eq(oom_killer_name(record->kills[0].killer),
			oom_killer_name(rows[i].killer), "row %zu", i);
		cr_expect_str_eq(oom_killer_name(record->workloads[0].killed_by),
			oom_killer_name(rows[i].killer), "row %zu: the hog", i);
		oom_attempt_free(record);
	}
}
