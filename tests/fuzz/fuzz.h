/*
 * What the targets share.  A target is NAME.c here with its seeds in seeds/NAME/: one function that
 * takes any bytes, and what must be true of our code whatever they are.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static inline void
fuzz_broken(const char *file, int line, const char *what)
{
	fprintf(stderr, "%s:%d: not true: %s\n", file, line, what);
	abort();
}

#define must(what) ((what) ? (void)0 : fuzz_broken(__FILE__, __LINE__, #what))

/* A copy without a byte to spare, so that reading over its end is seen; the caller frees it. */
static inline char *
fuzz_bytes(const void *bytes, size_t length)
{
	char *copy = malloc(length > 0 ? length : 1);

	must(copy != NULL);
	memcpy(copy, bytes, length);
	return copy;
}

/* The same as a C string: what stands before the first NUL. */
static inline char *
fuzz_string(const void *bytes, size_t length)
{
	const char *nul = length > 0 ? memchr(bytes, '\0', length) : NULL;
	size_t n = nul != NULL ? (size_t)(nul - (const char *)bytes) : length;
	char *copy = malloc(n + 1);

	must(copy != NULL);
	memcpy(copy, bytes, n);
	copy[n] = '\0';
	return copy;
}

#endif
