/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_KLOG_DAEMON_H
#define OOM_KLOG_DAEMON_H

#include "lib/klog/incident.h"

/* Is a daemon's tale under way? Most of its lines have no word that is looked for. */
bool oom_assembly_hears_daemon(const struct oom_assembly *a, int64_t number);
/* The parts of oom_assembly_user() that have a file of their own: true when @s tells of a kill. */
bool oom_user_earlyoom(struct oom_span s, bool named, struct oom_user_kill *kill);
bool oom_user_lowmemorykiller(struct oom_span s, struct oom_user_kill *kill);
bool oom_user_nohang(struct oom_assembly *a, struct oom_span s, struct oom_user_kill *kill);
/* "SIGTERM", "SIGKILL" */
bool oom_user_signal(struct oom_span *s, int *ret);

#endif
