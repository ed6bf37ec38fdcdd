// SPDX-License-Identifier: LGPL-2.1-or-later
/* What leads from one phase of an attempt to another: the test is QEMU, its guest, and the clock. */
#include "harness/guest/attempt/attempt.h"
#include "harness/guest/attempt/qmp.h"
#include "harness/guest/attempt/state.h"
#include "harness/host/file.h"
#include "harness/host/process.h"
#include "tests/support/fake_guest.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define RETURN	 "{\"return\": {}}\n"
#define ERROR	 "{\"error\": {\"class\": \"GenericError\", \"desc\": \"no such thing\"}}\n"
#define PANICKED "{\"event\": \"GUEST_PANICKED\", \"data\": {\"action\": \"run\"}}\n"
#define SHUTDOWN(reason)                                                                           \
	"{\"event\": \"SHUTDOWN\", \"data\": {\"guest\": true, \"reason\": \"" reason "\"}}\n"
#define MIGRATION(status) "{\"event\": \"MIGRATION\", \"data\": {\"status\": \"" status "\"}}\n"

/* Which steps of a conversation wait for what: the tables in qmp.c. */
enum { BOOT_HELLO = 3, BOOT_STOP, BOOT_LIMIT, BOOT_GET_FD, BOOT_MIGRATE };
enum { RESTORE_GET_FD = 3, RESTORE_MIGRATE, RESTORE_TURN, RESTORE_CONT };

enum happening {
	SAYS = 1,
	HELLO = 2,
	DONE = 4,
	EXITS = 8,
	DEADLINE = 16,
	SILENCE = 32,
	WOKEN = 64
};

/* The machine of the test is booted by somebody else; or nobody boots it any more. */
enum others { NOBODY, BOOTING, FAILED };

