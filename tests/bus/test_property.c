// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/bus/property.h"
#include "lib/base/arena.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* A message needs a bus, but nobody has to answer on it. */
static sd_bus *dumb_bus(void)
{
	int pair[2];
	sd_bus *bus;

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	cr_assert_geq(sd_bus_new(&bus), 0);
	cr_assert_geq(sd_bus_set_fd(bus, pair[0], pair[0]), 0);
	cr_assert_geq(sd_bus_start(bus), 0);
	return bus;
}

/* What is in the message, as text: every basic value behind its type. */
static void dump(sd_bus_message *m, char *buf, size_t size)
{
	for (;;) {
		const char *contents, *text;
		uint64_t t;
		uint32_t u;
		uint8_t y;
		int32_t i;
		size_t len = strlen(buf);
		char type;
		int b;

		if (sd_bus_message_peek_type(m, &type, &contents) <= 0)
			return;
		switch (type) {
		case 'a':
		case 'v':
		case 'r':
			snprintf(buf + len, size - len, "%c[", type == 'r' ? '(' : type);
			cr_assert_geq(sd_bus_message_enter_container(m, type, contents), 0);
			dump(m, buf, size);
			cr_assert_geq(sd_bus_message_exit_container(m), 0);
			len = strlen(buf);
			snprintf(buf + len, size - len, "] ");
			break;
		case 's':
			sd_bus_message_read(m, "s", &text);
			snprintf(buf + len, size - len, "s:%s ", text);
			break;
		case 't':
			sd_bus_message_read(m, "t", &t);
			snprintf(buf + len, size - len, "t:%llu ", (unsigned long long)t);
			break;
		case 'u':
			sd_bus_message_read(m, "u", &u);
			snprintf(buf + len, size - len, "u:%u ", u);
			break;
		case 'i':
			sd_bus_message_read(m, "i", &i);
			snprintf(buf + len, size - len, "i:%d ", i);
			break;
		case 'y':
			sd_bus_message_read(m, "y", &y);
			snprintf(buf + len, size - len, "y:%u ", y);
			break;
		case 'b':
			sd_bus_message_read(m, "b", &b);
			snprintf(buf + len, size - len, "b:%d ", b);
			break;
		default:
			cr_assert_fail("unexpected type %c", type);
		}
	}
}

static sd_bus_message *new_message(sd_bus *bus)
{
	sd_bus_message *m;

	cr_assert_geq(sd_bus_message_new_method_call(bus, &m, "a.b", "/a", "a.b", "C"), 0);
	cr_assert_geq(sd_bus_message_open_container(m, 'a', "(sv)"), 0);
	return m;
}

static void seal_and_dump(sd_bus_message *m, char *buf, size_t size)
{
	cr_assert_geq(sd_bus_message_close_container(m), 0);
	cr_assert_geq(sd_bus_message_seal(m, 1, 0), 0);
	cr_assert_geq(sd_bus_message_rewind(m, 1), 0);
	*buf = '\0';
	dump(m, buf, size);
}

static const struct {
	const char *name, *text;
	const char *written; /* NULL: refused */
} rows[] = {
	{"MemoryMax", "200M", "a[([s:MemoryMax v[t:209715200 ] ] ] "},
	{"MemoryMax", "infinity", "a[([s:MemoryMax v[t:18446744073709551615 ] ] ] "},
	{"MemoryMax", "50%", "a[([s:MemoryMaxScale v[u:2147483648 ] ] ] "},
	{"MemoryMax", "100%", "a[([s:MemoryMaxScale v[u:4294967295 ] ] ] "},
	{"MemoryMax", "101%", NULL},
	{"MemorySwapMax", "0", "a[([s:MemorySwapMax v[t:0 ] ] ] "},
	{"TasksMax", "40", "a[([s:TasksMax v[t:40 ] ] ] "},
	{"TasksMax", "10%", "a[([s:TasksMaxScale v[u:429496730 ] ] ] "},
	{"CPUQuota", "50%", "a[([s:CPUQuotaPerSecUSec v[t:500000 ] ] ] "},
	{"CPUQuota", "200%", "a[([s:CPUQuotaPerSecUSec v[t:2000000 ] ] ] "},
	{"CPUWeight", "100", "a[([s:CPUWeight v[t:100 ] ] ] "},
	{"ManagedOOMMemoryPressureLimit", "60%",
		"a[([s:ManagedOOMMemoryPressureLimit v[u:2576980377 ] ] ] "},
	{"ManagedOOMMemoryPressure", "kill", "a[([s:ManagedOOMMemoryPressure v[s:kill ] ] ] "},
	{"RuntimeMaxSec", "2s", "a[([s:RuntimeMaxUSec v[t:2000000 ] ] ] "},
	{"TimeoutStopSec", "infinity", "a[([s:TimeoutStopUSec v[t:18446744073709551615 ] ] ] "},
	{"MemoryAccounting", "yes", "a[([s:MemoryAccounting v[b:1 ] ] ] "},
	{"SendSIGKILL", "no", "a[([s:SendSIGKILL v[b:0 ] ] ] "},
	{"OOMPolicy", "kill", "a[([s:OOMPolicy v[s:kill ] ] ] "},
	{"KillSignal", "SIGTERM", "a[([s:KillSignal v[i:15 ] ] ] "},
	{"OOMScoreAdjust", "-500", "a[([s:OOMScoreAdjust v[i:-500 ] ] ] "},
	{"AllowedCPUs", "0-3,9", "a[([s:AllowedCPUs v[a[y:15 y:2 ] ] ] ] "},
	{"Delegate", "yes", "a[([s:Delegate v[b:1 ] ] ] "},
	{"Delegate", "no", "a[([s:Delegate v[b:0 ] ] ] "},
	{"Delegate", "memory pids", "a[([s:DelegateControllers v[a[s:memory s:pids ] ] ] ] "},
	{"DisableControllers", "cpu", "a[([s:DisableControllers v[a[s:cpu ] ] ] ] "},
	{"IOReadBandwidthMax", "/dev/vda 5M",
		"a[([s:IOReadBandwidthMax v[a[([s:/dev/vda t:5000000 ] ] ] ] ] "},
	{"LimitMEMLOCK", "1M", "a[([s:LimitMEMLOCK v[t:1048576 ] ] ] "},
	{"Environment", "A=1 B=2", "a[([s:Environment v[a[s:A=1 s:B=2 ] ] ] ] "},
};

