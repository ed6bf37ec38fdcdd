// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A long log read by several readers at once. It is cut where reports begin, and each reader begins so far before
 * its part that it knows what one who has read all would have in mind there (lib/klog/part.h). What it says is held
 * until it is its turn, and taken only when no death that it could not know of would have made it say something
 * else. Where that is not so, one reader goes on alone.
 */
#include "harness/explain/parts.h"

#include "harness/explain/session.h"
#include "lib/base/cleanup.h"
#include "lib/base/span.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_BYTES ((off_t)32 << 20) /* below that one reader is done before others have begun */
#define PART_BYTES ((off_t)1280 << 10)
#define LOOK_BYTES ((size_t)64 << 10)
/* Longer parts hold the largest tables. What is said of them would fill the memory that all may have together: one
 * reader, while no other reads, tells it as it is read. */
#define LONG_BYTES ((off_t)1536 << 10)
#define GROW_BYTES ((size_t)256 << 10)
enum { READERS_MAX = 2, PLACES = 3 };

enum place_state { PLACE_FREE, PLACE_TAKEN, PLACE_READY };

/* A part that is being read, or waits to be taken up. */
struct place {
	enum place_state state;
	off_t begin, end, at; /* .at: where reading goes on, before .begin at first */
	bool first, is_long, begun; /* .begun: what stands before it has been read */
	bool framed; /* the part's first line has a front, so it is the rest of no other */
	int rc;
	int fd;
	struct oom_klog *log;
	struct explain_part part;
	struct explain_session session;
};

struct parts {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	const struct explain_format *format;
	int fd;
	off_t size, next; /* where the next part begins */
	bool next_framed;
	size_t n_begun, n_taken;
	bool stopped;
	int rc;
	bool alone; /* a long part is being read: nobody begins another */
	struct place places[PLACES];
};

void explain_part_add(struct explain_part *part, const void *data, size_t len)
{
	size_t size = part->size;
	char *grown;

	while (size - part->len < len)
		size += GROW_BYTES;
	if (size != part->size) {
		grown = realloc(part->data, size);
		if (!grown) {
			part->rc = -ENOMEM;
			return;
		}
		part->data = grown;
		part->size = size;
	}
	memcpy(part->data + part->len, data, len);
	part->len += len;
}

/* Does a report begin in this line? Not within a field of an entry that has many, or JSON. */
static bool is_header(const char *line, const char *words)
{
	return !memchr(line, '=', (size_t)(words - line)) &&
		!memchr(line, '"', (size_t)(words - line)) && *line != ' ' && *line != '\t';
}

/* "[  12.345", "<4>", "2025-08-12", "Aug 12": no name of a program. */
static bool is_framed(const char *line)
{
	if (*line == '[' || *line == '<')
		return oom_is_digit(line[1]) || (line[1] == ' ' && *line == '[');
	return oom_is_digit(*line) ||
		(*line >= 'A' && *line <= 'Z' && line[3] == ' ' &&
			(line[4] == ' ' || oom_is_digit(line[4])));
}

/* The first line behind @from in @text that opens a report, or NULL. */
static const char *header_in(const char *text, size_t len)
{
	static const char words[] = " invoked oom-killer: ";
	const char *p = text, *end = text + len;

	while ((p = memmem(p, (size_t)(end - p), words, sizeof(words) - 1))) {
		const char *feed = memrchr(text, '\n', (size_t)(p - text));

		if (feed && is_header(feed + 1, p))
			return feed + 1;
		p += sizeof(words) - 1;
	}
	return NULL;
}

/* Where the part that begins at @begin ends: at a header, or at the end of the file. */
static off_t part_end(const struct parts *p, off_t begin, bool *ret_framed)
{
	char look[LOOK_BYTES];

	for (off_t at = begin + PART_BYTES; at < p->size; at += (off_t)(LOOK_BYTES - 512)) {
		ssize_t n = pread(p->fd, look, sizeof(look), at);
		const char *header = n > 0 ? header_in(look, (size_t)n) : NULL;

		if (n <= 0)
			return p->size;
		if (header) {
			*ret_framed = is_framed(header);
			return at + (header - look);
		}
	}
	return p->size;
}

