// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/explain/archive.h"
#include "harness/explain/explain.h"

#include "lib/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>

#define MAGIC_BYTES 6
#define CHUNK_BYTES ((size_t)128 * 1024)

struct file_source {
	int fd;
	char magic[MAGIC_BYTES]; /* the first bytes, read to know what it is */
	size_t magic_len, magic_used;
	const struct oom_archive_api *api;
	struct archive *archive; /* NULL: plain */
	bool broken; /* from its first block on */
	char *chunk;
};

static ssize_t read_fd(struct file_source *file, char *buf, size_t size)
{
	ssize_t n;

	if (file->magic_used < file->magic_len) {
		size_t left = file->magic_len - file->magic_used;

		n = (ssize_t)(left < size ? left : size);
		memcpy(buf, file->magic + file->magic_used, (size_t)n);
		file->magic_used += (size_t)n;
		return n;
	}
	for (;;) {
		struct pollfd pollfd = {.fd = file->fd, .events = POLLIN};

		n = read(file->fd, buf, size);
		if (n >= 0 || (errno != EINTR && errno != EAGAIN))
			return n < 0 ? -errno : n;
		/* somebody's pipe may not block */
		if (errno == EAGAIN)
			poll(&pollfd, 1, -1);
	}
}

static ssize_t read_plain(void *context, char *buf, size_t size)
{
	return read_fd(context, buf, size);
}

static la_ssize_t feed_archive(struct archive *archive, void *context, const void **ret)
{
	struct file_source *file = context;
	ssize_t n = read_fd(file, file->chunk, CHUNK_BYTES);

	if (n < 0)
		file->api->set_error(archive, (int)-n, "%s", strerror((int)-n));
	*ret = file->chunk;
	return n;
}

static ssize_t read_archive(void *context, char *buf, size_t size)
{
	struct file_source *file = context;
	la_ssize_t n = file->broken ? -1 : file->api->read_data(file->archive, buf, size);

	/* a compressed log that ends early: what came before it stands */
	return n < 0 ? -EBADMSG : n;
}

static int seek_file(void *context, off_t offset)
{
	struct file_source *file = context;

	file->magic_used = file->magic_len;
	return lseek(file->fd, offset, SEEK_SET) < 0 ? -errno : 0;
}

static void close_file(void *context)
{
	struct file_source *file = context;

	if (file->archive)
		file->api->read_free(file->archive);
	oom_closep(&file->fd);
	free(file->chunk);
	free(file);
}

static bool is_compressed(const struct file_source *file)
{
	static const struct {
		const char *magic;
		size_t len;
	} known[] = {{"\x1f\x8b", 2},
		{"\xfd"
		 "7zXZ",
			5},
		{"\x28\xb5\x2f\xfd", 4}, {"BZh", 3}, {"\x04\x22\x4d\x18", 4}};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (file->magic_len >= known[i].len &&
			!memcmp(file->magic, known[i].magic, known[i].len))
			return true;
	}
	return false;
}

static int open_archive(struct file_source *file, const char *path, struct oom_err *err)
{
	struct archive_entry *entry;
	struct oom_err why;

	if (oom_archive_load(&why, &file->api) < 0)
		return oom_err_set(err, why.code, "cannot decompress '%s': %s", path, why.msg);
	file->chunk = malloc(CHUNK_BYTES);
	file->archive = file->api->read_new();
	if (!file->chunk || !file->archive)
		return oom_err_set(err, ENOMEM, "out of memory reading '%s'", path);
	file->api->read_support_filter_all(file->archive);
	file->api->read_support_format_raw(file->archive);
	file->api->read_support_format_empty(file->archive);
	/* a log that is cut off already in its first block is a part of one, too: an empty one */
	file->broken = file->api->read_open(file->archive, file, NULL, feed_archive, NULL) ||
		file->api->read_next_header(file->archive, &entry) < 0;
	return 0;
}

static int open_fd(const char *path, struct oom_err *err)
{
	struct stat st;
	int fd = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC) : dup(STDIN_FILENO);

	if (fd < 0)
		return oom_err_errno(err, errno, "cannot open '%s'", path);
	if (!fstat(fd, &st) && S_ISDIR(st.st_mode)) {
		close(fd);
		return oom_err_set(
			err, EISDIR, "'%s' is a folder: name a log file, or use --journal", path);
	}
	return fd;
}

/* From its beginning: what a shell hands on may have been read from before. */
static bool is_regular(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && S_ISREG(st.st_mode) && lseek(fd, 0, SEEK_CUR) <= MAGIC_BYTES;
}

int explain_open_file(const char *path, struct oom_err *err, struct explain_source *ret)
{
	struct file_source *file = calloc(1, sizeof(*file));
	int rc;

	if (!file)
		return oom_err_set(err, ENOMEM, "out of memory reading '%s'", path);
	file->fd = open_fd(path, err);
	if (file->fd < 0) {
		rc = file->fd;
		goto fail;
	}
	posix_fadvise(file->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	while (file->magic_len < MAGIC_BYTES) {
		ssize_t n = read(
			file->fd, file->magic + file->magic_len, MAGIC_BYTES - file->magic_len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			rc = oom_err_errno(err, errno, "cannot read '%s'", path);
			goto fail;
		}
		if (!n)
			break;
		file->magic_len += (size_t)n;
	}
	if (is_compressed(file)) {
		rc = open_archive(file, path, err);
		if (rc)
			goto fail;
	}
	*ret = (struct explain_source){
		.read = file->archive ? read_archive : read_plain,
		.close = close_file,
		.context = file,
		.name = path,
		.plain_fd = file->archive || !is_regular(file->fd) ? -1 : file->fd,
		.seek = seek_file,
	};
	return 0;
fail:
	close_file(file);
	return rc;
}
