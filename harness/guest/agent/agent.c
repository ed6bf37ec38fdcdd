// SPDX-License-Identifier: LGPL-2.1-or-later
/* The guest's side: says hello, is saved while it waits for a job, then serves that job. */
#include "harness/guest/agent/agent.h"

#include "harness/bus/bus.h"
#include "harness/guest/agent/run.h"
#include "harness/guest/agent/warm.h"
#include "harness/guest/vm/qemu.h"
#include "harness/guest/wire/frame.h"
#include "harness/host/file.h"
#include "harness/say/say.h"
#include "lib/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <limits.h>
#include <linux/random.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/utsname.h>
#include <time.h>

#define EVIDENCE_DIR "/run/oomgate-evidence"

/* Without udev there are no names in /dev/virtio-ports: the kernel's own are in sysfs. */
static int find_port(char path[static PATH_MAX])
{
	oom_autoclosedir DIR *dir = opendir("/sys/class/virtio-ports");

	for (struct dirent *d; dir && (d = readdir(dir));) {
		struct oom_arena arena = {0};
		char name[PATH_MAX], *text;
		bool ours;

		snprintf(name, sizeof(name), "/sys/class/virtio-ports/%s/name", d->d_name);
		ours = *d->d_name != '.' && !oom_file_read(&arena, name, 64, &text, NULL) &&
			!strncmp(text, "oomgate.0", 9);
		oom_arena_release(&arena);
		if (ours) {
			snprintf(path, PATH_MAX, "/dev/%s", d->d_name);
			return 0;
		}
	}
	return -ENOENT;
}

static int say_hello(int port)
{
	struct utsname uts = {0};
	oom_autofree char *text = NULL;
	json_t *json;

	uname(&uts);
	json = json_pack("{s:s, s:s?, s:I}", "kernel", uts.release, "systemd",
		oom_systemd_version(), "memory_bytes",
		(json_int_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE));
	text = json ? json_dumps(json, JSON_COMPACT) : NULL;
	json_decref(json);
	return text ? oom_frame_send(port, OOM_FRAME_HELLO, text, strlen(text)) : -ENOMEM;
}

/* Every restored guest has the same random numbers ahead of it (random(4)): new ones from the host. */
static int add_entropy(const unsigned char *data, size_t len)
{
	oom_autoclose int fd = open("/dev/random", O_RDWR | O_CLOEXEC);
	union { /* a header of two numbers, and the bytes behind it (random(4)) */
		struct rand_pool_info info;
		unsigned char room[sizeof(struct rand_pool_info) + 64];
	} pool;

	if (fd < 0 || len > 64)
		return -EINVAL;
	pool.info.entropy_count = (int)len * 8;
	pool.info.buf_size = (int)len;
	memcpy(pool.room + sizeof(struct rand_pool_info), data, len);
	if (ioctl(fd, RNDADDENTROPY, &pool) < 0 || ioctl(fd, RNDRESEEDCRNG) < 0)
		return -errno;
	return 0;
}

/* /dev/NAME of the disk with that serial number; virtio_blk shows it in sysfs. */
static int find_disk(const char *serial, char path[static PATH_MAX], struct oom_err *err)
{
	oom_autoclosedir DIR *dir = opendir("/sys/block");

	for (struct dirent *d; dir && (d = readdir(dir));) {
		char name[PATH_MAX], text[32] = "";
		oom_autoclose int fd = -1;

		snprintf(name, sizeof(name), "/sys/block/%s/serial", d->d_name);
		fd = open(name, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0 ||
			strncmp(text, serial, strlen(serial)))
			continue;
		snprintf(path, PATH_MAX, "/dev/%s", d->d_name);
		return 0;
	}
	return oom_err_set(err, ENODEV, "the guest has no disk '%s'", serial);
}

/* Disks that a guest may write are not part of what is saved: they come new with every restore. */
static int add_disks(const struct oom_guest_job *job, struct oom_err *err)
{
	char name[PATH_MAX];
	int r = job->swap ? find_disk(OOM_SWAP_SERIAL, name, err) : 0;

	if (!r && job->swap && swapon(name, 0) < 0)
		r = oom_err_errno(err, errno, "cannot swap on '%s'", name);
	if (!r && job->disk)
		r = find_disk(OOM_DISK_SERIAL, name, err);
	if (r || !job->disk)
		return r;
	if (mount(name, "/var/tmp", "ext4", 0, NULL) < 0 &&
		mount(name, "/var/tmp", "ext2", 0, NULL) < 0)
		return oom_err_errno(err, errno, "cannot mount '%s' on /var/tmp", name);
	return chmod("/var/tmp", 01777) < 0
		? oom_err_errno(err, errno, "cannot make /var/tmp world-writable")
		: 0;
}

