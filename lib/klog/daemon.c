// SPDX-License-Identifier: LGPL-2.1-or-later
/* The words of each killer in user space, and of Android's in the kernel. */
#include "lib/klog/daemon.h"

#include "lib/klog/incident.h"

#include <fcntl.h>
#include <signal.h>

/* How long a daemon may go on: its tables of candidates, in journal export 30 lines each. */
#define DAEMON_LINES 2000

bool oom_assembly_hears_daemon(const struct oom_assembly *a, int64_t number)
{
	return a->daemon_line > 0 && number - a->daemon_line <= DAEMON_LINES;
}

bool oom_user_signal(struct oom_span *s, int *ret)
{
	if (oom_span_skip(s, OOM_SPAN("SIGTERM")))
		*ret = SIGTERM;
	else if (oom_span_skip(s, OOM_SPAN("SIGKILL")))
		*ret = SIGKILL;
	else
		return false;
	return true;
}

/* "\"tail\": badness …": up to the last quotation mark that can end a name of 15 bytes */
static void take_quoted_comm(struct oom_span s, char quote, struct oom_span *ret)
{
	const char *open = memchr(s.at, quote, s.len);
	struct oom_span rest = oom_span_from(s, open ? (size_t)(open - s.at) + 1 : s.len);

	for (size_t i = rest.len < 17 ? rest.len : 17; i-- > 0;) {
		if (rest.at[i] == quote) {
			*ret = (struct oom_span){rest.at, i};
			return;
		}
	}
}

/*
 * 1.0 to 1.3: "killing process 23105 \"tail\" with signal 15: badness …" and "Killing process 'tail'
 * with signal 15, pid: 23105, badness: …"
 */
static bool parse_with_signal(struct oom_span s, struct oom_user_kill *kill)
{
	static const struct oom_span with = OOM_SPAN(" with signal ");
	ptrdiff_t at = oom_span_find(s, with);
	struct oom_span number = oom_span_from(s, at < 0 ? s.len : (size_t)at + with.len);
	char quote = s.len && *s.at == '\'' ? '\'' : '"';
	int64_t signal;

	if (at < 0 || !oom_span_take_int(&number, &signal) ||
		(signal != SIGTERM && signal != SIGKILL) ||
		oom_span_find(number, OOM_SPAN("badness")) < 0)
		return false;
	take_quoted_comm((struct oom_span){s.at, (size_t)at}, quote, &kill->comm);
	if (quote == '\'' && !oom_span_skip(&number, OOM_SPAN(", pid: ")))
		return false;
	kill->signal = (int)signal;
	return oom_span_take_int(quote == '"' ? &s : &number, &kill->pid);
}

/* before 1.0 "Killing process 23105 tail", which is anybody's unless the line is @named as earlyoom's */
static bool parse_killing(struct oom_span s, bool named, struct oom_user_kill *kill)
{
	if (parse_with_signal(s, kill))
		return true;
	kill->comm = (struct oom_span){NULL, 0};
	if (!named || !oom_span_take_int(&s, &kill->pid))
		return false;
	oom_span_skip_blanks(&s);
	oom_span_trim_end(&s);
	kill->comm = s;
	return true;
}

/* "sending SIGTERM to process 23105 uid 1000 \"tail\": badness 721, VmRSS 5437 MiB" */
bool oom_user_earlyoom(struct oom_span s, bool named, struct oom_user_kill *kill)
{
	kill->killer = OOM_KILLER_EARLYOOM;
	if (oom_span_skip(&s, OOM_SPAN("Killing process ")) ||
		oom_span_skip(&s, OOM_SPAN("killing process ")))
		return parse_killing(s, named, kill);
	if (!oom_span_skip(&s, OOM_SPAN("sending ")) && !oom_span_skip(&s, OOM_SPAN("Sending ")))
		return false;
	if (!oom_user_signal(&s, &kill->signal) || !oom_span_skip(&s, OOM_SPAN(" to process ")))
		return false;
	oom_span_skip(&s, OOM_SPAN("group "));
	if (!oom_span_take_int(&s, &kill->pid))
		return false;
	if (oom_span_skip(&s, OOM_SPAN(" uid ")))
		oom_span_take_int(&s, &kill->uid);
	take_quoted_comm(s, '"', &kill->comm);
	return true;
}

/* The one that nohang is about to act upon; what it then does names nobody. */
static void choose(struct oom_assembly *a, int64_t pid, struct oom_span comm)
{
	a->daemon_pid = pid;
	a->daemon_comm_len = comm.len < sizeof(a->daemon_comm) ? comm.len : sizeof(a->daemon_comm);
	memcpy(a->daemon_comm, comm.at, a->daemon_comm_len);
}

