// SPDX-License-Identifier: LGPL-2.1-or-later
/* The scenario reader: a refusal names a place, and what is accepted reads the same once it was printed. */
#include "lib/scenario/scenario.h"
#include "tests/support/fuzz.h"
#include "tests/support/scenario_schema.h"

static struct oom_scenario *parse(const char *text, size_t len)
{
	struct oom_scenario *scenario = NULL;
	struct oom_diags diags = {0};
	int r = oom_scenario_parse(
		&test_schema, "fuzz", "fuzz.scenario", text, len, &diags, &scenario);

	/* a refusal names at least one place */
	if ((r == 0) != (diags.count == 0) || (r == 0) != (scenario != NULL))
		abort();
	oom_diags_release(&diags);
	return scenario;
}

static char *print(const struct oom_scenario *scenario, size_t *ret_len)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, ret_len);

	if (!out || oom_scenario_print(scenario, out) < 0 || fclose(out) != 0)
		abort();
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct oom_scenario *first = parse((const char *)data, size), *second;
	size_t once_len, twice_len;
	char *once, *twice;

	if (!first)
		return 0;
	once = print(first, &once_len);
	second = parse(once, once_len);
	if (!second)
		abort();
	twice = print(second, &twice_len);
	if (once_len != twice_len || memcmp(once, twice, once_len) != 0)
		abort();
	oom_scenario_free(first);
	oom_scenario_free(second);
	free(once);
	free(twice);
	return 0;
}
