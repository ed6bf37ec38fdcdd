// SPDX-License-Identifier: LGPL-2.1-or-later

#include "harness/units/backend.h"

const struct oom_backend *const oom_backends[] = {
	&oom_backend_scope,
	&oom_backend_cgroup,
	NULL,
};
