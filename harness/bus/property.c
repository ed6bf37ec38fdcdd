// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/bus/property.h"

#include "harness/cgroup/property_value.h"
#include "lib/scenario/signal_name.h"
#include "lib/scenario/unit_value.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The parts of a call: an array of structs of a name and a variant. */
static int open_variant(sd_bus_message *m, const char *name, const char *type)
{
	int r = sd_bus_message_open_container(m, 'r', "sv");

	if (r >= 0)
		r = sd_bus_message_append(m, "s", name);
	return r < 0 ? r : sd_bus_message_open_container(m, 'v', type);
}

static int close_variant(sd_bus_message *m, int r)
{
	if (r >= 0)
		r = sd_bus_message_close_container(m);
	return r < 0 ? r : sd_bus_message_close_container(m);
}

static int append_strv(sd_bus_message *m, const char *name, const struct oom_value *value)
{
	bool list = value->type == OOM_T_WORDS || value->type == OOM_T_ALTERNATIVES;
	size_t count = list ? value->list.count : 1;
	int r = open_variant(m, name, "as");

	if (r >= 0)
		r = sd_bus_message_open_container(m, 'a', "s");
	for (size_t i = 0; i < count && r >= 0; i++)
		r = sd_bus_message_append(m, "s", list ? value->list.items[i] : value->text);
	if (r >= 0)
		r = sd_bus_message_close_container(m);
	return close_variant(m, r);
}

/* systemd.resource-control(5): a boolean, or the controllers' names */
static int append_delegate(sd_bus_message *m, const struct oom_value *value)
{
	bool yes = true;

	if (value->type == OOM_T_BOOL)
		yes = value->boolean;
	else if (oom_parse_bool(value->text, &yes) < 0)
		return append_strv(m, "DelegateControllers", value);
	return sd_bus_message_append(m, "(sv)", "Delegate", "b", (int)yes);
}

static int append_cpuset(sd_bus_message *m, const char *name, const struct oom_value *value)
{
	uint8_t mask[OOM_CPUSET_BYTES];
	size_t len;
	int r = oom_cpuset_parse(value->text, mask, &len);

	if (r >= 0)
		r = open_variant(m, name, "ay");
	if (r >= 0)
		r = sd_bus_message_append_array(m, 'y', mask, len);
	return close_variant(m, r);
}

static int append_device(sd_bus_message *m, const struct oom_unit_property *p, const char *name,
	const struct oom_value *value)
{
	char path[256];
	uint64_t number;
	size_t len;
	int r = oom_device_value_parse(p->dbus_type, value->text, &len, &number);

	if (r < 0)
		return r;
	if (len >= sizeof(path))
		return -ENAMETOOLONG;
	memcpy(path, value->text, len);
	path[len] = '\0';
	return sd_bus_message_append(m, "(sv)", name, "a(st)", 1, path, number);
}

/* UINT32_MAX is 100 % (src/basic/percent-util.h), rounded to a hundredth of a percent as there */
static uint32_t scale(double percent)
{
	uint64_t permyriad = (uint64_t)(percent * 100 + 0.5);

	return (uint32_t)((permyriad * UINT32_MAX + 5000) / 10000);
}

static int append_scale(sd_bus_message *m, const char *name, double percent)
{
	if (percent > 100)
		return -EINVAL;
	return sd_bus_message_append(m, "(sv)", name, "u", scale(percent));
}

static int append_number(sd_bus_message *m, const struct oom_unit_property *p, const char *name,
	const struct oom_value *value)
{
	struct oom_property_number n;
	char scaled[80];
	int r = oom_property_number(value, &n);

	if (r < 0)
		return r;
	if (p->dbus_type == OOM_DBUS_PERMYRIAD)
		return n.is_percent ? append_scale(m, name, n.percent) : -EINVAL;
	if (p->dbus_type == OOM_DBUS_PERCENT) {
		r = oom_property_absolute(p, value, &n.number);
		return r < 0 ? r : sd_bus_message_append(m, "(sv)", name, "t", n.number);
	}
	if (n.is_percent) {
		if (p->dbus_type != OOM_DBUS_SIZE && p->dbus_type != OOM_DBUS_TASKS)
			return -EINVAL;
		snprintf(scaled, sizeof(scaled), "%sScale", name);
		return append_scale(m, scaled, n.percent);
	}
	return sd_bus_message_append(m, "(sv)", name, "t", n.infinite ? UINT64_MAX : n.number);
}

static int append_int32(sd_bus_message *m, const char *name, const struct oom_value *value)
{
	struct oom_property_number n;
	int r = oom_property_number(value, &n);
	int64_t number;

	if (r < 0)
		return r;
	number = (int64_t)n.number;
	if (n.infinite || n.is_percent || number < INT32_MIN || number > INT32_MAX)
		return -EINVAL;
	return sd_bus_message_append(m, "(sv)", name, "i", (int32_t)number);
}

