// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/host/digest.h"

#include "lib/base/bounded.h"
#include "lib/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <gcrypt.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE_BYTES = 1 << 15 };

static int begin(gcry_md_hd_t *ret)
{
	/* the library's own: once in a process, and again is nothing */
	if (!gcry_control(GCRYCTL_INITIALIZATION_FINISHED_P)) {
		if (!gcry_check_version(NULL))
			return -ENOSYS;
		gcry_control(GCRYCTL_DISABLE_SECMEM, 0);
		gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
	}
	return gcry_md_open(ret, GCRY_MD_SHA256, 0) ? -ENOMEM : 0;
}

static void end(gcry_md_hd_t md, char ret[static OOM_DIGEST_TEXT])
{
	struct oom_bounded text = oom_bounded_in(ret, OOM_DIGEST_TEXT);
	const unsigned char *sum = gcry_md_read(md, GCRY_MD_SHA256);

	for (size_t i = 0; i < gcry_md_get_algo_dlen(GCRY_MD_SHA256); i++)
		oom_bounded_printf(&text, "%02x", sum[i]);
}

static int add_file(gcry_md_hd_t md, const char *path)
{
	oom_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	char piece[PIECE_BYTES];
	ssize_t n;

	if (fd < 0)
		return -errno;
	while ((n = read(fd, piece, PIECE_BYTES)))
		if (n > 0)
			gcry_md_write(md, piece, (size_t)n);
		else if (errno != EINTR)
			return -errno;
	return 0;
}

int oom_digest_data(const void *data, size_t len, char ret[static OOM_DIGEST_TEXT])
{
	gcry_md_hd_t md;
	int r = begin(&md);

	if (r)
		return r;
	gcry_md_write(md, data, len);
	end(md, ret);
	gcry_md_close(md);
	return 0;
}

int oom_digest_file(const char *path, char ret[static OOM_DIGEST_TEXT])
{
	gcry_md_hd_t md;
	int r = begin(&md);

	if (r)
		return r;
	r = add_file(md, path);
	if (!r)
		end(md, ret);
	gcry_md_close(md);
	return r;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* Length and NUL keep one from running into the next. */
static int add_entry(gcry_md_hd_t md, const FTSENT *entry, size_t root_len)
{
	const char *name = entry->fts_path + root_len;
	char head[64], link[PATH_MAX];
	ssize_t n = 0;
	int r = 0;

	if (S_ISLNK(entry->fts_statp->st_mode)) {
		n = readlink(entry->fts_accpath, link, sizeof(link));
		if (n < 0)
			return -errno;
	}
	snprintf(head, sizeof(head), "%o %lld", (unsigned)entry->fts_statp->st_mode,
		S_ISREG(entry->fts_statp->st_mode) ? (long long)entry->fts_statp->st_size
						   : (long long)n);
	gcry_md_write(md, name, strlen(name) + 1);
	gcry_md_write(md, head, strlen(head) + 1);
	if (n)
		gcry_md_write(md, link, (size_t)n);
	if (S_ISREG(entry->fts_statp->st_mode))
		r = add_file(md, entry->fts_accpath);
	return r;
}

static int add_tree(gcry_md_hd_t md, const char *path)
{
	char *roots[] = {(char *)path, NULL};
	FTS *fts = fts_open(roots, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, by_name);
	int r = fts ? 0 : -errno;

	for (FTSENT *entry; !r && (errno = 0, entry = fts_read(fts));) {
		if (entry->fts_info == FTS_ERR || entry->fts_info == FTS_DNR ||
			entry->fts_info == FTS_NS)
			r = -entry->fts_errno;
		else if (entry->fts_info != FTS_DP && entry->fts_level > 0)
			r = add_entry(md, entry, strlen(path));
	}
	if (!r && errno)
		r = -errno;
	if (fts)
		fts_close(fts);
	return r;
}

int oom_digest_tree(const char *path, char ret[static OOM_DIGEST_TEXT])
{
	gcry_md_hd_t md;
	int r = begin(&md);

	if (r)
		return r;
	r = add_tree(md, path);
	if (!r)
		end(md, ret);
	gcry_md_close(md);
	return r;
}
