// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/workloads/keys.h"
#include "harness/workloads/workload.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>

static int advise(struct oom_load *load, void *addr, size_t bytes)
{
	if (oom_load_is(load, "THP", "always"))
		return madvise(addr, bytes, MADV_HUGEPAGE) ? -errno : 0;
	/* a kernel without huge pages gives none: as asked */
	if (oom_load_is(load, "THP", "never"))
		(void)madvise(addr, bytes, MADV_NOHUGEPAGE);
	return 0;
}

struct share {
	pthread_t thread;
	struct oom_load load;
	uint64_t bytes;
	int status;
};

static void *press_share(void *arg)
{
	struct share *share = arg;

	share->status = oom_load_grow(&share->load, share->bytes, advise);
	return NULL;
}

/* One group of threads, one address space: all of it dies with any of them. */
static int press_threads(struct oom_load *load, uint64_t bytes, uint64_t n_threads)
{
	struct share *shares = calloc(n_threads, sizeof(*shares));
	pthread_attr_t attr;
	int status = 0;
	uint64_t n = 0;

	if (!shares)
		return oom_load_refused(load, ENOMEM) ? OOM_LOAD_EXIT_REFUSED : 0;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 256 << 10);
	for (; n < n_threads; n++) {
		struct share *share = &shares[n];
		int code;

		share->load = *load;
		share->load.rate_bytes = (load->rate_bytes + n_threads - 1) / n_threads;
		share->bytes = bytes / n_threads + (n < bytes % n_threads);
		code = pthread_create(&share->thread, &attr, press_share, share);
		if (code) {
			status = oom_load_refused(load, code) ? OOM_LOAD_EXIT_REFUSED : 0;
			break;
		}
	}
	for (uint64_t i = 0; i < n; i++) {
		pthread_join(shares[i].thread, NULL);
		if (shares[i].status > status)
			status = shares[i].status;
	}
	pthread_attr_destroy(&attr);
	free(shares);
	return status;
}

static int press(struct oom_load *load, void *ctx)
{
	uint64_t bytes = oom_load_number(load, "Size", 0),
		 n_threads = oom_load_number(load, "Threads", 1);

	(void)ctx;
	if (n_threads > 1)
		return press_threads(load, bytes, n_threads);
	return oom_load_grow(load, bytes, advise);
}

static int run(struct oom_load *load)
{
	if (!oom_load_number(load, "Size", 0))
		return oom_load_failed(load, "Size= is missing: set how much memory to take");
	return oom_load_press(load, press, NULL);
}

static const struct oom_key keys[] = {
	KEY_SIZE_REQUIRED("bytes of memory that each of the Count= processes takes"),
	{.name = "Threads",
		.type = OOM_T_INT,
		.dflt = "1",
		.min = 1,
		.max = 1024,
		.help = "threads per process, which share Size= and Rate="},
	{.name = "THP",
		.type = OOM_T_CHOICE,
		.dflt = "default",
		.choices = "default|always|never",
		.help = "transparent huge pages: the system's setting, or requested or refused "
			"with madvise(2)"},
	KEY_CHUNK("2M"),
	{.name = "Request",
		.type = OOM_T_CHOICE,
		.dflt = "pieces",
		.choices = "pieces|whole",
		.help = "request Size= in pieces of Chunk=, or with one mmap(2), which the "
			"overcommit heuristic may refuse"},
	KEY_FILL,
	KEY_ON_REFUSAL,
	{NULL},
};

const struct oom_workload oom_workload_anon = {
	.kind = {"anon", "takes Size= of anonymous memory and touches every page", keys},
	.run = run,
};
