// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/units/scope_start.h"

#include "harness/bus/property.h"
#include "harness/cgroup/dir.h"
#include "harness/cgroup/property_value.h"
#include "harness/units/backend.h"
#include "harness/units/backend_scope.h"
#include "harness/units/scope_keeper.h"
#include "harness/units/scope_name.h"
#include "lib/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

/* One try to start a unit: a manager that does not take OOMPolicy= for scopes gets Delegate=
 * instead. */
struct start {
	struct scope_ctx *ctx;
	struct scope_unit *unit;
	const struct oom_section *section;
	const char *slice; /* NULL: its name says it */
	bool delegate_instead;
};

static int append_text(sd_bus_message *m, const char *name, const char *text)
{
	return sd_bus_message_append(m, "(sv)", name, "s", text);
}

static int append_yes(sd_bus_message *m, const struct oom_section *section, const char *name)
{
	if (oom_setting_find(section, name))
		return 0;
	return sd_bus_message_append(m, "(sv)", name, "b", 1);
}

/* "earlyoom" to "/usr/bin/earlyoom": systemd wants the whole path. */
static int find_program(const char *name, char *buf, size_t size)
{
	static const char *const dirs[] = {
		"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"};

	if (strchr(name, '/'))
		return (size_t)snprintf(buf, size, "%s", name) < size ? 0 : -ENAMETOOLONG;
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		if ((size_t)snprintf(buf, size, "%s/%s", dirs[i], name) < size &&
			!access(buf, X_OK))
			return 0;
	return -ENOENT;
}

/* The commands with the paths of their programs; one whose failure does not matter may have none. */
static int find_programs(const struct start *s, const struct oom_value *value,
	struct oom_arena *arena, struct oom_err *err, struct oom_exec **ret)
{
	struct oom_exec *items = oom_arena_alloc(arena, value->exec.count * sizeof(*items));
	char program[PATH_MAX];

	if (!items)
		return oom_err_set(err, ENOMEM, "no memory for a command line");
	for (size_t i = 0; i < value->exec.count; i++) {
		int r = find_program(value->exec.items[i].path, program, sizeof(program));

		items[i] = value->exec.items[i];
		if (r < 0 && !(items[i].flags & OOM_EXEC_IGNORE_FAILURE))
			return oom_err_errno(err, -r,
				"cannot start %s: cannot find the program '%s'", s->unit->what,
				items[i].path);
		if (r == 0)
			items[i].path = oom_arena_strdup(arena, program);
		if (!items[i].path)
			return oom_err_set(err, ENOMEM, "no memory for a command line");
	}
	*ret = items;
	return 0;
}

static int append_service(const struct start *s, sd_bus_message *m, struct oom_err *err)
{
	const struct oom_setting *exec = oom_setting_find(s->section, "ExecStart");
	oom_cleanup(oom_arena_release) struct oom_arena arena = {0};
	struct oom_exec *items = NULL;
	int r;

	if (!exec || exec->value.type != OOM_T_EXEC || !exec->value.exec.count)
		return oom_err_set(err, EINVAL,
			"cannot start %s: it has neither ExecStart= nor Unit=", s->unit->what);
	r = find_programs(s, &exec->value, &arena, err, &items);
	if (r < 0)
		return r;
	r = oom_bus_exec_append(m, items, exec->value.exec.count);
	if (r >= 0 && !oom_setting_find(s->section, "Type"))
		r = append_text(m, "Type", "exec"); /* the job ends when it was executed */
	/* or a daemon that just ends is gone before anybody asks for its result */
	return r < 0 ? r : append_yes(m, s->section, "RemainAfterExit");
}

static int append_scope(const struct start *s, sd_bus_message *m)
{
	bool delegate = s->delegate_instead || s->ctx->bus->user;
	int r = sd_bus_message_append(m, "(sv)", "PIDs", "au", 1, (uint32_t)s->unit->keeper);

	/* a user's processes can be moved into delegated units only */
	if (r >= 0 && delegate)
		r = append_yes(m, s->section, "Delegate");
	if (r >= 0 && !s->delegate_instead && !oom_setting_find(s->section, "OOMPolicy"))
		r = append_text(m, "OOMPolicy", "continue");
	return r;
}

