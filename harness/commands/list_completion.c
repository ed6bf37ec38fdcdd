// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * bash's completion. It needs nothing but bash (the helpers of the package bash-completion may not be there):
 * words are split at blanks, because names have colons, and of what readline has split off already
 * (COMP_WORDBREAKS) each reply is freed. The words of each case come from the tables, at the time this is printed.
 */
#include "harness/campaign/evidence_keep.h"
#include "harness/commands/command.h"
#include "harness/commands/list.h"
#include "harness/explain/explain.h"
#include "harness/guest/image/suite.h"
#include "harness/say/say.h"
#include "harness/units/backend.h"
#include "reports/report.h"

#include <stdio.h>
#include <string.h>

/* An option without a name or a letter ends the table; one without a name is a letter only. */
static bool is_option(const struct argp_option *o)
{
	return o && (o->name || o->key || o->doc || o->group);
}

static bool is_letter(const struct argp_option *o)
{
	return o->key > ' ' && o->key < 127;
}

static void options_print(const struct oom_command *command)
{
	const struct argp_option *o = command->argp ? command->argp->options : NULL;

	for (; is_option(o); o++) {
		if (!o->name || o->flags & OPTION_HIDDEN)
			continue;
		oom_say(stdout, " --%s%s", o->name,
			o->arg && !(o->flags & OPTION_ARG_OPTIONAL) ? "=" : "");
		if (is_letter(o))
			oom_say(stdout, " -%c", o->key);
	}
	fputs(" --help", stdout);
}

static void suites_print(void)
{
	for (const struct oom_suite *s = oom_suites; s->name; s++)
		oom_say(stdout, "%s ", s->name);
}

static void report_formats_print(void)
{
	for (const struct oom_report *const *r = oom_reports; *r; r++)
		oom_say(stdout, "%s ", (*r)->name);
}

static void explain_formats_print(void)
{
	for (const struct explain_format *const *f = explain_formats; *f; f++)
		oom_say(stdout, "%s ", (*f)->name);
}

static void places_print(void)
{
	fputs("auto guest ", stdout);
	for (const struct oom_backend *const *b = oom_backends; *b; b++)
		oom_say(stdout, "%s ", (*b)->name);
}

static void accelerators_print(void)
{
	fputs("auto kvm tcg ", stdout);
}

static void evidence_print(void)
{
	for (const char *const *word = oom_evidence_words; *word; word++)
		oom_say(stdout, "%s ", *word);
}

/* What an option's value can be; of any other nothing is offered. */
static const struct value {
	const char *command, *option; /* command NULL: of all */
	const char *how; /* the function of bash that takes the words */
	void (*print)(void);
} values[] = {
	{"explain", "format", "_oomgate_words", explain_formats_print},
	{NULL, "format", "_oomgate_report", report_formats_print},
	{NULL, "in", "_oomgate_words", places_print},
	{NULL, "guest", "_oomgate_words", suites_print},
	{NULL, "accel", "_oomgate_words", accelerators_print},
	{"run", "evidence", "_oomgate_words", evidence_print},
	{NULL, "output", "_oomgate_files -d", NULL},
	{NULL, "config", "_oomgate_files -d", NULL},
	{NULL, "root", "_oomgate_files -d", NULL},
	{0},
};

static void value_print(const struct oom_command *command, const struct argp_option *o)
{
	const struct value *v = values;

	while (v->option &&
		(strcmp(v->option, o->name) || (v->command && strcmp(v->command, command->name))))
		v++;
	oom_say(stdout, "    %s:--%s", command->name, o->name);
	if (is_letter(o))
		oom_say(stdout, "|%s:-%c", command->name, o->key);
	fputs(") ", stdout);
	if (v->option)
		oom_say(stdout, "%s", v->how);
	if (v->print) {
		fputs(" '", stdout);
		v->print();
		fputs("'", stdout);
	}
	if (v->option)
		fputs("; ", stdout);
	puts("return ;;");
}

static void commands_print(void (*print)(const struct oom_command *command))
{
	for (const struct oom_command *const *c = oom_commands; *c; c++)
		if (!(*c)->hidden)
			print(*c);
}

