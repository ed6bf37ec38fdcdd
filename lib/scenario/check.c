// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/base/format.h"
#include "lib/base/nearest.h"
#include "lib/scenario/internal.h"

#include <errno.h>
#include <string.h>
#include <time.h>

int oom_known_issue_end(const char *text, int64_t *ret_epoch_s)
{
	static const char until[] = " until ";
	struct tm tm = {0}, given;
	const char *date = NULL, *end;
	time_t epoch;

	for (const char *p = text; (p = strstr(p, until)); p++)
		date = p + sizeof(until) - 1;
	if (!date || date == text + sizeof(until) - 1 ||
		strspn(date, "0123456789-") != strlen("YYYY-MM-DD"))
		return -EINVAL;
	end = strptime(date, "%Y-%m-%d", &tm);
	if (!end || *end)
		return -EINVAL;
	given = tm;
	epoch = timegm(&tm); /* 31 June becomes 1 July */
	if (tm.tm_mday != given.tm_mday || tm.tm_mon != given.tm_mon)
		return -EINVAL;
	*ret_epoch_s = (int64_t)epoch + 24 * 3600;
	return 0;
}

/* A setting that was read without a mistake, or NULL. */
static const struct oom_setting *good_setting(const struct oom_section *section, const char *name)
{
	const struct oom_setting *setting = oom_section_get(section, name);

	return setting && setting->key ? setting : NULL;
}

static void check_need(struct oom_reader *reader, const struct oom_setting *setting, size_t i)
{
	const char *const *needs = reader->schema->needs;
	const char *need = setting->value.list.items[i];
	struct oom_place place = oom_setting_place(setting, setting->value.list.at[i]);
	struct oom_err err = {0};
	char name[64] = "";
	size_t count = 0, len = strcspn(need, "<>=");
	const char *nearest;

	if (len < sizeof(name))
		memcpy(name, need, len);
	while (needs && needs[count] && strcmp(needs[count], name) != 0)
		count++;
	if (needs && needs[count]) {
		if (reader->schema->check_need && reader->schema->check_need(need, &err) < 0)
			oom_reader_mistake(reader, place, "'%s=': %s", setting->name, err.msg);
		return;
	}
	nearest = oom_nearest(name, needs, count);
	if (nearest)
		oom_reader_mistake(
			reader, place, "unknown need '%.60s', did you mean '%s'?", need, nearest);
	else
		oom_reader_mistake(reader, place,
			"unknown need '%.60s' ('oomgate list needs' lists them)", need);
}

static void check_scenario(struct oom_reader *reader, const struct oom_section *section)
{
	const struct oom_setting *needs = good_setting(section, "Needs");
	const struct oom_setting *issue = good_setting(section, "KnownIssue");
	const struct oom_setting *on = good_setting(section, "KnownOn");
	int64_t end;

	for (size_t i = 0; needs && i < needs->value.list.count; i++)
		check_need(reader, needs, i);
	for (size_t i = 0; on && i < on->value.list.count; i++)
		check_need(reader, on, i);
	if (on && !issue)
		oom_reader_mistake(
			reader, on->place, "'KnownOn=' has no effect without 'KnownIssue='");
	if (issue && oom_known_issue_end(issue->value.text, &end) < 0)
		oom_reader_mistake(reader, issue->value_place,
			"'KnownIssue=' needs a text and a date: TEXT until 2027-01-31");
}

/* default, local, bind:0-1, preferred:1, interleave:0,2 */
static bool is_memory_policy(const char *text)
{
	static const char *const with_nodes[] = {"bind:", "preferred:", "interleave:"};

	if (!strcmp(text, "default") || !strcmp(text, "local"))
		return true;
	for (size_t i = 0; i < sizeof(with_nodes) / sizeof(with_nodes[0]); i++) {
		size_t len = strlen(with_nodes[i]);
		const char *nodes = text + len;

		if (!strncmp(text, with_nodes[i], len))
			return *nodes >= '0' && *nodes <= '9' &&
				strspn(nodes, "0123456789,-") == strlen(nodes);
	}
	return false;
}

