// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/base/cleanup.h"
#include "lib/scenario/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>

static int diag_compare(const void *a, const void *b)
{
	const struct oom_diag *x = a, *y = b;

	if (x->place.line != y->place.line)
		return x->place.line < y->place.line ? -1 : 1;
	if (x->place.col != y->place.col)
		return x->place.col < y->place.col ? -1 : 1;
	return strcmp(x->msg, y->msg);
}

static struct oom_scenario *scenario_new(
	const char *id, const char *path, const char *text, size_t len)
{
	struct oom_scenario *scenario = calloc(1, sizeof(*scenario));

	if (!scenario)
		return NULL;
	scenario->id = oom_arena_strdup(&scenario->arena, id);
	scenario->path = oom_arena_strdup(&scenario->arena, path);
	scenario->text = oom_arena_strndup(&scenario->arena, text, len);
	scenario->title = "";
	return scenario;
}

static void read_all(struct oom_reader *reader, const char *text, size_t len)
{
	static const struct oom_place top = {1, 1};

	if (len > OOM_SCENARIO_FILE_MAX) {
		oom_reader_mistake(reader, top,
			"the file has 16 MiB or more, which is too large for a scenario");
		return;
	}
	oom_reader_sections(reader, text, len);
	oom_reader_types(reader);
	oom_reader_required(reader);
	oom_reader_check(reader);
	oom_reader_refs(reader);
	oom_reader_effect(reader);
	if (reader->diags->count == reader->first_diag)
		oom_reader_defaults(reader);
}

int oom_scenario_parse(const struct oom_schema *schema, const char *id, const char *path,
	const char *text, size_t len, struct oom_diags *diags, struct oom_scenario **ret)
{
	struct oom_reader reader = {
		.schema = schema, .path = path, .diags = diags, .first_diag = diags->count};
	size_t mistakes;
	int r = 0;

	/* a file that is refused for its length is not copied either */
	reader.scenario = scenario_new(id, path, text, len > OOM_SCENARIO_FILE_MAX ? 0 : len);
	if (!reader.scenario)
		return -ENOMEM;
	read_all(&reader, text, len);
	mistakes = diags->count - reader.first_diag;
	if (mistakes) {
		qsort(diags->items + reader.first_diag, mistakes, sizeof(*diags->items),
			diag_compare);
		r = -EBADMSG;
	}
	if (reader.no_memory || reader.scenario->arena.failed || diags->arena.failed)
		r = -ENOMEM;
	if (r < 0)
		oom_scenario_free(reader.scenario);
	else
		*ret = reader.scenario;
	return r;
}

/* The file's bytes, one more than may be there at most; *ret_text is the caller's to free. */
static int file_read(const char *path, char **ret_text, size_t *ret_len)
{
	oom_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	oom_autofree char *text = NULL;
	size_t size, len = 0;
	struct stat st;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	size = st.st_size > OOM_SCENARIO_FILE_MAX ? (size_t)OOM_SCENARIO_FILE_MAX + 1
						  : (size_t)st.st_size;
	text = malloc(size + 1);
	if (!text)
		return -ENOMEM;
	while (len < size && (n = read(fd, text + len, size - len)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		len += (size_t)n;
	}
	*ret_text = oom_take_ptr(text);
	*ret_len = len;
	return 0;
}

int oom_scenario_load(const struct oom_schema *schema, const char *id, const char *path,
	struct oom_diags *diags, struct oom_scenario **ret)
{
	static const struct oom_place top = {1, 1};
	oom_autofree char *text = NULL;
	size_t len = 0;
	int r = file_read(path, &text, &len);

	if (r == -ENOMEM)
		return r;
	if (r < 0) {
		r = oom_diag_add(diags, path, top, "cannot read the file: %s",
			r == -EINVAL ? "it is not a regular file" : strerror(-r));
		return r < 0 ? r : -EBADMSG;
	}
	return oom_scenario_parse(schema, id, path, text, len, diags, ret);
}

void oom_scenario_free(struct oom_scenario *scenario)
{
	struct oom_arena arena;

	if (!scenario)
		return;
	arena = scenario->arena;
	free(scenario);
	oom_arena_release(&arena);
}
