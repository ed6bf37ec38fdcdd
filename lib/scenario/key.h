/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_KEY_H
#define OOM_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Keys and values of the scenario language. A key is one row of a table (name, type, default, help);
 * the reader, 'oomgate check', the manual page and the completion all read that row.
 */

enum oom_type {
	OOM_T_STRING, /* the rest of the line */
	OOM_T_BOOL, /* yes no (true false on off 1 0) */
	OOM_T_INT, /* a whole number within [min, max] */
	OOM_T_SIZE, /* 64M, 1.5G, 4096, 50%; base 1024 */
	OOM_T_DURATION, /* systemd.time(7): 2s, 1min 30s, 250ms; a bare number is seconds */
	OOM_T_CHOICE, /* one word of .choices */
	OOM_T_WORDS, /* words separated by blanks, quoted as in systemd.syntax(7): a "b c" */
	OOM_T_COMMAND, /* a program and its arguments, as WORDS; .text is as written */
	OOM_T_EXEC, /* ExecStart= of systemd.service(5): prefixes, several with ' ; ' */
	OOM_T_ALTERNATIVES, /* a|b|c, each of .choices where it is given */
	OOM_T_RANGE_INT, /* 5, 1..5, 1.., ..5; alternatives of those: 0|3..5 */
	OOM_T_RANGE_SIZE,
	OOM_T_RANGE_DURATION,
	OOM_T_RANGE_PERCENT, /* 10, 5..20, with or without % */
	OOM_T_WHEN, /* "hog reached 100M", "hog killed", "hog started", "hog ended"; with
				 OOM_KEY_DELAY also a plain duration */
	OOM_T_COUNT_
};

enum oom_key_flag {
	OOM_KEY_REQUIRED = 1 << 0,
	OOM_KEY_REPEATS = 1 << 1, /* may stand more than once in its section */
	OOM_KEY_WORKLOAD = 1 << 2, /* the value names workloads of the file (a|b, or a b for WORDS),
				      or is one of .choices */
	OOM_KEY_SCOPE = 1 << 3, /* the value names a scope (or slice, for Slice=) of the file */
	OOM_KEY_PREFIX = 1 << 4, /* .name ends in '.' and a suffix follows: Event.oom_kill= */
	OOM_KEY_DELAY = 1 << 5, /* WHEN: "2s" is fine, too (OOM_WHEN_DELAY) */
	OOM_KEY_PERCENT = 1 << 6, /* SIZE: a percentage only */
	OOM_KEY_ABSOLUTE = 1 << 7, /* SIZE: no percentage */
	OOM_KEY_SIGNAL =
		1 << 8, /* STRING: a signal as systemd names it; ALTERNATIVES: those, too */
	OOM_KEY_PROPERTY = 1 << 9, /* STRING: the name of a unit's property */
	OOM_KEY_SENDER =
		1 << 11, /* ALTERNATIVES: any program, too, as "unit:NAME" or "exe:/PATH" */
	OOM_KEY_SYSCTL = 1 << 10, /* STRING: the name of a kernel parameter */
};

/* .choices of a key that takes the names of errno(3): the ones that memory brings about. */
#define OOM_ERRNO_CHOICES                                                                          \
	"none|E2BIG|EACCES|EAGAIN|EBADF|EBUSY|ECANCELED|ECHILD|EDQUOT|EEXIST|EFAULT|EFBIG|"        \
	"EHWPOISON|EINTR|EINVAL|EIO|EMFILE|ENFILE|ENOBUFS|ENODEV|ENOENT|ENOEXEC|ENOMEM|ENOSPC|"    \
	"ENOSYS|ENXIO|EOPNOTSUPP|EOVERFLOW|EPERM|EPIPE|ERANGE|EROFS|ESRCH|ETIMEDOUT"

struct oom_key {
	const char *name;
	enum oom_type type;
	const char *dflt; /* as it would be written in the file; NULL: none */
	const char *help; /* one line: what it means, unit included */
	int64_t min, max; /* INT: inclusive bounds where max > min. SIZE, DURATION: likewise in
				bytes and µs */
	const char *choices; /* CHOICE, WORDS, ALTERNATIVES: words separated by '|'; NULL: any.
				INT, SIZE, DURATION: words that stand for "no end" (infinity,
				forever): INT64_MAX, UINT64_MAX bytes or µs */
	unsigned flags; /* enum oom_key_flag */
};

struct oom_size {
	uint64_t bytes; /* of an absolute size */
	double percent; /* of what it is relative to, where is_percent */
	bool is_percent;
};

/* A closed interval; a missing end is has_lo or has_hi false. Sizes in bytes or percent, durations
 * in µs, percent in percent. */
struct oom_range {
	bool has_lo, has_hi;
	bool lo_percent, hi_percent; /* RANGE_SIZE only: the number is a percentage */
	double lo, hi;
};

enum oom_when_event {
	OOM_WHEN_STARTED,
	OOM_WHEN_REACHED,
	OOM_WHEN_KILLED,
	OOM_WHEN_ENDED,
	OOM_WHEN_DELAY /* no event: .usec after "go" */
};

struct oom_exec;

struct oom_value {
	enum oom_type type;
	const char *text; /* as written, blanks trimmed */
	union {
		bool boolean;
		int64_t integer;
		struct oom_size size;
		uint64_t usec;
		struct {
			const char **items; /* WORDS and ALTERNATIVES */
			size_t count;
			size_t *at; /* where in .text each begins; NULL: not known */
		} list;
		struct {
			struct oom_exec *items; /* EXEC: lib/scenario/exec_line.h */
			size_t count;
		} exec;
		struct {
			struct oom_range *items; /* RANGE_*: true when any of them holds */
			size_t count;
		} ranges;
		struct {
			const char *subject; /* NULL for DELAY */
			enum oom_when_event event;
			struct oom_size size; /* of REACHED */
			uint64_t usec; /* of DELAY */
		} when;
	};
};

struct oom_arena;
struct oom_err;

/*
 * Parses @text as @key wants it, strictly and whole ("64Q" and "12abc" are errors). Parts are
 * allocated in @arena. -EINVAL with a sentence in @err (the caller knows the value's place, @err->at the
 * place in @text, blanks before it not counted),
 * -ERANGE outside min..max, -ENOMEM. @ret is untouched on failure.
 */
int oom_value_parse(struct oom_arena *arena, const struct oom_key *key, const char *text,
	struct oom_err *err, struct oom_value *ret);

/* Single values, for option parsing and for kernel-like tables: 0, -EINVAL, -ERANGE. "50%" is a size,
 * too. No word for infinity is known here. */
int oom_parse_size(const char *text, struct oom_size *ret);
int oom_parse_duration(const char *text, uint64_t *ret_us);
int oom_parse_int(const char *text, int64_t *ret);
int oom_parse_bool(const char *text, bool *ret);

/* vm.overcommit_memory: a name below /proc/sys, as sysctl(8) takes it? */
bool oom_is_sysctl(const char *name);

/* Bytes of a size where 100 % are @whole_bytes. */
uint64_t oom_size_bytes(const struct oom_size *size, uint64_t whole_bytes);

/* Does @number lie in one of the value's ranges? @whole: what percentages refer to. */
bool oom_value_in_ranges(const struct oom_value *value, double number, double whole);

/* "size", "duration", …: a type's name for the manual. */
const char *oom_type_name(enum oom_type type);

#endif
