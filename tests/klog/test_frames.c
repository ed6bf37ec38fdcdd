// SPDX-License-Identifier: LGPL-2.1-or-later
/* The same kill in every frame that a logger puts around it, and what only looks like one. */
#include "harness/explain/explain.h"
#include "lib/klog/klog.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define SIZES  "total-vm:5000kB, anon-rss:4000kB, file-rss:20kB, shmem-rss:0kB"
#define TAIL   ", UID:33 pgtables:40kB oom_score_adj:7"
#define KILLED "Out of memory: Killed process 4711 (tmux: server) " SIZES TAIL

struct text_source {
	const char *text;
	size_t left, step;
};

static ssize_t read_text(void *context, char *buf, size_t size)
{
	struct text_source *source = context;
	size_t n = source->left < size ? source->left : size;

	if (source->step && n > source->step)
		n = source->step;
	memcpy(buf, source->text, n);
	source->text += n;
	source->left -= n;
	return (ssize_t)n;
}

struct seen {
	int kills, panics, unfinished, signals, unrecognised;
	int64_t pid, uid, anon_kib, adj, time_us, line, quoted, imitations;
	char comm[64], memcg[256];
	enum oom_killer killer;
};

static struct seen explain_part(const char *text, size_t len, size_t step, unsigned flags)
{
	struct text_source source = {text, len, step};
	struct seen seen = {.pid = -1};
	const struct oom_incident *i;
	struct oom_klog *log;
	int rc;

	cr_assert_eq(oom_klog_new(read_text, &source, flags, &log), 0);
	while ((rc = oom_klog_next(log, &i)) > 0) {
		seen.panics += rc == OOM_EVENT_PANIC;
		seen.unfinished += rc == OOM_EVENT_UNFINISHED;
		seen.signals += rc == OOM_EVENT_SIGNAL;
		seen.unrecognised += rc == OOM_EVENT_UNRECOGNISED;
		if (rc != OOM_EVENT_KILL)
			continue;
		seen.kills++;
		seen.pid = i->kill.victim.pid;
		seen.uid = i->kill.victim.uid;
		seen.anon_kib = i->kill.victim.anon_rss_kib;
		seen.adj = i->kill.victim.oom_score_adj;
		seen.time_us = i->kill.time_us;
		seen.line = i->kill.line;
		seen.killer = i->kill.killer;
		snprintf(seen.comm, sizeof(seen.comm), "%s",
			i->kill.victim.comm ? i->kill.victim.comm : "(null)");
		snprintf(seen.memcg, sizeof(seen.memcg), "%s",
			i->kill.task_memcg ? i->kill.task_memcg : "(null)");
	}
	cr_expect_eq(rc, 0);
	seen.quoted = oom_klog_counts(log)->quoted;
	seen.imitations = oom_klog_counts(log)->imitations;
	oom_klog_free(log);
	return seen;
}

static struct seen explain(const char *text)
{
	return explain_part(text, strlen(text), 0, 0);
}

