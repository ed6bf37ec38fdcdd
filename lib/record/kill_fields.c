// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/record/kill_fields.h"

#include "lib/record/kill.h"

#define FIELD(name, object, member, type, none)                                                    \
	{                                                                                          \
		name, "\"" name "\":", sizeof(name) + 2, offsetof(struct object, member), type,    \
			none                                                                       \
	}
#define TASK_INT(member, none) FIELD(#member, oom_task, member, OOM_FIELD_INT, none)
#define TASK_TEXT(member)      FIELD(#member, oom_task, member, OOM_FIELD_TEXT, 0)
#define KILL_INT(member, none) FIELD(#member, oom_kill, member, OOM_FIELD_INT, none)
#define KILL_TEXT(member)      FIELD(#member, oom_kill, member, OOM_FIELD_TEXT, 0)

const struct oom_field oom_task_fields[] = {
	TASK_INT(pid, -1),
	TASK_INT(tgid, -1),
	TASK_TEXT(comm),
	TASK_INT(uid, -1),
	TASK_INT(total_vm_kib, -1),
	TASK_INT(rss_kib, -1),
	TASK_INT(anon_rss_kib, -1),
	TASK_INT(file_rss_kib, -1),
	TASK_INT(shmem_rss_kib, -1),
	TASK_INT(pgtables_kib, -1),
	TASK_INT(swapents, -1),
	TASK_INT(oom_score_adj, OOM_ADJ_UNKNOWN),
	TASK_INT(points, INT64_MIN),
	{NULL, "", 0, 0, OOM_FIELD_INT, 0},
};

const struct oom_field oom_kill_fields[] = {
	KILL_INT(line, -1),
	KILL_INT(time_us, -1),
	KILL_TEXT(oom_memcg),
	KILL_TEXT(task_memcg),
	KILL_INT(order, INT64_MIN),
	KILL_INT(limit_kib, -1),
	KILL_INT(usage_kib, -1),
	KILL_INT(total_pages, -1),
	KILL_TEXT(explanation),
	{NULL, "", 0, 0, OOM_FIELD_INT, 0},
};
