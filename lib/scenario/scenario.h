/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_SCENARIO_H
#define OOM_SCENARIO_H

#include "lib/base/arena.h"
#include "lib/base/err.h"
#include "lib/scenario/key.h"

#include <stdio.h>

/*
 * The scenario reader: text in, a checked tree out, every mistake with its place. It knows sections
 * and types; which workloads, faults, expectations, needs and unit properties exist it is told by a
 * schema, so that the tables above it stay the only list.
 */

/* Bounds of [Machine] NUMANodes= and NUMAMemory=: the kernel passes over a node of less than 4M
 * (NODE_MIN_SIZE of arch/x86/include/asm/numa.h). */
#define OOM_NUMA_NODES_MAX	16
#define OOM_NUMA_NODE_BYTES_MIN (UINT64_C(8) << 20)

enum oom_section_kind {
	OOM_SEC_SCENARIO,
	OOM_SEC_MACHINE,
	OOM_SEC_SYSCTL,
	OOM_SEC_SLICE,
	OOM_SEC_SCOPE,
	OOM_SEC_SERVICE,
	OOM_SEC_FILE,
	OOM_SEC_WORKLOAD,
	OOM_SEC_FAULT,
	OOM_SEC_EXPECT,
	OOM_SEC_COUNT_
};

/* A type of workload or fault: its own keys come on top of the section's common ones. */
struct oom_kind {
	const char *name;
	const char *help;
	const struct oom_key *keys; /* name NULL at the end; may be NULL */
	const char *ignores; /* common keys that do nothing here, separated by '|'; NULL: none */
};

/* What an expectation speaks about. */
enum oom_subject {
	OOM_ABOUT_RUN = 1 << 0,
	OOM_ABOUT_WORKLOAD = 1 << 1,
	OOM_ABOUT_UNIT = 1 << 2 /* scope, slice or service */
};

struct oom_expect_key {
	const struct oom_key *key;
	unsigned about; /* enum oom_subject, or-ed */
};

/* All pointer arrays end in NULL (or in a row whose name or key is NULL). */
struct oom_schema {
	const struct oom_kind *const *workloads;
	const struct oom_kind *const *faults;
	const struct oom_expect_key *expects; /* .key NULL at the end */
	const char *const *needs;
	/* from lib/scenario/unit_property.h; name NULL at the end, NULL: none */
	const struct oom_key *unit_keys; /* [Slice], [Scope] and [Service]: resource control */
	const struct oom_key *scope_keys; /* on top of unit_keys in [Scope] */
	const struct oom_key *service_keys; /* on top of unit_keys in [Service] */
	/* a property's value beyond its type ("AllowedCPUs=0-x"); NULL: any */
	int (*check_unit)(const char *name, const struct oom_value *value, struct oom_err *err);
	/* checks a need's argument ("kernel>=6.1"); NULL: any */
	int (*check_need)(const char *need, struct oom_err *err);
};

struct oom_place {
	unsigned line, col; /* from 1 */
};

/* A value's text may stand on several lines: where its bytes are. */
struct oom_piece {
	size_t at; /* the first byte in the text that the lines make together */
	struct oom_place place;
};
struct oom_value_source {
	const char *text;
	size_t value_at;
	struct oom_piece *pieces;
	size_t n_pieces;
};

struct oom_setting {
	const struct oom_key *key;
	const char *name; /* as written; differs from key->name for a prefix key */
	struct oom_value value;
	struct oom_place place; /* of the name; the value's is value_place */
	struct oom_place value_place;
	struct oom_value_source source;
	bool is_default;
};

struct oom_section {
	enum oom_section_kind kind;
	const char *name; /* "" where the section has none */
	const struct oom_kind *type; /* WORKLOAD and FAULT */
	const struct oom_kind *guess; /* where the type is a slip: the one it is near to */
	unsigned about; /* EXPECT: what its subject is */
	struct oom_setting *settings; /* as written first, then the defaults */
	size_t n_settings;
	struct oom_place place;
	bool is_refused; /* for its kind or name: its lines are checked all the same */
};