static int append_setting(const struct start *s, sd_bus_message *m,
	const struct oom_setting *setting, struct oom_err *err)
{
	static const char *const ours[] = {"Slice", "ExecStart", "Unit"};
	const struct oom_unit_property *p = oom_unit_property_find(setting->key->name);
	bool policy = !strcmp(setting->key->name, "OOMPolicy");
	struct oom_err why = {0};
	int r;

	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (!strcmp(setting->key->name, ours[i]))
			return 0;
	if (policy && s->delegate_instead)
		return 0;
	if (!p)
		return oom_err_set(err, EINVAL,
			"cannot start %s: '%s' is not a property of systemd units", s->unit->what,
			setting->key->name);
	if (p->since > s->ctx->bus->version && !policy)
		return oom_err_set(err, ENOTSUP,
			"cannot start %s: %s needs systemd %d, and this is %d", s->unit->what,
			p->key.name, p->since, s->ctx->bus->version);
	r = oom_bus_property_append(m, p, &setting->value, &why);
	return r < 0 ? oom_err_set(err, -r, "cannot start %s: %s", s->unit->what, why.msg) : 0;
}

static int append_properties(const struct start *s, sd_bus_message *m, struct oom_err *err)
{
	const struct oom_section *section = s->section;
	char description[128];
	int r;

	snprintf(description, sizeof(description), "oomgate: %s", s->unit->what);
	r = append_text(m, "Description", description);
	/* a failed unit stays until its result was read: we stop it, and forget that it failed, by
	 * name */
	if (r >= 0)
		r = append_text(m, "CollectMode", "inactive");
	if (r >= 0)
		r = append_yes(m, section, "MemoryAccounting");
	if (r >= 0)
		r = append_yes(m, section, "TasksAccounting");
	if (r >= 0 && s->slice)
		r = append_text(m, "Slice", s->slice);
	if (r >= 0 && section->kind == OOM_SEC_SCOPE)
		r = append_scope(s, m);
	for (size_t i = 0; i < section->n_settings && r >= 0; i++) {
		r = append_setting(s, m, &section->settings[i], err);
		if (r < 0)
			return r;
	}
	if (r >= 0 && section->kind == OOM_SEC_SERVICE) {
		struct oom_err why = {0};

		r = append_service(s, m, &why);
		if (why.code)
			return oom_err_set(err, why.code, "%s", why.msg);
	}
	return r < 0 ? oom_err_errno(err, -r, "cannot start %s: cannot ask systemd", s->unit->what)
		     : 0;
}

static int build(const struct start *s, struct oom_err *err, sd_bus_message **ret)
{
	oom_cleanup(oom_bus_message_unrefp) sd_bus_message *m = NULL;
	int r = oom_bus_call_new(s->ctx->bus, "StartTransientUnit", &m);

	if (r >= 0)
		r = sd_bus_message_append(m, "ss", s->unit->unit, "fail");
	if (r >= 0)
		r = sd_bus_message_open_container(m, 'a', "(sv)");
	if (r < 0)
		return oom_err_errno(err, -r, "cannot start %s: cannot ask systemd", s->unit->what);
	r = append_properties(s, m, err);
	if (r < 0)
		return r;
	r = sd_bus_message_close_container(m);
	if (r >= 0)
		r = sd_bus_message_append(m, "a(sa(sv))", 0);
	if (r < 0)
		return oom_err_errno(err, -r, "cannot start %s: cannot ask systemd", s->unit->what);
	*ret = oom_take_ptr(m);
	return 0;
}

