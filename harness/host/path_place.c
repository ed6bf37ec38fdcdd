// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/host/path_place.h"

#include "harness/host/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Cuts the last part off: "a/b/" is "a", "a" is ".", "/a" is "/". False where nothing is left above. */
static bool to_parent(char *path)
{
	size_t len = strlen(path);

	while (len > 1 && path[len - 1] == '/')
		path[--len] = '\0';
	if (!strcmp(path, "/") || !strcmp(path, "."))
		return false;
	while (len && path[len - 1] != '/')
		len--;
	while (len > 1 && path[len - 1] == '/')
		len--;
	if (!len)
		path[len++] = '.';
	path[len] = '\0';
	return true;
}

int oom_path_can_hold(const char *path)
{
	char above[PATH_MAX];
	struct stat st;

	if (strlen(path) + 2 > sizeof(above))
		return -ENAMETOOLONG;
	memcpy(above, path, strlen(path) + 1);
	while (stat(above, &st) < 0)
		if (errno != ENOENT || !to_parent(above))
			return -errno;
	if (!S_ISDIR(st.st_mode))
		return -ENOTDIR;
	return access(above, W_OK | X_OK) < 0 ? -errno : 0;
}

char *oom_path_resolve(const char *path)
{
	char above[PATH_MAX], *real = realpath(path, NULL), *whole = NULL;
	size_t end = strlen(path);
	const char *name;

	if (real || errno != ENOENT || end + 2 > sizeof(above))
		return real;
	while (end > 1 && path[end - 1] == '/')
		end--;
	for (name = path + end; name > path && name[-1] != '/';)
		name--;
	memcpy(above, path, strlen(path) + 1);
	if (!to_parent(above))
		return NULL;
	real = oom_path_resolve(above);
	if (real &&
		asprintf(&whole, "%s/%.*s", strcmp(real, "/") ? real : "", (int)(path + end - name),
			name) < 0)
		whole = NULL;
	free(real);
	return whole;
}

const char *oom_path_below(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	while (len && dir[len - 1] == '/')
		len--;
	return !strncmp(path, dir, len) && path[len] == '/' && path[len + 1] ? path + len + 1
									     : NULL;
}

int oom_path_remove_tree_at(int dir_fd, const char *name)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", dir_fd, name) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	return oom_tree_remove(path);
}

char *oom_path_find(struct oom_arena *arena, const char *name)
{
	const char *path = getenv("PATH");
	char *copy = oom_arena_strdup(arena, path ? path : "/usr/local/bin:/usr/bin:/bin"),
	     *save = NULL;

	for (char *dir = copy ? strtok_r(copy, ":", &save) : NULL; dir;
		dir = strtok_r(NULL, ":", &save)) {
		char *program = oom_arena_printf(arena, "%s/%s", dir, name);

		if (program && !access(program, X_OK))
			return program;
	}
	return NULL;
}
