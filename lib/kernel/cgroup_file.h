/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_CGROUP_FILE_H
#define OOM_CGROUP_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Files of a cgroup directory (Documentation/admin-guide/cgroup-v2.rst). Readers work on an open fd
 * with pread(2), so that they may be called under pressure: they allocate nothing.
 */

/* A flat keyed file ("low 0\nhigh 0\n…"): whole words, unknown keys pass. */
enum { OOM_FLAT_KEYS = 16, OOM_FLAT_NAME = 24 };
struct oom_flat {
	size_t count;
	struct {
		char name[OOM_FLAT_NAME];
		uint64_t value;
	} items[OOM_FLAT_KEYS];
};

/* Parses @text; keys beyond OOM_FLAT_KEYS and lines that are no "word number" are passed over. */
void oom_flat_parse(const char *text, size_t len, struct oom_flat *ret);
/* -1 where the key is not there. */
int64_t oom_flat_get(const struct oom_flat *flat, const char *name);

/* memory.pressure: totals in µs (Documentation/accounting/psi.rst). */
struct oom_psi {
	uint64_t some_us, full_us;
};
/* false when @text has no "some" line; a missing "full" line (cpu before 5.13) is 0. */
bool oom_psi_parse(const char *text, size_t len, struct oom_psi *ret);

/* Opens a file of the cgroup at @dir_fd for reading, -errno. */
int oom_cgroup_open(int dir_fd, const char *name);

/* The whole (small) file from its start, without moving the offset; bytes, or -errno (ENODEV: the
 * cgroup is gone). @buf is NUL-terminated. */
long oom_cgroup_pread(int fd, char *buf, size_t size);
int oom_cgroup_read_flat(int fd, struct oom_flat *ret);
/* A single number; "max" is INT64_MAX. */
int oom_cgroup_read_number(int fd, int64_t *ret);
/* The same by name, opened and closed. */
int oom_cgroup_number_at(int dir_fd, const char *name, int64_t *ret);

/* Writes @text to the file @name. */
int oom_cgroup_write(int dir_fd, const char *name, const char *text);

#endif