/* The job is over, but not well: what systemd holds of the unit says why. */
static int job_failed(const struct start *s, struct oom_err *err)
{
	bool scope = s->section->kind == OOM_SEC_SCOPE;
	char result[64];

	if (oom_bus_unit_text(s->ctx->bus, s->unit->unit, scope ? "Scope" : "Service", "Result",
		    result, sizeof(result)) < 0)
		snprintf(result, sizeof(result), "unknown");
	if (scope && s->ctx->bus->user && !strcmp(result, "resources"))
		return oom_err_set(err, EPROTO,
			"cannot start %s: the user manager cannot move a process into it; start "
			"oomgate "
			"by 'systemd-run --user', install dbus-user-session, or run as root",
			s->unit->what);
	return oom_err_set(err, EPROTO,
		"cannot start %s: systemd's job ended in '%s', result '%s' (journalctl -u '%s')",
		s->unit->what, s->ctx->bus->result, result, s->unit->unit);
}

/* 1: to be tried again, in another way. */
static int try_start(struct start *s, struct oom_err *err)
{
	oom_cleanup(oom_bus_message_unrefp) sd_bus_message *m = NULL;
	const char *policy = oom_setting_text(s->section, "OOMPolicy");
	sd_bus_error error = SD_BUS_ERROR_NULL;
	int r = build(s, err, &m);

	if (r < 0)
		return r;
	r = oom_bus_job(s->ctx->bus, m, OOM_BUS_TIMEOUT_US, &error);
	if (r < 0 && !s->delegate_instead && s->section->kind == OOM_SEC_SCOPE &&
		(!policy || !strcmp(policy, "continue")) &&
		(sd_bus_error_has_name(&error, SD_BUS_ERROR_PROPERTY_READ_ONLY) ||
			sd_bus_error_has_name(&error, SD_BUS_ERROR_UNKNOWN_PROPERTY))) {
		s->delegate_instead = true;
		r = 1;
	} else if (r == -ETIMEDOUT && !error.name) {
		oom_err_set(err, ETIMEDOUT,
			"cannot start %s: systemd's job has not finished in time", s->unit->what);
	} else if (r < 0) {
		oom_err_set(err, -r, "cannot start %s: %s", s->unit->what,
			error.message ? error.message : strerror(-r));
	} else if (strcmp(s->ctx->bus->result, "done") != 0) {
		r = job_failed(s, err);
	}
	sd_bus_error_free(&error);
	return r;
}

/* systemd passes over a controller that it was not given, in silence. */
static int check_controllers(const struct start *s, int dir_fd, struct oom_err *err)
{
	for (size_t i = 0; i < s->section->n_settings; i++) {
		const struct oom_setting *setting = &s->section->settings[i];
		const struct oom_unit_property *p = oom_unit_property_find(setting->key->name);
		char controller[32];

		if (!p || !p->v2_file || setting->is_default ||
			!faccessat(dir_fd, p->v2_file, F_OK, 0))
			continue;
		snprintf(controller, sizeof(controller), "%.*s", (int)strcspn(p->v2_file, "."),
			p->v2_file);
		if (oom_cgroup_dir_has(dir_fd, "cgroup.controllers", controller))
			return oom_err_set(err, ENOTSUP,
				"cannot start %s: %s needs '%s', which this kernel lacks",
				s->unit->what, p->key.name, p->v2_file);
		return oom_err_set(err, ENOTSUP,
			"cannot start %s: %s needs the %s controller, which %s", s->unit->what,
			p->key.name, controller,
			s->ctx->bus->user ? "'user@.service' does not delegate (systemctl edit "
					    "user@.service: "
					    "Delegate=yes), or run as root"
					  : "this kernel does not offer (cgroup_disable= on its "
					    "command line?), or "
					    "use --in guest");
	}
	return 0;
}

static int look_at_cgroup(const struct start *s, struct oom_err *err, struct oom_backend_unit *ret)
{
	int fd = -1,
	    r = oom_bus_unit_cgroup(
		    s->ctx->bus, s->unit->unit, ret->cgroup, sizeof(ret->cgroup), &ret->v1, &fd);

	/* a service may have ended already */
	if (r == -ENOENT && s->section->kind == OOM_SEC_SERVICE)
		return 0;
	if (r < 0)
		return oom_err_errno(err, -r, "cannot open the cgroup of %s", s->unit->what);
	r = ret->v1 ? 0 : check_controllers(s, fd, err);
	if (r < 0)
		close(fd);
	else
		ret->dir_fd = fd;
	return r;
}

