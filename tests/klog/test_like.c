// SPDX-License-Identifier: LGPL-2.1-or-later
/* What saves time may change nothing: fronts that are known, line ends that are found with marks. */
#include "lib/klog/frame.h"
#include "lib/klog/like.h"
#include "lib/klog/scan.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static const char *const lines[] = {
	"[    1.234567] x invoked oom-killer: gfp_mask=0xcc0",
	"[    1.234569] [  123]  0  123  100  50",
	"[    1.234570] host systemd[1]: x.scope: Killed",
	"[    1.234571] (2)[195:kswapd0]lowmemorykiller: Killing",
	"[    1.234572][  T123] Out of memory",
	"[    1.234572][  T124] Out of memory",
	"[   12.234572] Out of memory",
	"[  123.99] Out of memory",
	"[  123.99] ",
	"[  123.99]",
	"[Tue Aug 12 03:54:03 2025] Out of memory",
	"[+0.000012] Out of memory",
	"<4>[    1.234567] Out of memory",
	"<30>[    1.234567] Out of memory",
	"Aug 12 03:54:03 host kernel: [    1.234567] Out of memory",
	"Aug 12 23:59:59 host kernel: [    1.234568] [  123]  0  123  100  50",
	"Aug 12 03:54:03 host kernel: [    1.234569] (2)[195:kswapd0]lowmemorykiller: Killing",
	"Aug 12 03:54:03 host kernel: Out of memory",
	"Aug 12 03:54:04 host kernel: <30>user",
	"Aug 12 03:54:04 host kernel: message repeated 2 times: [ Out of memory]",
	"Aug 12 03:54:04 host kernel: [  123]  0  123  100  50",
	"Aug 12 03:54:04 host kernel: ",
	"Aug 12 03:54:04 host kernel:",
	"Aug 12 03:54:04 other kernel: Out of memory",
	"Aug 13 03:54:04 host kernel: Out of memory",
	"Aug 12 03:54:03 host sshd[77]: Out of memory",
	"Aug 12 3:54:03 host kernel: Out of memory",
	"Aug 12 03:54:03 h kernel: | vcpu-0| Guest: Out of memory",
	"Aug 12 03:54:03 h kernel: x vcpu-0| Guest: Out of memory",
	"2025-08-12T03:54:03.123456+00:00 host kernel: Out of memory",
	"2025-08-12T03:54:04.654321+00:00 host kernel: [    1.234567] Out of memory",
	"2025-08-12T03:54:04.65432+00:00 host kernel: [    1.234567] Out of memory",
	"2025-08-12T03:54:03,123456+00:00 Out of memory",
	"03:54:03 host kernel: Out of memory",
	"4,12,1234567,-;Out of memory",
	"kern  :warn  : [    1.234567] Out of memory",
	"MESSAGE=Out of memory",
	"> [    1.234567] Out of memory",
	"\r[    1.234567] Out of memory",
	"",
};
#define N_LINES (sizeof(lines) / sizeof(lines[0]))

static struct oom_span span(const char *text)
{
	return (struct oom_span){text, strlen(text)};
}

static bool same_span(struct oom_span a, struct oom_span b)
{
	return a.at == b.at && a.len == b.len;
}

static bool same_line(const struct oom_klog_line *a, const struct oom_klog_line *b)
{
	return same_span(a->text, b->text) && a->origin == b->origin &&
		same_span(a->ident, b->ident) && a->time_us == b->time_us &&
		same_span(a->hour, b->hour) && a->caller == b->caller && a->framed == b->framed &&
		a->escaped == b->escaped && a->json == b->json && a->continues == b->continues &&
		a->kmsg == b->kmsg;
}

Test(klog_like, any_line_after_any_other_is_framed_as_alone)
{
	for (size_t i = 0; i < N_LINES; i++) {
		for (size_t j = 0; j < N_LINES; j++) {
			struct oom_klog_like like = {0};
			struct oom_klog_line first, after, alone;

			oom_klog_frame_like(&like, span(lines[i]), &first);
			oom_klog_frame(span(lines[i]), &alone);
			cr_expect(same_line(&first, &alone), "'%s' is learnt otherwise", lines[i]);
			oom_klog_frame_like(&like, span(lines[j]), &after);
			oom_klog_frame(span(lines[j]), &alone);
			cr_expect(same_line(&after, &alone), "'%s' after '%s'", lines[j], lines[i]);
		}
	}
}

Test(klog_like, what_is_like_is_known)
{
	static const struct {
		const char *first, *second;
		enum oom_klog_head head;
	} rows[] = {
		{"[    1.234567] x", "[    9.999999] y", OOM_HEAD_STAMP},
		{"[    1.234567] x", "[   19.999999] y", OOM_HEAD_NONE},
		{"[    1.234567][ T77] x", "[    9.999999][ T77] y", OOM_HEAD_STAMP},
		{"[    1.234567][ T77] x", "[    9.999999][ T78] y", OOM_HEAD_NONE},
		{"Aug 12 03:54:03 h kernel: x", "Aug 12 04:00:59 h kernel: yy", OOM_HEAD_IDENT},
		{"Aug 12 03:54:03 h kernel: x", "Aug 13 03:54:03 h kernel: y", OOM_HEAD_NONE},
		{"Aug 12 03:54:03 h kernel: [ 1.5] x", "Aug 12 03:54:04 h kernel: [ 1.7] x",
			OOM_HEAD_IDENT_STAMP},
		{"Aug 12 03:54:03 h sshd[7]: x", "Aug 12 03:54:03 h sshd[7]: x", OOM_HEAD_NONE},
		{"<4>[    1.234567] x", "<4>[    1.234567] x", OOM_HEAD_NONE},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct oom_klog_like like = {0};
		struct oom_span second = span(rows[i].second);
		struct oom_klog_line line;

		oom_klog_frame_like(&like, span(rows[i].first), &line);
		cr_expect_eq(oom_klog_like_take(&like, &second, &line), rows[i].head,
			"'%s' after '%s'", rows[i].second, rows[i].first);
	}
}

Test(klog_like, the_end_of_a_line_comes_with_its_marks)
{
	static const char *const words[] = {"Kill", "kernel panic -", "OOM", "oom", "a+0x1", "+\nx",
		"a\\x0a", "[1]", "\n", "#012", "kill_", "plain words only", "nic", "+0"};

	for (size_t word = 0; word < sizeof(words) / sizeof(words[0]); word++) {
		for (size_t at = 0; at < 100; at++) {
			size_t len = at + strlen(words[word]) + 60;
			/* as long as it must be: what is read beyond is found out */
			char *text = malloc(len);
			const char *feed, *end;
			unsigned marks = 0;

			cr_assert_not_null(text);
			memset(text, '.', len);
			memcpy(text + at, words[word], strlen(words[word]));
			text[len - 1 - at % 40] = '\n';
			feed = memchr(text, '\n', len);
			end = oom_klog_line_end(text, text + len, &marks);
			cr_expect_eq(end, feed, "'%s' at %zu", words[word], at);
			cr_expect_eq(marks, oom_klog_marks(text, feed), "'%s' at %zu: %x",
				words[word], at, marks);
			cr_expect_null(oom_klog_line_end(text, feed, &marks));
			free(text);
		}
	}
}
