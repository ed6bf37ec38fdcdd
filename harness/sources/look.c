// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/sources/look.h"

#include "harness/host/process.h"
#include "harness/state/daemon.h"
#include "lib/base/cleanup.h"
#include "lib/kernel/cgroup_file.h"
#include "lib/kernel/cgroup_path.h"
#include "lib/kernel/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#define CGROUP2_MAGIC 0x63677270 /* linux/magic.h */
enum { FILEID_OF_KERNFS = 0xfe }; /* include/linux/exportfs.h: FILEID_KERNFS */

static int readlink_whole(const char *path, char *buf, size_t size)
{
	ssize_t n = readlink(path, buf, size);

	if (n < 0 || (size_t)n >= size) {
		*buf = '\0';
		return -1;
	}
	buf[n] = '\0';
	return (int)n;
}

/* By its number, also when the sender is gone: 64-bit kernels make it the inode's (since 5.5). */
static bool cgroup_by_id(const struct oom_looker *looker, uint64_t id, char *buf, size_t size)
{
	struct {
		struct file_handle head;
		uint64_t id;
	} handle = {.head = {.handle_bytes = sizeof(id), .handle_type = FILEID_OF_KERNFS}};
	oom_autoclose int fd = -1;
	char link[40], path[512];
	int n;

	memcpy(handle.head.f_handle, &id, sizeof(id));
	fd = looker->cgroup_fd < 0 || !id
		? -1
		: open_by_handle_at(looker->cgroup_fd, &handle.head, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return false;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink_whole(link, path, sizeof(path));
	if (n < (int)looker->root_len || (size_t)n - looker->root_len >= size)
		return false;
	snprintf(buf, size, "%s", n == (int)looker->root_len ? "/" : path + looker->root_len);
	return true;
}

/* The start of a process, field 22; 0: it is gone. */
static uint64_t start_of(int pid)
{
	uint64_t ticks;
	char state;

	return oom_process_stat(pid, &state, &ticks) < 0 ? 0 : ticks;
}

static void look(const struct oom_looker *looker, int pid, uint64_t cgroup_id, struct oom_look *ret)
{
	static const char deleted[] = " (deleted)";
	char path[40];
	int n;

	ret->pid = pid;
	ret->start_ticks = start_of(pid);
	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	n = readlink_whole(path, ret->exe, sizeof(ret->exe));
	/* a daemon whose package was upgraded is still that daemon */
	if (n >= (int)sizeof(deleted) && !strcmp(ret->exe + n + 1 - sizeof(deleted), deleted))
		ret->exe[n + 1 - (int)sizeof(deleted)] = '\0';
	if (!cgroup_by_id(looker, cgroup_id, ret->cgroup, sizeof(ret->cgroup)) &&
		oom_proc_cgroup(AT_FDCWD, pid, ret->cgroup, sizeof(ret->cgroup)) < 0)
		ret->cgroup[0] = '\0';
}

/* Seen before, when it could still be looked at. Whether it is the same process, its forks will tell. */
static int look_again(const struct oom_lineage *lineage, const struct oom_look *now)
{
	for (size_t i = lineage->n_looks; i-- > 0;) {
		const struct oom_look *then = &lineage->looks[i];

		if (then->pid != now->pid)
			continue;
		if (!now->start_ticks && !*now->exe &&
			(!*now->cgroup || !strcmp(now->cgroup, then->cgroup)))
			return (int)i;
		if (then->start_ticks == now->start_ticks && !strcmp(then->exe, now->exe) &&
			!strcmp(then->cgroup, now->cgroup))
			return (int)i;
	}
	return -1;
}

int oom_look_at(
	const struct oom_looker *looker, struct oom_lineage *lineage, int pid, uint64_t cgroup_id)
{
	struct oom_look now = {0};
	int at;

	look(looker, pid, cgroup_id, &now);
	at = look_again(lineage, &now);
	if (at >= 0 || lineage->n_looks == OOM_LOOKS)
		return at;
	now.first_us = oom_monotonic_us();
	lineage->looks[lineage->n_looks] = now;
	return (int)lineage->n_looks++;
}

int oom_look_unit(const struct oom_run_state *run, int pid)
{
	char path[512];
	size_t longest = 0;
	int unit = -1;

	if (oom_proc_cgroup(AT_FDCWD, pid, path, sizeof(path)) < 0)
		return -1;
	for (size_t i = 0; i < run->n_units; i++) {
		size_t len = strlen(run->units[i].cgroup);

		if (len > longest && oom_cgroup_is_within(path, run->units[i].cgroup)) {
			longest = len;
			unit = (int)i;
		}
	}
	return unit;
}

/* The first process of a cgroup: of a service, its main one. */
static void look_at_first(
	const struct oom_looker *looker, struct oom_lineage *lineage, int dir_fd, const char *name)
{
	char text[64];
	oom_autoclose int fd = dir_fd < 0 ? -1 : oom_cgroup_open(dir_fd, name);
	int pid = fd >= 0 && oom_cgroup_pread(fd, text, sizeof(text)) > 0 ? atoi(text) : 0;

	if (pid > 0)
		oom_look_at(looker, lineage, pid, 0);
}

void oom_looker_open(struct oom_looker *looker, const struct oom_run_state *run)
{
	static const char *const places[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};
	struct statfs fs;

	for (size_t i = 0; i < 2 && looker->cgroup_fd < 0; i++) {
		if (statfs(places[i], &fs) < 0 || fs.f_type != CGROUP2_MAGIC)
			continue;
		looker->cgroup_fd = open(places[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		looker->root_len = strlen(places[i]);
	}
	oom_look_at(looker, run->lineage, 1, 0);
	for (size_t i = 0; i < run->n_units; i++)
		if (run->units[i].section->kind == OOM_SEC_SERVICE && !run->units[i].v1)
			look_at_first(looker, run->lineage, run->units[i].dir_fd, "cgroup.procs");
	for (const struct oom_daemon *d = oom_daemons; d->comm && looker->cgroup_fd >= 0; d++) {
		for (const char *p = d->units; *p;) {
			char path[96];
			int n = (int)strcspn(p, "|");

			snprintf(path, sizeof(path), "system.slice/%.*s/cgroup.procs", n, p);
			look_at_first(looker, run->lineage, looker->cgroup_fd, path);
			p += n + (p[n] == '|');
		}
	}
}
