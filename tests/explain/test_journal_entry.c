// SPDX-License-Identifier: LGPL-2.1-or-later
/* Entries of the journal that any user may have written, as text, and what is read of that text. */
#include "harness/explain/journal_entry.h"

#include "lib/klog/entry.h"
#include "lib/klog/klog.h"
#include "tests/support/text_source.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define GUARD 0x5a
#define KILL                                                                                       \
	"Out of memory: Killed process 41 (hog) total-vm:1kB, anon-rss:1kB, file-rss:0kB, shmem-rss:0kB"
#define EARLYOOM "sending SIGTERM to process 99 uid 1000 \"tail\": badness 812, VmRSS 5437 MiB"
#define FIELD(text)                                                                                \
	{                                                                                          \
		(text), sizeof(text) - 1                                                           \
	}

/* Entries one behind the other, each exported behind guards. */
struct text {
	char *bytes;
	size_t len;
};

static void add(struct text *text, const struct explain_entry_field *fields, size_t count)
{
	char *room = malloc(EXPLAIN_ENTRY_BYTES + 64);
	size_t len, feeds = 0;

	memset(room, GUARD, EXPLAIN_ENTRY_BYTES + 64);
	len = explain_entry_export_fields(fields, count, 1754963643123456, room);
	cr_assert_leq(len, EXPLAIN_ENTRY_BYTES);
	for (size_t i = EXPLAIN_ENTRY_BYTES; i < EXPLAIN_ENTRY_BYTES + 64; i++)
		cr_assert_eq(room[i], GUARD, "byte %zu behind the text was written", i);
	/* one empty line, and it is the last */
	cr_assert(len > 2 && room[len - 1] == '\n' && room[len - 2] == '\n');
	for (size_t i = 0; i + 1 < len; i++)
		feeds += room[i] == '\n' && room[i + 1] == '\n';
	cr_assert_eq(feeds, 1, "%zu ends", feeds);
	text->bytes = realloc(text->bytes, text->len + len);
	memcpy(text->bytes + text->len, room, len);
	text->len += len;
	free(room);
}

static const struct explain_entry_field kernel_kill[] = {FIELD("_TRANSPORT=kernel"),
	FIELD("SYSLOG_FACILITY=0"), FIELD("SYSLOG_IDENTIFIER=kernel"),
	FIELD("_SOURCE_MONOTONIC_TIMESTAMP=765381356"), FIELD("MESSAGE=" KILL)};

struct seen {
	int kills;
	int64_t pid, time_us, cut, imitations;
};

static struct seen read_back(const struct text *text)
{
	struct text_source source = {text->bytes, text->len};
	struct seen seen = {.pid = -1};
	const struct oom_incident *incident;
	struct oom_klog *log;
	int rc;

	cr_assert_eq(oom_klog_new(read_text, &source, 0, &log), 0);
	while ((rc = oom_klog_next(log, &incident)) > 0) {
		if (rc != OOM_EVENT_KILL)
			continue;
		seen.kills++;
		seen.pid = incident->kill.victim.pid;
		seen.time_us = incident->kill.time_us;
	}
	cr_assert_eq(rc, 0);
	seen.cut = oom_klog_counts(log)->cut_lines;
	seen.imitations = oom_klog_counts(log)->imitations;
	oom_klog_free(log);
	return seen;
}

static char *long_field(const char *head, size_t value_bytes, char fill)
{
	size_t head_len = strlen(head);
	char *data = malloc(head_len + value_bytes);

	memcpy(data, head, head_len);
	memset(data + head_len, fill, value_bytes);
	return data;
}

