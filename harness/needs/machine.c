// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/needs/needs.h"
#include "harness/needs/probe.h"
#include "lib/base/cleanup.h"
#include "lib/base/format.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Probes of the machine itself: /proc, /sys, /dev and programs. */

/* The number behind the line's "@name" in a file of "name number" lines; -1: not there. */
static int64_t field(const char *text, const char *name)
{
	size_t len = strlen(name);

	for (const char *p = text; p; p = strchr(p, '\n') ? strchr(p, '\n') + 1 : NULL)
		if (!strncmp(p, name, len))
			return strtoll(p + len, NULL, 10);
	return -1;
}

static int meminfo(
	const struct oom_need_env *env, const char *name, struct oom_err *err, uint64_t *ret)
{
	char text[8192];
	int64_t value;

	if (oom_need_read(env, "proc/meminfo", text, sizeof(text)) < 0)
		return oom_err_set(err, ENOENT, "/proc/meminfo cannot be read");
	value = field(text, name);
	if (value < 0)
		return oom_err_set(err, ENODATA, "/proc/meminfo has no %s", name);
	*ret = (uint64_t)value;
	return 0;
}

int oom_need_root(
	const struct oom_need_env *env, const struct oom_need_want *want, struct oom_err *err)
{
	char text[4096];
	const char *uid;
	unsigned real = 1, effective = 1;

	(void)want;
	if (oom_need_read(env, "proc/self/status", text, sizeof(text)) < 0)
		return oom_err_set(err, ENOENT, "/proc/self/status cannot be read");
	uid = strstr(text, "\nUid:");
	if (!uid || sscanf(uid, "\nUid: %u %u", &real, &effective) != 2 || effective != 0)
		return oom_err_set(err, EPERM, "this is user %u", effective);
	return 0;
}

int oom_need_guest(
	const struct oom_need_env *env, const struct oom_need_want *want, struct oom_err *err)
{
	(void)want;
	return env->in_guest ? 0 : oom_err_set(err, ENOTSUP, "this is a host, use --in guest");
}

int oom_need_kernel(
	const struct oom_need_env *env, const struct oom_need_want *want, struct oom_err *err)
{
	char release[128];
	long n = oom_need_read(env, "proc/sys/kernel/osrelease", release, sizeof(release));

	if (n < 0)
		return oom_err_set(err, ENOENT, "/proc/sys/kernel/osrelease cannot be read");
	release[strcspn(release, "\n")] = '\0';
	return oom_need_version_holds(want, release)
		? 0
		: oom_err_set(err, ENOTSUP, "this is %s", release);
}

int oom_need_systemd(
	const struct oom_need_env *env, const struct oom_need_want *want, struct oom_err *err)
{
	if (!env->systemd)
		return oom_err_set(err, ENOTSUP, "systemd is not running here, try --in guest");
	return oom_need_version_holds(want, env->systemd)
		? 0
		: oom_err_set(err, ENOTSUP, "this is systemd %s", env->systemd);
}

int oom_need_memory(
	const struct oom_need_env *env, const struct oom_need_want *want, struct oom_err *err)
{
	char buf[24];
	uint64_t kib = 0;
	int r = meminfo(env, "MemTotal:", err, &kib);
	bool at_least = want->op[0] == '>';

	if (r < 0)
		return r;
	return oom_need_number_holds(want, at_least ? oom_need_fitted_bytes(kib) : kib * 1024)
		? 0
		: oom_err_set(
			  err, ENOTSUP, "this machine has %s", oom_format_size(kib * 1024, buf));
}

int oom_need_swap(
	const struct oom_need_env *env, const struct oom_need_want *want, struct oom_err *err)
{
	char buf[24];
	uint64_t kib = 0;
	int r = meminfo(env, "SwapTotal:", err, &kib);

	if (r < 0)
		return r;
	/* a swap area's first page is its header */
	if (*want->op ? oom_need_number_holds(
				want, kib * 1024 + (kib && want->op[0] == '>' ? 65536 : 0))
		      : kib > 0)
		return 0;
	return oom_err_set(err, ENOTSUP, "this machine has %s swap",
		kib ? oom_format_size(kib * 1024, buf) : "no");
}

int oom_need_noswap(
	const struct oom_need_env *env, const struct oom_need_want *want, struct oom_err *err)
{
	char buf[24];
	uint64_t kib = 0;
	int r = meminfo(env, "SwapTotal:", err, &kib);

	(void)want;
	if (r < 0 || !kib)
		return r;
	return oom_err_set(err, ENOTSUP, "this machine has %s of swap (swapoff -a)",
		oom_format_size(kib * 1024, buf));
}

int oom_need_hugepages(
	const struct oom_need_env *env, const struct oom_need_want *want, struct oom_err *err)
{
	uint64_t free_pages = 0;
	int r = meminfo(env, "HugePages_Free:", err, &free_pages);

	if (r < 0)
		return r;
	if (*want->op ? oom_need_number_holds(want, free_pages) : free_pages > 0)
		return 0;
	return oom_err_set(err, ENOTSUP,
		"%" PRIu64 " are free (sysctl vm.nr_hugepages, [Machine] HugePages=)", free_pages);
}

/* Does the file @path hold @word? */
static bool says(const struct oom_need_env *env, const char *path, const char *word)
{
	char text[256];

	return oom_need_read(env, path, text, sizeof(text)) > 0 && strstr(text, word);
}

static bool exists(const struct oom_need_env *env, const char *path)
{
	return faccessat(env->root_fd, path, F_OK, 0) == 0;
}

int oom_need_thp(
	const struct oom_need_env *env, const struct oom_need_want *want, struct oom_err *err)
{
	static const char path[] = "sys/kernel/mm/transparent_hugepage/enabled";

	(void)want;
	if (!exists(env, path))
		return oom_err_set(err, ENOTSUP, "this kernel has none");
	return says(env, path, "[never]") ? oom_err_set(err, ENOTSUP, "/%s is 'never'", path) : 0;
}

