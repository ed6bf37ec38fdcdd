// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/campaign/scenario_file.h"
#include "harness/campaign/scenario_set.h"
#include "harness/campaign/scenario_tags.h"
#include "tests/support/scratch.h"

#include <criterion/criterion.h>
#include <errno.h>

Test(scenario_set, tags)
{
	static const char *const tags[] = {"memcg", "slow"};
	static const struct {
		const char *expr;
		int r; /* 1 fits, 0 does not, or -EINVAL */
	} rows[] = {
		{"memcg", 1},
		{"cow", 0},
		{"cow,memcg", 1},
		{"memcg+slow", 1},
		{"memcg+cow", 0},
		{"!slow", 0},
		{"!cow", 1},
		{"memcg,!slow", 0},
		{"memcg,!cow", 1},
		{"cow,!smoke", 0},
		{"memcg+!slow", 0},
		{"memcg+!cow", 1},
		{"!cow+slow", 1},
		{"!cow,!smoke", 1},
		{"mem", 0},
		{"memcgs", 0},
		{"", -EINVAL},
		{",", -EINVAL},
		{"memcg,", -EINVAL},
		{"memcg+", -EINVAL},
		{"!", -EINVAL},
		{"!!slow", -EINVAL},
		{"a b", -EINVAL},
		{"memcg slow", -EINVAL},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct oom_err err = {0};
		int r = oom_tags_match(rows[i].expr, tags, 2, &err);

		cr_expect_eq(r, rows[i].r, "'%s': %d", rows[i].expr, r);
		cr_expect_eq(r == -EINVAL, err.code == EINVAL, "'%s'", rows[i].expr);
	}
}

