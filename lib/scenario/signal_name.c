// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/scenario/signal_name.h"

#include "lib/base/nearest.h"
#include "lib/scenario/key.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { SIGNALS = 64, FIRST_WITHOUT_NAME = 32 };

/* "+3" behind RTMIN, "-3" behind RTMAX, or nothing; at most as many as there are. */
static int offset_parse(const char *text, char sign, int *ret)
{
	int64_t offset = 0;

	if (*text &&
		(*text != sign || text[1] < '0' || text[1] > '9' ||
			oom_parse_int(text + 1, &offset) < 0))
		return -EINVAL;
	if (offset > SIGRTMAX - SIGRTMIN)
		return -ERANGE;
	*ret = (int)offset;
	return 0;
}

int oom_signal_parse(const char *text, int *ret)
{
	int64_t number;
	int offset, r;

	if (oom_parse_int(text, &number) == 0) {
		if (number < 1 || number > SIGNALS)
			return -ERANGE;
		*ret = (int)number;
		return 0;
	}
	if (!strncmp(text, "SIG", 3))
		text += 3;
	for (int i = 1; i < FIRST_WITHOUT_NAME; i++) {
		const char *name = sigabbrev_np(i);

		if (name && (!strcmp(name, text) || (i == SIGIO && !strcmp(text, "IO")))) {
			*ret = i;
			return 0;
		}
	}
	if (strncmp(text, "RTMIN", 5) != 0 && strncmp(text, "RTMAX", 5) != 0)
		return -EINVAL;
	r = offset_parse(text + 5, text[3] == 'I' ? '+' : '-', &offset);
	if (r == 0)
		*ret = text[3] == 'I' ? SIGRTMIN + offset : SIGRTMAX - offset;
	return r;
}

const char *oom_signal_name(int64_t number, char buf[static OOM_SIGNAL_NAME_MAX])
{
	const char *name = number > 0 && number <= SIGNALS ? sigabbrev_np((int)number) : NULL;

	if (name)
		snprintf(buf, OOM_SIGNAL_NAME_MAX, "SIG%s", name);
	else if (number == SIGRTMIN || number == SIGRTMAX)
		snprintf(buf, OOM_SIGNAL_NAME_MAX, "SIGRTM%s", number == SIGRTMIN ? "IN" : "AX");
	else if (number > SIGRTMIN && number < SIGRTMAX)
		snprintf(buf, OOM_SIGNAL_NAME_MAX, "SIGRTMIN+%d", (int)number - SIGRTMIN);
	else
		snprintf(buf, OOM_SIGNAL_NAME_MAX, "%" PRId64, number);
	return buf;
}

int oom_signal_refuse(const char *text, struct oom_err *err)
{
	char words[FIRST_WITHOUT_NAME][OOM_SIGNAL_NAME_MAX], upper[16], name[OOM_SIGNAL_NAME_MAX];
	const char *names[FIRST_WITHOUT_NAME], *nearest = NULL;
	size_t len = strlen(text), count = 0;
	int number;

	for (size_t i = 0; i <= len && i < sizeof(upper); i++)
		upper[i] = (char)toupper((unsigned char)text[i]);
	if (len < sizeof(upper) && oom_signal_parse(upper, &number) == 0)
		nearest = oom_signal_name(number, name);
	for (int i = 1; !nearest && i < FIRST_WITHOUT_NAME; i++) {
		/* as it is written: with SIG or without */
		oom_signal_name(i, words[count]);
		names[count] = words[count] + (strncasecmp(text, "SIG", 3) != 0 ? 3 : 0);
		count++;
	}
	if (!nearest)
		nearest = oom_nearest(text, names, count);
	if (nearest)
		return oom_err_set(
			err, EINVAL, "'%s' is not a signal, did you mean '%s'?", text, nearest);
	return oom_err_set(err, EINVAL, "'%s' is not a signal (SIGTERM, 15)", text);
}
