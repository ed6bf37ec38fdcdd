// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/bus/bus.h"

#include "harness/host/process.h"
#include "lib/base/cleanup.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#define SYSTEMD	  "org.freedesktop.systemd1"
#define MANAGER	  "org.freedesktop.systemd1.Manager"
#define ROOT_PATH "/org/freedesktop/systemd1"

void oom_bus_close(struct oom_bus *bus)
{
	if (!bus)
		return;
	sd_bus_slot_unref(bus->slot);
	if (bus->bus)
		sd_bus_flush_close_unref(bus->bus);
	free(bus);
}

void oom_bus_closep(struct oom_bus **bus)
{
	oom_bus_close(*bus);
	*bus = NULL;
}

/* The socket on which systemctl talks to PID 1 (or to the user's manager), too. */
static int connect_direct(bool user, sd_bus **ret)
{
	const char *runtime = user ? getenv("XDG_RUNTIME_DIR") : "/run";
	char address[PATH_MAX];
	sd_bus *bus = NULL;
	int r;

	/* characters that would have to be escaped in an address do not occur in /run/user/1000 */
	if (!runtime || strpbrk(runtime, ",;=%"))
		return -ENOENT;
	snprintf(address, sizeof(address), "unix:path=%s/systemd/private", runtime);
	r = sd_bus_new(&bus);
	if (r < 0)
		return r;
	r = sd_bus_set_address(bus, address);
	if (r >= 0)
		r = sd_bus_start(bus);
	/* it connects in the background: wait for the first answer */
	if (r >= 0)
		r = sd_bus_get_bus_id(bus, &(sd_id128_t){0});
	if (r < 0) {
		sd_bus_unref(bus);
		return r;
	}
	*ret = bus;
	return 0;
}

static int connect_any(struct oom_bus *bus)
{
	int r = -ENOENT;

	if (bus->user || !getenv("DBUS_SYSTEM_BUS_ADDRESS"))
		r = connect_direct(bus->user, &bus->bus);
	bus->direct = r >= 0;
	if (r < 0)
		r = bus->user ? sd_bus_open_user(&bus->bus) : sd_bus_open_system(&bus->bus);
	return r;
}

static int on_job_removed(sd_bus_message *m, void *data, sd_bus_error *error)
{
	struct oom_bus *bus = data;
	const char *job, *unit, *result;
	uint32_t id;

	(void)error;
	if (sd_bus_message_read(m, "uoss", &id, &job, &unit, &result) < 0)
		return 0;
	if (!strcmp(job, bus->job))
		snprintf(bus->result, sizeof(bus->result), "%s", result);
	return 0;
}

static int subscribe(struct oom_bus *bus)
{
	/* on the direct connection nobody sets a sender; there is nobody else, either */
	int r = sd_bus_match_signal(bus->bus, &bus->slot, bus->direct ? NULL : SYSTEMD, ROOT_PATH,
		MANAGER, "JobRemoved", on_job_removed, bus);

	if (r < 0 || bus->direct)
		return r;
	return sd_bus_call_method(
		bus->bus, SYSTEMD, ROOT_PATH, MANAGER, "Subscribe", NULL, NULL, NULL);
}

static int open_new(bool user, struct oom_err *err, struct oom_bus **ret)
{
	oom_cleanup(oom_bus_closep) struct oom_bus *bus = calloc(1, sizeof(*bus));
	const char *who = user ? "the user manager" : "the system manager";
	int r;

	if (!bus)
		return oom_err_set(err, ENOMEM, "no memory for a bus connection");
	bus->user = user;
	r = connect_any(bus);
	if (r < 0)
		return oom_err_errno(err, -r,
			"cannot reach %s of systemd over D-Bus%s; without systemd, use --in guest "
			"or --in cgroup",
			who, user ? " (is XDG_RUNTIME_DIR set?)" : "");
	r = subscribe(bus);
	if (r >= 0)
		r = oom_bus_manager_text(
			bus, "Version", bus->version_text, sizeof(bus->version_text));
	if (r < 0)
		return oom_err_errno(err, -r, "%s of systemd does not answer", who);
	/* "252.39-1~deb12u2", "v257.7" */
	bus->version = atoi(bus->version_text + strcspn(bus->version_text, "0123456789"));
	*ret = oom_take_ptr(bus);
	return 0;
}

static struct oom_bus *ahead; /* of the system manager: see oom_bus_keep() */

int oom_bus_open(bool user, struct oom_err *err, struct oom_bus **ret)
{
	if (user || !ahead)
		return open_new(user, err, ret);
	*ret = oom_take_ptr(ahead);
	return 0;
}

void oom_bus_keep(struct oom_bus *bus)
{
	oom_bus_close(ahead);
	ahead = bus;
}

const char *oom_systemd_version(void)
{
	static char version[sizeof(ahead->version_text)];
	oom_cleanup(oom_bus_closep) struct oom_bus *bus = NULL;
	struct oom_err err;

	if (version[0])
		return version;
	if (ahead)
		snprintf(version, sizeof(version), "%s", ahead->version_text);
	else if (sd_booted() > 0 && !open_new(false, &err, &bus))
		snprintf(version, sizeof(version), "%s", bus->version_text);
	return version[0] ? version : NULL;
}

