// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/state/daemon.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct {
	const char *exe, *cgroup;
	bool of_scenario;
	enum oom_killer killer;
} rows[] = {
	{"/usr/lib/systemd/systemd-oomd", "/system.slice/systemd-oomd.service", false,
		OOM_KILLER_SYSTEMD_OOMD},
	{"/lib/systemd/systemd-oomd", "/system.slice/systemd-oomd.service", false,
		OOM_KILLER_SYSTEMD_OOMD},
	{"/usr/bin/earlyoom", "/system.slice/earlyoom.service", false, OOM_KILLER_EARLYOOM},
	{"/usr/bin/earlyoom", "/system.slice/earlyoom.service/below", false, OOM_KILLER_EARLYOOM},
	{"/usr/bin/python3.11", "/system.slice/nohang.service", false, OOM_KILLER_NOHANG},
	{"/usr/bin/python3.11", "/system.slice/nohang-desktop.service", false, OOM_KILLER_NOHANG},
	{"/system/bin/lmkd", "/lmkd.service", false, OOM_KILLER_LOWMEMORYKILLER},
	{"/usr/lib/systemd/systemd", "/init.scope", false, OOM_KILLER_SYSTEMD},
	{"/usr/lib/systemd/systemd", "/user.slice/user-0.slice/user@0.service/init.scope", false,
		OOM_KILLER_SYSTEMD},
	/* one of the two alone is none of them */
	{"/usr/bin/dash", "/system.slice/systemd-oomd.service", false, OOM_KILLER_SIGNAL},
	{"/usr/bin/earlyoom", "/oomgate.slice/oomgate-box.scope", false, OOM_KILLER_SIGNAL},
	{"/run/earlyoom", "/system.slice/earlyoom.service", false, OOM_KILLER_SIGNAL},
	{"/usr/bin/deep/earlyoom", "/system.slice/earlyoom.service", false, OOM_KILLER_SIGNAL},
	{"/usr/bin/earlyoomd", "/system.slice/earlyoom.service", false, OOM_KILLER_SIGNAL},
	{"/usr/bin/earlyoom", "/system.slice/my-earlyoom.service", false, OOM_KILLER_SIGNAL},
	{"/usr/bin/earlyoom", "/earlyoom.service/box.scope", false, OOM_KILLER_SIGNAL},
	{"/usr/bin/python3.11", "/system.slice/other.service", false, OOM_KILLER_SIGNAL},
	{"/usr/bin/dash", "/init.scope", false, OOM_KILLER_SIGNAL},
	{"/usr/bin/dash", "/", false, OOM_KILLER_SIGNAL},
	/* a service of the scenario runs the daemon under another name */
	{"/usr/bin/earlyoom", "/oomgate.slice/oomgate-e.service", true, OOM_KILLER_EARLYOOM},
	{"/usr/bin/dash", "/oomgate.slice/oomgate-e.service", true, OOM_KILLER_SIGNAL},
	{"/tmp/earlyoom", "/oomgate.slice/oomgate-e.service", true, OOM_KILLER_SIGNAL},
	{"/usr/bin/python3.11", "/oomgate.slice/oomgate-e.service", true, OOM_KILLER_SIGNAL},
	{"/usr/lib/systemd/systemd", "/oomgate.slice/oomgate-e.service", true, OOM_KILLER_SIGNAL},
	/* gone before it could be looked at */
	{"", "", false, OOM_KILLER_UNKNOWN},
	{NULL, NULL, false, OOM_KILLER_UNKNOWN},
	{"", "/system.slice/earlyoom.service", false, OOM_KILLER_UNKNOWN},
	{"/usr/bin/earlyoom", "", false, OOM_KILLER_UNKNOWN},
	{"", "/oomgate.slice/oomgate-box.scope", false, OOM_KILLER_SIGNAL},
	{"/usr/bin/dash", "", false, OOM_KILLER_SIGNAL},
	{"", "/oomgate.slice/oomgate-e.service", true, OOM_KILLER_UNKNOWN},
};

Test(daemon, is_known_by_its_unit_and_its_program)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		cr_expect_eq(oom_daemon_identify(rows[i].exe, rows[i].cgroup, rows[i].of_scenario),
			rows[i].killer, "row %zu: %s", i,
			oom_killer_name(oom_daemon_identify(
				rows[i].exe, rows[i].cgroup, rows[i].of_scenario)));
}

Test(daemon, the_unit_of_a_cgroup)
{
	static const struct {
		const char *cgroup, *unit;
	} units[] = {
		{"/system.slice/cron.service", "cron.service"},
		{"/system.slice/cron.service/a/b", "cron.service"},
		{"/a.slice/a-b.slice/x.scope", "x.scope"},
		{"/a.slice", "a.slice"},
		{"/", ""},
		{"", ""},
		{"/.service", ""},
		{"/box", ""},
	};

	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		struct oom_span unit = oom_cgroup_unit(units[i].cgroup);

		cr_expect(unit.len == strlen(units[i].unit) &&
				!memcmp(unit.at, units[i].unit, unit.len),
			"%s", units[i].cgroup);
	}
}

Test(daemon, a_name_is_a_claim)
{
	cr_expect_not_null(oom_daemon_called("earlyoom"));
	cr_expect_null(oom_daemon_called("sh"));
	cr_expect_null(oom_daemon_called(NULL));
}
