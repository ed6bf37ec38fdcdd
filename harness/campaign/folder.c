// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/campaign/folder.h"

#include "harness/campaign/own_file.h"
#include "harness/campaign/seed.h"
#include "harness/host/path_place.h"
#include "lib/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static int list_path(const char *dir, char buf[static PATH_MAX])
{
	return snprintf(buf, PATH_MAX, "%s/" OOM_FOLDER_LIST, dir) < PATH_MAX ? 0 : -ENAMETOOLONG;
}

static bool holds(const char *dir, const char *name)
{
	char path[PATH_MAX];
	struct stat st;

	return snprintf(path, sizeof(path), "%s/%s", dir, name) < (int)sizeof(path) &&
		!lstat(path, &st);
}

static bool holds_run(const char *dir)
{
	return holds(dir, "run.json") || holds(dir, "attempts.jsonl");
}

/* A run that goes on there has its attempts.jsonl locked. */
static bool is_in_use(const char *dir)
{
	oom_autoclose int fd = oom_own_file_open(dir, "attempts.jsonl", O_RDONLY);

	return fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
}

int oom_folder_check(const struct oom_run_options *options, struct oom_err *err)
{
	const char *dir = options->output_dir ? options->output_dir : ".";
	int r;

	if (!*dir)
		return oom_err_set(err, EINVAL, "--output is empty: name a folder");
	if (strlen(dir) >= sizeof(((struct oom_run_command *)NULL)->dir))
		return oom_err_set(err, ENAMETOOLONG,
			"the path of --output is longer than %zu bytes",
			sizeof(((struct oom_run_command *)NULL)->dir) - 1);
	r = oom_path_can_hold(dir);
	if (r < 0)
		return oom_err_errno(err, -r,
			"cannot create the run's folder '%s' (choose another with --output)", dir);
	r = options->output_dir ? oom_own_files_check(dir, err) : 0;
	if (r < 0)
		return r;
	if (options->output_dir && is_in_use(dir))
		return oom_err_set(err, EBUSY,
			"another run is writing to '%s': choose another folder with --output", dir);
	if (options->output_dir && !options->resume && !options->overwrite && holds_run(dir))
		return oom_err_set(err, EEXIST,
			"'%s' already holds a run: continue it with --resume, replace it with "
			"--overwrite, or choose another folder with --output",
			dir);
	return 0;
}

/* ---- the names ---------------------------------------------------------------------------------- */

static int names_add(json_t *names, const char *name)
{
	return json_object_set_new_nocheck(names, name, json_true()) ? -ENOMEM : 0;
}

/* *@ret is NULL where it is not there. */
static int own_file_read(const char *dir, const char *name, FILE **ret)
{
	int fd = oom_own_file_open(dir, name, O_RDONLY), r;

	*ret = NULL;
	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	*ret = fdopen(fd, "r");
	if (*ret)
		return 0;
	r = -errno;
	close(fd);
	return r;
}

static int names_from_list(const char *dir, json_t *names)
{
	oom_autofclose FILE *file = NULL;
	oom_autofree char *name = NULL;
	size_t size = 0;
	ssize_t n;
	int r = own_file_read(dir, OOM_FOLDER_LIST, &file);

	if (r < 0 || !file)
		return r;
	while (r >= 0 && (n = getdelim(&name, &size, '\0', file)) > 0)
		if (!name[n - 1] && n > 1) /* the last one may be cut off */
			r = names_add(names, name);
	return r < 0 ? r : ferror(file) ? -EIO : 0;
}

static int names_add_evidence(json_t *names, json_t *attempt)
{
	const char *evidence = json_string_value(json_object_get(attempt, "evidence_dir"));
	char name[PATH_MAX];

	if (!evidence || snprintf(name, sizeof(name), "%s/", evidence) >= (int)sizeof(name))
		return 0;
	return names_add(names, name);
}

