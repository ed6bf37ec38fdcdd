// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/workloads/workload.h"
#include "lib/base/arena.h"
#include "tests/support/load_child.h"

#include <criterion/criterion.h>
#include <sys/resource.h>

#define MIB (1 << 20)

/* Every type as the real program: what it reached, how it ended, what was refused. */
struct row {
	struct load_start start;
	int status;
	enum oom_load_state state;
	uint64_t reached_bytes, slack_bytes;
	int errno_value;
	uint64_t ops;
};

static const struct row rows[] = {
	{{"anon", {NULL}, {"Size=4194304"}}, 0, OOM_LOAD_DONE, 4 * MIB},
	{{"anon", {NULL}, {"Size=4198401"}}, 0, OOM_LOAD_DONE, 4 * MIB + 8192},
	{{"anon", {NULL}, {"Size=4194304", "Threads=3", "Pattern=random"}}, 0, OOM_LOAD_DONE,
		4 * MIB, 12288},
	{{"anon", {NULL}, {"Size=4194304", "Pattern=reverse", "Count=3", "Fill=page"}}, 0,
		OOM_LOAD_DONE, 12 * MIB},
	{{"anon", {NULL}, {"Size=4194304", "THP=never", "Touch=read"}}, 0, OOM_LOAD_DONE, 4 * MIB},
	{{"anon", {NULL}, {"Size=0"}}, 125, OOM_LOAD_FAILED},
	{{"anon", {NULL}, {"Size=4Q"}}, 125, OOM_LOAD_FAILED},
	{{"cow", {NULL}, {"Size=4194304", "Count=3", "Share=50"}}, 0, OOM_LOAD_DONE, 10 * MIB},
	{{"cow", {NULL}, {"Size=4194304", "Count=2", "Share=0"}}, 0, OOM_LOAD_DONE, 4 * MIB},
	{{"leak", {NULL}, {"Size=1048576", "Block=100"}}, 0, OOM_LOAD_DONE, MIB, 128},
	{{"mmap", {NULL}, {"Size=4194304", "Mapping=shared"}}, 0, OOM_LOAD_DONE, 4 * MIB},
	{{"mmap", {NULL}, {"Size=4194304", "Dirty=no"}}, 0, OOM_LOAD_DONE, 4 * MIB},
	{{"mmap", {NULL}, {"Size=104857600", "File=/proc/self/exe"}}, 125, OOM_LOAD_FAILED},
	{{"shm", {NULL}, {"Size=4194304", "Kind=memfd"}}, 0, OOM_LOAD_DONE, 4 * MIB},
	{{"shm", {NULL}, {"Size=4194304", "Kind=sysv"}}, 0, OOM_LOAD_DONE, 4 * MIB},
	{{"shm", {NULL}, {"Size=4194304", "Kind=posix"}}, 0, OOM_LOAD_DONE, 4 * MIB},
	{{"tmpfs", {NULL}, {"Size=4194304", "Keep=no"}}, 0, OOM_LOAD_DONE, 4 * MIB},
	{{"tmpfs", {NULL}, {"Size=4194304", "Keep=no", "Through=mmap"}}, 0, OOM_LOAD_DONE, 4 * MIB},
	{{"tmpfs", {NULL}, {"Size=4194304", "Dir=/proc"}}, 125, OOM_LOAD_FAILED},
	{{"mlock", {NULL}, {"Size=4194304", "MemlockLimit=1048576", "Chunk=262144"}}, 1,
		OOM_LOAD_REFUSED, MIB, 0, ENOMEM},
	{{"mlock", {NULL}, {"Size=1048576", "MemlockLimit=4194304"}}, 0, OOM_LOAD_DONE, MIB},
	{{"mlock", {NULL},
		 {"Size=4194304", "MemlockLimit=1048576", "Chunk=262144", "Method=mlock2-onfault"}},
		1, OOM_LOAD_REFUSED, MIB, 0, ENOMEM},
	{{"mlock", {NULL},
		 {"Size=4194304", "MemlockLimit=1048576", "Chunk=262144", "OnRefusal=hold",
			 "Hold=1000"}},
		0, OOM_LOAD_DONE, MIB, 0, ENOMEM},
	{{"pagetable", {NULL}, {"Size=1048576"}}, 0, OOM_LOAD_DONE, MIB},
	{{"kmem", {NULL}, {"Size=65536", "Kind=file"}}, 0, OOM_LOAD_DONE, 65536, 0, 0, 256},
	{{"kmem", {NULL}, {"Size=1048576", "Kind=pipe"}}, 0, OOM_LOAD_DONE, MIB, MIB, 0, 1},
	{{"fork", {NULL}, {"Size=65536", "Children=20"}}, 0, OOM_LOAD_DONE, 20 * 65536, 0, 0, 20},
	{{"fork", {NULL}, {"Children=30", "Depth=5"}}, 0, OOM_LOAD_DONE, 0, 0, 0, 30},
	{{"idle", {NULL}, {"Size=1048576", "Hold=1000"}}, 0, OOM_LOAD_DONE, MIB},
	{{"idle", {NULL}, {"Size=1048576", "Hold=1000", "Count=2"}}, 0, OOM_LOAD_DONE, 2 * MIB},
	{{"exec", {NULL}, {"Command=sh -c 'exit 7'"}}, 7, OOM_LOAD_RUNNING},
	{{"exec", {NULL}, {"Command=sh -c 'kill -9 $$'"}}, 137, OOM_LOAD_RUNNING},
	{{"exec", {NULL}, {"Command=/nonexistent/program"}}, 125, OOM_LOAD_FAILED},
	{{"exec", {NULL}, {"Command='open"}}, 125, OOM_LOAD_FAILED},
	{{"nosuch", {NULL}, {NULL}}, 125, OOM_LOAD_FAILED},
};

