// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/klog/table.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

enum unit { UNIT_PLAIN, UNIT_PAGES, UNIT_BYTES, UNIT_PAGES_ADD, UNIT_NAME };

#define COLUMN(name, member, unit)                                                                 \
	{                                                                                          \
		OOM_SPAN(name), offsetof(struct oom_task, member), unit                            \
	}

/* Columns of all generations. nr_ptes and its kin are pages of page tables, and are added up. */
static const struct {
	struct oom_span name;
	size_t offset;
	enum unit unit;
} known[] = {
	COLUMN("uid", uid, UNIT_PLAIN),
	COLUMN("tgid", tgid, UNIT_PLAIN),
	COLUMN("total_vm", total_vm_kib, UNIT_PAGES),
	COLUMN("rss", rss_kib, UNIT_PAGES),
	COLUMN("rss_anon", anon_rss_kib, UNIT_PAGES),
	COLUMN("rss_file", file_rss_kib, UNIT_PAGES),
	COLUMN("rss_shmem", shmem_rss_kib, UNIT_PAGES),
	COLUMN("pgtables_bytes", pgtables_kib, UNIT_BYTES),
	COLUMN("nr_ptes", pgtables_kib, UNIT_PAGES_ADD),
	COLUMN("nr_pmds", pgtables_kib, UNIT_PAGES_ADD),
	COLUMN("nr_puds", pgtables_kib, UNIT_PAGES_ADD),
	COLUMN("swapents", swapents, UNIT_PLAIN),
	COLUMN("oom_score_adj", oom_score_adj, UNIT_PLAIN),
	COLUMN("name", comm, UNIT_NAME),
};

#define N_KNOWN ((int)(sizeof(known) / sizeof(known[0])))

static int column_of(struct oom_span word)
{
	for (int i = 0; i < N_KNOWN; i++) {
		if (oom_span_is(word, known[i].name))
			return i;
	}
	return -1;
}

static void take_columns(struct oom_klog_table *table, struct oom_span text)
{
	for (;;) {
		size_t n = 0;
		int column;

		oom_span_skip_blanks(&text);
		while (n < text.len && !oom_is_blank(text.at[n]))
			n++;
		if (!n || table->n_columns == OOM_TABLE_COLUMNS)
			return;
		column = column_of((struct oom_span){text.at, n});
		table->columns[table->n_columns++] = column;
		if (column >= 0) {
			table->in_pages |= known[column].unit == UNIT_PAGES_ADD;
			table->has_name |= known[column].unit == UNIT_NAME;
			table->has_adj |=
				known[column].offset == offsetof(struct oom_task, oom_score_adj);
		}
		text = oom_span_from(text, n);
	}
}

bool oom_klog_table_header(struct oom_klog_table *table, struct oom_span text)
{
	bool narrow;

	if (!oom_span_skip(&text, OOM_SPAN("[")))
		return false;
	narrow = !oom_span_starts(text, OOM_SPAN("  "));
	oom_span_skip_blanks(&text);
	if (!oom_span_skip(&text, OOM_SPAN("pid")))
		return false;
	oom_span_skip_blanks(&text);
	if (!oom_span_skip(&text, OOM_SPAN("]")))
		return false;
	oom_klog_table_clear(table);
	oom_task_init(&table->blank);
	take_columns(table, text);
	table->narrow = narrow;
	table->open = table->n_columns > 0;
	return true;
}

bool oom_klog_table_more_columns(struct oom_klog_table *table, struct oom_span text)
{
	int last = table->n_columns ? table->columns[table->n_columns - 1] : -1;
	struct oom_span word = text;

	oom_span_trim_end(&word);
	/* complete with its name; else it goes on with columns that are known */
	if ((last >= 0 && known[last].unit == UNIT_NAME) || !word.len)
		return false;
	word.len = 0;
	while (word.len < text.len && !oom_is_blank(text.at[word.len]))
		word.len++;
	if (column_of(word) < 0)
		return false;
	take_columns(table, text);
	return true;
}

static int row_slot(struct oom_klog_table *table, struct oom_task **ret)
{
	if (table->n_rows == table->capacity) {
		size_t capacity = table->capacity ? 2 * table->capacity : 256;
		struct oom_task *rows = realloc(table->rows, capacity * sizeof(*rows));

		if (!rows)
			return -ENOMEM;
		table->rows = rows;
		table->capacity = capacity;
	}
	*ret = table->rows + table->n_rows;
	**ret = table->blank;
	return 0;
}

static int take_name(struct oom_klog_table *table, struct oom_span text, struct oom_task *row)
{
	/* one blank parts it from the number before; more are its own */
	if (!oom_span_skip(&text, OOM_SPAN(" ")) || !text.len)
		return -EAGAIN;
	if (text.len > 64)
		text.len = 64;
	row->comm = oom_arena_strndup(&table->names, text.at, text.len);
	return row->comm ? 0 : -ENOMEM;
}

