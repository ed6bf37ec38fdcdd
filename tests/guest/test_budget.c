// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a guest may send: a guest of our own on a socket goes up to each budget, and one step further. */
#include "harness/guest/attempt/attempt.h"
#include "harness/guest/attempt/budget.h"
#include "harness/guest/attempt/state.h"
#include "harness/host/file.h"
#include "lib/base/cleanup.h"
#include "tests/support/fake_guest.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct fake_guest guest;

static void set_up(void)
{
	fake_guest_begin(&guest);
}

static void tear_down(void)
{
	fake_guest_end(&guest);
}

TestSuite(guest_budget, .init = set_up, .fini = tear_down, .timeout = 60);

/* One frame over the socket, in pieces that it takes; the host reads each. */
static void say(enum oom_frame_type type, const char *data, size_t len)
{
	struct oom_buffer out = {0};

	cr_assert_eq(oom_frame_add(&out, type, data, len), 0);
	for (size_t at = 0; at < out.len && guest.a->phase != OOM_GUEST_OVER;) {
		size_t left = out.len - at;
		ssize_t n = write(guest.guest_fd, out.data + at, left < 32768 ? left : 32768);

		cr_assert_gt(n, 0);
		at += (size_t)n;
		fake_guest_step(&guest);
	}
	oom_buffer_free(&out);
}

/* @len bytes of @fill as a frame's data, behind @name and its NUL where there is one. */
static void say_filled(enum oom_frame_type type, const char *name, char fill, size_t len)
{
	size_t head = name ? strlen(name) + 1 : 0;
	oom_autofree char *data = malloc(head + len + 1);

	cr_assert_not_null(data);
	if (name)
		memcpy(data, name, head);
	memset(data + head, fill, len);
	say(type, data, head + len);
}

static void record_bytes(uint64_t n)
{
	for (; n > 1 << 20; n -= 1 << 20)
		say_filled(OOM_FRAME_RECORD, NULL, ' ', 1 << 20);
	say_filled(OOM_FRAME_RECORD, NULL, ' ', n);
}

static void record_values(uint64_t n)
{
	oom_autofree char *text = malloc(2 * n);

	for (uint64_t i = 0; i < n; i++)
		memcpy(text + 2 * i, i ? "0," : "[ ", 2);
	say(OOM_FRAME_RECORD, text, 2 * n);
}

static void record_depth(uint64_t n)
{
	say_filled(OOM_FRAME_RECORD, NULL, '[', n);
}

static void record_text(uint64_t n)
{
	say(OOM_FRAME_RECORD, "{\"reason\":\"", 11);
	say_filled(OOM_FRAME_RECORD, NULL, 'x', n / 2);
	say_filled(OOM_FRAME_RECORD, NULL, 'x', n - n / 2);
	say(OOM_FRAME_RECORD, "\"}", 2);
}

/* The most of it was spent before: nobody needs a test that writes 256M. */
static void evidence_bytes(uint64_t n)
{
	guest.a->spent[OOM_BUDGET_EVIDENCE_BYTES] = n - 100;
	say_filled(OOM_FRAME_FILE, "kmsg", 'x', 60);
	say_filled(OOM_FRAME_FILE, "kmsg", 'x', 40);
}

static void evidence_files(uint64_t n)
{
	char name[32];

	for (uint64_t i = 0; i < n / 2; i++) {
		snprintf(name, sizeof(name), "d%lu/f", i);
		say_filled(OOM_FRAME_FILE, name, 'x', i % 2);
		say_filled(OOM_FRAME_FILE, name, 'x', 1); /* the same again is no other */
	}
	for (uint64_t i = 0; i < n % 2; i++)
		say_filled(OOM_FRAME_FILE, "last", 'x', 1);
}

static void name_bytes(uint64_t n)
{
	char name[1024];

	cr_assert_lt(n, sizeof(name));
	memset(name, 'n', n);
	for (uint64_t i = 200; i < n; i += 200)
		name[i] = '/';
	name[n] = '\0';
	say(OOM_FRAME_FILE, name, n + 1);
}

static void name_depth(uint64_t n)
{
	char name[256] = "";

	for (uint64_t i = 0; i < n; i++)
		strcat(name, "d/");
	strcat(name, "f");
	say(OOM_FRAME_FILE, name, strlen(name) + 1);
}

static void requests(uint64_t n)
{
	while (n--)
		say(OOM_FRAME_REQUEST, "{}", 2);
}

static void messages(uint64_t n)
{
	guest.a->spent[OOM_BUDGET_MESSAGES] = n - 10;
	for (int i = 0; i < 10; i++)
		say(OOM_FRAME_ALIVE, NULL, 0);
}

static void hello(uint64_t n)
{
	say_filled(OOM_FRAME_HELLO, NULL, 'h', n);
}

static void alive(uint64_t n)
{
	say_filled(OOM_FRAME_ALIVE, NULL, 'h', n);
}

static void request(uint64_t n)
{
	say_filled(OOM_FRAME_REQUEST, NULL, '[', n);
}

static void grow(const char *path, uint64_t n)
{
	cr_assert_eq(oom_file_write(path, "", 0, 0644, NULL), 0);
	cr_assert_eq(truncate(path, (off_t)n), 0);
	/* the timer looks while there is a QEMU */
	fake_guest_spawn(&guest);
	oom_attempt_arm(guest.a);
	cr_assert_eq(poll(&(struct pollfd){.fd = oom_guest_attempt_fd(guest.a), .events = POLLIN},
			     1, 10000),
		1);
	fake_guest_step(&guest);
}

static void console(uint64_t n)
{
	grow(guest.a->console, n);
}

static void printk(uint64_t n)
{
	grow(guest.a->printk, n);
}

