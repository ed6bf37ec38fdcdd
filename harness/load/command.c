// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/load/load.h"
#include "lib/base/words.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int oom_load_split(const char *text, char ***ret)
{
	/* a word takes at least one byte and a blank; what it says is never longer than its text */
	size_t len = strlen(text), max_words = len / 2 + 2, n = 0, word_len = 0;
	char **words = malloc(max_words * sizeof(*words) + len + 2), *out;
	int r;

	if (!words)
		return -ENOMEM;
	out = (char *)(words + max_words);
	while ((r = oom_word_read(&text, out, &word_len)) > 0) {
		words[n++] = out;
		out += word_len + 1;
	}
	if (r < 0) {
		free(words);
		return r;
	}
	words[n] = NULL;
	*ret = words;
	return 0;
}

static int executable(const char *path)
{
	struct stat st;

	if (stat(path, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EACCES;
	return access(path, X_OK) ? -errno : 0;
}

int oom_load_which(const char *program, char *buf, size_t size)
{
	const char *path = getenv("PATH"), *end;
	int r = -ENOENT;

	if (strchr(program, '/')) {
		if ((size_t)snprintf(buf, size, "%s", program) >= size)
			return -ENAMETOOLONG;
		return executable(program);
	}
	if (!path)
		path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	for (; *path; path = *end ? end + 1 : end) {
		end = strchrnul(path, ':');
		if (end == path ||
			(size_t)snprintf(buf, size, "%.*s/%s", (int)(end - path), path, program) >=
				size)
			continue;
		r = executable(buf);
		if (!r)
			return 0;
	}
	return r;
}
