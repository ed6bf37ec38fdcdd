// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A record is read as it streams by: its members one at a time, "results" one attempt at a time. What lies
 * between the values is looked at here, the values themselves are sliced out and given to the JSON parser.
 */
#include "lib/base/cleanup.h"
#include "lib/base/json_scan.h"
#include "lib/record/record.h"
#include "lib/record/run.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#define MEMBERS_MAX    256
#define HEAD_BYTES_MAX ((size_t)4 << 20) /* of all members but "results" */
/* Of what comes out of a pipe, which has no end of its own. */
#define STREAM_BYTES_MAX  ((uint64_t)4 << 30)
#define STREAM_BLANKS_MAX ((uint64_t)1 << 20) /* between two values */

struct reader {
	int fd;
	int from; /* a stream: what is read of it is kept in fd; -1: none, all is there */
	uint64_t offset; /* of buf */
	size_t pos, len;
	char *text; /* the value that was sliced last, and where it began */
	size_t text_len, text_size;
	uint64_t text_offset;
	struct oom_run *run;
	json_t *head;
	struct oom_err *err;
	char buf[65536];
};

static uint64_t here(const struct reader *in)
{
	return in->offset + in->pos;
}

/* The line and the column, both from 1, of a byte of the file; only a complaint needs them. */
static void place_of(const struct reader *in, uint64_t offset, uint64_t *line, uint64_t *column)
{
	char buf[4096];
	uint64_t at = 0;

	*line = *column = 1;
	while (at < offset) {
		size_t want = offset - at < sizeof(buf) ? (size_t)(offset - at) : sizeof(buf);
		ssize_t n = pread(in->fd, buf, want, (off_t)at);

		if (n <= 0)
			return;
		for (ssize_t i = 0; i < n; i++) {
			*column = buf[i] == '\n' ? 1 : *column + 1;
			*line += buf[i] == '\n';
		}
		at += (uint64_t)n;
	}
}

static int not_json(const struct reader *in, uint64_t offset, const char *what)
{
	uint64_t line, column;

	place_of(in, offset, &line, &column);
	return oom_err_set(in->err, EBADMSG, "not JSON: line %" PRIu64 ", column %" PRIu64 ": %s",
		line, column, what);
}

/* Keeps a piece of a stream, so that it can be read again. */
static int keep_piece(struct reader *in, size_t len)
{
	if (in->offset + len > STREAM_BYTES_MAX)
		return oom_err_set(in->err, EFBIG,
			"more than 4 GiB come out of it: write them to a file, and name that");
	for (size_t at = 0; at < len;) {
		ssize_t n = pwrite(in->fd, in->buf + at, len - at, (off_t)(in->offset + at));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return oom_err_errno(in->err, errno,
				"it cannot be kept in a temporary file (TMPDIR names another place)");
		at += (size_t)n;
	}
	return 0;
}

/* 1: there is a byte at pos, 0: the end of the file, -errno */
static int fill(struct reader *in)
{
	ssize_t n;
	int r;

	if (in->pos < in->len)
		return 1;
	in->offset += in->len;
	in->pos = in->len = 0;
	do
		n = in->from < 0 ? pread(in->fd, in->buf, sizeof(in->buf), (off_t)in->offset)
				 : read(in->from, in->buf, sizeof(in->buf));
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return oom_err_errno(in->err, errno, "cannot read on");
	r = in->from < 0 ? 0 : keep_piece(in, (size_t)n);
	if (r < 0)
		return r;
	in->len = (size_t)n;
	return n > 0;
}

/* The next byte that is no white space, not taken; '\0' at the end of the file, or for a NUL in it. */
static int peek(struct reader *in, char *ret)
{
	uint64_t begin = here(in);
	int r;

	while ((r = fill(in)) > 0) {
		char c = in->buf[in->pos];

		if (c != ' ' && c != '\t' && c != '\r' && c != '\n') {
			*ret = c;
			return 0;
		}
		in->pos++;
		if (in->from >= 0 && here(in) - begin > STREAM_BLANKS_MAX)
			return not_json(in, here(in), "a megabyte of blanks");
	}
	*ret = '\0';
	return r;
}

