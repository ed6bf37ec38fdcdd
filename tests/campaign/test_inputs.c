// SPDX-License-Identifier: LGPL-2.1-or-later
/* A verdict holds for what it was made from: --resume takes over what would be made from the same, and nothing else. */
#include "harness/campaign/folder.h"
#include "harness/campaign/inputs.h"
#include "harness/campaign/kept.h"
#include "harness/host/file.h"
#include "lib/record/input.h"
#include "tests/support/scratch.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64];
static struct oom_run_command command;
static struct oom_scenario scenarios[2];
static struct oom_job jobs[4];
static struct oom_backend backend = {.name = "scope"};

static const char *in_dir(const char *name)
{
	static char path[4][160];
	static int turn;

	turn = (turn + 1) % 4;
	snprintf(path[turn], sizeof(path[turn]), "%s/%s", dir, name);
	return path[turn];
}

static void put(const char *name, const char *text)
{
	cr_assert_eq(oom_file_write(in_dir(name), text, strlen(text), 0755, NULL), 0);
}

static void set_up(void)
{
	cr_assert_not_null(scratch_dir(dir));
	mkdir(in_dir("libexec"), 0755);
	mkdir(in_dir("config"), 0755);
	put("libexec/oomgate-workload", "#!/bin/true\n");
	put("config/sysctl", "vm.swappiness = 1\n");
	setenv("OOMGATE_LIBEXEC", in_dir("libexec"), 1);
	scenarios[0] = (struct oom_scenario){.id = "a", .path = "a.scenario", .text = "# a\n"};
	scenarios[1] = (struct oom_scenario){.id = "b", .path = "b.scenario", .text = "# b\n"};
}

static void tear_down(void)
{
	oom_tree_remove(dir);
}

TestSuite(campaign_inputs, .init = set_up, .fini = tear_down, .timeout = 60);

/* On this machine: two scenarios, two attempts of each. */
static void begin(bool resume)
{
	static char out[160], config[160];
	struct oom_err err = {0};
	struct oom_machine_rec *machine;

	snprintf(out, sizeof(out), "%s", in_dir("out"));
	snprintf(config, sizeof(config), "%s", in_dir("config"));
	command = (struct oom_run_command){.options = {.output_dir = out,
						   .config_dir = config,
						   .resume = resume,
						   .overwrite = !resume,
						   .quiet = true},
		.jobs = jobs,
		.n_jobs = 4,
		.journal_fd = -1,
		.run = oom_run_new()};
	machine = oom_run_add_machine(command.run);
	machine->id = "host";
	machine->backend = backend.name;
	for (size_t i = 0; i < 4; i++)
		jobs[i] = (struct oom_job){
			.scenario = &scenarios[i / 2], .attempt = 1 + i % 2, .seed = 7 + i};
	cr_assert_eq(oom_inputs_open(&command, &err), 0, "%s", err.msg);
}

static void open_run(void)
{
	struct oom_err err = {0};

	cr_assert_eq(oom_journal_open(&command, &err), 0, "%s", err.msg);
}

static void end(void)
{
	oom_run_free(command.run);
	if (command.journal_fd >= 0)
		close(command.journal_fd);
	oom_folder_release(&command);
	oom_kept_release(&command);
	oom_arena_release(&command.arena);
}

static void finish_all(void)
{
	struct oom_err err = {0};

	for (size_t i = 0; i < 4; i++) {
		struct oom_attempt *a = oom_attempt_new();

		if (jobs[i].done) {
			oom_attempt_free(a);
			continue;
		}
		a->scenario = jobs[i].scenario->id;
		a->machine = "host";
		a->attempt = jobs[i].attempt;
		a->verdict = OOM_PASS;
		a->reason = "";
		cr_assert_eq(oom_job_finished(&command, &jobs[i], a, &err), 0, "%s", err.msg);
	}
	cr_assert_eq(oom_journal_finish(&command, &err), 0, "%s", err.msg);
}

static void nothing(void)
{
}

static void scenario(void)
{
	scenarios[1].text = "# b, but another\n";
}

static void workloads(void)
{
	put("libexec/oomgate-workload", "#!/bin/false\n");
}

static void config(void)
{
	put("config/sysctl", "vm.swappiness = 2\n");
}

static void no_config(void)
{
	command.options.config_dir = NULL;
}

static void timeout(void)
{
	command.options.timeout_us = 5000000;
}

static void seed(void)
{
	jobs[3].seed = 99;
}

