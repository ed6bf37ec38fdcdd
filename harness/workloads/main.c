// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/load/keep.h"
#include "harness/load/setup.h"
#include "harness/workloads/workload.h"
#include "lib/base/escape.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/*
 * oomgate-workload: one process that presses, started by the runner inside its cgroup. Everything a
 * user wrote has been checked and made canonical before; nobody types this command line but a
 * developer.
 */
static const char usage[] =
	"usage: oomgate-workload TYPE --name N --page FD --gate FD --ready FD --notify FD\n"
	"                        [--adj N] [--user NAME|UID[:GID]] [--cpus LIST] [--nice N]\n"
	"                        [--memory-policy local|bind:LIST|preferred:N|interleave:LIST]\n"
	"                        [--parent PID]\n"
	"                        -- [KEY=VALUE...]\n"
	"       oomgate-workload keep\n";

enum {
	OPT_NAME = 256,
	OPT_PAGE,
	OPT_GATE,
	OPT_READY,
	OPT_NOTIFY,
	OPT_ADJ,
	OPT_USER,
	OPT_CPUS,
	OPT_PARENT,
	OPT_NICE,
	OPT_MEMORY_POLICY
};

static const struct option options[] = {
	{"name", required_argument, NULL, OPT_NAME},
	{"page", required_argument, NULL, OPT_PAGE},
	{"gate", required_argument, NULL, OPT_GATE},
	{"ready", required_argument, NULL, OPT_READY},
	{"notify", required_argument, NULL, OPT_NOTIFY},
	{"adj", required_argument, NULL, OPT_ADJ},
	{"oom-score-adj", required_argument, NULL, OPT_ADJ},
	{"user", required_argument, NULL, OPT_USER},
	{"cpus", required_argument, NULL, OPT_CPUS},
	{"parent", required_argument, NULL, OPT_PARENT},
	{"nice", required_argument, NULL, OPT_NICE},
	{"memory-policy", required_argument, NULL, OPT_MEMORY_POLICY},
	{NULL, 0, NULL, 0},
};

static bool whole_number(const char *text, uint64_t max, uint64_t *ret)
{
	unsigned long long value;
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	value = strtoull(text, &end, 10);
	if (*end || errno || value > max)
		return false;
	*ret = value;
	return true;
}

static bool set_fd(const char *text, int *ret)
{
	uint64_t fd;

	/* not handed on to a program that the workload executes */
	if (!whole_number(text, INT32_MAX, &fd) || fcntl((int)fd, F_SETFD, FD_CLOEXEC))
		return false;
	*ret = (int)fd;
	return true;
}

static bool parse_option(int opt, struct oom_load *load, struct oom_load_setup *setup)
{
	switch (opt) {
	case OPT_NAME:
		setup->name = load->name = optarg;
		return true;
	case OPT_PAGE:
		return set_fd(optarg, &setup->page_fd);
	case OPT_GATE:
		return set_fd(optarg, &load->gate_fd);
	case OPT_READY:
		return set_fd(optarg, &load->ready_fd);
	case OPT_NOTIFY:
		return set_fd(optarg, &load->notify_fd);
	case OPT_ADJ:
		setup->adj = optarg;
		return true;
	case OPT_USER:
		setup->user = optarg;
		return true;
	case OPT_CPUS:
		setup->cpus = optarg;
		return true;
	case OPT_NICE:
		setup->nice = optarg;
		return true;
	case OPT_MEMORY_POLICY:
		setup->memory_policy = optarg;
		return true;
	case OPT_PARENT:
		return whole_number(optarg, INT32_MAX, &setup->parent_pid);
	default:
		return false;
	}
}

/* Says what is wrong with @word; both may hold anybody's text. */
static bool refuse(const char *word, const char *why)
{
	fputs("oomgate-workload: '", stderr);
	oom_escape_put(stderr, word, true, NULL);
	fputs("': ", stderr);
	oom_escape_put(stderr, why, true, NULL);
	fputc('\n', stderr);
	return false;
}

