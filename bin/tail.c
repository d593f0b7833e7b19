/* The end of the log: read backwards in blocks, so that its size does not matter. */
#include "tail.h"
#include "base/io.h"
#include "base/message.h"
#include "base/status.h"
#include "cli.h"
#include "otelop.h"
#include "state/statedir.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#define BLOCK 65536
#define LOOK_MS 200	/* how often a log that is followed is looked at */

struct tail {
	const struct cli *cli;
	struct statedir dir;
	int fd;
	struct otelop_message message;
};

static ssize_t
read_at(int fd, char *bytes, size_t size, off_t offset)
{
	ssize_t n;

	do
		n = pread(fd, bytes, size, offset);
	while (n < 0 && errno == EINTR);
	return n;
}

/* Where the last so many lines begin; a last one without its newline is one. */
static off_t
find_start(int fd, off_t end, long lines)
{
	char block[BLOCK];
	off_t at = end;

	while (at > 0 && lines > 0) {
		size_t size = at < BLOCK ? (size_t)at : BLOCK;
		ssize_t n = read_at(fd, block, size, at - (off_t)size);
		const char *s;

		if (n <= 0)
			break;		/* it was truncated meanwhile */
		for (s = block + n; s > block; s--)
			if (s[-1] == '\n' && at - (off_t)size + (s - block) < end && --lines == 0)
				return at - (off_t)size + (s - block);
		at -= (off_t)size;
	}
	return lines > 0 ? 0 : end;
}

/* Print from offset to what was the end.  Where that is; -1: no more is to be printed, and *status says why. */
static off_t
print_from(struct tail *tail, off_t offset, off_t end, int *status)
{
	char block[BLOCK];
	ssize_t n = 0;

	while (offset < end && (n = read_at(tail->fd, block, end - offset < BLOCK ?
	    (size_t)(end - offset) : BLOCK, offset)) > 0) {
		if (io_write_all(STDOUT_FILENO, block, (size_t)n) < 0) {
			*status = errno == EPIPE ? STATUS_DONE : STATUS_FAILED;
			if (*status != STATUS_DONE)
				cli_say(tail->cli, "stdout: cannot write: %s", strerror(errno));
			return -1;
		}
		offset += n;
	}
	if (n < 0) {
		cli_say(tail->cli, "%s/%s: cannot read: %s", tail->dir.path, STATEDIR_LOG, strerror(errno));
		*status = STATUS_FAILED;
		return -1;
	}
	return offset;
}

/* Wait a moment.  1; 0: whoever read stdout has gone away. */
static int
wait_for_more(void)
{
	struct pollfd out = { STDOUT_FILENO, 0, 0 };

	return poll(&out, 1, LOOK_MS) < 1 || !(out.revents & (POLLERR | POLLHUP | POLLNVAL));
}

/* Print what is added; a log that was renamed is read to its end, and the next one from its beginning. */
static int
follow_log(struct tail *tail, off_t offset)
{
	int status = STATUS_DONE, next;
	struct stat found;

	while (wait_for_more()) {
		next = -1;
		if (statedir_names(&tail->dir, STATEDIR_LOG, tail->fd) == 0)
			next = statedir_open_file(&tail->dir, STATEDIR_LOG, O_RDONLY, NULL);
		if (fstat(tail->fd, &found) < 0)
			found.st_size = offset;
		if (found.st_size < offset)
			offset = 0;	/* it was truncated */
		if ((offset = print_from(tail, offset, found.st_size, &status)) < 0) {
			io_close(&next);
			break;
		}
		if (next >= 0) {
			io_close(&tail->fd);
			tail->fd = next;
			offset = 0;
		}
	}
	return status;
}

/* The log, open; what cannot be had ends the program. */
static void
open_log(struct tail *tail, const char *dir)
{
	if (statedir_open(&tail->dir, dir, &tail->message) < 0) {
		if (errno != ENOENT)
			cli_fail(tail->cli, STATUS_UNKNOWN, &tail->message);
	} else {
		tail->fd = statedir_open_file(&tail->dir, STATEDIR_LOG, O_RDONLY,
		    &tail->message);
		if (tail->fd >= 0)
			return;
		if (errno != ENOENT)
			cli_fail(tail->cli, STATUS_UNKNOWN, &tail->message);
	}
	message_set(&tail->message, "%s/%s: there is no log", dir, STATEDIR_LOG);
	cli_fail(tail->cli, STATUS_NOT_RUNNING, &tail->message);
}

int
tail_log(const struct cli *cli, const char *dir, long lines, int follow)
{
	struct tail tail = { .cli = cli, .dir = STATEDIR_INIT, .fd = -1 };
	struct stat found;
	int status = STATUS_DONE;
	off_t end;

	open_log(&tail, dir);
	if (fstat(tail.fd, &found) < 0)
		found.st_size = 0;
	end = print_from(&tail, find_start(tail.fd, found.st_size, lines), found.st_size, &status);
	if (end >= 0 && follow)
		status = follow_log(&tail, end);
	io_close(&tail.fd);
	statedir_close(&tail.dir);
	return status;
}
