/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_GUEST_H
#define OOM_GUEST_H

#include "lib/record/record.h"
#include "lib/scenario/scenario.h"

/*
 * A throw-away QEMU machine. The runner asks for one attempt of one scenario on one machine and gets a
 * record back: from the guest itself, or, when the guest died, one that says how.
 */

/* What --guest NAME says: "debian:bookworm", or "kernel=PATH[,modules=DIR][,image=NAME|PATH.qcow2]". */
struct oom_guest_spec {
	const char *id;	     /* as given: the machine's id in the record */
	const char *image;   /* debian:SUITE, or the path of a disk image */
	const char *kernel, *modules; /* NULL: the image's own */
};

/* What images can be made of. */
struct oom_suite {
	const char *name;   /* debian:bookworm */
	const char *kernel; /* its generation: 6.1 */
	const char *help;
};
#define OOM_SUITE_DEFAULT "debian:bookworm"
extern const struct oom_suite oom_suites[]; /* name NULL at the end */
/* -EINVAL and what there is instead of @name, @more (may be NULL) included: "unknown image 'debian:bookworn',
 * did you mean 'debian:bookworm'?" */
int oom_suite_unknown(const char *what, const char *name, const char *more, struct oom_err *err);

struct oom_guest_options {
	const char *accel;	/* auto, kvm, tcg */
	const char *config_dir; /* NULL, or a tree laid over the root */
	int jobs;		/* guests at once; 0: what cores and memory allow */
	bool keep;		/* keep the guest's folder for a look */
	void (*say)(void *ctx, const char *line); /* progress: "building debian:bookworm: …" */
	void *say_ctx;
};

/* What a guest is told over its port. */
struct oom_guest_job {
	const char *id, *path, *text; /* the scenario: its id, its file's name, the whole file */
	const char *machine;	      /* the machine's id, for the record */
	const char *evidence_dir;     /* in the guest: every file in it is handed to the host */
	unsigned attempt;
	uint64_t seed, timeout_us;
	int64_t realtime_us;	      /* the host's clock when it was sent */
	unsigned char entropy[64];
	bool swap, disk;   /* are there such disks for it? */
	bool legacy;	   /* it wants cgroup v1 */
	int64_t hugepages; /* which it wants in the pool */
};

int oom_guest_spec_parse(struct oom_arena *arena, const char *text, struct oom_err *err,
	struct oom_guest_spec *ret);

/* Are kernel, modules and disk image what they should be, as far as reading them tells? Builds, fetches and
 * starts nothing. 0, or -errno with @err: the name is wrong, not the machine. */
int oom_guest_spec_check(const struct oom_guest_spec *spec, struct oom_err *err);
/* Can all of the --config folder @dir be read? */
int oom_guest_config_check(const char *dir, struct oom_err *err);

struct oom_guest_host; /* what this machine offers: qemu, accel, cache */
int oom_guest_host_open(const struct oom_guest_options *options, struct oom_err *err,
	struct oom_guest_host **ret);
void oom_guest_host_close(struct oom_guest_host *host);

/* Image there? Builds it where it is missing (and may take minutes). Fills in kernel, systemd, … */
int oom_guest_prepare(struct oom_guest_host *host, const struct oom_guest_spec *spec,
	struct oom_err *err, struct oom_machine_rec *ret);

/*
 * Starts one attempt in a fresh guest: restores the saved state of (image, kernel, shape, config,
 * binary), or boots and saves it first. Never blocks for long: *ret has an fd for epoll.
 */
struct oom_guest_attempt;
int oom_guest_attempt_start(struct oom_guest_host *host, const struct oom_guest_spec *spec,
	const struct oom_scenario *scenario, unsigned attempt, uint64_t seed, uint64_t timeout_us,
	const char *evidence_dir, struct oom_err *err, struct oom_guest_attempt **ret);
int oom_guest_attempt_fd(const struct oom_guest_attempt *attempt); /* readable: call _step */
/* 0: still under way; 1: over, *ret_record is set (death, panic and silence of the guest are records
 * too: verdict broken or fail with the console's tail). */
int oom_guest_attempt_step(struct oom_guest_attempt *attempt, struct oom_attempt **ret_record);
/* Ends QEMU (if it still runs) and frees. */
void oom_guest_attempt_free(struct oom_guest_attempt *attempt);

/* What guests here are made with, as sentences. */
struct oom_guest_facts {
	char qemu[512];	 /* program and version; both, where newer kernels need another one */
	char accel[32];	 /* what a guest gets: kvm, tcg */
	char kvm[4096 + 512]; /* whether it works, why not, when that was tried and how to try again */
	enum { OOM_KVM_NO, OOM_KVM_YES, OOM_KVM_UNTRIED } kvm_state;
};
void oom_guest_describe(const struct oom_guest_host *host, struct oom_guest_facts *ret);

/* Can this user build an image here? 0, or -errno with what is missing and how to get it. */
int oom_image_build_probe(struct oom_err *err);

/* Removes what killed runs have left half-made in the cache: how many, or -errno. With @dry only counts
 * and names them through @say (may be NULL). */
int oom_guest_cleanup(int dry, void (*say)(const char *what), struct oom_err *err);

/* How many guests at once: options.jobs, or what cores and memory allow. */
int oom_guest_host_jobs(const struct oom_guest_host *host);
/* Has this host the memory for one more guest beside those that run? Otherwise it waits for one of them. */
bool oom_guest_host_has_room(struct oom_guest_host *host, const struct oom_scenario *scenario);

/*
 * In the guest, started by its systemd unit: serves attempts over the virtio-serial port @path ("auto":
 * the one named oomgate.0), each in a process of its own, which prepares before the guest is saved. run()
 * judges one job; its record goes to the host.
 */
struct oom_guest_service {
	void (*prepare)(void); /* what needs no job; may be NULL */
	int (*run)(const struct oom_guest_job *job, struct oom_err *err, struct oom_attempt **ret);
};
int oom_guest_agent(const char *path, const struct oom_guest_service *service);

/*
 * In a job: asks the host for what only it can do, as one line of JSON ({"balloon_bytes":N} leaves the
 * guest N bytes; {"swap_error":true} makes its swap disk fail; {"cpu_unplug":N}, {"memory_unplug":N}
 * take N processors or memory modules out). Allocates nothing. -ENOTCONN where there is no host.
 */
int oom_guest_request(const char *json);
/* A memory module that can be unplugged: what x86 Linux takes up and gives up at once is 128M
 * (/sys/devices/system/memory/block_size_bytes). */
#define OOM_GUEST_DIMM_BYTES ((uint64_t)128 << 20)

#endif
