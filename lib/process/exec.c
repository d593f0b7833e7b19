/* Find a command by PATH, and become it. */
#include "process/exec.h"
#include "base/io.h"
#include "otelop.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

#define UNSET_PATH "/usr/local/bin:/bin:/usr/bin"	/* where PATH is not set at all */
#define INTERPRETER_MAX 255	/* so much of a file the kernel looks at for #! */
#define INTERPRETERS_MAX 5	/* a script's, whose interpreter is a script, and so on */

/* Does execvp(3) look further behind this failure?  So it does behind EACCES, and remembers it. */
static int
is_no_obstacle(int error)
{
	return error == EACCES || error == ENOENT || error == ENOTDIR || error == ENAMETOOLONG ||
	    error == ESTALE || error == ENODEV || error == ETIMEDOUT;
}

/* The value of PATH, or what stands for it. */
static const char *
path_in(char *const environment[])
{
	for (; environment != NULL && *environment != NULL; environment++)
		if (strncmp(*environment, "PATH=", 5) == 0)
			return *environment + 5;
	return UNSET_PATH;
}

/*
 * The search of execvp(3), the same for a look as for the real thing: try each directory of path, an empty
 * one being the current one, until try succeeds (0) or fails with what is no reason to look further.
 * -1: errno; EACCES where something was there and nothing else was found.
 */
static int
search(const char *name, const char *path, int (*try)(const char *candidate, void *argument), void *argument)
{
	char candidate[OTELOP_PATH_SIZE];
	int is_denied = 0, has_more = 1;

	errno = ENOENT;
	if (*name == '\0')
		return -1;
	if (strchr(name, '/') != NULL)
		return try(name, argument);
	for (; has_more; path++) {
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

struct into {
	char **words;
	char *const *environment;
};

/* A script without #! is run by sh, as shells do; sh is told its path, or it would search by itself. */
static int
become(const char *path, void *argument)
{
	const struct into *into = argument;
	char **words = into->words, *name = words[2];

	execve(path, words + 2, into->environment);
	if (errno == ENOEXEC) {
		words[2] = (char *)(uintptr_t)path;
		execve("/bin/sh", words, into->environment);
		words[2] = name;
		errno = ENOEXEC;
	}
	return -1;
}

void
exec_become(char **words, char *const environment[])
{
	struct into argument = { words, environment };

	search(words[2], path_in(environment), become, &argument);
}

void
exec_command(char *const argv[])
{
	char **words = exec_words(argv);
	int saved;

	if (words == NULL)
		return;
	exec_become(words, environ);
	saved = errno;
	free(words);
	errno = saved;
}

static int could_become(const char *path, int depth);

/* What follows #! must be there as well; a file that we may not read is the kernel's to judge. */
static int
has_interpreter(const char *path, int depth)
{
	char line[INTERPRETER_MAX + 1], *name;
	int fd = io_open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0);
	ssize_t n = fd < 0 ? 0 : io_read_all(fd, line, INTERPRETER_MAX);

	io_close(&fd);
	if (n < 2 || line[0] != '#' || line[1] != '!')
		return 0;
	line[n] = '\0';
	line[strcspn(line, "\n")] = '\0';
	name = line + 2 + strspn(line + 2, " \t");
	name[strcspn(name, " \t")] = '\0';
	/* Nothing there: no #! to the kernel, a comment to sh. */
	return *name == '\0' ? 0 : could_become(name, depth + 1);
}

static int
could_become(const char *path, int depth)
{
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
	return has_interpreter(path, depth);
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
	return search(name, path_in(environ), look, NULL);
}
