// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/workloads/keys.h"
#include "harness/workloads/workload.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

/* One mapping for more than RAM and swap would be refused at once, where it is private and
 * writable. */
#define MAPPING_BYTES ((uint64_t)64 << 20)

static int press(struct oom_load *load, void *ctx)
{
	uint64_t bytes = oom_load_number(load, "Size", 0);
	bool writes = oom_load_bool(load, "Dirty", true) && !oom_load_is(load, "Touch", "read");
	int flags = oom_load_is(load, "Mapping", "shared") ? MAP_SHARED : MAP_PRIVATE;
	const int *fd = ctx;

	for (uint64_t done = 0; done < bytes;) {
		uint64_t piece = bytes - done < MAPPING_BYTES ? bytes - done : MAPPING_BYTES;
		void *addr = mmap(NULL, piece, writes ? PROT_READ | PROT_WRITE : PROT_READ, flags,
			*fd, (off_t)done);

		if (addr == MAP_FAILED) {
			int status = oom_load_refused(load, errno);

			if (status != OOM_LOAD_RETRY)
				return status;
			continue;
		}
		oom_load_walk(load, addr, piece, writes);
		done += piece;
	}
	return 0;
}

static int run(struct oom_load *load)
{
	uint64_t bytes = oom_load_number(load, "Size", 0);
	bool reads = oom_load_is(load, "Touch", "read") || !oom_load_bool(load, "Dirty", true);
	bool own = !oom_load_text(load, "File", NULL);
	struct stat st;
	int fd;

	if (!bytes)
		return oom_load_failed(load, "Size= is missing: set how much to map");
	/* a private mapping never writes to the file */
	fd = oom_load_file(load, "/var/tmp",
		reads || !oom_load_is(load, "Mapping", "shared") ? O_RDONLY : O_RDWR);
	if (fd < 0)
		return oom_load_file_failed(load, fd, "/var/tmp");
	/* holes are read into page cache like data; a file of the user's is never made longer in
	 * part */
	if (fstat(fd, &st) ||
		((uint64_t)st.st_size < bytes && (!own || ftruncate(fd, (off_t)bytes))))
		return oom_load_failed(
			load, "the file is shorter than Size=, or cannot be extended: %m");
	return oom_load_press(load, press, &fd);
}

static const struct oom_key keys[] = {
	KEY_SIZE_REQUIRED("bytes of the file that each process maps and touches"),
	{.name = "Mapping",
		.type = OOM_T_CHOICE,
		.dflt = "private",
		.choices = "private|shared",
		.help = "private: a written page becomes anonymous; shared: it stays file-backed"},
	{.name = "Dirty",
		.type = OOM_T_BOOL,
		.dflt = "yes",
		.help = "write to each page (unless Touch=read); no: clean page cache, which can "
			"be dropped"},
	KEY_DIR("/var/tmp",
		"the unlinked file that is mapped; on a disk, or on a tmpfs to map shmem"),
	KEY_FILE("a file of at least Size= to map instead"),
	KEY_FILL,
	KEY_ON_REFUSAL,
	{NULL},
};

const struct oom_workload oom_workload_mmap = {
	.kind = {"mmap", "maps a file of Size= and touches every page", keys},
	.run = run,
};
