// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/commands/command.h"

#include "harness/explain/explain.h"
#include "harness/say/fit.h"
#include "harness/say/say.h"
#include "harness/say/usage.h"
#include "lib/base/cleanup.h"
#include "lib/oracle/rank.h"

#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libsmartcols.h>
#include <libsmartcols/libsmartcols.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

struct rank_options {
	struct oom_usage_given given;
	const char *cgroup, *root;
	int node;
	long shown, watch_sec;
	bool check;
};

enum { OPT_CGROUP = 256, OPT_ROOT, OPT_NODE, OPT_CHECK };

static const struct argp_option options[] = {
	{"cgroup", OPT_CGROUP, "PATH", 0,
		"only processes in or below this cgroup, against its limit", 0},
	{"node", OPT_NODE, "N", 0, "Against the memory of one NUMA node", 0},
	{"root", OPT_ROOT, "DIR", 0, "read a copy of /proc and /sys/fs/cgroup below DIR", 0},
	{"lines", 'n', "N", 0, "number of processes to show (default 20, 0: all)", 0},
	{"check", OPT_CHECK, NULL, 0,
		"Fail when the oom_score of a process differs from the formula's", 0},
	{"watch", 'w', "SECONDS", OPTION_ARG_OPTIONAL, "Repeat every SECONDS (default 2)", 0},
	{0},
};

static long number_of(const char *text, long min, long max, struct argp_state *state)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (end == text || *end || value < min || value > max)
		oom_say_usage(state, "'%s' is not a number from %ld to %ld", text, min, max);
	return value;
}

enum { OF_CGROUP = 1 };

