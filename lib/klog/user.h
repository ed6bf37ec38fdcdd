/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_KLOG_USER_H
#define OOM_KLOG_USER_H

#include "lib/klog/incident.h"

/*
 * A line of a program that kills for want of memory itself, or of systemd (lib/klog/user.c): an enum
 * oom_step; *@ret_known tells whether it was one.
 */
int oom_assembly_user(
	struct oom_assembly *a, const struct oom_klog_line *line, int64_t number, bool *ret_known);

#endif
