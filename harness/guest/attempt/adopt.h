/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_ATTEMPT_ADOPT_H
#define OOM_ATTEMPT_ADOPT_H

#include "harness/guest/attempt/state.h"

/*
 * What the guest has sent for a record is data. Here it becomes the record of this attempt: it answers the job that
 * was sent (its nonce), fits the scenario (harness/expects/fit.h) and the kernel log that came with it; the host says
 * itself what it knows better, and judges. -EBADMSG with a sentence: it is none of this attempt. -ENOMEM.
 */
int oom_guest_record_adopt(
	struct oom_guest_attempt *a, struct oom_err *err, struct oom_attempt **ret);

#endif
