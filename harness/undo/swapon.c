// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/undo/kind.h"
#include "lib/scenario/key.h"

#include <errno.h>
#include <string.h>
#include <sys/swap.h>

static int check(char *const *args, struct oom_err *err)
{
	int64_t priority;

	if (args[0][0] != '/' || !args[0][1])
		return oom_err_set(err, EINVAL, "'%s' is not an absolute path", args[0]);
	if (oom_parse_int(args[1], &priority) < 0 || priority > SWAP_FLAG_PRIO_MASK)
		return oom_err_set(err, EINVAL, "'%s' is not a swap priority", args[1]);
	return 0;
}

/* swapon(2): a priority below 0 is the kernel's own choice, and is not asked for. EBUSY: it is on.
 */
static int undo(char *const *args, struct oom_err *err)
{
	int64_t priority = -1;
	int flags = 0;

	(void)oom_parse_int(args[1], &priority); /* checked */
	if (priority >= 0)
		flags = SWAP_FLAG_PREFER | ((int)priority << SWAP_FLAG_PRIO_SHIFT);
	if (!swapon(args[0], flags))
		return 1;
	if (errno == EBUSY || errno == ENOENT)
		return 0;
	return oom_err_errno(
		err, errno, "cannot enable swap on '%s' again (swapon '%s')", args[0], args[0]);
}

const struct oom_undo_kind oom_undo_kind_swapon = {
	.name = "swapon",
	.args = "PATH PRIORITY",
	.n_args = 2,
	.verb = "enable swap again on",
	.past = "enabled swap again on",
	.check = check,
	.undo = undo,
};
