// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/campaign/campaign.h"
#include "lib/base/choice.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

Test(usage, a_word_that_is_none)
{
	static const char *const names[] = {"auto", "guest", "scope", "cgroup"};
	static const struct {
		const char *word;
		size_t count;
		const char *says;
	} rows[] = {
		{"cgrop", 4, "unknown place 'cgrop', did you mean 'cgroup'?"},
		{"SCOPE", 4, "unknown place 'SCOPE', did you mean 'scope'?"},
		{"geust", 4, "unknown place 'geust', did you mean 'guest'?"},
		{"nowhere", 4,
			"unknown place 'nowhere', expected one of auto, guest, scope, cgroup"},
		{"", 4, "unknown place '', expected one of auto, guest, scope, cgroup"},
		{"x", 1, "unknown place 'x', expected auto"},
		{"x", 0, "unknown place 'x': there are no places"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct oom_err err = {0};

		cr_expect_eq(oom_choice_unknown(&err, "place", rows[i].word, names, rows[i].count),
			-EINVAL);
		cr_expect_str_eq(err.msg, rows[i].says);
	}
}

Test(usage, a_list_that_is_longer_than_a_message_is_cut)
{
	static char texts[64][24];
	const char *names[64];
	struct oom_err err = {0};

	for (size_t i = 0; i < 64; i++) {
		snprintf(texts[i], sizeof(texts[i]), "a-name-of-some-len-%02zu", i);
		names[i] = texts[i];
	}
	cr_expect_eq(oom_choice_unknown(&err, "thing", "zzz", names, 64), -EINVAL);
	cr_expect(!strncmp(err.msg, "unknown thing 'zzz', expected one of a-name", 43), "%s",
		err.msg);
	cr_expect(!strcmp(err.msg + strlen(err.msg) - 13, ", and 58 more"), "%s", err.msg);
}

enum { A = 1, B = 2 };

static const struct argp_option options[] = {{"alpha", 'a', NULL, 0, "", 0},
	{"beta", 300, NULL, 0, "", 0}, {"gamma", 'g', NULL, 0, "", 0}, {0}};
static const struct oom_usage rules = {options,
	(const struct oom_usage_situation[]){{A, "in A"}, {B, "in B"}, {0}},
	(const struct oom_usage_option[]){{'a', A}, {300, A | B}, {0}}};

Test(usage, an_option_without_effect_is_told)
{
	static const struct {
		int given[3];
		unsigned situations;
		const char *says; /* NULL: all have an effect */
	} rows[] = {
		{{0}, A | B, NULL},
		{{'g'}, A | B, NULL},
		{{'a'}, 0, NULL},
		{{'a'}, B, NULL},
		{{'a'}, A, "--alpha has no effect in A"},
		{{300}, A, "--beta has no effect in A"},
		{{300}, B, "--beta has no effect in B"},
		{{300}, A | B, "--beta has no effect in A"},
		{{'g', 300}, B, "--beta has no effect in B"},
		{{300, 'a'}, A, "--alpha has no effect in A"},
		{{'z', ARGP_KEY_END}, A | B, NULL},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct oom_usage_given given = {0};
		struct oom_err err = {0};
		int r;

		for (size_t j = 0; j < 3; j++)
			oom_usage_note(&given, &rules, rows[i].given[j]);
		r = oom_usage_check(&rules, &given, rows[i].situations, &err);
		cr_expect_eq(r, rows[i].says ? -EINVAL : 0, "row %zu: %d", i, r);
		cr_expect(
			!rows[i].says || !strcmp(err.msg, rows[i].says), "row %zu: %s", i, err.msg);
	}
}

/* Of 'run', as its own parser reads it. */
static int parse_run(const char *const *words, struct oom_err *err)
{
	struct oom_run_options o = {0};
	const char *argv[16] = {"oomgate run"};
	int argc = 1;

	while (*words)
		argv[argc++] = *words++;
	argv[argc++] = "scenarios";
	/* argp changes the order of the words, not the words */
	cr_assert_eq(argp_parse(&oom_run_argp, argc, (char **)argv, ARGP_NO_EXIT, NULL, &o), 0);
	return oom_run_options_check(&o, err);
}

Test(usage, every_option_of_run_by_itself_in_every_situation)
{
	static const struct {
		const char *words[4];
		bool guest, host,
			dry; /* has it an effect? in a guest (with --output), on the host, in a dry run */
	} rows[] = {
		{{"--guest", "debian:trixie"}, true, false, true},
		{{"--config", "."}, true, false, true},
		{{"--accel", "tcg"}, true, false, false},
		{{"--repeat", "2"}, true, true, true},
		{{"--jobs", "2"}, true, false, false},
		{{"--tag", "a"}, true, true, true},
		{{"--seed", "1"}, true, true, false},
		{{"--timeout", "1s"}, true, true, false},
		{{"--format", "tap"}, true, true, false},
		{{"--resume"}, true, true, false},
		{{"--overwrite"}, true, true, false},
		{{"--evidence", "failed"}, true, true, false},
		{{"--keep"}, true, false, false},
		{{"--allow-host-oom"}, false, true, false},
		{{"--verbose"}, true, true, false},
		{{"--quiet"}, true, true, false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *const *w = rows[i].words, *o = "--output=d", *in = "--in=cgroup",
				  *dry = "--dry-run";
		struct oom_err err = {0};

		cr_expect_eq(!parse_run((const char *[]){o, w[0], w[1], NULL}, &err), rows[i].guest,
			"%s in a guest", w[0]);
		cr_expect_eq(!parse_run((const char *[]){o, in, w[0], w[1], NULL}, &err),
			rows[i].host, "%s here", w[0]);
		cr_expect_eq(!parse_run((const char *[]){dry, w[0], w[1], NULL}, &err), rows[i].dry,
			"%s dry", w[0]);
	}
}

/* Nobody adds an option to a command without saying where it has none. */
Test(usage, every_option_of_run_is_in_the_test_above)
{
	size_t count = 0;

	for (const struct argp_option *o = oom_run_argp.options; o->name; o++)
		count++;
	cr_expect_eq(count, 16 + 3, "--in, --output, --dry-run and 16 more, not %zu", count);
}
