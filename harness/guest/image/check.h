/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_IMAGE_CHECK_H
#define OOM_IMAGE_CHECK_H

#include "harness/guest/image/spec.h"
#include "lib/base/err.h"

/* Can all of the --config folder @dir be read? */
int oom_guest_config_check(const char *dir, struct oom_err *err);
/* Are kernel, modules and disk image what they should be, as far as reading them tells? Builds, fetches and
 * starts nothing. 0, or -errno with @err: the name is wrong, not the machine. */
int oom_guest_spec_check(const struct oom_guest_spec *spec, struct oom_err *err);

#endif
