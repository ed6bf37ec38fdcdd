// SPDX-License-Identifier: LGPL-2.1-or-later
/* Cached images: images/debian-SUITE-RECIPE-CONTENT/, whole or not there at all. */
#include "harness/guest/image/image.h"

#include "harness/guest/cache/hash.h"
#include "harness/guest/image/blobs.h"
#include "harness/guest/image/suite.h"
#include "harness/host/file.h"
#include "lib/base/arena.h"
#include "lib/base/cleanup.h"
#include "lib/base/err.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

uint64_t oom_image_recipe(void)
{
	struct oom_blob build = oom_blob_image_build();

	return oom_hash(OOM_HASH_SEED, build.text, build.len) & 0xffffffff;
}

static const char *json_text(struct oom_arena *arena, const json_t *json, const char *key)
{
	return oom_arena_strdup(arena, json_string_value(json_object_get(json, key)));
}

static int image_load(
	struct oom_arena *arena, const char *images, const char *folder, struct oom_image *ret)
{
	struct oom_image image = {0};
	const char *path = oom_arena_printf(arena, "%s/%s/image.json", images, folder);
	json_t *json = path ? json_load_file(path, 0, NULL) : NULL;

	if (!json)
		return -EBADMSG;
	image.name = json_text(arena, json, "name");
	image.kernel = json_text(arena, json, "kernel");
	image.systemd = json_text(arena, json, "systemd");
	image.size_bytes = (uint64_t)json_integer_value(json_object_get(json, "size_bytes"));
	image.built_realtime = json_integer_value(json_object_get(json, "built"));
	json_decref(json);
	if (!image.name || !image.kernel)
		return -EBADMSG;
	image.dir = oom_arena_printf(arena, "%s/%s", images, folder);
	image.disk = oom_arena_printf(arena, "%s/root.ext2", image.dir);
	image.vmlinuz = oom_arena_printf(arena, "%s/vmlinuz", image.dir);
	image.busybox = oom_arena_printf(arena, "%s/busybox", image.dir);
	image.modules = oom_arena_printf(arena, "%s/modules/%s", image.dir, image.kernel);
	if (arena->failed)
		return -ENOMEM;
	*ret = image;
	return 0;
}

static int by_name_and_age(const void *a, const void *b)
{
	const struct oom_image *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	if (order)
		return order;
	return x->built_realtime < y->built_realtime	? 1
		: x->built_realtime > y->built_realtime ? -1
							: 0;
}

int oom_image_list(
	struct oom_arena *arena, const char *cache, struct oom_image **ret, size_t *ret_count)
{
	oom_autoclosedir DIR *stream = NULL;
	struct oom_image *images = NULL;
	char dir[PATH_MAX];
	size_t count = 0;

	snprintf(dir, sizeof(dir), "%s/images", cache);
	stream = opendir(dir);
	if (!stream)
		return -errno;
	for (struct dirent *d; (d = readdir(stream));) {
		struct oom_image image;

		if (*d->d_name == '.' || image_load(arena, dir, d->d_name, &image))
			continue;
		images = oom_arena_grow(arena, images, count, sizeof(*images));
		if (!images)
			return -ENOMEM;
		images[count++] = image;
	}
	if (count)
		qsort(images, count, sizeof(*images), by_name_and_age);
	*ret = images;
	*ret_count = count;
	return 0;
}

int oom_image_find(
	struct oom_arena *arena, const char *cache, const char *name, struct oom_image *ret)
{
	const char *suite = oom_image_suite(name);
	struct oom_image *images;
	char start[PATH_MAX];
	size_t count;
	int r;

	if (!suite)
		return -EINVAL;
	r = oom_image_list(arena, cache, &images, &count);
	if (r)
		return r;
	snprintf(start, sizeof(start), "%s/images/debian-%s-%08" PRIx64 "-", cache, suite,
		oom_image_recipe());
	for (size_t i = 0; i < count; i++) {
		if (!strcmp(images[i].name, name) &&
			!strncmp(images[i].dir, start, strlen(start))) {
			*ret = images[i];
			utimensat(AT_FDCWD, images[i].dir, NULL,
				0); /* in use: see remove_superseded() */
			return 0;
		}
	}
	return -ENOENT;
}

int oom_image_remove(const char *cache, const char *name, struct oom_err *err)
{
	struct oom_arena arena = {0};
	struct oom_image *images;
	size_t count;
	int removed = 0, r = oom_image_list(&arena, cache, &images, &count);

	if (r)
		oom_err_errno(err, -r, "cannot list the images in '%s'", cache);
	for (size_t i = 0; !r && i < count; i++) {
		if (strcmp(images[i].name, name))
			continue;
		r = oom_tree_remove(images[i].dir);
		if (r)
			oom_err_errno(err, -r, "cannot remove '%s'", images[i].dir);
		else
			removed++;
	}
	oom_arena_release(&arena);
	return r ? r : removed;
}
