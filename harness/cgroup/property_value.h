/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_PROPERTY_VALUE_H
#define OOM_PROPERTY_VALUE_H

#include "lib/scenario/scenario.h"
#include "lib/scenario/unit_property.h"

/* The value of a unit property as a number, whatever type its key has. */
struct oom_property_number {
	bool infinite;
	bool is_percent; /* of what, the property says */
	uint64_t number; /* bytes, µs, or plain; two's complement where it can be negative */
	double percent;
};

/* -EINVAL for a text that is none ("idle"). */
int oom_property_number(const struct oom_value *value, struct oom_property_number *ret);
/* What 100 % of a size are: the machine's memory, as for systemd. */
uint64_t oom_machine_bytes(void);
/* And of tasks: the kernel's limit for pids. */
uint64_t oom_machine_tasks(void);
/* The number, percentages resolved by the property's type; UINT64_MAX: infinity. */
int oom_property_absolute(
	const struct oom_unit_property *property, const struct oom_value *value, uint64_t *ret);

/* The text of a setting of @section ("Slice"), NULL where it has none. */
const char *oom_setting_text(const struct oom_section *section, const char *key);
const struct oom_setting *oom_setting_find(const struct oom_section *section, const char *key);

#endif
