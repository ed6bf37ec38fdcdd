// SPDX-License-Identifier: LGPL-2.1-or-later
/* Several readers must say what one says, whatever the log. */
#include "harness/explain/parts.h"
#include "harness/explain/read.h"
#include "harness/explain/session.h"
#include "lib/base/cleanup.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOG_BYTES ((long)33 << 20)

/* What one report of number @i is printed as. */
typedef void report_fn(FILE *out, int i);

static void body(FILE *out, const char *front, int i, int rows)
{
	fprintf(out, "%sCPU: 0 PID: %d Comm: asker Not tainted 6.1.0 #1\n%sCall Trace:\n", front,
		i % 30000, front);
	fprintf(out, "%s dump_stack+0x1/0x2\n%s out_of_memory+0x1/0x2\n", front, front);
	fprintf(out, "%sTasks state (memory values in pages):\n", front);
	fprintf(out,
		"%s[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name\n",
		front);
	for (int row = 0; row < rows; row++)
		fprintf(out,
			"%s[%7d]     0 %5d     %4d     %4d    %5d        0             0 task%d\n",
			front, row + 10, row + 10, 900 + row, 500 + i % 50, 4096, row);
}

static void kill_line(FILE *out, const char *front, int pid)
{
	fprintf(out,
		"%sMemory cgroup out of memory: Killed process %d (task%d) total-vm:3600kB, anon-rss:2000kB, "
		"file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:4kB oom_score_adj:0\n",
		front, pid, pid);
}

static void dmesg_report(FILE *out, int i)
{
	char front[32];

	snprintf(front, sizeof(front), "[%5d.%06d] ", i / 10, i);
	fprintf(out,
		"%sasker invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0\n",
		front);
	body(out, front, i, 30);
	kill_line(out, front, i + 10);
}

/* without a clock a death is the same for ever, as long as it is remembered */
static void repeating_report(FILE *out, int i)
{
	fputs("asker invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0\n",
		out);
	body(out, "", i, 30);
	kill_line(out, "", i % 100 < 70 ? i : i - 40);
}

static void kmsg_report(FILE *out, int i)
{
	char front[48];

	snprintf(front, sizeof(front), "4,%d,%d,-;", i, i * 1000);
	fprintf(out,
		"%sasker invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0\n",
		front);
	body(out, front, i, 30);
	kill_line(out, front, i + 10);
}

static void export_report(FILE *out, int i)
{
	char front[64];

	snprintf(front, sizeof(front), "\n_TRANSPORT=kernel\nMESSAGE=");
	fprintf(out,
		"%sasker invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0\n",
		front);
	body(out, front, i, 30);
	kill_line(out, front, i + 10);
}

/* one of a thousand is as long as several parts */
static void long_report(FILE *out, int i)
{
	char front[32];

	snprintf(front, sizeof(front), "[%5d.%06d] ", i / 10, i);
	fprintf(out,
		"%sasker invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0\n",
		front);
	body(out, front, i, i % 1000 == 500 ? 25000 : 20);
	kill_line(out, front, i + 10);
}

static void noise(FILE *out, int i)
{
	fprintf(out,
		"Aug 12 03:54:03 host program[%d]: nothing of interest happened %d times, as always\n",
		i, i);
}

/* what a report leaves open at its end: an earlyoom whose tale goes on, a sysrq whose kill comes next */
static void open_report(FILE *out, int i)
{
	dmesg_report(out, i);
	if (i % 7 == 3)
		fputs("earlyoom: sending SIGTERM to process 77 uid 0 \"x\": badness 9, VmRSS 3 MiB\n",
			out);
	if (i % 5 == 2)
		fprintf(out, "[%5d.%06d] sysrq: Manual OOM execution\n", i / 10, i);
}

static char *make_log(report_fn *report)
{
	char *path = strdup("/tmp/oomgate-parts-XXXXXX");
	int fd = mkstemp(path);
	FILE *out = fdopen(fd, "w");

	cr_assert(out);
	for (int i = 0; ftell(out) < LOG_BYTES; i++)
		report(out, i);
	fclose(out);
	return path;
}

/* The answer of the log at @path, by several readers or by one; *@ret_parts: how much of it by several. */
static char *answer(
	const char *path, const struct explain_format *format, bool several, off_t *ret_parts)
{
	struct explain_session s = {.format = format};
	struct oom_klog_counts counts = {0};
	struct explain_source source;
	struct explain_end end;
	FILE *out = tmpfile();
	struct oom_err err;
	char *text;
	long len;

	cr_assert_eq(explain_open_file(path, &err, &source), 0, "%s", err.msg);
	cr_assert_geq(source.plain_fd, 0);
	if (several) {
		struct explain_session dry = {.format = format};
		struct oom_klog_counts dry_counts = {0};
		struct oom_klog_past past;
		FILE *null = fopen("/dev/null", "w");

		oom_klog_past_init(&past);
		cr_assert_eq(dry.format->open(null, &dry.writer), 0);
		cr_assert_geq(
			explain_read_parts(&dry, source.plain_fd, &past, &dry_counts, ret_parts),
			0);
		dry.format->close(dry.writer);
		explain_session_release(&dry);
		fclose(null);
	} else {
		source.plain_fd = -1;
	}
	cr_assert_eq(s.format->open(out, &s.writer), 0);
	cr_assert_eq(explain_read(&s, &source, &counts), 0);
	end = (struct explain_end){.counts = &counts,
		.panics = &s.panics,
		.unfinished = &s.unfinished,
		.signals = &s.signals,
		.unrecognised = &s.unrecognised,
		.kills = s.kills};
	s.format->end(s.writer, &end);
	cr_assert_eq(s.format->close(s.writer), 0);
	source.close(source.context);
	explain_session_release(&s);
	len = lseek(fileno(out), 0, SEEK_END);
	text = malloc((size_t)len + 1);
	cr_assert_eq(pread(fileno(out), text, (size_t)len, 0), len);
	text[len] = '\0';
	fclose(out);
	return text;
}

static void expect_same(
	const char *path, const struct explain_format *format, const char *what, off_t *ret_parts)
{
	oom_autofree char *one = answer(path, format, false, NULL);
	oom_autofree char *several = answer(path, format, true, ret_parts);

	cr_expect(!strcmp(one, several), "%s, %s: %zu and %zu bytes", what, format->name,
		strlen(one), strlen(several));
}

Test(explain_parts, say_what_one_reader_says)
{
	static const struct {
		const char *what;
		report_fn *report;
		bool to_the_end; /* by several readers */
	} rows[] = {
		{"dmesg", dmesg_report, true},
		{"deaths told again", repeating_report, false},
		{"records of /dev/kmsg", kmsg_report, false},
		{"journal export", export_report, false},
		{"long tables", long_report, true},
		{"nothing about memory", noise, true},
		{"what is open at a report's end", open_report, false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *path = make_log(rows[i].report);
		struct stat st;
		off_t parts = -1;

		cr_assert_eq(stat(path, &st), 0);
		expect_same(path, &explain_summary, rows[i].what, &parts);
		expect_same(path, &explain_json, rows[i].what, &parts);
		if (sysconf(_SC_NPROCESSORS_ONLN) > 1 && rows[i].to_the_end)
			cr_expect_eq(parts, st.st_size, "%s: several readers stopped at %" PRId64,
				rows[i].what, (int64_t)parts);
		unlink(path);
		free(path);
	}
}
