// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/base/arena.h"
#include "lib/base/err.h"
#include "lib/scenario/unit_property.h"
#include "lib/scenario/unit_value.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

enum { ALL = OOM_UNIT_SLICE | OOM_UNIT_SCOPE | OOM_UNIT_SERVICE, MAX_KEYS = 128 };

Test(unit_property, is_found_by_its_whole_name)
{
	const struct oom_unit_property *row = oom_unit_property_find("MemoryMax");

	cr_assert_not_null(row);
	cr_expect_eq(row->dbus_type, OOM_DBUS_SIZE);
	cr_expect_str_eq(row->v2_file, "memory.max");
	cr_expect_str_eq(row->v1_file, "memory.limit_in_bytes");
	cr_expect_str_eq(oom_unit_property_find("CPUQuota")->dbus_name, "CPUQuotaPerSecUSec");
	cr_expect_null(oom_unit_property_find("Memory"));
	cr_expect_null(oom_unit_property_find("memorymax"));
	cr_expect_null(oom_unit_property_find(""));
}

/* Which D-Bus type a row has says which type its value must be parsed as. */
Test(unit_property, rows_are_of_one_piece)
{
	static const enum oom_type parsed_as[] = {
		[OOM_DBUS_BOOL] = OOM_T_BOOL,
		[OOM_DBUS_INT32] = OOM_T_INT,
		[OOM_DBUS_SIZE] = OOM_T_SIZE,
		[OOM_DBUS_TASKS] = OOM_T_SIZE,
		[OOM_DBUS_USEC] = OOM_T_DURATION,
		[OOM_DBUS_PERCENT] = OOM_T_SIZE,
		[OOM_DBUS_PERMYRIAD] = OOM_T_SIZE,
		[OOM_DBUS_CPUSET] = OOM_T_STRING,
		[OOM_DBUS_STRV] = OOM_T_WORDS,
		[OOM_DBUS_KILL_SIGNAL] = OOM_T_STRING,
		[OOM_DBUS_DELEGATE] = OOM_T_WORDS,
		[OOM_DBUS_DEVICE_UINT64] = OOM_T_STRING,
		[OOM_DBUS_DEVICE_SIZE] = OOM_T_STRING,
		[OOM_DBUS_DEVICE_USEC] = OOM_T_STRING,
	};

	for (const struct oom_unit_property *row = oom_unit_properties; row->key.name; row++) {
		cr_expect_eq(oom_unit_property_find(row->key.name), row, "%s twice", row->key.name);
		cr_expect(row->since >= 187 && row->since < 300, "%s", row->key.name);
		cr_expect(row->sets && row->key.help, "%s", row->key.name);
		if (row->dbus_type == OOM_DBUS_STRING)
			cr_expect(row->key.type == OOM_T_STRING || row->key.type == OOM_T_CHOICE);
		else if (row->dbus_type == OOM_DBUS_UINT64)
			cr_expect(row->key.type == OOM_T_INT || row->key.type == OOM_T_SIZE);
		else
			cr_expect_eq(row->key.type, parsed_as[row->dbus_type], "%s", row->key.name);
		if (row->dbus_type == OOM_DBUS_USEC)
			cr_expect(row->dbus_name && strstr(row->dbus_name, "USec"), "%s",
				row->key.name);
	}
}

static bool has(const struct oom_key *keys, const char *name)
{
	for (; keys->name; keys++)
		if (!strcmp(keys->name, name))
			return true;
	return false;
}

Test(unit_property, tables_for_the_reader)
{
	struct oom_key all[MAX_KEYS], scope[MAX_KEYS], service[MAX_KEYS], few[3];
	size_t n_all = oom_unit_property_keys(ALL, all, MAX_KEYS);

	cr_expect(n_all > 20 && n_all < MAX_KEYS);
	cr_expect_null(all[n_all].name);
	oom_unit_property_keys(OOM_UNIT_SCOPE, scope, MAX_KEYS);
	oom_unit_property_keys(OOM_UNIT_SERVICE, service, MAX_KEYS);
	cr_expect(has(all, "MemoryMax") && !has(scope, "MemoryMax") && !has(service, "MemoryMax"));
	cr_expect(!has(all, "OOMPolicy") && has(scope, "OOMPolicy") && has(service, "OOMPolicy"));
	cr_expect(!has(scope, "User") && has(service, "User"));
	for (const struct oom_key *key = scope; key->name; key++)
		if (!strcmp(key->name, "OOMPolicy"))
			cr_expect_str_eq(key->dflt, "continue");
	for (const struct oom_key *key = service; key->name; key++)
		cr_expect_null(key->dflt, "%s", key->name);
	cr_expect_eq(oom_unit_property_keys(ALL, few, 3), n_all);
	cr_expect(few[1].name && !few[2].name);
}

