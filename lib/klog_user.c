// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Killers that are not the kernel's OOM killer: earlyoom, nohang, systemd-oomd, systemd itself,
 * Android's lowmemorykiller. Each says so in words of its own.
 */
#include "lib/klog_incident.h"

#include <signal.h>

struct user_kill {
	enum oom_killer killer;
	enum oom_event event;
	int64_t pid, uid;
	struct oom_span comm, cgroup;
	int signal;
};

/* Up to @mark; the mark is taken off, too. */
static bool take_until(struct oom_span *s, struct oom_span mark, struct oom_span *ret)
{
	ptrdiff_t at = oom_span_find(*s, mark);

	if (at < 0)
		return false;
	*ret = (struct oom_span){s->at, (size_t)at};
	*s = oom_span_from(*s, (size_t)at + mark.len);
	return true;
}

/* "\"tail\": badness …": up to the last quotation mark that can end a name of 15 bytes */
static void take_quoted_comm(struct oom_span s, struct oom_span *ret)
{
	ptrdiff_t open = oom_span_find(s, OOM_SPAN("\""));
	struct oom_span rest = oom_span_from(s, open < 0 ? s.len : (size_t)open + 1);

	for (size_t i = rest.len < 17 ? rest.len : 17; i-- > 0;) {
		if (rest.at[i] == '"') {
			*ret = (struct oom_span){rest.at, i};
			return;
		}
	}
}

static bool take_signal(struct oom_span *s, int *ret)
{
	if (oom_span_skip(s, OOM_SPAN("SIGTERM")))
		*ret = SIGTERM;
	else if (oom_span_skip(s, OOM_SPAN("SIGKILL")))
		*ret = SIGKILL;
	else
		return false;
	return true;
}

/*
 * earlyoom: "sending SIGTERM to process 23105 uid 1000 \"tail\": badness 721, VmRSS 5437 MiB";
 * before 1.2 "Killing process 23105 tail", which is anybody's unless the line is @named as earlyoom's
 */
static bool parse_earlyoom(struct oom_span s, bool named, struct user_kill *kill)
{
	kill->killer = OOM_KILLER_EARLYOOM;
	if (named && oom_span_skip(&s, OOM_SPAN("Killing process "))) {
		if (!oom_span_take_int(&s, &kill->pid))
			return false;
		oom_span_skip_blanks(&s);
		oom_span_trim_end(&s);
		kill->comm = s;
		return true;
	}
	if (!oom_span_skip(&s, OOM_SPAN("sending ")) && !oom_span_skip(&s, OOM_SPAN("Sending ")))
		return false;
	if (!take_signal(&s, &kill->signal) || !oom_span_skip(&s, OOM_SPAN(" to process ")) ||
		!oom_span_take_int(&s, &kill->pid))
		return false;
	if (oom_span_skip(&s, OOM_SPAN(" uid ")))
		oom_span_take_int(&s, &kill->uid);
	take_quoted_comm(s, &kill->comm);
	return true;
}

/* nohang: "Sending SIGTERM to tail, PID 23105" and "… to the process … PID: 23105, Name: tail" */
static bool parse_nohang(struct oom_span s, struct user_kill *kill)
{
	ptrdiff_t at = oom_span_find_nocase(s, OOM_SPAN("sending ")), pid;
	struct oom_span rest;

	kill->killer = OOM_KILLER_NOHANG;
	if (at < 0)
		return false;
	s = oom_span_from(s, (size_t)at + 8);
	if (!take_signal(&s, &kill->signal))
		return false;
	pid = oom_span_find_nocase(s, OOM_SPAN("pid"));
	if (pid < 0)
		return false;
	rest = oom_span_from(s, (size_t)pid + 3);
	while (rest.len && (*rest.at == ':' || *rest.at == ' ' || *rest.at == '='))
		rest = oom_span_from(rest, 1);
	if (!oom_span_take_int(&rest, &kill->pid))
		return false;
	if (oom_span_skip(&s, OOM_SPAN(" to ")))
		kill->comm = (struct oom_span){s.at, 0};
	while (kill->comm.len < s.len && s.at[kill->comm.len] != ',' &&
		s.at[kill->comm.len] != '(' && kill->comm.at)
		kill->comm.len++;
	oom_span_trim_end(&kill->comm);
	return true;
}

/* "Killed /user.slice/… due to memory pressure for …", "… due to memory used (…) …" */
static bool parse_oomd(struct oom_span s, struct user_kill *kill)
{
	kill->killer = OOM_KILLER_SYSTEMD_OOMD;
	return oom_span_skip(&s, OOM_SPAN("Killed ")) && s.len && *s.at == '/' &&
	       take_until(&s, OOM_SPAN(" due to "), &kill->cgroup);
}