/* Takes @c, or one of the two; says @missing where something else stands. */
static int take(struct reader *in, char c, char other, const char *missing, char *ret)
{
	int r = peek(in, ret);

	if (r < 0)
		return r;
	if (!*ret || (*ret != c && *ret != other))
		return not_json(in, here(in), fill(in) > 0 ? missing : "the file ends here");
	in->pos++;
	return 0;
}

static int keep(struct reader *in, const char *bytes, size_t len)
{
	if (in->text_size - in->text_len < len) {
		size_t size = 2 * (in->text_len + len) + 4096;
		char *grown = realloc(in->text, size);

		if (!grown)
			return oom_err_set(in->err, ENOMEM, "out of memory");
		in->text = grown;
		in->text_size = size;
	}
	memcpy(in->text + in->text_len, bytes, len);
	in->text_len += len;
	return 0;
}

/* The next value as text. -EMSGSIZE and the bound that it is past, as soon as it is. */
static int slice(struct reader *in, size_t bytes_max)
{
	struct oom_json_scan scan = {0};
	char c;
	int r = peek(in, &c);

	if (r < 0)
		return r;
	in->text_len = 0;
	in->text_offset = here(in);
	if (!c || strchr(",:]}", c))
		return not_json(
			in, here(in), fill(in) > 0 ? "a value is missing" : "the file ends here");
	while (!scan.ended && (r = fill(in)) > 0) {
		size_t n = oom_json_scan_value(&scan, in->buf + in->pos, in->len - in->pos);

		r = keep(in, in->buf + in->pos, n);
		in->pos += n;
		if (r == 0)
			r = oom_record_check_size(&scan, in->text_len, in->err);
		if (r == 0 && in->text_len > bytes_max)
			r = oom_err_set(in->err, EMSGSIZE, "more than %zu bytes", bytes_max);
		if (r < 0)
			return r;
	}
	if (r < 0)
		return r;
	/* what is still open then is for the parser to complain of */
	return 0;
}

static int parse_slice(struct reader *in, json_t **ret)
{
	json_error_t at;
	json_t *json = json_loadb(in->text, in->text_len, JSON_DECODE_ANY, &at);

	if (!json)
		return not_json(in, in->text_offset + (at.position > 0 ? (uint64_t)at.position : 0),
			at.text);
	*ret = json;
	return 0;
}

/* Puts number and place before what was said of an attempt. */
static int attempt_is_wrong(struct reader *in, int r)
{
	struct oom_err why = {0};
	uint64_t line, column;

	if (!in->err || r == -ENOMEM)
		return r;
	why = *in->err;
	place_of(in, in->text_offset, &line, &column);
	return oom_err_set(in->err, r == -EMSGSIZE ? EBADMSG : -r,
		"attempt %zu (line %" PRIu64 "): %s", in->run->n_attempts + 1, line, why.msg);
}

static int read_attempt(struct reader *in)
{
	struct oom_attempt *attempt = NULL;
	struct oom_entry entry;
	json_t *json = NULL;
	int r = slice(in, OOM_RECORD_BYTES_MAX);

	if (r < 0)
		return r == -EBADMSG ? r : attempt_is_wrong(in, r);
	r = parse_slice(in, &json);
	if (r < 0)
		return r;
	r = oom_attempt_from_json(json, in->err, &attempt);
	json_decref(json);
	if (r == 0) {
		r = oom_run_describe(
			in->run, attempt, in->text_offset, (uint32_t)in->text_len, &entry);
		if (r == 0)
			r = oom_run_add_entry(in->run, &entry);
		if (r < 0)
			oom_err_errno(in->err, -r, "cannot keep it");
	}
	oom_attempt_free(attempt);
	return r < 0 ? attempt_is_wrong(in, r) : 0;
}

static int read_results(struct reader *in)
{
	char c;
	int r;

	in->pos++; /* the bracket */
	r = peek(in, &c);
	if (r == 0 && c == ']') {
		in->pos++;
		return 0;
	}
	do {
		r = read_attempt(in);
		if (r == 0)
			r = take(in, ',', ']', "',' or ']' is missing", &c);
	} while (r == 0 && c == ',');
	return r;
}

