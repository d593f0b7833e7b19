/* A log that stays under a bound without the daemon's help. */
#include "daemon/logger.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/message.h"
#include "base/text.h"
#include "platform/platform.h"
#include "process/child.h"
#include "state/statedir.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define AGAIN_MS 200	/* between the beginnings of two writers, when one does not live */

int
logger_parse_size(const char *text, int64_t *bytes)
{
	const char *units = "kKmMgG", *unit;
	unsigned long long number;
	int shift = 0;

	if (*text < '0' || *text > '9' || !text_take_number(&text, 10, &number)) {
		errno = EINVAL;
		return -1;
	}
	if (*text != '\0' && (unit = strchr(units, *text)) != NULL) {
		shift = 10 * (int)((unit - units) / 2 + 1);
		text++;
	}
	errno = EINVAL;
	if (*text != '\0' || number > (unsigned long long)INT64_MAX >> shift || number << shift < LOGGER_SIZE_MIN)
		return -1;
	*bytes = (int64_t)(number << shift);
	errno = 0;
	return 0;
}

/*
 * How many of length bytes go into a log of size bytes before it must be renamed: whole lines where
 * that can be.  at_line_start: the log ends with a newline.  0: rename first.
 */
static size_t
fit(const char *bytes, size_t length, int64_t size, int64_t max, int at_line_start)
{
	size_t room = size < max ? (size_t)(max - size) : 0, n;

	if (length <= room)
		return length;
	for (n = room; n > 0; n--)
		if (bytes[n - 1] == '\n')
			return n;
	/* No line ends in the room: a line that has begun goes on in the next log, as does one that
	   is longer than a whole log. */
	return at_line_start && size > 0 ? 0 : room;
}

/* 0; -1: a log could not be renamed, and what says which and why. */
static int
rotate(const struct logger *logger, struct otelop_message *what)
{
	char from[64], to[64];
	int i, result = 0;

	for (i = logger->keep; i > 0; i--) {
		snprintf(to, sizeof(to), "%s.%d", STATEDIR_LOG, i);
		if (i == 1)
			snprintf(from, sizeof(from), "%s", STATEDIR_LOG);
		else
			snprintf(from, sizeof(from), "%s.%d", STATEDIR_LOG, i - 1);
		/* One that is not there leaves a gap. */
		if (renameat(logger->dir->fd, from, logger->dir->fd, to) < 0 && errno != ENOENT)
			result = message_errno(what, "%s/%s: cannot rename %s to it", logger->dir->path, to, from);
	}
	return result;
}

/* The log, to be appended to, and how much it has.  -1: it cannot be opened now. */
static int
open_log(const struct logger *logger, int64_t *size, struct otelop_message *message)
{
	struct stat found;
	int fd = statedir_open_file(logger->dir, STATEDIR_LOG,
	    O_WRONLY | O_APPEND | O_CREAT, message);

	*size = fd >= 0 && fstat(fd, &found) == 0 ? (int64_t)found.st_size : 0;
	return fd;
}

struct log {
	int fd;			/* -1: it could not be opened yet */
	int64_t size;
	int at_line_start;
	int has_complained;		/* since a rename went well: one complaint is enough */
	struct otelop_message complaint;	/* to be said at the next line's start; or "" */
};

static void
complain(struct log *log)
{
	char line[sizeof(log->complaint.text) + 16];
	int length = snprintf(line, sizeof(line), "otelop-run: %s\n", log->complaint.text);

	if (io_write_all(log->fd, line, (size_t)length) == 0)
		log->size += length;
	log->complaint.text[0] = '\0';
}

/* What cannot be renamed goes on growing; the log itself is where that is looked for. */
static void
renew(struct log *log, const struct logger *logger)
{
	int64_t before = log->size;
	int failed;

	io_close(&log->fd);
	failed = rotate(logger, &log->complaint) < 0;
	if (!failed || log->has_complained)
		log->complaint.text[0] = '\0';
	log->has_complained = failed;
	log->fd = open_log(logger, &log->size, NULL);
	if (log->size >= before)
		log->size = 0;
}

/* What cannot be written (a full disk) is lost, as it would be without us. */
static void
append(struct log *log, const struct logger *logger, const char *bytes, size_t length)
{
	struct stat found;

	while (length > 0) {
		size_t n;

		if (log->fd < 0)
			log->fd = open_log(logger, &log->size, NULL);
		if (log->fd >= 0 && log->at_line_start && *log->complaint.text != '\0')
			complain(log);
		n = fit(bytes, length, log->size, logger->max, log->at_line_start);
		if (n > 0) {
			if (log->fd < 0 || io_write_all(log->fd, bytes, n) < 0) {
				/* Not the old logs too: what is not there does not count. */
				if (log->fd >= 0 && fstat(log->fd, &found) == 0)
					log->size = (int64_t)found.st_size;
				return;
			}
			log->size += (int64_t)n;
			log->at_line_start = bytes[n - 1] == '\n';
			bytes += n;
			length -= n;
		}
		if (length > 0)
			renew(log, logger);
	}
}

