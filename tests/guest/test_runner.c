// SPDX-License-Identifier: LGPL-2.1-or-later
/* A runner in a guest serves one job. */
#include "harness/guest/agent/agent.h"
#include "harness/guest/agent/run.h"
#include "harness/guest/wire/frame.h"
#include "harness/host/file.h"
#include "lib/record/record.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct oom_guest_job sample = {
	.id = "memcg/over-cap",
	.path = "over-cap.scenario",
	.text = "# title\n[Scenario]\nTags=\"a\\b\"\n",
	.machine = "debian:bookworm",
	.attempt = 7,
	.seed = 0xfedcba9876543210ULL,
	.timeout_us = 60000000,
	.realtime_us = 1795195484000001,
	.entropy = {0, 1, 0xff, 0x80},
	.swap = true,
	.legacy = true,
	.hugepages = 32,
};

static int run_well(const struct oom_guest_job *job, struct oom_err *err, struct oom_attempt **ret)
{
	char path[256];

	(void)err;
	snprintf(path, sizeof(path), "%s/kmsg", job->evidence_dir);
	cr_assert_eq(oom_file_write(path, "one line\n", 9, 0644, NULL), 0);
	snprintf(path, sizeof(path), "%s/empty", job->evidence_dir);
	cr_assert_eq(oom_file_write(path, "", 0, 0644, NULL), 0);
	oom_guest_request("{\"balloon_bytes\":1}");
	*ret = oom_attempt_new();
	(*ret)->scenario = oom_arena_strdup(&(*ret)->arena, job->id);
	(*ret)->title = (*ret)->reason = (*ret)->machine = "";
	(*ret)->attempt = job->attempt;
	(*ret)->verdict = OOM_PASS;
	return 0;
}

static int run_badly(const struct oom_guest_job *job, struct oom_err *err, struct oom_attempt **ret)
{
	(void)job, (void)ret;
	return oom_err_set(err, EIO, "no such luck");
}

static int run_to_death(
	const struct oom_guest_job *job, struct oom_err *err, struct oom_attempt **ret)
{
	(void)job, (void)err, (void)ret;
	kill(getpid(), SIGKILL);
	return 0;
}

/* Serves @service's one job from this process and returns all frames that it sent. */
static int serve_with(
	const struct oom_guest_service *service, struct oom_buffer *frames, struct oom_err *err)
{
	char dir[] = "/tmp/oomgate-test-XXXXXX", evidence[64], *job;
	struct oom_agent_runner runner;
	int ends[2], r;
	size_t len;

	cr_assert_not_null(mkdtemp(dir));
	snprintf(evidence, sizeof(evidence), "%s/evidence", dir);
	cr_assert_eq(oom_job_encode(&sample, &job, &len), 0);
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	r = oom_agent_runner_start(service, evidence, err, &runner);
	if (!r)
		r = oom_agent_run(ends[1], &runner, job, len, err);
	oom_agent_runner_end(&runner);
	close(ends[1]);
	while (oom_buffer_fill(frames, ends[0]) > 0)
		;
	close(ends[0]);
	oom_tree_remove(dir);
	free(job);
	return r;
}

static int serve(int (*run)(const struct oom_guest_job *, struct oom_err *, struct oom_attempt **),
	struct oom_buffer *frames, struct oom_err *err)
{
	return serve_with(&(struct oom_guest_service){.run = run}, frames, err);
}

static int count(struct oom_buffer *frames, enum oom_frame_type type)
{
	struct oom_buffer copy = *frames;
	struct oom_frame frame;
	int n = 0;

	while (oom_frame_next(&copy, &frame) == 1)
		n += frame.type == type;
	return n;
}

Test(guest_runner, a_job_gives_its_evidence_its_record_and_an_end)
{
	struct oom_buffer frames = {0};
	struct oom_err err;

	cr_assert_eq(serve(run_well, &frames, &err), 0, "%s", err.msg);
	cr_expect_eq(count(&frames, OOM_FRAME_FILE), 3, "kmsg, empty, oomgate.log");
	cr_expect_eq(count(&frames, OOM_FRAME_REQUEST), 1);
	cr_expect_geq(count(&frames, OOM_FRAME_RECORD), 1);
	cr_expect_eq(count(&frames, OOM_FRAME_DONE), 1);
	oom_buffer_free(&frames);
}

