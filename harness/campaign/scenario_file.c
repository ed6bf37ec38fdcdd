// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/campaign/scenario_file.h"

#include "lib/base/arena.h"
#include "lib/base/cleanup.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The rest of @path below @folder (a real path); NULL: it is not below it. */
static const char *below(const char *path, const char *folder)
{
	size_t len = folder ? strlen(folder) : 0;

	while (len && folder[len - 1] == '/')
		len--;
	if (!folder || strncmp(path, folder, len) != 0 || path[len] != '/')
		return NULL;
	return path + len + 1;
}

/* The folder's real path and the file's own name: a link to a file stays that link. */
static char *real_file(struct oom_arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	char *folder = slash ? oom_arena_strndup(arena, path, (size_t)(slash - path) + 1) : NULL;
	oom_autofree char *real = slash && !folder ? NULL : realpath(folder ? folder : ".", NULL);

	return real ? oom_arena_printf(arena, "%s/%s", strcmp(real, "/") ? real : "", name) : NULL;
}

const char *oom_scenario_file(struct oom_arena *arena, const char *path)
{
	const char *workspace = getenv("GITHUB_WORKSPACE"), *rest = NULL;
	oom_autofree char *repository = workspace && *workspace ? realpath(workspace, NULL) : NULL;
	oom_autofree char *here = getcwd(NULL, 0);
	char *real = real_file(arena, path);

	if (real)
		rest = below(real, repository);
	if (real && !rest)
		rest = below(real, here);
	return rest ? rest : oom_arena_strdup(arena, path);
}
