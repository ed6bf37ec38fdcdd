// SPDX-License-Identifier: LGPL-2.1-or-later
/* Can an image be built here? The tool's own words for what is missing ("unable to pick chroot mode") do
 * not help: asked before, and by 'oomgate doctor'. */

#include "harness/guest/image/probe.h"

#include "harness/host/file.h"
#include "harness/host/path_place.h"
#include "lib/base/arena.h"
#include "lib/base/err.h"

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int check_tools(bool root, struct oom_err *err)
{
	static const struct {
		const char *tool, *package;
		bool user; /* asked for only without root */
	} tools[] = {{"mmdebstrap", "mmdebstrap", false}, {"genext2fs", "genext2fs", false},
		{"newuidmap", "uidmap", true}, {"newgidmap", "uidmap", true}};
	struct oom_arena arena = {0};
	int r = 0;

	for (size_t i = 0; !r && i < sizeof(tools) / sizeof(*tools); i++)
		if (!(root && tools[i].user) && !oom_path_find(&arena, tools[i].tool))
			r = oom_err_set(err, ENOENT,
				"'%s', which is needed to build images, is not installed (apt "
				"install %s)",
				tools[i].tool, tools[i].package);
	oom_arena_release(&arena);
	return r;
}

/* Has subuid(5) a line for the user, by name or by number? */
static bool has_range(
	struct oom_arena *arena, const char *root, const char *file, const char *user, uid_t uid)
{
	char path[PATH_MAX], number[16], *text;

	snprintf(path, sizeof(path), "%s/etc/%s", root, file);
	snprintf(number, sizeof(number), "%u", (unsigned)uid);
	if (oom_file_read(arena, path, 1 << 20, &text, NULL))
		return false;
	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		size_t len = strcspn(line, ":\n");

		if (line[len] == ':' &&
			((len == strlen(user) && !strncmp(line, user, len)) ||
				(len == strlen(number) && !strncmp(line, number, len))))
			return true;
	}
	return false;
}

/* Another source than the files: nsswitch.conf(5) with a line "subid: sss" */
static bool ranges_come_from_elsewhere(struct oom_arena *arena, const char *root)
{
	char path[PATH_MAX], *text;

	snprintf(path, sizeof(path), "%s/etc/nsswitch.conf", root);
	return !oom_file_read(arena, path, 65536, &text, NULL) &&
		(!strncmp(text, "subid:", 6) || strstr(text, "\nsubid:"));
}

/* "0" in a switch of the kernel's: no user namespaces. A switch that is not there switches nothing off. */
static bool is_zero(struct oom_arena *arena, const char *root, const char *name)
{
	char path[PATH_MAX], *text;

	snprintf(path, sizeof(path), "%s/proc/sys/%s", root, name);
	return !oom_file_read(arena, path, 64, &text, NULL) && !strcmp(text, "0\n");
}

int oom_image_user_probe(const char *root, const char *user, uid_t uid, struct oom_err *err)
{
	static const char *const switches[] = {
		"user/max_user_namespaces", "kernel/unprivileged_userns_clone"};
	struct oom_arena arena = {0};
	int r = 0;

	for (size_t i = 0; !r && i < sizeof(switches) / sizeof(*switches); i++)
		if (is_zero(&arena, root, switches[i]))
			r = oom_err_set(err, EPERM,
				"user '%s' cannot build an image: no user namespaces "
				"(/proc/sys/%s is 0); root can",
				user, switches[i]);
	if (!r && !ranges_come_from_elsewhere(&arena, root) &&
		(!has_range(&arena, root, "subuid", user, uid) ||
			!has_range(&arena, root, "subgid", user, uid)))
		r = oom_err_set(err, EPERM,
			"user '%s' cannot build an image: no line in /etc/subuid or /etc/subgid "
			"(as root: 'usermod --add-subuids 100000-165535 --add-subgids "
			"100000-165535 %s'); root can",
			user, user);
	oom_arena_release(&arena);
	return r;
}

int oom_image_build_probe(struct oom_err *err)
{
	uid_t uid = geteuid();
	struct passwd *user = uid ? getpwuid(uid) : NULL;
	char number[16];
	int r = check_tools(!uid, err);

	snprintf(number, sizeof(number), "%u", (unsigned)uid);
	return r || !uid ? r : oom_image_user_probe("", user ? user->pw_name : number, uid, err);
}
