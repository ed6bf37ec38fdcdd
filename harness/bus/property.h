/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_BUS_PROPERTY_H
#define OOM_BUS_PROPERTY_H

#include "lib/base/err.h"
#include "lib/scenario/exec_line.h"
#include "lib/scenario/unit_property.h"

#include <systemd/sd-bus.h>

/*
 * Appends a property to an open array a(sv), as StartTransientUnit() and SetUnitProperties() take
 * it: (sv) with the name and type that the table says. -EINVAL with a sentence for a value that it
 * cannot be; other errors are sd-bus's.
 */
int oom_bus_property_append(sd_bus_message *m, const struct oom_unit_property *property,
	const struct oom_value *value, struct oom_err *err);

/*
 * ExecStart= as a(sasb): the commands @items. Where one has a prefix that this type cannot say
 * (: + ! !!), ExecStartEx= as a(sasas) (systemd 243).
 */
int oom_bus_exec_append(sd_bus_message *m, const struct oom_exec *items, size_t count);

#endif