static const struct oom_usage rules = {
	options,
	(const struct oom_usage_situation[]){
		{OF_CGROUP,
			"with --cgroup: the ranking is against a cgroup's limit or a node's "
			"memory; drop one of them"},
		{0},
	},
	(const struct oom_usage_option[]){{OPT_NODE, OF_CGROUP}, {0}},
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct rank_options *o = state->input;

	oom_usage_note(&o->given, &rules, key);
	switch (key) {
	case OPT_CGROUP:
		if (*arg != '/')
			oom_say_usage(
				state, "'%s' is not a cgroup path: it must begin with '/'", arg);
		o->cgroup = arg;
		return 0;
	case OPT_NODE:
		o->node = (int)number_of(arg, 0, 4096, state);
		return 0;
	case OPT_ROOT:
		o->root = arg;
		return 0;
	case OPT_CHECK:
		o->check = true;
		return 0;
	case 'n':
		o->shown = number_of(arg, 0, 1000000, state);
		return 0;
	case 'w':
		o->watch_sec = arg ? number_of(arg, 1, 86400, state) : 2;
		return 0;
	case ARGP_KEY_ARG:
		oom_say_usage(state, "'%s' is one too many (--cgroup=PATH?)", arg);
		return EINVAL;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse_option,
	.doc = "Ranks processes by the kernel's formula: which would be killed next if memory ran "
	       "out now, on the machine, in a cgroup or on a NUMA node.\vBADNESS is in pages. "
	       "SCORE is /proc/PID/oom_score; OURS is what it should be by the formula. A line is "
	       "marked where they differ by more than one step (a process may have grown between "
	       "the two reads). With --check the exit status is 1 if a line is marked, or if "
	       "there is no oom_score to compare with.",
};

static bool differs(const struct oom_rank_task *task)
{
	return task->oom_score >= 0 && llabs(task->oom_score - task->expected_score) > 1;
}

static void add_line(struct libscols_table *table, const struct oom_rank_task *task, size_t place)
{
	struct libscols_line *line = scols_table_new_line(table, NULL);
	const struct oom_task *t = &task->task;
	bool taken = t->points != OOM_POINTS_NONE;
	char size[16];

	if (!line)
		return;
	oom_say_number(line, 0, (int64_t)place, taken);
	oom_say_number(line, 1, t->pid, true);
	oom_say_cell(line, 2, t->comm ? t->comm : "?");
	oom_say_number(line, 3, t->oom_score_adj, t->oom_score_adj != OOM_ADJ_UNKNOWN);
	oom_say_cell(line, 4, explain_kib(t->rss_kib, size));
	oom_say_number(line, 5, t->swapents, t->swapents >= 0);
	oom_say_number(line, 6, t->points, taken);
	oom_say_number(line, 7, task->oom_score, task->oom_score >= 0);
	oom_say_number(line, 8, task->expected_score, true);
	oom_say_cell(line, 9, task->cgroup ? task->cgroup : "-");
	oom_say_cell(line, 10,
		differs(task)	     ? "differs"
			: task->init ? "init: never killed"
			: !taken     ? "never killed"
				     : "");
}

static int print_table(const struct oom_rank *rank, size_t shown)
{
	static const struct {
		const char *name;
		int flags;
	} columns[] = {{"#", SCOLS_FL_RIGHT}, {"PID", SCOLS_FL_RIGHT}, {"NAME", 0},
		{"ADJ", SCOLS_FL_RIGHT}, {"RSS", SCOLS_FL_RIGHT}, {"SWAP", SCOLS_FL_RIGHT},
		{"BADNESS", SCOLS_FL_RIGHT}, {"SCORE", SCOLS_FL_RIGHT}, {"OURS", SCOLS_FL_RIGHT},
		{"CGROUP", 0}, {"", 0}};
	struct libscols_table *table = scols_new_table();

	if (!table)
		return -ENOMEM;
	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
		oom_say_column(table, columns[i].name, columns[i].flags);
	for (size_t i = 0; i < rank->n_tasks && i < shown; i++)
		add_line(table, rank->tasks + i, i + 1);
	oom_fit_table(table, oom_fit_columns(STDOUT_FILENO));
	scols_print_table(table);
	scols_unref_table(table);
	return 0;
}

/* Processes that somebody tried to protect, and that would die all the same. */
static void print_protected(const struct oom_rank *rank)
{
	const struct oom_rank_task *first = rank->tasks;
	size_t told = 0;

	for (size_t i = 0; i < rank->n_tasks && i < 5 && told < 3; i++) {
		const struct oom_task *task = &rank->tasks[i].task;
		oom_autofree char *name = explain_printable(task->comm);
		char size[16];

		if (task->points == OOM_POINTS_NONE || task->oom_score_adj >= 0)
			continue;
		oom_say(stdout,
			"%s (%" PRId64 ") has oom_score_adj %" PRId64
			", but is number %zu: it holds %s, and "
			"each point of adj is worth only %" PRId64 " pages here\n",
			name ? name : "?", task->pid, task->oom_score_adj, i + 1,
			explain_kib(task->rss_kib, size), rank->rule.total_pages / 1000);
		told++;
	}
	if (!rank->n_tasks || !first->group)
		return;
	for (size_t i = 1; i < rank->n_tasks; i++) {
		const struct oom_rank_task *task = rank->tasks + i;
		oom_autofree char *name = NULL;

		if (!task->group || strcmp(task->group, first->group) ||
			task->task.oom_score_adj >= 0 || task->task.oom_score_adj <= -1000)
			continue;
		name = explain_printable(task->task.comm);
		oom_say(stdout,
			"%s (%" PRId64
			") would die with the first: memory.oom.group is set in %s, and only "
			"oom_score_adj -1000 is spared\n",
			name ? name : "?", task->task.pid, task->group);
	}
}

static void print_rank(const struct rank_options *o, const struct oom_rank *rank)
{
	const struct oom_rank_task *first = rank->tasks;
	char limit[16], usage[16];
	oom_autofree char *name = rank->n_tasks ? explain_printable(first->task.comm) : NULL;

	if (o->cgroup)
		oom_say(stdout, "cgroup %s: %s used of %s%s\n", o->cgroup,
			explain_kib(rank->usage_kib, usage),
			rank->limit_kib < 0 ? "no limit (the machine's memory)"
					    : explain_kib(rank->limit_kib, limit),
			rank->oom_group ? ", killed as a group" : "");
	if (!rank->n_tasks || first->task.points == OOM_POINTS_NONE) {
		puts("nothing: no process here can be killed");
		return;
	}
	oom_say(stdout, "next: %s (%" PRId64 ")%s%s, of %zu processes, against %" PRId64 " pages\n",
		name ? name : "?", first->task.pid, first->group ? ", and with it all of " : "",
		first->group ? first->group : "", rank->n_tasks, rank->rule.total_pages);
	print_table(rank, o->shown ? (size_t)o->shown : rank->n_tasks);
	oom_say(stdout, "oom_score agrees with the formula in %zu of %zu processes\n",
		rank->n_agree, rank->n_scores);
	print_protected(rank);
}

/* Do all agree? Nobody's word is no agreement. */
static bool agrees(const struct oom_rank *rank)
{
	size_t differing = 0;

	for (size_t i = 0; i < rank->n_tasks; i++)
		differing += differs(rank->tasks + i);
	return rank->n_scores && !differing;
}

static int show(const struct rank_options *o, int root_fd)
{
	struct oom_arena arena = {0};
	struct oom_rank rank;
	struct oom_err err = {0};
	int rc = oom_rank_read(&arena, root_fd, o->cgroup, o->node, &err, &rank);
	int status = OOM_EXIT_OK;

	if (rc) {
		oom_say(stderr, "oomgate rank: %s\n", err.msg);
		status = rc == -ENOENT ? OOM_EXIT_USAGE : OOM_EXIT_BROKEN;
	} else {
		print_rank(o, &rank);
		if (o->check && !agrees(&rank))
			status = OOM_EXIT_FAILED;
	}
	oom_arena_release(&arena);
	return status;
}

static volatile int stopped;

static void on_signal(int signal)
{
	(void)signal;
	stopped = 1;
}

static int watch(const struct rank_options *o, int root_fd)
{
	struct itimerspec every = {
		.it_interval = {.tv_sec = o->watch_sec}, .it_value = {.tv_sec = o->watch_sec}};
	struct sigaction action = {.sa_handler = on_signal};
	oom_autoclose int timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);

	if (timer_fd < 0 || timerfd_settime(timer_fd, 0, &every, NULL)) {
		oom_say(stderr, "oomgate rank: cannot set a timer: %s\n", strerror(errno));
		return OOM_EXIT_BROKEN;
	}
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	while (!stopped) {
		uint64_t expirations;
		int status;

		if (isatty(STDOUT_FILENO))
			fputs("\033[H\033[2J", stdout);
		status = show(o, root_fd);
		fflush(stdout);
		if (status != OOM_EXIT_OK)
			return status;
		if (read(timer_fd, &expirations, sizeof(expirations)) < 0 && errno != EINTR)
			return OOM_EXIT_BROKEN;
	}
	return OOM_EXIT_INTERRUPTED;
}

static int run(int argc, char **argv)
{
	struct rank_options o = {.node = -1, .shown = 20, .root = "/"};
	oom_autoclose int root_fd = -1;
	struct oom_err err = {0};

	argp_err_exit_status = OOM_EXIT_USAGE;
	if (oom_say_parse(&argp, argc, argv, &o))
		return OOM_EXIT_USAGE;
	if (oom_usage_check(&rules, &o.given, o.cgroup ? OF_CGROUP : 0, &err) < 0) {
		oom_say(stderr, "oomgate rank: %s\n", err.msg);
		return OOM_EXIT_USAGE;
	}
	root_fd = open(o.root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root_fd < 0) {
		oom_say(stderr, "oomgate rank: cannot open '%s': %s\n", o.root, strerror(errno));
		return OOM_EXIT_USAGE;
	}
	return o.watch_sec ? watch(&o, root_fd) : show(&o, root_fd);
}

const struct oom_command oom_cmd_rank = {
	.name = "rank",
	.help = "show which process would be killed next, by the kernel's formula",
	.argp = &argp,
	.run = run,
};