static int run_asking(
	const struct oom_guest_job *job, struct oom_err *err, struct oom_attempt **ret)
{
	for (int i = 0; i < 40; i++)
		oom_guest_request("{\"balloon_bytes\":1}");
	return run_well(job, err, ret);
}

Test(guest_runner, what_a_runner_asked_for_is_passed_on_before_its_end)
{
	struct oom_buffer frames = {0};
	struct oom_err err;

	cr_assert_eq(serve(run_asking, &frames, &err), 0, "%s", err.msg);
	cr_expect_eq(count(&frames, OOM_FRAME_REQUEST), 41);
	cr_expect_eq(count(&frames, OOM_FRAME_DONE), 1);
	oom_buffer_free(&frames);
}

static int run_with_files(
	const struct oom_guest_job *job, struct oom_err *err, struct oom_attempt **ret)
{
	static char bytes[100000];
	char path[256];

	for (int i = 0; i < 20; i++) {
		snprintf(path, sizeof(path), "%s/small%d", job->evidence_dir, i);
		cr_assert_eq(oom_file_write(path, bytes, 100, 0644, NULL), 0);
	}
	snprintf(path, sizeof(path), "%s/large", job->evidence_dir);
	cr_assert_eq(oom_file_write(path, bytes, sizeof(bytes), 0644, NULL), 0);
	return run_well(job, err, ret);
}

/* Each is an exit to the emulator; a packet is what was written at once. */
Test(guest_runner, frames_go_out_in_few_writes_and_whole)
{
	char dir[] = "/tmp/oomgate-test-XXXXXX", evidence[64], *job;
	static const struct oom_guest_service service = {.run = run_with_files};
	struct oom_buffer frames = {0};
	struct oom_agent_runner runner;
	static char packet[200000];
	struct oom_frame frame;
	int ends[2], writes = 0;
	size_t len, large = 0;
	struct oom_err err;
	ssize_t n;

	cr_assert_not_null(mkdtemp(dir));
	snprintf(evidence, sizeof(evidence), "%s/evidence", dir);
	cr_assert_eq(oom_job_encode(&sample, &job, &len), 0);
	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
	cr_assert_eq(oom_agent_runner_start(&service, evidence, &err, &runner), 0, "%s", err.msg);
	cr_assert_eq(oom_agent_run(ends[1], &runner, job, len, &err), 0, "%s", err.msg);
	oom_agent_runner_end(&runner);
	close(ends[1]);
	for (; (n = read(ends[0], packet, sizeof(packet))) > 0; writes++)
		oom_buffer_add(&frames, packet, (size_t)n);
	close(ends[0]);
	cr_expect_lt(writes, 12, "%d writes for 23 files, a record, an end and a request", writes);
	cr_expect_eq(count(&frames, OOM_FRAME_DONE), 1);
	for (struct oom_buffer copy = frames; oom_frame_next(&copy, &frame) == 1;)
		if (frame.type == OOM_FRAME_FILE && !strcmp(frame.data, "large"))
			large += frame.len - sizeof("large");
	cr_expect_eq(large, 100000);
	oom_buffer_free(&frames);
	oom_tree_remove(dir);
	free(job);
}

/* In a guest its end would be work for the kernel and systemd, and the guest is about to be ended itself. */
Test(guest_runner, a_runner_that_has_served_stays_and_takes_no_other_job)
{
	char dir[] = "/tmp/oomgate-test-XXXXXX", evidence[64], *job;
	struct oom_guest_service service = {.run = run_well};
	struct oom_agent_runner runner;
	struct oom_err err;
	int ends[2];
	size_t len;

	cr_assert_not_null(mkdtemp(dir));
	snprintf(evidence, sizeof(evidence), "%s/evidence", dir);
	cr_assert_eq(oom_job_encode(&sample, &job, &len), 0);
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	cr_assert_eq(oom_agent_runner_start(&service, evidence, &err, &runner), 0, "%s", err.msg);
	cr_expect(oom_agent_runner_waits(&runner));
	cr_assert_eq(oom_agent_run(ends[1], &runner, job, len, &err), 0, "%s", err.msg);
	cr_expect_eq(waitpid(runner.pid, NULL, WNOHANG), 0, "it did not end");
	cr_expect_not(oom_agent_runner_waits(&runner));
	oom_agent_runner_end(&runner);
	cr_expect_eq(waitpid(-1, NULL, WNOHANG), -1, "nobody is left");
	oom_tree_remove(dir);
	free(job);
}

