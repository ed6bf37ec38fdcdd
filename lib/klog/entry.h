/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_KLOG_ENTRY_H
#define OOM_KLOG_ENTRY_H

#include "lib/klog/frame.h"

#define OOM_ENTRY_BYTES 10240

/*
 * An entry that is spread over lines: journal export and -o verbose ("MESSAGE=…"), json-pretty and
 * dmesg --json ("\"msg\": \"…\""). Its fields come in any order, so who wrote it is known at its end.
 */
struct oom_klog_entry {
	int64_t number; /* of the message's line; 0: no message yet */
	int64_t facility, time_us, realtime_us;
	size_t message_len, transport_len, ident_len;
	bool has_message, has_transport, has_ident;
	bool cut; /* the message was longer than .message */
	char transport[16], ident[64], hour[16];
	char message[OOM_ENTRY_BYTES];
};

void oom_klog_entry_clear(struct oom_klog_entry *entry);
/* Takes a field line (OOM_ORIGIN_FIELD). */
void oom_klog_entry_field(
	struct oom_klog_entry *entry, const struct oom_klog_line *line, int64_t number);
/* The entry as a line, at its end; false when there was no message. Clear it when the line is done. */
bool oom_klog_entry_line(struct oom_klog_entry *entry, struct oom_klog_line *ret);

#endif