/* What stands in the file and was read without a mistake; no default. */
static const struct oom_setting *said(const struct oom_section *section, const char *name)
{
	const struct oom_setting *setting = good_setting(section, name);

	return setting && !setting->is_default ? setting : NULL;
}

/* Each of NUMAMemory= is a size that a node can have; with NUMANodes= and Memory= it tells one story. */
static void check_machine(struct oom_reader *reader, const struct oom_section *section)
{
	const struct oom_setting *setting = said(section, "NUMAMemory");
	const struct oom_setting *nodes = said(section, "NUMANodes"),
				 *memory = said(section, "Memory");
	size_t count = setting ? setting->value.list.count : 0;
	uint64_t sum_bytes = 0;
	char sum[24];

	for (size_t i = 0; i < count; i++) {
		const char *text = setting->value.list.items[i];
		struct oom_size size;

		if (oom_parse_size(text, &size) || size.is_percent ||
			size.bytes < OOM_NUMA_NODE_BYTES_MIN ||
			size.bytes >= UINT64_MAX / OOM_NUMA_NODES_MAX) {
			oom_reader_mistake(reader,
				oom_setting_place(setting, setting->value.list.at[i]),
				"'NUMAMemory=': '%.40s' is not the size of a node (64M; at least "
				"8M)",
				text);
			return;
		}
		sum_bytes += size.bytes;
	}
	if (count > OOM_NUMA_NODES_MAX)
		oom_reader_mistake(reader, setting->value_place,
			"'NUMAMemory=' lists more than %d nodes", OOM_NUMA_NODES_MAX);
	else if (count && nodes && nodes->value.integer != (int64_t)count)
		oom_reader_mistake(reader, setting->value_place,
			"'NUMAMemory=' lists %zu node%s, but 'NUMANodes=' (line %u) is %s", count,
			count == 1 ? "" : "s", nodes->place.line, nodes->value.text);
	else if (count && memory && memory->value.size.bytes != sum_bytes)
		oom_reader_mistake(reader, setting->value_place,
			"'NUMAMemory=' adds up to %s, but 'Memory=' (line %u) is %s",
			oom_format_size(sum_bytes, sum), memory->place.line, memory->value.text);
}

static void check_workload(struct oom_reader *reader, const struct oom_section *section)
{
	const struct oom_setting *policy = good_setting(section, "MemoryPolicy");

	if (policy && !is_memory_policy(policy->value.text))
		oom_reader_mistake(reader, policy->value_place,
			"'MemoryPolicy=' must be default, local, bind:0, preferred:1 or "
			"interleave:0-1");
}

static void check_fault(struct oom_reader *reader, const struct oom_section *section)
{
	const struct oom_setting *at = oom_section_get(section, "At");
	const struct oom_setting *when = oom_section_get(section, "When");
	char title[OOM_SECTION_TITLE_MAX];

	if (at && when)
		oom_reader_mistake(reader,
			at->place.line > when->place.line ? at->place : when->place,
			"%s has both 'At=' (line %u) and 'When=' (line %u): use one of them",
			oom_section_title(section, title), at->place.line, when->place.line);
	else if (!at && !when && !section->is_refused &&
		!oom_key_is_mistyped(reader, section, "At") &&
		!oom_key_is_mistyped(reader, section, "When"))
		oom_reader_mistake(reader, section->place, "%s needs 'At=' or 'When='",
			oom_section_title(section, title));
}

/* systemd.service(5): only a unit that ends by itself may run one after the other. */
static void check_commands(struct oom_reader *reader, const struct oom_section *section)
{
	const struct oom_setting *start = good_setting(section, "ExecStart");
	const struct oom_setting *type = good_setting(section, "Type");

	if (start && start->value.exec.count > 1 &&
		(!type || strcmp(type->value.text, "oneshot") != 0))
		oom_reader_mistake(reader, start->value_place,
			"'ExecStart=' has %zu commands, which needs 'Type=oneshot'",
			start->value.exec.count);
}

