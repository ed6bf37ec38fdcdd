/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_GUEST_INTERNAL_H
#define OOM_GUEST_INTERNAL_H

#include "harness/guest/guest.h"
#include "lib/base/arena.h"
#include "lib/base/err.h"

#include <jansson.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

/*
 * What the files of harness/guest/ share. One mechanism a file: cache (folders, hashes, bounds), tool
 * (external programs), image, initrd, payload, shape, qemu, state (saved machines), frame, qmp, attempt.
 */

/* ---- blobs.c: scripts carried in the program ---- */
struct oom_blob {
	const char *text; /* NUL behind it */
	size_t len;
};
struct oom_blob oom_blob_image_build(void);
struct oom_blob oom_blob_guest_init(void);
struct oom_blob oom_blob_qemu_fetch(void);

/* ---- cache.c --------------------------------------------------------------------------------------- */
enum { OOM_HASH_SEED = 0x4f4f4d47 };
/* Not for adversaries: it finds truncation, rot and change. Chain with the result as @seed. */
uint64_t oom_hash(uint64_t seed, const void *data, size_t len);
uint64_t oom_hash_text(uint64_t seed, const char *text);
int oom_hash_fd(uint64_t seed, int fd, uint64_t *ret, uint64_t *ret_size);
int oom_hash_file(uint64_t seed, const char *path, uint64_t *ret);

/* The folders of the cache; what is half made lies in one of them, and all of them are swept. */
enum oom_cache_folder {
	OOM_CACHE_IMAGES,
	OOM_CACHE_STATES,
	OOM_CACHE_PAYLOADS,
	OOM_CACHE_KERNELS,
	OOM_CACHE_QEMU,
	OOM_CACHE_FOLDERS,
};
const char *oom_cache_folder_name(enum oom_cache_folder folder);
/* $OOMGATE_CACHE, $XDG_CACHE_HOME/oomgate or ~/.cache/oomgate with its folders, made where missing. */
int oom_cache_open(struct oom_arena *arena, struct oom_err *err, const char **ret);
/* cache_modes.c: takes the group's and the others' permissions from a tree; from all of a cache that is ours. One
 * that was given @by_name stays itself as it is, with what else is in it. */
int oom_tree_narrow(const char *path);
int oom_cache_narrow(const char *cache, bool by_name, struct oom_err *err);
/* As json_dump_file(), for the owner alone. 0 or -errno. */
int oom_cache_json_write(const char *path, const json_t *json, size_t flags);
/* $OOMGATE_CACHE_MAX (a size), default 8 GiB: bound of saved machines and payload disks. What is no size
 * does not count: oom_cache_open() has refused it. */
uint64_t oom_cache_bound_bytes(void);
/* Where @r says that the disk is full: the sentence for it, with the way out. Returns @r. */
int oom_cache_explain(const char *cache, int r, struct oom_err *err);
/* Removes the least recently used saved machines, payload disks and initial file systems until they fit, never @keep. */
int oom_cache_prune(const char *cache, uint64_t bound_bytes, const char *keep);
/* As long as *@ret_fd is open nobody's pruning removes the file @path. -ESTALE: it is just going. */
int oom_cache_hold(const char *path, int *ret_fd);
/* Removes a file or a tree; a missing one is no error. */
int oom_tree_remove(const char *path);
/* Bytes on disk of a file or a tree. */
uint64_t oom_tree_bytes(const char *path);
/* A new empty folder CACHE/FOLDER/.tmp-PID-RANDOM, ours until it is removed or we end. */
int oom_cache_temp(struct oom_arena *arena, const char *cache, enum oom_cache_folder folder, struct oom_err *err,
	const char **ret);
/* Removes such folders of all of @cache that nobody fills any more: how many, or -errno. Where the process that
 * made one is gone and its tool is just ending, that is waited for as long as @wait_us. @say may be NULL. */
int oom_cache_sweep(const char *cache, bool dry, uint64_t wait_us, void (*say)(const char *what),
	struct oom_err *err);
