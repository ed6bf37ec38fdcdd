// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/guest/vm/key.h"

#include "harness/guest/cache/hash.h"
#include "harness/guest/vm/processor.h"
#include "harness/guest/vm/state.h"
#include "harness/host/process.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What makes two saved machines the same. */

/* What is on a device can change without a trace: a machine that was saved from one serves this process alone. */
static uint64_t hash_process(uint64_t hash)
{
	uint64_t id[2] = {(uint64_t)getpid()};
	char state;

	oom_process_stat(getpid(), &state, &id[1]);
	return oom_hash(hash, id, sizeof(id));
}

/* QEMU's firmware is no part of its program: where Debian has it, and where a QEMU that was unpacked does. */
static uint64_t hash_firmware(struct oom_arena *arena, uint64_t hash, const struct oom_qemu *qemu)
{
	static const char *const dirs[] = {"/usr/share/seabios", "/usr/share/qemu"};
	static const char *const files[] = {"bios-256k.bin", "bios.bin", "linuxboot_dma.bin"};

	for (size_t f = 0; f < sizeof(files) / sizeof(*files); f++) {
		if (qemu->data_dir)
			hash = oom_hash_identity(hash,
				oom_arena_printf(arena, "%s/%s", qemu->data_dir, files[f]), -1);
		for (size_t d = 0; d < sizeof(dirs) / sizeof(*dirs); d++)
			hash = oom_hash_identity(
				hash, oom_arena_printf(arena, "%s/%s", dirs[d], files[f]), -1);
	}
	return hash;
}

int oom_vm_key(const struct oom_vm *vm, uint64_t *ret)
{
	struct oom_arena arena = {0};
	uint64_t hash =
		oom_hash_text(oom_hash_text(OOM_HASH_SEED, OOM_STATE_SCHEMA), vm->qemu.version);
	const char **argv;
	int r = oom_vm_argv(&arena, vm, NULL, &argv);

	for (; !r && *argv; argv++)
		hash = oom_hash_text(hash, *argv);
	hash = oom_hash_identity(
		hash, vm->image->disk, vm->image->own_disk ? vm->image->own.fd : -1);
	if (vm->image->own_disk && vm->image->own.is_device)
		hash = hash_process(hash);
	hash = oom_hash_identity(hash, vm->vmlinuz, -1);
	hash = oom_hash_identity(hash, vm->qemu.program, -1);
	hash = hash_firmware(&arena, hash, &vm->qemu);
	/* a guest saved under KVM knows the host's processor */
	if (!strcmp(vm->accel, "kvm"))
		hash = oom_hash_host(hash);
	oom_arena_release(&arena);
	if (!r)
		*ret = hash;
	return r;
}
