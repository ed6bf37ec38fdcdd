/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_VM_STATE_H
#define OOM_VM_STATE_H

#include "lib/base/err.h"

#include <stdint.h>
#include <sys/types.h>

struct oom_state {
	char dir[512], temp[512];
	uint64_t key;
};

enum { OOM_VERIFIED_SLOTS = 64 };

/* A saved machine whose every byte was checked by this process. */
struct oom_verified {
	uint64_t key;
	ino_t inode;
	struct timespec change;
};

/* Seals it: checksum, rename, bound. */
int oom_state_commit(struct oom_state *state, const char *cache, int fd, struct oom_err *err);
/* Begins a new one: a temporary folder with an empty file. */
int oom_state_create(struct oom_state *state, const char *cache, struct oom_err *err, int *ret_fd);
void oom_state_discard(struct oom_state *state); /* the temporary folder */
uint64_t oom_state_disk_left(const char *cache);
void oom_state_drop(const struct oom_state *state); /* the saved machine */
void oom_state_init(const char *cache, uint64_t key, struct oom_state *ret);
/* Opens and verifies it. -ENOENT: none; -EBADMSG: it was damaged and is gone now. */
int oom_state_open(
	const struct oom_state *state, struct oom_verified *seen, struct oom_err *err, int *ret_fd);

#endif
