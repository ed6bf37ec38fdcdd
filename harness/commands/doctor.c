// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/commands/command.h"
#include "harness/guest/attempt/facts.h"
#include "harness/guest/image/probe.h"
#include "harness/host/libexec.h"
#include "harness/needs/needs.h"
#include "harness/say/fit.h"
#include "harness/say/say.h"
#include "harness/units/backend.h"
#include "lib/base/bounded.h"

#include <errno.h>
#include <fcntl.h>
#include <libsmartcols.h>
#include <libsmartcols/libsmartcols.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* What this machine can do, what not, why, and how to get it. */
struct doctor {
	struct libscols_table *table;
	struct oom_bounded runs, runs_not; /* places: "guest (emulated), cgroup" */
	char runs_text[128], runs_not_text[128];
};

static void place(struct doctor *d, const char *name, bool can, const char *how)
{
	struct oom_bounded *list = can ? &d->runs : &d->runs_not;

	oom_bounded_printf(list, "%s%s%s", list->len ? ", " : "", name, how);
}

/* The answer in one line, before all the reasons. */
static void summary_print(const struct doctor *d)
{
	if (!d->runs.len)
		oom_say(stdout,
			"no scenario can be run here: the first lines say what is missing\n\n");
	else
		oom_say(stdout, "scenarios run here in: %s%s%s\n\n", d->runs_text,
			d->runs_not.len ? "; not in: " : "", d->runs_not_text);
}

static void row_of(
	struct doctor *d, const char *what, const char *can, const char *color, const char *note)
{
	struct libscols_line *line = scols_table_new_line(d->table, NULL);

	if (!line)
		return;
	oom_say_cell(line, 0, can);
	oom_say_cell(line, 1, what);
	oom_say_cell(line, 2, note);
	if (isatty(STDOUT_FILENO))
		scols_line_set_color(line, color);
}

static void row(struct doctor *d, const char *what, bool ok, const char *note)
{
	row_of(d, what, ok ? "yes" : "no", ok ? "green" : "red", note);
}

/* What guests are made with: QEMU, and KVM or not. */
static void check_guests(struct doctor *d, const struct oom_guest_host *host)
{
	static const char *const can[] = {
		[OOM_KVM_NO] = "no", [OOM_KVM_YES] = "yes", [OOM_KVM_UNTRIED] = "?"};
	struct oom_guest_facts facts;
	char text[96];

	oom_guest_describe(host, &facts);
	snprintf(text, sizeof(text), "throw-away QEMU machines, %s: accelerator %s",
		facts.kvm_state == OOM_KVM_YES ? "virtualised" : "emulated", facts.accel);
	place(d, "guest", true,
		facts.kvm_state == OOM_KVM_YES		? " (KVM)"
			: facts.kvm_state == OOM_KVM_NO ? " (emulated: no KVM)"
							: "");
	row(d, "run --in guest", true,
		facts.kvm_state == OOM_KVM_UNTRIED
			? "throw-away QEMU machines: accelerator kvm if a probe guest boots with "
			  "it, else tcg"
			: text);
	row(d, "qemu", true, facts.qemu);
	row(d, "saved machines", facts.maps, facts.mapping);
	row_of(d, "kvm", can[facts.kvm_state],
		facts.kvm_state == OOM_KVM_YES		? "green"
			: facts.kvm_state == OOM_KVM_NO ? "red"
							: "yellow",
		facts.kvm);
}

static void check_places(struct doctor *d)
{
	struct oom_guest_options options = {.accel = "auto"};
	struct oom_guest_host *host;
	struct oom_err err = {0};
	char path[512], what[64];
	int r;

	for (const struct oom_backend *const *b = oom_backends; *b; b++) {
		r = (*b)->probe(&err);

		snprintf(what, sizeof(what), "run --in %s", (*b)->name);
		row(d, what, r >= 0, r >= 0 ? (*b)->help : err.msg);
		place(d, (*b)->name, r >= 0, "");
	}
	if (oom_guest_host_open(&options, &err, &host) < 0) {
		place(d, "guest", false, "");
		row(d, "run --in guest", false, err.msg);
	} else {
		check_guests(d, host);
		oom_guest_host_close(host);
	}
	r = oom_image_build_probe(&err);
	row(d, "image build", r >= 0, r >= 0 ? "images of Debian for the guests" : err.msg);
	if (oom_libexec_find("oomgate-workload", &err, path, sizeof(path)) < 0)
		row(d, "workloads", false, err.msg);
	else
		row(d, "workloads", true, path);
}

static void check_needs(struct doctor *d)
{
	for (const struct oom_need *const *need = oom_needs; *need; need++) {
		struct oom_err err = {0};
		int r;

		if ((*need)->argument)
			continue;
		r = oom_need_probe(*need, NULL, false, &err);
		/* of a host the line of 'run --in guest' tells: what is asked here is whether this is one */
		if (r < 0 && !strcmp((*need)->name, "guest"))
			continue;
		row(d, (*need)->name, r >= 0, r >= 0 ? (*need)->help : err.msg);
	}
}

static int cmd_doctor(int argc, char **argv)
{
	static const struct argp argp = {
		.doc = "Shows what this machine can do, what it cannot do, and why."};
	struct doctor d = {0};

	d.runs = OOM_BOUNDED(d.runs_text);
	d.runs_not = OOM_BOUNDED(d.runs_not_text);
	if (oom_say_parse(&argp, argc, argv, NULL))
		return OOM_EXIT_USAGE;
	scols_init_debug(0);
	d.table = scols_new_table();
	if (!d.table)
		return OOM_EXIT_BROKEN;
	oom_say_column(d.table, "CAN", 0);
	oom_say_column(d.table, "WHAT", 0);
	oom_say_column(d.table, "WHY, OR HOW TO GET IT", 0);
	scols_table_enable_colors(d.table, isatty(STDOUT_FILENO));
	check_places(&d);
	check_needs(&d);
	summary_print(&d);
	oom_fit_table(d.table, oom_fit_columns(STDOUT_FILENO));
	scols_print_table(d.table);
	scols_unref_table(d.table);
	return OOM_EXIT_OK;
}

const struct oom_command oom_cmd_doctor = {
	.name = "doctor",
	.help = "show what this machine can and cannot do, why, and how to get it",
	.run = cmd_doctor,
};
