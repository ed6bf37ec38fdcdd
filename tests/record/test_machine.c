// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/record/record.h"

#include <criterion/criterion.h>

/* A machine has what its attempts had, and nothing where they differ: [Machine] is the scenario's. */
Test(record, a_machine_has_what_its_attempts_had)
{
	static const struct {
		int64_t of_attempts[3]; /* -1: it does not say */
		int64_t before, least, most, after;
	} rows[] = {
		{{1 << 30, 1 << 30, 1 << 30}, 512, 1 << 30, 1 << 30, 1 << 30},
		{{1 << 30, 256, 512}, 512, 256, 1 << 30, -1},
		{{-1, 256, -1}, 512, 256, 256, 256},
		{{-1, -1, -1}, 512, -1, -1, 512},
		{{-1, -1, -1}, -1, -1, -1, -1},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct oom_run *run = oom_run_new();
		struct oom_extent memory, cpus;

		for (size_t m = 0; m < 2; m++)
			*oom_run_add_machine(run) = (struct oom_machine_rec){.id = m ? "b" : "a",
				.memory_bytes = rows[i].before,
				.cpus = rows[i].before};
		for (size_t a = 0; a < 4; a++) {
			struct oom_attempt *attempt = oom_attempt_new();

			attempt->scenario = "x";
			attempt->machine = a == 3 ? "b" : "a";
			attempt->memory_bytes = attempt->cpus =
				a == 3 ? 77 : rows[i].of_attempts[a];
			cr_assert_eq(oom_run_add_attempt(run, attempt), 0);
		}
		memory = oom_run_memory_bytes(run, "a");
		cpus = oom_run_cpus(run, "a");
		cr_expect(
			memory.least == rows[i].least && memory.most == rows[i].most, "row %zu", i);
		cr_expect(cpus.least == rows[i].least && cpus.most == rows[i].most, "row %zu", i);
		oom_run_settle_machines(run);
		cr_expect_eq(run->machines[0].memory_bytes, rows[i].after, "row %zu", i);
		cr_expect_eq(run->machines[0].cpus, rows[i].after, "row %zu", i);
		cr_expect_eq(run->machines[1].memory_bytes, 77, "row %zu: another machine", i);
		oom_run_free(run);
	}
}
