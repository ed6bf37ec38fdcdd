// SPDX-License-Identifier: LGPL-2.1-or-later
/* A machine is booted, stopped and saved: [BOOTING] and [SAVING] of the story in attempt.c. */
#include "harness/guest/attempt/save.h"

#include "harness/guest/attempt/boot.h"
#include "harness/guest/attempt/map.h"
#include "harness/guest/attempt/qmp.h"
#include "harness/guest/attempt/vm.h"
#include "harness/guest/vm/state.h"
#include "harness/host/process.h"

#include <errno.h>

#define SAVE_TIMEOUT_US 60000000ULL

enum oom_next oom_save_boot(struct oom_guest_attempt *a)
{
	struct oom_err err;
	int r = oom_state_create(&a->state, a->host->cache, &err, &a->saved.fd);

	if (!r)
		r = oom_attempt_map(a, &err);
	if (!r) {
		oom_host_say(a->host,
			"%s: booting with %llu MiB; the booted machine is saved for later attempts",
			a->machine_id, (unsigned long long)(a->vm.shape.memory_bytes >> 20));
		r = oom_attempt_vm_start(a, false, &err);
	}
	if (r)
		return oom_attempt_fail(a, "%s", err.msg);
	oom_attempt_phase(a, OOM_GUEST_BOOTING, a->host->boot_timeout_us);
	return oom_qmp_begin(a, oom_qmp_boot);
}

enum oom_next oom_save_greet(struct oom_guest_attempt *a)
{
	a->hello = true;
	return oom_qmp_advance(a, OOM_QMP_HELLO);
}

enum oom_next oom_save_begin(struct oom_guest_attempt *a)
{
	oom_attempt_phase(a, OOM_GUEST_SAVING, SAVE_TIMEOUT_US);
	return OOM_NEXT_GO_ON;
}

/* From here on we go on from the saved machine like everybody else. */
enum oom_next oom_save_seal(struct oom_guest_attempt *a)
{
	struct oom_saved saved = a->saved;
	struct oom_err err;
	int r;

	a->saved = (struct oom_saved){.fd = -1}; /* the guest ends, its memory stays */
	oom_attempt_vm_stop(a);
	r = oom_state_commit(&a->state, a->host->cache, &saved, &err);
	oom_saved_close(&saved);
	if (!r)
		oom_host_say(a->host, "%s: booted and saved in %.1f s", a->machine_id,
			(double)(oom_monotonic_us() - a->start_us) / 1e6);
	if (r == -ENOSPC || r == -EDQUOT)
		return oom_attempt_no_room(a);
	if (r)
		return oom_attempt_fail(a, "%s", err.msg);
	oom_boot_leave(a, false, NULL);
	return OOM_NEXT_BEGIN;
}
