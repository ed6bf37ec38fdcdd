// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/explain.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-id128.h>
#include <systemd/sd-journal.h>

/* One entry of the journal, as journal export text, which the reader knows. */
#define ENTRY_BYTES 12288

struct journal_source {
	sd_journal *journal;
	char text[ENTRY_BYTES];
	size_t len, used;
};

static void put(struct journal_source *source, const void *data, size_t len)
{
	char *to = source->text + source->len;

	if (len > sizeof(source->text) - source->len - 2)
		len = sizeof(source->text) - source->len - 2;
	for (size_t i = 0; i < len; i++)
		to[i] = ((const char *)data)[i] == '\n' ? ' ' : ((const char *)data)[i];
	source->len += len;
	source->text[source->len++] = '\n';
}

static void fill(struct journal_source *source)
{
	static const char *const fields[] = {"_TRANSPORT", "SYSLOG_FACILITY", "SYSLOG_IDENTIFIER",
		"_SOURCE_MONOTONIC_TIMESTAMP", "MESSAGE"};
	char stamp[64];
	uint64_t realtime;

	source->len = source->used = 0;
	if (!sd_journal_get_realtime_usec(source->journal, &realtime)) {
		snprintf(stamp, sizeof(stamp), "__REALTIME_TIMESTAMP=%" PRIu64, realtime);
		put(source, stamp, strlen(stamp));
	}
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		const void *data;
		size_t len;

		if (!sd_journal_get_data(source->journal, fields[i], &data, &len))
			put(source, data, len);
	}
	source->text[source->len++] = '\n';
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

/* The boot @offset boots before this one: by the order in which the journal begins them. */
static int find_boot(sd_journal *journal, int offset, char ret[static 48])
{
	sd_id128_t ids[64], id;
	size_t n = 0;
	int rc;

	if (!offset) {
		rc = sd_id128_get_boot(&id);
		if (rc)
			return rc;
	} else {
		const void *data;
		size_t len;
		char text[33];

		/* newest first, one step back for each boot */
		sd_journal_seek_tail(journal);
		while (n < 64 && sd_journal_previous(journal) > 0) {
			if (sd_journal_get_data(journal, "_BOOT_ID", &data, &len) || len != 9 + 32)
				continue;
			memcpy(text, (const char *)data + 9, 32);
			text[32] = '\0';
			if (sd_id128_from_string(text, &id))
				continue;
			if (n && sd_id128_equal(ids[n - 1], id))
				continue;
			ids[n++] = id;
			if (n > (size_t)-offset)
				break;
		}
		if (n <= (size_t)-offset)
			return -ENXIO;
		id = ids[-offset];
	}
	snprintf(ret, 48, "_BOOT_ID=" SD_ID128_FORMAT_STR, SD_ID128_FORMAT_VAL(id));
	return 0;
}

int explain_open_journal(int boot, bool all_boots, uint64_t since_us, struct oom_err *err,
	struct explain_source *ret)
{
	struct journal_source *source = calloc(1, sizeof(*source));
	char match[48];
	int rc;

	if (!source)
		return oom_err_set(err, ENOMEM, "no memory to read the journal");
	rc = sd_journal_open(&source->journal, SD_JOURNAL_LOCAL_ONLY);
	if (rc) {
		free(source);
		return oom_err_errno(err, -rc, "cannot open the journal");
	}
	if (!all_boots) {
		rc = find_boot(source->journal, boot, match);
		if (rc == -ENXIO)
			oom_err_set(err, ENXIO, "the journal has no boot %d", boot);
		if (!rc)
			rc = sd_journal_add_match(source->journal, match, 0);
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
		.name = "journal"};
	return 0;
}
