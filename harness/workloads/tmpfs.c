// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/workloads/keys.h"
#include "harness/workloads/workload.h"
#include "lib/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/types.h>
#include <unistd.h>

#define DIR_DFLT "/dev/shm"

/* A tmpfs that goes with the last process of this namespace. */
static int mount_own(struct oom_load *load, const char *dir, uint64_t limit_bytes)
{
	char options[64];

	snprintf(options, sizeof(options), "mode=1777,size=%ju", (uintmax_t)limit_bytes);
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return oom_load_failed(load, "cannot create a mount namespace for Limit=: %m");
	if (mount("oomgate", dir, "tmpfs", MS_NOSUID | MS_NODEV, options))
		return oom_load_failed(load, "cannot mount a tmpfs on '%.60s': %m", dir);
	return 0;
}

static int open_file(struct oom_load *load, const char *dir)
{
	char path[512];
	int fd;

	if (!oom_load_bool(load, "Keep", true) || oom_load_text(load, "File", NULL))
		return oom_load_file(load, DIR_DFLT, O_RDWR);
	if ((size_t)snprintf(path, sizeof(path), "%s/oomgate-%s-%d", dir, load->name,
		    (int)getpid()) >= sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	return fd < 0 ? -errno : fd;
}

static int press_mapped(struct oom_load *load, int fd, uint64_t bytes)
{
	void *addr;

	while (ftruncate(fd, (off_t)bytes) ||
		(addr = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)) ==
			MAP_FAILED) {
		int status = oom_load_refused(load, errno);

		if (status != OOM_LOAD_RETRY)
			return status;
	}
	oom_load_touch(load, addr, bytes);
	return 0;
}

static int press(struct oom_load *load, void *ctx)
{
	uint64_t bytes = oom_load_number(load, "Size", 0);
	const char *dir = ctx;
	int fd = open_file(load, dir);

	if (fd < 0)
		return oom_load_file_failed(load, fd, dir);
	if (oom_load_is(load, "Through", "mmap"))
		return press_mapped(load, fd, bytes);
	return oom_load_write_file(load, fd, bytes);
}

/* Before a file is left where it does not belong. */
static int check_dir(struct oom_load *load, const char *dir)
{
	oom_autoclose int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return oom_load_failed(load, "cannot open '%.60s': %m", dir);
	if (!oom_load_file_in_memory(fd))
		return oom_load_failed(load, "'%.60s' is not a tmpfs: set Dir= to one", dir);
	return 0;
}

static int run(struct oom_load *load)
{
	const char *dir = oom_load_text(load, "Dir", DIR_DFLT);
	uint64_t limit_bytes = oom_load_number(load, "Limit", 0);

	if (!oom_load_number(load, "Size", 0))
		return oom_load_failed(load, "Size= is missing: set how much to write");
	if (limit_bytes && mount_own(load, dir, limit_bytes))
		return OOM_LOAD_EXIT_FAILED;
	if (!oom_load_text(load, "File", NULL) && check_dir(load, dir))
		return OOM_LOAD_EXIT_FAILED;
	return oom_load_press(load, press, (void *)dir);
}

static const struct oom_key keys[] = {
	KEY_SIZE_REQUIRED("bytes written to each process's file"),
	KEY_DIR(DIR_DFLT, "a tmpfs, in which the file is created"),
	{.name = "Keep",
		.type = OOM_T_BOOL,
		.dflt = "yes",
		.help = "keep the file when its writer dies; no: it is unlinked at once and goes "
			"with its writer"},
	{.name = "Limit",
		.type = OOM_T_SIZE,
		.min = 4096,
		.max = INT64_MAX,
		.help = "size= of a private tmpfs, mounted on Dir= in a private mount namespace "
			"(root)"},
	{.name = "Through",
		.type = OOM_T_CHOICE,
		.dflt = "write",
		.choices = "write|mmap",
		.help = "how the file is filled: with write(2), or by touching a shared mapping"},
	KEY_FILE("the file to fill, instead of one in Dir="),
	KEY_FILL,
	KEY_ON_REFUSAL,
	{NULL},
};

const struct oom_workload oom_workload_tmpfs = {
	.kind = {"tmpfs", "fills a file of Size= on a tmpfs: memory that belongs to no process",
		keys},
	.run = run,
};
