/* The end of a log. */
#include "log_tail.h"
#include "base/clock.h"
#include "base/io.h"
#include "state/statedir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define ROUNDS 20	/* a log that is renamed all the time must not hold us */
#define AGAIN_MS 2	/* between its two names it has none */

const char log_tail_cut[] = "what stood in it is lost, as when it is opened by `> /dev/stderr` or `> /dev/stdout`: "
    "write `>&2`, or `>> /dev/stderr`; --log-max keeps a log that nobody can cut off";

static ssize_t
read_at(int fd, char *bytes, size_t size, off_t offset)
{
	ssize_t n;

	do
		n = pread(fd, bytes, size, offset);
	while (n < 0 && errno == EINTR);
	return n;
}

/* What is looked for while files are read backwards. */
struct search {
	long lines;	/* that are still to be found */
	int has_begun;	/* there is something behind: a newline at the very end ends a line and begins none */
};

/* Where in the part the last of these lines begins; else where it begins itself, and lines are left. */
static void
find_start(struct log_part *part, struct search *search)
{
	char block[LOG_TAIL_BLOCK];
	off_t at = part->end, floor = part->from;

	while (at > floor && search->lines > 0) {
		size_t size = at - floor < LOG_TAIL_BLOCK ? (size_t)(at - floor) : LOG_TAIL_BLOCK;
		ssize_t n = read_at(part->fd, block, size, at - (off_t)size);
		const char *s;

		if (n <= 0)
			break;		/* it was truncated meanwhile */
		for (s = block + n; s > block; s--) {
			if (s[-1] == '\n' && search->has_begun && --search->lines == 0) {
				part->from = at - (off_t)size + (s - block);
				return;
			}
			search->has_begun = 1;
		}
		at -= (off_t)size;
	}
	if (search->lines == 0)
		part->from = part->end;
}

static struct log_part *
add(struct log_tail *tail, int fd, off_t from)
{
	struct log_part *part = &tail->parts[tail->count++];
	struct stat found;

	*part = (struct log_part){ fd, from, fstat(fd, &found) == 0 ? found.st_size : 0 };
	if (part->from > part->end)
		part->from = 0;		/* it was cut off */
	return part;
}

void
log_tail_of(struct log_tail *tail, int fd, off_t start, long lines)
{
	struct search search = { lines, 0 };

	tail->count = 0;
	find_start(add(tail, fd, start), &search);
}

static int
open_older(const struct statedir *dir, int number)
{
	char name[64];

	snprintf(name, sizeof(name), "%s.%d", STATEDIR_LOG, number);
	return statedir_open_file(dir, name, O_RDONLY, NULL);
}

static int
is_first(const struct log_lines *wanted, int fd)
{
	struct stat found;

	return wanted->first != NULL && fstat(fd, &found) == 0 && found.st_dev == wanted->first->st_dev &&
	    found.st_ino == wanted->first->st_ino;
}

/* From the log's own file to older ones.  0; -1: errno, message. */
static int
open_once(struct log_tail *tail, const struct statedir *dir, const struct log_lines *wanted,
    struct otelop_message *message)
{
	struct search search = { wanted->lines, 0 };
	int number, fd = statedir_open_file(dir, STATEDIR_LOG, O_RDONLY, message), is_last = 0;

	tail->count = 0;
	if (fd < 0)
		return -1;
	for (number = 1; fd >= 0; number++) {
		is_last = is_first(wanted, fd);
		find_start(add(tail, fd, is_last ? wanted->start : 0), &search);
		fd = search.lines == 0 || is_last || number > wanted->older ? -1 : open_older(dir, number);
	}
	return 0;
}

int
log_tail_open(struct log_tail *tail, const struct statedir *dir, const struct log_lines *wanted,
    struct otelop_message *message)
{
	int rounds, result = -1;

	for (rounds = 0; rounds < ROUNDS; rounds++) {
		result = open_once(tail, dir, wanted, message);
		/* Renamed meanwhile, the older ones are not what they were when their names were read. */
		if (result == 0 && statedir_names(dir, STATEDIR_LOG, tail->parts[0].fd) == 1)
			return 0;
		if (result < 0 && errno != ENOENT)
			return -1;
		if (result < 0 && faccessat(dir->fd, STATEDIR_LOG ".1", F_OK, 0) < 0) {
			errno = ENOENT;
			return -1;
		}
		if (rounds + 1 < ROUNDS) {
			log_tail_close(tail);
			clock_sleep_ms(AGAIN_MS);
		}
	}
	if (result < 0)
		errno = ENOENT;
	return result;
}

off_t
log_tail_size(const struct log_tail *tail)
{
	off_t size = 0;
	size_t i;

	for (i = 0; i < tail->count; i++)
		size += tail->parts[i].end - tail->parts[i].from;
	return size;
}

static int
take_part(struct log_part *part, log_tail_take *take, void *argument, int *failed)
{
	char block[LOG_TAIL_BLOCK];
	ssize_t n = 0;

	for (; part->from < part->end; part->from += n) {
		off_t left = part->end - part->from;

		n = read_at(part->fd, block, left < LOG_TAIL_BLOCK ? (size_t)left : LOG_TAIL_BLOCK, part->from);
		if (n <= 0) {
			*failed = n < 0;
			return n < 0 ? -1 : 0;
		}
		if (take(argument, block, (size_t)n) < 0)
			return -1;
	}
	return 0;
}

int
log_tail_each(struct log_tail *tail, off_t skip, log_tail_take *take, void *argument, int *failed)
{
	size_t i = tail->count;

	*failed = 0;
	while (i-- > 0) {
		struct log_part *part = &tail->parts[i];
		off_t size = part->end - part->from, skipped = skip < size ? skip : size;

		part->from += skipped;
		skip -= skipped;
		if (take_part(part, take, argument, failed) < 0)
			return -1;
	}
	return 0;
}

void
log_tail_close(struct log_tail *tail)
{
	size_t i;

	for (i = 0; i < tail->count; i++)
		io_close(&tail->parts[i].fd);
	tail->count = 0;
}
