// SPDX-License-Identifier: LGPL-2.1-or-later
/* The conversations with QEMU, each a table of steps (docs/interop/qmp-spec, qapi/migration.json). */
#include "harness/guest/attempt/qmp.h"

#include "harness/guest/attempt/host.h"
#include "harness/host/process.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define CAPABILITIES                                                                               \
	{                                                                                          \
		"{\"execute\":\"qmp_capabilities\"}", false, OOM_QMP_RETURN, OOM_NEXT_GO_ON        \
	}
#define EVENTS                                                                                     \
	{                                                                                          \
		"{\"execute\":\"migrate-set-capabilities\",\"arguments\":{\"capabilities\":"       \
		"[{\"capability\":\"events\",\"state\":true}]}}",                                  \
			false, OOM_QMP_RETURN, OOM_NEXT_GO_ON                                      \
	}
/* what lies in files is no part of the stream: qapi/migration.json */
#define IGNORE_SHARED                                                                              \
	{                                                                                          \
		"{\"execute\":\"migrate-set-capabilities\",\"arguments\":{\"capabilities\":"       \
		"[{\"capability\":\"x-ignore-shared\",\"state\":true}]}}",                         \
			false, OOM_QMP_RETURN, OOM_NEXT_GO_ON, true                                \
	}
#define GET_FD                                                                                     \
	{                                                                                          \
		"{\"execute\":\"getfd\",\"arguments\":{\"fdname\":\"state\"}}", true,              \
			OOM_QMP_RETURN, OOM_NEXT_GO_ON                                             \
	}

const struct oom_qmp_step oom_qmp_boot[] = {
	CAPABILITIES,
	EVENTS,
	IGNORE_SHARED,
	{NULL, false, OOM_QMP_HELLO, OOM_NEXT_GO_ON},
	{"{\"execute\":\"stop\"}", false, OOM_QMP_RETURN, OOM_NEXT_SAVE},
	{"{\"execute\":\"migrate-set-parameters\",\"arguments\":{\"max-bandwidth\":1099511627776}}",
		false, OOM_QMP_RETURN, OOM_NEXT_GO_ON},
	GET_FD,
	{"{\"execute\":\"migrate\",\"arguments\":{\"uri\":\"fd:state\"}}", false, OOM_QMP_MIGRATED,
		OOM_NEXT_SEAL},
	{0},
};

const struct oom_qmp_step oom_qmp_restore[] = {
	CAPABILITIES,
	EVENTS,
	IGNORE_SHARED,
	GET_FD,
	{"{\"execute\":\"migrate-incoming\",\"arguments\":{\"uri\":\"fd:state\"}}", false,
		OOM_QMP_MIGRATED, OOM_NEXT_RESTORED},
	{NULL, false, OOM_QMP_TURN, OOM_NEXT_GO_ON},
	{"{\"execute\":\"cont\"}", false, OOM_QMP_RETURN, OOM_NEXT_RUN},
	{0},
};

