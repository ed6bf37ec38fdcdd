/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_LOAD_KEEP_H
#define OOM_LOAD_KEEP_H

/*
 * 'oomgate-workload keep': a process that does nothing but keep a scope (and so its cgroup's
 * counters) alive until its evidence is read. Ends with its parent or by SIGKILL only: a SIGTERM,
 * by which systemd ends a scope, must not take the evidence along. Never returns.
 */
int oom_load_keep(void);

#endif
