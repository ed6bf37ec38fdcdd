// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/guest/image/build.h"

#include "harness/guest/cache/cache.h"
#include "harness/guest/cache/cache_temp.h"
#include "harness/guest/cache/hash.h"
#include "harness/guest/cache/modes.h"
#include "harness/guest/cache/tool.h"
#include "harness/guest/image/blobs.h"
#include "harness/guest/image/probe.h"
#include "harness/guest/image/suite.h"
#include "harness/host/file.h"
#include "lib/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

enum { LOCK_POLL_MS = 200 }; /* no lock can be waited for together with a signalfd */

struct build {
	struct oom_arena *arena;
	const char *images, *name, *suite, *temp, *log;
	void (*say)(void *ctx, const char *line);
	void *say_ctx;
	struct oom_err *err;
};

static void say(const struct build *b, const char *fmt, const char *arg)
{
	char line[256];

	if (!b->say)
		return;
	snprintf(line, sizeof(line), fmt, b->name, arg);
	b->say(b->say_ctx, line);
}

/* One builder at a time for a suite; a second waits and finds the image. */
static int lock(struct build *b)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/.lock-%s", b->images, b->suite);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return oom_err_errno(b->err, errno, "cannot write '%s'", path);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		say(b, "%s: waiting for another build of it%s", "");
		while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
			if (errno == EWOULDBLOCK && !oom_interrupted_within(LOCK_POLL_MS))
				continue;
			close(fd);
			return oom_err_set(b->err, EINTR,
				"interrupted while waiting for another build of '%s'", b->name);
		}
	}
	return fd;
}

/* "systemd 252.39-1~deb12u1\n" in the list of packages → "252.39-1~deb12u1" */
static char *package_version(struct oom_arena *arena, const char *packages, const char *name)
{
	size_t n = strlen(name);

	for (const char *line = packages; *line; line += strcspn(line, "\n"), line += *line == '\n')
		if (!strncmp(line, name, n) && line[n] == ' ')
			return oom_arena_strndup(arena, line + n + 1, strcspn(line + n + 1, "\n"));
	return NULL;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The content: package names and versions, whatever their order. */
static int content_hash(struct oom_arena *arena, const char *packages, uint64_t *ret)
{
	char *copy = oom_arena_strdup(arena, packages), *save = NULL;
	const char **lines = NULL;
	uint64_t hash = OOM_HASH_SEED;
	size_t count = 0;

	for (char *line = copy ? strtok_r(copy, "\n", &save) : NULL; line;
		line = strtok_r(NULL, "\n", &save)) {
		lines = oom_arena_grow(arena, lines, count, sizeof(*lines));
		if (!lines)
			return -ENOMEM;
		lines[count++] = line;
	}
	if (!count)
		return -EBADMSG;
	qsort(lines, count, sizeof(*lines), by_text);
	for (size_t i = 0; i < count; i++)
		hash = oom_hash_text(hash, lines[i]);
	*ret = hash & 0xffffffff;
	return 0;
}

/* Checks what the recipe left and describes it; *ret_folder is the final name. */
static int describe(struct build *b, const char **ret_folder)
{
	char path[PATH_MAX], *packages, *kernel, *systemd;
	json_t *json;
	uint64_t content;
	int r;

	snprintf(path, sizeof(path), "%s/packages", b->temp);
	r = oom_file_read(b->arena, path, 1 << 20, &packages, NULL);
	if (!r)
		r = content_hash(b->arena, packages, &content);
	if (r)
		return oom_err_errno(
			b->err, -r, "the build of '%s' produced no list of packages", b->name);
	systemd = package_version(b->arena, packages, "systemd");
	snprintf(path, sizeof(path), "%s/kernel", b->temp);
	r = oom_file_read(b->arena, path, 256, &kernel, NULL);
	if (r)
		return oom_err_errno(b->err, -r, "the build of '%s' produced no kernel", b->name);
	kernel[strcspn(kernel, "\n")] = '\0';
	json = json_pack("{s:s, s:s, s:s, s:s?, s:I, s:I}", "schema", "oomgate.image/1", "name",
		b->name, "kernel", kernel, "systemd", systemd, "size_bytes",
		(json_int_t)oom_tree_bytes(b->temp), "built", (json_int_t)time(NULL));
	snprintf(path, sizeof(path), "%s/image.json", b->temp);
	r = oom_cache_json_write(path, json, JSON_INDENT(2));
	json_decref(json);
	*ret_folder = oom_arena_printf(b->arena, "%s/debian-%s-%08" PRIx64 "-%08" PRIx64, b->images,
		b->suite, oom_image_recipe(), content);
	return r || !*ret_folder ? oom_err_set(b->err, EIO, "cannot write '%s'", path) : 0;
}

#define SUPERSEDED_SECONDS 86400

/* What an older recipe or older packages made, and nobody used for a day. */
static void remove_superseded(
	const struct build *b, const char *cache, const struct oom_image *keep)
{
	struct oom_image *images;
	struct stat st;
	size_t count;

	if (oom_image_list(b->arena, cache, &images, &count))
		return;
	for (size_t i = 0; i < count; i++)
		if (!strcmp(images[i].name, keep->name) && strcmp(images[i].dir, keep->dir) &&
			!stat(images[i].dir, &st) && st.st_mtime < time(NULL) - SUPERSEDED_SECONDS)
			oom_tree_remove(images[i].dir);
}

/* In the words of apt. */
static bool no_network(const char *text)
{
	static const char *const words[] = {"resolv", "onnect", "unreachable", "timed out"};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strstr(text, words[i]))
			return true;
	return false;
}

