// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/campaign/scenario_set.h"

#include "harness/campaign/scenario_tags.h"
#include "harness/campaign/schema.h"
#include "harness/say/say.h"
#include "lib/base/cleanup.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Deeper is a loop of symbolic links. */
enum { MAX_DEPTH = 16 };

static const char suffix[] = ".scenario";

struct collect {
	struct oom_scenario_set *set;
	struct oom_diags *diags;
	struct oom_err *err;
	bool mistakes;
	const char *tag_expr;
	const char **tags; /* of all scenarios that were looked at, each once */
	size_t n_tags;
};

static bool has_suffix(const char *name)
{
	size_t len = strlen(name);

	return len >= sizeof(suffix) && !strcmp(name + len - (sizeof(suffix) - 1), suffix);
}

static int tag_add(struct collect *c, const char *tag)
{
	const char **tags;

	for (size_t i = 0; i < c->n_tags; i++)
		if (!strcmp(c->tags[i], tag))
			return 0;
	tags = oom_arena_grow(&c->set->arena, c->tags, c->n_tags, sizeof(*tags));
	if (!tags)
		return oom_err_set(c->err, ENOMEM, "out of memory");
	c->tags = tags;
	tags[c->n_tags] = oom_arena_strdup(&c->set->arena, tag); /* it outlives its scenario */
	return tags[c->n_tags++] ? 0 : oom_err_set(c->err, ENOMEM, "out of memory");
}

/* The scenario's tags fit, or there is nothing to fit. */
static int is_wanted(struct collect *c, const struct oom_scenario *scenario)
{
	const char *const *tags;
	size_t n;

	if (!c->tag_expr)
		return 1;
	tags = oom_section_words(
		oom_scenario_section(scenario, OOM_SEC_SCENARIO, NULL), "Tags", &n);
	for (size_t i = 0; i < n; i++)
		if (tag_add(c, tags[i]) < 0)
			return -ENOMEM;
	return oom_tags_match(c->tag_expr, tags, n, c->err);
}

/* 1: the very file is there already; -EEXIST: another one of that id is. */
static int check_twin(const struct collect *c, const char *id, const char *path)
{
	for (size_t i = 0; i < c->set->count; i++) {
		const struct oom_scenario *other = c->set->scenarios[i];
		struct stat a, b;

		if (strcmp(other->id, id) != 0)
			continue;
		if (stat(path, &a) == 0 && stat(other->path, &b) == 0 && a.st_dev == b.st_dev &&
			a.st_ino == b.st_ino)
			return 1;
		return oom_err_set(c->err, EEXIST,
			"'%s' and '%s' both have the id '%s': rename one, or put both below a "
			"folder called 'scenarios', so that ids include the folders' names",
			other->path, path, id);
	}
	return 0;
}

static int set_append(struct collect *c, struct oom_scenario *scenario)
{
	struct oom_scenario **scenarios = oom_arena_grow(
		&c->set->arena, c->set->scenarios, c->set->count, sizeof(*scenarios));

	if (!scenarios) {
		oom_scenario_free(scenario);
		return oom_err_set(c->err, ENOMEM, "out of memory");
	}
	c->set->scenarios = scenarios;
	scenarios[c->set->count++] = scenario;
	return 0;
}

