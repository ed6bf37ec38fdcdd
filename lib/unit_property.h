/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_UNIT_PROPERTY_H
#define OOM_UNIT_PROPERTY_H

#include "lib/key.h"

/*
 * Properties of systemd.resource-control(5), systemd.scope(5) and systemd.kill(5) as they are written
 * in unit files, with the name and type that StartTransientUnit() wants on D-Bus
 * (org.freedesktop.systemd1(5)) and the cgroup file that holds the same thing.
 */
enum oom_dbus_type {
	OOM_DBUS_BOOL,	   /* b */
	OOM_DBUS_STRING,   /* s */
	OOM_DBUS_UINT64,   /* t: a number, or infinity (UINT64_MAX) */
	OOM_DBUS_INT32,	   /* i */
	OOM_DBUS_SIZE,	   /* t in bytes; a percentage goes as u (UINT32_MAX/100 each) named NAMEScale */
	OOM_DBUS_TASKS,	   /* as SIZE, but a plain number */
	OOM_DBUS_USEC,	   /* t in µs under another name: RuntimeMaxSec= is RuntimeMaxUSec */
	OOM_DBUS_PERCENT,  /* CPUQuota=50% is CPUQuotaPerSecUSec t = 500000 */
	OOM_DBUS_PERMYRIAD,/* ManagedOOMMemoryPressureLimit=60% is u, UINT32_MAX scaled */
	OOM_DBUS_CPUSET,   /* ay: a bit mask, AllowedCPUs=0-3 */
	OOM_DBUS_STRV,	   /* as */
	OOM_DBUS_KILL_SIGNAL, /* i: SIGTERM or 15 */
};

struct oom_unit_property {
	struct oom_key key;	 /* name as in a unit file, type, help */
	enum oom_dbus_type dbus_type;
	const char *dbus_name;	 /* NULL: key.name */
	const char *v2_file;	 /* "memory.max"; NULL: none */
	const char *v1_file;	 /* "memory.limit_in_bytes"; NULL: none */
	int since;		 /* systemd release that brought it to transient scopes */
};

/* The row of @name (whole word, case matters), or NULL. */
const struct oom_unit_property *oom_unit_property_find(const char *name);
/* All rows; .key.name NULL at the end. */
extern const struct oom_unit_property oom_unit_properties[];
/* The same keys as a plain table for struct oom_schema. */
const struct oom_key *oom_unit_property_keys(void);

#endif
