/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_LIST_ROW_H
#define OOM_LIST_ROW_H

#include "harness/commands/list.h"

/* Adds a row, a text for each column; NULL is empty. */
int oom_list_row(struct oom_list *list, ...);

#endif
