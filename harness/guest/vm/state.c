// SPDX-License-Identifier: LGPL-2.1-or-later
/* Saved machines: states/KEY/{state,meta.json}, whole and checked, or not there at all. */
#include "harness/guest/vm/state.h"

#include "harness/guest/cache/cache.h"
#include "harness/guest/cache/cache_temp.h"
#include "harness/guest/cache/hash.h"
#include "harness/guest/cache/modes.h"
#include "harness/host/file.h"
#include "lib/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

void oom_state_init(const char *cache, uint64_t key, struct oom_state *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->key = key;
	snprintf(ret->dir, sizeof(ret->dir), "%s/states/%016" PRIx64, cache, key);
}

static int read_meta(const struct oom_state *state, uint64_t *ret_size, uint64_t *ret_hash)
{
	char path[640];
	const char *hash;
	json_t *json;
	int r = -EBADMSG;

	snprintf(path, sizeof(path), "%s/meta.json", state->dir);
	json = json_load_file(path, 0, NULL);
	hash = json_string_value(json_object_get(json, "hash"));
	if (hash) {
		*ret_size = (uint64_t)json_integer_value(json_object_get(json, "size_bytes"));
		*ret_hash = strtoull(hash, NULL, 16);
		r = 0;
	}
	json_decref(json);
	return r;
}

/* The whole file is read once per process and file; then size, inode and time of change must do. */
static int verify(const struct oom_state *state, int fd, struct oom_verified *seen)
{
	uint64_t size, hash, wanted_size = 0, wanted_hash = 0;
	struct oom_verified *slot = &seen[state->key % OOM_VERIFIED_SLOTS];
	struct stat st;

	if (fstat(fd, &st) < 0 || read_meta(state, &wanted_size, &wanted_hash) ||
		(uint64_t)st.st_size != wanted_size)
		return -EBADMSG;
	if (slot->key == state->key && slot->inode == st.st_ino &&
		slot->change.tv_sec == st.st_ctim.tv_sec &&
		slot->change.tv_nsec == st.st_ctim.tv_nsec)
		return 0;
	if (oom_hash_fd(OOM_HASH_SEED, fd, &hash, &size) || size != wanted_size ||
		hash != wanted_hash)
		return -EBADMSG;
	*slot = (struct oom_verified){state->key, st.st_ino, st.st_ctim};
	return 0;
}

int oom_state_open(
	const struct oom_state *state, struct oom_verified *seen, struct oom_err *err, int *ret_fd)
{
	char path[640];
	oom_autoclose int fd = -1;

	snprintf(path, sizeof(path), "%s/state", state->dir);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno != ENOENT)
		return oom_err_errno(err, errno, "cannot open the saved machine '%s'", path);
	if (fd < 0 && access(state->dir, F_OK) < 0)
		return -ENOENT;
	if (fd < 0 || verify(state, fd, seen)) {
		oom_state_drop(state);
		return oom_err_set(err, EBADMSG,
			"the saved machine '%s' was damaged and has been dropped", state->dir);
	}
	/* least recently used goes first; the folder's time is the mark */
	utimensat(AT_FDCWD, state->dir, NULL, 0);
	*ret_fd = oom_take_fd(&fd);
	return 0;
}

int oom_state_create(struct oom_state *state, const char *cache, struct oom_err *err, int *ret_fd)
{
	struct oom_arena arena = {0};
	char path[640];
	const char *temp;
	int fd, r = oom_cache_temp(&arena, cache, OOM_CACHE_STATES, err, &temp);

	if (!r)
		snprintf(state->temp, sizeof(state->temp), "%s", temp);
	oom_arena_release(&arena);
	if (r)
		return r;
	snprintf(path, sizeof(path), "%s/state", state->temp);
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return oom_err_errno(err, errno, "cannot write '%s'", path);
	*ret_fd = fd;
	return 0;
}

static int write_meta(const struct oom_state *state, int fd, struct oom_err *err)
{
	char path[640], hex[24];
	uint64_t hash, size;
	json_t *json;
	int r = oom_hash_fd(OOM_HASH_SEED, fd, &hash, &size);

	if (r)
		return oom_err_errno(err, -r, "cannot read the saved machine back");
	snprintf(hex, sizeof(hex), "%016" PRIx64, hash);
	snprintf(path, sizeof(path), "%s/meta.json", state->temp);
	json = json_pack("{s:s, s:I, s:s}", "schema", "oomgate.state/1", "size_bytes",
		(json_int_t)size, "hash", hex);
	r = oom_cache_json_write(path, json, 0);
	json_decref(json);
	return r ? oom_err_errno(err, -r, "cannot write '%s'", path) : 0;
}

int oom_state_commit(struct oom_state *state, const char *cache, int fd, struct oom_err *err)
{
	int r = write_meta(state, fd, err);

	if (r)
		return r;
	/* another process may have saved the same machine meanwhile: either is good */
	if (rename(state->temp, state->dir) < 0 && errno != EEXIST && errno != ENOTEMPTY)
		return oom_err_errno(
			err, errno, "cannot move the saved machine to '%s'", state->dir);
	if (!access(state->temp, F_OK))
		oom_tree_remove(state->temp);
	state->temp[0] = '\0';
	oom_cache_prune(cache, oom_cache_bound_bytes(), state->dir);
	return 0;
}

void oom_state_discard(struct oom_state *state)
{
	if (state->temp[0])
		oom_tree_remove(state->temp);
	state->temp[0] = '\0';
}

void oom_state_drop(const struct oom_state *state)
{
	oom_tree_remove(state->dir);
}

uint64_t oom_state_disk_left(const char *cache)
{
	struct statvfs fs;

	return statvfs(cache, &fs) < 0 ? UINT64_MAX : (uint64_t)fs.f_bavail * fs.f_frsize;
}
