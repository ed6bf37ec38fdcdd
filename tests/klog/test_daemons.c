// SPDX-License-Identifier: LGPL-2.1-or-later
/* Killers in user space, and Android's: who they say they killed, wherever in a log they say it. */
#include "lib/klog/klog.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

/* So many lines of something else that the front of the log is behind us. */
#define FILLER_LINES 600

struct text_source {
	const char *text;
	size_t left;
	int filler;
};

static ssize_t read_text(void *context, char *buf, size_t size)
{
	static const char filler[] = "Aug 12 03:54:01 host cron[5]: nothing of interest\n";
	struct text_source *source = context;
	size_t n = source->left < size ? source->left : size;

	if (source->filler > 0) {
		source->filler--;
		memcpy(buf, filler, sizeof(filler) - 1);
		return (ssize_t)sizeof(filler) - 1;
	}
	memcpy(buf, source->text, n);
	source->text += n;
	source->left -= n;
	return (ssize_t)n;
}

/* Each kill as "killer pid (comm) uid adj anon signal;" */
static void tell(const char *text, int filler, char *buf, size_t size)
{
	struct text_source source = {text, strlen(text), filler};
	const struct oom_incident *i;
	struct oom_klog *log;
	size_t n = 0;
	int rc;

	buf[0] = '\0';
	cr_assert_eq(oom_klog_new(read_text, &source, 0, &log), 0);
	while ((rc = oom_klog_next(log, &i)) > 0) {
		const struct oom_task *victim = &i->kill.victim;

		if (rc != OOM_EVENT_KILL)
			continue;
		n += (size_t)snprintf(buf + n, size - n, "%s %" PRId64 " (%s)",
			oom_killer_name(i->kill.killer), victim->pid,
			victim->comm ? victim->comm : "");
		if (victim->uid >= 0)
			n += (size_t)snprintf(buf + n, size - n, " uid %" PRId64, victim->uid);
		if (victim->oom_score_adj != OOM_ADJ_UNKNOWN)
			n += (size_t)snprintf(
				buf + n, size - n, " adj %" PRId64, victim->oom_score_adj);
		if (victim->anon_rss_kib >= 0)
			n += (size_t)snprintf(
				buf + n, size - n, " anon %" PRId64, victim->anon_rss_kib);
		n += (size_t)snprintf(
			buf + n, size - n, "%s;", i->signal == SIGTERM ? " asked" : "");
	}
	cr_expect_eq(rc, 0);
	oom_klog_free(log);
}

struct tale {
	const char *text, *told;
	bool nameless; /* found only at the front of a log, or near its daemon's name */
};

static void expect_tales(const struct tale *tales, size_t n)
{
	char buf[1024];

	for (size_t i = 0; i < n; i++) {
		tell(tales[i].text, 0, buf, sizeof(buf));
		cr_expect_str_eq(buf, tales[i].told, "%s: %s", tales[i].text, buf);
		if (tales[i].nameless)
			continue;
		tell(tales[i].text, FILLER_LINES, buf, sizeof(buf));
		cr_expect_str_eq(buf, tales[i].told, "in the middle: %s: %s", tales[i].text, buf);
	}
}

#define HEAD "Aug 12 03:54:03 host "

Test(klog_daemons, earlyoom)
{
	static const struct tale tales[] = {
		{HEAD "earlyoom[7]: sending SIGTERM to process 99 uid 1000 \"a \"b\": badness 812\n",
			"earlyoom 99 (a \"b) uid 1000 asked;"},
		{HEAD "earlyoom[7]: sending SIGKILL to process 99 uid 0 \"tail\": oom_score 812, cmdline "
		      "\"tail /dev/zero\"\n",
			"earlyoom 99 (tail) uid 0;"},
		{"earlyoom[7]: sending SIGTERM to process 99 uid 5 \"tail\": oom_score 812\n",
			"earlyoom 99 (tail) uid 5 asked;"},
		{"Tue 2025-08-12 03:54:03 CEST host earlyoom.service[7]: sending SIGTERM to process 99 "
		 "uid 5 \"tail\": badness 812\n",
			"earlyoom 99 (tail) uid 5 asked;"},
		{"cron[7]: Out of memory: Killed process 99 (x) total-vm:9kB, anon-rss:8kB\n", ""},
		{"sending SIGTERM to process 99 \"tail\": badness 812, VmRSS 5437 MiB\nx\n",
			"earlyoom 99 (tail) asked;", true},
		{"Aug 12 03:54:03: sending SIGTERM to process 99 uid 5 \"tail\": badness 812\nx\n",
			"earlyoom 99 (tail) uid 5 asked;", true},
		{"earlyoom v1.7\nsending SIGTERM when mem <= 10 %\nmem avail: 5 of 9 MiB\n"
		 "sending SIGTERM to process 99 \"tail\": badness 812\n",
			"earlyoom 99 (tail) asked;"},
		{"killing process 99 \"tail\" with signal 15: badness 550, VmRSS 7609 MiB\n",
			"earlyoom 99 (tail) asked;"},
		{"Killing process 'tail' with signal 9, pid: 99, badness: 538, VmRSS: 3160 MiB\n",
			"earlyoom 99 (tail);"},
		{HEAD "earlyoom[7]: Killing process 99 tail\n", "earlyoom 99 (tail);"},
		{"Killing process 99 tail\n", ""},
		{"killing process 99 \"tail\" with signal 15\n", ""},
		/* what the kernel then kills is another's deed */
		{HEAD "earlyoom[7]: sending SIGTERM to process 99 uid 5 \"tail\": badness 812\n" HEAD
		      "kernel: Out of memory: Killed process 99 (tail) total-vm:9kB, anon-rss:8kB, "
		      "file-rss:0kB\n",
			"earlyoom 99 (tail) uid 5 asked;kernel-global 99 (tail) anon 8;"},
		{"_TRANSPORT=stdout\nMESSAGE=sending SIGTERM to process 99 uid 5 \"tail\": badness 812\n"
		 "SYSLOG_IDENTIFIER=earlyoom\n\n",
			"earlyoom 99 (tail) uid 5 asked;"},
	};

	expect_tales(tales, sizeof(tales) / sizeof(tales[0]));
}

