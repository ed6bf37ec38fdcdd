// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/host/process.h"
#include "harness/undo/add.h"
#include "harness/undo/session.h"
#include "harness/undo/undo.h"
#include "tests/support/scratch.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[64];

static void set_up(void)
{
	cr_assert_not_null(scratch_dir(dir));
	setenv("OOMGATE_RUNTIME", dir, 1);
}

static void tear_down(void)
{
	scratch_remove(dir);
}

TestSuite(undo_session, .init = set_up, .fini = tear_down);

struct family {
	pid_t leader;
	int alive_fd; /* at its end when nobody of the family is left */
	int go_fd; /* closed: the leader ends, and leaves its child */
};

static struct family family_start(void)
{
	struct family f;
	int alive[2], go[2];
	char c;

	cr_assert(!pipe(alive) && !pipe(go));
	f = (struct family){.leader = fork(), .alive_fd = alive[0], .go_fd = go[1]};
	if (!f.leader) {
		close(go[1]);
		setsid();
		if (!fork())
			for (;;)
				pause();
		if (write(alive[1], "r", 1) == 1 && read(go[0], &c, 1) == 0)
			_exit(0);
		_exit(1);
	}
	close(alive[1]);
	close(go[0]);
	cr_assert_eq(read(f.alive_fd, &c, 1), 1);
	return f;
}

static bool all_gone(const struct family *f)
{
	struct pollfd p = {.fd = f->alive_fd, .events = POLLIN};

	return poll(&p, 1, 0) == 1 && (p.revents & POLLHUP);
}

Test(undo_session, who_stays_when_the_first_ends)
{
	struct family f = family_start();
	struct oom_err err = {0};
	struct oom_undo *undo;

	cr_assert_eq(oom_undo_open(&err, &undo), 0, "%s", err.msg);
	cr_assert_eq(oom_undo_add_session(undo, f.leader, &err), 0, "%s", err.msg);
	close(f.go_fd);
	waitpid(f.leader, NULL, 0);
	cr_expect_not(all_gone(&f), "the child stays");
	cr_expect_eq(oom_undo_close(undo, &err), 0, "%s", err.msg);
	cr_expect(all_gone(&f));
}

Test(undo_session, leader_and_child)
{
	struct family f = family_start();
	struct oom_err err = {0};
	uint64_t start;
	char state;

	cr_assert_eq(oom_process_stat(f.leader, &state, &start), 0);
	cr_expect_eq(oom_session_kill(f.leader, start, &err), 2, "%s", err.msg);
	cr_expect(all_gone(&f));
	cr_expect_eq(oom_session_kill(f.leader, start, &err), 0, "once more: nobody");
	waitpid(f.leader, NULL, 0);
}

Test(undo_session, number_that_went_to_another)
{
	struct family f = family_start();
	struct oom_err err = {0};
	uint64_t start;
	char state;

	cr_assert_eq(oom_process_stat(f.leader, &state, &start), 0);
	cr_expect_eq(oom_session_kill(f.leader, start - 1, &err), 0);
	cr_expect_not(all_gone(&f), "it is not the session that was noted");
	cr_expect_eq(oom_session_kill(f.leader, start, &err), 2);
	waitpid(f.leader, NULL, 0);
}

Test(undo_session, arguments)
{
	static const char *const bad[][2] = {{"1", "5"}, {"0", "5"}, {"-3", "5"}, {"x", "5"},
		{"12x", "5"}, {"12", ""}, {"12", "5y"}};
	struct oom_err err = {0};
	struct oom_undo *undo;

	cr_assert_eq(oom_undo_open(&err, &undo), 0, "%s", err.msg);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		cr_expect_eq(oom_undo_add(undo, &err, "session", bad[i][0], bad[i][1], NULL),
			-EINVAL, "%s %s", bad[i][0], bad[i][1]);
	cr_expect_eq(oom_undo_close(undo, &err), 0);
}
