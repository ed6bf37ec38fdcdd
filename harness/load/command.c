// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/load/load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* @digits digits of base @base at *@text as one byte; advances it. -EINVAL */
static int numeric_escape(const char **text, unsigned base, unsigned digits)
{
	unsigned value = 0;

	for (unsigned i = 0; i < digits; i++, (*text)++) {
		char c = **text;
		unsigned digit = c >= '0' && c <= '9'	? (unsigned)(c - '0')
				 : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
				 : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10
							: 99;

		if (digit >= base)
			return -EINVAL;
		value = value * base + digit;
	}
	return value && value < 256 ? (int)value : -EINVAL;
}

/* The byte that the escape behind a backslash at *@text stands for; advances it. -EINVAL */
static int escape(const char **text)
{
	static const char from[] = "abfnrtvs\\\"'", to[] = "\a\b\f\n\r\t\v \\\"'";
	const char *known = **text ? strchr(from, **text) : NULL;

	if (known) {
		(*text)++;
		return (unsigned char)to[known - from];
	}
	if (**text == 'x') {
		(*text)++;
		return numeric_escape(text, 16, 2);
	}
	return numeric_escape(text, 8, 3);
}

/* One word from *@text to *@out, with a NUL behind it; advances both. -EINVAL */
static int split_word(const char **text, char **out)
{
	char quote = 0;

	for (; **text && (quote || !strchr(" \t\n\r", **text));) {
		char c = *(*text)++;

		if (c == '\\') {
			int byte = escape(text);

			if (byte < 0)
				return byte;
			*(*out)++ = (char)byte;
		} else if (quote ? c == quote : c == '"' || c == '\'') {
			quote = quote ? 0 : c;
		} else {
			*(*out)++ = c;
		}
	}
	*(*out)++ = 0;
	return quote ? -EINVAL : 0;
}

int oom_load_split(const char *text, char ***ret)
{
	/* a word takes at least one byte and a blank; what it says is never longer than its text */
	size_t len = strlen(text), max_words = len / 2 + 2, n = 0;
	char **words = malloc(max_words * sizeof(*words) + len + 2), *out;

	if (!words)
		return -ENOMEM;
	out = (char *)(words + max_words);
	for (;;) {
		text += strspn(text, " \t\n\r");
		if (!*text)
			break;
		words[n++] = out;
		if (split_word(&text, &out) < 0) {
			free(words);
			return -EINVAL;
		}
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
		if (end == path || (size_t)snprintf(buf, size, "%.*s/%s", (int)(end - path), path,
					   program) >= size)
			continue;
		r = executable(buf);
		if (!r)
			return 0;
	}
	return r;
}
