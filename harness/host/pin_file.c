// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/host/pin_file.h"
#include "lib/base/cleanup.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

void oom_pin_file(const char *path, struct oom_pinned *pinned)
{
	oom_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *addr;

	*pinned = (struct oom_pinned){0};
	if (fd < 0 || fstat(fd, &st) < 0 || !st.st_size)
		return;
	addr = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (addr == MAP_FAILED)
		return;
	*pinned = (struct oom_pinned){addr, (size_t)st.st_size};
	(void)mlock(addr, pinned->bytes);
}

void oom_pinned_release(struct oom_pinned *pinned)
{
	if (pinned->addr)
		munmap(pinned->addr, pinned->bytes);
	*pinned = (struct oom_pinned){0};
}
