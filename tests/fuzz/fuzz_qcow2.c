// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Fuzz target of the reader of qcow2 headers, as tests/fuzz/fuzz_klog.c is that of the kernel log's.
 *
 * What is checked beside memory: names end within their arrays, a refusal leaves the answer alone, and what lies
 * behind the first cluster makes no difference.
 */
#include "harness/guest/image/qcow2.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_name(const char *name)
{
	if (!memchr(name, '\0', OOM_QCOW2_NAME))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct oom_qcow2 q, untouched, again;
	uint8_t *longer;
	int r;

	memset(&q, 0x5a, sizeof(q));
	untouched = q;
	r = oom_qcow2_read(data, size, &q);
	if (r) {
		if (memcmp(&q, &untouched, sizeof(q)))
			abort();
		return 0;
	}
	if (!oom_qcow2_is(data, size) || (q.version != 2 && q.version != 3))
		abort();
	check_name(q.backing);
	check_name(q.backing_format);
	check_name(q.data_file);
	if (size < (size_t)1 << (data[23] & 31))
		return 0;
	longer = calloc(1, size + 512);
	if (!longer)
		abort();
	memcpy(longer, data, size);
	if (oom_qcow2_read(longer, size + 512, &again) || strcmp(q.backing, again.backing) ||
		strcmp(q.data_file, again.data_file) || q.has_data_file != again.has_data_file)
		abort();
	free(longer);
	return 0;
}

#ifndef OOM_LIBFUZZER
int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		FILE *file = fopen(argv[i], "rb");
		uint8_t *data = malloc(OOM_QCOW2_HEAD_BYTES);
		size_t size = file && data ? fread(data, 1, OOM_QCOW2_HEAD_BYTES, file) : 0;
		uint8_t *exact = malloc(size ? size : 1);

		if (!file || !data || !exact) {
			fprintf(stderr, "fuzz_qcow2: cannot read '%s'\n", argv[i]);
			return 2;
		}
		memcpy(exact, data, size);
		LLVMFuzzerTestOneInput(exact, size);
		free(exact);
		free(data);
		fclose(file);
	}
	return 0;
}
#endif
