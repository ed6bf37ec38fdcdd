// SPDX-License-Identifier: LGPL-2.1-or-later
/* /dev/kvm can open and answer and still hang every guest (nested virtualisation): only a boot tells. */
#include "harness/guest/vm/probe.h"

#include "harness/guest/cache/cache.h"
#include "harness/guest/cache/cache_temp.h"
#include "harness/guest/cache/hash.h"
#include "harness/guest/cache/tool.h"
#include "harness/guest/image/blobs.h"
#include "harness/guest/image/image.h"
#include "harness/guest/vm/processor.h"
#include "harness/guest/vm/qemu.h"
#include "harness/host/file.h"
#include "lib/base/bounded.h"
#include "lib/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/kvm.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define PROBE_TIMEOUT_MS 10000
#define PROBE_STEP_MS	 100

/*
 * The answer holds for this kernel and processor, this QEMU, and what was booted: the init that says that it is
 * through, out of an image of this recipe. Which of its kernels that was is no part of it: a yes is one for all of
 * them, and a no is remembered of an image's own alone.
 */
void oom_kvm_path(const char *cache, const struct oom_qemu *qemu, char path[static PATH_MAX])
{
	struct oom_blob init = oom_blob_guest_init();
	uint64_t hash = oom_hash_text(OOM_HASH_SEED, qemu->version);

	hash = oom_hash_host(oom_hash_identity(hash, qemu->program, -1));
	hash = oom_hash(hash, init.text, init.len) ^ oom_image_recipe();
	snprintf(path, PATH_MAX, "%s/kvm-%016llx", cache, (unsigned long long)hash);
}

void oom_kvm_explain(struct oom_arena *arena, const char *log, int status, char *why, size_t size)
{
	static const char *const words[] = {
		"KVM internal error", "emulation failure", "failed to initialize kvm"};
	char *text = NULL, *said = NULL;
	struct oom_bounded reason = oom_bounded_in(why, size);

	if (!oom_file_read(arena, log, 1 << 20, &text, NULL))
		for (size_t i = 0; !said && i < sizeof(words) / sizeof(*words); i++)
			said = strcasestr(text, words[i]);
	if (!said)
		said = oom_log_tail(arena, log, 100);
	if (status < 0)
		oom_bounded_printf(
			&reason, "a guest hung with it for %d s", PROBE_TIMEOUT_MS / 1000);
	else if (WIFSIGNALED(status))
		oom_bounded_printf(
			&reason, "QEMU was killed by signal %d with it", WTERMSIG(status));
	else
		oom_bounded_printf(&reason,
			"a guest with it ended before it had booted (QEMU's exit status %d)",
			WEXITSTATUS(status));
	if (said && *said)
		oom_bounded_printf(&reason, ": '%.*s'", (int)strcspn(said, "\r\n"), said);
}

/* Does a guest come up? If not, @why says how it ended. */
static bool boot(struct oom_arena *arena, const char *cache, const struct oom_qemu *qemu,
	const struct oom_image *image, const char *vmlinuz, const char *initrd, char *why,
	size_t size)
{
	struct oom_vm vm = {.qemu = *qemu,
		.accel = "kvm",
		.image = image,
		.vmlinuz = vmlinuz,
		.initrd = initrd,
		.shape = {.memory_bytes = 256 << 20, .cpus = 1}};
	struct oom_vm_files files = {.qmp_fd = -1,
		.port_fd = -1,
		.swap_fd = -1,
		.disk_fd = -1,
		.head_fd = -1,
		.append = "oomgate.probe"};
	oom_autoclose int pidfd = -1;
	struct oom_err err = {0};
	const char *temp;
	char *text = NULL;
	bool works = false;
	pid_t pid;

	snprintf(why, size, "the probe could not be run");
	if (oom_cache_temp(arena, cache, OOM_CACHE_STATES, NULL, &temp))
		return false;
	files.console = oom_arena_printf(arena, "%s/console", temp);
	files.log = oom_arena_printf(arena, "%s/log", temp);
	if (!arena->failed && !oom_vm_spawn(&vm, &files, &err, &pid, &pidfd)) {
		struct pollfd p = {.fd = pidfd, .events = POLLIN};
		int status = -1;
		bool hung = true;

		for (int ms = 0; hung && ms < PROBE_TIMEOUT_MS && !oom_interrupted_within(0);
			ms += PROBE_STEP_MS)
			hung = poll(&p, 1, PROBE_STEP_MS) <= 0;
		kill(pid, SIGKILL);
		/* one that hangs in the kernel is left to it */
		if (poll(&p, 1, PROBE_TIMEOUT_MS) > 0)
			waitpid(pid, &status, 0);
		works = !oom_file_read(arena, files.console, 1 << 20, &text, NULL) &&
			strstr(text, "the probe is through");
		oom_kvm_explain(arena, files.log, hung ? -1 : status, why, size);
	} else if (err.code) {
		snprintf(why, size, "%s", err.msg);
	}
	oom_tree_remove(temp);
	return works;
}

