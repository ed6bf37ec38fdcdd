// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Killers that are not the kernel's OOM killer: earlyoom, nohang, systemd-oomd, systemd itself,
 * Android's lowmemorykiller. Each says so in words of its own.
 */
#include "lib/klog/user.h"

#include "lib/klog/daemon.h"
#include "lib/klog/incident.h"
#include "lib/klog/scan.h"

#include <signal.h>

/*
 * "Killed /user.slice/… due to memory pressure for …", "… due to memory used (…) …"; since 258 "Marked
 * /user.slice/… for killing due to …". Not @named, all of it must be there.
 */
static bool parse_oomd(struct oom_span s, bool named, struct oom_user_kill *kill)
{
	kill->killer = OOM_KILLER_SYSTEMD_OOMD;
	if (oom_span_skip(&s, OOM_SPAN("Marked "))) {
		if (!s.len || *s.at != '/' ||
			!oom_span_take_until(&s, OOM_SPAN(" for killing due to "), &kill->cgroup))
			return false;
	} else if (!oom_span_skip(&s, OOM_SPAN("Killed ")) || !s.len || *s.at != '/' ||
		!oom_span_take_until(&s, OOM_SPAN(" due to "), &kill->cgroup)) {
		return false;
	}
	return named || oom_span_starts(s, OOM_SPAN("memory "));
}

/* "session-2.scope: Killing process 1097 (lightdm) with signal SIGKILL." */
static bool parse_systemd(struct oom_span s, struct oom_user_kill *kill)
{
	struct oom_span rest = s;

	if (oom_span_take_until(&rest, OOM_SPAN(": systemd-oomd killed "), &kill->cgroup)) {
		kill->killer = OOM_KILLER_SYSTEMD_OOMD;
		return true;
	}
	kill->killer = OOM_KILLER_SYSTEMD;
	kill->event = OOM_EVENT_SIGNAL;
	if (!oom_span_take_until(&s, OOM_SPAN(": Killing process "), &kill->cgroup) ||
		!oom_span_take_int(&s, &kill->pid) || !oom_span_skip(&s, OOM_SPAN(" (")))
		return false;
	return oom_span_take_until(&s, OOM_SPAN(") with signal "), &kill->comm) &&
		oom_user_signal(&s, &kill->signal);
}

/* "user@1000.service/init.scope", "earlyoom.service": journalctl -o with-unit has units for names. */
static struct oom_span name_of(struct oom_span ident)
{
	static const struct oom_span suffix = OOM_SPAN(".service");
	ptrdiff_t slash = ident.len ? oom_span_find_last(ident, OOM_SPAN("/")) : -1;

	if (slash >= 0)
		ident = oom_span_from(ident, (size_t)slash + 1);
	if (oom_span_is(ident, OOM_SPAN("init.scope")))
		return OOM_SPAN("systemd");
	if (ident.len > suffix.len &&
		oom_span_starts(oom_span_from(ident, ident.len - suffix.len), suffix))
		ident.len -= suffix.len;
	return ident;
}

static bool is_nohang(struct oom_span ident)
{
	return oom_span_is(ident, OOM_SPAN("nohang")) ||
		oom_span_is(ident, OOM_SPAN("nohang-desktop"));
}

/* A line without a name: a daemon's own output, or the kernel's. */
static bool parse_nameless(
	struct oom_assembly *a, const struct oom_klog_line *line, struct oom_user_kill *kill)
{
	struct oom_span text = line->text;

	if (line->origin == OOM_ORIGIN_BARE) {
		if (oom_user_earlyoom(text, false, kill) || parse_oomd(text, false, kill) ||
			(a->daemon == OOM_KILLER_NOHANG && oom_user_nohang(a, text, kill)))
			return true;
	}
	return oom_user_lowmemorykiller(text, kill);
}

static bool parse(
	struct oom_assembly *a, const struct oom_klog_line *line, struct oom_user_kill *kill)
{
	struct oom_span ident = name_of(line->ident);

