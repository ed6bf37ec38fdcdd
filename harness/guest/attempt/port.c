// SPDX-License-Identifier: LGPL-2.1-or-later
/* The host's end of the guest's port. What comes from a guest is not trusted: names are checked, sizes
 * bounded. */
#include "harness/guest/attempt/port.h"

#include "harness/guest/attempt/budget.h"
#include "harness/guest/wire/frame.h"
#include "harness/guest/wire/job.h"
#include "harness/host/process.h"
#include "lib/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

static void want_write(struct oom_guest_attempt *a, bool want)
{
	struct epoll_event event = {
		.events = EPOLLIN | (want ? EPOLLOUT : 0), .data.u32 = OOM_TAG_PORT};

	epoll_ctl(a->epoll_fd, EPOLL_CTL_MOD, a->port_fd, &event);
}

int oom_port_send_job(struct oom_guest_attempt *a)
{
	oom_autofree char *text = NULL;
	size_t len;
	int r;

	if (getrandom(a->job.entropy, sizeof(a->job.entropy), 0) != sizeof(a->job.entropy) ||
		getrandom(a->job.nonce, sizeof(a->job.nonce), 0) != sizeof(a->job.nonce))
		return -errno;
	a->job.realtime_us = oom_realtime_us();
	r = oom_job_encode(&a->job, &text, &len);
	if (!r)
		r = oom_frame_add(&a->port_out, OOM_FRAME_START, text, len);
	if (!r)
		oom_port_writable(a);
	return r;
}

void oom_port_writable(struct oom_guest_attempt *a)
{
	want_write(a, oom_buffer_drain(&a->port_out, a->port_fd) > 0);
}

static bool is_word(const char *part, size_t len, const char *word)
{
	return len == strlen(word) && !strncmp(part, word, len);
}

/* Parts with "/" between them, each of which is a plain name; the first is none of the files that are the host's
 * own, beside what the guest sends. */
static bool name_is_safe(const char *name)
{
	for (const char *part = name;; part++) {
		size_t len = strcspn(part, "/");

		if (!len || is_word(part, len, ".") || is_word(part, len, "..") ||
			(part == name &&
				(is_word(part, len, "console") || is_word(part, len, "printk") ||
					is_word(part, len, "qemu.log"))))
			return false;
		for (size_t i = 0; i < len; i++)
			if ((unsigned char)part[i] < ' ' || part[i] == '\x7f')
				return false;
		part += len;
		if (!*part)
			return true;
	}
}

static uint64_t name_depth(const char *name)
{
	uint64_t depth = 0;

	while ((name = strchr(name, '/')))
		depth++, name++;
	return depth;
}

/* The folders of @path, each of which counts where it is new; 1: that is past the budget. */
static int make_folders(struct oom_guest_attempt *a, char *path)
{
	char *slash = strchr(path + strlen(a->evidence_dir) + 1, '/');

	for (; slash; slash = strchr(slash + 1, '/')) {
		int r;

		*slash = '\0';
		r = !access(path, F_OK)					     ? 0
			: !oom_budget_spend(a, OOM_BUDGET_EVIDENCE_FILES, 1) ? 1
			: mkdir(path, 0700) < 0				     ? -errno
									     : 0;
		if (r)
			return r;
		*slash = '/';
	}
	return 0;
}

