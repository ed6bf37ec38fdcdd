// SPDX-License-Identifier: LGPL-2.1-or-later
/* 'oomgate explain': its sources and its words. */
#include "harness/explain/explain.h"

#include "lib/base/cleanup.h"
#include "tests/support/text_source.h"

#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

static const char log_text[] =
	"[  1.000000] hog invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0\n"
	"[  1.000001] memory: usage 204800kB, limit 204800kB, failcnt 12\n"
	"[  1.000002] swap: usage 0kB, limit 0kB, failcnt 0\n"
	"[  1.000003] Memory cgroup stats for /box:\n"
	"[  1.000004] anon 20971520\n"
	"[  1.000004] shmem 167772160\n"
	"[  1.000005] oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=box,mems_allowed=0,"
	"oom_memcg=/box,task_memcg=/box/t,task=h\033[31mog,pid=77,uid=0\n"
	"[  1.000010] Memory cgroup out of memory: Killed process 77 (h\033[31mog) total-vm:409600kB, "
	"anon-rss:10240kB, file-rss:1024kB, shmem-rss:0kB, UID:0 pgtables:440kB oom_score_adj:300\n";

static ssize_t read_all(struct explain_source *source, char *buf, size_t size)
{
	size_t len = 0;

	for (;;) {
		ssize_t n = source->read(source->context, buf + len, size - len);

		if (n < 0)
			return n;
		if (!n)
			return (ssize_t)len;
		len += (size_t)n;
	}
}

/* Compresses by the program of that name; false when there is none. */
static bool make_file(const char *path, const char *program)
{
	char command[256];
	FILE *pipe;

	snprintf(command, sizeof(command), "%s >%s 2>/dev/null", program, path);
	pipe = popen(command, "w");
	if (!pipe)
		return false;
	for (int i = 0; i < 2000; i++)
		fputs(log_text, pipe);
	return pclose(pipe) == 0;
}

Test(explain, reads_what_is_compressed)
{
	static const char *const programs[] = {"cat", "gzip -c", "xz -c", "bzip2 -c", "zstd -c -q"};
	static char buf[sizeof(log_text) * 2048];
	char path[] = "/tmp/oomgate-explain-XXXXXX";
	int fd = mkstemp(path);

	cr_assert_geq(fd, 0);
	close(fd);
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		struct explain_source source;
		struct oom_err err;
		ssize_t n;

		if (!make_file(path, programs[i])) {
			cr_log_warn("'%s' is not installed: not tried", programs[i]);
			continue;
		}
		cr_assert_eq(
			explain_open_file(path, &err, &source), 0, "%s: %s", programs[i], err.msg);
		n = read_all(&source, buf, sizeof(buf));
		cr_expect_eq(
			n, (ssize_t)(2000 * (sizeof(log_text) - 1)), "%s: %zd", programs[i], n);
		cr_expect_eq(memcmp(buf, log_text, sizeof(log_text) - 1), 0, "%s", programs[i]);
		source.close(source.context);
	}
	unlink(path);
}

Test(explain, a_compressed_log_that_ends_early)
{
	static char buf[sizeof(log_text) * 2048];
	char path[] = "/tmp/oomgate-explain-XXXXXX";
	int fd = mkstemp(path);
	struct explain_source source;
	struct oom_err err;
	struct stat st;

	cr_assert_geq(fd, 0);
	close(fd);
	cr_assert(make_file(path, "gzip -c"));
	cr_assert_eq(stat(path, &st), 0);
	cr_assert_eq(truncate(path, st.st_size / 2), 0);
	cr_assert_eq(explain_open_file(path, &err, &source), 0);
	cr_expect_eq(read_all(&source, buf, sizeof(buf)), -EBADMSG);
	source.close(source.context);
	unlink(path);
}

Test(explain, what_cannot_be_opened)
{
	struct explain_source source;
	struct oom_err err;

	cr_expect_eq(explain_open_file("/tmp", &err, &source), -EISDIR);
	cr_expect(strstr(err.msg, "'/tmp' is a folder"), "%s", err.msg);
	cr_expect_eq(explain_open_file("/nonexistent", &err, &source), -ENOENT);
}

Test(explain, what_the_invoker_was_doing)
{
	static const struct {
		const char *stack[3], *words; /* NULL: it does not tell */
	} rows[] = {
		{{"out_of_memory+0x1/0x2", "do_anonymous_page+0x1/0x2", "handle_mm_fault+0x1/0x2"},
			"faulting in anonymous memory"},
		{{"out_of_memory+0x1/0x2", "wp_page_copy.isra.0+0x1/0x2", "do_wp_page+0x1/0x2"},
			"copying a page on write"},
		{{"kmem_cache_alloc+0x1/0x2", "copy_process+0x1/0x2", NULL},
			"allocating kernel memory"},
		{{"out_of_memory+0x1/0x2", "moom_callback+0x1/0x2", NULL}, "handling sysrq-f"},
		{{"not_do_anonymous_page+0x1/0x2", "do_anonymous_pagex+0x1/0x2", NULL}, NULL},
		{{NULL}, NULL},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct oom_incident incident = {.stack = rows[i].stack};
		const char *words;

		while (incident.n_stack < 3 && rows[i].stack[incident.n_stack])
			incident.n_stack++;
		words = explain_path(&incident);
		cr_expect_eq(!words, !rows[i].words, "row %zu", i);
		if (words && rows[i].words)
			cr_expect_str_eq(words, rows[i].words);
	}
}

