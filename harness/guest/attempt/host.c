// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/guest/attempt/host.h"

#include "harness/guest/cache/cache.h"
#include "harness/guest/cache/cache_temp.h"
#include "harness/guest/cache/payload.h"
#include "harness/guest/image/build.h"
#include "harness/guest/image/initrd.h"
#include "harness/guest/image/kernel.h"
#include "harness/guest/image/suite.h"
#include "harness/guest/vm/probe.h"
#include "harness/guest/vm/shape.h"
#include "harness/host/file.h"
#include "lib/base/cleanup.h"
#include "lib/scenario/key.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <sched.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

void oom_host_say(struct oom_guest_host *host, const char *fmt, ...)
{
	char line[512];
	va_list args;

	if (!host->options.say)
		return;
	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	host->options.say(host->options.say_ctx, line);
}

/* Made, or found and held before another run's pruning could take it. */
static int make_payload(struct oom_guest_host *host, struct oom_err *err)
{
	for (int attempt = 0;; attempt++) {
		int r = oom_payload_make(&host->arena, host->cache, host->exe, host->helper,
			host->options.config_dir, err, &host->payload);

		if (r)
			return r;
		r = oom_cache_hold(host->payload, &host->payload_fd);
		if (!r)
			return 0;
		if (attempt == 2)
			return oom_err_errno(
				err, -r, "cannot hold '%s' in the cache", host->payload);
	}
}

#define BOOT_TIMEOUT_US 120000000ULL /* a plain boot is 8 s under TCG on an idle core */

static int read_boot_timeout(struct oom_err *err, uint64_t *ret)
{
	const char *text = getenv("OOMGATE_BOOT_TIMEOUT");

	*ret = BOOT_TIMEOUT_US;
	if (text && *text && (oom_parse_duration(text, ret) || !*ret))
		return oom_err_set(
			err, EINVAL, "OOMGATE_BOOT_TIMEOUT='%s' is not a duration (5min)", text);
	return 0;
}

int oom_guest_host_open(
	const struct oom_guest_options *options, struct oom_err *err, struct oom_guest_host **ret)
{
	struct oom_guest_host *host = calloc(1, sizeof(*host));
	int r;

	if (!host)
		return oom_err_set(err, ENOMEM, "no memory");
	host->options = *options;
	host->payload_fd = -1;
	host->room.memory_bytes = oom_host_available_bytes(&host->arena);
	r = read_boot_timeout(err, &host->boot_timeout_us);
	if (!r)
		r = oom_cache_open(&host->arena, err, &host->cache);
	if (!r)
		r = oom_qemu_find(&host->arena, host->cache, err, &host->qemu);
	if (!r)
		r = oom_payload_programs(&host->arena, err, &host->exe, &host->helper);
	if (!r)
		r = make_payload(host, err);
	if (r) {
		r = oom_cache_explain(host->cache, r, err);
		oom_guest_host_close(host);
		return r;
	}
	*ret = host;
	return 0;
}

void oom_guest_host_close(struct oom_guest_host *host)
{
	if (!host)
		return;
	while (host->boots) {
		struct oom_boot *boot = host->boots;

		host->boots = boot->next;
		free(boot);
	}
	for (struct oom_prepared *p = host->prepared; p; p = p->next) {
		oom_closep(&p->initrd_fd);
		if (p->image.own_disk)
			oom_closep(&p->image.own.fd);
	}
	oom_closep(&host->payload_fd);
	oom_arena_release(&host->arena);
	free(host);
}

int oom_guest_host_jobs(const struct oom_guest_host *host)
{
	cpu_set_t set;
	int cores, fit = oom_room_guests(&host->room);

	if (host->options.jobs > 0)
		return host->options.jobs;
	cores = sched_getaffinity(0, sizeof(set), &set) ? 1 : CPU_COUNT(&set);
	/* a guest of one processor waits for a seventh of its time (to settle, for RCU): others fill that */
	cores += cores / 2;
	return fit < cores ? fit : cores;
}

/* The initial file system of a kernel and its modules, in the cache by content. */
static int make_initrd(struct oom_guest_host *host, struct oom_prepared *p, struct oom_err *err)
{
	const char *temp;
	char path[PATH_MAX];
	uint64_t key;
	int r = oom_initrd_key(p->image.busybox, p->modules, p->kernel, err, &key);

	if (r)
		return r;
	p->initrd =
		oom_arena_printf(&host->arena, "%s/kernels/%016" PRIx64 ".cpio", host->cache, key);
	if (!p->initrd)
		return oom_err_set(err, ENOMEM, "no memory");
	if (!utimensat(AT_FDCWD, p->initrd, NULL, 0))
		return 0;
	r = oom_cache_temp(&host->arena, host->cache, OOM_CACHE_KERNELS, err, &temp);
	if (r)
		return r;
	snprintf(path, sizeof(path), "%s/initrd", temp);
	r = oom_initrd_write(path, p->image.busybox, p->modules, p->kernel, err);
	if (!r && rename(path, p->initrd) < 0)
		r = oom_err_errno(err, errno, "cannot move the initrd to '%s'", p->initrd);
	oom_tree_remove(temp);
	return r;
}

