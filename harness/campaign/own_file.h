/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_CAMPAIGN_OWN_FILE_H
#define OOM_CAMPAIGN_OWN_FILE_H

#include "lib/base/err.h"

/*
 * The files that make up a record (run.json, attempts.jsonl, contents.list). Who may write into the run's folder
 * must not thereby choose what is emptied, nor hold the run up: only plain files with one name are opened,
 * symbolic links are not followed, and a pipe is not waited for.
 */
extern const char *const oom_own_files[]; /* NULL at the end */

/* Opens DIR/@name with @flags of open(2), made 0600 where they say O_CREAT: the descriptor, or -errno; -EINVAL:
 * what is there is no plain file, or has another name elsewhere. */
int oom_own_file_open(const char *dir, const char *name, int flags);

/* Makes the file @path, 0600; what a cut-off run has left there goes. The descriptor, or -errno. */
int oom_own_file_make(const char *path);

/* Is everything in @dir that bears such a name a file that oom_own_file_open() takes? -EINVAL names the one that
 * is not. What is not there is fine. */
int oom_own_files_check(const char *dir, struct oom_err *err);

#endif
