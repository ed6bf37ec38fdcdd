// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* One attempt's text. */
#include "lib/record/record.h"

int oom_record_check_size(const struct oom_json_scan *scan, size_t bytes, struct oom_err *err)
{
	if (bytes > OOM_RECORD_BYTES_MAX)
		return oom_err_set(err, EMSGSIZE, "more than %zu bytes", OOM_RECORD_BYTES_MAX);
	if (scan->values > OOM_RECORD_VALUES_MAX)
		return oom_err_set(
			err, EMSGSIZE, "more than %d JSON values", OOM_RECORD_VALUES_MAX);
	if (scan->depth_max > OOM_RECORD_DEPTH_MAX)
		return oom_err_set(
			err, EMSGSIZE, "nested deeper than %d levels", OOM_RECORD_DEPTH_MAX);
	if (scan->text_max > OOM_RECORD_TEXT_MAX)
		return oom_err_set(
			err, EMSGSIZE, "a text of more than %zu bytes", OOM_RECORD_TEXT_MAX);
	return 0;
}

int oom_attempt_parse(const char *text, size_t len, struct oom_err *err, struct oom_attempt **ret)
{
	struct oom_json_scan scan = {0};
	json_t *json;
	int r;

	oom_json_scan(&scan, text, len);
	r = oom_record_check_size(&scan, len, err);
	if (r < 0)
		return r;
	json = json_loadb(text, len, 0, NULL);
	r = json ? oom_attempt_from_json(json, err, ret) : oom_err_set(err, EBADMSG, "not JSON");
	json_decref(json);
	return r;
}
