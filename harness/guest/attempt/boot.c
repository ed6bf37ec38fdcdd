// SPDX-License-Identifier: LGPL-2.1-or-later
/* A machine is booted by one attempt; all others that want it wait, and restore what was saved. */
#include "harness/guest/attempt/boot.h"

#include "lib/base/sentence.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BOOT_TRIES = 2 };

static struct oom_boot *find(struct oom_guest_host *host, uint64_t key)
{
	struct oom_boot *boot;

	for (boot = host->boots; boot; boot = boot->next)
		if (boot->key == key)
			return boot;
	boot = calloc(1, sizeof(*boot));
	if (!boot)
		return NULL;
	boot->key = key;
	boot->next = host->boots;
	host->boots = boot;
	return boot;
}

enum oom_next oom_boot_join(struct oom_guest_attempt *a)
{
	struct oom_boot *boot = find(a->host, a->state.key);

	if (!boot)
		return oom_attempt_fail(a, "no memory");
	if (boot->failures >= BOOT_TRIES)
		return oom_attempt_fail(a, "not tried again: %s", boot->why);
	if (!boot->under_way) {
		boot->under_way = true;
		a->boot = boot;
		return OOM_NEXT_BOOT;
	}
	if (boot->n_waiting == (int)(sizeof(boot->event_fds) / sizeof(*boot->event_fds)))
		return oom_attempt_fail(a, "too many attempts are waiting for one guest to boot");
	boot->event_fds[boot->n_waiting++] = a->wait_fd;
	return OOM_NEXT_WAIT;
}

static void forget_waiter(struct oom_guest_host *host, int wait_fd)
{
	for (struct oom_boot *boot = host->boots; boot; boot = boot->next)
		for (int i = 0; i < boot->n_waiting; i++)
			if (boot->event_fds[i] == wait_fd)
				boot->event_fds[i--] = boot->event_fds[--boot->n_waiting];
}

void oom_boot_leave(struct oom_guest_attempt *a, bool failed, const char *why)
{
	struct oom_boot *boot = a->boot;
	uint64_t one = 1;

	forget_waiter(a->host, a->wait_fd);
	if (!boot)
		return;
	a->boot = NULL;
	boot->under_way = false;
	boot->failures = failed ? boot->failures + 1 : 0;
	if (failed)
		oom_sentence_format(boot->why, sizeof(boot->why), "%s", why);
	while (boot->n_waiting)
		if (write(boot->event_fds[--boot->n_waiting], &one, sizeof(one)) < 0)
			continue; /* a counter that is full wakes as well */
}