int oom_archive_failed(const char *what, const char *said, const char *log, struct oom_err *err)
{
	const char *end = strstr(said, " is expired"),
		   *url = end ? memrchr(said, ' ', (size_t)(end - said)) : NULL;

	if (url) {
		/* "Release file for URL is expired (invalid since 5d 3h 2min 1s). …"; of a long one the end says more */
		url = end - url > 70 ? end - 70 : url + 1;
		return oom_err_set(err, EIO,
			"cannot %s: '%.*s' is expired: the clock is wrong, the mirror serves an "
			"old copy, or it is a frozen mirror (OOMGATE_MIRROR_FROZEN=yes)",
			what, (int)(end - url), url);
	}
	return oom_err_set(err, EIO, "cannot %s: %s%s (whole log: '%s')", what, said,
		no_network(said) ? "; check the network, or set OOMGATE_MIRROR" : "", log);
}

static int build(struct build *b)
{
	struct oom_blob recipe = oom_blob_image_build();
	const char *const argv[] = {"sh", "-s", b->suite, b->temp, NULL};
	const char *folder;
	struct oom_err cause;
	int r;

	say(b, "%s: building the image (about 30 s)%s", "");
	r = oom_tool_run(argv, recipe.text, b->log, &cause);
	if (r == -EINTR)
		return oom_err_set(b->err, EINTR, "%s", cause.msg);
	if (r == -ENOSPC)
		return oom_err_set(b->err, EIO,
			"cannot build '%s': the disk of the cache '%s' (OOMGATE_CACHE) or of "
			"temporary files (TMPDIR) is full",
			b->name, b->images);
	if (r)
		return oom_archive_failed(oom_arena_printf(b->arena, "build '%s'", b->name),
			cause.msg, b->log, b->err);
	r = describe(b, &folder);
	if (r)
		return r;
	r = oom_tree_narrow(b->temp);
	if (r)
		return oom_err_errno(b->err, -r, "cannot make '%s' private to its owner", b->temp);
	if (rename(b->temp, folder) < 0) {
		if (errno != EEXIST && errno != ENOTEMPTY)
			return oom_err_errno(
				b->err, errno, "cannot move the image to '%s'", folder);
		say(b, "%s: nothing has changed%s", "");
		oom_tree_remove(b->temp);
	}
	unlink(b->log);
	return 0;
}

int oom_image_build(struct oom_arena *arena, const char *cache, const char *name, bool refresh,
	void (*say_fn)(void *ctx, const char *line), void *say_ctx, struct oom_err *err,
	struct oom_image *ret)
{
	struct build b = {arena, oom_arena_printf(arena, "%s/images", cache), name,
		oom_image_suite(name), NULL, NULL, say_fn, say_ctx, err};
	oom_autoclose int lock_fd = -1;
	int r;

	if (!b.suite)
		return oom_suite_unknown("image", name, NULL, err);
	if (!refresh && !oom_image_find(arena, cache, name, ret))
		return 0;
	r = oom_image_build_probe(err);
	if (r)
		return r;
	b.log = oom_arena_printf(arena, "%s/build-%s.log", cache, b.suite);
	if (!b.images || !b.log)
		return oom_err_set(err, ENOMEM, "no memory");
	lock_fd = lock(&b);
	if (lock_fd < 0)
		return lock_fd;
	if (!refresh && !oom_image_find(arena, cache, name, ret))
		return 0;
	r = oom_cache_temp(arena, cache, OOM_CACHE_IMAGES, err, &b.temp);
	if (r)
		return r;
	unlink(b.log);
	r = build(&b);
	if (r) {
		oom_tree_remove(b.temp);
		return r;
	}
	r = oom_image_find(arena, cache, name, ret);
	if (r)
		return oom_err_errno(err, -r, "the image '%s' was built, but cannot be read", name);
	remove_superseded(&b, cache, ret);
	return 0;
}
