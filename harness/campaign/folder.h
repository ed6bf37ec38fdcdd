/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_RUN_FOLDER_H
#define OOM_RUN_FOLDER_H

#include "harness/campaign/campaign.h"

/*
 * The folder of a run's record belongs to one run: run.json, attempts.jsonl, run.seed and contents.list, which names what
 * else the run wrote there, so that it can be taken away again and nothing else with it. A name in it is
 * relative to the folder, ends in '/' where it is a folder, in a NUL byte anyway (a file's name may hold a
 * newline; 'xargs -0' reads it), and is there before what it names.
 */
#define OOM_FOLDER_LIST "contents.list"

/* Before anything is started: can --output (or a folder of its own, here) be had, and is it not another run's?
 * 0, or -errno with the way out. Changes nothing. */
int oom_folder_check(const struct oom_run_options *options, struct oom_err *err);

/* The folder is there and locked. --overwrite: takes away what the run wrote there that it holds, in such an
 * order that a folder is consistent whenever this is cut off: without run.json it is a run that was cut off,
 * without attempts one that has made none. */
int oom_folder_open(struct oom_run_command *command, struct oom_err *err);
void oom_folder_release(struct oom_run_command *command);

/* The folder @path ("DIR/MACHINE/SCENARIO/1") is about to be made; what an attempt that was cut off left there
 * goes. 0 or -errno. */
int oom_folder_note_evidence(struct oom_run_command *command, const char *path);
/* The same for the reports that lie in the folder. */
int oom_folder_note_reports(struct oom_run_command *command, struct oom_err *err);

/* Takes @name, as noted, away from @dir. 1, 0 where a symbolic link or nothing is on the way there, -EINVAL for
 * what is no name below @dir, or -errno. */
int oom_folder_remove(const char *dir, const char *name);
/* The folders above the evidence @name, as far as nothing else is in them. */
void oom_folder_remove_parents(const char *dir, const char *name);

#endif
