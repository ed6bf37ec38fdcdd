// SPDX-License-Identifier: LGPL-2.1-or-later
/* What host and guest say to each other: jobs, frames, and a whole job served over a socket. */
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

Test(guest_protocol, a_job_comes_through_whole)
{
	struct oom_arena arena = {0};
	struct oom_guest_job job;
	struct oom_err err;
	char *text;
	size_t len;

	cr_assert_eq(oom_job_encode(&sample, &text, &len), 0);
	cr_assert_eq(oom_job_decode(&arena, text, len, &err, &job), 0);
	cr_expect_str_eq(job.id, sample.id);
	cr_expect_str_eq(job.path, sample.path);
	cr_expect_str_eq(job.text, sample.text);
	cr_expect_str_eq(job.machine, sample.machine);
	cr_expect_eq(job.attempt, sample.attempt);
	cr_expect_eq(job.seed, sample.seed, "the top bit of a seed is kept");
	cr_expect_eq(job.timeout_us, sample.timeout_us);
	cr_expect_eq(job.realtime_us, sample.realtime_us);
	cr_expect_eq(memcmp(job.entropy, sample.entropy, sizeof(job.entropy)), 0);
	cr_expect(job.swap && !job.disk && job.legacy);
	cr_expect_eq(job.hugepages, sample.hugepages);
	free(text);
	oom_arena_release(&arena);
}

#define MORE ",\"swap\":false,\"disk\":false,\"legacy\":false,\"hugepages\":0}"

Test(guest_protocol, what_is_no_job_is_refused)
{
	static const char *const rows[] = {"", "{}", "[1]", "{\"id\":\"x\"}", "nonsense",
		"{\"id\":1,\"path\":\"\",\"text\":\"\",\"machine\":\"\",\"attempt\":1,\"seed\":1,"
		"\"timeout_us\":1,\"realtime_us\":1,\"entropy\":\"\"" MORE,
		"{\"id\":\"\",\"path\":\"\",\"text\":\"\",\"machine\":\"\",\"attempt\":1,\"seed\":1,"
		"\"timeout_us\":1,\"realtime_us\":1,\"entropy\":\"zz\"" MORE};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct oom_arena arena = {0};
		struct oom_guest_job job = {.attempt = 99};
		struct oom_err err;

		cr_expect_eq(oom_job_decode(&arena, rows[i], strlen(rows[i]), &err, &job), -EBADMSG,
			"%s", rows[i]);
		cr_expect_eq(job.attempt, 99, "untouched by %s", rows[i]);
		oom_arena_release(&arena);
	}
}

Test(guest_protocol, a_jobs_numbers_are_read_whole)
{
	static const struct {
		const char *attempt, *entropy; /* @entropy @times in a row */
		int times;
		bool ok;
	} rows[] = {{"7", "0f", 64, true}, {"4294967295", "00", 64, true},
		{"4294967296", "00", 64, false}, {"-1", "00", 64, false}, {"7", "0", 1, false},
		{"7", "0", 3, false}, {"7", "0", 127, false}, {"7", "00", 63, false},
		{"7", "00", 65, false}, {"7", "+1", 64, false}, {"7", " 1", 64, false},
		{"7", "0x", 64, false}, {"7", "0F", 64, false}, {"7", "", 0, false}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct oom_arena arena = {0};
		struct oom_guest_job job = {.attempt = 99};
		struct oom_err err;
		char hex[160] = "", *text;

		for (int n = 0; n < rows[i].times; n++)
			strcat(hex, rows[i].entropy);
		text = oom_arena_printf(&arena,
			"{\"id\":\"x\",\"path\":\"\",\"text\":\"\",\"machine\":\"\",\"attempt\":%s,\"seed\":1,"
			"\"timeout_us\":1,\"realtime_us\":1,\"entropy\":\"%s\"" MORE,
			rows[i].attempt, hex);
		cr_expect_eq(oom_job_decode(&arena, text, strlen(text), &err, &job),
			rows[i].ok ? 0 : -EBADMSG, "%s", text);
		cr_expect(rows[i].ok || job.attempt == 99, "untouched by %s", text);
		oom_arena_release(&arena);
	}
}

