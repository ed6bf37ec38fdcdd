// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/campaign/scenario_set.h"
#include "harness/commands/command.h"
#include "harness/commands/list.h"
#include "harness/commands/list_row.h"
#include "harness/expects/expect.h"
#include "harness/faults/fault.h"
#include "harness/guest/image/suite.h"
#include "harness/host/libexec.h"
#include "harness/needs/needs.h"
#include "harness/units/backend.h"
#include "harness/workloads/workload.h"
#include "reports/report.h"

#include <errno.h>
#include <string.h>

static int fill_scenarios(struct oom_list *list, struct oom_err *err)
{
	struct oom_scenario_set set = {0};
	char folder[4096];
	const char *own = folder;
	int r = list->n_paths ? 0 : oom_scenarios_find(err, folder, sizeof(folder));

	if (r == 0)
		r = oom_scenario_set_load(list->n_paths ? (const char *const *)list->paths : &own,
			list->n_paths ? (size_t)list->n_paths : 1, NULL, err, &set);
	if (r < 0)
		return r;
	for (size_t i = 0; r == 0 && i < set.count; i++) {
		const struct oom_scenario *s = set.scenarios[i];

		r = oom_list_row(list, s->id,
			oom_section_text(
				oom_scenario_section(s, OOM_SEC_SCENARIO, NULL), "Tags", ""),
			s->title);
	}
	oom_scenario_set_release(&set);
	return r;
}

static int fill_workloads(struct oom_list *list, struct oom_err *err)
{
	int r = 0;

	(void)err;
	for (const struct oom_workload *const *w = oom_workloads; r == 0 && *w; w++)
		r = oom_list_row(list, (*w)->kind.name, (*w)->needs, (*w)->kind.help);
	return r;
}

static int fill_faults(struct oom_list *list, struct oom_err *err)
{
	int r = 0;

	(void)err;
	for (const struct oom_fault *const *f = oom_faults; r == 0 && *f; f++)
		r = oom_list_row(list, (*f)->kind.name, (*f)->needs, (*f)->kind.help);
	return r;
}

static const char *about_text(unsigned about)
{
	static const char *const texts[] = {"", "run", "workload", "run, workload", "unit",
		"run, unit", "workload, unit", "run, workload, unit"};

	return about < sizeof(texts) / sizeof(texts[0]) ? texts[about] : "";
}

static int fill_expectations(struct oom_list *list, struct oom_err *err)
{
	int r = 0;

	(void)err;
	for (const struct oom_expect *const *e = oom_expects; r == 0 && *e; e++) {
		char type[OOM_KEY_TYPE_MAX];

		r = oom_list_row(list, (*e)->key.name, about_text((*e)->about),
			oom_key_type_text(&(*e)->key, type), (*e)->key.help);
	}
	return r;
}

static int fill_needs(struct oom_list *list, struct oom_err *err)
{
	static const char *const arguments[] = {
		[OOM_NEED_PLAIN] = "",
		[OOM_NEED_COUNT] = "number",
		[OOM_NEED_SIZE] = "size",
		[OOM_NEED_VERSION] = "version",
	};
	int r = 0;

	(void)err;
	for (const struct oom_need *const *need = oom_needs; r == 0 && *need; need++)
		r = oom_list_row(list, (*need)->name, arguments[(*need)->arg], (*need)->help);
	return r;
}

static int fill_formats(struct oom_list *list, struct oom_err *err)
{
	int r = 0;

	(void)err;
	for (const struct oom_report *const *report = oom_reports; r == 0 && *report; report++)
		r = oom_list_row(list, (*report)->name, (*report)->help);
	return r;
}

static int fill_sections(struct oom_list *list, struct oom_err *err)
{
	int r = 0;

	(void)err;
	for (enum oom_section_kind kind = 0; r == 0 && kind < OOM_SEC_COUNT_; kind++) {
		const char *name = oom_section_kind_name(kind);
		char text[32];

		snprintf(text, sizeof(text), "[%s%s]", name,
			kind == OOM_SEC_FILE		       ? " PATH"
				: oom_section_kind_named(kind) ? " NAME"
				: kind == OOM_SEC_EXPECT       ? "] [Expect NAME"
							       : "");
		r = oom_list_row(list, text, oom_section_kind_help(kind));
	}
	return r;
}

static int fill_places(struct oom_list *list, struct oom_err *err)
{
	int r = oom_list_row(list, "guest", "a throw-away QEMU machine");

	(void)err;
	for (const struct oom_backend *const *b = oom_backends; r == 0 && *b; b++)
		r = oom_list_row(list, (*b)->name, (*b)->help);
	return r;
}

static int fill_guests(struct oom_list *list, struct oom_err *err)
{
	int r = 0;

	(void)err;
	for (const struct oom_suite *s = oom_suites; r == 0 && s->name; s++)
		r = oom_list_row(list, s->name, s->kernel, s->help);
	return r;
}

static int fill_commands(struct oom_list *list, struct oom_err *err)
{
	int r = 0;

	(void)err;
	for (const struct oom_command *const *c = oom_commands; r == 0 && *c; c++)
		if (!(*c)->hidden)
			r = oom_list_row(list, (*c)->name, (*c)->help);
	return r;
}

/* What 'oomgate image list' prints. */
static int print_images(struct oom_list *list, struct oom_err *err)
{
	char name[] = "oomgate image", verb[] = "list", *argv[] = {name, verb, NULL};

	(void)list;
	for (const struct oom_command *const *c = oom_commands; *c; c++)
		if (!strcmp((*c)->name, "image"))
			return (*c)->run(2, argv) == OOM_EXIT_OK
				? 0
				: oom_err_set(err, EIO, "cannot list the images");
	return oom_err_set(err, ENOTSUP, "this program knows no images");
}

const struct oom_list_kind oom_list_kinds[] = {
	{"scenarios", "scenarios below PATH..., else the program's own",
		{"SCENARIO", "TAGS", "TITLE"}, fill_scenarios, NULL, true},
	{"workloads", "types of [Workload NAME]", {"TYPE", "NEEDS", "WHAT"}, fill_workloads, NULL},
	{"faults", "types of [Fault NAME]", {"TYPE", "NEEDS", "WHAT"}, fill_faults, NULL},
	{"expectations", "keys of [Expect] and [Expect NAME]", {"KEY", "ABOUT", "VALUE", "WHAT"},
		fill_expectations, NULL},
	{"needs", "words of Needs=", {"NEED", "ARGUMENT", "WHAT"}, fill_needs, NULL},
	{"sections", "sections of a scenario file", {"SECTION", "WHAT"}, fill_sections, NULL},
	{"keys", "keys of every section and type", {"KEY", "SECTION", "VALUE", "DEFAULT", "WHAT"},
		oom_list_keys, NULL},
	{"properties", "unit properties, with the cgroup files they set",
		{"PROPERTY", "SECTIONS", "VALUE", "SINCE", "CGROUP FILE", "WHAT"},
		oom_list_properties, NULL},
	{"formats", "report formats: --format", {"FORMAT", "WHAT"}, fill_formats, NULL},
	{"places", "where scenarios can run: --in", {"PLACE", "WHAT"}, fill_places, NULL},
	{"guests", "guests and the images they can be built from: --guest, image build",
		{"NAME", "KERNEL", "WHAT"}, fill_guests, NULL},
	{"images", "guest images that have been built", {0}, NULL, print_images},
	{"commands", "commands of this program", {"COMMAND", "WHAT"}, fill_commands, NULL},
	{"completion", "a completion script for bash", {0}, NULL, oom_list_completion},
	{0},
};
