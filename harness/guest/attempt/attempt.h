/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_GUEST_ATTEMPT_H
#define OOM_GUEST_ATTEMPT_H

#include "harness/guest/attempt/host.h"
#include "harness/guest/attempt/order.h"
#include "lib/base/err.h"
#include "lib/record/record.h"

/* One attempt in one guest, behind an epoll descriptor. */
struct oom_guest_attempt;

int oom_guest_attempt_fd(const struct oom_guest_attempt *attempt); /* readable: call _step */
/* Ends QEMU (if it still runs) and frees. */
void oom_guest_attempt_free(struct oom_guest_attempt *attempt);
int oom_guest_attempt_start(struct oom_guest_host *host, const struct oom_guest_order *order,
	struct oom_err *err, struct oom_guest_attempt **ret);
/* The turn of one that was started ahead of it has come: its time counts from here. */
void oom_guest_attempt_go(struct oom_guest_attempt *attempt);
/* 0: still under way; 1: over, *ret_record is set (death, panic and silence of the guest are records
 * too: verdict broken or fail with the console's tail). */
int oom_guest_attempt_step(struct oom_guest_attempt *attempt, struct oom_attempt **ret_record);

#endif
