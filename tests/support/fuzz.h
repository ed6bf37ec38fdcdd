/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TEST_FUZZ_H
#define TEST_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * What the fuzz targets share: each defines LLVMFuzzerTestOneInput(), which checks what must hold of any
 * bytes. With libFuzzer or AFL++ (-DOOM_LIBFUZZER) those bring main(); without, the target is a program
 * that takes the files which it is given, whole and with nothing behind them.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_CHECK(holds)                                                                          \
	do {                                                                                       \
		if (!(holds)) {                                                                    \
			fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #holds); \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

/* A copy of exactly @size bytes, so that a read past them is seen; malloc()ed, never NULL. */
static inline char *fuzz_exact(const void *data, size_t size)
{
	char *copy = malloc(size ? size : 1);

	FUZZ_CHECK(copy);
	if (size)
		memcpy(copy, data, size);
	return copy;
}

/* The same as a string: up to its first NUL. */
static inline char *fuzz_text(const void *data, size_t size)
{
	size_t len = size ? strnlen(data, size) : 0;
	char *copy = malloc(len + 1);

	FUZZ_CHECK(copy);
	if (len)
		memcpy(copy, data, len);
	copy[len] = '\0';
	return copy;
}

#ifndef OOM_LIBFUZZER
static inline int fuzz_file(const char *path)
{
	FILE *in = fopen(path, "rb"), *all;
	char buf[65536], *text = NULL, *exact;
	size_t n, size = 0;

	all = in ? open_memstream(&text, &size) : NULL;
	if (!all) {
		perror(path);
		return 2;
	}
	while ((n = fread(buf, 1, sizeof(buf), in)))
		fwrite(buf, 1, n, all);
	FUZZ_CHECK(!ferror(in) && !fclose(all) && !fclose(in));
	exact = fuzz_exact(text, size); /* the stream put a NUL behind it */
	LLVMFuzzerTestOneInput((const uint8_t *)exact, size);
	free(exact);
	free(text);
	return 0;
}

int main(int argc, char **argv)
{
	int r = 0;

	for (int i = 1; i < argc && !r; i++)
		r = fuzz_file(argv[i]);
	return r;
}
#endif

#endif
