// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/oracle/rank.h"

#include "lib/base/cleanup.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char root[64];

static void put(const char *path, const char *text)
{
	char full[512];
	FILE *file;

	snprintf(full, sizeof(full), "%s/%s", root, path);
	for (char *p = full + strlen(root) + 1; (p = strchr(p, '/')); p++) {
		*p = '\0';
		mkdir(full, 0755);
		*p = '/';
	}
	file = fopen(full, "w");
	cr_assert_not_null(file, "%s", full);
	fputs(text, file);
	fclose(file);
}

static void put_process(
	int pid, const char *name, int rss_kib, int adj, int score, const char *cgroup)
{
	char path[64], text[512];

	snprintf(path, sizeof(path), "proc/%d/status", pid);
	snprintf(text, sizeof(text),
		"Name:\t%s\nTgid:\t%d\nUid:\t1000\t1000\t1000\t1000\nVmSize:\t9000 kB\nVmRSS:\t%d kB\n"
		"RssAnon:\t%d kB\nRssFile:\t0 kB\nRssShmem:\t0 kB\nVmPTE:\t40 kB\nVmSwap:\t80 kB\n",
		name, pid, rss_kib, rss_kib);
	put(path, text);
	snprintf(path, sizeof(path), "proc/%d/oom_score_adj", pid);
	snprintf(text, sizeof(text), "%d\n", adj);
	put(path, text);
	snprintf(path, sizeof(path), "proc/%d/oom_score", pid);
	snprintf(text, sizeof(text), "%d\n", score);
	put(path, text);
	snprintf(path, sizeof(path), "proc/%d/cgroup", pid);
	snprintf(text, sizeof(text), "1:name=systemd:/x\n0::%s\n", cgroup);
	put(path, text);
}

/* 400000 KiB of RAM and 400000 of swap: 200000 pages; oom_score as since 5.9 */
static void set_up(void)
{
	strcpy(root, "/tmp/oomgate-rank-XXXXXX");
	cr_assert_not_null(mkdtemp(root));
	put("proc/meminfo",
		"MemTotal:       400000 kB\nMemFree: 1 kB\nSwapTotal:      400000 kB\n");
	put_process(1, "init", 8000, 0, 0, "/init.scope");
	put_process(20, "big (one)", 40000, 0, 700, "/a/b");
	put_process(21, "favoured", 4000, 100, 737, "/a/b");
	put_process(22, "protected", 400000, -1000, 0, "/a");
	put_process(23, "wrong", 40000, -100, 999, "/ab");
	put("proc/24/status", "Name:\tkthreadd\nTgid:\t24\n");
	put("proc/self/status", "Name:\tnot a number\n");
	put("sys/fs/cgroup/a/memory.max", "40960000\n");
	put("sys/fs/cgroup/a/memory.swap.max", "0\n");
	put("sys/fs/cgroup/a/memory.current", "4096000\n");
	put("sys/fs/cgroup/a/memory.oom.group", "0\n");
	put("sys/fs/cgroup/a/b/memory.max", "max\n");
	put("sys/fs/cgroup/a/b/memory.oom.group", "1\n");
	put("sys/devices/system/node/node1/meminfo", "Node 1 MemTotal:       80000 kB\n");
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void tear_down(void)
{
	nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

TestSuite(rank, .init = set_up, .fini = tear_down);

Test(rank, of_the_machine)
{
	oom_autoclose int fd = open(root, O_RDONLY | O_DIRECTORY);
	struct oom_arena arena = {0};
	struct oom_err err;
	struct oom_rank rank;

	cr_assert_eq(oom_rank_read(&arena, fd, NULL, -1, &err, &rank), 0);
	cr_assert_eq(rank.n_tasks, 5, "the kernel thread has no memory: %zu", rank.n_tasks);
	cr_expect_eq(rank.rule.total_pages, 200000);
	cr_expect_eq(rank.tasks[0].task.pid, 21);
	cr_expect_eq(rank.tasks[0].task.points, 1000 + 20 + 10 + 100 * 200);
	cr_expect_eq(rank.tasks[1].task.pid, 20);
	cr_expect_eq(rank.tasks[1].task.points, 10030);
	cr_expect_str_eq(rank.tasks[1].task.comm, "big (one)");
	cr_expect_str_eq(rank.tasks[1].cgroup, "/a/b");
	cr_expect_str_eq(rank.tasks[1].group, "/a/b");
	cr_expect_eq(rank.tasks[2].task.pid, 23);
	cr_expect_null(rank.tasks[2].group);
	cr_expect_eq(rank.tasks[3].task.points, OOM_POINTS_NONE);
	cr_expect_eq(rank.n_scores, 5);
	cr_expect_eq(rank.n_agree, 4, "all but 'wrong': %zu", rank.n_agree);
	cr_expect_not(rank.legacy);
	oom_arena_release(&arena);
}

Test(rank, of_a_cgroup)
{
	oom_autoclose int fd = open(root, O_RDONLY | O_DIRECTORY);
	struct oom_arena arena = {0};
	struct oom_err err;
	struct oom_rank rank;

	cr_assert_eq(oom_rank_read(&arena, fd, "/a", -1, &err, &rank), 0);
	cr_assert_eq(rank.n_tasks, 3, "'/ab' is not below '/a': %zu", rank.n_tasks);
	cr_expect_eq(rank.rule.total_pages, 10000);
	cr_expect_eq(rank.limit_kib, 40000);
	cr_expect_eq(rank.usage_kib, 4000);
	cr_expect_eq(rank.tasks[0].task.pid, 20, "adj 100 is only 1000 pages here");
	cr_expect_eq(rank.tasks[1].task.points, 1030 + 100 * 10);
	cr_expect_eq(rank.n_agree, 4, "scores are of the machine whatever the domain");
	oom_arena_release(&arena);
}

Test(rank, of_a_node)
{
	oom_autoclose int fd = open(root, O_RDONLY | O_DIRECTORY);
	struct oom_arena arena = {0};
	struct oom_err err;
	struct oom_rank rank;

	cr_assert_eq(oom_rank_read(&arena, fd, NULL, 1, &err, &rank), 0);
	cr_expect_eq(rank.rule.total_pages, 120000);
	cr_expect_eq(oom_rank_read(&arena, fd, NULL, 7, &err, &rank), -ENOENT);
	cr_expect_str_eq(err.msg, "there is no memory node 7");
	cr_expect_eq(oom_rank_read(&arena, fd, "/nope", -1, &err, &rank), -ENOENT);
	oom_arena_release(&arena);
}

Test(rank, the_older_scale_is_recognised)
{
	oom_autoclose int fd = open(root, O_RDONLY | O_DIRECTORY);
	struct oom_arena arena = {0};
	struct oom_err err;
	struct oom_rank rank;

	put("proc/20/oom_score", "50\n");
	put("proc/21/oom_score", "105\n");
	put("proc/23/oom_score", "0\n");
	cr_assert_eq(oom_rank_read(&arena, fd, NULL, -1, &err, &rank), 0);
	cr_expect(rank.legacy);
	cr_expect_eq(rank.n_agree, 5, "%zu", rank.n_agree);
	oom_arena_release(&arena);
}

Test(rank, nothing_to_read)
{
	oom_autoclose int fd = open("/dev", O_RDONLY | O_DIRECTORY);
	struct oom_arena arena = {0};
	struct oom_err err;
	struct oom_rank rank;

	cr_expect_eq(oom_rank_read(&arena, fd, NULL, -1, &err, &rank), -ENOENT);
	oom_arena_release(&arena);
}
