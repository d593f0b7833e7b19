/*
 * The readiness verdict, on the wire of a ready pipe and of sd_notify; both directions.
 *
 * A pipe carries lines: set:KEY=VALUE ones, then the verdict: ok, an empty line or READY=1; or
 * err:MESSAGE.
 */
#ifndef VERDICT_H
#define VERDICT_H

#include "otelop.h"

#define VERDICT_LINE_MAX 4096
#define VERDICT_EXTENSION_MAX INT64_C(31557600000000)	/* a year, in microseconds */
#define VERDICT_DYING_MS 300	/* between a child's closing of the pipe and its end */

enum verdict {
	VERDICT_UNKNOWN,	/* nothing yet */
	VERDICT_OK,
	VERDICT_FAILED,	/* the reason has the daemon's words */
	VERDICT_BAD,	/* not the protocol; the reason quotes it */
	VERDICT_CLOSED	/* end of file without a verdict */
};

struct verdict_reader {
	char line[VERDICT_LINE_MAX + 1];
	size_t used;
	/* What set: says; -1 refuses it, with a reason. */
	int (*set)(void *argument, const char *pair, struct otelop_message *reason);
	void *argument;
};

/* Take what the pipe has now, without waiting. */
enum verdict verdict_read(struct verdict_reader *reader, int fd, struct otelop_message *reason);

/* The same from bytes; length 0 is the end of file. */
enum verdict verdict_feed(struct verdict_reader *reader, const char *bytes, size_t length,
    struct otelop_message *reason);

/* What an sd_notify datagram of several lines says.  RELOADING=1 and the like say nothing. */
enum verdict verdict_parse_notify(const char *bytes, size_t length,
    struct otelop_message *reason);

/* By how many microseconds from now one asks to be waited for (EXTEND_TIMEOUT_USEC=).  0: it does not. */
int64_t verdict_extension(const char *bytes, size_t length);

/*
 * Where this process's own verdict goes.  On a line a supervisor such as s6 waits, to whom any line says ready: it is
 * told nothing else, and none but who was given its descriptor knows of it.
 */
enum verdict_channel { VERDICT_NOWHERE, VERDICT_PIPE, VERDICT_NOTIFY, VERDICT_LINE };
enum verdict_channel verdict_channel(void);

/* A line's text in one line: newlines are spaces, cut where the line would be too long. */
void verdict_one_line(const char *prefix, const char *text, char line[VERDICT_LINE_MAX + 1]);

/* Say the verdict in lines that are complete with their newlines.  -1: EPIPE… nobody listens. */
int verdict_say_pipe(int fd, const char *lines);

/* The same to the supervisor at $NOTIFY_SOCKET: error NULL is READY=1. */
int verdict_say_notify(const char *error);

/* Ask whoever waits for the verdict to wait for that long from now. */
int verdict_extend(enum verdict_channel channel, int64_t usec);

#endif
