// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/cgroup/limit.h"
#include "lib/kernel/cgroup_file.h"

#include "harness/cgroup/dir.h"
#include "harness/cgroup/property_value.h"
#include "lib/scenario/unit_property.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* What a plain cgroup keeps without a file: it has no manager that would act, or take account. */
static const char *const kept_anyway[] = {"Slice", "Description", "Delegate", "CollectMode",
	"MemoryAccounting", "TasksAccounting", "CPUAccounting", "IOAccounting", NULL};

static bool is_one_of(const char *name, const char *const *names)
{
	for (; *names; names++)
		if (!strcmp(*names, name))
			return true;
	return false;
}

/* As the kernel writes it in the file: "max", on v1 -1. */
static int format(const struct oom_unit_property *p, const struct oom_value *value, bool v1,
	char *buf, size_t size)
{
	uint64_t number;
	int r;

	if (p->dbus_type == OOM_DBUS_STRING || p->dbus_type == OOM_DBUS_CPUSET)
		return snprintf(buf, size, "%s", value->text) < (int)size ? 0 : -EINVAL;
	r = oom_property_absolute(p, value, &number);
	if (r < 0)
		return r;
	if (p->dbus_type == OOM_DBUS_PERCENT && number == UINT64_MAX)
		snprintf(buf, size, "max 100000");
	else if (p->dbus_type == OOM_DBUS_PERCENT) /* of each 100 ms */
		snprintf(buf, size, "%" PRIu64 " 100000", number / 10);
	else if (number == UINT64_MAX)
		snprintf(buf, size, v1 ? "-1" : "max");
	else
		snprintf(buf, size, "%" PRIu64, number);
	return 0;
}

static int fail_write(const struct oom_cgroup_limits *l, const char *property, const char *file,
	const char *text, int code, struct oom_err *err)
{
	char controller[32];

	snprintf(controller, sizeof(controller), "%.*s", (int)strcspn(file, "."), file);
	if (code == ENOENT &&
		(l->v1 || oom_cgroup_dir_has(l->dir_fd, "cgroup.controllers", controller)))
		return oom_err_set(err, ENOTSUP, "cannot set %s of %s: this kernel has no '%s'",
			property, l->what, file);
	if (code == ENOENT)
		return oom_err_set(err, ENOTSUP,
			"cannot start %s: %s needs the %s controller, which the parent of '%s' "
			"does not "
			"delegate (Delegate=%s)",
			l->what, property, controller, l->dir, controller);
	if (code == EBUSY && l->v1)
		return oom_err_set(err, EBUSY,
			"cannot set %s of %s to %s: more is in use, and cgroup v1 refuses to kill "
			"for it "
			"(v2 does)",
			property, l->what, text);
	return oom_err_errno(err, code, "cannot set %s of %s to %s ('%s/%s')", property, l->what,
		text, l->dir, file);
}

/* No swap in the machine is a limit of 0 without any accounting. */
bool oom_no_swap(void)
{
	FILE *file = fopen("/proc/swaps", "re");
	int lines = 0, c;

	if (!file)
		return true;
	while ((c = getc(file)) != EOF)
		lines += c == '\n';
	fclose(file);
	return lines <= 1;
}

/* memory and memory + swap: which goes first depends on where the new limit lies */
static int set_v1_memory(struct oom_cgroup_limits *l, const char *property, uint64_t memory,
	uint64_t swap, struct oom_err *err)
{
	static const char *const files[] = {"memory.limit_in_bytes", "memory.memsw.limit_in_bytes"};
	uint64_t both = memory == UINT64_MAX || swap == UINT64_MAX ? UINT64_MAX : memory + swap;
	bool both_first = memory > l->memory_max;
	bool swap_set = swap != UINT64_MAX || l->swap_max != UINT64_MAX;

	if (swap != UINT64_MAX && memory == UINT64_MAX)
		return oom_err_set(err, ENOTSUP,
			"cannot set %s of %s: cgroup v1 limits swap only together with memory "
			"(set MemoryMax too)",
			property, l->what);
	for (int i = 0; i < 2; i++) {
		bool swap_file = i == !both_first;
		uint64_t number = swap_file ? both : memory;
		char text[24];
		int r;

		if (swap_file && !swap_set)
			continue;
		snprintf(text, sizeof(text), number == UINT64_MAX ? "-1" : "%" PRIu64, number);
		r = oom_cgroup_write(l->dir_fd, files[swap_file], text);
		if (r == -ENOENT && swap_file && !swap && oom_no_swap())
			continue;
		if (r == -ENOENT && swap_file)
			return oom_err_set(err, ENOTSUP,
				"cannot set MemorySwapMax of %s: this kernel does not account "
				"swap (boot with swapaccount=1)",
				l->what);
		if (r < 0)
			return fail_write(l, property, files[swap_file], text, -r, err);
	}
	l->memory_max = memory;
	l->swap_max = swap;
	return 0;
}

