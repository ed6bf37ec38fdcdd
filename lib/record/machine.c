// SPDX-License-Identifier: LGPL-2.1-or-later
/* A scenario's [Machine] shapes its guest: what a machine of a run had is what its attempts had. */
#include "lib/record/record.h"

#include <errno.h>
#include <string.h>

static const struct oom_shape_extent nobody = {{-1, -1}, {-1, -1}};

static void widen(struct oom_extent *span, int64_t least, int64_t most)
{
	if (least < 0)
		return;
	if (span->least < 0 || least < span->least)
		span->least = least;
	if (most > span->most)
		span->most = most;
}

static void widen_by(struct oom_shape_extent *shape, const struct oom_attempt *attempt)
{
	widen(&shape->memory_bytes, attempt->memory_bytes, attempt->memory_bytes);
	widen(&shape->cpus, attempt->cpus, attempt->cpus);
}

int oom_run_note_shape(struct oom_run *run, uint32_t machine, const struct oom_attempt *attempt)
{
	while (run->n_shapes <= machine) {
		struct oom_shape_extent *grown =
			oom_arena_grow(&run->arena, run->shapes, run->n_shapes, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		run->shapes = grown;
		grown[run->n_shapes++] = nobody;
	}
	widen_by(&run->shapes[machine], attempt);
	return 0;
}

static struct oom_shape_extent shape_of(const struct oom_run *run, const char *id)
{
	struct oom_shape_extent shape = nobody;

	id = id ? id : "";
	for (size_t i = 0; i < run->n_shapes; i++) {
		if (strcmp(run->machine_ids.items[i], id))
			continue;
		widen(&shape.memory_bytes, run->shapes[i].memory_bytes.least,
			run->shapes[i].memory_bytes.most);
		widen(&shape.cpus, run->shapes[i].cpus.least, run->shapes[i].cpus.most);
	}
	/* those that are held as a whole are few */
	for (size_t i = 0; i < run->n_attempts; i++) {
		const struct oom_attempt *attempt =
			run->entries[i].len ? NULL : run->entries[i].attempt;

		if (attempt && !strcmp(attempt->machine ? attempt->machine : "", id))
			widen_by(&shape, attempt);
	}
	return shape;
}

struct oom_extent oom_run_memory_bytes(const struct oom_run *run, const char *id)
{
	return shape_of(run, id).memory_bytes;
}

struct oom_extent oom_run_cpus(const struct oom_run *run, const char *id)
{
	return shape_of(run, id).cpus;
}

/* Where no attempt says, what was known before stays. */
static void settle(int64_t *value, struct oom_extent span)
{
	if (span.least >= 0)
		*value = span.least == span.most ? span.least : -1;
}

void oom_run_settle_machines(struct oom_run *run)
{
	for (size_t i = 0; i < run->n_machines; i++) {
		struct oom_machine_rec *machine = &run->machines[i];

		settle(&machine->memory_bytes, oom_run_memory_bytes(run, machine->id));
		settle(&machine->cpus, oom_run_cpus(run, machine->id));
	}
}
