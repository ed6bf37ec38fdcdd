// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/run_folder.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* A run is an append-only journal, attempts.jsonl; run.json is written from it at the end. */

static int make_dirs(const char *path)
{
	char part[1024];

	snprintf(part, sizeof(part), "%s", path);
	for (char *p = part + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (mkdir(part, 0777) < 0 && errno != EEXIST)
			return -errno;
		*p = '/';
	}
	return mkdir(part, 0777) < 0 && errno != EEXIST ? -errno : 0;
}

static void default_dir(struct oom_run_command *command)
{
	time_t now = time(NULL);
	struct tm tm;
	size_t len;

	localtime_r(&now, &tm);
	len = strftime(command->dir, sizeof(command->dir), "oomgate-run-%Y%m%d-%H%M%S", &tm);
	/* another run may have begun in the same second */
	for (int i = 2; mkdir(command->dir, 0777) < 0 && errno == EEXIST && i < 1000; i++)
		snprintf(command->dir + len, sizeof(command->dir) - len, "-%d", i);
}

static struct oom_job *job_of(struct oom_run_command *command, const struct oom_attempt *attempt)
{
	for (size_t i = 0; i < command->n_jobs; i++) {
		struct oom_job *job = &command->jobs[i];

		if (job->attempt == attempt->attempt &&
			!strcmp(job->scenario->id, attempt->scenario ? attempt->scenario : "") &&
			!strcmp(command->run->machines[job->machine].id,
				attempt->machine ? attempt->machine : ""))
			return job;
	}
	return NULL;
}

/* A line that does not parse is the one that the crash cut off: it is made again. */
static int journal_resume(struct oom_run_command *command, struct oom_err *err)
{
	oom_autofree char *line = NULL;
	oom_autofclose FILE *file = NULL;
	size_t size = 0, line_no = 0;
	char path[600];

	snprintf(path, sizeof(path), "%s/attempts.jsonl", command->dir);
	file = fopen(path, "re");
	if (!file)
		return errno == ENOENT ? 0 : oom_err_errno(err, errno, "cannot read '%s'", path);
	while (getline(&line, &size, file) >= 0) {
		json_t *json = json_loads(line, 0, NULL);
		struct oom_attempt *attempt = NULL;
		struct oom_job *job;

		line_no++;
		if (!json || oom_attempt_from_json(json, NULL, &attempt) < 0) {
			fprintf(stderr, "oomgate: %s:%zu is cut off; that attempt is made again\n", path, line_no);
			json_decref(json);
			continue;
		}
		json_decref(json);
		job = job_of(command, attempt);
		if (!job || job->record) {
			oom_attempt_free(attempt);
			continue;
		}
		job->record = attempt;
		command->progress.done++;
		command->progress.counts[attempt->verdict]++;
	}
	return 0;
}

/* A cut-off last line must not swallow the next one. */
static int end_last_line(int fd)
{
	char last;
	off_t end = lseek(fd, 0, SEEK_END);

	if (end <= 0 || pread(fd, &last, 1, end - 1) != 1 || last == '\n')
		return 0;
	return write(fd, "\n", 1) == 1 ? 0 : -errno;
}

static int write_all(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

/* A full disk has a way out. */
static int not_written(const struct oom_run_command *command, const char *file, int r, struct oom_err *err)
{
	if (r == -ENOSPC || r == -EDQUOT)
		return oom_err_set(err, -r,
			"cannot write '%s/%s': the disk is full; make room and go on with --resume, or "
			"name another folder with --output",
			command->dir, file);
	return oom_err_errno(err, -r, "cannot write '%s/%s'", command->dir, file);
}

/* For appending, and for this run alone: its lock goes with the process. */
static int journal_lock(struct oom_run_command *command, struct oom_err *err)
{
	char path[600];
	int fd;

	snprintf(path, sizeof(path), "%s/attempts.jsonl", command->dir);
	fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	if (fd < 0)
		return not_written(command, "attempts.jsonl", -errno, err);
	command->journal_fd = fd;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK)
		return oom_err_set(err, EBUSY,
			"another run writes into '%s': name another folder with --output", command->dir);
	return 0;
}