#define NOHANG HEAD "nohang[7]: "
#define FOUND  "Found 9 tasks with non-zero oom_score (except init and self) in 2ms\n"

Test(klog_daemons, nohang)
{
	static const struct tale tales[] = {
		{NOHANG FOUND NOHANG "  PID: 99, name: a, badness: 5, badness: 849\n" NOHANG
				     "Implementing a corrective action:\n" NOHANG
				     "  Sending SIGTERM to the victim\n",
			"nohang 99 (a, badness: 5) asked;"},
		{"2025-08-12 03:54:03,001: " FOUND
		 "2025-08-12 03:54:03,002: TOP printed in 1ms; process with highest badness:\n"
		 "  PID: 99, name: tail, badness: 849\n"
		 "2025-08-12 03:54:03,003: Implementing a corrective action:\n"
		 "  Sending SIGKILL to the victim\n"
		 "2025-08-12 03:54:03,004: OK; total response time: 11ms\n",
			"nohang 99 (tail);"},
		{NOHANG "  PID: 99, Name: tail, badness: 5\n" NOHANG
			"  Send SIGTERM to the victim; total response time: 9 ms\n",
			"nohang 99 (tail) asked;", true},
		{NOHANG FOUND NOHANG "New victim is cached victim 98 (tail)\n" NOHANG
				     "  Sending SIGKILL to the victim\n",
			"nohang 98 (tail);"},
		{NOHANG FOUND NOHANG "  Sending SIGTERM to the victim\n", "nohang -1 () asked;"},
		{"Tue 2025-08-12 03:54:03 CEST host nohang.service[7]:   PID: 99, name: a, badness: 5\n"
		 "Tue 2025-08-12 03:54:03 CEST host nohang.service[7]:   Sending SIGKILL to the victim\n",
			"nohang 99 (a);", true},
		{NOHANG "Sending SIGTERM to tail, PID 99\n", "nohang 99 (tail) asked;", true},
		{"  Sending SIGTERM to the victim\n", "", true},
	};

	expect_tales(tales, sizeof(tales) / sizeof(tales[0]));
}

Test(klog_daemons, lowmemorykiller)
{
	static const struct tale tales[] = {
		{"[  1.000000] lowmemorykiller: Killing 'com.example' (99) (tgid 98), adj 906,\n",
			"lowmemorykiller 99 (com.example) adj 906;"},
		{"lowmemorykiller: Killing '.x' (99), adj 705,\n   to free 20968kB on behalf of 'y' (5)\n",
			"lowmemorykiller 99 (.x) adj 705;"},
		/* what may be an oom_adj is no score */
		{"[  1.000000] send sigkill to 99 (com.example), adj 9, size 1234\n",
			"lowmemorykiller 99 (com.example);"},
		{"[  1.000000] send sigkill to 99 (x), oom_adj 9, score_adj 529, size 1200\n",
			"lowmemorykiller 99 (x) adj 529;"},
		{"[  1.000000] lowmemkill: send sigkill to 99 (x), adj 647, size 9 screen_off 0\n",
			"lowmemorykiller 99 (x) adj 647;"},
		{"[  1.000000] [kswapd0] send sigkill to 99 (x), index 2, adj 300, size 8K\n",
			"lowmemorykiller 99 (x) adj 300;"},
		{"[  1.000000] app: could not send sigkill to 99 (x), adj 300\n", ""},
		{"08-12 03:54:03.123   479   480 I lowmemorykiller: Kill 'com.example' (99), uid 10446, "
		 "oom_score_adj 0 to free 300kB rss, 290kB anon rss; reason: thrashing\n",
			"lowmemorykiller 99 (com.example) uid 10446 adj 0 anon 290;"},
		{"08-12 03:54:03.123  1000  1999  1999 I lowmemorykiller: Kill 'x' (99), uid 5\n",
			"lowmemorykiller 99 (x) uid 5;"},
		{"08-12 03:54:03.123 I lowmemorykiller: Kill 'x' (99), uid 5\n",
			"lowmemorykiller 99 (x) uid 5;"},
		{"08-12 03:54:03.123 I/lowmemorykiller(  479): Kill 'x' (99), uid 5\n",
			"lowmemorykiller 99 (x) uid 5;"},
		{"I/lowmemorykiller(  479): Killing 'x' (99), uid 5, adj 906\n",
			"lowmemorykiller 99 (x) uid 5 adj 906;"},
		{"08-12 03:54:03.123   479   480 I ActivityManager: Killing 99:x/u0a12 (adj 905): empty\n",
			""},
		{"I/am(  479): Out of memory: Killed process 99 (x) total-vm:9kB, anon-rss:8kB\n",
			""},
	};

	expect_tales(tales, sizeof(tales) / sizeof(tales[0]));
}
