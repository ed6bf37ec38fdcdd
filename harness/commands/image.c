// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/guest/image/image.h"
#include "harness/commands/command.h"
#include "harness/guest/cache/cache.h"
#include "harness/guest/image/build.h"
#include "harness/guest/image/suite.h"
#include "harness/say/fit.h"
#include "harness/say/say.h"
#include "harness/say/usage.h"
#include "lib/base/arena.h"
#include "lib/base/bounded.h"
#include "lib/base/choice.h"
#include "lib/base/format.h"

#include <errno.h>
#include <libsmartcols/libsmartcols.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { NAMES_MAX = 32 };

struct options {
	struct oom_usage_given given;
	const char *verb, *names[NAMES_MAX];
	int n_names;
	bool refresh;
};

static const struct argp_option option_rows[] = {
	{"refresh", 'r', NULL, 0,
		"With build: rebuild the image, and keep it if a package has changed", 0},
	{0},
};

enum { BUILDS_NOTHING = 1 };

static const struct oom_usage usage = {
	option_rows,
	(const struct oom_usage_situation[]){
		{BUILDS_NOTHING, "here: only 'image build' rebuilds an image"},
		{0},
	},
	(const struct oom_usage_option[]){{'r', BUILDS_NOTHING}, {0}},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;

	oom_usage_note(&options->given, &usage, key);
	switch (key) {
	case 'r':
		options->refresh = true;
		return 0;
	case ARGP_KEY_ARG:
		if (!options->verb)
			options->verb = arg;
		else if (options->n_names == NAMES_MAX)
			oom_say_usage(state, "more than %d names", NAMES_MAX);
		else
			options->names[options->n_names++] = arg;
		return 0;
	case ARGP_KEY_END:
		if (!options->verb)
			oom_say_usage(
				state, "missing a verb: build NAME..., list, or remove NAME...");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* The names that an image can be built of come from their table. */
static char *help_filter(int key, const char *text, void *input)
{
	char names[256], *whole;
	struct oom_bounded list = OOM_BOUNDED(names);

	(void)input;
	if (key != ARGP_KEY_HELP_POST_DOC)
		return (char *)text;
	for (const struct oom_suite *s = oom_suites; s->name; s++)
		oom_bounded_printf(&list, "%s%s", list.len ? ", " : "", s->name);
	return asprintf(&whole, "NAME is one of %s.", names) < 0 ? NULL : whole;
}

static const struct argp argp = {
	.options = option_rows,
	.parser = parse,
	.args_doc = "build NAME...\nlist\nremove NAME...",
	.doc = "Builds, lists and removes guest images. They are kept in $OOMGATE_CACHE, else "
	       "$XDG_CACHE_HOME/oomgate, else ~/.cache/oomgate.\vNAME is that of a Debian suite.",
	.help_filter = help_filter,
};

static void say(void *ctx, const char *line)
{
	(void)ctx;
	oom_say(stderr, "%s\n", line);
}

static int build(const struct options *options, struct oom_arena *arena, const char *cache,
	struct oom_err *err)
{
	for (int i = 0; i < options->n_names; i++) {
		struct oom_image image;
		int r = oom_image_build(
			arena, cache, options->names[i], options->refresh, say, NULL, err, &image);

		if (r)
			return r;
		oom_say(stdout, "%s: kernel %s, systemd %s\n", image.name, image.kernel,
			image.systemd ? image.systemd : "?");
	}
	return 0;
}

/* Every image that is there can be removed, of a suite that is in no table any more, too; all of them are
 * looked for before one goes. */
static int check_there(const struct options *options, struct oom_arena *arena, const char *cache,
	struct oom_err *err)
{
	struct oom_image *images;
	const char **names;
	size_t count;
	int r = oom_image_list(arena, cache, &images, &count);

	if (r)
		return oom_err_errno(err, -r, "cannot list the images in '%s'", cache);
	names = oom_arena_alloc(arena, (count + 1) * sizeof(*names));
	for (size_t i = 0; names && i < count; i++)
		names[i] = images[i].name;
	for (int i = 0; names && i < options->n_names; i++) {
		size_t at = 0;

		while (at < count && strcmp(names[at], options->names[i]))
			at++;
		if (at == count)
			return oom_choice_unknown(err, "image", options->names[i], names, count);
	}
	return names ? 0 : oom_err_set(err, ENOMEM, "no memory");
}

static int remove_images(const struct options *options, struct oom_arena *arena, const char *cache,
	struct oom_err *err)
{
	int r = check_there(options, arena, cache, err);

	for (int i = 0; !r && i < options->n_names; i++) {
		r = oom_image_remove(cache, options->names[i], err);
		r = r < 0 ? r : 0;
	}
	return r;
}

static const char *age(int64_t built, char buf[static 32])
{
	int64_t seconds = time(NULL) - built;

	if (seconds < 7200)
		snprintf(buf, 32, "%lldmin", (long long)seconds / 60);
	else if (seconds < 172800)
		snprintf(buf, 32, "%lldh", (long long)seconds / 3600);
	else
		snprintf(buf, 32, "%lldd", (long long)seconds / 86400);
	return buf;
}

static int add_row(struct libscols_table *table, const char *cache, const struct oom_image *image)
{
	struct libscols_line *line = scols_table_new_line(table, NULL);
	struct oom_image current;
	struct oom_arena arena = {0};
	char size[24], old[32];
	bool any = !oom_image_find(&arena, cache, image->name, &current);
	bool usable = any && !strcmp(current.dir, image->dir);
	int r;

	oom_arena_release(&arena);
	if (!line)
		return -ENOMEM;
	r = oom_say_cell(line, 0, image->name);
	r |= oom_say_cell(line, 1, image->kernel);
	r |= oom_say_cell(line, 2, image->systemd ? image->systemd : "?");
	r |= oom_say_cell(line, 3, oom_format_size(image->size_bytes, size));
	r |= oom_say_cell(line, 4, age(image->built_realtime, old));
	/* of an older recipe or with older packages: nothing uses it any more */
	r |= oom_say_cell(line, 5,
		usable	      ? ""
			: any ? "not used: there is a newer one"
			      : "not used: the next run makes a new one");
	return r ? -ENOMEM : 0;
}

static int list(struct oom_arena *arena, const char *cache, struct oom_err *err)
{
	static const char *const columns[] = {"NAME", "KERNEL", "SYSTEMD", "SIZE", "AGE", "NOTE"};
	struct libscols_table *table = scols_new_table();
	struct oom_image *images;
	size_t count;
	int r = oom_image_list(arena, cache, &images, &count);

	for (size_t i = 0; !r && table && i < sizeof(columns) / sizeof(*columns); i++)
		if (!oom_say_column(table, columns[i], 0))
			r = -ENOMEM;
	for (size_t i = 0; !r && table && i < count; i++)
		r = add_row(table, cache, &images[i]);
	if (r || !table) {
		r = oom_err_errno(err, r ? -r : ENOMEM, "cannot list the images in '%s'", cache);
	} else {
		oom_fit_table(table, oom_fit_columns(STDOUT_FILENO));
		scols_print_table(table);
	}
	scols_unref_table(table);
	return r;
}

enum verb { BUILD, LIST, REMOVE, N_VERBS };

static const char *const verbs[N_VERBS] = {"build", "list", "remove"};

/* 0 and what is to be done, or -EINVAL: nothing was looked at in the cache. */
static int check_options(const struct options *options, struct oom_err *err, enum verb *ret)
{
	enum verb verb = 0;
	int r;

	while (verb < N_VERBS && strcmp(verbs[verb], options->verb))
		verb++;
	if (verb == N_VERBS)
		return oom_choice_unknown(err, "verb of 'image'", options->verb, verbs, N_VERBS);
	r = oom_usage_check(&usage, &options->given, verb == BUILD ? 0 : BUILDS_NOTHING, err);
	if (r)
		return r;
	if (verb == LIST && options->n_names)
		return oom_err_set(err, EINVAL,
			"'%s' has no effect: 'image list' lists all images and takes no name",
			options->names[0]);
	if (verb != LIST && !options->n_names)
		return oom_err_set(
			err, EINVAL, "'image %s' needs the name of an image", verbs[verb]);
	for (int i = 0; verb == BUILD && i < options->n_names; i++)
		if (!oom_image_suite(options->names[i]))
			return oom_suite_unknown("image", options->names[i], NULL, err);
	*ret = verb;
	return 0;
}

static int run(int argc, char **argv)
{
	struct options options = {0};
	struct oom_arena arena = {0};
	struct oom_err err = {0};
	const char *cache;
	enum verb verb = LIST;
	int r;

	argp_err_exit_status = OOM_EXIT_USAGE;
	if (oom_say_parse(&argp, argc, argv, &options))
		return OOM_EXIT_USAGE;
	r = check_options(&options, &err, &verb);
	if (!r)
		r = oom_cache_open(&arena, &err, &cache);
	if (!r && verb == BUILD)
		r = build(&options, &arena, cache, &err);
	else if (!r && verb == LIST)
		r = list(&arena, cache, &err);
	else if (!r)
		r = remove_images(&options, &arena, cache, &err);
	if (r)
		oom_say(stderr, "oomgate: %s\n", err.msg);
	oom_arena_release(&arena);
	if (!r)
		return OOM_EXIT_OK;
	return r == -EINVAL ? OOM_EXIT_USAGE : OOM_EXIT_BROKEN;
}

const struct oom_command oom_cmd_image = {
	.name = "image",
	.help = "build, list and remove guest images",
	.argp = &argp,
	.run = run,
};
