// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/guest/cache/hash.h"

#include "harness/host/path_place.h"
#include "lib/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define PRIME_A 0x9e3779b185ebca87ULL
#define PRIME_B 0xc2b2ae3d27d4eb4fULL

static uint64_t mix(uint64_t h)
{
	h ^= h >> 33;
	h *= PRIME_B;
	h ^= h >> 29;
	h *= PRIME_A;
	return h ^ h >> 32;
}

static inline uint64_t lane(uint64_t h, uint64_t word)
{
	h += word * PRIME_B;
	h = h << 31 | h >> 33;
	return h * PRIME_A;
}

/* Four independent lanes: a saved machine of 120 MB costs some 30 ms. */
uint64_t oom_hash(uint64_t seed, const void *data, size_t len)
{
	const unsigned char *p = data;
	uint64_t h[4] = {seed, seed + PRIME_A, seed ^ PRIME_B, seed - PRIME_B};
	uint64_t word[4], sum;
	size_t left = len;

	for (; left >= sizeof(word); p += sizeof(word), left -= sizeof(word)) {
		memcpy(word, p, sizeof(word));
		for (int i = 0; i < 4; i++)
			h[i] = lane(h[i], word[i]);
	}
	memset(word, 0, sizeof(word));
	if (left)
		memcpy(word, p, left);
	sum = len;
	for (int i = 0; i < 4; i++)
		sum = mix(sum ^ lane(h[i], word[i]));
	return sum;
}

uint64_t oom_hash_text(uint64_t seed, const char *text)
{
	return text ? oom_hash(seed, text, strlen(text) + 1) : mix(seed);
}

int oom_hash_fd(uint64_t seed, int fd, uint64_t *ret, uint64_t *ret_size)
{
	struct stat st;
	void *map = NULL;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_size > 0) {
		map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED | MAP_POPULATE, fd, 0);
		if (map == MAP_FAILED)
			return -errno;
	}
	*ret = oom_hash(seed, map, (size_t)st.st_size);
	if (ret_size)
		*ret_size = (uint64_t)st.st_size;
	if (map)
		munmap(map, (size_t)st.st_size);
	return 0;
}

int oom_hash_file(uint64_t seed, const char *path, uint64_t *ret)
{
	oom_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : oom_hash_fd(seed, fd, ret, NULL);
}

uint64_t oom_hash_identity(uint64_t seed, const char *path, int fd)
{
	struct stat st;
	uint64_t id[5] = {0};

	if (path && !(fd >= 0 ? fstat(fd, &st) : stat(path, &st))) {
		id[4] = st.st_dev;
		id[0] = (uint64_t)st.st_size;
		id[1] = (uint64_t)st.st_mtim.tv_sec;
		id[2] = (uint64_t)st.st_mtim.tv_nsec;
		id[3] = st.st_ino;
	}
	return oom_hash(oom_hash_text(seed, path), id, sizeof(id));
}

uint64_t oom_hash_program(uint64_t seed, const char *name)
{
	struct oom_arena arena = {0};
	uint64_t hash = oom_hash_identity(seed, oom_path_find(&arena, name), -1);

	oom_arena_release(&arena);
	return hash;
}
