// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/bus/bus.h"
#include "harness/cgroup/kill.h"
#include "harness/cgroup/mounts.h"
#include "lib/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>

#define NO_SUCH_UNIT	"org.freedesktop.systemd1.NoSuchUnit"
#define KILL_TIMEOUT_US 20000000

static int unit_call(
	struct oom_bus *bus, const char *member, const char *unit, sd_bus_message **ret)
{
	int r = oom_bus_call_new(bus, member, ret);

	return r < 0 ? r : sd_bus_message_append(*ret, "s", unit);
}

bool oom_bus_unit_known(struct oom_bus *bus, const char *unit)
{
	oom_cleanup(oom_bus_message_unrefp) sd_bus_message *m = NULL;
	sd_bus_error error = SD_BUS_ERROR_NULL;
	int r = unit_call(bus, "GetUnit", unit, &m);

	if (r >= 0)
		r = oom_bus_call(bus, m, &error, NULL);
	sd_bus_error_free(&error);
	return r >= 0;
}

int oom_bus_unit_reset_failed(struct oom_bus *bus, const char *unit)
{
	oom_cleanup(oom_bus_message_unrefp) sd_bus_message *m = NULL;
	sd_bus_error error = SD_BUS_ERROR_NULL;
	int r = unit_call(bus, "ResetFailedUnit", unit, &m);

	if (r >= 0)
		r = oom_bus_call(bus, m, &error, NULL);
	if (sd_bus_error_has_name(&error, NO_SUCH_UNIT))
		r = 0;
	sd_bus_error_free(&error);
	return r < 0 ? r : 0;
}

int oom_bus_unit_stop(struct oom_bus *bus, const char *unit, struct oom_err *err)
{
	oom_cleanup(oom_bus_message_unrefp) sd_bus_message *m = NULL;
	sd_bus_error error = SD_BUS_ERROR_NULL;
	bool known = true;
	int r = unit_call(bus, "StopUnit", unit, &m);

	if (r >= 0)
		r = sd_bus_message_append(m, "s", "replace");
	if (r >= 0)
		r = oom_bus_job(bus, m, OOM_BUS_TIMEOUT_US, &error);
	if (sd_bus_error_has_name(&error, NO_SUCH_UNIT)) {
		known = false;
		r = 0;
	}
	if (r < 0)
		oom_err_set(err, -r, "cannot stop unit '%s': %s", unit,
			error.message ? error.message : strerror(-r));
	sd_bus_error_free(&error);
	if (r < 0)
		return r;
	(void)oom_bus_unit_reset_failed(bus, unit);
	return known;
}

static int find_memory(struct oom_bus *bus)
{
	const struct oom_cgroup_mount *mount;
	struct oom_cgroup_mounts mounts;
	int r = oom_cgroup_mounts_read("", NULL, &mounts);

	if (r < 0)
		return r;
	mount = oom_cgroup_mounts_memory("", &mounts, &bus->memory_v1);
	if (!mount)
		return -ENOENT;
	bus->memory = *mount;
	return 0;
}

int oom_bus_cgroup_dir(
	struct oom_bus *bus, const char *cgroup, char *buf, size_t size, bool *ret_v1)
{
	int r = bus->memory.found ? 0 : find_memory(bus);

	if (r < 0)
		return r;
	*ret_v1 = bus->memory_v1;
	return oom_cgroup_mount_dir("", &bus->memory, *cgroup ? cgroup : "/", buf, size);
}

int oom_bus_unit_cgroup(struct oom_bus *bus, const char *unit, char *buf, size_t size, bool *ret_v1,
	int *ret_dir_fd)
{
	static const struct {
		const char *suffix, *interface;
	} kinds[] = {{".scope", "Scope"}, {".slice", "Slice"}, {".service", "Service"}};
	const char *suffix = strrchr(unit, '.');
	char dir[PATH_MAX];
	int r = -ENOENT, fd; /* a target has none */

	for (size_t i = 0; suffix && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(kinds[i].suffix, suffix))
			r = oom_bus_unit_text(
				bus, unit, kinds[i].interface, "ControlGroup", buf, size);
	if (r < 0)
		return r;
	if (!*buf)
		return -ENOENT;
	r = oom_bus_cgroup_dir(bus, buf, dir, sizeof(dir), ret_v1);
	if (r < 0)
		return r;
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	*ret_dir_fd = fd;
	return 0;
}

/* Where the cgroup is not to be reached: systemd does it, with nothing to tell when it is done. */
static void kill_unit(struct oom_bus *bus, const char *unit)
{
	oom_cleanup(oom_bus_message_unrefp) sd_bus_message *m = NULL;
	sd_bus_error error = SD_BUS_ERROR_NULL;

	if (unit_call(bus, "KillUnit", unit, &m) >= 0 &&
		sd_bus_message_append(m, "si", "all", SIGKILL) >= 0)
		(void)oom_bus_call(bus, m, &error, NULL);
	sd_bus_error_free(&error);
}

int oom_bus_unit_end(struct oom_bus *bus, const char *unit, struct oom_err *err)
{
	char cgroup[PATH_MAX];
	int fd = -1;
	bool v1;

	if (!oom_bus_unit_known(bus, unit))
		return 0;
	if (oom_bus_unit_cgroup(bus, unit, cgroup, sizeof(cgroup), &v1, &fd) < 0 || v1)
		kill_unit(bus, unit);
	else
		/* what does not end now keeps StopUnit waiting, and that says so */
		(void)oom_cgroup_dir_kill(fd, cgroup, KILL_TIMEOUT_US, NULL);
	oom_closep(&fd);
	return oom_bus_unit_stop(bus, unit, err);
}