/* What could not be had is told by the scenario's needs. */
static void add_hugepages(int64_t wanted)
{
	char number[24];

	snprintf(number, sizeof(number), "%" PRId64, wanted);
	if (wanted)
		oom_file_write("/proc/sys/vm/nr_hugepages", number, strlen(number), 0644, NULL);
}

/* Whatever the level of a line, and whoever lowers that of the console later. */
static void show_all(void)
{
	oom_file_write("/proc/sys/kernel/printk", "8", 1, 0644, NULL);
	oom_file_write("/sys/module/printk/parameters/ignore_loglevel", "Y", 1, 0644, NULL);
}

/* What a restored machine cannot know: the time, fresh randomness; and what must not be saved: swap. */
static int wake_up(const struct oom_guest_job *job, struct oom_err *err)
{
	struct timespec now = {job->realtime_us / 1000000, job->realtime_us % 1000000 * 1000};
	int r;

	if (clock_settime(CLOCK_REALTIME, &now) < 0)
		return oom_err_errno(err, errno, "cannot set the clock");
	r = add_entropy(job->entropy, sizeof(job->entropy));
	if (r)
		return oom_err_errno(err, -r, "cannot reseed the random number generator");
	r = add_disks(job, err);
	if (r)
		return r;
	add_hugepages(job->hugepages);
	/* a panic leaves nothing but the console: then it shall have all */
	if (strstr(job->text, "panic_on_oom") || strstr(job->text, "Panic="))
		show_all();
	return 0;
}

static int serve_one(int port, const char *data, size_t len,
	const struct oom_guest_service *service, struct oom_agent_runner *runner)
{
	struct oom_arena arena = {0};
	struct oom_guest_job job;
	char nonce[OOM_JOB_NONCE_TEXT];
	struct oom_err err = {0};
	int r = oom_job_decode(&arena, data, len, &err, &job);

	if (!r)
		r = wake_up(&job, &err);
	/* the kernel may have lost the v1 controller (CONFIG_MEMCG_V1) */
	if (!r && job.legacy && access("/sys/fs/cgroup/memory/memory.limit_in_bytes", F_OK) < 0) {
		oom_arena_release(&arena);
		return oom_frame_send(
			port, OOM_FRAME_SKIPPED, oom_job_nonce(&job, nonce), sizeof(nonce) - 1);
	}
	/* the first was started before the guest was saved: one that is gone is no good for any guest. It is not
	 * ended after its job: the guest will be, with all that is in it */
	if (!oom_agent_runner_waits(runner))
		oom_agent_runner_end(runner);
	if (!r && runner->pid < 0)
		r = oom_agent_runner_start(service, EVIDENCE_DIR, &err, runner);
	if (!r)
		r = oom_agent_run(port, runner, data, len, &err);
	if (r)
		r = oom_frame_send(port, OOM_FRAME_FAILED, err.msg, strlen(err.msg));
	oom_arena_release(&arena);
	return r;
}

static int serve(int port, const struct oom_guest_service *service, struct oom_agent_runner *runner)
{
	struct oom_buffer in = {0};
	struct oom_frame frame;
	int r;

	for (;;) {
		r = oom_frame_next(&in, &frame);
		if (r > 0)
			r = frame.type == OOM_FRAME_START
				? serve_one(port, frame.data, frame.len, service, runner)
				: -EBADMSG;
		else if (!r)
			r = oom_buffer_fill(&in, port);
		if (r < 0)
			break;
	}
	oom_buffer_free(&in);
	return r;
}

int oom_guest_agent(const char *path, const struct oom_guest_service *service)
{
	struct oom_agent_runner runner;
	struct oom_err err;
	char found[PATH_MAX];
	oom_autoclose int port = -1;
	int r;

	if (!strcmp(path, "auto")) {
		r = find_port(found);
		if (r)
			return r;
		path = found;
	}
	port = open(path, O_RDWR | O_CLOEXEC);
	if (port < 0)
		return -errno;
	oom_agent_warm_up();
	r = oom_agent_runner_start(service, EVIDENCE_DIR, &err, &runner);
	if (r) {
		oom_say(stderr, "oomgate: %s\n", err.msg);
		return r;
	}
	r = say_hello(port);
	return r ? r : serve(port, service, &runner);
}