/* Closes what a child has inherited, from 3 on, but for the locks on such folders. */
void oom_cache_temp_keep(void);
int oom_file_read(struct oom_arena *arena, const char *path, size_t max, char **ret, size_t *ret_len);
int oom_file_write(const char *path, const void *data, size_t len, mode_t mode, struct oom_err *err);

/* ---- tool.c ---------------------------------------------------------------------------------------- */
/* Runs @argv to its end, output to @log; @input (may be NULL) on its stdin. Non-zero exits are errors
 * that quote the log's last line. The tool dies with us. */
int oom_tool_run(const char *const argv[], const char *input, const char *log, struct oom_err *err);
/* Is one of SIGINT, SIGTERM, SIGHUP pending, where they are blocked for a caller's signalfd? Waits so long
 * for it, and leaves it pending. */
bool oom_interrupted_within(int timeout_ms);
/* fork() whose child gets @death_signal when its parent dies, and blocks no signals; 0 in the child. */
pid_t oom_fork_bound(int death_signal);
/* What a guest is told of its time stamp counter, where it is emulated; takes 20 ms. */
uint64_t oom_tsc_khz(void);
/* The last @max bytes of a log, unprintables and blanks at the end dropped, in one line. */
char *oom_log_tail(struct oom_arena *arena, const char *path, size_t max);

/* ---- image.c, image_build.c ------------------------------------------------------------------------ */
/* own_disk.c: a disk image of the user's, opened for reading and looked at. */
struct oom_own_disk {
	int fd;
	bool is_qcow2;	/* else raw */
	bool is_device; /* else a file */
};
/* -EINVAL with the way out: a format that is not taken, or one that names other files. */
int oom_own_disk_open(const char *path, struct oom_err *err, struct oom_own_disk *ret);

struct oom_image {
	const char *name;    /* debian:bookworm, or the path of a disk image */
	const char *dir;     /* NULL: a disk image of the user's */
	const char *disk;    /* root.ext2, or the path */
	const char *vmlinuz, *modules, *busybox;
	const char *kernel, *systemd; /* releases; systemd NULL: not known */
	bool own_disk;
	struct oom_own_disk own; /* where it is one */
	uint64_t size_bytes;
	int64_t built_realtime;
};

/* The cached image of @name built by the present recipe. -ENOENT: none. */
int oom_image_find(struct oom_arena *arena, const char *cache, const char *name, struct oom_image *ret);
/* Every image of the cache, by name, newest first, those of older recipes too. */
int oom_image_list(struct oom_arena *arena, const char *cache, struct oom_image **ret, size_t *ret_count);
/* Removes all of @name; counts them. */
int oom_image_remove(const char *cache, const char *name, struct oom_err *err);
int oom_image_build(struct oom_arena *arena, const char *cache, const char *name, bool refresh,
	void (*say)(void *ctx, const char *line), void *say_ctx, struct oom_err *err,
	struct oom_image *ret);
/* The sentence for a tool that failed to @what ("build 'X'") from an archive, by what it @said, with the way out. */
int oom_archive_failed(const char *what, const char *said, const char *log, struct oom_err *err);
/* image_probe.c: what a user other than root needs for it, below @root ("": this machine): user namespaces
 * and a range of subordinate users (subuid(5)). -EPERM with the way out. */
int oom_image_user_probe(const char *root, const char *user, uid_t uid, struct oom_err *err);
/* suite.c: "debian:bookworm" → "bookworm"; NULL when @name is none of oom_suites. */
const char *oom_image_suite(const char *name);
uint64_t oom_image_recipe(void);

/* ---- kernel.c: what a kernel file says about itself ------------------------------------------------- */
/* Where the release stands in the bytes of a bzImage or an ELF vmlinux: of @ret_len printable bytes without a
 * slash, a digit first. NULL: they are none. */
