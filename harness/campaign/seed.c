// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/campaign/seed.h"

#include "harness/campaign/own_file.h"
#include "harness/guest/cache/hash.h"
#include "lib/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>

static bool read_file(const char *dir, uint64_t *ret)
{
	oom_autoclose int fd = oom_own_file_open(dir, OOM_SEED_FILE, O_RDONLY);
	char line[32], *end;
	ssize_t n = fd < 0 ? -1 : read(fd, line, sizeof(line) - 1);

	if (n <= 0)
		return false;
	line[n] = '\0';
	errno = 0;
	*ret = strtoull(line, &end, 10);
	return !errno && end > line && *end == '\n';
}

/* Of a run that an older version has made. */
static bool read_record(const char *dir, uint64_t *ret)
{
	oom_autoclose int fd = oom_own_file_open(dir, "run.json", O_RDONLY);
	struct oom_run *run;
	bool there;

	if (fd < 0 || oom_run_read(fd, NULL, &run) < 0)
		return false;
	(void)oom_take_fd(&fd); /* the run's */
	there = run->seed >= 0;
	if (there)
		*ret = (uint64_t)run->seed;
	oom_run_free(run);
	return there;
}

int oom_seed_settle(struct oom_run_options *options, struct oom_err *err)
{
	uint64_t seed;

	if (!options->resume || !options->output_dir ||
		(!read_file(options->output_dir, &seed) &&
			!read_record(options->output_dir, &seed)))
		return 0;
	if (options->seed_given && options->seed != seed)
		return oom_err_set(err, EINVAL,
			"the run in '%s' has seed %" PRIu64 ", not %" PRIu64
			": leave out --seed, or name another folder with --output",
			options->output_dir, seed, options->seed);
	options->seed = seed;
	return 0;
}

int oom_seed_write(const char *dir, uint64_t seed)
{
	char line[32];
	oom_autoclose int fd = oom_own_file_open(dir, OOM_SEED_FILE, O_WRONLY | O_CREAT);
	int len = snprintf(line, sizeof(line), "%" PRIu64 "\n", seed);
	ssize_t n;

	if (fd < 0)
		return fd;
	n = ftruncate(fd, 0) < 0 ? -1 : write(fd, line, (size_t)len);
	if (n != len)
		return n < 0 ? -errno : -ENOSPC;
	return fsync(fd) < 0 ? -errno : 0;
}

uint64_t oom_seed_of(uint64_t run_seed, const char *scenario, const char *machine, unsigned attempt)
{
	uint64_t number = attempt;

	return oom_hash(
		oom_hash_text(oom_hash_text(run_seed, scenario), machine), &number, sizeof(number));
}
