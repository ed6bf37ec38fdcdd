/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_CLEANUP_H
#define OOM_CLEANUP_H

#include <dirent.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Scope-bound cleanup: declare the variable inside its loop, hand it on with oom_take_fd() or
 * oom_take_ptr(). Every destructor takes the empty value (NULL, -1). */

static inline void oom_closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static inline void oom_freep(void *ptr)
{
	free(*(void **)ptr);
	*(void **)ptr = NULL;
}

static inline void oom_fclosep(FILE **file)
{
	if (*file)
		fclose(*file);
	*file = NULL;
}

static inline void oom_closedirp(DIR **dir)
{
	if (*dir)
		closedir(*dir);
	*dir = NULL;
}

#define oom_cleanup(fn)	 __attribute__((cleanup(fn), unused))
#define oom_autoclose	 oom_cleanup(oom_closep)
#define oom_autofree	 oom_cleanup(oom_freep)
#define oom_autofclose	 oom_cleanup(oom_fclosep)
#define oom_autoclosedir oom_cleanup(oom_closedirp)

static inline int oom_take_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

#define oom_take_ptr(ptr)                                                                          \
	({                                                                                         \
		__typeof__(ptr) *oom_pp_ = &(ptr);                                                 \
		__typeof__(ptr) oom_p_ = *oom_pp_;                                                 \
		*oom_pp_ = NULL;                                                                   \
		oom_p_;                                                                            \
	})

#endif