Test(guest_runner, a_job_that_fails_says_why_and_has_no_record)
{
	struct oom_buffer frames = {0};
	struct oom_err err;

	cr_assert_eq(serve(run_badly, &frames, &err), -EIO);
	cr_expect_str_eq(err.msg, "no such luck");
	cr_expect_eq(count(&frames, OOM_FRAME_RECORD) + count(&frames, OOM_FRAME_DONE), 0);
	oom_buffer_free(&frames);
}

Test(guest_runner, a_runner_that_dies_is_no_silence)
{
	struct oom_buffer frames = {0};
	struct oom_err err;

	cr_assert_eq(serve(run_to_death, &frames, &err), -EIO);
	cr_expect_str_eq(err.msg, "the runner was killed by signal 9");
	cr_expect_eq(count(&frames, OOM_FRAME_FILE), 1, "what it left is handed over all the same");
	oom_buffer_free(&frames);
}

static bool prepared;

static void prepare(void)
{
	prepared = true;
}

static int run_prepared(
	const struct oom_guest_job *job, struct oom_err *err, struct oom_attempt **ret)
{
	if (strcmp(job->text, sample.text))
		return oom_err_set(
			err, EIO, "the job did not come through the agent as it was sent");
	return prepared ? run_well(job, err, ret) : oom_err_set(err, EIO, "nothing was prepared");
}

Test(guest_runner, a_runner_prepares_itself_before_its_job)
{
	const struct oom_guest_service service = {.prepare = prepare, .run = run_prepared};
	struct oom_buffer frames = {0};
	struct oom_err err;

	cr_assert_eq(serve_with(&service, &frames, &err), 0, "%s", err.msg);
	cr_expect_eq(count(&frames, OOM_FRAME_DONE), 1);
	cr_expect_not(prepared, "and not in the agent");
	oom_buffer_free(&frames);
}

static void die(void)
{
	kill(getpid(), SIGKILL);
}

Test(guest_runner, a_runner_that_dies_before_its_job_is_no_silence)
{
	const struct oom_guest_service service = {.prepare = die, .run = run_well};
	struct oom_buffer frames = {0};
	struct oom_err err;

	cr_assert_eq(serve_with(&service, &frames, &err), -EIO);
	cr_expect_str_eq(err.msg, "the runner was killed by signal 9");
	oom_buffer_free(&frames);
}

Test(guest_runner, a_runner_that_is_gone_does_not_wait)
{
	const struct oom_guest_service dead = {.prepare = die, .run = run_well},
				       well = {.run = run_well};
	char dir[] = "/tmp/oomgate-test-XXXXXX";
	struct oom_agent_runner runner;
	struct oom_err err;

	cr_assert_not_null(mkdtemp(dir));
	cr_assert_eq(oom_agent_runner_start(&dead, dir, &err, &runner), 0, "%s", err.msg);
	/* its socket is closed a moment before its pidfd tells */
	for (int i = 0; i < 1000 && oom_agent_runner_waits(&runner); i++)
		usleep(1000);
	cr_expect_not(oom_agent_runner_waits(&runner));
	oom_agent_runner_end(&runner);
	cr_expect_not(oom_agent_runner_waits(&runner));
	cr_assert_eq(oom_agent_runner_start(&well, dir, &err, &runner), 0, "%s", err.msg);
	cr_expect(oom_agent_runner_waits(&runner));
	oom_agent_runner_end(&runner);
	oom_tree_remove(dir);
}

Test(guest_runner, without_a_host_a_request_is_refused)
{
	unsetenv("OOMGATE_HOST_FD");
	cr_expect_eq(oom_guest_request("{}"), -ENOTCONN);
}
