// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Saved machines: states/KEY/ with "state" (QEMU's stream), a file for each part of the memory that is mapped, and
 * meta.json with the checksum of each. Whole and checked, or not there at all.
 */
#include "harness/guest/vm/state.h"

#include "harness/guest/cache/cache.h"
#include "harness/guest/cache/cache_temp.h"
#include "harness/guest/cache/hash.h"
#include "harness/guest/cache/modes.h"
#include "harness/guest/cache/sparse.h"
#include "harness/guest/vm/mapping.h"
#include "harness/host/file.h"
#include "lib/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define STREAM "state"

void oom_state_init(const char *cache, uint64_t key, struct oom_state *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->key = key;
	snprintf(ret->dir, sizeof(ret->dir), "%s/states/%016" PRIx64, cache, key);
}

void oom_saved_close(struct oom_saved *saved)
{
	oom_closep(&saved->fd);
	oom_memory_close(&saved->memory);
}

enum stamp {
	OF_CONTENT, /* what every write and every hole changes */
	OF_FILE, /* mode and name, too */
};

static uint64_t stamp_one(uint64_t sum, int fd, enum stamp of)
{
	struct stat st = {0};
	struct timespec time;
	uint64_t id[5];

	if (fstat(fd, &st) < 0)
		return 0;
	time = of == OF_FILE ? st.st_ctim : st.st_mtim;
	id[0] = st.st_dev;
	id[1] = st.st_ino;
	id[2] = (uint64_t)st.st_size;
	id[3] = (uint64_t)time.tv_sec;
	id[4] = (uint64_t)time.tv_nsec;
	return oom_hash(sum, id, sizeof(id));
}

static uint64_t stamp(const struct oom_saved *saved, enum stamp of)
{
	uint64_t sum = stamp_one(OOM_HASH_SEED, saved->fd, of);

	for (size_t i = 0; i < saved->memory.count; i++)
		sum = stamp_one(sum, saved->memory.parts[i].fd, of);
	return sum;
}

bool oom_saved_is_whole(const struct oom_saved *saved)
{
	return stamp(saved, OF_CONTENT) == saved->stamp;
}

static int verify_one(const json_t *files, const char *name, int fd)
{
	const json_t *file = json_object_get(files, name);
	const char *text = json_string_value(json_object_get(file, "hash"));
	uint64_t hash, size,
		wanted = (uint64_t)json_integer_value(json_object_get(file, "size_bytes"));
	struct stat st;

	/* a file of another size need not be read */
	if (!text || fstat(fd, &st) < 0 || (uint64_t)st.st_size != wanted)
		return -EBADMSG;
	if (oom_sparse_hash(OOM_HASH_SEED, fd, &hash, &size))
		return -EBADMSG;
	return size == wanted && hash == strtoull(text, NULL, 16) ? 0 : -EBADMSG;
}

/* All is read once per process; then the stamp must do. */
static int verify(const struct oom_state *state, const json_t *meta, struct oom_verified *seen,
	struct oom_saved *saved)
{
	struct oom_verified *slot = &seen[state->key % OOM_VERIFIED_SLOTS];
	const json_t *files = json_object_get(meta, "files");
	uint64_t sum = stamp(saved, OF_FILE);
	int r;

	saved->stamp = stamp(saved, OF_CONTENT);
	if (slot->key == state->key && slot->stamp == sum)
		return 0;
	r = verify_one(files, STREAM, saved->fd);
	for (size_t i = 0; !r && i < saved->memory.count; i++)
		r = verify_one(files, saved->memory.parts[i].name, saved->memory.parts[i].fd);
	if (!r)
		*slot = (struct oom_verified){state->key, sum};
	return r;
}

/* A plain file, whatever else somebody may have laid there: a FIFO would be waited for for ever. */
static int open_in(const char *dir, const char *name, int flags)
{
	char path[640];
	oom_autoclose int fd = -1;
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	if (fd < 0)
		return errno == ELOOP || errno == ENXIO ? -EBADMSG : -errno;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return -EBADMSG;
	return oom_take_fd(&fd);
}

/* The memory that @meta knows of is as large as that of the machine in question, or there is none in files. */
static int open_memory(const struct oom_state *state, const json_t *meta,
	const struct oom_guest_memory *wanted, struct oom_guest_memory *ret)
{
	const json_t *files = json_object_get(meta, "files");
	struct oom_guest_memory memory = *wanted;
	int r = 0;

	for (size_t i = 0; i < memory.count; i++)
		memory.parts[i].fd = -1;
	if (json_object_size(files) < 2)
		return 0;
	memory.readonly = json_is_true(json_object_get(meta, "readonly"));
	for (size_t i = 0; !r && i < memory.count; i++) {
		struct oom_guest_memory_part *part = &memory.parts[i];
		struct stat st;

		part->fd = open_in(state->dir, part->name, O_RDONLY);
		if (part->fd < 0 || fstat(part->fd, &st) < 0 || (uint64_t)st.st_size != part->bytes)
			r = -EBADMSG;
	}
	if (r)
		oom_memory_close(&memory);
	else
		*ret = memory;
	return r;
}

