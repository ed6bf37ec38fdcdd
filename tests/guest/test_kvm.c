// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/guest/attempt/facts.h"
#include "tests/support/scratch.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <utime.h>

/* Why KVM does not work, from the device to the guest that did not come up. */

Test(guest_kvm, the_device_tells_what_it_can)
{
	static const struct {
		const char *path;
		int r;
		const char *says;
	} rows[] = {
		{"/nowhere/kvm", -ENOENT,
			"/nowhere/kvm is missing: no virtualisation, or it is disabled"},
		{"/", -EISDIR, "/ cannot be opened: Is a directory"},
		{"/dev/null", -ENODEV, "/dev/null has an unknown KVM API version: -1, not 12"},
	};
	char why[240];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cr_expect_eq(oom_kvm_check_device(rows[i].path, why, sizeof(why)), rows[i].r,
			"row %zu", i);
		cr_expect(strstr(why, rows[i].says), "row %zu: %s", i, why);
	}
}

Test(guest_kvm, a_guest_that_did_not_come_up_is_explained)
{
	static const struct {
		const char *log; /* NULL: there is none */
		int status; /* of wait(2); -1: it hung */
		const char *says;
	} rows[] = {
		{"KVM internal error. Suberror: 1\nemulation failure\nEAX=0\nEBX=0\n", -1,
			"a guest hung with it for 10 s: 'KVM internal error. Suberror: 1'"},
		{"", -1, "a guest hung with it for 10 s"},
		{NULL, -1, "a guest hung with it for 10 s"},
		{"x\nqemu: failed to initialize kvm: Permission denied\n", 1 << 8,
			"a guest with it ended before it had booted (QEMU's exit status 1): "
			"'failed to initialize kvm: Permission denied'"},
		{"kvm.c:3183: Assertion failed\n", 6,
			"QEMU was killed by signal 6 with it: 'kvm.c:3183: Assertion failed'"},
	};
	struct oom_arena arena = {0};
	char buf[64], why[240], path[128];
	const char *dir = scratch_dir(buf);

	cr_assert_not_null(dir);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char name[16];

		snprintf(name, sizeof(name), "log%zu", i);
		snprintf(path, sizeof(path), "%s/%s", dir, name);
		if (rows[i].log)
			scratch_file(dir, name, rows[i].log);
		oom_kvm_explain(&arena, path, rows[i].status, why, sizeof(why));
		cr_expect_str_eq(why, rows[i].says, "row %zu: %s", i, why);
	}
	oom_arena_release(&arena);
	scratch_remove(dir);
}

Test(guest_kvm, an_answer_is_remembered_with_its_reason)
{
	static const struct {
		const char *file;
		bool found, works;
		const char *why;
	} rows[] = {
		{"yes\n", true, true, ""},
		{"no\na guest hung with it for 10 s: 'x'\n", true, false,
			"a guest hung with it for 10 s: 'x'"},
		{"no\n", true, false, "a guest did not boot with it"}, /* of an older program */
		{"no", true, false, "a guest did not boot with it"},
		{NULL, false, false, ""},
	};
	struct oom_arena arena = {0};
	char buf[64], path[128];
	const char *dir = scratch_dir(buf);

	cr_assert_not_null(dir);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct oom_kvm kvm = {.probed_s = -1};
		struct utimbuf times = {.actime = 1767225600, .modtime = 1767225600};
		char name[16];

		snprintf(name, sizeof(name), "kvm%zu", i);
		snprintf(path, sizeof(path), "%s/%s", dir, name);
		if (rows[i].file) {
			scratch_file(dir, name, rows[i].file);
			cr_assert_eq(utime(path, &times), 0);
		}
		cr_expect_eq(oom_kvm_remembered(&arena, path, &kvm), rows[i].found, "row %zu", i);
		cr_expect_eq(kvm.works, rows[i].works, "row %zu", i);
		cr_expect_eq(kvm.probed_s, rows[i].found ? 1767225600 : -1, "row %zu", i);
		cr_expect_str_eq(kvm.why, rows[i].why, "row %zu: %s", i, kvm.why);
	}
	oom_arena_release(&arena);
	scratch_remove(dir);
}

Test(guest_kvm, doctor_says_which_when_and_how_again)
{
	static const struct {
		struct oom_kvm kvm;
		int state;
		const char *says;
	} rows[] = {
		{{.device = false, .probed_s = -1, .why = "/dev/kvm is missing"}, OOM_KVM_NO,
			"/dev/kvm is missing"},
		{{.device = true, .probed_s = -1}, OOM_KVM_UNTRIED,
			"/dev/kvm can be opened; the first run in guests probes whether a guest "
			"boots with it"},
		{{.device = true, .works = true, .probed_s = 1767225600, .path = "/c/kvm-1"},
			OOM_KVM_YES,
			"a guest boots with it (probed 2026-01-01 00:00 UTC; remove '/c/kvm-1' "
			"and the next run in guests probes again)"},
		{{.device = true,
			 .probed_s = 1767225600,
			 .why = "a guest hung",
			 .path = "/c/kvm-1"},
			OOM_KVM_NO,
			"a guest hung (probed 2026-01-01 00:00 UTC; remove '/c/kvm-1' and the next run in guests "
			"probes again)"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct oom_guest_facts facts = {0};

		oom_kvm_describe(&rows[i].kvm, &facts);
		cr_expect_eq((int)facts.kvm_state, rows[i].state, "row %zu", i);
		cr_expect_str_eq(facts.kvm, rows[i].says, "row %zu: %s", i, facts.kvm);
	}
}