static const struct row {
	const char *name;
	enum oom_guest_phase phase;
	const struct oom_qmp_step *steps;
	int step;
	unsigned happens;
	const char *qemu; /* what it says */
	enum others others;
	bool tried_before;
	enum oom_guest_phase then;
	const char *hears; /* of what QEMU is told; "" where it is nothing */
	enum oom_verdict verdict;
	const char *reason; /* of a record; NULL: there is none */
	bool mapped, changed; /* its memory is in files; somebody wrote to the saved machine */
} rows[] = {
	{"an agent is up: stop", OOM_GUEST_BOOTING, oom_qmp_boot, BOOT_HELLO, HELLO, NULL, NOBODY,
		false, OOM_GUEST_BOOTING, "{\"execute\":\"stop\"}\n", 0, NULL},
	{"an agent that is up too early is waited for no longer", OOM_GUEST_BOOTING, oom_qmp_boot,
		BOOT_HELLO - 1, HELLO | SAYS, RETURN, NOBODY, false, OOM_GUEST_BOOTING,
		"{\"execute\":\"stop\"}\n", 0, NULL},
	{"the guest stands still: save", OOM_GUEST_BOOTING, oom_qmp_boot, BOOT_STOP, SAYS, RETURN,
		NOBODY, false, OOM_GUEST_SAVING, "migrate-set-parameters", 0, NULL},
	{"answers in one piece are as many answers", OOM_GUEST_BOOTING, oom_qmp_boot, BOOT_STOP,
		SAYS, RETURN RETURN RETURN, NOBODY, false, OOM_GUEST_SAVING,
		"{\"uri\":\"fd:state\"}", 0, NULL},
	{"there is no room to save", OOM_GUEST_SAVING, oom_qmp_boot, BOOT_MIGRATE, SAYS,
		MIGRATION("failed"), NOBODY, false, OOM_GUEST_OVER, "", OOM_BROKEN,
		"cannot save the guest in '"},
	{"stopped and refused in one piece: the second is of the new phase", OOM_GUEST_BOOTING,
		oom_qmp_boot, BOOT_STOP, SAYS, RETURN MIGRATION("failed"), NOBODY, false,
		OOM_GUEST_OVER, NULL, OOM_BROKEN, "cannot save the guest in '"},
	{"QEMU refuses while it boots", OOM_GUEST_BOOTING, oom_qmp_boot, 0, SAYS, ERROR, NOBODY,
		false, OOM_GUEST_OVER, "", OOM_BROKEN, "QEMU refused a command: no such thing"},
	{"restored: it goes on", OOM_GUEST_RESTORING, oom_qmp_restore, RESTORE_MIGRATE, SAYS,
		MIGRATION("completed"), NOBODY, false, OOM_GUEST_RESTORING,
		"{\"execute\":\"cont\"}\n", 0, NULL},
	{"it goes on: run", OOM_GUEST_RESTORING, oom_qmp_restore, RESTORE_CONT, SAYS, RETURN,
		NOBODY, false, OOM_GUEST_RUNNING, "", 0, NULL},
	{"a saved machine that is refused is booted anew", OOM_GUEST_RESTORING, oom_qmp_restore,
		RESTORE_MIGRATE, SAYS, ERROR, BOOTING, false, OOM_GUEST_WAITING, "", 0, NULL},
	{"one that takes too long, too", OOM_GUEST_RESTORING, oom_qmp_restore, RESTORE_MIGRATE,
		DEADLINE, NULL, BOOTING, false, OOM_GUEST_WAITING, "", 0, NULL},
	{"one that exits, too", OOM_GUEST_RESTORING, oom_qmp_restore, RESTORE_MIGRATE, EXITS, NULL,
		BOOTING, false, OOM_GUEST_WAITING, NULL, 0, NULL},
	{"but not for ever", OOM_GUEST_RESTORING, oom_qmp_restore, RESTORE_MIGRATE, EXITS, NULL,
		BOOTING, true, OOM_GUEST_OVER, NULL, OOM_BROKEN,
		"QEMU was killed by signal 15 while it was restored"},
	{"nor where nobody can boot it", OOM_GUEST_RESTORING, oom_qmp_restore, RESTORE_MIGRATE,
		EXITS, NULL, FAILED, false, OOM_GUEST_OVER, NULL, OOM_BROKEN,
		"not tried again: it did not boot"},
	{"the last word of QEMU is heard: it ran", OOM_GUEST_RESTORING, oom_qmp_restore,
		RESTORE_CONT, SAYS | EXITS, RETURN, NOBODY, false, OOM_GUEST_OVER, NULL, OOM_BROKEN,
		"QEMU was killed by signal 15 in the attempt"},
	{"the last words of QEMU are heard: a reset", OOM_GUEST_RUNNING, NULL, 0, SAYS | EXITS,
		RETURN SHUTDOWN("guest-reset"), NOBODY, false, OOM_GUEST_OVER, NULL, OOM_BROKEN,
		"the guest reset itself without a panic (a triple fault?) in the attempt after "},
	{"a power-off", OOM_GUEST_RUNNING, NULL, 0, SAYS | EXITS, SHUTDOWN("guest-shutdown"),
		NOBODY, false, OOM_GUEST_OVER, NULL, OOM_BROKEN,
		"the guest powered itself off in the attempt after "},
	{"a panic is a fail", OOM_GUEST_RUNNING, NULL, 0, SAYS | EXITS,
		PANICKED SHUTDOWN("guest-reset"), NOBODY, false, OOM_GUEST_OVER, NULL, OOM_FAIL,
		"the guest's kernel panicked: "},
	{"a refused fault ends nothing", OOM_GUEST_RUNNING, NULL, 0, SAYS, ERROR, NOBODY, false,
		OOM_GUEST_RUNNING, "", 0, NULL},
	{"no verdict", OOM_GUEST_RUNNING, NULL, 0, DEADLINE, NULL, NOBODY, false, OOM_GUEST_OVER,
		"", OOM_BROKEN, "the guest had no verdict by its deadline in the attempt after "},
	{"no sign of life", OOM_GUEST_RUNNING, NULL, 0, SILENCE, NULL, NOBODY, false,
		OOM_GUEST_OVER, "", OOM_BROKEN, "the guest sent nothing in the attempt after "},
	{"no end of a boot", OOM_GUEST_BOOTING, oom_qmp_boot, BOOT_HELLO, DEADLINE, NULL, NOBODY,
		false, OOM_GUEST_OVER, "", OOM_BROKEN,
		"was not ready in time (raise OOMGATE_BOOT_TIMEOUT)"},
	{"no end of saving", OOM_GUEST_SAVING, oom_qmp_boot, BOOT_MIGRATE, DEADLINE, NULL, NOBODY,
		false, OOM_GUEST_OVER, "", OOM_BROKEN,
		"was not ready by its deadline while it was saved"},
	{"waited in vain", OOM_GUEST_WAITING, NULL, 0, DEADLINE, NULL, BOOTING, false,
		OOM_GUEST_OVER, "", OOM_BROKEN, "timed out waiting for the guest to boot"},
	{"its boot is over, and somebody boots again", OOM_GUEST_WAITING, NULL, 0, WOKEN, NULL,
		BOOTING, false, OOM_GUEST_WAITING, "", 0, NULL},
	{"its boot is over, in vain", OOM_GUEST_WAITING, NULL, 0, WOKEN, NULL, FAILED, false,
		OOM_GUEST_OVER, "", OOM_BROKEN, "not tried again: it did not boot"},
	{"a record is the end, whatever is said behind it", OOM_GUEST_RUNNING, NULL, 0, DONE, NULL,
		NOBODY, false, OOM_GUEST_OVER, "", OOM_BROKEN,
		"the guest's record is not believed: it is not JSON"},
	{"what is in the stream is restored from it", OOM_GUEST_RESTORING, oom_qmp_restore, 1, SAYS,
		RETURN, NOBODY, false, OOM_GUEST_RESTORING, "{\"fdname\":\"state\"}", 0, NULL},
	{"memory in files is no part of the stream", OOM_GUEST_RESTORING, oom_qmp_restore, 1, SAYS,
		RETURN, NOBODY, false, OOM_GUEST_RESTORING, "x-ignore-shared", 0, NULL, true},
	{"nor of that which is saved", OOM_GUEST_BOOTING, oom_qmp_boot, 1, SAYS, RETURN, NOBODY,
		false, OOM_GUEST_BOOTING, "x-ignore-shared", 0, NULL, true},
	{"a record of a guest whose memory was written to counts for nothing", OOM_GUEST_RUNNING,
		NULL, 0, DONE, NULL, BOOTING, false, OOM_GUEST_WAITING, "", 0, NULL, true, true},
	{"nor does its death", OOM_GUEST_RUNNING, NULL, 0, EXITS, NULL, BOOTING, false,
		OOM_GUEST_WAITING, NULL, 0, NULL, true, true},
	{"nor its silence", OOM_GUEST_RUNNING, NULL, 0, SILENCE, NULL, BOOTING, false,
		OOM_GUEST_WAITING, NULL, 0, NULL, true, true},
	{"but not for ever, either", OOM_GUEST_RUNNING, NULL, 0, DONE, NULL, NOBODY, true,
		OOM_GUEST_OVER, "", OOM_BROKEN, "was written to while a guest ran from it", true,
		true},
};