static json_t *read_meta(const struct oom_state *state)
{
	oom_autoclose int fd = open_in(state->dir, "meta.json", O_RDONLY);
	json_t *meta = fd < 0 ? NULL : json_loadfd(fd, 0, NULL);
	const char *schema;

	schema = json_string_value(json_object_get(meta, "schema"));
	if (schema && !strcmp(schema, OOM_STATE_SCHEMA))
		return meta;
	json_decref(meta);
	return NULL;
}

static int open_whole(const struct oom_state *state, const struct oom_guest_memory *memory,
	struct oom_verified *seen, struct oom_saved *saved)
{
	json_t *meta = read_meta(state);
	int r = meta && saved->fd >= 0 ? 0 : -EBADMSG;

	if (!r)
		r = open_memory(state, meta, memory, &saved->memory);
	/* it may have been moved there */
	if (!r && saved->memory.count && !oom_mapping_is_local(saved->fd))
		r = -EREMOTE;
	if (!r)
		r = verify(state, meta, seen, saved);
	json_decref(meta);
	return r;
}

int oom_state_open(const struct oom_state *state, const struct oom_guest_memory *memory,
	struct oom_verified *seen, struct oom_err *err, struct oom_saved *ret)
{
	struct oom_saved saved = {.fd = open_in(state->dir, STREAM, O_RDONLY)};
	int r;

	if (saved.fd < 0 && saved.fd != -ENOENT && saved.fd != -EBADMSG)
		return oom_err_errno(
			err, -saved.fd, "cannot open the saved machine '%s'", state->dir);
	if (saved.fd < 0 && access(state->dir, F_OK) < 0)
		return -ENOENT;
	r = open_whole(state, memory, seen, &saved);
	if (r) {
		oom_saved_close(&saved);
		oom_state_drop(state);
		return oom_err_set(err, EBADMSG, "the saved machine '%s' %s and has been dropped",
			state->dir,
			r == -EREMOTE ? "is on a file system that other hosts share"
				      : "was damaged");
	}
	lseek(saved.fd, 0, SEEK_SET); /* for QEMU, which reads on from where we are */
	/* least recently used goes first; the folder's time is the mark */
	utimensat(AT_FDCWD, state->dir, NULL, 0);
	*ret = saved;
	return 0;
}

int oom_state_create(struct oom_state *state, const char *cache, struct oom_err *err, int *ret_fd)
{
	struct oom_arena arena = {0};
	const char *temp;
	int fd, r = oom_cache_temp(&arena, cache, OOM_CACHE_STATES, err, &temp);

	if (!r)
		snprintf(state->temp, sizeof(state->temp), "%s", temp);
	oom_arena_release(&arena);
	if (r)
		return r;
	fd = open_in(state->temp, STREAM, O_RDWR | O_CREAT | O_EXCL);
	if (fd < 0)
		return oom_err_errno(err, -fd, "cannot write to '%s'", state->temp);
	*ret_fd = fd;
	return 0;
}

static int describe_file(json_t *files, const char *name, int fd)
{
	uint64_t hash, size;
	char hex[24];
	int r = oom_sparse_hash(OOM_HASH_SEED, fd, &hash, &size);

	if (r)
		return r;
	snprintf(hex, sizeof(hex), "%016" PRIx64, hash);
	return json_object_set_new(
		files, name, json_pack("{s:I, s:s}", "size_bytes", (json_int_t)size, "hash", hex));
}

/* Copies it from where the machine ran; what is checked later is what can be read back. */
static int save_part(
	const struct oom_state *state, const struct oom_guest_memory_part *part, json_t *files)
{
	oom_autoclose int fd = open_in(state->temp, part->name, O_RDWR | O_CREAT | O_EXCL);
	int r = fd < 0 ? fd : oom_sparse_copy(part->fd, fd, part->bytes);

	return r ? r : describe_file(files, part->name, fd);
}

static int write_files(
	const struct oom_state *state, const struct oom_saved *saved, struct oom_err *err)
{
	json_t *files = json_object(), *meta;
	char path[640];
	int r = describe_file(files, STREAM, saved->fd);

	for (size_t i = 0; !r && i < saved->memory.count; i++)
		r = save_part(state, &saved->memory.parts[i], files);
	meta = json_pack("{s:s, s:b, s:O}", "schema", OOM_STATE_SCHEMA, "readonly",
		saved->memory.readonly, "files", files);
	snprintf(path, sizeof(path), "%s/meta.json", state->temp);
	if (!r)
		r = oom_cache_json_write(path, meta, 0);
	json_decref(meta);
	json_decref(files);
	return r ? oom_err_errno(err, -r, "cannot write the saved machine '%s'", state->temp) : 0;
}

int oom_state_commit(struct oom_state *state, const char *cache, const struct oom_saved *saved,
	struct oom_err *err)
{
	int r = write_files(state, saved, err);

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
	char path[640];
	struct statvfs fs;

	snprintf(path, sizeof(path), "%s/states", cache); /* it may be a disk of its own */
	return statvfs(path, &fs) < 0 ? UINT64_MAX : (uint64_t)fs.f_bavail * fs.f_frsize;
}