const char *oom_kernel_version(const char *image, size_t len, size_t *ret_len);
/* The release ("6.12.95+deb13-cloud-amd64") of a bzImage or an ELF vmlinux. */
int oom_kernel_release(struct oom_arena *arena, const char *path, struct oom_err *err, const char **ret);
/*
 * As much of a bzImage as QEMU looks at before it runs (its setup sectors, Documentation/arch/x86/boot.rst): a
 * machine that is restored has its kernel in its memory, and reading 15 MB of kernel and initrd again is a
 * tenth of a restore. A file of no name, or -ENOTSUP: this is no bzImage.
 */
int oom_kernel_head(const char *path);
/* -1, 0, 1 by the leading numbers of two releases. */
int oom_release_compare(const char *a, const char *b);

/* ---- initrd.c -------------------------------------------------------------------------------------- */
/* Writes the initial file system: busybox, init, and the machine's modules in the order of loading.
 * @modules: the folder of one release with modules.dep; NULL: everything is built in. */
int oom_initrd_write(const char *path, const char *busybox, const char *modules, const char *release,
	struct oom_err *err);

/* Is @modules such a folder, of @release? As far as it can be told without unpacking. */
int oom_modules_check(const char *modules, const char *release, struct oom_err *err);

/* ---- payload.c ------------------------------------------------------------------------------------- */
/* The disk with this program, its helper, its libraries and the --config tree. */
int oom_payload_make(struct oom_arena *arena, const char *cache, const char *exe, const char *helper,
	const char *config_dir, struct oom_err *err, const char **ret);
/* This program and its helper oomgate-workload. */
int oom_payload_programs(struct oom_arena *arena, struct oom_err *err, const char **ret_exe,
	const char **ret_helper);

/* ---- shape.c --------------------------------------------------------------------------------------- */
struct oom_guest_shape {
	uint64_t memory_bytes;
	uint64_t node_bytes[OOM_NUMA_NODES_MAX];
	int n_nodes, cpus;
	/* what the scenario's faults may unplug, out of cpus and memory_bytes */
	int spare_cpus, spare_dimms;
	bool legacy; /* cgroup v1 */
	const char *kernel_args;
	/* what a restored guest is given: no part of the saved machine */
	uint64_t swap_bytes, disk_bytes;
	int64_t hugepages;
};
/* From [Machine] (@scenario may be NULL: the defaults). -EINVAL, or -E2BIG: larger than this host. */
int oom_guest_shape_read(struct oom_arena *arena, const struct oom_scenario *scenario, struct oom_err *err,
	struct oom_guest_shape *ret);

/* What this host could still give, page cache and all; UINT64_MAX: not known. */
uint64_t oom_host_available_bytes(struct oom_arena *arena);

/* ---- qemu.c, qemu_find.c, probe.c ------------------------------------------------------------------ */
struct oom_qemu {
	const char *program, *data_dir, *lib_dir; /* the folders are NULL for the host's own */
	const char *version; /* "7.2.22" */
	int major;
};
/* The first executable file of that name in $PATH; NULL: none. */
char *oom_path_find(struct oom_arena *arena, const char *name);
/* The host's, or one of the cache. -ENOENT with the way out. */
int oom_qemu_find(struct oom_arena *arena, const char *cache, struct oom_err *err, struct oom_qemu *ret);
/* From this kernel on TCG needs a QEMU of this version: 7.2 boots 5.10 and 6.1; 6.12 and later oops early on it. */
#define OOM_NEWER_KERNEL "6.2"
enum { OOM_NEWER_MAJOR = 10 };
/* Such a one of the cache; -ENOENT. */
int oom_qemu_find_newer(struct oom_arena *arena, const char *cache, struct oom_qemu *ret);
/* One that boots @release under TCG: the host's where it is new enough, else fetched into the cache. */
int oom_qemu_newer(struct oom_arena *arena, const char *cache,
	void (*say)(void *ctx, const char *line), void *say_ctx, struct oom_err *err,
	struct oom_qemu *ret);
