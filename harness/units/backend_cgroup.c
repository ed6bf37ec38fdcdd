// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/cgroup/dir.h"
#include "harness/cgroup/kill.h"
#include "harness/cgroup/limit.h"
#include "harness/cgroup/mounts.h"
#include "harness/cgroup/property_value.h"
#include "harness/units/backend.h"
#include "harness/units/cgroup_root.h"
#include "harness/units/unit.h"
#include "lib/base/cleanup.h"
#include "lib/kernel/cgroup_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* Plain cgroup directories below one that is ours to write: v2, or v1 where only that is mounted.
 */

#define STOP_TIMEOUT_US 20000000
enum { UNITS_MAX = 64 };

struct cgroup_unit {
	char path[512];
	char pids_path[512]; /* v1, "" where pids is not mounted */
	char what[80];
	struct oom_cgroup_limits limits;
	struct cgroup_ctx *ctx;
	char name[64];
};

struct cgroup_ctx {
	struct oom_undo *undo;
	struct oom_cgroup_root root;
	char token[32];
	struct cgroup_unit *units[UNITS_MAX]; /* those that run, for Slice= */
	int n_units;
};

static int cgroup_probe(struct oom_err *err)
{
	struct oom_cgroup_root root;
	int r = oom_cgroup_root_find("", getenv("OOMGATE_CGROUP"), err, &root);

	if (!r)
		oom_cgroup_root_release(&root);
	return r;
}

static int cgroup_open(
	struct oom_undo *undo, const char *token, struct oom_err *err, void **ret_ctx)
{
	oom_autofree struct cgroup_ctx *ctx = calloc(1, sizeof(*ctx));
	int r;

	if (!ctx)
		return oom_err_set(err, ENOMEM, "no memory for the cgroups");
	ctx->undo = undo;
	snprintf(ctx->token, sizeof(ctx->token), "%s", token);
	r = oom_cgroup_root_find("", getenv("OOMGATE_CGROUP"), err, &ctx->root);
	if (r < 0)
		return r;
	r = oom_cgroup_root_prepare(&ctx->root, undo, token, err);
	if (r < 0) {
		oom_cgroup_root_release(&ctx->root);
		return r;
	}
	*ret_ctx = oom_take_ptr(ctx);
	return 0;
}

/* On the list, made, opened. */
static int make_dir(struct cgroup_ctx *ctx, const struct cgroup_unit *u, const char *path,
	struct oom_err *err, int *ret_fd)
{
	int fd, r = oom_undo_add(ctx->undo, err, "cgroup", path, NULL);

	if (r < 0)
		return r;
	if (mkdir(path, 0755) < 0)
		return oom_err_errno(err, errno, "cannot start %s: cannot create the cgroup '%s'",
			u->what, path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return oom_err_errno(
			err, errno, "cannot start %s: cannot open the cgroup '%s'", u->what, path);
	*ret_fd = fd;
	return 0;
}

/* The controllers that the section's properties need must be on in the parent. */
static int enable_controllers(struct cgroup_ctx *ctx, const struct cgroup_unit *parent,
	const struct oom_section *section, const char *what, struct oom_err *err)
{
	const char *path = parent ? parent->path : ctx->root.path;
	int fd = parent ? parent->limits.dir_fd : ctx->root.fd;

	for (size_t i = 0; i < section->n_settings; i++) {
		const struct oom_setting *s = &section->settings[i];
		const struct oom_unit_property *p = oom_unit_property_find(s->key->name);
		char controller[32];
		struct oom_err why = {0};
		int r;

		if (!p || !p->v2_file || s->is_default)
			continue;
		snprintf(controller, sizeof(controller), "%.*s", (int)strcspn(p->v2_file, "."),
			p->v2_file);
		if (!strcmp(controller, "cgroup"))
			continue;
		r = oom_cgroup_enable(fd, path, controller, parent ? NULL : ctx->undo, &why);
		if (r == -ENOTSUP)
			return oom_err_set(err, ENOTSUP,
				"cannot start %s: %s needs the %s controller, which '%s' does not "
				"delegate "
				"(Delegate=%s)",
				what, p->key.name, controller, path, controller);
		if (r < 0)
			return oom_err_set(err, -r, "cannot start %s: %s", what, why.msg);
	}
	return 0;
}

static int find_parent(struct cgroup_ctx *ctx, const struct oom_section *section,
	struct cgroup_unit *u, struct oom_err *err, struct cgroup_unit **ret)
{
	const char *slice = oom_setting_text(section, "Slice");