	if (line->origin != OOM_ORIGIN_PROGRAM)
		return parse_nameless(a, line, kill);
	if (oom_span_is(ident, OOM_SPAN("earlyoom")))
		return oom_user_earlyoom(line->text, true, kill);
	if (is_nohang(ident))
		return oom_user_nohang(a, line->text, kill);
	if (oom_span_is(ident, OOM_SPAN("systemd-oomd")))
		return parse_oomd(line->text, true, kill);
	if (oom_span_is(ident, OOM_SPAN("systemd")))
		return parse_systemd(line->text, kill);
	if (oom_span_is(ident, OOM_SPAN("lowmemorykiller")) || oom_span_is(ident, OOM_SPAN("lmkd")))
		return oom_user_lowmemorykiller(line->text, kill);
	return false;
}

/* Does a daemon begin to tell, whose next lines must be read one by one? */
static void hear_daemon(struct oom_assembly *a, const struct oom_klog_line *line, int64_t number)
{
	enum oom_killer daemon = OOM_KILLER_UNKNOWN;

	if (line->origin == OOM_ORIGIN_PROGRAM)
		daemon = is_nohang(name_of(line->ident)) ? OOM_KILLER_NOHANG : OOM_KILLER_UNKNOWN;
	else if (line->origin == OOM_ORIGIN_BARE && line->marks & OOM_MARK_SPEAKS) {
		if (oom_span_starts(line->text, OOM_SPAN("earlyoom v")))
			daemon = OOM_KILLER_EARLYOOM;
		else if (oom_span_find(line->text, OOM_SPAN(" oom_score (except ")) >= 0)
			daemon = OOM_KILLER_NOHANG;
	}
	if (daemon == OOM_KILLER_UNKNOWN)
		return;
	if (a->daemon != daemon)
		a->daemon_pid = -1;
	a->daemon = daemon;
	a->daemon_line = number;
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

int oom_assembly_user(
	struct oom_assembly *a, const struct oom_klog_line *line, int64_t number, bool *ret_known)
{
	struct oom_user_kill kill = {.event = OOM_EVENT_KILL,
		.pid = -1,
		.uid = -1,
		.anon_kib = -1,
		.adj = OOM_ADJ_UNKNOWN,
		.signal = SIGKILL};
	struct oom_incident *aside;
	struct oom_span name;

	hear_daemon(a, line, number);
	*ret_known = parse(a, line, &kill);
	if (!*ret_known)
		return OOM_STEP_GO;
	/* in the order of the log */
	if (a->has_kill && !a->in_group) {
		oom_assembly_finish(a, OOM_EVENT_KILL);
		return OOM_STEP_AGAIN;
	}
	/*
	 * earlyoom asks, and asks again with SIGKILL; systemd-oomd and systemd both tell of a unit. What
	 * the kernel kills after that is another's deed: their numbers are kept apart by their sign.
	 */
	name = kill.pid < 0 ? last_component(kill.cgroup) : kill.comm;
	if (kill.event == OOM_EVENT_KILL && oom_assembly_repeats(a, line, ~kill.pid, name)) {
		a->counts.repeats++;
		return OOM_STEP_GO;
	}
	if (kill.event == OOM_EVENT_KILL)
		oom_assembly_remember(a, line, ~kill.pid, name);
	aside = oom_assembly_aside(a, kill.event, line, number);
	aside->signal = kill.signal;
	aside->kill.killer = kill.killer;
	aside->kill.victim.pid = kill.pid;
	aside->kill.victim.uid = kill.uid;
	aside->kill.victim.oom_score_adj = kill.adj;
	aside->kill.victim.anon_rss_kib = kill.anon_kib;
	aside->kill.victim.comm = copy(a, kill.comm);
	aside->kill.task_memcg = copy(a, kill.cgroup);
	return OOM_STEP_EVENT;
}
