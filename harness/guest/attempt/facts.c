// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/guest/attempt/facts.h"

#include "harness/guest/cache/cache_temp.h"
#include "harness/guest/vm/mapping.h"
#include "harness/host/file.h"
#include "lib/base/bounded.h"

#include <stdio.h>
#include <time.h>

void oom_kvm_describe(const struct oom_kvm *kvm, struct oom_guest_facts *ret)
{
	time_t when = (time_t)kvm->probed_s;
	char date[32] = "?";
	struct tm tm;

	ret->kvm_state = kvm->works ? OOM_KVM_YES : OOM_KVM_NO;
	if (!kvm->device) {
		snprintf(ret->kvm, sizeof(ret->kvm), "%s", kvm->why);
		return;
	}
	if (kvm->probed_s < 0) {
		ret->kvm_state = OOM_KVM_UNTRIED;
		snprintf(ret->kvm, sizeof(ret->kvm),
			"/dev/kvm can be opened; the first run in guests probes whether a guest "
			"boots with it");
		return;
	}
	if (gmtime_r(&when, &tm))
		strftime(date, sizeof(date), "%Y-%m-%d %H:%M UTC", &tm);
	snprintf(ret->kvm, sizeof(ret->kvm),
		"%s (probed %s; remove '%s' and the next run in guests probes again)",
		kvm->works ? "a guest boots with it" : kvm->why, date, kvm->path);
}

static void describe_mapping(const struct oom_guest_host *host, struct oom_guest_facts *ret)
{
	struct oom_arena arena = {0};
	struct oom_mapping mapping;
	const char *temp;
	char why[600] = "the cache cannot be written to";

	oom_mapping_ask(host->cache, &host->qemu, &mapping);
	if (!oom_cache_temp(&arena, host->cache, OOM_CACHE_STATES, NULL, &temp)) {
		ret->maps = !oom_mapping_check(
			&mapping, &host->qemu, host->cache, temp, why, sizeof(why));
		oom_tree_remove(temp);
	}
	oom_arena_release(&arena);
	snprintf(ret->mapping, sizeof(ret->mapping), "%s",
		ret->maps ? "mapped: a guest reads and owns no more of them than it touches" : why);
}

void oom_guest_describe(const struct oom_guest_host *host, struct oom_guest_facts *ret)
{
	struct oom_arena arena = {0};
	struct oom_qemu newer;
	struct oom_kvm kvm;
	struct oom_bounded text = OOM_BOUNDED(ret->qemu);

	*ret = (struct oom_guest_facts){0};
	oom_kvm_ask(host->cache, &host->qemu, &kvm);
	oom_kvm_describe(&kvm, ret);
	describe_mapping(host, ret);
	snprintf(ret->accel, sizeof(ret->accel), "%s", kvm.works ? "kvm" : "tcg");
	oom_bounded_printf(&text, "%s, version %s", host->qemu.program, host->qemu.version);
	if (kvm.works || oom_qemu_boots(&host->qemu, OOM_NEWER_KERNEL))
		return;
	if (!oom_qemu_find_newer(&arena, host->cache, &newer))
		oom_bounded_printf(&text,
			"; for Linux " OOM_NEWER_KERNEL " and later %s, version %s", newer.program,
			newer.version);
	else
		oom_bounded_printf(&text,
			"; for Linux " OOM_NEWER_KERNEL
			" and later, version %d is fetched when needed",
			OOM_NEWER_MAJOR);
	oom_arena_release(&arena);
}
