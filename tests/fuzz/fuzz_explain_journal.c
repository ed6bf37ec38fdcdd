// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Entries of the journal, whose fields any user writes: as text an entry is bounded, it is lines of known names
 * with an empty one at its end and nowhere else, and the reader of kernel logs takes all of it and still sees the
 * kill of the kernel's in the entry behind it.
 */
#include "harness/explain/journal_entry.h"

#include "lib/klog/klog.h"
#include "tests/support/fuzz.h"
#include "tests/support/text_source.h"

#include <signal.h>

static const char kill_entry[] =
	"_TRANSPORT=kernel\nSYSLOG_FACILITY=0\nSYSLOG_IDENTIFIER=kernel\n"
	"_SOURCE_MONOTONIC_TIMESTAMP=7000000\n"
	"MESSAGE=Memory cgroup out of memory: Killed process 4711 (hog) total-vm:66808kB, "
	"anon-rss:65132kB, file-rss:788kB, shmem-rss:4kB, UID:0 pgtables:164kB "
	"oom_score_adj:0\n\n";

/* Fields as "LEN LEN BYTES", the length big-endian; what is left is the last one's. */
enum { FIELDS = 16 };

static size_t split(
	const uint8_t *data, size_t size, struct explain_entry_field fields[static FIELDS])
{
	size_t count = 0;

	while (size >= 2 && count < FIELDS) {
		size_t len = (size_t)data[0] << 8 | data[1];

		data += 2;
		size -= 2;
		len = len < size ? len : size;
		fields[count].data = fuzz_exact(data, len);
		fields[count++].len = len;
		data += len;
		size -= len;
	}
	return count;
}

static void check_lines(const char *text, size_t len)
{
	static const char *const names[] = {
		"__REALTIME_TIMESTAMP=", "_TRANSPORT=", "SYSLOG_FACILITY=", "SYSLOG_IDENTIFIER=",
		"_SOURCE_MONOTONIC_TIMESTAMP=", "MESSAGE="};
	const char *line = text, *end = text + len;
	size_t next = 0;

	FUZZ_CHECK(len && len <= EXPLAIN_ENTRY_BYTES && end[-1] == '\n');
	while (line < end - 1) {
		const char *stop = memchr(line, '\n', (size_t)(end - line));

		while (next < 6 && strncmp(line, names[next], strlen(names[next])) != 0)
			next++;
		FUZZ_CHECK(next++ < 6 && stop && stop < end - 1); /* each at most once */
		line = stop + 1;
	}
	FUZZ_CHECK(len == 1 || end[-2] == '\n');
}

static void read_back(const char *text, size_t len)
{
	struct text_source source = {text, len};
	const struct oom_incident *incident;
	struct oom_klog *log;
	int64_t kills = 0;
	int rc;

	FUZZ_CHECK(!oom_klog_new(read_text, &source, 0, &log));
	while ((rc = oom_klog_next(log, &incident)) > 0)
		kills += rc == OOM_EVENT_KILL && incident->kill.victim.pid == 4711;
	FUZZ_CHECK(!rc && oom_klog_counts(log)->bytes == (int64_t)len);
	FUZZ_CHECK(kills >= 1);
	oom_klog_free(log);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct explain_entry_field fields[FIELDS];
	size_t count = split(data, size, fields), len;
	char *text = malloc(EXPLAIN_ENTRY_BYTES + sizeof(kill_entry));

	FUZZ_CHECK(text);
	len = explain_entry_export_fields(
		fields, count, size % 3 ? 1700000000000000 + size : 0, text);
	check_lines(text, len);
	memcpy(text + len, kill_entry, sizeof(kill_entry) - 1);
	read_back(text, len + sizeof(kill_entry) - 1);
	for (size_t i = 0; i < count; i++)
		free((void *)fields[i].data);
	free(text);
	return 0;
}
