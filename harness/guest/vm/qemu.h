/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_VM_QEMU_H
#define OOM_VM_QEMU_H

#include "harness/guest/image/image.h"
#include "harness/guest/vm/find.h"
#include "harness/guest/vm/memory.h"
#include "harness/guest/vm/shape.h"
#include "lib/base/arena.h"
#include "lib/base/err.h"

#include <sys/types.h>

/* A machine to be: everything that makes up its identity. */
struct oom_vm {
	struct oom_qemu qemu;
	const char *accel; /* kvm, tcg */
	const struct oom_image *image;
	const char *vmlinuz, *initrd, *payload, *kernel; /* kernel: its release */
	struct oom_guest_shape shape;
};

struct oom_vm_files {
	int qmp_fd, port_fd; /* the child's ends; -1: none */
	int swap_fd, disk_fd; /* -1: an empty one */
	const struct oom_guest_memory
		*memory; /* NULL: not in files. Shared, or private where it is @incoming */
	int head_fd; /* oom_kernel_head(), for a machine that is restored; -1: the whole kernel */
	const char *console, *log;
	const char *printk; /* see add_printk(); NULL: nowhere */
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
int oom_vm_spawn(const struct oom_vm *vm, const struct oom_vm_files *files, struct oom_err *err,
	pid_t *ret_pid, int *ret_pidfd);

#endif