/* KVM where it was asked for or boots; the QEMU that boots this kernel under TCG. */
static int choose_qemu(struct oom_guest_host *host, struct oom_prepared *p, struct oom_err *err)
{
	const char *accel = host->options.accel ? host->options.accel : "auto";
	bool asked = !strcmp(accel, "kvm");

	p->qemu = host->qemu;
	if (!asked && strcmp(accel, "tcg") && strcmp(accel, "auto"))
		return oom_err_set(err, EINVAL, "unknown accelerator '%s' (auto, kvm, tcg)", accel);
	if (asked && access("/dev/kvm", R_OK | W_OK) < 0)
		return oom_err_errno(err, errno, "cannot use '/dev/kvm' (use --accel tcg instead)");
	if (asked ||
		(strcmp(accel, "tcg") && !p->image.own_disk &&
			oom_kvm_works(host->cache, &p->qemu, &p->image, p->vmlinuz, p->initrd))) {
		p->accel = "kvm";
		return 0;
	}
	p->accel = "tcg";
	if (oom_qemu_boots(&p->qemu, p->kernel))
		return 0;
	return oom_qemu_newer(
		&host->arena, host->cache, host->options.say, host->options.say_ctx, err, &p->qemu);
}

/* A disk image of the user's runs with the kernel and busybox of an image of ours, or with kernel=. */
static int find_image(struct oom_guest_host *host, const struct oom_guest_spec *spec,
	struct oom_image *image, struct oom_err *err)
{
	bool own = !oom_image_suite(spec->image);
	struct oom_own_disk disk = {.fd = -1};
	int r = own ? oom_own_disk_open(spec->image, err, &disk) : 0;

	if (r)
		return r;
	r = oom_image_build(&host->arena, host->cache, own ? "debian:bookworm" : spec->image, false,
		host->options.say, host->options.say_ctx, err, image);
	if (r || !own) {
		oom_closep(&disk.fd);
		return r;
	}
	image->own_disk = true;
	image->own = disk;
	image->name = image->disk = spec->image;
	image->systemd = NULL;
	return 0;
}

static bool same(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

int oom_host_prepared(struct oom_guest_host *host, const struct oom_guest_spec *spec,
	struct oom_err *err, const struct oom_prepared **ret)
{
	struct oom_prepared *p;
	int r;

	for (p = host->prepared; p; p = p->next) {
		if (same(p->spec.image, spec->image) && same(p->spec.kernel, spec->kernel) &&
			same(p->spec.modules, spec->modules)) {
			*ret = p;
			return 0;
		}
	}
	p = oom_arena_alloc(&host->arena, sizeof(*p));
	if (p)
		p->mapping = oom_arena_alloc(&host->arena, sizeof(*p->mapping));
	if (!p || !p->mapping)
		return oom_err_set(err, ENOMEM, "no memory");
	p->spec.image = oom_arena_strdup(&host->arena, spec->image);
	p->spec.kernel = oom_arena_strdup(&host->arena, spec->kernel);
	p->spec.modules = oom_arena_strdup(&host->arena, spec->modules);
	/* what is quickly found out comes before an image is built */
	if (p->spec.kernel && access(p->spec.kernel, R_OK) < 0)
		return oom_err_errno(err, errno, "cannot read the kernel '%s'", p->spec.kernel);
	r = find_image(host, &p->spec, &p->image, err);
	if (r)
		return oom_cache_explain(host->cache, r, err);
	p->vmlinuz = p->spec.kernel ? p->spec.kernel : p->image.vmlinuz;
	p->modules = p->spec.kernel ? p->spec.modules : p->image.modules;
	r = oom_kernel_release(&host->arena, p->vmlinuz, err, &p->kernel);
	for (int attempt = 0; !r; attempt++) {
		r = make_initrd(host, p, err);
		if (!r && !oom_cache_hold(p->initrd, &p->initrd_fd))
			break;
		if (!r && attempt == 2)
			r = oom_err_set(err, ESTALE, "cannot hold '%s' in the cache", p->initrd);
	}
	if (!r)
		r = choose_qemu(host, p, err);
	if (r) {
		if (p->image.own_disk)
			oom_closep(&p->image.own.fd);
		return oom_cache_explain(host->cache, r, err);
	}
	p->next = host->prepared;
	host->prepared = p;
	*ret = p;
	return 0;
}

int oom_guest_prepare(struct oom_guest_host *host, const struct oom_guest_spec *spec,
	struct oom_err *err, struct oom_machine_rec *ret)
{
	const struct oom_prepared *p;
	int r = oom_host_prepared(host, spec, err, &p);

	if (r)
		return r;
	memset(ret, 0, sizeof(*ret));
	ret->id = spec->id;
	ret->kernel = p->kernel;
	ret->systemd = p->image.systemd;
	ret->accel = p->accel;
	ret->qemu = p->qemu.version;
	ret->config = host->options.config_dir;
	ret->backend = "guest";
	ret->memory_bytes = ret->cpus = -1; /* each scenario's [Machine] says */
	return 0;
}

bool oom_guest_host_has_room(struct oom_guest_host *host, const struct oom_scenario *scenario)
{
	struct oom_arena arena = {0};
	struct oom_guest_shape shape;
	struct oom_err err;
	bool room = true;

	/* a guest that cannot be, or alone is too large, shall say so */
	if (host->room.used_bytes && !oom_guest_shape_wanted(&arena, scenario, &err, &shape))
		room = oom_room_has(&host->room, &shape);
	oom_arena_release(&arena);
	return room;
}