/* One line, with a descriptor beside it where there is one. Commands are far below a socket's buffer. */
static int send_line(int sock, const char *line, int fd)
{
	struct iovec parts[2] = {
		{(void *)(uintptr_t)line, strlen(line)}, {(void *)(uintptr_t) "\n", 1}};
	union {
		struct cmsghdr align;
		char data[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct msghdr msg = {.msg_iov = parts, .msg_iovlen = 2};

	if (fd >= 0) {
		struct cmsghdr *c;

		msg.msg_control = control.data;
		msg.msg_controllen = sizeof(control.data);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	}
	return sendmsg(sock, &msg, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static enum oom_next send_step(struct oom_guest_attempt *a)
{
	if (a->step->wait == OOM_QMP_HELLO && a->hello)
		return oom_qmp_advance(a, OOM_QMP_HELLO);
	if (a->step->wait == OOM_QMP_TURN && !a->ahead)
		return oom_qmp_advance(a, OOM_QMP_TURN);
	/* a peer that is gone shows as the end of its process */
	if (a->step->command)
		send_line(a->qmp_fd, a->step->command, a->step->with_state_fd ? a->saved.fd : -1);
	return OOM_NEXT_GO_ON;
}

enum oom_next oom_qmp_begin(struct oom_guest_attempt *a, const struct oom_qmp_step *steps)
{
	a->step = steps;
	return send_step(a); /* QEMU reads it after its greeting */
}

enum oom_next oom_qmp_advance(struct oom_guest_attempt *a, enum oom_qmp_wait what)
{
	const struct oom_qmp_step *done = a->step;
	enum oom_next next = OOM_NEXT_GO_ON;

	if (!done || done->wait != what)
		return next;
	if (what == OOM_QMP_TURN)
		a->running_us = oom_monotonic_us();
	a->step = done + 1;
	while (a->step->mapped && !a->saved.memory.count)
		a->step++;
	if (!a->step->wait && !a->step->command)
		a->step = NULL;
	if (a->step)
		next = send_step(a);
	return done->next != OOM_NEXT_GO_ON ? done->next : next;
}

static enum oom_next on_migration(struct oom_guest_attempt *a, const char *status)
{
	if (!strcmp(status, "completed"))
		return oom_qmp_advance(a, OOM_QMP_MIGRATED);
	if (!strcmp(status, "failed") && a->phase == OOM_GUEST_SAVING)
		return oom_attempt_no_room(a);
	return OOM_NEXT_GO_ON;
}

static enum oom_next on_event(struct oom_guest_attempt *a, const char *event, const json_t *data)
{
	const char *reason = json_string_value(json_object_get(data, "reason"));

	if (!strcmp(event, "MIGRATION")) {
		const char *status = json_string_value(json_object_get(data, "status"));

		return on_migration(a, status ? status : "");
	}
	if (!strcmp(event, "GUEST_PANICKED")) {
		a->panicked = true;
		/* it prints, then resets at once (panic=-1), and QEMU ends (-no-reboot) */
		if (a->deadline_us > oom_monotonic_us() + 5000000) {
			a->deadline_us = oom_monotonic_us() + 5000000;
			oom_attempt_arm(a);
		}
	} else if (!strcmp(event, "SHUTDOWN") && reason) {
		a->rebooted = !strcmp(reason, "guest-reset");
		a->powered_off = !strcmp(reason, "guest-shutdown");
	}
	return OOM_NEXT_GO_ON;
}

static enum oom_next on_line(struct oom_guest_attempt *a, const char *line, size_t len)
{
	json_t *json = json_loadb(line, len, 0, NULL);
	enum oom_next next = OOM_NEXT_GO_ON;
	const char *event = json_string_value(json_object_get(json, "event"));
	const json_t *error = json_object_get(json, "error");

	if (event)
		next = on_event(a, event, json_object_get(json, "data"));
	else if (error && a->phase == OOM_GUEST_RESTORING)
		next = OOM_NEXT_DIED;
	else if (error && a->phase != OOM_GUEST_RUNNING)
		next = oom_attempt_fail(a, "QEMU refused a command: %s",
			json_string_value(json_object_get(error, "desc")));
	else if (error)
		oom_host_say(a->host, "%s: QEMU refused a fault: %s", a->machine_id,
			json_string_value(json_object_get(error, "desc")));
	else if (json_object_get(json, "QMP"))
		a->greeted_us = oom_monotonic_us();
	else if (json_object_get(json, "return"))
		next = oom_qmp_advance(a, OOM_QMP_RETURN);
	json_decref(json);
	return next;
}

int oom_qmp_read(struct oom_guest_attempt *a)
{
	int r = a->qmp_ended ? -EPIPE : oom_buffer_fill(&a->qmp_in, a->qmp_fd);

	a->qmp_ended = r == -EPIPE;
	return r;
}

bool oom_qmp_next(struct oom_guest_attempt *a, enum oom_next *ret_next)
{
	size_t left = a->qmp_in.len - a->qmp_in.taken;
	char *line = left ? a->qmp_in.data + a->qmp_in.taken : NULL;
	char *end = left ? memchr(line, '\n', left) : NULL;

	if (!end) {
		a->qmp_ended |= left > OOM_FRAME_MAX; /* no line of QEMU's is so long */
		return false;
	}
	a->qmp_in.taken += (size_t)(end + 1 - line);
	*ret_next = on_line(a, line, (size_t)(end - line));
	return true;
}

/* @count of the machine's devices NAME0, NAME1, … in a row; a guest cannot have more than there are. */
static void unplug(
	struct oom_guest_attempt *a, const char *name, const json_t *count, int n_spare, int *gone)
{
	char line[96];

	for (json_int_t left = json_integer_value(count); left > 0 && *gone < n_spare; left--) {
		snprintf(line, sizeof(line),
			"{\"execute\":\"device_del\",\"arguments\":{\"id\":\"%s%d\"}}", name,
			(*gone)++);
		send_line(a->qmp_fd, line, -1);
	}
}

/* What a fault in the guest asks of its host. */
void oom_qmp_request(struct oom_guest_attempt *a, const char *text, size_t len)
{
	static const char *const swap_error[] = {
		"{\"execute\":\"blockdev-add\",\"arguments\":{\"driver\":\"blkdebug\",\"node-name\":\"swapbad\","
		"\"image\":\"swapfile\",\"inject-error\":[{\"event\":\"none\",\"errno\":5,\"iotype\":\"read\"}]}}",
		"{\"execute\":\"blockdev-reopen\",\"arguments\":{\"options\":[{\"driver\":\"raw\","
		"\"node-name\":\"swap\",\"file\":\"swapbad\"}]}}",
	};
	const struct oom_guest_shape *shape = &a->vm.shape;
	json_t *json = json_loadb(text, len, 0, NULL);
	const json_t *balloon = json_object_get(json, "balloon_bytes");
	char line[128];

	if (json_is_integer(balloon)) {
		snprintf(line, sizeof(line),
			"{\"execute\":\"balloon\",\"arguments\":{\"value\":%" JSON_INTEGER_FORMAT
			"}}",
			json_integer_value(balloon));
		send_line(a->qmp_fd, line, -1);
	}
	if (json_is_true(json_object_get(json, "swap_error")))
		for (size_t i = 0; i < sizeof(swap_error) / sizeof(*swap_error); i++)
			send_line(a->qmp_fd, swap_error[i], -1);
	unplug(a, "cpu", json_object_get(json, "cpu_unplug"), shape->spare_cpus, &a->cpus_gone);
	unplug(a, "dimm", json_object_get(json, "memory_unplug"), shape->spare_dimms,
		&a->dimms_gone);
	json_decref(json);
}
