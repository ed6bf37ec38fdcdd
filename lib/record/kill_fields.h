/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_KILL_FIELDS_H
#define OOM_KILL_FIELDS_H

#include <stddef.h>
#include <stdint.h>

/*
 * The fields of oomgate.explain/1, as rows: both JSON writers (the tree of the run's record and the
 * stream of 'explain') and the reader go by them.
 */
enum oom_field_type {
	OOM_FIELD_INT, /* int64_t; null where it equals .none */
	OOM_FIELD_TEXT, /* const char *; null where NULL */
};

/* The longest key, and what is copied of each: of a known size that costs less. */
#define OOM_FIELD_KEY 24

struct oom_field {
	const char *name;
	char key[OOM_FIELD_KEY]; /* "\"name\":" */
	size_t key_len;
	size_t offset;
	enum oom_field_type type;
	int64_t none;
};

extern const struct oom_field oom_task_fields[]; /* of struct oom_task; .name NULL ends it */
extern const struct oom_field oom_kill_fields[]; /* of struct oom_kill: the plain ones */

static inline int64_t oom_field_int(const struct oom_field *field, const void *object)
{
	return *(const int64_t *)((const char *)object + field->offset);
}

static inline const char *oom_field_text(const struct oom_field *field, const void *object)
{
	return *(const char *const *)((const char *)object + field->offset);
}

#endif
