/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_VM_PROCESSOR_H
#define OOM_VM_PROCESSOR_H

#include <stdint.h>

/* The first processor of @cpuinfo (the text of /proc/cpuinfo): model, microcode, flags, bugs; not what differs from
 * one moment or core to another (clock, bogomips, numbers). */
uint64_t oom_hash_cpuinfo(uint64_t hash, const char *cpuinfo);
/* What makes KVM here what it is: the kernel's release and build, and its processor. */
uint64_t oom_hash_host(uint64_t hash);

#endif