Test(scenario_set, tags_that_nobody_has)
{
	static const char *const known[] = {"memcg", "slow", "smoke"};
	static const struct {
		const char *expr;
		const char *says; /* NULL: all are known */
	} rows[] = {
		{"memcg", NULL},
		{"memcg,!slow", NULL},
		{"smoke+memcg,slow+!smoke", NULL},
		{"memgc", "unknown tag 'memgc', did you mean 'memcg'?"},
		{"memcg,nosuch", "unknown tag 'nosuch', expected one of memcg, slow, smoke"},
		{"memcg,!slwo", "unknown tag 'slwo', did you mean 'slow'?"},
		{"smoke+memc", "unknown tag 'memc', did you mean 'memcg'?"},
		{"!nosuch", "unknown tag 'nosuch'"},
		{"memcg+!nosuch,slow", "unknown tag 'nosuch'"},
		{"slowly", "unknown tag 'slowly', did you mean 'slow'?"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct oom_err err = {0};
		int r = oom_tags_known(rows[i].expr, known, 3, &err);

		cr_expect_eq(r, rows[i].says ? -EINVAL : 0, "'%s': %d", rows[i].expr, r);
		cr_expect(!rows[i].says || strstr(err.msg, rows[i].says), "'%s' says: %s",
			rows[i].expr, err.msg);
	}
}

#define GOOD "[Scenario]\nTags=%s\n[Workload a]\nType=idle\nSize=1M\n[Expect]\nOOMKills=0\n"

static void good_file(const char *dir, const char *name, const char *tag)
{
	char text[256];

	snprintf(text, sizeof(text), GOOD, tag);
	scratch_file(dir, name, text);
}

struct fixture {
	char buf[64];
	const char *dir;
	struct oom_scenario_set set;
	struct oom_diags diags;
	struct oom_err err;
};

static void fixture_open(struct fixture *f)
{
	*f = (struct fixture){0};
	f->dir = scratch_dir(f->buf);
	cr_assert_not_null(f->dir);
	good_file(f->dir, "top/b/two.scenario", "memcg");
	good_file(f->dir, "top/b/one.scenario", "cow");
	good_file(f->dir, "top/a.scenario", "memcg");
	good_file(f->dir, "top/.hidden.scenario", "memcg");
	good_file(f->dir, "top/.git/x.scenario", "memcg");
	good_file(f->dir, "top/README", "memcg");
	scratch_file(f->dir, "empty/x.txt", "");
	good_file(f->dir, "other/a.scenario", "memcg");
	good_file(f->dir, "other/b/one.scenario", "memcg");
	good_file(f->dir, "scenarios/memcg/cap.scenario", "memcg");
	good_file(f->dir, "scenarios/own/deep/er/x.scenario", "memcg");
	good_file(f->dir, "scenarios/flat.scenario", "memcg");
}

static void fixture_close(struct fixture *f)
{
	oom_scenario_set_release(&f->set);
	oom_diags_release(&f->diags);
	scratch_remove(f->dir);
}

static int load(struct fixture *f, const char *first, const char *second, const char *tags)
{
	char a[256], b[256];
	const char *paths[] = {a, b};

	snprintf(a, sizeof(a), "%s/%s", f->dir, first);
	snprintf(b, sizeof(b), "%s/%s", f->dir, second ? second : "");
	return oom_scenario_set_parse(paths, second ? 2 : 1, tags, &f->diags, &f->err, &f->set);
}

Test(scenario_set, folders_are_sorted_and_give_ids)
{
	static const char *const ids[] = {"top/a", "b/one", "b/two"};
	struct fixture f;

	fixture_open(&f);
	cr_assert_eq(load(&f, "top/", NULL, NULL), 0, "%s", f.err.msg);
	cr_assert_eq(f.set.count, 3);
	cr_expect_eq(f.set.n_files, 3);
	for (size_t i = 0; i < 3; i++)
		cr_expect_str_eq(f.set.scenarios[i]->id, ids[i]);
	fixture_close(&f);
}

Test(scenario_set, files_are_named_after_their_folder)
{
	struct fixture f;

	fixture_open(&f);
	cr_assert_eq(load(&f, "top/b/two.scenario", "top/README", NULL), 0, "%s", f.err.msg);
	cr_assert_eq(f.set.count, 2);
	cr_expect_str_eq(f.set.scenarios[0]->id, "b/two");
	cr_expect_str_eq(f.set.scenarios[1]->id, "top/README");
	fixture_close(&f);
}

static const struct {
	const char *from, *given, *id;
} namings[] = {
	{"", "scenarios", "memcg/cap"},
	{"", "./scenarios/", "memcg/cap"},
	{"", ".", "memcg/cap"},
	{"", "scenarios/memcg", "memcg/cap"},
	{"", "scenarios/memcg/cap.scenario", "memcg/cap"},
	{"", "scenarios/own/../memcg/cap.scenario", "memcg/cap"},
	{"", "linked/cap.scenario", "memcg/cap"},
	{"", "linked", "memcg/cap"},
	{"scenarios", ".", "memcg/cap"},
	{"scenarios", "memcg", "memcg/cap"},
	{"scenarios", "memcg/cap.scenario", "memcg/cap"},
	{"scenarios/memcg", ".", "memcg/cap"},
	{"scenarios/memcg", "cap.scenario", "memcg/cap"},
	{"scenarios/memcg", "./cap.scenario", "memcg/cap"},
	{"scenarios/memcg", "../memcg/cap.scenario", "memcg/cap"},
	{"scenarios/memcg", "..", "memcg/cap"},
	{"scenarios/own", "../flat.scenario", "flat"},
	{"", "scenarios", "flat"},
	{"", "scenarios", "own/deep/er/x"},
	{"scenarios/own/deep/er", "x.scenario", "own/deep/er/x"},
	{"scenarios/own/deep", "er", "own/deep/er/x"},
	/* outside of a folder of that name: the file's folder */
	{"", "top", "b/one"},
	{"top", "b/one.scenario", "b/one"},
	{"top/b", "one.scenario", "b/one"},
	{"top/b", ".", "b/one"},
	{"top", ".", "top/a"},
	{"top", "a.scenario", "top/a"},
	{"", "top/README", "top/README"},
};

/* One id, whatever folder one stands in and whatever one names. */
Test(scenario_set, a_scenario_has_one_id)
{
	struct fixture f;
	char path[256];

	fixture_open(&f);
	snprintf(path, sizeof(path), "%s/other/a.scenario", f.dir);
	cr_assert_eq(unlink(path), 0);
	snprintf(path, sizeof(path), "%s/other/b/one.scenario", f.dir);
	cr_assert_eq(unlink(path), 0);
	snprintf(path, sizeof(path), "%s/linked", f.dir);
	cr_assert_eq(symlink("scenarios/memcg", path), 0);
	for (size_t i = 0; i < sizeof(namings) / sizeof(namings[0]); i++) {
		bool found = false;

		snprintf(path, sizeof(path), "%s/%s", f.dir, namings[i].from);
		cr_assert_eq(chdir(path), 0);
		cr_assert_eq(oom_scenario_set_parse(
				     &namings[i].given, 1, NULL, &f.diags, &f.err, &f.set),
			0, "row %zu: %s", i, f.err.msg);
		for (size_t s = 0; s < f.set.count; s++)
			found = found || !strcmp(f.set.scenarios[s]->id, namings[i].id);
		cr_expect(found, "row %zu: '%s' from '%s' has no '%s', but '%s'", i,
			namings[i].given, namings[i].from, namings[i].id, f.set.scenarios[0]->id);
		oom_scenario_set_release(&f.set);
	}
	cr_assert_eq(chdir("/"), 0);
	fixture_close(&f);
}

/* "$" at the beginning of @text stands for the test's folder. */
static void placed(const char *dir, const char *text, char buf[static 256])
{
	snprintf(buf, 256, "%s%s", *text == '$' ? dir : "", text + (*text == '$'));
}

/* What a record calls the file, from where and in which repository. */
Test(scenario_set, a_file_is_named_for_its_readers)
{
	static const struct {
		const char *from, *given, *workspace, *file;
	} rows[] = {
		{"", "top/a.scenario", NULL, "top/a.scenario"},
		{"", "./top/../top/a.scenario", NULL, "top/a.scenario"},
		{"", "$/top/a.scenario", NULL, "top/a.scenario"},
		{"top", "a.scenario", NULL, "a.scenario"},
		{"top", "../other/a.scenario", NULL, "../other/a.scenario"},
		{"other", "$/top/a.scenario", NULL, "$/top/a.scenario"},
		{"top", "a.scenario", "$", "top/a.scenario"},
		{"top/b", "../a.scenario", "$/", "top/a.scenario"},
		{"other", "$/top/a.scenario", "$", "top/a.scenario"},
		{"other", "$/top/a.scenario", "$/to", "$/top/a.scenario"},
		{"other", "$/top/a.scenario", "/nowhere", "$/top/a.scenario"},
		{"top", "a.scenario", "", "a.scenario"},
		{"", "top/b/two.scenario", "$/top", "b/two.scenario"},
	};
	struct fixture f;
	char path[256], given[256], workspace[256], file[256];

	fixture_open(&f);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *name;

		snprintf(path, sizeof(path), "%s/%s", f.dir, rows[i].from);
		cr_assert_eq(chdir(path), 0);
		placed(f.dir, rows[i].given, given);
		placed(f.dir, rows[i].file, file);
		unsetenv("GITHUB_WORKSPACE");
		if (rows[i].workspace) {
			placed(f.dir, rows[i].workspace, workspace);
			setenv("GITHUB_WORKSPACE", workspace, 1);
		}
		name = oom_scenario_file(&f.set.arena, given);
		cr_expect_str_eq(name, file, "row %zu: '%s', not '%s'", i, name, file);
	}
	unsetenv("GITHUB_WORKSPACE");
	cr_assert_eq(chdir("/"), 0);
	fixture_close(&f);
}

