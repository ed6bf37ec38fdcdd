// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/base/err.h"

#include "lib/base/bounded.h"
#include "lib/base/sentence.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int oom_err_set(struct oom_err *err, int code, const char *fmt, ...)
{
	va_list args;

	if (!err)
		return -code;
	err->code = code;
	err->at = 0;
	va_start(args, fmt);
	oom_sentence_vformat(err->msg, sizeof(err->msg), fmt, args);
	va_end(args);
	return -code;
}

int oom_err_errno(struct oom_err *err, int code, const char *fmt, ...)
{
	const char *why = strerror(code);
	struct oom_bounded msg;
	va_list args;
	size_t room;

	if (!err)
		return -code;
	room = sizeof(err->msg) - strlen(": ") - strlen(why);
	err->code = code;
	err->at = 0;
	va_start(args, fmt);
	oom_sentence_vformat(err->msg, room, fmt, args);
	va_end(args);
	msg = oom_bounded_behind(err->msg, sizeof(err->msg));
	oom_bounded_printf(&msg, ": %s", why);
	return -code;
}
