/* The log that otelop-run was given; log.h says what of it is ours. */
#include "daemon/log.h"
#include "base/io.h"
#include "base/message.h"
#include "platform/platform.h"
#include "state/statedir.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static int
is_log(const struct statedir *dir, int fd, struct stat *log)
{
	return fstat(fd, log) == 0 && S_ISREG(log->st_mode) && log->st_size > 0 &&
	    statedir_names(dir, STATEDIR_LOG, fd) == 1;
}

/* 0; -1: message. */
static int
set_aside(const struct statedir *dir, struct otelop_message *message)
{
	struct stat found;
	int is_out = is_log(dir, STDOUT_FILENO, &found), is_err = is_log(dir, STDERR_FILENO, &found), fd;

	if (renameat(dir->fd, STATEDIR_LOG, dir->fd, LOG_OLDER) < 0)
		return message_errno(message, "%s/%s: cannot rename %s to it", dir->path, LOG_OLDER, STATEDIR_LOG);
	if ((fd = statedir_open_file(dir, STATEDIR_LOG, O_WRONLY | O_APPEND | O_CREAT, message)) < 0) {
		platform_rename_new(dir->fd, LOG_OLDER, STATEDIR_LOG);
		return -1;
	}
	if (is_out)
		io_dup2(fd, STDOUT_FILENO);
	if (is_err)
		io_dup2(fd, STDERR_FILENO);
	io_close(&fd);
	return 0;
}

int
log_begin(const struct statedir *dir, struct stat *log, struct otelop_message *message)
{
	if (!is_log(dir, STDERR_FILENO, log) && !is_log(dir, STDOUT_FILENO, log))
		return 0;
	if (log->st_size <= LOG_LARGE)
		return 1;
	return set_aside(dir, message);
}
