// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/load/family.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

/* Zeroed pages of calloc() cost nothing until they are used. */
enum { PIDS_MAX = 1 << 16, SOCKET_BYTES = 1 << 20 };

#define PAYLOAD (NLMSG_HDRLEN + sizeof(struct cn_msg)) /* where an event begins, or a request */

static int connector_open(void)
{
	struct sockaddr_nl addr = {.nl_family = AF_NETLINK, .nl_groups = CN_IDX_PROC};
	const enum proc_cn_mcast_op op = PROC_CN_MCAST_LISTEN;
	struct nlmsghdr header = {.nlmsg_len = PAYLOAD + sizeof(op), .nlmsg_type = NLMSG_DONE};
	struct cn_msg msg = {.id = {CN_IDX_PROC, CN_VAL_PROC}, .len = sizeof(op)};
	char request[PAYLOAD + sizeof(op)];
	int bytes = SOCKET_BYTES;
	int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_CONNECTOR);

	if (fd < 0)
		return -1;
	memcpy(request, &header, sizeof(header));
	memcpy(request + NLMSG_HDRLEN, &msg, sizeof(msg));
	memcpy(request + PAYLOAD, &op, sizeof(op));
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	if (!bind(fd, (struct sockaddr *)&addr, sizeof(addr)) &&
		send(fd, request, sizeof(request), 0) == sizeof(request))
		return fd;
	close(fd);
	return -1;
}

int oom_family_open(struct oom_family *family)
{
	*family = (struct oom_family){.fd = connector_open()};
	family->pids = calloc(PIDS_MAX, sizeof(*family->pids));
	return family->pids ? 0 : -ENOMEM;
}

static bool is_member(const struct oom_family *family, int32_t pid, size_t *ret_i)
{
	for (size_t i = 0; i < family->n_pids; i++)
		if (family->pids[i] == pid) {
			*ret_i = i;
			return true;
		}
	return false;
}

static void add(struct oom_family *family, int32_t pid)
{
	if (family->n_pids < PIDS_MAX)
		family->pids[family->n_pids++] = pid;
}

void oom_family_found(struct oom_family *family, int32_t pid)
{
	add(family, pid);
}

/* Returns the signal that ended a member other than the first, or 0. */
static int take_event(
	struct oom_family *family, struct oom_load *load, const struct proc_event *event)
{
	size_t i;

	if (event->what == PROC_EVENT_FORK) {
		/* a thread's pid differs from its group's */
		if (event->event_data.fork.child_pid == event->event_data.fork.child_tgid &&
			is_member(family, event->event_data.fork.parent_tgid, &i)) {
			add(family, event->event_data.fork.child_pid);
			oom_load_child(load, event->event_data.fork.child_pid);
		}
	} else if (event->what == PROC_EVENT_EXIT) {
		int signal = (int)(event->event_data.exit.exit_code & 0x7f);

		if (event->event_data.exit.process_pid == event->event_data.exit.process_tgid &&
			is_member(family, event->event_data.exit.process_pid, &i) && i) {
			family->pids[i] = family->pids[--family->n_pids];
			return signal;
		}
	}
	return 0;
}

static int read_connector(struct oom_family *family, struct oom_load *load)
{
	union {
		struct nlmsghdr header;
		char bytes[4096]; /* one event is under 100 */
	} buf;
	int first = 0;

	for (;;) {
		ssize_t n = recv(family->fd, &buf, sizeof(buf), 0);
		struct proc_event event;
		int signal;

		if (n < 0 && errno == ENOBUFS) {
			family->lost++;
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n < (ssize_t)PAYLOAD)
			return first;
		/* an event has grown and shrunk over time: what is not there is zero */
		memset(&event, 0, sizeof(event));
		n -= (ssize_t)PAYLOAD;
		memcpy(&event, buf.bytes + PAYLOAD,
			(size_t)n < sizeof(event) ? (size_t)n : sizeof(event));
		signal = take_event(family, load, &event);
		if (signal) {
			atomic_fetch_add(&load->page->n_killed, 1);
			if (!first)
				first = signal;
		}
	}
}

/* Adds the children of one process that are not known yet. */
static void read_children(struct oom_family *family, struct oom_load *load, int32_t pid)
{
	char path[64], text[4096], *at = text, *end;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid, (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n > 0 ? n : 0] = 0;
	for (;; at = end) {
		long child = strtol(at, &end, 10);
		size_t i;

		if (end == at)
			return;
		if (!is_member(family, (int32_t)child, &i)) {
			add(family, (int32_t)child);
			oom_load_child(load, (int32_t)child);
		}
	}
}

int oom_family_update(struct oom_family *family, struct oom_load *load)
{
	if (family->fd >= 0)
		return read_connector(family, load);
	for (size_t i = 0; i < family->n_pids; i++) /* grows as it goes: the whole tree */
		read_children(family, load, family->pids[i]);
	for (size_t i = family->n_pids; i-- > 1;) {
		char path[32];

		snprintf(path, sizeof(path), "/proc/%d", (int)family->pids[i]);
		if (access(path, F_OK))
			family->pids[i] = family->pids[--family->n_pids];
	}
	return 0;
}

void oom_family_close(struct oom_family *family)
{
	if (family->fd >= 0)
		close(family->fd);
	free(family->pids);
	*family = (struct oom_family){.fd = -1};
}