static void say(struct fake_guest *guest, enum oom_frame_type type)
{
	cr_assert_eq(oom_frame_send(guest->guest_fd, type, NULL, 0), 0);
}

static void happen(struct fake_guest *guest, const struct row *row)
{
	struct oom_guest_attempt *a = guest->a;
	uint64_t one = 1;

	if (row->happens & HELLO)
		say(guest, OOM_FRAME_HELLO);
	if (row->happens & HELLO && row->happens & SAYS)
		fake_guest_step(guest); /* the agent first */
	if (row->happens & DONE) {
		say(guest, OOM_FRAME_DONE);
		say(guest, OOM_FRAME_HELLO);
	}
	if (row->happens & SAYS)
		cr_assert_eq(write(guest->qemu_fd, row->qemu, strlen(row->qemu)),
			(ssize_t)strlen(row->qemu));
	if (row->happens & EXITS) {
		kill(a->pid, SIGTERM);
		cr_assert_eq(poll(&(struct pollfd){a->pid_fd, POLLIN, 0}, 1, 10000), 1);
		close(guest->qemu_fd);
		guest->qemu_fd = -1;
	}
	if (row->happens & WOKEN)
		cr_assert_eq(write(a->wait_fd, &one, sizeof(one)), (ssize_t)sizeof(one));
	if (row->happens & DEADLINE)
		a->deadline_us = 1;
	if (row->happens & SILENCE)
		a->silence_us = 1;
	oom_attempt_arm(a);
}

/* What QEMU was told; "" for nothing */
static const char *heard(struct fake_guest *guest, char buf[static 1024])
{
	ssize_t n = guest->qemu_fd < 0 ? 0 : recv(guest->qemu_fd, buf, 1023, MSG_DONTWAIT);

	buf[n > 0 ? n : 0] = '\0';
	return buf;
}