int oom_bus_call_new(struct oom_bus *bus, const char *member, sd_bus_message **ret)
{
	return sd_bus_message_new_method_call(bus->bus, ret, SYSTEMD, ROOT_PATH, MANAGER, member);
}

int oom_bus_call(struct oom_bus *bus, sd_bus_message *m, sd_bus_error *error, sd_bus_message **ret)
{
	return sd_bus_call(bus->bus, m, OOM_BUS_TIMEOUT_US, error, ret);
}

/* Until the next message was handled, or the time is over. */
static int process_until(struct oom_bus *bus, uint64_t deadline_us)
{
	uint64_t now = oom_monotonic_us();
	int r = sd_bus_process(bus->bus, NULL);

	if (r != 0)
		return r < 0 ? r : 0;
	if (now >= deadline_us)
		return -ETIMEDOUT;
	r = sd_bus_wait(bus->bus, deadline_us - now);
	return r == -EINTR ? 0 : r < 0 ? r : 0;
}

int oom_bus_job(struct oom_bus *bus, sd_bus_message *m, uint64_t timeout_us, sd_bus_error *error)
{
	oom_cleanup(oom_bus_message_unrefp) sd_bus_message *reply = NULL;
	uint64_t deadline_us = oom_monotonic_us() + timeout_us;
	const char *job;
	/* signals that come while the call is under way are only queued, so the job cannot end
	 * unseen before its path is known */
	int r = sd_bus_call(bus->bus, m, timeout_us, error, &reply);

	if (r < 0)
		return r;
	r = sd_bus_message_read(reply, "o", &job);
	if (r < 0)
		return r;
	snprintf(bus->job, sizeof(bus->job), "%s", job);
	bus->result[0] = '\0';
	while (!bus->result[0]) {
		r = process_until(bus, deadline_us);
		if (r < 0)
			break;
	}
	bus->job[0] = '\0';
	return r < 0 ? r : 0;
}

static int get(struct oom_bus *bus, const char *path, const char *interface, const char *property,
	const char *type, sd_bus_message **ret)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	char full[64];
	int r;

	snprintf(full, sizeof(full), "%s.%s", SYSTEMD, interface);
	r = sd_bus_get_property(bus->bus, SYSTEMD, path, full, property, &error, ret, type);
	if (sd_bus_error_has_name(&error, SD_BUS_ERROR_UNKNOWN_PROPERTY) ||
		sd_bus_error_has_name(&error, SD_BUS_ERROR_UNKNOWN_INTERFACE))
		r = -ENOENT;
	sd_bus_error_free(&error);
	return r;
}

static int get_text(struct oom_bus *bus, const char *path, const char *interface,
	const char *property, char *buf, size_t size)
{
	oom_cleanup(oom_bus_message_unrefp) sd_bus_message *reply = NULL;
	const char *text;
	int r = get(bus, path, interface, property, "s", &reply);

	if (r >= 0)
		r = sd_bus_message_read(reply, "s", &text);
	if (r < 0)
		return r;
	return (size_t)snprintf(buf, size, "%s", text) < size ? 0 : -ENAMETOOLONG;
}

int oom_bus_manager_text(struct oom_bus *bus, const char *property, char *buf, size_t size)
{
	return get_text(bus, ROOT_PATH, "Manager", property, buf, size);
}

int oom_bus_unit_text(struct oom_bus *bus, const char *unit, const char *interface,
	const char *property, char *buf, size_t size)
{
	oom_autofree char *path = NULL;
	int r = sd_bus_path_encode(ROOT_PATH "/unit", unit, &path);

	return r < 0 ? r : get_text(bus, path, interface, property, buf, size);
}

int oom_bus_unit_number(struct oom_bus *bus, const char *unit, const char *interface,
	const char *property, uint64_t *ret)
{
	oom_cleanup(oom_bus_message_unrefp) sd_bus_message *reply = NULL;
	oom_autofree char *path = NULL;
	int r = sd_bus_path_encode(ROOT_PATH "/unit", unit, &path);

	if (r >= 0)
		r = get(bus, path, interface, property, "t", &reply);
	return r < 0 ? r : sd_bus_message_read(reply, "t", ret) < 0 ? -EBADMSG : 0;
}

int oom_bus_unit_leaves(struct oom_bus *bus, const char *unit, const char *state,
	uint64_t timeout_us, char *buf, size_t size)
{
	uint64_t deadline_us = oom_monotonic_us() + timeout_us;
	int r;

	/* a change of state is a message to us; only then it is asked for again */
	for (;;) {
		r = oom_bus_unit_text(bus, unit, "Unit", "ActiveState", buf, size);
		if (r < 0 || strcmp(buf, state) != 0)
			return r;
		r = process_until(bus, deadline_us);
		if (r < 0)
			return r == -ETIMEDOUT ? 0 : r;
	}
}
