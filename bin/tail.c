/* The end of the log, and what is added to it. */
#include "tail.h"
#include "base/io.h"
#include "base/message.h"
#include "base/status.h"
#include "cli.h"
#include "log_tail.h"
#include "otelop.h"
#include "state/statedir.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOOK_MS 200	/* how often a log that is followed is looked at */

struct tail {
	const struct cli *cli;
	struct statedir dir;
	int fd;			/* the log's youngest file */
	int is_over;		/* stdout takes no more */
	struct otelop_message message;
};

/* -1: no more is to be printed, for nobody reads it or nothing can be written. */
static int
put(void *argument, const char *bytes, size_t length)
{
	(void)argument;
	return io_write_all(STDOUT_FILENO, bytes, length);
}

/* The exit status. */
static int
print(struct tail *tail, struct log_tail *log)
{
	int failed;

	if (log_tail_each(log, 0, put, NULL, &failed) == 0)
		return STATUS_DONE;
	if (failed) {
		cli_say(tail->cli, "%s/%s: cannot read: %s", tail->dir.path, STATEDIR_LOG, strerror(errno));
		return STATUS_FAILED;
	}
	tail->is_over = 1;
	if (errno == EPIPE)
		return STATUS_DONE;
	cli_say(tail->cli, "stdout: cannot write: %s", strerror(errno));
	return STATUS_FAILED;
}

/* Wait a moment.  1; 0: whoever read stdout has gone away. */
static int
wait_for_more(void)
{
	struct pollfd out = { STDOUT_FILENO, 0, 0 };

	return poll(&out, 1, LOOK_MS) < 1 || !(out.revents & (POLLERR | POLLHUP | POLLNVAL));
}

/* What was added to it since offset, which is behind that then.  The exit status. */
static int
print_added(struct tail *tail, off_t *offset)
{
	struct log_tail added = { .count = 1 };
	struct stat found;
	int status;

	if (fstat(tail->fd, &found) < 0)
		found.st_size = *offset;
	if (found.st_size < *offset)
		*offset = 0;	/* it was truncated */
	added.parts[0] = (struct log_part){ tail->fd, *offset, found.st_size };
	status = print(tail, &added);
	*offset = added.parts[0].from;
	return status;
}

/* Print what is added; a log that was renamed is read to its end, and the next one from its beginning. */
static int
follow_log(struct tail *tail, off_t offset)
{
	int status = STATUS_DONE, next;

	while (status == STATUS_DONE && !tail->is_over && wait_for_more()) {
		next = -1;
		if (statedir_names(&tail->dir, STATEDIR_LOG, tail->fd) == 0)
			next = statedir_open_file(&tail->dir, STATEDIR_LOG, O_RDONLY, NULL);
		status = print_added(tail, &offset);
		if (next >= 0) {
			io_close(&tail->fd);
			tail->fd = next;
			offset = 0;
		}
	}
	return status;
}

/* The daemon may have another one (`start -l`), which is as trustworthy as its user finds it.  1; 0: it has none. */
static int
open_other(struct tail *tail, const char *dir, long lines, struct log_tail *log)
{
	struct otelop_metadata metadata = OTELOP_METADATA_INIT;
	char path[OTELOP_PATH_SIZE];
	int fd, has_other = otelop_read_metadata(dir, &metadata, NULL) == 0 &&
	    otelop_metadata_get(&metadata, "log", path, sizeof(path)) == 1;

	otelop_metadata_free(&metadata);
	if (!has_other)
		return 0;
	if ((fd = io_open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0)) < 0) {
		message_errno(&tail->message, "%s: cannot open the log", path);
		cli_fail(tail->cli, errno == ENOENT ? STATUS_NOT_RUNNING : STATUS_UNKNOWN, &tail->message);
	}
	log_tail_of(log, fd, 0, lines);
	return 1;
}

/* The last lines of the log; what cannot be had ends the program. */
static void
open_log(struct tail *tail, const char *dir, long lines, struct log_tail *log)
{
	struct log_lines wanted = { .lines = lines, .older = LOG_TAIL_OLDER_MAX };

	if (open_other(tail, dir, lines, log))
		return;
	if (statedir_open(&tail->dir, dir, &tail->message) == 0 &&
	    log_tail_open(log, &tail->dir, &wanted, &tail->message) == 0)
		return;
	if (errno != ENOENT)
		cli_fail(tail->cli, STATUS_UNKNOWN, &tail->message);
	message_set(&tail->message, "%s/%s: there is no log", dir, STATEDIR_LOG);
	cli_fail(tail->cli, STATUS_NOT_RUNNING, &tail->message);
}

/* A number of the metadata.  -1: there is none. */
static long long
recorded(const struct otelop_metadata *metadata, const char *key)
{
	char text[32];

	return otelop_metadata_get(metadata, key, text, sizeof(text)) == 1 ? strtoll(text, NULL, 10) : -1;
}

/* Has this very log become shorter than it was when the daemon began? */
static void
warn_of_cut(struct tail *tail, const char *dir)
{
	struct otelop_metadata metadata = OTELOP_METADATA_INIT;
	struct stat log;

	if (otelop_read_metadata(dir, &metadata, NULL) == 0 && fstat(tail->fd, &log) == 0 &&
	    recorded(&metadata, "logInode") == (long long)log.st_ino && log.st_size < recorded(&metadata, "logStart"))
		cli_say(tail->cli, "%s/%s: shorter than when the daemon was started; %s", dir, STATEDIR_LOG,
		    log_tail_cut);
	otelop_metadata_free(&metadata);
}

int
tail_log(const struct cli *cli, const char *dir, long lines, int follow)
{
	struct tail tail = { .cli = cli, .dir = STATEDIR_INIT, .fd = -1 };
	struct log_tail log;
	off_t end;
	int status;

	open_log(&tail, dir, lines, &log);
	tail.fd = log.parts[0].fd;
	status = print(&tail, &log);
	end = log.parts[0].from;
	log.parts[0].fd = -1;
	log_tail_close(&log);
	warn_of_cut(&tail, dir);
	if (status == STATUS_DONE && !tail.is_over && follow)
		status = follow_log(&tail, end);
	io_close(&tail.fd);
	statedir_close(&tail.dir);
	return status;
}
