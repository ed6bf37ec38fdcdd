// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/guest/vm/key.h"

#include "harness/guest/cache/hash.h"
#include "harness/guest/vm/state.h"
#include "harness/host/file.h"
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

/* @fd: the file, where it is open, whatever bears its name now; else -1. */
static uint64_t hash_identity(uint64_t hash, const char *path, int fd)
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
	return oom_hash(oom_hash_text(hash, path), id, sizeof(id));
}

/* What is on a device can change without a trace: a machine that was saved from one serves this process alone. */
static uint64_t hash_process(uint64_t hash)
{
	uint64_t id[2] = {(uint64_t)getpid()};
	char state;

	oom_process_stat(getpid(), &state, &id[1]);
	return oom_hash(hash, id, sizeof(id));
}

/* A guest saved under KVM knows the host's processor. */
static uint64_t hash_processor(struct oom_arena *arena, uint64_t hash)
{
	char *text, *end;

	if (oom_file_read(arena, "/proc/cpuinfo", 16384, &text, NULL))
		return hash;
	end = strstr(text, "\n\n");
	if ((end = strstr(text, "cpu MHz")))
		*end = '\0';
	return oom_hash_text(hash, text);
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
	hash = hash_identity(hash, vm->image->disk, vm->image->own_disk ? vm->image->own.fd : -1);
	if (vm->image->own_disk && vm->image->own.is_device)
		hash = hash_process(hash);
	hash = hash_identity(hash, vm->vmlinuz, -1);
	hash = hash_identity(hash, vm->qemu.program, -1);
	if (!strcmp(vm->accel, "kvm"))
		hash = hash_processor(&arena, hash);
	oom_arena_release(&arena);
	if (!r)
		*ret = hash;
	return r;
}
