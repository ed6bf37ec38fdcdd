// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/host/pin_file.h"
#include "lib/base/cleanup.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

/* proc_pid_status(5): what this process has locked, in KiB. */
static long locked_kib(void)
{
	oom_autofclose FILE *file = fopen("/proc/self/status", "r");
	char line[128];

	cr_assert_not_null(file);
	while (fgets(line, sizeof(line), file))
		if (!strncmp(line, "VmLck:", 6))
			return strtol(line + 6, NULL, 10);
	return -1;
}

Test(pin_file, its_pages_are_locked_until_another_is_released)
{
	char path[] = "/tmp/oomgate-test-XXXXXX", text[12345];
	oom_autoclose int fd = mkstemp(path);
	char other_path[] = "/tmp/oomgate-test-XXXXXX";
	oom_autoclose int other_fd = mkstemp(other_path);
	struct oom_pinned pinned, other;
	long before = locked_kib();
	void *addr;

#ifdef __SANITIZE_ADDRESS__
	cr_skip("AddressSanitizer makes mlock(2) do nothing");
#endif

	memset(text, 'x', sizeof(text));
	cr_assert_eq(write(fd, text, sizeof(text)), (ssize_t)sizeof(text));
	oom_pin_file(path, &pinned);
	cr_expect_eq(pinned.bytes, sizeof(text));
	cr_expect_arr_eq(pinned.addr, text, sizeof(text));
	cr_expect_eq(locked_kib(), before + 16, "12345 bytes are four pages");
	addr = pinned.addr;
	oom_pinned_release(&pinned);
	cr_expect_null(pinned.addr);
	cr_expect_eq(locked_kib(), before + 16, "the last one stays");
	oom_pin_file(path, &pinned);
	cr_expect_eq(pinned.addr, addr, "and is what the next wants");
	oom_pinned_release(&pinned);

	cr_assert_eq(write(other_fd, text, 1), 1);
	oom_pin_file(other_path, &other);
	cr_expect_eq(locked_kib(), before + 20);
	oom_pinned_release(&other);
	cr_expect_eq(locked_kib(), before + 4, "of two released ones the last");
	oom_pinned_release(&other); /* nothing is in it */

	/* the same name, and another file: longer than it was */
	cr_assert_eq(write(other_fd, text, sizeof(text)), (ssize_t)sizeof(text));
	oom_pin_file(other_path, &other);
	cr_expect_eq(other.bytes, sizeof(text) + 1);
	oom_pinned_release(&other);
	unlink(other_path);
	unlink(path);
}

Test(pin_file, what_cannot_be_mapped_is_not_pinned)
{
	char path[] = "/tmp/oomgate-test-XXXXXX";
	oom_autoclose int fd = mkstemp(path);
	const char *const paths[] = {path /* empty */, "/", "/nonexistent/file"};

	cr_assert_geq(fd, 0);
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		struct oom_pinned pinned = {.addr = path, .bytes = 1};

		oom_pin_file(paths[i], &pinned);
		cr_expect_null(pinned.addr, "%s", paths[i]);
		oom_pinned_release(&pinned);
	}
	unlink(path);
}
