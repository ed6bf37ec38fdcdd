// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/klog/kmsg.h"

#include "lib/base/arena.h"
#include "lib/klog/klog.h"
#include "lib/oracle/badness.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

struct memory_source {
	const char *text;
	size_t left;
};

static ssize_t read_memory(void *context, char *buf, size_t size)
{
	struct memory_source *source = context;
	size_t n = source->left < size ? source->left : size;

	if (n)
		memcpy(buf, source->text, n);
	source->text += n;
	source->left -= n;
	return (ssize_t)n;
}

static void copy_text(struct oom_arena *arena, const char **text)
{
	*text = oom_arena_strdup(arena, *text);
}

static const struct oom_task *copy_tasks(
	struct oom_arena *arena, const struct oom_task *from, size_t count)
{
	struct oom_task *tasks = count ? oom_arena_alloc(arena, count * sizeof(*tasks)) : NULL;

	for (size_t i = 0; tasks && i < count; i++) {
		tasks[i] = from[i];
		copy_text(arena, &tasks[i].comm);
	}
	return tasks;
}

int oom_kill_copy(struct oom_arena *arena, const struct oom_kill *from, struct oom_kill *ret)
{
	struct oom_kill kill = *from;

	copy_text(arena, &kill.victim.comm);
	copy_text(arena, &kill.oom_memcg);
	copy_text(arena, &kill.task_memcg);
	copy_text(arena, &kill.invoker_comm);
	copy_text(arena, &kill.chosen_comm);
	copy_text(arena, &kill.explanation);
	kill.tasks = copy_tasks(arena, from->tasks, from->n_tasks);
	kill.ranking = copy_tasks(arena, from->ranking, from->n_ranking);
	if (arena->failed)
		return -ENOMEM;
	*ret = kill;
	return 0;
}

int oom_kills_from_kmsg(struct oom_arena *arena, const char *text, size_t len,
	struct oom_kill **ret, size_t *ret_count)
{
	struct memory_source source = {text, len};
	struct oom_klog *log = NULL;
	struct oom_kill *kills = NULL;
	size_t count = 0;
	int rc = oom_klog_new(read_memory, &source, 0, &log);

	while (!rc) {
		const struct oom_incident *incident;

		rc = oom_klog_next(log, &incident);
		if (rc <= 0)
			break;
		if (rc == OOM_EVENT_KILL) {
			struct oom_kill *grown =
				oom_arena_grow(arena, kills, count, sizeof(*kills));

			rc = grown ? oom_kill_copy(arena, &incident->kill, grown + count) : -ENOMEM;
			if (rc)
				break;
			kills = grown;
			count++;
			rc = oom_badness_rank(arena, kills + count - 1, 0);
			if (!rc)
				rc = oom_badness_explain(arena, incident, kills + count - 1);
		} else {
			rc = 0;
		}
	}
	oom_klog_free(log);
	if (rc)
		return rc;
	*ret = kills;
	*ret_count = count;
	return 0;
}