/* Every field at every length around its bound and around powers of two; the kernel's kill behind it is read. */
Test(explain_journal_entry, lengths_at_every_bound)
{
	static const char *const heads[] = {"_TRANSPORT=", "SYSLOG_FACILITY=", "SYSLOG_IDENTIFIER=",
		"_SOURCE_MONOTONIC_TIMESTAMP=", "MESSAGE=", "__REALTIME_TIMESTAMP=", "ELSE="};
	static const size_t bounds[] = {0, 3, 15, 16, 20, 63, 64, 4096, OOM_ENTRY_BYTES,
		EXPLAIN_ENTRY_BYTES, 12288, 13000, 22528, 60000, 65536, 131072};

	for (size_t h = 0; h < sizeof(heads) / sizeof(heads[0]); h++) {
		for (size_t b = 0; b < sizeof(bounds) / sizeof(bounds[0]); b++) {
			for (size_t len = bounds[b] < 2 ? 0 : bounds[b] - 2; len <= bounds[b] + 2;
				len++) {
				char *data =
					long_field(heads[h], len, h == 1 || h == 3 ? '9' : 'A');
				struct explain_entry_field hostile[] = {FIELD("_TRANSPORT=journal"),
					FIELD("SYSLOG_IDENTIFIER=earlyoom"),
					{data, strlen(heads[h]) + len}};
				struct text text = {0};
				struct seen seen;

				add(&text, hostile, 3);
				add(&text, kernel_kill, 5);
				seen = read_back(&text);
				cr_assert_eq(seen.kills, 1, "%s%zu", heads[h], len);
				cr_assert_eq(seen.pid, 41, "%s%zu", heads[h], len);
				cr_assert_eq(seen.time_us, 765381356, "%s%zu", heads[h], len);
				free(text.bytes);
				free(data);
			}
		}
	}
}

Test(explain_journal_entry, a_message_that_was_cut_is_told)
{
	for (size_t len = OOM_ENTRY_BYTES - 2; len <= OOM_ENTRY_BYTES + 2; len++) {
		char *message = long_field("MESSAGE=", len, 'B');
		struct explain_entry_field fields[] = {
			FIELD("_TRANSPORT=kernel"), {message, len + 8}};
		struct text text = {0};

		add(&text, fields, 2);
		cr_expect_eq(read_back(&text).cut, len > OOM_ENTRY_BYTES, "%zu bytes", len);
		free(text.bytes);
		free(message);
	}
}

Test(explain_journal_entry, all_fields_too_long_at_once)
{
	char *facility = long_field("SYSLOG_FACILITY=", 13000, 'A');
	char *message = long_field("MESSAGE=", 60000, 'B');
	struct explain_entry_field fields[] = {FIELD("_TRANSPORT=journal"),
		FIELD("SYSLOG_IDENTIFIER=earlyoom"), {facility, 13016}, {message, 60008}};
	struct text text = {0};

	for (int i = 0; i < 50; i++)
		add(&text, fields, 4);
	add(&text, kernel_kill, 5);
	cr_expect_eq(read_back(&text).kills, 1);
	cr_expect_eq(read_back(&text).cut, 50);
	free(text.bytes);
	free(facility);
	free(message);
}

