// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/campaign/kept.h"

#include "lib/base/bounded.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { NAMES_MAX = 4 };

int oom_kept_add(struct oom_run_command *command, const struct oom_attempt *attempt,
	uint64_t offset, uint32_t len)
{
	struct oom_kept *kept = &command->kept;
	struct oom_entry *grown, entry;
	uint32_t known = kept->names.count, number;
	char name[64];
	int r = oom_run_describe(command->run, attempt, offset, len, &entry);

	if (r < 0)
		return r;
	snprintf(name, sizeof(name), "%u %u %lld", entry.scenario, (unsigned)entry.machine,
		(long long)attempt->attempt);
	if (oom_names_add(&kept->names, name, &number) < 0)
		return -ENOMEM;
	if (number < known)
		return 0;
	if (kept->count == kept->size) {
		kept->size = kept->size ? 2 * kept->size : 64;
		grown = reallocarray(kept->entries, kept->size, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		kept->entries = grown;
	}
	kept->entries[kept->count++] = entry;
	kept->counts[attempt->verdict]++;
	return 0;
}

/* "a, b and 3 more", by scenario */
static void put_names(struct oom_bounded *text, const struct oom_run_command *command)
{
	const struct oom_kept *kept = &command->kept;
	uint32_t seen[NAMES_MAX];
	size_t n = 0;
	bool more = false;

	for (size_t i = 0; i < kept->count && !more; i++) {
		uint32_t scenario = kept->entries[i].scenario;
		size_t j = 0;

		while (j < n && seen[j] != scenario)
			j++;
		if (j < n)
			continue;
		more = n == NAMES_MAX;
		if (more)
			break;
		seen[n++] = scenario;
		oom_bounded_printf(
			text, "%s%s", n > 1 ? ", " : "", command->run->scenarios.items[scenario]);
	}
	if (more)
		oom_bounded_text(text, ", ...");
}

int oom_kept_check(struct oom_run_command *command, struct oom_err *err)
{
	const struct oom_kept *kept = &command->kept;
	const char *plural = kept->count == 1 ? "" : "s";
	char names[400], line[512];
	struct oom_bounded text = OOM_BOUNDED(names);

	if (!kept->count)
		return 0;
	put_names(&text, command);
	if (!command->progress.done && !command->stale.planned)
		return oom_err_set(err, EEXIST,
			"none of these scenarios has run in '%s', which holds %zu finished attempt%s of "
			"others (%s): replace them with --overwrite, or choose another folder with --output",
			command->dir, kept->count, plural, names);
	snprintf(line, sizeof(line), "kept, not in this plan: %zu attempt%s of %s", kept->count,
		plural, names);
	oom_progress_say(command, line);
	return 0;
}

static bool has_machine(const struct oom_run *run, const char *id)
{
	for (size_t i = 0; i < run->n_machines; i++)
		if (!strcmp(run->machines[i].id ? run->machines[i].id : "", id))
			return true;
	return false;
}

static bool is_of_kept(const struct oom_run_command *command, const char *id)
{
	const struct oom_kept *kept = &command->kept;

	for (size_t i = 0; i < kept->count; i++)
		if (!strcmp(command->run->machine_ids.items[kept->entries[i].machine], id))
			return true;
	return false;
}

/* Each text of a machine, copied. */
static struct oom_machine_rec copy_of(
	struct oom_arena *arena, const struct oom_machine_rec *machine)
{
	struct oom_machine_rec copy = *machine;
	const char **const texts[] = {&copy.id, &copy.kernel, &copy.systemd, &copy.accel,
		&copy.config, &copy.backend, &copy.qemu};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (*texts[i])
			*texts[i] = oom_arena_strdup(arena, *texts[i]);
	return copy;
}

/* A run that was cut off has no run.json: of its machines the attempts tell. */
static int add_machines(struct oom_run_command *command)
{
	struct oom_run *before;

	if (oom_run_load(command->dir, NULL, &before) < 0)
		return 0;
	for (size_t i = 0; i < before->n_machines; i++) {
		const char *id = before->machines[i].id;
		struct oom_machine_rec *machine;

		if (!id || has_machine(command->run, id) || !is_of_kept(command, id))
			continue;
		machine = oom_run_add_machine(command->run);
		if (machine)
			*machine = copy_of(&command->run->arena, &before->machines[i]);
	}
	oom_run_free(before);
	return command->run->arena.failed ? -ENOMEM : 0;
}

int oom_kept_finish(struct oom_run_command *command)
{
	const struct oom_kept *kept = &command->kept;
	int r = kept->count ? add_machines(command) : 0;

	for (size_t i = 0; r == 0 && i < kept->count; i++)
		r = oom_run_add_entry(command->run, &kept->entries[i]);
	return r;
}

void oom_kept_release(struct oom_run_command *command)
{
	free(command->kept.entries);
	oom_names_release(&command->kept.names);
	command->kept = (struct oom_kept){0};
}