/* Pauses where the part begins. */
static ssize_t read_place(void *context, char *buf, size_t size)
{
	struct place *place = context;
	off_t left = (place->at < place->begin ? place->begin : place->end) - place->at;
	ssize_t n;

	if (place->at == place->begin && !place->first && !place->begun)
		return -EAGAIN;
	if (left < (off_t)size)
		size = (size_t)left;
	n = size ? pread(place->fd, buf, size, place->at) : 0;
	if (n < 0)
		return -errno;
	place->at += n;
	return n;
}

/* Where a reader begins that is to know what stands before @begin; *@ret_lines before it. */
static off_t find_before(const struct parts *p, off_t begin, int64_t *ret_lines)
{
	char look[LOOK_BYTES];
	int64_t lines = 0;

	for (off_t end = begin; end > 0;) {
		size_t len = end < (off_t)sizeof(look) ? (size_t)end : sizeof(look);
		const char *feed = look + len;

		if (pread(p->fd, look, len, end - (off_t)len) != (ssize_t)len)
			break;
		/* the first of these feeds ends the line before @begin */
		while ((feed = memrchr(look, '\n', (size_t)(feed - look))) &&
			++lines <= OOM_PART_BEFORE)
			;
		if (feed) {
			*ret_lines = lines - 1;
			return end - (off_t)len + (feed + 1 - look);
		}
		end -= (off_t)len;
	}
	*ret_lines = lines;
	return 0;
}

/*
 * What stands before the part, for nobody's ears. @line: the number of the part's first line; @past: of what is
 * before it, NULL where that is not known.
 */
static int read_before(const struct parts *p, struct place *place, struct explain_session *s,
	int64_t line, const struct oom_klog_past *past)
{
	int64_t lines;
	int rc;

	place->at = find_before(p, place->begin, &lines);
	s->first_line = line;
	oom_klog_part_begin(place->log, line - lines, NULL);
	rc = explain_session_read(s, place->log);
	if (rc != -EAGAIN)
		return rc ? rc : -EIO;
	place->begun = true;
	return oom_klog_part_mark(place->log, past) || place->framed ? 0 : -ESTALE;
}

static void read_part(const struct parts *p, struct place *place)
{
	struct explain_session *s = &place->session;
	int rc = oom_klog_new(read_place, place, p->format->flags, &place->log);

	if (!rc)
		rc = p->format->part_open(&place->part, &s->writer);
	if (!rc) {
		s->format = p->format;
		if (!place->first)
			rc = read_before(p, place, s, OOM_PART_LINE + 1, NULL);
		if (!rc)
			rc = explain_session_read(s, place->log);
		p->format->flush(s->writer);
		p->format->close(s->writer);
	}
	place->rc = rc ? rc : place->part.rc;
}

/* The next part, or NULL where there is none (any more). Waits for a place. The lock is held. */
static struct place *begin_part(struct parts *p)
{
	struct place *place;

	for (;;) {
		place = &p->places[p->n_begun % PLACES];
		if (p->stopped || p->next >= p->size)
			return NULL;
		if (place->state == PLACE_FREE && !p->alone)
			break;
		pthread_cond_wait(&p->changed, &p->lock);
	}
	place->state = PLACE_TAKEN;
	place->begin = place->at = p->next;
	place->first = !p->next;
	place->fd = p->fd;
	place->framed = p->next_framed;
	place->end = p->next = part_end(p, place->begin, &p->next_framed);
	p->n_begun++;
	place->is_long = p->alone = place->end - place->begin > LONG_BYTES;
	return place;
}