/* The first is the type; what follows "--" are the parameters. */
static bool parse_args(int argc, char **argv, struct oom_load *load, struct oom_load_setup *setup)
{
	int opt;

	if (argc < 2 || argv[1][0] == '-')
		return false;
	setup->type = argv[1];
	argv[1] = argv[0];
	opterr = 0; /* getopt would print the word as it is */
	while ((opt = getopt_long(argc - 1, argv + 1, "+", options, NULL)) != -1)
		if (!parse_option(opt, load, setup)) {
			return refuse(argv[optind], "unknown argument");
		}
	load->params = (const char *const *)argv + 1 + optind;
	for (const char *const *param = load->params; *param; param++)
		if (!strchr(*param, '=')) {
			return refuse(*param, "not KEY=VALUE");
		}
	return setup->name && setup->page_fd >= 0 && load->gate_fd >= 0 && load->ready_fd >= 0;
}

static const struct oom_key *key_of(const struct oom_key *keys, const char *param)
{
	size_t len = strcspn(param, "=");

	for (; keys && keys->name; keys++)
		if (!strncmp(keys->name, param, len) && !keys->name[len])
			return keys;
	return NULL;
}

/* Numbers are read once, here: oom_load_number() finds digits or nothing. */
static int check_params(struct oom_load *load, const struct oom_workload *workload)
{
	static const struct oom_key common[] = {{"Size", OOM_T_SIZE}, {"Rate", OOM_T_SIZE},
		{"Count", OOM_T_INT}, {"Hold", OOM_T_DURATION}, {NULL}};

	for (const char *const *param = load->params; *param; param++) {
		const char *value = strchr(*param, '=') + 1;
		const struct oom_key *key = key_of(workload->kind.keys, *param);
		uint64_t number;

		if (!key)
			key = key_of(common, *param);
		if (!key || !*value ||
			(key->type != OOM_T_SIZE && key->type != OOM_T_INT &&
				key->type != OOM_T_DURATION))
			continue;
		if (key->type == OOM_T_DURATION &&
			(!strcmp(value, "forever") || !strcmp(value, "infinity")))
			continue;
		if (!whole_number(value, UINT64_MAX, &number))
			return oom_load_failed(load, "'%s' is not a plain number", *param);
	}
	load->rate_bytes = oom_load_number(load, "Rate", 0);
	return 0;
}

/* Nice= and MemoryPolicy= may come as parameters, too; their defaults leave what was inherited. */
static void setup_from_params(const struct oom_load *load, struct oom_load_setup *setup)
{
	if (!setup->nice && !oom_load_is(load, "Nice", "0"))
		setup->nice = oom_load_text(load, "Nice", NULL);
	if (!setup->memory_policy && !oom_load_is(load, "MemoryPolicy", "default"))
		setup->memory_policy = oom_load_text(load, "MemoryPolicy", NULL);
}

static int run(struct oom_load *load, struct oom_load_setup *setup)
{
	const struct oom_workload *workload = oom_workload_find(setup->type);
	uint32_t state;
	int status;

	if (!workload)
		return oom_load_failed(load, "unknown workload type '%s'", setup->type);
	status = check_params(load, workload);
	setup_from_params(load, setup);
	if (!status)
		status = oom_load_become(load, setup);
	if (!status)
		status = workload->run(load);
	state = atomic_load(&load->page->state);
	if (state != OOM_LOAD_FAILED && state != OOM_LOAD_REFUSED)
		atomic_store(&load->page->state, OOM_LOAD_DONE);
	return status;
}

int main(int argc, char **argv)
{
	struct oom_load load = {.gate_fd = -1, .ready_fd = -1, .notify_fd = -1, .runner_fd = -1};
	struct oom_load_setup setup = {.page_fd = -1};
	int status;

	if (argc == 2 && !strcmp(argv[1], "keep"))
		return oom_load_keep();
	if (!parse_args(argc, argv, &load, &setup)) {
		fputs(usage, stderr);
		return OOM_LOAD_EXIT_FAILED;
	}
	/* the runner has touched it: it is charged to the runner, and never faulted in under
	 * pressure */
	load.page = mmap(NULL, sizeof(*load.page), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_POPULATE, setup.page_fd, 0);
	if (load.page == MAP_FAILED) {
		fprintf(stderr, "oomgate-workload: cannot map the page: %s\n", strerror(errno));
		return OOM_LOAD_EXIT_FAILED;
	}
	status = run(&load, &setup);
	if (atomic_load(&load.page->state) == OOM_LOAD_FAILED)
		refuse(load.name, load.page->msg);
	return status;
}
