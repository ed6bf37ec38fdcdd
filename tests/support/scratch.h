/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TEST_SCRATCH_H
#define TEST_SCRATCH_H

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A folder of a test's own, and files in it. */

static inline const char *scratch_dir(char buf[static 64])
{
	strcpy(buf, "/tmp/oomgate-test.XXXXXX");
	return mkdtemp(buf);
}

/* Writes @text to DIR/NAME, with the folders that NAME wants. */
static inline void scratch_file(const char *dir, const char *name, const char *text)
{
	char path[PATH_MAX];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	for (char *slash = path + strlen(dir) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		mkdir(path, 0755);
		*slash = '/';
	}
	file = fopen(path, "w");
	if (!file)
		abort();
	fputs(text, file);
	fclose(file);
}

static inline bool scratch_exists(const char *dir, const char *name)
{
	char path[PATH_MAX];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return !lstat(path, &st);
}

static inline int scratch_remove(const char *dir)
{
	char command[PATH_MAX + 16];

	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	return system(command);
}

/* Criterion runs no .fini for a test that skips itself. */
#define SCRATCH_SKIP(dir, ...)                                                                     \
	do {                                                                                       \
		scratch_remove(dir);                                                               \
		cr_skip_test(__VA_ARGS__);                                                         \
	} while (0)

#endif
