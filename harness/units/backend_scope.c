// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/units/backend_scope.h"

#include "harness/bus/property.h"
#include "harness/cgroup/dir.h"
#include "harness/cgroup/kill.h"
#include "harness/cgroup/limit.h"
#include "harness/cgroup/property_value.h"
#include "harness/units/backend.h"
#include "harness/units/scope_keeper.h"
#include "harness/units/scope_name.h"
#include "harness/units/scope_start.h"
#include "harness/units/unit.h"
#include "lib/base/cleanup.h"
#include "lib/kernel/cgroup_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

/* Transient units of systemd: the system manager's for root, else the user manager's. */

#define SETTLE_TIMEOUT_US 10000000
#define STOP_TIMEOUT_US	  20000000

/* Has the manager the memory controller to give away? */
static int check_memory(struct oom_bus *bus, struct oom_err *err)
{
	char cgroup[PATH_MAX], dir[PATH_MAX];
	oom_autoclose int fd = -1;
	bool v1;
	int r = oom_bus_manager_text(bus, "ControlGroup", cgroup, sizeof(cgroup));

	if (!r)
		r = oom_bus_cgroup_dir(bus, cgroup, dir, sizeof(dir), &v1);
	if (r < 0)
		return oom_err_errno(
			err, -r, "no cgroup file system with a memory controller is mounted");
	if (v1)
		return bus->user ? oom_err_set(err, ENOTSUP,
					   "the user manager has no memory controller on cgroup "
					   "v1: run as root")
				 : 0;
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0 && oom_cgroup_dir_has(fd, "cgroup.controllers", "memory"))
		return 0;
	return oom_err_set(err, ENOTSUP, "'%s' has no memory controller (%s), or use --in guest",
		dir,
		bus->user ? "systemctl edit user@.service: Delegate=yes; or run as root"
			  : "is cgroup_disable=memory on the kernel's command line?");
}

static int connect_manager(struct oom_err *err, struct oom_bus **ret)
{
	oom_cleanup(oom_bus_closep) struct oom_bus *bus = NULL;
	int r;

	/* sd_booted(3) */
	if (access("/run/systemd/system", F_OK) < 0 && !getenv("DBUS_SYSTEM_BUS_ADDRESS"))
		return oom_err_set(err, ENOENT,
			"systemd is not running here ('/run/systemd/system' is missing): use --in "
			"guest or --in cgroup");
	r = oom_bus_open(geteuid() != 0, err, &bus);
	if (!r && !bus->checked)
		r = check_memory(bus, err);
	if (r < 0)
		return r;
	bus->checked = true;
	*ret = oom_take_ptr(bus);
	return 0;
}

static int scope_prepare(struct oom_err *err)
{
	struct oom_bus *bus;
	int r = connect_manager(err, &bus);

	if (r < 0)
		return r;
	oom_bus_keep(bus);
	return oom_scope_keeper_prepare(err);
}

static int scope_probe(struct oom_err *err)
{
	oom_cleanup(oom_bus_closep) struct oom_bus *bus = NULL;

	return connect_manager(err, &bus);
}

static int scope_open(struct oom_undo *undo, const char *token, struct oom_err *err, void **ret_ctx)
{
	oom_autofree struct scope_ctx *ctx = calloc(1, sizeof(*ctx));
	int r;

	if (!ctx)
		return oom_err_set(err, ENOMEM, "no memory for units");
	ctx->undo = undo;
	snprintf(ctx->token, sizeof(ctx->token), "%s", token);
	snprintf(ctx->slice, sizeof(ctx->slice), "oomgate_%s.slice", ctx->token);
	/* a dash would be a level of its own (systemd.slice(5)) */
	for (char *c = ctx->slice; *c; c++)
		*c = *c == '-' ? '_' : *c;
	r = connect_manager(err, &ctx->bus);
	if (r < 0)
		return r;
	*ret_ctx = oom_take_ptr(ctx);
	return 0;
}

static void unit_free(struct scope_unit **unit)
{
	if (!*unit)
		return;
	oom_scope_keeper_end(*unit);
	free(*unit);
	*unit = NULL;
}

/* systemd makes it when the first unit wants it; the undo list removes it. */
static int note_slice(struct scope_ctx *ctx, struct oom_err *err)
{
	int r = ctx->slice_noted
		? 0
		: oom_undo_add(ctx->undo, err, "unit", ctx->slice, oom_scope_bus_name(ctx), NULL);

	ctx->slice_noted |= !r;
	return r;
}

static int scope_start(void *data, const struct oom_section *section, struct oom_err *err,
	struct oom_backend_unit *ret)
{
	oom_cleanup(unit_free) struct scope_unit *u = calloc(1, sizeof(*u));
	struct oom_backend_unit unit = {.section = section, .dir_fd = -1};
	struct scope_ctx *ctx = data;
	int r;

