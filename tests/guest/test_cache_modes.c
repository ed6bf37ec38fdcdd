// SPDX-License-Identifier: LGPL-2.1-or-later
/* Whoever else is on this machine finds nothing to read in the cache, whatever the umask. */
#include "harness/guest/cache/cache.h"
#include "harness/guest/cache/cache_temp.h"
#include "harness/guest/cache/payload.h"
#include "harness/guest/cache/tool.h"
#include "harness/guest/image/initrd.h"
#include "harness/guest/vm/disk.h"
#include "harness/guest/vm/state.h"
#include "harness/host/file.h"
#include "tests/support/own_cache.h"

#include <criterion/criterion.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void open_without_umask(void)
{
	umask(0);
	test_cache_open();
}

TestSuite(cache_modes, .init = open_without_umask, .fini = test_cache_close);

static char first_wide[PATH_MAX];
static int seen;

static int look(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)ftw;
	seen++;
	if (type != FTW_SL && (st->st_mode & 077) && !*first_wide)
		snprintf(first_wide, sizeof(first_wide), "%03o %s", st->st_mode & 0777, path);
	return 0;
}

/* All there is, and nothing of it is wide. */
static void expect_narrow(const char *path, int least)
{
	*first_wide = '\0';
	seen = 0;
	cr_assert_eq(nftw(path, look, 16, FTW_PHYS), 0);
	cr_expect_str_empty(first_wide, "%s", first_wide);
	cr_expect_geq(seen, least, "%d", seen);
}

static const char *in_cache(const char *name)
{
	return oom_arena_printf(&test_cache_arena, "%s/%s", test_cache, name);
}

static void put(const char *name, mode_t mode)
{
	cr_assert_eq(oom_file_write(in_cache(name), "secret", 6, mode, NULL), 0);
}

Test(cache_modes, everything_that_is_made_is_its_owners_alone)
{
	char exe[PATH_MAX] = "";
	struct oom_state state;
	struct oom_saved saved = {.fd = -1,
		.memory = {.parts = {{.name = "ram", .bytes = 1 << 20, .fd = -1}}, .count = 1}};
	struct oom_err err;
	const char *payload, *temp;
	int fd;

	cr_assert_gt(readlink("/proc/self/exe", exe, sizeof(exe) - 1), 0);
	cr_assert_eq(mkdir(in_cache("tree"), 0700), 0);
	put("tree/key", 0600);
	cr_assert_eq(oom_payload_make(&test_cache_arena, test_cache, "/bin/true", "/bin/true",
			     in_cache("tree"), &err, &payload),
		0, "%s", err.msg);
	oom_state_init(test_cache, 1, &state);
	cr_assert_eq(oom_state_create(&state, test_cache, &err, &saved.fd), 0);
	cr_assert_eq(oom_memory_create(&saved.memory, &err), 0);
	cr_assert_eq(oom_state_commit(&state, test_cache, &saved, &err), 0);
	oom_saved_close(&saved);
	fd = oom_disk_create(test_cache, 16 << 20, &err);
	cr_assert_geq(fd, 0, "%s", err.msg);
	close(fd);
	cr_assert_eq(
		oom_cache_temp(&test_cache_arena, test_cache, OOM_CACHE_KERNELS, &err, &temp), 0);
	cr_assert_eq(oom_initrd_write(oom_arena_printf(&test_cache_arena, "%s/initrd", temp), exe,
			     NULL, "6.1", &err),
		0, "%s", err.msg);
	cr_assert_eq(oom_tool_run((const char *const[]){"sh", "-c", "mkdir $0/d; echo x >$0/d/f",
					  temp, NULL},
			     NULL, oom_arena_printf(&test_cache_arena, "%s/log", temp), &err),
		0, "%s", err.msg);
	expect_narrow(test_cache, 17);
}