Test(workloads, end_as_told)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct row *row = &rows[i];
		const struct oom_load_page *page;
		struct load_start start = row->start;
		struct load_child child;
		int status;

		start.plain = !strcmp(start.type, "mlock"); /* ASan makes mlock(2) do nothing */
		status = load_run(&start, &child);
		page = child.page;
		cr_expect_eq(status, row->status, "row %zu (%s): status %d, wanted %d: %s", i,
			row->start.type, status, row->status, page->msg);
		cr_expect_eq(page->state, row->state, "row %zu (%s): state %u", i, row->start.type,
			page->state);
		cr_expect(page->reached_bytes >= row->reached_bytes &&
				page->reached_bytes <= row->reached_bytes + row->slack_bytes,
			"row %zu (%s): reached %ju", i, row->start.type,
			(uintmax_t)page->reached_bytes);
		cr_expect_eq(page->errno_value, row->errno_value, "row %zu (%s): errno %d", i,
			row->start.type, page->errno_value);
		cr_expect_eq(page->ops, row->ops, "row %zu (%s): ops %ju", i, row->start.type,
			(uintmax_t)page->ops);
		cr_expect_eq(*page->msg != 0, row->state == OOM_LOAD_FAILED,
			"row %zu (%s): says '%s'", i, row->start.type, page->msg);
	}
}

Test(workloads, page_cache_wants_a_disk)
{
	const struct load_start reads = {
		"pagecache", {NULL}, {"Size=1048576", "Passes=3", "Dir=."}};
	const struct load_start memory = {"pagecache", {NULL}, {"Size=1048576", "Dir=/dev/shm"}};
	struct load_child child;
	int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool in_memory = oom_load_file_in_memory(here);

	close(here);
	cr_expect_eq(load_run(&memory, &child), 125);
	cr_expect(strstr(child.page->msg, "/dev/shm"));
	if (in_memory)
		cr_skip("the tests run on a tmpfs");
	cr_expect_eq(load_run(&reads, &child), 0);
	cr_expect_eq(child.page->reached_bytes, 3 * MIB);
	cr_expect_eq(child.page->ops, 3);
}

