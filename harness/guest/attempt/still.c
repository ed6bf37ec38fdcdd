// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/guest/attempt/still.h"

#include "harness/host/process.h"
#include "lib/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LOOK_US = 100000, JOIN_US = 300000 };
#define TIME_MAX_US ((int64_t)1 << 50)

static const char *const why_text[OOM_STILL_WHY_COUNT_] = {
	[OOM_STILL_STOPPED] = "QEMU was stopped",
	[OOM_STILL_WAITED] = "the host was busy: QEMU waited for a processor",
	[OOM_STILL_BLOCKED] = "QEMU waited for the host's disk",
	[OOM_STILL_HOST] = "the host itself stood still",
};

static int read_at(int dir, const char *name, char *buf, size_t size)
{
	oom_autoclose int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, size - 1);

	if (n < 0)
		return -errno;
	buf[n] = '\0';
	return 0;
}

static int open_task(pid_t pid, pid_t tid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/task/%d", (int)pid, (int)tid);
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* QEMU names the threads of its processors so (debug-threads=on): "CPU 0/TCG", "CPU 1/KVM", "ALL CPUs/TCG". */
static bool is_cpu(pid_t pid, pid_t tid)
{
	oom_autoclose int dir = open_task(pid, tid);
	char comm[32];

	return dir >= 0 && !read_at(dir, "comm", comm, sizeof(comm)) &&
		(!strncmp(comm, "CPU ", 4) || !strncmp(comm, "ALL CPUs", 8));
}

/* A look at one of them; what could not be read is no evidence. */
static void look_at(pid_t pid, struct oom_still_cpu *cpu)
{
	oom_autoclose int dir = open_task(pid, cpu->tid);
	uint64_t run_ns, wait_ns;
	char text[512], *state;

	cpu->state = 0;
	if (dir < 0 || read_at(dir, "schedstat", text, sizeof(text)) ||
		sscanf(text, "%" SCNu64 " %" SCNu64 " %" SCNu64, &run_ns, &wait_ns, &cpu->slices) !=
			3 ||
		read_at(dir, "stat", text, sizeof(text)))
		return;
	cpu->run_us = run_ns / 1000;
	cpu->wait_us = wait_ns / 1000;
	/* behind the name, which may have parentheses */
	state = strrchr(text, ')');
	if (state && state[1] == ' ')
		cpu->state = state[2];
}

static void find_cpus(struct oom_still *s)
{
	char path[32];
	oom_autoclosedir DIR *tasks = NULL;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)s->pid);
	tasks = opendir(path);
	for (struct dirent *d; tasks && (d = readdir(tasks)) && s->n_cpus < OOM_STILL_CPUS;) {
		pid_t tid = (pid_t)atoi(d->d_name);

		if (tid > 0 && is_cpu(s->pid, tid))
			s->cpus[s->n_cpus++] = (struct oom_still_cpu){.tid = tid};
	}
}

void oom_still_begin(struct oom_still *still, pid_t pid)
{
	*still = (struct oom_still){.pid = pid};
	find_cpus(still);
	for (size_t i = 0; i < still->n_cpus; i++)
		look_at(pid, &still->cpus[i]);
	still->begin_us = still->looked_us = oom_monotonic_us();
	still->next_us = still->looked_us + LOOK_US;
}

static bool is_stopped(char state)
{
	return state == 'T' || state == 't';
}

static uint64_t less(uint64_t all, uint64_t part)
{
	return all > part ? all - part : 0;
}

uint64_t oom_still_lost_us(const struct oom_still_cpu *before, const struct oom_still_cpu *after,
	uint64_t wall_us, uint64_t late_us, enum oom_still_why *ret_why)
{
	uint64_t idle_us = less(wall_us, less(after->run_us, before->run_us));
	uint64_t waited_us = less(after->wait_us, before->wait_us);
	uint64_t slices = less(after->slices, before->slices);
	bool same = before->state == after->state;

	*ret_why = OOM_STILL_NOT;
	if (!before->state || !after->state)
		return 0;
	if (is_stopped(before->state) || is_stopped(after->state)) {
		*ret_why = OOM_STILL_STOPPED;
		return idle_us;
	}
	/* the kernel adds a wait when it is over (sched_info_arrive()): one that goes on still shows as no run at all */
	if (same && before->state == 'R' && !slices) {
		*ret_why = OOM_STILL_WAITED;
		return idle_us;
	}
	if (same && before->state == 'D' && !slices) {
		*ret_why = OOM_STILL_BLOCKED;
		return idle_us;
	}
	if (waited_us >= wall_us / 2) {
		*ret_why = OOM_STILL_WAITED;
		return waited_us < wall_us ? waited_us : wall_us;
	}
	/* the one who looks was late himself; a guest that runs samples fifty times a second */
	if (late_us >= OOM_STANDSTILL_MIN_US && idle_us >= wall_us / 20 * 19 &&
		slices < wall_us / LOOK_US) {
		*ret_why = OOM_STILL_HOST;
		return idle_us;
	}
	*ret_why = waited_us ? OOM_STILL_WAITED : OOM_STILL_NOT;
	return waited_us;
}

static uint64_t sum(const struct oom_still_hole *hole)
{
	return hole->lost_us[OOM_STILL_NOT];
}

/* What explains most of it. */
static const char *why_of(const struct oom_still_hole *hole)
{
	int most = OOM_STILL_STOPPED;

	for (int why = most + 1; why < OOM_STILL_WHY_COUNT_; why++)
		if (hole->lost_us[why] > hole->lost_us[most])
			most = why;
	return why_text[most];
}

