// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/campaign/evidence_name.h"
#include "harness/campaign/folder.h"
#include "harness/campaign/kept.h"
#include "harness/campaign/own_file.h"
#include "harness/campaign/seed.h"
#include "harness/say/say.h"

#include "lib/base/bounded.h"
#include "lib/base/cleanup.h"
#include "lib/base/json_scan.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* A run is an append-only journal, attempts.jsonl; run.json is written from it at the end. All of a run is its
 * owner's alone, whatever the umask: it holds what the machines and the programs in them have said. */

static int make_dirs(const char *path)
{
	char part[1024];

	snprintf(part, sizeof(part), "%s", path);
	for (char *p = part + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (mkdir(part, 0700) < 0 && errno != EEXIST)
			return -errno;
		*p = '/';
	}
	return mkdir(part, 0700) < 0 && errno != EEXIST ? -errno : 0;
}

static void default_dir(struct oom_run_command *command)
{
	struct oom_bounded dir = OOM_BOUNDED(command->dir);
	char when[32] = "";
	time_t now = time(NULL);
	struct tm tm;
	size_t len;

	if (localtime_r(&now, &tm))
		strftime(when, sizeof(when), "%Y%m%d-%H%M%S", &tm);
	oom_bounded_printf(&dir, "oomgate-run-%s", when);
	len = dir.len;
	/* another run may have begun in the same second */
	for (int i = 2; mkdir(command->dir, 0700) < 0 && errno == EEXIST && i < 1000; i++) {
		oom_bounded_back(&dir, len);
		oom_bounded_printf(&dir, "-%d", i);
	}
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
static int not_written(
	const struct oom_run_command *command, const char *file, int r, struct oom_err *err)
{
	if (r == -ENOSPC || r == -EDQUOT)
		return oom_err_set(err, -r,
			"cannot write '%s/%s': the disk is full; make room and continue with "
			"--resume, or choose another folder with --output",
			command->dir, file);
	return oom_err_errno(err, -r, "cannot write '%s/%s'", command->dir, file);
}

/* For appending, and for this run alone: its lock goes with the process. */
static int journal_lock(struct oom_run_command *command, struct oom_err *err)
{
	int fd, r = oom_own_files_check(command->dir, err);

	if (r < 0)
		return r;
	fd = oom_own_file_open(command->dir, "attempts.jsonl", O_RDWR | O_CREAT | O_APPEND);
	if (fd < 0)
		return not_written(command, "attempts.jsonl", fd, err);
	(void)fchmod(fd, 0600); /* an older run's is wider */
	command->journal_fd = fd;
	command->run->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (command->run->fd < 0)
		return oom_err_errno(err, errno, "cannot read '%s/attempts.jsonl'", command->dir);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK)
		return oom_err_set(err, EBUSY,
			"another run is writing to '%s': choose another folder with --output",
			command->dir);
	return 0;
}

int oom_journal_open(struct oom_run_command *command, struct oom_err *err)
{
	const struct oom_run_options *o = &command->options;
	int r;

	if (o->output_dir)
		snprintf(command->dir, sizeof(command->dir), "%s", o->output_dir);
	else
		default_dir(command);
	r = make_dirs(command->dir);
	if (r < 0)
		return oom_err_errno(err, -r,
			"cannot create the run's folder '%s' (choose another with --output)",
			command->dir);
	r = journal_lock(command, err);
	if (r < 0)
		return r;
	r = oom_folder_open(command, err);
	if (r < 0)
		return r;
	if (o->resume)
		r = oom_journal_resume(command, err);
	if (r >= 0) {
		r = oom_seed_write(command->dir, o->seed);
		if (r < 0)
			return not_written(command, OOM_SEED_FILE, r, err);
	}
	if (!o->resume)
		return 0;
	if (r >= 0 && (r = end_last_line(command->journal_fd)) < 0)
		r = not_written(command, "attempts.jsonl", r, err);
	return r;
}

/* One line; its length in *@ret_len, with a line feed in the place of the NUL behind it. */
static char *line_of(const struct oom_attempt *attempt, size_t *ret_len)
{
	json_t *json = oom_attempt_to_json(attempt);
	char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;

	json_decref(json);
	if (!text)
		return NULL;
	*ret_len = strlen(text);
	text[*ret_len] = '\n';
	return text;
}