int oom_need_lru_gen(
	const struct oom_need_env *env, const struct oom_need_want *want, struct oom_err *err)
{
	(void)want;
	return exists(env, "sys/kernel/mm/lru_gen/enabled")
		? 0
		: oom_err_set(err, ENOTSUP, "this kernel has none (CONFIG_LRU_GEN)");
}

int oom_need_zswap(
	const struct oom_need_env *env, const struct oom_need_want *want, struct oom_err *err)
{
	(void)want;
	return says(env, "sys/module/zswap/parameters/enabled", "Y")
		? 0
		: oom_err_set(
			  err, ENOTSUP, "it is disabled (/sys/module/zswap/parameters/enabled)");
}

int oom_need_psi(
	const struct oom_need_env *env, const struct oom_need_want *want, struct oom_err *err)
{
	char text[256];

	(void)want;
	/* with psi=0 the file is there and cannot be read */
	return oom_need_read(env, "proc/pressure/memory", text, sizeof(text)) > 0
		? 0
		: oom_err_set(
			  err, ENOTSUP, "/proc/pressure/memory cannot be read (boot with psi=1)");
}

int oom_need_kmsg(
	const struct oom_need_env *env, const struct oom_need_want *want, struct oom_err *err)
{
	oom_autoclose int fd =
		openat(env->root_fd, "dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);

	(void)want;
	if (fd < 0 && errno == ENOENT)
		return oom_err_set(
			err, ENOENT, "no /dev/kmsg (pass it to the container, or use --in guest)");
	return fd >= 0
		? 0
		: oom_err_errno(err, errno,
			  "/dev/kmsg cannot be read (root, sysctl kernel.dmesg_restrict=0, or "
			  "--in guest)");
}

int oom_need_tracing(
	const struct oom_need_env *env, const struct oom_need_want *want, struct oom_err *err)
{
	static const char *const roots[] = {"sys/kernel/tracing", "sys/kernel/debug/tracing"};
	char path[128];

	(void)want;
	for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
		bool oom, sig;

		snprintf(path, sizeof(path), "%s/events/oom/mark_victim", roots[i]);
		oom = exists(env, path);
		snprintf(path, sizeof(path), "%s/events/signal/signal_generate", roots[i]);
		sig = exists(env, path);
		if (oom && sig)
			return 0;
	}
	return oom_err_set(err, ENOTSUP,
		"/sys/kernel/tracing does not show them (root, and "
		"'mount -t tracefs tracefs /sys/kernel/tracing')");
}

static int writable(const struct oom_need_env *env, const char *path, struct oom_err *err)
{
	if (faccessat(env->root_fd, path, W_OK, AT_EACCESS) == 0)
		return 0;
	return oom_err_errno(err, errno, "/%s cannot be written", path);
}

int oom_need_sysrq(
	const struct oom_need_env *env, const struct oom_need_want *want, struct oom_err *err)
{
	(void)want;
	return writable(env, "proc/sysrq-trigger", err);
}

int oom_need_shm(
	const struct oom_need_env *env, const struct oom_need_want *want, struct oom_err *err)
{
	(void)want;
	return writable(env, "dev/shm", err);
}

int oom_need_userns(
	const struct oom_need_env *env, const struct oom_need_want *want, struct oom_err *err)
{
	char text[32];

	(void)want;
	if (oom_need_read(env, "proc/sys/user/max_user_namespaces", text, sizeof(text)) < 0)
		return oom_err_set(err, ENOTSUP, "this kernel has none");
	return atoi(text) > 0 ? 0
			      : oom_err_set(err, ENOTSUP, "sysctl user.max_user_namespaces is 0");
}

int oom_need_hwpoison(
	const struct oom_need_env *env, const struct oom_need_want *want, struct oom_err *err)
{
	(void)want;
	return exists(env, "proc/sys/vm/memory_failure_recovery")
		? 0
		: oom_err_set(err, ENOTSUP, "this kernel has no CONFIG_MEMORY_FAILURE");
}

int oom_need_fault_injection(
	const struct oom_need_env *env, const struct oom_need_want *want, struct oom_err *err)
{
	(void)want;
	return exists(env, "sys/kernel/debug/failslab")
		? 0
		: oom_err_set(err, ENOTSUP,
			  "no /sys/kernel/debug/failslab (CONFIG_FAULT_INJECTION, debugfs)");
}

static int program(
	const struct oom_need_env *env, const char *name, const char *package, struct oom_err *err)
{
	static const char *const dirs[] = {"usr/bin", "usr/sbin", "usr/local/bin", "usr/local/sbin",
		"bin", "sbin", "usr/lib/systemd", "lib/systemd"};
	char path[128];

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", dirs[i], name);
		if (faccessat(env->root_fd, path, X_OK, 0) == 0)
			return 0;
	}
	return oom_err_set(err, ENOENT, "'%s' is not installed (apt install %s)", name, package);
}

#define PROGRAM(ident, name, package)                                                              \
	int oom_need_##ident(const struct oom_need_env *env, const struct oom_need_want *want,     \
		struct oom_err *err)                                                               \
	{                                                                                          \
		(void)want;                                                                        \
		return program(env, name, package, err);                                           \
	}

PROGRAM(stress_ng, "stress-ng", "stress-ng")
PROGRAM(oomd, "systemd-oomd", "systemd-oomd")
PROGRAM(earlyoom, "earlyoom", "earlyoom")
PROGRAM(numactl, "numactl", "numactl")
PROGRAM(crun, "crun", "crun")
PROGRAM(podman, "podman", "podman")
