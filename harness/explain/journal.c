// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/explain/explain.h"
#include "harness/explain/journal_entry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-id128.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

/* What the journal hands out of a field: more than the longest that is read, or a cut one would look whole. */
#define FIELD_BYTES (2 * (size_t)EXPLAIN_ENTRY_BYTES)

struct journal_source {
	sd_journal *journal;
	char text[EXPLAIN_ENTRY_BYTES];
	size_t len, used;
};

static int get_field(void *context, const char *name, const void **ret_data, size_t *ret_len)
{
	return sd_journal_get_data(context, name, ret_data, ret_len);
}

static void fill(struct journal_source *source)
{
	uint64_t realtime_us;

	if (sd_journal_get_realtime_usec(source->journal, &realtime_us))
		realtime_us = 0;
	source->used = 0;
	source->len = explain_entry_export(get_field, source->journal, realtime_us, source->text);
}

static ssize_t read_journal(void *context, char *buf, size_t size)
{
	struct journal_source *source = context;
	size_t n;

	if (source->used == source->len) {
		int rc = sd_journal_next(source->journal);

		if (rc <= 0)
			return rc;
		fill(source);
	}
	n = source->len - source->used;
	if (n > size)
		n = size;
	memcpy(buf, source->text + source->used, n);
	source->used += n;
	return (ssize_t)n;
}

static void close_journal(void *context)
{
	struct journal_source *source = context;

	sd_journal_close(source->journal);
	free(source);
}

/* The kernel's entries, and those of programs that kill. */
static int match_writers(sd_journal *journal)
{
	static const char *const matches[] = {"_TRANSPORT=kernel", "SYSLOG_IDENTIFIER=systemd-oomd",
		"SYSLOG_IDENTIFIER=earlyoom", "SYSLOG_IDENTIFIER=nohang",
		"SYSLOG_IDENTIFIER=nohang-desktop", "SYSLOG_IDENTIFIER=systemd"};
	int rc = sd_journal_add_conjunction(journal);

	for (size_t i = 0; !rc && i < sizeof(matches) / sizeof(matches[0]); i++) {
		rc = sd_journal_add_match(journal, matches[i], 0);
		if (!rc)
			rc = sd_journal_add_disjunction(journal);
	}
	return rc;
}

static int set_boot(sd_journal *journal, sd_id128_t id)
{
	char match[48];

	snprintf(match, sizeof(match), "_BOOT_ID=" SD_ID128_FORMAT_STR, SD_ID128_FORMAT_VAL(id));
	sd_journal_flush_matches(journal);
	return sd_journal_add_match(journal, match, 0);
}

/* The boot of the entry that the journal stands at. */
static int entry_boot(sd_journal *journal, sd_id128_t *ret)
{
	uint64_t usec;

	return sd_journal_get_monotonic_usec(journal, &usec, ret);
}

/* From the first entry of boot @id to the last of the boot before: 0, or -ENXIO where there is none. */
static int step_back(sd_journal *journal, sd_id128_t id, sd_id128_t *ret)
{
	char *cursor;
	int rc = set_boot(journal, id);

	if (!rc)
		rc = sd_journal_seek_head(journal);
	if (!rc)
		rc = sd_journal_next(journal) > 0 ? sd_journal_get_cursor(journal, &cursor)
						  : -ENXIO;
	if (rc)
		return rc;
	sd_journal_flush_matches(journal);
	rc = sd_journal_seek_cursor(journal, cursor);
	free(cursor);
	/* once onto that entry, then to those before it */
	if (!rc)
		rc = sd_journal_previous(journal) > 0 ? 0 : -ENXIO;
	while (!rc && !(rc = entry_boot(journal, ret)) && sd_id128_equal(*ret, id))
		rc = sd_journal_previous(journal) > 0 ? 0 : -ENXIO;
	return rc;
}

/* The boot @offset boots before this one: from boot to boot, not from entry to entry. */
static int match_boot(sd_journal *journal, int offset)
{
	sd_id128_t id;
	int rc = sd_id128_get_boot(&id);

	if (!rc && offset) {
		/* this boot need not have an entry yet */
		rc = sd_journal_seek_tail(journal);
		if (!rc)
			rc = sd_journal_previous(journal) > 0 ? 0 : -ENXIO;
		if (!rc) {
			sd_id128_t last;

			rc = entry_boot(journal, &last);
			offset += !rc && !sd_id128_equal(last, id);
			id = last;
		}
	}
	for (; !rc && offset < 0; offset++)
		rc = step_back(journal, id, &id);
	return rc ? rc : set_boot(journal, id);
}

int explain_open_journal(int boot, bool all_boots, uint64_t since_us, struct oom_err *err,
	struct explain_source *ret)
{
	struct journal_source *source = calloc(1, sizeof(*source));
	int rc;

	if (!source)
		return oom_err_set(err, ENOMEM, "out of memory reading the journal");
	rc = sd_journal_open(&source->journal, SD_JOURNAL_LOCAL_ONLY);
	if (rc) {
		free(source);
		return oom_err_errno(err, -rc, "cannot open the journal");
	}
	if (sd_journal_has_runtime_files(source->journal) <= 0 &&
		sd_journal_has_persistent_files(source->journal) <= 0) {
		close_journal(source);
		return oom_err_set(err, ENOENT,
			"no journal here that user %u may read (run as root, or join the group systemd-journal)",
			geteuid());
	}
	rc = sd_journal_set_data_threshold(source->journal, FIELD_BYTES);
	if (!rc && !all_boots) {
		rc = match_boot(source->journal, boot);
		if (rc == -ENXIO)
			oom_err_set(err, ENXIO, "the journal has no boot %d", boot);
	}
	if (!rc)
		rc = match_writers(source->journal);
	if (!rc)
		rc = since_us ? sd_journal_seek_realtime_usec(source->journal, since_us)
			      : sd_journal_seek_head(source->journal);
	if (rc) {
		close_journal(source);
		if (rc != -ENXIO)
			oom_err_errno(err, -rc, "cannot read the journal");
		return rc;
	}
	*ret = (struct explain_source){.read = read_journal,
		.close = close_journal,
		.context = source,
		.plain_fd = -1,
		.name = "journal"};
	return 0;
}
