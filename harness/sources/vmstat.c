// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/sources/slot.h"
#include "harness/sources/source.h"
#include "lib/base/cleanup.h"
#include "lib/kernel/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

/*
 * How many processes the kernel's OOM killer killed on the whole machine, in whatever cgroup (/proc/vmstat, since
 * 4.13): no kill can hide from that. A group's first victim may be counted twice (mm/oom_kill.c,
 * oom_kill_process()).
 */
struct vmstat_source {
	int fd; /* of what is there before any workload is: a name can be covered */
	int64_t before;
};

static int vmstat_open(struct oom_source_slot *slot, struct oom_err *err)
{
	struct vmstat_source *s = oom_arena_alloc(&slot->run->arena, sizeof(*s));
	int r;

	if (!s)
		return oom_err_set(err, ENOMEM, "no memory for the machine's counters");
	slot->priv = s;
	s->fd = oom_proc_vmstat_open(AT_FDCWD);
	r = s->fd < 0 ? s->fd : oom_proc_vmstat(s->fd, "oom_kill", &s->before);
	return r < 0
		? oom_source_absent(slot, "cannot read oom_kill of /proc/vmstat: %s", strerror(-r))
		: 0;
}

static int vmstat_collect(struct oom_source_slot *slot, struct oom_attempt *record)
{
	struct vmstat_source *s = slot->priv;
	int64_t now;
	int r = oom_proc_vmstat(s->fd, "oom_kill", &now);

	(void)record;
	if (r < 0)
		return r;
	slot->records = now - s->before;
	return 0;
}

static void vmstat_close(struct oom_source_slot *slot)
{
	struct vmstat_source *s = slot->priv;

	if (s)
		oom_closep(&s->fd);
}

const struct oom_source oom_source_vmstat = {
	.name = "vmstat",
	.help = "how many processes the kernel says it killed on the whole machine",
	.open = vmstat_open,
	.collect = vmstat_collect,
	.close = vmstat_close,
};
