// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/load_child.h"

#include <criterion/criterion.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#define MIB (1 << 20)

Test(load, waits_at_the_gate)
{
	const struct load_start start = {"anon", {NULL}, {"Size=4194304"}};
	struct load_child child;

	cr_assert(load_start(&start, &child));
	cr_expect_eq(child.page->state, OOM_LOAD_READY);
	cr_expect_eq(child.page->reached_bytes, 0);
	load_go(&child);
	cr_expect_eq(load_wait(&child), 0);
	cr_expect_eq(child.page->reached_bytes, 4 * MIB);
}

Test(load, a_bystander_has_its_memory_at_the_gate)
{
	const struct load_start start = {"idle", {NULL}, {"Size=1048576", "Count=3"}};
	struct load_child child;

	cr_assert(load_start(&start, &child));
	cr_expect_eq(child.page->reached_bytes, 3 * MIB);
	cr_expect_eq(child.page->n_children, 3);
	load_go(&child);
	kill(child.pid, SIGTERM);
	cr_expect_eq(load_wait(&child), 143);
}

Test(load, tells_of_each_threshold_once)
{
	const struct load_start start = {"anon", {NULL}, {"Size=4194304", "Count=2"}};
	struct load_child child;
	uint64_t passed = 0;

	cr_assert(load_start(&start, &child));
	child.page->threshold_bytes[0] = 1;
	child.page->threshold_bytes[2] = 8 * MIB;
	child.page->threshold_bytes[3] = 8 * MIB + 1;
	load_go(&child);
	cr_expect_eq(load_wait(&child), 0);
	cr_expect_eq(child.page->thresholds_passed, 1u << 0 | 1u << 2);
	cr_expect_eq(read(child.notify_fd, &passed, sizeof(passed)), sizeof(passed));
	cr_expect_eq(passed, 2);
}

Test(load, keeps_to_its_rate)
{
	const struct load_start start = {
		"anon", {NULL}, {"Size=2097152", "Rate=10485760", "Count=2"}};
	uint64_t start_us = oom_load_now_us(), took_us;
	struct load_child child;

	cr_expect_eq(load_run(&start, &child), 0);
	took_us = oom_load_now_us() - start_us;
	cr_expect_geq(took_us, 390000, "4 MiB at 10 MiB/s took %ju us", (uintmax_t)took_us);
}

static void limit_address_space(void *ctx)
{
	const struct rlimit limit = {*(rlim_t *)ctx, *(rlim_t *)ctx};

	setrlimit(RLIMIT_AS, &limit);
}

Test(load, a_refusal_is_no_kill)
{
	static rlim_t limit = 16 * MIB;
	const struct load_start rows[] = {
		{"anon", {NULL}, {"Size=33554432", "Chunk=65536"}, limit_address_space, &limit,
			true},
		{"anon", {NULL}, {"Size=33554432", "Pattern=random"}, limit_address_space, &limit,
			true},
		{"leak", {NULL}, {"Size=33554432"}, limit_address_space, &limit, true},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct load_child child;

		cr_expect_eq(load_run(&rows[i], &child), 1, "row %zu", i);
		cr_expect_eq(child.page->errno_value, ENOMEM, "row %zu", i);
		cr_expect_eq(child.page->state, OOM_LOAD_REFUSED, "row %zu", i);
		/* a mapping of all at once is refused before anything is touched */
		if (i == 1)
			cr_expect_eq(child.page->reached_bytes, 0);
		else
			cr_expect(child.page->reached_bytes > 13 * MIB &&
					child.page->reached_bytes < 16 * MIB,
				"row %zu: %ju", i, (uintmax_t)child.page->reached_bytes);
	}
}

Test(load, a_refused_request_can_be_tried_again)
{
	static rlim_t limit = 16 * MIB;
	const struct load_start start = {"anon", {NULL}, {"Size=33554432", "OnRefusal=retry"},
		limit_address_space, &limit, true};
	struct load_child child;
	struct pollfd ended;

	cr_assert(load_start(&start, &child));
	ended = (struct pollfd){.fd = child.pidfd, .events = POLLIN};
	load_go(&child);
	while (!child.page->errno_value && !poll(&ended, 1, 1))
		;
	/* longer than one round of it: it neither ends nor gets on */
	cr_expect_eq(poll(&ended, 1, 150), 0);
	cr_expect_eq(child.page->errno_value, ENOMEM);
	cr_expect_lt(child.page->reached_bytes, limit);
	kill(child.pid, SIGKILL);
	cr_expect_eq(load_wait(&child), 137);
}