int oom_scope_unit_start(struct scope_ctx *ctx, struct scope_unit *unit,
	const struct oom_section *section, struct oom_err *err, struct oom_backend_unit *ret)
{
	struct start s = {.ctx = ctx,
		.unit = unit,
		.section = section,
		.delegate_instead = section->kind == OOM_SEC_SCOPE && ctx->bus->version < 252};
	const char *policy = oom_setting_text(section, "OOMPolicy");
	int r = oom_scope_unit_name(ctx, section, err, unit->unit, sizeof(unit->unit), &s.slice);

	if (s.delegate_instead && policy && strcmp(policy, "continue") != 0)
		return oom_err_set(err, ENOTSUP,
			"cannot start %s: OOMPolicy=%s of a scope needs systemd 252, and this is "
			"%d",
			unit->what, policy, ctx->bus->version);
	if (!r)
		r = oom_undo_add(ctx->undo, err, "unit", unit->unit, oom_scope_bus_name(ctx), NULL);
	if (!r && section->kind == OOM_SEC_SCOPE)
		r = oom_scope_keeper_start(ctx, unit, err);
	if (r < 0)
		return r;
	r = try_start(&s, err);
	if (r == 1)
		r = try_start(&s, err);
	if (!r)
		r = look_at_cgroup(&s, err, ret);
	if (r < 0)
		(void)oom_bus_unit_end(ctx->bus, unit->unit, NULL);
	return r;
}

/* A [Service] that names an installed unit; if it runs already it is not ours to stop. */
int oom_scope_installed_start(struct scope_ctx *ctx, struct scope_unit *unit,
	const struct oom_section *section, struct oom_err *err, struct oom_backend_unit *ret)
{
	oom_cleanup(oom_bus_message_unrefp) sd_bus_message *m = NULL;
	struct start s = {.ctx = ctx, .unit = unit, .section = section};
	const char *name = oom_setting_text(section, "Unit");
	sd_bus_error error = SD_BUS_ERROR_NULL;
	char state[64];
	int r;

	for (size_t i = 0; i < section->n_settings; i++)
		if (strcmp(section->settings[i].key->name, "Unit") != 0 &&
			!section->settings[i].is_default)
			return oom_err_set(err, EINVAL,
				"cannot start %s: Unit= takes no other properties (%s=): set them "
				"in the unit",
				unit->what, section->settings[i].key->name);
	snprintf(unit->unit, sizeof(unit->unit), "%s%s", name, strchr(name, '.') ? "" : ".service");
	unit->installed = true;
	r = oom_bus_unit_text(ctx->bus, unit->unit, "Unit", "LoadState", state, sizeof(state));
	if (r < 0 || strcmp(state, "loaded") != 0)
		return oom_err_set(err, ENOENT, "cannot start %s: no unit '%s' here (%s)",
			unit->what, unit->unit, r < 0 ? strerror(-r) : state);
	r = oom_bus_unit_text(ctx->bus, unit->unit, "Unit", "ActiveState", state, sizeof(state));
	unit->was_active = !r && (!strcmp(state, "active") || !strcmp(state, "activating"));
	if (unit->was_active)
		return look_at_cgroup(&s, err, ret);
	r = oom_undo_add(ctx->undo, err, "unit", unit->unit, oom_scope_bus_name(ctx), NULL);
	if (r < 0)
		return r;
	r = oom_bus_call_new(ctx->bus, "StartUnit", &m);
	if (r >= 0)
		r = sd_bus_message_append(m, "ss", unit->unit, "replace");
	if (r >= 0)
		r = oom_bus_job(ctx->bus, m, OOM_BUS_TIMEOUT_US, &error);
	if (r < 0)
		oom_err_set(err, -r, "cannot start %s: %s", unit->what,
			error.message ? error.message : strerror(-r));
	else if (strcmp(ctx->bus->result, "done") != 0)
		r = job_failed(&s, err);
	sd_bus_error_free(&error);
	return r < 0 ? r : look_at_cgroup(&s, err, ret);
}