int oom_kvm_check_device(const char *path, char *why, size_t size)
{
	oom_autoclose int fd = open(path, O_RDWR | O_CLOEXEC);
	int e = errno, version;

	if (fd < 0 && (e == EACCES || e == EPERM))
		snprintf(why, size,
			"no permission to open %s: %s (join the group that owns it, usually 'kvm')",
			path, strerror(e));
	else if (fd < 0 && e == ENOENT)
		snprintf(why, size,
			"%s is missing: no virtualisation, or it is disabled (firmware; modprobe "
			"kvm_intel or kvm_amd)",
			path);
	else if (fd < 0)
		snprintf(why, size, "%s cannot be opened: %s", path, strerror(e));
	if (fd < 0)
		return -e;
	version = ioctl(fd, KVM_GET_API_VERSION, 0);
	if (version == KVM_API_VERSION)
		return 0;
	snprintf(why, size, "%s has an unknown KVM API version: %d, not %d", path, version,
		KVM_API_VERSION);
	return -ENODEV;
}

bool oom_kvm_remembered(struct oom_arena *arena, const char *path, struct oom_kvm *ret)
{
	char *answer, *why;
	struct stat st;

	if (oom_file_read(arena, path, 4096, &answer, NULL) || stat(path, &st) < 0)
		return false;
	ret->works = !strncmp(answer, "yes", 3);
	ret->probed_s = st.st_mtime;
	why = strchr(answer, '\n');
	if (why && why[1])
		snprintf(ret->why, sizeof(ret->why), "%.*s", (int)strcspn(why + 1, "\n"), why + 1);
	else if (!ret->works)
		snprintf(ret->why, sizeof(ret->why), "a guest did not boot with it");
	return true;
}

void oom_kvm_ask(const char *cache, const struct oom_qemu *qemu, struct oom_kvm *ret)
{
	struct oom_arena arena = {0};

	*ret = (struct oom_kvm){.probed_s = -1};
	if (!oom_kvm_check_device("/dev/kvm", ret->why, sizeof(ret->why))) {
		oom_kvm_path(cache, qemu, ret->path);
		oom_kvm_remembered(&arena, ret->path, ret);
		ret->device = true;
	}
	oom_arena_release(&arena);
}

bool oom_kvm_works(const char *cache, const struct oom_qemu *qemu, const struct oom_image *image,
	const char *vmlinuz, const char *initrd)
{
	struct oom_arena arena = {0};
	struct oom_kvm kvm;
	char *text;

	oom_kvm_ask(cache, qemu, &kvm);
	if (!kvm.device || kvm.probed_s >= 0)
		return kvm.works;
	kvm.works = boot(&arena, cache, qemu, image, vmlinuz, initrd, kvm.why, sizeof(kvm.why));
	text = oom_arena_printf(&arena, "%s\n%s%s", kvm.works ? "yes" : "no",
		kvm.works ? "" : kvm.why, kvm.works ? "" : "\n");
	/* a kernel of the user's that does not boot says nothing about KVM */
	if (text && !oom_interrupted_within(0) && (kvm.works || !strcmp(vmlinuz, image->vmlinuz)))
		oom_file_write(kvm.path, text, strlen(text), 0600, NULL);
	oom_arena_release(&arena);
	return kvm.works;
}