static void values_print(const struct oom_command *command)
{
	const struct argp_option *o = command->argp ? command->argp->options : NULL;

	for (; is_option(o); o++)
		if (o->name && o->arg && !(o->flags & (OPTION_HIDDEN | OPTION_ARG_OPTIONAL)))
			value_print(command, o);
}

static void name_print(const struct oom_command *command)
{
	oom_say(stdout, "%s ", command->name);
}

static void command_print(const struct oom_command *command)
{
	oom_say(stdout, "    %s) options='", command->name);
	options_print(command);
	puts("' ;;");
}

static const char head[] =
	"# bash completion of oomgate, made by 'oomgate list completion'\n"
	"_oomgate_take() {\n"
	"  local reply\n"
	"  while IFS= read -r reply; do\n"
	"    reply=$before$reply\n"
	"    COMPREPLY+=(\"${reply#\"$taken\"}\")\n"
	"  done\n"
	"}\n"
	"_oomgate_words() { _oomgate_take < <(compgen -W \"$1\" -- \"$value\"); }\n"
	"_oomgate_files() {\n"
	"  compopt -o filenames 2>/dev/null\n"
	"  _oomgate_take < <(compgen \"$@\" -- \"$value\")\n"
	"}\n"
	"_oomgate_report() { # F[:FILE]\n"
	"  [[ $value != *:* ]] && { _oomgate_words \"$1\"; return; }\n"
	"  before=$before${value%%:*}: value=${value#*:}\n"
	"  _oomgate_files -f\n"
	"}\n"
	"_oomgate() {\n"
	"  local text=${COMP_LINE:0:COMP_POINT} taken= before= value option options= words n\n"
	"  read -ra words <<<\"$text\"\n"
	"  [[ $text == *[[:space:]] ]] && words+=('')\n"
	"  n=$((${#words[@]} - 1)) value=${words[n]} option=${words[n - 1]}\n"
	"  local command=${words[1]}\n"
	"  COMPREPLY=()\n"
	"  # readline replaces what stands behind the last of its breaks\n"
	"  [[ $COMP_WORDBREAKS == *:* && $value == *:* ]] && taken=${value%:*}:\n"
	"  if [[ $COMP_WORDBREAKS == *=* && $value == *=* ]]; then\n"
	"    local equals=${value%=*}=\n"
	"    [ ${#equals} -gt ${#taken} ] && taken=$equals\n"
	"  fi\n";

int oom_list_completion(struct oom_list *list, struct oom_err *err)
{
	(void)err;
	oom_say_lines(stdout, head);
	fputs("  if [ \"$n\" -eq 1 ]; then\n    _oomgate_words '", stdout);
	commands_print(name_print);
	puts("help'\n    return\n  fi\n"
	     "  if [[ $value == --*=* ]]; then\n"
	     "    option=${value%%=*} before=${value%%=*}= value=${value#*=}\n"
	     "  fi\n"
	     "  case $command:$option in");
	commands_print(values_print);
	puts("  esac\n  case $command in");
	commands_print(command_print);
	fputs("  esac\n"
	      "  if [[ $value == -* ]]; then\n"
	      "    _oomgate_words \"$options\"\n"
	      "    [[ ${COMPREPLY-} == *= ]] && compopt -o nospace 2>/dev/null\n"
	      "    return\n  fi\n"
	      "  case $command:$n in\n"
	      "    help:2) _oomgate_words '",
		stdout);
	commands_print(name_print);
	fputs("' ;;\n    list:2) _oomgate_words '", stdout);
	for (const struct oom_list_kind *kind = list->kinds; kind->name; kind++)
		oom_say(stdout, "%s ", kind->name);
	fputs("' ;;\n"
	      "    image:2) _oomgate_words 'build list remove' ;;\n"
	      "    image:*) _oomgate_words '",
		stdout);
	suites_print();
	puts("' ;;\n"
	     "    run:*|check:*) _oomgate_files -d; _oomgate_files -f -X '!*.scenario' ;;\n"
	     "    doctor:*|cleanup:*) ;;\n"
	     "    *) _oomgate_files -f ;;\n"
	     "  esac\n"
	     "}\n"
	     "complete -F _oomgate oomgate");
	return 0;
}
