/* Time: deadlines, durations as users write them, RFC 3339. */
#ifndef CLOCK_H
#define CLOCK_H

#include <stddef.h>
#include <stdint.h>

#define CLOCK_RFC3339_SIZE 96

/* Milliseconds that only go forward. */
int64_t clock_ms(void);

/* The moment timeout_ms from now; OTELOP_FOREVER stays that. */
int64_t clock_deadline(int64_t timeout_ms);

/* The earlier of two deadlines. */
int64_t clock_earlier(int64_t a, int64_t b);

/* Milliseconds until deadline, never negative; OTELOP_FOREVER stays that. */
int64_t clock_left_ms(int64_t deadline);

/* The smaller of two timeouts as poll(2) takes it; OTELOP_FOREVER is the largest. */
int clock_poll_ms(int64_t a, int64_t b);

void clock_sleep_ms(int64_t ms);

/*
 * A duration: digits, perhaps a fraction, and one of ms s m h, or several of these in a row
 * (1m30s); a number that stands alone is seconds.  What is above zero is at least a millisecond.
 * -1: EINVAL.
 */
int clock_parse_duration(const char *text, int64_t *ms);

/* Now, in UTC with nanoseconds: 2026-11-23T16:03:33.123456789Z. */
void clock_format_now(char text[CLOCK_RFC3339_SIZE]);

/* Seconds since 1970 of an RFC 3339 time; -1 with EINVAL when it is none. */
int clock_parse_rfc3339(const char *text, size_t length, int64_t *seconds);

/*
 * The same time as everybody can read it, Go's package time too: with T and Z, no second 60 (it is
 * the next minute's first) and nanoseconds at most.  -1: EINVAL when it is none.
 */
int clock_normalise_rfc3339(const char *text, char normal[CLOCK_RFC3339_SIZE]);

/* Seconds since 1970, by the wall clock. */
int64_t clock_wall_seconds(void);

#endif
