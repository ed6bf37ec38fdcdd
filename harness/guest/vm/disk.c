// SPDX-License-Identifier: LGPL-2.1-or-later
/* Disks that a guest may write: files without a name, so that they cannot outlive their QEMU. */
#include "harness/guest/vm/disk.h"

#include "harness/guest/cache/cache.h"
#include "harness/guest/cache/cache_temp.h"
#include "harness/guest/cache/hash.h"
#include "harness/guest/cache/sparse.h"
#include "harness/guest/cache/tool.h"
#include "harness/guest/vm/qemu.h"
#include "harness/host/file.h"
#include "lib/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#define BLOCK_BYTES 4096

int oom_swap_create(const char *cache, uint64_t bytes, struct oom_err *err)
{
	/* mkswap(8): version, last page, bad pages at 1024; the signature ends the first page */
	oom_autoclose int fd = open(cache, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	uint32_t head[3] = {1, (uint32_t)(bytes / 4096 - 1), 0};

	if (fd < 0 || ftruncate(fd, (off_t)OOM_OWN_DISK_BYTES) < 0 ||
		pwrite(fd, head, sizeof(head), 1024) != sizeof(head) ||
		pwrite(fd, "SWAPSPACE2", 10, 4086) != 10)
		return oom_err_errno(err, errno, "cannot create a swap disk in '%s'", cache);
	return oom_take_fd(&fd);
}

#define EMPTY_OPTIONS "-f", "-z", "-B", "4096", "-N", "256", "-m", "0"

int oom_disk_template_path(const char *cache, uint64_t bytes, char ret[static PATH_MAX])
{
	static const char *const options[] = {EMPTY_OPTIONS};
	uint64_t hash = oom_hash_program(OOM_HASH_SEED, "genext2fs");

	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
		hash = oom_hash_text(hash, options[i]);
	return snprintf(ret, PATH_MAX, "%s/payloads/disk-%" PRIu64 "-%016" PRIx64 ".ext2", cache,
		       bytes, hash) < PATH_MAX
		? 0
		: -ENAMETOOLONG;
}

/* An empty file system of that size, made once, sparse. */
static int make_template(const char *cache, uint64_t bytes, const char *path, struct oom_err *err)
{
	struct oom_arena arena = {0};
	char blocks[32], disk[PATH_MAX], log[PATH_MAX], empty[PATH_MAX];
	const char *const argv[] = {
		"genext2fs", EMPTY_OPTIONS, "-b", blocks, "-d", empty, disk, NULL};
	const char *temp;
	int r = oom_cache_temp(&arena, cache, OOM_CACHE_PAYLOADS, err, &temp);

	if (r)
		return r;
	snprintf(blocks, sizeof(blocks), "%" PRIu64, bytes / BLOCK_BYTES);
	snprintf(disk, sizeof(disk), "%s/disk", temp);
	snprintf(log, sizeof(log), "%s/log", temp);
	snprintf(empty, sizeof(empty), "%s/empty", temp);
	if (mkdir(empty, 0755) < 0)
		r = oom_err_errno(err, errno, "cannot create '%s'", empty);
	if (!r)
		r = oom_tool_run(argv, NULL, log, err);
	if (!r && rename(disk, path) < 0)
		r = oom_err_errno(err, errno, "cannot move a disk to '%s'", path);
	oom_tree_remove(temp);
	oom_arena_release(&arena);
	return r;
}

int oom_disk_create(const char *cache, uint64_t bytes, struct oom_err *err)
{
	oom_autoclose int fd = open(cache, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600), from = -1;
	char path[PATH_MAX];
	int r = 0;

	if (fd < 0)
		return oom_err_errno(err, errno, "cannot create a disk in '%s'", cache);
	r = oom_disk_template_path(cache, bytes, path);
	if (!r && utimensat(AT_FDCWD, path, NULL, 0) < 0)
		r = make_template(cache, bytes, path, err);
	if (r)
		return r;
	from = open(path, O_RDONLY | O_CLOEXEC);
	r = from < 0 ? -errno : oom_sparse_copy(from, fd, bytes / BLOCK_BYTES * BLOCK_BYTES);
	if (!r && ftruncate(fd, (off_t)OOM_OWN_DISK_BYTES) < 0)
		r = -errno;
	return r ? oom_err_errno(err, -r, "cannot create a disk in '%s'", cache) : oom_take_fd(&fd);
}