static void check_environment(struct oom_reader *reader, const struct oom_section *section)
{
	for (size_t i = 0; i < section->n_settings; i++) {
		const struct oom_setting *setting = &section->settings[i];

		if (!setting->key || strcmp(setting->key->name, "Environment") != 0)
			continue;
		for (size_t j = 0; j < setting->value.list.count; j++) {
			const char *word = setting->value.list.items[j];
			size_t name = strspn(word,
				"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				"0123456789_");

			if (!name || word[name] != '=' || (*word >= '0' && *word <= '9'))
				oom_reader_mistake(reader,
					oom_setting_place(setting, setting->value.list.at[j]),
					"'Environment=': '%.60s' is not NAME=value", word);
		}
	}
}

static void check_service(struct oom_reader *reader, const struct oom_section *section)
{
	const struct oom_setting *unit = oom_section_get(section, "Unit");
	const struct oom_setting *start = oom_section_get(section, "ExecStart");
	char title[OOM_SECTION_TITLE_MAX];

	if (!unit == !start && (unit || !section->is_refused))
		oom_reader_mistake(reader, section->place,
			"%s needs either 'Unit=' or 'ExecStart='",
			oom_section_title(section, title));
	if (unit && !strchr(unit->value.text, '.'))
		oom_reader_mistake(reader, unit->value_place,
			"'%.60s' is not a unit name, did you mean '%.60s.service'?",
			unit->value.text, unit->value.text);
}

static void check_unit_values(struct oom_reader *reader, const struct oom_section *section)
{
	for (size_t i = 0; i < section->n_settings; i++) {
		const struct oom_setting *setting = &section->settings[i];
		struct oom_err err = {0};

		if (setting->key && reader->schema->check_unit &&
			reader->schema->check_unit(setting->name, &setting->value, &err) < 0)
			oom_reader_mistake(
				reader, setting->value_place, "'%s=': %s", setting->name, err.msg);
	}
}

static void check_section(struct oom_reader *reader, const struct oom_section *section)
{
	switch (section->kind) {
	case OOM_SEC_SCENARIO:
		check_scenario(reader, section);
		break;
	case OOM_SEC_MACHINE:
		check_machine(reader, section);
		break;
	case OOM_SEC_WORKLOAD:
		check_workload(reader, section);
		break;
	case OOM_SEC_FAULT:
		check_fault(reader, section);
		break;
	case OOM_SEC_SERVICE:
		check_service(reader, section);
		check_commands(reader, section);
		check_environment(reader, section);
		check_unit_values(reader, section);
		break;
	case OOM_SEC_SCOPE:
	case OOM_SEC_SLICE:
		check_unit_values(reader, section);
		break;
	default:
		break;
	}
}

void oom_reader_check(struct oom_reader *reader)
{
	static const struct oom_place top = {1, 1};
	const struct oom_scenario *scenario = reader->scenario;
	const struct oom_section *expect = NULL;
	size_t expectations = 0;

	for (size_t i = 0; i < scenario->n_sections; i++)
		check_section(reader, &scenario->sections[i]);
	while ((expect = oom_scenario_next(scenario, OOM_SEC_EXPECT, expect)))
		expectations += expect->n_settings;
	if (reader->lost_section)
		return;
	if (!oom_scenario_count(scenario, OOM_SEC_WORKLOAD) &&
		!oom_scenario_count(scenario, OOM_SEC_SERVICE))
		oom_reader_mistake(
			reader, top, "the scenario runs nothing: it needs a [Workload NAME]");
	if (!expectations)
		oom_reader_mistake(reader, top,
			"the scenario expects nothing: it needs an [Expect] with a key");
}