/* What the attempts themselves say: a folder whose list is gone has these. */
static int names_from_attempts(const char *dir, json_t *names)
{
	oom_autofclose FILE *file = NULL;
	oom_autofree char *line = NULL;
	size_t size = 0;
	int r = own_file_read(dir, "attempts.jsonl", &file);

	if (r < 0 || !file)
		return r;
	while (r >= 0 && getline(&line, &size, file) >= 0) {
		json_t *attempt = json_loads(line, 0, NULL);

		r = names_add_evidence(names, attempt);
		json_decref(attempt);
	}
	return r < 0 ? r : ferror(file) ? -EIO : 0;
}

/* ---- taking away --------------------------------------------------------------------------------- */

int oom_folder_remove(const char *dir, const char *name)
{
	const char *end = name + strlen(name);
	bool folder = end > name && end[-1] == '/';
	char part[PATH_MAX];
	oom_autoclose int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r = 0;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	for (const char *p = name;;) {
		size_t len = strcspn(p, "/");
		int next;

		if (!len || len >= sizeof(part) || (len == 1 && *p == '.') ||
			(len == 2 && !strncmp(p, "..", 2)))
			return -EINVAL;
		memcpy(part, p, len);
		part[len] = '\0';
		p += len + 1;
		if (p >= end)
			break;
		next = openat(fd, part, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (next < 0)
			return errno == ENOENT || errno == ENOTDIR || errno == ELOOP ? 0 : -errno;
		close(fd);
		fd = next;
	}
	r = folder ? oom_path_remove_tree_at(fd, part) : unlinkat(fd, part, 0) < 0 ? -errno : 0;
	return r && r != -ENOENT ? r : 1;
}

void oom_folder_remove_parents(const char *dir, const char *name)
{
	char path[PATH_MAX];
	size_t base = strlen(dir);

	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >= (int)sizeof(path))
		return;
	for (char *slash; (slash = strrchr(path, '/')) && slash > path + base;) {
		*slash = '\0';
		if (rmdir(path) < 0 && errno != ENOENT)
			return;
	}
}

static int names_remove(const char *dir, json_t *names, struct oom_err *err)
{
	const char *name;
	json_t *value;

	json_object_foreach (names, name, value) {
		int r = oom_folder_remove(dir, name);

		if (r < 0 && r != -EINVAL) /* what is no name of ours is left alone */
			return oom_err_errno(
				err, -r, "cannot remove '%s/%s' of the earlier run", dir, name);
		if (r > 0 && name[strlen(name) - 1] == '/')
			oom_folder_remove_parents(dir, name);
	}
	return 0;
}

static int unlink_in(const char *dir, const char *name)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	return unlink(path) < 0 && errno != ENOENT ? -errno : 0;
}

/* All of @names in the place of the list, synced. */
static int list_write(const char *dir, json_t *names)
{
	char path[PATH_MAX], temp[PATH_MAX + 8];
	oom_autofclose FILE *file = NULL;
	oom_autoclose int fd = -1;
	const char *name;
	json_t *value;
	int r = list_path(dir, path);

	if (r < 0)
		return r;
	snprintf(temp, sizeof(temp), "%s.tmp", path);
	fd = oom_own_file_make(temp);
	file = fd < 0 ? NULL : fdopen(fd, "w");
	if (!file)
		return fd < 0 ? fd : -errno;
	(void)oom_take_fd(&fd); /* the stream's */
	json_object_foreach (names, name, value) {
		fwrite(name, 1, strlen(name) + 1, file);
	}
	if (fflush(file) || fsync(fileno(file)) < 0 || rename(temp, path) < 0) {
		r = -errno;
		unlink(temp);
	}
	return r;
}

/* run.json first: from then on the run counts as cut off, then as one without attempts; the list, by which the
 * rest is found, last. */