static int
keep_log(const struct logger *logger)
{
	struct log log = { .fd = -1, .at_line_start = 1 };
	char bytes[16384];
	int copies = logger->copies[1];
	ssize_t n;

	log.fd = open_log(logger, &log.size, NULL);
	while ((n = read(logger->pipe[0], bytes, sizeof(bytes))) != 0)
		if (n > 0) {
			append(&log, logger, bytes, (size_t)n);
			if (copies >= 0 && io_write_all(copies, bytes, (size_t)n) < 0)
				io_close(&copies);
		} else if (errno != EINTR) {
			return 1;
		}
	return 0;
}

static int
run_logger(void *argument)
{
	static const int ignored[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGXFSZ };
	const struct logger *logger = argument;
	struct sigaction action = { .sa_handler = SIG_IGN };
	int keep[3] = { logger->dir->fd, logger->pipe[0], logger->copies[1] };
	size_t i;

	for (i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		sigaction(ignored[i], &action, NULL);
	/* Before the frames of what stays, so that these are new pages, of which only those that are used count. */
	platform_give_back_stack();
	/* Above all not the lock: it must not outlive the daemon in us. */
	return child_keep_only(keep, keep[2] >= 0 ? 3 : 2) < 0 ? 1 : keep_log(logger);
}

static int
fork_logger(struct logger *logger)
{
	logger->began = clock_ms();
	return (logger->pid = child_fork(run_logger, logger)) < 0 ? -1 : 0;
}

static int
open_pipes(struct logger *logger)
{
	if (io_pipe(logger->pipe) < 0)
		return -1;
	platform_enlarge_pipe(logger->pipe[1]);
	if (!logger->copies_all)
		return 0;
	if (io_pipe(logger->copies) < 0)
		return -1;
	platform_enlarge_pipe(logger->copies[1]);
	return 0;
}

void
logger_end_copies(struct logger *logger)
{
	io_close(&logger->copies[0]);
	io_close(&logger->copies[1]);
}

static void
close_pipes(struct logger *logger)
{
	logger_end_copies(logger);
	io_close(&logger->pipe[0]);
	io_close(&logger->pipe[1]);
}

int
logger_start(struct logger *logger, struct otelop_message *message)
{
	int64_t size;
	int fd;

	logger->pipe[0] = logger->pipe[1] = logger->copies[0] = logger->copies[1] = -1;
	if (logger->max == 0)
		return 0;
	if ((fd = open_log(logger, &size, message)) < 0)
		return -1;
	io_close(&fd);
	/* Where that fails the writer tries it again, and says it. */
	if (size > logger->max)
		rotate(logger, NULL);
	if (open_pipes(logger) < 0 || fork_logger(logger) < 0) {
		message_errno(message, "%s/%s: cannot start the log's writer", logger->dir->path,
		    STATEDIR_LOG);
		close_pipes(logger);
		return -1;
	}
	return 0;
}

int
logger_reaped(struct logger *logger, pid_t pid)
{
	if (logger->max == 0 || pid != logger->pid)
		return 0;
	logger->pid = 0;
	return 1;
}

int64_t
logger_due_ms(const struct logger *logger)
{
	if (logger->pipe[0] < 0 || logger->pid > 0)
		return OTELOP_FOREVER;
	return clock_left_ms(logger->began + AGAIN_MS);
}

void
logger_revive(struct logger *logger)
{
	if (logger_due_ms(logger) == 0)
		fork_logger(logger);
}

/* Is there room for a line by then?  1 or 0. */
static int
has_room(int fd, int64_t patience_ms)
{
	int64_t deadline = clock_deadline(patience_ms);
	struct pollfd out = { fd, POLLOUT, 0 };
	int found;

	while ((found = poll(&out, 1, clock_poll_ms(clock_left_ms(deadline), OTELOP_FOREVER))) < 0 && errno == EINTR)
		;
	return found == 1;
}

int
logger_say(const struct logger *logger, const char *who, const char *text, int64_t patience_ms)
{
	int fd = logger->max > 0 ? logger->pipe[1] : logger->said_to;
	char line[PLATFORM_PIPE_BUF];	/* so much is written as a whole, or not yet */
	size_t length;

	if (fd < 0 || !has_room(fd, patience_ms))
		return 0;
	length = (size_t)snprintf(line, sizeof(line), "%s: ", who);
	text_clean(text, strlen(text), line + length, sizeof(line) - length - 1);
	length = strlen(line);
	line[length++] = '\n';
	return io_write_all(fd, line, length) == 0;
}

void
logger_finish(struct logger *logger, int64_t patience_ms)
{
	int64_t deadline = clock_deadline(patience_ms);

	if (logger->max == 0)
		return;
	close_pipes(logger);
	while (logger->pid > 0 && waitpid(logger->pid, NULL, WNOHANG) == 0 &&
	    clock_left_ms(deadline) > 0)
		clock_sleep_ms(1);
}
