/* Time: deadlines, durations as users write them, RFC 3339. */
#include "base/clock.h"
#include "otelop.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define NANOSECOND_DIGITS 9

int64_t
clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t
clock_deadline(int64_t timeout_ms)
{
	int64_t now = clock_ms();

	if (timeout_ms < 0 || timeout_ms > INT64_MAX - now)
		return OTELOP_FOREVER;
	return now + timeout_ms;
}

int64_t
clock_left_ms(int64_t deadline)
{
	int64_t now;

	if (deadline < 0)
		return OTELOP_FOREVER;
	now = clock_ms();
	return deadline > now ? deadline - now : 0;
}

int64_t
clock_earlier(int64_t a, int64_t b)
{
	return a < 0 || (b >= 0 && b < a) ? b : a;
}

int
clock_poll_ms(int64_t a, int64_t b)
{
	if (a < 0 || (b >= 0 && b < a))
		a = b;
	if (a < 0)
		return -1;
	return a > INT_MAX ? INT_MAX : (int)a;
}

void
clock_sleep_ms(int64_t ms)
{
	struct timespec pause = { ms / 1000, (long)(ms % 1000 * 1000000) };

	nanosleep(&pause, NULL);
}

/* The unit at *s, which is moved behind it; 0: there is none. */
static int64_t
take_unit(const char **s)
{
	static const struct {
		const char *name;
		int64_t ms;
	} units[] = {
		{ "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 },
	};
	size_t i, length;

	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		length = strlen(units[i].name);
		if (strncmp(*s, units[i].name, length) == 0) {
			*s += length;
			return units[i].ms;
		}
	}
	return 0;
}

/* A number with its unit at *s, added to *ms.  Seconds may go without where they are all there is. */
static int
take_duration(const char **s, int is_first, int64_t *ms, int *is_zero)
{
	const int64_t limit_ms = INT64_MAX / 10000;
	int64_t whole = 0, unit, fraction = 0, scale = 1;

	if (**s < '0' || **s > '9')
		return -1;
	for (; **s >= '0' && **s <= '9'; (*s)++) {
		if ((whole = whole * 10 + (**s - '0')) > limit_ms)
			return -1;
		*is_zero &= **s == '0';
	}
	if (**s == '.') {
		(*s)++;
		if (**s < '0' || **s > '9')
			return -1;
		for (; **s >= '0' && **s <= '9'; (*s)++) {
			if (scale < 1000000) {
				fraction = fraction * 10 + (**s - '0');
				scale *= 10;
			}
			*is_zero &= **s == '0';
		}
	}
	unit = **s == '\0' && is_first ? 1000 : take_unit(s);
	if (unit == 0 || whole > limit_ms / unit)
		return -1;
	*ms += whole * unit + fraction * unit / scale;
	return *ms > limit_ms ? -1 : 0;
}

int
clock_parse_duration(const char *text, int64_t *ms)
{
	const char *s = text;
	int64_t sum = 0;
	int is_zero = 1;

	errno = EINVAL;
	do {
		if (take_duration(&s, s == text, &sum, &is_zero) < 0)
			return -1;
	} while (*s != '\0');
	/* 0 means "no limit" to most callers: what is not zero must not become it. */
	*ms = sum == 0 && !is_zero ? 1 : sum;
	errno = 0;
	return 0;
}

/* Days since 1970-01-01 in the proleptic Gregorian calendar. */
static int64_t
days_from_date(int64_t year, int month, int day)
{
	int64_t era, year_of_era, day_of_year;

	if (month <= 2)
		year--;
	era = (year >= 0 ? year : year - 399) / 400;
	year_of_era = year - era * 400;
	day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
	    day_of_year - 719468;
}

void
clock_format_now(char text[CLOCK_RFC3339_SIZE])
{
	struct timespec now;
	struct tm utc;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	snprintf(text, CLOCK_RFC3339_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d.%09ldZ",
	    utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min,
	    utc.tm_sec, (long)now.tv_nsec);
}

int64_t
clock_wall_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec;
}

