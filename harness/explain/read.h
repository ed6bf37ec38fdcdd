/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_EXPLAIN_READ_H
#define OOM_EXPLAIN_READ_H

#include "harness/explain/session.h"

/* Reads @source to its end, by several readers where that can be; kills go to the writer, the rest is kept in
 * @s. 0, or -errno of the source. */
int explain_read(struct explain_session *s, const struct explain_source *source,
	struct oom_klog_counts *ret_counts);

#endif
