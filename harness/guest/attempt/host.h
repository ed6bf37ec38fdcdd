/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_ATTEMPT_HOST_H
#define OOM_ATTEMPT_HOST_H

#include "harness/guest/attempt/room.h"
#include "harness/guest/image/image.h"
#include "harness/guest/image/spec.h"
#include "harness/guest/vm/find.h"
#include "harness/guest/vm/mapping.h"
#include "harness/guest/vm/state.h"
#include "lib/base/arena.h"
#include "lib/base/err.h"
#include "lib/record/record.h"
#include "lib/scenario/scenario.h"

struct oom_guest_options {
	const char *accel; /* auto, kvm, tcg */
	const char *config_dir; /* NULL, or a tree laid over the root */
	int jobs; /* guests at once; 0: what cores and memory allow */
	bool keep; /* keep of each guest what a person looks at */
	void (*say)(void *ctx, const char *line); /* progress: "building debian:bookworm: …" */
	void *say_ctx;
};

/* What its QEMU can do with saved machines; asked when the first is saved. */
struct oom_prepared_mapping {
	bool asked;
	struct oom_mapping is;
};

/* One machine that was asked for: made ready once, then shared by its attempts. */
struct oom_prepared {
	struct oom_prepared *next;
	struct oom_guest_spec spec;
	struct oom_image image;
	struct oom_qemu qemu;
	const char *vmlinuz, *initrd, *kernel, *accel, *modules;
	struct oom_prepared_mapping *mapping;
	int initrd_fd; /* holds it in the cache */
};

/* A boot under way, or that failed: others who want the same machine wait for it, or for nothing. */
struct oom_boot {
	struct oom_boot *next;
	uint64_t key;
	bool under_way;
	int failures;
	char why[480];
	int event_fds[64]; /* who waits */
	int n_waiting;
};

struct oom_guest_host {
	struct oom_arena arena;
	struct oom_guest_options options;
	const char *cache, *exe, *helper, *payload;
	int payload_fd; /* holds it in the cache */
	uint64_t boot_timeout_us;
	struct oom_room room;
	struct oom_qemu qemu;
	struct oom_prepared *prepared;
	struct oom_boot *boots;
	bool told_mapping; /* that guests here cannot map what is saved */
	struct oom_verified verified[OOM_VERIFIED_SLOTS];
};

int oom_host_prepared(struct oom_guest_host *host, const struct oom_guest_spec *spec,
	struct oom_err *err, const struct oom_prepared **ret);
void oom_host_say(struct oom_guest_host *host, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

void oom_guest_host_close(struct oom_guest_host *host);
/* Has this host the memory for one more guest beside those that run? Otherwise it waits for one of them. */
bool oom_guest_host_has_room(struct oom_guest_host *host, const struct oom_scenario *scenario);
/* How many guests at once: options.jobs, or what cores and memory allow. */
int oom_guest_host_jobs(const struct oom_guest_host *host);
int oom_guest_host_open(
	const struct oom_guest_options *options, struct oom_err *err, struct oom_guest_host **ret);
/* Image there? Builds it where it is missing (and may take minutes). Fills in kernel, systemd, … */
int oom_guest_prepare(struct oom_guest_host *host, const struct oom_guest_spec *spec,
	struct oom_err *err, struct oom_machine_rec *ret);

#endif