static void qemu_log(uint64_t n)
{
	grow(guest.a->log, n);
}

static const struct {
	enum oom_budget budget;
	void (*reach)(uint64_t n); /* so much of it */
	const char *sentence;
} rows[] = {
	{OOM_BUDGET_RECORD_BYTES, record_bytes, "size of the record, at most 16M"},
	{OOM_BUDGET_RECORD_VALUES, record_values, "values in the record, at most 262144"},
	{OOM_BUDGET_RECORD_DEPTH, record_depth, "depth of the record, at most 32"},
	{OOM_BUDGET_RECORD_TEXT_BYTES, record_text, "size of one text in the record, at most 1M"},
	{OOM_BUDGET_EVIDENCE_BYTES, evidence_bytes, "size of the evidence, at most 256M"},
	{OOM_BUDGET_EVIDENCE_FILES, evidence_files, "files and folders of evidence, at most 4096"},
	{OOM_BUDGET_NAME_BYTES, name_bytes, "bytes in the name of a file of evidence, at most 512"},
	{OOM_BUDGET_NAME_DEPTH, name_depth,
		"folders in the name of a file of evidence, at most 16"},
	{OOM_BUDGET_REQUESTS, requests, "requests to the host, at most 1024"},
	{OOM_BUDGET_MESSAGES, messages, "messages, at most 262144"},
	{OOM_BUDGET_MESSAGE_BYTES, hello, "neither record nor evidence, at most 4K"},
	{OOM_BUDGET_MESSAGE_BYTES, alive, "neither record nor evidence, at most 4K"},
	{OOM_BUDGET_MESSAGE_BYTES, request, "neither record nor evidence, at most 4K"},
	{OOM_BUDGET_CONSOLE_BYTES, console, "size of the console, at most 16M"},
	{OOM_BUDGET_CONSOLE_BYTES, printk, "size of the console, at most 16M"},
	{OOM_BUDGET_LOG_BYTES, qemu_log, "size of QEMU's log, at most 4M"},
};

Test(guest_budget, up_to_it_all_is_well_and_one_more_is_broken_and_says_which)
{
	bool seen[OOM_BUDGET_COUNT_] = {0};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		uint64_t max = oom_budget_max(rows[i].budget);

		seen[rows[i].budget] = true;
		rows[i].reach(max);
		cr_expect_eq(guest.a->phase, OOM_GUEST_RUNNING, "row %zu: %lu is allowed: %s", i,
			max, guest.record ? guest.record->reason : "");
		tear_down();
		set_up();
		rows[i].reach(max + 1);
		cr_assert_eq(
			guest.a->phase, OOM_GUEST_OVER, "row %zu: %lu is too much", i, max + 1);
		cr_assert_not_null(guest.record);
		cr_expect_eq(guest.record->verdict, OOM_BROKEN);
		cr_expect(strstr(guest.record->reason,
			"the guest exceeded a budget (GUEST BUDGETS in oomgate(1)): "));
		cr_expect(strstr(guest.record->reason, rows[i].sentence), "row %zu: %s", i,
			guest.record->reason);
		tear_down();
		set_up();
	}
	for (int i = 0; i < OOM_BUDGET_COUNT_; i++)
		cr_expect(seen[i], "budget %d has a row", i);
}

Test(guest_budget, what_a_guest_says_of_its_failure_is_bounded_like_the_rest)
{
	static const struct {
		enum oom_frame_type type;
		enum oom_verdict within;
	} kinds[] = {{OOM_FRAME_FAILED, OOM_BROKEN}, {OOM_FRAME_SKIPPED, OOM_BROKEN}};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		say_filled(kinds[i].type, NULL, 'w', 4096);
		cr_assert_not_null(guest.record);
		cr_expect_eq(guest.record->verdict, kinds[i].within);
		cr_expect_not(strstr(guest.record->reason, "budget"), "%s", guest.record->reason);
		tear_down();
		set_up();
		say_filled(kinds[i].type, NULL, 'w', 4097);
		cr_assert_not_null(guest.record);
		cr_expect_eq(guest.record->verdict, OOM_BROKEN);
		cr_expect(strstr(guest.record->reason, "budget"), "%s", guest.record->reason);
		tear_down();
		set_up();
	}
}

static off_t size_of(const char *name)
{
	char path[128];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", guest.dir, name);
	return stat(path, &st) ? -1 : st.st_size;
}

Test(guest_budget, evidence_from_before_is_kept)
{
	say_filled(OOM_FRAME_FILE, "kmsg", 'x', 1000);
	say_filled(OOM_FRAME_FILE, "a/b/trace", 'x', 0);
	guest.a->spent[OOM_BUDGET_EVIDENCE_BYTES] = oom_budget_max(OOM_BUDGET_EVIDENCE_BYTES) - 10;
	say_filled(OOM_FRAME_FILE, "kmsg", 'x', 11);
	cr_assert_eq(guest.a->phase, OOM_GUEST_OVER);
	cr_expect_eq(size_of("kmsg"), 1000);
	cr_expect_eq(size_of("a/b/trace"), 0);
}

Test(guest_budget, the_hosts_own_files_are_not_the_guests)
{
	static const char *const names[] = {
		"console", "printk", "qemu.log", "", "/etc/x", "..", "../x", "a/../../x"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		say_filled(OOM_FRAME_FILE, names[i], 'x', 10);
		cr_expect_eq(guest.a->phase, OOM_GUEST_OVER, "'%s'", names[i]);
		cr_expect_eq(size_of("console"), -1);
		cr_expect_eq(size_of("printk"), -1);
		cr_expect_eq(size_of("qemu.log"), -1);
		tear_down();
		set_up();
	}
}
