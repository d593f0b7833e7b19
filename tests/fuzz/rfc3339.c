/* RFC 3339: what is accepted looks like a time, and is the second that timegm says it is. */
#include "fuzz.h"
#include "base/clock.h"

#include <ctype.h>
#include <errno.h>
#include <time.h>

/* The fixed part by the letter of the RFC: 9 stands for a digit. */
static int
looks_like_a_time(const char *text, size_t length)
{
	static const char shape[] = "9999-99-99T99:99:99";
	size_t i;

	if (length < sizeof(shape))
		return 0;
	for (i = 0; shape[i] != '\0'; i++)
		if (shape[i] == '9' ? !isdigit((unsigned char)text[i]) :
		    shape[i] != toupper((unsigned char)text[i]))
			return 0;
	return 1;
}

static int64_t
by_timegm(const char *text, size_t length)
{
	char copy[20], sign = text[length - 6];
	struct tm time = { 0 };
	int hours, minutes, offset = 0;

	memcpy(copy, text, 19);
	copy[19] = '\0';
	must(sscanf(copy, "%4d-%2d-%2d%*1c%2d:%2d:%2d", &time.tm_year, &time.tm_mon, &time.tm_mday,
	    &time.tm_hour, &time.tm_min, &time.tm_sec) == 6);
	must(time.tm_mon >= 1 && time.tm_mon <= 12 && time.tm_mday >= 1 && time.tm_mday <= 31 &&
	    time.tm_hour <= 23 && time.tm_min <= 59 && time.tm_sec <= 60);
	time.tm_year -= 1900;
	time.tm_mon--;
	if (toupper((unsigned char)text[length - 1]) != 'Z') {
		memcpy(copy, text + length - 5, 5);
		copy[5] = '\0';
		must(sscanf(copy, "%2d:%2d", &hours, &minutes) == 2);
		must(hours <= 23 && minutes <= 59 && (sign == '+' || sign == '-'));
		offset = (hours * 60 + minutes) * (sign == '-' ? -60 : 60);
	}
	return (int64_t)timegm(&time) - offset;
}

/* The form that we write: the same second, strict, and final. */
static void
check_normal(const char *text, int64_t seconds)
{
	char normal[CLOCK_RFC3339_SIZE], again[CLOCK_RFC3339_SIZE];
	int64_t same;
	size_t length;

	if (strlen(text) >= sizeof(normal) || clock_normalise_rfc3339(text, normal) < 0)
		return;
	length = strlen(normal);
	must(clock_parse_rfc3339(normal, length, &same) == 0 && same == seconds);
	must(normal[10] == 'T' && strncmp(normal + 17, "60", 2) != 0 && strpbrk(normal, "tz") == NULL);
	must(length <= strlen("2026-11-23T16:03:33.123456789+00:00"));
	must(clock_normalise_rfc3339(normal, again) == 0 && strcmp(normal, again) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	char *text = fuzz_bytes(bytes, length), *line;
	int64_t seconds = -1;

	if (clock_parse_rfc3339(text, length, &seconds) == 0) {
		must(looks_like_a_time(text, length));
		must(seconds == by_timegm(text, length));
		line = fuzz_string(text, length);
		check_normal(line, seconds);
		free(line);
	} else {
		must(errno == EINVAL && seconds == -1);
	}
	free(text);
	return 0;
}
