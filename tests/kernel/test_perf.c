// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/kernel/perf.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <string.h>
#include <unistd.h>

static const char format_text[] =
	"name: signal_generate\n"
	"ID: 190\n"
	"format:\n"
	"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
	"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n"
	"\n"
	"\tfield:int sig;\toffset:8;\tsize:4;\tsigned:1;\n"
	"\tfield:int errno;\toffset:12;\tsize:4;\tsigned:1;\n"
	"\tfield:int code;\toffset:16;\tsize:4;\tsigned:1;\n"
	"\tfield:char comm[16];\toffset:20;\tsize:16;\tsigned:0;\n"
	"\tfield:pid_t pid;\toffset:36;\tsize:4;\tsigned:1;\n"
	"\tfield:int group;\toffset:40;\tsize:4;\tsigned:1;\n"
	"\tfield:int result;\toffset:44;\tsize:4;\tsigned:1;\n";

Test(perf, format_of_signal_generate)
{
	static const char *const wrong[] = {"", "field:int sig;\toffset:8;\tsize:4;",
		" sig;\toffset:8;\tsize:8; code;\toffset:16;\tsize:4; pid;\toffset:36;\tsize:4;",
		" sig;\toffset:x;\tsize:4; code;\toffset:16;\tsize:4; pid;\toffset:36;\tsize:4;",
		" sig;\toffset:9999;\tsize:4; code;\toffset:16;\tsize:4; pid;\toffset:36;\tsize:4;"};
	struct oom_perf_format format = {0};

	cr_assert(oom_perf_format_parse(format_text, sizeof(format_text) - 1, &format));
	cr_expect_eq(format.signal, 8);
	cr_expect_eq(format.code, 16);
	cr_expect_eq(format.target, 36);
	cr_expect_eq(format.result, 44);
	/* without its result, which only says whether it was ignored */
	cr_assert(oom_perf_format_parse(format_text,
		(size_t)(strstr(format_text, "\tfield:int result") - format_text), &format));
	cr_expect_eq(format.result_size, 0);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		cr_expect_not(oom_perf_format_parse(wrong[i], strlen(wrong[i]), &format), "%zu", i);
}

struct fork_record {
	struct perf_event_header header;
	uint32_t pid, ppid, tid, ptid;
	uint64_t time, trailer[2];
};

struct __attribute__((packed)) sample_record {
	struct perf_event_header header;
	uint32_t pid, tid;
	uint64_t time;
	uint32_t size;
	struct {
		uint16_t type;
		uint8_t flags, preempt;
		int32_t pid, sig, err, code;
		char comm[16];
		int32_t target, group, result;
	} raw;
	uint32_t pad;
	uint64_t cgroup;
};

struct lost_record {
	struct perf_event_header header;
	uint64_t id, lost, trailer[2];
};

static struct oom_perf a_perf(bool cgroups)
{
	struct oom_perf perf = {.cgroups = cgroups};

	cr_assert(oom_perf_format_parse(format_text, sizeof(format_text) - 1, &perf.format));
	return perf;
}

static struct sample_record a_sample(void)
{
	return (struct sample_record){
		.header = {.type = PERF_RECORD_SAMPLE, .size = sizeof(struct sample_record)},
		.pid = 41,
		.tid = 42,
		.time = 7000999,
		.size = 52,
		.raw = {.sig = 15, .code = 0, .comm = "pid=9 sig=9", .target = 77, .result = 1},
		.cgroup = 1234,
	};
}

Test(perf, a_fork_and_a_thread)
{
	struct oom_perf perf = a_perf(true);
	struct oom_perf_event ev = {0};
	struct fork_record rec = {.header = {.type = PERF_RECORD_FORK, .size = sizeof(rec)},
		.pid = 100,
		.ppid = 90,
		.tid = 100,
		.ptid = 91,
		.time = 5000000};

	cr_assert_eq(oom_perf_parse(&perf, &rec, sizeof(rec), &ev), 1);
	cr_expect_eq(ev.kind, OOM_PERF_FORK);
	cr_expect(ev.pid == 100 && ev.tid == 100 && ev.parent == 90 && ev.time_us == 5000);
	rec.tid = 101;
	cr_assert_eq(oom_perf_parse(&perf, &rec, sizeof(rec), &ev), 1);
	cr_expect(ev.pid == 100 && ev.tid == 101);
	cr_expect_eq(oom_perf_parse(&perf, &rec, 31, &ev), -EBADMSG);
	rec.header.type = PERF_RECORD_EXIT;
	cr_expect_eq(oom_perf_parse(&perf, &rec, sizeof(rec), &ev), 0);
}