static int clear(struct oom_run_command *command, struct oom_err *err)
{
	const char *dir = command->dir;
	int r = names_from_attempts(dir, command->listed);

	/* not in the list, but in the attempts: once these are gone nobody would know */
	if (r >= 0)
		r = list_write(dir, command->listed);
	if (r >= 0)
		r = unlink_in(dir, "run.json");
	if (r >= 0)
		r = unlink_in(dir, "run.json.tmp");
	if (r >= 0)
		r = unlink_in(dir, OOM_SEED_FILE);
	if (r >= 0 && (ftruncate(command->journal_fd, 0) < 0 || fsync(command->journal_fd) < 0))
		r = -errno;
	if (r < 0)
		return oom_err_errno(err, -r, "cannot overwrite the run in '%s'", dir);
	r = names_remove(dir, command->listed, err);
	if (r < 0)
		return r;
	json_object_clear(command->listed);
	r = unlink_in(dir, OOM_FOLDER_LIST);
	return r < 0 ? oom_err_errno(err, -r, "cannot overwrite the run in '%s'", dir) : 0;
}

int oom_folder_open(struct oom_run_command *command, struct oom_err *err)
{
	const struct oom_run_options *o = &command->options;
	struct stat st;
	int r;

	command->listed = json_object();
	if (!command->listed)
		return oom_err_set(err, ENOMEM, "no memory for the run's folder");
	r = names_from_list(command->dir, command->listed);
	if (r < 0)
		return oom_err_errno(err, -r, "cannot read '%s/" OOM_FOLDER_LIST "'", command->dir);
	if (o->overwrite)
		return clear(command, err);
	/* it was looked at before; another run may have come and gone since then */
	if (!o->resume &&
		((!fstat(command->journal_fd, &st) && st.st_size) ||
			holds(command->dir, "run.json")))
		return oom_err_set(err, EEXIST,
			"'%s' holds a run by now: choose another folder with --output",
			command->dir);
	return 0;
}

void oom_folder_release(struct oom_run_command *command)
{
	json_decref(command->listed);
	command->listed = NULL;
}

/* Whole, or not at all. */
static int list_append(const char *dir, const char *name)
{
	oom_autoclose int fd =
		oom_own_file_open(dir, OOM_FOLDER_LIST, O_WRONLY | O_CREAT | O_APPEND);
	size_t len = strlen(name) + 1;
	off_t end;
	ssize_t n;
	int r;

	if (fd < 0)
		return fd;
	(void)fchmod(fd, 0600); /* an older run's is wider */
	end = lseek(fd, 0, SEEK_END);
	n = write(fd, name, len);
	if (n == (ssize_t)len)
		return 0;
	r = n < 0 ? -errno : -ENOSPC;
	return n > 0 && ftruncate(fd, end) < 0 ? -errno : r;
}

static int note(struct oom_run_command *command, const char *name)
{
	int r;

	if (json_object_get(command->listed, name)) {
		r = name[strlen(name) - 1] == '/' ? oom_folder_remove(command->dir, name) : 0;
		return r < 0 ? r : 0;
	}
	r = list_append(command->dir, name);
	return r < 0 ? r : names_add(command->listed, name);
}

int oom_folder_note_evidence(struct oom_run_command *command, const char *path)
{
	char name[PATH_MAX];

	if (snprintf(name, sizeof(name), "%s/", path + strlen(command->dir) + 1) >=
		(int)sizeof(name))
		return -ENAMETOOLONG;
	return note(command, name);
}

int oom_folder_note_reports(struct oom_run_command *command, struct oom_err *err)
{
	oom_autofree char *dir = oom_path_resolve(command->dir);
	int r = 0;

	for (size_t i = 0; dir && r >= 0 && i < command->reports.count; i++) {
		const char *path = command->reports.items[i].path;
		oom_autofree char *real = path ? oom_path_resolve(path) : NULL;
		const char *name = real ? oom_path_below(real, dir) : NULL;

		if (name)
			r = note(command, name);
	}
	return r < 0 ? oom_err_errno(err, -r, "cannot write '%s/" OOM_FOLDER_LIST "'", command->dir)
		     : 0;
}
