// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/commands/list.h"

#include "harness/commands/command.h"
#include "harness/commands/list_row.h"
#include "harness/say/fit.h"
#include "harness/say/say.h"
#include "harness/say/usage.h"
#include "lib/base/choice.h"

#include <errno.h>
#include <libsmartcols/libsmartcols.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

struct options {
	struct oom_usage_given given;
	bool json, names, man;
	const char *kind;
	char **paths;
	int n_paths;
};

enum { OPT_JSON = 256, OPT_NAMES, OPT_MAN };

static const struct argp_option argp_options[] = {
	{"json", OPT_JSON, NULL, 0, "Print JSON", 0},
	{"names", OPT_NAMES, NULL, 0, "Print bare names, one per line", 0},
	{"man", OPT_MAN, NULL, 0, "Print part of a manual page, for scdoc(1)", 0},
	{0},
};

enum { OWN_FORM = 1, NAMES_ONLY = 2, MAN_PART = 4 };

static const struct oom_usage usage = {
	argp_options,
	(const struct oom_usage_situation[]){
		{OWN_FORM, "with this kind, which has its own format; drop it"},
		{NAMES_ONLY, "with --names, which is another format; drop one of them"},
		{MAN_PART, "with --man, which is another format; drop one of them"},
		{0},
	},
	(const struct oom_usage_option[]){
		{OPT_JSON, OWN_FORM | NAMES_ONLY | MAN_PART},
		{OPT_NAMES, OWN_FORM | MAN_PART},
		{OPT_MAN, OWN_FORM},
		{0},
	},
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	oom_usage_note(&o->given, &usage, key);
	switch (key) {
	case OPT_JSON:
		o->json = true;
		break;
	case OPT_NAMES:
		o->names = true;
		break;
	case OPT_MAN:
		o->man = true;
		break;
	case ARGP_KEY_ARG:
		if (o->kind)
			return ARGP_ERR_UNKNOWN; /* they come as ARGP_KEY_ARGS */
		o->kind = arg;
		o->paths = state->argv + state->next;
		o->n_paths = state->argc - state->next;
		state->next = state->argc;
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static const struct argp argp = {
	argp_options,
	parse_option,
	"[KIND [PATH...]]",
	"Lists the items of a kind; without KIND, the kinds.",
	NULL,
	NULL,
	NULL,
};

static int add_columns(struct oom_list *list, const struct oom_list_kind *kind)
{
	for (; kind->columns[list->n_columns]; list->n_columns++)
		if (!oom_say_column(list->table, kind->columns[list->n_columns], 0))
			return -ENOMEM;
	return 0;
}

static int fill_kinds(struct oom_list *list, struct oom_err *err)
{
	int r = 0;

	(void)err;
	for (const struct oom_list_kind *kind = oom_list_kinds; r == 0 && kind->name; kind++)
		r = oom_list_row(list, kind->name, kind->help);
	return r;
}

static const struct oom_list_kind kind_of_kinds = {
	"kinds", "what can be listed", {"KIND", "WHAT"}, fill_kinds, NULL};

static const struct oom_list_kind *kind_find(const char *name, struct oom_err *err)
{
	const char *names[32];
	size_t count = 0;

	if (!name)
		return &kind_of_kinds;
	for (const struct oom_list_kind *kind = oom_list_kinds; kind->name; kind++) {
		if (!strcmp(kind->name, name))
			return kind;
		if (count < sizeof(names) / sizeof(names[0]))
			names[count++] = kind->name;
	}
	oom_choice_unknown(err, "kind", name, names, count);
	return NULL;
}

/* The kind that is meant; NULL where the command line is wrong. */
static const struct oom_list_kind *kind_choose(const struct options *o, struct oom_err *err)
{
	const struct oom_list_kind *kind = kind_find(o->kind, err);

	if (!kind)
		return NULL;
	if (oom_usage_check(&usage, &o->given,
		    (kind->print ? OWN_FORM : 0) | (o->names ? NAMES_ONLY : 0) |
			    (o->man ? MAN_PART : 0),
		    err) < 0)
		return NULL;
	if (o->n_paths && !kind->takes_paths) {
		oom_err_set(err, EINVAL,
			"'%s' has no effect: 'list %s' takes no path, only 'list scenarios' does",
			o->paths[0], kind->name);
		return NULL;
	}
	return kind;
}

static void print_names(const struct oom_list *list)
{
	struct libscols_iter *iter = scols_new_iter(SCOLS_ITER_FORWARD);
	struct libscols_line *line;

	while (iter && scols_table_next_line(list->table, iter, &line) == 0)
		oom_say(stdout, "%s\n", scols_cell_get_data(scols_line_get_cell(line, 0)));
	scols_free_iter(iter);
}

static int list_print(struct oom_list *list, const struct oom_list_kind *kind,
	const struct options *options, struct oom_err *err)
{
	int r;

	if (kind->print)
		return kind->print(list, err);
	r = add_columns(list, kind);
	if (r == 0)
		r = kind->fill(list, err);
	if (r < 0)
		return err->code ? r : oom_err_set(err, -r, "cannot build the table");
	if (options->man)
		return oom_list_man(kind, list, err);
	if (options->names) {
		print_names(list);
		return 0;
	}
	if (!options->json)
		oom_fit_table(list->table, oom_fit_columns(STDOUT_FILENO));
	scols_table_enable_json(list->table, options->json);
	scols_table_set_name(list->table, kind->name);
	scols_print_table(list->table);
	return 0;
}

static int run(int argc, char **argv)
{
	struct options options = {0};
	const struct oom_list_kind *kind;
	struct oom_list list = {0};
	struct oom_err err = {0};
	int r = -ENOMEM;

	if (oom_say_parse(&argp, argc, argv, &options))
		return OOM_EXIT_USAGE;
	kind = kind_choose(&options, &err);
	if (!kind) {
		oom_say(stderr, "oomgate: %s\n", err.msg);
		return OOM_EXIT_USAGE;
	}
	scols_init_debug(0);
	list.table = scols_new_table();
	list.kinds = oom_list_kinds;
	list.paths = options.paths;
	list.n_paths = options.n_paths;
	if (list.table)
		r = list_print(&list, kind, &options, &err);
	scols_unref_table(list.table);
	oom_arena_release(&list.arena);
	if (r == 0 && fflush(stdout))
		r = oom_err_set(&err, EIO, "cannot write to standard output");
	if (r < 0 && err.code)
		oom_say(stderr, "oomgate: %s\n", err.msg);
	return r == -EBADMSG || r == -ENOENT ? OOM_EXIT_USAGE
		: r < 0			     ? OOM_EXIT_BROKEN
					     : OOM_EXIT_OK;
}

const struct oom_command oom_cmd_list = {
	.name = "list",
	.help = "list scenarios, workloads, faults, expectations, needs and more",
	.argp = &argp,
	.run = run,
};
