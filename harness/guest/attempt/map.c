// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/guest/attempt/map.h"

#include "harness/guest/vm/mapping.h"

static const struct oom_mapping *ask(struct oom_guest_attempt *a)
{
	struct oom_prepared_mapping *mapping = a->machine->mapping;

	if (!mapping->asked)
		oom_mapping_ask(a->host->cache, &a->vm.qemu, &mapping->is);
	mapping->asked = true;
	return &mapping->is;
}

int oom_attempt_map(struct oom_guest_attempt *a, struct oom_err *err)
{
	const struct oom_mapping *mapping;
	char why[600];

	if (!a->memory.count)
		return 0; /* more parts than can be in files */
	mapping = ask(a);
	if (oom_mapping_is_spoilt(&a->vm.shape, mapping))
		return 0;
	if (oom_mapping_check(
		    mapping, &a->vm.qemu, a->host->cache, a->state.temp, why, sizeof(why))) {
		if (!a->host->told_mapping)
			oom_host_say(a->host,
				"%s: each guest reads all of the saved machine, which takes "
				"longer than to map it: %s",
				a->machine_id, why);
		a->host->told_mapping = true;
		return 0;
	}
	a->saved.memory = a->memory;
	a->saved.memory.readonly = mapping->readonly;
	return oom_memory_create(&a->saved.memory, err);
}
