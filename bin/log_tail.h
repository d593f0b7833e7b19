/*
 * The end of a log: its last lines, also where they are in an older file, because the log has just been renamed.  It is
 * read backwards in blocks, so that its size does not matter.
 */
#ifndef LOG_TAIL_H
#define LOG_TAIL_H

#include <sys/stat.h>

#include <stddef.h>

#include "otelop.h"
#include "state/statedir.h"

#define LOG_TAIL_BLOCK 8192	/* on the stack of who may have little */
#define LOG_TAIL_OLDER_MAX 200	/* each needs a descriptor */

/* A file of it, and which of its bytes are meant. */
struct log_part {
	int fd;
	off_t from;
	off_t end;
};

/* The youngest first. */
struct log_tail {
	struct log_part parts[LOG_TAIL_OLDER_MAX + 1];
	size_t count;
};

/* Which lines: the last so many, of so many older files too, but none in front of the offset start of the file first. */
struct log_lines {
	long lines;
	int older;
	const struct stat *first;	/* NULL: all that is there */
	off_t start;
};

/* Find them in the state directory's log.  0; -1: errno, message: there is none (ENOENT), or it may not be read. */
int log_tail_open(struct log_tail *tail, const struct statedir *dir, const struct log_lines *wanted,
    struct otelop_message *message);

/* The same in one file, from start on.  fd belongs to tail then. */
void log_tail_of(struct log_tail *tail, int fd, off_t start, long lines);

/* How many bytes are meant. */
off_t log_tail_size(const struct log_tail *tail);

/*
 * Give them to take, a block after the other, until it returns -1 (errno); but for the first skip bytes.  0; -1: so, or
 * they cannot be read, and then *failed is set.
 */
typedef int log_tail_take(void *argument, const char *bytes, size_t length);
int log_tail_each(struct log_tail *tail, off_t skip, log_tail_take *take, void *argument, int *failed);

void log_tail_close(struct log_tail *tail);

/* What makes a log shorter, and what to do about it. */
extern const char log_tail_cut[];

#endif
