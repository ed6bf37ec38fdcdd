// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/state/daemon.h"

#include <string.h>

const struct oom_daemon oom_daemons[] = {
	{OOM_KILLER_SYSTEMD_OOMD, "systemd-oomd", "systemd-oomd.service", "systemd-oomd"},
	{OOM_KILLER_EARLYOOM, "earlyoom", "earlyoom.service", "earlyoom"},
	/* a program in Python */
	{OOM_KILLER_NOHANG, "nohang", "nohang.service|nohang-desktop.service", "nohang|python*"},
	{OOM_KILLER_LOWMEMORYKILLER, "lmkd", "lmkd.service", "lmkd"},
	{OOM_KILLER_SYSTEMD, "systemd", "init.scope", "systemd"},
	{OOM_KILLER_UNKNOWN, NULL, NULL, NULL},
};

/* Where packages and administrators put programs; what lies in a folder that anybody may write to is nobody's. */
static const char *const program_folders[] = {"/usr/bin/", "/usr/sbin/", "/usr/local/bin/",
	"/usr/local/sbin/", "/usr/lib/systemd/", "/lib/systemd/", "/bin/", "/sbin/",
	"/usr/libexec/", "/system/bin/"};

struct oom_span oom_cgroup_unit(const char *cgroup)
{
	static const struct oom_span suffixes[] = {
		OOM_SPAN(".service"), OOM_SPAN(".scope"), OOM_SPAN(".slice")};
	struct oom_span unit = {cgroup, 0};

	for (const char *at = cgroup; at && *at;) {
		struct oom_span part = {at, strcspn(at, "/")};

		for (size_t i = 0; i < sizeof(suffixes) / sizeof(*suffixes); i++)
			if (part.len > suffixes[i].len &&
				oom_span_is(oom_span_from(part, part.len - suffixes[i].len),
					suffixes[i]))
				unit = part;
		at += part.len + (at[part.len] == '/');
	}
	return unit;
}

static bool is_among(const char *list, struct oom_span word)
{
	for (const char *p = list; *p;) {
		size_t n = strcspn(p, "|");
		bool open = n && p[n - 1] == '*';

		if (open ? word.len >= n - 1 && !memcmp(word.at, p, n - 1)
			 : word.len == n && !memcmp(word.at, p, n))
			return true;
		p += n + (p[n] == '|');
	}
	return false;
}

/* The name of a program in one of the folders; len 0: it lies elsewhere. */
static struct oom_span program_of(const char *exe)
{
	struct oom_span path = {exe, strlen(exe)};

	for (size_t i = 0; i < sizeof(program_folders) / sizeof(*program_folders); i++) {
		size_t len = strlen(program_folders[i]);

		if (path.len > len && !memcmp(exe, program_folders[i], len) &&
			!memchr(exe + len, '/', path.len - len))
			return oom_span_from(path, len);
	}
	return (struct oom_span){exe, 0};
}

enum oom_killer oom_daemon_identify(const char *exe, const char *cgroup, bool of_scenario)
{
	struct oom_span unit = oom_cgroup_unit(cgroup ? cgroup : "");
	struct oom_span program = program_of(exe ? exe : "");
	bool no_exe = !exe || !*exe, no_unit = !cgroup || !*cgroup;

	for (const struct oom_daemon *d = oom_daemons; d->comm; d++) {
		bool manager = d->killer == OOM_KILLER_SYSTEMD;
		bool its_unit = is_among(d->units, unit);
		bool its_program = program.len && is_among(d->programs, program);

		/* a service of the scenario may run it as what it likes: then the program alone counts, of
		 * those that are programs of their own */
		if (of_scenario && !manager)
			its_unit |= its_program && strcmp(d->programs, d->comm) == 0;
		if (its_unit && its_program)
			return d->killer;
		if ((its_unit && no_exe) || (its_program && no_unit) || (no_exe && no_unit))
			return OOM_KILLER_UNKNOWN;
	}
	return no_exe && of_scenario ? OOM_KILLER_UNKNOWN : OOM_KILLER_SIGNAL;
}

const struct oom_daemon *oom_daemon_called(const char *comm)
{
	for (const struct oom_daemon *d = oom_daemons; comm && d->comm; d++)
		if (!strcmp(d->comm, comm))
			return d;
	return NULL;
}