static void *reader_main(void *data)
{
	struct parts *p = data;
	struct place *place;

	pthread_mutex_lock(&p->lock);
	while ((place = begin_part(p))) {
		pthread_mutex_unlock(&p->lock);
		if (!place->is_long)
			read_part(p, place);
		pthread_mutex_lock(&p->lock);
		place->state = PLACE_READY;
		pthread_cond_broadcast(&p->changed);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

static void place_clear(struct place *place)
{
	place->log = oom_klog_free(place->log);
	explain_session_release(&place->session);
	memset(&place->session, 0, sizeof(place->session));
	place->part.len = 0;
	place->part.rc = place->rc = 0;
	place->begun = false;
	place->state = PLACE_FREE;
}

/* What the parts before needed; the readers wait. */
static void free_room(struct parts *p)
{
	for (size_t i = 0; i < PLACES; i++) {
		free(p->places[i].part.data);
		p->places[i].part = (struct explain_part){0};
	}
}

/* A long part, told as it is read. False: one reader must begin it, unless p->rc tells why it cannot be read. */
static bool tell_long(struct parts *p, struct explain_session *s, struct place *place,
	struct oom_klog_past *past, struct oom_klog_counts *counts)
{
	int rc;

	free_room(p);
	if (oom_klog_new(read_place, place, p->format->flags, &place->log))
		return false;
	rc = place->first ? 0 : read_before(p, place, s, counts->lines + 1, past);
	if (!rc)
		place->rc = explain_session_read(s, place->log);
	s->first_line = 0;
	if (rc)
		return false;
	explain_counts_add(counts, oom_klog_counts(place->log));
	oom_klog_part_past(place->log, past);
	p->rc = place->rc;
	return !p->rc;
}

/* Takes up what stands in @place, when it is sure. False: one reader must go on from where it begins. */
static bool take_part(struct explain_session *s, struct place *place, struct oom_klog_past *past,
	struct oom_klog_counts *counts)
{
	int64_t shift = place->first ? 0 : counts->lines - OOM_PART_LINE;

	if (place->rc || !oom_klog_part_join(place->log, past))
		return false;
	s->format->part_take(s->writer, &place->part, shift);
	explain_session_take(s, &place->session, shift);
	explain_counts_add(counts, oom_klog_counts(place->log));
	return true;
}

/* Takes the parts up in their order; where that ends. */
static off_t take_parts(struct parts *p, struct explain_session *s, struct oom_klog_past *past,
	struct oom_klog_counts *counts)
{
	off_t done = 0;

	pthread_mutex_lock(&p->lock);
	while (done < p->size && !p->stopped) {
		struct place *place = &p->places[p->n_taken % PLACES];
		bool taken;

		while (place->state != PLACE_READY)
			pthread_cond_wait(&p->changed, &p->lock);
		pthread_mutex_unlock(&p->lock);
		taken = place->is_long ? tell_long(p, s, place, past, counts)
				       : take_part(s, place, past, counts);
		done = taken ? place->end : place->begin;
		pthread_mutex_lock(&p->lock);
		if (place->is_long)
			p->alone = false;
		p->n_taken++;
		place_clear(place);
		p->stopped = !taken;
		pthread_cond_broadcast(&p->changed);
	}
	p->stopped = true;
	pthread_cond_broadcast(&p->changed);
	pthread_mutex_unlock(&p->lock);
	return done;
}

static size_t readers(void)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	return cpus < 2 ? 0 : cpus > READERS_MAX ? READERS_MAX : (size_t)cpus;
}

int explain_read_parts(struct explain_session *s, int fd, struct oom_klog_past *past,
	struct oom_klog_counts *counts, off_t *ret_end)
{
	oom_autofree struct parts *p = calloc(1, sizeof(*p));
	pthread_t threads[READERS_MAX];
	size_t n = 0, wanted = readers();
	struct stat st;

	int rc;

	*ret_end = 0;
	if (!p || fstat(fd, &st) || st.st_size < FILE_BYTES)
		return 0;
	p->format = s->format;
	p->fd = fd;
	p->size = st.st_size;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->changed, NULL);
	while (n < wanted && !pthread_create(&threads[n], NULL, reader_main, p))
		n++;
	if (n)
		*ret_end = take_parts(p, s, past, counts);
	for (size_t i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	for (size_t i = 0; i < PLACES; i++) {
		place_clear(&p->places[i]);
		free(p->places[i].part.data);
	}
	pthread_cond_destroy(&p->changed);
	pthread_mutex_destroy(&p->lock);
	rc = p->rc;
	return rc ? rc : *ret_end == p->size;
}