static void try(const struct row *row)
{
	struct oom_boot others = {.key = 1,
		.under_way = row->others == BOOTING,
		.failures = row->others == FAILED ? 2 : 0,
		.why = "it did not boot"};
	struct fake_guest guest;
	char buf[1024];

	fake_guest_begin(&guest);
	guest.host.boots = row->others == NOBODY ? NULL : &others;
	guest.a->phase = row->phase;
	guest.a->restored_twice = row->tried_before;
	guest.a->step = row->steps ? row->steps + row->step : NULL;
	guest.a->look_us = UINT64_MAX;
	guest.a->saved.memory.count = row->mapped;
	guest.a->saved.memory.parts[0].fd = -1;
	guest.a->saved.stamp = row->changed;
	if (row->phase != OOM_GUEST_WAITING)
		fake_guest_spawn(&guest);
	if (row->phase == OOM_GUEST_BOOTING)
		guest.a->boot = &others;
	happen(&guest, row);
	cr_assert_eq(poll(&(struct pollfd){oom_guest_attempt_fd(guest.a), POLLIN, 0}, 1, 10000), 1);
	for (int i = 0; i < 3; i++) /* a report may lead to others, and then to none */
		fake_guest_step(&guest);
	cr_expect_eq(guest.a->phase, row->then, "%s: phase %d", row->name, guest.a->phase);
	cr_expect_eq(guest.record != NULL, row->reason != NULL, "%s: record", row->name);
	if (guest.record && row->reason) {
		cr_expect_eq(guest.record->verdict, row->verdict, "%s: verdict %d", row->name,
			guest.record->verdict);
		cr_expect(strstr(guest.record->reason, row->reason), "%s: '%s'", row->name,
			guest.record->reason);
		cr_expect_eq(guest.a->pid, 0, "%s: QEMU is ended", row->name);
	} else {
		cr_expect_gt(guest.a->deadline_us, guest.a->phase_us, "%s: deadline", row->name);
	}
	heard(&guest, buf);
	if (row->hears && *row->hears)
		cr_expect(strstr(buf, row->hears), "%s: QEMU is told '%s'", row->name, buf);
	else if (row->hears)
		cr_expect_str_eq(buf, "", "%s: QEMU is told '%s'", row->name, buf);
	fake_guest_end(&guest);
}

TestSuite(guest_attempt, .timeout = 120);

Test(guest_attempt, each_report_leads_where_it_shall)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		try(&rows[i]);
}

/* Ahead of its turn a guest is restored and stands still; whatever else comes waits for its turn. */
Test(guest_attempt, ahead_of_its_turn)
{
	static const struct {
		const char *name;
		unsigned happens;
		const char *qemu;
		bool stands; /* its guest is there when its turn comes */
		enum oom_guest_phase then; /* after that */
	} cases[] = {
		{"restored", SAYS, MIGRATION("completed"), true, OOM_GUEST_RESTORING},
		{"refused", SAYS, ERROR, false, OOM_GUEST_WAITING},
		{"died", EXITS, NULL, false, OOM_GUEST_WAITING},
		{"restored, and died", SAYS | EXITS, MIGRATION("completed"), false,
			OOM_GUEST_WAITING},
		{"too slow", DEADLINE, NULL, false, OOM_GUEST_WAITING},
		{"panicked", SAYS | EXITS, PANICKED SHUTDOWN("guest-reset"), false,
			OOM_GUEST_WAITING},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct row row = {.happens = cases[i].happens, .qemu = cases[i].qemu};
		struct oom_boot others = {.key = 1, .under_way = true};
		struct fake_guest guest;
		uint64_t before_us;
		char buf[1024];

		fake_guest_begin(&guest);
		guest.host.boots = &others;
		guest.a->ahead = true;
		guest.a->phase = OOM_GUEST_RESTORING;
		guest.a->step = oom_qmp_restore + RESTORE_MIGRATE;
		guest.a->look_us = UINT64_MAX;
		fake_guest_spawn(&guest);
		happen(&guest, &row);
		for (int n = 0; n < 3; n++)
			fake_guest_step(&guest);
		cr_expect_eq(
			guest.a->phase, OOM_GUEST_READY, "%s: %d", cases[i].name, guest.a->phase);
		cr_expect_eq(guest.a->pid > 0, cases[i].stands, "%s", cases[i].name);
		cr_expect_null(guest.record, "%s", cases[i].name);
		cr_expect_str_eq(heard(&guest, buf), "", "%s", cases[i].name);
		before_us = oom_monotonic_us();
		oom_guest_attempt_go(guest.a);
		cr_expect_geq(guest.a->start_us, before_us, "%s", cases[i].name);
		cr_expect_eq(
			guest.a->phase, cases[i].then, "%s: %d", cases[i].name, guest.a->phase);
		if (cases[i].stands)
			cr_expect_str_eq(heard(&guest, buf), "{\"execute\":\"cont\"}\n");
		oom_guest_attempt_go(guest.a); /* once */
		cr_expect_eq(guest.a->phase, cases[i].then, "%s", cases[i].name);
		fake_guest_end(&guest);
	}
}

