// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/host/digest.h"

#include "harness/host/file.h"
#include "tests/support/scratch.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* FIPS 180-2, appendix B; the last is longer than one piece of a file. */
static const struct {
	const char *text;
	size_t times;
	const char *digest;
} vectors[] = {
	{"", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
	{"abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
	{"a", 1000000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
};

static char dir[64];

static void set_up(void)
{
	cr_assert_not_null(scratch_dir(dir));
}

static void tear_down(void)
{
	oom_tree_remove(dir);
}

TestSuite(host_digest, .init = set_up, .fini = tear_down);

static const char *in_dir(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

Test(host_digest, it_is_sha256)
{
	static char text[1000000];

	for (size_t i = 0; i < sizeof(vectors) / sizeof(*vectors); i++) {
		size_t len = strlen(vectors[i].text) * vectors[i].times;
		char sum[OOM_DIGEST_TEXT];

		if (vectors[i].times > 1)
			memset(text, *vectors[i].text, len);
		else
			strcpy(text, vectors[i].text);
		cr_assert_eq(oom_digest_data(text, len, sum), 0);
		cr_expect_str_eq(sum, vectors[i].digest);
		cr_assert_eq(oom_file_write(in_dir("file"), text, len, 0644, NULL), 0);
		cr_assert_eq(oom_digest_file(in_dir("file"), sum), 0);
		cr_expect_str_eq(sum, vectors[i].digest);
	}
}

Test(host_digest, what_cannot_be_read_is_told)
{
	char sum[OOM_DIGEST_TEXT] = "untouched";

	cr_expect_eq(oom_digest_file(in_dir("none"), sum), -ENOENT);
	cr_expect_eq(oom_digest_tree(in_dir("none"), sum), -ENOENT);
	cr_expect_eq(oom_digest_file(dir, sum), -EISDIR);
	cr_expect_str_eq(sum, "untouched");
}

static void make_tree(void)
{
	oom_tree_remove(in_dir("tree"));
	mkdir(in_dir("tree"), 0755);
	mkdir(in_dir("tree/etc"), 0755);
	oom_file_write(in_dir("tree/etc/a"), "1\n", 2, 0644, NULL);
	oom_file_write(in_dir("tree/etc/b"), "2\n", 2, 0644, NULL);
	cr_assert_eq(symlink("a", in_dir("tree/link")), 0);
}

static void nothing(void)
{
}

static void content(void)
{
	oom_file_write(in_dir("tree/etc/a"), "3\n", 2, 0644, NULL);
}

static void swapped(void)
{
	oom_file_write(in_dir("tree/etc/a"), "2\n", 2, 0644, NULL);
	oom_file_write(in_dir("tree/etc/b"), "1\n", 2, 0644, NULL);
}

static void mode(void)
{
	chmod(in_dir("tree/etc/a"), 0600);
}

static void name(void)
{
	char old[128];

	snprintf(old, sizeof(old), "%s", in_dir("tree/etc/a"));
	cr_assert_eq(rename(old, in_dir("tree/etc/c")), 0);
}

static void one_less(void)
{
	unlink(in_dir("tree/etc/b"));
}

static void empty_folder(void)
{
	mkdir(in_dir("tree/empty"), 0755);
}

static void leads_elsewhere(void)
{
	unlink(in_dir("tree/link"));
	cr_assert_eq(symlink("b", in_dir("tree/link")), 0);
}

static void no_link(void)
{
	unlink(in_dir("tree/link"));
	oom_file_write(in_dir("tree/link"), "a", 1, 0777, NULL);
}

/* Whatever changes a tree changes its digest; the same tree, made again, has the same. */
Test(host_digest, a_tree_is_all_that_is_in_it)
{
	static void (*const changes[])(void) = {nothing, content, swapped, mode, name, one_less,
		empty_folder, leads_elsewhere, no_link};
	enum { N = sizeof(changes) / sizeof(*changes) };
	char sums[N][OOM_DIGEST_TEXT], again[OOM_DIGEST_TEXT];

	for (int i = 0; i < N; i++) {
		make_tree();
		changes[i]();
		cr_assert_eq(oom_digest_tree(in_dir("tree"), sums[i]), 0);
		for (int j = 0; j < i; j++)
			cr_expect_str_neq(sums[i], sums[j], "%d and %d", i, j);
	}
	make_tree();
	cr_assert_eq(oom_digest_tree(in_dir("tree"), again), 0);
	cr_expect_str_eq(again, sums[0]);
}
