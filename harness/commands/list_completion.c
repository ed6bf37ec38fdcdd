// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/commands/command.h"
#include "harness/commands/list.h"
#include "harness/guest/image/suite.h"
#include "harness/say/say.h"
#include "harness/units/backend.h"
#include "reports/report.h"

#include <stdio.h>

static void options_print(const struct oom_command *command)
{
	const struct argp_option *o = command->argp ? command->argp->options : NULL;

	/* an option without a name or a letter ends the table; one without a name is a letter only
	 */
	for (; o && (o->name || o->key || o->doc || o->group); o++)
		if (o->name && !(o->flags & OPTION_HIDDEN))
			oom_say(stdout, " --%s%s", o->name,
				o->arg && !(o->flags & OPTION_ARG_OPTIONAL) ? "=" : "");
	fputs(" --help", stdout);
}

static void command_print(const struct oom_command *command)
{
	oom_say(stdout, "    %s) options='", command->name);
	options_print(command);
	fputs("' ;;\n", stdout);
}

static void suites_print(void)
{
	for (const struct oom_suite *s = oom_suites; s->name; s++)
		oom_say(stdout, "%s ", s->name);
}

/* The words of each case below come from the tables, at the time this is printed. */
int oom_list_completion(struct oom_list *list, struct oom_err *err)
{
	(void)list;
	(void)err;
	puts("# bash completion of oomgate, made by 'oomgate list completion'\n"
	     "_oomgate() {\n"
	     "  local cur prev words cword split\n"
	     "  _init_completion -s -n : || return\n"
	     "  local command=${words[1]} options=");
	fputs("  if [ \"$cword\" -eq 1 ]; then\n    COMPREPLY=($(compgen -W '", stdout);
	for (const struct oom_command *const *c = oom_commands; *c; c++)
		if (!(*c)->hidden)
			oom_say(stdout, "%s ", (*c)->name);
	puts("help' -- \"$cur\"))\n    return\n  fi\n  case $prev in");
	fputs("    --format) COMPREPLY=($(compgen -W '", stdout);
	for (const struct oom_report *const *r = oom_reports; *r; r++)
		oom_say(stdout, "%s ", (*r)->name);
	puts("' -- \"$cur\")); return ;;");
	fputs("    --in) COMPREPLY=($(compgen -W 'auto guest ", stdout);
	for (const struct oom_backend *const *b = oom_backends; *b; b++)
		oom_say(stdout, "%s ", (*b)->name);
	puts("' -- \"$cur\")); return ;;");
	fputs("    --guest) COMPREPLY=($(compgen -W '", stdout);
	suites_print();
	puts("' -- \"$cur\")); __ltrim_colon_completions \"$cur\"; return ;;\n"
	     "    --accel) COMPREPLY=($(compgen -W 'auto kvm tcg' -- \"$cur\")); return ;;\n"
	     "    --output|--config) _filedir -d; return ;;\n"
	     "  esac\n  case $command in");
	for (const struct oom_command *const *c = oom_commands; *c; c++)
		if (!(*c)->hidden)
			command_print(*c);
	fputs("  esac\n"
	      "  if [[ $cur == -* ]]; then\n"
	      "    COMPREPLY=($(compgen -W \"$options\" -- \"$cur\"))\n"
	      "    [[ ${COMPREPLY-} == *= ]] && compopt -o nospace\n"
	      "    return\n  fi\n"
	      "  if [ \"$command\" = list ] && [ \"$cword\" -eq 2 ]; then\n"
	      "    COMPREPLY=($(compgen -W '",
		stdout);
	for (const struct oom_list_kind *kind = list->kinds; kind->name; kind++)
		oom_say(stdout, "%s ", kind->name);
	puts("' -- \"$cur\"))\n    return\n  fi\n"
	     "  if [ \"$command\" = image ] && [ \"$cword\" -eq 2 ]; then\n"
	     "    COMPREPLY=($(compgen -W 'build list remove' -- \"$cur\"))\n    return\n  fi");
	fputs("  if [ \"$command\" = image ]; then\n    COMPREPLY=($(compgen -W '", stdout);
	suites_print();
	puts("' -- \"$cur\"))\n    __ltrim_colon_completions \"$cur\"\n    return\n  fi\n"
	     "  case $command in\n"
	     "    run|check) _filedir scenario ;;\n"
	     "    *) _filedir ;;\n"
	     "  esac\n"
	     "}\n"
	     "complete -F _oomgate oomgate");
	return 0;
}