static const struct {
	const char *what, *text;
	int64_t time_us;
} frames[] = {
	{"bare", KILLED, -1},
	{"dmesg", "[  765.381356] " KILLED, 765381356},
	{"dmesg with a thread", "[  765.381356][T17032] " KILLED, 765381356},
	{"dmesg with a padded thread", "[  765.381356][ T6788] " KILLED, 765381356},
	{"dmesg -r", "<3>[  765.381356] " KILLED, 765381356},
	{"dmesg -x", "kern  :err   : [  765.381356] " KILLED, 765381356},
	{"dmesg -T", "[Tue Aug 12 03:54:03 2025] " KILLED, -1},
	{"dmesg -T in German", "[Di Aug 12 03:54:03 2025] " KILLED, -1},
	{"dmesg -T in Japanese", "[\xe7\x81\xab  8\xe6\x9c\x88 12 03:54:03 2025] " KILLED, -1},
	{"dmesg -d", "[  765.381356 <    0.000021>] " KILLED, 765381356},
	{"dmesg -e", "[  +0.000123] " KILLED, 123},
	{"dmesg iso", "2025-08-12T03:54:03,123456+02:00 " KILLED, -1},
	{"syslog", "Aug 12 03:54:03 host kernel: " KILLED, -1},
	{"syslog with seconds", "Aug  2 03:54:03 host kernel: [  765.381356] " KILLED, 765381356},
	{"syslog in French", "ao\xc3\xbbt 12 03:54:03 h\xc3\xb4te kernel: [  765.381356] " KILLED,
		765381356},
	{"syslog without a blank", "Aug 12 03:54:03 host kernel:[  765.381356] " KILLED, 765381356},
	{"rsyslog, ISO", "2025-08-12T03:54:03.123456+02:00 host kernel: [  765.381356] " KILLED,
		765381356},
	{"RFC 5424", "<3>1 2025-08-12T03:54:03.123Z host kernel - - - " KILLED, -1},
	{"logread", "Tue Aug 12 03:54:03 2025 kern.err kernel: [  765.381356] " KILLED, 765381356},
	{"journal, short-full", "Tue 2025-08-12 03:54:03 CEST host kernel: " KILLED, -1},
	{"journal, short-monotonic", "[  765.381356] host kernel: " KILLED, 765381356},
	{"journal, short-unix", "1754963643.123456 host kernel: " KILLED, -1},
	{"kmsg", "3,1234,765381356,-;" KILLED, 765381356},
	{"kmsg with a caller", "3,1234,765381356,-,caller=T17;" KILLED, 765381356},
	{"a hypervisor's log of its guest",
		"2025-08-12T03:54:03.123Z| vcpu-0| I125: Guest: <3>[  765.381356] " KILLED,
		765381356},
	{"an older one", "Aug 12 03:54:03.123: vcpu-0| Guest: <3>[  765.381356] " KILLED,
		765381356},
	{"a newer one", "2025-08-12T03:54:03.123Z In(05) vcpu-1 - Guest: <3>[  765.381356] " KILLED,
		765381356},
	{"syslog without its clock", "host kernel: [  765.381356] " KILLED, 765381356},
	{"syslog without clock and host", "kernel: " KILLED, -1},
	{"a clock and no name", "Aug 12 03:54:03: [  765.381356] " KILLED, 765381356},
	{"the front was not copied", "765.381356] " KILLED, 765381356},
	{"logcat of the kernel's", "08-12 03:54:03.123     0     0 E kernel  : " KILLED, -1},
	{"records joined by rsyslog",
		"Aug 12 03:54:03 host kernel: [  765.381356] a#012b#012" KILLED, 765381356},
	{"netconsole through syslog", "Aug 12 03:54:03 10.0.0.7 [  765.381356] " KILLED, 765381356},
	{"a stamp within the journal's", "[  765.4] host kernel: [  765.381356] " KILLED,
		765381356},
	{"a phone", "[  765.381356]  (2)[195:kswapd0]" KILLED, 765381356},
	{"another phone", "<4>[  765.381356] [0:        kswapd0:   50] " KILLED, 765381356},
	{"quoted in a mail", "> > [  765.381356] " KILLED, 765381356},
	{"indented", "    [  765.381356] " KILLED, 765381356},
	{"repeated by rsyslog",
		"Aug 12 03:54:03 host kernel: message repeated 2 times: [ [  765.381356] " KILLED
		"]",
		765381356},
	{"a console logger", "Aug 12 03:54:03 [  765.381356] " KILLED, 765381356},
	{"serial console, CR", "\r[  765.381356] " KILLED "\r", 765381356},
	{"serial console, colour", "\033[1;31m[  765.381356] " KILLED, 765381356},
	{"dmesg in colours",
		"\033[32m[  765.381356] \033[0m\033[33mOut of memory\033[0m: \033[31m"
		"Killed process 4711 (tmux: server) " SIZES TAIL "\033[0m",
		765381356},
	{"dmesg -x in colours", "kern  :err   : \033[32m[  765.381356] \033[0m" KILLED "\033[0m",
		765381356},
	{"the journal in colours", "Aug 12 03:54:03 host kernel: \033[0;1;31m" KILLED "\033[0m",
		-1},
	{"two lines joined", "login: [  765.381356] " KILLED, 765381356},
	{"lines joined behind a stack", "[  765.381000]  ? kfree+0x1/0x2[  765.381356] " KILLED,
		765381356},
	{"zeros after a crash", "\0\0\0", -1}, /* replaced below */
	{"journal JSON",
		"{\"_TRANSPORT\":\"kernel\",\"SYSLOG_FACILITY\":\"0\",\"PRIORITY\":\"3\","
		"\"SYSLOG_IDENTIFIER\":\"kernel\",\"_SOURCE_MONOTONIC_TIMESTAMP\":\"765381356\","
		"\"MESSAGE\":\"" KILLED "\",\"nested\":{\"a\":[1,\"]\"]}}",
		765381356},
	{"a shipper's JSON", "{\"log\":\"[  765.381356] " KILLED "\\n\",\"stream\":\"x\"}",
		765381356},
	{"journal export",
		"__CURSOR=s=1\n__REALTIME_TIMESTAMP=1754963643123456\n_TRANSPORT=kernel\n"
		"SYSLOG_FACILITY=0\nMESSAGE=" KILLED "\n_SOURCE_MONOTONIC_TIMESTAMP=765381356\n",
		765381356},
	{"journal json-pretty",
		"{\n\t\"_TRANSPORT\" : \"kernel\",\n\t\"MESSAGE\" : \"" KILLED "\",\n"
		"\t\"_SOURCE_MONOTONIC_TIMESTAMP\" : \"765381356\"\n}\n",
		765381356},
	{"dmesg --json",
		"{\n   \"dmesg\": [\n      {\n         \"pri\": 3,\n         \"time\":   765.381356,\n"
		"         \"msg\": \"" KILLED "\"\n      }\n   ]\n}\n",
		765381356},
	{"journal -o verbose, two entries without a line between",
		"Tue 2025-08-12 03:54:03.123456 CEST [s=1;i=2]\n    MESSAGE=" KILLED "\n"
		"    _TRANSPORT=kernel\n    _SOURCE_MONOTONIC_TIMESTAMP=765381356\n"
		"Tue 2025-08-12 03:54:03.123456 CEST [s=1;i=3]\n    MESSAGE=kill it\n"
		"    _TRANSPORT=stdout\n",
		765381356},
	{"journal -o verbose",
		"Tue 2025-08-12 03:54:03.123456 CEST [s=1;i=2]\n    _TRANSPORT=kernel\n"
		"    SYSLOG_FACILITY=0\n    MESSAGE=" KILLED "\n"
		"    _SOURCE_MONOTONIC_TIMESTAMP=765381356\n",
		765381356},
};

