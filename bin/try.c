/* What can be said of a start without doing it; a directory of PATH whose server is away holds nobody for ever. */
#include "try.h"
#include "base/io.h"
#include "base/message.h"
#include "base/status.h"
#include "process/errand.h"
#include "process/exec.h"
#include "state/path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

/* What went wrong, in one number: an errno, and one of these where it is the directory, or the log. */
#define IN_DIRECTORY 0x10000
#define IN_LOG 0x20000

/* Could the log be opened, or made?  Nothing is made yet.  0, or errno. */
static int
look_for_log(const char *log, char refused[ERRAND_TEXT_SIZE])
{
	struct otelop_message message;
	char directory[OTELOP_PATH_SIZE];
	const char *slash = strrchr(log, '/');
	int fd = path_open_file(log, O_WRONLY | O_APPEND | O_NOCTTY | O_NONBLOCK | O_CLOEXEC, 0, &message);

	if (fd >= 0) {
		io_close(&fd);
		return 0;
	}
	io_format(refused, ERRAND_TEXT_SIZE, "%s", message.text);
	if (errno != ENOENT)
		return errno;
	if (io_format(directory, sizeof(directory), "%.*s", slash == NULL ? 1 : slash > log ? (int)(slash - log) : 1,
	    slash == NULL ? "." : log) < 0)
		return errno;
	return faccessat(AT_FDCWD, directory, W_OK | X_OK, AT_EACCESS) == 0 ? 0 : errno;
}

/* The command is looked for with its own PATH, in its own directory. */
static int
rehearse(void *argument, char missing[ERRAND_TEXT_SIZE])
{
	const struct request *request = argument;
	const char *const *s, *command = request->is_run ? request->words.command[0] : request->argv[0];
	int error = request->log != NULL ? look_for_log(request->log, missing) : 0;

	if (error != 0)
		return error | IN_LOG;
	for (s = request->spawn.unset_env; *s != NULL; s++)
		unsetenv(*s);
	for (s = request->spawn.set_env; *s != NULL; s++)
		putenv((char *)(uintptr_t)*s);
	if (request->spawn.cwd != NULL && chdir(request->spawn.cwd) < 0)
		return errno | IN_DIRECTORY;
	if (exec_find(command) == 0)
		return 0;
	error = errno;
	exec_missing(command, environ, error, missing);
	return error;
}

int
try_start(const struct request *request)
{
	const char *command = request->is_run ? request->words.command[0] : request->argv[0];
	struct cli speaker = request_speaker(request);
	struct otelop_message message, why;
	char missing[ERRAND_TEXT_SIZE];
	int error = errand_ask(rehearse, (struct request *)(uintptr_t)request, ERRAND_LOOK_MS, missing);
	int status = error > 0 || errno != ETIMEDOUT ? STATUS_FAILED : STATUS_TIMEOUT;

	if (error == 0)
		return STATUS_DONE;
	if (error > 0)
		errno = error & ~(IN_DIRECTORY | IN_LOG);
	if (error < 0) {
		message_errno(&message, "%s: cannot be looked for", command);
	} else if (error & IN_DIRECTORY) {
		message_errno(&message, "cannot change to the directory %s", request->spawn.cwd);
	} else if (error & IN_LOG && *missing != '\0') {
		message_set(&message, "%s", missing);
	} else if (error & IN_LOG) {
		message_errno(&message, "%s: cannot open the log", request->log);
	} else {
		exec_reason(error, missing, &why);
		message_set(&message, "%s: %s", command, why.text);
		status = status_of_exec(error);
	}
	return cli_fail(&speaker, status, &message);
}