	*ret = NULL;
	if (!slice)
		return 0;
	for (int i = 0; i < ctx->n_units; i++)
		if (!strcmp(ctx->units[i]->name, slice))
			*ret = ctx->units[i];
	return *ret ? 0
		    : oom_err_set(err, EINVAL, "cannot start %s: its slice '%s' was not started",
			      u->what, slice);
}

static int make_dirs(struct cgroup_ctx *ctx, struct cgroup_unit *u,
	const struct cgroup_unit *parent, struct oom_err *err)
{
	char name[64 * 4];
	int r;

	if (oom_unit_name_escape(u->name, true, name, sizeof(name)) < 0 ||
		snprintf(u->path, sizeof(u->path), "%s/oomgate-%s-%s",
			parent ? parent->path : ctx->root.path, ctx->token,
			name) >= (int)sizeof(u->path))
		return oom_err_set(
			err, ENAMETOOLONG, "cannot start %s: its path is too long", u->what);
	r = make_dir(ctx, u, u->path, err, &u->limits.dir_fd);
	if (r < 0 || !u->limits.v1)
		return r;
	/* before Linux 5.11 a v1 cgroup limits its children only when told so, while it has none */
	(void)oom_cgroup_write(u->limits.dir_fd, "memory.use_hierarchy", "1");
	if (ctx->root.pids_fd < 0)
		return 0;
	if (snprintf(u->pids_path, sizeof(u->pids_path), "%s/oomgate-%s-%s",
		    parent ? parent->pids_path : ctx->root.pids_path, ctx->token,
		    name) >= (int)sizeof(u->pids_path))
		return oom_err_set(
			err, ENAMETOOLONG, "cannot start %s: its path is too long", u->what);
	return make_dir(ctx, u, u->pids_path, err, &u->limits.pids_fd);
}

static void unit_free(struct cgroup_unit **u)
{
	if (!*u)
		return;
	oom_closep(&(*u)->limits.pids_fd);
	free(*u);
	*u = NULL;
}

/* The path that /proc/PID/cgroup would show for it. */
static void cgroup_name(
	const struct cgroup_ctx *ctx, const struct cgroup_unit *u, char *buf, size_t size)
{
	struct oom_cgroup_mounts mounts;
	const char *mount = "";

	if (!oom_cgroup_mounts_read("", NULL, &mounts))
		mount = ctx->root.v1 ? mounts.v1_memory.path : mounts.v2.path;
	if (strncmp(u->path, mount, strlen(mount)) != 0)
		mount = "";
	snprintf(buf, size, "%s", u->path + strlen(mount));
}

static void forget(struct cgroup_ctx *ctx, const struct cgroup_unit *u)
{
	for (int i = 0; i < ctx->n_units; i++)
		if (ctx->units[i] == u)
			ctx->units[i] = ctx->units[--ctx->n_units];
}

static int start_unit(struct cgroup_ctx *ctx, const struct oom_section *section,
	struct cgroup_unit *u, struct oom_err *err)
{
	struct cgroup_unit *parent;
	int r;

	if (section->kind == OOM_SEC_SERVICE)
		return oom_err_set(err, ENOTSUP,
			"cannot start %s: a service needs systemd; use --in scope or --in guest",
			u->what);
	if (ctx->n_units == UNITS_MAX)
		return oom_err_set(err, E2BIG,
			"cannot start %s: a scenario can have at most %d units", u->what,
			UNITS_MAX);
	r = find_parent(ctx, section, u, err, &parent);
	if (!r && !u->limits.v1)
		r = enable_controllers(ctx, parent, section, u->what, err);
	/* events and peaks are wanted of every unit, whatever its properties are */
	if (!r && !u->limits.v1 && parent)
		r = oom_cgroup_enable(parent->limits.dir_fd, parent->path, "memory", NULL, err);
	if (!r)
		r = make_dirs(ctx, u, parent, err);
	return r < 0 ? r : oom_cgroup_limits_apply(&u->limits, section, err);
}

static int cgroup_start(void *data, const struct oom_section *section, struct oom_err *err,
	struct oom_backend_unit *ret)
{
	oom_cleanup(unit_free) struct cgroup_unit *u = calloc(1, sizeof(*u));
	struct cgroup_ctx *ctx = data;
	struct oom_backend_unit unit = {.section = section, .v1 = ctx->root.v1};
	int r;

