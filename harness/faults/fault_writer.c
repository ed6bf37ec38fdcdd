// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/faults/fault_writer.h"

#include "harness/faults/fault_file.h"
#include "lib/base/cleanup.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct writer {
	struct oom_fault_file *file;
	sem_t go;
	pthread_t thread;
	bool started, cancelled, fired;
	atomic_bool done;
	int error; /* of the write; valid once done */
	int notify_fd; /* wakes the loop */
};

static void *writer_main(void *data)
{
	struct writer *w = data;

	while (sem_wait(&w->go) < 0 && errno == EINTR)
		;
	if (!w->cancelled && pwrite(w->file->fd, w->file->text, strlen(w->file->text), 0) < 0)
		w->error = errno;
	atomic_store(&w->done, true);
	eventfd_write(w->notify_fd, 1);
	return NULL;
}

int oom_fault_writer_prepare(int dir_fd, const char *path, const char *text,
	struct oom_run_state *run, struct oom_err *err, void **ret_data)
{
	struct writer *w = oom_arena_alloc(&run->arena, sizeof(*w));
	pthread_attr_t attr;
	void *file;
	int r;

	if (!w)
		return oom_err_set(err, ENOMEM, "no memory for a fault");
	r = oom_fault_file_prepare(dir_fd, path, text, run, err, &file);
	if (r < 0)
		return r;
	w->file = file;
	w->notify_fd = run->notify_fd;
	sem_init(&w->go, 0, 0);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 65536); /* one system call deep */
	r = pthread_create(&w->thread, &attr, writer_main, w);
	pthread_attr_destroy(&attr);
	if (r) {
		oom_closep(&w->file->fd);
		return oom_err_errno(err, r, "cannot start a thread for '%s'", path);
	}
	w->started = true;
	*ret_data = w;
	return 0;
}

int oom_fault_writer_fire(struct oom_run_state *run, void *data)
{
	struct writer *w = data;

	(void)run;
	w->fired = true;
	return sem_post(&w->go) < 0 ? -errno : 0;
}

int oom_fault_writer_under_way(void *data)
{
	struct writer *w = data;

	if (!w->fired)
		return 0;
	return atomic_load(&w->done) ? -w->error : 1;
}

void oom_fault_writer_release(void *data)
{
	struct writer *w = data;

	if (!w || !w->started)
		return;
	w->cancelled = true; /* where it was never fired */
	sem_post(&w->go);
	pthread_join(w->thread, NULL);
	sem_destroy(&w->go);
	oom_fault_file_release(w->file);
}
