/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_ATTEMPT_FACTS_H
#define OOM_ATTEMPT_FACTS_H

#include "harness/guest/attempt/host.h"
#include "harness/guest/vm/probe.h"

/* What guests here are made with, as sentences. */
struct oom_guest_facts {
	char qemu[512]; /* program and version; both, where newer kernels need another one */
	char accel[32]; /* what a guest gets: kvm, tcg */
	char kvm[4096 +
		512]; /* whether it works, why not, when that was tried and how to try again */
	bool maps; /* saved machines are mapped by the guests that are restored from them */
	char mapping[700]; /* the same as a sentence; why not */
	enum { OOM_KVM_NO, OOM_KVM_YES, OOM_KVM_UNTRIED } kvm_state;
};

/* As doctor tells it: facts->kvm and ->kvm_state. */
void oom_kvm_describe(const struct oom_kvm *kvm, struct oom_guest_facts *ret);

void oom_guest_describe(const struct oom_guest_host *host, struct oom_guest_facts *ret);

#endif
