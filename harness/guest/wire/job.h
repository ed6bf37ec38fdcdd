/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_WIRE_JOB_H
#define OOM_WIRE_JOB_H

#include "lib/base/arena.h"
#include "lib/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a guest is told over its port. */
struct oom_guest_job {
	const char *id, *path, *text; /* the scenario: its id, its file's name, the whole file */
	const char *machine; /* the machine's id, for the record */
	const char *evidence_dir; /* in the guest: every file in it is handed to the host */
	unsigned attempt;
	uint64_t seed, timeout_us;
	int64_t realtime_us; /* the host's clock when it was sent */
	unsigned char entropy[64];
	unsigned char nonce[16]; /* of this job alone: what answers it says it again */
	bool swap, disk; /* are there such disks for it? */
	bool legacy; /* it wants cgroup v1 */
	int64_t hugepages; /* which it wants in the pool */
};

/* Room for a nonce as text, hexadecimal. */
enum { OOM_JOB_NONCE_TEXT = 2 * sizeof(((struct oom_guest_job *)NULL)->nonce) + 1 };
/* @buf is returned. */
const char *oom_job_nonce(const struct oom_guest_job *job, char buf[static OOM_JOB_NONCE_TEXT]);

int oom_job_decode(struct oom_arena *arena, const char *data, size_t len, struct oom_err *err,
	struct oom_guest_job *ret);
int oom_job_encode(const struct oom_guest_job *job, char **ret, size_t *ret_len);

#endif