	if (!u)
		return oom_err_set(err, ENOMEM, "no memory for a cgroup");
	u->ctx = ctx;
	snprintf(u->name, sizeof(u->name), "%s", section->name);
	snprintf(u->what, sizeof(u->what), "%s '%.48s'", oom_unit_kind(section), section->name);
	u->limits = (struct oom_cgroup_limits){.what = u->what,
		.dir = u->path,
		.dir_fd = -1,
		.pids_fd = -1,
		.v1 = ctx->root.v1,
		.memory_max = UINT64_MAX,
		.swap_max = UINT64_MAX};
	r = start_unit(ctx, section, u, err);
	if (r < 0) {
		/* what was made is on the undo list, too; but it is empty, and can go at once */
		if (u->limits.dir_fd >= 0)
			rmdir(u->path);
		if (u->limits.pids_fd >= 0)
			rmdir(u->pids_path);
		oom_closep(&u->limits.dir_fd);
		return r;
	}
	snprintf(unit.name, sizeof(unit.name), "%s", section->name);
	snprintf(unit.unit, sizeof(unit.unit), "%s", strrchr(u->path, '/') + 1);
	cgroup_name(ctx, u, unit.cgroup, sizeof(unit.cgroup));
	unit.dir_fd = u->limits.dir_fd;
	ctx->units[ctx->n_units++] = u;
	unit.priv = oom_take_ptr(u);
	*ret = unit;
	return 0;
}

static int cgroup_attach(void *data, struct oom_backend_unit *unit, int pid, struct oom_err *err)
{
	struct cgroup_unit *u = unit->priv;
	char text[16];
	int r;

	(void)data;
	snprintf(text, sizeof(text), "%d", pid);
	r = oom_cgroup_write(unit->dir_fd, "cgroup.procs", text);
	if (!r && u->limits.pids_fd >= 0)
		r = oom_cgroup_write(u->limits.pids_fd, "cgroup.procs", text);
	if (r < 0)
		return oom_err_errno(
			err, -r, "cannot move process %d to %s ('%s')", pid, u->what, u->path);
	return 0;
}

static int cgroup_set(void *data, struct oom_backend_unit *unit, const char *property,
	const struct oom_value *value, struct oom_err *err)
{
	struct cgroup_unit *u = unit->priv;

	(void)data;
	return oom_cgroup_limit_set(&u->limits, property, value, err);
}

static int cgroup_collect(void *data, struct oom_backend_unit *unit, struct oom_arena *arena,
	struct oom_unit_rec *rec)
{
	(void)data;
	return oom_unit_collect_files(unit, arena, rec);
}

static int cgroup_stop(void *data, struct oom_backend_unit *unit, struct oom_err *err)
{
	struct cgroup_ctx *ctx = data;
	struct cgroup_unit *u = unit->priv;
	int r;

	if (!u)
		return 0;
	/* a fork bomb on v1 has no cgroup.kill: nothing new may be born while it is ended */
	if (u->limits.pids_fd >= 0)
		(void)oom_cgroup_write(u->limits.pids_fd, "pids.max", "0");
	r = oom_cgroup_dir_kill(unit->dir_fd, u->path, STOP_TIMEOUT_US, err);
	if (r < 0)
		return r;
	r = oom_cgroup_dir_remove(u->path, STOP_TIMEOUT_US, err);
	if (r >= 0 && *u->pids_path)
		r = oom_cgroup_dir_remove(u->pids_path, STOP_TIMEOUT_US, err);
	if (r < 0)
		return r;
	oom_closep(&unit->dir_fd);
	forget(ctx, u);
	unit->priv = NULL;
	unit_free(&u);
	return 0;
}

static void cgroup_close(void *data)
{
	struct cgroup_ctx *ctx = data;

	if (!ctx)
		return;
	/* what was not stopped is the undo list's business */
	while (ctx->n_units)
		unit_free(&ctx->units[--ctx->n_units]);
	oom_cgroup_root_release(&ctx->root);
	free(ctx);
}

const struct oom_backend oom_backend_cgroup = {
	.name = "cgroup",
	.help = "plain cgroup directories, v2 or v1, where systemd does not run",
	.probe = cgroup_probe,
	.open = cgroup_open,
	.start = cgroup_start,
	.attach = cgroup_attach,
	.set = cgroup_set,
	.collect = cgroup_collect,
	.stop = cgroup_stop,
	.close = cgroup_close,
};