/* Nobody could read it again: what is left says so. */
static void shrink(struct oom_attempt *attempt, const char *why)
{
	char *reason = oom_arena_printf(
		&attempt->arena, "the record of this attempt is too large: %s", why);

	attempt->verdict = OOM_BROKEN;
	attempt->reason = reason ? reason : "the record of this attempt is too large";
	attempt->n_workloads = attempt->n_units = attempt->n_kills = attempt->n_signals =
		attempt->n_sources = 0;
	attempt->n_disagreements = attempt->n_disputes = attempt->n_warnings = attempt->n_expects =
		attempt->n_standstills = 0;
	attempt->oom_kills = -1;
}

int oom_journal_append(struct oom_run_command *command, struct oom_attempt *attempt,
	struct oom_err *err, struct oom_entry *ret)
{
	struct oom_json_scan scan = {0};
	struct oom_err why;
	size_t len = 0;
	oom_autofree char *text = line_of(attempt, &len);
	off_t at = lseek(command->journal_fd, 0, SEEK_END);
	int r;

	if (text) {
		oom_json_scan(&scan, text, len);
		if (oom_record_check_size(&scan, len, &why) < 0) {
			shrink(attempt, why.msg);
			free(text);
			text = line_of(attempt, &len);
		}
	}
	if (!text)
		return oom_err_set(err, ENOMEM, "no memory to write an attempt down");
	r = at < 0 ? -errno
		   : write_all(command->journal_fd, text, len + 1); /* a line is one write */
	if (r >= 0 && fdatasync(command->journal_fd) < 0)
		r = -errno;
	if (r < 0)
		return not_written(command, "attempts.jsonl", r, err);
	r = oom_run_describe(command->run, attempt, (uint64_t)at, (uint32_t)len, ret);
	return r < 0 ? oom_err_errno(err, -r, "cannot keep an attempt") : 0;
}

const char *oom_journal_evidence_dir(
	struct oom_run_command *command, const struct oom_job *job, char *buf, size_t size)
{
	int r = oom_evidence_name(command, job, buf, size);

	if (r >= 0)
		r = oom_folder_note_evidence(command, buf);
	if (r >= 0)
		r = make_dirs(buf);
	if (r < 0)
		oom_say(stderr, "oomgate: cannot create '%s': %s; raw evidence is not kept\n", buf,
			strerror(-r));
	return r < 0 ? NULL : buf;
}

static int put_to_file(void *data, const char *text, size_t len)
{
	return fwrite(text, 1, len, data) == len ? 0 : -errno;
}

/* 0, or -errno; an attempt is read from the journal as its turn comes */
static int write_temp(const struct oom_run *run, const char *temp)
{
	int fd = oom_own_file_make(temp);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
	int r;

	if (!file) {
		r = fd < 0 ? fd : -errno;
		oom_closep(&fd);
		return r;
	}
	r = oom_run_write_json(run, 1, false, put_to_file, file);
	if (r >= 0 && (fflush(file) || fsync(fileno(file)) < 0))
		r = -errno;
	fclose(file);
	return r;
}

static int write_run_json(struct oom_run_command *command, struct oom_err *err)
{
	char path[600], temp[620];
	int r;

	snprintf(path, sizeof(path), "%s/run.json", command->dir);
	snprintf(temp, sizeof(temp), "%s.tmp", path);
	r = write_temp(command->run, temp);
	if (r >= 0 && rename(temp, path) < 0)
		r = -errno;
	if (r < 0)
		unlink(temp);
	return r < 0 ? not_written(command, "run.json", r, err) : 0;
}

int oom_journal_finish(struct oom_run_command *command, struct oom_err *err)
{
	for (size_t i = 0; i < command->n_jobs; i++) {
		struct oom_job *job = &command->jobs[i];

		if (!job->done)
			continue;
		/* one that could not be written down is held as a whole */
		if ((job->entry.len ? oom_run_add_entry(command->run, &job->entry)
				    : oom_run_add_attempt(command->run, job->entry.attempt)) < 0)
			return oom_err_set(err, ENOMEM, "no memory for the run's record");
		job->entry = (struct oom_entry){0};
	}
	if (oom_kept_finish(command) < 0)
		return oom_err_set(err, ENOMEM, "no memory for the run's record");
	command->run->planned = (int64_t)(command->n_jobs + command->kept.count);
	oom_run_settle_machines(command->run);
	command->run->interrupted = command->interrupted;
	return write_run_json(command, err);
}
