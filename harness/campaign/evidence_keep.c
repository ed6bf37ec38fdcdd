// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/campaign/evidence_keep.h"

#include "harness/campaign/campaign.h"
#include "harness/campaign/folder.h"
#include "harness/say/say.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

const char *const oom_evidence_words[] = {
	[OOM_EVIDENCE_ALL] = "all",
	[OOM_EVIDENCE_SAMPLE] = "sample",
	[OOM_EVIDENCE_FAILED] = "failed",
	NULL,
};

bool oom_evidence_is_kept(enum oom_evidence_kept which, enum oom_verdict verdict, int64_t attempt)
{
	bool as_it_should = verdict == OOM_PASS || verdict == OOM_SKIPPED;

	return which == OOM_EVIDENCE_ALL || !as_it_should ||
		(which == OOM_EVIDENCE_SAMPLE && attempt == 1);
}

void oom_evidence_settle(struct oom_run_command *command, struct oom_attempt *record)
{
	char name[PATH_MAX];
	int r;

	if (!record->evidence_dir ||
		oom_evidence_is_kept(command->options.evidence, record->verdict, record->attempt))
		return;
	r = snprintf(name, sizeof(name), "%s/", record->evidence_dir);
	r = r >= (int)sizeof(name) ? -ENAMETOOLONG : oom_folder_remove(command->dir, name);
	if (r < 0) {
		oom_say(stderr, "oomgate: cannot remove '%s/%s': %s; it stays\n", command->dir,
			record->evidence_dir, strerror(-r));
		return;
	}
	oom_folder_remove_parents(command->dir, name);
	record->evidence_dir = record->samples = NULL;
}