/* The value of @key, which is none of many. */
static int read_head_member(struct reader *in, const char *key)
{
	size_t bytes_max = HEAD_BYTES_MAX;
	json_t *json = NULL;
	int r = slice(in, bytes_max);

	if (r == -EMSGSIZE && in->err) {
		struct oom_err why = *in->err;

		r = oom_err_set(in->err, EBADMSG, "'%.40s' is too large: %s", key, why.msg);
	}
	if (r == 0)
		r = parse_slice(in, &json);
	if (r == 0 && !strcmp(key, "schema")) /* another's is not read to its end */
		r = oom_run_check_schema(json, in->err);
	if (r < 0) {
		json_decref(json);
		return r;
	}
	return json_object_set_new(in->head, key, json)
		? oom_err_set(in->err, ENOMEM, "out of memory")
		: 0;
}

static int read_member(struct reader *in, bool *seen_results)
{
	oom_autofree char *key = NULL;
	json_t *json = NULL;
	char c;
	int r = peek(in, &c);

	if (r == 0 && c != '"')
		return not_json(
			in, here(in), fill(in) > 0 ? "a name is missing" : "the file ends here");
	if (r == 0)
		r = slice(in, 4096);
	if (r < 0)
		return r == -EMSGSIZE
			? oom_err_set(in->err, EBADMSG, "a name of more than 4096 bytes")
			: r;
	r = parse_slice(in, &json);
	if (r == 0) {
		key = strdup(json_string_value(json));
		json_decref(json);
		r = key ? take(in, ':', ':', "':' is missing", &c)
			: oom_err_set(in->err, ENOMEM, "out of memory");
	}
	if (r == 0 &&
		(json_object_get(in->head, key) || (*seen_results && !strcmp(key, "results"))))
		r = oom_err_set(in->err, EBADMSG, "'%.40s' appears twice", key);
	if (r == 0 && json_object_size(in->head) == MEMBERS_MAX)
		r = oom_err_set(in->err, EBADMSG, "more than %d members", MEMBERS_MAX);
	if (r == 0)
		r = peek(in, &c);
	if (r < 0)
		return r;
	if (strcmp(key, "results") != 0 || c != '[')
		return read_head_member(in, key);
	*seen_results = true;
	return read_results(in);
}

static int read_record(struct reader *in)
{
	bool seen_results = false;
	char c;
	int r = take(in, '{', '{', "'{' is missing", &c);

	if (r == 0)
		r = peek(in, &c);
	if (r == 0 && c == '}') {
		in->pos++;
	} else if (r == 0) {
		do {
			r = read_member(in, &seen_results);
			if (r == 0)
				r = take(in, ',', '}', "',' or '}' is missing", &c);
		} while (r == 0 && c == ',');
	}
	if (r == 0)
		r = peek(in, &c);
	if (r == 0 && fill(in) > 0)
		r = not_json(in, here(in), "there is text after the end");
	return r < 0 ? r : oom_run_head_from_json(in->head, in->err, in->run);
}

int oom_run_read(int fd, struct oom_err *err, struct oom_run **ret)
{
	return oom_run_read_stream(-1, fd, err, ret);
}

int oom_run_read_stream(int from, int fd, struct oom_err *err, struct oom_run **ret)
{
	struct oom_err why = {0};
	struct reader *in = calloc(1, sizeof(*in));
	int r = -ENOMEM;

	if (in) {
		in->fd = fd;
		in->from = from;
		in->err = &why;
		in->run = oom_run_new();
		in->head = json_object();
		if (in->run && in->head)
			r = read_record(in);
		json_decref(in->head);
		free(in->text);
	}
	if (r == 0) {
		in->run->fd = fd;
		*ret = in->run;
	} else {
		if (in)
			oom_run_free(in->run);
		oom_err_set(err, -r, "%s", why.msg[0] ? why.msg : "out of memory");
	}
	free(in);
	return r;
}
