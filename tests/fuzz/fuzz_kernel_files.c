// SPDX-License-Identifier: LGPL-2.1-or-later
/* Small files of the kernel's: a record of /dev/kmsg, a flat keyed file, memory.pressure. What stands behind the
 * bytes that were read changes nothing, and what is refused leaves the answer alone. */
#include "lib/kernel/cgroup_file.h"
#include "lib/kernel/kmsg.h"
#include "tests/support/fuzz.h"

static void read_head(const char *text, size_t len, struct oom_kmsg_head *ret)
{
	static const struct oom_kmsg_head untouched = {.text_off = 77};

	memset(ret, 0, sizeof(*ret));
	*ret = untouched;
	if (!oom_kmsg_head_parse(text, len, ret))
		FUZZ_CHECK(ret->text_off == 77 && !ret->seq && !ret->usec && !ret->prio);
	else
		FUZZ_CHECK(ret->text_off >= 8 && ret->text_off <= len &&
			text[ret->text_off - 1] == ';');
}

static bool is_same_head(const struct oom_kmsg_head *a, const struct oom_kmsg_head *b)
{
	return a->prio == b->prio && a->seq == b->seq && a->usec == b->usec && a->flag == b->flag &&
		a->text_off == b->text_off;
}

static void check_flat(const struct oom_flat *a, const struct oom_flat *b)
{
	FUZZ_CHECK(a->count <= OOM_FLAT_KEYS && a->count == b->count);
	for (size_t i = 0; i < a->count; i++) {
		size_t len = strnlen(a->items[i].name, OOM_FLAT_NAME);

		FUZZ_CHECK(len < OOM_FLAT_NAME && !memchr(a->items[i].name, '\n', len));
		FUZZ_CHECK(!strcmp(a->items[i].name, b->items[i].name) &&
			a->items[i].value == b->items[i].value);
		FUZZ_CHECK(oom_flat_get(a, a->items[i].name) >= 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char behind[] = "7 7,7;full avg10=7 total=7\n";
	char *exact = fuzz_exact(data, size), *more = malloc(size + sizeof(behind));
	struct oom_kmsg_head head, head_more;
	struct oom_psi psi = {7, 7}, psi_more = psi;
	struct oom_flat flat, flat_more;
	bool ok;

	FUZZ_CHECK(more);
	if (size)
		memcpy(more, exact, size);
	memcpy(more + size, behind, sizeof(behind));
	read_head(exact, size, &head);
	read_head(more, size, &head_more);
	FUZZ_CHECK(is_same_head(&head, &head_more));
	oom_flat_parse(exact, size, &flat);
	oom_flat_parse(more, size, &flat_more);
	check_flat(&flat, &flat_more);
	ok = oom_psi_parse(exact, size, &psi);
	FUZZ_CHECK(oom_psi_parse(more, size, &psi_more) == ok);
	FUZZ_CHECK(psi.some_us == psi_more.some_us && psi.full_us == psi_more.full_us);
	FUZZ_CHECK(ok || (psi.some_us == 7 && psi.full_us == 7));
	free(exact);
	free(more);
	return 0;
}