Test(guest_protocol, frames_come_out_as_they_went_in_however_they_are_cut)
{
	struct oom_buffer out = {0};

	oom_frame_add(&out, OOM_FRAME_HELLO, "hello", 5);
	oom_frame_add(&out, OOM_FRAME_ALIVE, NULL, 0);
	oom_frame_add(&out, OOM_FRAME_RECORD, "\0\1\2", 3);
	for (size_t cut = 1; cut <= out.len; cut++) {
		struct oom_buffer in = {0};
		struct oom_frame frame;
		int seen = 0;

		for (size_t at = 0; at < out.len; at += cut) {
			oom_buffer_add(&in, out.data + at, at + cut < out.len ? cut : out.len - at);
			while (oom_frame_next(&in, &frame) == 1) {
				static const unsigned lens[] = {5, 0, 3};

				cr_assert_lt(seen, 3);
				cr_assert_eq(frame.len, lens[seen], "cut %zu, frame %d", cut, seen);
				seen++;
			}
		}
		cr_assert_eq(seen, 3, "cut at every %zu", cut);
		oom_buffer_free(&in);
	}
	oom_buffer_free(&out);
}

Test(guest_protocol, what_is_no_frame_is_refused)
{
	static const struct {
		uint32_t type, len;
		const char *what;
	} rows[] = {{0, 0, "type 0"}, {OOM_FRAME_HELLO - 1, 0, "below the first"},
		{OOM_FRAME_DONE + 1, 0, "above the last"},
		{OOM_FRAME_FILE, OOM_FRAME_MAX + 1, "too long"},
		{0x20303237, 0x61203332, "a line of text"}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct oom_buffer in = {0};
		uint32_t head[2] = {rows[i].type, rows[i].len};
		struct oom_frame frame;

		oom_buffer_add(&in, head, sizeof(head));
		cr_expect_eq(oom_frame_next(&in, &frame), -EBADMSG, "%s", rows[i].what);
		oom_buffer_free(&in);
	}
	cr_expect_eq(oom_frame_add(&(struct oom_buffer){0}, OOM_FRAME_FILE, "", OOM_FRAME_MAX + 1),
		-EMSGSIZE);
}

/* ---- a job served ---- */
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

Test(guest_protocol, a_job_gives_its_evidence_its_record_and_an_end)
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

Test(guest_protocol, what_a_runner_asked_for_is_passed_on_before_its_end)
{
	struct oom_buffer frames = {0};
	struct oom_err err;

	cr_assert_eq(serve(run_asking, &frames, &err), 0, "%s", err.msg);
	cr_expect_eq(count(&frames, OOM_FRAME_REQUEST), 41);
	cr_expect_eq(count(&frames, OOM_FRAME_DONE), 1);
	oom_buffer_free(&frames);
}

/* In a guest its end would be work for the kernel and systemd, and the guest is about to be ended itself. */
Test(guest_protocol, a_runner_that_has_served_stays_and_takes_no_other_job)
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

Test(guest_protocol, a_job_that_fails_says_why_and_has_no_record)
{
	struct oom_buffer frames = {0};
	struct oom_err err;

	cr_assert_eq(serve(run_badly, &frames, &err), -EIO);
	cr_expect_str_eq(err.msg, "no such luck");
	cr_expect_eq(count(&frames, OOM_FRAME_RECORD) + count(&frames, OOM_FRAME_DONE), 0);
	oom_buffer_free(&frames);
}

Test(guest_protocol, a_runner_that_dies_is_no_silence)
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

Test(guest_protocol, a_runner_prepares_itself_before_its_job)
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

Test(guest_protocol, a_runner_that_dies_before_its_job_is_no_silence)
{
	const struct oom_guest_service service = {.prepare = die, .run = run_well};
	struct oom_buffer frames = {0};
	struct oom_err err;

	cr_assert_eq(serve_with(&service, &frames, &err), -EIO);
	cr_expect_str_eq(err.msg, "the runner was killed by signal 9");
	oom_buffer_free(&frames);
}

Test(guest_protocol, a_runner_that_is_gone_does_not_wait)
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

Test(guest_protocol, without_a_host_a_request_is_refused)
{
	unsetenv("OOMGATE_HOST_FD");
	cr_expect_eq(oom_guest_request("{}"), -ENOTCONN);
}
