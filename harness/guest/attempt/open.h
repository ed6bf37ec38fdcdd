/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_ATTEMPT_OPEN_H
#define OOM_ATTEMPT_OPEN_H

#include "harness/guest/attempt/host.h"
#include "harness/guest/attempt/order.h"
#include "harness/guest/attempt/state.h"
#include "lib/base/err.h"

/*
 * What an attempt has before it begins: its descriptors, machine and job, and a place for evidence: that of the
 * order, or a folder that goes with the attempt. @a is all zeroes; where it fails, free it all the same.
 */
int oom_attempt_open(struct oom_guest_attempt *a, struct oom_guest_host *host,
	const struct oom_guest_order *order, struct oom_err *err);

#endif
