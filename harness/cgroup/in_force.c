// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/cgroup/in_force.h"

#include "harness/cgroup/limit.h"
#include "harness/cgroup/property_value.h"
#include "lib/base/cleanup.h"
#include "lib/kernel/cgroup_file.h"
#include "lib/scenario/unit_property.h"
#include "lib/scenario/unit_value.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool oom_list_within(const char *part, const char *whole)
{
	uint8_t has[OOM_CPUSET_BYTES] = {0}, may[OOM_CPUSET_BYTES] = {0};
	size_t len;

	if ((*part && oom_cpuset_parse(part, has, &len) < 0) ||
		(*whole && oom_cpuset_parse(whole, may, &len) < 0))
		return false;
	for (size_t i = 0; i < OOM_CPUSET_BYTES; i++)
		if (has[i] & ~may[i])
			return false;
	return true;
}

/* A number as the file has it: "max" is UINT64_MAX. */
static bool take_number(const char *text, uint64_t *ret)
{
	if (!strncmp(text, "max", 3)) {
		*ret = UINT64_MAX;
		return true;
	}
	return sscanf(text, "%" SCNu64, ret) == 1;
}

/* Whole pages (mm/page_counter.c: page_counter_memparse()); of percentages others have another rounding. */
static bool same_bytes(uint64_t wanted, uint64_t found, bool is_percent)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t apart = wanted > found ? wanted - found : found - wanted;

	if (wanted == UINT64_MAX || found == UINT64_MAX)
		return wanted == found;
	return wanted / page == found / page || (is_percent && apart <= page + (wanted >> 20));
}

/* "QUOTA PERIOD" (cpu.max), whatever the period. */
static bool same_share(uint64_t wanted_us, const char *text)
{
	uint64_t quota, period = 0;

	if (!take_number(text, &quota) || sscanf(text, "%*s %" SCNu64, &period) != 1 || !period)
		return false;
	if (quota == UINT64_MAX || wanted_us == UINT64_MAX)
		return quota == wanted_us;
	return fabs((double)quota / (double)period - (double)wanted_us / 1e6) < 0.01;
}

static bool is_same(
	const struct oom_unit_property *p, const struct oom_value *value, const char *text)
{
	struct oom_property_number asked;
	uint64_t wanted, found;

	if (p->dbus_type == OOM_DBUS_CPUSET)
		return oom_list_within(value->text, text) && oom_list_within(text, value->text);
	if (p->dbus_type == OOM_DBUS_STRING)
		return strcmp(value->text, "kill") != 0 || *text == '1';
	if (oom_property_number(value, &asked) < 0 || oom_property_absolute(p, value, &wanted) < 0)
		return true; /* a word: what the kernel makes of it nobody knows */
	if (p->dbus_type == OOM_DBUS_PERCENT)
		return same_share(wanted, text);
	if (!take_number(text, &found))
		return false;
	if (!strncmp(p->v2_file, "memory.", 7) && p->dbus_type == OOM_DBUS_SIZE)
		return same_bytes(wanted, found, asked.is_percent);
	return wanted == found ||
		(asked.is_percent && (wanted > found ? wanted - found : found - wanted) <= 1);
}

/* No file: no swap in the machine is a limit of 0 without any accounting. */
static int no_file(const char *what, const struct oom_setting *setting,
	const struct oom_unit_property *p, struct oom_err *err)
{
	if (!strcmp(p->key.name, "MemorySwapMax") && oom_no_swap())
		return 0;
	return oom_err_set(err, ENOTSUP,
		"needs %s=%s of %s in force: there is no '%s' in its cgroup (this kernel has none, or "
		"the controller is not enabled)",
		p->key.name, setting->value.text, what, p->v2_file);
}

int oom_cgroup_in_force(
	int dir_fd, const char *what, const struct oom_setting *setting, struct oom_err *err)
{
	const struct oom_unit_property *p = oom_unit_property_find(setting->key->name);
	oom_autoclose int fd = -1;
	char text[512];

	/* io.weight is one of several files, by the scheduler of each device */
	if (!p || !p->v2_file || !strncmp(p->v2_file, "io.", 3))
		return 0;
	fd = oom_cgroup_open(dir_fd, p->v2_file);
	if (fd == -ENOENT)
		return no_file(what, setting, p, err);
	if (fd < 0 || oom_cgroup_pread(fd, text, sizeof(text)) < 0)
		return oom_err_set(err, EIO, "cannot read '%s' of %s back", p->v2_file, what);
	text[strcspn(text, "\n")] = '\0';
	if (is_same(p, &setting->value, text))
		return 0;
	return oom_err_set(err, EIO, "%s=%s of %s is not in force: '%s' says '%s'", p->key.name,
		setting->value.text, what, p->v2_file, text);
}
