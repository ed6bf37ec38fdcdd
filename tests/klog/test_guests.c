// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Kernel logs of guests of four kernels, each kill provoked in a known way, and the truth beside them
 * that the log did not tell: victims by the tracepoint oom:mark_victim, the killer, constraint and group
 * by how the machine was set up (tests/data/guests/truth).
 */
#include "lib/base/arena.h"
#include "lib/klog/klog.h"
#include "lib/oracle/badness.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIR	  "tests/data/guests/"
#define MAX_KILLS 16

struct truth {
	char file[128], killer[32], constraint[32], memcg[256], group[8], pids[128], predicted[8];
};

struct told {
	int n;
	bool predicted; /* of the first kill the oracle's choice, too */
	struct oom_kill kills[MAX_KILLS];
};

static ssize_t read_file(void *context, char *buf, size_t size)
{
	return (ssize_t)fread(buf, 1, size, context);
}

/* What the log at @path says; strings in @arena. -1: it could not be read to its end. */
static int read_log(struct oom_arena *arena, const char *path, struct told *ret)
{
	FILE *in = fopen(path, "re");
	const struct oom_incident *incident;
	struct oom_klog *log;
	int rc;

	memset(ret, 0, sizeof(*ret));
	if (!in)
		return -1;
	cr_assert_eq(oom_klog_new(read_file, in, 0, &log), 0);
	while ((rc = oom_klog_next(log, &incident)) > 0) {
		struct oom_kill kill = incident->kill;

		if (rc != OOM_EVENT_KILL || ret->n == MAX_KILLS)
			continue;
		cr_assert_eq(oom_badness_rank(arena, &kill, 10), 0);
		if (!ret->n)
			ret->predicted = kill.n_ranking && kill.ranking[0].pid == kill.victim.pid;
		cr_assert_eq(oom_kill_copy(arena, &kill, ret->kills + ret->n), 0);
		ret->n++;
	}
	oom_klog_free(log);
	fclose(in);
	return rc;
}

/* What is wrong with what was told; "" where it is the truth. */
static void compare(const struct told *told, const struct truth *truth, char *wrong, size_t size)
{
	char pids[128] = "";
	size_t len = 0;

	for (int i = 0; i < told->n && len < sizeof(pids) - 24; i++)
		len += (size_t)snprintf(pids + len, sizeof(pids) - len, "%s%" PRId64, i ? "," : "",
			told->kills[i].victim.pid);
	*wrong = '\0';
	if (strcmp(pids, truth->pids))
		snprintf(wrong, size, "victims %s, not %s", pids, truth->pids);
	for (int i = 0; i < told->n && !*wrong; i++) {
		const struct oom_kill *kill = told->kills + i;
		const char *memcg = kill->oom_memcg ? kill->oom_memcg : "-";

		if (strcmp(oom_killer_name(kill->killer), truth->killer))
			snprintf(wrong, size, "killer %s", oom_killer_name(kill->killer));
		else if (strcmp(oom_constraint_name(kill->constraint), truth->constraint))
			snprintf(wrong, size, "constraint %s",
				oom_constraint_name(kill->constraint));
		else if (strcmp(memcg, truth->memcg))
			snprintf(wrong, size, "cgroup %s", memcg);
		else if (kill->oom_group != !strcmp(truth->group, "yes"))
			snprintf(wrong, size, "group %d", kill->oom_group);
	}
	if (!*wrong && told->predicted != !strcmp(truth->predicted, "yes"))
		snprintf(wrong, size, "the first victim %s predicted",
			told->predicted ? "was" : "was not");
}

static bool next_truth(FILE *in, struct truth *ret)
{
	char line[1024];

	while (fgets(line, sizeof(line), in)) {
		if (*line == '#' || *line == '\n')
			continue;
		cr_assert_eq(
			sscanf(line, "%127s %31s %31s %255s %7s %127s %7s", ret->file, ret->killer,
				ret->constraint, ret->memcg, ret->group, ret->pids, ret->predicted),
			7, "not seven columns: %s", line);
		return true;
	}
	return false;
}

Test(klog_guests, tells_what_the_tracepoints_saw)
{
	FILE *in = fopen(DIR "truth", "re");
	struct truth truth;
	int rows = 0;

	cr_assert_not_null(in);
	for (; next_truth(in, &truth); rows++) {
		struct oom_arena arena = {0};
		char path[256], wrong[512];
		struct told told;

		snprintf(path, sizeof(path), DIR "%s", truth.file);
		cr_expect_eq(read_log(&arena, path, &told), 0, "%s: cannot be read", path);
		compare(&told, &truth, wrong, sizeof(wrong));
		cr_expect(!*wrong, "%s: %s", path, wrong);
		oom_arena_release(&arena);
	}
	fclose(in);
	cr_expect_geq(rows, 20, "four kernels with five kinds of kills: %d", rows);
}

/* Each column, told otherwise, is noticed. */
Test(klog_guests, notices_what_is_not_the_truth)
{
	FILE *in = fopen(DIR "truth", "re");
	struct oom_arena arena = {0};
	struct truth truth, lie;
	char path[256], wrong[512];
	struct told told;

	cr_assert_not_null(in);
	cr_assert(next_truth(in, &truth));
	fclose(in);
	snprintf(path, sizeof(path), DIR "%s", truth.file);
	cr_assert_eq(read_log(&arena, path, &told), 0);
	compare(&told, &truth, wrong, sizeof(wrong));
	cr_expect_str_empty(wrong);
#define LIE(column, text)                                                                          \
	do {                                                                                       \
		lie = truth;                                                                       \
		snprintf(lie.column, sizeof(lie.column), "%s", text);                              \
		compare(&told, &lie, wrong, sizeof(wrong));                                        \
		cr_expect_str_not_empty(wrong, "a false " #column " is not noticed");              \
	} while (0)
	LIE(killer, "nobody");
	LIE(constraint, "mempolicy");
	LIE(memcg, "/another");
	LIE(pids, "1,2");
	LIE(group, strcmp(truth.group, "yes") ? "yes" : "no");
	LIE(predicted, strcmp(truth.predicted, "yes") ? "yes" : "no");
	oom_arena_release(&arena);
}