Test(klog_frames, every_frame_comes_off)
{
	for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
		const char *text = frames[i].text;
		struct seen seen;

		if (!*text)
			continue;
		seen = explain(text);
		cr_expect_eq(seen.kills, 1, "%s: %d kills", frames[i].what, seen.kills);
		cr_expect_eq(seen.pid, 4711, "%s: pid", frames[i].what);
		cr_expect_str_eq(seen.comm, "tmux: server", "%s: '%s'", frames[i].what, seen.comm);
		cr_expect_eq(seen.uid, 33, "%s: uid", frames[i].what);
		cr_expect_eq(seen.anon_kib, 4000, "%s: anon", frames[i].what);
		cr_expect_eq(seen.adj, 7, "%s: adj", frames[i].what);
		cr_expect_eq(seen.killer, OOM_KILLER_KERNEL_GLOBAL, "%s: killer", frames[i].what);
		cr_expect_eq(seen.time_us, frames[i].time_us, "%s: time %ld", frames[i].what,
			(long)seen.time_us);
		cr_expect_eq(seen.unrecognised, 0, "%s: unrecognised", frames[i].what);
	}
}

Test(klog_frames, the_same_in_small_pieces_and_in_brief)
{
	for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
		size_t len = strlen(frames[i].text);

		if (!len)
			continue;
		cr_expect_eq(explain_part(frames[i].text, len, 1, 0).kills, 1,
			"%s, a byte at a time", frames[i].what);
		cr_expect_eq(explain_part(frames[i].text, len, 7, OOM_KLOG_BRIEF).kills, 1,
			"%s, in brief", frames[i].what);
	}
}