Test(load, becomes_what_it_is_told)
{
	const struct load_start start = {"idle", {"--adj", "321", "--cpus", "0", NULL}, {NULL}};
	const struct load_start good[] = {
		{"anon", {"--nice", "5", "--memory-policy", "local", NULL}, {"Size=4096"}},
		{"anon", {"--memory-policy", "bind:0", NULL},
			{"Size=4096", "Hold=18446744073709551615"}},
		{"anon", {"--memory-policy", "default", NULL}, {"Size=4096"}},
		{"anon", {NULL}, {"Size=4096", "Nice=5", "MemoryPolicy=bind:0"}},
	};
	const struct load_start bad[] = {
		{"idle", {"--adj", "1001", NULL}, {NULL}},
		{"idle", {"--cpus", "0-x", NULL}, {NULL}},
		{"idle", {"--cpus", "1023", NULL}, {NULL}},
		{"idle", {"--user", "no such user", NULL}, {NULL}},
		{"idle", {"--nice", "20", NULL}, {NULL}},
		{"idle", {"--memory-policy", "bind", NULL}, {NULL}},
		{"idle", {"--memory-policy", "bind:1000", NULL}, {NULL}},
		{"idle", {"--memory-policy", "local:0", NULL}, {NULL}},
		{"idle", {"--parent", "1", NULL}, {NULL}},
		{"idle", {NULL}, {"Hold=-1"}},
		{"idle", {NULL}, {"Nice=20"}},
		{"idle", {NULL}, {"MemoryPolicy=bind:1000"}},
	};
	struct load_child child;
	char path[64], text[64] = "";
	int fd;

	cr_assert(load_start(&start, &child));
	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", (int)child.pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	cr_expect_gt(read(fd, text, sizeof(text) - 1), 0);
	close(fd);
	cr_expect_str_eq(text, "321\n");
	cr_expect_eq(getsid(child.pid), child.pid);
	kill(child.pid, SIGKILL);
	cr_expect_eq(load_wait(&child), 137);
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		cr_assert(load_start(&good[i], &child), "row %zu: %s", i, child.page->msg);
		load_go(&child);
		if (i == 1)
			kill(child.pid, SIGKILL);
		cr_expect_eq(load_wait(&child), i == 1 ? 137 : 0, "row %zu", i);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		cr_expect_eq(load_run(&bad[i], &child), 125, "row %zu", i);
		cr_expect_eq(child.page->state, OOM_LOAD_FAILED, "row %zu", i);
	}
}

Test(load, another_user)
{
	const struct load_start rows[] = {
		{"exec", {"--user", "nobody", NULL}, {"Command=sh -c 'test $(id -un) = nobody'"}},
		{"exec", {"--user", "12345:54321", NULL},
			{"Command=sh -c 'test $(id -u):$(id -g) = 12345:54321'"}},
		{"exec", {"--user", "12345", NULL},
			{"Command=sh -c 'test $(id -u):$(id -g) = 12345:12345'"}},
	};
	struct load_child child;

	if (geteuid())
		cr_skip("only root becomes another user");
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		cr_expect_eq(load_run(&rows[i], &child), 0, "row %zu: %s", i, child.page->msg);
}

