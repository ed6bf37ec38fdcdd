// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/load/setup.h"
#include "lib/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/mempolicy.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

static int set_adj(struct oom_load *load, const char *adj)
{
	oom_autoclose int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd >= 0 && write(fd, adj, strlen(adj)) == (ssize_t)strlen(adj))
		return 0;
	return oom_load_failed(load, "cannot set oom_score_adj to %s: %m%s", adj,
		errno == EACCES ? " (below the inherited one: CAP_SYS_RESOURCE)" : "");
}

/* "0-1,3": sets bits of @mask, an array of @bits bits. False: it is no such list. */
static bool parse_list(const char *text, unsigned long *mask, unsigned long bits)
{
	const unsigned long word = 8 * sizeof(*mask);

	for (;; text++) {
		unsigned long first, last;
		char *end;

		if (*text < '0' || *text > '9')
			return false;
		first = last = strtoul(text, &end, 10);
		if (*end == '-' && end[1] >= '0' && end[1] <= '9')
			last = strtoul(end + 1, &end, 10);
		if (first > last || last >= bits)
			return false;
		for (; first <= last; first++)
			mask[first / word] |= 1ul << first % word;
		text = end;
		if (*text != ',')
			return !*text;
	}
}

static int set_cpus(struct oom_load *load, const char *text)
{
	unsigned long mask[1024 / (8 * sizeof(unsigned long))] = {0};

	if (!parse_list(text, mask, 1024))
		return oom_load_failed(load, "'%s' is not a list of CPUs (0-1,3)", text);
	if (syscall(SYS_sched_setaffinity, 0, sizeof(mask), mask))
		return oom_load_failed(load, "cannot run on CPUs %s: %m", text);
	return 0;
}

static int set_nice(struct oom_load *load, const char *text)
{
	char *end;
	long nice_value = strtol(text, &end, 10);

	if (end == text || *end || nice_value < -20 || nice_value > 19)
		return oom_load_failed(load, "'%s' is not a nice value (-20 to 19)", text);
	if (setpriority(PRIO_PROCESS, 0, (int)nice_value))
		return oom_load_failed(load, "cannot set the nice value to %s: %m", text);
	return 0;
}

/* For this process and all that it forks or executes. */
static int set_memory_policy(struct oom_load *load, const char *text)
{
	static const struct {
		const char *name;
		int mode;
	} modes[] = {{"default", MPOL_DEFAULT}, {"local", MPOL_LOCAL}, {"bind", MPOL_BIND},
		{"preferred", MPOL_PREFERRED}, {"interleave", MPOL_INTERLEAVE}};
	unsigned long mask[1024 / (8 * sizeof(unsigned long))] = {0};
	size_t len = strcspn(text, ":");

	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
		bool nodes = text[len] && parse_list(text + len + 1, mask, 1024);

		if (strncmp(modes[i].name, text, len) || modes[i].name[len] || nodes != (i >= 2))
			continue;
		/* the kernel takes one bit off the count */
		if (!syscall(SYS_set_mempolicy, modes[i].mode, nodes ? mask : NULL,
			    nodes ? 1025 : 0))
			return 0;
		return oom_load_failed(load, "cannot set the memory policy '%s': %m", text);
	}
	return oom_load_failed(load,
		"'%s' is not a memory policy (local, bind:0, preferred:1, interleave:0-1)", text);
}

/* Of "UID" or "UID:GID"; false: it is a name. */
static bool numeric_user(const char *user, uid_t *ret_uid, gid_t *ret_gid)
{
	unsigned long uid, gid;
	char *end;

	if (*user < '0' || *user > '9')
		return false;
	uid = gid = strtoul(user, &end, 10);
	if (*end == ':' && end[1] >= '0' && end[1] <= '9')
		gid = strtoul(end + 1, &end, 10);
	if (*end || uid >= UINT32_MAX || gid >= UINT32_MAX)
		return false;
	*ret_uid = (uid_t)uid;
	*ret_gid = (gid_t)gid;
	return true;
}

/* A static program has no NSS: /etc/passwd it is. */
static bool passwd_user(const char *user, uid_t *ret_uid, gid_t *ret_gid)
{
	oom_autofclose FILE *passwd = fopen("/etc/passwd", "re");
	size_t len = strlen(user);
	char line[1024]; /* useradd(8) allows names of 32 bytes; a longer line's rest matches
			    nothing */

	while (passwd && fgets(line, sizeof(line), passwd)) {
		char *numbers, *end;

		if (strncmp(line, user, len) || line[len] != ':')
			continue;
		numbers = strchr(line + len + 1, ':'); /* name:password:UID:GID:… */
		end = numbers ? strchr(numbers + 1, ':') : NULL;
		if (!end)
			continue;
		end[1 + strcspn(end + 1, ":\n")] = 0;
		return numeric_user(numbers + 1, ret_uid, ret_gid);
	}
	return false;
}

static int set_user(struct oom_load *load, const char *user)
{
	uid_t uid;
	gid_t gid;

	if (!numeric_user(user, &uid, &gid) && !passwd_user(user, &uid, &gid))
		return oom_load_failed(
			load, "no user '%s' in /etc/passwd: add it, or use a number", user);
	if (geteuid() == uid && getegid() == gid)
		return 0;
	if (setgroups(0, NULL) || setresgid(gid, gid, gid) || setresuid(uid, uid, uid))
		return oom_load_failed(load, "cannot become user '%s': %m", user);
	return 0;
}

static void reset_signals(void)
{
	struct sigaction dfl = {.sa_handler = SIG_DFL};
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		sigaction(sig, &dfl, NULL); /* refused for SIGKILL and SIGSTOP */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static int follow_runner(struct oom_load *load, uint64_t parent_pid)
{
	pid_t parent = getppid();

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	load->runner_fd = (int)syscall(SYS_pidfd_open, parent, 0);
	if (load->runner_fd >= 0) {
		struct pollfd gone = {.fd = load->runner_fd, .events = POLLIN};

		if (poll(&gone, 1, 0) > 0)
			return oom_load_failed(load, "the runner is gone");
	}
	/* after prctl(): a parent that died before it shows here */
	if (getppid() != parent || (parent_pid && (uint64_t)parent != parent_pid))
		return oom_load_failed(load, "the runner is gone");
	return 0;
}

int oom_load_become(struct oom_load *load, const struct oom_load_setup *setup)
{
	static const struct rlimit no_core = {0, 0};
	int r = 0;

	prctl(PR_SET_NAME, setup->name);
	/* a group leader (a shell's child) cannot make a session: its group is its own already */
	setsid();
	reset_signals();
	setrlimit(RLIMIT_CORE, &no_core);
	if (setup->adj)
		r = set_adj(load, setup->adj);
	if (!r && setup->cpus)
		r = set_cpus(load, setup->cpus);
	if (!r && setup->nice)
		r = set_nice(load, setup->nice);
	if (!r && setup->memory_policy)
		r = set_memory_policy(load, setup->memory_policy);
	if (!r && setup->user)
		r = set_user(load, setup->user);
	return r ? r : follow_runner(load, setup->parent_pid);
}
