/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_LOOP_H
#define OOM_LOOP_H

#include <stdint.h>

/*
 * A bare epoll(7) loop: it allocates nothing, which sd-event does not promise, and it knows EPOLLPRI,
 * which PSI triggers and memory.events use.
 */
struct oom_watch {
	int fd;
	void (*ready)(struct oom_watch *watch, uint32_t events);
	void *data;
};

struct oom_loop {
	int epoll_fd;
};

int oom_loop_open(struct oom_loop *loop);
/* @events: EPOLLIN, EPOLLPRI … */
int oom_loop_add(struct oom_loop *loop, struct oom_watch *watch, uint32_t events);
void oom_loop_remove(struct oom_loop *loop, struct oom_watch *watch);
/* Waits for events and serves them; @timeout_ms as in epoll_wait(2). 0, or -errno. */
int oom_loop_step(struct oom_loop *loop, int timeout_ms);
void oom_loop_close(struct oom_loop *loop);

#endif
