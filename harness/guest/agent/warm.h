/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_AGENT_WARM_H
#define OOM_AGENT_WARM_H

/* Before the guest is saved: what would else be done in every restored one. */
void oom_agent_warm_up(void);

#endif
