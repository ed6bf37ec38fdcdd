// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/expects/expect.h"
#include "lib/scenario/signal_name.h"

#include <inttypes.h>
#include <signal.h>
#include <string.h>

/* By number where the scenario says it so, else by name. */
static const char *spelling(const struct oom_expect_case *c, int64_t number)
{
	const char *digits = oom_arena_printf(c->arena, "%" PRId64, number);
	char name[OOM_SIGNAL_NAME_MAX];

	for (size_t i = 0; digits && i < c->wanted->list.count; i++)
		if (!strcmp(c->wanted->list.items[i], digits))
			return digits;
	return number == 0 ? "none"
			   : oom_arena_strdup(c->arena, oom_signal_name((int)number, name));
}

static void judge(const struct oom_expect_case *c, struct oom_expect_result *ret)
{
	if (oom_expect_by_harness(c, ret))
		return;
	if (c->workload->end == OOM_END_SIGNALLED || c->workload->signal > 0)
		oom_expect_word(
			c, c->workload->signal > 0 ? spelling(c, c->workload->signal) : NULL, ret);
	else
		oom_expect_word(c, spelling(c, 0), ret);
}

/* clang-format off */
const struct oom_expect oom_expect_signal = {
	.key = {.name = "Signal",
		.type = OOM_T_ALTERNATIVES,
		.help = "signal that ended it, by name or number: SIGKILL, KILL, 9; none",
		.flags = OOM_KEY_SIGNAL,
		.choices = "none|SIGHUP|SIGINT|SIGQUIT|SIGILL|SIGTRAP|SIGABRT|SIGBUS|SIGFPE|SIGKILL|"
			   "SIGUSR1|SIGSEGV|SIGUSR2|SIGPIPE|SIGALRM|SIGTERM|SIGSTKFLT|SIGCHLD|SIGCONT|"
			   "SIGSTOP|SIGTSTP|SIGTTIN|SIGTTOU|SIGURG|SIGXCPU|SIGXFSZ|SIGVTALRM|SIGPROF|"
			   "SIGWINCH|SIGPOLL|SIGPWR|SIGSYS|0|1|2|3|4|5|6|7|8|9|10|11|12|13|14|15|16|17|"
			   "18|19|20|21|22|23|24|25|26|27|28|29|30|31"},
	.about = OOM_ABOUT_WORKLOAD,
	.facts = OOM_FACT_VICTIM,
	.judge = judge,
};
/* clang-format on */
