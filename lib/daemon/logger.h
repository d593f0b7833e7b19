/*
 * A log that stays under a bound without the daemon's help: its output goes into a pipe, and a
 * process of its own writes the log and renames it before it grows over the bound.
 *
 * The process lives until the last writer is gone, also when otelop-run is killed; so no line that
 * was written into the pipe is lost.  It ignores the signals that end a session.
 */
#ifndef LOGGER_H
#define LOGGER_H

#include <sys/types.h>

#include "otelop.h"
#include "state/statedir.h"

#define LOGGER_INIT { .pipe = { -1, -1 }, .copies = { -1, -1 } }
#define LOGGER_SIZE_MIN 1024
#define LOGGER_KEEP_MAX 1000

struct logger {
	int64_t max;		/* bytes that the log may have; 0: there is no logger */
	int keep;		/* how many old logs stay, as otelop.log.1 (the youngest) and so on */
	const struct statedir *dir;	/* the caller's, for as long as the logger is used */
	int copies_all;		/* what comes is to be copied into a second pipe, which its owner must read */
	int pipe[2];		/* the daemon writes to the second */
	int copies[2];		/* that second pipe; -1: there is none */
	int said_to;		/* where we speak ourselves, if there is no logger; -1: nowhere */
	pid_t pid;		/* 0 or below: it does not live */
	int64_t began;
};

/* A number of bytes with k, M or G, of either case, behind it (1,024 each).  -1: EINVAL. */
int logger_parse_size(const char *text, int64_t *bytes);

/*
 * Rename a log that is over the bound, and start the process.  max 0: do nothing.
 * -1: errno, and message.
 */
int logger_start(struct logger *logger, struct otelop_message *message);

/* A child of ours ended: was it the logger?  1 or 0. */
int logger_reaped(struct logger *logger, pid_t pid);

/*
 * Where the logger does not live, another one goes on with the same pipe; not at once, if the last one
 * has just begun.  How long until then, and do it if it is time.
 */
int64_t logger_due_ms(const struct logger *logger);
void logger_revive(struct logger *logger);

/*
 * Say something into the log ourselves, in its order and under its bound, if there is room for it within
 * patience_ms.  1; 0: not said.
 */
int logger_say(const struct logger *logger, const char *who, const char *text, int64_t patience_ms);

/* Nobody reads the copies any more: there are none from here on. */
void logger_end_copies(struct logger *logger);

/* Let our ends go; with patience_ms, wait so long until the rest is written. */
void logger_finish(struct logger *logger, int64_t patience_ms);

#endif
