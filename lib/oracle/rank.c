// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/oracle/rank.h"

#include "lib/base/cleanup.h"
#include "lib/base/span.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

/* proc/PID/status is about 1.5 KiB; proc/PID/cgroup holds a path of up to PATH_MAX a hierarchy. */
#define FILE_BYTES 16384

/* A whole small file as text; returns its length or -errno. */
static ssize_t read_file(int dir_fd, const char *path, char buf[static FILE_BYTES])
{
	oom_autoclose int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n;

	if (fd < 0)
		return -errno;
	while (len < FILE_BYTES - 1) {
		n = read(fd, buf + len, FILE_BYTES - 1 - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			break;
		len += (size_t)n;
	}
	buf[len] = '\0';
	return (ssize_t)len;
}

/* The number behind "\nKEY:" in a file of such lines; -1. */
static int64_t number_of_key(struct oom_span text, const char *key)
{
	size_t key_len = strlen(key);

	for (const char *line = text.at; line && line < text.at + text.len;) {
		struct oom_span s = {line, (size_t)(text.at + text.len - line)};
		const char *end = memchr(line, '\n', s.len);
		int64_t value;

		if (s.len > key_len && !memcmp(line, key, key_len) && line[key_len] == ':') {
			s = oom_span_from(s, key_len + 1);
			oom_span_skip_blanks(&s);
			return oom_span_take_int(&s, &value) ? value : -1;
		}
		line = end ? end + 1 : NULL;
	}
	return -1;
}

static int64_t number_in_file(int dir_fd, const char *path, int64_t none)
{
	char buf[FILE_BYTES];
	ssize_t len = read_file(dir_fd, path, buf);
	struct oom_span s = {buf, len > 0 ? (size_t)len : 0};
	int64_t value;

	return len > 0 && oom_span_take_int(&s, &value) ? value : none;
}

/* The memory cgroup's path in proc/PID/cgroup: "0::/path" (v2) or "9:memory:/path" (v1). */
static const char *memory_cgroup(struct oom_arena *arena, struct oom_span text)
{
	struct oom_span found = {NULL, 0};

	while (text.len) {
		const char *end = memchr(text.at, '\n', text.len);
		struct oom_span line = {text.at, end ? (size_t)(end - text.at) : text.len};
		ptrdiff_t first = oom_span_find(line, OOM_SPAN(":")), second;
		struct oom_span rest =
			oom_span_from(line, first < 0 ? line.len : (size_t)first + 1);

		second = oom_span_find(rest, OOM_SPAN(":"));
		if (second >= 0) {
			struct oom_span controllers = {rest.at, (size_t)second};
			bool memory = oom_span_find(controllers, OOM_SPAN("memory")) >= 0;

			/* a v1 memory hierarchy is the one that counts where there are both */
			if (memory || (!controllers.len && !found.at))
				found = oom_span_from(rest, (size_t)second + 1);
			if (memory)
				break;
		}
		text = oom_span_from(text, line.len + 1);
	}
	return found.at ? oom_arena_strndup(arena, found.at, found.len) : NULL;
}

static const char *name_of_status(struct oom_arena *arena, struct oom_span text)
{
	const char *end = memchr(text.at, '\n', text.len);
	struct oom_span line = {text.at, end ? (size_t)(end - text.at) : text.len};

	if (!oom_span_skip(&line, OOM_SPAN("Name:\t")))
		return NULL;
	return oom_arena_strndup(arena, line.at, line.len);
}

/* 1: a process; 0: a kernel thread, or gone; -ENOMEM. */
static int read_task(struct oom_arena *arena, int proc_fd, int64_t pid, struct oom_rank_task *ret)
{
	char path[64], buf[FILE_BYTES];
	struct oom_task *task = &ret->task;
	struct oom_span text = {buf, 0};
	ssize_t len;

	oom_task_init(task);
	snprintf(path, sizeof(path), "%" PRId64 "/status", pid);
	len = read_file(proc_fd, path, buf);
	if (len <= 0)
		return 0;
	text.len = (size_t)len;
	task->rss_kib = number_of_key(text, "VmRSS");
	if (task->rss_kib < 0)
		return 0; /* no memory of its own: a kernel thread, or a zombie */
	task->pid = pid;
	task->tgid = number_of_key(text, "Tgid");
	task->comm = name_of_status(arena, text);
	task->uid = number_of_key(text, "Uid");
	task->total_vm_kib = number_of_key(text, "VmSize");
	task->anon_rss_kib = number_of_key(text, "RssAnon");
	task->file_rss_kib = number_of_key(text, "RssFile");
	task->shmem_rss_kib = number_of_key(text, "RssShmem");
	task->pgtables_kib = number_of_key(text, "VmPTE");
	task->swapents = number_of_key(text, "VmSwap"); /* KiB, until the page size is known */
	ret->init = task->pid == 1;
	snprintf(path, sizeof(path), "%" PRId64 "/oom_score_adj", pid);
	task->oom_score_adj = number_in_file(proc_fd, path, OOM_ADJ_UNKNOWN);
	snprintf(path, sizeof(path), "%" PRId64 "/oom_score", pid);
	ret->oom_score = number_in_file(proc_fd, path, -1);
	snprintf(path, sizeof(path), "%" PRId64 "/cgroup", pid);
	len = read_file(proc_fd, path, buf);
	ret->cgroup = len > 0 ? memory_cgroup(arena, (struct oom_span){buf, (size_t)len}) : NULL;
	return arena->failed ? -ENOMEM : 1;
}

static int read_tasks(struct oom_arena *arena, int proc_fd, int64_t page_kib, struct oom_rank *rank)
{
	oom_autoclosedir DIR *dir = NULL;
	int fd = openat(proc_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dirent *entry;

	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir)
		return -errno;
	while ((entry = readdir(dir))) {
		struct oom_rank_task task = {0}, *grown;
		struct oom_span name;
		int64_t pid;
		int rc;

		name = (struct oom_span){entry->d_name, strlen(entry->d_name)};
		if (!oom_is_digit(*name.at) || !oom_span_take_int(&name, &pid) || name.len)
			continue;
		rc = read_task(arena, proc_fd, pid, &task);
		if (rc < 0)
			return rc;
		if (!rc)
			continue;
		if (task.task.swapents > 0)
			task.task.swapents /= page_kib;
		grown = oom_arena_grow(arena, rank->tasks, rank->n_tasks, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		rank->tasks = grown;
		rank->tasks[rank->n_tasks++] = task;
	}
	return 0;
}

/* Is @path in or below @top? */
static bool is_below(const char *path, const char *top)
{
	size_t len = strlen(top);

	while (len > 1 && top[len - 1] == '/')
		len--;
	if (len == 1 && *top == '/')
		return true;
	return path && !strncmp(path, top, len) && (!path[len] || path[len] == '/');
}

/* A number of a cgroup: v2's file below sys/fs/cgroup, else v1's below its memory hierarchy. */
static int64_t cgroup_number(int root_fd, const char *cgroup, const char *v2, const char *v1)
{
	char path[4096 + 64];
	int64_t value = -1;

	snprintf(path, sizeof(path), "sys/fs/cgroup%s/%s", cgroup, v2);
	value = number_in_file(root_fd, path, -1);
	if (value < 0 && v1) {
		snprintf(path, sizeof(path), "sys/fs/cgroup/memory%s/%s", cgroup, v1);
		value = number_in_file(root_fd, path, -1);
	}
	return value;
}

static bool cgroup_exists(int root_fd, const char *cgroup)
{
	static const char *const tops[] = {
		"sys/fs/cgroup", "sys/fs/cgroup/memory", "sys/fs/cgroup/unified"};
	char path[4096 + 64];

	for (size_t i = 0; i < sizeof(tops) / sizeof(tops[0]); i++) {
		snprintf(path, sizeof(path), "%s%s", tops[i], cgroup);
		if (!faccessat(root_fd, path, F_OK, 0))
			return true;
	}
	return false;
}

/* The cgroup that would be killed as a whole: the highest with memory.oom.group, from @top down. */
static const char *group_of(
	struct oom_arena *arena, int root_fd, const char *cgroup, const char *top)
{
	char path[4096];
	size_t len = cgroup ? strlen(cgroup) : 0;

	if (!len || len >= sizeof(path))
		return NULL;
	for (size_t i = strlen(top) > 1 ? strlen(top) : 1; i <= len; i++) {
		if (cgroup[i] && cgroup[i] != '/')
			continue;
		memcpy(path, cgroup, i);
		path[i] = '\0';
		if (cgroup_number(root_fd, path, "memory.oom.group", NULL) == 1)
			return oom_arena_strdup(arena, path);
	}
	return NULL;
}

/* By points; what cannot be taken comes last. */
static int by_points(const void *left, const void *right)
{
	const struct oom_rank_task *a = left, *b = right;

	if (a->task.points != b->task.points)
		return a->task.points < b->task.points ? 1 : -1;
	return a->task.pid < b->task.pid ? 1 : -1;
}

static int64_t score_of(const struct oom_rank *rank, const struct oom_rank_task *task, bool legacy)
{
	return task->init ? 0
			  : oom_badness_score(&rank->machine,
				    oom_badness_points(&rank->machine, &task->task), legacy);
}

/* Which of the two scales oom_score has: the one that more processes agree with. A value may change
 * between two reads, so one step beside is the same. */
static void compare_scores(struct oom_rank *rank)
{
	size_t agree[2] = {0, 0};

	for (size_t i = 0; i < rank->n_tasks; i++) {
		for (int legacy = 0; legacy < 2; legacy++)
			agree[legacy] += rank->tasks[i].oom_score >= 0 &&
				llabs(rank->tasks[i].oom_score -
					score_of(rank, rank->tasks + i, legacy)) <= 1;
		rank->n_scores += rank->tasks[i].oom_score >= 0;
	}
	rank->legacy = agree[1] > agree[0];
	rank->n_agree = agree[rank->legacy];
	for (size_t i = 0; i < rank->n_tasks; i++)
		rank->tasks[i].expected_score = score_of(rank, rank->tasks + i, rank->legacy);
}

static int cgroup_rule(int root_fd, const char *cgroup, int64_t swap_kib, struct oom_err *err,
	struct oom_rank *rank)
{
	int64_t limit, swap;

	if (!cgroup_exists(root_fd, cgroup))
		return oom_err_set(err, ENOENT,
			"there is no cgroup '%s' (a path below sys/fs/cgroup)", cgroup);
	limit = cgroup_number(root_fd, cgroup, "memory.max", "memory.limit_in_bytes");
	swap = cgroup_number(root_fd, cgroup, "memory.swap.max", NULL);
	rank->usage_kib = cgroup_number(root_fd, cgroup, "memory.current", "memory.usage_in_bytes");
	rank->usage_kib = rank->usage_kib < 0 ? -1 : rank->usage_kib / 1024;
	rank->oom_group = cgroup_number(root_fd, cgroup, "memory.oom.group", NULL) == 1;
	/* "max", or v1's largest number: no limit; then the machine's memory is what ends */
	if (limit < 0 || limit >= INT64_C(1) << 52)
		return 0;
	rank->limit_kib = limit / 1024;
	/* memory.swap.max is bounded by the swap there is; "max" reads as -1 */
	if (swap < 0 || swap / 1024 > swap_kib)
		swap = swap_kib * 1024;
	rank->rule.total_pages = (rank->limit_kib + swap / 1024) / rank->rule.page_kib;
	return 0;
}

static int node_rule(
	int root_fd, int node, int64_t swap_kib, struct oom_err *err, struct oom_rank *rank)
{
	char path[80], buf[FILE_BYTES];
	struct oom_span text = {buf, 0};
	ssize_t len;
	int64_t total;
	ptrdiff_t at;

	snprintf(path, sizeof(path), "sys/devices/system/node/node%d/meminfo", node);
	len = read_file(root_fd, path, buf);
	if (len <= 0)
		return oom_err_set(err, ENOENT, "there is no memory node %d", node);
	text.len = (size_t)len;
	at = oom_span_find(text, OOM_SPAN("MemTotal:"));
	text = oom_span_from(text, at < 0 ? text.len : (size_t)at + 9);
	oom_span_skip_blanks(&text);
	if (!oom_span_take_int(&text, &total))
		return oom_err_set(err, ENOENT, "'%s' has no MemTotal", path);
	rank->rule.total_pages = (total + swap_kib) / rank->rule.page_kib;
	return 0;
}

static void keep_below(struct oom_rank *rank, const char *cgroup)
{
	size_t n = 0;

	for (size_t i = 0; i < rank->n_tasks; i++) {
		if (is_below(rank->tasks[i].cgroup, cgroup))
			rank->tasks[n++] = rank->tasks[i];
	}
	rank->n_tasks = n;
}

int oom_rank_read(struct oom_arena *arena, int root_fd, const char *cgroup, int node,
	struct oom_err *err, struct oom_rank *ret)
{
	oom_autoclose int proc_fd = openat(root_fd, "proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct oom_rank rank = {.limit_kib = -1, .usage_kib = -1};
	char buf[FILE_BYTES];
	ssize_t len = proc_fd < 0 ? -1 : read_file(proc_fd, "meminfo", buf);
	struct oom_span meminfo = {buf, len > 0 ? (size_t)len : 0};
	int64_t ram_kib = number_of_key(meminfo, "MemTotal");
	int64_t swap_kib = number_of_key(meminfo, "SwapTotal");
	int rc;

	if (ram_kib <= 0)
		return oom_err_set(err, ENOENT, "cannot read 'proc/meminfo' below the root");
	if (swap_kib < 0)
		swap_kib = 0;
	rank.machine.page_kib = sysconf(_SC_PAGESIZE) / 1024;
	rank.machine.total_pages = (ram_kib + swap_kib) / rank.machine.page_kib;
	rank.rule = rank.machine;
	rc = cgroup	    ? cgroup_rule(root_fd, cgroup, swap_kib, err, &rank)
		: node >= 0 ? node_rule(root_fd, node, swap_kib, err, &rank)
			    : 0;
	if (rc)
		return rc;
	rc = read_tasks(arena, proc_fd, rank.machine.page_kib, &rank);
	if (rc)
		return oom_err_errno(err, -rc, "cannot read the processes");
	compare_scores(&rank);
	if (cgroup)
		keep_below(&rank, cgroup);
	for (size_t i = 0; i < rank.n_tasks; i++) {
		struct oom_rank_task *task = rank.tasks + i;

		task->task.points =
			task->init ? OOM_POINTS_NONE : oom_badness_points(&rank.rule, &task->task);
		task->group = group_of(arena, root_fd, task->cgroup, cgroup ? cgroup : "/");
	}
	if (arena->failed)
		return oom_err_set(err, ENOMEM, "out of memory reading the processes");
	if (rank.n_tasks)
		qsort(rank.tasks, rank.n_tasks, sizeof(*rank.tasks), by_points);
	*ret = rank;
	return 0;
}
