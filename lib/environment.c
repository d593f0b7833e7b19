/* An environment for a command, made before the fork. */
#include "environment.h"
#include "exec.h"

#include <stdlib.h>
#include <string.h>

extern char **environ;

/* They name descriptors, or sockets of who watches over the caller. */
static const char *const channels[] = {
	"NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID", "LISTEN_PIDFDID", "LISTEN_FDNAMES", "NODE_CHANNEL_FD",
	"NODE_CHANNEL_SERIALIZATION_MODE", "BASH_XTRACEFD", "OTELOP_LOCK_FD",
};

/* They have the job server's descriptors, or its path, among their words. */
static const char *const make_flags[] = { "MAKEFLAGS", "MFLAGS", "GNUMAKEFLAGS", "CARGO_MAKEFLAGS" };

/* Where the variable of this name is, or count. */
static size_t
find(const struct environment *environment, const char *name, size_t length)
{
	size_t i;

	for (i = 0; i < environment->count; i++)
		if (strncmp(environment->variables[i], name, length) == 0 &&
		    environment->variables[i][length] == '=')
			break;
	return i;
}

/* Take over text, which is freed where that fails. */
static int
append(struct environment *environment, char *text)
{
	if (text == NULL)
		return -1;
	if (environment->count + 1 >= environment->room) {
		size_t more = environment->room > 0 ? environment->room * 2 : 64;
		char **grown = realloc(environment->variables, more * sizeof(*grown));

		if (grown == NULL) {
			free(text);
			return -1;
		}
		environment->variables = grown;
		environment->room = more;
	}
	environment->variables[environment->count++] = text;
	environment->variables[environment->count] = NULL;
	return 0;
}

int
environment_copy(struct environment *environment)
{
	char **variable;

	*environment = (struct environment){ NULL, 0, 0 };
	for (variable = environ; variable != NULL && *variable != NULL; variable++)
		if (append(environment, strdup(*variable)) < 0) {
			environment_free(environment);
			return -1;
		}
	return 0;
}

void
environment_free(struct environment *environment)
{
	while (environment->count > 0)
		free(environment->variables[--environment->count]);
	free(environment->variables);
	*environment = (struct environment){ NULL, 0, 0 };
}

void
environment_unset(struct environment *environment, const char *name)
{
	size_t i;

	/* Of a name that is there twice, a command might see either. */
	while ((i = find(environment, name, strlen(name))) < environment->count) {
		free(environment->variables[i]);
		environment->count--;
		memmove(environment->variables + i, environment->variables + i + 1,
		    (environment->count - i + 1) * sizeof(*environment->variables));
	}
}

int
environment_put(struct environment *environment, const char *variable)
{
	char *name = strdup(variable);

	if (name == NULL)
		return -1;
	name[strcspn(name, "=")] = '\0';
	environment_unset(environment, name);
	free(name);
	return append(environment, strdup(variable));
}

int
environment_set(struct environment *environment, const char *name, const char *value)
{
	size_t length = strlen(name);
	char *variable = malloc(length + strlen(value) + 2);
	int result;

	if (variable == NULL)
		return -1;
	memcpy(variable, name, length);
	variable[length] = '=';
	strcpy(variable + length + 1, value);
	result = environment_put(environment, variable);
	free(variable);
	return result;
}

void
environment_drop_channels(struct environment *environment)
{
	size_t i;

	for (i = 0; i < sizeof(channels) / sizeof(*channels); i++)
		environment_unset(environment, channels[i]);
	for (i = 0; i < sizeof(make_flags) / sizeof(*make_flags); i++) {
		size_t length = strlen(make_flags[i]), at = find(environment, make_flags[i], length);
		char *flags;

		if (at == environment->count)
			continue;
		/* Only taking out, it never writes before what it has yet to read. */
		flags = environment->variables[at] + length + 1;
		exec_strip_jobserver(flags, flags);
	}
}