struct oom_scenario {
	struct oom_arena arena;
	const char *
		id; /* where the file is, without ".scenario": memcg/over-cap (harness/campaign/scenario_set.h) */
	const char *path; /* as opened, for messages */
	const char *title; /* the first comment line; "" where there is none */
	const char *text; /* the whole file: what a guest is handed */
	struct oom_section *sections;
	size_t n_sections;
};

struct oom_diag {
	const char *path;
	struct oom_place place;
	const char *msg;
};

/* Mistakes of any number of files; owns its strings. */
struct oom_diags {
	struct oom_arena arena;
	struct oom_diag *items;
	size_t count;
};

/*
 * Parses and checks @text. 0 with *@ret set (release with oom_scenario_free); -EBADMSG when
 * mistakes were added to @diags (all of the file's); -ENOMEM.
 */
int oom_scenario_parse(const struct oom_schema *schema, const char *id, const char *path,
	const char *text, size_t len, struct oom_diags *diags, struct oom_scenario **ret);

/* As oom_scenario_parse() for the file at @path; a file that cannot be read is a mistake at 1:1. */
int oom_scenario_load(const struct oom_schema *schema, const char *id, const char *path,
	struct oom_diags *diags, struct oom_scenario **ret);

void oom_scenario_free(struct oom_scenario *scenario);
void oom_diags_release(struct oom_diags *diags);
int oom_diag_add(struct oom_diags *diags, const char *path, struct oom_place place, const char *fmt,
	...) __attribute__((format(printf, 4, 5)));

/* The scenario with every default, as a file that parses to the same scenario: defaults are printed as
 * "#Key=value", like in systemd's own files. */
int oom_scenario_print(const struct oom_scenario *scenario, FILE *out);

/* Lookups; NULL where there is none. Name NULL: the first of its kind. [Scenario] and [Machine] are
 * always there, with their defaults (is_default); a NULL section has no settings. */
const struct oom_section *oom_scenario_section(
	const struct oom_scenario *scenario, enum oom_section_kind kind, const char *name);
/* The next section of @kind after @prev (NULL: the first). */
const struct oom_section *oom_scenario_next(const struct oom_scenario *scenario,
	enum oom_section_kind kind, const struct oom_section *prev);
size_t oom_scenario_count(const struct oom_scenario *scenario, enum oom_section_kind kind);
const struct oom_setting *oom_section_get(const struct oom_section *section, const char *key);

/*
 * KnownIssue=TEXT until YYYY-MM-DD: the first second (UTC, since 1970) at which the issue is no longer
 * known: the day after. -EINVAL when @text has no such form or day.
 */
int oom_known_issue_end(const char *text, int64_t *ret_epoch_s);

/* Values with the key's default already applied; the fallback where the key is absent. */
const char *oom_section_text(
	const struct oom_section *section, const char *key, const char *fallback);
bool oom_section_bool(const struct oom_section *section, const char *key, bool fallback);
int64_t oom_section_int(const struct oom_section *section, const char *key, int64_t fallback);
uint64_t oom_section_usec(const struct oom_section *section, const char *key, uint64_t fallback);
/* Bytes; percentages of @whole_bytes. */
uint64_t oom_section_size(const struct oom_section *section, const char *key, uint64_t whole_bytes,
	uint64_t fallback);

/* WORDS and ALTERNATIVES: the words; *ret_count 0 where the key is absent. */
const char *const *oom_section_words(
	const struct oom_section *section, const char *key, size_t *ret_count);

/* The fixed keys of each section (NULL-named row at the end), for the manual page and completion. */
const struct oom_key *oom_section_keys(enum oom_section_kind kind);
/* "Scenario", "Scope", …; what the section holds, in one line; does it take a name? */
const char *oom_section_kind_name(enum oom_section_kind kind);
const char *oom_section_kind_help(enum oom_section_kind kind);
bool oom_section_kind_named(enum oom_section_kind kind);

#endif