/* The shortest gives way. */
static struct oom_still_hole *new_hole(struct oom_still *s)
{
	size_t shortest = 0;

	if (s->n_holes < OOM_STILL_HOLES)
		return &s->holes[s->n_holes++];
	for (size_t i = 1; i < s->n_holes; i++)
		if (sum(&s->holes[i]) < sum(&s->holes[shortest]))
			shortest = i;
	/* the last is the one that may go on */
	memmove(&s->holes[shortest], &s->holes[shortest + 1],
		(s->n_holes - shortest - 1) * sizeof(s->holes[0]));
	return &s->holes[s->n_holes - 1];
}

static void note(struct oom_still *s, uint64_t now_us, uint64_t lost_us, enum oom_still_why why)
{
	struct oom_still_hole *last = s->n_holes ? &s->holes[s->n_holes - 1] : NULL;

	if (lost_us < (now_us - s->looked_us) / 2)
		return;
	if (!last || last->to_us + JOIN_US < s->looked_us) {
		last = new_hole(s);
		*last = (struct oom_still_hole){.from_us = s->looked_us};
	}
	last->to_us = now_us;
	last->lost_us[OOM_STILL_NOT] += lost_us;
	last->lost_us[why] += lost_us;
}

void oom_still_look(struct oom_still *still, bool now)
{
	uint64_t now_us = oom_monotonic_us(), lost_us = 0;
	enum oom_still_why why = OOM_STILL_NOT;

	if (!still->pid || (!now && now_us < still->next_us) || now_us == still->looked_us)
		return;
	for (size_t i = 0; i < still->n_cpus; i++) {
		struct oom_still_cpu before = still->cpus[i];
		enum oom_still_why its_why;
		uint64_t its_us;

		look_at(still->pid, &still->cpus[i]);
		its_us = oom_still_lost_us(&before, &still->cpus[i], now_us - still->looked_us,
			less(now_us, still->next_us), &its_why);
		if (its_us > lost_us) {
			lost_us = its_us;
			why = its_why;
		}
	}
	note(still, now_us, lost_us, why);
	still->looked_us = now_us;
	still->next_us = now_us + LOOK_US;
}

uint64_t oom_still_total_us(const struct oom_still *still, const char **ret_why)
{
	const struct oom_still_hole *longest = NULL;
	uint64_t total_us = 0;

	for (size_t i = 0; i < still->n_holes; i++) {
		if (sum(&still->holes[i]) < OOM_STANDSTILL_MIN_US)
			continue;
		total_us += sum(&still->holes[i]);
		if (!longest || sum(&still->holes[i]) > sum(longest))
			longest = &still->holes[i];
	}
	if (longest)
		*ret_why = why_of(longest);
	return total_us;
}

/* The hole that the guest itself saw between @from_us and @to_us (since "go"), the longest; NULL: none. */
static struct oom_standstill_rec *guests_own(
	struct oom_attempt *record, int64_t from_us, int64_t to_us)
{
	struct oom_standstill_rec *found = NULL;

	for (size_t i = 0; i < record->n_standstills; i++) {
		struct oom_standstill_rec *s = &record->standstills[i];

		if (!s->lost_us && s->at_us >= 0 && s->at_us < to_us && s->length_us > 0 &&
			s->length_us <= TIME_MAX_US && s->at_us + s->length_us > from_us &&
			(!found || found->length_us < s->length_us))
			found = s;
	}
	return found;
}

/*
 * @hole on the guest's time line. Its clock began (for us) after the job was sent, and had come to duration_us before
 * the record arrived: both clocks go equally fast, so the hole lies somewhere between the two.
 */
static int report_hole(const struct oom_still_hole *hole, uint64_t begin_us, uint64_t arrived_us,
	struct oom_attempt *record)
{
	int64_t go_us = record->setup_us > 0 ? record->setup_us : 0;
	int64_t slack_us = (int64_t)(arrived_us - begin_us) - record->duration_us;
	int64_t to_us = (int64_t)(hole->to_us - begin_us) - go_us;
	int64_t from_us =
		(int64_t)hole->from_us - (int64_t)begin_us - go_us - (slack_us > 0 ? slack_us : 0);
	struct oom_standstill_rec *rec = guests_own(record, from_us, to_us);

	if (to_us <= 0 || from_us >= record->duration_us - go_us)
		return 0; /* before its run, or after it */
	if (!rec) {
		rec = oom_attempt_add_standstill(record);
		if (!rec)
			return -ENOMEM;
		rec->at_us = from_us > 0 ? from_us : 0;
		rec->length_us = to_us - rec->at_us;
	}
	rec->lost_us = (int64_t)sum(hole) < rec->length_us ? (int64_t)sum(hole) : rec->length_us;
	rec->why = why_of(hole);
	return 0;
}

int oom_still_report(const struct oom_still *still, uint64_t arrived_us, struct oom_attempt *record)
{
	int r = 0;

	/* a guest says what it likes */
	if (record->duration_us < 0 || record->duration_us > TIME_MAX_US ||
		record->setup_us > record->duration_us)
		return 0;
	for (size_t i = 0; r >= 0 && i < still->n_holes; i++)
		if (sum(&still->holes[i]) >= OOM_STANDSTILL_MIN_US)
			r = report_hole(&still->holes[i], still->begin_us, arrived_us, record);
	return r;
}