bool oom_qemu_boots(const struct oom_qemu *qemu, const char *release);

/* A machine to be: everything that makes up its identity. */
struct oom_vm {
	struct oom_qemu qemu;
	const char *accel; /* kvm, tcg */
	const struct oom_image *image;
	const char *vmlinuz, *initrd, *payload, *kernel; /* kernel: its release */
	struct oom_guest_shape shape;
};
/* What two saved machines must have in common to be the same. */
int oom_vm_key(const struct oom_vm *vm, uint64_t *ret);

struct oom_vm_files {
	int qmp_fd, port_fd; /* the child's ends; -1: none */
	int swap_fd, disk_fd; /* -1: an empty one */
	int head_fd; /* oom_kernel_head(), for a machine that is restored; -1: the whole kernel */
	const char *console, *log;
	const char *append; /* more kernel arguments, or NULL */
	bool incoming;
	uint64_t file_max_bytes; /* that QEMU may write into one file; 0: any */
};
/* The arguments, NULL at the end; @files NULL: with place holders, for the key. */
int oom_vm_argv(struct oom_arena *arena, const struct oom_vm *vm, const struct oom_vm_files *files,
	const char ***ret);
/* Every machine has a disk to swap on and one for files, and takes them for so large, which costs nothing:
 * a swap area and a file system know their own size. So one saved machine does for all of these sizes. */
#define OOM_OWN_DISK_BYTES ((uint64_t)1 << 40)
#define OOM_SWAP_SERIAL	   "oomgate-swap" /* /sys/block/NAME/serial */
#define OOM_DISK_SERIAL	   "oomgate-disk"
/* disk.c: an empty swap area, or an empty file system, of a name-less file of the host's; the fd. */
int oom_swap_create(const char *cache, uint64_t bytes, struct oom_err *err);
int oom_disk_create(const char *cache, uint64_t bytes, struct oom_err *err);
int oom_vm_spawn(const struct oom_vm *vm, const struct oom_vm_files *files, struct oom_err *err,
	pid_t *ret_pid, int *ret_pidfd);
/* What is known of KVM here. */
struct oom_kvm {
	bool device;	  /* /dev/kvm is there, opens and answers */
	bool works;	  /* a guest came up with it */
	int64_t probed_s; /* when that was tried; -1: not yet */
	char why[240];	  /* why it does not work; "" where it does, and where nobody has tried */
	char path[PATH_MAX]; /* the file that remembers the answer */
};
void oom_kvm_ask(const char *cache, const struct oom_qemu *qemu, struct oom_kvm *ret);
/* Its parts: what can be told without a guest (0: a guest must tell; -errno with @why); what a probe left in the
 * cache ("yes", or "no" and the reason in the next line); why a guest did not come up: what KVM or QEMU said in
 * the log, and how QEMU ended (@status: of wait(2); -1: it hung). */
int oom_kvm_check_device(const char *path, char *why, size_t size);
bool oom_kvm_remembered(struct oom_arena *arena, const char *path, struct oom_kvm *ret);
void oom_kvm_explain(struct oom_arena *arena, const char *log, int status, char *why, size_t size);
struct oom_guest_facts;
/* As doctor tells it: facts->kvm and ->kvm_state. */
void oom_kvm_describe(const struct oom_kvm *kvm, struct oom_guest_facts *ret);
/* Does KVM boot @image here? Probed once, and remembered with the reason. */
bool oom_kvm_works(const char *cache, const struct oom_qemu *qemu, const struct oom_image *image,
	const char *vmlinuz, const char *initrd);

/* ---- state.c: saved machines ----------------------------------------------------------------------- */
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
void oom_state_init(const char *cache, uint64_t key, struct oom_state *ret);
/* Opens and verifies it. -ENOENT: none; -EBADMSG: it was damaged and is gone now. */
int oom_state_open(const struct oom_state *state, struct oom_verified *seen, struct oom_err *err,
	int *ret_fd);
