/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_UNIT_PROPERTY_H
#define OOM_UNIT_PROPERTY_H

#include "lib/scenario/key.h"

/*
 * Properties of systemd.resource-control(5), systemd.scope(5), systemd.kill(5) and, for services, the
 * likes of systemd.exec(5), as they are written in unit files, with the name and type that
 * StartTransientUnit() wants on D-Bus (org.freedesktop.systemd1(5)) and the cgroup file that holds the
 * same thing. Left out: what acts at boot and shutdown only (Startup…=) and what concerns the network
 * and device nodes (IP…=, BPFProgram=, SocketBind…=, DeviceAllow=, …).
 *
 * The parsed value is where key.type says: a PERCENT is a size with is_percent, an infinite number
 * UINT64_MAX (sizes, durations) or INT64_MAX.
 */
enum oom_dbus_type {
	OOM_DBUS_BOOL, /* b */
	OOM_DBUS_STRING, /* s */
	OOM_DBUS_UINT64, /* t: a number or a size in bytes, or infinity (UINT64_MAX) */
	OOM_DBUS_INT32, /* i */
	OOM_DBUS_SIZE, /* t in bytes; a percentage goes as u (UINT32_MAX is 100 %) named NAMEScale */
	OOM_DBUS_TASKS, /* as SIZE, but a plain number */
	OOM_DBUS_USEC, /* t in µs under another name: RuntimeMaxSec= is RuntimeMaxUSec */
	OOM_DBUS_PERCENT, /* CPUQuota=50% is CPUQuotaPerSecUSec t = 500000 */
	OOM_DBUS_PERMYRIAD, /* ManagedOOMMemoryPressureLimit=60% is u, UINT32_MAX scaled */
	OOM_DBUS_CPUSET, /* ay: a bit mask, AllowedCPUs=0-3: oom_cpuset_parse() */
	OOM_DBUS_STRV, /* as */
	OOM_DBUS_KILL_SIGNAL, /* i: SIGTERM, TERM or 15: lib/scenario/signal_name.h */
	OOM_DBUS_DELEGATE, /* Delegate=yes is Delegate b; Delegate=memory pids is
				 DelegateControllers as */
	OOM_DBUS_DEVICE_UINT64, /* a(st): "/dev/vda 100" */
	OOM_DBUS_DEVICE_SIZE, /* a(st): "/dev/vda 5M", base 1000: oom_device_value_parse() */
	OOM_DBUS_DEVICE_USEC, /* a(st): "/dev/vda 20ms" */
};

/* Where a property may stand. */
enum oom_unit_set { OOM_UNIT_SLICE = 1 << 0, OOM_UNIT_SCOPE = 1 << 1, OOM_UNIT_SERVICE = 1 << 2 };

struct oom_unit_property {
	struct oom_key key; /* name as in a unit file, type, help */
	enum oom_dbus_type dbus_type;
	const char *dbus_name; /* NULL: key.name */
	const char *v2_file; /* "memory.max"; NULL: none */
	const char *v1_file; /* "memory.limit_in_bytes"; NULL: none */
	int since; /* systemd release that brought it to transient scopes (or services) */
	unsigned sets; /* enum oom_unit_set */
	const char *scope_dflt; /* what a scope gets unless its section says otherwise */
};

/* The row of @name (whole word, case matters), or NULL. */
const struct oom_unit_property *oom_unit_property_find(const char *name);
/* All rows; .key.name NULL at the end. */
extern const struct oom_unit_property oom_unit_properties[];

/*
 * Keys for struct oom_schema, copied to @keys with an empty row at the end. @sets: all three, for those
 * that every unit may have; or one of SCOPE and SERVICE, for what such a unit has on top (a scope's with
 * their scope_dflt). Returns how many there are, the empty row not counted; copies no more than @max rows,
 * the empty one included.
 */
size_t oom_unit_property_keys(unsigned sets, struct oom_key *keys, size_t max);

struct oom_err;

enum { OOM_CPUSET_BYTES = 128 }; /* 1024 processors or nodes */

#endif
