// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/host/pages.h"

#include <sys/mman.h>

enum { KEPT_MAX = 4 };

static struct {
	void *pages; /* NULL: free */
	size_t bytes;
} kept[KEPT_MAX];

void *oom_pages_take(size_t bytes)
{
	void *pages;

	for (int i = 0; i < KEPT_MAX; i++) {
		if (!kept[i].pages || kept[i].bytes != bytes)
			continue;
		pages = kept[i].pages;
		kept[i].pages = NULL;
		return pages;
	}
	pages = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	return pages == MAP_FAILED ? NULL : pages;
}

void oom_pages_give(void *pages, size_t bytes)
{
	for (int i = 0; pages && i < KEPT_MAX; i++) {
		if (kept[i].pages)
			continue;
		kept[i].pages = pages;
		kept[i].bytes = bytes;
		return;
	}
	if (pages)
		munmap(pages, bytes);
}