/*
 * oom_span_take_int() for a cell: a table has tens of thousands of rows with ten numbers each, most of
 * them short, and where one ends cannot be foreseen: eight characters at a time, without a branch.
 */
static inline bool take_number(const char **p, const char *end, int64_t *ret)
{
	struct oom_span s = {*p, (size_t)(end - *p)};
	bool taken;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	uint64_t digits, other;

	if (end - *p >= 8) {
		memcpy(&digits, *p, 8);
		digits ^= UINT64_C(0x3030303030303030);
		/* the lowest byte that is marked is the first that is no digit */
		other = ((digits + UINT64_C(0x7676767676767676)) | digits) &
			UINT64_C(0x8080808080808080);
		/* neither none of the eight nor all of them */
		if (other && !(other & 0x80)) {
			int bits = __builtin_ctzll(other) & ~7;

			digits <<= 64 - bits;
			digits = digits * 10 + (digits >> 8);
			digits = ((digits & UINT64_C(0xff000000ff)) * UINT64_C(0xf424000000064) +
					 ((digits >> 16) & UINT64_C(0xff000000ff)) *
						 UINT64_C(0x271000000001)) >>
				32;
			*ret = (int64_t)(uint32_t)digits;
			*p += bits / 8;
			return true;
		}
	}
#endif
	taken = oom_span_take_int(&s, ret);
	*p = s.at;
	return taken;
}

static inline const char *skip_blanks(const char *p, const char *end)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	while (end - p >= 8) {
		uint64_t other;

		memcpy(&other, p, 8);
		other ^= UINT64_C(0x2020202020202020);
		if (other) {
			p += __builtin_ctzll(other) / 8;
			break;
		}
		p += 8;
	}
#endif
	while (p < end && oom_is_blank(*p))
		p++;
	return p;
}

static int take_cells(struct oom_klog_table *table, struct oom_span text, struct oom_task *row)
{
	const char *p = text.at, *end = p + text.len;

	for (size_t i = 0; i < table->n_columns; i++) {
		int column = table->columns[i];
		int64_t value = -1, *cell;

		if (column >= 0 && known[column].unit == UNIT_NAME)
			return take_name(table, (struct oom_span){p, (size_t)(end - p)}, row);
		p = skip_blanks(p, end);
		if (p == end)
			return -EAGAIN;
		if (!take_number(&p, end, &value))
			return -EBADMSG;
		if (column < 0)
			continue;
		cell = (int64_t *)((char *)row + known[column].offset);
		if (known[column].unit == UNIT_PAGES_ADD)
			*cell = (*cell < 0 ? 0 : *cell) + value;
		else
			*cell = value;
	}
	return 0;
}

int oom_klog_table_row(struct oom_klog_table *table, struct oom_span text)
{
	struct oom_task *row;
	int64_t pid;
	int rc;

	if (!table->open || !oom_span_skip(&text, OOM_SPAN("[")))
		return 0;
	oom_span_skip_blanks(&text);
	if (!oom_span_take_int(&text, &pid))
		return 0;
	oom_span_skip_blanks(&text);
	if (!oom_span_skip(&text, OOM_SPAN("]")))
		return 0;
	if (table->n_rows >= OOM_TABLE_ROWS) {
		table->n_dropped++;
		return 1;
	}
	rc = row_slot(table, &row);
	if (rc)
		return rc;
	row->pid = pid;
	rc = take_cells(table, text, row);
	if (rc == -EBADMSG)
		return 0;
	if (rc)
		return rc;
	table->n_rows++;
	return 1;
}

static void to_kib(int64_t *pages, int64_t page_kib)
{
	if (*pages > 0 && __builtin_mul_overflow(*pages, page_kib, pages))
		*pages = -1;
}

void oom_klog_table_finish(struct oom_klog_table *table, int64_t page_kib)
{
	if (table->in_kib)
		return;
	for (size_t i = 0; i < table->n_rows; i++) {
		struct oom_task *row = table->rows + i;

		to_kib(&row->total_vm_kib, page_kib);
		to_kib(&row->rss_kib, page_kib);
		to_kib(&row->anon_rss_kib, page_kib);
		to_kib(&row->file_rss_kib, page_kib);
		to_kib(&row->shmem_rss_kib, page_kib);
		if (table->in_pages)
			to_kib(&row->pgtables_kib, page_kib);
		else if (row->pgtables_kib > 0)
			row->pgtables_kib /= 1024;
	}
	table->in_kib = true;
}

void oom_klog_table_clear(struct oom_klog_table *table)
{
	table->n_columns = table->n_rows = table->n_dropped = 0;
	table->open = table->in_kib = table->narrow = table->has_adj = false;
	table->has_name = table->in_pages = false;
	oom_arena_reset(&table->names);
}

void oom_klog_table_release(struct oom_klog_table *table)
{
	oom_arena_release(&table->names);
	free(table->rows);
	memset(table, 0, sizeof(*table));
}