/* A runner of its own, so that it can die: starts @start, opens the gate or not, and is killed. */
static struct oom_load_page *outlived(const struct load_start *start, bool go, pid_t *ret_pid)
{
	struct load_child *child = mmap(
		NULL, sizeof(*child), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct oom_load_page *copy = mmap(
		NULL, sizeof(*copy), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t runner = fork();
	int status;

	if (runner == 0) {
		struct pollfd passed;

		if (!load_start(start, child))
			_exit(1);
		child->page->threshold_bytes[0] = 2 * MIB;
		if (go) {
			load_go(child);
			passed = (struct pollfd){.fd = child->notify_fd, .events = POLLIN};
			poll(&passed, 1, LOAD_DEADLINE_MS);
		}
		memcpy(copy, child->page, sizeof(*copy));
		raise(SIGKILL);
	}
	cr_assert_eq(waitpid(runner, &status, 0), runner);
	cr_assert(WIFSIGNALED(status));
	*ret_pid = child->pid;
	return copy;
}

Test(load, dies_with_its_runner)
{
	const struct load_start start = {
		"anon", {NULL}, {"Size=1048576", "Count=2", "Hold=forever"}};
	struct oom_load_page *page;
	pid_t pid;

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	page = outlived(&start, true, &pid);
	cr_expect_eq(page->reached_bytes, 2 * MIB);
	cr_expect(load_gone(pid), "the first process");
	cr_assert_eq(page->n_children, 2);
	for (unsigned i = 0; i < 2; i++)
		cr_expect(load_gone(page->children[i]), "child %u", i);
}

Test(load, the_runners_death_opens_no_gate)
{
	const struct load_start start = {"exec", {NULL}, {"Command=sleep 1000"}};
	pid_t pid;

	outlived(&start, false, &pid);
	cr_expect(load_gone(pid));
}

Test(load, command_lines_are_split_as_systemd_does)
{
	static const struct {
		const char *text, *words; /* words joined by '|'; NULL: an error */
	} rows[] = {
		{"", ""},
		{"  \t ", ""},
		{"a", "a"},
		{" a  b\tc ", "a|b|c"},
		{"a 'b c' \"d e\"", "a|b c|d e"},
		{"a'b c'd", "ab cd"},
		{"'a\"b' \"c'd\"", "a\"b|c'd"},
		{"'' \"\" x", "||x"},
		{"a\\ b", "a\\ b"},
		{"a\\sb\\tc\\\\d\\\"e", "a b\tc\\d\"e"},
		{"\\x41\\102", "AB"},
		{"\\x4", "\\x4"},
		{"\\x00 \\000 \\400", "\\x00|\\000|\\400"},
		{"\\", "\\"},
		{"\\q '\\d+' \"\\.\"", "\\q|\\d+|\\."},
		{"\\u00e9\\U0001F4A9 \\ud800 \\u12", "\xc3\xa9\xf0\x9f\x92\xa9|\\ud800|\\u12"},
		{"'a\\", NULL},
		{"'a", NULL},
		{"a \"b", NULL},
		{"$A %i", "$A|%i"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char **words = NULL, joined[128] = "";
		int r = oom_load_split(rows[i].text, &words);

		cr_expect_eq(r, rows[i].words ? 0 : -EINVAL, "row %zu: %d", i, r);
		for (size_t w = 0; words && words[w]; w++) {
			strcat(joined, w ? "|" : "");
			strcat(joined, words[w]);
		}
		cr_expect(!rows[i].words || !strcmp(joined, rows[i].words), "row %zu: '%s'", i,
			joined);
		free(words);
	}
}

Test(load, every_order_touches_every_page_once)
{
	static const char *const patterns[] = {
		"Pattern=linear", "Pattern=reverse", "Pattern=random"};
	static const unsigned page_counts[] = {1, 2, 3, 16, 17, 1000, 1024, 1025};

	for (size_t p = 0; p < 3; p++) {
		for (size_t c = 0; c < sizeof(page_counts) / sizeof(*page_counts); c++) {
			const char *const params[] = {patterns[p], NULL};
			struct oom_load_page page = {0};
			struct oom_load load = {
				.page = &page, .notify_fd = -1, .runner_fd = -1, .params = params};
			unsigned n = page_counts[c], missed = 0;
			char *memory = oom_load_map(n * 4096);

			oom_load_touch(&load, memory, n * 4096);
			for (unsigned i = 0; i < n; i++)
				missed += !*(uint64_t *)(memory + i * 4096);
			cr_expect_eq(
				missed, 0, "%s over %u pages missed %u", patterns[p], n, missed);
			cr_expect_eq(page.reached_bytes, n * 4096);
			munmap(memory, n * 4096);
		}
	}
}

Test(load, latencies_fall_into_powers_of_two)
{
	static const struct {
		uint64_t usec;
		unsigned bucket;
	} rows[] = {
		{0, 0}, {1, 1}, {2, 2}, {3, 2}, {4, 3}, {1023, 10}, {1024, 11}, {UINT64_MAX, 63}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct oom_load_page page = {0};
		struct oom_load load = {.page = &page};

		oom_load_latency(&load, rows[i].usec);
		cr_expect_eq(page.latency_bucket[rows[i].bucket], 1, "row %zu", i);
	}
}
