// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/guest/attempt/vm.h"

#include "harness/guest/attempt/budget.h"
#include "harness/guest/attempt/keep.h"
#include "harness/guest/image/kernel.h"
#include "harness/guest/vm/disk.h"
#include "harness/host/process.h"
#include "lib/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define END_TIMEOUT_US 10000000

static int watch(struct oom_guest_attempt *a, int fd, uint32_t tag)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u32 = tag};

	return epoll_ctl(a->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

static int pair(int ret[2])
{
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ret) < 0)
		return -errno;
	/* only our end: QEMU sets its own as it likes */
	return fcntl(ret[0], F_SETFL, O_NONBLOCK) < 0 ? -errno : 0;
}

/*
 * The largest that a file of QEMU's may get. Its disks seem to be OOM_OWN_DISK_BYTES large: past what the
 * scenario gives a guest, a write fails there and not on the host's disk. A machine that is saved writes its
 * memory, and what its devices hold.
 */
static uint64_t file_max(const struct oom_guest_attempt *a, bool incoming)
{
	const struct oom_guest_shape *shape = &a->vm.shape;
	uint64_t max = oom_budget_max(OOM_BUDGET_CONSOLE_BYTES) + ((uint64_t)1 << 20);

	if (!incoming)
		return 2 * shape->memory_bytes + ((uint64_t)1 << 30);
	max = shape->swap_bytes > max ? shape->swap_bytes : max;
	return shape->disk_bytes > max ? shape->disk_bytes : max;
}

int oom_attempt_vm_start(struct oom_guest_attempt *a, bool incoming, struct oom_err *err)
{
	int qmp[2] = {-1, -1}, port[2] = {-1, -1}, r;
	struct oom_vm_files files = {.console = a->console,
		.printk = a->printk,
		.log = a->log,
		.incoming = incoming,
		.memory = a->saved.memory.count ? &a->saved.memory : NULL,
		.file_max_bytes = file_max(a, incoming)};
	oom_autoclose int head = -1;

	a->machine_us = oom_monotonic_us();
	a->greeted_us = a->restored_us = a->running_us = 0;
	r = pair(qmp);
	if (!r)
		r = pair(port);
	a->qmp_fd = qmp[0];
	a->port_fd = port[0];
	if (r)
		oom_err_errno(err, -r, "cannot create the guest's sockets");
	/* a machine that is only booted and saved has nothing on them */
	if (!r && incoming && a->vm.shape.swap_bytes) {
		a->swap_fd = oom_swap_create(a->host->cache, a->vm.shape.swap_bytes, err);
		r = a->swap_fd < 0 ? a->swap_fd : 0;
	}
	if (!r && incoming && a->vm.shape.disk_bytes) {
		a->disk_fd = oom_disk_create(a->host->cache, a->vm.shape.disk_bytes, err);
		r = a->disk_fd < 0 ? a->disk_fd : 0;
	}
	files.swap_fd = a->swap_fd;
	files.disk_fd = a->disk_fd;
	head = files.head_fd = incoming ? oom_kernel_head(a->vm.vmlinuz) : -1;
	files.qmp_fd = qmp[1];
	files.port_fd = port[1];
	if (!r)
		oom_attempt_note_command(a, &files);
	if (!r)
		r = oom_vm_spawn(&a->vm, &files, err, &a->pid, &a->pid_fd);
	oom_closep(&qmp[1]);
	oom_closep(&port[1]);
	oom_closep(&a->swap_fd); /* QEMU's alone now: the disks go with it */
	oom_closep(&a->disk_fd);
	if (r)
		return r;
	r = watch(a, a->qmp_fd, OOM_TAG_QMP);
	if (!r)
		r = watch(a, a->port_fd, OOM_TAG_PORT);
	if (!r)
		r = watch(a, a->pid_fd, OOM_TAG_PID);
	return r ? oom_err_errno(err, -r, "cannot watch a guest") : 0;
}

void oom_attempt_vm_stop(struct oom_guest_attempt *a)
{
	if (a->pid > 0) {
		kill(a->pid, SIGKILL);
		/* one that even this does not end at once (a hanging /dev/kvm) is not waited for for ever */
		if (a->pid_fd < 0 ||
			!oom_pidfd_wait(a->pid_fd, oom_monotonic_us() + END_TIMEOUT_US))
			while (waitpid(a->pid, NULL, 0) < 0 && errno == EINTR)
				;
	}
	a->pid = 0;
	oom_closep(&a->qmp_fd);
	oom_closep(&a->port_fd);
	oom_closep(&a->pid_fd);
	oom_saved_close(&a->saved);
	oom_closep(&a->swap_fd);
	oom_closep(&a->disk_fd);
	oom_buffer_free(&a->qmp_in);
	oom_buffer_free(&a->port_in);
	oom_buffer_free(&a->port_out);
	oom_buffer_free(&a->record_text);
	memset(&a->record_scan, 0, sizeof(a->record_scan));
	a->step = NULL;
	a->hello = a->gone = a->qmp_ended = a->port_ended = false;
}