static void back_end(void)
{
	command.run->machines[0].backend = "cgroup";
}

/* Which of the four attempts are taken over. */
static const struct row {
	void (*before)(void), (*after)(void); /* the machine is looked at in between */
	bool done[4];
	size_t again;
} rows[] = {
	{nothing, nothing, {true, true, true, true}, 0},
	{scenario, nothing, {true, true, false, false}, 2},
	{workloads, nothing, {false, false, false, false}, 4},
	{config, nothing, {false, false, false, false}, 4},
	{nothing, timeout, {false, false, false, false}, 4},
	{nothing, seed, {true, true, true, false}, 1},
};

Test(campaign_inputs, what_differs_is_run_again)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		tear_down();
		set_up();
		begin(false);
		open_run();
		finish_all();
		end();
		rows[i].before();
		begin(true);
		rows[i].after();
		open_run();
		for (size_t j = 0; j < 4; j++)
			cr_expect_eq(jobs[j].done, rows[i].done[j], "row %zu, job %zu", i, j);
		cr_expect_eq(command.stale.planned, rows[i].again, "row %zu", i);
		cr_expect_eq(command.kept.count, 0, "row %zu", i);
		/* once it was made again it counts */
		finish_all();
		end();
		begin(true);
		rows[i].after();
		open_run();
		cr_expect_eq(command.progress.done, 4, "row %zu", i);
		cr_expect_eq(command.stale.planned, 0, "row %zu", i);
		end();
	}
}

/* The first of what differs, by name. */
Test(campaign_inputs, what_differs_has_a_name)
{
	static const struct {
		void (*before)(void), (*after)(void);
		const char *name;
	} cases[] = {{nothing, nothing, NULL}, {scenario, nothing, "scenario"},
		{workloads, nothing, "workloads"}, {config, nothing, "config"},
		{nothing, timeout, "timeout_us"}, {nothing, seed, "seed"}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct oom_attempt *a = oom_attempt_new();
		const char *name;

		tear_down();
		set_up();
		begin(false);
		cr_assert_eq(oom_inputs_note(&command, &jobs[3], a), 0);
		cr_expect_str_eq(oom_attempt_input(a, "seed"), "10");
		cr_expect_null(oom_attempt_input(a, "image"), "this machine has none");
		end();
		cases[i].before();
		begin(true);
		cases[i].after();
		name = oom_inputs_differ(&command, &jobs[3], a);
		cr_expect(name == cases[i].name ||
				(name && cases[i].name && !strcmp(name, cases[i].name)),
			"case %zu: %s", i, name ? name : "none");
		a->n_inputs = 0;
		cr_expect_str_eq(oom_inputs_differ(&command, &jobs[3], a), "inputs");
		end();
		oom_attempt_free(a);
	}
}

/* The machine is compared where the scenario is not in the plan; what would be another machine's is left out. */
Test(campaign_inputs, what_is_not_in_the_plan_is_of_this_machine_too)
{
	static const struct {
		void (*before)(void);
		size_t kept, left_out;
	} cases[] = {{nothing, 2, 0}, {scenario, 2, 0}, {config, 0, 2}, {workloads, 0, 2}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		tear_down();
		set_up();
		begin(false);
		open_run();
		finish_all();
		end();
		cases[i].before();
		begin(true);
		command.n_jobs = 2; /* of "a" alone */
		open_run();
		cr_expect_eq(command.kept.count, cases[i].kept, "case %zu", i);
		cr_expect_eq(command.stale.left_out, cases[i].left_out, "case %zu", i);
		end();
	}
}

/* This machine is another one with another back end; and a run without a tree is not one with an empty one. */
Test(campaign_inputs, a_machine_and_no_tree_are_inputs, .init = set_up)
{
	struct oom_attempt *a = oom_attempt_new();
	struct oom_err err = {0};

	begin(false);
	cr_assert_eq(oom_inputs_note(&command, &jobs[0], a), 0);
	cr_expect_not_null(command.run->host_kernel);
	back_end();
	cr_assert_eq(oom_inputs_open(&command, &err), 0);
	cr_expect_str_eq(oom_inputs_differ(&command, &jobs[0], a), "machine");
	command.run->machines[0].backend = backend.name;
	no_config();
	cr_assert_eq(oom_inputs_open(&command, &err), 0);
	cr_expect_str_eq(oom_inputs_differ(&command, &jobs[0], a), "config");
	end();
	oom_attempt_free(a);
}
