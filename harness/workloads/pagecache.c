// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/workloads/keys.h"
#include "harness/workloads/workload.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/types.h>
#include <unistd.h>

struct job {
	int fd;
	bool writes;
};

static int press(struct oom_load *load, void *ctx)
{
	uint64_t bytes = oom_load_number(load, "Size", 0),
		 passes = oom_load_number(load, "Passes", 1);
	const struct job *job = ctx;

	for (uint64_t pass = 0; !passes || pass < passes; pass++) {
		int status = job->writes ? oom_load_write_file(load, job->fd, bytes)
					 : oom_load_read_file(load, job->fd, bytes);

		if (!status && oom_load_bool(load, "Sync", false) && fdatasync(job->fd)) {
			status = oom_load_refused(load, errno);
			if (status == OOM_LOAD_RETRY)
				status = 0;
		}
		if (status)
			return status;
		/* held: the errno says that there is no more to do */
		if (atomic_load(&load->page->errno_value) &&
			!oom_load_is(load, "OnRefusal", "retry"))
			return 0;
		atomic_fetch_add(&load->page->ops, 1);
	}
	return 0;
}

static int run(struct oom_load *load)
{
	uint64_t bytes = oom_load_number(load, "Size", 0);
	bool own = !oom_load_text(load, "File", NULL);
	struct job job = {.writes = oom_load_is(load, "Access", "write")};

	if (!bytes)
		return oom_load_failed(load, "Size= is missing: set how much to read or write");
	job.fd = oom_load_file(load, "/var/tmp", job.writes || own ? O_RDWR : O_RDONLY);
	if (job.fd < 0)
		return oom_load_file_failed(load, job.fd, "/var/tmp");
	if (oom_load_file_in_memory(job.fd))
		return oom_load_failed(load,
			"'%.60s' is in memory, not on a disk: set another one in Dir= or File=",
			oom_load_text(load, own ? "Dir" : "File", "/var/tmp"));
	/* holes are read into the page cache like data */
	if (own && !job.writes && ftruncate(job.fd, (off_t)bytes))
		return oom_load_failed(load, "cannot create a file of Size=: %m");
	return oom_load_press(load, press, &job);
}

static const struct oom_key keys[] = {
	KEY_SIZE_REQUIRED("bytes of the file to read or write in each pass"),
	{.name = "Access",
		.type = OOM_T_CHOICE,
		.dflt = "read",
		.choices = "read|write",
		.help = "read(2) fills the page cache with clean pages, write(2) with dirty ones"},
	{.name = "Passes",
		.type = OOM_T_INT,
		.dflt = "1",
		.min = 0,
		.max = 1 << 30,
		.help = "passes over the file; 0: until stopped"},
	{.name = "Sync", .type = OOM_T_BOOL, .dflt = "no", .help = "fdatasync(2) after each pass"},
	KEY_DIR("/var/tmp", "the unlinked file; must be on a disk"),
	KEY_FILE("a file (or block device) of at least Size= instead; Access=write overwrites it"),
	KEY_FILL,
	KEY_ON_REFUSAL,
	{NULL},
};

const struct oom_workload oom_workload_pagecache = {
	.kind = {"pagecache", "reads or writes a file of Size= through the page cache", keys},
	.ops = "passes",
	.run = run,
};
