// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/campaign/evidence_name.h"

#include "lib/base/bounded.h"
#include "lib/base/names.h"

#include <string.h>

/* What FAT, NTFS and the archives of CI services refuse in a name; a machine's is one folder. */
static const char refused[] = "\":<>|*?\\\r\n";
static const char refused_in_machine[] = "\":<>|*?\\\r\n/,";

/* How many bytes of @name were replaced. */
static size_t replace(char *name, const char *characters)
{
	size_t n = 0;

	for (char *p = name; *(p += strcspn(p, characters)); n++)
		*p = '_';
	return n;
}

/* "debian:bookworm" and "debian_bookworm" would be one folder. */
static bool is_same_folder(const char *a, const char *b)
{
	for (; *a && *b; a++, b++)
		if ((strchr(refused_in_machine, *a) ? '_' : *a) !=
			(strchr(refused_in_machine, *b) ? '_' : *b))
			return false;
	return *a == *b;
}

/* Tells @id from what else is called so but for what was replaced. */
static void put_mark(struct oom_bounded *name, const char *id)
{
	oom_bounded_printf(name, "-%08x", (unsigned)oom_mix(0, id, strlen(id)));
}

static void put_machine(struct oom_bounded *name, const struct oom_run *run, size_t machine)
{
	const char *id = run->machines[machine].id;
	size_t begin = name->len;
	bool has_namesake = false;

	for (size_t i = 0; i < machine; i++)
		has_namesake |= is_same_folder(run->machines[i].id, id);
	oom_bounded_text(name, id);
	replace(name->buf + begin, refused_in_machine);
	if (has_namesake)
		put_mark(name, id);
}

int oom_evidence_name(
	const struct oom_run_command *command, const struct oom_job *job, char *buf, size_t size)
{
	struct oom_bounded name = oom_bounded_in(buf, size);
	const char *id = job->scenario->id;
	size_t begin;

	oom_bounded_printf(&name, "%s/", command->dir);
	put_machine(&name, command->run, job->machine);
	oom_bounded_text(&name, "/");
	begin = name.len;
	oom_bounded_text(&name, id);
	if (replace(buf + begin, refused))
		put_mark(&name, id);
	oom_bounded_printf(&name, "/%u", job->attempt);
	return oom_bounded_end(&name);
}