Test(workloads, a_kept_file_outlives_its_writer)
{
	char dir[] = "/dev/shm/oomgate-test-XXXXXX", param[64], path[128];
	struct load_start start = {"tmpfs", {NULL}, {"Size=1048576", param}};
	struct load_child child;

	cr_assert_not_null(mkdtemp(dir));
	snprintf(param, sizeof(param), "Dir=%s", dir);
	cr_expect_eq(load_run(&start, &child), 0);
	snprintf(path, sizeof(path), "%s/oomgate-hog-%d", dir, (int)child.pid);
	cr_expect_eq(unlink(path), 0);
	cr_expect_eq(rmdir(dir), 0);
}

Test(workloads, a_tmpfs_of_its_own_has_a_limit_and_goes_with_it)
{
	char dir[] = "/tmp/oomgate-test-XXXXXX", param[64];
	struct load_start start = {"tmpfs", {NULL}, {"Size=4194304", "Limit=1048576", param}};
	struct load_child child;
	int status;

	cr_assert_not_null(mkdtemp(dir));
	snprintf(param, sizeof(param), "Dir=%s", dir);
	status = load_run(&start, &child);
	cr_expect_eq(rmdir(dir), 0, "something is left in %s", dir);
	if (status == 125 && geteuid())
		cr_skip("a mount needs root");
	cr_expect_eq(status, 1);
	cr_expect_eq(child.page->errno_value, ENOSPC);
	cr_expect_eq(child.page->reached_bytes, MIB);
}

Test(workloads, a_service_measures_each_request)
{
	const struct load_start start = {
		"service", {NULL}, {"Size=1048576", "Interval=2000", "Hold=100000"}};
	struct load_child child;
	uint64_t samples = 0;

	cr_expect_eq(load_run(&start, &child), 0);
	for (unsigned i = 0; i < OOM_LOAD_BUCKETS; i++)
		samples += child.page->latency_bucket[i];
	cr_expect_gt(samples, 0);
	cr_expect_leq(samples, 50);
	cr_expect_eq(samples, child.page->ops);
}

Test(workloads, stress_ng_hands_on_its_exit)
{
	const struct load_start good = {
		"stress-ng", {NULL}, {"Args=--vm 1 --vm-bytes 1M --vm-ops 1 -q"}};
	const struct load_start bad = {"stress-ng", {NULL}, {"Args=--no-such-option"}};
	const struct load_start quoted = {"stress-ng", {NULL}, {"Args=--vm \"1"}};
	struct load_child child;
	char path[PATH_MAX];

	cr_expect_eq(load_run(&quoted, &child), 125);
	if (oom_load_which("stress-ng", path, sizeof(path)))
		cr_skip("no stress-ng");
	cr_expect_eq(load_run(&good, &child), 0);
	cr_expect_gt(child.page->n_children, 1, "its workers are named, too");
	cr_expect_eq(load_run(&bad, &child), 1);
}

static void check_key(const char *type, const struct oom_key *key, struct oom_arena *arena)
{
	struct oom_err err = {0};
	struct oom_value value;

	cr_expect(key->help && *key->help, "%s: %s= has no help", type, key->name);
	cr_expect(key->type != OOM_T_CHOICE || key->choices, "%s: %s= has no choices", type,
		key->name);
	if (key->dflt)
		cr_expect_eq(oom_value_parse(arena, key, key->dflt, &err, &value), 0,
			"%s: %s=%s: %s", type, key->name, key->dflt, err.msg);
}

Test(workloads, tables_are_whole)
{
	struct oom_arena arena = {0};

	for (const struct oom_workload *const *w = oom_workloads; *w; w++) {
		const struct oom_kind *kind = &(*w)->kind;

		cr_expect_eq(oom_workload_find(kind->name), *w, "'%s' stands twice", kind->name);
		cr_expect_eq(oom_workload_of(kind), *w);
		cr_expect(
			kind->help && *kind->help && (*w)->run, "'%s' lacks something", kind->name);
		for (const struct oom_key *key = kind->keys; key->name; key++)
			check_key(kind->name, key, &arena);
	}
	cr_expect_null(oom_workload_find("anonymous"));
	oom_arena_release(&arena);
}
