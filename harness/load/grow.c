// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/load/load.h"

#include <errno.h>
#include <sys/mman.h>

#define PIECE_BYTES ((uint64_t)2 << 20) /* Chunk= where a type has none */
/* mprotect() in pieces: each is accounted by itself, so a heuristic overcommit refuses none of them
 * for its size alone */
#define COMMIT_BYTES ((uint64_t)64 << 20)

void *oom_load_map(uint64_t bytes)
{
	char *addr = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (addr == MAP_FAILED)
		return NULL;
	for (uint64_t done = 0; done < bytes; done += COMMIT_BYTES) {
		uint64_t left = bytes - done;

		if (mprotect(addr + done, left < COMMIT_BYTES ? left : COMMIT_BYTES,
			    PROT_READ | PROT_WRITE)) {
			int code = errno;

			munmap(addr, bytes);
			errno = code;
			return NULL;
		}
	}
	return addr;
}

/* 0, or -errno */
static int grow_by(struct oom_load *load, uint64_t bytes, oom_load_piece_fn prepare)
{
	void *addr;
	int r = 0;

	/* a small piece needs no reservation: the mappings stay neighbours and merge */
	if (bytes <= COMMIT_BYTES || oom_load_is(load, "Request", "whole")) {
		addr = mmap(
			NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		addr = addr == MAP_FAILED ? NULL : addr;
	} else {
		addr = oom_load_map(bytes);
	}
	if (!addr)
		return -errno;
	if (prepare)
		r = prepare(load, addr, bytes);
	if (r < 0) {
		munmap(addr, bytes);
		return r;
	}
	oom_load_touch(load, addr, bytes);
	return 0;
}

int oom_load_grow(struct oom_load *load, uint64_t bytes, oom_load_piece_fn prepare)
{
	uint64_t chunk = oom_load_number(load, "Chunk", PIECE_BYTES);

	/* an order over all of it, or an aligned huge page, needs all of it */
	if (oom_load_is(load, "Pattern", "random") || oom_load_is(load, "Pattern", "reverse") ||
		oom_load_is(load, "THP", "always") || oom_load_is(load, "Request", "whole"))
		chunk = bytes;
	while (bytes) {
		uint64_t piece = bytes > chunk ? chunk : bytes;
		int r = grow_by(load, piece, prepare);

		if (r < 0) {
			r = oom_load_refused(load, -r);
			if (r != OOM_LOAD_RETRY)
				return r;
			continue;
		}
		bytes -= piece;
	}
	return 0;
}
