// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/guest/cache/sparse.h"

#include "harness/guest/cache/hash.h"
#include "lib/base/cleanup.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PAGE_BYTES = 4096, BUFFER_PAGES = 256 };

#define BUFFER_BYTES ((size_t)PAGE_BYTES * BUFFER_PAGES)

/* A run of pages that are not all zero, and where it lies in the file. */
typedef int (*run_fn)(void *ctx, const char *pages, size_t bytes, uint64_t at);

static bool is_zero(const char *page, size_t bytes)
{
	return !page[0] && !memcmp(page, page + 1, bytes - 1);
}

static size_t page_bytes(size_t left)
{
	return left < PAGE_BYTES ? left : PAGE_BYTES;
}

/* The runs of what lies in the buffer. */
static int visit_buffer(const char *buffer, size_t bytes, uint64_t at, run_fn run, void *ctx)
{
	for (size_t from = 0, to; from < bytes; from = to) {
		int r = 0;

		for (; from < bytes && is_zero(buffer + from, page_bytes(bytes - from));)
			from += page_bytes(bytes - from);
		for (to = from; to < bytes && !is_zero(buffer + to, page_bytes(bytes - to));)
			to += page_bytes(bytes - to);
		if (to > from)
			r = run(ctx, buffer + from, to - from, at + from);
		if (r)
			return r;
	}
	return 0;
}

static ssize_t read_whole(int fd, char *buffer, size_t bytes, uint64_t at)
{
	size_t len = 0;

	while (len < bytes) {
		ssize_t n = pread(fd, buffer + len, bytes - len, (off_t)(at + len));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : (ssize_t)len;
		len += (size_t)n;
	}
	return (ssize_t)len;
}

/* By pread(2): a file that somebody cuts short meanwhile is no SIGBUS. */
static int visit(int fd, uint64_t bytes, run_fn run, void *ctx)
{
	oom_autofree char *buffer = malloc(BUFFER_BYTES);
	int r = 0;

	if (!buffer)
		return -ENOMEM;
	for (uint64_t at = 0; !r && at < bytes;) {
		off_t data = lseek(fd, (off_t)at, SEEK_DATA);
		size_t want;
		ssize_t n;

		if (data < 0 && errno == ENXIO)
			return 0; /* holes up to the end */
		/* a file system that does not know: read it all; whole pages, by their place */
		if (data >= 0)
			at = (uint64_t)data / PAGE_BYTES * PAGE_BYTES;
		if (at >= bytes)
			break;
		want = bytes - at < BUFFER_BYTES ? (size_t)(bytes - at) : BUFFER_BYTES;
		n = read_whole(fd, buffer, want, at);
		if (n <= 0)
			return n < 0 ? (int)n : -EBADMSG;
		r = visit_buffer(buffer, (size_t)n, at, run, ctx);
		at += (uint64_t)n;
	}
	return r;
}

static int write_run(void *ctx, const char *pages, size_t bytes, uint64_t at)
{
	const int *fd = ctx;

	for (size_t done = 0; done < bytes;) {
		ssize_t n = pwrite(*fd, pages + done, bytes - done, (off_t)(at + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		done += (size_t)n;
	}
	return 0;
}

int oom_sparse_copy(int from, int to, uint64_t bytes)
{
	if (ftruncate(to, (off_t)bytes) < 0)
		return -errno;
	return visit(from, bytes, write_run, &to);
}

/* page by page: where a buffer ends is no part of the file */
static int hash_run(void *ctx, const char *pages, size_t bytes, uint64_t at)
{
	uint64_t *hash = ctx;

	for (size_t done = 0; done < bytes; done += PAGE_BYTES)
		*hash = oom_hash(*hash ^ (at + done), pages + done, page_bytes(bytes - done));
	return 0;
}

int oom_sparse_hash(uint64_t seed, int fd, uint64_t *ret, uint64_t *ret_size)
{
	uint64_t hash;
	struct stat st;
	int r;

	if (fstat(fd, &st) < 0)
		return -errno;
	hash = oom_hash(seed, &st.st_size, sizeof(st.st_size));
	r = visit(fd, (uint64_t)st.st_size, hash_run, &hash);
	if (r)
		return r;
	*ret = hash;
	*ret_size = (uint64_t)st.st_size;
	return 0;
}
