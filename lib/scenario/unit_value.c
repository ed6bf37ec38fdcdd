// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/scenario/unit_value.h"

#include "lib/base/err.h"
#include "lib/scenario/signal_name.h"
#include "lib/scenario/unit_property.h"
#include "lib/scenario/value_internal.h"

#include <errno.h>
#include <string.h>

/* Digits at *@text, moved behind them; -1 when there are none or too many. */
static int index_read(const char **text)
{
	int number = 0;

	if (**text < '0' || **text > '9')
		return -1;
	for (; **text >= '0' && **text <= '9'; (*text)++) {
		number = number * 10 + (**text - '0');
		if (number >= OOM_CPUSET_BYTES * 8)
			return -1;
	}
	return number;
}

int oom_cpuset_parse(const char *text, uint8_t mask[static OOM_CPUSET_BYTES], size_t *ret_len)
{
	uint8_t bits[OOM_CPUSET_BYTES] = {0};
	size_t len = 0;

	for (const char *p = text + strspn(text, ", \t"); *p; p += strspn(p, ", \t")) {
		int first = index_read(&p), last = first;

		if (first >= 0 && *p == '-') {
			p++;
			last = index_read(&p);
		}
		if (first < 0 || last < first || !strchr(", \t", *p))
			return -EINVAL;
		for (int i = first; i <= last; i++)
			bits[i / 8] |= (uint8_t)(1 << i % 8);
		if (len < (size_t)last / 8 + 1)
			len = (size_t)last / 8 + 1;
	}
	if (!len)
		return -EINVAL;
	memcpy(mask, bits, sizeof(bits));
	*ret_len = len;
	return 0;
}

/* systemd reads bandwidths to the base of 1000, everything else to 1024 */
static int rate_parse(const char *text, uint64_t *ret)
{
	static const char suffixes[] = "KMGT";
	size_t digits = strspn(text, "0123456789");
	const char *suffix = text[digits] ? strchr(suffixes, text[digits]) : NULL;
	char number[24];
	int64_t value;
	int r;

	if (digits >= sizeof(number) || (text[digits] && (!suffix || text[digits + 1])))
		return -EINVAL;
	memcpy(number, text, digits);
	number[digits] = '\0';
	r = oom_parse_int(number, &value);
	for (int i = 0; r == 0 && suffix && i <= suffix - suffixes; i++)
		if (__builtin_mul_overflow(value, 1000, &value))
			r = -ERANGE;
	if (r == 0)
		*ret = (uint64_t)value;
	return r;
}

int oom_device_value_parse(
	enum oom_dbus_type type, const char *text, size_t *ret_path_len, uint64_t *ret)
{
	size_t len = strcspn(text, " \t");
	const char *number = text + len + strspn(text + len, " \t");
	uint64_t value = UINT64_MAX;
	int64_t plain = -1;
	int r = 0;

	if (text[0] != '/' || !*number)
		return -EINVAL;
	if (type == OOM_DBUS_DEVICE_USEC)
		r = oom_parse_duration(number, &value);
	else if (type == OOM_DBUS_DEVICE_UINT64)
		r = oom_parse_int(number, &plain);
	else if (strcmp(number, "infinity") != 0)
		r = rate_parse(number, &value);
	if (type == OOM_DBUS_DEVICE_UINT64 && r == 0) {
		r = plain < 1 || plain > 10000 ? -ERANGE : 0;
		value = (uint64_t)plain;
	}
	if (r < 0)
		return r;
	*ret_path_len = len;
	*ret = value;
	return 0;
}

static const char controllers[] =
	"cpu|cpuacct|cpuset|io|blkio|memory|devices|pids|bpf-firewall|bpf-devices|bpf-foreign|"
	"bpf-socket-bind|bpf-restrict-network-interfaces";

static int check_controllers(const struct oom_value *value, bool or_bool, struct oom_err *err)
{
	bool yes;

	if (or_bool && value->list.count == 1 && oom_parse_bool(value->list.items[0], &yes) == 0)
		return 0;
	for (size_t i = 0; i < value->list.count; i++) {
		const char *word = value->list.items[i];

		if (!oom_choices_have(controllers, word, strlen(word)))
			return oom_err_set(err, EINVAL,
				"'%s' is not a controller%s (memory, pids, cpu, ...)", word,
				or_bool ? ", yes or no" : "");
	}
	return 0;
}

static int check_size(
	const struct oom_unit_property *row, const struct oom_value *value, struct oom_err *err)
{
	if (value->size.is_percent && value->size.percent > 100 &&
		row->dbus_type != OOM_DBUS_PERCENT)
		return oom_err_set(err, ERANGE, "'%s' is more than 100%%", value->text);
	if (row->dbus_type == OOM_DBUS_PERCENT && value->size.percent <= 0)
		return oom_err_set(err, ERANGE, "'%s' is not more than 0%%", value->text);
	return 0;
}

int oom_unit_property_check(const char *name, const struct oom_value *value, struct oom_err *err)
{
	const struct oom_unit_property *row = oom_unit_property_find(name);
	uint8_t mask[OOM_CPUSET_BYTES];
	size_t len;
	uint64_t number;
	int sig;

	if (!row)
		return 0;
	switch (row->dbus_type) {
	case OOM_DBUS_CPUSET:
		if (oom_cpuset_parse(value->text, mask, &len) < 0)
			return oom_err_set(
				err, EINVAL, "'%s' is not a list of numbers (0-3,7)", value->text);
		return 0;
	case OOM_DBUS_KILL_SIGNAL:
		return oom_signal_parse(value->text, &sig) < 0 ? oom_signal_refuse(value->text, err)
							       : 0;
	case OOM_DBUS_DEVICE_UINT64:
	case OOM_DBUS_DEVICE_SIZE:
	case OOM_DBUS_DEVICE_USEC:
		if (oom_device_value_parse(row->dbus_type, value->text, &len, &number) < 0)
			return oom_err_set(err, EINVAL, "'%s' is not a device and a number (%s)",
				value->text, row->key.help);
		return 0;
	case OOM_DBUS_DELEGATE:
	case OOM_DBUS_STRV:
		if (row->dbus_type == OOM_DBUS_DELEGATE || !strcmp(name, "DisableControllers"))
			return check_controllers(value, row->dbus_type == OOM_DBUS_DELEGATE, err);
		return 0;
	default:
		return row->key.type == OOM_T_SIZE ? check_size(row, value, err) : 0;
	}
}