Test(bus_property, every_type_goes_as_systemd_wants_it)
{
	sd_bus *bus = dumb_bus();

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct oom_unit_property *p = oom_unit_property_find(rows[i].name);
		struct oom_arena arena = {0};
		struct oom_value value;
		struct oom_err err = {0};
		sd_bus_message *m = new_message(bus);
		char buf[512];
		int r;

		cr_assert_not_null(p, "%s", rows[i].name);
		cr_assert_eq(oom_value_parse(&arena, &p->key, rows[i].text, &err, &value), 0,
			"%s=%s: %s", rows[i].name, rows[i].text, err.msg);
		r = oom_bus_property_append(m, p, &value, &err);
		if (rows[i].written) {
			cr_expect_eq(r, 0, "%s=%s: %s", rows[i].name, rows[i].text, err.msg);
			seal_and_dump(m, buf, sizeof(buf));
			cr_expect_str_eq(buf, rows[i].written, "%s=%s: '%s'", rows[i].name,
				rows[i].text, buf);
		} else {
			cr_expect_eq(r, -EINVAL, "%s=%s", rows[i].name, rows[i].text);
			cr_expect(strstr(err.msg, rows[i].text), "%s", err.msg);
		}
		sd_bus_message_unref(m);
		oom_arena_release(&arena);
	}
	sd_bus_unref(bus);
}

/* A row for each type that the table of properties uses, or the table has outgrown this test. */
Test(bus_property, every_type_has_a_row)
{
	for (const struct oom_unit_property *p = oom_unit_properties; p->key.name; p++) {
		bool found = p->dbus_type == OOM_DBUS_DEVICE_UINT64 ||
			p->dbus_type == OOM_DBUS_DEVICE_USEC; /* as DEVICE_SIZE */

		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]) && !found; i++)
			found = oom_unit_property_find(rows[i].name)->dbus_type == p->dbus_type;
		cr_expect(found, "no row has the type of %s", p->key.name);
	}
}

Test(bus_property, command_lines)
{
	static const struct {
		const char *text, *dump;
	} commands[] = {
		{"/bin/sleep '1 h' ''",
			"a[([s:ExecStart v[a[([s:/bin/sleep a[s:/bin/sleep s:1 h s: ] b:0 ] ] ] ] ] "},
		{"-/bin/a ; @/bin/b name \\; $X",
			"a[([s:ExecStart v[a[([s:/bin/a a[s:/bin/a ] b:1 ] "
			"([s:/bin/b a[s:name s:; s:$X ] b:0 ] ] ] ] ] "},
		{"+/bin/a",
			"a[([s:ExecStartEx v[a[([s:/bin/a a[s:/bin/a ] a[s:privileged ] ] ] ] ] ] "},
		{"-:!!/bin/a x",
			"a[([s:ExecStartEx v[a[([s:/bin/a a[s:/bin/a s:x ] "
			"a[s:ignore-failure s:ambient s:no-env-expand ] ] ] ] ] ] "},
	};

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		sd_bus *bus = dumb_bus();
		sd_bus_message *m = new_message(bus);
		struct oom_arena arena = {0};
		struct oom_exec *items = NULL;
		struct oom_err err = {0};
		size_t count = 0;
		char buf[512];

		cr_assert_eq(oom_exec_line_parse(&arena, commands[i].text, &err, &items, &count), 0,
			"%s", err.msg);
		cr_assert_geq(oom_bus_exec_append(m, items, count), 0);
		seal_and_dump(m, buf, sizeof(buf));
		cr_expect_str_eq(buf, commands[i].dump, "'%s'", buf);
		oom_arena_release(&arena);
		sd_bus_message_unref(m);
		sd_bus_unref(bus);
	}
}