Test(unit_property, values_that_systemd_would_refuse)
{
	static const struct {
		const char *name, *value, *msg; /* NULL: fine */
	} rows[] = {
		{"MemoryMax", "50%", NULL},
		{"MemoryMax", "infinity", NULL},
		{"MemoryMax", "101%", "'101%' is more than 100%"},
		{"CPUQuota", "250%", NULL},
		{"CPUQuota", "0%", "'0%' is not more than 0%"},
		{"ManagedOOMMemoryPressureLimit", "60%", NULL},
		{"ManagedOOMMemoryPressureLimit", "110%", "'110%' is more than 100%"},
		{"AllowedCPUs", "0-3,7 9", NULL},
		{"AllowedCPUs", "3-0", "'3-0' is not a list of numbers (0-3,7)"},
		{"AllowedCPUs", "1024", "'1024' is not a list of numbers (0-3,7)"},
		{"KillSignal", "SIGTERM", NULL},
		{"KillSignal", "15", NULL},
		{"KillSignal", "TERM", NULL},
		{"KillSignal", "RTMIN+2", NULL},
		{"Delegate", "yes", NULL},
		{"Delegate", "memory pids", NULL},
		{"Delegate", "maybe",
			"'maybe' is not a controller, yes or no (memory, pids, cpu, ...)"},
		{"DisableControllers", "memory", NULL},
		{"DisableControllers", "yes", "'yes' is not a controller (memory, pids, cpu, ...)"},
		{"Environment", "A=b", NULL},
		{"IOReadBandwidthMax", "/dev/vda 5M", NULL},
		{"IOReadBandwidthMax", "/dev/vda infinity", NULL},
		{"IOReadBandwidthMax", "5M",
			"'5M' is not a device and a number (bytes read per second: /dev/vda 5M)"},
		{"IODeviceWeight", "/dev/vda 0",
			"'/dev/vda 0' is not a device and a number (share of the I/O of one "
			"device: /dev/vda 100)"},
		{"IODeviceLatencyTargetSec", "/dev/vda 25ms", NULL},
	};
	struct oom_arena arena = {0};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct oom_unit_property *row = oom_unit_property_find(rows[i].name);
		struct oom_value value;
		struct oom_err err = {0};

		cr_assert_eq(oom_value_parse(&arena, &row->key, rows[i].value, &err, &value), 0,
			"%s", err.msg);
		cr_expect_eq(oom_unit_property_check(rows[i].name, &value, &err) == 0, !rows[i].msg,
			"%s=%s", rows[i].name, rows[i].value);
		if (rows[i].msg)
			cr_expect_str_eq(err.msg, rows[i].msg);
	}
	oom_arena_release(&arena);
}

Test(unit_property, cpu_masks)
{
	uint8_t mask[OOM_CPUSET_BYTES] = {0xff};
	size_t len = 99;

	cr_assert_eq(oom_cpuset_parse("x", mask, &len), -EINVAL);
	cr_expect(mask[0] == 0xff && len == 99, "untouched on failure");
	cr_assert_eq(oom_cpuset_parse("0-2, 9", mask, &len), 0);
	cr_expect(len == 2 && mask[0] == 7 && mask[1] == 2);
	cr_assert_eq(oom_cpuset_parse("1023", mask, &len), 0);
	cr_expect(len == 128 && mask[0] == 0 && mask[127] == 0x80);
	cr_expect_eq(oom_cpuset_parse("", mask, &len), -EINVAL);
	cr_expect_eq(oom_cpuset_parse("1-", mask, &len), -EINVAL);
	cr_expect_eq(oom_cpuset_parse("1--2", mask, &len), -EINVAL);
}

Test(unit_property, device_values)
{
	size_t len;
	uint64_t number;

	cr_assert_eq(
		oom_device_value_parse(OOM_DBUS_DEVICE_SIZE, "/dev/vda  5M", &len, &number), 0);
	cr_expect(len == 8 && number == 5000000);
	cr_assert_eq(oom_device_value_parse(OOM_DBUS_DEVICE_SIZE, "/d infinity", &len, &number), 0);
	cr_expect_eq(number, UINT64_MAX);
	cr_assert_eq(oom_device_value_parse(OOM_DBUS_DEVICE_USEC, "/d 2ms", &len, &number), 0);
	cr_expect_eq(number, 2000);
	cr_expect_eq(oom_device_value_parse(OOM_DBUS_DEVICE_SIZE, "/d", &len, &number), -EINVAL);
	cr_expect_eq(oom_device_value_parse(OOM_DBUS_DEVICE_SIZE, "/d 5m", &len, &number), -EINVAL);
	cr_expect_eq(oom_device_value_parse(
			     OOM_DBUS_DEVICE_SIZE, "/d 99999999999999999T", &len, &number),
		-ERANGE);
}