	if (!u)
		return oom_err_set(err, ENOMEM, "no memory for a unit");
	u->keeper_pidfd = -1;
	snprintf(u->name, sizeof(u->name), "%s", section->name);
	snprintf(u->what, sizeof(u->what), "%s '%.48s'", oom_unit_kind(section), section->name);
	if (ctx->n_units == OOM_SCOPE_UNITS_MAX)
		return oom_err_set(err, E2BIG,
			"cannot start %s: a scenario can have at most %d units", u->what,
			OOM_SCOPE_UNITS_MAX);
	r = note_slice(ctx, err);
	if (r < 0)
		return r;
	r = section->kind == OOM_SEC_SERVICE && oom_setting_text(section, "Unit")
		? oom_scope_installed_start(ctx, u, section, err, &unit)
		: oom_scope_unit_start(ctx, u, section, err, &unit);
	if (r < 0)
		return r;
	snprintf(unit.name, sizeof(unit.name), "%s", section->name);
	snprintf(unit.unit, sizeof(unit.unit), "%s", u->unit);
	snprintf(u->dir, sizeof(u->dir), "%s", unit.cgroup);
	unit.keeper_pid = u->keeper;
	ctx->units[ctx->n_units++] = u;
	unit.priv = oom_take_ptr(u);
	*ret = unit;
	return 0;
}

/* Where a user may not write to cgroup.procs the manager moves the process, if the unit is
 * delegated. */
static int attach_by_manager(struct scope_ctx *ctx, const char *unit, int pid, sd_bus_error *error)
{
	oom_cleanup(oom_bus_message_unrefp) sd_bus_message *m = NULL;
	int r = oom_bus_call_new(ctx->bus, "AttachProcessesToUnit", &m);

	if (r >= 0)
		r = sd_bus_message_append(m, "ssau", unit, "", 1, (uint32_t)pid);
	return r < 0 ? r : oom_bus_call(ctx->bus, m, error, NULL);
}

static int scope_attach(void *data, struct oom_backend_unit *unit, int pid, struct oom_err *err)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	struct scope_unit *u = unit->priv;
	struct scope_ctx *ctx = data;
	int r = -EACCES;
	char text[16];

	snprintf(text, sizeof(text), "%d", pid);
	if (unit->dir_fd >= 0)
		r = oom_cgroup_write(unit->dir_fd, "cgroup.procs", text);
	if (r == -EACCES || r == -EPERM)
		r = attach_by_manager(ctx, u->unit, pid, &error);
	if (r < 0)
		oom_err_set(err, -r, "cannot move process %d to %s: %s", pid, u->what,
			error.message ? error.message : strerror(-r));
	sd_bus_error_free(&error);
	return r < 0 ? r : 0;
}

static int set_by_manager(struct scope_ctx *ctx, const struct scope_unit *u,
	const struct oom_unit_property *p, const struct oom_value *value, struct oom_err *err)
{
	oom_cleanup(oom_bus_message_unrefp) sd_bus_message *m = NULL;
	sd_bus_error error = SD_BUS_ERROR_NULL;
	int r = oom_bus_call_new(ctx->bus, "SetUnitProperties", &m);

	if (r >= 0)
		r = sd_bus_message_append(m, "sb", u->unit, 1);
	if (r >= 0)
		r = sd_bus_message_open_container(m, 'a', "(sv)");
	if (r >= 0) {
		r = oom_bus_property_append(m, p, value, err);
		if (r < 0)
			return r;
		r = sd_bus_message_close_container(m);
	}
	if (r >= 0)
		r = oom_bus_call(ctx->bus, m, &error, NULL);
	if (r < 0)
		oom_err_set(err, -r, "cannot set %s of %s: %s", p->key.name, u->what,
			error.message ? error.message : strerror(-r));
	sd_bus_error_free(&error);
	return r < 0 ? r : 0;
}

/*
 * In mid-run the file is written itself: that is what systemd would do, without a message to be
 * built and a manager to be woken up under pressure. It does not write it again unless the unit is
 * changed.
 */
static int scope_set(void *data, struct oom_backend_unit *unit, const char *property,
	const struct oom_value *value, struct oom_err *err)
{
	const struct oom_unit_property *p = oom_unit_property_find(property);
	struct scope_unit *u = unit->priv;
	struct oom_cgroup_limits limits = {
		.what = u->what, .dir = u->dir, .dir_fd = unit->dir_fd, .pids_fd = -1};
	struct oom_err why = {0};
	int r;

	if (!p)
		return oom_err_set(
			err, EINVAL, "cannot set '%s' of %s: no such property", property, u->what);
	if (unit->dir_fd < 0 || unit->v1 || !p->v2_file || p->dbus_type == OOM_DBUS_STRING)
		return set_by_manager(data, u, p, value, err);
	r = oom_cgroup_limit_set(&limits, property, value, &why);
	if (r == -EACCES || r == -ENOTSUP)
		return set_by_manager(data, u, p, value, err);
	return r < 0 ? oom_err_set(err, why.code, "%s", why.msg) : 0;
}

