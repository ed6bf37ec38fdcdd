// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/campaign/campaign.h"
#include "harness/say/say.h"

#include <string.h>
#include <unistd.h>

/* Everything here goes to stderr; control characters only to a terminal. */

void oom_progress_open(struct oom_run_command *command)
{
	struct oom_progress *p = &command->progress;
	unsigned widest = 0;

	oom_report_options_for_fd(STDERR_FILENO, &p->report);
	for (size_t i = 0; i < command->n_jobs; i++) {
		unsigned len = (unsigned)strlen(command->jobs[i].scenario->id);

		widest = len > widest ? len : widest;
	}
	p->report.name_width = widest;
	p->report.show_machine = command->run->n_machines > 1;
	p->report.show_attempt = command->n_jobs > command->set.count * command->run->n_machines;
	p->report.run_dir = command->dir;
}

void oom_progress_clear(struct oom_run_command *command)
{
	if (command->progress.shown)
		fputs("\r\033[K", stderr);
	command->progress.shown = false;
}

void oom_progress_say(struct oom_run_command *command, const char *text)
{
	if (command->options.quiet)
		return;
	oom_progress_clear(command);
	oom_say(stderr, "%s\n", text);
	fflush(stderr);
}

void oom_progress_begin(
	struct oom_run_command *command, const struct oom_job *job, const char *evidence_dir)
{
	if (!command->options.verbose)
		return;
	oom_progress_clear(command);
	oom_say(stderr, "begin %s on %s #%u, seed %llu%s%s\n", job->scenario->id,
		command->run->machines[job->machine].id, job->attempt,
		(unsigned long long)job->seed, evidence_dir ? ", evidence in " : "",
		evidence_dir ? evidence_dir : "");
	fflush(stderr);
}

/* How long each part of it took, of a guest as its host saw it. */
static void say_phases(const struct oom_attempt *record)
{
	const struct {
		const char *name;
		int64_t us;
	} phases[] = {{"QEMU", record->qemu_us}, {"restore", record->restore_us},
		{"wake", record->wake_us}, {"set-up", record->setup_us},
		{"run", record->setup_us < 0 ? -1 : record->duration_us - record->setup_us},
		{"report", record->report_us}, {"end", record->end_us}};

	for (size_t i = 0, said = 0; i < sizeof(phases) / sizeof(*phases); i++)
		if (phases[i].us >= 0)
			oom_say(stderr, "%s%s %.1f ms", said++ ? ", " : "phases ", phases[i].name,
				(double)phases[i].us / 1000);
	oom_say(stderr, "\n");
}

void oom_progress_attempt(struct oom_run_command *command, const struct oom_attempt *record)
{
	command->progress.done++;
	command->progress.counts[record->verdict]++;
	if (command->options.quiet && record->verdict == OOM_PASS)
		return;
	oom_progress_clear(command);
	oom_report_line(record, &command->progress.report, stderr);
	if (command->options.verbose && record->duration_us >= 0)
		say_phases(record);
	fflush(stderr);
}

void oom_progress_kept(struct oom_run_command *command, const struct oom_job *job, const char *path)
{
	if (!*path)
		return;
	oom_progress_clear(command);
	oom_say(stderr, "kept of %s #%u: console, qemu.log, command and scenario in '%s'\n",
		job->scenario->id, job->attempt, path);
	fflush(stderr);
}

void oom_progress_status(struct oom_run_command *command)
{
	struct oom_report_progress now = {.done = command->progress.done, .total = command->n_jobs};
	const char *running[8];
	char line[512];

	/* a width is only there for a terminal */
	if (!command->progress.report.width || command->options.quiet)
		return;
	memcpy(now.count, command->progress.counts, sizeof(now.count));
	for (size_t i = 0; i < command->n_jobs && now.n_running < 8; i++)
		if (command->jobs[i].running)
			running[now.n_running++] = command->jobs[i].scenario->id;
	now.running = running;
	oom_say(stderr, "\r\033[K%s",
		oom_report_progress(&now, &command->progress.report, line, sizeof(line)));
	fflush(stderr);
	command->progress.shown = true;
}
