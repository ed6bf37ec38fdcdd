// SPDX-License-Identifier: LGPL-2.1-or-later
/* /dev/kvm can open and answer and still hang every guest (nested virtualisation): only a boot tells. */
#include "harness/guest/internal.h"
#include "lib/cleanup.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>

#define PROBE_TIMEOUT_MS 10000
#define PROBE_STEP_MS	 100

/* The answer holds for this kernel, this processor and this QEMU. */
static void probe_path(struct oom_arena *arena, const char *cache, const struct oom_qemu *qemu,
	char path[static PATH_MAX])
{
	struct utsname uts;
	char *cpu = NULL, *model = NULL;
	uint64_t hash = oom_hash_text(OOM_HASH_SEED, qemu->version);

	if (!uname(&uts))
		hash = oom_hash_text(oom_hash_text(hash, uts.release), uts.version);
	if (!oom_file_read(arena, "/proc/cpuinfo", 4096, &cpu, NULL))
		model = strstr(cpu, "model name");
	if (model)
		hash = oom_hash(hash, model, strcspn(model, "\n"));
	snprintf(path, PATH_MAX, "%s/kvm-%016llx", cache, (unsigned long long)hash);
}

static bool boot(struct oom_arena *arena, const char *cache, const struct oom_qemu *qemu,
	const struct oom_image *image, const char *vmlinuz, const char *initrd)
{
	struct oom_vm vm = {.qemu = *qemu, .accel = "kvm", .image = image, .vmlinuz = vmlinuz,
		.initrd = initrd, .shape = {.memory_bytes = 256 << 20, .cpus = 1}};
	struct oom_vm_files files = {.qmp_fd = -1, .port_fd = -1, .swap_fd = -1, .disk_fd = -1, .head_fd = -1,
		.append = "oomgate.probe"};
	oom_autoclose int pidfd = -1;
	const char *temp;
	char *text = NULL;
	bool works = false;
	pid_t pid;

	if (oom_cache_temp(arena, cache, OOM_CACHE_STATES, NULL, &temp))
		return false;
	files.console = oom_arena_printf(arena, "%s/console", temp);
	files.log = oom_arena_printf(arena, "%s/log", temp);
	if (!arena->failed && !oom_vm_spawn(&vm, &files, NULL, &pid, &pidfd)) {
		struct pollfd p = {.fd = pidfd, .events = POLLIN};

		for (int ms = 0; ms < PROBE_TIMEOUT_MS && !oom_interrupted_within(0); ms += PROBE_STEP_MS)
			if (poll(&p, 1, PROBE_STEP_MS) > 0)
				break;
		kill(pid, SIGKILL);
		/* one that hangs in the kernel is left to it */
		if (poll(&p, 1, PROBE_TIMEOUT_MS) > 0)
			waitpid(pid, NULL, 0);
		works = !oom_file_read(arena, files.console, 1 << 20, &text, NULL) &&
			strstr(text, "the probe is through");
	}
	oom_tree_remove(temp);
	return works;
}

bool oom_kvm_works(const char *cache, const struct oom_qemu *qemu, const struct oom_image *image,
	const char *vmlinuz, const char *initrd)
{
	struct oom_arena arena = {0};
	char path[PATH_MAX], *answer;
	bool works;

	if (access("/dev/kvm", R_OK | W_OK) < 0)
		return false;
	probe_path(&arena, cache, qemu, path);
	if (!oom_file_read(&arena, path, 16, &answer, NULL)) {
		works = !strncmp(answer, "yes", 3);
	} else {
		works = boot(&arena, cache, qemu, image, vmlinuz, initrd);
		/* a kernel of the user's that does not boot says nothing about KVM */
		if (!oom_interrupted_within(0) && (works || !strcmp(vmlinuz, image->vmlinuz)))
			oom_file_write(path, works ? "yes\n" : "no\n", works ? 4 : 3, 0600, NULL);
	}
	oom_arena_release(&arena);
	return works;
}
