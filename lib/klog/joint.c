// SPDX-License-Identifier: LGPL-2.1-or-later
/* Records that a relay put on one line: "a#012b" of rsyslog, or line feeds within a shipper's message. */
#include "lib/klog/joint.h"

#include "lib/klog/shape.h"

/* How long the joint at the front of @s is, 0: there is none. */
static size_t joint_len(struct oom_span s)
{
	if (s.len && *s.at == '\n')
		return 1;
	return oom_span_starts(s, OOM_SPAN("#012")) ? 4 : 0;
}

ptrdiff_t oom_klog_find_joint(struct oom_span s, size_t from)
{
	for (size_t i = from; i < s.len; i++) {
		if ((s.at[i] == '#' || s.at[i] == '\n') && joint_len(oom_span_from(s, i)))
			return (ptrdiff_t)i;
	}
	return -1;
}

void oom_klog_skip_joint(struct oom_span *s)
{
	*s = oom_span_from(*s, joint_len(*s));
}

/* Too much for the rest of a process's name, which may have a line feed in it, too. */
static bool is_record(struct oom_span s)
{
	struct oom_shape shape;

	if (!oom_shape_speaks(s) || !oom_shape_parse(s, &shape))
		return false;
	return shape.kind == OOM_SHAPE_KILL || shape.kind == OOM_SHAPE_PANIC ||
		shape.kind == OOM_SHAPE_OOM_KILL ||
		(shape.kind == OOM_SHAPE_HEADER && shape.comm.len);
}

bool oom_klog_is_joined(struct oom_span s)
{
	ptrdiff_t at = 0, next;

	while ((next = oom_klog_find_joint(s, (size_t)at + 1)) >= 0) {
		struct oom_span piece = oom_span_from(s, (size_t)next);

		oom_klog_skip_joint(&piece);
		at = oom_klog_find_joint(piece, 0);
		if (at >= 0)
			piece.len = (size_t)at;
		if (is_record(piece))
			return true;
		at = next;
	}
	return false;
}
