/* Durations: exactly the grammar is accepted, and zero only where zero was said. */
#include "fuzz.h"
#include "base/clock.h"

#include <errno.h>

#define SURELY_MS 1e12L	/* thirty years; what is over may be refused */

/* The milliseconds of its first number and unit by floating point, and where that ends; or -1. */
static long double
first_in_floating_point(const char *text, int is_alone, const char **end)
{
	static const struct { const char *name; int ms; } units[] = {
		{ "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 } };
	size_t n = strspn(text, "0123456789"), i;

	if (n == 0)
		return -1;
	if (text[n] == '.') {
		size_t more = strspn(text + n + 1, "0123456789");

		if (more == 0)
			return -1;
		n += 1 + more;
	}
	*end = text + n;
	if (text[n] == '\0' && is_alone)
		return strtold(text, NULL) * 1000;
	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strncmp(text + n, units[i].name, strlen(units[i].name)) == 0) {
			*end += strlen(units[i].name);
			return strtold(text, NULL) * units[i].ms;
		}
	return -1;
}

/* The sum of all, or -1 when it is not a duration; count: how many there are. */
static long double
in_floating_point(const char *text, int *count)
{
	long double sum = 0, one;
	const char *s = text;

	*count = 0;
	do {
		if ((one = first_in_floating_point(s, s == text, &s)) < 0)
			return -1;
		sum += one;
		++*count;
	} while (*s != '\0');
	return sum;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	char *text = fuzz_string(bytes, length);
	int count;
	long double expected = in_floating_point(text, &count);
	int64_t ms = -1;

	if (clock_parse_duration(text, &ms) == 0) {
		must(expected >= 0 && ms >= 0);
		/* Six digits of a fraction count, so an hour's may be 3.6 ms short. */
		must((long double)ms <= expected + 1 && (long double)ms > expected - 5 * count);
		must((ms == 0) == (strspn(text, "0.msh") == strlen(text)));
	} else {
		must(errno == EINVAL && ms == -1);
		must(expected < 0 || expected > SURELY_MS);
	}
	free(text);
	return 0;
}
