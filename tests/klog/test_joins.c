// SPDX-License-Identifier: LGPL-2.1-or-later
/* Reports whose lines were joined, cut or said less than usual: what belongs to which kill all the same. */
#include "lib/klog/klog.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static ssize_t read_once(void *context, char *buf, size_t size)
{
	const char **text = context;
	size_t n = strlen(*text) < size ? strlen(*text) : size;

	memcpy(buf, *text, n);
	*text += n;
	return (ssize_t)n;
}

static const char *or_dash(const char *text)
{
	return text ? text : "-";
}

/* Each event: "killer pid comm oom_memcg task_memcg invoker[ uid N][ vm N][ group];" */
static void tell(const char *text, char *buf, size_t size)
{
	const struct oom_incident *i;
	struct oom_klog *log;
	size_t n = 0;
	int rc;

	buf[0] = '\0';
	cr_assert_eq(oom_klog_new(read_once, &text, 0, &log), 0);
	while ((rc = oom_klog_next(log, &i)) > 0) {
		const struct oom_kill *kill = &i->kill;

		if (rc != OOM_EVENT_KILL) {
			n += (size_t)snprintf(buf + n, size - n, "event %d;", rc);
			continue;
		}
		n += (size_t)snprintf(buf + n, size - n, "%s %" PRId64 " %s %s %s %s",
			or_dash(oom_killer_name(kill->killer)), kill->victim.pid,
			or_dash(kill->victim.comm), or_dash(kill->oom_memcg),
			or_dash(kill->task_memcg), or_dash(kill->invoker_comm));
		if (kill->victim.uid >= 0)
			n += (size_t)snprintf(buf + n, size - n, " uid %" PRId64, kill->victim.uid);
		if (kill->victim.total_vm_kib >= 0)
			n += (size_t)snprintf(
				buf + n, size - n, " vm %" PRId64, kill->victim.total_vm_kib);
		n += (size_t)snprintf(buf + n, size - n, "%s;", kill->oom_group ? " group" : "");
	}
	cr_expect_eq(rc, 0);
	oom_klog_free(log);
}

#define KILL5	"Killed process 5 (a) total-vm:9kB, anon-rss:8kB, file-rss:0kB"
#define KILL6	"Killed process 6 (b) total-vm:7kB, anon-rss:6kB, file-rss:0kB"
#define CHOSEN5 "Memory cgroup out of memory: Kill process 5 (a) score 1 or sacrifice child"
#define HEADER	"x invoked oom-killer: gfp_mask=0xd0, order=0, oom_score_adj=0"

static const struct {
	const char *what, *text, *told;
} what_belongs_together_rows[] = {
	{"a path cut at a terminal's edge",
		"[    1.000001] Task in /pods/0123456789abcdef0123 killed as a result of limit of "
		"/po\nds/0123456789abcdef0123\n[    1.000002] " CHOSEN5 "\n[    1.000003] " KILL5
		"\n",
		"kernel-memcg 5 a /pods/0123456789abcdef0123 /pods/0123456789abcdef0123 - vm 9;"},
	{"words behind a path are no rest of it",
		"[    1.000001] Task in /pods/0123456789abcdef0123 killed as a result of limit of "
		"/pods\nlogin is late\n[    1.000003] " KILL5 "\n",
		"kernel-memcg 5 a /pods /pods/0123456789abcdef0123 - vm 9;"},
	{"members of a group that do not say where",
		"[    1.000001] Task in /g/a killed as a result of limit of /g\n[    1.000002] " CHOSEN5
		"\n[    1.000003] " KILL5 "\n[    1.000004] Tasks in /g are going to be "
		"killed due to memory.oom.group set\n[    1.000005] " KILL5
		"\n[    1.000006] " KILL6 "\n",
		"kernel-memcg 5 a /g /g/a - vm 9 group;kernel-memcg 6 b /g - - vm 7 group;"},
	{"a body long after its header is another's",
		"[  100.000001] " HEADER "\n[ 9000.000001] memory: usage 8kB, limit 8kB, failcnt 1"
		"\n[ 9000.000002] Memory cgroup out of memory: " KILL5 "\n",
		"event 3;kernel-memcg 5 a - - - vm 9;"},
	{"the first form of the line of one line",
		"[    1.000001] oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),origin_memcg=/l,"
		"kill_memcg=/l/t,task=a,pid=    5,uid=   33\n[    1.000003] " KILL5 "\n",
		"kernel-memcg 5 a /l /l/t - uid 33 vm 9;"},
	{"a header of which only the front was copied",
		"[    1.000001] x invoked oom-killer\n[    1.000003] Out of memory: " KILL5 "\n",
		"kernel-global 5 a - - x vm 9;"},
	{"numbers and paths that a pager cut",
		"[    1.000001] Task in /g/a killed as a result of limit of /g>\n[    1.000002] "
		"Memory cgroup out of memory: Killed process 5 (a) total-vm:9kB, UID:1\xe2\x80\xa6\n"
		"[    1.000003] y invoked oom-killer: gfp_mask=0x2\n[    1.000004] Out of memory: "
		"Killed process 12>\n",
		"kernel-memcg 5 a - /g/a - vm 9;kernel-global -1 - - - y;"},
	{"a container's share is not the machine's",
		"[    1.000001] Out of memory in UB 12: OOM killed process 5 (a) score 3 vm:8kB, "
		"rss:4kB, swap:0kB\n",
		"unknown 5 a - - - vm 8;"},
	{"a report joined by rsyslog",
		"Aug 12 03:54:03 host kernel: " HEADER "#012Task in /g/a killed as a result of "
		"limit of /g#012" CHOSEN5 "#012" KILL5 "\n",
		"kernel-memcg 5 a /g /g/a x vm 9;"},
	{"and by a shipper, with its stamps",
		"{\"log\":\"[    1.000001] " HEADER "\\n[    1.000002] " CHOSEN5
		"\\n[    1.000003] " KILL5 "\\n\"}\n",
		"kernel-memcg 5 a - - x vm 9;"},
	{"a name with a line feed is no joint",
		"Aug 12 03:54:03 host kernel: Out of memory: Killed process 5 (a#012b) total-vm:9kB, "
		"anon-rss:8kB, file-rss:0kB\n",
		"kernel-global 5 a\nb - - - vm 9;"},
	{"what a program joins is a quotation",
		"Aug 12 03:54:03 host app[7]: x#012Out of memory: " KILL5 "\n", ""},
};

Test(klog_joins, what_belongs_together)
{
	char buf[1024];

	for (size_t i = 0;
		i < sizeof(what_belongs_together_rows) / sizeof(what_belongs_together_rows[0]);
		i++) {
		tell(what_belongs_together_rows[i].text, buf, sizeof(buf));
		cr_expect_str_eq(buf, what_belongs_together_rows[i].told, "%s: %s",
			what_belongs_together_rows[i].what, buf);
	}
}
