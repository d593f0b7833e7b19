/* Find a command by PATH, and become it. */
#include "process/exec.h"
#include "base/io.h"
#include "base/message.h"
#include "otelop.h"
#include "process/interpreter.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#define UNSET_PATH "/usr/local/bin:/bin:/usr/bin"	/* where PATH is not set at all */

/* Does execvp(3) look further behind this failure?  So it does behind EACCES, and remembers it. */
static int
is_no_obstacle(int error)
{
	return error == EACCES || error == ENOENT || error == ENOTDIR || error == ENAMETOOLONG ||
	    error == ESTALE || error == ENODEV || error == ETIMEDOUT;
}

/*
 * The search of execvp(3), the same for a look as for the real thing: try each directory of PATH, an empty
 * one being the current one, until try succeeds (0) or fails with what is no reason to look further.
 * -1: errno; EACCES where something was there and nothing else was found.
 */
static int
search(const char *name, int (*try)(const char *path, void *argument), void *argument)
{
	const char *path = getenv("PATH");
	char candidate[OTELOP_PATH_SIZE];
	int is_denied = 0, has_more = 1;

	errno = ENOENT;
	if (*name == '\0')
		return -1;
	if (strchr(name, '/') != NULL)
		return try(name, argument);
	for (path = path != NULL ? path : UNSET_PATH; has_more; path++) {
		size_t length = strcspn(path, ":");

		if (io_format(candidate, sizeof(candidate), "%.*s/%s", length > 0 ? (int)length : 1,
		    length > 0 ? path : ".", name) == 0 && try(candidate, argument) == 0)
			return 0;
		is_denied |= errno == EACCES;
		if (!is_no_obstacle(errno))
			return -1;
		path += length;
		has_more = *path == ':';
	}
	errno = is_denied ? EACCES : ENOENT;
	return -1;
}

char **
exec_words(char *const argv[])
{
	size_t count = 0;
	char **words;

	while (argv[count] != NULL)
		count++;
	if ((words = calloc(count + 3, sizeof(*words))) == NULL)
		return NULL;
	words[0] = (char *)"sh";
	words[1] = (char *)"--";
	memcpy(words + 2, argv, count * sizeof(*words));
	return words;
}

/* A script without #! is run by sh, as shells do; sh is told its path, or it would search by itself. */
static int
become(const char *path, void *argument)
{
	char **words = argument;

	execv(path, words + 2);
	if (errno == ENOEXEC) {
		words[2] = (char *)(uintptr_t)path;
		execv("/bin/sh", words);
		errno = ENOEXEC;
	}
	return -1;
}

void
exec_become(char **words)
{
	search(words[2], become, words);
}

void
exec_command(char *const argv[])
{
	char **words = exec_words(argv);
	int saved;

	if (words == NULL)
		return;
	exec_become(words);
	saved = errno;
	free(words);
	errno = saved;
}

/* The same for what runs it, and for what runs that; a file that we may not read is the kernel's to judge. */
static int
could_become(const char *path, int depth)
{
	char interpreter[INTERPRETER_MAX + 1];
	struct stat file;

	if (stat(path, &file) < 0)
		return -1;
	if (!S_ISREG(file.st_mode)) {
		errno = EACCES;
		return -1;
	}
	if (faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0)
		return -1;
	if (depth > INTERPRETERS_MAX) {
		errno = ELOOP;
		return -1;
	}
	switch (interpreter_of(path, interpreter)) {
	case INTERPRETER_OF_SCRIPT:
		return could_become(interpreter, depth + 1);
	case INTERPRETER_OF_PROGRAM:
		return stat(interpreter, &file);
	case INTERPRETER_NONE:
		break;
	}
	return 0;
}

static int
look(const char *path, void *argument)
{
	(void)argument;
	return could_become(path, 0);
}

int
exec_find(const char *name)
{
	return search(name, look, NULL);
}

/* Is the file there, and what runs it is not?  Then the search ends with it, 0. */
static int
look_for_missing(const char *path, void *argument)
{
	char *missing = argument;
	struct stat file;
	int depth;

	if (stat(path, &file) < 0)
		return -1;
	*missing = '\0';
	for (depth = 0; depth <= INTERPRETERS_MAX && interpreter_of(depth == 0 ? path : missing, missing) !=
	    INTERPRETER_NONE; depth++)
		if (stat(missing, &file) < 0 && errno == ENOENT)
			return 0;
	*missing = '\0';
	errno = ENOENT;
	return -1;
}

void
exec_missing(const char *name, int error, char missing[EXEC_MISSING_SIZE])
{
	*missing = '\0';
	if (error == ENOENT && search(name, look_for_missing, missing) < 0)
		*missing = '\0';
}

void
exec_reason(int error, const char *missing, struct otelop_message *reason)
{
	size_t length = strlen(missing);

	errno = error;
	if (length == 0)
		message_errno(reason, "cannot run");
	else if (missing[length - 1] == '\r')
		message_set(reason, "cannot run: its interpreter is not there: %.*s\\r (its lines end in \\r\\n)",
		    (int)length - 1, missing);
	else
		message_set(reason, "cannot run: its interpreter is not there: %s", missing);
}

void
exec_failed(const char *name, struct otelop_message *message)
{
	char missing[EXEC_MISSING_SIZE];
	struct otelop_message reason;
	int error = errno;

	exec_missing(name, error, missing);
	exec_reason(error, missing, &reason);
	message_set(message, "%s: %s", name, reason.text);
}