/* Begins a new one: a temporary folder with an empty file. */
int oom_state_create(struct oom_state *state, const char *cache, struct oom_err *err, int *ret_fd);
/* Seals it: checksum, rename, bound. */
int oom_state_commit(struct oom_state *state, const char *cache, int fd, struct oom_err *err);
void oom_state_discard(struct oom_state *state); /* the temporary folder */
void oom_state_drop(const struct oom_state *state); /* the saved machine */
uint64_t oom_state_disk_left(const char *cache);

/* ---- frame.c: the protocol over the virtio port ----------------------------------------------------- */
/*
 * A frame is a header (two little-endian u32: type, length) and its payload. Guest and host are the
 * same program, so there is no negotiation; the length is bounded all the same.
 */
enum oom_frame_type {
	OOM_FRAME_HELLO = 0x6f6f6d01, /* guest: JSON {"kernel","systemd","memory_bytes"} */
	OOM_FRAME_START,	      /* host: JSON, see job.c */
	OOM_FRAME_ALIVE,	      /* guest: empty, once a second */
	OOM_FRAME_FILE,		      /* guest: name NUL bytes; several of one name are appended */
	OOM_FRAME_RECORD,	      /* guest: a piece of the record's JSON */
	OOM_FRAME_REQUEST,	      /* guest: JSON, something only the host can do */
	OOM_FRAME_FAILED,	      /* guest: text; the attempt has no record */
	OOM_FRAME_SKIPPED,	      /* guest: text; a need of the machine's is not met here */
	OOM_FRAME_DONE,		      /* guest: empty */
};
enum { OOM_FRAME_MAX = 1 << 20, OOM_FRAME_HEADER = 8 };
struct oom_frame {
	enum oom_frame_type type;
	uint32_t len;
	const char *data; /* valid until the next call */
};
struct oom_buffer {
	char *data;
	size_t len, size, taken;
};
void oom_buffer_free(struct oom_buffer *buffer);
int oom_buffer_add(struct oom_buffer *buffer, const void *data, size_t len);
/* Reads what is there. 1: something came, 0: nothing now, -EPIPE: the end, -errno. */
int oom_buffer_fill(struct oom_buffer *buffer, int fd);
/* Writes what goes without blocking. 0: all gone, 1: some left, -errno. */
int oom_buffer_drain(struct oom_buffer *buffer, int fd);
/* 1: *ret is the next whole frame, 0: none yet, -EBADMSG: that is no frame. */
int oom_frame_next(struct oom_buffer *buffer, struct oom_frame *ret);
int oom_frame_add(struct oom_buffer *buffer, enum oom_frame_type type, const void *data, size_t len);
/* Blocking, for the guest's side. */
int oom_frame_send(int fd, enum oom_frame_type type, const void *data, size_t len);

/* ---- job.c: what a guest is told -------------------------------------------------------------------- */
int oom_job_encode(const struct oom_guest_job *job, char **ret, size_t *ret_len);
int oom_job_decode(struct oom_arena *arena, const char *data, size_t len, struct oom_err *err,
	struct oom_guest_job *ret);

/* ---- host.c ---------------------------------------------------------------------------------------- */
/* One machine that was asked for: made ready once, then shared by its attempts. */
struct oom_prepared {
	struct oom_prepared *next;
	struct oom_guest_spec spec;
	struct oom_image image;
	struct oom_qemu qemu;
	const char *vmlinuz, *initrd, *kernel, *accel, *modules;
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
	uint64_t memory_bytes, used_bytes; /* to be had when it was opened; of guests that run now */
	struct oom_qemu qemu;
	struct oom_prepared *prepared;
	struct oom_boot *boots;
	struct oom_verified verified[OOM_VERIFIED_SLOTS];
};
int oom_host_prepared(struct oom_guest_host *host, const struct oom_guest_spec *spec,
	struct oom_err *err, const struct oom_prepared **ret);
void oom_host_say(struct oom_guest_host *host, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