int oom_journal_open(struct oom_run_command *command, struct oom_err *err)
{
	const struct oom_run_options *o = &command->options;
	int r;

	if (o->output_dir)
		strcpy(command->dir, o->output_dir);
	else
		default_dir(command);
	r = make_dirs(command->dir);
	if (r < 0)
		return oom_err_errno(err, -r,
			"cannot make the run's folder '%s' (--output names another)", command->dir);
	r = journal_lock(command, err);
	if (r < 0)
		return r;
	r = oom_folder_open(command, err);
	if (r < 0 || !o->resume)
		return r;
	r = journal_resume(command, err);
	if (r >= 0 && (r = end_last_line(command->journal_fd)) < 0)
		r = not_written(command, "attempts.jsonl", r, err);
	return r;
}

int oom_journal_append(struct oom_run_command *command, const struct oom_attempt *attempt,
	struct oom_err *err)
{
	json_t *json = oom_attempt_to_json(attempt);
	oom_autofree char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
	size_t len = text ? strlen(text) : 0;
	int r;

	json_decref(json);
	if (!text)
		return oom_err_set(err, ENOMEM, "no memory to write an attempt down");
	text[len] = '\n'; /* in the place of the NUL: a line is one write */
	r = write_all(command->journal_fd, text, len + 1);
	if (r >= 0 && fdatasync(command->journal_fd) < 0)
		r = -errno;
	return r < 0 ? not_written(command, "attempts.jsonl", r, err) : 0;
}

const char *oom_journal_evidence_dir(struct oom_run_command *command, const struct oom_job *job,
	char *buf, size_t size)
{
	int base = snprintf(buf, size, "%s/", command->dir), r;

	snprintf(buf + base, size - (size_t)base, "%s", command->run->machines[job->machine].id);
	for (char *p = buf + base; *p; p++)
		if (*p == '/' || *p == ',')
			*p = '_';
	base = (int)strlen(buf);
	snprintf(buf + base, size - (size_t)base, "/%s/%u", job->scenario->id, job->attempt);
	r = oom_folder_note_evidence(command, buf);
	if (r >= 0)
		r = make_dirs(buf);
	if (r < 0)
		fprintf(stderr, "oomgate: cannot make '%s': %s; raw evidence is not kept\n", buf,
			strerror(-r));
	return r < 0 ? NULL : buf;
}

static int write_run_json(struct oom_run_command *command, struct oom_err *err)
{
	json_t *json = oom_run_to_json(command->run);
	oom_autofree char *text = json ? json_dumps(json, JSON_INDENT(1)) : NULL;
	char path[600], temp[620];
	oom_autoclose int fd = -1;
	int r;

	json_decref(json);
	if (!text)
		return oom_err_set(err, ENOMEM, "no memory to write the run down");
	snprintf(path, sizeof(path), "%s/run.json", command->dir);
	snprintf(temp, sizeof(temp), "%s.tmp", path);
	fd = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0)
		return not_written(command, "run.json", -errno, err);
	r = write_all(fd, text, strlen(text));
	if (r >= 0 && (fsync(fd) < 0 || rename(temp, path) < 0))
		r = -errno;
	if (r < 0)
		unlink(temp);
	return r < 0 ? not_written(command, "run.json", r, err) : 0;
}

int oom_journal_finish(struct oom_run_command *command, struct oom_err *err)
{
	for (size_t i = 0; i < command->n_jobs; i++) {
		struct oom_job *job = &command->jobs[i];

		if (!job->record)
			continue;
		if (oom_run_add_attempt(command->run, job->record) < 0)
			return oom_err_set(err, ENOMEM, "no memory for the run's record");
		job->record = NULL;
	}
	command->run->interrupted = command->interrupted;
	return write_run_json(command, err);
}
