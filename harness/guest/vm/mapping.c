// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/guest/vm/mapping.h"

#include "harness/guest/cache/cache_temp.h"
#include "harness/guest/cache/tool.h"
#include "harness/host/file.h"
#include "lib/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define MIB ((off_t)1 << 20)

#ifndef SMB2_SUPER_MAGIC
#define SMB2_SUPER_MAGIC 0xfe534d42
#endif
#ifndef CIFS_SUPER_MAGIC
#define CIFS_SUPER_MAGIC 0xff534d42
#endif

/* Other hosts write to them, too, and a mapping is not told. */
static const struct {
	uint32_t magic;
	const char *name;
} shared_with_others[] = {
	{NFS_SUPER_MAGIC, "NFS"},
	{SMB_SUPER_MAGIC, "SMB"},
	{CIFS_SUPER_MAGIC, "CIFS"},
	{SMB2_SUPER_MAGIC, "SMB"},
	{V9FS_MAGIC, "9p"},
	{CEPH_SUPER_MAGIC, "Ceph"},
	{AFS_SUPER_MAGIC, "AFS"},
	{AFS_FS_MAGIC, "AFS"},
	{FUSE_SUPER_MAGIC, "FUSE"},
	{0x0bd00bd0, "Lustre"},
	{0x01161970, "GFS2"},
	{0x7461636f, "OCFS2"},
};

static const char *others(int fd)
{
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return "unknown";
	for (size_t i = 0; i < sizeof(shared_with_others) / sizeof(*shared_with_others); i++)
		if ((uint32_t)fs.f_type == shared_with_others[i].magic)
			return shared_with_others[i].name;
	return NULL;
}

bool oom_mapping_is_local(int fd)
{
	return !others(fd);
}

/* A file of 16 MiB with one page in it, mapped and written to as a guest would. */
static int try_file(int fd, char *why, size_t size)
{
	char *map;
	struct stat st;

	if (ftruncate(fd, 16 * MIB) < 0 || pwrite(fd, "oomgate", 7, 8 * MIB) != 7 ||
		fdatasync(fd) < 0 || fstat(fd, &st) < 0) {
		int e = errno;

		snprintf(why, size, "no file can be written there: %s", strerror(e));
		return -e;
	}
	if ((off_t)st.st_blocks * 512 > 2 * MIB) {
		snprintf(why, size, "its file system has no holes");
		return -EOPNOTSUPP;
	}
	map = mmap(NULL, 16 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED) {
		int e = errno;

		snprintf(why, size, "its file system has no mappings: %s", strerror(e));
		return -e;
	}
	map[0] = 1;
	munmap(map, 16 * MIB);
	return 0;
}

int oom_mapping_check_dir(const char *dir, char *why, size_t size)
{
	oom_autoclose int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), fd = -1;
	char path[PATH_MAX];
	const char *name;
	int r;

	if (dir_fd < 0) {
		int e = errno;

		snprintf(why, size, "it cannot be opened: %s", strerror(e));
		return -e;
	}
	name = others(dir_fd);
	if (name) {
		snprintf(why, size, "its file system is shared with other hosts (%s)", name);
		return -EREMOTE;
	}
	snprintf(path, sizeof(path), "%s/mapping", dir);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0) {
		int e = errno;

		snprintf(why, size, "no file can be made there: %s", strerror(e));
		return -e;
	}
	r = try_file(fd, why, size);
	unlink(path);
	return r;
}

int oom_mapping_check(const struct oom_mapping *mapping, const struct oom_qemu *qemu,
	const char *cache, const char *dir, char *why, size_t size)
{
	char reason[160];
	int r = mapping->works ? 0 : -EOPNOTSUPP;

	if (r) {
		snprintf(why, size,
			"QEMU %s cannot save a machine without its memory (x-ignore-shared)",
			qemu->version);
		return r;
	}
	r = oom_mapping_check_dir(dir, reason, sizeof(reason));
	if (r)
		snprintf(why, size,
			"the cache '%s' cannot be mapped, %s (set OOMGATE_CACHE to another folder)",
			cache, reason);
	return r;
}

static bool has_named(const json_t *list, const char *key, const char *name)
{
	size_t i;
	const json_t *item;

	json_array_foreach (list, i, item) {
		const char *text = json_string_value(json_object_get(item, key));

		if (text && !strcmp(text, name))
			return true;
	}
	return false;
}

void oom_mapping_read(const char *answers, struct oom_mapping *ret)
{
	struct oom_mapping mapping = {0};

	for (const char *line = answers; *line;) {
		size_t len = strcspn(line, "\n");
		json_t *json = json_loadb(line, len, 0, NULL);
		const json_t *list = json_object_get(json, "return");

		mapping.works |= has_named(list, "capability", "x-ignore-shared");
		mapping.readonly |= has_named(list, "name", "rom");
		json_decref(json);
		line += len + (line[len] == '\n');
	}
	*ret = mapping;
}

void oom_mapping_ask(const char *cache, const struct oom_qemu *qemu, struct oom_mapping *ret)
{
	static const char questions[] = "{\"execute\":\"qmp_capabilities\"}\n"
					"{\"execute\":\"query-migrate-capabilities\"}\n"
					"{\"execute\":\"qom-list-properties\",\"arguments\":"
					"{\"typename\":\"memory-backend-file\"}}\n"
					"{\"execute\":\"quit\"}\n";
	struct oom_arena arena = {0};
	const char *temp, *log, *lib = "LC_ALL=C", *data = qemu->data_dir ? qemu->data_dir : NULL;
	const char *argv[] = {"env", NULL, qemu->program, "-M", "none", "-nodefaults",
		"-no-user-config", "-display", "none", "-qmp", "stdio", data ? "-L" : NULL, data,
		NULL};
	char *answers;

	*ret = (struct oom_mapping){0};
	if (qemu->lib_dir)
		lib = oom_arena_printf(&arena, "LD_LIBRARY_PATH=%s", qemu->lib_dir);
	argv[1] = lib;
	if (!oom_cache_temp(&arena, cache, OOM_CACHE_STATES, NULL, &temp)) {
		log = oom_arena_printf(&arena, "%s/log", temp);
		if (lib && log && !oom_tool_run(argv, questions, log, NULL) &&
			!oom_file_read(&arena, log, 1 << 20, &answers, NULL))
			oom_mapping_read(answers, ret);
		oom_tree_remove(temp);
	}
	oom_arena_release(&arena);
}

bool oom_mapping_is_spoilt(const struct oom_guest_shape *shape, const struct oom_mapping *mapping)
{
	return shape->balloon || (shape->spare_dimms && !mapping->readonly);
}
