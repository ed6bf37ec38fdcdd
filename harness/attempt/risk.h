/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_RISK_H
#define OOM_RISK_H

#include "lib/scenario/scenario.h"

/* The scenario's risk for a host, as a sentence; NULL: none. */
const char *oom_host_risk(const struct oom_scenario *scenario, char *buf, size_t size);

#endif
