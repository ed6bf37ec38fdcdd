/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_VM_STATE_H
#define OOM_VM_STATE_H

#include "harness/guest/vm/memory.h"
#include "lib/base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define OOM_STATE_SCHEMA "oomgate.state/2"

struct oom_state {
	char dir[512], temp[512];
	uint64_t key;
};

enum { OOM_VERIFIED_SLOTS = 64 };

/* A saved machine whose every byte was checked by this process. */
struct oom_verified {
	uint64_t key, stamp;
};

/* The files of a saved machine, open. */
struct oom_saved {
	int fd; /* QEMU's stream: the devices, and the memory that is not in files */
	struct oom_guest_memory memory; /* to be mapped */
	uint64_t stamp;
};

void oom_saved_close(struct oom_saved *saved);
/* Has nobody written to the files since they were opened? By their sizes and times of change. */
bool oom_saved_is_whole(const struct oom_saved *saved);

/* Seals what was saved into @saved: memory, checksums, rename, bound. Where @saved has memory in files, what is not
 * zero of it is copied. */
int oom_state_commit(struct oom_state *state, const char *cache, const struct oom_saved *saved,
	struct oom_err *err);
/* Begins a new one: a temporary folder with an empty file for QEMU's stream. */
int oom_state_create(struct oom_state *state, const char *cache, struct oom_err *err, int *ret_fd);
void oom_state_discard(struct oom_state *state); /* the temporary folder */
uint64_t oom_state_disk_left(const char *cache);
void oom_state_drop(const struct oom_state *state); /* the saved machine */
void oom_state_init(const char *cache, uint64_t key, struct oom_state *ret);
/* Opens and verifies it; @memory names the parts that a machine of its kind has. -ENOENT: none; -EBADMSG: it was
 * damaged, or is no good here, and is gone now. */
int oom_state_open(const struct oom_state *state, const struct oom_guest_memory *memory,
	struct oom_verified *seen, struct oom_err *err, struct oom_saved *ret);

#endif