static const char *get_text(struct scope_ctx *ctx, const struct scope_unit *u,
	const char *interface, const char *property, struct oom_arena *arena)
{
	char text[128];

	if (oom_bus_unit_text(ctx->bus, u->unit, interface, property, text, sizeof(text)) < 0)
		return NULL;
	return oom_arena_strdup(arena, text);
}

/* Its keeper must not keep systemd from ending what it began to end. */
static void settle(struct scope_ctx *ctx, struct oom_backend_unit *unit)
{
	struct scope_unit *u = unit->priv;
	char state[64];

	if (oom_bus_unit_text(ctx->bus, u->unit, "Unit", "ActiveState", state, sizeof(state)) < 0 ||
		strcmp(state, "deactivating") != 0)
		return;
	oom_scope_keeper_end(u);
	unit->keeper_pid = 0;
	(void)oom_bus_unit_leaves(
		ctx->bus, u->unit, "deactivating", SETTLE_TIMEOUT_US, state, sizeof(state));
}

static int scope_collect(void *data, struct oom_backend_unit *unit, struct oom_arena *arena,
	struct oom_unit_rec *rec)
{
	static const char *const interfaces[] = {"Slice", "Scope", "Service"};
	const char *interface = interfaces[unit->section->kind - OOM_SEC_SLICE];
	struct scope_ctx *ctx = data;
	struct scope_unit *u = unit->priv;
	const char *sub_state;
	uint64_t peak;
	int r = oom_unit_collect_files(unit, arena, rec);

	if (r < 0 || !u)
		return r;
	settle(ctx, unit);
	rec->active_state = get_text(ctx, u, "Unit", "ActiveState", arena);
	/* RemainAfterExit= was ours: a daemon that ended is not active */
	sub_state = get_text(ctx, u, "Unit", "SubState", arena);
	if (!u->installed && sub_state && !strcmp(sub_state, "exited"))
		rec->active_state = "inactive";
	if (unit->section->kind != OOM_SEC_SLICE)
		rec->result = get_text(ctx, u, interface, "Result", arena);
	if (rec->memory_peak_bytes < 0 &&
		!oom_bus_unit_number(ctx->bus, u->unit, interface, "MemoryPeak", &peak) &&
		peak <= INT64_MAX)
		rec->memory_peak_bytes = (int64_t)peak;
	return arena->failed ? -ENOMEM : 0;
}

static void forget(struct scope_ctx *ctx, const struct scope_unit *u)
{
	for (int i = 0; i < ctx->n_units; i++)
		if (ctx->units[i] == u)
			ctx->units[i] = ctx->units[--ctx->n_units];
}

static int scope_stop(void *data, struct oom_backend_unit *unit, struct oom_err *err)
{
	struct scope_ctx *ctx = data;
	struct scope_unit *u = unit->priv;
	int r = 0;

	if (!u)
		return 0;
	if (u->installed) {
		r = u->was_active ? 0 : oom_bus_unit_stop(ctx->bus, u->unit, err);
	} else {
		if (unit->dir_fd >= 0 && !unit->v1)
			r = oom_cgroup_dir_kill(unit->dir_fd, u->dir, STOP_TIMEOUT_US, err);
		oom_scope_keeper_end(u);
		unit->keeper_pid = 0;
		if (!r)
			r = oom_bus_unit_end(ctx->bus, u->unit, err);
	}
	if (r < 0)
		return r;
	oom_closep(&unit->dir_fd);
	forget(ctx, u);
	unit->priv = NULL;
	unit_free(&u);
	return 0;
}

static void scope_close(void *data)
{
	struct scope_ctx *ctx = data;

	if (!ctx)
		return;
	/* what was not stopped is the undo list's business */
	while (ctx->n_units)
		unit_free(&ctx->units[--ctx->n_units]);
	oom_bus_close(ctx->bus);
	free(ctx);
}

const struct oom_backend oom_backend_scope = {
	.name = "scope",
	.help = "transient systemd units, of the system manager or the user's",
	.probe = scope_probe,
	.prepare = scope_prepare,
	.open = scope_open,
	.start = scope_start,
	.attach = scope_attach,
	.set = scope_set,
	.collect = scope_collect,
	.stop = scope_stop,
	.close = scope_close,
};