Test(scenario_set, the_same_file_counts_once_and_two_of_one_id_are_refused)
{
	struct fixture f;

	fixture_open(&f);
	cr_assert_eq(load(&f, "top", "top", NULL), 0, "%s", f.err.msg);
	cr_expect_eq(f.set.count, 3);
	oom_scenario_set_release(&f.set);
	cr_expect_eq(load(&f, "top", "other", NULL), -EEXIST);
	cr_expect(strstr(f.err.msg, "both have the id 'b/one'"), "%s", f.err.msg);
	cr_expect(strstr(f.err.msg, "below a folder called 'scenarios'"), "%s", f.err.msg);
	cr_expect_eq(f.set.count, 0);
	fixture_close(&f);
}

Test(scenario_set, tags_choose_and_may_choose_none)
{
	struct fixture f;

	fixture_open(&f);
	cr_assert_eq(load(&f, "top", NULL, "memcg"), 0);
	cr_expect_eq(f.set.count, 2);
	cr_expect_eq(f.set.n_files, 3);
	oom_scenario_set_release(&f.set);
	cr_expect_eq(load(&f, "top", NULL, "none"), -EINVAL);
	cr_expect(strstr(f.err.msg, "unknown tag 'none'"), "%s", f.err.msg);
	/* one that others fit is no better, nor one that should leave something out */
	cr_expect_eq(load(&f, "top", NULL, "memcg,none"), -EINVAL);
	cr_expect_eq(load(&f, "top", NULL, "memcg,!none"), -EINVAL);
	cr_expect_eq(load(&f, "top", NULL, "memcg+!memcg"), -ENOENT);
	cr_expect_str_eq(f.err.msg, "no scenario matches the tags 'memcg+!memcg' (3 were read)");
	cr_expect_eq(load(&f, "top", NULL, "a,"), -EINVAL);
	fixture_close(&f);
}

Test(scenario_set, mistakes_of_all_files_come_together)
{
	struct fixture f;

	fixture_open(&f);
	scratch_file(f.dir, "top/x.scenario", "[Nonsense]\n");
	scratch_file(f.dir, "top/y.scenario", "nonsense\n");
	cr_expect_eq(load(&f, "top", NULL, "none"), -EBADMSG);
	cr_expect_eq(f.diags.count, 4);
	cr_expect(strstr(f.diags.items[0].path, "x.scenario"));
	cr_expect(strstr(f.diags.items[3].path, "y.scenario"));
	fixture_close(&f);
}

Test(scenario_set, paths_without_scenarios_are_errors)
{
	struct fixture f;

	fixture_open(&f);
	cr_expect_eq(load(&f, "empty", NULL, NULL), -ENOENT);
	cr_expect(strstr(f.err.msg, "no *.scenario file below"), "%s", f.err.msg);
	cr_expect_eq(load(&f, "nowhere", NULL, NULL), -ENOENT);
	cr_expect(strstr(f.err.msg, "cannot open"), "%s", f.err.msg);
	fixture_close(&f);
}

Test(scenario_set, links_in_a_circle_end)
{
	struct fixture f;
	char link[256];

	fixture_open(&f);
	snprintf(link, sizeof(link), "%s/top/b/loop", f.dir);
	cr_assert_eq(symlink("..", link), 0);
	cr_expect_eq(load(&f, "top", NULL, NULL), -ELOOP);
	fixture_close(&f);
}
