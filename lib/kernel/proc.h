/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_PROC_H
#define OOM_PROC_H

#include <stddef.h>
#include <stdint.h>

/*
 * Files of /proc (proc(5)). @root_fd is the directory that holds "proc" below it, or AT_FDCWD for the
 * real one; nothing here allocates.
 */

/* Session id of a process (field 6 of /proc/PID/stat), also while it is a zombie; -1: gone. */
int oom_proc_session(int root_fd, int pid);
/* Parent (field 4), also of a zombie; -1: gone. */
int oom_proc_parent(int root_fd, int pid);
/* Its cgroup of the unified hierarchy, "/system.slice/x.service", also while it is a zombie; -errno (ESRCH:
 * gone, ENOENT: no such hierarchy, E2BIG: it does not fit). */
int oom_proc_cgroup(int root_fd, int pid, char *buf, size_t size);
/*
 * What a process is at, into @buf: its state (field 3), and the innermost of the kernel's functions that it is
 * in, "D in shrink_lruvec < shrink_node < ..." (/proc/PID/stack: for root, of a kernel with
 * CONFIG_STACKTRACE); the state alone for others and in user space. -errno; -ESRCH: gone.
 */
int oom_proc_where(int root_fd, int pid, char *buf, size_t size);
/* /proc/vmstat, to be kept open: another file can be mounted over its name meanwhile. A descriptor or -errno. */
int oom_proc_vmstat_open(int root_fd);
/* One counter of it ("oom_kill"), which are the whole machine's, as it is now. -errno; -ENODATA: there is none of it. */
int oom_proc_vmstat(int vmstat_fd, const char *name, int64_t *ret);
/* MemTotal + SwapTotal apart, in bytes; -errno. */
int oom_proc_meminfo(int root_fd, uint64_t *ret_total_bytes, uint64_t *ret_swap_bytes);

#endif