Test(cache_modes, what_an_older_version_made_wide_is_made_narrow)
{
	static const char *const files[] = {"payloads/0123456789abcdef.ext2",
		"payloads/disk-4096.ext2", "states/0123456789abcdef/state",
		"states/0123456789abcdef/ram", "kernels/0123456789abcdef.cpio",
		"images/debian-bookworm-00000001-00000002/root.ext2", "images/.lock-bookworm",
		"qemu/newer/bin", "kvm-0123456789abcdef", "build-bookworm.log", "fetch-qemu.log"};
	struct oom_err err;

	for (enum oom_cache_folder i = 0; i < OOM_CACHE_FOLDERS; i++)
		cr_assert_eq(chmod(in_cache(oom_cache_folder_name(i)), 0755), 0);
	cr_assert_eq(mkdir(in_cache("states/0123456789abcdef"), 0755) |
			mkdir(in_cache("images/debian-bookworm-00000001-00000002"), 0755) |
			mkdir(in_cache("qemu/newer"), 0755),
		0);
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		put(files[i], 0644);
	cr_assert_eq(oom_cache_open(&test_cache_arena, &err, &test_cache), 0, "%s", err.msg);
	expect_narrow(test_cache, 20);
}

static mode_t mode_of(const char *name)
{
	struct stat st;

	cr_assert_eq(stat(in_cache(name), &st), 0, "%s", name);
	return st.st_mode & 0777;
}

Test(cache_modes, a_folder_that_was_named_keeps_what_is_not_ours)
{
	static const char *const foreign[] = {"build-area", "debian-stuff", "disk-images", "newer",
		"images/debian-mine", "states/.tmp-mine"};
	struct oom_err err;

	cr_assert_eq(chmod(test_cache, 0755) | chmod(in_cache("images"), 0755), 0);
	put("images/holiday.jpg", 0644);
	put("notes", 0644);
	put("images/.lock-forky", 0644);
	/* names that only begin as ours do, and what is below them */
	for (size_t i = 0; i < sizeof(foreign) / sizeof(*foreign); i++) {
		cr_assert_eq(mkdir(in_cache(foreign[i]), 0755), 0);
		put(oom_arena_printf(&test_cache_arena, "%s/file", foreign[i]), 0644);
	}
	cr_assert_eq(oom_cache_open(&test_cache_arena, &err, &test_cache), 0, "%s", err.msg);
	cr_expect_eq(mode_of("."), 0755);
	cr_expect_eq(mode_of("notes"), 0644);
	cr_expect_eq(mode_of("images/holiday.jpg"), 0644);
	cr_expect_eq(mode_of("images"), 0700);
	cr_expect_eq(mode_of("images/.lock-forky"), 0600);
	for (size_t i = 0; i < sizeof(foreign) / sizeof(*foreign); i++) {
		cr_expect_eq(mode_of(foreign[i]), 0755, "%s", foreign[i]);
		cr_expect_eq(mode_of(oom_arena_printf(&test_cache_arena, "%s/file", foreign[i])),
			0644, "%s", foreign[i]);
	}
}

/* Neither swept nor narrowed: a link that somebody laid in the place of one of our folders. */
Test(cache_modes, a_link_to_a_folder_of_others_is_not_followed)
{
	struct oom_err err;

	cr_assert_eq(mkdir(in_cache("theirs"), 0755) | rmdir(in_cache("states")) |
			symlink("theirs", in_cache("states")) |
			mkdir(in_cache("theirs/.tmp-1-deadbeef"), 0755),
		0);
	cr_expect_eq(oom_cache_sweep(test_cache, false, 0, NULL, &err), 0);
	oom_cache_open(&test_cache_arena, &err, &test_cache);
	cr_expect_eq(mode_of("theirs"), 0755);
	cr_expect_eq(mode_of("theirs/.tmp-1-deadbeef"), 0755);
}

Test(cache_modes, one_that_was_not_named_is_ours_as_a_whole)
{
	struct oom_err err;
	const char *own;

	cr_assert_eq(mkdir(in_cache("oomgate"), 0755), 0);
	setenv("XDG_CACHE_HOME", test_cache, 1);
	unsetenv("OOMGATE_CACHE");
	cr_assert_eq(oom_cache_open(&test_cache_arena, &err, &own), 0, "%s", err.msg);
	cr_expect_eq(mode_of("oomgate"), 0700);
	expect_narrow(own, 6);
}
