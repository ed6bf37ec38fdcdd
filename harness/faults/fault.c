// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/faults/fault.h"

const struct oom_fault *const oom_faults[] = {
#define FAULT(ident) &oom_fault_##ident,
#include "harness/faults/faults.def"
#undef FAULT
	NULL,
};