static int set_file(struct oom_cgroup_limits *l, const struct oom_unit_property *p,
	const struct oom_value *value, const char *file, struct oom_err *err)
{
	int fd = l->dir_fd, r;
	char text[256];

	if (l->v1 && !strncmp(file, "pids.", 5))
		fd = l->pids_fd;
	if (fd < 0)
		return oom_err_set(err, ENOTSUP,
			"cannot start %s: %s needs the pids controller, which is not mounted here",
			l->what, p->key.name);
	r = format(p, value, l->v1, text, sizeof(text));
	if (r < 0)
		return oom_err_set(err, EINVAL,
			"cannot set %s of %s to '%s': a plain cgroup takes a number", p->key.name,
			l->what, value->text);
	r = oom_cgroup_write(fd, file, text);
	if (r == -ENOENT && !strcmp(p->key.name, "MemorySwapMax") && oom_no_swap())
		return 0;
	return r < 0 ? fail_write(l, p->key.name, file, text, -r, err) : 0;
}

/* systemd does the same: memory.oom.group for kill, nothing for continue */
static int set_oom_policy(struct oom_cgroup_limits *l, const char *policy, struct oom_err *err)
{
	int r;

	if (!strcmp(policy, "continue"))
		return 0;
	if (strcmp(policy, "kill") != 0 || l->v1)
		return oom_err_set(err, ENOTSUP,
			"cannot start %s: OOMPolicy=%s needs systemd%s; use --in scope or --in "
			"guest",
			l->what, policy, l->v1 ? " and cgroup v2" : "");
	r = oom_cgroup_write(l->dir_fd, "memory.oom.group", "1");
	return r < 0 ? fail_write(l, "OOMPolicy", "memory.oom.group", "1", -r, err) : 0;
}

/* Of v1's many hierarchies the memory and pids ones are used. */
static const char *v1_file(const struct oom_unit_property *p)
{
	return p->v1_file &&
			(!strncmp(p->v1_file, "memory.", 7) || !strncmp(p->v1_file, "pids.", 5))
		? p->v1_file
		: NULL;
}

int oom_cgroup_limit_set(struct oom_cgroup_limits *l, const char *property,
	const struct oom_value *value, struct oom_err *err)
{
	const struct oom_unit_property *p = oom_unit_property_find(property);
	const char *file = !p ? NULL : l->v1 ? v1_file(p) : p->v2_file;
	bool is_max = !strcmp(property, "MemoryMax"), is_swap = !strcmp(property, "MemorySwapMax");
	uint64_t number;

	if (!strcmp(property, "OOMPolicy"))
		return set_oom_policy(l, value->text, err);
	if (is_one_of(property, kept_anyway))
		return 0;
	if (l->v1 && p && (is_max || is_swap)) {
		if (oom_property_absolute(p, value, &number) < 0)
			return oom_err_set(err, EINVAL, "cannot set %s of %s to '%s'", property,
				l->what, value->text);
		return set_v1_memory(l, property, is_max ? number : l->memory_max,
			is_swap ? number : l->swap_max, err);
	}
	if (!file)
		return oom_err_set(err, ENOTSUP,
			"cannot set %s of %s: %s; use --in scope or --in guest", property, l->what,
			p && p->v2_file ? "cgroup v1 has no equivalent" : "it needs systemd");
	return set_file(l, p, value, file, err);
}

int oom_cgroup_limits_apply(
	struct oom_cgroup_limits *l, const struct oom_section *section, struct oom_err *err)
{
	/* MemorySwapMax last: on v1 it is meaningless before MemoryMax */
	for (int swap = 0; swap < 2; swap++) {
		for (size_t i = 0; i < section->n_settings; i++) {
			const struct oom_setting *s = &section->settings[i];
			int r;

			if ((strcmp(s->key->name, "MemorySwapMax") == 0) != swap)
				continue;
			r = oom_cgroup_limit_set(l, s->key->name, &s->value, err);
			/* a default that only systemd can keep is nothing that anybody asked for */
			if (r == -ENOTSUP && s->is_default) {
				if (err)
					*err = (struct oom_err){0};
				continue;
			}
			if (r < 0)
				return r;
		}
	}
	return 0;
}
