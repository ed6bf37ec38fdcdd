// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/campaign/evidence_name.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <errno.h>
#include <string.h>

struct row {
	const char *machine, *scenario, *name; /* name: what it begins with */
};

static struct oom_run_command command = {.dir = "run"};

static int name_of(const char *scenario, size_t machine, char *buf, size_t size)
{
	struct oom_scenario s = {.id = scenario};
	struct oom_job job = {.scenario = &s, .machine = machine, .attempt = 3};

	return oom_evidence_name(&command, &job, buf, size);
}

ParameterizedTestParameters(evidence_name, has_nothing_that_others_refuse)
{
	static struct row rows[] = {
		{"scope", "cow/fork", "run/scope/cow/fork/3"},
		{"debian:bookworm", "a", "run/debian_bookworm/a/3"},
		{"kernel=/boot/vmlinuz-6.1,image=debian:trixie", "a",
			"run/kernel=_boot_vmlinuz-6.1_image=debian_trixie/a/3"},
		{"a\"b<c>d|e*f?g\\h\ri\nj", "a", "run/a_b_c_d_e_f_g_h_i_j/a/3"},
		{"scope", "d/a:b", "run/scope/d/a_b-"},
		{"scope", "what?", "run/scope/what_-"},
	};

	return cr_make_param_array(struct row, rows, sizeof(rows) / sizeof(*rows));
}

ParameterizedTest(struct row *row, evidence_name, has_nothing_that_others_refuse)
{
	char buf[256];

	command.run = oom_run_new();
	oom_run_add_machine(command.run)->id = row->machine;
	cr_assert_eq(name_of(row->scenario, 0, buf, sizeof(buf)), 0);
	cr_expect_eq(
		strncmp(buf, row->name, strlen(row->name)), 0, "'%s' is no '%s'", buf, row->name);
	cr_expect_null(strpbrk(buf, "\":<>|*?\\\r\n"), "'%s'", buf);
	cr_expect_str_eq(strrchr(buf, '/'), "/3");
	oom_run_free(command.run);
}

Test(evidence_name, no_two_jobs_have_the_same)
{
	static const char *const machines[] = {"a:b", "a_b", "a,b", "ab"};
	static const char *const ids[] = {"x:y", "x_y", "x?y", "xy"};
	char names[16][64];

	command.run = oom_run_new();
	for (size_t i = 0; i < 4; i++)
		oom_run_add_machine(command.run)->id = machines[i];
	for (size_t i = 0; i < 16; i++) {
		cr_assert_eq(name_of(ids[i % 4], i / 4, names[i], sizeof(names[i])), 0);
		for (size_t j = 0; j < i; j++)
			cr_expect_str_neq(names[i], names[j]);
	}
	oom_run_free(command.run);
}

Test(evidence_name, one_that_is_too_long_is_refused)
{
	char buf[16];

	command.run = oom_run_new();
	oom_run_add_machine(command.run)->id = "debian:bookworm";
	cr_expect_eq(name_of("a", 0, buf, sizeof(buf)), -ENAMETOOLONG);
	oom_run_free(command.run);
}
