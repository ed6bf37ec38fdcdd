// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/host/pin_file.h"
#include "lib/base/cleanup.h"

#include <fcntl.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/stat.h>

static struct oom_pinned kept; /* .addr NULL: none */

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
		a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

void oom_pin_file(const char *path, struct oom_pinned *pinned)
{
	oom_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *addr;

	*pinned = (struct oom_pinned){0};
	if (fd < 0 || fstat(fd, &st) < 0 || !st.st_size)
		return;
	if (kept.addr && is_same(&kept.st, &st)) {
		*pinned = kept;
		kept.addr = NULL;
		return;
	}
	addr = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (addr == MAP_FAILED)
		return;
	*pinned = (struct oom_pinned){addr, (size_t)st.st_size, st};
	(void)mlock(addr, pinned->bytes);
}

void oom_pinned_release(struct oom_pinned *pinned)
{
	if (!pinned->addr)
		return;
	if (kept.addr)
		munmap(kept.addr, kept.bytes);
	kept = *pinned;
	*pinned = (struct oom_pinned){0};
}
