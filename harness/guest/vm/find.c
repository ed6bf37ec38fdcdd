// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/guest/vm/find.h"

#include "harness/guest/cache/cache.h"
#include "harness/guest/cache/cache_temp.h"
#include "harness/guest/cache/hash.h"
#include "harness/guest/cache/modes.h"
#include "harness/guest/cache/tool.h"
#include "harness/guest/image/blobs.h"
#include "harness/guest/image/build.h"
#include "harness/guest/image/kernel.h"
#include "harness/host/file.h"
#include "harness/host/path_place.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROGRAM	  "qemu-system-x86_64"
#define MADE_FROM "made-from"

/* "QEMU emulator version 7.2.22 (Debian …)" */
static int ask_version(
	struct oom_arena *arena, const char *cache, struct oom_qemu *qemu, struct oom_err *err)
{
	const char *const argv[] = {"env",
		qemu->lib_dir ? oom_arena_printf(arena, "LD_LIBRARY_PATH=%s", qemu->lib_dir)
			      : "LC_ALL=C",
		qemu->program, "--version", NULL};
	const char *temp;
	char log[PATH_MAX], *text = NULL, *version;
	int r = oom_cache_temp(arena, cache, OOM_CACHE_QEMU, err, &temp);

	if (r)
		return r;
	snprintf(log, sizeof(log), "%s/version", temp);
	r = oom_tool_run(argv, NULL, log, err);
	if (!r)
		r = oom_file_read(arena, log, 4096, &text, NULL);
	oom_tree_remove(temp);
	if (r)
		return r;
	version = strstr(text, "version ");
	if (!version || !isdigit((unsigned char)version[8]))
		return oom_err_set(err, EINVAL, "'%s' does not report its version", qemu->program);
	qemu->version = oom_arena_strndup(arena, version + 8, strcspn(version + 8, " \n"));
	qemu->major = atoi(version + 8);
	return qemu->version ? 0 : -ENOMEM;
}

/* One that was unpacked into the cache. */
static int find_cached(struct oom_arena *arena, const char *cache, struct oom_qemu *ret)
{
	struct oom_qemu qemu = {0};

	qemu.program = oom_arena_printf(arena, "%s/qemu/newer/usr/bin/" PROGRAM, cache);
	qemu.data_dir = oom_arena_printf(arena, "%s/qemu/newer/usr/share/qemu", cache);
	qemu.lib_dir = oom_arena_printf(arena, "%s/qemu/newer/usr/lib/x86_64-linux-gnu", cache);
	if (arena->failed)
		return -ENOMEM;
	if (access(qemu.program, X_OK) < 0 || ask_version(arena, cache, &qemu, NULL))
		return -ENOENT;
	*ret = qemu;
	return 0;
}

int oom_qemu_find(
	struct oom_arena *arena, const char *cache, struct oom_err *err, struct oom_qemu *ret)
{
	const char *own = getenv("OOMGATE_QEMU");
	struct oom_qemu qemu = {0};
	int r;

	qemu.program = own && *own ? own : oom_path_find(arena, PROGRAM);
	if (!qemu.program) {
		if (!find_cached(arena, cache, ret))
			return 0;
		return oom_err_set(err, ENOENT,
			"no '" PROGRAM "' in PATH: install qemu-system-x86, or set OOMGATE_QEMU");
	}
	r = ask_version(arena, cache, &qemu, err);
	if (r)
		return r;
	*ret = qemu;
	return 0;
}

/* It is made from what the recipe fetches for the release of this host, whose libraries it needs. */
uint64_t oom_qemu_newer_key(const char *recipe, size_t len, const char *os_release)
{
	return oom_hash_text(oom_hash(OOM_HASH_SEED, recipe, len), os_release);
}

static uint64_t newer_key(struct oom_arena *arena)
{
	struct oom_blob fetch = oom_blob_qemu_fetch();
	char *release;

	if (oom_file_read(arena, "/etc/os-release", 65536, &release, NULL))
		release = NULL;
	return oom_qemu_newer_key(fetch.text, fetch.len, release);
}

/* One without a key is of a version that wrote none: it was made by the recipe there was. */
static bool newer_is_current(struct oom_arena *arena, const char *cache)
{
	char path[PATH_MAX], wanted[32], *text;

	snprintf(path, sizeof(path), "%s/qemu/newer/" MADE_FROM, cache);
	snprintf(wanted, sizeof(wanted), "%016" PRIx64 "\n", newer_key(arena));
	return oom_file_read(arena, path, 64, &text, NULL) || !strcmp(text, wanted);
}

static int write_key(struct oom_arena *arena, const char *dir)
{
	char path[PATH_MAX], text[32];

	snprintf(path, sizeof(path), "%s/" MADE_FROM, dir);
	snprintf(text, sizeof(text), "%016" PRIx64 "\n", newer_key(arena));
	return oom_file_write(path, text, strlen(text), 0600, NULL);
}

int oom_qemu_find_newer(struct oom_arena *arena, const char *cache, struct oom_qemu *ret)
{
	struct oom_qemu qemu;
	int r = newer_is_current(arena, cache) ? find_cached(arena, cache, &qemu) : -ENOENT;

	if (r || qemu.major < OOM_NEWER_MAJOR)
		return r ? r : -ENOENT;
	*ret = qemu;
	return 0;
}

bool oom_qemu_boots(const struct oom_qemu *qemu, const char *release)
{
	return qemu->major >= OOM_NEWER_MAJOR || oom_release_compare(release, OOM_NEWER_KERNEL) < 0;
}

int oom_qemu_newer(struct oom_arena *arena, const char *cache,
	void (*say)(void *ctx, const char *line), void *say_ctx, struct oom_err *err,
	struct oom_qemu *ret)
{
	struct oom_blob fetch = oom_blob_qemu_fetch();
	const char *temp, *final = oom_arena_printf(arena, "%s/qemu/newer", cache);
	const char *log = oom_arena_printf(arena, "%s/fetch-qemu.log", cache);
	struct oom_err cause;
	int r;

	if (!oom_qemu_find_newer(arena, cache, ret))
		return 0;
	if (say)
		say(say_ctx,
			"fetching a newer QEMU into the cache (this host's is too old for the "
			"guest's kernel)");
	r = oom_cache_temp(arena, cache, OOM_CACHE_QEMU, err, &temp);
	if (r || !final || !log)
		return r ? r : oom_err_set(err, ENOMEM, "no memory");
	unlink(log);
	r = oom_tool_run((const char *const[]){"sh", "-s", temp, NULL}, fetch.text, log, &cause);
	if (r) {
		oom_tree_remove(temp);
		if (r == -EINTR)
			return oom_err_set(err, EINTR, "%s", cause.msg);
		return oom_archive_failed("fetch a newer QEMU", cause.msg, log, err);
	}
	unlink(log);
	/* another process may have been quicker */
	if (!newer_is_current(arena, cache))
		oom_tree_remove(final);
	if (write_key(arena, temp) || oom_tree_narrow(temp) || rename(temp, final) < 0)
		oom_tree_remove(temp);
	if (oom_qemu_find_newer(arena, cache, ret))
		return oom_err_set(err, EIO,
			"the QEMU fetched into '%s' does not run, or is also too old", final);
	return 0;
}
