/*
 * Lines that a command writes, and whether they match.  They are read where they come to lie, in the file that is its
 * standard output, from its present end on; or from a pipe, into which who writes the log copies all of it, and which is
 * to be read as long as it does.
 *
 * Only a whole line counts, without its newline and a carriage return in front of that; of a longer one than fits into
 * LOG_LINES_SIZE only the beginning is looked at.  A NUL in it is taken for a blank.
 */
#ifndef LOG_LINES_H
#define LOG_LINES_H

#include <stddef.h>
#include <stdint.h>

#include "otelop.h"

#define LOG_LINES_SIZE 8192

struct log_pattern;

struct log_lines {
	int fd;			/* -1: there is nothing to look for */
	int is_pipe;		/* it is, and somebody else's to close */
	int64_t offset;		/* how far the file has been read */
	struct log_pattern *patterns;
	size_t count;
	char *line;		/* what has come of one */
	size_t used;
};

#define LOG_LINES_INIT { .fd = -1 }

/* Is this an extended regular expression of POSIX's?  -1: no, or an empty one, and the message says why. */
int log_lines_check(const char *ere, struct otelop_message *message);

/* Look for a line that matches this one, too; numbers are from 0 on.  -1: ENOMEM. */
int log_lines_add(struct log_lines *lines, const char *ere);

/* Read them from this process's standard output from here on.  -1: ENOTSUP: that is no file; errno. */
int log_lines_open(struct log_lines *lines);

/* Read them from this pipe, as far as it is still to be written.  -1: errno. */
int log_lines_open_pipe(struct log_lines *lines, int fd);

void log_lines_close(struct log_lines *lines);

/* Look for nothing any more: from a pipe what comes is thrown away. */
void log_lines_settle(struct log_lines *lines);

/* Look at what is there, without waiting. */
void log_lines_read(struct log_lines *lines);

/* Has a line matched this one? */
int log_lines_have(const struct log_lines *lines, size_t number);

#endif
