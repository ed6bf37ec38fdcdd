// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/campaign/machine.h"

#include "harness/bus/bus.h"
#include "lib/kernel/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

int oom_machine_describe(const char *backend, struct oom_run *run)
{
	struct oom_machine_rec *machine = oom_run_add_machine(run);
	uint64_t total = 0, swap = 0;
	struct utsname name;

	if (!machine)
		return -ENOMEM;
	uname(&name);
	oom_proc_meminfo(AT_FDCWD, &total, &swap);
	machine->id = OOM_MACHINE_HERE;
	machine->backend = backend;
	machine->kernel = oom_arena_strdup(&run->arena, name.release);
	machine->systemd = oom_arena_strdup(&run->arena, oom_systemd_version());
	machine->memory_bytes = (int64_t)total;
	machine->cpus = sysconf(_SC_NPROCESSORS_ONLN);
	return run->arena.failed ? -ENOMEM : 0;
}
