// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/command.h"
#include "harness/guest/internal.h"
#include "harness/say.h"
#include "lib/key.h"

#include <errno.h>
#include <libsmartcols/libsmartcols.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { NAMES_MAX = 32 };

struct options {
	const char *verb, *names[NAMES_MAX];
	int n_names;
	bool refresh;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;

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
		if (!options->verb || (strcmp(options->verb, "list") && !options->n_names))
			oom_say_usage(state, "needs one of build NAME..., list, remove NAME...");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option option_rows[] = {
	{"refresh", 'r', NULL, 0, "build: make it anew, and keep it where a package has changed", 0},
	{0},
};

static const struct argp argp = {
	.options = option_rows,
	.parser = parse,
	.args_doc = "build NAME...\nlist\nremove NAME...",
	.doc = "Makes, shows and removes guest images. NAME is debian:bullseye, debian:bookworm, "
	       "debian:trixie, debian:forky. Images are kept in $OOMGATE_CACHE, else "
	       "$XDG_CACHE_HOME/oomgate, else ~/.cache/oomgate.",
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
		int r = oom_image_build(arena, cache, options->names[i], options->refresh, say, NULL, err, &image);

		if (r)
			return r;
		oom_say(stdout, "%s: kernel %s, systemd %s\n", image.name, image.kernel, image.systemd ? image.systemd : "?");
	}
	return 0;
}

static int remove_images(const struct options *options, const char *cache, struct oom_err *err)
{
	for (int i = 0; i < options->n_names; i++) {
		int r = oom_image_remove(cache, options->names[i], err);

		if (r < 0)
			return r;
		if (!r)
			return oom_err_set(err, ENOENT, "no image '%s' ('oomgate image list' shows them)", options->names[i]);
	}
	return 0;
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
	bool usable = !oom_image_find(&arena, cache, image->name, &current) && !strcmp(current.dir, image->dir);
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
	r |= oom_say_cell(line, 5, usable ? "" : "superseded");
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
	if (r || !table)
		r = oom_err_errno(err, r ? -r : ENOMEM, "cannot list the images in '%s'", cache);
	else
		scols_print_table(table);
	scols_unref_table(table);
	return r;
}

static int run(int argc, char **argv)
{
	struct options options = {0};
	struct oom_arena arena = {0};
	struct oom_err err = {0};
	const char *cache;
	int r;

	argp_err_exit_status = OOM_EXIT_USAGE;
	if (oom_say_parse(&argp, argc, argv, &options))
		return OOM_EXIT_USAGE;
	if (strcmp(options.verb, "build") && strcmp(options.verb, "list") && strcmp(options.verb, "remove")) {
		oom_say(stderr, "oomgate: unknown 'image %s' (build, list, remove)\n", options.verb);
		return OOM_EXIT_USAGE;
	}
	for (int i = 0; i < options.n_names; i++) {
		if (!oom_image_suite(options.names[i])) {
			oom_say(stderr, "oomgate: '%s' is no image: debian:bookworm, for example\n", options.names[i]);
			return OOM_EXIT_USAGE;
		}
	}
	r = oom_cache_open(&arena, &err, &cache);
	if (!r && *options.verb == 'b')
		r = build(&options, &arena, cache, &err);
	else if (!r && *options.verb == 'l')
		r = list(&arena, cache, &err);
	else if (!r)
		r = remove_images(&options, cache, &err);
	if (r)
		oom_say(stderr, "oomgate: %s\n", err.msg);
	oom_arena_release(&arena);
	return r ? OOM_EXIT_BROKEN : OOM_EXIT_OK;
}

const struct oom_command oom_cmd_image = {
	.name = "image",
	.help = "make, list and remove guest images",
	.argp = &argp,
	.run = run,
};
