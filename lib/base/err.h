/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_ERR_H
#define OOM_ERR_H

#include <stddef.h>

/*
 * An error as a value: the caller owns the storage, so that an error path needs no memory.
 *
 * Every function of this library that can fail returns 0 (or a count) on success and -errno on
 * failure; where it takes a struct oom_err it also fills it with one sentence that names the object
 * and, where there is one, the way out. Messages are lower case, without a full stop, with the
 * object in single quotes.
 */
struct oom_err {
	int code; /* errno, positive; 0: no error */
	char msg[240];
	size_t at; /* the byte of a text that was parsed where the mistake is; 0: its start */
};

/* Fills @err (which may be NULL) and returns -@code. A message that is too long ends in "...". */
int oom_err_set(struct oom_err *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* As oom_err_set(), and appends ": " and strerror(@code). */
int oom_err_errno(struct oom_err *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
