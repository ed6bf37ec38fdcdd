// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/kernel/cgroup_file.h"

#include "lib/base/cleanup.h"
#include "lib/base/span.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

/* The number that stands from @p to @end; one beyond INT64_MAX is none. */
static bool number_parse(const char *p, const char *end, uint64_t *ret)
{
	int64_t number;

	if (!oom_span_is_number((struct oom_span){p, (size_t)(end - p)}, &number))
		return false;
	*ret = (uint64_t)number;
	return true;
}

void oom_flat_parse(const char *text, size_t len, struct oom_flat *ret)
{
	const char *end = text + len;

	ret->count = 0;
	for (const char *line = text; line < end && ret->count < OOM_FLAT_KEYS;) {
		const char *eol = memchr(line, '\n', (size_t)(end - line));
		const char *stop = eol ? eol : end;
		const char *space = memchr(line, ' ', (size_t)(stop - line));
		size_t name_len = space ? (size_t)(space - line) : 0;
		uint64_t value;

		if (name_len && name_len < OOM_FLAT_NAME && number_parse(space + 1, stop, &value)) {
			memcpy(ret->items[ret->count].name, line, name_len);
			ret->items[ret->count].name[name_len] = '\0';
			ret->items[ret->count++].value = value;
		}
		line = stop + 1;
	}
}

int64_t oom_flat_get(const struct oom_flat *flat, const char *name)
{
	for (size_t i = 0; i < flat->count; i++)
		if (!strcmp(flat->items[i].name, name))
			return (int64_t)flat->items[i].value;
	return -1;
}

/* "total=123" of the line that begins with @word. */
static bool psi_total(const char *text, size_t len, const char *word, uint64_t *ret)
{
	const char *line = text, *end = text + len;
	size_t word_len = strlen(word);

	while (line < end) {
		const char *eol = memchr(line, '\n', (size_t)(end - line));
		const char *stop = eol ? eol : end;
		const char *total = memmem(line, (size_t)(stop - line), " total=", 7);

		if ((size_t)(stop - line) > word_len && !memcmp(line, word, word_len) && total)
			return number_parse(total + 7, stop, ret);
		line = stop + 1;
	}
	return false;
}

bool oom_psi_parse(const char *text, size_t len, struct oom_psi *ret)
{
	struct oom_psi psi = {0};

	if (!psi_total(text, len, "some ", &psi.some_us))
		return false;
	psi_total(text, len, "full ", &psi.full_us);
	*ret = psi;
	return true;
}

int oom_cgroup_open(int dir_fd, const char *name)
{
	int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	return fd < 0 ? -errno : fd;
}

long oom_cgroup_pread(int fd, char *buf, size_t size)
{
	size_t len = 0;

	while (len < size - 1) {
		ssize_t n = pread(fd, buf + len, size - 1 - len, (off_t)len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	buf[len] = '\0';
	return (long)len;
}

int oom_cgroup_read_flat(int fd, struct oom_flat *ret)
{
	char buf[1024]; /* 16 keys of at most 24 + 20 bytes */
	long n = oom_cgroup_pread(fd, buf, sizeof(buf));

	if (n < 0)
		return (int)n;
	oom_flat_parse(buf, (size_t)n, ret);
	return 0;
}

int oom_cgroup_read_number(int fd, int64_t *ret)
{
	char buf[32]; /* a 64-bit number has at most 20 digits */
	long n = oom_cgroup_pread(fd, buf, sizeof(buf));
	uint64_t value;

	if (n < 0)
		return (int)n;
	if (n && buf[n - 1] == '\n')
		n--;
	if (n == 3 && !memcmp(buf, "max", 3)) {
		*ret = INT64_MAX;
		return 0;
	}
	if (!number_parse(buf, buf + n, &value))
		return -EBADMSG;
	*ret = (int64_t)value;
	return 0;
}

int oom_cgroup_number_at(int dir_fd, const char *name, int64_t *ret)
{
	oom_autoclose int fd = oom_cgroup_open(dir_fd, name);

	return fd < 0 ? fd : oom_cgroup_read_number(fd, ret);
}

int oom_cgroup_write(int dir_fd, const char *name, const char *text)
{
	oom_autoclose int fd = openat(dir_fd, name, O_WRONLY | O_CLOEXEC);
	size_t len = strlen(text);

	if (fd < 0)
		return -errno;
	return write(fd, text, len) == (ssize_t)len ? 0 : -errno;
}