/* "PID: 23105, name: tail, badness: 721", "New victim is cached victim 23105 (tail)" */
static void hear_choice(struct oom_assembly *a, struct oom_span s)
{
	static const struct oom_span cached = OOM_SPAN(" cached victim ");
	static const struct oom_span end = OOM_SPAN(", badness: ");
	ptrdiff_t at = oom_span_find(s, OOM_SPAN("PID: ")), last;
	int64_t pid;

	if (at >= 0) {
		s = oom_span_from(s, (size_t)at + 5);
		if (!oom_span_take_int(&s, &pid) ||
			oom_span_find_nocase((struct oom_span){s.at, s.len < 8 ? s.len : 8},
				OOM_SPAN("name: ")) != 2)
			return;
		last = oom_span_find_last(s, end);
		if (last >= 8)
			choose(a, pid, (struct oom_span){s.at + 8, (size_t)last - 8});
		return;
	}
	at = oom_span_find(s, cached);
	if (at < 0)
		return;
	s = oom_span_from(s, (size_t)at + cached.len);
	if (oom_span_take_int(&s, &pid) && oom_span_skip(&s, OOM_SPAN(" (")) && s.len)
		choose(a, pid, (struct oom_span){s.at, s.len - (s.at[s.len - 1] == ')')});
}

/*
 * "Sending SIGTERM to the victim", of the one chosen before; in older ones "Sending SIGTERM to tail,
 * PID 23105"
 */
bool oom_user_nohang(struct oom_assembly *a, struct oom_span s, struct oom_user_kill *kill)
{
	ptrdiff_t at = oom_span_find_nocase(s, OOM_SPAN("send")), pid;
	struct oom_span rest;

	kill->killer = OOM_KILLER_NOHANG;
	if (at < 0) {
		hear_choice(a, s);
		return false;
	}
	s = oom_span_from(s, (size_t)at + 4);
	oom_span_skip(&s, OOM_SPAN("ing"));
	if (!oom_span_skip(&s, OOM_SPAN(" ")) || !oom_user_signal(&s, &kill->signal))
		return false;
	if (oom_span_starts(s, OOM_SPAN(" to the victim"))) {
		kill->pid = a->daemon_pid;
		if (a->daemon_pid >= 0)
			kill->comm = (struct oom_span){a->daemon_comm, a->daemon_comm_len};
		return true;
	}
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

/* The number behind the first of @keys that is there. */
static bool number_behind(struct oom_span s, const struct oom_span *keys, size_t n, int64_t *ret)
{
	for (size_t i = 0; i < n; i++) {
		ptrdiff_t at = oom_span_find(s, keys[i]);
		struct oom_span rest = oom_span_from(s, at < 0 ? s.len : (size_t)at + keys[i].len);

		if (at >= 0)
			return oom_span_take_int(&rest, ret);
	}
	return false;
}

/*
 * What follows a victim's name and number: "(tgid 98), uid 10101, adj 906, to free 12kB rss, 9kB anon
 * rss". Old drivers print oom_adj (-17 to 15) as "adj": what may be one is not taken for a score.
 */
static void take_victim_tail(struct oom_span s, struct oom_user_kill *kill)
{
	static const struct oom_span scores[] = {
		OOM_SPAN("oom_score_adj "), OOM_SPAN(", score_adj "), OOM_SPAN(", adj ")};
	static const struct oom_span uids[] = {OOM_SPAN(", uid ")};
	ptrdiff_t anon = oom_span_find(s, OOM_SPAN("kB anon rss"));
	struct oom_span number = {s.at, 0};
	int64_t adj;

	number_behind(s, uids, 1, &kill->uid);
	if (number_behind(s, scores, 2, &adj) ||
		(number_behind(s, scores + 2, 1, &adj) && (adj > 15 || adj < -17 || !adj)))
		kill->adj = adj;
	if (anon < 0)
		return;
	number.at += anon;
	while (number.at > s.at && oom_is_digit(number.at[-1])) {
		number.at--;
		number.len++;
	}
	oom_span_take_int(&number, &kill->anon_kib);
}

/* "send sigkill to 123 (x), adj 9, size 1234", in old drivers, with makers' words around it */
static bool parse_sigkill(struct oom_span s, struct oom_user_kill *kill)
{
	static const struct oom_span words = OOM_SPAN("send sigkill to ");
	ptrdiff_t at = oom_span_find((struct oom_span){s.at, s.len < 48 ? s.len : 48}, words);

	/* "lowmemkill: " and "[kswapd0] " */
	if (at < 0 || (at > 0 && !oom_span_starts(s, OOM_SPAN("low")) && *s.at != '['))
		return false;
	s = oom_span_from(s, (size_t)at + words.len);
	if (!oom_span_take_int(&s, &kill->pid) || !oom_span_skip(&s, OOM_SPAN(" (")) ||
		!oom_span_take_until(&s, OOM_SPAN(")"), &kill->comm) ||
		!oom_span_starts(s, OOM_SPAN(", ")))
		return false;
	take_victim_tail(s, kill);
	return true;
}

/*
 * The kernel's driver, and the daemon after it: "lowmemorykiller: Killing 'x' (123) (tgid 123), adj
 * 906,"
 */
bool oom_user_lowmemorykiller(struct oom_span s, struct oom_user_kill *kill)
{
	kill->killer = OOM_KILLER_LOWMEMORYKILLER;
	oom_span_skip(&s, OOM_SPAN("lowmemorykiller: "));
	if (parse_sigkill(s, kill))
		return true;
	if (!oom_span_skip(&s, OOM_SPAN("Killing '")) && !oom_span_skip(&s, OOM_SPAN("Kill '")))
		return false;
	if (!oom_span_take_until(&s, OOM_SPAN("' ("), &kill->comm) ||
		!oom_span_take_int(&s, &kill->pid))
		return false;
	take_victim_tail(s, kill);
	return true;
}
