// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/workloads/keys.h"
#include "harness/workloads/workload.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/types.h>
#include <unistd.h>

/* Each of these is gone with its last process: nothing is left behind by a kill. NULL with errno.
 */
static void *map_fd(int fd, uint64_t bytes)
{
	void *addr = NULL;
	int code;

	if (fd < 0)
		return NULL;
	if (!ftruncate(fd, (off_t)bytes)) {
		addr = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (addr == MAP_FAILED)
			addr = NULL;
	}
	code = errno;
	close(fd);
	errno = code;
	return addr;
}

static void *map_sysv(uint64_t bytes)
{
	int id = shmget(IPC_PRIVATE, bytes, IPC_CREAT | 0600), code;
	void *addr;

	if (id < 0)
		return NULL;
	addr = shmat(id, NULL, 0);
	code = errno;
	shmctl(id, IPC_RMID, NULL); /* with the last detach */
	errno = code;
	return addr == (void *)-1 ? NULL : addr;
}

static void *map_posix(uint64_t bytes)
{
	char name[64];
	int fd;

	snprintf(name, sizeof(name), "/oomgate-%d", (int)getpid());
	fd = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
	if (fd >= 0)
		shm_unlink(name);
	return map_fd(fd, bytes);
}

static void *map(const struct oom_load *load, uint64_t bytes)
{
	if (oom_load_is(load, "Kind", "sysv"))
		return map_sysv(bytes);
	if (oom_load_is(load, "Kind", "posix"))
		return map_posix(bytes);
	return map_fd(memfd_create(load->name, MFD_CLOEXEC), bytes);
}

static int press(struct oom_load *load, void *ctx)
{
	uint64_t bytes = oom_load_number(load, "Size", 0);
	void *addr;

	(void)ctx;
	while (!(addr = map(load, bytes))) {
		int status = oom_load_refused(load, errno);

		if (status != OOM_LOAD_RETRY)
			return status;
	}
	oom_load_touch(load, addr, bytes);
	return 0;
}

static int run(struct oom_load *load)
{
	if (!oom_load_number(load, "Size", 0))
		return oom_load_failed(load, "Size= is missing: set how much memory to share");
	return oom_load_press(load, press, NULL);
}

static const struct oom_key keys[] = {
	KEY_SIZE_REQUIRED("bytes of the segment of each process"),
	{.name = "Kind",
		.type = OOM_T_CHOICE,
		.dflt = "memfd",
		.choices = "memfd|sysv|posix",
		.help = "memfd_create(2), shmget(2) or shm_open(3)"},
	KEY_FILL,
	KEY_ON_REFUSAL,
	{NULL},
};

const struct oom_workload oom_workload_shm = {
	.kind = {"shm",
		"takes and touches Size= of shared memory, which goes with its last process", keys},
	.run = run,
};
