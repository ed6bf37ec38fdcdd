/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_VALUE_INTERNAL_H
#define OOM_VALUE_INTERNAL_H

#include "lib/base/err.h"
#include "lib/scenario/key.h"

/* As oom_parse_size() and its like, with a sentence in @err. */
int oom_number_size(const char *text, struct oom_err *err, struct oom_size *ret);
int oom_number_duration(const char *text, struct oom_err *err, uint64_t *ret_us);
int oom_number_int(const char *text, struct oom_err *err, int64_t *ret);
int oom_number_percent(const char *text, struct oom_err *err, double *ret);

/* Fills @err for a number outside the key's bounds; -ERANGE. */
int oom_number_outside(const struct oom_key *key, const char *text, struct oom_err *err);

/* The mistake in @err is at the @at-th byte of the value; returns @r. */
int oom_value_at(struct oom_err *err, size_t at, int r);

/* Lists in value_list.c: the same contract as oom_value_parse(). */
int oom_value_words(struct oom_arena *arena, const struct oom_key *key, const char *text,
	struct oom_err *err, struct oom_value *ret);
int oom_value_alternatives(struct oom_arena *arena, const struct oom_key *key, const char *text,
	struct oom_err *err, struct oom_value *ret);
int oom_value_ranges(struct oom_arena *arena, const struct oom_key *key, const char *text,
	struct oom_err *err, struct oom_value *ret);

/* A signal as systemd names it; a name becomes its long form, KILL SIGKILL, in *@ret. -EINVAL, -ENOMEM. */
int oom_value_signal(
	struct oom_arena *arena, const char *text, struct oom_err *err, const char **ret);

/* value_sender.c: is it meant as "unit:NAME" or "exe:/PATH"? And 0, or -EINVAL where it is none. */
bool oom_value_is_sender(const char *word);
int oom_value_sender(const char *word, struct oom_err *err);

/* What the key's flags want of a text: a signal, a property, a sysctl. The same contract. */
int oom_value_text(struct oom_arena *arena, const struct oom_key *key, const char *text,
	struct oom_err *err, const char **ret);

/* value_choices.c */
/* Is @word (of @len bytes) one of @choices ("a|b|c")? */
bool oom_choices_have(const char *choices, const char *word, size_t len);
/* Fills @err for a @word that is none of @choices, with the nearest one or all of them. */
int oom_choices_refuse(const char *choices, const char *word, struct oom_err *err);

#endif
