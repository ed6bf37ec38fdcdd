// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What a program built for 'make coverage' does beside its work; nothing of it is in any other build. Counters are
 * written by exit(), exec() and this file alone (libgcov), to where the object file was made. So:
 *   _exit() writes them, too;
 *   in a guest they go to a folder of the evidence, which the agent hands to the host: its runner makes the files
 *   before the guest is saved (else they were charged to the scope in which a workload begins) and writes them
 *   before it says that it has done, the agent when it begins to hand over;
 *   a workload, which SIGKILL may end at any time, writes them as it grows: at the gate, and each time that what it
 *   reached was told twice as often as at the last.
 * What cannot be had: what a process did after its last word before SIGKILL, all of a guest that panics or hangs,
 * and how the agent hands over these very files.
 */
#include "harness/guest/wire/frame.h"

#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* the folders in the name of the one that the objects were made in */
#ifndef OOM_COVERAGE_STRIP
#error "-DOOM_COVERAGE_STRIP=N is missing"
#endif
#define STRING_OF(x) #x
#define STRING(x)    STRING_OF(x)

/* A bomb's thousand children do the same as the first of them. */
enum { CHILDREN_MAX = 64 };

#define EVIDENCE_DIR "/run/oomgate-evidence"
#define IN_GUEST     "/usr/lib/oomgate/oomgate-guest" /* what the guest's unit starts */

struct oom_load;

void __gcov_dump(void);
void __gcov_reset(void);
pid_t __real___gcov_fork(void);
int __real_setrlimit(__rlimit_resource_t resource, const struct rlimit *limit);
int __real_nftw(const char *dir, __nftw_func_t each, int fds, int flags);
/* a workload has none */
int __real_oom_frame_send(int fd, enum oom_frame_type type, const void *data, size_t len)
	__attribute__((weak));
void __real__exit(int status) __attribute__((noreturn));
void __real_oom_load_gate(struct oom_load *load);
void __real_oom_load_reached(struct oom_load *load, uint64_t more_bytes);
void __real_oom_load_sleep_until(struct oom_load *load, uint64_t time_us);

pid_t __wrap___gcov_fork(void);
int __wrap_setrlimit(__rlimit_resource_t resource, const struct rlimit *limit);
int __wrap_nftw(const char *dir, __nftw_func_t each, int fds, int flags);
int __wrap_oom_frame_send(int fd, enum oom_frame_type type, const void *data, size_t len);
void __wrap__exit(int status) __attribute__((noreturn));
void __wrap_oom_load_gate(struct oom_load *load);
void __wrap_oom_load_reached(struct oom_load *load, uint64_t more_bytes);
void __wrap_oom_load_sleep_until(struct oom_load *load, uint64_t time_us);

static pid_t agent_pid;
static int *children; /* shared by a program and its descendants by fork */

/* The size of files that this process may write: all that it ever could, see __wrap_setrlimit(). What it was is @ret. */
static void lift_limit(struct rlimit *ret)
{
	struct rlimit limit;

	getrlimit(RLIMIT_FSIZE, &limit);
	*ret = limit;
	limit.rlim_cur = limit.rlim_max;
	__real_setrlimit(RLIMIT_FSIZE, &limit);
}

/* Readable and writable for every user, which a workload may run as. */
static void dump(void)
{
	struct rlimit limit;
	int error = errno;
	mode_t mask = umask(0);
	sigset_t all, before;

	lift_limit(&limit);
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	__gcov_dump();
	__gcov_reset();
	sigprocmask(SIG_SETMASK, &before, NULL);
	__real_setrlimit(RLIMIT_FSIZE, &limit);
	umask(mask);
	errno = error;
}

/* A workload's thread has no stack for it. */
static void dump_sometimes(uint64_t *calls)
{
	++*calls;
	if (!(*calls & (*calls - 1)) && gettid() == getpid())
		dump();
}

/* libgcov's own comes later */
__attribute__((destructor)) static void end(void)
{
	struct rlimit limit;

	lift_limit(&limit);
}

__attribute__((constructor)) static void begin(int argc, char **argv)
{
	children = mmap(
		NULL, sizeof(*children), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (children == MAP_FAILED)
		children = NULL;
	if (access(IN_GUEST, F_OK) < 0)
		return;
	if (argc > 1 && !strcmp(argv[1], "guest-agent"))
		agent_pid = getpid();
	setenv("GCOV_PREFIX", EVIDENCE_DIR "/coverage", 1);
	setenv("GCOV_PREFIX_STRIP", STRING(OOM_COVERAGE_STRIP), 1);
	setenv("GCOV_ERROR_FILE", EVIDENCE_DIR "/coverage.log", 1);
}

/* A test that lets itself write little does not forbid itself to have more for its counters. */
int __wrap_setrlimit(__rlimit_resource_t resource, const struct rlimit *limit)
{
	struct rlimit soft;

	if (resource != RLIMIT_FSIZE)
		return __real_setrlimit(resource, limit);
	getrlimit(resource, &soft);
	soft.rlim_cur = limit->rlim_cur;
	return __real_setrlimit(resource, &soft);
}

void __wrap__exit(int status)
{
	if (!children || __atomic_add_fetch(children, 1, __ATOMIC_RELAXED) <= CHILDREN_MAX)
		dump();
	__real__exit(status);
}

pid_t __wrap___gcov_fork(void)
{
	bool is_agent = agent_pid == getpid();
	pid_t pid = __real___gcov_fork();

	if (!pid && is_agent)
		dump();
	return pid;
}

int __wrap_nftw(const char *dir, __nftw_func_t each, int fds, int flags)
{
	if (agent_pid == getpid())
		dump();
	return __real_nftw(dir, each, fds, flags);
}

int __wrap_oom_frame_send(int fd, enum oom_frame_type type, const void *data, size_t len)
{
	if (type == OOM_FRAME_DONE && agent_pid && agent_pid != getpid())
		dump();
	return __real_oom_frame_send(fd, type, data, len);
}

void __wrap_oom_load_gate(struct oom_load *load)
{
	dump();
	__real_oom_load_gate(load);
}

void __wrap_oom_load_reached(struct oom_load *load, uint64_t more_bytes)
{
	static _Thread_local uint64_t calls;

	__real_oom_load_reached(load, more_bytes);
	dump_sometimes(&calls);
}

void __wrap_oom_load_sleep_until(struct oom_load *load, uint64_t time_us)
{
	static _Thread_local uint64_t calls;

	dump_sometimes(&calls);
	__real_oom_load_sleep_until(load, time_us);
}