/* The answer in @format as text; freed by the caller. */
static char *answer(const struct explain_format *format)
{
	static const struct explain_notes none;
	struct text_source source = {log_text, sizeof(log_text) - 1};
	const struct oom_incident *incident;
	struct explain_writer *w;
	struct oom_klog *log;
	struct explain_end end = {.panics = &none,
		.unfinished = &none,
		.signals = &none,
		.unrecognised = &none,
		.kills = 1};
	FILE *file = tmpfile();
	char *text = calloc(1, 65536);

	cr_assert(file && text);
	cr_assert_eq(oom_klog_new(read_text, &source, format->flags, &log), 0);
	cr_assert_eq(format->open(file, &w), 0);
	while (oom_klog_next(log, &incident) == OOM_EVENT_KILL)
		format->kill(w, incident, &incident->kill);
	end.counts = oom_klog_counts(log);
	format->end(w, &end);
	cr_assert_eq(format->close(w), 0);
	oom_klog_free(log);
	rewind(file);
	cr_assert_gt(fread(text, 1, 65535, file), 0);
	fclose(file);
	return text;
}

Test(explain, no_form_hands_a_terminal_what_a_process_is_called)
{
	static const struct explain_format *const formats[] = {
		&explain_text, &explain_json, &explain_html, &explain_summary};

	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		oom_autofree char *text = answer(formats[i]);

		cr_expect_null(strchr(text, '\033'), "%s: %s", formats[i]->name, text);
		cr_expect(
			strstr(text, "31mog"), "%s: the name is told: %s", formats[i]->name, text);
	}
}

Test(explain, the_page_says_what_matters)
{
	static const char *const words[] = {
		"(pid 77) was killed by the kernel: the cgroup /box reached its memory limit of 200.0M",
		"anon-rss 10.0M",
		"/box/t",
		"GFP_KERNEL",
		"160.0M of tmpfs and shared memory stays until it is deleted",
		"160.0M is tmpfs or shared memory, which no kill frees: delete files",
		"oom_score_adj 300 makes this process a preferred victim",
		"may not swap",
	};
	oom_autofree char *text = answer(&explain_text);

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		cr_expect(strstr(text, words[i]), "'%s' is missing in:\n%s", words[i], text);
}

Test(explain, the_json_is_one_object)
{
	oom_autofree char *text = answer(&explain_json);
	json_error_t error;
	json_t *json = json_loads(text, 0, &error), *kill;

	cr_assert_not_null(json, "%s in %s", error.text, text);
	cr_expect_str_eq(json_string_value(json_object_get(json, "schema")), "oomgate.explain/1");
	cr_expect(json_is_true(json_object_get(json, "complete")));
	kill = json_array_get(json_object_get(json, "kills"), 0);
	cr_expect_str_eq(json_string_value(json_object_get(kill, "gfp_mask")), "0xcc0");
	cr_expect_eq(json_integer_value(json_object_get(kill, "limit_kib")), 204800);
	cr_expect(json_is_null(json_object_get(kill, "chosen")));
	cr_expect_eq(json_integer_value(
			     json_object_get(json_object_get(kill, "victim"), "oom_score_adj")),
		300);
	json_decref(json);
}

Test(explain, sizes_and_texts)
{
	static const struct {
		int64_t kib;
		const char *text;
	} sizes[] = {{-1, "-"}, {0, "0K"}, {1023, "1023K"}, {1024, "1.0M"}, {1536, "1.5M"},
		{INT64_C(3) << 30, "3.0T"}, {INT64_MAX, "8192.0E"}};
	static const struct {
		const char *from, *to;
	} texts[] = {{"plain", "plain"}, {"a\nb\x7f", "a\\nb\\x7f"}, {"\xc3\xbc", "\xc3\xbc"},
		{"\xff", "\\xff"},
		{"\xc2\x9b"
		 "31m",
			"\\xc2\\x9b31m"},
		{"\xe2\x80\xae"
		 "gpj",
			"\\xe2\\x80\\xaegpj"},
		{"##[error]x", "\\x23#[error]x"}, {"", ""}};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		char buf[16];

		cr_expect_str_eq(explain_kib(sizes[i].kib, buf), sizes[i].text, "%s", buf);
	}
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		oom_autofree char *safe = explain_printable(texts[i].from);

		cr_expect_str_eq(safe, texts[i].to, "%s", safe);
	}
}