/* For appending; 1: one more file is past the budget. */
static int open_evidence(struct oom_guest_attempt *a, const char *name, int *ret_fd)
{
	const int flags = O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC;
	char path[PATH_MAX];
	int fd, r;

	if (snprintf(path, sizeof(path), "%s/%s", a->evidence_dir, name) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	r = make_folders(a, path);
	if (r)
		return r;
	fd = open(path, flags);
	if (fd < 0 && errno == ENOENT) {
		if (!oom_budget_spend(a, OOM_BUDGET_EVIDENCE_FILES, 1))
			return 1;
		fd = open(path, flags | O_CREAT | O_EXCL, 0600);
	}
	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

/* NAME NUL BYTES: appended, so that a file may come in pieces. 1: past a budget, -errno. */
static int keep_file(struct oom_guest_attempt *a, const struct oom_frame *frame)
{
	const char *nul = memchr(frame->data, '\0', frame->len), *data;
	oom_autoclose int fd = -1;
	size_t left;
	int r;

	if (!nul || !name_is_safe(frame->data))
		return -EBADMSG;
	data = nul + 1;
	left = frame->len - (size_t)(data - frame->data);
	if (!oom_budget_within(a, OOM_BUDGET_NAME_BYTES, (uint64_t)(nul - frame->data)) ||
		!oom_budget_within(a, OOM_BUDGET_NAME_DEPTH, name_depth(frame->data)) ||
		!oom_budget_spend(a, OOM_BUDGET_EVIDENCE_BYTES, left))
		return 1;
	r = open_evidence(a, frame->data, &fd);
	if (r)
		return r;
	while (left) {
		ssize_t n = write(fd, data, left);

		if (n < 0)
			return -errno;
		data += n;
		left -= (size_t)n;
	}
	return 0;
}

/* A piece of it. 1: past a budget, -errno. */
static int keep_record(struct oom_guest_attempt *a, const struct oom_frame *frame)
{
	oom_json_scan(&a->record_scan, frame->data, frame->len);
	if (!oom_budget_within(a, OOM_BUDGET_RECORD_BYTES, a->record_text.len + frame->len) ||
		!oom_budget_within(a, OOM_BUDGET_RECORD_VALUES, a->record_scan.values) ||
		!oom_budget_within(a, OOM_BUDGET_RECORD_DEPTH, a->record_scan.depth_max) ||
		!oom_budget_within(a, OOM_BUDGET_RECORD_TEXT_BYTES, a->record_scan.text_max))
		return 1;
	return oom_buffer_add(&a->record_text, frame->data, frame->len);
}

/* @r is what keep_file() and keep_record() return. */
static enum oom_next after_keeping(struct oom_guest_attempt *a, int r)
{
	if (!r)
		return OOM_NEXT_GO_ON;
	if (r > 0)
		return OOM_NEXT_END;
	if (r == -ENOSPC || r == -EDQUOT)
		return oom_attempt_fail(
			a, "cannot keep the evidence in '%s': the disk is full", a->evidence_dir);
	return oom_attempt_fail(
		a, "cannot keep the guest's evidence in '%s': %s", a->evidence_dir, strerror(-r));
}

static bool message_in_budget(struct oom_guest_attempt *a, const struct oom_frame *frame)
{
	if (!oom_budget_spend(a, OOM_BUDGET_MESSAGES, 1))
		return false;
	if (frame->type == OOM_FRAME_FILE || frame->type == OOM_FRAME_RECORD)
		return true;
	return oom_budget_within(a, OOM_BUDGET_MESSAGE_BYTES, frame->len) &&
		(frame->type != OOM_FRAME_REQUEST || oom_budget_spend(a, OOM_BUDGET_REQUESTS, 1));
}

/* Only cgroup v1 is found to be missing by the agent; everything else that is, by the job, in its record. */
static enum oom_next on_skipped(struct oom_guest_attempt *a, const struct oom_frame *frame)
{
	char nonce[OOM_JOB_NONCE_TEXT];

	oom_job_nonce(&a->job, nonce);
	if (!a->job.legacy || !is_word(frame->data, frame->len, nonce))
		return oom_attempt_fail(a, "the guest skipped a job that it was not sent");
	return oom_attempt_end(
		a, OOM_SKIPPED, "needs cgroup v1: this kernel has no v1 memory controller");
}

/* What answers a job comes after it. */
static bool is_early(const struct oom_guest_attempt *a, const struct oom_frame *frame)
{
	return a->phase != OOM_GUEST_RUNNING && frame->type != OOM_FRAME_HELLO &&
		frame->type != OOM_FRAME_ALIVE;
}

static enum oom_next on_frame(struct oom_guest_attempt *a, const struct oom_frame *frame)
{
	oom_attempt_heard(a);
	if (!message_in_budget(a, frame))
		return OOM_NEXT_END;
	if (is_early(a, frame))
		return oom_attempt_fail(a, "the guest answered before it was sent a job");
	switch (frame->type) {
	case OOM_FRAME_HELLO:
		return OOM_NEXT_HELLO;
	case OOM_FRAME_FILE:
		return after_keeping(a, keep_file(a, frame));
	case OOM_FRAME_RECORD:
		return after_keeping(a, keep_record(a, frame));
	case OOM_FRAME_REQUEST:
		a->request = *frame;
		return OOM_NEXT_REQUEST;
	case OOM_FRAME_FAILED:
		return oom_attempt_fail(a, "in the guest: %.*s", (int)frame->len, frame->data);
	case OOM_FRAME_SKIPPED:
		return on_skipped(a, frame);
	case OOM_FRAME_DONE:
		return OOM_NEXT_DONE;
	case OOM_FRAME_ALIVE:
	case OOM_FRAME_START:
		break;
	}
	return OOM_NEXT_GO_ON;
}

void oom_port_read(struct oom_guest_attempt *a)
{
	a->port_ended = oom_buffer_fill(&a->port_in, a->port_fd) < 0;
}

bool oom_port_next(struct oom_guest_attempt *a, enum oom_next *ret_next)
{
	struct oom_frame frame;
	int r = oom_frame_next(&a->port_in, &frame);

	if (!r)
		return false;
	*ret_next = r > 0 ? on_frame(a, &frame)
			  : oom_attempt_fail(a,
				    "the guest sent something that is not a message of its agent");
	return true;
}
