/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_PIN_FILE_H
#define OOM_PIN_FILE_H

#include <stddef.h>
#include <sys/stat.h>

/* A file whose pages stay in memory. */
struct oom_pinned {
	void *addr;
	size_t bytes;
	struct stat st; /* which file that is */
};

/*
 * Reads the file @path into the page cache and keeps it there (mlock(2): the pages of a file stay
 * for everybody who maps it). They are charged to the caller's cgroup if nobody else had them yet.
 * Where RLIMIT_MEMLOCK refuses, or the file cannot be mapped, the file is evicted as any other:
 * @pinned holds what could be had, for oom_pinned_release().
 */
void oom_pin_file(const char *path, struct oom_pinned *pinned);

/* The last file that was released stays pinned: it is most often the next that is wanted. */
void oom_pinned_release(struct oom_pinned *pinned);

#endif
