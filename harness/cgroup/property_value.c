// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/cgroup/property_value.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int from_text(const char *text, struct oom_property_number *n)
{
	unsigned long long number;
	char *end;

	if (!strcmp(text, "infinity")) {
		n->infinite = true;
		return 0;
	}
	errno = 0;
	if (strchr(text, '%')) {
		n->percent = strtod(text, &end);
		n->is_percent = true;
		return end == text || strcmp(end, "%") != 0 || errno || !isfinite(n->percent) ||
				n->percent < 0
			? -EINVAL
			: 0;
	}
	number = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno)
		return -EINVAL;
	n->number = number;
	return 0;
}

int oom_property_number(const struct oom_value *value, struct oom_property_number *ret)
{
	struct oom_property_number n = {0};
	int r = 0;

	switch (value->type) {
	case OOM_T_BOOL:
		n.number = value->boolean;
		break;
	case OOM_T_INT:
		n.infinite = value->integer == INT64_MAX;
		n.number = (uint64_t)value->integer;
		break;
	case OOM_T_SIZE:
		n.is_percent = value->size.is_percent;
		n.percent = value->size.percent;
		n.infinite = !n.is_percent && value->size.bytes == UINT64_MAX;
		n.number = value->size.bytes;
		break;
	case OOM_T_DURATION:
		n.infinite = value->usec == UINT64_MAX;
		n.number = value->usec;
		break;
	default:
		r = from_text(value->text, &n);
		break;
	}
	if (!r)
		*ret = n;
	return r;
}

uint64_t oom_machine_bytes(void)
{
	return (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
}

uint64_t oom_machine_tasks(void)
{
	FILE *file = fopen("/proc/sys/kernel/pid_max", "re");
	unsigned long long number = 32768;

	if (file) {
		if (fscanf(file, "%llu", &number) != 1)
			number = 32768;
		fclose(file);
	}
	return number;
}

int oom_property_absolute(
	const struct oom_unit_property *property, const struct oom_value *value, uint64_t *ret)
{
	struct oom_property_number n;
	int r = oom_property_number(value, &n);
	double whole;

	if (r < 0)
		return r;
	if (n.infinite) {
		*ret = UINT64_MAX;
		return 0;
	}
	if (!n.is_percent) {
		*ret = n.number;
		return 0;
	}
	switch (property->dbus_type) {
	case OOM_DBUS_SIZE:
		whole = (double)oom_machine_bytes();
		break;
	case OOM_DBUS_TASKS:
		whole = (double)oom_machine_tasks();
		break;
	case OOM_DBUS_PERCENT: /* µs of CPU time a second */
		whole = 1000000;
		break;
	default:
		return -EINVAL;
	}
	*ret = (uint64_t)(whole * n.percent / 100);
	return 0;
}

const struct oom_setting *oom_setting_find(const struct oom_section *section, const char *key)
{
	for (size_t i = 0; i < section->n_settings; i++)
		if (!strcmp(section->settings[i].key->name, key))
			return &section->settings[i];
	return NULL;
}

const char *oom_setting_text(const struct oom_section *section, const char *key)
{
	const struct oom_setting *setting = oom_setting_find(section, key);

	return setting ? setting->value.text : NULL;
}
