// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A run's record, run.json: what is refused has a message; what is read is written as the same bytes once it was
 * written; sources can be compared; and every report of it is the same bytes each time, without a control
 * character that nobody asked for.
 */
#include "lib/record/record.h"
#include "reports/report.h"
#include "tests/support/fuzz.h"

#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

struct text {
	char *data;
	size_t len;
};

static int add(void *data, const char *piece, size_t len)
{
	struct text *text = data;
	char *grown = realloc(text->data, text->len + len + 1);

	FUZZ_CHECK(grown);
	memcpy(grown + text->len, piece, len);
	text->data = grown;
	text->len += len;
	grown[text->len] = '\0';
	return 0;
}

static char *dump(const struct oom_run *run)
{
	struct text text = {0};

	FUZZ_CHECK(!oom_run_write_json(run, 1, false, add, &text) && text.data);
	return text.data;
}

static struct oom_run *read_run(const char *text, size_t len)
{
	int fd = memfd_create("record", MFD_CLOEXEC), r;
	struct oom_err err = {0};
	struct oom_run *run = NULL;

	FUZZ_CHECK(fd >= 0 && write(fd, text, len) == (ssize_t)len);
	r = oom_run_read(fd, &err, &run);
	FUZZ_CHECK((r == 0) == (run != NULL));
	FUZZ_CHECK(r <= 0 && (r == 0) == !*err.msg);
	if (!run)
		close(fd);
	return run;
}

static bool is_clean(const char *text, size_t len, const struct oom_report_options *options)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if ((c < ' ' && c != '\n' && !(c == 27 && options->color)) || c == 0x7f ||
			(c >= 0x80 && !options->utf8))
			return false;
	}
	return true;
}

static char *report(const struct oom_report *format, const struct oom_run *run,
	const struct oom_report_options *options, size_t *ret_len)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, ret_len);

	FUZZ_CHECK(out && !format->write(run, options, out) && !fclose(out));
	return text;
}

/* @pick: under which of the options; one of them is enough for a record, and there are many records. */
static void report_all(const struct oom_run *run, size_t pick)
{
	static const struct oom_report_options options[] = {{.utf8 = true, .to_file = true},
		{.utf8 = false, .width = 80},
		{.utf8 = true, .color = true, .width = 40, .run_dir = "run"}};
	const struct oom_report_options *picked =
		&options[pick % (sizeof(options) / sizeof(*options))];

	for (const struct oom_report *const *format = oom_reports; *format; format++) {
		size_t len, again_len;
		char *text = report(*format, run, picked, &len),
		     *again = report(*format, run, picked, &again_len);

		FUZZ_CHECK(len == again_len && !memcmp(text, again, len));
		FUZZ_CHECK(is_clean(text, len, picked));
		free(text);
		free(again);
	}
}

static void use(struct oom_run *run, size_t pick)
{
	for (size_t i = 0; i < run->n_attempts; i++) {
		struct oom_attempt *attempt = NULL;
		const struct oom_entry *entry = &run->entries[i];
		char *text = malloc(entry->len);

		FUZZ_CHECK(text &&
			pread(run->fd, text, entry->len, (off_t)entry->offset) ==
				(ssize_t)entry->len);
		FUZZ_CHECK(!oom_attempt_parse(text, entry->len, NULL, &attempt) &&
			!oom_attempt_cross_check(attempt));
		oom_attempt_free(attempt);
		free(text);
	}
	report_all(run, pick);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct oom_run *run = read_run((const char *)data, size), *again;
	char *once, *twice;

	if (!run)
		return 0;
	once = dump(run);
	again = read_run(once, strlen(once));
	FUZZ_CHECK(again);
	twice = dump(again);
	FUZZ_CHECK(!strcmp(once, twice));
	use(run, size);
	oom_run_free(run);
	oom_run_free(again);
	free(once);
	free(twice);
	return 0;
}
