/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_SCENARIO_UNIT_VALUE_H
#define OOM_SCENARIO_UNIT_VALUE_H

#include "lib/base/err.h"
#include "lib/scenario/unit_property.h"

/* "0-3,7 9" to a bit mask, lowest first; *ret_len bytes of it are used. -EINVAL, -ERANGE. */
int oom_cpuset_parse(const char *text, uint8_t mask[static OOM_CPUSET_BYTES], size_t *ret_len);
/* "/dev/vda 5M": *ret_path_len bytes of @text are the path; the number in bytes (base 1000), µs or plain,
 * as @type says; UINT64_MAX for infinity. -EINVAL, -ERANGE. */
int oom_device_value_parse(
	enum oom_dbus_type type, const char *text, size_t *ret_path_len, uint64_t *ret);
/* What a property's value must be beyond its type: CPU lists, signals, controllers. 0 for names that are
 * no property. For struct oom_schema. -EINVAL or -ERANGE with a sentence. */
int oom_unit_property_check(const char *name, const struct oom_value *value, struct oom_err *err);

#endif