/* "session-2.scope: Killing process 1097 (lightdm) with signal SIGKILL." */
static bool parse_systemd(struct oom_span s, struct user_kill *kill)
{
	struct oom_span rest = s;

	if (take_until(&rest, OOM_SPAN(": systemd-oomd killed "), &kill->cgroup)) {
		kill->killer = OOM_KILLER_SYSTEMD_OOMD;
		return true;
	}
	kill->killer = OOM_KILLER_SYSTEMD;
	kill->event = OOM_EVENT_SIGNAL;
	if (!take_until(&s, OOM_SPAN(": Killing process "), &kill->cgroup) ||
		!oom_span_take_int(&s, &kill->pid) || !oom_span_skip(&s, OOM_SPAN(" (")))
		return false;
	return take_until(&s, OOM_SPAN(") with signal "), &kill->comm) &&
	       take_signal(&s, &kill->signal);
}

/*
 * The kernel driver: "lowmemorykiller: Killing 'x' (123) (tgid 123), adj 906,", in older ones
 * "send sigkill to 123 (x), adj 9, size 1234"
 */
static bool parse_lowmemorykiller(struct oom_span s, struct user_kill *kill)
{
	kill->killer = OOM_KILLER_LOWMEMORYKILLER;
	oom_span_skip(&s, OOM_SPAN("lowmemorykiller: "));
	if (oom_span_skip(&s, OOM_SPAN("send sigkill to ")))
		return oom_span_take_int(&s, &kill->pid) && oom_span_skip(&s, OOM_SPAN(" (")) &&
		       take_until(&s, OOM_SPAN("), adj "), &kill->comm);
	if (!oom_span_skip(&s, OOM_SPAN("Killing '")) &&
		!oom_span_skip(&s, OOM_SPAN("Kill '")))
		return false;
	return take_until(&s, OOM_SPAN("' ("), &kill->comm) && oom_span_take_int(&s, &kill->pid);
}

static bool parse(const struct oom_klog_line *line, struct user_kill *kill)
{
	struct oom_span ident = line->ident;

	if (line->origin == OOM_ORIGIN_BARE && parse_earlyoom(line->text, false, kill))
		return true;
	if (line->origin != OOM_ORIGIN_PROGRAM)
		return parse_lowmemorykiller(line->text, kill);
	if (oom_span_is(ident, OOM_SPAN("earlyoom")))
		return parse_earlyoom(line->text, true, kill);
	if (oom_span_is(ident, OOM_SPAN("nohang")) || oom_span_is(ident, OOM_SPAN("nohang-desktop")))
		return parse_nohang(line->text, kill);
	if (oom_span_is(ident, OOM_SPAN("systemd-oomd")))
		return parse_oomd(line->text, kill);
	if (oom_span_is(ident, OOM_SPAN("systemd")))
		return parse_systemd(line->text, kill);
	if (oom_span_is(ident, OOM_SPAN("lowmemorykiller")) || oom_span_is(ident, OOM_SPAN("lmkd")))
		return parse_lowmemorykiller(line->text, kill);
	return false;
}

static const char *copy(struct oom_assembly *a, struct oom_span s)
{
	return s.at && s.len ? oom_arena_strndup(&a->aside_arena, s.at, s.len) : NULL;
}

static struct oom_span last_component(struct oom_span path)
{
	ptrdiff_t slash = oom_span_find_last(path, OOM_SPAN("/"));

	return slash < 0 ? path : oom_span_from(path, (size_t)slash + 1);
}

int oom_assembly_user(struct oom_assembly *a, const struct oom_klog_line *line, int64_t number,
	bool *ret_known)
{
	struct user_kill kill = {
		.event = OOM_EVENT_KILL, .pid = -1, .uid = -1, .signal = SIGKILL};
	struct oom_incident *aside;
	struct oom_span name;

	*ret_known = parse(line, &kill);
	if (!*ret_known)
		return OOM_STEP_GO;
	/* in the order of the log */
	if (a->has_kill && !a->in_group) {
		oom_assembly_finish(a, OOM_EVENT_KILL);
		return OOM_STEP_AGAIN;
	}
	/* earlyoom asks, and asks again with SIGKILL; systemd-oomd and systemd both tell of a unit */
	name = kill.pid < 0 ? last_component(kill.cgroup) : kill.comm;
	if (kill.event == OOM_EVENT_KILL && oom_assembly_repeats(a, line, kill.pid, name)) {
		a->counts.repeats++;
		return OOM_STEP_GO;
	}
	if (kill.event == OOM_EVENT_KILL)
		oom_assembly_remember(a, line, kill.pid, name);
	aside = oom_assembly_aside(a, kill.event, line, number);
	aside->signal = kill.signal;
	aside->kill.killer = kill.killer;
	aside->kill.victim.pid = kill.pid;
	aside->kill.victim.uid = kill.uid;
	aside->kill.victim.comm = copy(a, kill.comm);
	aside->kill.task_memcg = copy(a, kill.cgroup);
	return OOM_STEP_EVENT;
}
