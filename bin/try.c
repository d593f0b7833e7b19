/* What can be said of a start without doing it; a directory of PATH whose server is away holds nobody for ever. */
#include "try.h"
#include "base/message.h"
#include "base/status.h"
#include "process/errand.h"
#include "process/exec.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

/* What went wrong, in one number: an errno, and this where it is the directory that cannot be entered. */
#define IN_DIRECTORY 0x10000

/* The command is looked for with its own PATH, in its own directory. */
static int
rehearse(void *argument, char missing[ERRAND_TEXT_SIZE])
{
	const struct request *request = argument;
	const char *const *s, *command = request->is_run ? request->words.command[0] : request->argv[0];
	int error;

	for (s = request->spawn.unset_env; *s != NULL; s++)
		unsetenv(*s);
	for (s = request->spawn.set_env; *s != NULL; s++)
		putenv((char *)(uintptr_t)*s);
	if (request->spawn.cwd != NULL && chdir(request->spawn.cwd) < 0)
		return errno | IN_DIRECTORY;
	if (exec_find(command) == 0)
		return 0;
	error = errno;
	exec_missing(command, error, missing);
	return error;
}

int
try_start(const struct request *request)
{
	const char *command = request->is_run ? request->words.command[0] : request->argv[0];
	struct otelop_message message, why;
	char missing[ERRAND_TEXT_SIZE];
	int error = errand_run(rehearse, (struct request *)(uintptr_t)request, ERRAND_LOOK_MS, missing);

	if (error == 0)
		return STATUS_DONE;
	if (error > 0)
		errno = error & ~IN_DIRECTORY;
	if (error > 0 && (error & IN_DIRECTORY)) {
		message_errno(&message, "cannot change to the directory %s", request->spawn.cwd);
	} else if (error > 0) {
		exec_reason(error, missing, &why);
		message_set(&message, "%s: %s", command, why.text);
	} else
		message_errno(&message, "%s: cannot be looked for", command);
	return cli_fail(&request_cli, error > 0 && !(error & IN_DIRECTORY) ? status_of_exec(errno) :
	    error < 0 && errno == ETIMEDOUT ? STATUS_TIMEOUT : STATUS_FAILED, &message);
}