static int file_add(struct collect *c, const char *id, const char *path)
{
	struct oom_scenario *scenario;
	int r = check_twin(c, id, path);

	if (r)
		return r < 0 ? r : 0;
	c->set->n_files++;
	r = oom_scenario_load(oom_schema(), id, path, c->diags, &scenario);
	if (r == -EBADMSG) {
		c->mistakes = true;
		return 0;
	}
	if (r < 0)
		return oom_err_errno(c->err, -r, "cannot read '%s'", path);
	r = is_wanted(c, scenario);
	if (r > 0)
		return set_append(c, scenario);
	oom_scenario_free(scenario);
	return r;
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int compare_names(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/*
 * What the ids of the scenarios in @folder begin with, '/' included: the folders between the nearest one
 * called "scenarios" and the file; where there is none, the file's own folder. It hangs on where the file
 * is, not on how it was named. The root folder has no name: "".
 */
static int prefix_of(struct collect *c, const char *folder, const char **ret)
{
	static const char anchor[] = "/scenarios/";
	oom_autofree char *real = realpath(folder, NULL);
	const char *begin = NULL;
	char *path;

	if (!real)
		return oom_err_errno(c->err, errno, "cannot read the folder '%s'", folder);
	path = oom_arena_printf(&c->set->arena, "%s/", strcmp(real, "/") ? real : "");
	if (!path)
		return oom_err_set(c->err, ENOMEM, "out of memory");
	for (const char *at = path; (at = strstr(at, anchor)); at++)
		begin = at + sizeof(anchor) - 1;
	if (!begin) {
		begin = path + strlen(path) - 1;
		while (begin > path && begin[-1] != '/')
			begin--;
		begin += *begin == '/';
	}
	*ret = begin;
	return 0;
}

static int folder_add(struct collect *c, const char *path, int depth);

/* @prefix: the id's part above, with its '/'. */
static int entry_add(
	struct collect *c, const char *prefix, const char *folder, const char *name, int depth)
{
	struct oom_arena *arena = &c->set->arena;
	/* a file of the present folder is named as a user would */
	char *path = strcmp(folder, ".") ? oom_arena_printf(arena, "%s/%s", folder, name)
					 : oom_arena_strdup(arena, name);
	struct stat st;
	char *id;

	if (!path)
		return oom_err_set(c->err, ENOMEM, "out of memory");
	/* what cannot be looked at is told when it is opened */
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return folder_add(c, path, depth + 1);
	if (!has_suffix(name))
		return 0;
	id = oom_arena_printf(
		arena, "%s%.*s", prefix, (int)(strlen(name) - (sizeof(suffix) - 1)), name);
	return id ? file_add(c, id, path) : oom_err_set(c->err, ENOMEM, "out of memory");
}

static int folder_add(struct collect *c, const char *path, int depth)
{
	struct dirent **entries;
	const char *prefix;
	int n, r;

	if (depth > MAX_DEPTH)
		return oom_err_set(c->err, ELOOP, "folders are nested too deeply below '%s'", path);
	r = prefix_of(c, path, &prefix);
	if (r < 0)
		return r;
	n = scandir(path, &entries, is_visible, compare_names);
	if (n < 0)
		return oom_err_errno(c->err, errno, "cannot read the folder '%s'", path);
	for (int i = 0; i < n; i++) {
		if (r == 0)
			r = entry_add(c, prefix, path, entries[i]->d_name, depth);
		free(entries[i]);
	}
	free(entries);
	return r;
}

/* The id of a file that was named itself. */
static int file_id(struct collect *c, const char *path, const char **ret)
{
	struct oom_arena *arena = &c->set->arena;
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path, *prefix;
	char *folder = slash ? oom_arena_strndup(arena, path, (size_t)(slash - path) + 1) : NULL;
	size_t len = strlen(name);
	int r;

	if (slash && !folder)
		return oom_err_set(c->err, ENOMEM, "out of memory");
	r = prefix_of(c, folder ? folder : ".", &prefix);
	if (r < 0)
		return r;
	if (has_suffix(name))
		len -= sizeof(suffix) - 1;
	*ret = oom_arena_printf(arena, "%s%.*s", prefix, (int)len, name);
	return *ret ? 0 : oom_err_set(c->err, ENOMEM, "out of memory");
}

static int path_add(struct collect *c, const char *given)
{
	size_t len = strlen(given), before = c->set->n_files;
	struct stat st;
	const char *id;
	char *path;
	int r;

	while (len > 1 && given[len - 1] == '/')
		len--;
	path = oom_arena_strndup(&c->set->arena, given, len);
	if (!path)
		return oom_err_set(c->err, ENOMEM, "out of memory");
	if (stat(path, &st) < 0)
		return oom_err_errno(c->err, errno, "cannot open '%s'", path);
	if (S_ISDIR(st.st_mode)) {
		r = folder_add(c, path, 0);
		if (r == 0 && c->set->n_files == before && !c->set->count)
			return oom_err_set(c->err, ENOENT, "no *.scenario file below '%s'", path);
		return r;
	}
	r = file_id(c, path, &id);
	return r < 0 ? r : file_add(c, id, path);
}

int oom_scenario_set_parse(const char *const *paths, size_t n, const char *tag_expr,
	struct oom_diags *diags, struct oom_err *err, struct oom_scenario_set *ret)
{
	struct oom_scenario_set set = {0};
	struct collect c = {.set = &set, .diags = diags, .err = err, .tag_expr = tag_expr};
	int r = tag_expr ? oom_tags_match(tag_expr, NULL, 0, err) : 0;

	for (size_t i = 0; r >= 0 && i < n; i++)
		r = path_add(&c, paths[i]);
	if (r >= 0 && c.mistakes)
		r = oom_err_set(err, EBADMSG, "%zu mistakes in the scenario files", diags->count);
	if (r >= 0 && tag_expr)
		r = oom_tags_known(tag_expr, c.tags, c.n_tags, err);
	if (r >= 0 && !set.count)
		r = oom_err_set(err, ENOENT, "no scenario matches the tags '%s' (%zu were read)",
			tag_expr ? tag_expr : "", set.n_files);
	if (r < 0) {
		oom_scenario_set_release(&set);
		return r;
	}
	*ret = set;
	return 0;
}

int oom_scenario_set_load(const char *const *paths, size_t n, const char *tag_expr,
	struct oom_err *err, struct oom_scenario_set *ret)
{
	struct oom_diags diags = {0};
	int r = oom_scenario_set_parse(paths, n, tag_expr, &diags, err, ret);

	if (diags.count)
		oom_diags_print(&diags, stderr);
	oom_diags_release(&diags);
	return r;
}

void oom_scenario_set_release(struct oom_scenario_set *set)
{
	for (size_t i = 0; i < set->count; i++)
		oom_scenario_free(set->scenarios[i]);
	oom_arena_release(&set->arena);
	memset(set, 0, sizeof(*set));
}

void oom_diags_print(const struct oom_diags *diags, FILE *out)
{
	for (size_t i = 0; i < diags->count; i++) {
		const struct oom_diag *d = &diags->items[i];

		oom_say(out, "%s:%u:%u: %s\n", d->path, d->place.line, d->place.col, d->msg);
	}
	oom_say(out, "oomgate: %zu mistake%s, nothing was started\n", diags->count,
		diags->count == 1 ? "" : "s");
}
