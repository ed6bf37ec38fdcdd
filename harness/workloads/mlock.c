// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/workloads/keys.h"
#include "harness/workloads/workload.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static int lock(struct oom_load *load, void *addr, size_t bytes)
{
	(void)load;
	return mlock(addr, bytes) ? -errno : 0;
}

static int lock_on_fault(struct oom_load *load, void *addr, size_t bytes)
{
	(void)load;
	return syscall(SYS_mlock2, addr, bytes, MLOCK_ONFAULT) ? -errno : 0;
}

static int press(struct oom_load *load, void *ctx)
{
	uint64_t bytes = oom_load_number(load, "Size", 0);

	(void)ctx;
	if (oom_load_is(load, "Method", "mlock2-onfault"))
		return oom_load_grow(load, bytes, lock_on_fault);
	if (!oom_load_is(load, "Method", "mlockall"))
		return oom_load_grow(load, bytes, lock);
	while (mlockall(MCL_CURRENT | MCL_FUTURE)) {
		int status = oom_load_refused(load, errno);

		if (status != OOM_LOAD_RETRY)
			return status;
	}
	return oom_load_grow(load, bytes, NULL);
}

/* capabilities(7): with CAP_IPC_LOCK the limit does not bite */
static int drop_ipc_lock(void)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
	unsigned keep = ~(1u << CAP_IPC_LOCK);

	if (syscall(SYS_capget, &header, data))
		return -errno;
	data[0].effective &= keep;
	data[0].permitted &= keep;
	data[0].inheritable &= keep;
	return syscall(SYS_capset, &header, data) ? -errno : 0;
}

static int run(struct oom_load *load)
{
	if (!oom_load_number(load, "Size", 0))
		return oom_load_failed(load, "Size= is missing: set how much to lock");
	if (oom_load_text(load, "MemlockLimit", NULL)) {
		rlim_t bytes = oom_load_number(load, "MemlockLimit", 0);
		struct rlimit limit = {bytes, bytes};

		if (setrlimit(RLIMIT_MEMLOCK, &limit))
			return oom_load_failed(
				load, "cannot set RLIMIT_MEMLOCK to %ju: %m", (uintmax_t)bytes);
		if (drop_ipc_lock())
			return oom_load_failed(load, "cannot drop CAP_IPC_LOCK: %m");
	}
	return oom_load_press(load, press, NULL);
}

static const struct oom_key keys[] = {
	KEY_SIZE_REQUIRED("bytes that each process locks"),
	{.name = "Method",
		.type = OOM_T_CHOICE,
		.dflt = "mlock",
		.choices = "mlock|mlockall|mlock2-onfault",
		.help = "system call that locks: each chunk, the whole process, or each page as "
			"it is touched"},
	{.name = "MemlockLimit",
		.type = OOM_T_SIZE,
		.help = "RLIMIT_MEMLOCK in bytes; CAP_IPC_LOCK is dropped so that it applies "
			"(default: inherited)"},
	KEY_CHUNK("256K"),
	KEY_FILL,
	KEY_ON_REFUSAL,
	{NULL},
};

const struct oom_workload oom_workload_mlock = {
	.kind = {"mlock", "takes Size= of anonymous memory and locks it", keys},
	.run = run,
};