static int append(
	sd_bus_message *m, const struct oom_unit_property *p, const struct oom_value *value)
{
	const char *name = p->dbus_name ? p->dbus_name : p->key.name;
	bool yes;
	int number, r;

	switch (p->dbus_type) {
	case OOM_DBUS_BOOL:
		if (value->type == OOM_T_BOOL)
			yes = value->boolean;
		else if (oom_parse_bool(value->text, &yes) < 0)
			return -EINVAL;
		return sd_bus_message_append(m, "(sv)", name, "b", (int)yes);
	case OOM_DBUS_STRING:
		return sd_bus_message_append(m, "(sv)", name, "s", value->text);
	case OOM_DBUS_INT32:
		return append_int32(m, name, value);
	case OOM_DBUS_KILL_SIGNAL:
		r = oom_signal_parse(value->text, &number);
		return r < 0 ? r : sd_bus_message_append(m, "(sv)", name, "i", number);
	case OOM_DBUS_STRV:
		return append_strv(m, name, value);
	case OOM_DBUS_DELEGATE:
		return append_delegate(m, value);
	case OOM_DBUS_CPUSET:
		return append_cpuset(m, name, value);
	case OOM_DBUS_DEVICE_UINT64:
	case OOM_DBUS_DEVICE_SIZE:
	case OOM_DBUS_DEVICE_USEC:
		return append_device(m, p, name, value);
	case OOM_DBUS_UINT64:
	case OOM_DBUS_SIZE:
	case OOM_DBUS_TASKS:
	case OOM_DBUS_USEC:
	case OOM_DBUS_PERCENT:
	case OOM_DBUS_PERMYRIAD:
		return append_number(m, p, name, value);
	}
	return -EINVAL;
}

int oom_bus_property_append(sd_bus_message *m, const struct oom_unit_property *property,
	const struct oom_value *value, struct oom_err *err)
{
	int r = append(m, property, value);

	if (r == -EINVAL || r == -ERANGE)
		return oom_err_set(err, -r, "%s cannot be '%s'", property->key.name, value->text);
	return r < 0 ? oom_err_errno(err, -r, "cannot pass %s=%s to systemd", property->key.name,
			       value->text)
		     : 0;
}

static int append_words(sd_bus_message *m, const char *const *words, size_t count)
{
	int r = sd_bus_message_open_container(m, 'a', "s");

	for (size_t i = 0; i < count && r >= 0; i++)
		r = sd_bus_message_append(m, "s", words[i]);
	return r < 0 ? r : sd_bus_message_close_container(m);
}

/* The names of exec_command_flags in src/core/execute.c (src/shared/exec-util.c since 247). */
static int append_exec_flags(sd_bus_message *m, unsigned flags)
{
	static const struct {
		enum oom_exec_flag flag;
		const char *name;
	} rows[] = {
		{OOM_EXEC_IGNORE_FAILURE, "ignore-failure"},
		{OOM_EXEC_PRIVILEGED, "privileged"},
		{OOM_EXEC_NO_SETUID, "no-setuid"},
		{OOM_EXEC_AMBIENT, "ambient"},
		{OOM_EXEC_NO_ENV_EXPAND, "no-env-expand"},
	};
	const char *names[sizeof(rows) / sizeof(rows[0])];
	size_t count = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (flags & rows[i].flag)
			names[count++] = rows[i].name;
	return append_words(m, names, count);
}

static int append_exec(sd_bus_message *m, const struct oom_exec *exec, bool extended)
{
	int r = sd_bus_message_open_container(m, 'r', extended ? "sasas" : "sasb");

	if (r >= 0)
		r = sd_bus_message_append(m, "s", exec->path);
	if (r >= 0)
		r = append_words(m, exec->argv, exec->argc);
	if (r >= 0 && extended)
		r = append_exec_flags(m, exec->flags);
	else if (r >= 0)
		r = sd_bus_message_append(m, "b", !!(exec->flags & OOM_EXEC_IGNORE_FAILURE));
	return r < 0 ? r : sd_bus_message_close_container(m);
}

int oom_bus_exec_append(sd_bus_message *m, const struct oom_exec *items, size_t count)
{
	bool extended = false;
	int r;

	for (size_t i = 0; i < count; i++)
		extended |= (items[i].flags & ~(unsigned)OOM_EXEC_IGNORE_FAILURE) != 0;
	r = open_variant(
		m, extended ? "ExecStartEx" : "ExecStart", extended ? "a(sasas)" : "a(sasb)");
	if (r >= 0)
		r = sd_bus_message_open_container(m, 'a', extended ? "(sasas)" : "(sasb)");
	for (size_t i = 0; i < count && r >= 0; i++)
		r = append_exec(m, &items[i], extended);
	if (r >= 0)
		r = sd_bus_message_close_container(m);
	return close_variant(m, r);
}
