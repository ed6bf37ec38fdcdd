// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/needs/needs.h"

#include "harness/needs/probe.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const char *const *oom_need_names(void)
{
	static const char *const names[] = {
#define NEED(ident, name, arg, argument, help) name,
#include "harness/needs/needs.def"
#undef NEED
		NULL};

	return names;
}

static const struct oom_need *need_find(const char *name, size_t len)
{
	for (const struct oom_need *const *need = oom_needs; *need; need++)
		if (strlen((*need)->name) == len && !strncmp((*need)->name, name, len))
			return *need;
	return NULL;
}

static bool is_version(const char *text)
{
	size_t len = strlen(text);

	return len && strspn(text, "0123456789.") == len && text[0] != '.' &&
		text[len - 1] != '.' && !strstr(text, "..");
}

static int argument_parse(const char *text, struct oom_err *err, struct oom_need_want *want)
{
	struct oom_size size;
	int64_t number;

	switch (want->need->arg) {
	case OOM_NEED_COUNT:
		if (oom_parse_int(want->text, &number) < 0 || number < 0)
			return oom_err_set(
				err, EINVAL, "'%s': '%s' is not a number", text, want->text);
		want->number = (uint64_t)number;
		return 0;
	case OOM_NEED_SIZE:
		if (oom_parse_size(want->text, &size) < 0 || size.is_percent)
			return oom_err_set(
				err, EINVAL, "'%s': '%s' is not a size (64M)", text, want->text);
		want->number = size.bytes;
		return 0;
	case OOM_NEED_VERSION:
		if (!is_version(want->text))
			return oom_err_set(
				err, EINVAL, "'%s': '%s' is not a version (6.1)", text, want->text);
		return 0;
	default:
		return oom_err_set(
			err, EINVAL, "'%s': '%s' takes no argument", text, want->need->name);
	}
}

int oom_need_parse(const char *text, struct oom_err *err, struct oom_need_want *ret)
{
	size_t len = strcspn(text, "<>="), ops = strspn(text + len, "<>=");
	const char *op = text + len;
	struct oom_need_want want = {.need = need_find(text, len)};
	int r;

	if (!want.need)
		return oom_err_set(
			err, EINVAL, "unknown need '%s' ('oomgate list needs' lists them)", text);
	if (!ops) {
		if (want.need->argument)
			return oom_err_set(
				err, EINVAL, "'%s' needs an argument: %s", text, want.need->help);
		*ret = want;
		return 0;
	}
	if (ops > 2 || (ops == 2 && op[1] != '=') || !strncmp(op, "==", 2))
		return oom_err_set(err, EINVAL, "'%s': compare with one of >= <= > < =", text);
	memcpy(want.op, op, ops);
	if (strlen(op + ops) >= sizeof(want.text))
		return oom_err_set(err, EINVAL, "'%s' is too long", text);
	snprintf(want.text, sizeof(want.text), "%s", op + ops);
	r = argument_parse(text, err, &want);
	if (r < 0)
		return r;
	*ret = want;
	return 0;
}

int oom_need_check(const char *text, struct oom_err *err)
{
	struct oom_need_want want;

	return oom_need_parse(text, err, &want);
}

int oom_need_probe_text(const struct oom_need_env *env, const char *text, struct oom_err *err)
{
	struct oom_need_want want;
	struct oom_err why = {0};
	int r = oom_need_parse(text, err, &want);

	if (r < 0)
		return r;
	r = want.need->probe(env, &want, &why);
	if (r < 0)
		return oom_err_set(err, -r, "needs %s: %s", text, why.msg);
	return 0;
}

int oom_need_probe(const struct oom_need *need, const char *arg, bool in_guest, struct oom_err *err)
{
	struct oom_need_want want;
	struct oom_need_env env;
	char text[96];
	int r;

	snprintf(text, sizeof(text), "%s%s", need->name, arg ? arg : "");
	r = oom_need_parse(text, err, &want);
	if (r < 0)
		return r;
	r = oom_need_env_open(in_guest, err, &env);
	if (r < 0)
		return r;
	r = need->probe(&env, &want, err);
	oom_need_env_close(&env);
	return r;
}
