/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_VM_PROBE_H
#define OOM_VM_PROBE_H

#include "harness/guest/image/image.h"
#include "harness/guest/vm/find.h"
#include "lib/base/arena.h"

#include <limits.h>

/* What is known of KVM here. */
struct oom_kvm {
	bool device; /* /dev/kvm is there, opens and answers */
	bool works; /* a guest came up with it */
	int64_t probed_s; /* when that was tried; -1: not yet */
	char why[240]; /* why it does not work; "" where it does, and where nobody has tried */
	char path[PATH_MAX]; /* the file that remembers the answer */
};

void oom_kvm_ask(const char *cache, const struct oom_qemu *qemu, struct oom_kvm *ret);
/* Which file remembers it, by all that the answer depends on. */
void oom_kvm_path(const char *cache, const struct oom_qemu *qemu, char path[static PATH_MAX]);
/* Its parts: what can be told without a guest (0: a guest must tell; -errno with @why); what a probe left in the
 * cache ("yes", or "no" and the reason in the next line); why a guest did not come up: what KVM or QEMU said in
 * the log, and how QEMU ended (@status: of wait(2); -1: it hung). */
int oom_kvm_check_device(const char *path, char *why, size_t size);
void oom_kvm_explain(struct oom_arena *arena, const char *log, int status, char *why, size_t size);
bool oom_kvm_remembered(struct oom_arena *arena, const char *path, struct oom_kvm *ret);
/* Does KVM boot @image here? Probed once, and remembered with the reason. */
bool oom_kvm_works(const char *cache, const struct oom_qemu *qemu, const struct oom_image *image,
	const char *vmlinuz, const char *initrd);

#endif
