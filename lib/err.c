// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/err.h"

#include "lib/bounded.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void err_vset(struct oom_err *err, int code, const char *fmt, va_list args)
{
	int n;

	err->code = code;
	n = vsnprintf(err->msg, sizeof(err->msg), fmt, args);
	if (n >= (int)sizeof(err->msg))
		memcpy(err->msg + sizeof(err->msg) - 4, "...", 4);
}

int oom_err_set(struct oom_err *err, int code, const char *fmt, ...)
{
	va_list args;

	if (!err)
		return -code;
	va_start(args, fmt);
	err_vset(err, code, fmt, args);
	va_end(args);
	return -code;
}

int oom_err_errno(struct oom_err *err, int code, const char *fmt, ...)
{
	va_list args;
	struct oom_bounded msg;

	if (!err)
		return -code;
	va_start(args, fmt);
	err_vset(err, code, fmt, args);
	va_end(args);
	msg = oom_bounded_behind(err->msg, sizeof(err->msg));
	oom_bounded_printf(&msg, ": %s", strerror(code));
	return -code;
}
