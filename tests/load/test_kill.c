// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/load_child.h"

#include <criterion/criterion.h>
#include <sys/stat.h>

/*
 * Workloads over the limit of a small memory cgroup: the kernel kills them, and what they say they
 * reached is what was charged. Needs a memory cgroup (v1 or v2) in which a directory can be made.
 */

#define MIB	       (1 << 20)
#define LIMIT_BYTES    (48 * MIB)
#define OVERHEAD_BYTES (1536 << 10) /* page tables, stacks, the program itself */

static char cgroup[64];

static bool write_file(const char *name, const char *text)
{
	char path[128];
	int fd;
	bool written;

	snprintf(path, sizeof(path), "%s/%s", cgroup, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	written = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	close(fd);
	return written;
}

static bool make_cgroup(void)
{
	static const char *const roots[] = {"/sys/fs/cgroup/memory", "/sys/fs/cgroup"};
	char limit[16];

	snprintf(limit, sizeof(limit), "%d", LIMIT_BYTES);
	for (size_t i = 0; i < 2; i++) {
		snprintf(cgroup, sizeof(cgroup), "%s/oomgate-test-%d", roots[i], (int)getpid());
		if (mkdir(cgroup, 0755))
			continue;
		if (write_file("memory.limit_in_bytes", limit) || write_file("memory.max", limit)) {
			/* absent without swap (or its accounting) */
			if (!write_file("memory.memsw.limit_in_bytes", limit))
				(void)!write_file("memory.swap.max", "0");
			return true;
		}
		rmdir(cgroup);
	}
	return false;
}

static void enter(void *ctx)
{
	(void)ctx;
	if (!write_file("cgroup.procs", "0"))
		_exit(126);
}

/* Everything in it is ours: ends it, then removes it. */
static void remove_cgroup(void)
{
	char path[128], line[32];

	snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup);
	for (;;) {
		FILE *procs = fopen(path, "re");
		bool any = false;

		while (procs && fgets(line, sizeof(line), procs)) {
			pid_t pid = (pid_t)strtol(line, NULL, 10);

			any = true;
			kill(pid, SIGKILL);
			load_gone(pid);
			waitpid(pid, NULL, WNOHANG);
		}
		if (procs)
			fclose(procs);
		if (!any)
			break;
	}
	cr_expect_eq(rmdir(cgroup), 0, "%s stays", cgroup);
}

static const struct {
	struct load_start start;
	uint64_t least_bytes, most_bytes;
} rows[] = {
	{{"anon", {NULL}, {"Size=134217728"}, enter}, LIMIT_BYTES - OVERHEAD_BYTES, LIMIT_BYTES},
	{{"anon", {NULL}, {"Size=134217728", "Pattern=random", "Rate=268435456", "THP=never"},
		 enter},
		LIMIT_BYTES - OVERHEAD_BYTES, LIMIT_BYTES},
	/* where the system gives huge pages to everybody, one page that is touched is charged as 512 */
	{{"anon", {NULL}, {"Size=134217728", "Pattern=random"}, enter}, LIMIT_BYTES / 512,
		LIMIT_BYTES},
	{{"anon", {NULL}, {"Size=134217728", "Threads=4"}, enter}, LIMIT_BYTES - OVERHEAD_BYTES,
		LIMIT_BYTES},
	{{"leak", {NULL}, {"Block=65536"}, enter}, LIMIT_BYTES - OVERHEAD_BYTES, LIMIT_BYTES},
	/* locked a chunk ahead of what is counted */
	{{"mlock", {NULL}, {"Size=134217728", "Chunk=262144"}, enter}, LIMIT_BYTES - OVERHEAD_BYTES,
		LIMIT_BYTES},
	{{"shm", {NULL}, {"Size=134217728"}, enter}, LIMIT_BYTES - OVERHEAD_BYTES, LIMIT_BYTES},
	{{"tmpfs", {NULL}, {"Size=134217728", "Keep=no"}, enter}, LIMIT_BYTES - OVERHEAD_BYTES,
		LIMIT_BYTES},
	{{"anon", {NULL}, {"Size=16777216"}, enter}, 16 * MIB, 16 * MIB},
};

Test(load_kill, reached_is_what_was_charged)
{
	if (!make_cgroup())
		cr_skip("no memory cgroup to write to");
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		bool fits = rows[i].most_bytes < LIMIT_BYTES;
		struct load_start start = rows[i].start;
		struct load_child child;
		int status;

		start.plain = true; /* ASan's shadow is charged, too */
		status = load_run(&start, &child);
		cr_expect_eq(status, fits ? 0 : 137, "row %zu (%s): %d", i, start.type, status);
		cr_expect_eq(
			child.page->state, fits ? OOM_LOAD_DONE : OOM_LOAD_RUNNING, "row %zu", i);
		cr_expect(child.page->reached_bytes >= rows[i].least_bytes &&
				child.page->reached_bytes <= rows[i].most_bytes,
			"row %zu (%s): reached %ju", i, start.type,
			(uintmax_t)child.page->reached_bytes);
	}
	remove_cgroup();
}

Test(load_kill, a_crowd_tells_the_worst)
{
	/* each fits, all do not; the first process lives to tell */
	static const struct load_start rows_of_many[] = {
		{"anon", {NULL}, {"Size=12582912", "Count=5"}, enter, NULL, true},
		{"fork", {NULL}, {"Size=1048576", "Children=80"}, enter, NULL, true},
	};

	if (!make_cgroup())
		cr_skip("no memory cgroup to write to");
	for (size_t i = 0; i < sizeof(rows_of_many) / sizeof(*rows_of_many); i++) {
		struct load_child child;

		cr_expect_eq(load_run(&rows_of_many[i], &child), 137, "row %zu", i);
		cr_expect_gt(child.page->n_killed, 0, "row %zu", i);
		cr_expect_eq(child.page->state, OOM_LOAD_DONE, "row %zu", i);
	}
	remove_cgroup();
}

Test(load_kill, workers_of_stress_ng_are_counted)
{
	/* a slow machine needs longer until a second one was killed */
	static const struct load_start restarts[] = {
		{"stress-ng", {NULL}, {"Args=--vm 1 --vm-bytes 128M --vm-keep --timeout 1s -q"},
			enter, NULL, true},
		{"stress-ng", {NULL}, {"Args=--vm 1 --vm-bytes 128M --vm-keep --timeout 12s -q"},
			enter, NULL, true},
	};
	static const struct load_start ends = {"stress-ng", {NULL},
		{"Args=--vm 1 --vm-bytes 128M --vm-keep -q", "OnWorkerDeath=end"}, enter, NULL,
		true};
	struct load_child child;
	char path[PATH_MAX];

	if (oom_load_which("stress-ng", path, sizeof(path)))
		cr_skip("no stress-ng");
	if (!make_cgroup())
		cr_skip("no memory cgroup to write to");
	for (size_t i = 0; i < sizeof(restarts) / sizeof(*restarts); i++) {
		/* it says that all went well */
		cr_expect_eq(load_run(&restarts[i], &child), 0);
		if (child.page->ops > 1)
			break;
	}
	cr_expect_gt(child.page->ops, 1);
	cr_expect_gt(child.page->n_children, child.page->ops);
	cr_expect_eq(load_run(&ends, &child), 137);
	cr_expect_eq(child.page->ops, 1);
	remove_cgroup();
}
