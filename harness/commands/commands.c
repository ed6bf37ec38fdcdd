// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/commands/command.h"

#include <stddef.h>

const struct oom_command *const oom_commands[] = {
#define COMMAND(name) &oom_cmd_##name,
#include "harness/commands/commands.def"
#undef COMMAND
	NULL,
};
