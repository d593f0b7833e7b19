/* Durations: exactly the grammar is accepted, and zero only where zero was said. */
#include "fuzz.h"
#include "clock.h"

#include <errno.h>

#define SURELY_MS 1e12L	/* thirty years; what is over may be refused */

/* Its milliseconds by floating point, or -1 when it is not a duration. */
static long double
in_floating_point(const char *text)
{
	static const struct { const char *name; int ms; } units[] = {
		{ "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 }, { "", 1000 } };
	size_t n = strspn(text, "0123456789"), i;

	if (n == 0)
		return -1;
	if (text[n] == '.') {
		size_t more = strspn(text + n + 1, "0123456789");

		if (more == 0)
			return -1;
		n += 1 + more;
	}
	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strcmp(text + n, units[i].name) == 0)
			return strtold(text, NULL) * units[i].ms;
	return -1;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	char *text = fuzz_string(bytes, length);
	long double expected = in_floating_point(text);
	int64_t ms = -1;

	if (clock_parse_duration(text, &ms) == 0) {
		must(expected >= 0 && ms >= 0);
		/* Six digits of a fraction count, so an hour's may be 3.6 ms short. */
		must((long double)ms <= expected + 1 && (long double)ms > expected - 5);
		must((ms == 0) == (strspn(text, "0.") == strcspn(text, "msh")));
	} else {
		must(errno == EINVAL && ms == -1);
		must(expected < 0 || expected > SURELY_MS);
	}
	free(text);
	return 0;
}
