// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/units/scope_name.h"

#include "harness/cgroup/property_value.h"
#include "harness/units/backend_scope.h"
#include "harness/units/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool ends_in(const char *name, const char *suffix)
{
	size_t len = strlen(name), n = strlen(suffix);

	return len > n && !strcmp(name + len - n, suffix);
}

/* The slice that Slice= means: one of the file's, or the machine's own ("system.slice"). */
static int find_slice(const struct scope_ctx *ctx, const struct oom_section *section,
	struct oom_err *err, const char **ret)
{
	const char *slice = oom_setting_text(section, "Slice");

	*ret = ctx->slice;
	if (!slice)
		return 0;
	*ret = NULL;
	for (int i = 0; i < ctx->n_units; i++)
		if (!strcmp(ctx->units[i]->name, slice) && ends_in(ctx->units[i]->unit, ".slice"))
			*ret = ctx->units[i]->unit;
	if (!*ret && ends_in(slice, ".slice"))
		*ret = slice;
	return *ret
		? 0
		: oom_err_set(err, EINVAL, "cannot start %s '%s': its slice '%s' was not started",
			  oom_unit_kind(section), section->name, slice);
}

int oom_scope_unit_name(const struct scope_ctx *ctx, const struct oom_section *section,
	struct oom_err *err, char *buf, size_t size, const char **ret_slice)
{
	const char *slice;
	char name[160];
	int n, r = find_slice(ctx, section, err, &slice);

	if (r < 0)
		return r;
	r = oom_unit_name_escape(section->name, section->kind != OOM_SEC_SLICE, name, sizeof(name));
	if (section->kind == OOM_SEC_SLICE) {
		/* systemd.slice(5): "a-b.slice" lies in "a.slice" */
		n = snprintf(buf, size, "%.*s-%s.slice", (int)(strlen(slice) - strlen(".slice")),
			slice, name);
		*ret_slice = NULL;
	} else {
		n = snprintf(
			buf, size, "oomgate-%s-%s.%s", ctx->token, name, oom_unit_kind(section));
		*ret_slice = slice;
	}
	if (r < 0 || n < 0 || (size_t)n >= size)
		return oom_err_set(err, ENAMETOOLONG, "cannot start %s '%s': its name is too long",
			oom_unit_kind(section), section->name);
	return 0;
}

const char *oom_scope_bus_name(const struct scope_ctx *ctx)
{
	return ctx->bus->user ? "user" : "system";
}