Test(perf, a_signal_with_its_sender)
{
	struct oom_perf perf = a_perf(true);
	struct oom_perf_event ev = {0};
	struct sample_record rec = a_sample();

	cr_assert_eq(oom_perf_parse(&perf, &rec, sizeof(rec), &ev), 1);
	cr_expect_eq(ev.kind, OOM_PERF_SIGNAL);
	cr_expect(ev.pid == 41 && ev.tid == 42 && ev.time_us == 7000);
	cr_expect(ev.signal == 15 && ev.code == 0 && ev.target == 77 && ev.result == 1);
	cr_expect_eq(ev.cgroup_id, 1234);
	/* before Linux 5.7 there is no cgroup, and no room for one */
	perf = a_perf(false);
	cr_assert_eq(oom_perf_parse(&perf, &rec, sizeof(rec) - 8, &ev), 1);
	cr_expect_eq(ev.cgroup_id, 0);
}

Test(perf, what_is_too_short_is_refused)
{
	struct oom_perf perf = a_perf(true);
	struct oom_perf_event ev = {.target = 5};
	struct sample_record rec = a_sample();

	for (size_t len = 0; len < sizeof(rec); len++)
		cr_expect_eq(oom_perf_parse(&perf, &rec, len, &ev), -EBADMSG, "%zu bytes", len);
	rec.size = 40; /* it ends before its target */
	cr_expect_eq(oom_perf_parse(&perf, &rec, sizeof(rec), &ev), -EBADMSG);
	rec.size = UINT32_MAX;
	cr_expect_eq(oom_perf_parse(&perf, &rec, sizeof(rec), &ev), -EBADMSG);
	cr_expect_eq(ev.target, 5, "untouched");
}

Test(perf, what_was_lost_is_counted)
{
	struct oom_perf perf = a_perf(true);
	struct oom_perf_event ev;
	struct lost_record rec = {
		.header = {.type = PERF_RECORD_LOST, .size = sizeof(rec)}, .lost = 17};

	cr_expect_eq(oom_perf_parse(&perf, &rec, sizeof(rec), &ev), 0);
	cr_expect_eq(perf.lost, 17);
	cr_expect(perf.lost_us > 0);
	cr_expect_eq(oom_perf_parse(&perf, &rec, 16, &ev), -EBADMSG);
}

enum { RING_BYTES = 8192 };

/* As the kernel maps one: a page of its words, then the data. */
struct a_ring {
	_Alignas(4096) char page[4096];
	char data[RING_BYTES];
};

static void put_fork(struct a_ring *ring, uint32_t pid)
{
	struct perf_event_mmap_page *page = (void *)ring->page;
	struct fork_record rec = {.header = {.type = PERF_RECORD_FORK, .size = sizeof(rec)},
		.pid = pid,
		.ppid = 1,
		.tid = pid,
		.ptid = 1,
		.time = 5000000};

	cr_assert_eq(RING_BYTES % 8, 0);
	for (size_t i = 0; i < sizeof(rec); i++)
		ring->data[(page->data_head + i) % RING_BYTES] = ((const char *)&rec)[i];
	page->data_head += sizeof(rec);
}

Test(perf, what_was_before_is_passed_over)
{
	static struct a_ring some[2];
	struct oom_perf_ring rings[] = {{.map = &some[0]}, {.map = &some[1]}};
	char record[OOM_PERF_RECORD_BYTES];
	struct oom_perf perf = {
		.rings = rings, .n_rings = 2, .data_bytes = RING_BYTES, .record = record};
	struct oom_perf_event ev;

	if (sysconf(_SC_PAGESIZE) != sizeof(some[0].page))
		cr_skip_test("pages of another size");
	put_fork(&some[0], 100);
	put_fork(&some[1], 101);
	cr_expect_eq(oom_perf_skip(&perf), 0);
	cr_expect_eq(oom_perf_next(&perf, &ev), 0);
	put_fork(&some[1], 102);
	cr_assert_eq(oom_perf_next(&perf, &ev), 1);
	cr_expect_eq(ev.pid, 102);
	/* one that may have been full: what it lost it would tell of later */
	for (uint32_t i = 0; i < (RING_BYTES - OOM_PERF_RECORD_BYTES) / sizeof(struct fork_record);
		i++)
		put_fork(&some[0], 200 + i);
	cr_expect_eq(oom_perf_skip(&perf), 0, "there was room");
	for (uint32_t i = 0; i <= (RING_BYTES - OOM_PERF_RECORD_BYTES) / sizeof(struct fork_record);
		i++)
		put_fork(&some[0], 200 + i);
	cr_expect_eq(oom_perf_skip(&perf), -ENOBUFS);
	cr_expect_eq(oom_perf_next(&perf, &ev), 0, "passed over all the same");
	cr_expect_eq(oom_perf_skip(&perf), 0);
	perf.lost = 1;
	cr_expect_eq(oom_perf_skip(&perf), -ENOBUFS);
}
