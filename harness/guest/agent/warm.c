// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What is done once, before a guest is saved, need not be done in each one that is restored from it. Under
 * emulation the dear part of that is not the work but the code: an emulator that was just started has to
 * translate whatever is run.
 */
#include "harness/guest/agent/warm.h"

#include "harness/bus/bus.h"
#include "harness/say/say.h"
#include "lib/base/cleanup.h"
#include "lib/kernel/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <systemd/sd-bus.h>
#include <time.h>

#define MANAGER                                                                                    \
	"org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager"
#define STARTUP_TIMEOUT_US 20000000ULL

static int on_startup_finished(sd_bus_message *m, void *data, sd_bus_error *error)
{
	(void)m, (void)error;
	*(bool *)data = true;
	return 0;
}

/* Until systemd is idle. */
static void wait_for_startup(sd_bus *bus)
{
	struct timespec now;
	uint64_t deadline, at;
	bool finished = false;
	char *state = NULL;

	clock_gettime(CLOCK_MONOTONIC, &now);
	at = (uint64_t)now.tv_sec * 1000000;
	deadline = at + STARTUP_TIMEOUT_US;
	if (sd_bus_match_signal(
		    bus, NULL, MANAGER, "StartupFinished", on_startup_finished, &finished) < 0 ||
		sd_bus_call_method(bus, MANAGER, "Subscribe", NULL, NULL, NULL) < 0)
		return;
	if (sd_bus_get_property_string(bus, MANAGER, "SystemState", NULL, &state) >= 0)
		finished |= strcmp(state, "initializing") && strcmp(state, "starting");
	free(state);
	while (!finished && at < deadline) {
		if (!sd_bus_process(bus, NULL))
			sd_bus_wait(bus, deadline - at);
		clock_gettime(CLOCK_MONOTONIC, &now);
		at = (uint64_t)now.tv_sec * 1000000;
	}
}

/* Nobody reads in this journal that a scope was started; whoever set another level wants to. */
static void quieten(sd_bus *bus)
{
	oom_autofree char *level = NULL;

	if (sd_bus_get_property_string(bus, MANAGER, "LogLevel", NULL, &level) >= 0 &&
		!strcmp(level, "info"))
		sd_bus_set_property(bus, MANAGER, "LogLevel", NULL, "s", "notice");
}

/* guest-init.sh has masked some for the boot; after it everybody finds them as they are. */
static void unmask_generators(void)
{
	static const char dir[] = "/etc/systemd/system-generators";
	oom_autoclosedir DIR *generators = opendir(dir);
	char target[16];

	for (struct dirent *d; generators && (d = readdir(generators));) {
		ssize_t n = readlinkat(dirfd(generators), d->d_name, target, sizeof(target));

		if (n == 11 && !memcmp(target, "/dev/./null", 11))
			unlinkat(dirfd(generators), d->d_name, 0);
	}
}

/* A new instance makes a directory for each of the kernel's thousand events: some 0.15 s. */
static void make_trace(void)
{
	oom_autoclose int tracing = open("/sys/kernel/tracing", O_RDONLY | O_DIRECTORY | O_CLOEXEC),
			  instance = -1;
	struct oom_err err; /* the run tries again, and says why it cannot */

	if (tracing >= 0)
		oom_trace_open(tracing, OOM_TRACE_GUEST_INSTANCE, &err, &instance);
}

void oom_agent_warm_up(void)
{
	sd_bus *bus = NULL;

	if (sd_bus_open_system(&bus) >= 0) {
		wait_for_startup(bus);
		quieten(bus);
	}
	sd_bus_flush_close_unref(bus);
	oom_systemd_version(); /* asked once: its connection is gone again before the guest is saved */
	make_trace();
	unmask_generators();
	/* its first change copies it from the image (overlayfs) */
	if (chmod("/var/tmp", 01777) < 0)
		oom_say(stderr, "oomgate: cannot make /var/tmp world-writable: %s\n",
			strerror(errno));
}