Test(klog_frames, zeros_after_a_crash)
{
	static const char text[] = "\0\0\0\0[  765.381356] " KILLED "\n";
	struct seen seen = explain_part(text, sizeof(text) - 1, 0, 0);

	cr_expect_eq(seen.kills, 1);
	cr_expect_eq(seen.pid, 4711);
}

Test(klog_frames, journal_export_of_bytes)
{
	static const char head[] = "__CURSOR=x\n_TRANSPORT=kernel\nMESSAGE\n";
	static const char message[] =
		"Out of memory: Killed process 4711 (t\001\n\xff) " SIZES TAIL;
	static const char tail[] = "\n_SOURCE_MONOTONIC_TIMESTAMP=12\n\n";
	char text[512] = {0};
	size_t len = sizeof(head) - 1;
	struct seen seen;

	memcpy(text, head, len);
	text[len] = (char)(sizeof(message) - 1);
	len += 8;
	memcpy(text + len, message, sizeof(message) - 1);
	len += sizeof(message) - 1;
	memcpy(text + len, tail, sizeof(tail) - 1);
	len += sizeof(tail) - 1;
	for (size_t step = 0; step < 20; step++) {
		seen = explain_part(text, len, step, step & 1 ? OOM_KLOG_BRIEF : 0);
		cr_expect_eq(seen.kills, 1, "step %zu", step);
		cr_expect_str_eq(seen.comm, "t\001\n\xff", "step %zu", step);
		cr_expect_eq(seen.time_us, 12, "step %zu", step);
		cr_expect_eq(seen.adj, 7, "step %zu", step);
	}
}

Test(klog_frames, what_only_looks_like_a_kill)
{
	static const struct {
		const char *what, *text;
		int64_t quoted, imitations;
	} rows[] = {
		{"quoted by a daemon", "Aug 12 03:54:03 host npd[99]: Message:" KILLED, 1, 0},
		{"quoted by a program without a pid", "Aug 12 03:54:03 host mon: " KILLED, 1, 0},
		{"quoted in a bare line", "time=\"x\" level=info msg=\"" KILLED "\"", 1, 0},
		{"written to /dev/kmsg by a program", "11,1,2,-;" KILLED, 0, 1},
		{"dmesg -r of the same", "<11>[  765.381356] " KILLED, 0, 1},
		{"dmesg -r of a program that calls itself the kernel",
			"<11>[  765.381356] host kernel: " KILLED, 0, 1},
		{"and without a host", "<11>[  765.381356] kernel[0]: " KILLED, 0, 1},
		{"dmesg -x of the same", "user  :err   : [  765.381356] " KILLED, 0, 1},
		{"journal JSON, logger -t kernel",
			"{\"_TRANSPORT\":\"syslog\",\"SYSLOG_IDENTIFIER\":\"kernel\",\"MESSAGE\":\"" KILLED
			"\"}",
			0, 1},
		{"journal JSON, kmsg of a program",
			"{\"MESSAGE\":\"" KILLED
			"\",\"_TRANSPORT\":\"kernel\",\"SYSLOG_FACILITY\":\"1\"}",
			0, 1},
		{"journal export, told behind the message",
			"MESSAGE=" KILLED "\n_TRANSPORT=stdout\nSYSLOG_IDENTIFIER=mon\n\n", 1, 0},
		{"a program's words in a bare line", "Killed process 123 (worker)", 1, 0},
		{"systemd's own kill",
			"Aug 12 03:54:03 host systemd[1]: x.scope: Killing process 7 (y) with signal SIGKILL.",
			0, 0},
		{"memory failure",
			"[  1.000000] MCE: Killing madvise07:539405 due to hardware memory corruption fault",
			0, 0},
		{"suspend", "[  1.000000] OOM killer disabled.", 0, 0},
		{"a stack", "[  1.000000]  oom_kill_process+0x82/0x2a0", 0, 0},
		{"announced only",
			"[  1.000000] Out of memory: Kill process 5 (x) score 7 or sacrifice child",
			0, 0},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct seen seen = explain(rows[i].text);

		cr_expect_eq(seen.kills, 0, "%s: %d kills", rows[i].what, seen.kills);
		cr_expect_eq(seen.quoted, rows[i].quoted, "%s: quoted", rows[i].what);
		cr_expect_eq(seen.imitations, rows[i].imitations, "%s: imitations %ld",
			rows[i].what, (long)seen.imitations);
	}
}