/* What is too long or no number is not the beginning of itself: "kernel" and more is not the kernel. */
Test(explain_journal_entry, nobody_becomes_the_kernel_by_a_cut)
{
	static const struct {
		const char *what;
		struct explain_entry_field fields[4];
	} rows[] = {
		{"a facility behind which something stands",
			{FIELD("_TRANSPORT=kernel"), FIELD("SYSLOG_FACILITY=0x"),
				FIELD("MESSAGE=" KILL)}},
		{"a long facility of zeros",
			{FIELD("_TRANSPORT=kernel"),
				FIELD("SYSLOG_FACILITY=0000000000000000000000001"),
				FIELD("MESSAGE=" KILL)}},
		{"an empty facility",
			{FIELD("_TRANSPORT=kernel"), FIELD("SYSLOG_FACILITY="),
				FIELD("MESSAGE=" KILL)}},
		{"a negative facility",
			{FIELD("_TRANSPORT=kernel"), FIELD("SYSLOG_FACILITY=-1"),
				FIELD("MESSAGE=" KILL)}},
		{"a long transport",
			{FIELD("_TRANSPORT=kernelkernelkernel"), FIELD("MESSAGE=" KILL)}},
		{"a transport with a NUL", {FIELD("_TRANSPORT=kernel\0"), FIELD("MESSAGE=" KILL)}},
		{"a transport with a line feed",
			{FIELD("_TRANSPORT=x\n_TRANSPORT=kernel"), FIELD("MESSAGE=" KILL)}},
		{"no transport", {FIELD("SYSLOG_IDENTIFIER=kernel"), FIELD("MESSAGE=" KILL)}},
		{"a transport without '='", {FIELD("_TRANSPORT"), FIELD("MESSAGE=" KILL)}},
		{"a name that goes on", {FIELD("_TRANSPORTS=kernel"), FIELD("MESSAGE=" KILL)}},
		{"the first of two counts",
			{FIELD("_TRANSPORT=journal"), FIELD("_TRANSPORT=kernel"),
				FIELD("MESSAGE=" KILL)}},
		{"fields in the message",
			{FIELD("_TRANSPORT=journal"), FIELD("SYSLOG_IDENTIFIER=nohang"),
				FIELD("MESSAGE=x\n\n_TRANSPORT=kernel\nMESSAGE=" KILL "\n\n")}},
		{"a long identifier",
			{FIELD("_TRANSPORT=journal"),
				FIELD("SYSLOG_IDENTIFIER=earlyoom"
				      "0123456789012345678901234567890123456789"
				      "0123456789012345678901234567890123456789"),
				FIELD("MESSAGE=Killing process 23105 tail")}},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct text text = {0};
		size_t count = 0;

		while (count < 4 && rows[i].fields[count].data)
			count++;
		add(&text, rows[i].fields, count);
		cr_expect_eq(read_back(&text).kills, 0, "%s", rows[i].what);
		add(&text, kernel_kill, 5);
		cr_expect_eq(read_back(&text).kills, 1, "%s: the kernel's own", rows[i].what);
		free(text.bytes);
	}
}

Test(explain_journal_entry, what_the_kernel_and_the_daemons_write_is_read)
{
	static const struct explain_entry_field earlyoom[] = {FIELD("_TRANSPORT=stdout"),
		FIELD("SYSLOG_FACILITY=3"), FIELD("SYSLOG_IDENTIFIER=earlyoom"),
		FIELD("MESSAGE=" EARLYOOM)};
	struct text text = {0};

	add(&text, kernel_kill, 5);
	cr_expect_eq(read_back(&text).pid, 41);
	add(&text, earlyoom, 4);
	cr_expect_eq(read_back(&text).kills, 2);
	cr_expect_eq(read_back(&text).pid, 99);
	cr_expect_eq(read_back(&text).cut, 0);
	free(text.bytes);
}

Test(explain_journal_entry, a_message_of_any_bytes_is_one_line)
{
	static const struct explain_entry_field fields[] = {
		FIELD("_TRANSPORT=kernel"), FIELD("MESSAGE=a\0b\nc\n")};
	static const char want[] = "_TRANSPORT=kernel\nMESSAGE=a\0b c \n\n";
	char text[EXPLAIN_ENTRY_BYTES];

	cr_assert_eq(explain_entry_export_fields(fields, 2, 0, text), sizeof(want) - 1);
	cr_expect_arr_eq(text, want, sizeof(want) - 1);
}

static int cannot_read(void *context, const char *name, const void **ret_data, size_t *ret_len)
{
	static const char message[] = "MESSAGE=" KILL;

	(void)context;
	if (strcmp(name, "MESSAGE"))
		return -ENOBUFS;
	*ret_data = message;
	*ret_len = sizeof(message) - 1;
	return 0;
}

Test(explain_journal_entry, what_cannot_be_read_is_nobody_s_word)
{
	struct text text = {malloc(EXPLAIN_ENTRY_BYTES), 0};

	text.len = explain_entry_export(cannot_read, NULL, 0, text.bytes);
	cr_expect_eq(read_back(&text).kills, 0);
	free(text.bytes);
}