/* Its turn comes while its guest is being restored. */
Test(guest_attempt, a_turn_that_comes_early)
{
	struct row row = {.happens = SAYS, .qemu = MIGRATION("completed")};
	struct fake_guest guest;
	char buf[1024];

	fake_guest_begin(&guest);
	guest.a->ahead = true;
	guest.a->phase = OOM_GUEST_RESTORING;
	guest.a->step = oom_qmp_restore + RESTORE_MIGRATE;
	guest.a->look_us = UINT64_MAX;
	fake_guest_spawn(&guest);
	oom_guest_attempt_go(guest.a);
	cr_expect_eq(guest.a->phase, OOM_GUEST_RESTORING);
	cr_expect_str_eq(heard(&guest, buf), "");
	happen(&guest, &row);
	fake_guest_step(&guest);
	cr_expect_str_eq(heard(&guest, buf), "{\"execute\":\"cont\"}\n");
	row.qemu = RETURN;
	happen(&guest, &row);
	fake_guest_step(&guest);
	cr_expect_eq(guest.a->phase, OOM_GUEST_RUNNING);
	fake_guest_end(&guest);
}

/* Anybody in the guest may write to its console: the words alone are no panic. */
Test(guest_attempt, words_on_the_console_are_no_panic)
{
	static const struct {
		const char *qemu, *console;
		enum oom_verdict verdict;
		bool panicked;
	} cases[] = {
		{SHUTDOWN("guest-reset"), "Kernel panic - not syncing: x\n", OOM_INCONCLUSIVE,
			false},
		{PANICKED SHUTDOWN("guest-reset"), "", OOM_FAIL, true},
		{PANICKED SHUTDOWN("guest-shutdown"), "", OOM_FAIL, true},
		{SHUTDOWN("guest-shutdown"), "Kernel panic - not syncing: x\n", OOM_BROKEN, false},
		{SHUTDOWN("guest-reset"), "Kernel panic\n", OOM_BROKEN, false},
		{RETURN, "Kernel panic - not syncing: x\n", OOM_BROKEN, false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct row row = {.happens = SAYS | EXITS, .qemu = cases[i].qemu};
		struct fake_guest guest;

		fake_guest_begin(&guest);
		fake_guest_spawn(&guest);
		cr_assert_eq(oom_file_write(guest.a->console, cases[i].console,
				     strlen(cases[i].console), 0600, NULL),
			0);
		happen(&guest, &row);
		for (int n = 0; n < 3; n++)
			fake_guest_step(&guest);
		cr_assert_not_null(guest.record, "case %zu", i);
		cr_expect_eq(guest.record->verdict, cases[i].verdict, "case %zu: %s", i,
			guest.record->reason);
		cr_expect_eq(guest.record->panicked, cases[i].panicked, "case %zu", i);
		fake_guest_end(&guest);
	}
}

Test(guest_attempt, files_of_the_guest_have_plain_names)
{
	static const struct {
		const char *name;
		bool kept;
	} cases[] = {
		{"kmsg", true},
		{"a/b/trace", true},
		{"consoles", true},
		{"a/console", true},
		{"...", true},
		{".hidden", true},
		{"qemu.log.1", true},
		{"", false},
		{".", false},
		{"..", false},
		{"/kmsg", false},
		{"./qemu.log", false},
		{"console", false},
		{"console/x", false},
		{"qemu.log", false},
		{"a//b", false},
		{"a/", false},
		{"a/./b", false},
		{"a/../b", false},
		{"a/..", false},
		{"a\nb", false},
		{"a\x1b[2J", false},
		{"a\x7f", false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct fake_guest guest;
		char path[128];

		fake_guest_begin(&guest);
		cr_assert_eq(oom_frame_send(guest.guest_fd, OOM_FRAME_FILE, cases[i].name,
				     strlen(cases[i].name) + 1),
			0);
		fake_guest_step(&guest);
		snprintf(path, sizeof(path), "%s/%s", guest.dir, cases[i].name);
		if (cases[i].kept)
			cr_expect(!guest.record && !access(path, F_OK), "'%s'", cases[i].name);
		else
			cr_expect(guest.record && strstr(guest.record->reason, "evidence"), "'%s'",
				cases[i].name);
		fake_guest_end(&guest);
	}
}