Test(klog_frames, what_is_not_understood_is_told)
{
	static const char *const rows[] = {
		"[  1.000000] Out of memory: Killed process (no number)",
		"Aug 12 03:54:03 host kernel: Killed process x7",
		"Out of memory: frobnicated and killed process group 7",
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct seen seen = explain(rows[i]);

		cr_expect_eq(seen.kills, 0, "%s", rows[i]);
		cr_expect_eq(seen.unrecognised, 1, "%s", rows[i]);
	}
}

Test(klog_frames, killers_in_user_space)
{
	static const struct {
		const char *text;
		enum oom_killer killer;
		int64_t pid;
		const char *comm, *memcg;
	} rows[] = {
		{"Aug 12 03:54:03 host earlyoom[7]: sending SIGTERM to process 99 uid 1000 \"a \"b\": "
		 "badness 812, VmRSS 5437 MiB",
			OOM_KILLER_EARLYOOM, 99, "a \"b", "(null)"},
		{"sending SIGKILL to process 99 \"tail\": badness 812, VmRSS 5437 MiB",
			OOM_KILLER_EARLYOOM, 99, "tail", "(null)"},
		{"Aug 12 03:54:03 host systemd-oomd[7]: Killed /user.slice/x.scope due to memory pressure "
		 "for /user.slice being 65.35% > 50.00% for > 20s with reclaim activity",
			OOM_KILLER_SYSTEMD_OOMD, -1, "(null)", "/user.slice/x.scope"},
		{"Aug 12 03:54:03 host systemd[1]: x.scope: systemd-oomd killed 3 process(es) in this unit.",
			OOM_KILLER_SYSTEMD_OOMD, -1, "(null)", "x.scope"},
		{"Aug 12 03:54:03 host systemd-oomd[7]: Killed /a/x.scope due to memory used (9) / total (9)\n"
		 "Aug 12 03:54:03 host systemd[1]: x.scope: systemd-oomd killed 3 process(es) in this unit.",
			OOM_KILLER_SYSTEMD_OOMD, -1, "(null)", "/a/x.scope"},
		{"[  1.000000] systemd[1]: x.scope: systemd-oomd killed 3 process(es) in this unit.",
			OOM_KILLER_SYSTEMD_OOMD, -1, "(null)", "x.scope"},
		{"Aug 12 03:54:03 systemd-oomd[7]: Marked /a/x.scope for killing due to memory used (9)\n"
		 "Aug 12 03:54:03 systemd[1]: x.scope: systemd-oomd killed 3 process(es) in this unit.",
			OOM_KILLER_SYSTEMD_OOMD, -1, "(null)", "/a/x.scope"},
		{"Tue 2025-08-12 03:54:03 CEST host user@5.service/init.scope[7]: x.scope: systemd-oomd "
		 "killed 3 process(es) in this unit.",
			OOM_KILLER_SYSTEMD_OOMD, -1, "(null)", "x.scope"},
		{"Killed /a/x.scope due to memory pressure for /a being 65.35% > 50.00% for > 20s",
			OOM_KILLER_SYSTEMD_OOMD, -1, "(null)", "/a/x.scope"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct seen seen = explain(rows[i].text);

		cr_expect_eq(seen.kills, 1, "%s: %d", rows[i].text, seen.kills);
		cr_expect_eq(seen.killer, rows[i].killer, "%s", rows[i].text);
		cr_expect_eq(seen.pid, rows[i].pid, "%s", rows[i].text);
		cr_expect_str_eq(seen.comm, rows[i].comm);
		cr_expect_str_eq(seen.memcg, rows[i].memcg);
	}
}