/* Exactly count digits at *s, and a value within the bounds. */
static int
take_number(const char **s, const char *end, int count, int low, int high)
{
	int value = 0;

	if (end - *s < count)
		return -1;
	while (count-- > 0) {
		if (**s < '0' || **s > '9')
			return -1;
		value = value * 10 + (*(*s)++ - '0');
	}
	return value < low || value > high ? -1 : value;
}

static int
take_one_of(const char **s, const char *end, const char *set)
{
	if (*s == end || **s == '\0' || strchr(set, **s) == NULL)
		return -1;
	return *(*s)++;
}

static int
take_offset(const char **s, const char *end, int64_t *seconds)
{
	int sign, hours, minutes;

	if ((sign = take_one_of(s, end, "Zz+-")) < 0)
		return -1;
	*seconds = 0;
	if (sign == 'Z' || sign == 'z')
		return 0;
	if ((hours = take_number(s, end, 2, 0, 23)) < 0 || take_one_of(s, end, ":") < 0 ||
	    (minutes = take_number(s, end, 2, 0, 59)) < 0)
		return -1;
	*seconds = (hours * 60 + minutes) * (sign == '-' ? -60 : 60);
	return 0;
}

static int
days_in_month(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	if (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0))
		return 29;
	return days[month - 1];
}

/* An RFC 3339 time, taken apart. */
struct timestamp {
	int64_t seconds;	/* of the local time, as if it were UTC */
	const char *fraction;	/* its digits, or none */
	size_t digits;
	const char *zone;	/* Z, or an offset of six characters */
	int64_t offset;		/* in seconds */
};

static int
take_apart(const char *text, size_t length, struct timestamp *time)
{
	const char *s = text, *end = text + length;
	int year, month, day, hour, minute, second;

	if ((year = take_number(&s, end, 4, 0, 9999)) < 0 || take_one_of(&s, end, "-") < 0 ||
	    (month = take_number(&s, end, 2, 1, 12)) < 0 || take_one_of(&s, end, "-") < 0 ||
	    (day = take_number(&s, end, 2, 1, days_in_month(year, month))) < 0 ||
	    take_one_of(&s, end, "Tt") < 0 ||
	    (hour = take_number(&s, end, 2, 0, 23)) < 0 || take_one_of(&s, end, ":") < 0 ||
	    (minute = take_number(&s, end, 2, 0, 59)) < 0 || take_one_of(&s, end, ":") < 0 ||
	    (second = take_number(&s, end, 2, 0, 60)) < 0)
		return -1;
	time->fraction = s;
	time->digits = 0;
	if (s < end && *s == '.') {
		time->fraction = ++s;
		if (take_number(&s, end, 1, 0, 9) < 0)
			return -1;
		while (s < end && *s >= '0' && *s <= '9')
			s++;
		time->digits = (size_t)(s - time->fraction);
	}
	time->zone = s;
	if (take_offset(&s, end, &time->offset) < 0 || s != end)
		return -1;
	time->seconds = days_from_date(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
	return 0;
}

int
clock_parse_rfc3339(const char *text, size_t length, int64_t *seconds)
{
	struct timestamp time;

	errno = EINVAL;
	if (take_apart(text, length, &time) < 0)
		return -1;
	*seconds = time.seconds - time.offset;
	errno = 0;
	return 0;
}

int
clock_normalise_rfc3339(const char *text, char normal[CLOCK_RFC3339_SIZE])
{
	struct timestamp time;
	struct tm date;
	time_t seconds;

	errno = EINVAL;
	if (take_apart(text, strlen(text), &time) < 0)
		return -1;
	seconds = (time_t)time.seconds;
	if (gmtime_r(&seconds, &date) == NULL || date.tm_year + 1900 > 9999)
		return -1;
	if (time.digits > NANOSECOND_DIGITS)
		time.digits = NANOSECOND_DIGITS;
	snprintf(normal, CLOCK_RFC3339_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d%s%.*s%s",
	    date.tm_year + 1900, date.tm_mon + 1, date.tm_mday, date.tm_hour, date.tm_min,
	    date.tm_sec, time.digits > 0 ? "." : "", (int)time.digits, time.fraction,
	    *time.zone == 'z' ? "Z" : time.zone);
	errno = 0;
	return 0;
}
