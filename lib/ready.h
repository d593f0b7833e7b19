/*
 * The readiness verdict, on the wire of a ready pipe and of sd_notify; both directions.
 *
 * A pipe carries lines: set:KEY=VALUE ones, then the verdict: ok, an empty line or READY=1; or
 * err:MESSAGE.
 */
#ifndef READY_H
#define READY_H

#include "otelop.h"

#define READY_LINE_MAX 4096
#define READY_DYING_MS 300	/* between a child's closing of the pipe and its end */

enum ready_verdict {
	READY_UNKNOWN,	/* nothing yet */
	READY_OK,
	READY_FAILED,	/* the reason has the daemon's words */
	READY_BAD,	/* not the protocol; the reason quotes it */
	READY_CLOSED	/* end of file without a verdict */
};

struct ready_reader {
	char line[READY_LINE_MAX + 1];
	size_t used;
	/* What set: says; -1 refuses it, with a reason. */
	int (*set)(void *argument, const char *pair, struct otelop_message *reason);
	void *argument;
};

/* Take what the pipe has now, without waiting. */
enum ready_verdict ready_read(struct ready_reader *reader, int fd, struct otelop_message *reason);

/* The same from bytes; length 0 is the end of file. */
enum ready_verdict ready_feed(struct ready_reader *reader, const char *bytes, size_t length,
    struct otelop_message *reason);

/* What an sd_notify datagram of several lines says.  RELOADING=1 and the like say nothing. */
enum ready_verdict ready_parse_notify(const char *bytes, size_t length,
    struct otelop_message *reason);

/* Where this process's own verdict goes. */
enum ready_channel { READY_NOWHERE, READY_PIPE, READY_NOTIFY };
enum ready_channel ready_channel(void);

/* A line's text in one line: newlines are spaces, cut where the line would be too long. */
void ready_one_line(const char *prefix, const char *text, char line[READY_LINE_MAX + 1]);

/* Say the verdict in lines that are complete with their newlines.  -1: EPIPE… nobody listens. */
int ready_say_pipe(int fd, const char *lines);

/* The same to the supervisor at $NOTIFY_SOCKET: error NULL is READY=1. */
int ready_say_notify(const char *error);

#endif
