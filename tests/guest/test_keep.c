// SPDX-License-Identifier: LGPL-2.1-or-later
/* --keep: what is kept of a guest, for how long, and what takes it away. */
#include "harness/guest/attempt/keep.h"
#include "harness/guest/attempt/state.h"
#include "harness/guest/cache/cache.h"
#include "harness/guest/cache/kept.h"
#include "tests/support/scratch.h"

#include <criterion/criterion.h>
#include <errno.h>

static char buf[64];
static const char *top;
static struct oom_arena arena;
static struct oom_guest_host host;
static struct oom_guest_attempt attempt;

static void set_up(void)
{
	top = scratch_dir(buf);
	cr_assert(top);
	setenv("OOMGATE_CACHE", top, 1);
	scratch_file(top, "kept/mine", "mine");
	host = (struct oom_guest_host){.cache = top, .options.keep = true};
	attempt = (struct oom_guest_attempt){
		.host = &host, .job = {.id = "memcg/hog", .attempt = 3, .text = "[Scope box]\n"}};
	scratch_file(top, "run/console", "booted\n");
	scratch_file(top, "run/qemu.log", "");
	snprintf(attempt.console, sizeof(attempt.console), "%s/run/console", top);
	snprintf(attempt.log, sizeof(attempt.log), "%s/run/qemu.log", top);
}

static void tear_down(void)
{
	oom_arena_release(&attempt.arena);
	oom_arena_release(&arena);
	scratch_remove(top);
}

TestSuite(keep, .init = set_up, .fini = tear_down);

static void expect_file(const char *dir, const char *name, const char *text)
{
	char path[PATH_MAX], found[256] = "";
	struct stat st;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "r");
	cr_assert(file, "no '%s'", path);
	found[fread(found, 1, sizeof(found) - 1, file)] = '\0';
	cr_expect(!fstat(fileno(file), &st) && (st.st_mode & 0777) == 0600, "'%s' is %o", path,
		st.st_mode & 0777);
	fclose(file);
	cr_expect_str_eq(found, text, "%s", name);
}

static const char *keep(void)
{
	struct oom_err err = {0};
	const char *dir = NULL;

	cr_assert_eq(oom_guest_attempt_keep(&attempt, &err, &dir), 0, "%s", err.msg);
	return dir;
}

Test(keep, a_person_finds_what_to_look_at)
{
	const char *dir;

	umask(0);
	attempt.command = "qemu -m 256\nqemu -m 256 -incoming defer\n";
	dir = keep();
	cr_assert(dir);
	cr_expect(strstr(dir, "/kept/guest-memcg_hog-3-"), "%s", dir);
	expect_file(dir, "console", "booted\n");
	expect_file(dir, "qemu.log", "");
	expect_file(dir, "command", attempt.command);
	expect_file(dir, "scenario", "[Scope box]\n");
	cr_expect_neq(keep(), dir, "each has its own");
}

Test(keep, the_command_is_one_that_a_shell_takes)
{
	struct oom_image image = {.name = "i", .disk = "/a b/it's.ext2"};
	struct oom_vm_files files = {.qmp_fd = -1,
		.port_fd = -1,
		.swap_fd = -1,
		.disk_fd = -1,
		.head_fd = -1,
		.console = "/c",
		.log = "/l"};

	attempt.vm = (struct oom_vm){.qemu = {.program = "qemu"},
		.accel = "tcg",
		.image = &image,
		.vmlinuz = "/v",
		.initrd = "/i",
		.payload = "/p",
		.kernel = "6.1",
		.shape = {.memory_bytes = 256 << 20, .cpus = 1}};
	oom_attempt_note_command(&attempt, &files);
	oom_attempt_note_command(&attempt, &files);
	cr_assert(attempt.command);
	cr_expect(!strncmp(attempt.command, "qemu ", 5), "%s", attempt.command);
	cr_expect(strstr(attempt.command, "it'\\''s.ext2"), "%s", attempt.command);
	cr_expect(strstr(attempt.command, "\nqemu "), "a line for each start");
}

Test(keep, what_was_not_asked_for_or_never_started_is_not_kept)
{
	cr_expect_null(keep());
	attempt.command = "qemu\n";
	host.options.keep = false;
	cr_expect_null(keep());
	attempt.command = NULL;
	oom_attempt_note_command(&attempt, &(struct oom_vm_files){0});
	cr_expect_null(attempt.command);
}

static int told;

static void say(const char *what)
{
	told += strstr(what, "/kept/guest-memcg_hog-3-") != NULL;
}

Test(keep, the_next_run_leaves_it_and_cleanup_takes_it)
{
	struct oom_err err = {0};
	const char *cache, *dir;

	attempt.command = "qemu\n";
	dir = keep();
	cr_assert_eq(oom_cache_open(&arena, &err, &cache), 0, "%s", err.msg);
	cr_expect_eq(access(dir, F_OK), 0, "opening the cache takes it");
	cr_expect_eq(oom_guest_cleanup(true, say, &err), 1);
	cr_expect_eq(told, 1);
	cr_expect_eq(access(dir, F_OK), 0, "a dry run takes it");
	cr_expect_eq(oom_guest_cleanup(false, say, &err), 1);
	cr_expect_eq(told, 2);
	cr_expect_neq(access(dir, F_OK), 0);
	cr_expect(scratch_exists(top, "kept/mine"), "what is not ours is gone");
	cr_expect_eq(oom_guest_cleanup(false, say, &err), 0);
}
