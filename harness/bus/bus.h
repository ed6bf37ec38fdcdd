/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_BUS_H
#define OOM_BUS_H

#include "harness/cgroup/mounts.h"
#include "lib/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

/* A connection to a systemd manager (org.freedesktop.systemd1(5)): its units, its jobs. */

#define OOM_BUS_TIMEOUT_US                                                                         \
	((uint64_t)60000000) /* of a call or a job; an emulated machine is slow */

struct oom_bus {
	sd_bus *bus;
	sd_bus_slot *slot; /* of the match for JobRemoved */
	bool user; /* the user manager's */
	bool direct; /* on the manager's own socket, without a bus daemon between us */
	int version; /* of systemd: 252 */
	char version_text[64]; /* "252.39-1~deb12u2" */
	struct oom_cgroup_mount
		memory; /* where its units' memory is accounted for, once it is .found */
	bool memory_v1;
	bool checked; /* has the manager that controller to give away? See harness/units */
	char job[128]; /* path of the job that is waited for */
	char result[32]; /* its result, "" while it is under way */
};

/*
 * The manager's private socket is tried first (unless $DBUS_SYSTEM_BUS_ADDRESS names another way):
 * it needs no bus daemon, which may itself be a victim of what is tried here. Then the bus.
 */
int oom_bus_open(bool user, struct oom_err *err, struct oom_bus **ret);
/*
 * Keeps a connection to the system manager for the next oom_bus_open() of this process: a guest connects before
 * it is saved. A connection cannot be used behind a fork().
 */
void oom_bus_keep(struct oom_bus *bus);
/* The system manager's version ("257.13-1~deb13u1"), asked for once in a process; NULL where there is no
 * systemd to ask. */
const char *oom_systemd_version(void);
void oom_bus_close(struct oom_bus *bus); /* may be NULL */
void oom_bus_closep(struct oom_bus **bus);

/* A call of org.freedesktop.systemd1.Manager to be filled. */
int oom_bus_call_new(struct oom_bus *bus, const char *member, sd_bus_message **ret);
/* Sends it and waits for the answer. -errno with @error filled (sd_bus_error_free() it). */
int oom_bus_call(struct oom_bus *bus, sd_bus_message *m, sd_bus_error *error, sd_bus_message **ret);
/* Sends a call that starts a job and waits for the job's end. 0: its result is in bus->result
 * ("done", "failed", …); -errno with @error filled; -ETIMEDOUT: it is still under way. */
int oom_bus_job(struct oom_bus *bus, sd_bus_message *m, uint64_t timeout_us, sd_bus_error *error);

/* Properties of a unit: @interface is "Unit", "Scope", "Slice" or "Service". -ENOENT where this
 * systemd has no such property. */
int oom_bus_unit_text(struct oom_bus *bus, const char *unit, const char *interface,
	const char *property, char *buf, size_t size);
int oom_bus_unit_number(struct oom_bus *bus, const char *unit, const char *interface,
	const char *property, uint64_t *ret);
/* The manager's own: "Version", "ControlGroup". */
int oom_bus_manager_text(struct oom_bus *bus, const char *property, char *buf, size_t size);

/* Is a unit of that name in memory? */
bool oom_bus_unit_known(struct oom_bus *bus, const char *unit);
/* Stops it, waits, and forgets that it failed. 1; 0: there is no such unit. */
int oom_bus_unit_stop(struct oom_bus *bus, const char *unit, struct oom_err *err);
/* Kills all of its processes first, by its cgroup where that can be reached. */
int oom_bus_unit_end(struct oom_bus *bus, const char *unit, struct oom_err *err);
int oom_bus_unit_reset_failed(struct oom_bus *bus, const char *unit);
/* Waits until its ActiveState is no longer @state, or the time is over; which it is then in @buf.
 */
int oom_bus_unit_leaves(struct oom_bus *bus, const char *unit, const char *state,
	uint64_t timeout_us, char *buf, size_t size);

/* Opens the directory of a unit's cgroup (v1: in the memory hierarchy) and tells its name.
 * -ENOENT: it has none (any more). */
int oom_bus_unit_cgroup(struct oom_bus *bus, const char *unit, char *buf, size_t size, bool *ret_v1,
	int *ret_dir_fd);
/* The directory of a cgroup's name ("/system.slice"); *ret_v1 says in which kind of hierarchy. */
int oom_bus_cgroup_dir(
	struct oom_bus *bus, const char *cgroup, char *buf, size_t size, bool *ret_v1);

static inline void oom_bus_message_unrefp(sd_bus_message **m)
{
	sd_bus_message_unref(*m);
}

#endif
